"""How tightly hidden cells can be bounded, proved by points and not only by programmes.

A *witness* is a point that satisfies every equation and bound of an attacker's system. It shows at
once, for each cell it moves, a value that the cell may have, for every area whose own cells it
leaves alone. So few programmes settle many questions: first one in a small neighbourhood, then the
whole system, and only where no witness is found are the true least and greatest values worked out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from treem.disclosure.network import Owner

if TYPE_CHECKING:
    from treem.disclosure.audit import Reduced, Weak, Witness

_SLACK = 1e-6
_NEIGHBOURS = 3


def interval_attack(
    system: Reduced, inside: Mapping[Owner, frozenset[Owner]], proofs: list[Witness]
) -> list[Weak]:
    """Return the unknowns whose interval is too narrow, without or with an area's own knowledge.

    Each once, with the first knower that breaks it (None: anybody). `proofs` are witnesses found
    before, over the cells of the block; those that still hold are used, new ones are added.
    """
    if len(system.rows) <= 1:
        return _attack_one_row(system, inside)
    return _Attack(system, inside, proofs).run()


def _knowers(system: Reduced) -> list[Owner | None]:
    return [None, *sorted(set(system.owner))]


def _targets(
    system: Reduced, knower: Owner | None, inside: Mapping[Owner, frozenset[Owner]]
) -> Any:
    """Return which unknowns have a secret from a knower: not its own, nor of areas inside it."""
    import numpy as np

    within = inside.get(knower, frozenset()) if knower else frozenset()
    return np.array([owner != knower and owner not in within for owner in system.owner])


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


class _Attack:
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
        self.matrix = np.zeros((len(system.rows), size[1]))
        for row, terms in enumerate(system.rows):
            for n, sign in terms:
                self.matrix[row, n] = sign
        self.touches = self.matrix != 0
        self.proofs = proofs
        self._recall()

    def _recall(self) -> None:
        """Use the witnesses of earlier attacks that are possible here too."""
        import numpy as np

        at = {position: n for n, position in enumerate(self.system.position)}
        for positions, moved in self.proofs:
            if not all(position in at for position in positions):
                continue
            cells = np.array([at[position] for position in positions])
            values = self.system.value[cells] + moved
            within = (values >= self.system.low[cells] - _SLACK) & (
                values <= self.system.high[cells] + _SLACK
            )
            if within.all() and not np.abs(self.matrix[:, cells] @ np.array(moved)).max() > _SLACK:
                self._note(cells, values)

    def run(self) -> list[Weak]:
        import numpy as np

        from treem.disclosure.audit import Weak

        found = []
        for n in range(len(self.system.position)):
            for knower in range(len(self.knowers)):
                if self._settled(knower, n):
                    continue
                self._attack(knower, n)
                if self._settled(knower, n):
                    continue
                found.append(
                    Weak(
                        self.system.position[n],
                        self.knowers[knower],
                        float(self.least[knower, n]),
                        float(self.greatest[knower, n]),
                        "interval",
                    )
                )
                self.asked[:, n] = np.False_
        return found

    def _settled(self, knower: int, n: int) -> bool:
        system = self.system
        least, greatest = self.least[knower, n], self.greatest[knower, n]
        return not self.asked[knower, n] or bool(
            greatest - least >= system.width[n] - _SLACK
            and greatest >= system.reach[n] - _SLACK
            and least <= system.drop[n] + _SLACK
        )

    def _attack(self, knower: int, n: int) -> None:
        """Look for witnesses that settle one cell for one knower; else find its true interval."""
        system = self.system
        for neighbourhood in (True, False):
            free = self._free(knower, n, neighbourhood)
            least = min(self.least[knower, n], system.drop[n])
            wanted = max(system.reach[n], least + system.width[n], self.greatest[knower, n])
            if (
                wanted <= system.high[n]
                and self._move(n, wanted, free)
                and self._settled(knower, n)
            ):
                return
            greatest = self.greatest[knower, n]
            wanted = min(system.drop[n], greatest - system.width[n], self.least[knower, n])
            if wanted >= system.low[n] and self._move(n, wanted, free) and self._settled(knower, n):
                return
        for direction in (1, -1):
            self._push(knower, n, direction, free)
            if self._settled(knower, n):
                return

    def _free(self, knower: int, n: int, neighbourhood: bool) -> Any:
        """Return which unknowns may move: not the knower's; near by, those of a few areas."""
        import numpy as np

        free = self.owner != knower
        if not neighbourhood:
            return free
        near = self.touches[self.touches[:, n]].any(axis=0) & free & (self.owner != self.owner[n])
        room = np.bincount(
            self.owner[near],
            weights=(np.minimum(self.system.value - self.system.low, 99))[near],
            minlength=len(self.knowers),
        )
        best = [one for one in np.argsort(-room, kind="stable")[:_NEIGHBOURS] if room[one] > 0]
        return free & np.isin(self.owner, [self.owner[n], *best])

    def _move(self, n: int, wanted: float, free: Any) -> bool:
        """Find the point nearest to the truth where a cell has a wanted value, and keep it."""
        import numpy as np

        index = np.flatnonzero(free)
        up = (self.system.high - self.system.value)[index]
        down = (self.system.value - self.system.low)[index]
        step = wanted - self.system.value[n]
        lower = np.zeros(2 * len(index))
        upper = np.concatenate([up, down])
        at = int(np.searchsorted(index, n))
        for side, length in ((at, max(step, 0.0)), (len(index) + at, max(-step, 0.0))):
            lower[side] = upper[side] = length
        rows = self.touches[:, index].any(axis=1)
        part = self.matrix[np.ix_(rows, index)]
        found = _solve(np.ones(2 * len(index)), np.hstack([part, -part]), lower, upper)
        if found is None:
            return False
        self._keep(index, found[: len(index)] - found[len(index) :])
        return True

    def _push(self, knower: int, n: int, direction: int, free: Any) -> None:
        """Find the greatest (1) or least (-1) value that a cell can have for a knower."""
        import numpy as np

        index = np.flatnonzero(free)
        rows = self.touches[:, index].any(axis=1)
        part = self.matrix[np.ix_(rows, index)]
        value = self.system.value[index]
        cost = np.zeros(len(index))
        cost[np.searchsorted(index, n)] = -direction
        low, high = self.system.low[index] - value, self.system.high[index] - value
        # a bound past all need keeps the programme from running away
        limit = 1000 * (1 + max(float(self.system.width.max()), float(self.system.reach.max())))
        found = _solve(cost, part, np.maximum(low, -limit), np.minimum(high, limit))
        if found is not None:
            self._keep(index, found)

    def _keep(self, index: Any, moved: Any) -> None:
        """Note what a witness shows for every knower whose own cells it leaves alone."""
        import numpy as np

        moved = np.where(np.abs(moved) < _SLACK, 0.0, moved)
        cells = index[moved != 0]
        if not len(cells):
            return
        moved = moved[moved != 0]
        self.proofs.append((tuple(self.system.position[n] for n in cells), tuple(moved)))
        self._note(cells, self.system.value[cells] + moved)

    def _note(self, cells: Any, values: Any) -> None:
        import numpy as np

        blind = np.ones(len(self.knowers), dtype=bool)
        blind[self.owner[cells]] = False
        grid = np.ix_(blind, cells)
        self.least[grid] = np.minimum(self.least[grid], values)
        self.greatest[grid] = np.maximum(self.greatest[grid], values)


def _solve(cost: Any, matrix: Any, lower: Any, upper: Any) -> Any | None:
    """Return the point of least cost with `matrix @ x == 0`, None where there is none."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    constraints = [LinearConstraint(csr_array(matrix), 0, 0)] if len(matrix) else []
    done = milp(cost, constraints=constraints, bounds=Bounds(lower, upper))
    return done.x if done.status == 0 else None
