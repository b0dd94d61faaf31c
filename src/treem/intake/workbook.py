"""Reads submissions in the fixed form: each value with its file, sheet, cell and raw text.

A workbook that cannot be trusted as a whole (absent, damaged, protected, of another unit or
year) stops the run with WorkbookError. A cell that cannot be read is a finding and its value is
left out; a unit that sent nothing is a finding and the build goes on. Nothing received is changed.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from xml.etree.ElementTree import ParseError

from treem.edition import Edition
from treem.errors import WorkbookError
from treem.intake.findings import Finding, find, findings_table
from treem.intake.forms import (
    AGENCIES,
    FOOT,
    HEADERS,
    LETTERS,
    PART_NAMES,
    SHEET,
    UNIT_LABEL,
    YEAR_LABEL,
    agency_code,
    measures_of,
    parts_of,
    unit_of,
)
from treem.intake.numbers import CellReading, clean, exact_text, read_cell
from treem.intake.observations import (
    Observation,
    Received,
    observation_id,
    observations_table,
)
from treem.intake.sources import Source, check_received, read_sources, superseded, unlisted_files
from treem.plan.model import Measure
from treem.project import Project

if TYPE_CHECKING:
    from treem.areas import Areas
    from treem.plan.register import PlanRegister

_PROTECTED = bytes.fromhex("d0cf11e0a1b11ae1")
_HEAD_ROWS = 30
_PART_CODES = {name: part for part, name in PART_NAMES.items()}
_UNIT, _YEAR = re.compile(rf"{UNIT_LABEL}\s*(\S+)"), re.compile(rf"{YEAR_LABEL} (\d{{4}})")


def read_submissions(
    project: Project, edition: Edition, register: PlanRegister, areas: Areas
) -> Received:
    """Read every workbook that `SOURCES.csv` of the edition names.

    Out: the table of observations (one row per value received) and the findings made while
    reading. Raises WorkbookError on a workbook that is missing, damaged or not in our form.
    """
    assert edition.submissions is not None
    folder, shown = project.root / edition.submissions, edition.submissions
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
    findings += _missing_submissions(edition, register, areas, sources)
    return Received(
        observations_table(row for rows in observations.values() for row in rows),
        findings_table(edition.name, findings),
    )


@dataclass(frozen=True)
class Unit:
    """A unit that owes figures: a district or a department, for the area the figures describe."""

    code: str
    name: str
    area_code: str
    area_name: str


def units_owing(
    edition: Edition, register: PlanRegister, areas: Areas, year: int
) -> tuple[Unit, ...]:
    """Return the units that owe figures for a year: districts of 31 December, then departments."""
    day = dt.date(year, 12, 31)
    districts = tuple(
        Unit(area.code, f"Ủy ban nhân dân {area.full_name}", area.code, area.full_name)
        for area in areas.on(day, "district", province=edition.province)
    )
    province = areas.get(edition.province, day)
    codes = sorted(
        {
            agency_code(measure.lead_agency)
            for measure in register.measures.values()
            if measure.reporting_level == "province"
        }
    )
    return districts + tuple(
        Unit(code, AGENCIES[code][0], province.code, province.full_name) for code in codes
    )


@dataclass(frozen=True)
class _Row:
    """A row of the table: its number, the row's cells, and the objective it stands under."""

    number: int
    cells: tuple[Any, ...]
    group: str

    @property
    def measure(self) -> str:
        return clean(self.cells[1])


def _read_one(
    edition: Edition,
    register: PlanRegister,
    areas: Areas,
    folder: Path,
    shown: str,
    source: Source,
) -> tuple[list[Observation], list[Finding]]:
    name = f"{shown}/{source.file}"
    unit = _unit_of(edition, register, areas, name, source)
    rows = _read_sheet(folder, shown, source)
    table = _check_head(name, source, rows)
    owed = {measure.id: measure for measure in measures_of(register, source.unit_code)}
    observations, findings = [], []
    for row in table:
        observation, finding = _read_row(edition, name, source, unit, owed, row)
        if observation is not None:
            observations.append(observation)
        if finding is not None:
            findings.append(finding)
    return observations, findings


def _unit_of(
    edition: Edition, register: PlanRegister, areas: Areas, name: str, source: Source
) -> Unit:
    units = {unit.code: unit for unit in units_owing(edition, register, areas, source.year)}
    if source.unit_code not in units:
        raise WorkbookError(
            f"{name}: sổ SOURCES.csv ghi mã đơn vị “{source.unit_code}”, không phải đơn vị phải "
            f"báo cáo năm {source.year}. Các mã: {', '.join(units)}. Hãy sửa cột unit_code."
        )
    return units[source.unit_code]


def _read_sheet(folder: Path, shown: str, source: Source) -> list[tuple[Any, ...]]:
    """Return the values of the sheet, row by row, each padded to the width of the form."""
    name = f"{shown}/{source.file}"
    path = folder / source.file
    if path.is_file():
        _check_container(name, path, source)
    check_received(folder, shown, source)
    try:
        return _load(name, path)
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError, ParseError) as error:
        _refuse_damaged(name, path, source, error)


def _load(name: str, path: Path) -> list[tuple[Any, ...]]:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    try:
        if SHEET not in book.sheetnames:
            raise WorkbookError(
                f"{name}: không có trang “{SHEET}”; tệp chỉ có: {', '.join(book.sheetnames)}. "
                "Hãy dùng đúng biểu và không đổi tên trang."
            )
        width = len(HEADERS)
        return [
            (tuple(row) + (None,) * width)[:width]
            for row in book[SHEET].iter_rows(values_only=True)
        ]
    finally:
        book.close()


def _check_container(name: str, path: Path, source: Source) -> None:
    with path.open("rb") as stream:
        start = stream.read(8)
    if start == _PROTECTED:
        raise WorkbookError(
            f"{name}: tệp có mật khẩu hoặc là tệp Excel kiểu cũ (.xls), không đọc được. "
            "Hãy bỏ mật khẩu và lưu lại dạng .xlsx, rồi ghi lại vào SOURCES.csv."
        )
    if not start.startswith(b"PK"):
        raise WorkbookError(
            f"{name}: không phải tệp Excel .xlsx (đầu tệp là {start[:4]!r}). "
            "Hãy đề nghị đơn vị gửi lại tệp .xlsx."
        )
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        _refuse_damaged(name, path, source, error)
    if broken is not None:
        _refuse_damaged(name, path, source, zipfile.BadZipFile(broken))


def _refuse_damaged(name: str, path: Path, source: Source, error: Exception) -> NoReturn:
    raise WorkbookError(
        f"{name}: tệp bị cắt cụt hoặc hỏng, không mở được: tệp có {path.stat().st_size} byte, sổ "
        f"SOURCES.csv ghi {source.size} byte. Hãy lấy lại bản gốc hoặc đề nghị đơn vị gửi lại."
    ) from error


def _check_head(name: str, source: Source, rows: Sequence[tuple[Any, ...]]) -> Iterator[_Row]:
    """Check the head of the form against the record; return the rows of its table."""
    head = next(
        (index for index, row in enumerate(rows[:_HEAD_ROWS]) if tuple(map(clean, row)) == HEADERS),
        None,
    )
    if head is None:
        raise WorkbookError(
            f"{name}, trang “{SHEET}”: không thấy dòng tên cột ({', '.join(HEADERS)}) trong "
            f"{_HEAD_ROWS} dòng đầu. Hãy dùng đúng biểu, không xóa hoặc sửa dòng tên cột."
        )
    above = [
        (f"{'ABCDEFGH'[column]}{index + 1}", clean(value))
        for index, row in enumerate(rows[:head])
        for column, value in enumerate(row)
    ]
    _expect(name, above, _UNIT, source.unit_code, "mã đơn vị", f"{UNIT_LABEL} …")
    _expect(name, above, _YEAR, str(source.year), "năm", f"{YEAR_LABEL} …")
    return _table_rows(rows, head)


def _expect(
    name: str,
    above: Sequence[tuple[str, str]],
    pattern: re.Pattern[str],
    expected: str,
    what: str,
    label: str,
) -> None:
    for address, text in above:
        if found := pattern.fullmatch(text):
            if found[1] != expected:
                raise WorkbookError(
                    f"{name}, trang “{SHEET}”, ô {address}: biểu ghi {what} {found[1]}, sổ "
                    f"SOURCES.csv ghi {expected}. Hãy kiểm tra xem có gửi hoặc ghi nhầm tệp không."
                )
            return
    raise WorkbookError(
        f"{name}, trang “{SHEET}”: phần đầu biểu không có ô ghi {what} (“{label}”). "
        "Hãy dùng đúng biểu và không xóa phần đầu."
    )


def _table_rows(rows: Sequence[tuple[Any, ...]], head: int) -> Iterator[_Row]:
    """Yield the rows between the header and the foot; group rows only name the objective."""
    group = ""
    for index in range(head + 1, len(rows)):
        row = rows[index]
        texts = tuple(map(clean, row))
        if FOOT in texts:
            return
        if texts == LETTERS or not any(texts):
            continue
        if not texts[1]:
            group = texts[2]
            continue
        yield _Row(index + 1, row, group)


def _read_row(
    edition: Edition,
    name: str,
    source: Source,
    unit: Unit,
    owed: dict[str, Measure],
    row: _Row,
) -> tuple[Observation | None, Finding | None]:
    place = {
        "file": name,
        "sheet": SHEET,
        "area_code": unit.area_code,
        "area_name": unit.area_name,
        "year": str(source.year),
    }
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
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def _supersede(
    old: list[Observation], new: list[Observation], later: Source
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
        changes.append(f"{row.measure} {PART_NAMES[row.part].lower()}: {was.raw} → {row.raw}")
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


def _unlisted(folder: Path, shown: str, sources: Sequence[Source]) -> list[Finding]:
    return [
        find("unlisted_file", file=f"{shown}/{name}") for name in unlisted_files(folder, sources)
    ]


def _missing_submissions(
    edition: Edition, register: PlanRegister, areas: Areas, sources: Sequence[Source]
) -> list[Finding]:
    sent = {(source.unit_code, source.year) for source in sources}
    return [
        find("missing_submission", area_code=unit.area_code, area_name=unit.name, year=str(year))
        for year in edition.years
        for unit in units_owing(edition, register, areas, year)
        if (unit.code, year) not in sent
    ]
