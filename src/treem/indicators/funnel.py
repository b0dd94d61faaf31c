"""Which areas differ from the province by more than chance: exact limits around its value.

For a denominator n the limits are the counts that the province's own share would exceed, or fall
below, with a probability of 2.5 % (95 % limits) and 0.1 % (99.8 %) each: binomial for shares,
Poisson for events. Between two counts the limits are interpolated by the tail probability
(Spiegelhalter, Statistics in Medicine 2005), so that they rise smoothly with n and an area lies
outside exactly when the tail beyond its count is smaller than the limit's. Where a measure of
events expects fewer than 20 of them in some area, three years are pooled for all of them.

Shares over many children spread by more than chance (practice and recording differ), so many areas
lie outside; a funnel says where to look, never which area is best.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from treem.indicators.events import FEW_EVENTS
from treem.plan.model import Measure

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Numbers = npt.NDArray[np.float64]

TAILS = {"95": 0.025, "99.8": 0.001}
"""Name of a pair of limits, and the probability beyond each of the two."""

FEWEST_AREAS = 5
"""Areas below which a funnel shows nothing that a table does not."""

Row = Mapping[str, str]
Tail = Callable[["Numbers"], "Numbers"]
Outside = Literal["", "95", "99.8"]
Side = Literal["", "above", "below"]


@dataclass(frozen=True)
class FunnelPoint:
    """One area: its figures, the limits at its denominator, and where it lies.

    `value` and limits are in the measure's unit. `outside` names the widest limits that it lies
    outside of; `side` is "" within the limits.
    """

    area_code: str
    area_name: str
    numerator: Fraction
    denominator: Fraction
    value: Fraction
    limits: Mapping[str, tuple[float, float]]
    outside: Outside
    side: Side


@dataclass(frozen=True)
class Funnel:
    """A measure's areas around the province's value; `pooled_from` is None for one year."""

    measure: Measure
    centre: Fraction
    points: tuple[FunnelPoint, ...]
    pooled_from: int | None

    def curve(self, denominators: Sequence[float]) -> dict[str, tuple[Numbers, Numbers]]:
        """Return lower and upper limits, in the measure's unit, for these denominators."""
        return limits_of(self.measure, self.centre / self.measure.multiplier, denominators)


def funnel(measure: Measure, province: Row, areas: Sequence[Row]) -> Funnel | None:
    """Compare areas with their province, rows of results.csv of one measure and year.

    None for a measure that chance has no part in (complete counts of facilities, cohorts, surveys,
    plain counts) and where fewer than five areas have figures. Areas keep their order.
    """
    if measure.interval not in ("wilson", "poisson") or not measure.denominator_vi:
        return None
    single = _counts(province, areas, "")
    pooled = _counts(province, areas, "pooled_")
    chosen = pooled if single and pooled and _few(measure, single) else single
    if chosen is None or len(chosen.areas) < FEWEST_AREAS:
        return None
    share = chosen.numerator / chosen.denominator
    bases = [float(denominator) for _, _, denominator in chosen.areas]
    drawn = limits_of(measure, share, bases)
    points = []
    for place, (row, numerator, denominator) in enumerate(chosen.areas):
        value = numerator * measure.multiplier / denominator
        limits = {
            name: (float(low[place]), float(high[place])) for name, (low, high) in drawn.items()
        }
        outside, side = _where(float(value), limits)
        points.append(
            FunnelPoint(
                row["area_code"],
                row["area_name"],
                numerator,
                denominator,
                value,
                limits,
                outside,
                side,
            )
        )
    first = int(province["pooled_from"]) if chosen is pooled else None
    return Funnel(measure, share * measure.multiplier, tuple(points), first)


def limits_of(
    measure: Measure, share: Fraction, denominators: Sequence[float]
) -> dict[str, tuple[Numbers, Numbers]]:
    """Return both pairs of limits, in the measure's unit, for each denominator above 0.

    Denominators count children or births; the points of a curve are moved up to whole ones.
    """
    import numpy as np

    bases = np.ceil(np.asarray(denominators, dtype=float))
    scale = measure.multiplier / bases
    counts = _binomial if measure.interval == "wilson" else _poisson
    found = {}
    for name, tail in TAILS.items():
        low, high = counts(float(share), bases, tail)
        found[name] = (low * scale, high * scale)
    return found


@dataclass(frozen=True)
class _Counts:
    numerator: Fraction
    denominator: Fraction
    areas: Sequence[tuple[Row, Fraction, Fraction]]


def _counts(province: Row, areas: Sequence[Row], prefix: str) -> _Counts | None:
    """Return the counts of one year or of the pool, of the areas that have them."""
    names = f"{prefix}numerator", f"{prefix}denominator"
    if not all(province[name] for name in names):
        return None
    numerator, denominator = (Fraction(province[name]) for name in names)
    found = [
        (row, Fraction(row[names[0]]), base)
        for row in areas
        if all(row[name] for name in names) and (base := Fraction(row[names[1]]))
    ]
    return _Counts(numerator, denominator, found) if denominator else None


def _few(measure: Measure, counts: _Counts) -> bool:
    """Tell whether some area is expected to have fewer than 20 events at the province's rate."""
    if measure.interval != "poisson":
        return False
    rate = counts.numerator / counts.denominator
    return any(rate * base < FEW_EVENTS for _, _, base in counts.areas)


def _where(value: float, limits: Mapping[str, tuple[float, float]]) -> tuple[Outside, Side]:
    widest: tuple[Outside, ...] = ("99.8", "95")
    for name in widest:
        low, high = limits[name]
        # An interpolated limit may fall on a count itself; the last digits are not a difference.
        slack = 1e-9 * max(abs(value), 1e-9)
        if value < low - slack:
            return name, "below"
        if value > high + slack:
            return name, "above"
    return "", ""


def _binomial(share: float, bases: Numbers, tail: float) -> tuple[Numbers, Numbers]:
    import numpy as np
    from scipy.special import betainc

    def at_most(k: Numbers) -> Numbers:
        inside = np.clip(k, 0, bases - 1)
        found = betainc(bases - inside, inside + 1, 1 - share)
        return np.where(k < 0, 0.0, np.where(k >= bases, 1.0, found))

    def at_least(k: Numbers) -> Numbers:
        inside = np.clip(k, 1, bases)
        found = betainc(inside, bases - inside + 1, share)
        return np.where(k <= 0, 1.0, np.where(k > bases, 0.0, found))

    high = _upper(at_least, bases, tail)
    return _lower(at_most, bases, tail), np.minimum(high, bases)


def _poisson(share: float, bases: Numbers, tail: float) -> tuple[Numbers, Numbers]:
    import numpy as np
    from scipy.special import pdtr, pdtrc

    means = share * bases
    most = np.ceil(means + 12 * np.sqrt(means) + 40)

    def at_most(k: Numbers) -> Numbers:
        return np.where(k < 0, 0.0, pdtr(np.maximum(k, 0), means))

    def at_least(k: Numbers) -> Numbers:
        return np.where(k <= 0, 1.0, pdtrc(np.maximum(k - 1, 0), means))

    return _lower(at_most, most, tail), _upper(at_least, most, tail)


def _lower(at_most: Tail, most: Numbers, tail: float) -> Numbers:
    """Return the least count whose lower tail reaches `tail`, moved down by what it has too much.

    `at_most(k)` is the probability of k or fewer.
    """
    import numpy as np

    below, count = np.full(most.shape, -1.0), most.copy()
    while np.any(count - below > 1):
        middle = np.floor((below + count) / 2)
        enough = at_most(middle) >= tail
        count, below = np.where(enough, middle, count), np.where(enough, below, middle)
    reached, before = at_most(count), at_most(count - 1)
    step = np.where(reached > before, reached - before, 1.0)
    low: Numbers = np.maximum(count - (reached - tail) / step, 0.0)
    return low


def _upper(at_least: Tail, most: Numbers, tail: float) -> Numbers:
    """Return the greatest count whose upper tail reaches `tail`, moved up by what it has too much.

    `at_least(k)` is the probability of k or more.
    """
    import numpy as np

    count, above = np.zeros(most.shape), most + 1
    while np.any(above - count > 1):
        middle = np.floor((count + above) / 2)
        enough = at_least(middle) >= tail
        count, above = np.where(enough, middle, count), np.where(enough, above, middle)
    reached, after = at_least(count), at_least(count + 1)
    step = np.where(reached > after, reached - after, 1.0)
    high: Numbers = count + (reached - tail) / step
    return high
