"""Tables of what stands beside the verdicts: trends, growth ratios, pools of three years."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from treem.audit.lineage import Printed
from treem.display import figures
from treem.display.common import legend, measure_cell, reason_lines, value_html, words
from treem.display.table import Cell, Table, text
from treem.indicators.events import is_rate_of_events
from treem.notebooks.results import Result
from treem.plan.model import TARGET_YEARS

if TYPE_CHECKING:
    from treem.notebooks.api import Run

STRICT = "strict"


def outlook(run: Run) -> Table | None:
    """Return where each measure points to if it goes on as before, and what that rests on."""
    shown = [row for row in run.rows() if row["projection_points"]]
    ahead = [year for year in TARGET_YEARS if year > run.year]
    if not shown:
        return None
    said = words("outlook")
    evidence = (said["result"].format(year=run.year), said["points"], said["last"], said["spread"])
    head = [
        [
            text(words("measure"), rows=2, align="center"),
            *(text(name, rows=2, align="center") for name in evidence),
            *(
                text(words("against").format(year=year), columns=2, align="center")
                for year in ahead
            ),
        ],
        [
            text(name, align="center")
            for year in ahead
            for name in (said["projected"].format(year=year), said["gap"])
        ],
    ]
    body = [_outlook_row(run, row, ahead) for row in shown]
    first = 65 - 17 * len(ahead)
    return Table(head, body, (first, 12, 7, 8, 8, *(9, 8) * len(ahead)), "outlook", said["note"])


def _outlook_row(run: Run, row: Result, ahead: list[int]) -> list[Cell]:
    return [
        measure_cell(run.register.measures[row.measure]),
        Cell(value_html(run, row, interval=False), align="center"),
        _number(figures.points(run, row)),
        text(row["projection_last"], align="center"),
        _number(figures.spread(run, row)),
        *(
            _number(show(run, row, year))
            for year in ahead
            for show in (figures.projected, figures.projected_gap)
        ),
    ]


def growth(run: Run) -> Table | None:
    """Return the compound-growth ratio beside the ratio to the path.

    Measures for which it has no meaning are named below the table with the reason.
    """
    rows = [row for row in run.rows() if row.has_value]
    shown = [row for row in rows if any(row[f"growth_ratio_{year}"] for year in TARGET_YEARS)]
    if not shown:
        return None
    said = words("growth")
    names = (
        words("measure"),
        said["ratio"],
        *(said["growth"].format(year=year) for year in TARGET_YEARS),
        said["reason"],
    )
    head = [[text(name, align="center") for name in names]]
    body = [
        [
            measure_cell(run.register.measures[row.measure]),
            _number(figures.ratio(run, row)),
            *(_number(figures.growth(run, row, year)) for year in TARGET_YEARS),
            Cell(_why_not(row)),
        ]
        for row in shown
    ]
    note = "<br>".join((said["note"], *_without_ratio([row for row in rows if row not in shown])))
    return Table(head, body, (36, 12, 13, 13, 26), "growth", note)


def _without_ratio(rows: list[Result]) -> list[str]:
    """Return a line for each reason why a ratio has no meaning, with its measures."""
    by_reason: dict[str, list[str]] = {}
    for row in rows:
        by_reason.setdefault(_why_not(row).replace("<br>", "; "), []).append(row.measure)
    said = words("growth")["without"]
    return [said.format(measures=", ".join(ids), reason=why) for why, ids in by_reason.items()]


def _why_not(row: Result) -> str:
    """Say why a ratio is missing; a reason that holds for both years stands once."""
    said = words("growth")
    pairs = [one.split(":") for one in row["growth_reason"].split()]
    missing = {year: said["reasons"][code] for year, code in pairs if code != STRICT}
    if len(missing) == len(TARGET_YEARS) and len(set(missing.values())) == 1:
        return escape(next(iter(missing.values())), quote=False)
    lines = [said["one"].format(year=year, reason=reason) for year, reason in missing.items()]
    return "<br>".join(escape(line, quote=False) for line in lines)


def pooled(run: Run) -> Table | None:
    """Return rates of events with three years taken together, beside the year itself."""
    shown, measures = pooled_rows(run), run.register.measures
    if not shown:
        return None
    said = words("pooled")
    names = (
        words("measure"),
        said["year"].format(year=run.year),
        said["span"],
        said["parts"],
        said["value"],
    )
    head = [[text(name, align="center") for name in names]]
    body = [
        [
            measure_cell(measures[row.measure]),
            Cell(value_html(run, row), align="center"),
            text(said["years"].format(first=row["pooled_from"], last=row.year), align="center"),
            Cell(_pooled_parts(run, row), align="center"),
            Cell(_pooled_html(run, row), align="center"),
        ]
        for row in shown
    ]
    note = "<br>".join([*reason_lines(shown), said["note"]])
    return Table(head, body, (34, 18, 12, 17, 19), "pooled", note, legend(run, shown))


def pooled_rows(run: Run) -> list[Result]:
    """Return the rates of events of the notebook's area and year that have a pool of years."""
    measures = run.register.measures
    return [
        row for row in run.rows() if row["pooled_from"] and is_rate_of_events(measures[row.measure])
    ]


def _pooled_parts(run: Run, row: Result) -> str:
    known = (figures.pooled_part(run, row, name) for name in ("numerator", "denominator"))
    return " / ".join(printed.html for printed in known if printed)


def _pooled_html(run: Run, row: Result) -> str:
    printed, ends = figures.pooled(run, row), figures.pooled_interval(run, row)
    if printed is None:
        return ""
    below = f"<br>({ends[0].html} - {ends[1].html})" if ends else ""
    return printed.html + below


def _number(printed: Printed | None) -> Cell:
    return Cell(printed.html if printed else "", align="center")
