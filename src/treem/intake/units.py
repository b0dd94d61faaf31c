"""Who owes figures for a year: the districts of that year and the departments of the province."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from treem.edition import Edition
from treem.intake.forms import AGENCIES, agency_code

if TYPE_CHECKING:
    from treem.areas import Areas
    from treem.plan.register import PlanRegister


@dataclass(frozen=True)
class Unit:
    """A unit that owes figures: a district or a department, for the area the figures describe."""

    code: str
    name: str
    area_code: str
    area_name: str


def units_owing(
    edition: Edition, register: PlanRegister, areas: Areas, year: int
) -> tuple[Unit, ...]:
    """Return the units that owe figures for a year: districts of 31 December, then departments."""
    day = dt.date(year, 12, 31)
    districts = tuple(
        Unit(area.code, _committee(area.full_name), area.code, area.full_name)
        for area in areas.on(day, "district", province=edition.province)
    )
    province = areas.get(edition.province, day)
    codes = sorted(
        {
            agency_code(measure.lead_agency)
            for measure in register.measures.values()
            if measure.reporting_level == "province"
        }
    )
    return districts + tuple(
        Unit(code, AGENCIES[code][0], province.code, province.full_name) for code in codes
    )


def _committee(area_name: str) -> str:
    """Return the people's committee of an area; the kind of area is small inside a name."""
    return f"Ủy ban nhân dân {area_name[:1].lower()}{area_name[1:]}"
