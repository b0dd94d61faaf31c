"""Tables of the plan: targets by place, the ledger of discrepancies, where readings matter."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING

from treem.display import figures
from treem.display.common import (
    all_unconfirmed,
    measure_cell,
    measures_of,
    notes,
    objective_title,
    value_html,
    words,
)
from treem.display.table import Cell, Row, Table, group, text
from treem.display.words import verdict_name, word
from treem.notebooks.results import WITHHELD, Result
from treem.plan.model import TARGET_YEARS, Discrepancy, Place, Target, Where

if TYPE_CHECKING:
    from treem.notebooks.api import Run

PLACES: tuple[Where, ...] = ("text", "table", "label", "national")


def places(run: Run) -> Table:
    """Return every target by the place that states it, and the one chosen to judge by."""
    said = words("places")
    head = [
        [
            text(words("measure"), rows=2, align="center"),
            *(text(said[where], columns=2, align="center") for where in (*PLACES, "chosen")),
        ],
        [text(str(year), align="center") for _ in (*PLACES, "chosen") for year in TARGET_YEARS],
    ]
    body: list[Row] = []
    for number in run.register.objectives:
        body.append(group(objective_title(run, number), 11))
        for measure in measures_of(run, number):
            body.append([measure_cell(measure), *_place_cells(run, measure.id)])
    confirming = words("notes")["all_unconfirmed" if all_unconfirmed(run) else "unconfirmed"]
    note = "<br>".join([said["note"], confirming])
    return Table(head, body, (30, *(7,) * 10), "places", note)


def _place_cells(run: Run, measure_id: str) -> list[Cell]:
    stated = {
        (target.where, target.year): target
        for target in run.register.targets
        if target.measure == measure_id and _of_place(target)
    }
    cells = [
        Cell(
            figures.signed(figures.place(run, stated[where, year]))
            if (where, year) in stated
            else "",
            align="center",
        )
        for where in PLACES
        for year in TARGET_YEARS
    ]
    chosen = run.register.limits(measure_id, run.edition.reading)
    marked = not all_unconfirmed(run) and not run.register.confirmed(measure_id)
    mark = " (*)" if marked else ""
    cells += [
        Cell(
            figures.signed(figures.target(run, chosen[year])) + mark if year in chosen else "",
            align="center",
        )
        for year in TARGET_YEARS
    ]
    return cells


def _of_place(target: Target) -> bool:
    """Whether a target belongs in the columns: the province's, or that of the decision itself."""
    return target.scope == "province" or target.where == "national"


def ledger(run: Run) -> Table:
    """Return every discrepancy of the plan: places, effect and the decision on record."""
    said = words("ledger")
    columns = ("subject", "kind", "places", "effect", "decision")
    head = [[text(said[name], align="center") for name in columns]]
    usual = Counter(one.confirm_by for one in run.register.decisions.values()).most_common(1)[0][0]
    body = [_ledger_row(run, one, usual) for one in run.register.discrepancies]
    note = said["note"].format(confirm_by=usual)
    return Table(head, body, (8, 13, 34, 26, 19), "ledger", note)


def _ledger_row(run: Run, one: Discrepancy, usual: str) -> Row:
    severity = word("severity", one.severity)
    return [
        text(one.measure or words("ledger")["whole"]),
        text(f"{word('discrepancy', one.kind)}, {severity}"),
        Cell("<br>".join(_place(place) for place in one.places)),
        text(one.effect),
        text(_decision(run, one.id, usual)),
    ]


def _decision(run: Run, discrepancy: str, usual: str) -> str:
    """Return what was decided and by whom it was confirmed or, where not the usual, must be."""
    decision = run.register.decisions[discrepancy]
    status = decision.status
    if status == "unconfirmed" and decision.confirm_by != usual:
        status = "unconfirmed_by"
    sentence: str = words("ledger")[status]
    return sentence.format(
        note=decision.note, confirm_by=decision.confirm_by, confirmed_by=decision.confirmed_by
    )


def _place(place: Place) -> str:
    where = word("where", place.where)
    line = words("ledger")["line"].format(line=place.line) if place.line is not None else ""
    said = ", ".join(part for part in (where, line) if part)
    quoted = f": “{escape(place.words, quote=False)}”" if place.words else ""
    return escape(said[:1].upper() + said[1:], quote=False) + quoted


def readings(run: Run) -> Table | None:
    """Return the measures whose verdict depends on which reading of the plan is taken."""
    differing = [row for row in run.rows() if depends_on_reading(row)]
    if not differing:
        return None
    said = words("readings")
    columns = ("used", "text", "table")
    head = [
        [
            text(words("measure"), rows=2, align="center"),
            text(words("result").format(year=run.year), rows=2, align="center"),
            *(
                text(words("against").format(year=year), columns=3, align="center")
                for year in TARGET_YEARS
            ),
        ],
        [text(said[name], align="center") for _ in TARGET_YEARS for name in columns],
    ]
    note = notes(run, (), beside=differing)
    body = [
        [
            measure_cell(run.register.measures[row.measure]),
            Cell(value_html(run, row, interval=False), align="center"),
            *(text(name) for year in TARGET_YEARS for name in _verdict_names(row, year)),
        ]
        for row in differing
    ]
    return Table(head, body, (22, 12, 11, 11, 11, 11, 11, 11), "readings", note)


def depends_on_reading(row: Result) -> bool:
    """Whether the verdicts by text and by table differ for either target year."""
    return any(row[f"verdict_{year}_text"] != row[f"verdict_{year}_table"] for year in TARGET_YEARS)


def _verdict_names(row: Result, year: int) -> list[str]:
    return [
        verdict_name(row[f"verdict_{year}{suffix}"] or WITHHELD, year=row.year, target_year=year)
        for suffix in ("", "_text", "_table")
    ]
