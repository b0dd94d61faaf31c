"""Reads a file that never was our form, as its column map says; what does not fit is a finding."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from treem.errors import AreaError, UsageError
from treem.intake.column_maps import ColumnMap, split_key
from treem.intake.findings import Finding
from treem.intake.forms import measures_of, parts_of
from treem.intake.grid import Book, Cell, Grid
from treem.intake.layout import are_letters, is_foot, is_total, same_name
from treem.intake.names import key
from treem.intake.observations import Observation
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


class _Found(NamedTuple):
    """Where the table of a map stands: sheet, header row, key column, columns by key of the map.

    `doubled` are words of the map that more than one column bears.
    """

    grid: Grid
    header: int
    key_column: int
    columns: dict[str, int]
    doubled: tuple[str, ...]


def read_mapped(
    book: Book, origin: Origin, register: PlanRegister, mapped: ColumnMap
) -> tuple[list[Observation], list[Finding]]:
    """Return the observations of a file read through its map, and the findings made.

    Raises UsageError where the map names a measure that does not exist.
    """
    _check_measures(mapped, register)
    found = _find_table(book, mapped)
    if found is None:
        words = ", ".join(f"“{one}”" for one in (mapped.key_column, *mapped.columns.values()))
        return [], [origin.find("map_does_not_fit", words=f"“{mapped.id}” cần ({words})")]
    grid = found.grid
    if found.doubled:
        words = ", ".join(found.doubled)
        return [], [origin.find("repeated_column", words=words, sheet=grid.name)]
    findings = [origin.find("hidden_sheet", sheet=grid.name)] if grid.hidden else []
    observations: list[Observation] = []
    known = _known_measures(origin, register, mapped)
    for name, cells in _lines(found):
        targets = list(_targets(origin, register, mapped, known, name))
        if not targets and not is_total(name):
            place = {"sheet": grid.name, "cell": name.address, "raw": name.raw}
            findings.append(origin.find("unmapped_row", words=f"“{mapped.id}”", **place))
        for column_key, target in targets:
            column = found.columns[column_key]
            cell = cells.get(column) or Cell(name.row, column)
            path = f"{name.text} > {mapped.columns[column_key]}"
            row, made = _observe(origin, grid, cell, path, target)
            observations.append(row)
            findings += made
    return observations, findings


def _check_measures(mapped: ColumnMap, register: PlanRegister) -> None:
    keys = mapped.columns if mapped.layout == "areas" else {}
    named = {split_key(mapped.layout, one)[0]: one for one in keys}
    if mapped.layout == "rows":
        named |= {code: f"names: {words}" for words, code in mapped.names.items()}
    for code, where in named.items():
        if code not in register.measures:
            close = difflib.get_close_matches(code, register.measures, n=1, cutoff=0.5)
            hint = f" Có phải ý bạn là {close[0]}?" if close else ""
            raise UsageError(
                f"params/intake/column_maps.yml, mục “{mapped.id}”, khóa “{where}”: không có chỉ "
                f"tiêu {code}.{hint}"
            )


def _find_table(book: Book, mapped: ColumnMap) -> _Found | None:
    """Return where the table stands; None where no row has all the words of the map."""
    for grid in book.sheets:
        if mapped.sheet and not same_name(grid.name, mapped.sheet):
            continue
        for number in list(grid.rows)[:_SEARCHED_ROWS]:
            words: dict[str, list[int]] = {}
            for column, cell in grid.rows[number].items():
                words.setdefault(key(cell.value), []).append(column)
            wanted = {name: words.get(key(text), []) for name, text in mapped.columns.items()}
            names = words.get(key(mapped.key_column), [])
            if all(wanted.values()) and names:
                texts = {mapped.key_column, *mapped.columns.values()}
                doubled = tuple(text for text in sorted(texts) if len(words[key(text)]) > 1)
                columns = {name: places[0] for name, places in wanted.items()}
                return _Found(grid, number, names[0], columns, doubled)
    return None


def _lines(found: _Found) -> Iterator[tuple[Cell, Mapping[int, Cell]]]:
    """Yield the key cell and the cells of every line that has a value, from header to foot."""
    wanted = {found.key_column, *found.columns.values()}
    first = True
    for number, cells in found.grid.rows.items():
        if number <= found.header:
            continue
        if is_foot(cells):
            return
        name = cells.get(found.key_column)
        texts = [cells[column].text for column in sorted(wanted) if column in cells]
        if name is None or not name.text or len([text for text in texts if text]) < 2:
            continue
        if not (first and are_letters(texts)):
            yield name, cells
        first = False


def _targets(
    origin: Origin,
    register: PlanRegister,
    mapped: ColumnMap,
    known: Mapping[str, Measure],
    name: Cell,
) -> Iterator[tuple[str, _Target]]:
    """Yield what each mapped cell of a line is a value of; nothing for a line that fits nothing."""
    rows = mapped.layout == "rows"
    area = None if rows else _area_named(origin, mapped, name.text)
    for column_key in mapped.columns:
        code, part, stratum = split_key(mapped.layout, column_key)
        measure = known.get(key(name.text)) if rows else register.measures[code]
        if measure is not None and part in parts_of(measure) and (rows or area is not None):
            yield column_key, _Target(measure, part, stratum, area)


def _known_measures(
    origin: Origin, register: PlanRegister, mapped: ColumnMap
) -> dict[str, Measure]:
    """Return the measures that the unit owes, by the key of each of their names."""
    owed = {one.id: one for one in measures_of(register, origin.unit.code, origin.source.year)}
    known = {key(one): owed[one] for one in owed}
    known |= {key(measure.name_vi): measure for measure in owed.values()}
    return known | {key(words): owed[code] for words, code in mapped.names.items() if code in owed}


def _area_named(origin: Origin, mapped: ColumnMap, text: str) -> Area | None:
    """Return the area that a line is of, by code or by name; a district goes before a commune."""
    codes = {key(words): code for words, code in mapped.names.items()}
    try:
        return origin.area_of(codes.get(key(text), text))
    except AreaError:
        day = dt.date(origin.source.year, 12, 31)
        named = origin.areas.named(text, day)
        districts = [area for area in named if area.level == "district"]
        chosen = districts or named
        return chosen[0] if len(chosen) == 1 else None


def _observe(
    origin: Origin, grid: Grid, cell: Cell, header_path: str, target: _Target
) -> tuple[Observation, list[Finding]]:
    measure, part, stratum, area = target
    reading, rules = read_value(cell, None, measure, part)
    if cell.text and (cell.row in grid.hidden_rows or cell.column in grid.hidden_columns):
        rules.append(("hidden_cell", cell))
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
