"""The compound-growth ratio that Eurostat and Open SDG judge by, as a sensitivity column.

Observed yearly growth since 2020 divided by the yearly growth that would lead from the figure of
2020 to the target. It is undefined for about half of the plan's measures and misleads for targets
that ask most of the first years (spec of progress, section 1), so it never decides a verdict.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Literal, NamedTuple

from treem.indicators.progress import Case
from treem.plan.model import BASELINE_YEAR, Comparator

Reason = Literal[
    "",
    "undefined",
    "no_target",
    "over",
    "not_comparable",
    "no_value",
    "limit_value",
    "no_baseline",
    "limit_baseline",
    "zero_baseline",
    "zero_target",
    "met_in_2020",
    "no_way",
    "strict",
]
"""Why there is no ratio. `strict` stands beside a ratio: reaching the target's number, which is
ratio 1, does not yet meet a target of "less than"."""


class Growth(NamedTuple):
    """A ratio, None where it is undefined, and the reason; see `Reason`."""

    ratio: float | None
    reason: Reason


def growth_ratio(
    case: Case,
    year: int,
    k: int,
    value: Fraction | None,
    *,
    value_bound: Comparator | None = None,
    comparable: bool = True,
) -> Growth:
    """Return the ratio for a value of a year against the target of year k."""
    reason = _undefined(case, year, k, value, value_bound, comparable)
    if reason:
        return Growth(None, reason)
    limit, start = case.limits[k], case.baseline
    assert start is not None and value is not None  # else there was a reason
    observed = _yearly_growth(start, value, year - BASELINE_YEAR)
    required = _yearly_growth(start, limit.value, k - BASELINE_YEAR)
    return Growth(observed / required, "strict" if limit.strict else "")


def _undefined(
    case: Case,
    year: int,
    k: int,
    value: Fraction | None,
    value_bound: Comparator | None,
    comparable: bool,
) -> Reason:
    if case.undefined:
        return "undefined"
    limit = case.limits.get(k)
    if limit is None:
        return "no_target"
    if year > k:
        return "over"
    if not comparable:
        return "not_comparable"
    if value is None:
        return "no_value"
    if value_bound is not None:
        return "limit_value"
    if case.baseline is None:
        return "no_baseline"
    if case.baseline_bound is not None:
        return "limit_baseline"
    if limit.satisfied_by(case.baseline):
        return "met_in_2020"
    if case.baseline == 0:
        return "zero_baseline"
    if limit.value == 0:
        return "zero_target"
    return "no_way" if limit.value == case.baseline else ""


def _yearly_growth(start: Fraction, end: Fraction, years: int) -> float:
    return math.pow(end / start, 1 / years) - 1
