"""Chooses what else to hide so that what must be hidden stays hidden.

For each block the cheapest set of cells such that every relation that holds a hidden cell holds
enough of them (a mixed-integer programme), then both audits; what does not hold gets the cheapest
partner, and the choice is made again. The answer depends on the block alone: cells are in the
order of their keys, the effort of the programme is bounded by nodes and not by seconds, and where
it finds no proof in time a greedy choice takes over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from treem.disclosure.audit import Weak, Witness, weak_cells
from treem.disclosure.network import Block, Key, Network, Relation, blocks
from treem.errors import DataError

NODES = 2_000
"""Nodes of the programme before the greedy choice takes over: a bound that no machine's speed
changes."""
LARGEST = 4_000
"""Cells of a block beyond which the programme is not tried."""
ROUNDS = 400
FRUGAL = 3
"""Failed audits after which every relation of a weak cell gets a partner at once."""
PARTNERS = 2
"""Least number of cells added after one failed audit; more where many are weak."""

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
    proofs: list[Witness] = []
    greedy = False
    chosen: frozenset[int] = frozenset()
    for number in range(1, ROUNDS + 1):
        best = _cheapest(block, required) if len(block.cells) <= LARGEST else None
        greedy = greedy or best is None
        chosen = best if best is not None else _greedy(block, required)
        weak = weak_cells(block, chosen, width, proofs)
        if not weak:
            return chosen, _report(block, chosen, number, greedy)
        added = _partners(block, chosen, weak, generous=number > FRUGAL)
        if not added:
            raise DataError(_unprotected(block, weak))
        required = set(chosen) | added
    raise DataError(_unprotected(block, weak_cells(block, chosen, width)))


def enough(block: Block, relation: Relation) -> int:
    """Return how many cells of a relation must be hidden if one is.

    Two keep anybody from subtracting; among areas three, because one of two knows itself.
    """
    if relation.kind == "derived":
        return 1
    printed = [cell for cell, _ in relation.terms if not block.cells[cell].derived]
    owners = {block.cells[cell].owner for cell in printed}
    return min(3 if len(owners) > 2 else 2, len(printed))


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
            if terms and _must_hide_derived(block, relation):
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


def _must_hide_derived(block: Block, relation: Relation) -> bool:
    return any(block.cells[n].derived and block.cells[n].why for n, _ in relation.terms)


def _greedy(block: Block, required: set[int]) -> frozenset[int]:
    """Return a set that satisfies every relation, by taking the cheapest cell that is missing."""
    hidden = set(required)
    again = True
    while again:
        again = False
        for relation in block.relations:
            terms = [n for n, _ in relation.terms if not block.cells[n].derived]
            inside = [n for n in terms if n in hidden]
            must = (
                _must_hide_derived(block, relation) if relation.kind == "derived" else bool(inside)
            )
            missing = enough(block, relation) - len(inside) if must else 0
            others = sorted((block.weights[n], n) for n in terms if n not in hidden)
            for _, n in others[: max(missing, 0)]:
                hidden.add(n)
                again = True
    return frozenset(hidden)


def _partners(
    block: Block, hidden: frozenset[int], weak: Sequence[Weak], *, generous: bool
) -> set[int]:
    """Return the cheapest further cells for the weak ones: few a round, one a relation.

    A partner that helps one weak cell mostly helps others; taking few keeps the rest open. When
    that has not helped, `generous` gives one to every relation of every weak cell.
    """
    holding: dict[int, list[int]] = {}
    for number, relation in enumerate(block.relations):
        for n, _ in relation.terms:
            holding.setdefault(n, []).append(number)
    added: set[int] = set()
    served: set[int] = set()
    most = max(PARTNERS, len(weak) // 3)
    for one in weak:
        near = _reached(block, holding, hidden, one.cell)
        if served & {number for number, distance in near.items() if not distance}:
            continue
        order = sorted(near, key=lambda r: (near[r], _room(block, hidden, r, one.cell), r))
        options = [(number, _partner(block, hidden | added, number, one)) for number in order]
        usable = [(number, n) for number, n in options if n is not None]
        modest = [(number, n) for number, n in usable if not block.cells[n].headline]
        direct = [(number, n) for number, n in modest if not near[number]]
        for number, n in direct if generous and direct else [*modest, *usable][:1]:
            added.add(n)
            served.add(number)
        if len(added) >= most and not generous:
            break
    return added


def _reached(
    block: Block, holding: Mapping[int, list[int]], hidden: frozenset[int], cell: int
) -> dict[int, int]:
    """Return the relations that a hidden cell touches through hidden cells, with the distance."""
    known = block.unknown(hidden)
    found: dict[int, int] = {}
    front, seen, distance = [cell], {cell}, 0
    while front:
        following = []
        for n in front:
            for number in holding.get(n, ()):
                if number in found:
                    continue
                found[number] = distance
                for other, _ in block.relations[number].terms:
                    if other in known and other not in seen:
                        seen.add(other)
                        following.append(other)
        front, distance = following, distance + 1
    return found


def _room(block: Block, hidden: frozenset[int], number: int, cell: int) -> int:
    """Return how far the other hidden cells of a relation can give way: the tightest binds."""
    others = (n for n, _ in block.relations[number].terms if n in hidden and n != cell)
    return sum(block.cells[n].value - block.cells[n].lowest for n in others)


def _partner(block: Block, hidden: Iterable[int], number: int, weak: Weak) -> int | None:
    """Return the cheapest open cell of a relation, rather not one that the knower knows."""
    taken = set(hidden)
    candidates = [
        (block.cells[n].owner == weak.knower, block.weights[n], n)
        for n, _ in block.relations[number].terms
        if n not in taken and not block.cells[n].derived
    ]
    return min(candidates)[2] if candidates else None


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
