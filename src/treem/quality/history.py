"""Views that ask whether a figure is likely: beside its own past, beside the other areas.

Nothing here judges: the limits stand in `expectations/history.json`, the measures of oddness are
computed here.

- `robust_z`: distance from the median over areas in robust standard deviations, 1.4826 × the
  median absolute deviation (Rousseeuw and Croux, JASA 88, 1993; Iglewicz and Hoaglin, ASQC 16,
  1993, who doubt values beyond 3.5). On logarithms, so that doubling and halving weigh the same.
- `chance_z`: distance of counts in standard deviations of chance, by the square root that makes
  Poisson counts equally spread (Anscombe, Biometrika 35, 1948); 3.09 is the 99.8 % limit that
  funnels use.
- `fold`: how many times larger or smaller, 1 or more.
- `power` and `off`: the power of ten nearest to `fold`, and how far `fold` is from it (both as
  decimal logarithms): a slip of unit is a fold of about 10, 100 or 1,000.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from treem.intake.observations import PARTS
from treem.quality.cells import Cells, pick
from treem.quality.comparisons import DENOMINATOR, NUMERATOR, VALUE, ratio_keys

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

TO_SIGMA = 1.4826
"""From the median absolute deviation of a normal distribution to its standard deviation."""

_ANSCOMBE = 0.375
_CHILDREN = ("CT08.1", "CT09", "CT11.1", "CT11.2", "CT23")
"""Measures whose denominator is all children under 16: the size of an area."""


def change_rows(cells: Cells, trusted: Cells, neighbours: pd.DataFrame) -> pd.DataFrame:
    """Return a row per part that has a number for its year and, trusted, the year before.

    Only where the area is the same as a year before: a code given to another area, or an area
    whose boundaries changed, has no past of its own. `departure` is `fold` after the common
    change of all areas is taken out, `witness_off` how far the ratio of the row departs from the
    same power of ten against the other areas (large where it cannot be said).
    """
    import numpy as np

    keys = cells.distinct
    now, before = cells.numbers(keys), trusted.numbers(keys - cells.a_year)
    chosen = ~np.isnan(now) & ~np.isnan(before)
    keys, now, before = keys[chosen], now[chosen], before[chosen]
    same = np.asarray(cells.place(keys // cells.a_year, "same_as_before"))
    keys, now, before = keys[same], now[same], before[same]
    rows, level = cells.about(keys), cells.place(keys // cells.a_year, "level")
    logs = _log_ratio(now, before)
    median, robust_z, compared = _against_the_others(keys % cells.an_area, level, logs)
    departure = np.where(compared > 1, logs - median, logs)
    power, off = _nearest_power(logs)
    part = keys % len(PARTS)
    events = (part == NUMERATOR) & cells.of_measure(keys, lambda m: m.interval == "poisson")
    kind = pick(("count", "events", "value"), np.where(part == VALUE, 2, events.astype("int64")))
    return rows.assign(
        number=now,
        before=before,
        fold=np.exp(np.abs(logs)),
        departure=np.exp(np.abs(departure)),
        robust_z=robust_z,
        compared=compared,
        chance_z=np.abs(_root(now) - _root(before)) * np.sqrt(2),
        largest=np.maximum(now, before),
        power=power,
        off=off,
        factor=_factor(power),
        kind=kind,
        witness_off=_witness(cells, keys, logs, power, neighbours),
    )


def neighbour_rows(cells: Cells) -> pd.DataFrame:
    """Return a row per ratio, beside the same ratio of the other areas of its level and year.

    A plain count is set against the children of its area. `expected` is the count that the
    median of the areas would give.
    """
    import numpy as np

    keys = ratio_keys(cells, NUMERATOR)
    numerator = cells.numbers(keys)
    plain = cells.of_measure(keys, lambda measure: not measure.denominator_vi)
    size = np.where(plain, _children(cells, keys), cells.numbers(keys + DENOMINATOR))
    chosen = (numerator > 0) & (size > 0)
    keys, numerator, size = keys[chosen], numerator[chosen], size[chosen]
    rows = cells.about(keys)
    level = cells.place(keys // cells.a_year, "level")
    logs = np.log(numerator / size)
    median, robust_z, compared = _against_the_others(keys % cells.an_area, level, logs)
    expected = np.exp(median) * size
    power, off = _nearest_power(logs - median)
    return rows.assign(
        numerator=numerator,
        denominator=size,
        expected=np.round(expected),
        fold=np.exp(np.abs(logs - median)),
        log_fold=logs - median,
        robust_z=robust_z,
        chance_z=2 * np.abs(_root(numerator) - _root(expected)),
        compared=compared,
        power=power,
        off=off,
        factor=_factor(power),
    )


def _against_the_others(
    groups: Array, levels: Any, logs: Array
) -> tuple[Array, Array, pd.Series[Any]]:
    """Return median, robust z and number of areas for groups of the same measure and year.

    Where the areas agree so well that there is no spread at all, any departure is infinite.
    """
    import numpy as np
    import pandas as pd

    table = pd.DataFrame({"group": groups, "level": levels, "log": logs})
    grouped = table.groupby(["group", "level"])["log"]
    median = grouped.transform("median").to_numpy()
    table["log"] = np.abs(logs - median)
    distance = table["log"].to_numpy()
    grouped = table.groupby(["group", "level"])["log"]
    spread = TO_SIGMA * grouped.transform("median").to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(distance > _SAME, distance / np.where(spread > _SAME, spread, 0.0), 0.0)
    return median, z, grouped.transform("size")


_SAME = 1e-9
"""Logarithms nearer than this differ by rounding only."""


def _log_ratio(now: Array, before: Array) -> Array:
    """Return log(now / before); 0 where both are 0, empty where one is."""
    import numpy as np

    both = (now > 0) & (before > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(both, np.log(now / np.where(both, before, 1.0)), np.nan)
    return np.where((now == 0) & (before == 0), 0.0, logs)


def _root(counts: Array) -> Array:
    import numpy as np

    root: Array = np.sqrt(np.maximum(counts, 0.0) + _ANSCOMBE)
    return root


def _nearest_power(logs: Array) -> tuple[Array, Array]:
    """Return the power of ten nearest to a fold and the distance to it, as decimal logarithms."""
    import numpy as np

    decades = np.abs(logs) / np.log(10)
    power = np.round(np.nan_to_num(decades))
    return power, np.abs(decades - power)


def _factor(power: Array) -> Any:
    """Return powers of ten as messages print them: 10, 100, 1.000."""
    import numpy as np

    words = ("1", "10", "100", "1.000", "10.000", "100.000", "1.000.000", "nhiều triệu")
    return pick(words, np.minimum(power, len(words) - 1).astype("int64"))


def _children(cells: Cells, keys: Array) -> Array:
    """Return the children under 16 of the area, year and stratum of keys, from whoever says."""
    import numpy as np

    place = keys - keys % cells.a_year + keys % cells.a_measure
    found = np.full(len(keys), np.nan)
    for measure in _CHILDREN:
        at = place + cells.measures.index(measure) * cells.a_measure + DENOMINATOR
        found = np.where(np.isnan(found), cells.numbers(at), found)
    return found


def _witness(
    cells: Cells, keys: Array, logs: Array, power: Array, neighbours: pd.DataFrame
) -> Array:
    """Return how far the ratio beside the other areas is from showing the same slip.

    A numerator that slipped lifts its ratio by the same power, a denominator lowers it.
    """
    import numpy as np

    ratios = cells.keys(neighbours.assign(part="numerator"))
    order = ratios.argsort()
    ratios, folds = ratios[order], neighbours["log_fold"].to_numpy()[order]
    if not len(ratios):
        return np.full(len(keys), np.inf)
    base = keys - keys % len(PARTS)
    at = np.minimum(np.searchsorted(ratios, base), len(ratios) - 1)
    shown = np.where(ratios[at] == base, folds[at], np.nan) / np.log(10)
    way = np.sign(np.nan_to_num(logs)) * np.where(keys % len(PARTS) == DENOMINATOR, -1.0, 1.0)
    off: Array = np.nan_to_num(np.abs(shown * way - power), nan=np.inf)
    return off
