"""Tables of the province: results by objective, pace, sources, counts of verdicts, what is owed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from treem.audit.lineage import Printed
from treem.display import figures
from treem.display.common import (
    GROUPS,
    baseline_cell,
    legend,
    mark_line,
    measure_cell,
    measures_of,
    nation_html,
    objective_title,
    parts_html,
    reason_lines,
    remarks,
    target_cell,
    value_html,
    verdict_html,
    words,
)
from treem.display.table import Cell, Row, Table, group, heads, text
from treem.display.words import verdict_name, word
from treem.notebooks.results import Result
from treem.plan.model import TARGET_YEARS

if TYPE_CHECKING:
    from treem.notebooks.api import Run


def results(run: Run, objective: int) -> Table | None:
    """Return the results of the province for one objective, with targets and both verdicts.

    None in an earlier year in which nothing was reported: its sentence says so.
    """
    shown = [run.expect(measure.id) for measure in measures_of(run, objective)]
    if not worth_showing(run, shown):
        return None
    if not run.place.judged:
        return _reported_only(run, shown)
    head = [
        [
            text(words("measure"), rows=2, align="center"),
            text(words("baseline"), rows=2, align="center"),
            text(words("result_interval").format(year=run.year), rows=2, align="center"),
            text(words("path").format(year=run.year), rows=2, align="center"),
            *(
                text(words("against").format(year=year), columns=2, align="center")
                for year in TARGET_YEARS
            ),
        ],
        [text(words(name), align="center") for _ in TARGET_YEARS for name in ("level", "verdict")],
    ]
    body = [_result_row(run, result) for result in shown]
    widths = (24, 8, 13, 9, 8, 15, 8, 15)
    note = "<br>".join(filter(None, (_blanks(body), remarks(run, shown))))
    return Table(head, body, widths, "results", note, legend(run, shown))


def _blanks(body: list[Row]) -> str:
    """Say what an empty cell of the 2020 figure or of the path means, where there is one."""
    return words("blank") if any(not row[place].html for row in body for place in (1, 3)) else ""


def _reported_only(run: Run, shown: list[Result]) -> Table:
    """Return the results of a province that the plan was not made for: no path and no verdict.

    Where none of them was divided there is no column of parts.
    """
    parts = {row.measure: parts_html(run, row) for row in shown}
    names = [words("measure"), words("result_interval").format(year=run.year), words("parts")]
    divided = any(parts.values())
    names = names if divided else names[:-1]
    head = [
        [
            *(text(name, rows=2, align="center") for name in names),
            text(words("old_targets"), columns=2, align="center"),
        ],
        [text(str(year), align="center") for year in TARGET_YEARS],
    ]
    body = [
        [
            measure_cell(run.register.measures[row.measure]),
            Cell(value_html(run, row), align="center"),
            *([Cell(parts[row.measure], align="center")] if divided else []),
            *(target_cell(run, row.measure, year) for year in TARGET_YEARS),
        ]
        for row in shown
    ]
    note = "<br>".join(reason_lines(shown))
    widths = (40, 18, 18, 12, 12) if divided else (54, 22, 12, 12)
    return Table(head, body, widths, "results", note, legend(run, shown))


def _result_row(run: Run, result: Result) -> Row:
    path = figures.path(run, result) if result.has_value else None
    row = [
        measure_cell(run.register.measures[result.measure]),
        baseline_cell(run, result.measure),
        Cell(value_html(run, result), align="center"),
        Cell(path.html if path else "", align="center"),
    ]
    for year in TARGET_YEARS:
        row.append(target_cell(run, result.measure, year))
        row.append(Cell(verdict_html(run, result, year)))
    return row


def pace(run: Run) -> Table | None:
    """Return ratio to the path, gap, change a year and rate of reduction still needed.

    No year is left to reach a target in its own year: then only the gap stands.
    """
    shown = [row for row in run.rows() if row["gap_2025"] or row["gap_2030"]]
    if not shown:
        return None
    said = words("pace")
    columns = {year: _NEEDED if year > run.year else _NEEDED[:1] for year in TARGET_YEARS}
    names = [name for of_year in columns.values() for name in of_year]
    head = [
        [
            text(words("measure"), rows=2, align="center"),
            text(said["ratio"], rows=2, align="center"),
            *(
                text(words("against").format(year=year), columns=len(of_year), align="center")
                for year, of_year in columns.items()
            ),
        ],
        [text(said[name], align="center") for name in names],
    ]
    body = [
        [measure_cell(run.register.measures[row.measure]), *_pace_cells(run, row, columns)]
        for row in shown
    ]
    widths = (88 - 9 * len(names), 12, *(9,) * len(names))
    return Table(head, body, widths, "pace", said["note"])


_NEEDED = ("gap", "change", "rate")
_SHOWN = {"gap": figures.gap, "change": figures.yearly_change, "rate": figures.yearly_rate}


def _pace_cells(run: Run, row: Result, columns: Mapping[int, Sequence[str]]) -> list[Cell]:
    found = [figures.ratio(run, row)]
    found += [_SHOWN[name](run, row, year) for year, names in columns.items() for name in names]
    return [Cell(printed.html if printed else "", align="center") for printed in found]


def sources(run: Run) -> Table | None:
    """Return parts, period, national targets and lead agencies, then and now, of all measures.

    An earlier year shows what is its own; targets and agencies stand in the latest year.
    """
    if not worth_showing(run, run.rows()):
        return None
    said = words("sources")
    latest = run.year == run.edition.year
    columns = ("parts", "period", "nation", "then", "now") if latest else ("parts", "period")
    head = [[text(words("measure"), align="center"), *heads(*(said[name] for name in columns))]]
    body: list[Row] = []
    for number in run.register.objectives:
        body.append(group(objective_title(run, number), len(head[0])))
        for one in measures_of(run, number):
            body.append(_source_row(run, run.expect(one.id))[: len(head[0])])
    marks = mark_line(row for row in run.rows() if row["status"] == "suppressed")
    if not latest:
        return Table(head, body, (52, 24, 24), "sources", said["earlier"], marks)
    return Table(head, body, (27, 15, 13, 13, 16, 16), "sources", said["note"], marks)


def worth_showing(run: Run, rows: list[Result]) -> bool:
    """Whether a table has anything to show: always in the edition's year, else where reported."""
    return run.year == run.edition.year or any(row.reported for row in rows)


def _source_row(run: Run, result: Result) -> Row:
    measure = run.register.measures[result.measure]
    return [
        measure_cell(measure),
        Cell(parts_html(run, result), align="center"),
        text(result["period_note"].replace("-", " - ") or word("period", measure.period)),
        Cell(nation_html(run, measure.id), align="center"),
        *agency_cells(run, measure.id),
    ]


def agency_cells(run: Run, measure_id: str) -> list[Cell]:
    """Return the agency that the plan names and the one that holds the duty now."""
    then, now = run.agencies(measure_id)
    name = escape(now.name, quote=False)
    sure = now.confidence == words("sources")["sure"]
    return [text(then), Cell(name if sure else f"<em>{name}</em>")]


def verdict_counts(run: Run) -> Table:
    """Return how many measures have each verdict, by objective, against both target years."""
    said = words("verdict_counts")
    numbers = list(run.register.objectives)
    columns = [said["objective"].format(number=number) for number in numbers] + [words("total")]
    head = [
        [
            text(said["verdict"], rows=2, align="center"),
            *(
                text(words("against").format(year=year), columns=len(columns), align="center")
                for year in TARGET_YEARS
            ),
        ],
        [text(name, align="center") for _ in TARGET_YEARS for name in columns],
    ]
    found = {row.verdict(year) for row in run.rows() for year in TARGET_YEARS}
    codes = [code for group_ in GROUPS.values() for code in group_ if code in found]
    body: list[Row] = [
        [
            text(_both_names(run, code)),
            *(
                Cell(count_verdict(run, year, (code,), code, number).html, align="center")
                for year in TARGET_YEARS
                for number in (*numbers, None)
            ),
        ]
        for code in codes
    ]
    total = [
        Cell(count_verdict(run, year, None, "all", number).html, align="center", strong=True)
        for year in TARGET_YEARS
        for number in (*numbers, None)
    ]
    body.append([text(words("total"), strong=True), *total])
    return Table(head, body, (30, *(7,) * 2 * len(columns)), "counts", said["note"])


def _both_names(run: Run, code: str) -> str:
    """Return the name of a verdict; in a target year a miss has another name for that year."""
    names = [verdict_name(code, year=run.year, target_year=year) for year in TARGET_YEARS]
    return " / ".join(dict.fromkeys(names))


def count_verdict(
    run: Run, target_year: int, codes: tuple[str, ...] | None, name: str, objective: int | None
) -> Printed:
    """Count the measures of an objective (None: of all) whose verdict is one of `codes`."""
    rows = [
        row
        for row in run.rows()
        if (objective is None or run.register.measures[row.measure].objective == objective)
        and (codes is None or row.verdict(target_year) in codes)
    ]
    scope = "TH" if objective is None else f"MT{objective}"
    formula = word_count(target_year, name, objective)
    return figures.tally(
        run, scope, f"k{target_year % 100}.{name}", len(rows), formula, results=rows
    )


def word_count(target_year: int, name: str, objective: int | None) -> str:
    """Say in Vietnamese what a count of verdicts counts."""
    said = words("counted")
    where = said["objective"].format(number=objective) if objective else said["all"]
    what = said[name] if name in said else verdict_name(name)
    return str(said["formula"].format(where=where, what=what, year=target_year))


def owed(run: Run) -> Table | None:
    """Return the measures without data: baseline, targets, period, who leads then and now."""
    missing = [row for row in run.rows() if row.verdict(TARGET_YEARS[-1]) in GROUPS["no_data"]]
    if not missing:
        return None
    said = words("owed")
    head = [
        [
            text(words("measure"), align="center"),
            text(words("baseline"), align="center"),
            *(text(said["level"].format(year=year), align="center") for year in TARGET_YEARS),
            text(said["period"], align="center"),
            text(said["then"], align="center"),
            text(said["now"], align="center"),
        ]
    ]
    body: list[Row] = []
    for number in run.register.objectives:
        rows = [row for row in missing if run.register.measures[row.measure].objective == number]
        if rows:
            body.append(group(objective_title(run, number), 7))
            body += [_owed_row(run, row) for row in rows]
    return Table(head, body, (32, 8, 8, 8, 14, 15, 15), "owed", words("sources")["note"])


def _owed_row(run: Run, row: Result) -> Row:
    measure = run.register.measures[row.measure]
    return [
        measure_cell(measure),
        baseline_cell(run, measure.id),
        *(target_cell(run, measure.id, year) for year in TARGET_YEARS),
        text(word("period", measure.period)),
        *agency_cells(run, measure.id),
    ]
