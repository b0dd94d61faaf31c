"""Cells that will be published and the linear relations among them; no tables, no policy files.

A cell is a count of children or cases. A relation says that whole-number multiples of cells add
up to a constant: a province and its communes, a total and its sexes, three years and their pool.
What can only be worked out from published counts (denominator minus numerator) is a *derived*
cell: never printed and never chosen, always unknown to the attacker, who finds it where all other
cells of one of its relations are open. A network falls into blocks that share no cell which may be
hidden; each block is solved alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import log
from typing import NamedTuple


class Key(NamedTuple):
    """What a cell counts, where and when.

    `quantity` is a part (`CT08.1.numerator`) or, for a derived cell, a name made of two parts.
    `period` is a year (`2024`) or the first and last year of a pool (`2022-2024`). `stratum` is
    "" for the total.
    """

    quantity: str
    geography: str
    area: str
    period: str
    stratum: str


FREE = 10**9
"""`lowest = -FREE`: nothing bounds a derived cell from below (a cohort can exceed its base)."""

Owner = tuple[str, str]
"""Geography and code of the area that a cell is about and that knows it."""


@dataclass(frozen=True)
class Cell:
    """One count.

    `threshold` is the least count that may be shown. `lowest` is the least value of a hidden count
    that a reader who knows the rule assumes. `why` is the reason to hide it in itself ("" for
    none). `open` cells can never be hidden: public already, a shown zero, or no count of people.
    `small` is True where the value itself is small, not only withheld.
    """

    key: Key
    value: int
    threshold: int = 5
    lowest: int = 1
    why: str = ""
    small: bool = False
    open: bool = False
    headline: bool = False
    derived: bool = False

    @property
    def owner(self) -> Owner:
        """The area that knows this cell."""
        return (self.key.geography, self.key.area)


@dataclass(frozen=True)
class Relation:
    """`sum(coefficient * cell) == constant`. `kind` is area, stratum, period, derived or same.

    Terms are positions of cells. The constant is taken from the true values, as if a reader knew
    what the table leaves out: that can only protect more.
    """

    kind: str
    terms: tuple[tuple[int, int], ...]
    constant: int


@dataclass(frozen=True)
class Network:
    """All cells of a publication, in the order of their keys, and their relations."""

    cells: tuple[Cell, ...]
    relations: tuple[Relation, ...]
    inside: Mapping[Owner, frozenset[Owner]] = field(default_factory=dict)
    """Areas that lie in an area: it receives their reports, so they have no secrets from it."""


def build_network(
    cells: Iterable[Cell],
    sums: Iterable[tuple[str, Key, Sequence[Key]]],
    differences: Iterable[tuple[Cell, Key, Key]] = (),
    inside: Mapping[Owner, frozenset[Owner]] | None = None,
) -> Network:
    """Return the network of cells; order of what is given never matters.

    `sums` are (kind, total, parts); parts that are not among the cells count as known. Each of
    `differences` is a derived cell with the keys of the cell it is taken from and of the one taken
    away. Sums without their total or without any part say nothing and are left out.
    """
    given = sorted(cells, key=lambda cell: cell.key)
    derived = sorted(differences, key=lambda one: one[0].key)
    every = tuple([*given, *(replace(one[0], derived=True) for one in derived)])
    at = {cell.key: position for position, cell in enumerate(every)}
    if len(at) != len(every):
        raise ValueError("a cell was given twice")
    relations = {
        _relation(kind, every, [(at[total], 1), *((at[part], -1) for part in parts if part in at)])
        for kind, total, parts in sums
        if total in at and any(part in at for part in parts)
    }
    relations |= {
        _relation("derived", every, [(at[whole], 1), (at[part], -1), (at[cell.key], -1)])
        for cell, whole, part in derived
    }
    ordered = sorted(relations, key=lambda one: (one.terms, one.kind))
    return Network(every, tuple(ordered), dict(inside or {}))


def _relation(kind: str, cells: Sequence[Cell], terms: Iterable[tuple[int, int]]) -> Relation:
    ordered = tuple(sorted(terms))
    return Relation(kind, ordered, sum(sign * cells[cell].value for cell, sign in ordered))


@dataclass(frozen=True)
class Block:
    """A part of a network that can be solved alone; positions count within the block."""

    cells: tuple[Cell, ...]
    relations: tuple[Relation, ...]
    weights: tuple[float, ...]
    inside: Mapping[Owner, frozenset[Owner]]

    @property
    def required(self) -> frozenset[int]:
        """Cells that are hidden for their own sake."""
        return frozenset(i for i, cell in enumerate(self.cells) if cell.why and not cell.derived)

    def unknown(self, hidden: Iterable[int]) -> set[int]:
        """Return what an attacker does not see: the hidden cells and all that are never printed."""
        return set(hidden) | {i for i, cell in enumerate(self.cells) if cell.derived}

    def part(self, numbers: Iterable[int]) -> tuple[Block, list[int]]:
        """Return the block of these relations alone, and where its cells stand in the whole."""
        relations = [self.relations[number] for number in sorted(set(numbers))]
        positions = sorted({cell for relation in relations for cell, _ in relation.terms})
        at = {position: number for number, position in enumerate(positions)}
        return Block(
            tuple(self.cells[position] for position in positions),
            tuple(
                replace(one, terms=tuple((at[cell], sign) for cell, sign in one.terms))
                for one in relations
            ),
            tuple(self.weights[position] for position in positions),
            self.inside,
        ), positions


def blocks(network: Network, headline_factor: float = 1000.0) -> list[Block]:
    """Return the blocks that hold something to hide, in the order of their first cells.

    Open cells are constants: they tie nothing together.
    """
    root = list(range(len(network.cells)))

    def find(cell: int) -> int:
        while root[cell] != cell:
            root[cell] = root[root[cell]]
            cell = root[cell]
        return cell

    for relation in network.relations:
        free = [cell for cell, _ in relation.terms if not network.cells[cell].open]
        for cell in free[1:]:
            root[find(cell)] = find(free[0])
    members: dict[int, list[int]] = defaultdict(list)
    for position, one in enumerate(network.cells):
        if not one.open:
            members[find(position)].append(position)
    relations: dict[int, list[Relation]] = defaultdict(list)
    for relation in network.relations:
        free = [cell for cell, _ in relation.terms if not network.cells[cell].open]
        if free:
            relations[find(free[0])].append(relation)
    found = [
        _block(network, positions, relations[group], headline_factor)
        for group, positions in members.items()
        if any(network.cells[position].why for position in positions)
    ]
    return sorted(found, key=lambda block: block.cells[0].key)


def _block(
    network: Network, positions: list[int], relations: list[Relation], headline_factor: float
) -> Block:
    at = {position: number for number, position in enumerate(positions)}
    cells = tuple(network.cells[position] for position in positions)
    kept = []
    for relation in relations:
        terms = tuple((at[cell], sign) for cell, sign in relation.terms if cell in at)
        known = sum(
            sign * network.cells[cell].value for cell, sign in relation.terms if cell not in at
        )
        kept.append(Relation(relation.kind, terms, relation.constant - known))
    weights = tuple(_weight(cell, headline_factor) for cell in cells)
    owners = {cell.owner for cell in cells}
    inside = {owner: network.inside[owner] for owner in owners if owner in network.inside}
    return Block(cells, tuple(dict.fromkeys(kept)), weights, inside)


def _weight(cell: Cell, headline_factor: float) -> float:
    """Return what hiding a cell costs: large counts and headline totals are hidden last."""
    if cell.derived:
        return 0.0
    return (log(1 + max(cell.value, 0)) + 1) * (headline_factor if cell.headline else 1.0)
