"""The tables that the observations suite looks at, made so that built-in expectations fit.

Every view has a column `row`, its key, by which a failed row is found again. Views of
observations hold only values that are in use; the wide view has a column for each part of each
measure (`CT03.1 numerator`), so that two of them can be compared.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from treem.edition import Edition
from treem.errors import AreaError
from treem.intake.forms_v1 import measures_of, parts_of
from treem.intake.observations import records
from treem.intake.units import units_owing

if TYPE_CHECKING:
    import pandas as pd

    from treem.areas import Areas
    from treem.plan.register import PlanRegister

Views = dict[str, "pd.DataFrame"]
Place = tuple[str, int]
Cell = tuple[str, int, str, str]
# Fewer filled-in values than this say nothing about a form copied from last year's.
_ENOUGH_TO_COMPARE = 20


def observation_views(
    edition: Edition, register: PlanRegister, areas: Areas, observations: pd.DataFrame
) -> Views:
    """Return the views of the observations suite."""
    import pandas as pd

    received = records(observations[observations["superseded_by"] == ""])
    used = [row for row in received if row["used"] == "true"]
    exact = _exact_values(used)
    rows = [_observation_row(row, areas) for row in used]
    tables: dict[str, list[dict[str, Any]]] = {
        "observations": rows,
        "counts": [row for row in rows if row["part"] != "value"],
        "values": _value_rows(register, used),
        "shares": [row for row in _ratio_rows(register, exact, used) if not row["cohort"]],
        "cohorts": [row for row in _ratio_rows(register, exact, used) if row["cohort"]],
        "wide": _wide_rows(register, exact, used),
        "partitions": _partition_rows(edition, register, areas, received),
        "submissions": _submission_rows(used),
    }
    return {name: pd.DataFrame(table) for name, table in tables.items()}


def _observation_row(row: Mapping[str, Any], areas: Areas) -> dict[str, Any]:
    try:
        areas.get(row["area_code"], dt.date(row["year"], 12, 31))
        valid = "true"
    except AreaError:
        valid = "false"
    origin = row["cell"] or row["published_row"]
    return {**row, "row": row["observation_id"], "area_valid": valid, "origin": origin}


def _exact_values(used: Iterable[Mapping[str, Any]]) -> dict[Cell, Fraction]:
    """Return values by cell; a limit is none. Of a part given twice the first stands."""
    values: dict[Cell, Fraction] = {}
    for row in used:
        if row["value"] and not row["bound"]:
            values.setdefault(cell_of(row), Fraction(row["value"]))
    return values


def cell_of(row: Mapping[str, Any]) -> Cell:
    """Return the key of an observation: area, year, measure, part."""
    return row["area_code"], int(row["year"]), row["measure"], row["part"]


def _value_rows(register: PlanRegister, used: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            **row,
            "row": row["observation_id"],
            "number": float(Fraction(row["value"])),
            "least": float(register.measures[row["measure"]].lower_bound),
            "most": most_of(register, row["measure"]),
        }
        for row in used
        if row["part"] == "value" and row["value"]
    ]


def _ratio_rows(
    register: PlanRegister, exact: Mapping[Cell, Fraction], used: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """One row per measure, area and year that has both parts of a ratio."""
    rows = []
    for row in used:
        area, year, measure_id, part = cell_of(row)
        numerator, denominator = (
            exact.get((area, year, measure_id, p)) for p in ("numerator", "denominator")
        )
        if part != "numerator" or numerator is None or denominator is None:
            continue
        measure = register.measures[measure_id]
        cohort = measure.upper_bound is not None and measure.upper_bound > measure.multiplier
        rows.append(
            {
                **place_of(row),
                "row": row["observation_id"],
                "numerator": float(numerator),
                "denominator": float(denominator),
                "ratio": float(numerator * measure.multiplier / denominator)
                if denominator
                else None,
                "most": most_of(register, measure_id),
                "cohort": cohort,
            }
        )
    return rows


def _wide_rows(
    register: PlanRegister, exact: Mapping[Cell, Fraction], used: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """One row per area and year, a column per measure and part; empty where nothing is in use."""
    places = {(row["area_code"], row["year"]): place_of(row) for row in used}
    columns = [
        (measure, part) for measure in register.measures for part in ("numerator", "denominator")
    ]
    return [
        {
            **place,
            "row": f"{area}-{year}",
            **{
                f"{measure} {part}": as_float(exact.get((area, year, measure, part)))
                for measure, part in columns
            },
        }
        for (area, year), place in sorted(places.items())
    ]


def _partition_rows(
    edition: Edition,
    register: PlanRegister,
    areas: Areas,
    received: Iterable[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """One row per value that is expected: of every unit that sent a form, or of the province.

    `state`: received, left_out (a finding already says so), not_collected, no_row (the form has
    no such row), no_published (a real edition without a published figure).
    """
    rows = list(received)
    found = {cell_of(row): row for row in rows}
    if not edition.submissions:
        return _published_partitions(edition, register, areas, found)
    senders = {(row["area_code"], row["year"], row["measure"]) for row in rows}
    expected = []
    for year in edition.years:
        for unit in units_owing(edition, register, areas, year):
            owed = measures_of(register, unit.code)
            if not any((unit.area_code, year, measure.id) in senders for measure in owed):
                continue
            for measure in owed:
                cells = {
                    part: found.get((unit.area_code, year, measure.id, part))
                    for part in parts_of(measure)
                }
                expected += [
                    {
                        "row": f"{measure.id}-{unit.area_code}-{year}-{part}",
                        "area_code": unit.area_code,
                        "area_name": unit.area_name,
                        "year": year,
                        "measure": measure.id,
                        "part": part,
                        "state": _state(part, cells),
                        "sender": unit.name,
                    }
                    for part in cells
                ]
    return expected


def _published_partitions(
    edition: Edition, register: PlanRegister, areas: Areas, found: Mapping[Cell, Any]
) -> list[dict[str, Any]]:
    have = {(year, measure) for _, year, measure, _ in found}
    province = areas.get(edition.province, edition.as_of)
    return [
        {
            "row": f"{measure}-{province.code}-{year}",
            "area_code": province.code,
            "area_name": province.full_name,
            "year": year,
            "measure": measure,
            "part": "",
            "state": "received" if (year, measure) in have else "no_published",
            "sender": province.full_name,
        }
        for year in edition.years
        for measure in register.measures
    ]


def _state(part: str, cells: Mapping[str, Mapping[str, Any] | None]) -> str:
    """Say what became of a part; where a value is given, the parts of its ratio are not owed."""
    row = cells[part]
    given = {name for name, cell in cells.items() if cell is not None and cell["value"]}
    instead = {"value"} if part != "value" else {"numerator", "denominator"}
    if len(cells) > 2 and instead <= given:
        return "received"
    if row is None:
        return "no_row"
    if row["used"] != "true":
        return "left_out"
    return "not_collected" if row["status"] == "missing" else "received"


def _submission_rows(used: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row per workbook: the percentage of its counts that equal those of the year before.

    Zeros and small counts repeat by chance and are not compared.
    """
    by_file: dict[str, list[Mapping[str, Any]]] = {}
    for row in used:
        if row["source_kind"] == "workbook":
            by_file.setdefault(row["file"], []).append(row)
    values = {cell_of(row): row["value"] for rows in by_file.values() for row in rows}
    table = []
    for file, rows in sorted(by_file.items()):
        pairs = [
            (row["value"], values[area, year - 1, measure, part])
            for row in rows
            for area, year, measure, part in [cell_of(row)]
            if values.get((area, year - 1, measure, part)) and _is_large(row["value"])
        ]
        same = sum(now == before for now, before in pairs)
        enough = len(pairs) >= _ENOUGH_TO_COMPARE
        table.append(
            {
                **place_of(rows[0]),
                "row": file,
                "file": file,
                "measure": "",
                "compared": len(pairs),
                "repeated": same,
                "repeated_pct": 100.0 * same / len(pairs) if enough else None,
            }
        )
    return table


def _is_large(value: str) -> bool:
    return bool(value) and Fraction(value) >= 100


def place_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a row that say what it is about."""
    return {key: row[key] for key in ("area_code", "area_name", "year", "measure")}


def most_of(register: PlanRegister, measure: str) -> float | None:
    """Return the greatest value that a measure can have; None where nothing bounds it."""
    return as_float(register.measures[measure].upper_bound)


def as_float(value: Fraction | None) -> float | None:
    """Return a number as the suites compare it."""
    return None if value is None else float(value)
