"""Opens a received file and returns its sheets as grids of cells; knows nothing of any form.

Grain: a cell with its address in the received file. Formulas give their stored value and say so;
a merged range shows its one value in every cell of it; what is hidden is read and known to be
hidden. What is no workbook, or not safe to open, is refused by `treem.intake.guard`.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from treem.errors import WorkbookError
from treem.intake import encodings
from treem.intake.guard import MOST_BYTES, inspect
from treem.intake.guard_parts import MOST_ROWS
from treem.intake.names import clean
from treem.intake.tables import say_os_error

Place = tuple[int, int]
Box = tuple[int, int, int, int]

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SEPARATORS = (";", ",", "\t")
_TEXT_SUFFIXES = (".csv", ".txt", ".tsv")


@dataclass(frozen=True)
class Cell:
    """One cell. `row` and `column` count from 1 in the file as received.

    `value` is text (NFC, else untouched), a number, a truth value or a date; None where nothing
    is stored. `formula` is the text of a formula. `merged` is the range (first row, first column,
    last row, last column) that the value stands in, where the cells are merged.
    """

    row: int
    column: int
    value: Any = None
    number_format: str = "General"
    formula: str = ""
    merged: Box | None = None

    @property
    def address(self) -> str:
        """The address in the file; of a merged range that of its first cell, where it is kept."""
        row, column = self.merged[:2] if self.merged else (self.row, self.column)
        return f"{column_letters(column)}{row}"

    @cached_property
    def text(self) -> str:
        """What stands there as clean text; "" for an empty cell."""
        return clean(self.value)

    @property
    def raw(self) -> str:
        """The raw text: a number as Excel stores it, text untouched but for NFC."""
        if isinstance(self.value, bool):
            return "TRUE" if self.value else "FALSE"  # as Excel shows it
        if isinstance(self.value, float):
            return repr(self.value)
        return "" if self.value is None else str(self.value)


@dataclass(frozen=True)
class Grid:
    """A sheet: its cells by place, and which rows and columns are hidden."""

    name: str
    cells: Mapping[Place, Cell]
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    rows: Mapping[int, Mapping[int, Cell]] = field(init=False)

    def __post_init__(self) -> None:
        rows: dict[int, dict[int, Cell]] = {}
        for (row, column), cell in sorted(self.cells.items()):
            rows.setdefault(row, {})[column] = cell
        object.__setattr__(self, "rows", rows)

    def get(self, row: int, column: int) -> Cell:
        """Return a cell; an empty one where nothing is stored."""
        return self.rows.get(row, {}).get(column) or Cell(row, column)


@dataclass(frozen=True)
class Book:
    """A received file: its sheets in order, the fonts in its styles, what it carries beside."""

    kind: str
    sheets: tuple[Grid, ...]
    fonts: tuple[str, ...] = ()
    macros: bool = False
    external_links: bool = False

    @property
    def texts(self) -> Iterator[str]:
        """All texts in all cells."""
        for sheet in self.sheets:
            for cell in sheet.cells.values():
                if isinstance(cell.value, str):
                    yield cell.value

    def converted(self, encoding: str) -> Book:
        """Return the same book with every text and sheet name taken out of an old encoding."""
        return replace(self, sheets=tuple(_converted(sheet, encoding) for sheet in self.sheets))


def open_book(path: Path, name: str) -> Book:
    """Open a received `.xlsx`, `.xlsm` or `.csv`; `name` is how messages name the file.

    Raises WorkbookError where it is no such file, damaged, protected or not safe to open.
    """
    if _is_utf16(path):
        return Book("csv", (_csv_grid(path.read_bytes().decode("utf-16", "replace"), name),))
    report = inspect(path, name)
    if report.kind == "csv":
        return Book("csv", (_csv_grid(_decode(path.read_bytes()), name),))
    return replace(
        _open_workbook(path, name, report.kind),
        macros=report.macros,
        external_links=report.external_links or report.dde,
    )


def column_letters(column: int) -> str:
    """Return the letters of a column: 1 is A, 27 is AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _open_workbook(path: Path, name: str, kind: str) -> Book:
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            # what openpyxl warns of (unknown extensions, odd styles) does not touch values
            warnings.simplefilter("ignore")
            book = load_workbook(path, read_only=True, keep_links=False)
            try:
                sheets = tuple(_grid(book, sheet) for sheet in book.worksheets)
                fonts = sorted({font.name for font in book._fonts if font.name})
            finally:
                book.close()
    except MemoryError:
        raise
    except Exception as error:  # openpyxl raises whatever its parsers trip over
        raise WorkbookError(
            f"{name}: tệp bị cắt cụt hoặc hỏng, không mở được. "
            "Hãy lấy lại bản gốc hoặc đề nghị đơn vị gửi lại."
        ) from error
    return Book(kind, sheets, tuple(fonts))


def _grid(book: Any, sheet: Any) -> Grid:
    """Read a sheet in one pass with openpyxl's own parser.

    The whole workbook of openpyxl would cost twice the time, mostly for borders of merged cells,
    and twice again for formulas, since it keeps either them or their stored values.
    """
    cells: dict[Place, Cell] = {}
    with sheet._get_source() as source:
        parser = _parser(book, sheet, source)
        for _, row in parser.parse():
            for found in row:
                cell = _cell(book, found)
                if cell is not None:
                    cells[cell.row, cell.column] = cell
    for merged in parser.merged_cells.mergeCell if parser.merged_cells else ():
        _fill(cells, (merged.min_row, merged.min_col, merged.max_row, merged.max_col))
    return Grid(
        name=unicodedata.normalize("NFC", sheet.title),
        cells=cells,
        hidden=sheet.sheet_state != "visible",
        hidden_rows=frozenset(
            int(row) for row, found in parser.row_dimensions.items() if _is_hidden(found)
        ),
        hidden_columns=frozenset(
            column
            for found in parser.column_dimensions.values()
            if _is_hidden(found)
            for column in range(int(found["min"]), int(found["max"]) + 1)
        ),
    )


def _parser(book: Any, sheet: Any, source: Any) -> Any:
    from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

    class Parser(WorkSheetParser):  # type: ignore[misc]  # openpyxl has no types
        """Keeps the text of a formula beside its stored value."""

        def parse_cell(self, element: Any) -> dict[str, Any]:
            found: dict[str, Any] = super().parse_cell(element)
            formula = element.find(FORMULA_TAG)
            found["formula"] = "" if formula is None else f"={formula.text or ''}"
            return found

    return Parser(
        source,
        sheet._shared_strings,
        data_only=True,
        epoch=book.epoch,
        date_formats=book._date_formats,
        timedelta_formats=book._timedelta_formats,
    )


def _cell(book: Any, found: Mapping[str, Any]) -> Cell | None:
    """Return a cell that holds anything; None for one that is only formatted."""
    value, formula = found["value"], found["formula"]
    if isinstance(value, str):
        value = unicodedata.normalize("NFC", value) or None
    if value is None and not formula:
        return None
    number_format = "General"
    if isinstance(value, int | float) and not isinstance(value, bool):
        number_format = _number_format(book, found["style_id"])
    return Cell(found["row"], found["column"], value, number_format, formula)


def _number_format(book: Any, style_id: int) -> str:
    from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE

    number = book._cell_styles[style_id].numFmtId
    if number < BUILTIN_FORMATS_MAX_SIZE:
        return str(BUILTIN_FORMATS.get(number, "General"))
    return str(book._number_formats[number - BUILTIN_FORMATS_MAX_SIZE])


def _is_hidden(attributes: Mapping[str, str]) -> bool:
    return attributes.get("hidden") in ("1", "true")


def _fill(cells: dict[Place, Cell], box: Box) -> None:
    """Show the value of a merged range in all of it; other values in it are not shown by Excel."""
    top = cells.get(box[:2])
    for row in range(box[0], box[2] + 1):
        for column in range(box[1], box[3] + 1):
            if top is None:
                cells.pop((row, column), None)
            else:
                cells[row, column] = replace(top, row=row, column=column, merged=box)


def _converted(sheet: Grid, encoding: str) -> Grid:
    cells = {
        place: replace(cell, value=encodings.convert(cell.value, encoding))
        if isinstance(cell.value, str)
        else cell
        for place, cell in sheet.cells.items()
    }
    return Grid(
        encodings.convert(sheet.name, encoding),
        cells,
        sheet.hidden,
        sheet.hidden_rows,
        sheet.hidden_columns,
    )


def _is_utf16(path: Path) -> bool:
    """Whether a file is a text table as Excel saves "Unicode text"; never larger than allowed."""
    if path.is_symlink() or not path.is_file() or path.suffix.lower() not in _TEXT_SUFFIXES:
        return False
    with path.open("rb") as stream:
        return stream.read(2) in _UTF16 and path.stat().st_size <= MOST_BYTES


def _decode(data: bytes) -> str:
    """Return the text of a CSV file: UTF-8, else cp1258, else the bytes one letter each.

    Bytes that are Vietnamese in neither are left as they are, so that an old encoding shows.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    as_1258 = unicodedata.normalize("NFC", data.decode("cp1258", "replace"))
    if re.search("[\u1ea0-\u1ef9]", as_1258) and "\ufffd" not in as_1258:
        return as_1258
    return data.decode("latin-1")


def _csv_grid(text: str, name: str) -> Grid:
    try:
        rows = _csv_rows(text, name)
    except (csv.Error, OSError) as error:
        words = say_os_error(error) if isinstance(error, OSError) else "không phải một bảng CSV"
        raise WorkbookError(
            f"{name}: {words}. Hãy đề nghị đơn vị lưu lại dạng .xlsx rồi gửi lại."
        ) from error
    return Grid(
        name="",
        cells={
            (row, column): Cell(row, column, unicodedata.normalize("NFC", value))
            for row, values in enumerate(rows, start=1)
            for column, value in enumerate(values, start=1)
            if value != ""
        },
    )


def _csv_rows(text: str, name: str) -> list[list[str]]:
    """Split a text table by the separator that makes the most cells in the most rows."""
    if text.startswith("sep=") and "\n" in text:
        text = "\n" + text.split("\n", 1)[1]  # Excel's own first line; the rows keep their numbers
    tables = [
        list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
        for separator in _SEPARATORS
    ]
    best = max(tables, key=lambda rows: sum(len(row) > 2 for row in rows))
    if len(best) > MOST_ROWS:
        raise WorkbookError(
            f"{name}: tệp CSV có hơn {MOST_ROWS} dòng, quá mức của một biểu số liệu. "
            "Hãy đề nghị đơn vị xóa các dòng trống thừa rồi gửi lại."
        )
    return best
