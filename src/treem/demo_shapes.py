"""What senders do to a form before it comes back: the shapes of the demonstration's workbooks.

Every shape leaves each figure readable by a person; none changes what a cell means. `SHAPES`
names them all.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from treem.intake.forms import IDS_SHEET, PART_NAMES, SHEET
from treem.intake.forms_style import merge
from treem.intake.forms_write import HEAD_ROW

_MEASURE, _PART, _VALUE, _NOTE = 2, 4, 8, 11
_TCVN3 = {
    "à": "µ", "ả": "¶", "ã": "·", "á": "¸", "ạ": "¹", "ă": "¨", "ằ": "»", "ẳ": "¼", "ẵ": "½",
    "ắ": "¾", "ặ": "Æ", "â": "©", "ầ": "Ç", "ẩ": "È", "ẫ": "É", "ấ": "Ê", "ậ": "Ë", "đ": "®",
    "è": "Ì", "ẻ": "Î", "ẽ": "Ï", "é": "Ð", "ẹ": "Ñ", "ê": "ª", "ề": "Ò", "ể": "Ó", "ễ": "Ô",
    "ế": "Õ", "ệ": "Ö", "ì": "×", "ỉ": "Ø", "ĩ": "Ü", "í": "Ý", "ị": "Þ", "ò": "ß", "ỏ": "á",
    "õ": "â", "ó": "ã", "ọ": "ä", "ô": "«", "ồ": "å", "ổ": "æ", "ỗ": "ç", "ố": "è", "ộ": "é",
    "ơ": "¬", "ờ": "ê", "ở": "ë", "ỡ": "ì", "ớ": "í", "ợ": "î", "ù": "ï", "ủ": "ñ", "ũ": "ò",
    "ú": "ó", "ụ": "ô", "ư": "\u00ad", "ừ": "õ", "ử": "ö", "ữ": "÷", "ứ": "ø", "ự": "ù",
    "ỳ": "ú", "ỷ": "û", "ỹ": "ü", "ý": "ý", "ỵ": "þ",
    "Ă": "¡", "Â": "¢", "Ê": "£", "Ô": "¤", "Ơ": "¥", "Ư": "¦", "Đ": "§",
}  # fmt: skip


def apply_shape(book: Any, name: str) -> None:
    """Give a filled-in form one shape of `SHAPES`. Raises KeyError on any other name."""
    SHAPES[name](book)


def to_tcvn3(text: str) -> str:
    """Return a text as TCVN3 wrote it. Other capitals with a tone had a font of their own."""
    return "".join(
        _TCVN3.get(letter) or _TCVN3.get(letter.lower(), letter)
        for letter in unicodedata.normalize("NFC", text)
    )


def _insert_rows(book: Any) -> None:
    """Insert a line above the table and a remark inside it, as offices do before they sign."""
    sheet = book[SHEET]
    begins = [row for row in _figure_rows(sheet) if _code(sheet, row) != _code(sheet, row - 1)]
    middle = begins[len(begins) // 2]
    _insert_row(sheet, middle)
    sheet.cell(middle, 3, "Các dòng dưới đây đã đối chiếu với ngành liên quan")
    _insert_row(sheet, HEAD_ROW)
    sheet.cell(HEAD_ROW, 1, "Kèm theo công văn của đơn vị")


def _insert_column(book: Any) -> None:
    """Insert a column of the office's own before the values."""
    sheet = book[SHEET]
    merged = _take_merged(sheet)
    sheet.insert_cols(_VALUE)
    for area in merged:
        if area.min_col >= _VALUE:
            area.shift(col_shift=1)
        elif area.max_col >= _VALUE:
            area.expand(right=1)
        merge(sheet, area.coord)
    sheet.data_validations.dataValidation = []
    sheet.cell(HEAD_ROW, _VALUE, "Nguồn số liệu")
    for row in _figure_rows(sheet):
        sheet.cell(row, _VALUE, "Sổ theo dõi")


def _merge_cells(book: Any) -> None:
    """Merge number, code and name of a measure over the rows of its parts."""
    sheet = book[SHEET]
    rows = list(_figure_rows(sheet))
    start = 0
    for index in range(1, len(rows) + 1):
        if index < len(rows) and _code(sheet, rows[index]) == _code(sheet, rows[start]):
            continue
        if index - start > 1:
            for letter in "ABC":
                sheet.merge_cells(f"{letter}{rows[start]}:{letter}{rows[index - 1]}")
        start = index


def _write_as_text(book: Any) -> None:
    """Type numbers as text: blanks between thousands, commas and points as decimal marks."""
    sheet = book[SHEET]
    for index, row in enumerate(_figure_rows(sheet)):
        cell = sheet.cell(row, _VALUE)
        if isinstance(cell.value, int):
            grouped = f"{cell.value:,}".replace(",", "\u00a0")
            cell.value = (grouped, str(cell.value), f"{cell.value},0")[index % 3]
        elif isinstance(cell.value, float):
            text = f"{cell.value}"
            cell.value = (text.replace(".", ","), text, f" {text.replace('.', ',')}%")[index % 3]


def _hide_row(book: Any) -> None:
    """Hide the two rows of a measure, which still hold figures."""
    sheet = book[SHEET]
    rows = list(_figure_rows(sheet))
    for row in rows[len(rows) // 3 : len(rows) // 3 + 2]:
        sheet.row_dimensions[row].hidden = True


def _decompose(book: Any) -> None:
    """Write every text decomposed, as some systems and copied PDF text do."""
    _change_texts(book, lambda text: unicodedata.normalize("NFD", text))


def _write_in_tcvn3(book: Any) -> None:
    """Retype the form in the encoding and the font of before Unicode; the other sheets are gone."""
    from openpyxl.styles import Font

    book.remove(book[IDS_SHEET])
    sheet = book[SHEET]
    _change_texts(book, to_tcvn3)
    sheet.title = to_tcvn3(SHEET)
    sheet.data_validations.dataValidation = []
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value is not None:
                font = cell.font
                cell.font = Font(name=".VnTime", size=font.size, bold=font.bold, italic=font.italic)


def _mark_notes(book: Any) -> None:
    """Put note marks behind some numbers and say below the table what they mean."""
    sheet = book[SHEET]
    for index, row in enumerate(_figure_rows(sheet)):
        cell = sheet.cell(row, _VALUE)
        if isinstance(cell.value, int) and index % 9 == 4:
            cell.value = f"{cell.value} (1)" if index % 2 else f"{cell.value}*"
            sheet.cell(row, _NOTE, "Số của ngành dọc cung cấp")


def _use_formula(book: Any) -> None:
    """Write one figure as a formula that no program has worked out yet."""
    sheet = book[SHEET]
    rows = [
        row
        for row in _figure_rows(sheet)
        if isinstance(sheet.cell(row, _VALUE).value, int) and _is_numerator(sheet, row)
    ]
    cell = sheet.cell(rows[-1], _VALUE)
    cell.value = f"={cell.value - 1}+1"


def _drop_ids(book: Any) -> None:
    """Copy the sheet to a new workbook, so that the machine ids are gone."""
    book.remove(book[IDS_SHEET])


SHAPES: dict[str, Callable[[Any], None]] = {
    "inserted_rows": _insert_rows,
    "inserted_column": _insert_column,
    "merged_cells": _merge_cells,
    "text_numbers": _write_as_text,
    "hidden_row": _hide_row,
    "nfd": _decompose,
    "tcvn3": _write_in_tcvn3,
    "note_marks": _mark_notes,
    "formula": _use_formula,
    "no_ids": _drop_ids,
}


def _figure_rows(sheet: Any) -> Iterator[int]:
    """Yield the numbers of the rows that hold figures."""
    for row in range(1, sheet.max_row + 1):
        words = str(sheet.cell(row, _PART).value or "")
        if words.startswith(tuple(PART_NAMES.values())) and _code(sheet, row):
            yield row


def _code(sheet: Any, row: int) -> str:
    return str(sheet.cell(row, _MEASURE).value or "")


def _is_numerator(sheet: Any, row: int) -> bool:
    return str(sheet.cell(row, _PART).value).startswith(PART_NAMES["numerator"])


def _insert_row(sheet: Any, at: int) -> None:
    """Insert a row as Excel does: merged ranges and heights below it move along."""
    heights = {row: look.height for row, look in sheet.row_dimensions.items()}
    merged = _take_merged(sheet)
    sheet.insert_rows(at)
    for area in merged:
        if area.min_row >= at:
            area.shift(row_shift=1)
        merge(sheet, area.coord)
    for row, height in heights.items():
        sheet.row_dimensions[row + (row >= at)].height = height
    sheet.row_dimensions[at].height = None
    for check in sheet.data_validations.dataValidation:
        for area in check.sqref.ranges:
            area.expand(down=1)


def _take_merged(sheet: Any) -> list[Any]:
    """Return the merged ranges of a sheet, in order, and take them off it."""
    merged = sorted(sheet.merged_cells.ranges, key=lambda area: area.bounds)
    for area in merged:
        sheet.merged_cells.remove(area)
    return merged


def _change_texts(book: Any, change: Callable[[str], str]) -> None:
    for row in book[SHEET].iter_rows():
        for cell in row:
            if isinstance(cell.value, str):
                cell.value = change(cell.value)
