"""Edits of the plan that people make by hand: each gives its own rows and no others."""

from __future__ import annotations

import re

import pytest

from plan_texts import NATIONAL, TEXT, lint_of, stem, without
from treem.plan.book import Book
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
