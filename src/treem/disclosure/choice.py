"""Which cells are hidden together: the cheapest that leave enough unknown in every relation.

A mixed-integer programme finds them; its effort is bounded by nodes and not by seconds, and where
it finds no proof in time a greedy choice takes over.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from treem.disclosure.network import Block, Relation

NODES = 2_000
"""Nodes of the programme before the greedy choice takes over: a bound that no machine's speed
changes."""
LARGEST = 20_000
"""Cells of a block beyond which the programme is not tried."""

_TIE = 1e-7


def choose(block: Block, required: Iterable[int]) -> tuple[frozenset[int], bool]:
    """Return cells to hide, the required ones among them, and whether they are proved cheapest."""
    required = frozenset(required)
    best = _cheapest(block, required) if len(block.cells) <= LARGEST else None
    return (_greedy(block, required), False) if best is None else (best, True)


def _cheapest(block: Block, required: frozenset[int]) -> frozenset[int] | None:
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


def _greedy(block: Block, required: Iterable[int]) -> frozenset[int]:
    """Return a set that satisfies every relation, by taking the cheapest cell that is missing."""
    hidden = set(required)
    again = True
    while again:
        again = False
        for relation in block.relations:
            missing = _missing(block, relation, hidden)
            others = sorted(
                (block.weights[n], n)
                for n, _ in relation.terms
                if n not in hidden and not block.cells[n].derived
            )
            for _, n in others[:missing]:
                hidden.add(n)
                again = True
    return frozenset(hidden)


def suffices(block: Block, hidden: Set[int]) -> bool:
    """Whether every relation that holds a hidden cell holds enough of them."""
    return not any(_missing(block, relation, hidden) > 0 for relation in block.relations)


def _missing(block: Block, relation: Relation, hidden: Set[int]) -> int:
    """Return how many cells of a relation must still be hidden, none where it holds no secret."""
    inside = [n for n, _ in relation.terms if n in hidden and not block.cells[n].derived]
    must = must_hide_derived(block, relation) if relation.kind == "derived" else bool(inside)
    return max(enough(block, relation) - len(inside), 0) if must else 0


def enough(block: Block, relation: Relation) -> int:
    """Return how many cells of a relation must be hidden if one is.

    Two keep anybody from subtracting; among areas three, because one of two knows itself.
    """
    if relation.kind == "derived":
        return 1
    printed = [cell for cell, _ in relation.terms if not block.cells[cell].derived]
    owners = {block.cells[cell].owner for cell in printed}
    return min(3 if len(owners) > 2 else 2, len(printed))


def must_hide_derived(block: Block, relation: Relation) -> bool:
    """Whether an equation of a derived cell must hide a cell because the derived one is small."""
    return any(block.cells[n].derived and block.cells[n].why for n, _ in relation.terms)
