"""What a form asks for: its words, and which rows a unit owes for a year.

One workbook per reporting unit and year, one row per part and stratum of a measure. Districts
(communes from 1 July 2025) fill in the measures that are reported by area, a department those
that exist for the province only and whose duty it holds on 31 December of the year.
`treem.intake.forms_write` prints the form, `treem.intake.workbook` reads it back.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from treem.edition import Edition
from treem.plan.model import Measure
from treem.strata import TOTAL, strata_of

if TYPE_CHECKING:
    from treem.plan.register import PlanRegister

FORM_VERSION = 2
FORM_MARK = "treem-form"
"""Stands in A1 of the sheet of ids and tells our form from any other workbook."""

SHEET = "Biểu số liệu"
GUIDE_SHEET = "Hướng dẫn"
IDS_SHEET = "_treem"
FIRST_ID_ROW = 7
"""The row of the sheet of ids where the machine ids begin, below their header."""

HEADERS = (
    "STT",
    "Mã chỉ tiêu",
    "Chỉ tiêu",
    "Phần số liệu",
    "Phân tổ",
    "Đơn vị tính",
    "Năm trước",
    "Giá trị",
    "Ký hiệu",
    "Tình trạng",
    "Ghi chú",
)
LETTERS = ("A", "B", "C", "D", "E", "F", "1", "2", "3", "4", "5")
PART_NAMES = {"numerator": "Tử số", "denominator": "Mẫu số", "value": "Giá trị"}
COUNT_UNIT = "số lượng"
FOOT = "Người lập biểu"
SIGNER = "Thủ trưởng đơn vị"
UNIT_LABEL = "Mã đơn vị:"
YEAR_LABEL = "Năm"
MARKS = ("-", "…", "x", "(ước)")
STATES = {"reported": "Chính thức", "provisional": "Ước tính", "revised": "Sửa lại"}
FORM_CODES = {"district": "TE-01/H", "commune": "TE-01/X", "department": "TE-02/S"}

# Short codes of the agencies that report for the province; the register writes the names in
# several ways, and with the name of the province from 1 July 2025 on.
AGENCIES = {
    "SYT": ("Sở Y tế",),
    "LDTBXH": ("Sở Lao động - Thương binh và Xã hội", "Sở LĐTBXH"),
    "GDDT": ("Sở Giáo dục và Đào tạo", "Sở GDĐT"),
    "TP": ("Sở Tư pháp",),
    "VHTTDL": ("Sở Văn hóa, Thể thao và Du lịch", "Sở VHTTDL"),
    "CA": ("Công an tỉnh",),
}


@dataclass(frozen=True)
class FormRow:
    """One row to fill in. `id` is the machine id (`CT11.1.numerator.sex=female`).

    `measure` is the id of the measure, `part` numerator, denominator or value, `stratum` a code
    of `treem.strata`. `label` and `unit` are what the form prints beside the entry.
    """

    id: str
    measure: str
    part: str
    stratum: str
    label: str
    unit: str


def form_rows(
    edition: Edition, register: PlanRegister, unit_code: str, year: int
) -> tuple[FormRow, ...]:
    """Return the rows that a unit fills in for a year, in the order of the form.

    Strata are asked for in the edition's own year only: forms of the years before went out
    before the edition asked.
    """
    return tuple(
        _form_row(measure, part, stratum)
        for measure in measures_of(register, unit_code, year)
        for part in parts_of(measure)
        for stratum in (strata_of(edition, measure.id) if year == edition.year else (TOTAL,))
    )


def measures_of(register: PlanRegister, unit_code: str, year: int) -> tuple[Measure, ...]:
    """Return the measures that a unit owes for a year.

    A department owes those of the province whose duty it holds on 31 December; every other unit
    is an area and owes all that are reported by area. Raises PlanError where nobody holds a duty.
    """
    measures = register.measures.values()
    if unit_code in AGENCIES:
        return tuple(
            measure
            for measure in measures
            if measure.reporting_level == "province"
            and holder_code(register, measure, year) == unit_code
        )
    return tuple(measure for measure in measures if measure.reporting_level == "area")


def holder_code(register: PlanRegister, measure: Measure, year: int) -> str:
    """Return the code of the agency that holds the duty for a measure on 31 December."""
    return agency_code(register.agency(measure.id, dt.date(year, 12, 31)).name)


def agency_code(agency: str) -> str:
    """Return the short code of the (first) agency of a list as the register writes it.

    Raises KeyError where the register names an agency that has no code here.
    """
    first = agency.split(";")[0].strip()
    for code, names in AGENCIES.items():
        if f"{first} ".startswith(tuple(f"{name} " for name in names)):
            return code
    raise KeyError(f"no code for agency {first!r}")


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


def row_id(measure_id: str, part: str, stratum: str = TOTAL) -> str:
    """Return the machine id of a row: `CT03.1.numerator`, `CT11.1.numerator.sex=female`."""
    return ".".join(filter(None, (measure_id, part, stratum)))


def unit_of(measure: Measure, part: str) -> str:
    """Return the unit printed beside a part."""
    return measure.unit if part == "value" else COUNT_UNIT


def describe_part(measure: Measure, part: str) -> str:
    """Return the words of a part as the form prints them: `Tử số: Số trẻ em …`."""
    words = {"numerator": measure.numerator_vi, "denominator": measure.denominator_vi}
    return ": ".join(filter(None, (PART_NAMES[part], words.get(part, measure.name_vi))))


def _form_row(measure: Measure, part: str, stratum: str) -> FormRow:
    return FormRow(
        id=row_id(measure.id, part, stratum),
        measure=measure.id,
        part=part,
        stratum=stratum,
        label=describe_part(measure, part),
        unit=unit_of(measure, part),
    )
