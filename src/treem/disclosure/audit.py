"""Attacks a block with some cells hidden, and says which hidden cells would give themselves away.

Two attacks. *Exact*: a hidden cell whose value follows from the relations alone, found by exact
elimination. *Interval*: the least and greatest value that a hidden cell can take, by linear
programme, for a reader who knows the rule (a hidden count is at least `lowest`), and for an area
that knows its own cells besides. What an outsider can say who knows no rule is never tighter than
what the first of these can, because every point possible for the one is possible for the other.

A cell holds where its interval is wide enough and reaches a value that may be shown. Points that
prove it are kept and reused: a programme is solved only where no point known so far is a proof.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from treem.disclosure.network import FREE, Block, Cell, Owner

Width = Callable[[int], int]

Witness = tuple[tuple[int, ...], tuple[float, ...]]
"""Cells of a block, and how far each moves from its true value in a point that is possible."""


@dataclass(frozen=True)
class Weak:
    """A hidden cell that does not hold. `knower` is the area whose knowledge breaks it, or None."""

    cell: int
    knower: Owner | None
    least: float
    greatest: float
    attack: str


@dataclass(frozen=True)
class Reduced:
    """What is left for an attacker: unknowns with bounds, and equations among them.

    `position` is the cell of each unknown. `low`, `high` are bounds; `width`, `reach` and `drop`
    say what its interval must be: this wide, up to at least `reach`, down to at most `drop`.
    """

    position: tuple[int, ...]
    value: Any
    low: Any
    high: Any
    width: Any
    reach: Any
    drop: Any
    owner: tuple[Owner, ...]
    rows: tuple[tuple[tuple[int, int], ...], ...]

    def part(self, members: Sequence[int]) -> Reduced:
        """Return the system of these unknowns alone, with the equations that hold any of them."""
        import numpy as np

        at = {n: number for number, n in enumerate(members)}
        index = np.array(members, dtype=int)
        return Reduced(
            position=tuple(self.position[n] for n in members),
            value=self.value[index],
            low=self.low[index],
            high=self.high[index],
            width=self.width[index],
            reach=self.reach[index],
            drop=self.drop[index],
            owner=tuple(self.owner[n] for n in members),
            rows=tuple(
                tuple((at[n], sign) for n, sign in terms)
                for terms in self.rows
                if terms and terms[0][0] in at
            ),
        )


def weak_cells(
    block: Block, hidden: Iterable[int], width: Width, proofs: list[Witness] | None = None
) -> list[Weak]:
    """Return the hidden cells that do not hold, each once, in the order of the block.

    `proofs` are the witnesses of earlier attacks on the same block; new ones are added. They stay
    good when more is hidden.
    """
    from treem.disclosure.witness import interval_attack

    proofs = [] if proofs is None else proofs
    whole, given_away = reduce(block, hidden, width)
    found = {position: _solved(block, position) for position in given_away}
    tied: list[int] = []
    weak: list[Weak] = []
    for members in components(whole):
        part = whole.part(members)
        solved = [part.position[n] for n in solvable(part) if part.width[n] > 0]
        found |= {position: _solved(block, position) for position in solved}
        if solved:
            continue
        if len(part.rows) > 1:
            tied += members
        else:
            weak += interval_attack(part, block.inside, proofs)
    weak += interval_attack(whole.part(tied), block.inside, proofs)
    for one in weak:
        found.setdefault(one.cell, one)
    return [found[position] for position in sorted(found)]


def _solved(block: Block, position: int) -> Weak:
    value = float(block.cells[position].value)
    return Weak(position, None, value, value, "exact")


def reduce(block: Block, hidden: Iterable[int], width: Width) -> tuple[Reduced, list[int]]:
    """Return the attacker's system, and the small derived cells that open cells give away.

    Open cells are put in, derived cells that follow from them too; a derived cell that moves with
    one hidden cell becomes bounds of that cell.
    """
    import numpy as np

    unknown, given_away = _unknown(block, hidden)
    cells = [block.cells[position] for position in unknown]
    at = {position: number for number, position in enumerate(unknown)}
    low = np.array([min(cell.lowest, cell.value) for cell in cells], dtype=float)
    high = np.full(len(cells), np.inf)
    asked = [not cell.derived or cell.small for cell in cells]
    wide = np.array([width(c.threshold) if a else 0 for c, a in zip(cells, asked, strict=True)])
    reach = np.array([c.threshold if a else -np.inf for c, a in zip(cells, asked, strict=True)])
    drop = np.full(len(cells), np.inf)
    needs = _Needs(low, high, wide.astype(float), reach.astype(float), drop)
    lines = [
        terms
        for relation in block.relations
        if (terms := tuple((at[cell], sign) for cell, sign in relation.terms if cell in at))
    ]
    uses = Counter(n for terms in lines for n, _ in terms)
    folded: set[int] = set()
    rows = []
    for terms in lines:
        lone = [n for n, _ in terms if cells[n].derived and uses[n] == 1]
        if len(terms) == 2 and len(lone) == 1:
            _fold(terms, lone[0], cells, needs)
            folded.add(lone[0])
        else:
            rows.append(terms)
    kept = [n for n in range(len(cells)) if n not in folded]
    renumbered = {n: number for number, n in enumerate(kept)}
    whole = Reduced(
        position=tuple(unknown[n] for n in kept),
        value=np.array([cells[n].value for n in kept], dtype=float),
        low=needs.low[kept],
        high=needs.high[kept],
        width=needs.width[kept],
        reach=needs.reach[kept],
        drop=needs.drop[kept],
        owner=tuple(cells[n].owner for n in kept),
        rows=tuple(
            dict.fromkeys(tuple((renumbered[n], sign) for n, sign in terms) for terms in rows)
        ),
    )
    return whole, given_away


def _unknown(block: Block, hidden: Iterable[int]) -> tuple[list[int], list[int]]:
    """Return the cells an attacker must still find, and the small derived ones that he has."""
    unknown = block.unknown(hidden)
    given_away = []
    again = True
    while again:
        again = False
        for relation in block.relations:
            left = [cell for cell, _ in relation.terms if cell in unknown]
            if len(left) == 1 and block.cells[left[0]].derived:
                unknown.remove(left[0])
                again = True
                if block.cells[left[0]].small:
                    given_away.append(left[0])
    return sorted(unknown), given_away


@dataclass
class _Needs:
    """Bounds and needs of the unknowns while derived cells are folded into them."""

    low: Any
    high: Any
    width: Any
    reach: Any
    drop: Any


def _fold(
    terms: Sequence[tuple[int, int]], lone: int, cells: Sequence[Cell], needs: _Needs
) -> None:
    """Turn a derived cell that moves with one other unknown into bounds and needs of that one.

    The derived cell is `y = c - x` or `y = c + x`; the true values give the constant.
    """
    ((n, sign_n),) = [term for term in terms if term[0] != lone]
    ((_, sign_y),) = [term for term in terms if term[0] == lone]
    falling = sign_n == sign_y
    x, y = cells[n].value, cells[lone].value
    if needs.low[lone] > -FREE:
        room = y - needs.low[lone]
        if falling:
            needs.high[n] = min(needs.high[n], x + room)
        else:
            needs.low[n] = max(needs.low[n], x - room)
    needs.width[n] = max(needs.width[n], needs.width[lone])
    rise = needs.reach[lone] - y
    if falling:
        needs.drop[n] = min(needs.drop[n], x - rise)
    else:
        needs.reach[n] = max(needs.reach[n], x + rise)


def components(whole: Reduced) -> list[list[int]]:
    """Return the parts of an attacker's system that share no equation, each as its unknowns."""
    root = list(range(len(whole.position)))

    def find(n: int) -> int:
        while root[n] != n:
            root[n] = root[root[n]]
            n = root[n]
        return n

    for terms in whole.rows:
        for n, _ in terms[1:]:
            root[find(n)] = find(terms[0][0])
    groups: dict[int, list[int]] = {}
    for n in range(len(root)):
        groups.setdefault(find(n), []).append(n)
    return list(groups.values())


def solvable(system: Reduced) -> list[int]:
    """Return the unknowns that follow from the equations alone, by exact elimination.

    Gauss-Jordan over fractions: an unknown is determined exactly where its pivot row holds
    nothing else. An unknown that stands in one equation only is taken as its pivot last, so that
    it disturbs no other; most equations go that way.
    """
    pivots: dict[int, dict[int, Fraction]] = {}
    core, peeled = _peel(system)
    for number in core:
        row = _reduced(system.rows[number], pivots)
        if not row:
            continue
        pivot = min(row)
        scale = row[pivot]
        row = {n: value / scale for n, value in row.items()}
        for other in pivots.values():
            if pivot in other:
                _subtract(other, row, other[pivot])
        pivots[pivot] = row
    for number, pivot in reversed(peeled):
        row = _reduced(system.rows[number], pivots)
        scale = row[pivot]
        pivots[pivot] = {n: value / scale for n, value in row.items()}
    return sorted(pivot for pivot, row in pivots.items() if len(row) == 1)


def _peel(system: Reduced) -> tuple[list[int], list[tuple[int, int]]]:
    """Return the equations in which every unknown stands twice, and those taken off before.

    Each of the latter with an unknown that stood in it alone when it was taken off.
    """
    holding: dict[int, set[int]] = {}
    for number, terms in enumerate(system.rows):
        for n, _ in terms:
            holding.setdefault(n, set()).add(number)
    left = set(range(len(system.rows)))
    peeled = []
    lone = [n for n, rows in sorted(holding.items()) if len(rows) == 1]
    while lone:
        n = lone.pop()
        if len(holding[n]) != 1:
            continue
        (number,) = holding[n]
        peeled.append((number, n))
        left.remove(number)
        for other, _ in system.rows[number]:
            holding[other].remove(number)
            if len(holding[other]) == 1:
                lone.append(other)
    return sorted(left), peeled


def _reduced(
    terms: Sequence[tuple[int, int]], pivots: Mapping[int, Mapping[int, Fraction]]
) -> dict[int, Fraction]:
    row = {n: Fraction(sign) for n, sign in terms}
    for n in [n for n in row if n in pivots]:
        _subtract(row, pivots[n], row[n])
    return row


def _subtract(row: dict[int, Fraction], other: Mapping[int, Fraction], factor: Fraction) -> None:
    for n, value in other.items():
        left = row.get(n, 0) - factor * value
        if left:
            row[n] = left
        else:
            row.pop(n, None)
