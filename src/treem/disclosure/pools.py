"""Which pools of years cannot be shown, found area by area before the whole is looked at.

Three years of a small area and their pool leave each of the three little room, and two pools that
overlap tell how a year differs from the third one after it. What an area's own figures tell about
it no other area can make good, so that is settled first: for every area alone, as if the others
could give way without limit. Pools that end three, six, … years before the last one overlap with
none of each other and are kept longest. It saves the audits of the whole most of their failures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from treem.disclosure.audit import Weak, weak_cells
from treem.disclosure.choice import choose
from treem.disclosure.network import Block, Owner
from treem.disclosure.partners import relations_of, rings

POOL = 3
"""Years of a pool."""


def pools_to_hide(
    block: Block, required: Iterable[int], width: Callable[[int], int]
) -> frozenset[int]:
    """Return the pools of a block that must be hidden although other areas hide enough.

    `required` are the cells that are hidden anyway, `width` gives the least width of an interval
    for a threshold. Every round hides a pool or settles an area, so it ends.
    """
    hidden: set[int] = set()
    anyway = frozenset(required)
    local = _relations_within_areas(block)
    last = max((_last(block, n) for n in range(len(block.cells)) if _is_pool(block, n)), default=0)
    left = {
        owner
        for owner, numbers in local.items()
        if any(block.relations[number].kind == "period" for number in numbers)
    }
    while left:
        part, positions = block.part(number for owner in left for number in local[owner])
        at = {position: n for n, position in enumerate(positions)}
        chosen, _ = choose(part, {at[n] for n in anyway | hidden if n in at})
        weak = weak_cells(part, chosen, width)
        found = _to_drop(part, chosen, weak, last)
        left = {part.cells[n].owner for n in found}
        hidden |= {positions[n] for n in found}
    return frozenset(hidden)


def open_pools(block: Block, hidden: Iterable[int]) -> list[int]:
    """Return the pools of a block that are not hidden, in its order."""
    gone = set(hidden)
    return [n for n in range(len(block.cells)) if _is_pool(block, n) and n not in gone]


def _relations_within_areas(block: Block) -> dict[Owner, list[int]]:
    """Return the relations that speak of one area only."""
    found: dict[Owner, list[int]] = defaultdict(list)
    for number, relation in enumerate(block.relations):
        owners = {block.cells[n].owner for n, _ in relation.terms}
        if len(owners) == 1:
            found[owners.pop()].append(number)
    return found


def _to_drop(part: Block, hidden: frozenset[int], weak: Sequence[Weak], last: int) -> set[int]:
    """Return open pools near weak cells: all that overlap with others, or else one an area."""
    holding, known = relations_of(part), part.unknown(hidden)
    near: dict[Owner, set[int]] = defaultdict(set)
    for one in weak:
        for ring in rings(part, holding, known, one.cell):
            pools = {
                n
                for number in ring
                for n, _ in part.relations[number].terms
                if n not in known and _is_pool(part, n)
            }
            if pools:
                near[part.cells[one.cell].owner] |= pools
                break
    found: set[int] = set()
    for pools in near.values():
        overlapping = {n for n in pools if (last - _last(part, n)) % POOL}
        found |= overlapping or {min(pools, key=lambda n: (_last(part, n), part.weights[n], n))}
    return found


def _is_pool(block: Block, n: int) -> bool:
    return "-" in block.cells[n].key.period and not block.cells[n].derived


def _last(block: Block, n: int) -> int:
    return int(block.cells[n].key.period.rpartition("-")[2])
