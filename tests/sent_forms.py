"""Forms as their senders hold them: small ones, filled in, to be changed and read again."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl

from tiny_province import TinyAreas, register, tiny_edition
from treem.intake.column_maps import ColumnMap
from treem.intake.findings import Finding
from treem.intake.forms import AGENCIES, IDS_SHEET, SHEET, form_rows, row_id
from treem.intake.forms_write import Entry, Form, build_form
from treem.intake.observations import Observation
from treem.intake.rows import Origin
from treem.intake.sources import ListedSource
from treem.intake.units import Unit
from treem.intake.workbook import read_workbook

YEAR = 2024
EDITION = tiny_edition(years=(YEAR,))
MEASURES = ("CT01", "CT02", "CT03.2", "CT04.1", "CT06", "CT09", "CT13")
COLUMNS = dict(zip("number code name part stratum unit before value mark state note".split(),
                   "ABCDEFGHIJK", strict=True))  # fmt: skip
HEADER, FIRST = 6, 9
"""The rows where the header and the first figure of a form stand as it is sent out."""

Change = Callable[["Sent"], None]


@cache
def small_register() -> Any:
    """The register with a few measures of every kind, so that forms are short."""
    known = register()
    return replace(known, measures={one: known.measures[one] for one in MEASURES})


@dataclass
class Sent:
    """A form in the hands of its sender; `rows` by machine id, `after` changes the saved bytes."""

    book: Any
    sheet: Any
    rows: dict[str, int]
    after: Callable[[bytes], bytes] = lambda data: data

    def at(self, row: str, field: str = "value") -> str:
        return f"{COLUMNS[field]}{self.rows[row]}"

    def put(self, row: str, value: object, field: str = "value", number_format: str = "") -> None:
        self.sheet[self.at(row, field)] = value
        if number_format:
            self.sheet[self.at(row, field)].number_format = number_format

    def saved(self) -> bytes:
        stream = io.BytesIO()
        self.book.save(stream)
        return self.after(stream.getvalue())


def unit_of(code: str) -> Unit:
    if code in AGENCIES:
        return Unit(code, f"Đơn vị {code}", "27", "Tỉnh Nhỏ", "department")
    return Unit(code, f"Đơn vị {code}", code, f"Huyện {code}", "district")


def figures_of(unit: str) -> dict[str, object]:
    """A figure for every row: no two alike, none of more than three digits."""
    rows = form_rows(EDITION, small_register(), unit, YEAR)
    return {
        row.id: 2.5 + number if row.part == "value" else 100 + 7 * number
        for number, row in enumerate(rows)
    }


@cache
def form_bytes(unit: str, year: int = YEAR) -> bytes:
    """The form of a unit, filled in and saved."""
    rows = form_rows(EDITION, small_register(), unit, YEAR)
    form = Form("nho", "", unit_of(unit), year, "Sở", rows)
    entries = {name: Entry(value) for name, value in figures_of(unit).items()}
    stream = io.BytesIO()
    build_form(register(), form, entries, guide=False).save(stream)
    return stream.getvalue()


def opened(unit: str = "901") -> Sent:
    book = openpyxl.load_workbook(io.BytesIO(form_bytes(unit)))
    ids = book[IDS_SHEET].iter_rows(min_row=7, max_col=2, values_only=True)
    return Sent(book, book[SHEET], {str(name): int(row) for name, row in ids if name})


def changed(change: Change | None, unit: str = "901") -> bytes:
    if change is None:
        return form_bytes(unit)
    sent = opened(unit)
    change(sent)
    return sent.saved()


def all_texts(write: Callable[[str], str]) -> Change:
    """Write every text that has a letter beyond ASCII in an old encoding."""

    def change(sent: Sent) -> None:
        for sheet in sent.book.worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    if isinstance(cell.value, str) and not cell.value.isascii():
                        cell.value = write(cell.value)

    return change


def with_part(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """Put further parts into a saved workbook."""
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def with_stored(data: bytes, stored: Mapping[str, str]) -> bytes:
    """Give formulas the values that Excel stores beside them."""
    new = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(new, "w") as archive:
        for name in old.namelist():
            part = old.read(name)
            for address, value in stored.items() if name == "xl/worksheets/sheet1.xml" else ():
                pattern = rf'(<c r="{address}"[^>]*><f>[^<]*</f>)(?:<v ?/>|<v></v>)'
                filled = rf"\g<1><v>{value}</v>"
                part, times = re.subn(pattern.encode(), filled.encode(), part)
                assert times == 1, address
            archive.writestr(name, part)
    return new.getvalue()


def read_data(
    folder: Path,
    data: bytes,
    unit: str = "901",
    mapped: ColumnMap | None = None,
    name: str = "",
) -> tuple[list[Observation], list[Finding]]:
    """Read a file as the form of a unit."""
    name = name or f"{unit}.xlsx"
    path = folder / name
    path.write_bytes(data)
    source = ListedSource(
        file=name,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        sender=f"Đơn vị {unit}",
        unit_code=unit,
        year=YEAR,
        received_date="2025-01-15",
        document_number="",
        supersedes="",
        note="",
        line=2,
    )
    origin = Origin(EDITION, TinyAreas(), unit_of(unit), source, f"ho-so/{YEAR}/{name}")
    return read_workbook(path, origin, small_register(), mapped)


def values(rows: list[Observation]) -> dict[str, str]:
    """What is in use by machine id of the row: a value with its limit, else its status."""
    return {
        row_id(row.measure, row.part, row.stratum): f"{row.bound}{row.value}" or row.status
        for row in rows
        if row.used == "true"
    }


def expected(unit: str = "901") -> dict[str, str]:
    return {name: str(value) for name, value in figures_of(unit).items()}
