"""The plan's summary table as issued, cell for cell, with results and verdicts beside it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from treem.display import figures
from treem.display.common import blank, legend, value_html, verdict_html, words
from treem.display.table import Cell, Row, Table, text
from treem.plan.model import TARGET_YEARS, TableRow

if TYPE_CHECKING:
    from treem.notebooks.api import Run

PRINTED = 5
"""Value cells of a row as issued; a further one is stray and named under the table."""


def summary_table(run: Run) -> Table:
    """Return every row of the summary table in printed order, with results of the run's year."""
    rows = run.register.table.rows
    body = [_row(run, row) for row in rows]
    marks = legend(run, run.rows(), intervals=False)
    return Table(_head(run), body, (34, 6, 7, 7, 7, 7, 10, 11, 11), "summary", "", marks)


def beside(run: Run, row: TableRow) -> tuple[str, ...]:
    """Return the measures whose results stand beside a row.

    Those that the row prints, and those of its indicator that no row prints (CT20.2).
    """
    printed = {measure for one in run.register.table.rows for measure in one.measures}
    without = tuple(
        measure.id
        for measure in run.register.measures.values()
        if measure.indicator == row.indicator and measure.id not in printed
    )
    return row.measures + (without if row.kind == "value" else ())


def _head(run: Run) -> list[Row]:
    (goal, label, baseline, province, nation), years = _header_words(run)
    said = words("summary")
    return [
        [
            Cell(f"{goal}<br>{label}", rows=2, align="center"),
            Cell(baseline, rows=2, align="center"),
            Cell(province, columns=2, align="center"),
            Cell(nation, columns=2, align="center"),
            text(said["result"].format(year=run.year), rows=2, align="center"),
            text(said["verdict"], columns=2, align="center"),
        ],
        [
            *(text(year, align="center") for year in years),
            *(
                text(said["verdict_year"].format(year=year), align="center")
                for year in TARGET_YEARS
            ),
        ],
    ]


def _header_words(run: Run) -> tuple[list[str], list[str]]:
    first, second = run.register.table.header[:2]
    names = [escape(name, quote=False) for name in first if name]
    return names, [name for name in second if name]


def _row(run: Run, row: TableRow) -> Row:
    if row.kind == "objective":
        return [text(row.label, columns=9, strong=True)]
    if row.kind == "group":
        return [text(row.label), *(blank() for _ in range(8))]
    measures = beside(run, row)
    return [
        text(row.label),
        *(_cell(run, row, column) for column in range(PRINTED)),
        Cell(_lines(run, measures, None), align="center"),
        *(Cell(_lines(run, measures, year)) for year in TARGET_YEARS),
    ]


def _cell(run: Run, row: TableRow, column: int) -> Cell:
    printed = row.cells[column]
    if not printed.text:
        return blank()
    figure = figures.cell(run, row.measures[0], column, printed.text, printed.line)
    return Cell(figure.html, align="center")


def _lines(run: Run, measures: tuple[str, ...], year: int | None) -> str:
    """Return results (no year) or verdicts of the measures of a row, each on its line."""
    lines = []
    for measure in measures:
        result = run.expect(measure)
        shown = (
            value_html(run, result, interval=False)
            if year is None
            else verdict_html(run, result, year)
        )
        lines.append(f"{measure}: {shown}" if len(measures) > 1 else shown)
    return "<br>".join(lines)
