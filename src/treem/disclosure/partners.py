"""Which further cells are hidden beside those that must be: the greedy part of the choice.

Enough cells in every relation first; then, where an audit found a hidden cell weak, the cheapest
partner in the nearest relation that has one to give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from treem.disclosure.audit import Weak
from treem.disclosure.network import Block, Cell

LEAST_ADDED = 2
"""Least number of cells added after one failed audit; more where many are weak."""


def partners(
    block: Block, hidden: frozenset[int], weak: Sequence[Weak], *, generous: bool
) -> set[int]:
    """Return the cheapest further cells for the weak ones: few a round, one a relation.

    A partner that helps one weak cell mostly helps others; taking few keeps the rest open. When
    that has not helped, `generous` gives one to every relation of every weak cell.
    """
    holding = relations_of(block)
    known = block.unknown(hidden)
    added: set[int] = set()
    served: set[int] = set()
    most = max(LEAST_ADDED, len(weak) // 3)
    for one in weak:
        if served & set(holding.get(one.cell, ())):
            continue
        found = _nearest(block, holding, known, added, one, generous=generous)
        added |= found.keys()
        served |= set(found.values())
        if len(added) >= most and not generous:
            break
    return added


def room_for_small(block: Block, hidden: frozenset[int]) -> set[int]:
    """Return further cells so that hidden areas of one sum can make room for each small one.

    A small cell must be able to reach its threshold; the others can fall no lower than they are
    known to be, and one of them knows itself. Without so much room every audit would fail.
    """
    added: set[int] = set()
    for number, relation in enumerate(block.relations):
        if relation.kind != "area":
            continue
        signs = dict(relation.terms)
        while inside := [n for n in signs if n in hidden or n in added]:
            if not _is_tight([block.cells[n] for n in inside], [signs[n] for n in inside]):
                break
            weak = Weak(inside[0], None, 0, 0, "")
            n = _partner(block, hidden | added, number, weak)
            if n is None:
                break
            added.add(n)
    return added


def _is_tight(cells: Sequence[Cell], signs: Sequence[int]) -> bool:
    """Whether some cell of a sum cannot reach its threshold when one other stands still."""
    if len(set(signs)) > 1:  # whole and parts: they rise together
        return False
    rooms = sorted((cell.value - cell.lowest for cell in cells), reverse=True)
    total = sum(rooms) - rooms[0]
    return any(
        cell.threshold - cell.value > total - (cell.value - cell.lowest if n else 0)
        for n, cell in enumerate(sorted(cells, key=lambda one: one.lowest - one.value))
    )


def _nearest(
    block: Block,
    holding: Mapping[int, list[int]],
    known: set[int],
    added: set[int],
    weak: Weak,
    *,
    generous: bool,
) -> dict[int, int]:
    """Return cells to hide for a weak one, each with the relation that it comes from.

    One of the nearest relation that has any; headline totals only where nothing else is left.
    """
    last: dict[int, int] = {}
    for distance, ring in enumerate(rings(block, holding, known, weak.cell)):
        ring = sorted(ring, key=lambda r: (_room(block, known, r, weak.cell), r))
        found: dict[int, int] = {}
        for number in ring:
            n = _partner(block, known | added | found.keys(), number, weak)
            if n is None:
                continue
            if block.cells[n].headline:
                last = last or {n: number}
                continue
            found[n] = number
            if not generous or distance:
                break
        if found:
            return found
    return last


def relations_of(block: Block) -> dict[int, list[int]]:
    """Return for each cell the numbers of the relations that it stands in."""
    holding: dict[int, list[int]] = {}
    for number, relation in enumerate(block.relations):
        for n, _ in relation.terms:
            holding.setdefault(n, []).append(number)
    return holding


def rings(
    block: Block, holding: Mapping[int, list[int]], known: set[int], cell: int
) -> Iterator[list[int]]:
    """Yield the relations that a cell touches through unknown cells, nearest first."""
    front, seen = [cell], {cell}
    reached: set[int] = set()
    while front:
        ring = sorted({r for n in front for r in holding.get(n, ())} - reached)
        if ring:
            yield ring
        reached |= set(ring)
        front = sorted({n for r in ring for n, _ in block.relations[r].terms if n in known} - seen)
        seen |= set(front)


def _room(block: Block, known: set[int], number: int, cell: int) -> int:
    """Return how far the other hidden cells of a relation can give way: the tightest binds."""
    others = (block.cells[n] for n, _ in block.relations[number].terms if n in known and n != cell)
    return sum(one.value - one.lowest for one in others if not one.derived)


def _partner(block: Block, taken: Set[int], number: int, weak: Weak) -> int | None:
    """Return the cheapest open cell of a relation, rather not one that the knower knows."""
    candidates = [
        (block.cells[n].owner == weak.knower, block.weights[n], n)
        for n, _ in block.relations[number].terms
        if n not in taken and not block.cells[n].derived
    ]
    return min(candidates)[2] if candidates else None
