"""Edits of the plan that people make by hand: each gives its own rows and no others."""

from __future__ import annotations

import re

import pytest

from plan_texts import NATIONAL, TEXT, changed, lint_of, stem, without
from treem.plan.book import Book
from treem.plan.numbers import decimal_text
from treem.plan.source import read_plan

BASE = lint_of(TEXT)


def difference(text: str) -> tuple[set[str], set[str]]:
    """Return the stems of rows that are gone and of rows that are new."""
    rows = lint_of(text)
    return {stem(one) for one in BASE.keys() - rows}, {stem(one) for one in rows.keys() - BASE}


@pytest.mark.parametrize("heading", ["CHỈ TIÊU", "chỉ tiêu", "Chỉ Tiêu"])
def test_headings_in_any_case_are_headings(heading: str) -> None:
    for number in (3, 9, 24):
        text = TEXT.replace(f"- Chỉ tiêu {number}:", f"- {heading} {number}:")
        assert difference(text) == (set(), set())


def test_objectives_in_capitals_are_headings() -> None:
    text = re.sub(r"\nMục tiêu (\d):", r"\nMỤC TIÊU \1:", TEXT)
    assert text != TEXT
    assert difference(text) == (set(), set())


def test_ages_outweigh_the_number_of_a_measure_that_moved_up() -> None:
    start, end = "giảm tỷ suất tử vong của", "giảm tỷ suất tử vong trẻ em dưới 5"
    text = without(start, end)
    text = without(start, end, text, text.index("BẢNG TỔNG HỢP"))
    plan = read_plan(text, "sửa.txt")
    assert "dưới 5 tuổi" in plan.measures["CT03.2"].subject
    assert Book(plan, NATIONAL).mates["CT03.2"] == "CT03.3"


def levels(old: str, new: str, measure: str) -> list[tuple[int, str]]:
    """Return the levels that the words set for a measure after an edit of section I.2."""
    plan = read_plan(changed(old, new), "sửa.txt")
    found = [t for t in plan.targets if (t.where, t.measure) == ("text", measure)]
    return [(t.year, f"{t.limit.comparator}{decimal_text(t.limit.value)}") for t in found]


STUNTING = "theo tuổi xuống 11% vào\nnăm 2025 và xuống 10% vào năm 2030"
INFANTS = "xuống dưới 10 vào năm 2025 và dưới 8\nvào năm 2030"
COMMUNES = "đạt 82% vào năm 2025 và 87% vào năm 2030"


@pytest.mark.parametrize(
    "words",
    [
        "giảm từ 13,8% năm 2020 xuống 11% vào năm 2025 và xuống 10% vào năm 2030",
        "(năm 2020: 13,8%) xuống 11% vào năm 2025 và xuống 10% vào năm 2030",
        "năm 2020 là 13,8%, phấn đấu năm 2025 còn 11%, năm 2030 còn 10%",
    ],
)
def test_what_was_reached_in_2020_is_no_target(words: str) -> None:
    new = f"theo tuổi {words}"
    assert levels(STUNTING, new, "CT04.2") == [(2025, "<=11"), (2030, "<=10")]
    assert difference(changed(STUNTING, new)) == (set(), set())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("xuống dưới mười vào năm 2025 và dưới 8 vào năm 2030", ["<10", "<8"]),
        ("xuống dưới mười năm 2025 và dưới tám vào năm 2030", ["<10", "<8"]),
        ("dưới mười lăm vào năm 2025 và dưới mười hai vào năm 2030", ["<15", "<12"]),
        ("dưới một trăm vào năm 2025 và dưới chín phẩy năm vào năm 2030", ["<100", "<9.5"]),
        ("xuống còn một nửa vào năm 2025 và dưới 8 vào năm 2030", ["<=50", "<8"]),
    ],
)
def test_number_words_are_levels(words: str, expected: list[str]) -> None:
    assert [limit for _, limit in levels(INFANTS, words, "CT03.2")] == expected


@pytest.mark.parametrize("words", ["dưới một chục", "dưới tám hai"])
def test_number_words_that_cannot_be_read_are_said_and_not_guessed(words: str) -> None:
    new = f"xuống {words} vào năm 2025 và dưới 8 vào năm 2030"
    assert levels(INFANTS, new, "CT03.2") == [(2030, "<8")]
    assert difference(changed(INFANTS, new)) == (set(), {"CT03.2-missing_sentence-words-2025"})


@pytest.mark.parametrize("mark", [",", " và"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("duy trì đến năm 2030", " giảm tỷ suất tử vong của"),
        ("98% vào năm 2030", " 98% trẻ em"),
        ("60% vào năm 2030", " tỷ lệ\ntrẻ em"),
    ],
)
def test_clauses_after_a_comma(before: str, after: str, mark: str) -> None:
    assert difference(changed(f"{before};{after}", before + mark + after)) == (set(), set())


@pytest.mark.parametrize(
    "words",
    [
        "chậm nhất năm 2025 đạt 82% và 87% vào năm 2030",
        "đạt 82% vào năm 2025, năm 2030 đạt 87%",
        "đạt 82% và 87% vào năm 2025 và năm 2030",
        "đạt 82% trước năm 2025 và 87% trước năm 2030",
        "tăng từ 74% lên 82% vào năm 2025 và 87% vào năm 2030",
        "đạt 82% vào năm 2025 [1] và 87% vào năm 2030",
    ],
)
def test_the_order_of_values_and_years_and_fillers_change_nothing(words: str) -> None:
    assert levels(COMMUNES, words, "CT01") == [(2025, ">=82"), (2030, ">=87")]
    assert difference(changed(COMMUNES, words)) == (set(), set())


def test_a_table_cut_off_is_one_row_first_and_no_row_for_each_missing_cell() -> None:
    start = TEXT.index("- Chỉ tiêu 8:", TEXT.index("BẢNG TỔNG HỢP"))
    rows = list(lint_of(TEXT[:start]).values())
    assert (rows[0].kind, rows[0].severity, rows[0].measure) == ("row_shape", "high", "")
    assert "17 trong 24 chỉ tiêu" in rows[0].effect
    assert not [row for row in rows if row.kind == "missing_cell" and row.measure == "CT20.1"]
