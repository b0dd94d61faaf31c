"""How tightly hidden cells can be bounded, proved by points and not only by programmes.

A *witness* is a point that satisfies every equation and bound of an attacker's system. It shows at
once, for each cell it moves, a value that the cell may have, for every area whose own cells it
leaves alone. So few programmes settle many questions: each *sweep* is one linear programme that
moves as many unsettled cells as it can towards the values that they must be able to have, while
half of the areas stand still, so that one point speaks to all of these. What is left is asked cell
by cell, and the answer is exact: a cell counts as weak only where its interval is too narrow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from treem.disclosure.network import Owner
from treem.disclosure.programme import Programme

if TYPE_CHECKING:
    from treem.disclosure.audit import Reduced, Weak, Witness

_SLACK = 1e-6
_SEED = 359
"""Of the directions in which cells are moved: the same attack makes the same sweeps everywhere."""
_IDLE = 3
"""Sweeps in a row that settle nothing, after which fewer areas stand still."""
_SHARES = (2, 8)
"""Into how many groups the areas are divided that stand still in turn."""
_OUTSIDER = 0
"""The number of the reader who knows no cell of an area."""


def interval_attack(
    system: Reduced, inside: Mapping[Owner, frozenset[Owner]], proofs: list[Witness]
) -> list[Weak]:
    """Return the unknowns whose interval is too narrow, without or with an area's own knowledge.

    Each once, with the first knower that breaks it (None: anybody). `proofs` are witnesses found
    before, over the cells of the block; those that still hold are used, new ones are added.
    """
    if not system.position:
        return []
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


def _holds(system: Reduced, least: Any, greatest: Any, cells: Any = slice(None)) -> Any:
    """Return which of these unknowns (all, if none are named) are safe with such intervals."""
    return (
        (greatest - least >= system.width[cells] - _SLACK)
        & (greatest >= system.reach[cells] - _SLACK)
        & (least <= system.drop[cells] + _SLACK)
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
    """The attack on a system of several equations.

    `least` and `greatest` hold, by knower and unknown, how far the witnesses so far reach; `asked`
    says which unknown must be safe from which knower, until it is found weak.
    """

    def __init__(
        self, system: Reduced, inside: Mapping[Owner, frozenset[Owner]], proofs: list[Witness]
    ):
        import numpy as np

        self.system = system
        self.knowers = _knowers(system)
        number = {owner: n for n, owner in enumerate(self.knowers)}
        self.owner = np.array([number[owner] for owner in system.owner])
        self.least = np.tile(system.value, (len(self.knowers), 1))
        self.greatest = self.least.copy()
        self.programme = Programme(system, self.owner)
        self.asked = np.array([_targets(system, one, inside) for one in self.knowers])
        self.asked &= self._within_reach()
        self.weak: dict[int, Weak] = {}
        self.draw = np.random.default_rng(_SEED)
        self.proofs = proofs
        self._recall()

    def run(self) -> list[Weak]:
        """Return the cells for which some knower has no proof of a wide interval."""
        import numpy as np

        self._sweep(np.array([_OUTSIDER]))
        self._ask_at_home()
        for group in self._groups():
            self._sweep(group)
        self._ask_each()
        return [self.weak[n] for n in sorted(self.weak)]

    def _within_reach(self) -> Any:
        """Return which knower has a cell in the part of the system that an unknown is in.

        What any other knows tells no more about it than an outsider knows.
        """
        import numpy as np

        part = self.programme.parts()
        reach = np.zeros((len(self.knowers), part.max() + 1), dtype=bool)
        reach[self.owner, part] = True
        reach[_OUTSIDER] = True
        return reach[:, part]

    def _unsettled(self) -> Any:
        return self.asked & ~_holds(self.system, self.least, self.greatest)

    def _groups(self) -> Iterator[Any]:
        """Yield groups of areas, halves before eighths before single areas.

        Of each kind so many that every area is in one where any given other is not. The more areas
        stand still, the more a point tells; the fewer, the more room there is.
        """
        import numpy as np

        areas = np.arange(1, len(self.knowers))
        for many in _SHARES if len(areas) > max(_SHARES) else _SHARES[:1]:
            digit = areas - 1
            while digit.any():
                for value in range(many):
                    if (group := areas[digit % many == value]).size:
                        yield group
                digit = digit // many
        yield from areas[:, None]

    def _sweep(self, knowers: Any) -> None:
        """Move unsettled cells all together, again and again, while the areas of `knowers` stand.

        Each programme wants every cell somewhat farther up or down, as its needs are; which of
        both is drawn where both would do.
        """
        import numpy as np

        still = np.isin(self.owner, knowers)
        idle = 0
        while idle < _IDLE:
            unsettled = self._unsettled()[knowers]
            todo = np.flatnonzero(unsettled.any(axis=0) & ~still)
            if not len(todo):
                return
            aims = self._aims(knowers, unsettled, todo)
            self._keep(self.programme.towards(todo, aims, still))
            left = self._unsettled()[np.ix_(knowers, todo)].any(axis=0).sum()
            idle = 0 if left < len(todo) else idle + 1

    def _aims(self, knowers: Any, unsettled: Any, todo: Any) -> Any:
        """Return how far each cell should move, up or down: what the knowers still lack."""
        import numpy as np

        system, unsettled = self.system, unsettled[:, todo]
        grid = np.ix_(knowers, todo)
        least = np.where(unsettled, self.least[grid], -np.inf).max(axis=0)
        greatest = np.where(unsettled, self.greatest[grid], np.inf).min(axis=0)
        value, reach, drop = system.value[todo], system.reach[todo], system.drop[todo]
        width = system.width[todo]
        narrow = greatest - least < width - _SLACK
        may_rise = (narrow | (greatest < reach - _SLACK)) & (system.high[todo] > value)
        may_fall = (narrow | (least > drop + _SLACK)) & (system.low[todo] < value)
        up = np.maximum(np.maximum(reach, np.minimum(least, drop) + width) - value, 1)
        down = np.maximum(value - np.minimum(drop, np.maximum(greatest, reach) - width), 1)
        rises = may_rise & (~may_fall | self.draw.integers(0, 2, len(todo), dtype=bool))
        aims = np.where(rises, up, -down)
        return np.clip(aims, (system.low - system.value)[todo], (system.high - system.value)[todo])

    def _ask_at_home(self) -> None:
        """Find the cells that their own area's open figures bound too tightly, for anybody.

        As if all other areas gave way without limit: then areas are independent, and one programme
        bounds a cell of each exactly.
        """
        import numpy as np

        left = np.flatnonzero(self._unsettled()[_OUTSIDER])
        while len(left):
            _, first = np.unique(self.programme.home[left], return_index=True)
            chosen, left = left[first], np.delete(left, first)
            points = [self.programme.farthest_at_home(chosen, way) for way in (-1, 1)]
            for point in points:
                self._keep(self.programme.balanced(point))
            least, greatest = (self.system.value[chosen] + point[chosen] for point in points)
            narrow = ~_holds(self.system, least, greatest, chosen)
            for n, low, high in zip(chosen[narrow], least[narrow], greatest[narrow], strict=True):
                self._give_up(int(n), _OUTSIDER, low, high)

    def _ask_each(self) -> None:
        """Bound every cell that is left exactly, for the first knower it is not settled for."""
        import numpy as np

        while len(left := np.argwhere(self._unsettled())):
            knower, n = (int(one) for one in left[0])
            still = self.owner == knower
            for direction in (1, -1):
                if self._unsettled()[knower, n]:
                    self._keep(self.programme.farthest(n, direction, still))
            if self._unsettled()[knower, n]:
                self._give_up(n, knower, self.least[knower, n], self.greatest[knower, n])

    def _give_up(self, n: int, knower: int, least: float, greatest: float) -> None:
        from treem.disclosure.audit import Weak

        position = self.system.position[n]
        self.asked[:, n] = False
        self.weak[n] = Weak(
            position, self.knowers[knower], float(least), float(greatest), "interval"
        )

    def _keep(self, moved: Any) -> None:
        """Note what a point shows, if it is one, and remember it for the next attack."""
        if moved is not None and len(cells := self._note(moved)):
            positions = tuple(self.system.position[n] for n in cells)
            self.proofs.append((positions, tuple(moved[cells].tolist())))

    def _note(self, moved: Any) -> Any:
        """Widen the intervals of the cells moved, for every knower whose own cells stay.

        Returns these cells.
        """
        import numpy as np

        cells = np.flatnonzero(np.abs(moved) > _SLACK)
        values = self.system.value[cells] + moved[cells]
        blind = np.ones(len(self.knowers), dtype=bool)
        blind[self.owner[cells]] = False
        grid = np.ix_(blind, cells)
        self.least[grid] = np.minimum(self.least[grid], values)
        self.greatest[grid] = np.maximum(self.greatest[grid], values)
        return cells

    def _recall(self) -> None:
        """Use the witnesses of earlier attacks that are possible here too."""
        import numpy as np

        at = {position: n for n, position in enumerate(self.system.position)}
        for positions, steps in self.proofs:
            if all(position in at for position in positions):
                moved = np.zeros(len(self.system.position))
                moved[[at[position] for position in positions]] = steps
                moved = self.programme.balanced(moved)
                if moved is not None:
                    self._note(moved)
