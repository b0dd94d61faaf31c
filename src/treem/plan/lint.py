"""Finds what conflicts in the plan: between places, within a place, and in its form.

`lint` reads nothing but the text and the national decision. Each conflict is one row with its
places, its severity (`high` changes a verdict, `medium` what is printed or compared, `low` is
form) and one Vietnamese sentence about its effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from treem.display.words import severity_name, word
from treem.plan.book import Book
from treem.plan.effects import phrase
from treem.plan.lint_baselines import check_baselines
from treem.plan.lint_form import (
    check_agencies,
    check_decimal_marks,
    check_rows,
    check_spelling,
    table_cut,
)
from treem.plan.lint_levels import (
    check_loosening,
    check_scales,
    check_subsets,
    check_units,
)
from treem.plan.lint_national import check_national
from treem.plan.lint_places import check_labels, check_names, check_words_and_cells
from treem.plan.model import Discrepancy, Place
from treem.plan.national import NationalTarget, load_national
from treem.plan.source import PlanText, read_plan_file
from treem.project import Project

CHECKS = (
    check_words_and_cells,
    check_labels,
    check_names,
    check_national,
    check_loosening,
    check_subsets,
    check_baselines,
    check_units,
    check_scales,
    check_decimal_marks,
    check_rows,
    check_agencies,
    check_spelling,
)


def lint_file(path: Path, project: Project) -> list[Discrepancy]:
    """Lint a text of the plan's form against the project's national targets.

    Raises PlanError where the file is no plan.
    """
    return lint(read_plan_file(path), load_national(project.plan))


def lint(plan: PlanText, national: Sequence[NationalTarget]) -> list[Discrepancy]:
    """Return all discrepancies, by indicator, those of the whole plan last."""
    book = Book(plan, national)
    cut = table_cut(book)
    found = [row for check in CHECKS for row in check(book)]
    if cut is not None:
        found = [row for row in found if not _beyond_cut(book, row)]
    order = {measure: index for index, measure in enumerate(plan.measures)}

    def rank(row: Discrepancy) -> tuple[str, int, int]:
        return (row.measure[:4] or "~", order.get(row.measure, -1), found.index(row))

    return [*([cut] if cut else []), *sorted(found, key=rank)]


def _beyond_cut(book: Book, row: Discrepancy) -> bool:
    """Whether a row only says that a cell is missing, of a measure whose row was cut off."""
    measure = book.plan.measures.get(row.measure)
    return (
        measure is not None
        and measure.row is None
        and row.kind in ("missing_cell", "baseline_missing")
    )


def to_json(discrepancies: Sequence[Discrepancy]) -> list[dict[str, Any]]:
    """Return the rows in the form of `treem plan lint --json`."""
    return [
        {
            "id": row.id,
            "measure": row.measure,
            "kind": row.kind,
            "severity": row.severity,
            "effect": row.effect,
            "places": [
                {"where": p.where, "line": p.line, "words": p.words, "value": p.value}
                for p in row.places
            ],
        }
        for row in discrepancies
    ]


def to_text(discrepancies: Sequence[Discrepancy]) -> str:
    """Return the rows as a listing for people."""
    if not discrepancies:
        return phrase("empty")
    count = {s: sum(row.severity == s for row in discrepancies) for s in ("high", "medium", "low")}
    lines = [phrase("head", count=len(discrepancies), **count)]
    measure = None
    for row in discrepancies:
        if row.measure != measure:
            measure = row.measure
            lines += ["", measure or phrase("whole_plan")]
        lines.append(
            f"  [{severity_name(row.severity)}] {word('discrepancy', row.kind)}  ({row.id})"
        )
        for place in row.places:
            line = phrase("line", line=place.line) if place.line else ""
            words = f"“{place.words}”" if place.words else phrase("blank")
            lines.append(f"      {_where(row, place)}{line}: {words}")
        lines.append(f"      → {row.effect}")
    return "\n".join(lines)


def _where(row: Discrepancy, place: Place) -> str:
    """Return the name of a place; slips of spelling are looked for in the whole text."""
    if row.kind == "spelling" and place.where == "text":
        return phrase("prose")
    return word("where", place.where)
