"""The linear programmes of an attacker's system: points that satisfy its equations and bounds.

Every point is told as how far each unknown moves from its true value, so that standing still is
always possible and every programme has an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from treem.disclosure.audit import Reduced

_SLACK = 1e-6
_FARTHEST = 1e4
"""How far an unknown is moved at most: more than any width, and finite for the solver."""


class Programme:
    """The equations of a system with the bounds of its unknowns; `owner` numbers their areas."""

    def __init__(self, system: Reduced, owner: Any):
        import numpy as np
        from scipy.sparse import csc_array

        size = (len(system.rows), len(system.position))
        entries = [(row, n, sign) for row, terms in enumerate(system.rows) for n, sign in terms]
        row, column, sign = (np.array(one) for one in zip(*entries, strict=True))
        self.matrix = csc_array((sign.astype(float), (row, column)), shape=size)
        self.low = np.maximum(system.low - system.value, -_FARTHEST)
        self.high = np.minimum(system.high - system.value, _FARTHEST)
        areas = np.zeros((size[0], owner.max() + 1), dtype=bool)
        areas[row, owner[column]] = True
        self.at_home = self.matrix.tocsr()[areas.sum(axis=1) == 1].tocsc()
        self.home = _parts(self.at_home)
        self._row, self._column, self._sign = row, column, sign
        self._uses = np.bincount(column, minlength=size[1])
        self.taker, self.taker_sign = self._takers()

    def parts(self) -> Any:
        """Return for each unknown the number of the part that it is in; parts share no equation."""
        return _parts(self.matrix)

    def towards(self, cells: Any, aims: Any, still: Any) -> Any:
        """Return a point that moves these cells as far as it can, each at most to its aim.

        Every cell counts for how much of its own way it goes. `still` cells do not move.
        """
        import numpy as np

        low, high = np.where(still, 0.0, self.low), np.where(still, 0.0, self.high)
        low[cells] = np.where(aims < 0, aims, low[cells])
        high[cells] = np.where(aims > 0, aims, high[cells])
        gain = np.zeros(len(low))
        gain[cells] = np.divide(1, aims, out=np.zeros(len(cells)), where=aims != 0)
        return _solve(self.matrix, gain, low, high)

    def farthest(self, cell: int, direction: int, still: Any) -> Any:
        """Return the point where one cell is greatest (`direction` 1) or least (-1)."""
        import numpy as np

        gain = np.zeros(len(still))
        gain[cell] = direction
        low, high = np.where(still, 0.0, self.low), np.where(still, 0.0, self.high)
        return _solve(self.matrix, gain, low, high)

    def farthest_at_home(self, cells: Any, direction: int) -> Any:
        """Return the point where these cells are greatest or least by their own areas' equations.

        Such a point may upset what areas share. No two of the cells may be tied at home: then one
        programme answers for all of them.
        """
        import numpy as np

        gain = np.zeros(len(self.low))
        gain[cells] = direction
        return _solve(self.at_home, gain, self.low, self.high)

    def balanced(self, moved: Any) -> Any:
        """Return a point with every upset equation set right by its taker, None if that fails."""
        import numpy as np

        for _ in range(2):
            upset = np.flatnonzero(np.abs(self.matrix @ moved) > _SLACK)
            if not len(upset):
                inside = (moved >= self.low - _SLACK) & (moved <= self.high + _SLACK)
                return moved if inside.all() else None
            if (self.taker[upset] < 0).any():
                return None
            moved = moved.copy()
            moved[self.taker[upset]] -= (self.matrix @ moved)[upset] * self.taker_sign[upset]
        return None

    def _takers(self) -> tuple[Any, Any]:
        """Return for each equation the last unknown that stands in no other, and its sign.

        That is what lies between two counts; it takes up how they move. -1 where there is none.
        """
        import numpy as np

        taker = np.full(self.matrix.shape[0], -1)
        sign = np.zeros(len(taker))
        lone = self._uses[self._column] == 1
        order = np.argsort(self._column[lone], kind="stable")
        row, column = self._row[lone][order], self._column[lone][order]
        taker[row], sign[row] = column, self._sign[lone][order]
        return taker, sign


def _parts(matrix: Any) -> Any:
    """Return for each column the number of its part; parts share no row."""
    from scipy.sparse.csgraph import connected_components

    tied = (abs(matrix).T @ abs(matrix)).tocsr()
    return connected_components(tied, directed=False)[1]


def _solve(matrix: Any, gain: Any, low: Any, high: Any) -> Any:
    """Return the point of greatest gain; where the solver gives up, the one that proves nothing."""
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    still = np.zeros(matrix.shape[0])
    done = milp(-gain, constraints=LinearConstraint(matrix, still, still), bounds=Bounds(low, high))
    return done.x if done.status == 0 else np.zeros(len(gain))
