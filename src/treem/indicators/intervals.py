"""95 % intervals: Wilson for shares, Byar or exact Poisson for counts of events.

With full counts an interval describes chance variation of the underlying process. It stands
beside a verdict and never decides it.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache

from treem.errors import DataError

CONFIDENCE = 0.95
Z = 1.959963984540054  # the 97.5 % point of the normal distribution
BYAR_FROM = 10  # events; below, Byar's approximation is too rough and the exact limits are used


def interval_for(
    method: str, numerator: Fraction | int, denominator: Fraction | int | None, multiplier: int
) -> tuple[float, float] | None:
    """Return the lower and upper limit in the measure's unit, or None where none is ours to give.

    `method` is the measure's: "wilson", "poisson", "published" (a survey has its own interval)
    or "none" (complete counts without chance, cohort ratios). A Poisson count without a
    denominator keeps the unit of the count. None as well where the denominator is 0.
    """
    if method in ("published", "none"):
        return None
    if denominator is None and method == "poisson":
        lower, upper = poisson(numerator)
        return lower * multiplier, upper * multiplier
    if not denominator:
        return None
    if method == "wilson":
        lower, upper = wilson(numerator, denominator)
        return lower * multiplier, upper * multiplier
    if method == "poisson":
        lower, upper = poisson(numerator)
        per = multiplier / float(denominator)
        return lower * per, upper * per
    raise ValueError(f"unknown interval method {method!r}")


def wilson(numerator: Fraction | int, denominator: Fraction | int) -> tuple[float, float]:
    """Wilson's score interval of a share, both limits within 0 and 1.

    Raises DataError unless 0 <= numerator <= denominator and the denominator is above 0.
    """
    above, parts = numerator.as_integer_ratio()
    base, own_parts = denominator.as_integer_ratio()
    cases, of = above * own_parts, base * parts  # the same share in whole numbers
    if of <= 0 or not 0 <= cases <= of:
        raise DataError(
            f"Không tính được khoảng tin cậy của tỷ lệ {numerator}/{denominator}: cần mẫu số lớn "
            "hơn 0 và tử số từ 0 đến mẫu số. Hãy kiểm tra lại hai số này."
        )
    n = float(denominator)
    share = cases / of
    z2 = Z * Z
    centre = share + z2 / (2 * n)
    half = Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    scale = 1 + z2 / n
    lower = 0.0 if cases == 0 else (centre - half) / scale
    upper = 1.0 if cases == of else (centre + half) / scale
    return lower, upper


def poisson(count: Fraction | int) -> tuple[float, float]:
    """Limits of a count of events: Byar's from 10 events on, exact below.

    Raises DataError unless the count is a whole number from 0.
    """
    if count.denominator != 1 or count.numerator < 0:
        raise DataError(
            f"Không tính được khoảng tin cậy của số trường hợp {count}: cần một số nguyên từ 0 "
            "trở lên. Hãy kiểm tra lại số này."
        )
    events = count.numerator
    return _byar(events) if events >= BYAR_FROM else _exact_poisson(events)


def _byar(events: int) -> tuple[float, float]:
    above = events + 1
    lower = events * (1 - 1 / (9 * events) - Z / (3 * math.sqrt(events))) ** 3
    upper = above * (1 - 1 / (9 * above) + Z / (3 * math.sqrt(above))) ** 3
    return lower, upper


@cache
def _exact_poisson(events: int) -> tuple[float, float]:
    # The Poisson tails by their gamma form: scipy.special loads in a third of scipy.stats' time.
    from scipy.special import gammaincinv

    tail = (1 - CONFIDENCE) / 2
    lower = 0.0 if events == 0 else float(gammaincinv(events, tail))
    upper = float(gammaincinv(events + 1, 1 - tail))
    return lower, upper
