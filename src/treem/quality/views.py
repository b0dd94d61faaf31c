"""The tables that the suites of received data look at, made so that built-in expectations fit.

Every view has a column `row`, its key, by which a failed row is found again. Views hold only
values that are in use, except those of completeness. All are made column by column: a province of
99 communes, or a country of 3,321, costs seconds.

Numbers are floats and every comparison of them is exact all the same: a number of more than 15
significant digits is not compared but found (`too_many_digits`), shorter decimals map to floats
one to one and in order, and sums are taken over whole numbers.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from treem.edition import Edition
from treem.quality.cells import Cells
from treem.quality.comparisons import (
    area_sums,
    given_rows,
    ratio_rows,
    strata_rows,
    wide_rows,
)
from treem.quality.completeness import owed_rows, partition_rows, unit_rows
from treem.quality.history import change_rows, neighbour_rows
from treem.quality.submissions import submission_rows

if TYPE_CHECKING:
    import pandas as pd

    from treem.areas import Areas
    from treem.plan.register import PlanRegister

Views = dict[str, "pd.DataFrame"]


def observation_views(
    edition: Edition, register: PlanRegister, areas: Areas, observations: pd.DataFrame
) -> Views:
    """Return all views of a table of observations."""
    cells = Cells.of(edition, register, areas, observations)
    nothing = cells.used["row"] == ""
    return present_views(cells, nothing) | history_views(cells, nothing)


def present_views(cells: Cells, left_out: pd.Series[bool]) -> Views:
    """Return the views that set what was received beside itself and beside what is owed.

    `head` shows the columns, so that the engine need not copy all of them. A row each:
    `observations` a value in use, `counts` and `values` the same by kind of part; `shares`,
    `cohorts` and `given` a ratio; `wide` an area, year and stratum; `strata` a part
    with its breakdown; `province` and `districts` a figure beside the sum of its areas;
    `partitions` a part that is owed; `units` a unit and year.
    """
    used = cells.used[~left_out]
    counted = used["part"] != "value"
    ratios = ratio_rows(cells)
    owed = owed_rows(cells)
    return {
        "head": used.head(1),
        "observations": used,
        "counts": used[counted],
        "values": _with_bounds(cells.register, used[~counted]),
        "shares": ratios[~ratios["cohort"]],
        "cohorts": ratios[ratios["cohort"]],
        "given": given_rows(cells),
        "wide": wide_rows(cells),
        "strata": strata_rows(cells),
        "province": area_sums(cells, "province"),
        "districts": area_sums(cells, "district"),
        "partitions": partition_rows(cells, owed),
        "units": unit_rows(owed),
    }


def history_views(cells: Cells, left_out: pd.Series[bool]) -> Views:
    """Return the views that ask whether a figure is likely.

    A row each: `changes` a part beside the year before, `neighbours` a ratio beside the other
    areas, `submissions` a workbook. Figures left out are looked at, but nothing is held against
    them.
    """
    trusted = replace(cells, used=cells.used[~left_out])
    neighbours = neighbour_rows(cells)
    changes = change_rows(cells, trusted, neighbours)
    return {
        "changes": changes,
        "neighbours": neighbours,
        "submissions": submission_rows(cells, changes),
    }


def _with_bounds(register: PlanRegister, values: pd.DataFrame) -> pd.DataFrame:
    least = {measure.id: float(measure.lower_bound) for measure in register.measures.values()}
    most = {measure: most_of(register, measure) for measure in register.measures}
    given = values[values["value"] != ""]
    return given.assign(
        least=given["measure"].map(least).astype(float),
        most=given["measure"].map(most).astype(float),
    )


def place_of(row: Any) -> dict[str, Any]:
    """Return the columns of a row that say what it is about."""
    return {key: row[key] for key in ("area_code", "area_name", "year", "measure")}


def most_of(register: PlanRegister, measure: str) -> float | None:
    """Return the greatest value that a measure can have; None where nothing bounds it."""
    bound = register.measures[measure].upper_bound
    return None if bound is None else float(bound)


def as_float(value: Fraction | None) -> float | None:
    """Return a number as the suites compare it."""
    return None if value is None else float(value)
