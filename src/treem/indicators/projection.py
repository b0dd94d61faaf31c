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
from functools import lru_cache

FEWEST_POINTS = 3

Point = tuple[int, Fraction]
"""Year and value, in the measure's unit."""


@dataclass(frozen=True)
class Projection:
    """A line and what it rests on: in a year it stands at (height + rise × (year − last)) / scale.

    `points` years, the newest of them `last`. `spread` is the weighted standard deviation of the
    residuals with n - 2 degrees of freedom: of a value of the newest year, in the measure's unit.
    `lower` and `upper` are the measure's bounds, None where nothing bounds it.
    """

    height: int
    rise: int
    scale: int
    points: int
    last: int
    spread: float
    lower: Fraction | None = None
    upper: Fraction | None = None

    @property
    def level(self) -> Fraction:
        """The value of the line in the newest year, in the measure's unit."""
        return Fraction(self.height, self.scale)

    @property
    def slope(self) -> Fraction:
        """What the line rises in a year, in the measure's unit."""
        return Fraction(self.rise, self.scale)

    def at(self, year: int) -> Fraction:
        """Return the value the line has in a year, clipped to the bounds."""
        value = Fraction(self.height + self.rise * (year - self.last), self.scale)
        if self.lower is not None:
            value = max(value, self.lower)
        return value if self.upper is None else min(value, self.upper)


def project(
    series: Sequence[Point], lower: Fraction | None = None, upper: Fraction | None = None
) -> Projection | None:
    """Fit the line; None with fewer than three years. Each year may occur once.

    The values are brought to one denominator and the rest is done in whole numbers: the normal
    equations of the weights 1, 2 … n, whose common divisor n falls out of all but the spread.
    """
    points = sorted(series)
    if len(points) < FEWEST_POINTS:
        return None
    n, last = len(points), points[-1][0]
    shared = math.lcm(*[value.denominator for _, value in points])
    ys = [value.numerator * (shared // value.denominator) for _, value in points]
    xs = tuple([year - last for year, _ in points])
    w, wx, wxx = _sums(xs)
    wy = wxy = wyy = 0
    for rank, (x, y) in enumerate(zip(xs, ys, strict=True), start=1):
        weighted = rank * y
        wy += weighted
        wxy += weighted * x
        wyy += weighted * y
    across = w * wxx - wx * wx
    height, rise = wy * wxx - wxy * wx, w * wxy - wx * wy
    squares = across * wyy - height * wy - rise * wxy  # of the residuals, times across × shared²
    spread = math.sqrt(squares / (across * shared * shared * n * (n - 2)))
    return Projection(height, rise, across * shared, n, last, spread, lower, upper)


@lru_cache(maxsize=1024)
def _sums(xs: tuple[int, ...]) -> tuple[int, int, int]:
    """Return the sums of the weights, of weights × x and of weights × x²; few series differ."""
    ranked = list(enumerate(xs, start=1))
    return (
        sum(rank for rank, _ in ranked),
        sum(rank * x for rank, x in ranked),
        sum(rank * x * x for rank, x in ranked),
    )
