"""Views that set what belongs together side by side: parts, strata, areas and their sums."""

from __future__ import annotations

import datetime as dt
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from treem.errors import AreaError
from treem.intake.observations import PARTS
from treem.plan.model import Measure
from treem.quality.cells import Cells
from treem.strata import STRATA

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

NUMERATOR, DENOMINATOR, VALUE = range(len(PARTS))
_WHOLE_BELOW = 2**53
"""Doubles are whole numbers one to one up to here."""


def ratio_rows(cells: Cells) -> pd.DataFrame:
    """Return a row per measure, area, year and stratum that has both parts of a ratio.

    `cohort` says whether it is one cohort over another, which may exceed its whole.
    """
    keys = ratio_keys(cells, NUMERATOR, DENOMINATOR)
    numerator, denominator = cells.numbers(keys), cells.numbers(keys + DENOMINATOR)
    multiplier = cells.of_measure(keys, lambda measure: float(measure.multiplier))
    rows = cells.about(keys).assign(numerator=numerator, denominator=denominator)
    return rows.assign(
        ratio=(rows["numerator"] * multiplier).div(denominator).where(denominator > 0),
        most=cells.of_measure(keys, _most),
        cohort=cells.of_measure(keys, lambda measure: _most(measure) > measure.multiplier),
    )


def _most(measure: Measure) -> float:
    return math.nan if measure.upper_bound is None else float(measure.upper_bound)


def ratio_keys(cells: Cells, *parts: int) -> np.ndarray[Any, Any]:
    """Return the keys (of numerators) of the ratios that have a number for all of `parts`."""
    import numpy as np

    keys: np.ndarray[Any, Any] = cells.distinct - cells.distinct % len(PARTS)
    keys = keys[np.diff(keys, prepend=-1) != 0]
    for part in parts:
        keys = keys[~np.isnan(cells.numbers(keys + part))]
    return keys


def given_rows(cells: Cells) -> pd.DataFrame:
    """Return the ratios whose value is given beside both of its parts.

    `gap` is how far the value is from the ratio, in units of its last printed decimal; exact.
    """
    keys = ratio_keys(cells, NUMERATOR, DENOMINATOR, VALUE)
    keys = keys[cells.numbers(keys + DENOMINATOR) > 0]
    texts = _texts(cells, keys)
    rows = cells.about(keys)
    gaps = []
    for key, measure in zip(keys.tolist(), rows["measure"], strict=True):
        numerator, denominator, value = (texts[key + part] for part in range(len(PARTS)))
        multiplier = cells.register.measures[measure].multiplier
        ratio = Fraction(numerator) * multiplier / Fraction(denominator)
        unit = Fraction(1, 10 ** len(value.partition(".")[2]))
        gaps.append(float(abs(Fraction(value) - ratio) / unit))
    return rows.assign(gap=gaps)


def _texts(cells: Cells, keys: np.ndarray[Any, Any]) -> dict[int, str]:
    """Return the exact texts of the three parts of ratios by key; the first of a part stands."""
    used = cells.used
    chosen = used[(used["key"] - used["key"] % len(PARTS)).isin(keys)]
    chosen = chosen.drop_duplicates("key")
    return dict(zip(chosen["key"].tolist(), chosen["value"].tolist(), strict=True))


def wide_rows(cells: Cells) -> pd.DataFrame:
    """Return a row per area, year and stratum, with a column for each part of each measure.

    A column is called `CT03.1 numerator` and empty where nothing is in use. `communes` is how
    many communes lie in the area on 31 December, for the total only.
    """
    import numpy as np
    import pandas as pd

    inside = cells.distinct % cells.a_year
    places = np.unique(cells.distinct - inside + inside % cells.a_measure // 3 * 3)
    columns = {
        f"{measure} {PARTS[part]}": cells.numbers(places + number * cells.a_measure + part)
        for number, measure in enumerate(cells.measures)
        for part in (NUMERATOR, DENOMINATOR)
    }
    rows = cells.about(places)
    communes = pd.Series(cells.place(places // cells.a_year, "communes"))
    return pd.DataFrame(
        {
            "row": rows["area_code"]
            + "-"
            + rows["year"].astype("str")
            + rows["stratum"].where(rows["stratum"] == "", "-" + rows["stratum"]),
            **{name: rows[name] for name in ("area_code", "area_name", "year", "stratum")},
            "measure": "",
            "communes": communes.where(rows["stratum"] == ""),
            **columns,
        }
    )


def strata_rows(cells: Cells) -> pd.DataFrame:
    """Return a row per part and dimension that has its total and a stratum of it.

    `gap` is the sum of the strata less the total, for all strata or (`whole` false) those given.
    """
    import numpy as np
    import pandas as pd

    total = cells.distinct[cells.distinct % cells.a_measure < cells.a_stratum]
    tables = []
    for dimension, codes in STRATA.items():
        steps = [cells.strata.index(code) * cells.a_stratum for code in codes]
        numbers = np.array([_whole(cells.numbers(total + step)) for step in steps])
        whole, given = _whole(cells.numbers(total)), ~np.isnan(numbers)
        chosen = given.any(axis=0) & ~np.isnan(whole)
        rows = cells.about(total[chosen])
        summed = _sum(np.where(given, numbers, 0.0))[chosen]
        tables.append(
            rows.assign(
                row=rows["row"] + "-" + dimension,
                dimension=dimension,
                total=whole[chosen],
                summed=summed.astype("float64"),
                gap=(summed - whole[chosen].astype("int64")).astype("float64"),
                whole=given.all(axis=0)[chosen],
            )
        )
    return pd.concat(tables, ignore_index=True)


def area_sums(cells: Cells, level: str) -> pd.DataFrame:
    """Return the figures that an area of a level gives itself, beside the sum of what lies in it.

    For a province its districts (communes where there are none), for a district its communes. A
    row per part of a measure that areas owe. `gap` is the sum less the figure; `whole` is false
    while an area below has none. `missing` counts those.
    """
    import numpy as np
    import pandas as pd

    by_area = {m.id for m in cells.register.measures.values() if m.reporting_level == "area"}
    used = cells.used
    own = used[(used["level"] == level) & used["measure"].isin(by_area) & (used["part"] != "value")]
    number = {code: position for position, code in enumerate(cells.area_codes)}
    tables = [cells.about(np.array([], dtype="int64")).assign(**_EMPTY)]
    for code, year in own[["area_code", "year"]].drop_duplicates().itertuples(index=False):
        rows = own[(own["area_code"] == code) & (own["year"] == year)]
        below = _areas_below(cells, code, year, level)
        positions = [number[one] for one in below if one in number]
        keys = np.unique(rows["key"].to_numpy())
        inside = keys % cells.an_area
        numbers = np.array([_whole(cells.numbers(inside + p * cells.an_area)) for p in positions])
        given, figure = ~np.isnan(numbers), _whole(cells.numbers(keys))
        if not len(below) or not given.any():
            continue
        chosen = given.any(axis=0) & ~np.isnan(figure)
        summed = _sum(np.where(given, numbers, 0.0))[chosen]
        missing = len(below) - given.sum(axis=0)[chosen]
        tables.append(
            cells.about(keys[chosen]).assign(
                figure=figure[chosen],
                summed=summed.astype("float64"),
                gap=(summed - figure[chosen].astype("int64")).astype("float64"),
                areas=len(below),
                missing=missing,
                whole=missing == 0,
            )
        )
    return pd.concat(tables, ignore_index=True)


_EMPTY: dict[str, Any] = {
    "figure": 0.0,
    "summed": 0.0,
    "gap": 0.0,
    "areas": 0,
    "missing": 0,
    "whole": True,
}


def _areas_below(cells: Cells, code: str, year: int, level: str) -> list[str]:
    """Return the areas that an area is the sum of; none where that cannot be said.

    A commune that crosses the boundary of an old district belongs to no single one.
    """
    if level == "province":
        return [u.area_code for u in cells.units.get(year, ()) if u.kind != "department"]
    day = dt.date(year, 12, 31)
    try:
        district = cells.areas.get(code, day)
        inside = cells.areas.on(day, "commune", province=district.parent)
        return [commune.code for commune in inside if commune.parent == code]
    except AreaError:
        communes = cells.areas.communes_inside(code)
        crossed = any(commune.crosses for commune in communes)
        return [] if crossed else [commune.code for commune in communes]


def _whole(numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return whole numbers and nothing for others: counts alone are summed."""
    import numpy as np

    fits = (numbers == np.floor(numbers)) & (np.abs(numbers) < _WHOLE_BELOW)
    return np.where(fits, numbers, np.nan)


def _sum(numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return exact sums of whole numbers over the first axis."""
    total: np.ndarray[Any, Any] = numbers.astype("int64").sum(axis=0)
    return total
