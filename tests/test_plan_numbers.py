"""Numbers as official texts write them, and passages that keep their lines."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treem.plan.lines import join_lines, split_lines
from treem.plan.numbers import decimal_mark, decimal_text, read_number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("82", "82"),
        ("99,5", "99.5"),
        ("6.9", "6.9"),
        ("0.004", "0.004"),
        ("0,004", "0.004"),
        ("1.000", "1000"),
        ("1.234.567,89", "1234567.89"),
        ("1,234,567.5", "1234567.5"),
        ("1.000.000", "1000000"),
        ("12,345", "12.345"),
        ("tám mươi hai", "82"),
        ("chín mươi tám phẩy năm", "98.5"),
        ("một trăm", "100"),
        ("một trăm linh năm", "105"),
        ("hai rưỡi", "2.5"),
        ("mười lăm", "15"),
    ],
)
def test_a_number_is_read_by_its_form(text: str, value: str) -> None:
    assert read_number(text) == Fraction(value)


def test_three_digits_after_a_point_are_decimals_of_a_percentage() -> None:
    assert read_number("99.995", share=True) == Fraction("99.995")
    assert read_number("99.995") == 99995


@pytest.mark.parametrize("text", ["", "đạt", "5%", "-"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        read_number(text)


def test_a_value_without_finite_decimals_has_no_decimal_text() -> None:
    with pytest.raises(ValueError, match="no finite decimal"):
        decimal_text(Fraction(1, 3))


@given(st.decimals(min_value=0, max_value=999, places=3, allow_nan=False))
def test_what_is_written_with_a_comma_is_read_back(number: object) -> None:
    value = Fraction(str(number))
    written = decimal_text(value).replace(".", ",")
    assert read_number(written) == value
    assert decimal_mark(written) in ("", ",")
    assert Fraction(decimal_text(value)) == value


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    text = "\ufeffmột\r\nhai\x0c \u00a0ba\rbốn\u2028năm\n"
    assert split_lines(text) == ("một", "hai ba", "bốn năm", "")


def test_a_passage_knows_the_line_of_every_word() -> None:
    passage = join_lines([(7, "đạt 82% vào"), (8, ""), (9, "năm 2025")])
    assert passage.text == "đạt 82% vào năm 2025"
    assert passage.line_at(passage.text.index("82")) == 7
    assert passage.line_at(passage.text.index("2025")) == 9
    parts = list(passage.split("vào"))
    assert [(part.text, part.line) for part in parts] == [("đạt 82%", 7), ("năm 2025", 9)]
