"""Enters new files in the record: what a file says of itself, its checksum, and how it came."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from treem.areas import load_geography
from treem.edition import Edition
from treem.errors import WorkbookError
from treem.intake.form_file import head_of, tables_of
from treem.intake.grid import open_book
from treem.intake.personal import refuse_personal_data
from treem.intake.sources import (
    NAME,
    Source,
    located,
    read_sources,
    unlisted_files,
    years_received,
)
from treem.intake.units import Unit, units_owing
from treem.plan.register import load_register
from treem.project import Project


def record_files(
    project: Project,
    edition: Edition,
    *,
    received_date: str,
    document_number: str,
    sender: str = "",
) -> list[str]:
    """Enter every file that lies in the folder of a year without a row; returns their paths.

    Unit and year are read from the form, size and checksum from the file; a file of a unit that
    has sent one before supersedes it. Raises WorkbookError, and enters nothing at all, where a
    file cannot be read, does not say whose it is, or is of another year than its folder.
    """
    register, areas = load_register(project), load_geography(project)
    added: dict[Path, list[Source]] = {}
    for year in edition.years:
        units = {one.code.upper(): one for one in units_owing(edition, register, areas, year)}
        for folder, shown in years_received(project.root, edition.submissions, year):
            known = read_sources(folder, shown) if (folder / NAME).exists() else ()
            rows: list[Source] = []
            for file in unlisted_files(folder, known):
                at = located(folder, file)
                unit = _unit_of(at, f"{shown}/{file}", units, year)
                rows.append(
                    Source(
                        file=file,
                        sha256=hashlib.sha256(at.read_bytes()).hexdigest(),
                        size=at.stat().st_size,
                        sender=sender or unit.name,
                        unit_code=unit.code,
                        year=year,
                        received_date=received_date,
                        document_number=document_number,
                        supersedes=_latest(unit, [*known, *rows]),
                        note="",
                    )
                )
            if rows:
                added[folder] = rows
    for folder, rows in added.items():
        _append(folder / NAME, rows)
    root = project.root
    return [
        (folder / row.file).relative_to(root).as_posix()
        for folder, rows in added.items()
        for row in rows
    ]


def _unit_of(path: Path, name: str, units: dict[str, Unit], year: int) -> Unit:
    book = open_book(path, name)
    refuse_personal_data(book, name)
    unit, of_year = head_of(book, next(iter(tables_of(book)), None))
    if unit is None or of_year is None:
        raise WorkbookError(
            f"{name}: tệp không ghi mã đơn vị hoặc năm nên không tự ghi sổ được. Hãy ghi tay một "
            f"dòng vào {NAME}; biểu riêng của đơn vị thì khai thêm trong column_maps.yml."
        )
    if of_year[0] != year:
        raise WorkbookError(
            f"{name}: biểu ghi năm {of_year[0]} (ô {of_year[1].address}) mà nằm trong thư mục của "
            f"năm {year}. Hãy chuyển tệp sang thư mục đúng."
        )
    found = units.get(unit[0].upper())
    if found is None:
        raise WorkbookError(
            f"{name}: biểu ghi mã đơn vị {unit[0]} (ô {unit[1].address}), không phải đơn vị phải "
            f"báo cáo năm {year}. Hãy kiểm tra tệp."
        )
    return found


def _latest(unit: Unit, rows: Sequence[Source]) -> str:
    """Return the file of a unit that nothing has replaced yet; "" where it has sent none."""
    replaced = {row.supersedes for row in rows}
    files = [row.file for row in rows if row.unit_code == unit.code and row.file not in replaced]
    return files[-1] if files else ""


def _append(path: Path, rows: Sequence[Source]) -> None:
    """Write the record with further rows beside the old one and put it in its place at once."""
    columns = [field.name for field in fields(Source)]
    old = path.read_text("utf-8-sig") if path.exists() else ",".join(columns) + "\n"
    head = next(csv.reader(io.StringIO(old)))
    text = io.StringIO()
    writer = csv.DictWriter(text, head, lineterminator="\n", extrasaction="ignore")
    writer.writerows(asdict(row) for row in rows)
    new = path.with_name(f".{NAME}.new")
    new.write_text(old + ("" if old.endswith("\n") else "\n") + text.getvalue(), "utf-8")
    os.replace(new, path)
