"""What people read: numbers, dates, names in order, words for codes."""

from __future__ import annotations

import datetime as dt
import random
import re
import subprocess
import sys
import unicodedata
from fractions import Fraction
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treem.display import numbers as n
from treem.display import words
from treem.display.alphabet import vietnamese_key
from treem.display.texts import load_texts
from treem.errors import UsageError
from treem.indicators.progress import Certainty, Mode, Verdict
from treem.notebooks.results import WITHHELD
from treem.plan.model import Limit

F = Fraction


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        ("1234567.891", 2, "1.234.567,89"),
        ("12.1", 1, "12,1"),
        ("12", 1, "12,0"),
        ("0", 1, "0,0"),
        ("0.04", 1, "0,0"),
        ("-0.04", 1, "0,0"),
        ("0.25", 1, "0,3"),
        ("-0.25", 1, "−0,3"),
        ("0.35", 1, "0,4"),
        ("2.5", 0, "3"),
        ("999.95", 1, "1.000,0"),
        ("-1234.5", 1, "−1.234,5"),
        ("0.0045", 3, "0,005"),
        ("1/3", 3, "0,333"),
        ("2/3", 2, "0,67"),
    ],
)
def test_decimals(value: str, decimals: int, text: str) -> None:
    assert n.format_decimal(F(value), decimals) == text


@pytest.mark.parametrize(
    ("value", "text"), [("10", "10"), ("1.50", "1,5"), ("0.004", "0,004"), ("100000", "100.000")]
)
def test_exact(value: str, text: str) -> None:
    assert n.format_exact(F(value)) == text


def test_what_is_not_finite_is_not_called_exact() -> None:
    with pytest.raises(ValueError, match="1/3"):
        n.format_exact(F(1, 3))


def test_a_count_is_never_rounded() -> None:
    assert n.format_count(1234) == "1.234"
    with pytest.raises(ValueError, match="count"):
        n.format_count(F(3, 2))


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "bound", "text"),
    [
        ("12.1", "‰", 1, None, "12,1‰"),
        ("82.5", "%", 1, None, "82,5%"),
        ("54", "/100.000", 0, None, "54/100.000"),
        ("3", "cuộc", 0, None, "3 cuộc"),
        ("3", "", 0, None, "3"),
        ("2", "%", 1, "<", "<2%"),
        ("98.5", "%", 0, ">=", "≥98,5%"),
    ],
)
def test_value_with_unit(value: str, unit: str, decimals: int, bound: object, text: str) -> None:
    assert n.format_value(F(value), unit, decimals, bound) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("limit", "sign", "words_"),
    [
        (Limit("<", F(10)), "<10‰", "dưới 10‰"),
        (Limit("<=", F("1.5")), "≤1,5‰", "không quá 1,5‰"),
        (Limit(">=", F(98)), "≥98‰", "ít nhất 98‰"),
        (Limit(">", F("0.004")), ">0,004‰", "trên 0,004‰"),
    ],
)
def test_targets_as_sign_and_in_words(limit: Limit, sign: str, words_: str) -> None:
    assert n.format_limit(limit, "‰") == sign
    assert n.say_limit(limit, "‰") == words_


def test_interval_and_years() -> None:
    assert n.format_interval(34.4123, 78.5456, 1) == "34,4 - 78,5"
    assert n.format_years(2021, 2025) == "2021 - 2025"


def test_dates() -> None:
    assert n.long_date(dt.date(2021, 6, 10)) == "ngày 10 tháng 6 năm 2021"
    assert n.long_date(dt.date(2026, 1, 5)) == "ngày 05 tháng 01 năm 2026"
    assert n.long_date(dt.date(2026, 12, 31)) == "ngày 31 tháng 12 năm 2026"
    assert n.short_date(dt.date(2026, 1, 5)) == "05/01/2026"


@pytest.mark.parametrize(
    ("value", "targets", "decimals", "text"),
    [
        ("9.97", ["10", "8"], 1, "9,97"),
        ("10", ["10"], 1, "10,0"),
        ("10.04", ["10"], 1, "10,04"),
        ("10.004", ["10"], 1, "10,004"),
        ("9.4", ["10"], 1, "9,4"),
        ("99.996", ["100"], 1, "99,996"),
        ("7.96", ["10", "8"], 1, "7,96"),
        ("0.0037", ["0.004"], 2, "0,00"),
    ],
)
def test_rounding_never_moves_a_value_across_its_target(
    value: str, targets: list[str], decimals: int, text: str
) -> None:
    printed = n.format_against(F(value), [Limit("<", F(t)) for t in targets], decimals)
    assert (printed.text, printed.note) == (text, "")


def test_beyond_three_decimals_the_number_keeps_its_form_and_gets_a_note() -> None:
    below = n.format_against(F("9.9999"), [F(10)], 1)
    assert below == n.Printed("10,0", 1, "trước khi làm tròn, giá trị thấp hơn 10")
    already_three = n.format_against(F("0.0041"), [F("0.004")], 3)
    assert already_three.text == "0,004"
    assert already_three.note == "trước khi làm tròn, giá trị cao hơn 0,004"
    above = n.format_against(F("1.50001"), [F("1.5")], 1)
    assert above == n.Printed("1,5", 1, "trước khi làm tròn, giá trị cao hơn 1,5")


@settings(deadline=None, derandomize=True)
@given(
    st.fractions(0, 100, max_denominator=10_000),
    st.lists(st.decimals(0, 100, places=2), max_size=2),
    st.integers(0, 3),
)
def test_printed_numbers_stand_where_the_exact_ones_stand(
    value: Fraction, targets: list[object], decimals: int
) -> None:
    points = [F(str(t)) for t in targets]
    printed = n.format_against(value, points, decimals)
    shown = n.parse_decimal(printed.text)
    assert decimals <= printed.decimals <= 3
    assert abs(shown - value) <= F(1, 2 * 10**printed.decimals)
    if not printed.note:
        assert all((shown > p, shown < p) == (value > p, value < p) for p in points)


@pytest.mark.parametrize(
    ("typed", "value"),
    [("12,1", "12.1"), ("12.1", "12.1"), (" 0.004 ", "0.004"), ("77", "77"), ("-1,5", "-1.5"),
     ("−1,5", "-1.5"), ("99.996", "99.996")],
)  # fmt: skip
def test_a_typed_number_has_a_comma_or_a_point(typed: str, value: str) -> None:
    assert n.parse_decimal(typed) == F(value)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "abc", "12,1,3", "1.234,5", "1,", ",5", "1e3", "nan", "inf", "12%", "1 2", "1/3",
     "٣", "+5", "<2", "--1", "12.1.1"],
)  # fmt: skip
def test_anything_else_is_refused(typed: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"“{typed}” không phải một số")):
        n.parse_decimal(typed)


@pytest.mark.parametrize(
    ("typed", "value", "bound"),
    [("<2", "2", "<"), ("< 2,5", "2.5", "<"), ("≤2", "2", "<="), ("<=2", "2", "<="),
     (">98", "98", ">"), ("≥98", "98", ">="), ("12,1", "12.1", None)],
)  # fmt: skip
def test_a_bound_is_kept_as_a_bound(typed: str, value: str, bound: str | None) -> None:
    assert n.parse_bounded(typed) == (F(value), bound)


@pytest.mark.parametrize("typed", ["<", "<<2", "<x", "=2"])
def test_half_a_bound_is_refused(typed: str) -> None:
    with pytest.raises(UsageError):
        n.parse_bounded(typed)


IN_ORDER = [
    ["Bắc Ninh", "Dương", "Đà Nẵng", "Gia Bình"],
    ["a", "à", "ả", "ã", "á", "ạ", "ă", "ằ", "ẳ", "ẵ", "ắ", "ặ", "â", "ầ", "ẩ", "ẫ", "ấ", "ậ", "b"],
    ["An Bình", "An Thịnh", "Ấp", "Bắc Lý", "Cách Bi", "Đại Lai", "Đại Xuân", "Đào Viên",
     "Đông Cứu", "Đồng Nguyên", "Gia Bình", "Ô", "Ơ", "Phù Lãng", "Ứng Hòa", "Võ Cường", "Yên"],
    ["ma", "mà", "mả", "mã", "má", "mạ", "mac"],
    ["Quế Võ", "Tam Đa", "Tân Chi", "Thuận Thành", "Tiên Du", "Trạm Lộ", "Từ Sơn", "Ư"],
    ["Phường 1", "Phường A", "Phường Đáp Cầu", "Phường Vũ Ninh", "Xã An Bình"],
    ["bắc", "Bắc"],
]  # fmt: skip


@pytest.mark.parametrize("names", IN_ORDER)
def test_vietnamese_order(names: list[str]) -> None:
    shuffled = names[:]
    random.Random(1).shuffle(shuffled)
    assert sorted(shuffled, key=vietnamese_key) == names


def test_the_order_does_not_depend_on_the_unicode_form() -> None:
    name = "Đồng Nguyên"
    decomposed = unicodedata.normalize("NFD", name)
    assert vietnamese_key(name)[:3] == vietnamese_key(decomposed)[:3]


def test_every_code_has_its_word() -> None:
    assert set(words.words_of("verdict")) == {*get_args(Verdict), WITHHELD}
    assert set(words.words_of("mode")) == set(get_args(Mode))
    assert {*words.words_of("certainty"), ""} == set(get_args(Certainty))
    assert words.mode_name("") == words.certainty_name("") == ""
    assert words.severity_name("run") == "dừng công bố"


def test_a_target_is_missed_in_its_year_and_not_yet_met_before() -> None:
    name = words.verdict_name
    assert name("NOT_MET") == "Không đạt"
    assert name("NOT_MET", mode="PATH2", year=2025, target_year=2025) == "Không đạt"
    assert name("NOT_MET", mode="THRESHOLD", year=2023, target_year=2025) == "Chưa đạt"
    assert name("NOT_MET", mode="PATH2", year=2027, target_year=2025) == "Không đạt"
    no_start = "Chưa đạt (không có gốc 2020)"
    assert name("NOT_MET", mode="TARGET_ONLY", year=2023, target_year=2030) == no_start
    assert name("MET", mode="TARGET_ONLY", year=2030, target_year=2030) == "Đạt"
    assert name("ON_TRACK", mode="PATH2", year=2023, target_year=2030) == "Đúng lộ trình"


def test_a_code_without_a_word_is_an_error_of_ours() -> None:
    with pytest.raises(KeyError, match="no Vietnamese word for status 'lost'"):
        words.word("status", "lost")


def test_the_words_are_composed_text() -> None:
    texts = str(load_texts("words"))
    assert texts == unicodedata.normalize("NFC", texts)


def test_numbers_are_light_to_import() -> None:
    code = (
        "import sys, treem.display.numbers, treem.display.words; "
        "print([m for m in ('pandas', 'numpy', 'scipy', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_point_without_a_finite_decimal_form_is_rounded_in_the_note() -> None:
    # 4/815 = 0.0049079..., the path asks for 0.0048: both are 0,005 at three decimals
    printed = n.format_against(Fraction(48, 10_000), [Fraction(4, 815)], 3)
    assert printed.text == "0,005"
    assert "0,005" in printed.note
