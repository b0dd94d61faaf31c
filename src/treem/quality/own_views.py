"""The tables that the suites of our own tables look at: the results and the register.

Every view has a column `row`, its key, by which a failed row is found again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from treem.edition import Edition
from treem.intake.observations import records
from treem.quality.views import Views, as_float, most_of, place_of

if TYPE_CHECKING:
    import pandas as pd

    from treem.plan.register import PlanRegister


def result_views(edition: Edition, register: PlanRegister, results: pd.DataFrame) -> Views:
    """Return the views of the results suite."""
    import pandas as pd

    rows = [
        {
            **row,
            "row": "-".join(filter(None, _key(row))),
            "number": _float(row["value"]),
            "low": _float(row["lower"]),
            "high": _float(row["upper"]),
            "stratum_verdicts": _stratum_verdicts(row),
            "least": float(register.measures[row["measure"]].lower_bound),
            "most": most_of(register, row["measure"]),
        }
        for row in records(results)
    ]
    totals = [row for row in rows if not row["stratum"]]
    tables: dict[str, list[dict[str, Any]]] = {
        "results": rows,
        "totals": totals,
        "empty": [row for row in totals if row["status"] in ("missing", "not_applicable")],
        "partitions": _result_partitions(edition, register, totals),
        "sums": _sum_rows(register, rows),
    }
    return {name: pd.DataFrame(table) for name, table in tables.items()}


def register_views(edition: Edition, register: PlanRegister) -> Views:
    """Return the views of the register suite."""
    import pandas as pd

    measures = [
        {
            "row": measure.id,
            "id": measure.id,
            "name_vi": measure.name_vi,
            "unit": measure.unit,
            "multiplier": measure.multiplier,
            "direction": measure.direction,
            "decimals": measure.decimals,
            "period": measure.period,
            "reporting_level": measure.reporting_level,
            "interval": measure.interval,
            "disclosure_class": measure.disclosure_class,
            "lead_agency": measure.lead_agency,
            "least": float(measure.lower_bound),
            "most": most_of(register, measure.id),
            "baseline": as_float(register.baselines[measure.id].value),
        }
        for measure in register.measures.values()
    ]
    targets = [
        {
            "row": f"{measure.id}-{year}",
            "id": measure.id,
            "year": year,
            "comparator": target.limit.comparator,
            "value": float(target.limit.value),
            "least": float(measure.lower_bound),
            "most": most_of(register, measure.id),
        }
        for measure in register.measures.values()
        for year, target in register.limits(measure.id, edition.reading).items()
    ]
    return {"measures": pd.DataFrame(measures), "targets": pd.DataFrame(targets)}


def _key(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return what makes a row unlike all others, as it is named in findings."""
    return row["measure"], row["area_code"], str(row["year"]), row["stratum"]


def _stratum_verdicts(row: Mapping[str, Any]) -> str:
    """Return the verdicts of a breakdown, which has none: the plan sets targets for totals."""
    verdicts = (row["verdict_2025"], row["verdict_2030"]) if row["stratum"] else ()
    return " ".join(filter(None, verdicts))


def _result_partitions(
    edition: Edition, register: PlanRegister, rows: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """One row per measure, area, geography and year that the edition must answer for."""
    present = {(row["area_code"], row["geography"], row["year"], row["measure"]) for row in rows}
    names = {(row["area_code"], row["geography"], row["year"]): row["area_name"] for row in rows}
    answered = {row["year"] for row in rows if row["level"] == "province"}
    owed = {
        (edition.province, edition.geography, year)
        for year in edition.years
        if year not in answered
    }
    return [
        {
            "row": f"{measure}-{area}-{year}",
            "area_code": area,
            "area_name": names.get((area, geography, year), ""),
            "year": year,
            "measure": measure,
            "state": "present" if (area, geography, year, measure) in present else "absent",
        }
        for area, geography, year in sorted(owed | set(names))
        for measure in register.measures
    ]


def _sum_rows(register: PlanRegister, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row per summed figure of a province, beside the sum of the rows of its areas.

    Its areas are the districts of its geography, or the communes where that has no districts.
    """
    below: dict[tuple[Any, ...], dict[str, list[Mapping[str, Any]]]] = {}
    provinces = []
    for row in rows:
        if row["level"] == "province":
            provinces.append(row)
        else:
            below.setdefault(_sum_key(row), {}).setdefault(row["level"], []).append(row)
    sums = []
    for province in provinces:
        levels = below.get(_sum_key(province), {})
        areas = levels.get("district") or levels.get("commune")
        by_area = register.measures[province["measure"]].reporting_level == "area"
        if not by_area or not areas or province["missing_areas"]:
            continue  # with areas missing, the figure is what the department reported
        for part in ("numerator", "denominator"):
            if province[part]:
                sums.append(
                    {
                        **place_of(province),
                        "row": f"{province['row']}-{part}",
                        "part": part,
                        "province_sum": float(province[part]),
                        "district_sum": sum(float(row[part] or 0) for row in areas),
                    }
                )
    return sums


def _sum_key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["geography"], row["year"], row["measure"], row["stratum"]


def _float(text: str) -> float | None:
    return float(text) if text else None
