"""Reads a file that never was our form, as its column map says; what does not fit is a finding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from treem.intake.column_maps import ColumnMap
from treem.intake.findings import Finding
from treem.intake.forms import measures_of, parts_of
from treem.intake.grid import Book, Cell, Grid
from treem.intake.layout import same_name
from treem.intake.names import key
from treem.intake.observations import PARTS, Observation
from treem.intake.rows import Origin, Place, observe, read_value
from treem.plan.model import Measure
from treem.strata import NAMES

if TYPE_CHECKING:
    from treem.areas import Area
    from treem.plan.register import PlanRegister

_SEARCHED_ROWS = 60


class _Target(NamedTuple):
    """What a cell of a mapped table is a value of."""

    measure: Measure
    part: str
    stratum: str
    area: Area | None


def read_mapped(
    book: Book, origin: Origin, register: PlanRegister, mapped: ColumnMap
) -> tuple[list[Observation], list[Finding]]:
    """Return the observations of a file read through its map, and the findings made."""
    found = _find_table(book, mapped)
    if found is None:
        return [], [origin.find("no_table")]
    grid, header, columns, key_column = found
    owed = {one.id: one for one in measures_of(register, origin.unit.code, origin.source.year)}
    observations: list[Observation] = []
    findings: list[Finding] = []
    for number, cells in grid.rows.items():
        name = cells.get(key_column)
        values = [cells[column] for column in columns.values() if column in cells]
        if number <= header or name is None or not name.text or not any(c.text for c in values):
            continue
        targets = list(_targets(origin, owed, mapped, name))
        if not targets:
            place = {"sheet": grid.name, "cell": name.address, "raw": name.raw}
            findings.append(origin.find("unmapped_row", words=f"“{mapped.id}”", **place))
        for column_key, target in targets:
            cell = cells.get(columns[column_key]) or Cell(number, columns[column_key])
            path = f"{name.text} > {mapped.columns[column_key]}"
            row, made = _observe(origin, grid, cell, path, target)
            observations.append(row)
            findings += made
    return observations, findings


def _find_table(book: Book, mapped: ColumnMap) -> tuple[Grid, int, dict[str, int], int] | None:
    """Return sheet, header row, columns by key and the key column; None where a word is missing."""
    for grid in book.sheets:
        if mapped.sheet and not same_name(grid.name, mapped.sheet):
            continue
        for number in list(grid.rows)[:_SEARCHED_ROWS]:
            words = {key(cell.value): column for column, cell in grid.rows[number].items()}
            columns = {name: words.get(key(text), 0) for name, text in mapped.columns.items()}
            if all(columns.values()) and key(mapped.key_column) in words:
                return grid, number, columns, words[key(mapped.key_column)]
    return None


def _targets(
    origin: Origin, owed: dict[str, Measure], mapped: ColumnMap, name: Cell
) -> Iterator[tuple[str, _Target]]:
    """Yield what each mapped cell of a line is a value of; nothing for a line that fits nothing."""
    if mapped.layout == "rows":
        measure = _measure_named(owed, mapped, name.text)
        for column_key in mapped.columns if measure is not None else ():
            part, _, stratum = column_key.partition(".")
            assert measure is not None
            if part in parts_of(measure):
                yield column_key, _Target(measure, part, stratum, None)
        return
    area = _area_named(origin, mapped, name.text)
    for column_key in mapped.columns if area is not None else ():
        part = next(part for part in PARTS if f".{part}" in column_key)
        measure_id, _, rest = column_key.partition(f".{part}")
        if measure_id in owed:
            yield column_key, _Target(owed[measure_id], part, rest.removeprefix("."), area)


def _measure_named(owed: dict[str, Measure], mapped: ColumnMap, text: str) -> Measure | None:
    known = {key(one): owed[one] for one in owed}
    known |= {key(measure.name_vi): measure for measure in owed.values()}
    known |= {key(words): owed[code] for words, code in mapped.names.items() if code in owed}
    return known.get(key(text))


def _area_named(origin: Origin, mapped: ColumnMap, text: str) -> Area | None:
    from treem.errors import AreaError

    codes = {key(words): code for words, code in mapped.names.items()}
    try:
        return origin.area_of(codes.get(key(text), text))
    except AreaError:
        return None


def _observe(
    origin: Origin, grid: Grid, cell: Cell, header_path: str, target: _Target
) -> tuple[Observation, list[Finding]]:
    measure, part, stratum, area = target
    reading, rules = read_value(cell, None, measure, part)
    path = " > ".join(filter(None, (header_path, NAMES.get(stratum, "") if stratum else "")))
    place = Place(grid.name, cell, path, measure, part, stratum, area)
    findings = [
        origin.find(
            rule,
            sheet=grid.name,
            cell=at.address,
            raw=at.raw,
            measure=measure.id,
            part=part,
        )
        for rule, at in rules
    ]
    return observe(origin, place, reading), findings
