"""The counts in a table of results: which cell each part of each row is.

A part that stands in several measures (live births, children under 16) is one number and becomes
one cell wherever its values agree; where they do not, the copies stay tied, because either tells
the other. A value without its count is a count too where its denominator is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from treem.disclosure.network import Key
from treem.disclosure.policy import Policy
from treem.intake.observations import records
from treem.plan.model import Measure

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Count:
    """One count of one row. `column` is where it is printed, "" for a count that a value implies.

    `part` is numerator or denominator; `pooled` tells a pool of years from a single year.
    """

    row: int
    measure: Measure
    part: str
    column: str
    key: Key
    value: int
    level: str
    year: int
    pooled: bool

    @property
    def name(self) -> str:
        """The part as policies name it: `CT08.1.numerator`."""
        return f"{self.measure.id}.{self.part}"


Tied = tuple[Key, Key]
"""Two cells that are one number by definition although their values differ."""


def read_counts(
    results: pd.DataFrame, measures: Mapping[str, Measure], policy: Policy
) -> tuple[list[Count], list[Tied]]:
    """Return every count of people in the results, under the keys of their cells, and the ties.

    Measures of classes that protect nothing (schools, communes) have no counts of people. Pools
    are read only where their class publishes them.
    """
    rows = records(results)
    found = [
        count
        for number, row in enumerate(rows)
        if policy.rule(measures[row["measure"]].disclosure_class).protects
        for count in _row_counts(number, row, measures[row["measure"]], policy)
    ]
    return _canonical(found, policy)


def _row_counts(
    number: int, row: Mapping[str, Any], measure: Measure, policy: Policy
) -> Iterable[Count]:
    parts = {part: _whole(row.get(part)) for part in ("numerator", "denominator")}
    columns = {part: part for part in parts}
    if parts["numerator"] is None and parts["denominator"] and row.get("value"):
        implied = Fraction(str(row["value"])) * parts["denominator"] / measure.multiplier
        parts["numerator"], columns["numerator"] = round(implied), ""
    for part, value in parts.items():
        if value is not None:
            yield _count(number, row, measure, part, columns[part], str(row["year"]), value)
    if not policy.rule(measure.disclosure_class).pooled or not row.get("pooled_from"):
        return
    period = f"{row['pooled_from']}-{row['year']}"
    for part in parts:
        pooled = _whole(row.get(f"pooled_{part}"))
        if pooled is not None:
            yield _count(number, row, measure, part, f"pooled_{part}", period, pooled)


def _count(
    number: int,
    row: Mapping[str, Any],
    measure: Measure,
    part: str,
    column: str,
    period: str,
    value: int,
) -> Count:
    return Count(
        row=number,
        measure=measure,
        part=part,
        column=column,
        key=Key(
            f"{measure.id}.{part}",
            str(row["geography"]),
            str(row["area_code"]),
            period,
            str(row.get("stratum", "")),
        ),
        value=value,
        level=str(row["level"]),
        year=int(row["year"]),
        pooled=period != str(row["year"]),
    )


def _canonical(counts: Sequence[Count], policy: Policy) -> tuple[list[Count], list[Tied]]:
    """Give parts that are one number one key where they agree everywhere; tie them elsewhere."""
    values: dict[str, dict[tuple[str, ...], int]] = {}
    for count in counts:
        values.setdefault(count.name, {})[count.key[1:]] = count.value
    renamed: dict[str, str] = {}
    ties: list[Tied] = []
    for group in policy.same:
        first, *others = [name for name in group if name in values] or [""]
        for name in others:
            shared = values[first].keys() & values[name].keys()
            if all(values[first][place] == values[name][place] for place in shared):
                renamed[name] = first
                values[first] |= values[name]
            else:
                ties += [(Key(first, *p), Key(name, *p)) for p in sorted(shared)]
    return (
        [
            replace(count, key=count.key._replace(quantity=renamed[count.name]))
            if count.name in renamed
            else count
            for count in counts
        ],
        ties,
    )


def _whole(text: object) -> int | None:
    """Return a count; None for an empty cell. A part that is no whole number is rounded."""
    return round(Fraction(str(text))) if text not in (None, "") else None
