"""Three years taken together: the sum of the numerators over the sum of the denominators.

For measures whose events are too few in one year. Pooled values never decide a verdict; they
stand beside it, and the funnel and the disclosure rules use them where fewer than 20 events are
to be expected in a year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from treem.indicators.events import rate_withheld
from treem.indicators.exact import share, total
from treem.indicators.intervals import interval_for
from treem.indicators.measured import Measured
from treem.plan.model import Measure

YEARS_POOLED = 3


@dataclass(frozen=True)
class Pooled:
    """Figures of the years from `first` on, `years` of them.

    `value` is in the measure's unit, that of a plain count the mean of a year. It is None where
    the rate rests on too few events, or where the denominators add up to 0.
    """

    first: int
    years: int
    numerator: Fraction
    denominator: Fraction | None
    value: Fraction | None
    interval: tuple[float, float] | None


def pool(measure: Measure, series: Mapping[int, Measured], year: int) -> Pooled | None:
    """Pool a year with the two before it; None unless all three have comparable figures.

    `series` has what was measured by year, for one area. Years in which nothing could happen
    (0 out of 0) count as they are. None as well for a measure without counts (surveys).
    """
    years = range(year - YEARS_POOLED + 1, year + 1)
    found = [series[one] for one in years if one in series and _usable(measure, series[one])]
    if len(found) < YEARS_POOLED:
        return None
    numerator = total(one.numerator for one in found)
    if not measure.denominator_vi:
        return Pooled(
            years[0],
            YEARS_POOLED,
            numerator,
            None,
            numerator / YEARS_POOLED,
            interval_for(measure.interval, numerator, YEARS_POOLED, measure.multiplier),
        )
    denominator = total(one.denominator for one in found)
    value = None
    interval = None
    if denominator and not rate_withheld(measure, numerator):
        value = share(numerator, measure.multiplier, denominator)
        interval = interval_for(measure.interval, numerator, denominator, measure.multiplier)
    return Pooled(years[0], YEARS_POOLED, numerator, denominator, value, interval)


def _usable(measure: Measure, found: Measured) -> bool:
    if not found.comparable or found.numerator is None:
        return False
    return found.denominator is not None or not measure.denominator_vi
