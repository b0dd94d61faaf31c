"""Reads submissions: each value with its file, sheet, cell and raw text, whatever shape they took.

Tolerant in form: the table is found by its words (`treem.intake.layout`), in workbooks and CSV
files, and a file that never was our form is read through a column map. Strict in meaning: what a
cell says is read by `treem.intake.numbers` and never guessed. A file that is no table, not safe
or holds personal data stops the run with WorkbookError; a file or cell that is merely wrong is a
finding, and the others are read. Nothing received is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from treem.edition import Edition
from treem.errors import WorkbookError
from treem.intake import encodings
from treem.intake.column_maps import ColumnMap, load_column_maps, map_of
from treem.intake.corrections import apply_corrections, load_corrections
from treem.intake.findings import Finding, find, findings_table
from treem.intake.form_file import read_form
from treem.intake.grid import Book, open_book
from treem.intake.mapped_file import read_mapped
from treem.intake.observations import (
    Observation,
    Received,
    differences_table,
    observations_table,
)
from treem.intake.personal import refuse_personal_data
from treem.intake.readings import Readings
from treem.intake.resubmission import supersede
from treem.intake.rows import Origin, leave_out_duplicates
from treem.intake.sources import (
    NAME,
    ListedSource,
    difference_from_record,
    located,
    read_sources,
    superseded,
    unlisted_files,
    years_received,
)
from treem.intake.units import Unit, units_owing
from treem.project import Project

if TYPE_CHECKING:
    from treem.areas import Areas
    from treem.plan.register import PlanRegister

Read = tuple[list[Observation], list[Finding]]


def read_submissions(
    project: Project,
    edition: Edition,
    register: PlanRegister,
    areas: Areas,
    readings: Readings | None = None,
) -> Received:
    """Read every file that the records of the edition's years name, but for readings kept before.

    Out: the table of observations (one row per value received), the findings made while reading,
    and what resubmissions changed. Raises WorkbookError on a file that must not be read at all,
    on a record that is wrong, and UsageError on a fault of the rules that people keep.
    """
    maps, corrections = load_column_maps(project), load_corrections(project)
    readings = readings or Readings()
    observations: list[Observation] = []
    findings: list[Finding] = []
    differences: list[dict[str, str]] = []
    for year in edition.years:
        units = {unit.code: unit for unit in units_owing(edition, register, areas, year)}
        sent: set[str] = set()
        for folder, shown in years_received(project.root, edition.submissions, year):
            sources = read_sources(folder, shown)
            _refuse_unit_of_two_folders(shown, sources, sent)
            sent |= {source.unit_code for source in sources}
            files = {}
            for source in sources:
                origin = _origin_of(edition, areas, units, shown, source)
                files[source.file] = _read_one(register, maps, folder, origin, readings)
            changes, made = supersede(files, superseded(sources), shown)
            differences += changes
            findings += [*made, *_unlisted(folder, shown, sources)]
            for rows, found in files.values():
                observations += rows
                findings += found
        findings += _missing(units, sent, year)
    observations, made = apply_corrections(corrections, edition, observations)
    return Received(
        observations_table(observations),
        findings_table(edition.name, [*findings, *made]),
        differences_table(differences),
    )


def read_workbook(
    path: Path, origin: Origin, register: PlanRegister, mapped: ColumnMap | None = None
) -> Read:
    """Read one file: its observations, and the findings made while reading.

    Raises WorkbookError where it is no table, damaged, not safe, or holds personal data.
    """
    book = open_book(path, origin.file)
    findings = _carried(book, origin)
    encoding = encodings.detect(book.texts, book.fonts)
    if encoding:
        name = encodings.ENCODING_NAMES[encoding]
        if mapped is None or mapped.encoding != encoding:
            return [], [*findings, origin.find("legacy_encoding", words=name)]
        book = book.converted(encoding)
        findings.append(origin.find("legacy_encoding_converted", words=name))
    refuse_personal_data(book, origin.file)
    if mapped is not None and mapped.columns:
        rows, found = read_mapped(book, origin, register, mapped)
    else:
        rows, found = read_form(book, origin, register)
    rows, doubled = leave_out_duplicates(rows)
    return rows, [*findings, *found, *doubled]


def _origin_of(
    edition: Edition,
    areas: Areas,
    units: dict[str, Unit],
    shown: str,
    source: ListedSource,
) -> Origin:
    if source.unit_code not in units:
        raise WorkbookError(
            f"{shown}/{source.file}: sổ {NAME} dòng {source.line} ghi mã đơn vị "
            f"“{source.unit_code}”, không phải đơn vị phải báo cáo năm {source.year}. Các mã: "
            f"{', '.join(units)}. Hãy sửa cột unit_code."
        )
    return Origin(
        edition=edition,
        areas=areas,
        unit=units[source.unit_code],
        source=source,
        file=f"{shown}/{source.file}",
    )


def _refuse_unit_of_two_folders(
    shown: str, sources: Sequence[ListedSource], sent: set[str]
) -> None:
    """Raise WorkbookError where another folder of the year has files of a unit too."""
    for source in sources:
        if source.unit_code in sent:
            raise WorkbookError(
                f"{shown}/{source.file}: đơn vị {source.unit_code} đã có tệp năm {source.year} "
                "trong một thư mục hồ sơ khác của kỳ, không rõ tệp nào thay tệp nào. Hãy để mọi "
                f"tệp của đơn vị trong một thư mục và ghi cột supersedes trong {NAME}."
            )


def _read_one(
    register: PlanRegister,
    maps: Sequence[ColumnMap],
    folder: Path,
    origin: Origin,
    readings: Readings,
) -> Read:
    path = located(folder, origin.source.file)
    difference = difference_from_record(path, origin.source)
    if difference == "":
        return [], [origin.find("file_missing")]
    if difference is not None:
        return [], [origin.find("file_changed", words=difference)]
    mapped = map_of(maps, origin.file, origin.unit.code, origin.source.year)
    return readings.of(
        origin,
        mapped,
        lambda: read_workbook(path, origin, register, mapped),
        lambda: difference_from_record(path, origin.source) is None,
    )


def _carried(book: Book, origin: Origin) -> list[Finding]:
    """Return findings on what a file carries beside its values; nothing of it is run or opened."""
    carried = {"macros": book.macros, "external_links": book.external_links}
    return [origin.find(rule) for rule, is_there in carried.items() if is_there]


def _unlisted(folder: Path, shown: str, sources: Sequence[ListedSource]) -> list[Finding]:
    return [
        find("unlisted_file", file=f"{shown}/{name}", year=folder.name)
        for name in unlisted_files(folder, sources)
    ]


def _missing(units: dict[str, Unit], sent: set[str], year: int) -> list[Finding]:
    return [
        find("missing_submission", area_code=unit.area_code, area_name=unit.name, year=str(year))
        for code, unit in units.items()
        if code not in sent
    ]
