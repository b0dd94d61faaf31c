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
from treem.disclosure.choice import choose, suffices
from treem.disclosure.network import Block, Key, Network, blocks
from treem.disclosure.partners import partners, room_for_small
from treem.disclosure.pools import open_pools, pools_to_hide
from treem.errors import DataError

ROUNDS = 100
FRUGAL = 3
"""Failed audits after which every relation of a weak cell gets a partner at once."""

REOPENED = 400
"""Cells of a block beyond which no hidden cell is shown again: each try is a whole audit."""

COARSE = 8
"""Failed audits after which all pools of years of the block are hidden."""


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
    chosen = first = frozenset[int]()
    for number in range(1, ROUNDS + 1):
        chosen, proved = choose(block, required)
        first = chosen if number == 1 else first
        greedy = greedy or not proved
        if more := room_for_small(block, chosen):
            required = set(chosen) | more
            continue
        weak = weak_cells(block, chosen, width, proofs)
        if not weak:
            if len(block.cells) <= REOPENED:
                idle = sorted(chosen - first, key=lambda n: (-block.weights[n], n))
                chosen = _reopened(block, chosen, idle, width)
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


def _reopened(
    block: Block, chosen: frozenset[int], idle: Sequence[int], width: Callable[[int], int]
) -> frozenset[int]:
    """Return the cells to hide without those of `idle` that turn out not to be needed.

    What was hidden after an early failure may be idle beside what was hidden after a later one.
    All are shown again at once where both audits hold without them, else either half in turn.
    """
    fewer = chosen
    for n in idle:
        if suffices(block, fewer - {n}):
            fewer = fewer - {n}
    if fewer == chosen or not weak_cells(block, fewer, width):
        return fewer
    if len(idle) == 1:
        return chosen
    middle = len(idle) // 2
    chosen = _reopened(block, chosen, idle[:middle], width)
    return _reopened(block, chosen, idle[middle:], width)


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
