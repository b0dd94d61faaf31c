"""Makes up the figures of a demonstration: levels wanted for a group of areas, shared out to them.

A group is the ground for which the design says a level: the old province, or the communes that
came to it. Sums over a group are exact; the areas differ by seeded noise. The same design and
seed give the same figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Any

from treem.edition import Edition
from treem.intake.forms import STATES, holder_code, row_id
from treem.intake.forms_write import Entry
from treem.intake.units import Unit
from treem.plan.model import Measure
from treem.strata import STRATA, strata_of

if TYPE_CHECKING:
    from treem.areas import Areas
    from treem.plan.register import PlanRegister

Design = Mapping[str, Any]
Entries = dict[str, Entry]
"""What a unit writes, by machine id of the row."""

Counts = dict[str, list[int]]
"""Numbers of the areas of a group in their order, by base or measure."""

# How far areas differ from their group: relative spread of the share that is the smaller side
# (those reached or those left out), of ratios that run close to 100 percent by nature, and of the
# size of communes within an old district.
_SPREAD, _COHORT_SPREAD, _SIZE_SPREAD = 0.18, 0.004, 0.3


@dataclass(frozen=True)
class Group:
    """Areas that share a level: their codes in order, each with its share of the group."""

    name: str
    codes: tuple[str, ...]
    weights: tuple[float, ...]
    design: Design

    def key(self, *parts: object) -> str:
        """Return the words that a random number of this group is drawn by."""
        return "|".join(map(str, (*parts, *filter(None, [self.name]))))


def fill(
    design: Design,
    edition: Edition,
    register: PlanRegister,
    areas: Areas,
    units: Sequence[Unit],
    year: int,
    seed: int,
) -> dict[str, Entries]:
    """Return what every unit writes for a year, by code, before its errors are put in."""
    column = design["years"].index(year)
    filled: dict[str, Entries] = {unit.code: {} for unit in units}
    for group in _groups(design, areas, units, seed):
        _fill_group(design, edition, register, group, filled, year, seed)
    for measure_id, parts in design["province"].items():
        code = holder_code(register, register.measures[measure_id], year)
        for part, values in parts.items():
            filled[code][row_id(measure_id, part)] = Entry(values[column])
    for row in listed(design["provisional"], None, year):
        key = entry_id(row)
        mark, state = row.get("mark"), row.get("state")
        assert state in (None, *STATES.values()), "a state of the form"
        filled[row["unit"]][key] = replace(filled[row["unit"]][key], mark=mark, state=state)
    return filled


def listed(
    rows: Sequence[Mapping[str, Any]], unit: str | None, year: int
) -> list[Mapping[str, Any]]:
    """Return the rows of a list of the design that are about a unit (None: any) and a year."""
    return [row for row in rows if row["year"] == year and unit in (None, row["unit"])]


def entry_id(row: Mapping[str, Any], part: str = "") -> str:
    """Return the machine id of the entry that a row of the design is about."""
    return row_id(row["measure"], part or row["part"], row.get("stratum", ""))


def number_of(entry: Entry) -> int:
    """Return the count of an entry; `-` is none."""
    if entry.value == "-":
        return 0
    assert isinstance(entry.value, int), "seeded changes need a count to start from"
    return entry.value


def _groups(design: Design, areas: Areas, units: Sequence[Unit], seed: int) -> list[Group]:
    reporting = [unit.code for unit in units if unit.kind != "department"]
    groups = []
    for part in design["groups"]:
        name, weights = part.get("name", ""), part["weights"]
        if set(reporting) <= set(weights):
            sizes = dict(weights)
        else:
            sizes = _commune_sizes(areas, weights, f"{seed}|{name}")
        codes = tuple(code for code in reporting if code in sizes)
        groups.append(Group(name, codes, tuple(sizes[code] for code in codes), part))
    assert sorted(code for group in groups for code in group.codes) == sorted(reporting)
    return groups


def _commune_sizes(areas: Areas, weights: Mapping[str, float], key: str) -> dict[str, float]:
    """Share the weight of each old district out to the communes that lie in it."""
    sizes: dict[str, float] = {}
    for district, weight in weights.items():
        codes = sorted(commune.code for commune in areas.communes_inside(district))
        raw = _noisy([1.0] * len(codes), _SIZE_SPREAD, Random(f"{key}|{district}"))
        for code, size in zip(codes, raw, strict=True):
            sizes[code] = sizes.get(code, 0.0) + weight * size / sum(raw)
    return sizes


def _fill_group(
    design: Design,
    edition: Edition,
    register: PlanRegister,
    group: Group,
    filled: dict[str, Entries],
    year: int,
    seed: int,
) -> None:
    column = design["years"].index(year)
    numerators: Counts = {}
    for measure_id, wish in group.design["measures"].items():
        random = Random(group.key(seed, measure_id, year))
        measure = register.measures[measure_id]
        base = wish.get("base")
        bases = _bases(group, base, numerators, column)
        counts = _counts(group, measure, wish, bases, numerators, column, random)
        numerators[measure_id] = counts
        _write(filled, group, measure_id, "numerator", counts)
        if bases is not None:
            _write(filled, group, measure_id, "denominator", bases)
            if year == edition.year and strata_of(edition, measure_id) != ("",):
                males = _males(design, group, base, measure_id, counts, bases, f"{seed}|{year}")
                _write_strata(filled, group, measure_id, (counts, bases), males)


def _write(
    filled: dict[str, Entries],
    group: Group,
    measure_id: str,
    part: str,
    counts: Sequence[int],
    stratum: str = "",
) -> None:
    for code, count in zip(group.codes, counts, strict=True):
        filled[code][row_id(measure_id, part, stratum)] = _count_entry(count)


def _bases(group: Group, base: str | None, numerators: Counts, column: int) -> list[int] | None:
    if base is None:
        return None
    if base == "communes":
        communes = group.design.get("communes", {})
        return [communes[code][column] if code in communes else 1 for code in group.codes]
    if base in numerators:
        return numerators[base]
    return spread(group.design["bases"][base][column], group.weights)


def _counts(
    group: Group,
    measure: Measure,
    wish: Design,
    bases: list[int] | None,
    numerators: Counts,
    column: int,
    random: Random,
) -> list[int]:
    """Share the wanted number of the group out to its areas, with some difference."""
    if bases is None:
        return spread(wish["count"][column], _noisy(group.weights, _SPREAD, random))
    whole = sum(bases)
    if "count" in wish:
        total = int(wish["count"][column])
    else:
        level = Fraction(str(wish["level"][column]))
        total = round(level * whole / measure.multiplier)
    if "above" in wish:
        before = numerators[wish["above"]]
        more = spread(total - sum(before), _noisy(bases, _SPREAD, random))
        return [a + b for a, b in zip(before, more, strict=True)]
    if measure.upper_bound is not None and measure.upper_bound > measure.multiplier:
        return spread(total, _noisy(bases, _COHORT_SPREAD, random))
    if 2 * total > whole:
        left_out = spread(whole - total, _noisy(bases, _SPREAD, random), bases)
        return [a - b for a, b in zip(bases, left_out, strict=True)]
    caps = numerators[wish["within"]] if "within" in wish else bases
    return spread(total, _noisy(bases, _SPREAD, random), caps)


def spread(total: int, weights: Sequence[float], caps: Sequence[int] | None = None) -> list[int]:
    """Share out a whole number by weight, largest remainders first, never above a cap."""
    caps = caps or [total] * len(weights)
    assert sum(caps) >= total, "the caps leave no room for the total"
    scale = sum(weights) or 1.0
    exact = [total * weight / scale for weight in weights]
    parts = [min(int(value), cap) for value, cap in zip(exact, caps, strict=True)]
    order = sorted(range(len(parts)), key=lambda i: (int(exact[i]) - exact[i], i))
    while (left := total - sum(parts)) > 0:
        for i in [i for i in order if parts[i] < caps[i]][:left]:
            parts[i] += 1
    return parts


def _noisy(weights: Sequence[float], spread: float, random: Random) -> list[float]:
    return [weight * random.lognormvariate(0.0, spread) for weight in weights]


def _males(
    design: Design,
    group: Group,
    base: str,
    measure_id: str,
    counts: Sequence[int],
    bases: Sequence[int],
    key: str,
) -> tuple[list[int], list[int]]:
    """Return the males among numerators and denominators; those of a base are always the same."""
    shares = design["males"]
    of_base = Random(group.key(key, "males", base))
    whole = [_draw(total, shares[base], 0, total, of_base) for total in bases]
    of_measure = Random(group.key(key, "males", measure_id))
    some = [
        _draw(
            count,
            shares[measure_id],
            max(0, count - (total - males)),
            min(count, males),
            of_measure,
        )
        for count, total, males in zip(counts, bases, whole, strict=True)
    ]
    return some, whole


def _draw(total: int, share: float, least: int, most: int, random: Random) -> int:
    """Draw how many of a total have a trait, nearly as a binomial would fall."""
    drawn = round(random.gauss(total * share, (total * share * (1 - share)) ** 0.5))
    return min(max(drawn, least), most)


def _write_strata(
    filled: dict[str, Entries],
    group: Group,
    measure_id: str,
    totals: tuple[Sequence[int], Sequence[int]],
    males: tuple[Sequence[int], Sequence[int]],
) -> None:
    male, female = STRATA["sex"]
    for part, whole, some in zip(("numerator", "denominator"), totals, males, strict=True):
        _write(filled, group, measure_id, part, some, male)
        others = [a - b for a, b in zip(whole, some, strict=True)]
        _write(filled, group, measure_id, part, others, female)


def _count_entry(count: int) -> Entry:
    """Return the entry of a count; nothing occurred is the sign of the statistical yearbook."""
    return Entry(count or "-")
