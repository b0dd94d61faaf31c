"""What every reader of a file shares: whose file it is, and observations made of its cells."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from treem.edition import Edition
from treem.intake.findings import Finding, find
from treem.intake.grid import Cell
from treem.intake.numbers import CellReading, read_cell, say_value, scale_of
from treem.intake.observations import Observation, observation_id, value_columns
from treem.intake.sources import ListedSource
from treem.intake.units import Unit
from treem.plan.model import Measure

if TYPE_CHECKING:
    from treem.areas import Area, Areas


@dataclass(frozen=True)
class Origin:
    """Whose file this is: the edition that reads it, the unit that sent it, its row on record."""

    edition: Edition
    areas: Areas
    unit: Unit
    source: ListedSource
    file: str

    @cached_property
    def area(self) -> Area:
        """The area that the unit reports for, as it was at the end of the year."""
        return self.area_of(self.unit.area_code)

    def area_of(self, code: str) -> Area:
        """Return an area as it was at the end of the year of the file."""
        return self.areas.get(code, dt.date(self.source.year, 12, 31))

    @cached_property
    def sign(self) -> str:
        """How ids name this file: after its place, for a checksum of what it says could be tried.

        A form in which a reader lacks one small count is found by filling it in ten times.
        """
        return hashlib.sha256(self.file.encode("utf-8")).hexdigest()[:8]

    def find(self, rule: str, *, words: str = "", **place: str) -> Finding:
        """Make a finding on this file."""
        where = {
            "file": self.file,
            "area_code": self.unit.area_code,
            "area_name": self.unit.area_name,
            "year": str(self.source.year),
        }
        return find(rule, words=words, **(where | place))


@dataclass(frozen=True)
class Place:
    """Where a value stands and what it is a value of."""

    sheet: str
    cell: Cell
    header_path: str
    measure: Measure
    part: str
    stratum: str = ""
    area: Area | None = None


def observe(
    origin: Origin, place: Place, reading: CellReading, note: str = "", *, used: bool = True
) -> Observation:
    """Make the observation of one cell."""
    source, area = origin.source, place.area or origin.area
    return Observation(
        observation_id=observation_id(
            place.measure.id,
            area.code,
            source.year,
            place.part,
            origin.sign,
            place.stratum,
        ),
        edition=origin.edition.name,
        geography=area.geography,
        area_code=area.code,
        area_name=area.full_name,
        measure=place.measure.id,
        year=source.year,
        stratum=place.stratum,
        part=place.part,
        raw=place.cell.raw,
        **value_columns(reading),
        note="; ".join(filter(None, (note, reading.note))),
        source_kind="workbook",
        file=origin.file,
        sha256=source.sha256,
        sheet=place.sheet,
        cell=place.cell.address,
        header_path=place.header_path,
        agency=source.sender,
        received_date=source.received_date,
        document_number=source.document_number,
        used="true" if used and not reading.problem else "false",
        source_note=", ".join(
            filter(None, (source.sender, source.document_number, source.received_date))
        ),
    )


def read_value(
    cell: Cell, mark: Cell | None, measure: Measure, part: str
) -> tuple[CellReading, list[tuple[str, Cell]]]:
    """Read a cell with the mark beside it; returns what it says and the rules it runs into.

    Each rule comes with the cell that it is about. Where the reading has a problem its rule is
    the first.
    """
    beside = mark.value if mark is not None else None
    if cell.merged is not None and cell.merged[0] != cell.merged[2]:
        return CellReading(problem="merged_value"), [("merged_value", cell)]
    if cell.formula and cell.value is None:
        return CellReading(problem="formula_without_value"), [("formula_without_value", cell)]
    reading = read_cell(
        cell.value, beside, scale=scale_of(measure, part), number_format=cell.number_format
    )
    if reading.problem:
        at_mark = reading.problem == "unknown_mark" and mark is not None
        return reading, [(reading.problem, mark if at_mark and mark else cell)]
    rules = [(reading.hint, cell)] if reading.hint else []
    if cell.formula:
        rules.append(("formula", cell))
    return reading, rules


def leave_out_duplicates(rows: Sequence[Observation]) -> tuple[list[Observation], list[Finding]]:
    """Leave out every value of a part that a file gives more than once.

    Only such values have their cell in the id: ids of all others do not depend on the row.
    """
    given: dict[tuple[str, str, str, str], list[Observation]] = {}
    for row in rows:
        given.setdefault(_key(row), []).append(row)
    kept, found = [], []
    for row in rows:
        same = given[_key(row)]
        if len(same) == 1:
            kept.append(row)
            continue
        own_id = f"{row.observation_id}-{row.cell}"
        kept.append(replace(row, observation_id=own_id, used="false"))
        found.append(_duplicate(row, same))
    return kept, found


def shown(row: Observation) -> str:
    """Return a value as a message prints it: `7.288`, `<2`; its raw text where it is no number."""
    if not row.value:
        return f"“{row.raw or row.mark}”" if row.raw or row.mark else "trống"
    return say_value(row.value, row.bound)


def _key(row: Observation) -> tuple[str, str, str, str]:
    return row.area_code, row.measure, row.part, row.stratum


def _duplicate(row: Observation, same: Iterable[Observation]) -> Finding:
    return find(
        "duplicate_row",
        words=", ".join(f"ô {one.cell} ghi {shown(one)}" for one in same),
        file=row.file,
        sheet=row.sheet,
        cell=row.cell,
        area_code=row.area_code,
        area_name=row.area_name,
        year=str(row.year),
        measure=row.measure,
        part=row.part,
        raw=row.raw,
    )
