"""Chooses what else to hide so that what must be hidden stays hidden.

For each block the cheapest set of cells such that every relation that holds a hidden cell holds
enough of them (a mixed-integer programme), then both audits; what does not hold gets the cheapest
partner, and the choice is made again. The answer depends on the block alone: cells are in the
order of their keys, the effort of the programme is bounded by nodes and not by seconds, and where
it finds no proof in time a greedy choice takes over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from treem.disclosure.audit import Weak, Witness, weak_cells
from treem.disclosure.network import Block, Key, Network, blocks
from treem.disclosure.partners import (
    enough,
    greedy_choice,
    must_hide_derived,
    partners,
    room_for_small,
)
from treem.disclosure.pools import open_pools, pools_to_hide
from treem.errors import DataError

NODES = 2_000
"""Nodes of the programme before the greedy choice takes over: a bound that no machine's speed
changes."""
LARGEST = 4_000
"""Cells of a block beyond which the programme is not tried."""
ROUNDS = 100
FRUGAL = 3
"""Failed audits after which every relation of a weak cell gets a partner at once."""

COARSE = 8
"""Failed audits after which all pools of years of the block are hidden."""

_TIE = 1e-7


@dataclass(frozen=True)
class BlockReport:
    """How a block was protected: for the internal report and the benchmark."""

    first: Key
    cells: int
    primary: int
    secondary: int
    headlines: int
    rounds: int
    greedy: bool


@dataclass(frozen=True)
class Suppression:
    """The cells hidden, by key, each with why: the reason to hide it in itself, or `secondary`."""

    hidden: Mapping[Key, str]
    reports: tuple[BlockReport, ...] = field(default=())


def suppress(
    network: Network,
    width: Callable[[int], int] = lambda threshold: max(3, threshold - 1),
    headline_factor: float = 1000.0,
) -> Suppression:
    """Return what to hide in a network so that both audits hold.

    `width` gives, for the threshold of a cell, how wide its interval must be. Raises DataError
    where even hiding everything would not protect some cell; then nothing may be published.
    """
    hidden: dict[Key, str] = {}
    reports = []
    for block in blocks(network, headline_factor):
        chosen, report = protect_block(block, width)
        reports.append(report)
        for position in sorted(chosen):
            cell = block.cells[position]
            hidden[cell.key] = cell.why or "secondary"
    return Suppression(hidden, tuple(reports))


def protect_block(block: Block, width: Callable[[int], int]) -> tuple[frozenset[int], BlockReport]:
    """Return the cells of one block to hide, and how they were found."""
    required = set(block.required)
    required |= pools_to_hide(block, required, width)
    proofs: list[Witness] = []
    greedy = False
    failures = 0
    chosen: frozenset[int] = frozenset()
    for number in range(1, ROUNDS + 1):
        best = _cheapest(block, required) if len(block.cells) <= LARGEST else None
        greedy = greedy or best is None
        chosen = best if best is not None else greedy_choice(block, required)
        if more := room_for_small(block, chosen):
            required = set(chosen) | more
            continue
        weak = weak_cells(block, chosen, width, proofs)
        if not weak:
            return chosen, _report(block, chosen, number, greedy)
        failures += 1
        added = _further(block, chosen, weak, failures)
        if not added:
            raise DataError(_unprotected(block, weak))
        required = set(chosen) | added
    raise DataError(_unprotected(block, weak_cells(block, chosen, width)))


def _further(block: Block, chosen: frozenset[int], weak: Sequence[Weak], failures: int) -> set[int]:
    """Return what to hide besides after a failed audit: more with every failure.

    Open pools of the area itself tie its years and go first; where nothing else has helped, all
    pools go, and the block falls apart into years.
    """
    pools = open_pools(block, chosen)
    if failures > COARSE and pools:
        return set(pools)
    tied = {
        block.cells[one.cell].owner for one in weak if one.attack == "interval" or failures > FRUGAL
    }
    near = {n for n in pools if block.cells[n].owner in tied}
    return near or partners(block, chosen, weak, generous=failures > FRUGAL)


def _cheapest(block: Block, required: set[int]) -> frozenset[int] | None:
    """Return the set of least weight by a mixed-integer programme, None without a proof of it."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    real = [n for n, cell in enumerate(block.cells) if not cell.derived]
    column = {n: number for number, n in enumerate(real)}
    rows: list[tuple[list[tuple[int, float]], float]] = []
    free = len(real)
    for relation in block.relations:
        terms = [column[n] for n, _ in relation.terms if n in column]
        if relation.kind == "derived":
            if terms and must_hide_derived(block, relation):
                rows.append(([(n, 1.0) for n in terms], 1.0))
            continue
        if not terms:
            continue
        active, free = free, free + 1
        rows.extend(([(active, 1.0), (n, -1.0)], 0.0) for n in terms)
        needed = float(enough(block, relation))
        rows.append(([*((n, 1.0) for n in terms), (active, -needed)], 0.0))
    cost = np.zeros(free)
    # equal weights would leave the choice to the solver; the order of keys decides instead
    cost[: len(real)] = [block.weights[n] * (1 + _TIE * n) for n in real]
    lower = np.zeros(free)
    lower[[column[n] for n in required]] = 1
    entries = [(r, n, value) for r, (terms_, _) in enumerate(rows) for n, value in terms_]
    constraints = []
    if rows:
        r, n, value = zip(*entries, strict=True)
        matrix = coo_array((value, (r, n)), shape=(len(rows), free)).tocsr()
        constraints = [LinearConstraint(matrix, [right for _, right in rows], np.inf)]
    done = milp(
        cost,
        constraints=constraints,
        integrality=np.concatenate([np.ones(len(real)), np.zeros(free - len(real))]),
        bounds=Bounds(lower, np.ones(free)),
        options={"node_limit": NODES, "mip_rel_gap": 0.0},
    )
    if done.status != 0:
        return None
    return frozenset(n for n in real if done.x[column[n]] > 0.5)


def _report(block: Block, chosen: frozenset[int], rounds: int, greedy: bool) -> BlockReport:
    return BlockReport(
        first=block.cells[0].key,
        cells=len(block.cells),
        primary=len(block.required),
        secondary=len(chosen - block.required),
        headlines=sum(1 for n in chosen - block.required if block.cells[n].headline),
        rounds=rounds,
        greedy=greedy,
    )


def _unprotected(block: Block, weak: Sequence[Weak]) -> str:
    named = "; ".join(
        f"{key.quantity} địa bàn {key.area} kỳ {key.period}"
        f"{' ' + key.stratum if key.stratum else ''}"
        for key in (block.cells[one.cell].key for one in weak[:5])
    )
    more = f" và {len(weak) - 5} ô nữa" if len(weak) > 5 else ""
    return (
        f"Không che được an toàn: {named}{more}. Dù che hết các ô liên quan, người đọc vẫn suy ra "
        "số nhỏ vì các số khác phải để mở (đã công bố kỳ trước hoặc không thuộc diện che). Không "
        "được công bố; hãy bỏ bớt bảng phân tổ hoặc gộp địa bàn, gộp năm."
    )
