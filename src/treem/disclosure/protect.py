"""Disclosure control from a table of results to its public copy, step by step.

The one entry point is `protect`; what it returns is the public table, the internal report of every
cell, the record of the audits, and the rows for the ledger. It writes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from treem.disclosure.audit import Weak, weak_cells
from treem.disclosure.ledger import Ledger, LedgerRow
from treem.disclosure.network import Key, Network, blocks
from treem.disclosure.places import AreaLink
from treem.disclosure.policy import Policy
from treem.disclosure.public import public_results
from treem.disclosure.suppress import Suppression, suppress
from treem.disclosure.tables import CountTable, count_table
from treem.errors import DataError
from treem.intake.observations import records
from treem.plan.model import Measure

if TYPE_CHECKING:
    import pandas as pd

CELL_COLUMNS = (
    "quantity",
    "geography",
    "area_code",
    "period",
    "stratum",
    "value",
    "state",
    "why",
)


@dataclass(frozen=True)
class Protection:
    """A protected edition.

    `results_public` has the rows and columns of the results. `cells` is internal: every count of
    people with its value, whether it is `open`, `hidden` or never printed (`derived`), and why.
    `audit` can be written as JSON; it names counts of cells and blocks, no values.
    """

    results_public: pd.DataFrame
    cells: pd.DataFrame
    audit: dict[str, Any]
    ledger_rows: tuple[LedgerRow, ...]


def protect(
    results: pd.DataFrame,
    measures: Mapping[str, Measure],
    links: Iterable[AreaLink],
    policy: Policy,
    ledger: Ledger | None = None,
) -> Protection:
    """Return what may be published of an edition's results.

    `measures` are those of the register, `links` the sums among published areas, `ledger` what
    other editions of the same kind published. Raises DataError where some cell cannot be
    protected: then nothing may be published.
    """
    known = ledger or Ledger()
    table = count_table(results, measures, links, policy, known)
    chosen = suppress(table.network, policy.width, policy.headline_factor)
    exposed = _exposed(table.network, chosen, known)
    printed = {cell.key for cell in table.network.cells if not cell.derived}
    unprinted = [count.key for count in table.counts if count.key not in printed]
    public = public_results(results, table.counts, chosen.hidden, unprinted, measures, policy)
    return Protection(
        results_public=public,
        cells=_cells(table.network, chosen),
        audit=_audit(table.network, chosen, exposed, policy),
        ledger_rows=_ledger_rows(table, chosen, public),
    )


def attack(network: Network, hidden: Iterable[Key], policy: Policy) -> list[tuple[Key, Weak]]:
    """Audit a network again with these cells hidden: the cells that do not hold, none if all do.

    Cells that need hiding and are not hidden are reported by `protect`, not here.
    """
    gone = set(hidden)
    found = []
    for block in blocks(network, policy.headline_factor):
        positions = [n for n, cell in enumerate(block.cells) if cell.key in gone]
        for weak in weak_cells(block, positions, policy.width):
            found.append((block.cells[weak.cell].key, weak))
    return found


def _exposed(network: Network, chosen: Suppression, ledger: Ledger) -> list[Key]:
    """Return small counts that stay open because they were printed before.

    Raises DataError where one is open for any other reason: that would be an error of ours.
    """
    open_small = [
        cell.key
        for cell in network.cells
        if cell.why and not cell.derived and cell.key not in chosen.hidden
    ]
    values = {cell.key: cell.value for cell in network.cells}
    ours = [key for key in open_small if not ledger.knows(key, values[key])]
    if ours:
        raise DataError(
            f"{len(ours)} ô phải che mà chưa được che, ví dụ {ours[0].quantity} địa bàn "
            f"{ours[0].area} kỳ {ours[0].period}. Không được công bố; hãy báo người bảo trì."
        )
    return open_small


def _cells(network: Network, chosen: Suppression) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for cell in network.cells:
        state = "hidden" if cell.key in chosen.hidden else "derived" if cell.derived else "open"
        why = chosen.hidden.get(cell.key, cell.why)
        rows.append((*cell.key, cell.value, state, why))
    return pd.DataFrame(rows, columns=list(CELL_COLUMNS))


def _audit(
    network: Network, chosen: Suppression, exposed: list[Key], policy: Policy
) -> dict[str, Any]:
    reasons = Counter(chosen.hidden.values())
    return {
        "cells": sum(1 for cell in network.cells if not cell.derived),
        "derived": sum(1 for cell in network.cells if cell.derived),
        "relations": len(network.relations),
        "hidden": len(chosen.hidden),
        "secondary": reasons["secondary"],
        "reasons": dict(sorted(reasons.items())),
        "blocks": len(chosen.reports),
        "largest_block": max((report.cells for report in chosen.reports), default=0),
        "greedy_blocks": sum(1 for report in chosen.reports if report.greedy),
        "headlines_hidden": sum(report.headlines for report in chosen.reports),
        "rounds": sum(report.rounds for report in chosen.reports),
        "printed_before": [list(key) for key in exposed],
        "attacks": ["exact", "rule", "own_value"],
        "least_width": {
            name: policy.width(rule.threshold)
            for name, rule in sorted(policy.classes.items())
            if rule.protects
        },
        "policy_approved": not policy.is_proposal,
    }


def _ledger_rows(
    table: CountTable, chosen: Suppression, public: pd.DataFrame
) -> tuple[LedgerRow, ...]:
    """Return what becomes public: every figure of the public table, and every hidden count.

    Counts stand under the name of every part that is printed.
    """
    printed = {cell.key for cell in table.network.cells if not cell.derived}
    rows: dict[Key, Fraction | int | None] = {
        key: Fraction(text) for key, text in printed_figures(records(public))
    }
    for count in table.counts:
        if count.key not in printed:
            continue
        value = None if count.key in chosen.hidden else count.value
        rows[count.key] = value
        rows[count.key._replace(quantity=count.name)] = value
    return tuple(LedgerRow(key, rows[key]) for key in sorted(rows))


def printed_figures(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Key, str]]:
    """Yield the value, numerator and denominator of every row that has them, under its key."""
    for row in rows:
        for part in ("numerator", "denominator", "value"):
            if row.get(part):
                place = (str(row[name]) for name in ("geography", "area_code", "year", "stratum"))
                yield Key(f"{row['measure']}.{part}", *place), str(row[part])
