"""The sentence that says why: complete, readable, never against the verdict."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treem.display.reasons import Judged, explain, say_ratio
from treem.display.words import verdict_name
from treem.indicators.progress import Case, judge
from treem.plan.model import Comparator, Limit

F = Fraction


def plan(
    baseline: str, at_2025: str, at_2030: str, direction: int = -1, undefined: str = ""
) -> Case:
    """A case with "<" targets ending in "!" and weak ones otherwise; "" for none."""
    strict, weak = (">", ">=") if direction > 0 else ("<", "<=")
    limits = {
        k: Limit(strict if text.endswith("!") else weak, F(text.rstrip("!")))  # type: ignore[arg-type]
        for k, text in ((2025, at_2025), (2030, at_2030))
        if text
    }
    bound = "<" if baseline.startswith("<") else None
    value = F(baseline.lstrip("<")) if baseline else None
    return Case(direction, F(1, 10), value, bound, limits, undefined)  # type: ignore[arg-type]


def why(case: Case, year: int, value: str, unit: str = "‰", **more: Any) -> str:
    number = value.lstrip("<")
    bound: Comparator | None = "<" if value.startswith("<") else None
    exact = F(number) if number else None
    judgement = judge(case, year, exact, value_bound=bound, **more)
    return explain(Judged(case, judgement, year, exact, bound, unit, 1))


CT03_2 = plan("16", "10!", "8!")
CT05_1 = plan("98.7", "97", "98", direction=1)


def test_on_the_path() -> None:
    assert why(CT03_2, 2023, "12.1") == (
        "Giá trị 12,1‰ năm 2023, so với gốc 16‰ của năm 2020 và mức 12,4‰ mà lộ trình đòi hỏi ở "
        "năm này, có tỷ lệ tiến độ 1,083: chưa đáp ứng mức dưới 10‰ của năm 2025, còn thiếu 2,1‰ "
        "(Đúng lộ trình); chưa đáp ứng mức dưới 8‰ của năm 2030, còn thiếu 4,1‰ (Đúng lộ trình)."
    )


def test_in_the_target_year_the_value_is_not_rounded_to_the_target() -> None:
    said = why(CT03_2, 2025, "9.97")
    assert said.startswith("Giá trị 9,97‰ năm 2025")
    assert "đáp ứng mức dưới 10‰ của năm 2025 (Đạt);" in said


def test_exactly_on_a_strict_target() -> None:
    said = why(CT03_2, 2025, "10")
    assert "tỷ lệ tiến độ 1,000" in said
    assert "không đáp ứng mức dưới 10‰ của năm 2025, bằng đúng giới hạn của mức (Không đạt)" in said


def test_maintaining() -> None:
    assert why(CT05_1, 2023, "97.5", "%") == (
        "Giá trị 97,5% năm 2023, khi gốc 98,7% của năm 2020 đã đáp ứng mọi mức: vẫn đáp ứng mức "
        "ít nhất 97% của năm 2025 nhưng kém gốc 1,2 điểm phần trăm (Vẫn đạt, đang giảm); không "
        "còn đáp ứng mức ít nhất 98% của năm 2030, còn thiếu 0,5 điểm phần trăm (Mất mục tiêu)."
    )


@pytest.mark.parametrize(
    ("case", "year", "value", "more", "words"),
    [
        (CT03_2, 2027, "9.6", {}, "nay chưa rõ (Đã chốt ở năm 2025, chưa rõ kết quả)"),
        (CT03_2, 2027, "9.6", {"value_2025": F("9.9")}, "kết quả năm 2025 đã đáp ứng mức dưới 10‰"),
        (CT03_2, 2027, "9.6", {"value_2025": F(10)}, "kết quả năm 2025 không đáp ứng mức"),
        (CT03_2, 2023, "16.8", {}, "kém hơn năm 2020, chưa đáp ứng mức dưới 10‰"),
        (CT03_2, 2023, "9.9", {}, "đã đáp ứng mức dưới 10‰ của năm 2025 trước hạn (Đạt sớm)"),
        (CT03_2, 2023, "<12", {}, "chưa đủ để kết luận với mức dưới 10‰ của năm 2025"),
        (CT03_2, 2023, "", {}, "Chưa có số liệu năm 2023"),
        (CT03_2, 2023, "12", {"comparable": False}, "Không so sánh được với 2020 vì"),
        (CT03_2, 2023, "", {"denominator_zero": True}, "mẫu số của năm 2023 bằng 0"),
        (plan("5", "3", "1", undefined="chưa rõ."), 2023, "2", {}, "kết luận: chưa rõ."),
        (plan("5", "4!", "5!"), 2023, "4.5", {}, "(dưới 5‰) lỏng hơn mức của năm 2025 (dưới 4‰)"),
        (plan("1", "1!", "1!"), 2023, "1", {}, "mức dưới 1‰ của năm 2025, bằng đúng"),
        (plan("", "90", "95", 1), 2022, "92", {}, "năm 2030, còn thiếu 3,0‰ (Chưa đạt)"),
        (plan("<2", "2!", "1.5"), 2023, "1.9", {}, "gốc năm 2020 chỉ biết là <2‰"),
        (plan("50", "", "60", 1), 2023, "53", {}, "năm 2025 không đặt mức;"),
        (plan("50", "60", "", 1), 2028, "61", {}, "lộ trình từ gốc 50‰ của năm 2020 đã hết"),
        (CT03_2, 2025, "10.0001", {}, "còn thiếu chưa đến 0,001‰ (Không đạt)"),
    ],
)  # fmt: skip
def test_each_situation_says_what_decided(
    case: Case, year: int, value: str, more: dict[str, Any], words: str
) -> None:
    assert words in why(case, year, value, **more)


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        ("0.9497", "0,950 (trước khi làm tròn, giá trị thấp hơn 0,95)"),
        ("0.95", "0,950"),
        ("0.5999", "0,600 (trước khi làm tròn, giá trị thấp hơn 0,6)"),
        ("-0.0001", "0,000 (trước khi làm tròn, giá trị thấp hơn 0)"),
        ("-10/3", "−3,333"),
    ],
)
def test_a_ratio_is_never_rounded_into_another_class(ratio: str, text: str) -> None:
    assert say_ratio(F(ratio)) == text


numbers = st.fractions(0, 20, max_denominator=200).map(lambda x: F(round(x * 100), 100))


@settings(deadline=None, derandomize=True)
@given(
    st.sampled_from([1, -1]),
    st.none() | numbers,
    st.dictionaries(st.sampled_from([2025, 2030]), st.tuples(numbers, st.booleans())),
    st.integers(2021, 2030),
    st.none() | numbers,
    st.sampled_from([None, "<", ">"]),
)
def test_always_one_whole_sentence_with_both_verdicts(
    direction: Any,
    baseline: Fraction | None,
    targets: dict[int, tuple[Fraction, bool]],
    year: int,
    value: Fraction | None,
    bound: Any,
) -> None:
    signs: tuple[Any, Any] = (">", ">=") if direction > 0 else ("<", "<=")
    limits = {k: Limit(signs[0] if s else signs[1], v) for k, (v, s) in targets.items()}
    case = Case(direction, F(1, 10), baseline, None, limits)
    judgement = judge(case, year, value, value_bound=bound)
    said = explain(Judged(case, judgement, year, value, bound, "%", 1))
    assert said.endswith(".")
    assert not re.search(r"[{}]|None|\s\s|\. [A-ZĐ]", said)
    assert said == unicodedata.normalize("NFC", said)
    codes = set(judgement.verdicts.values())
    if value is not None and "UNDEFINED" not in codes:
        for k, code in judgement.verdicts.items():
            name = verdict_name(code, year=year, target_year=k)
            assert f"({name})" in said or (code == "NO_TARGET" and f"năm {k} không đặt mức" in said)
