"""Reads a file in our form, however it came back: which sheet, whose, which row is what."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from treem.intake.findings import Finding
from treem.intake.forms import (
    FORM_MARK,
    IDS_SHEET,
    PART_NAMES,
    SHEET,
    STATES,
    UNIT_LABEL,
    FormRow,
    form_rows,
    measures_of,
    parts_of,
)
from treem.intake.grid import Book, Cell, Grid
from treem.intake.layout import FIELDS, Table, TableRow, find_table, is_code, same_name
from treem.intake.names import bare, key
from treem.intake.numbers import CellReading, scale_of, unit_fits
from treem.intake.observations import Observation
from treem.intake.rows import Origin, Place, observe, read_value
from treem.plan.model import Measure
from treem.strata import NAMES, TOTAL, strata_of

if TYPE_CHECKING:
    from treem.plan.register import PlanRegister

_UNIT = re.compile(rf"\b{bare(UNIT_LABEL).rstrip(':')}\b")
_AFTER_COLON = re.compile(r":\s*(\S+)")
_YEAR = re.compile(r"\bnam\s+((?:19|20)\d\d)\b")
_PERIOD = re.compile(r"(?:ky bao cao\s*:?\s*|so lieu\s+)?nam\s+(?:19|20)\d\d")
"""A cell that names the year of a form and nothing else; it goes before years inside a text."""
_DATE = re.compile(r"\bthang\s+\S+\s+nam\b")
"""Part of a written date: the day a form was received is not the year that it is of."""
_PARTS = {bare(name): part for part, name in PART_NAMES.items()}
_STATES = {bare(name): status for status, name in STATES.items()}
_STRATA = {bare(name): code for code, name in NAMES.items()} | {"": TOTAL}
_READ_FIELDS = ("code", "part", "stratum", "unit", "value", "mark", "state")
"""Columns that decide what a row says: two filled ones of a name are not chosen between."""


Head = tuple[tuple[str, Cell] | None, tuple[int, Cell] | None]
"""The code of the unit and the year that a file says it is of, each with its cell."""


@dataclass(frozen=True)
class _Form:
    """One form while it is read: its table, who owes what in it, and its printed labels."""

    origin: Origin
    table: Table
    owed: dict[str, Measure]
    labels: dict[str, set[tuple[str, str]]]

    def find(self, rule: str, cell: Cell, *, words: str = "", **place: str) -> Finding:
        """Make a finding on a cell of the table."""
        where = {"sheet": self.table.grid.name, "cell": cell.address, "raw": cell.raw}
        return self.origin.find(rule, words=words, **(where | place))


def read_form(
    book: Book, origin: Origin, register: PlanRegister
) -> tuple[list[Observation], list[Finding]]:
    """Return the observations of a file in our form, and the findings made while reading."""
    tables = tables_of(book)
    if not tables:
        return [], [origin.find("no_table")]
    table = tables[0]
    findings = [origin.find("several_tables", sheet=other.grid.name) for other in tables[1:]]
    if table.grid.hidden:
        findings.append(origin.find("hidden_sheet", sheet=table.grid.name))
    refused, told = _check_head(head_of(book, table), table, origin)
    findings += [*refused, *told]
    if refused:
        return [], findings
    rows = form_rows(origin.edition, register, origin.unit.code, origin.source.year)
    measures = measures_of(register, origin.unit.code, origin.source.year)
    form = _Form(origin, table, {measure.id: measure for measure in measures}, _labels(rows))
    observations = []
    for row in table.rows:
        observation, found = _read_row(form, row)
        if observation is not None:
            observations.append(observation)
        findings += found
    return observations, findings


def tables_of(book: Book) -> list[Table]:
    """Return the tables of our form in a file, the one that counts first."""
    tables = [table for grid in book.sheets if (table := find_table(grid)) is not None]
    return sorted(tables, key=_preference)


def head_of(book: Book, table: Table | None) -> Head:
    """Return the code of the unit and the year that a file says it is of, each with its cell.

    The head above the table goes before the hidden sheet of ids: it is what a person sees.
    """
    unit, year = _from_head(list(table.above) if table is not None else [])
    ids = next((grid for grid in book.sheets if grid.name == IDS_SHEET), None)
    if ids is not None and ids.get(1, 1).text == FORM_MARK:
        unit = unit or (ids.get(2, 2).text, ids.get(2, 2))
        stored = ids.get(3, 2)
        if year is None and stored.text.isdecimal():
            year = int(stored.text), stored
    return unit, year


def _preference(table: Table) -> tuple[bool, bool, int]:
    """Order tables: the one in the sheet of our name, then visible ones, then the longest."""
    grid: Grid = table.grid
    return not same_name(grid.name, SHEET), grid.hidden, -len(grid.rows)


def _from_head(cells: list[Cell]) -> Head:
    unit = None
    years: list[tuple[int, Cell]] = []
    for cell in cells:
        text = bare(cell.value)
        if unit is None and _UNIT.search(text) and (found := _AFTER_COLON.search(cell.text)):
            unit = found[1].upper(), cell
        if len(text) < 60 and not _DATE.search(text):
            years += [(int(year), cell) for year in _YEAR.findall(text)]
    said = [one for one in years if _PERIOD.fullmatch(bare(one[1].value))]
    if not said and len({year for year, _ in years}) == 1:
        said = years
    return unit, said[0] if said else None


def _check_head(head: Head, table: Table, origin: Origin) -> tuple[list[Finding], list[Finding]]:
    """Compare the head with the record; returns what refuses the file, and what is only told."""
    refused, told, absent = [], [], []
    sheet = table.grid.name
    unit, year = head
    source = origin.source
    if unit is None:
        absent.append("mã đơn vị")
    elif unit[0] != source.unit_code.upper():
        place = {"sheet": sheet, "cell": unit[1].address, "raw": unit[0]}
        refused.append(origin.find("other_unit", words=source.unit_code, **place))
    if year is None:
        absent.append("năm")
    elif year[0] != source.year:
        place = {"sheet": sheet, "cell": year[1].address, "raw": str(year[0])}
        refused.append(origin.find("other_year", words=str(source.year), **place))
    named = table.years.get("value", source.year)
    if named != source.year:
        cell = table.grid.get(table.last_row, table.columns["value"])
        place = {"sheet": sheet, "cell": cell.address, "raw": str(named)}
        refused.append(origin.find("other_year", words=str(source.year), **place))
    for name in table.repeated:
        if name in _READ_FIELDS:
            refused.append(origin.find("repeated_column", words=FIELDS[name][0], sheet=sheet))
    if absent:
        told.append(origin.find("no_head", words=", ".join(absent), sheet=sheet))
    return refused, told


def _labels(rows: tuple[FormRow, ...]) -> dict[str, set[tuple[str, str]]]:
    """Return which rows (measure and part) print a label; some labels stand in several rows."""
    labels: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        labels.setdefault(key(row.label), set()).add((row.measure, row.part))
    return labels


def _read_row(form: _Form, row: TableRow) -> tuple[Observation | None, list[Finding]]:
    code = row.get("code")
    measure_id = _code_of(code.text)
    if row.below_foot:
        known = measure_id if measure_id in form.owed else ""
        return None, [form.find("row_below_foot", code, measure=known)]
    if not code.text:
        said = next((row.get(name) for name in ("value", "mark") if row.text(name)), None)
        if row.is_total or said is None:
            return None, []
        return None, [form.find("row_without_code", said)]
    measure = form.owed.get(measure_id)
    if measure is None:
        return None, [form.find("unknown_measure", code)]
    return _read_owed(form, row, measure)


def _code_of(text: str) -> str:
    """Return the id that a code means: `ct04.3A` is CT04.3a."""
    plain = text.replace(" ", "").replace(",", ".")
    if not is_code(plain):
        return text
    return plain[:2].upper() + plain[2:].lower()


def _read_owed(
    form: _Form, row: TableRow, measure: Measure
) -> tuple[Observation | None, list[Finding]]:
    words = _cell(form, row, "part")
    part = _PARTS.get(bare(words.text.split(":")[0]), "")
    if part not in parts_of(measure):
        return None, [form.find("unknown_part", words, measure=measure.id)]
    place = {"measure": measure.id, "part": part}
    stratum = _STRATA.get(bare(row.text("stratum")))
    if stratum is None:
        return None, [form.find("unknown_stratum", row.get("stratum"), **place)]
    told = form.labels.get(key(words.text), set())
    if told and (measure.id, part) not in told:
        other = ", ".join(sorted({one for one, _ in told}))
        return None, [form.find("code_does_not_fit", row.get("code"), words=other, **place)]
    return _observe(form, row, measure, part, stratum)


def _observe(
    form: _Form, row: TableRow, measure: Measure, part: str, stratum: str
) -> tuple[Observation, list[Finding]]:
    cell = _cell(form, row, "value")
    reading, rules = read_value(cell, row.get("mark"), measure, part)
    reading, wrong = _with_row(row, measure, part, reading)
    asked = stratum in strata_of(form.origin.edition, measure.id)
    if not asked and row.filled:
        wrong.append(("unasked_stratum", row.get("stratum")))
    rules += [("hidden_cell", hidden) for hidden in _hidden(form, row)[:1]]
    place = Place(
        sheet=form.table.grid.name,
        cell=cell,
        header_path=_header_path(row, measure, stratum),
        measure=measure,
        part=part,
        stratum=stratum,
    )
    observation = observe(form.origin, place, reading, row.text("note"), used=asked)
    findings = [form.find(rule, at, measure=measure.id, part=part) for rule, at in (*wrong, *rules)]
    return observation, findings


def _cell(form: _Form, row: TableRow, name: str) -> Cell:
    """Return the cell of a required field, with its address where nothing is stored in it."""
    return row.cells.get(name) or Cell(row.number, form.table.columns[name])


def _hidden(form: _Form, row: TableRow) -> list[Cell]:
    """Return the cells of a row that say something and do not show."""
    said = (row.get(name) for name in ("value", "mark", "state"))
    columns = form.table.grid.hidden_columns
    return [cell for cell in said if cell.text and (row.hidden or cell.column in columns)]


def _with_row(
    row: TableRow, measure: Measure, part: str, reading: CellReading
) -> tuple[CellReading, list[tuple[str, Cell]]]:
    """Read the unit and the state beside a value; either can leave the value out."""
    unit, state = row.get("unit"), row.get("state")
    if unit.text and not unit_fits(unit.text, scale_of(measure, part)):
        return CellReading(problem="wrong_unit"), [("wrong_unit", unit)]
    status = _STATES.get(bare(state.text), "" if state.text else "reported")
    if not status:
        return CellReading(problem="unknown_state"), [("unknown_state", state)]
    if status == "reported" or reading.problem or reading.status != "reported":
        return reading, []
    mark = reading.mark or ("(ước)" if status == "provisional" else "")
    return replace(reading, status=status, mark=mark), []


def _header_path(row: TableRow, measure: Measure, stratum: str) -> str:
    parts = (
        row.group,
        f"{measure.id} {row.text('name')}".strip(),
        row.text("part"),
        NAMES[stratum] if stratum else "",
        "Giá trị",
    )
    return " > ".join(filter(None, parts))
