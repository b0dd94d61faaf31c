"""Copies what a sender sent as values, and marks the cells that findings name.

Nothing of the copy can run: formulas give their stored values, macros, links, charts, pivot tables
and external data stay behind, and a text that a spreadsheet could take for a formula is kept as
text. Cells keep their addresses, so that the list, the marks and a second reading agree.
"""

from __future__ import annotations

import copy
import hashlib
import re
import unicodedata
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from treem.display.texts import load_texts
from treem.intake import encodings
from treem.intake.grid import Book, open_book
from treem.safe import safe_text, visible

if TYPE_CHECKING:
    from treem.intake.feedback import Reply

Row = Mapping[str, Any]

FILLS = {"run": "F4B6B6", "submission": "F4B6B6", "record": "F9D5A7", "info": "FFF2CC"}
_ADDRESS = re.compile(r"\$?([A-Z]{0,3})\$?(\d{1,7})")
_WORKBOOKS = (".xlsx", ".xlsm")
_COMMENT_WIDTH, _COMMENT_LINE = 340, 18
_LETTERS_A_LINE = 46
_LONGEST_COMMENT = 2000
_NOTICE_ROWS = 4


@dataclass
class Marks:
    """Where marks stand: the sheets that have any, and sheet and cell of each finding by number."""

    places: dict[int, tuple[str, str]] = field(default_factory=dict)

    @property
    def sheets(self) -> set[str]:
        """Names of the sheets with a mark."""
        return {sheet for sheet, _ in self.places.values()}


def copy_of(reply: Reply) -> Any:
    """Return a copy of what the sender sent as an open workbook; without sheets where none fits.

    A file that differs from its record is not copied: its cells are not those that were checked.
    """
    from openpyxl import Workbook

    if reply.path is None or not reply.path.is_file() or _changed(reply):
        book = Workbook()
        book.remove(book.active)
        return book
    if reply.path.suffix.lower() in _WORKBOOKS:
        return _copy_of_workbook(reply)
    return _copy_of_grids(open_book(reply.path, reply.path.name))


def mark_cells(book: Any, findings: Sequence[Row]) -> Marks:
    """Colour every cell that a finding names and say there what is wrong.

    The first cell of a merged range stands for all of it, the first cell of a row for the row.
    """
    said = load_texts("feedback")
    sheets = _by_name(book)
    marks = Marks()
    texts: dict[tuple[str, str], list[str]] = {}
    worst: dict[tuple[str, str], str] = {}
    for number, row in enumerate(findings, 1):
        sheet = sheets.get(row["sheet"])
        column, line = place_of(row["cell"])
        if sheet is None or not line:
            continue
        place = (sheet.title, _anchor(sheet, column or "A", line))
        marks.places[number] = place
        parts = {"message": row["message"], "instruction": instruction_of(row)}
        shown = {name: visible(text) for name, text in parts.items()}
        texts.setdefault(place, []).append(said["comment"].format(number=number, **shown))
        worst.setdefault(place, row["severity"])
    for (name, address), lines in texts.items():
        _mark(book[name][address], lines, worst[name, address], said)
    return marks


def place_of(cell: str) -> tuple[str, int]:
    """Return column and row of the first cell that a finding names; row 0 where it names none."""
    found = _ADDRESS.match(cell)
    return (found[1], int(found[2])) if found else ("", 0)


def instruction_of(row: Row) -> str:
    """Return what the sender should do; some findings tell the office something else."""
    instead: dict[str, str] = load_texts("feedback")["instructions"]
    return instead.get(row["rule"], str(row["instruction"]))


def put_notice(sheet: Any, notice: str) -> None:
    """Let a sheet say that its figures are generated, printed and on screen.

    Where its head does not say so, the notice goes right of the table: no cell may move.
    """
    from openpyxl.styles import Font

    if not notice:
        return
    sheet.oddHeader.center.text = notice
    head = sheet.iter_rows(min_row=1, max_row=_NOTICE_ROWS, values_only=True)
    if sheet.sheet_state == "visible" and not any(notice in row for row in head):
        cell = sheet.cell(row=1, column=sheet.max_column + 2)
        cell.value = notice
        cell.font = Font(name="Times New Roman", size=12, bold=True, color="C00000")


def _copy_of_workbook(reply: Reply) -> Any:
    from openpyxl import load_workbook

    assert reply.path is not None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # parts that openpyxl drops are no part of a copy
            book = load_workbook(reply.path, data_only=True, keep_links=False)
    except MemoryError:
        raise
    except Exception:  # some other part than the cells is damaged; these could be read
        return _copy_of_grids(open_book(reply.path, reply.path.name))
    _disarm(book)
    return book


def _copy_of_grids(received: Book) -> Any:
    """Return a workbook with the cells of a text table, or of a workbook damaged beside them."""
    from openpyxl import Workbook

    said = load_texts("feedback")
    book = Workbook()
    book.remove(book.active)
    for grid in received.sheets:
        sheet = book.create_sheet(grid.name or said["copied_csv"])
        sheet.sheet_state = "hidden" if grid.hidden else "visible"
        widths: dict[str, int] = {}
        for (row, column), found in grid.cells.items():
            if found.merged and found.merged[:2] != (row, column):
                continue
            cell = put_text(sheet, row, column, found.value)
            if not isinstance(found.value, str):
                cell.number_format = found.number_format
            widths[cell.column_letter] = max(
                widths.get(cell.column_letter, 8), min(40, len(found.text) + 2)
            )
        for letter, width in widths.items():
            sheet.column_dimensions[letter].width = width
        sheet.page_setup.orientation = "landscape"
        sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        for first, left, last, right in {c.merged for c in grid.cells.values() if c.merged}:
            sheet.merge_cells(start_row=first, end_row=last, start_column=left, end_column=right)
    return book


def put_text(sheet: Any, row: int, column: int, value: Any) -> Any:
    """Write a value; a text stays text: what a sender typed must not become a formula here."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    cell = sheet.cell(row=row, column=column)
    if not isinstance(value, str):
        cell.value = value
        return cell
    cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", value) or None
    if cell.value is not None:
        cell.data_type = "s"
        _keep_as_text(cell)
    return cell


def _keep_as_text(cell: Any) -> None:
    """Let Excel take a text for a text, when its cell is edited as well."""
    if safe_text(cell.value) != cell.value:
        cell.quotePrefix = True


def _disarm(book: Any) -> None:
    """Take out of a workbook all that could run or lead out of it, and the marks of last time."""
    from openpyxl.formatting.formatting import ConditionalFormattingList
    from openpyxl.packaging.custom import CustomPropertyList

    said = load_texts("feedback")
    book.defined_names.clear()
    book.custom_doc_props = CustomPropertyList()
    for sheet in list(book.chartsheets):
        book.remove(sheet)
    for sheet in list(book.worksheets):
        if _is_letter(sheet, said):
            book.remove(sheet)
            continue
        sheet._charts, sheet._images, sheet._pivots, sheet._hyperlinks = [], [], [], []
        sheet.legacy_drawing = None
        sheet.tables.clear()
        sheet.defined_names.clear()
        sheet.conditional_formatting = ConditionalFormattingList()
        kept = [check for check in sheet.data_validations.dataValidation if _is_plain(check)]
        sheet.data_validations.dataValidation = kept
        for row in sheet.iter_rows():
            for cell in row:
                _clean_cell(book, cell, said["author"])


def _is_letter(sheet: Any, said: Mapping[str, Any]) -> bool:
    """Whether a sheet is the list that went out with an earlier reply."""
    head = sheet.iter_rows(min_row=1, max_row=_NOTICE_ROWS, max_col=1, values_only=True)
    return bool(sheet.title.startswith(said["sheet"])) and (said["title"],) in head


def _is_plain(check: Any) -> bool:
    """Whether the formulas of a check of what is typed stay within their own sheet."""
    return not re.search(r"[\[!|]", f"{check.formula1 or ''}{check.formula2 or ''}")


def _clean_cell(book: Any, cell: Any, author: str) -> None:
    if getattr(cell, "hyperlink", None) is not None:
        cell._hyperlink = None
    if isinstance(cell.value, str):
        cell.data_type = "e" if cell.data_type == "e" else "s"
        _keep_as_text(cell)
    if cell.comment is not None and cell.comment.author == author:
        cell.comment = None
        style = next(one for one in book._named_styles if one.name == cell.style)
        cell.fill = copy.copy(style.fill)


def _changed(reply: Reply) -> bool:
    assert reply.path is not None and reply.source is not None
    return hashlib.sha256(reply.path.read_bytes()).hexdigest() != reply.source.sha256


def _by_name(book: Any) -> dict[str, Any]:
    """Return the sheets by the name that findings give them: composed, out of an old encoding."""
    said = load_texts("feedback")
    found: dict[str, Any] = {}
    for sheet in book.worksheets:
        for encoding in encodings.ENCODING_NAMES:
            found.setdefault(encodings.convert(sheet.title, encoding), sheet)
    for sheet in book.worksheets:
        found[unicodedata.normalize("NFC", sheet.title)] = sheet
        if sheet.title == said["copied_csv"]:
            found[""] = sheet
    return found


def _anchor(sheet: Any, column: str, line: int) -> str:
    """Return where a mark can stand: the first cell of a merged range stands for all of it."""
    address = f"{column}{line}"
    for merged in sheet.merged_cells.ranges:
        if address in merged:
            return str(merged.start_cell.coordinate)
    return address


def _mark(cell: Any, lines: Sequence[str], severity: str, said: Mapping[str, Any]) -> None:
    """Colour a cell and comment on it; what the sender had noted there is kept."""
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    text = "\n\n".join(lines)
    if cell.comment is not None and cell.comment.text:
        text += "\n\n" + said["their_comment"].format(text=visible(cell.comment.text))
    if len(text) > _LONGEST_COMMENT:
        text = text[: _LONGEST_COMMENT - 1] + "…"
    comment = Comment(text, said["author"])
    needed = sum(1 + len(line) // _LETTERS_A_LINE for line in text.split("\n"))
    comment.width, comment.height = _COMMENT_WIDTH, _COMMENT_LINE * (needed + 1)
    cell.comment = comment
    cell.fill = PatternFill("solid", fgColor=FILLS[severity])
