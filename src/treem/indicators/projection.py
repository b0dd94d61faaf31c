"""Where the values point to if they go on as before: weighted least squares, never a verdict.

A straight line through the comparable years of one series; the newest of n years has weight 1,
the oldest 1/n. The figure of 2020 that the plan prints is not one of the years: it comes from
elsewhere, and results start in 2021. Lines are exact; only the spread needs a square root.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

FEWEST_POINTS = 3

Point = tuple[int, Fraction]
"""Year and value, in the measure's unit."""


@dataclass(frozen=True)
class Projection:
    """A line and what it rests on.

    `points` years, the newest of them `last`. `spread` is the weighted standard deviation of the
    residuals with n - 2 degrees of freedom: of a value of the newest year, in the measure's unit.
    `lower` and `upper` are the measure's bounds, None where nothing bounds it.
    """

    level: Fraction
    slope: Fraction
    points: int
    last: int
    spread: float
    lower: Fraction | None = None
    upper: Fraction | None = None

    def at(self, year: int) -> Fraction:
        """Return the value the line has in a year, clipped to the bounds."""
        value = self.level + self.slope * (year - self.last)
        if self.lower is not None:
            value = max(value, self.lower)
        return value if self.upper is None else min(value, self.upper)


def project(
    series: Sequence[Point], lower: Fraction | None = None, upper: Fraction | None = None
) -> Projection | None:
    """Fit the line; None with fewer than three years. Each year may occur once."""
    points = sorted(series)
    if len(points) < FEWEST_POINTS:
        return None
    n, last = len(points), points[-1][0]
    weights = [Fraction(rank, n) for rank in range(1, n + 1)]
    xs = [Fraction(year - last) for year, _ in points]
    ys = [value for _, value in points]
    level, slope = _line(weights, xs, ys)
    residuals = [y - level - slope * x for x, y in zip(xs, ys, strict=True)]
    squares = [weight * rest**2 for weight, rest in zip(weights, residuals, strict=True)]
    spread = math.sqrt(sum(squares, Fraction(0)) / (n - 2))
    return Projection(level, slope, n, last, spread, lower, upper)


def _line(
    weights: Sequence[Fraction], xs: Sequence[Fraction], ys: Sequence[Fraction]
) -> tuple[Fraction, Fraction]:
    """Return height at x = 0 and slope of the line with the least weighted squares."""
    total = sum(weights, Fraction(0))
    x_mean = _mean(weights, xs, total)
    y_mean = _mean(weights, ys, total)
    triples = list(zip(weights, xs, ys, strict=True))
    along = sum((w * (x - x_mean) * (y - y_mean) for w, x, y in triples), Fraction(0))
    across = sum((w * (x - x_mean) ** 2 for w, x, _ in triples), Fraction(0))
    slope = along / across
    return y_mean - slope * x_mean, slope


def _mean(weights: Sequence[Fraction], values: Sequence[Fraction], total: Fraction) -> Fraction:
    pairs = zip(weights, values, strict=True)
    return sum((weight * value for weight, value in pairs), Fraction(0)) / total
