"""Every way of writing a number that the forms have seen, with what it must mean."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treem.intake.numbers import Scale, read_cell, unit_fits

PERCENT = Scale("%", 100, Fraction(0), Fraction(100))
PER_1000 = Scale("‰", 1000, Fraction(0), Fraction(1000))
PER_100000 = Scale("/100.000", 100_000, Fraction(0), Fraction(100_000))
COUNT = Scale("số lượng")

READ = [
    # both decimal marks in one column
    ("13,8", PERCENT, "13.8"),
    ("6.9", PERCENT, "6.9"),
    ("98.7", PERCENT, "98.7"),
    ("0.005", PERCENT, "0.005"),
    # thousands marks
    ("1.234,5", COUNT, "1234.5"),
    ("1,234.5", COUNT, "1234.5"),
    ("1.234.567", COUNT, "1234567"),
    ("1 234", COUNT, "1234"),
    ("1\u00a0234", COUNT, "1234"),
    ("1\u2009234\u2009567", COUNT, "1234567"),
    ("1\u202f234,5", COUNT, "1234.5"),
    ("\u200b12\ufeff", COUNT, "12"),
    # units that are the measure's
    ("9‰", PER_1000, "9"),
    ("9 %o", PER_1000, "9"),
    ("9/1.000", PER_1000, "9"),
    ("95 %", PERCENT, "95"),
    ("95\u00a0%", PERCENT, "95"),
    ("12,5%", PERCENT, "12.5"),
    ("12,5 phần trăm", PERCENT, "12.5"),
    ("54/100.000", PER_100000, "54"),
    ("54 / 100000", PER_100000, "54"),
    ("54/100 000", PER_100000, "54"),
    # numbers as Excel stores them; what it cannot show is no digit
    (0.1 + 0.2, COUNT, "0.3"),
    (12, COUNT, "12"),
    (0, COUNT, "0"),
    ("0,0", PERCENT, "0"),
]


@pytest.mark.parametrize(("raw", "scale", "value"), READ, ids=[repr(row[0]) for row in READ])
def test_a_number_has_one_value(raw, scale, value):
    reading = read_cell(raw, scale=scale)
    assert (reading.value, reading.status) == (Fraction(value), "reported")
    assert (reading.problem, reading.bound, reading.hint) == ("", "", "")


@pytest.mark.parametrize(
    ("raw", "scale", "value"),
    [
        ("1.234", PERCENT, "1.234"),  # a percentage cannot be 1234
        ("12.345", PERCENT, "12.345"),
        ("1.234", PER_1000, "1.234"),
        ("1.234 %", PERCENT, "1.234"),
    ],
)
def test_the_range_of_a_measure_decides_what_a_point_means_and_says_so(raw, scale, value):
    reading = read_cell(raw, scale=scale)
    assert (reading.value, reading.hint) == (Fraction(value), "number_by_range")


@pytest.mark.parametrize(
    ("raw", "scale", "problem"),
    [
        ("1.234", COUNT, "ambiguous_number"),
        ("1.234", PER_100000, "ambiguous_number"),  # 1,234 and 1234 are both possible
        ("<1.234", COUNT, "ambiguous_number"),
        ("9‰", PERCENT, "unit_in_cell"),
        ("95 %", PER_1000, "unit_in_cell"),
        ("95 %", COUNT, "unit_in_cell"),
        ("54/100.000", PERCENT, "unit_in_cell"),
        ("54/100.000", COUNT, "unit_in_cell"),
        ("<5 nông thôn; <10 thành thị", PERCENT, "composite_value"),
        ("5 nam và 7 nữ", COUNT, "composite_value"),
        ("12; 13", COUNT, "composite_value"),
        ("05/3/2026", COUNT, "date_in_number"),
        ("5-3-26", COUNT, "date_in_number"),
        ("03/2026", COUNT, "date_in_number"),
        ("2026-03-05", COUNT, "date_in_number"),
        ("Quý I/2026", COUNT, "date_in_number"),
        (dt.datetime(2026, 3, 5), COUNT, "date_in_number"),
        (dt.time(1, 30), COUNT, "date_in_number"),
        ("#DIV/0!", COUNT, "error_value"),
        ("#N/A", COUNT, "error_value"),
        ("#REF!", COUNT, "error_value"),
        ("(5)", COUNT, "not_a_number"),
        ("12 trẻ", COUNT, "not_a_number"),
        ("khoảng 2 nghìn", COUNT, "not_a_number"),
        ("5 - 10", COUNT, "not_a_number"),
        ("12 34", COUNT, "not_a_number"),
        ("٣", COUNT, "not_a_number"),
        ("5/20", PERCENT, "not_a_number"),
        ("=1+1", COUNT, "not_a_number"),
        (float("inf"), COUNT, "not_a_number"),
        (True, COUNT, "not_a_number"),
        (-3, COUNT, "negative_number"),
        ("−3", COUNT, "negative_number"),
    ],
)
def test_what_is_not_clear_is_named_and_has_no_value(raw, scale, problem):
    reading = read_cell(raw, scale=scale)
    assert (reading.problem, reading.value) == (problem, None)


@pytest.mark.parametrize(
    ("raw", "mark", "value", "status"),
    [
        ("-", "", 0, "reported"),
        ("−", "", 0, "reported"),
        ("-", "-", 0, "reported"),
        ("…", "", None, "missing"),
        ("...", "", None, "missing"),
        (".....", "", None, "missing"),
        ("KCS", "", None, "missing"),
        ("kcs", "", None, "missing"),
        ("", "", None, "missing"),
        ("x", "", None, "not_applicable"),
        ("100 (ước)", "", 100, "provisional"),
        ("100 ước", "", 100, "provisional"),
        ("100 (ước)*", "", 100, "provisional"),
        ("100", "(ước)", 100, "provisional"),
        ("1.234,5 (ước)", "", Fraction(2469, 2), "provisional"),
    ],
)
def test_one_meaning_each(raw, mark, value, status):
    reading = read_cell(raw, mark, scale=COUNT)
    assert (reading.value, reading.status, reading.problem) == (value, status, "")


@pytest.mark.parametrize(
    ("raw", "note"),
    [("12*", "*"), ("12 (1)", "(1)"), ("12**", "**"), ("12¹", "¹"), ("12 (a)", "(a)"),
     ("12* (1)", "* (1)")],
)  # fmt: skip
def test_a_note_mark_is_kept_beside_the_value(raw, note):
    reading = read_cell(raw, scale=COUNT)
    assert (reading.value, reading.note, reading.problem) == (12, note, "")


@pytest.mark.parametrize(
    ("raw", "bound"),
    [("<10", "<"), ("< 10", "<"), ("dưới 10", "<"), ("≤10", "<="), (">=10", ">="), ("trên 10", ">"),
     ("<10‰", "<")],
)  # fmt: skip
def test_a_limit_is_kept_and_never_the_number(raw, bound):
    reading = read_cell(raw, scale=PER_1000)
    assert (reading.value, reading.bound, reading.status) == (10, bound, "censored")


@pytest.mark.parametrize(
    ("raw", "number_format", "scale", "value", "rule"),
    [
        (0.95, "0%", PERCENT, 95, "percent_format"),
        (0.955, "0.0%", PERCENT, Fraction("95.5"), "percent_format"),
        (0.95, "0%", COUNT, None, "percent_format_elsewhere"),
        (0.009, "0.0%", PER_1000, None, "percent_format_elsewhere"),
        (95, '0"%"', PERCENT, 95, ""),
        (9, '0"%"', PER_1000, None, "unit_in_cell"),
        (9, '0.0"‰"', PER_1000, 9, ""),
        (1234, "#,##0", COUNT, 1234, ""),
        (1234000, "#,##0,", COUNT, None, "scaled_format"),
        (13.8, "0", PERCENT, Fraction("13.8"), ""),
    ],
)
def test_a_number_is_what_the_sender_saw(raw, number_format, scale, value, rule):
    reading = read_cell(raw, scale=scale, number_format=number_format)
    assert (reading.value, reading.problem or reading.hint) == (value, rule)


@pytest.mark.parametrize(("mark"), ["x", "…", "-", "?"])
def test_a_number_with_a_mark_that_says_otherwise_is_not_used(mark):
    assert read_cell(5, mark, scale=COUNT).problem == "unknown_mark"


@pytest.mark.parametrize(
    ("words", "scale", "fits"),
    [("%", PERCENT, True), ("Phần trăm", PERCENT, True), ("‰", PERCENT, False),
     ("số lượng", COUNT, True), ("Số  lượng", COUNT, True), ("%", COUNT, False)],
)  # fmt: skip
def test_a_printed_unit_is_compared_by_its_meaning(words, scale, fits):
    assert unit_fits(words, scale) is fits


@given(st.integers(0, 10**9), st.sampled_from(["", " ", "\u00a0", "\u202f", "."]))
def test_a_count_is_read_the_same_with_any_thousands_mark_or_called_ambiguous(count, mark):
    text = f"{count:,}".replace(",", mark)
    reading = read_cell(text, scale=COUNT)
    assert reading.value == count or reading.problem == "ambiguous_number"
    assert (reading.problem == "ambiguous_number") == (mark == "." and 1000 <= count < 10**6)


@given(st.text(max_size=12))
def test_no_text_at_all_trips_the_reader(text):
    reading = read_cell(text, scale=PERCENT)
    assert reading.problem or reading.value is not None or reading.status != "reported"
