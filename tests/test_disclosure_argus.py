"""Tau-Argus, the tool of the statistical offices, audits our tables: it finds nothing either.

`pytauargus` reads a table as cells and linear relations and works out the interval of each hidden
cell with its own solver. It knows nothing of our rule, so its intervals are those of an outsider.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from disclosure_tables import area_codes, links, random_counts, table
from treem.disclosure.ledger import Ledger
from treem.disclosure.network import Key, Network
from treem.disclosure.policy import load_policy
from treem.disclosure.suppress import suppress
from treem.disclosure.tables import count_table
from treem.plan.register import load_register
from treem.project import Project

argus = pytest.importorskip("pytauargus._tauargus", reason="pytauargus chưa được cài")

HIGHEST = 100_000


def audited(network: Network, hidden: Iterable[Key], path: Path) -> list[dict[str, Any]]:
    """Write the network in the tool's own format and return its audit of the hidden cells."""
    gone = set(hidden)
    cells = {n: cell for n, cell in enumerate(network.cells) if not cell.derived}
    number = {n: position for position, n in enumerate(cells)}
    lines = ["0", str(len(cells))]
    for n, cell in cells.items():
        status = "s" if cell.key not in gone else "u" if cell.why else "m"
        levels = "1 1 0" if status == "u" else "0 0 0"
        lines.append(f"{number[n]} {cell.value} 1 {status} 0 {HIGHEST} {levels}")
    relations = [relation for relation in network.relations if relation.kind != "derived"]
    lines.append(str(len(relations)))
    for relation in relations:
        terms = " ".join(f"{number[n]} ({-sign})" for n, sign in relation.terms)
        lines.append(f"{-relation.constant} {len(relation.terms)} : {terms}")
    path.write_text("\n".join(lines) + "\n", "ascii")
    return list(argus.audit_jj(str(path)))


@pytest.fixture(params=[14, 3, 8], ids="bảng {}".format)
def network(request: pytest.FixtureRequest, project: Project) -> Network:
    measures = load_register(project).measures
    policy = load_policy(project, measures)
    results = table(random_counts(request.param), measures)
    sums = links(area_codes(8), [2024])
    return count_table(results, measures, sums, policy, Ledger()).network


def test_the_tool_sees_no_hidden_count(network: Network, tmp_path: Path) -> None:
    hidden = suppress(network).hidden
    rows = audited(network, hidden, tmp_path / "table.jj")
    assert len(rows) == len(hidden)
    assert [row for row in rows if row["unsafe"]] == []
    assert min(row["max"] - row["min"] for row in rows) >= 4


def test_the_tool_finds_all_where_partners_are_missing(network: Network, tmp_path: Path) -> None:
    primary = [cell.key for cell in network.cells if cell.why and not cell.derived]
    rows = audited(network, primary, tmp_path / "table.jj")
    solved = [row for row in rows if row["max"] - row["min"] < 1e-6]
    assert len(solved) == len(primary) and all(row["unsafe"] for row in solved)
