"""The columns that stand beside a verdict and never decide it.

Three-year pools, the projection with what it rests on, the compound-growth ratio and why it is
undefined. All of them look back along the years of one area; a year that does not compare with
2020 is no part of its series.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from treem.indicators.decimals import decimal_text
from treem.indicators.events import rate_withheld
from treem.indicators.growth import growth_ratio
from treem.indicators.measured import Measured
from treem.indicators.pooled import pool
from treem.indicators.progress import Case
from treem.indicators.projection import project
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
        "pooled_lower": decimal_text(None if lower is None else Fraction(lower)),
        "pooled_upper": decimal_text(None if upper is None else Fraction(upper)),
        "pooled_from": str(found.first),
        "pooled_years": str(found.years),
    }


def projection_columns(measure: Measure, case: Case, series: Series, year: int) -> dict[str, str]:
    """Return the projection to the target years that are still ahead, and what it rests on."""
    points = [
        (when, found.value)
        for when, found in series.items()
        if when <= year and found.comparable and not found.bound and found.value is not None
        if not rate_withheld(measure, found.numerator)
    ]
    line = project(points, measure.lower_bound, measure.upper_bound)
    ahead = [k for k in TARGET_YEARS if k > year]
    if line is None or not ahead:
        return {}
    row = {
        "projection_points": str(line.points),
        "projection_last": str(line.last),
        "projection_spread": decimal_text(Fraction(line.spread)),
    }
    for k in ahead:
        row[f"projected_{k}"] = decimal_text(line.at(k))
        limit = case.limits.get(k)
        if limit is not None and not case.undefined:
            gap = case.direction * (limit.value - line.at(k))
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
            row[f"growth_ratio_{k}"] = decimal_text(Fraction(growth.ratio))
        if growth.reason:
            reasons.append(f"{k}:{growth.reason}")
    return {**row, "growth_reason": " ".join(reasons)}
