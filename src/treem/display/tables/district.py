"""The table of one district: its results beside those of the province and the plan's targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treem.display.common import (
    legend,
    measure_cell,
    measures_of,
    objective_title,
    parts_html,
    remarks,
    target_cell,
    value_html,
    verdict_html,
    words,
)
from treem.display.table import Cell, Row, Table, group, text
from treem.notebooks.results import Result
from treem.plan.model import TARGET_YEARS

if TYPE_CHECKING:
    from treem.notebooks.api import Run


def district(run: Run) -> Table:
    """Return the results of the notebook's area for the measures that areas report."""
    said = words("district")
    year = next(year for year in (*TARGET_YEARS, run.year) if year >= run.year)
    head = [
        [
            text(name, align="center")
            for name in (
                words("measure"),
                said["parts"],
                run.area.full_name,
                said["province"],
                said["target"].format(year=year),
                words("verdict"),
            )
        ]
    ]
    shown = run.rows()
    body: list[Row] = []
    for number in run.register.objectives:
        ids = {measure.id for measure in measures_of(run, number)}
        rows = [row for row in shown if row.measure in ids]
        if rows:
            body.append(group(objective_title(run, number), len(head[0])))
            body += [_row(run, row, year) for row in rows]
    province = [run.expect(row.measure, run.plan_area) for row in shown]
    note = "<br>".join(filter(None, (remarks(run, shown), said["note"])))
    marks = legend(run, shown, beside=province)
    return Table(head, body, (34, 16, 16, 12, 9, 13), "district", note, marks)


def _row(run: Run, row: Result, year: int) -> Row:
    province = run.result(row.measure, run.plan_area)
    return [
        measure_cell(run.register.measures[row.measure]),
        Cell(parts_html(run, row), align="center"),
        Cell(value_html(run, row), align="center"),
        Cell(value_html(run, province, interval=False) if province else "", align="center"),
        target_cell(run, row.measure, year),
        Cell(verdict_html(run, row, year)),
    ]
