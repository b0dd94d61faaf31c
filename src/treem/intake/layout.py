"""Finds our form in a grid by its words: header, letter row, rows, foot. Positions do not matter.

The header may stand on any row, in any order of columns, over one to three rows; its words are
compared without case, marks and notes. Rows end at the foot (`Người lập biểu`, `Thủ trưởng đơn
vị`); what looks like a row below it is told apart.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from treem.intake.forms import FOOT, SIGNER
from treem.intake.grid import Cell, Grid
from treem.intake.names import bare, key

FIELDS: dict[str, tuple[str, ...]] = {
    "number": ("STT", "TT", "Số TT", "Số thứ tự"),
    "code": ("Mã chỉ tiêu", "Mã số chỉ tiêu", "Mã số", "Mã CT"),
    "name": ("Chỉ tiêu", "Tên chỉ tiêu"),
    "part": ("Phần số liệu",),
    "stratum": ("Phân tổ",),
    "unit": ("Đơn vị tính", "ĐVT"),
    "before": ("Năm trước", "Số năm trước"),
    "value": ("Giá trị", "Số liệu"),
    "mark": ("Ký hiệu",),
    "state": ("Tình trạng",),
    "note": ("Ghi chú",),
}
"""The words by which each column of the form is known."""
REQUIRED = ("code", "part", "unit", "value")
_WORDS = {bare(word): name for name, words in FIELDS.items() for word in words}

_HEADER_ROWS = 3
_SEARCHED_ROWS = 200
_NOTE_MARKS = re.compile(r"\(.*?\)|\*+|[¹²³]|\b\d+\)")
_YEAR = re.compile(r"\b(?:nam )?((?:19|20)\d\d)\b")
_LETTER = re.compile(r"\(?([A-ZĐ]|\d{1,2})\)?(\s*=.*)?")
_CODE = re.compile(r"CT\d+(\.\d+\w?)?", re.IGNORECASE)
_TOTALS = {bare(word) for word in ("Tổng số", "Tổng cộng", "Cộng", "Tổng", "Toàn tỉnh", "Toàn xã")}
_FOOTS = tuple(bare(word) for word in (FOOT, SIGNER))


@dataclass(frozen=True)
class TableRow:
    """A row of the table: its cells by field, the group title it stands under, how it is shown.

    `below_foot` tells a row that looks like one of the table and stands where nothing is read.
    """

    number: int
    cells: Mapping[str, Cell]
    group: str
    hidden: bool = False
    below_foot: bool = False

    def get(self, name: str) -> Cell:
        """Return the cell of a field; an empty one where there is none."""
        return self.cells.get(name) or Cell(self.number, 0)

    def text(self, name: str) -> str:
        """Return the clean text of a field."""
        return self.get(name).text

    @property
    def filled(self) -> bool:
        """Whether the sender wrote anything in it."""
        return any(self.text(name) for name in ("value", "mark", "state", "note"))

    @property
    def is_total(self) -> bool:
        """Whether it is a row of totals."""
        return any(is_total(cell) for cell in self.cells.values())


@dataclass(frozen=True)
class Table:
    """Our table in a sheet. `columns` by field; `years` that the header of a field names."""

    grid: Grid
    columns: Mapping[str, int]
    years: Mapping[str, int]
    first_row: int
    last_row: int
    repeated: tuple[str, ...]
    """Fields that more than one column claims: which one counts is not known."""

    @property
    def rows(self) -> Iterator[TableRow]:
        """The rows between header and foot, without empty rows and the letter row."""
        return _rows(self)

    @property
    def above(self) -> Iterator[Cell]:
        """The cells above the header, each merged range once."""
        for number, row in self.grid.rows.items():
            if number < self.first_row:
                for cell in row.values():
                    if cell.merged is None or cell.merged[:2] == (cell.row, cell.column):
                        yield cell


def find_table(grid: Grid) -> Table | None:
    """Return our table of a sheet; None where no header with all required columns is found."""
    numbers = list(grid.rows)[:_SEARCHED_ROWS]
    for height in range(1, _HEADER_ROWS + 1):
        for start in numbers:
            band = [row for row in range(start, start + height) if row in grid.rows]
            if len(band) < height:
                continue
            if (table := _as_header(grid, band)) is not None:
                return table
    return None


def is_code(text: str) -> bool:
    """Whether a text has the form of the code of a measure."""
    return bool(_CODE.fullmatch(text.replace(" ", "")))


def _as_header(grid: Grid, band: list[int]) -> Table | None:
    """Read a band of rows as the header; None where it lacks a required column."""
    claims: dict[str, list[int]] = {}
    years: dict[str, int] = {}
    for column in sorted({column for row in band for column in grid.rows[row]}):
        words = tuple(grid.get(row, column).text for row in band)
        name, year = _field_of(words)
        if name:
            claims.setdefault(name, []).append(column)
            if year:
                years[name] = year
    if any(name not in claims for name in REQUIRED):
        return None
    columns: dict[str, int] = {}
    repeated: list[str] = []
    for name, found in claims.items():
        only = _only(grid, band[-1], found)
        columns[name] = found[0] if only is None else only
        if only is None:
            repeated.append(name)
    return Table(grid, columns, years, band[0], band[-1], tuple(repeated))


@lru_cache(maxsize=20_000)
def _field_of(words: tuple[str, ...]) -> tuple[str, int]:
    """Return the field that the words of a header column mean, and a year they name (else 0)."""
    distinct = list(dict.fromkeys(filter(None, words)))
    for text in (*reversed(distinct), " ".join(distinct)):
        plain = bare(_NOTE_MARKS.sub(" ", text))
        year = _YEAR.search(bare(text))
        name = _WORDS.get(plain) or _WORDS.get(" ".join(_YEAR.sub(" ", plain).split()), "")
        if name:
            return name, int(year[1]) if year else 0
    return "", 0


def _only(grid: Grid, header: int, columns: list[int]) -> int | None:
    """Return the one column of several that holds anything; None where more than one does."""
    if len(columns) == 1:
        return columns[0]
    body = [
        row
        for number, row in grid.rows.items()
        if number > header and not are_letters([cell.text for cell in row.values()])
    ]
    used = [column for column in columns if any(column in row for row in body)]
    if len(used) > 1:
        return None
    return used[0] if used else columns[0]


def _rows(table: Table) -> Iterator[TableRow]:
    group, below, letters_seen = "", False, False
    by_column = {column: name for name, column in table.columns.items()}
    for number, stored in table.grid.rows.items():
        if number <= table.last_row:
            continue
        cells = _own_cells(stored, by_column)
        code = cells["code"].text if "code" in cells else ""
        below = below or (not is_code(code) and is_foot(stored))
        hidden = number in table.grid.hidden_rows
        if below:
            if is_code(code):
                yield TableRow(number, cells, group, hidden, below_foot=True)
            continue
        if not any(cell.text for cell in cells.values()):
            continue
        if not letters_seen and are_letters([cell.text for cell in cells.values()]):
            letters_seen = True
            continue
        row = TableRow(number, cells, group, hidden)
        if not code and not row.filled:
            group = next((cell.text for cell in stored.values() if len(cell.text) > 4), group)
            continue
        yield row


def _own_cells(stored: Mapping[int, Cell], by_column: Mapping[int, str]) -> dict[str, Cell]:
    """Return the cells of a row by field; a range merged across columns belongs to its first."""
    cells: dict[str, Cell] = {}
    taken: set[tuple[int, int]] = set()
    for column, name in sorted(by_column.items()):
        cell = stored.get(column)
        if cell is None:
            continue
        if cell.merged:
            across = cell.merged[1] != cell.merged[3]
            if across and cell.merged[:2] in taken:
                continue
            if across and cell.merged[1] in by_column and cell.merged[1] != column:
                continue
            taken.add(cell.merged[:2])
        cells[name] = cell
    return cells


def is_foot(stored: Mapping[int, Cell]) -> bool:
    """Whether the cells of a row are those where a form is signed."""
    return any(bare(cell.value).startswith(_FOOTS) for cell in stored.values())


def is_total(cell: Cell) -> bool:
    """Whether a cell names a row of totals."""
    return bare(cell.value) in _TOTALS


def are_letters(texts: Collection[str]) -> bool:
    """Whether the texts of a row are the letters and numbers of its columns: `A B 1 2`."""
    filled = [text for text in texts if text]
    return (
        len(filled) > 1
        and all(_LETTER.fullmatch(text) for text in filled)
        and any(text.strip("()").isalpha() for text in filled)
    )


def same_name(one: str, other: str) -> bool:
    """Whether two names are one, however they are spelled."""
    return key(one) == key(other)
