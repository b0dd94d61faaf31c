"""Reads submissions in the fixed form: each value with its file, sheet, cell and raw text.

A workbook that cannot be trusted as a whole (absent, damaged, protected, of another unit or
year) stops the run with WorkbookError. A cell that cannot be read is a finding and its value is
left out; a unit that sent nothing is a finding and the build goes on. Nothing received is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from treem.edition import Edition
from treem.errors import WorkbookError
from treem.intake.findings import Finding, find, findings_table
from treem.intake.forms_v1 import HEADERS, PART_NAMES, SHEET, measures_of, parts_of, unit_of
from treem.intake.numbers import CellReading, clean, exact_text, read_cell, say_value
from treem.intake.observations import (
    Observation,
    Received,
    observation_id,
    observations_table,
)
from treem.intake.sheet import TableRow, read_table
from treem.intake.sources import NAME, ListedSource, read_sources, superseded, unlisted_files
from treem.intake.units import Unit, units_owing
from treem.plan.model import Measure
from treem.project import Project

if TYPE_CHECKING:
    from treem.areas import Areas
    from treem.plan.register import PlanRegister

_PART_CODES = {name: part for part, name in PART_NAMES.items()}


def read_submissions(
    project: Project, edition: Edition, register: PlanRegister, areas: Areas
) -> Received:
    """Read every workbook that `SOURCES.csv` of the edition names.

    Out: the table of observations (one row per value received) and the findings made while
    reading. Raises WorkbookError on a workbook that is missing, damaged or not in our form.
    """
    (shown,) = edition.submissions
    folder = project.root / shown
    sources = read_sources(folder, shown)
    replaced = superseded(sources)
    observations: dict[str, list[Observation]] = {}
    findings = _unlisted(folder, shown, sources)
    for source in sources:
        if source.year in edition.years:
            rows, found = _read_one(edition, register, areas, folder, shown, source)
            observations[source.file] = rows
            findings += found
    for file, later in replaced.items():
        if file in observations:
            old, new, finding = _supersede(observations[file], observations[later.file], later)
            observations[file], observations[later.file] = old, new
            findings.append(finding)
    findings += _other_years(edition, shown, sources)
    findings += _missing_submissions(edition, register, areas, sources)
    return Received(
        observations_table(row for rows in observations.values() for row in rows),
        findings_table(edition.name, findings),
    )


def _read_one(
    edition: Edition,
    register: PlanRegister,
    areas: Areas,
    folder: Path,
    shown: str,
    source: ListedSource,
) -> tuple[list[Observation], list[Finding]]:
    name = f"{shown}/{source.file}"
    unit = _unit_of(edition, register, areas, name, source)
    owed = {measure.id: measure for measure in measures_of(register, source.unit_code)}
    observations, findings = [], []
    for row in read_table(folder, shown, source):
        observation, finding = _read_row(edition, name, source, unit, owed, row)
        if observation is not None:
            observations.append(observation)
        if finding is not None:
            findings.append(finding)
    return _leave_out_duplicates(observations, findings)


def _leave_out_duplicates(
    rows: Sequence[Observation], findings: Sequence[Finding]
) -> tuple[list[Observation], list[Finding]]:
    """Leave out every value of a part that a form gives more than once.

    Only such values have their cell in the id: ids of all others do not depend on the row.
    """
    given: dict[tuple[str, str], list[Observation]] = {}
    for row in rows:
        given.setdefault((row.measure, row.part), []).append(row)
    kept, found = [], list(findings)
    for row in rows:
        same = given[row.measure, row.part]
        if len(same) == 1:
            kept.append(row)
            continue
        own_id = f"{row.observation_id}-{row.cell}"
        kept.append(replace(row, observation_id=own_id, used="false"))
        found.append(_duplicate(row, same))
    return kept, found


def _duplicate(row: Observation, same: Iterable[Observation]) -> Finding:
    return find(
        "duplicate_row",
        words=", ".join(f"ô {one.cell} ghi {_shown(one)}" for one in same),
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


def _unit_of(
    edition: Edition, register: PlanRegister, areas: Areas, name: str, source: ListedSource
) -> Unit:
    units = {unit.code: unit for unit in units_owing(edition, register, areas, source.year)}
    if source.unit_code not in units:
        raise WorkbookError(
            f"{name}: sổ {NAME} dòng {source.line} ghi mã đơn vị “{source.unit_code}”, "
            "không phải đơn vị phải "
            f"báo cáo năm {source.year}. Các mã: {', '.join(units)}. Hãy sửa cột unit_code."
        )
    return units[source.unit_code]


def _read_row(
    edition: Edition,
    name: str,
    source: ListedSource,
    unit: Unit,
    owed: dict[str, Measure],
    row: TableRow,
) -> tuple[Observation | None, Finding | None]:
    place = {
        "file": name,
        "sheet": SHEET,
        "area_code": unit.area_code,
        "area_name": unit.area_name,
        "year": str(source.year),
    }
    if row.below_foot:
        place["measure"] = row.measure if row.measure in owed else ""
        return None, find("row_below_foot", cell=f"B{row.number}", raw=row.measure, **place)
    measure = owed.get(row.measure)
    if measure is None:
        return None, find("unknown_measure", cell=f"B{row.number}", raw=row.measure, **place)
    words = clean(row.cells[3])
    part = _PART_CODES.get(words.split(":")[0].strip(), "")
    place["measure"] = measure.id
    if part not in parts_of(measure):
        return None, find("unknown_part", cell=f"D{row.number}", raw=words, **place)
    place["part"] = part
    reading = read_cell(row.cells[5], row.cells[6])
    cell, raw = f"F{row.number}", _raw(row.cells[5])
    printed_unit = clean(row.cells[4])
    finding = None
    if printed_unit != unit_of(measure, part):
        reading = CellReading(problem="wrong_unit")
        finding = find("wrong_unit", cell=f"E{row.number}", raw=printed_unit, **place)
    elif reading.problem == "unknown_mark":
        finding = find("unknown_mark", cell=f"G{row.number}", raw=reading.mark, **place)
    elif reading.problem:
        finding = find(reading.problem, cell=cell, raw=raw, **place)
    observation = Observation(
        observation_id=observation_id(
            measure.id, unit.area_code, source.year, part, source.sha256[:8]
        ),
        edition=edition.name,
        geography=edition.geography,
        area_code=unit.area_code,
        area_name=unit.area_name,
        measure=measure.id,
        year=source.year,
        stratum=measure.strata,
        part=part,
        raw=raw,
        value="" if reading.value is None else exact_text(reading.value),
        bound=reading.bound,
        status=reading.status,
        mark=reading.mark,
        note=clean(row.cells[7]),
        source_kind="workbook",
        file=name,
        sha256=source.sha256,
        sheet=SHEET,
        cell=cell,
        header_path=" > ".join(
            filter(None, (row.group, f"{measure.id} {clean(row.cells[2])}", words, HEADERS[5]))
        ),
        agency=source.sender,
        received_date=source.received_date,
        document_number=source.document_number,
        used="false" if finding else "true",
        source_note=", ".join(
            filter(None, (source.sender, source.document_number, source.received_date))
        ),
    )
    return observation, finding


def _raw(value: object) -> str:
    """Return the raw text of a cell; a number as Excel stores it, text untouched."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"  # as Excel shows it
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def _supersede(
    old: list[Observation], new: list[Observation], later: ListedSource
) -> tuple[list[Observation], list[Observation], Finding]:
    """Put the later submission in place of the earlier; changed values are marked as revised."""
    before = {(row.measure, row.part): row for row in old}
    revised, changes = [], []
    for row in new:
        was = before.get((row.measure, row.part))
        if was is None or (was.value, was.bound) == (row.value, row.bound):
            revised.append(row)
            continue
        change = f"thay “{was.raw}” (ô {was.cell}, {Path(was.file).name})"
        changes.append(
            f"{row.measure} {PART_NAMES[row.part].lower()}: {_shown(was)} → {_shown(row)}"
        )
        status = "revised" if row.status in ("reported", "provisional") else row.status
        note = "; ".join(filter(None, (row.note, change)))
        revised.append(replace(row, status=status, note=note))
    kept = [replace(row, used="false", superseded_by=later.file) for row in old]
    finding = find(
        "superseded",
        words="số thay đổi: " + "; ".join(changes) if changes else "không số nào thay đổi",
        file=old[0].file if old else later.supersedes,
        area_code=new[0].area_code if new else "",
        area_name=new[0].area_name if new else "",
        year=str(later.year),
        raw=later.file,
    )
    return kept, revised, finding


def _shown(row: Observation) -> str:
    """Return a value as a message prints it: `7.288`, `<2`; its raw text where it is no number."""
    if not row.value:
        return f"“{row.raw or row.mark}”" if row.raw or row.mark else "trống"
    return say_value(row.value, row.bound)


def _other_years(edition: Edition, shown: str, sources: Sequence[ListedSource]) -> list[Finding]:
    years = ", ".join(map(str, edition.years))
    return [
        find(
            "year_outside_edition",
            words=years,
            file=f"{shown}/{NAME}",
            cell=str(source.line),
            year=str(source.year),
            raw=source.file,
        )
        for source in sources
        if source.year not in edition.years
    ]


def _unlisted(folder: Path, shown: str, sources: Sequence[ListedSource]) -> list[Finding]:
    return [
        find("unlisted_file", file=f"{shown}/{name}") for name in unlisted_files(folder, sources)
    ]


def _missing_submissions(
    edition: Edition, register: PlanRegister, areas: Areas, sources: Sequence[ListedSource]
) -> list[Finding]:
    sent = {(source.unit_code, source.year) for source in sources}
    return [
        find("missing_submission", area_code=unit.area_code, area_name=unit.name, year=str(year))
        for year in edition.years
        for unit in units_owing(edition, register, areas, year)
        if (unit.code, year) not in sent
    ]
