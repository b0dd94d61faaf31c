"""Version 1 of the form, read and written until the reader takes version 2.

One workbook per reporting unit and year, one row per part of a measure. Districts fill in the
measures that are reported by area, departments those that exist for the province only. The same
layout is written here and read in `treem.intake.workbook`.
"""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treem.plan.model import Measure

if TYPE_CHECKING:
    from treem.plan.register import PlanRegister

SHEET = "Biểu số liệu"
HEADERS = (
    "STT",
    "Mã chỉ tiêu",
    "Chỉ tiêu",
    "Phần số liệu",
    "Đơn vị tính",
    "Giá trị",
    "Ký hiệu",
    "Ghi chú",
)
LETTERS = ("A", "B", "C", "D", "E", "1", "2", "3")
PART_NAMES = {"numerator": "Tử số", "denominator": "Mẫu số", "value": "Giá trị"}
COUNT_UNIT = "số lượng"
FOOT = "Người lập biểu"
UNIT_LABEL = "Mã đơn vị:"
YEAR_LABEL = "Năm"
LEGEND = (
    "Ký hiệu: “-” không phát sinh (bằng 0); “…” hoặc để trống: chưa thu thập; “x” không áp dụng; "
    "“(ước)” số ước tính; “<2” chỉ biết là dưới mức ghi."
)
WIDTHS = (6, 12, 50, 62, 12, 13, 10, 26)
LINE_HEIGHT = 15
NARROW = 0.8  # a letter of Times New Roman against the width that Excel counts columns in

# Short codes of the agencies that report for the province; the plan writes the names both ways.
AGENCIES = {
    "SYT": ("Sở Y tế",),
    "LDTBXH": ("Sở Lao động - Thương binh và Xã hội", "Sở LĐTBXH"),
    "GDDT": ("Sở Giáo dục và Đào tạo", "Sở GDĐT"),
    "TP": ("Sở Tư pháp",),
    "VHTTDL": ("Sở Văn hóa, Thể thao và Du lịch", "Sở VHTTDL"),
    "CA": ("Công an tỉnh",),
}


@dataclass(frozen=True)
class Entry:
    """What stands in the three cells a sender fills in: value, mark, note."""

    value: int | float | str | None = None
    mark: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class FormHead:
    """The head of a form: who reports to whom about which year, and the notice above it."""

    unit_code: str
    unit_name: str
    year: int
    receiver: str
    notice: str = ""


def parts_of(measure: Measure) -> tuple[str, ...]:
    """Return the parts that a unit fills in for a measure.

    A survey reports its value. A count has no denominator. Where one department reports for the
    province it may give the value instead of counts too small to hand on (`<2`).
    """
    if measure.reporting_level == "province":
        if measure.interval == "published":
            return ("value",)
        return ("numerator", "denominator", "value")
    return ("numerator", "denominator") if measure.denominator_vi else ("numerator",)


def measures_of(register: PlanRegister, unit_code: str) -> tuple[Measure, ...]:
    """Return the measures that a unit owes: a department its own, a district all by area."""
    measures = register.measures.values()
    if unit_code in AGENCIES:
        return tuple(
            measure
            for measure in measures
            if measure.reporting_level == "province"
            and agency_code(measure.lead_agency) == unit_code
        )
    return tuple(measure for measure in measures if measure.reporting_level == "area")


def agency_code(lead_agency: str) -> str:
    """Return the short code of the (first) agency that leads a measure.

    Raises KeyError where the register names an agency that has no code here.
    """
    first = lead_agency.split(";")[0].strip()
    for code, names in AGENCIES.items():
        if first in names:
            return code
    raise KeyError(f"no code for agency {first!r}")


def unit_of(measure: Measure, part: str) -> str:
    """Return the unit printed beside a part."""
    return measure.unit if part == "value" else COUNT_UNIT


def describe_part(measure: Measure, part: str) -> str:
    """Return the words of a part as the form prints them: `Tử số: Số trẻ em …`."""
    words = {"numerator": measure.numerator_vi, "denominator": measure.denominator_vi}
    return ": ".join(filter(None, (PART_NAMES[part], words.get(part, measure.name_vi))))


def write_form(
    path: Path,
    register: PlanRegister,
    head: FormHead,
    entries: Mapping[tuple[str, str], Entry],
) -> None:
    """Write one filled-in workbook; `entries` by measure and part, absent ones stay empty.

    The bytes depend on the arguments only.
    """
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = SHEET
    _write_head(sheet, head)
    _write_table(sheet, register, head, entries)
    _set_up_page(sheet)
    _set_properties(book, head)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    _settle(path)


def _write_head(sheet: Any, head: FormHead) -> None:
    from openpyxl.styles import Alignment, Font

    kind = "TE-02/S" if head.unit_code in AGENCIES else "TE-01/H"
    cells = {
        "A1": (head.notice, Font(name="Times New Roman", size=12, bold=True, color="C00000")),
        "A2": (f"Biểu số: {kind}", None),
        "A3": ("Kỳ báo cáo: năm", None),
        "A4": (f"{UNIT_LABEL} {head.unit_code}", None),
        "C2": ("SỐ LIỆU CÁC CHỈ TIÊU VỀ TRẺ EM", Font(name="Times New Roman", size=13, bold=True)),
        "C3": (f"{YEAR_LABEL} {head.year}", None),
        "E2": (f"Đơn vị báo cáo: {head.unit_name}", None),
        "E3": (f"Đơn vị nhận báo cáo: {head.receiver}", None),
        "A5": (LEGEND, Font(name="Times New Roman", size=10, italic=True)),
    }
    for merged in ("A1:H1", "A2:B2", "A3:B3", "A4:B4", "C2:D2", "C3:D3", "E2:H2", "E3:H3", "A5:H5"):
        sheet.merge_cells(merged)
    for address, (text, font) in cells.items():
        sheet[address] = text or None
        sheet[address].font = font or Font(name="Times New Roman", size=11)
        center = address in ("A1", "C2", "C3")
        sheet[address].alignment = Alignment(
            horizontal="center" if center else "left", vertical="center", wrap_text=True
        )


def _write_table(
    sheet: Any,
    register: PlanRegister,
    head: FormHead,
    entries: Mapping[tuple[str, str], Entry],
) -> None:
    from openpyxl.styles import Alignment, Font

    row = 6
    _write_row(sheet, row, HEADERS, bold=True, center=True)
    row += 1
    _write_row(sheet, row, LETTERS, center=True)
    objective = 0
    for measure in measures_of(register, head.unit_code):
        if measure.objective != objective:
            objective = measure.objective
            title = register.objectives[objective].title
            row += 1
            _write_row(sheet, row, (_roman(objective), None, title), bold=True)
        for part in parts_of(measure):
            entry = entries.get((measure.id, part), Entry())
            row += 1
            _write_row(
                sheet,
                row,
                (
                    measure.indicator,
                    measure.id,
                    measure.name_vi,
                    describe_part(measure, part),
                    unit_of(measure, part),
                    entry.value,
                    entry.mark,
                    entry.note,
                ),
            )
    for first, last, words in (("A", "C", FOOT), ("E", "H", "Thủ trưởng đơn vị")):
        sheet.merge_cells(f"{first}{row + 2}:{last}{row + 2}")
        sheet[f"{first}{row + 2}"] = words
        sheet[f"{first}{row + 2}"].font = Font(name="Times New Roman", size=11, bold=True)
        sheet[f"{first}{row + 2}"].alignment = Alignment(horizontal="center")


def _write_row(
    sheet: Any, row: int, values: tuple[Any, ...], *, bold: bool = False, center: bool = False
) -> None:
    from openpyxl.styles import Alignment, Border, Font, Side

    thin = Side(style="thin", color="808080")
    for index in range(len(HEADERS)):
        cell = sheet.cell(row=row, column=index + 1)
        cell.value = values[index] if index < len(values) else None
        cell.font = Font(name="Times New Roman", size=11, bold=bold)
        cell.border = Border(left=thin, right=thin, top=thin, bottom=thin)
        horizontal = "center" if center or index in (0, 1, 4, 6) else None
        cell.alignment = Alignment(
            horizontal="right" if index == 5 and not center else horizontal,
            vertical="center",
            wrap_text=True,
        )
    texts = zip(values, WIDTHS, strict=False)
    lines = max(
        math.ceil(NARROW * len(str(text)) / width) for text, width in texts if text is not None
    )
    sheet.row_dimensions[row].height = LINE_HEIGHT * lines


def _set_up_page(sheet: Any) -> None:
    for index, width in enumerate(WIDTHS):
        sheet.column_dimensions["ABCDEFGH"[index]].width = width
    sheet.row_dimensions[5].height = 30
    sheet.freeze_panes = "A8"
    sheet.print_title_rows = "6:7"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _set_properties(book: Any, head: FormHead) -> None:
    book.properties.title = f"Số liệu các chỉ tiêu về trẻ em năm {head.year} - {head.unit_name}"
    book.properties.creator = "treem"
    book.properties.lastModifiedBy = "treem"
    book.properties.description = head.notice or None
    book.properties.subject = head.notice or None
    if head.notice:
        book.active.oddFooter.center.text = head.notice
        book.active.oddHeader.center.text = head.notice


def _settle(path: Path) -> None:
    """Take the clock out of a workbook, so that the same figures give the same bytes."""
    with zipfile.ZipFile(path) as archive:
        entries = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in entries:
            if name == "docProps/core.xml":
                data = re.sub(rb">\d{4}-\d\d-\d\dT[\d:]+Z<", b">2000-01-01T00:00:00Z<", data)
            member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)


def _roman(number: int) -> str:
    return ("", "I", "II", "III", "IV")[number]
