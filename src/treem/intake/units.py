"""Who owes figures for a year: the areas of that year and the departments of the province."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from treem.areas import MERGED, PLAN_PROVINCE
from treem.edition import Edition
from treem.errors import PlanError
from treem.intake.forms import AGENCIES, holder_code

if TYPE_CHECKING:
    from treem.areas import Area, Areas
    from treem.plan.register import PlanRegister

_COORDINATOR = "IV.1"


@dataclass(frozen=True)
class Unit:
    """A unit that owes figures, for the area the figures describe.

    `kind` is district, commune or department.
    """

    code: str
    name: str
    area_code: str
    area_name: str
    kind: Literal["district", "commune", "department"]


def units_owing(
    edition: Edition, register: PlanRegister, areas: Areas, year: int
) -> tuple[Unit, ...]:
    """Return the units that owe figures for a year: its areas by code, then its departments.

    Areas are the districts of 31 December while there are any, then the communes of the
    edition's province. An edition of the new province reaches back to years before the merger
    through the units of the old one, which alone were asked then.
    """
    day = dt.date(year, 12, 31)
    province = areas.get(edition.province if day >= MERGED else PLAN_PROVINCE[1], day)
    return (*_area_units(areas, province.code, day), *_departments(register, province, year))


def receiver_of(register: PlanRegister, year: int) -> str:
    """Return the agency that the forms of a year go to: who coordinates on 31 December.

    Raises PlanError where the register names none.
    """
    day = dt.date(year, 12, 31)
    for _, agency in register.agency_rows:
        if agency.section == _COORDINATOR and agency.valid_from <= day:
            if agency.valid_to is None or day <= agency.valid_to:
                return agency.name
    raise PlanError(
        f"data/plan/agencies.csv: không có cơ quan nào tổng hợp báo cáo (mục {_COORDINATOR}) vào "
        f"ngày {day:%d/%m/%Y}. Hãy bổ sung dòng có thời hạn bao gồm ngày này."
    )


def _area_units(areas: Areas, province: str, day: dt.date) -> tuple[Unit, ...]:
    districts = areas.on(day, "district", province=province)
    found: list[Area] = districts or areas.on(day, "commune", province=province)
    kind: Literal["district", "commune"] = "district" if districts else "commune"
    return tuple(
        Unit(area.code, _committee(area.full_name), area.code, area.full_name, kind)
        for area in found
    )


def _departments(register: PlanRegister, province: Area, year: int) -> tuple[Unit, ...]:
    """Return the departments that hold a duty for a measure of the province."""
    day = dt.date(year, 12, 31)
    names: dict[str, str] = {}
    for measure in register.measures.values():
        if measure.reporting_level == "province":
            code = holder_code(register, measure, year)
            names.setdefault(code, register.agency(measure.id, day).name)
    assert set(names) <= set(AGENCIES)
    return tuple(
        Unit(code, names[code], province.code, province.full_name, "department")
        for code in sorted(names)
    )


def _committee(area_name: str) -> str:
    """Return the people's committee of an area; the kind of area is small inside a name."""
    return f"Ủy ban nhân dân {area_name[:1].lower()}{area_name[1:]}"
