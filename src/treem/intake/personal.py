"""Refuses a file that lists persons: only sums belong in a submission (Luật Trẻ em 2016, Điều 21).

Columns of names, birth dates, identity numbers or addresses over a list of people are refused. The
names of who made and signed a form are ordinary.
"""

from __future__ import annotations

import re

from treem.errors import WorkbookError
from treem.intake.grid import Book, Cell, Grid
from treem.intake.names import bare

# Words as `treem.intake.names.bare` gives them, `BHYT` among them as `bhit`.
_NAMED = re.compile(
    r"(?:ho va ten|ho ten)(?: (?:tre|tre em|chau|be|hoc sinh|cha|bo|me|nguoi cham soc))?"
    r"|ten (?:tre|tre em|chau|be|hoc sinh|cha|bo|me|nguoi cham soc|nguoi giam ho)"
    r"|(?:so )?dien thoai(?: cha| me)?"
    r"|dia chi(?: nha| thuong tru)?|noi o hien tai|noi cu tru"
)
_BORN = re.compile(
    r"(?:ngay(?:,? thang,? nam)?|nam) sinh"
    r"|(?:so |ma )?(?:cccd|cmnd|cmt|dinh danh|dinh danh ca nhan|can cuoc|the bhit|bhit)"
    r"(?: ca nhan|/cmnd|/cccd)?"
)
_IDENTITY = re.compile(r"0\d{11}")
_LETTER = re.compile(r"\(?(?:[A-ZĐ]|\d{1,2})\)?")
_LEAST_LISTED = 2
"""A name or a telephone number alone below its word may be that of who made the form."""


def refuse_personal_data(book: Book, name: str) -> None:
    """Raise WorkbookError where a sheet lists persons; the message names no person."""
    for grid in book.sheets:
        for number, row in grid.rows.items():
            for cell in row.values():
                if _is_header(grid, cell) or _is_identity(cell):
                    sheet = f", trang “{grid.name}”" if grid.name else ""
                    raise WorkbookError(
                        f"{name}{sheet}, ô {cell.address} (dòng {number}): tệp có thông tin của "
                        "từng người (tên, ngày sinh, số định danh, địa chỉ…). Hồ sơ chỉ được có số "
                        "tổng hợp. Hãy trả lại đơn vị, xóa bản đã nhận khỏi thư mục và khỏi sổ, và "
                        "đề nghị gửi lại biểu không có thông tin cá nhân."
                    )


def _is_header(grid: Grid, cell: Cell) -> bool:
    """Whether a cell heads a column of persons' data: its words, and a list below them.

    One entry is enough below a birth date or an identity number: nobody signs a form with them.
    """
    kind = _kind(cell)
    if not kind:
        return False
    below = (grid.get(cell.row + step, cell.column) for step in range(1, 8))
    listed = {one.text for one in below if one.address != cell.address and _is_entry(one)}
    return len(listed) >= (_LEAST_LISTED if kind == "named" else 1)


def _kind(cell: Cell) -> str:
    words = bare(cell.value).rstrip(": ") if isinstance(cell.value, str) else ""
    if _BORN.fullmatch(words):
        return "born"
    return "named" if _NAMED.fullmatch(words) else ""


def _is_entry(cell: Cell) -> bool:
    """Whether a cell below a header is of the list: no word before a colon, no letter of a row."""
    text = cell.text
    return bool(text) and not text.endswith(":") and not _kind(cell) and not _LETTER.fullmatch(text)


def _is_identity(cell: Cell) -> bool:
    """Whether a cell is an identity number: twelve digits kept as text, the first of them 0."""
    return isinstance(cell.value, str) and bool(_IDENTITY.fullmatch(cell.text))
