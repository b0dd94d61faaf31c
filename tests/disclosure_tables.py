"""Random tables of results for the tests of disclosure control: eight areas that report, a total.

`table` is the smallest thing that `protect` takes; every count is drawn from a seeded generator.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import pandas as pd

from treem.disclosure.places import AreaLink
from treem.plan.model import Measure

COLUMNS = (
    "edition geography area_code year stratum measure numerator denominator value unit lower upper "
    "status mark reading mode path ratio verdict_2025 verdict_2030 certainty area_name level "
    "period reason observations gap_2025 gap_2030 pooled_numerator pooled_denominator pooled_value "
    "pooled_lower pooled_upper pooled_from pooled_years projected_2030 department_numerator"
).split()

DIMENSIONS: Mapping[str, Sequence[str]] = {
    "sex": ("sex=female", "sex=male"),
    "age": ("age=0", "age=1", "age=2"),
}

Counts = dict[tuple[str, str, int, str], tuple[int, int | None]]
"""(measure, area, year, stratum) → numerator, denominator; the total of areas is `27`."""


def add_up(
    inner: Counts, areas: Sequence[str], dimensions: Sequence[str] = (), province: str = "27"
) -> Counts:
    """Return the counts of reporting areas and their finest strata with all totals added."""
    found: Counts = {}
    for (measure, area, year, stratum), (part, base) in inner.items():
        levels = [one for one in stratum.split(";") if one]
        subsets = itertools.chain.from_iterable(
            itertools.combinations(levels, n) for n in range(len(levels) + 1)
        )
        for subset, place in itertools.product(list(subsets), (area, province)):
            key = (measure, place, year, ";".join(subset))
            was = found.get(key, (0, 0 if base is not None else None))
            total = None if base is None or was[1] is None else was[1] + base
            found[key] = (was[0] + part, total)
    return found


def table(
    counts: Counts, measures: Mapping[str, Measure], *, province: str = "27", pools: bool = False
) -> pd.DataFrame:
    """Return results with these counts; every column that depends on a value is filled."""
    rows = []
    for (name, area, year, stratum), (part, base) in sorted(counts.items()):
        measure = measures[name]
        value = None
        if base is None:
            value = Fraction(part)
        elif base:
            value = Fraction(part) * measure.multiplier / base
        told = "" if value is None else f"{float(value):.12f}"
        row: dict[str, Any] = dict.fromkeys(COLUMNS, "") | {
            "edition": "t",
            "geography": "old-27",
            "area_code": area,
            "year": year,
            "stratum": stratum,
            "measure": name,
            "numerator": str(part),
            "denominator": "" if base is None else str(base),
            "value": told,
            "unit": measure.unit,
            "lower": told,
            "upper": told,
            "status": "reported",
            "reading": "ledger",
            "mode": "PATH2",
            "path": "10",
            "ratio": told,
            "verdict_2025": "MET",
            "verdict_2030": "MET",
            "certainty": "CERTAIN",
            "area_name": f"Địa bàn {area}",
            "level": "province" if area == province else "district",
            "period": "calendar_year",
            "observations": f"{name}-{area}-{year}",
            "gap_2025": told,
            "gap_2030": told,
            "projected_2030": told,
        }
        years = [(name, area, y, stratum) for y in range(year - 2, year + 1)]
        if pools and all(one in counts for one in years):
            row["pooled_numerator"] = str(sum(counts[one][0] for one in years))
            if base is not None:
                row["pooled_denominator"] = str(sum(counts[one][1] or 0 for one in years))
            row |= {"pooled_value": told, "pooled_from": str(year - 2), "pooled_years": "3"}
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def links(areas: Sequence[str], years: Sequence[int], province: str = "27") -> tuple[AreaLink, ...]:
    parts = tuple(("old-27", area) for area in areas)
    return tuple(AreaLink(year, ("old-27", province), parts) for year in years)


def made_of(links: Sequence[AreaLink]) -> dict[tuple[str, str, int], list[tuple[str, str]]]:
    """Return the same sums in the words of the attacker."""
    return {(*link.whole, link.year): list(link.parts) for link in links if not link.rest}


def random_counts(
    seed: int,
    *,
    measure: str = "CT24",
    areas: int = 8,
    years: Sequence[int] = (2024,),
    dimensions: Sequence[str] = ("age", "sex"),
    greatest: int = 14,
    base: int | None = 400,
) -> Counts:
    """Return areas × years × strata with counts from 0 to `greatest` of `base` children each."""
    draw = random.Random(seed)
    strata = [
        ";".join(levels) for levels in itertools.product(*(DIMENSIONS[d] for d in dimensions))
    ]
    inner: Counts = {
        (measure, area, year, stratum): (draw.randint(0, greatest), base)
        for area in area_codes(areas)
        for year in years
        for stratum in strata
    }
    return add_up(inner, area_codes(areas))


def area_codes(number: int) -> list[str]:
    return [str(256 + n) for n in range(number)]


_SHARES = {
    "CT02": (0.19, 0.88),
    "CT05.1": (0.065, 0.983),
    "CT05.2": (0.34, 0.982),
    "CT08.1": (1.0, 0.016),
    "CT11.1": (1.0, 0.00057),
    "CT11.2": (1.0, 0.000088),
    "CT09": (1.0, 0.000044),
    "CT14": (0.34, 0.9997),
    "CT15": (0.17, 0.992),
    "CT16": (0.076, 1.004),
    "CT17": (0.068, 0.993),
    "CT18": (0.059, 0.981),
    "CT20.2": (0.0028, 0.85),
    "CT22": (0.55, 0.33),
    "CT23": (1.0, 0.79),
    "CT24": (0.3, 0.22),
}
"""Share of the children of a place that a measure is about, and the share of those it counts."""


def province_counts(
    seed: int, areas: int, years: Sequence[int], strata: Mapping[str, str] | None = None
) -> Counts:
    """Return plausible counts of all measures that areas report, with the province's totals.

    `strata` names a dimension for a measure: its counts are drawn in its strata.
    """
    draw = random.Random(seed)
    inner: Counts = {}
    for area, year in itertools.product(area_codes(areas), years):
        children = draw.randint(1500, 6500)
        births = round(children * 0.066)
        neonatal = _binomial(draw, births, 0.0085)
        infant = neonatal + _binomial(draw, births, 0.003)
        under_5 = infant + _binomial(draw, births, 0.0055)
        drawn = {
            name: (_binomial(draw, round(children * of), min(share, 1.0)), round(children * of))
            for name, (of, share) in _SHARES.items()
        }
        drawn |= {
            "CT03.1": (neonatal, births),
            "CT03.2": (infant, births),
            "CT03.3": (under_5, births),
            "CT13": (_binomial(draw, 60, 0.01), None),
            "CT12": (0, 0) if draw.random() < 0.9 else (draw.randint(0, 9), 9),
        }
        deaths, population = drawn["CT11.2"]
        drawn["CT11.1"] = (drawn["CT11.1"][0] + deaths, population)
        drawn["CT08.2"] = (_binomial(draw, drawn["CT08.1"][0], 0.9), drawn["CT08.1"][0])
        for name in ("CT01", "CT07", "CT19", "CT20.1", "CT21"):
            drawn[name] = (draw.randint(0, 3), 3)
        for name, (part, base) in drawn.items():
            levels = DIMENSIONS[strata[name]] if strata and name in strata else [""]
            for n, level in enumerate(levels):
                own = _share(part, len(levels), n), _share(base, len(levels), n)
                if own[0] is not None:
                    inner[name, area, year, level] = (own[0], own[1])
    return add_up(inner, area_codes(areas))


def _share(whole: int | None, parts: int, number: int) -> int | None:
    """Return an even part of a whole; the first part has what does not divide."""
    if whole is None or parts == 1:
        return whole
    return whole // parts + (whole % parts if number == 0 else 0)


def _binomial(draw: random.Random, number: int, share: float) -> int:
    """Return how many of a number are hit: by trial where few are, else by its normal law."""
    mean = number * share
    if min(mean, number - mean) > 12:
        spread = (mean * (1 - share)) ** 0.5
        return min(number, max(0, round(draw.gauss(mean, spread))))
    flipped = share > 0.5
    rare = 1 - share if flipped else share
    hits, left = 0, number
    while rare > 0:
        # distance to the next hit
        step = int(math.log(1 - draw.random()) / math.log(1 - rare)) + 1 if rare < 1 else 1
        left -= step
        if left < 0:
            break
        hits += 1
    return number - hits if flipped else hits
