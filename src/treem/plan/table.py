"""Prints the summary table again, cell for cell as issued.

Nothing is tidied: `13,8` stays beside `6.9`, a blank stays blank, and a stray further cell is
printed where it stands and noted below the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from treem.plan.effects import phrase
from treem.plan.model import TableRow
from treem.plan.source import PlanText


def table_text(plan: PlanText) -> str:
    """Return the table as text: title, header rows, one line a row with `|` between cells."""
    table = plan.table
    expected = len(plan.columns)
    lines = [*table.title, "", *map(_joined, table.header)]
    lines += [_joined([row.label, *(cell.text for cell in row.cells)]) for row in table.rows]
    notes = [
        phrase(
            "stray",
            line=row.line,
            place=place,
            cell_line=cell.line,
            text=cell.text or phrase("blank"),
        )
        for row in table.rows
        for place, cell in enumerate(row.cells, 1)
        if place > expected
    ]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def table_json(plan: PlanText) -> list[dict[str, Any]]:
    """Return title, header rows and rows, each with its cells, their lines and columns."""
    names = [f"{column.scope or 'baseline'}_{column.year}" for column in plan.columns]
    rows: list[dict[str, Any]] = [{"kind": "title", "text": text} for text in plan.table.title]
    rows += [{"kind": "header", "cells": list(texts)} for texts in plan.table.header]
    return rows + [_row_json(row, names) for row in plan.table.rows]


def _row_json(row: TableRow, names: Sequence[str]) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "objective": row.objective,
        "indicator": row.indicator,
        "measures": list(row.measures),
        "label": row.label,
        "line": row.line,
        "cells": [
            {
                "column": names[index] if index < len(names) else "extra",
                "text": cell.text,
                "line": cell.line,
            }
            for index, cell in enumerate(row.cells)
        ],
    }


def _joined(texts: Sequence[str]) -> str:
    return "| " + " | ".join(texts) + " |"
