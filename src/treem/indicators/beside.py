"""The columns that stand beside a verdict and never decide it.

Three-year pools, the projection with what it rests on, the compound-growth ratio and why it is
undefined. All of them look back along the years of one area; a year that does not compare with
2020 is no part of its series.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from treem.indicators.decimals import decimal_text, float_text
from treem.indicators.growth import growth_ratio
from treem.indicators.measured import Measured
from treem.indicators.pooled import pool
from treem.indicators.progress import Case
from treem.indicators.projection import Point, project
from treem.plan.model import TARGET_YEARS, Measure

Series = Mapping[int, Measured]
"""What was measured in one area, by year."""


def pooled_columns(measure: Measure, series: Series, year: int) -> dict[str, str]:
    """Return the columns of the year and the two before it; empty where they are not all there."""
    found = pool(measure, series, year)
    if found is None:
        return {}
    lower, upper = found.interval or (None, None)
    return {
        "pooled_numerator": decimal_text(found.numerator),
        "pooled_denominator": decimal_text(found.denominator),
        "pooled_value": decimal_text(found.value),
        "pooled_lower": float_text(lower),
        "pooled_upper": float_text(upper),
        "pooled_from": str(found.first),
        "pooled_years": str(found.years),
    }


def projection_columns(
    measure: Measure, case: Case, points: Sequence[Point], year: int
) -> dict[str, str]:
    """Return the projection to the target years that are still ahead, and what it rests on.

    `points` are the comparable values of the area in all years.
    """
    ahead = [k for k in TARGET_YEARS if k > year]
    if not ahead:
        return {}
    seen = [point for point in points if point[0] <= year]
    line = project(seen, measure.lower_bound, measure.upper_bound)
    if line is None:
        return {}
    row = {
        "projection_points": str(line.points),
        "projection_last": str(line.last),
        "projection_spread": float_text(line.spread),
    }
    for k in ahead:
        value, limit = line.at(k), case.limits.get(k)
        row[f"projected_{k}"] = decimal_text(value)
        if limit is not None and not case.undefined:
            gap = case.missing(limit, value)
            row[f"projected_gap_{k}"] = decimal_text(gap)
    return row


def growth_columns(
    case: Case, year: int, value: Fraction | None, found: Measured
) -> dict[str, str]:
    """Return the compound-growth ratios; `growth_reason` reads `2025:strict 2030:no_target`."""
    row, reasons = {}, []
    for k in TARGET_YEARS:
        growth = growth_ratio(
            case, year, k, value, value_bound=found.bound, comparable=found.comparable
        )
        if growth.ratio is not None:
            row[f"growth_ratio_{k}"] = float_text(growth.ratio)
        if growth.reason:
            reasons.append(f"{k}:{growth.reason}")
    return {**row, "growth_reason": " ".join(reasons)}
