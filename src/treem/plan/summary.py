"""Reads the summary table at the end of the plan: one cell after another, ended by `|`.

The text has no row ends. A row begins where a cell holds a sentence (a label) instead of a value;
the cells that follow are its values, in the columns that the two header rows name. Blank cells,
missing cells and stray further cells are kept as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from treem.errors import PlanError
from treem.plan.lines import Passage, join_lines
from treem.plan.model import Comparator, Scope, TableCell
from treem.plan.numbers import NUMERAL, decimal_mark, read_number
from treem.plan.tokens import STRATA

TITLE = "BẢNG TỔNG HỢP CHỈ TIÊU"


@dataclass(frozen=True)
class Column:
    """A value column: the year, and whose plan it is (None for the column of results)."""

    scope: Scope | None
    year: int


@dataclass(frozen=True)
class CellValue:
    """A value read from a cell; `sign` is None where the cell has no comparator.

    `numeral` is the number as printed.
    """

    stratum: str
    sign: Comparator | None
    value: Fraction
    numeral: str

    @property
    def mark(self) -> str:
        """The decimal mark it is written with."""
        return decimal_mark(self.numeral)


@dataclass(frozen=True)
class RawRow:
    """A row as it stands: its label (a passage, so that words keep their lines) and its cells."""

    kind: Literal["objective", "group", "value"]
    number: int | None
    label: Passage
    cells: tuple[TableCell, ...]


@dataclass(frozen=True)
class RawTable:
    """The table before its rows are tied to measures."""

    title: tuple[str, ...]
    header: tuple[tuple[str, ...], ...]
    columns: tuple[Column, ...]
    rows: tuple[RawRow, ...]


def read_table(lines: Sequence[str], name: str) -> RawTable:
    """Read the summary table from the lines of the whole text.

    Raises PlanError where its title, its header or its rows cannot be found.
    """
    start = next((i for i, line in enumerate(lines) if TITLE in line.upper()), None)
    if start is None:
        raise PlanError(
            f"{name}: không tìm thấy bảng tổng hợp (dòng “{TITLE}…” ở cuối kế hoạch). Hãy kiểm tra "
            "tệp có đủ cả phần bảng, mỗi ô kết thúc bằng dấu “|”."
        )
    title, cells = _title_and_cells(lines, start)
    first = next((i for i, cell in enumerate(cells) if _is_label(cell.text)), len(cells))
    header, columns = _header(cells[:first], name, start + 1)
    rows = tuple(_rows(cells[first:]))
    if not any(row.kind == "value" and row.cells for row in rows):
        raise PlanError(
            f"{name}: bảng tổng hợp (từ dòng {start + 1}) không có dòng chỉ tiêu nào. Cần các ô "
            "bắt đầu bằng “- Chỉ tiêu …”, sau đó là các ô giá trị, mỗi ô kết thúc bằng dấu “|”."
        )
    return RawTable(title, header, columns, rows)


_STRATUM = "|".join(STRATA)
_PART = re.compile(
    rf"(?:(?P<before>{_STRATUM})\s*:?\s*)?(?P<sign><=|>=|[<>≤≥]|dưới|trên|không quá|ít nhất)?\s*"
    rf"(?P<number>{NUMERAL})\s*(?:%|‰|/\s*1[0.\s]+)?\s*(?P<after>{_STRATUM})?",
    re.IGNORECASE,
)
_CELL_SIGNS: dict[str, Comparator] = {
    "<": "<", "<=": "<=", "≤": "<=", ">": ">", ">=": ">=", "≥": ">=",
    "dưới": "<", "trên": ">", "không quá": "<=", "ít nhất": ">=",
}  # fmt: skip


def read_cell(text: str, *, share: bool = False) -> tuple[CellValue, ...] | None:
    """Read the value or values of a cell; () for a blank cell, None for one that is no number."""
    values = []
    for part in re.split(r"[;]", text):
        part = part.strip()
        if not part:
            continue
        match = _PART.fullmatch(part)
        if match is None:
            return None
        stratum = (match["after"] or match["before"] or "").lower()
        sign = _CELL_SIGNS[match["sign"].lower()] if match["sign"] else None
        number = match["number"]
        value = read_number(number, share=share)
        values.append(CellValue(stratum, sign, value, number))
    return tuple(values)


def _title_and_cells(
    lines: Sequence[str], start: int
) -> tuple[tuple[str, ...], list[_LabelledCell]]:
    """Return the title lines and all cells from the first header cell on."""
    title, begin = [], start
    for index in range(start, len(lines)):
        if re.match(r"mục tiêu\b", lines[index], re.IGNORECASE) or "|" in lines[index]:
            begin = index
            break
        if lines[index]:
            title.append(lines[index])
    return tuple(title), list(_cells(lines, begin))


@dataclass(frozen=True)
class _LabelledCell:
    passage: Passage
    line: int

    @property
    def text(self) -> str:
        return self.passage.text


def _cells(lines: Sequence[str], begin: int) -> Iterator[_LabelledCell]:
    pieces: list[tuple[int, str]] = []
    for number, line in enumerate(lines[begin:], begin + 1):
        parts = line.split("|")
        for last, piece in [(False, part) for part in parts[:-1]] + [(True, parts[-1])]:
            pieces.append((number, piece.strip()))
            if not last:
                passage = join_lines(pieces)
                yield _LabelledCell(passage, passage.line or number)
                pieces = []
    rest = join_lines(pieces)
    if rest.text and not rest.text.startswith(("Ghi chú", "Nơi nhận", "/.")):
        yield _LabelledCell(rest, rest.line)


_HEADED = re.compile(r"(?:[-–—•*+]\s*)?(Mục tiêu|Chỉ tiêu)\s+(\d+)\s*[:.]?\s*", re.IGNORECASE)


def _is_label(text: str) -> bool:
    """Whether a cell holds a sentence rather than a value."""
    if _HEADED.match(text):
        return True
    if re.match(r"(?:chưa|không|đang)\b", text, re.IGNORECASE):
        return False
    words = re.sub(_STRATUM, "", text.lower())
    return len(re.findall(r"[^\W\d_]+", words)) >= 5 and not text.isupper()


def _header(
    cells: Sequence[_LabelledCell], name: str, line: int
) -> tuple[tuple[tuple[str, ...], ...], tuple[Column, ...]]:
    texts = [cell.text for cell in cells]
    second = next(
        (i for i, text in enumerate(texts) if i and (not text or re.fullmatch(r"20\d\d", text))),
        len(texts),
    )
    upper, lower = texts[:second], texts[second:]
    years = [int(text) for text in lower if re.fullmatch(r"20\d\d", text)]
    plans = [text for text in upper if "KẾ HOẠCH" in text.upper()]
    results = [found for text in upper if (found := re.search(r"20\d\d", text))]
    if not plans or not results or not years or len(years) % len(plans):
        raise PlanError(
            f"{name}: dòng tiêu đề của bảng tổng hợp (từ dòng {line}) không đúng dạng: cần các ô "
            "“KQ ĐẠT ĐƯỢC 2020”, “KẾ HOẠCH TỈNH …”, “KẾ HOẠCH TOÀN QUỐC” và dưới mỗi kế hoạch là "
            f"các ô năm; đã thấy: {' | '.join(texts[:12]) or 'không có ô nào'}."
        )
    each = len(years) // len(plans)
    columns = [Column(None, int(results[0][0]))]
    for i, year in enumerate(years):
        national = re.search(r"TOÀN QUỐC|QUỐC GIA|CẢ NƯỚC", plans[i // each].upper())
        columns.append(Column("national" if national else "province", year))
    return (tuple(upper), tuple(lower)), tuple(columns)


def _rows(cells: Sequence[_LabelledCell]) -> Iterator[RawRow]:
    starts = [i for i, cell in enumerate(cells) if _is_label(cell.text)]
    spans = list(pairwise([*starts, len(cells)]))
    for k, (start, end) in enumerate(spans):
        label = cells[start].passage
        values = tuple(TableCell(cell.text, cell.line) for cell in cells[start + 1 : end])
        heading = _HEADED.match(label.text)
        if heading and heading[1].lower() == "mục tiêu":
            yield RawRow("objective", int(heading[2]), label, values)
            continue
        following = cells[spans[k + 1][0]].text if k + 1 < len(spans) else ""
        has_parts = bool(following) and not _HEADED.match(following)
        is_group = heading is not None and has_parts and not any(cell.text for cell in values)
        kind: Literal["group", "value"] = "group" if is_group else "value"
        yield RawRow(kind, int(heading[2]) if heading else None, label, values)
