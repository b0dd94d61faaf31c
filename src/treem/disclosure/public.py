"""Writes what is left of the results when some cells are hidden.

Allow-lists, not deny-lists: in a row with a hidden cell only named columns survive, and a column
that this module does not know survives nowhere near a hidden cell. So a column that somebody adds
later leaks nothing; it is missing from the public table until it is named here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from treem.disclosure.counts import Count
from treem.disclosure.network import Key
from treem.disclosure.policy import ClassRule, Policy
from treem.intake.observations import records
from treem.plan.model import TARGET_YEARS, Measure

if TYPE_CHECKING:
    import pandas as pd

SUPPRESSED = "suppressed"
MARK_HIDDEN = "[c]"
MARK_UNRELIABLE = "[u]"

HIDDEN_REASON = "Không công bố để bảo mật thông tin cá nhân."
NO_RATE_REASON = "Số trường hợp hoặc mẫu số quá ít để công bố tỷ lệ."

IDENTITY = frozenset(
    {
        "edition",
        "geography",
        "area_code",
        "year",
        "stratum",
        "measure",
        "unit",
        "reading",
        "area_name",
        "level",
        "period",
        "comparable",
        "confirmed",
        "areas_expected",
        "areas_reported",
        "missing_areas",
        "notice",
    }
)
"""Columns that say what a row is about and nothing about its value."""

_VERDICTS = ("verdict_{k}", "verdict_{k}_text", "verdict_{k}_table")
RATE = frozenset(
    {"value", "lower", "upper", "ratio", "certainty", "growth_reason", "bound", "bound_value"}
    | {
        name.format(k=k)
        for k in TARGET_YEARS
        for name in (
            *_VERDICTS,
            "gap_{k}",
            "yearly_change_{k}",
            "yearly_rate_{k}",
            "growth_ratio_{k}",
        )
    }
)
"""Columns worked out from the value of the row alone."""

OWN = RATE | {
    "numerator",
    "denominator",
    "status",
    "mark",
    "mode",
    "path",
    "period_note",
    "reason",
    "source_note",
    "observations",
    "replaces",
    "replaces_numerator",
    "replaces_denominator",
    "replaced_in",
    "revision_reason",
}
"""Columns of the row itself: with `IDENTITY` and pools all that shows beside a hidden row."""

POOL_RATE = frozenset({"pooled_value", "pooled_lower", "pooled_upper"})
POOL = POOL_RATE | {"pooled_numerator", "pooled_denominator", "pooled_from", "pooled_years"}
DEPARTMENT = frozenset({"department_numerator", "department_denominator", "department_value"})


def public_results(
    results: pd.DataFrame,
    counts: Iterable[Count],
    hidden: Iterable[Key],
    unprinted: Iterable[Key],
    measures: Mapping[str, Measure],
    policy: Policy,
) -> pd.DataFrame:
    """Return the public table: same rows, same columns, hidden and dependent cells empty.

    A row with a hidden count has status `suppressed` and mark `[c]`, whatever the reason was.
    """
    import pandas as pd

    rows = records(results)
    by_row = _by_row(counts)
    gone = frozenset(hidden)
    closed = {n for n in range(len(rows)) if _is_closed(by_row.get(n, ()), gone)}
    near = _series_of(rows[n] for n in closed)
    public = []
    for number, row in enumerate(rows):
        rule = policy.rule(measures[row["measure"]].disclosure_class)
        found = by_row.get(number, ())
        keeps_pool = _keeps_pool(found, gone | frozenset(unprinted), rule)
        new = dict(row)
        if number in closed:
            new = _closed_row(row, found, gone)
        elif _series(row) in near or _above(row) in near:
            new = _cautious_row(row, near)
        if keeps_pool:
            new |= {name: row[name] for name in POOL if name in row}
        elif rule.protects:
            new |= {name: "" for name in POOL if name in row}
        if rule.protects:
            _withhold_rates(new, rule, number in closed, measures[row["measure"]])
            _withhold_department(new, rule)
        public.append(new)
    table = pd.DataFrame(public, columns=list(results.columns), index=results.index)
    return table.astype(results.dtypes.to_dict())


def _by_row(counts: Iterable[Count]) -> dict[int, list[Count]]:
    found: dict[int, list[Count]] = {}
    for count in counts:
        found.setdefault(count.row, []).append(count)
    return found


def _is_closed(found: Sequence[Count], hidden: frozenset[Key]) -> bool:
    return any(count.key in hidden and not count.pooled for count in found)


def _keeps_pool(found: Sequence[Count], not_shown: frozenset[Key], rule: ClassRule) -> bool:
    pools = [count for count in found if count.pooled]
    if not rule.protects:
        return True
    return (
        bool(pools)
        and not any(count.key in not_shown for count in pools if count.part == "numerator")
        and not any(count.key in not_shown for count in pools)
    )


def _series(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the line of years that a row stands in; what looks along years depends on all."""
    return (
        str(row["measure"]),
        str(row["geography"]),
        str(row["area_code"]),
        str(row.get("stratum", "")),
    )


def _above(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the line of the province of a row: what compares areas with it depends on it."""
    return (str(row["measure"]), str(row["geography"]), "province", str(row.get("stratum", "")))


def _series_of(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, ...], set[int]]:
    """Return the lines that hold a hidden row, with its years; those of provinces by level too."""
    found: dict[tuple[str, ...], set[int]] = {}
    for row in rows:
        lines = [_series(row), *([_above(row)] if row["level"] == "province" else [])]
        for line in lines:
            found.setdefault(line, set()).add(int(row["year"]))
    return found


def _closed_row(
    row: Mapping[str, Any], found: Sequence[Count], hidden: frozenset[Key]
) -> dict[str, Any]:
    """Return a row with a hidden count: identity, open counts, the mark and nothing else."""
    open_parts = {
        count.column: row[count.column]
        for count in found
        if count.column and not count.pooled and count.key not in hidden
    }
    new = {name: value if name in IDENTITY else "" for name, value in row.items()}
    return {
        **new,
        **open_parts,
        "status": SUPPRESSED,
        "mark": MARK_HIDDEN,
        "reason": HIDDEN_REASON,
    }


def _cautious_row(
    row: Mapping[str, Any], near: Mapping[tuple[str, ...], set[int]]
) -> dict[str, Any]:
    """Return an open row beside hidden ones: only columns that depend on this row alone."""
    kept = IDENTITY | OWN | DEPARTMENT
    new = {name: value if name in kept else "" for name, value in row.items()}
    for k in TARGET_YEARS:
        if int(row["year"]) > k and k in near.get(_series(row), ()):
            # the verdict of a past target year was taken from a value that is hidden
            new |= {name.format(k=k): "" for name in _VERDICTS if name.format(k=k) in row}
    return new


def _withhold_rates(row: dict[str, Any], rule: ClassRule, closed: bool, measure: Measure) -> None:
    """Take away rates that rest on too little, and mark those that rest on little."""
    if not measure.denominator_vi:
        return
    if not closed and _too_little(row, "numerator", "denominator", rule):
        row |= {name: "" for name in RATE if name in row}
        row["mark"], row["reason"] = MARK_UNRELIABLE, NO_RATE_REASON
    elif not closed and _amount(row, "numerator", rule.unreliable_below) < rule.unreliable_below:
        row["mark"] = row["mark"] or MARK_UNRELIABLE
    if _too_little(row, "pooled_numerator", "pooled_denominator", rule):
        row |= {name: "" for name in POOL_RATE if name in row}


def _too_little(row: Mapping[str, Any], part: str, base: str, rule: ClassRule) -> bool:
    if row.get(base) and not _amount(row, base, 0):
        return False  # nothing occurred: there is no rate to take away, and that may be said
    return (
        _amount(row, part, rule.least_events) < rule.least_events
        or _amount(row, base, rule.least_denominator) < rule.least_denominator
    )


def _withhold_department(row: dict[str, Any], rule: ClassRule) -> None:
    """Take away what a department counted where it is small, or where the row is hidden anyway."""
    small = [
        name
        for name in ("department_numerator", "department_denominator")
        if row.get(name) and rule.is_small(round(_amount(row, name, 0)))
    ]
    part, base = (row.get(f"department_{one}") for one in ("numerator", "denominator"))
    left = _amount(row, "department_denominator", 0) - _amount(row, "department_numerator", 0)
    if small or (part and base and 1 <= left <= rule.small_up_to):
        row |= {name: "" for name in DEPARTMENT if name in row}


def _amount(row: Mapping[str, Any], column: str, default: int) -> Fraction:
    """Return a number of a row; where there is none, one that passes."""
    text = row.get(column)
    return Fraction(str(text)) if text else Fraction(default)
