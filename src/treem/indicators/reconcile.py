"""Two answers for the province: the sum of its areas, and what a department reports itself.

The sum of the areas is used where it is complete, because it can be followed down to every area;
else the department's figure, with a note that says so. Where both are there and differ, that is a
finding: nobody but the two senders can tell which of them is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from treem.display.numbers import format_decimal, format_exact
from treem.indicators.measured import Measured
from treem.intake.findings import Finding, find

RULE = "province_differs_from_areas"
_NOTE = "Dùng số do sở báo cáo cho toàn tỉnh, vì chưa đủ số của các địa bàn để cộng."
_PARTS = {"numerator": "tử số", "denominator": "mẫu số", "value": "giá trị"}
_MOST_DECIMALS = 3


def choose(summed: Measured, department: Measured) -> Measured:
    """Return what holds for a province: the complete sum, else the department's own figure.

    What the department reported stays beside it in `department`.
    """
    if department.value is None and department.numerator is None:
        return summed
    if summed.value is not None or summed.numerator is not None:
        return replace(summed, department=department)
    note = " ".join(filter(None, (department.source_note, _NOTE)))
    return replace(
        department,
        source_note=note,
        department=department,
        areas_expected=summed.areas_expected,
        areas_reported=summed.areas_reported,
        missing_areas=summed.missing_areas,
    )


def differences(rows: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Return a finding for each result whose department reported another figure than the areas.

    In: rows of results.csv. One finding per measure, province, year and stratum.
    """
    return [finding for row in rows if (finding := _difference(row)) is not None]


def _difference(row: Mapping[str, Any]) -> Finding | None:
    parts = [
        part
        for part in _PARTS
        if row[f"department_{part}"]
        and row[part]
        and Fraction(row[f"department_{part}"]) != Fraction(row[part])
    ]
    if not parts:
        return None
    said, summed = _numbers(row, parts, "department_"), _numbers(row, parts, "")
    return find(
        RULE,
        words=f"{said}; tổng các địa bàn: {summed}",
        area_code=row["area_code"],
        area_name=row["area_name"],
        year=str(row["year"]),
        measure=row["measure"],
        part=parts[0],
        raw=row[f"department_{parts[0]}"],
    )


def _numbers(row: Mapping[str, Any], parts: Iterable[str], prefix: str) -> str:
    return ", ".join(f"{_PARTS[part]} {_shown(Fraction(row[prefix + part]))}" for part in parts)


def _shown(value: Fraction) -> str:
    if (value * 10**_MOST_DECIMALS).denominator == 1:
        return format_exact(value)
    return format_decimal(value, _MOST_DECIMALS)
