"""How tightly hidden cells can be bounded, proved by points and not only by programmes.

A *witness* is a point that satisfies every equation and bound of an attacker's system. It shows at
once, for each cell it moves, a value that the cell may have, for every area whose own cells it
leaves alone. So few programmes settle many questions. Each programme looks for the nearest point
where one cell has the value it must be able to have, moving a few areas only; many of them, which
share nothing, are solved in one call. A cell counts as weak where no witness is found, even if a
farther one may exist: what is called safe is proved to be, what is called weak gets a partner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from treem.disclosure.neighbours import WHOLE, Neighbourhood
from treem.disclosure.network import Owner

if TYPE_CHECKING:
    from treem.disclosure.audit import Reduced, Weak, Witness

_SLACK = 1e-6
_BATCH = 40
_MISS = 1e4
"""What it costs to miss a wanted value by one: more than any move that reaches it."""

_LARGE = 3_000
"""Unknowns of a system beyond which whole areas are never moved: what then has no proof is weak."""

_STAGES = ((1, 1), (-1, 1), (1, 3), (-1, 3), (1, WHOLE), (-1, WHOLE))
"""In which order witnesses are looked for: up or down, with how much room for others to move."""


def interval_attack(
    system: Reduced, inside: Mapping[Owner, frozenset[Owner]], proofs: list[Witness]
) -> list[Weak]:
    """Return the unknowns whose interval is too narrow, without or with an area's own knowledge.

    Each once, with the first knower that breaks it (None: anybody). `proofs` are witnesses found
    before, over the cells of the block; those that still hold are used, new ones are added.
    """
    if len(system.rows) <= 1:
        return _attack_one_row(system, inside)
    return Attack(system, inside, proofs).run()


def _knowers(system: Reduced) -> list[Owner | None]:
    return [None, *sorted(set(system.owner))]


def _targets(
    system: Reduced, knower: Owner | None, inside: Mapping[Owner, frozenset[Owner]]
) -> Any:
    """Return which unknowns have a secret from a knower.

    Not its own, nor those of areas inside it, whose reports it receives. Nor those of an area that
    it lies in: what they hold beyond its own figure is that of its neighbours, which are asked.
    """
    import numpy as np

    within = inside.get(knower, frozenset()) if knower else frozenset()
    return np.array(
        [
            owner != knower and owner not in within and knower not in inside.get(owner, ())
            for owner in system.owner
        ]
    )


def _holds(system: Reduced, least: Any, greatest: Any) -> Any:
    return (
        (greatest - least >= system.width - _SLACK)
        & (greatest >= system.reach - _SLACK)
        & (least <= system.drop + _SLACK)
    )


def _attack_one_row(system: Reduced, inside: Mapping[Owner, frozenset[Owner]]) -> list[Weak]:
    """Bound every unknown of a single equation (or none) in closed form."""
    import numpy as np

    from treem.disclosure.audit import Weak

    sign = np.zeros(len(system.position))
    for n, coefficient in system.rows[0] if system.rows else ():
        sign[n] = coefficient
    found: dict[int, Weak] = {}
    for knower in _knowers(system):
        known = np.array([owner == knower for owner in system.owner])
        low = np.where(known, system.value, system.low)
        high = np.where(known, system.value, system.high)
        least, greatest = _ranges(system.value, sign, low, high)
        weak = ~_holds(system, least, greatest) & _targets(system, knower, inside)
        for n in np.flatnonzero(weak).tolist():
            position = system.position[n]
            one = Weak(position, knower, float(least[n]), float(greatest[n]), "interval")
            found.setdefault(position, one)
    return list(found.values())


def _ranges(value: Any, sign: Any, low: Any, high: Any) -> tuple[Any, Any]:
    """Return least and greatest values where `sum(sign * x)` stays what it is."""
    import numpy as np

    if not sign.any():
        return low, high
    up = np.where(sign > 0, high - value, value - low) * np.abs(sign)
    down = np.where(sign > 0, value - low, high - value) * np.abs(sign)
    rise = np.minimum(up, _without(down))
    fall = np.minimum(down, _without(up))
    least = value - np.where(sign > 0, fall, rise)
    greatest = value + np.where(sign > 0, rise, fall)
    outside = sign == 0
    return np.where(outside, low, least), np.where(outside, high, greatest)


def _without(room: Any) -> Any:
    """Return for each unknown the room that all others have together; it may be endless."""
    import numpy as np

    endless = np.isinf(room)
    total = room[~endless].sum()
    others_endless = endless.sum() - endless
    return np.where(others_endless > 0, np.inf, total - np.where(endless, 0, room))


class Attack:
    """The attack on a system of several equations."""

    def __init__(
        self, system: Reduced, inside: Mapping[Owner, frozenset[Owner]], proofs: list[Witness]
    ):
        import numpy as np

        self.system = system
        self.knowers = _knowers(system)
        size = (len(self.knowers), len(system.position))
        self.least = np.tile(system.value, (size[0], 1))
        self.greatest = self.least.copy()
        self.asked = np.array([_targets(system, one, inside) for one in self.knowers])
        number = {owner: n for n, owner in enumerate(self.knowers)}
        self.owner = np.array([number[owner] for owner in system.owner])
        entries = [(n, row, sign) for row, terms in enumerate(system.rows) for n, sign in terms]
        column, self.row, self.sign = np.array(sorted(entries)).T
        self.start = np.searchsorted(column, np.arange(size[1] + 1))
        self.near = Neighbourhood(system, self.owner, (column, self.row, self.sign))
        self.proofs = proofs
        self._recall()

    def run(self) -> list[Weak]:
        """Return the cells for which some knower has no proof of a wide interval."""
        from treem.disclosure.audit import Weak

        self._try_swaps()
        alone = len(self.knowers) <= 2  # one area: no more of others can move
        large = len(self.system.position) > _LARGE
        for direction, factor in _STAGES[: 2 if alone else 4 if large else len(_STAGES)]:
            tried: set[tuple[int, int]] = set()
            while batch := self._next_batch(tried):
                tried.update(batch)
                self._seek([self._question(*one, direction, factor) for one in batch])
        system = self.system
        return [
            Weak(
                system.position[n],
                self.knowers[knower],
                float(self.least[knower, n]),
                float(self.greatest[knower, n]),
                "interval",
            )
            for knower, n in self._open_questions()
        ]

    def _open_questions(self) -> list[tuple[int, int]]:
        """Return, for each cell that is not settled, the first knower it is not settled for."""
        import numpy as np

        system = self.system
        unsettled = self.asked & ~_holds(system, self.least, self.greatest)
        cells = np.flatnonzero(unsettled.any(axis=0))
        return list(zip(unsettled[:, cells].argmax(axis=0).tolist(), cells.tolist(), strict=True))

    def _next_batch(self, tried: set[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return open questions not tried yet, of all areas in turn: one helps its neighbours."""
        wanted = [one for one in self._open_questions() if one not in tried]
        seen: dict[int, int] = {}
        turn = []
        for number, (_, n) in enumerate(wanted):
            owner = int(self.owner[n])
            seen[owner] = seen.get(owner, 0) + 1
            turn.append((seen[owner], number))
        return [wanted[number] for _, number in sorted(turn)[:_BATCH]]

    def _question(self, knower: int, n: int, direction: int, factor: int) -> _Question:
        """Return what value to look for, and which cells may move on the way."""
        system = self.system
        if direction > 0:
            least = min(self.least[knower, n], system.drop[n])
            wanted = max(system.reach[n], least + system.width[n], self.greatest[knower, n])
            wanted = min(wanted, system.high[n])
        else:
            greatest = max(self.greatest[knower, n], system.reach[n])
            wanted = min(system.drop[n], greatest - system.width[n], self.least[knower, n])
            wanted = max(wanted, system.low[n])
        step = float(wanted - system.value[n])
        return _Question(n, step, self.near.free(n, step, knower, factor))

    def _entries(self, cells: Any) -> tuple[Any, Any, Any]:
        """Return the entries of the equations in these columns: column number, row, sign."""
        import numpy as np

        many = self.start[cells + 1] - self.start[cells]
        number = np.repeat(np.arange(len(cells)), many)
        first = np.repeat(self.start[cells] - np.cumsum(many) + many, many)
        at = first + np.arange(len(number))
        return number, self.row[at], self.sign[at]

    def _seek(self, questions: Sequence[_Question]) -> None:
        """Solve independent programmes in one call and keep the points that they find.

        Each has a rise and a fall for every free cell, and one variable for what is missed.
        """
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csc_array

        rows: list[Any] = []
        columns: list[Any] = []
        signs: list[Any] = []
        costs: list[Any] = []
        highs: list[Any] = []
        rights: list[Any] = []
        height = width = 0
        for question in questions:
            free, step = question.free, question.step
            number, row, sign = self._entries(free)
            used, row = np.unique(row, return_inverse=True)
            size, last = len(free), height + len(used)
            at = width + int(np.searchsorted(free, question.cell))
            rows += [height + row, height + row, [last] * 3]
            columns += [width + number, width + size + number, [at, at + size, width + 2 * size]]
            signs += [sign, -sign, [1, -1, 1 if step >= 0 else -1]]
            costs += [np.ones(2 * size), [_MISS]]
            value = self.system.value[free]
            highs += [self.system.high[free] - value, value - self.system.low[free], [abs(step)]]
            rights += [np.zeros(len(used)), [step]]
            height, width = last + 1, width + 2 * size + 1
        entries = (np.concatenate(rows), np.concatenate(columns))
        matrix = csc_array((np.concatenate(signs).astype(float), entries), shape=(height, width))
        right, high = np.concatenate(rights), np.concatenate(highs)
        done = milp(
            np.concatenate(costs),
            constraints=LinearConstraint(matrix, right, right),
            bounds=Bounds(np.zeros(width), high),
        )
        if done.status != 0:
            return
        start = 0
        for question in questions:
            size = len(question.free)
            found = done.x[start : start + 2 * size]
            self._keep(question.free, found[:size] - found[size:])
            start += 2 * size + 1

    def _keep(self, index: Any, moved: Any) -> None:
        """Note what a witness shows, and remember it for the next attack on the block."""
        import numpy as np

        moved = np.where(np.abs(moved) < _SLACK, 0.0, moved)
        cells, moved = index[moved != 0], moved[moved != 0]
        if not len(cells):
            return
        self.proofs.append((tuple(self.system.position[n] for n in cells), tuple(moved)))
        self._note(cells, self.system.value[cells] + moved)

    def _note(self, cells: Any, values: Any) -> None:
        """Widen the intervals of the cells moved, for every knower whose own cells stay."""
        import numpy as np

        blind = np.ones(len(self.knowers), dtype=bool)
        blind[self.owner[cells]] = False
        grid = np.ix_(blind, cells)
        self.least[grid] = np.minimum(self.least[grid], values)
        self.greatest[grid] = np.maximum(self.greatest[grid], values)

    def _recall(self) -> None:
        """Use the witnesses of earlier attacks that are possible here too."""
        import numpy as np

        at = {position: n for n, position in enumerate(self.system.position)}
        for positions, moved in self.proofs:
            if not all(position in at for position in positions):
                continue
            self._try(np.array([at[position] for position in positions]), np.array(moved))

    def _try(self, cells: Any, steps: Any) -> bool:
        """Note what a point shows if it is possible; whether it is.

        An equation that it upsets is set right by the unknown that takes up what is left.
        """
        import numpy as np

        for _ in range(4):
            number, row, sign = self._entries(cells)
            balance = np.bincount(row, weights=sign * steps[number])
            upset = np.flatnonzero(np.abs(balance) > _SLACK)
            if not len(upset):
                break
            takers = self.near.taker[upset]
            moving = np.isin(takers, cells)
            if (takers < 0).any() or moving.all():
                return False
            takers, upset = takers[~moving], upset[~moving]
            cells = np.concatenate([cells, takers])
            steps = np.concatenate([steps, -balance[upset] / self.near.taker_sign[upset]])
        else:
            return False
        values = self.system.value[cells] + steps
        if (values < self.system.low[cells] - _SLACK).any():
            return False
        if (values > self.system.high[cells] + _SLACK).any():
            return False
        self._note(cells, values)
        return True

    def _try_swaps(self) -> None:
        """Try, for every cell, to move it alone while others of one equation give way.

        Twice with different others, so that no single area knows of all of them; no programme
        is needed for what can be shown so.
        """
        import numpy as np

        system = self.system
        drop = np.where(np.isinf(system.drop), system.value, system.drop)
        down = np.maximum(np.minimum(self.near.fall, system.width), system.value - drop)
        up = np.maximum(system.reach, system.value - down + system.width) - system.value
        for swap in self.near.swaps(np.maximum(down, 0), np.maximum(up, 0)):
            self._try(*swap)


@dataclass(frozen=True)
class _Question:
    """Whether a cell can move by `step` when only the `free` cells move."""

    cell: int
    step: float
    free: Any
