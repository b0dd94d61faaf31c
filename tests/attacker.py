"""An attacker who has the public tables of all editions, the rule, and a linear programme.

Written without a look at the code that protects: it shares nothing with `treem`. What it knows is
what anybody can know: the columns of results.csv, which areas make up which, which definitions are
one number, that a hidden count is at least 1 (in class S3 at least 0), and arithmetic. It never
learns which cells were hidden for their own sake.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import lil_matrix

S3 = {"CT06", "CT09", "CT13"}
COHORT = {"CT16", "CT17", "CT18"}
MULTIPLIER = {"CT03.1": 1000, "CT03.2": 1000, "CT03.3": 1000, "CT11.1": 100000, "CT11.2": 100000}
ONE_NUMBER = {
    ("CT08.2", "denominator"): ("CT08.1", "numerator"),
    ("CT03.2", "denominator"): ("CT03.1", "denominator"),
    ("CT03.3", "denominator"): ("CT03.1", "denominator"),
    ("CT09", "denominator"): ("CT08.1", "denominator"),
    ("CT11.1", "denominator"): ("CT08.1", "denominator"),
    ("CT11.2", "denominator"): ("CT08.1", "denominator"),
    ("CT23", "denominator"): ("CT08.1", "denominator"),
    ("CT14", "denominator"): ("CT05.2", "denominator"),
}
NOT_MORE_THAN = (
    (("CT03.1", "numerator"), ("CT03.2", "numerator")),
    (("CT03.2", "numerator"), ("CT03.3", "numerator")),
    (("CT11.2", "numerator"), ("CT11.1", "numerator")),
)

Unknown = tuple[tuple[str, str], str, str, str, str]
"""(measure, part), geography, area, period, stratum."""


@dataclass
class Known:
    """What the attacker has put together."""

    value: dict[Unknown, int] = field(default_factory=dict)
    hidden: set[Unknown] = field(default_factory=set)
    least: dict[Unknown, int] = field(default_factory=dict)
    equations: list[tuple[dict[Unknown, int], int]] = field(default_factory=list)
    not_more: list[tuple[Unknown, Unknown]] = field(default_factory=list)


def attack(
    tables: Iterable[str],
    whole: Mapping[tuple[str, str, int], Sequence[tuple[str, str]]],
    own: tuple[str, str] | None = None,
    truth: Mapping[Unknown, int] | None = None,
) -> dict[Unknown, tuple[float, float]]:
    """Return the interval of every hidden count that public tables (CSV text) leave.

    `whole` says for (geography, area, year) which areas it is made of. With `own`, the attacker is
    that area and knows its own cells from `truth`; those are then not among the answers.
    """
    known = read_tables(tables)
    if own is not None:
        for unknown in [one for one in known.hidden if (one[1], one[2]) == own]:
            known.hidden.remove(unknown)
            known.value[unknown] = (truth or {})[unknown]
    relate(known, whole)
    return intervals(known)


def read_tables(tables: Iterable[str]) -> Known:
    known = Known()
    for text in tables:
        for row in csv.DictReader(io.StringIO(text)):
            _read_row(known, row)
    known.hidden -= known.value.keys()
    return known


def _read_row(known: Known, row: Mapping[str, str]) -> None:
    measure, closed = row["measure"], row["status"] == "suppressed"
    place = (row["geography"], row["area_code"])

    def name(part: str, period: str) -> Unknown:
        what = ONE_NUMBER.get((measure, part), (measure, part))
        return (what, *place, period, row.get("stratum", ""))

    year = row["year"]
    if row["numerator"] == "" and row["value"] and row["denominator"]:
        count = Fraction(row["value"]) * int(row["denominator"]) / MULTIPLIER.get(measure, 100)
        row = {**row, "numerator": str(round(count))}
    if row["denominator"] == "" and row["value"] and row["numerator"] and measure != "CT13":
        if Fraction(row["value"]):
            base = int(row["numerator"]) * MULTIPLIER.get(measure, 100) / Fraction(row["value"])
            row = {**row, "denominator": str(round(base))}
    for part in ("numerator", "denominator"):
        if row[part]:
            known.value[name(part, year)] = int(row[part])
        elif closed and not (part == "denominator" and measure == "CT13"):
            unknown = name(part, year)
            known.hidden.add(unknown)
            low = 0 if measure in S3 and part == "numerator" else 1
            known.least[unknown] = min(low, known.least.get(unknown, 1))
        pooled = row.get(f"pooled_{part}", "")
        if pooled:
            known.value[name(part, f"{row['pooled_from']}-{year}")] = int(pooled)
    if measure not in COHORT | {"CT13"}:
        known.not_more.append((name("numerator", year), name("denominator", year)))


def relate(known: Known, whole: Mapping[tuple[str, str, int], Sequence[tuple[str, str]]]) -> None:
    """Write down every equation and inequality among what is known and what is hidden."""
    there = known.value.keys() | known.hidden
    for unknown in sorted(there):
        what, geography, area, period, stratum = unknown
        last = int(period[-4:])
        for parts in [whole.get((geography, area, last), ())]:
            names = [(what, geo, code, period, stratum) for geo, code in parts]
            if names and all(one in there for one in names):
                _add(known, unknown, names)
        if "-" in period:
            first = int(period[:4])
            years = [(what, geography, area, str(y), stratum) for y in range(first, last + 1)]
            if all(one in there for one in years):
                _add(known, unknown, years)
    strata: dict[tuple[Unknown, str], list[Unknown]] = defaultdict(list)
    for unknown in sorted(there):
        levels = [one for one in unknown[4].split(";") if one]
        for level in levels:
            rest = ";".join(one for one in levels if one != level)
            strata[((*unknown[:4], rest), level.split("=")[0])].append(unknown)
    size: dict[str, int] = defaultdict(int)
    for (_, dimension), parts in strata.items():
        size[dimension] = max(size[dimension], len(parts))
    for (total, dimension), parts in strata.items():
        if total in there and len(parts) == size[dimension]:
            _add(known, total, parts)
    for small, large in NOT_MORE_THAN:
        for unknown in sorted(there):
            if unknown[0] == small and (large, *unknown[1:]) in there:
                known.not_more.append((unknown, (large, *unknown[1:])))


def _add(known: Known, total: Unknown, parts: Sequence[Unknown]) -> None:
    terms: dict[Unknown, int] = defaultdict(int)
    constant = 0
    for unknown, sign in [(total, 1), *((part, -1) for part in parts)]:
        if unknown in known.value:
            constant -= sign * known.value[unknown]
        else:
            terms[unknown] += sign
    if terms:
        known.equations.append((dict(terms), constant))


def intervals(known: Known) -> dict[Unknown, tuple[float, float]]:
    """Return least and greatest value of each hidden cell, part by independent part."""
    links: dict[Unknown, set[Unknown]] = {one: {one} for one in known.hidden}
    unequal = [
        (a, b)
        for a, b in known.not_more
        if {a, b} & known.hidden and {a, b} <= known.hidden | known.value.keys()
    ]
    ties = [list(terms) for terms, _ in known.equations]
    ties += [[one for one in pair if one in known.hidden] for pair in unequal]
    for tie in ties:
        joined = set().union(*(links[one] for one in tie))
        for one in joined:
            links[one] = joined
    answer: dict[Unknown, tuple[float, float]] = {}
    for group in {id(one): one for one in links.values()}.values():
        answer |= _solve(known, sorted(group), unequal)
    return answer


def _solve(
    known: Known, group: list[Unknown], unequal: list[tuple[Unknown, Unknown]]
) -> dict[Unknown, tuple[float, float]]:
    at = {one: n for n, one in enumerate(group)}
    equations = [e for e in known.equations if next(iter(e[0])) in at]
    matrix = lil_matrix((len(equations), len(group)))
    for row, (terms, _) in enumerate(equations):
        for one, sign in terms.items():
            matrix[row, at[one]] = sign
    right = [constant for _, constant in equations]
    pairs = [(a, b) for a, b in unequal if a in at or b in at]
    limits = lil_matrix((max(len(pairs), 1), len(group)))
    limit = np.zeros(max(len(pairs), 1))
    for row, (a, b) in enumerate(pairs):
        if a in at:
            limits[row, at[a]] += 1
        else:
            limit[row] -= known.value[a]
        if b in at:
            limits[row, at[b]] -= 1
        else:
            limit[row] += known.value[b]
    bounds = [(known.least[one], None) for one in group]
    common = dict(
        A_eq=matrix.tocsr() if equations else None,
        b_eq=right if equations else None,
        A_ub=limits.tocsr(),
        b_ub=limit,
        bounds=bounds,
        method="highs",
    )
    found = {}
    for one, n in at.items():
        cost = np.zeros(len(group))
        cost[n] = 1
        low, high = linprog(cost, **common), linprog(-cost, **common)
        assert low.status in (0, 3) and high.status in (0, 3), (low.message, one)
        found[one] = (
            low.fun if low.status == 0 else -np.inf,
            -high.fun if high.status == 0 else np.inf,
        )
    return found


def exact(found: Mapping[Unknown, tuple[float, float]]) -> dict[Unknown, float]:
    """Return the hidden counts that the attacker knows to the last child."""
    return {one: low for one, (low, high) in found.items() if high - low < 1e-6}
