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
            "row": f"{row['measure']}-{row['area_code']}-{row['year']}",
            "number": _float(row["value"]),
            "low": _float(row["lower"]),
            "high": _float(row["upper"]),
            "least": float(register.measures[row["measure"]].lower_bound),
            "most": most_of(register, row["measure"]),
        }
        for row in records(results)
    ]
    empty = [row for row in rows if row["status"] in ("missing", "not_applicable")]
    tables: dict[str, list[dict[str, Any]]] = {
        "results": rows,
        "empty": empty,
        "partitions": _result_partitions(edition, register, rows),
        "sums": _sum_rows(edition, register, rows),
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


def _result_partitions(
    edition: Edition, register: PlanRegister, rows: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """One row per measure, area and year that the edition must answer for."""
    present = {(row["area_code"], row["year"], row["measure"]): row for row in rows}
    areas = {(area, year): row for (area, year, _), row in present.items()}
    wanted = {(edition.province, year) for year in edition.years} | set(areas)
    return [
        {
            "row": f"{measure}-{area}-{year}",
            "area_code": area,
            "area_name": areas.get((area, year), {}).get("area_name", ""),
            "year": year,
            "measure": measure,
            "state": "present" if (area, year, measure) in present else "absent",
        }
        for area, year in sorted(wanted)
        for measure in register.measures
    ]


def _sum_rows(
    edition: Edition, register: PlanRegister, rows: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """One row per summed figure of the province, beside the sum of the districts' rows."""
    table = list(rows)
    sums = []
    for province in table:
        measure = register.measures[province["measure"]]
        districts = [
            row
            for row in table
            if (row["year"], row["measure"]) == (province["year"], measure.id)
            and row["level"] != "province"
        ]
        if province["level"] != "province" or measure.reporting_level != "area" or not districts:
            continue
        for part in ("numerator", "denominator"):
            if province[part]:
                sums.append(
                    {
                        **place_of(province),
                        "row": f"{province['row']}-{part}",
                        "part": part,
                        "province_sum": float(province[part]),
                        "district_sum": sum(float(row[part] or 0) for row in districts),
                    }
                )
    return sums


def _float(text: str) -> float | None:
    return float(text) if text else None
