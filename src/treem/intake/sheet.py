"""Opens a received workbook and finds the table in it; what cannot be trusted is refused."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from xml.etree.ElementTree import ParseError

from treem.errors import WorkbookError
from treem.intake.forms_v1 import FOOT, HEADERS, LETTERS, SHEET, UNIT_LABEL, YEAR_LABEL
from treem.intake.numbers import clean
from treem.intake.sources import ListedSource, check_received

_PROTECTED = bytes.fromhex("d0cf11e0a1b11ae1")
_HEAD_ROWS = 30
_CODE = re.compile(r"CT\d+(\.\d+\w?)?", re.IGNORECASE)
_UNIT, _YEAR = re.compile(rf"{UNIT_LABEL}\s*(\S+)"), re.compile(rf"{YEAR_LABEL} (\d{{4}})")


@dataclass(frozen=True)
class TableRow:
    """A row of the table: its number, the row's cells, and the objective it stands under.

    `below_foot` tells a row that looks like one of the table and stands where nothing is read.
    """

    number: int
    cells: tuple[Any, ...]
    group: str
    below_foot: bool = False

    @property
    def measure(self) -> str:
        """The code in the column of measures."""
        return clean(self.cells[1])


def read_table(folder: Path, shown: str, source: ListedSource) -> Iterator[TableRow]:
    """Return the rows of the table of a workbook, after checking that it is the one received.

    Raises WorkbookError where the file is missing, damaged, protected or changed, is not in our
    form, or is the form of another unit or year; `shown` is how messages name the folder.
    """
    name = f"{shown}/{source.file}"
    path = folder / source.file
    if path.is_file():
        _check_container(name, path, source)
    check_received(folder, shown, source)
    try:
        rows = _load(name, path)
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError, ParseError) as error:
        _refuse_damaged(name, path, source, error)
    return _check_head(name, source, rows)


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


def _check_container(name: str, path: Path, source: ListedSource) -> None:
    with path.open("rb") as stream:
        start = stream.read(8)
    if start == _PROTECTED:
        raise WorkbookError(
            f"{name}: tệp có mật khẩu hoặc là tệp Excel kiểu cũ (.xls), không đọc được. "
            "Hãy bỏ mật khẩu và lưu lại dạng .xlsx, rồi ghi lại vào SOURCES.csv."
        )
    if not start:
        raise WorkbookError(f"{name}: tệp trống (0 byte). Hãy đề nghị đơn vị gửi lại tệp .xlsx.")
    if not start.startswith(b"PK"):
        raise WorkbookError(
            f"{name}: không phải tệp Excel .xlsx{_say_start(start)}. "
            "Hãy đề nghị đơn vị gửi lại tệp .xlsx."
        )
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        _refuse_damaged(name, path, source, error)
    if broken is not None:
        _refuse_damaged(name, path, source, zipfile.BadZipFile(broken))


def _say_start(start: bytes) -> str:
    """Return what a file begins with, where that is text a person can read."""
    text = start.decode("ascii", "replace").strip()
    return f" (đầu tệp là “{text}”)" if text.isascii() and text.isprintable() and text else ""


def _refuse_damaged(name: str, path: Path, source: ListedSource, error: Exception) -> NoReturn:
    raise WorkbookError(
        f"{name}: tệp bị cắt cụt hoặc hỏng, không mở được: tệp có {path.stat().st_size} byte, sổ "
        f"SOURCES.csv ghi {source.size} byte. Hãy lấy lại bản gốc hoặc đề nghị đơn vị gửi lại."
    ) from error


def _check_head(
    name: str, source: ListedSource, rows: Sequence[tuple[Any, ...]]
) -> Iterator[TableRow]:
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


def _table_rows(rows: Sequence[tuple[Any, ...]], head: int) -> Iterator[TableRow]:
    """Yield the rows between the header and the foot; group rows only name the objective.

    What stands below the foot is signatures, unless a code of a measure begins it.
    """
    group, below = "", False
    for index in range(head + 1, len(rows)):
        row = rows[index]
        texts = tuple(map(clean, row))
        below = below or FOOT in texts
        if below:
            if _CODE.fullmatch(texts[1]):
                yield TableRow(index + 1, row, group, below_foot=True)
            continue
        if texts == LETTERS or not any(texts):
            continue
        if not texts[1]:
            group = texts[2]
            continue
        yield TableRow(index + 1, row, group)
