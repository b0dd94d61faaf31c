"""Tables of coverage: who has reported what, one sign a state, and every gap by name.

A year with few areas is shown area by area; one with many (99 communes) by counts per measure,
and only the areas with a gap are named. Grain of what is read: coverage.csv, a row per area,
measure and year; rows of the province stand for what its departments owe, or sum its areas up.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from treem.display import figures
from treem.display.common import measures_of, objective_title, short_name, shown_area, words
from treem.display.table import Cell, Row, Table, group, heads, text

if TYPE_CHECKING:
    from treem.notebooks.api import Run

CoverageRow = dict[str, str]

MOST_SHOWN = 12
"""More areas than this in a year are counted, not shown one by one."""

GOOD = ("complete", "provisional", "not_applicable")
GAPS = ("partly", "not_collected", "missing_submission", "left_out")
_NOT_OWED = "not_owed"
_PROVINCE = "province"
_MEASURE_WIDTH, _LEAST_WIDTH = 37, 6
"""In percent of a landscape page: short names on one line, and four signs side by side."""


def coverage_by_year(run: Run) -> Table:
    """Return how many cells (area and measure) of each year are in which state."""
    said = words("coverage")
    states = [*said["states"]]
    head = [heads(said["year"], said["owed"], *(_sign(state) for state in states))]
    body: list[Row] = []
    for year in run.edition.years:
        counts = Counter(row["state"] for row in owed_rows(run, year))
        cells = [_tally(run, year, "board.owed", sum(counts.values()), said["counted"]["owed"])]
        for state in states:
            what = said["counted"]["state"].format(state=said["states"][state])
            cells.append(_tally(run, year, f"board.{state}", counts[state], what))
        body.append([text(str(year), align="center"), *(Cell(c, align="center") for c in cells)])
    width = 76 // len(states)
    widths = (12, 88 - width * len(states), *(width,) * len(states))
    return Table(head, body, widths, "counts", f"{_legend()}.")


def coverage(run: Run) -> Table | None:
    """Return the board measure × area of the years with few areas, a sign for each year."""
    years = _years(run, many=False)
    if not years:
        return None
    said = words("coverage")
    areas = _areas(run, years)
    rows = {_key(row): row["state"] for row in run.tables.coverage}
    head = [heads(words("measure"), said["province"], *areas.values())]
    body: list[Row] = []
    for number in run.register.objectives:
        body.append(group(objective_title(run, number), len(areas) + 2))
        for measure in measures_of(run, number):
            signs = [_signs(rows, years, codes, measure.id) for codes in _columns(run, areas)]
            name = Cell(f"<strong>{measure.id}</strong> {escape(short_name(measure.id))}")
            body.append([name, *(text(sign, align="center") for sign in signs)])
    note = said["signs_note" if len(years) > 1 else "signs_note_one_year"]
    width = min(14, max(_LEAST_WIDTH, (100 - _MEASURE_WIDTH) // (len(areas) + 1)))
    widths = (100 - width * (len(areas) + 1), *(width,) * (len(areas) + 1))
    return Table(head, body, widths, "board", note.format(signs=_legend(), years=_listed(years)))


def coverage_counts(run: Run) -> Table | None:
    """Return the board measure × year of the years with many areas: how many have reported."""
    years = _years(run, many=True)
    if not years:
        return None
    said = words("coverage")
    head = [heads(words("measure"), *map(str, years))]
    body: list[Row] = []
    for number in run.register.objectives:
        body.append(group(objective_title(run, number), len(years) + 1))
        for measure in measures_of(run, number):
            name = Cell(f"<strong>{measure.id}</strong> {escape(short_name(measure.id))}")
            cells = [_counted(run, year, measure.id) for year in years]
            body.append([name, *(Cell(cell, align="center") for cell in cells)])
    width = min(30, 64 // len(years))
    widths = (100 - width * len(years), *(width,) * len(years))
    return Table(head, body, widths, "counts", said["counts_note"].format(signs=_legend()))


def coverage_gaps(run: Run) -> Table | None:
    """Return every area and year with a gap: what kind, and which measures; None without any."""
    said = words("coverage")
    body: list[Row] = []
    for year in reversed(run.edition.years):
        by_area: dict[str, list[CoverageRow]] = {}
        for row in owed_rows(run, year):
            by_area.setdefault(row["area_code"], []).append(row)
        for rows in by_area.values():
            body += [_gap_row(run, rows, state) for state in GAPS if any(_in(rows, state))]
    if not body:
        return None
    head = [heads(said["year"], said["area"], said["state"], said["measures"])]
    return Table(head, body, (9, 26, 25, 40), "gaps")


def owed_rows(run: Run, year: int) -> list[CoverageRow]:
    """Return the rows of what was owed in a year: by areas, and by departments for the province."""
    of_year = [row for row in run.tables.coverage if row["year"] == str(year)]
    by_areas = {row["measure"] for row in of_year if not _is_province(row) and _owed(row)}
    return [
        row
        for row in of_year
        if _owed(row) and not (_is_province(row) and row["measure"] in by_areas)
    ]


def _gap_row(run: Run, rows: Sequence[CoverageRow], state: str) -> Row:
    said = words("coverage")
    found = _in(rows, state)
    listed = said["every"] if len(found) == len(rows) else ", ".join(r["measure"] for r in found)
    return [
        text(found[0]["year"], align="center"),
        text(shown_area(run, found[0])),
        text(f"{_sign(state)} {said['states'][state]}"),
        text(listed),
    ]


def _counted(run: Run, year: int, measure: str) -> str:
    """Return `97 / 99; ◊ 1, □ 1`, the gaps with their signs; a sign alone for a department's."""
    said = words("coverage")
    rows = [row for row in owed_rows(run, year) if row["measure"] == measure]
    if not rows:
        return _sign(_NOT_OWED)
    if _is_province(rows[0]):
        return _sign(rows[0]["state"])
    good = sum(row["state"] in GOOD for row in rows)
    name, counted = f"board.{measure}", said["counted"]
    line = " / ".join(
        _tally(run, year, f"{name}.{part}", number, counted[key].format(measure=measure))
        for part, number, key in (
            ("enough", good, "areas_good"),
            ("expected", len(rows), "areas_owed"),
        )
    )
    gaps = [
        f"{_sign(state)} {_tally(run, year, f'{name}.{state}', len(found), what)}"
        for state in GAPS
        if (found := _in(rows, state))
        and (what := counted["areas"].format(measure=measure, state=said["states"][state]))
    ]
    return "; ".join(filter(None, (line, ", ".join(gaps))))


def _tally(run: Run, year: int, name: str, number: int, what: str) -> str:
    return figures.tally(run, "SL", name, number, what, year=year).html


def _years(run: Run, *, many: bool) -> list[int]:
    """Return the years with more areas than a board can show, or those with fewer."""
    areas: dict[str, set[str]] = {str(year): set() for year in run.edition.years}
    for row in run.tables.coverage:
        if not _is_province(row):
            areas[row["year"]].add(row["area_code"])
    return [int(year) for year, codes in areas.items() if (len(codes) > MOST_SHOWN) == many]


def _areas(run: Run, years: Iterable[int]) -> dict[str, str]:
    """Return the areas of some years with their names as they are last, without their kinds."""
    found: dict[str, str] = {}
    for row in run.tables.coverage:
        if int(row["year"]) in years and not _is_province(row):
            day = dt.date(int(row["year"]), 12, 31)
            found[row["area_code"]] = run.areas.get(row["area_code"], day).name
    return dict(sorted(found.items()))


def _columns(run: Run, areas: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the codes behind each column; the province had another one before the merger."""
    provinces = {row["area_code"] for row in run.tables.coverage if _is_province(row)}
    return [tuple(sorted(provinces)), *((code,) for code in areas)]


def _signs(
    rows: dict[tuple[str, str, str], str],
    years: Sequence[int],
    codes: Iterable[str],
    measure: str,
) -> str:
    """Return a sign for each year, apart by spaces that do not break; "" where never owed."""
    states = [
        next(
            (rows[key] for code in codes if (key := (code, str(year), measure)) in rows), _NOT_OWED
        )
        for year in years
    ]
    if set(states) == {_NOT_OWED}:
        return ""
    return "\u00a0".join(map(_sign, states))


def _sign(state: str) -> str:
    return str(words("coverage")["signs"][state])


def _legend() -> str:
    said = words("coverage")
    return "; ".join(
        said["legend"].format(sign=_sign(state), name=name)
        for state, name in said["states"].items()
    )


def _listed(years: Iterable[int]) -> str:
    return ", ".join(map(str, years))


def _key(row: CoverageRow) -> tuple[str, str, str]:
    return row["area_code"], row["year"], row["measure"]


def _in(rows: Iterable[CoverageRow], state: str) -> list[CoverageRow]:
    return [row for row in rows if row["state"] == state]


def _owed(row: CoverageRow) -> bool:
    return row["state"] != _NOT_OWED


def _is_province(row: CoverageRow) -> bool:
    return row["level"] == _PROVINCE
