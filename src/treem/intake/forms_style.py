"""How a form looks: named styles, widths, row heights, the page. Nothing here knows a figure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

FONT = "Times New Roman"
WIDTHS = (5, 9, 31, 46, 9, 9, 11, 12, 9, 11, 20)
GUIDE_WIDTHS = (12, 44, 46, 40, 16)
LINE_HEIGHT = 15
ENTRY_FILL, QUIET_FILL, LINE, ALARM = "FFF8E1", "F2F2F2", "808080", "C00000"
NARROW = 0.82  # a letter of Times New Roman against the width that Excel counts columns in

# Numbers keep the general format: thousands marks would follow the language of the reader's
# Excel and show `24,810` to one and `24.810` to another.
_STYLES: dict[str, dict[str, Any]] = {
    "te_notice": {"size": 12, "bold": True, "color": ALARM, "align": "center"},
    "te_title": {"size": 13, "bold": True, "align": "center"},
    "te_middle": {"align": "center"},
    "te_left": {},
    "te_strong": {"bold": True},
    "te_small": {"size": 10, "italic": True},
    "te_sign": {"bold": True, "align": "center"},
    "te_sign_note": {"italic": True, "align": "center"},
    "te_sign_free": {"align": "center", "free": True},
    "te_header": {"bold": True, "align": "center", "border": True, "fill": QUIET_FILL},
    "te_letter": {"italic": True, "size": 10, "align": "center", "border": True},
    "te_group": {"bold": True, "border": True, "fill": QUIET_FILL},
    "te_roman": {"bold": True, "border": True, "fill": QUIET_FILL, "align": "center"},
    "te_label": {"border": True},
    "te_code": {"border": True, "align": "center"},
    "te_before": {"border": True, "align": "right", "color": "595959"},
    "te_value": {"border": True, "align": "right", "fill": ENTRY_FILL, "free": True},
    "te_choice": {"border": True, "align": "center", "fill": ENTRY_FILL, "free": True},
    "te_note": {"border": True, "fill": ENTRY_FILL, "free": True},
}


def add_styles(book: Any) -> None:
    """Add the styles of a form to a new workbook; cells take them by name."""
    from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Protection, Side

    line = Side(style="thin", color=LINE)
    for name, look in _STYLES.items():
        style = NamedStyle(name)
        style.font = Font(
            name=FONT,
            size=look.get("size", 11),
            bold=look.get("bold", False),
            italic=look.get("italic", False),
            color=look.get("color"),
        )
        style.alignment = Alignment(horizontal=look.get("align"), vertical="center", wrap_text=True)
        if look.get("border"):
            style.border = Border(left=line, right=line, top=line, bottom=line)
        if "fill" in look:
            style.fill = PatternFill("solid", fgColor=look["fill"])
        style.protection = Protection(locked=not look.get("free", False))
        book.add_named_style(style)


def put(sheet: Any, address: str, text: object, style: str, merged: str = "") -> None:
    """Write one cell with a style; `merged` is the range whose first cell it is."""
    cell = sheet[address]
    cell.value = text if text != "" else None
    cell.style = style
    if merged:
        merge(sheet, merged)


def merge(sheet: Any, area: str) -> None:
    """Merge a range whose cells have their looks already; openpyxl would draw all borders anew."""
    sheet.merged_cells.add(area)


def lines_needed(texts: Iterable[tuple[object, float]]) -> int:
    """Return how many lines a row needs for its texts, each with the width that it has."""
    return max(
        (
            sum(max(1, math.ceil(NARROW * len(part) / width)) for part in str(text).split("\n"))
            for text, width in texts
            if text is not None
        ),
        default=1,
    )


def set_height(sheet: Any, row: int, lines: int) -> None:
    """Give a row the height of this many lines; no program measures merged text by itself."""
    sheet.row_dimensions[row].height = LINE_HEIGHT * lines + 3


def set_page(sheet: Any, widths: Iterable[float], repeat: str, notice: str, page: str) -> None:
    """Set columns and an A4 page in landscape with repeated header rows and page numbers."""
    from openpyxl.utils import get_column_letter

    for index, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    if repeat:
        sheet.print_title_rows = repeat
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    margins = sheet.page_margins
    margins.left = margins.right = 0.5
    margins.top, margins.bottom, margins.header, margins.footer = 0.7, 0.7, 0.35, 0.35
    sheet.oddFooter.right.text = page
    if notice:
        sheet.oddHeader.center.text = notice
        sheet.oddFooter.center.text = notice


def protect(sheet: Any) -> None:
    """Lock the sheet without a password; widths and heights stay the reader's own."""
    sheet.protection.sheet = True
    sheet.protection.formatColumns = False
    sheet.protection.formatRows = False
