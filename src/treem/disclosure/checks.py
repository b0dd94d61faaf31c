"""Which checks may be named where a count is hidden.

That a figure is three times last year's, equals it, or lies above another is a sentence about its
size: beside a hidden count it gives the count away, wholly where the other figure is printed.
Only checks that speak of the form of a file or a row may be named there; of all others the public
learns that there is a finding, and not which. A check that somebody adds is not named until it
stands here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from treem.disclosure.policy import Policy

WITHHELD = "withheld"
"""The rule that stands in public for one that may not be named."""

OF_FORM = frozenset(
    {
        "missing_submission",
        "unlisted_file",
        "superseded",
        "file_missing",
        "file_changed",
        "legacy_encoding",
        "legacy_encoding_converted",
        "no_table",
        "map_does_not_fit",
        "other_unit",
        "other_year",
        "no_head",
        "repeated_column",
        "several_tables",
        "hidden_sheet",
        "hidden_cell",
        "macros",
        "external_links",
        "formula",
        "merged_value",
        "row_without_code",
        "row_below_foot",
        "row_missing",
        "duplicate_row",
        "unknown_measure",
        "unknown_part",
        "unknown_stratum",
        "unasked_stratum",
        "unknown_state",
        "unmapped_row",
        "code_does_not_fit",
        "wrong_unit",
        "correction_applied",
        "nothing_received",
        "value_not_collected",
        "waiver_expired",
        "waiver_unused",
    }
)
"""Checks that say nothing of how much."""

_YEARS = (-1, 0, 1)
"""A check of a year looks at the year before, one of the next year at this one."""


def name_withheld(
    findings: Iterable[Mapping[str, Any]], suppressed: Iterable[Mapping[str, Any]], policy: Policy
) -> list[bool]:
    """Return for each finding whether its rule may not be named beside what is hidden.

    `suppressed` are the rows of the public results that hold a hidden count. A finding on a
    measure touches the measures that share a number with it or contain it; one on a whole file
    touches every measure of its area.
    """
    hidden: dict[tuple[str, int], set[str]] = {}
    for row in suppressed:
        for step in _YEARS:
            place = (str(row["area_code"]), int(row["year"]) + step)
            hidden.setdefault(place, set()).add(str(row["measure"]))
    kin = _kin(policy)
    return [
        row["rule"] not in OF_FORM
        and row["year"] != ""
        and _touches(
            hidden.get((row["area_code"], int(row["year"])), set()), str(row["measure"]), kin
        )
        for row in findings
    ]


def _touches(hidden: set[str], measure: str, kin: Mapping[str, set[str]]) -> bool:
    return bool(hidden & ({measure} | kin.get(measure, set()))) if measure else bool(hidden)


def _kin(policy: Policy) -> dict[str, set[str]]:
    """Return for each measure those that a check may compare it with."""
    groups = [{name.rpartition(".")[0] for name in group} for group in policy.same]
    groups += [
        {pair.smaller.rpartition(".")[0], pair.larger.rpartition(".")[0]} for pair in policy.nested
    ]
    found: dict[str, set[str]] = {}
    for group in groups:
        for measure in group:
            found.setdefault(measure, set()).update(group)
    return found
