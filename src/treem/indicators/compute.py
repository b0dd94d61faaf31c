"""From observations to results: one row per measure, area and year of the edition.

The rules of the 33 measures are the dict below. A ratio is worked out from summed numerators and
denominators, never by averaging rates; a survey's value is taken as given. Every value is exact
and judged by `treem.indicators.progress` under the edition's reading, and beside it under the
two readings of the plan. A row is there also where there is nothing, with the reason.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from treem.edition import Edition
from treem.indicators.judged import RESULT_COLUMNS, Judged, Key
from treem.indicators.measured import (
    REASONS,
    Measured,
    Parts,
    Row,
    Rule,
    measure_area,
    sum_areas,
)
from treem.intake.observations import records
from treem.plan.model import Measure
from treem.project import Project

if TYPE_CHECKING:
    import pandas as pd

    from treem.areas import Area, Areas
    from treem.plan.register import PlanRegister


def quotient(measure: Measure, parts: Parts) -> Fraction | None:
    """Return numerator × multiplier / denominator; where only the value was given, that."""
    numerator, denominator = parts.get("numerator"), parts.get("denominator")
    if numerator is None or not denominator:
        return parts.get("value")
    return numerator * measure.multiplier / denominator


def count(measure: Measure, parts: Parts) -> Fraction | None:
    """Return the number of cases; where only the value was given, that."""
    return parts.get("numerator", parts.get("value"))


def as_given(measure: Measure, parts: Parts) -> Fraction | None:
    """Return the value that a survey published."""
    return parts.get("value")


RULES: dict[str, Rule] = {
    "CT01": quotient,
    "CT02": quotient,
    "CT03.1": quotient,
    "CT03.2": quotient,
    "CT03.3": quotient,
    "CT04.1": as_given,
    "CT04.2": as_given,
    "CT04.3a": as_given,
    "CT04.3b": as_given,
    "CT05.1": quotient,
    "CT05.2": quotient,
    "CT06": quotient,
    "CT07": quotient,
    "CT08.1": quotient,
    "CT08.2": quotient,
    "CT09": quotient,
    "CT10": as_given,
    "CT11.1": quotient,
    "CT11.2": quotient,
    "CT12": quotient,
    "CT13": count,
    "CT14": quotient,
    "CT15": quotient,
    "CT16": quotient,
    "CT17": quotient,
    "CT18": quotient,
    "CT19": quotient,
    "CT20.1": quotient,
    "CT20.2": quotient,
    "CT21": quotient,
    "CT22": quotient,
    "CT23": quotient,
    "CT24": quotient,
}


def compute(
    project: Project,
    edition: Edition,
    register: PlanRegister,
    areas: Areas,
    observations: pd.DataFrame,
) -> pd.DataFrame:
    """Return the results of an edition: one row per measure, area and year, in that order.

    In: observations with `used` set by the gate. All columns are text but `year` (int); a number
    is decimal text: exact where its decimals end, else rounded to 12.
    """
    import pandas as pd

    places = {year: _places(edition, areas, year) for year in edition.years}
    measured = _measure_all(edition, register, places, records(observations))
    judged = Judged(edition, register, measured)
    rows = [
        judged.row(area, year, measure)
        for year in edition.years
        for area in places[year]
        if area.code == edition.province or edition.areas == "districts"
        for measure in register.measures.values()
    ]
    table = pd.DataFrame(rows, columns=list(RESULT_COLUMNS))
    text = [column for column in RESULT_COLUMNS if column != "year"]
    return table.astype(dict.fromkeys(text, "str") | {"year": "int64"})


def _places(edition: Edition, areas: Areas, year: int) -> list[Area]:
    """Return the province of 31 December and, where submissions are read, its districts."""
    day = dt.date(year, 12, 31)
    province = areas.get(edition.province, day)
    if not edition.submissions:
        return [province]
    return [province, *areas.on(day, "district", province=edition.province)]


def _measure_all(
    edition: Edition,
    register: PlanRegister,
    places: Mapping[int, Sequence[Area]],
    rows: Sequence[Row],
) -> dict[Key, Measured]:
    """Measure every area first, then sum the province where it is the sum of its districts."""
    received: dict[Key, list[Row]] = {}
    for row in rows:
        if row["superseded_by"]:
            continue
        received.setdefault((row["area_code"], int(row["year"]), row["measure"]), []).append(row)
    senders = {
        (area, year, _sender(register.measures[measure])) for area, year, measure in received
    }
    measured: dict[Key, Measured] = {}
    for year, (province, *districts) in places.items():
        for measure in register.measures.values():
            rule = RULES[measure.id]
            by_area = measure.reporting_level == "area"
            for area in (province, *districts):
                key = (area.code, year, measure.id)
                if area is not province and not by_area:
                    measured[key] = Measured("not_applicable", reason=REASONS["province_only"])
                    continue
                measured[key] = measure_area(
                    measure,
                    rule,
                    received.get(key, []),
                    year=year,
                    sent=(area.code, year, _sender(measure)) in senders,
                    published=not edition.submissions,
                )
            if by_area and districts:
                measured[province.code, year, measure.id] = sum_areas(
                    measure,
                    rule,
                    {
                        area.code: (area.full_name, measured[area.code, year, measure.id])
                        for area in districts
                    },
                )
    return measured


def _sender(measure: Measure) -> str:
    """Return who sends a measure's figures: the area itself, or the department that leads it."""
    return "" if measure.reporting_level == "area" else measure.lead_agency
