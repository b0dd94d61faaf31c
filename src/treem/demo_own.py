"""A workbook that never was our form: an office's own summary, read through a column map.

One row a measure without codes, what was reached beside the total, a rate worked out by hand; its
sheet, columns and rows are named in `params/intake/column_maps.yml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from treem.intake.forms import row_id
from treem.intake.forms_style import FONT

if TYPE_CHECKING:
    from treem.intake.forms_write import Entry, Form
    from treem.plan.register import PlanRegister

SHEET = "Tổng hợp"
HEADERS = ("TT", "Nội dung", "Đơn vị", "Thực hiện", "Tổng số", "Tỷ lệ")
_TITLE = "TỔNG HỢP SỐ LIỆU VỀ TRẺ EM {area} NĂM {year}"
_WIDTHS = (5, 70, 12, 12, 12, 10)


def build_own(register: PlanRegister, form: Form, entries: Mapping[str, Entry]) -> Any:
    """Return an office's own workbook with the totals that its form would have held."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    sheet = book.active
    sheet.title = SHEET
    sheet["A1"] = form.notice
    sheet["A2"] = form.unit.name.upper()
    sheet["B4"] = _TITLE.format(area=form.unit.area_name.upper(), year=form.year)
    for column, (header, width) in enumerate(zip(HEADERS, _WIDTHS, strict=True), start=1):
        sheet.cell(6, column, header)
        sheet.column_dimensions["ABCDEF"[column - 1]].width = width
    for number, measure_id in enumerate(dict.fromkeys(row.measure for row in form.rows), start=1):
        measure = register.measures[measure_id]
        reached, total = (
            _value(entries, measure_id, part) for part in ("numerator", "denominator")
        )
        cells = (number, measure.name_vi, measure.unit, reached, total)
        for column, value in enumerate(cells, start=1):
            sheet.cell(6 + number, column, value)
        if isinstance(reached, int) and isinstance(total, int):
            sheet.cell(6 + number, 6, round(reached * measure.multiplier / total, 2))
    for row in sheet.iter_rows():
        for cell in row:
            cell.font = Font(name=FONT, size=12, bold=cell.row in (1, 4, 6))
    book.properties.creator = book.properties.lastModifiedBy = "treem"
    book.properties.description = book.properties.subject = form.notice or None
    if form.notice:
        sheet.oddHeader.center.text = sheet.oddFooter.center.text = form.notice
    return book


def _value(entries: Mapping[str, Entry], measure_id: str, part: str) -> Any:
    entry = entries.get(row_id(measure_id, part))
    return None if entry is None else entry.value
