"""Which cells may move beside one cell when a witness is looked for: the fewer, the faster.

A cell of one area moves; in every equation that areas share somebody else must give way. Those
that can give most come first, and of them only the cells in these equations and what hangs on
them within their area. How much a cell gives way is worked out from its bounds and from those of
an unknown that takes up what is left over in its area. Where that is not enough whole areas move.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

WHOLE = 10
"""From so many times the room that is needed on, whole areas move."""
_MOST = 40
_CHAIN = 3
"""How many takers may hang on one another: a year, its pool, what is left of the pool."""
_ENDLESS = 50.0
_TIED = 0.02
"""What the room of a cell counts that something open holds in its area."""


class Neighbourhood:
    """The unknowns of a system by area and by equation.

    `owner` numbers the area of each unknown, `entries` are the columns, rows and signs of the
    equations, sorted by column.
    """

    def __init__(self, system: Any, owner: Any, entries: tuple[Any, Any, Any]):
        import numpy as np

        self.owner = owner
        self.column, self.row, self.sign = entries
        cells, rows = len(system.position), len(system.rows)
        self.start = np.searchsorted(self.column, np.arange(cells + 1))
        order = np.argsort(self.row, kind="stable")
        self.by_row, self.sign_by_row = self.column[order], self.sign[order]
        self.row_start = np.searchsorted(self.row[order], np.arange(rows + 1))
        first = owner[self.by_row[self.row_start[:-1]]]
        self.shared = np.zeros(rows, dtype=bool)
        self.shared[self.row[owner[self.column] != first[self.row]]] = True
        self.taker, self.taker_sign = self._takers(rows)
        self.of_owner = [np.flatnonzero(owner == n) for n in range(owner.max() + 1)]
        fall = np.minimum(system.value - system.low, _ENDLESS)
        rise = np.minimum(system.high - system.value, _ENDLESS)
        self.fall, self.rise = fall, rise
        for _ in range(_CHAIN):
            self.fall, self.rise = (
                np.minimum(fall, self._room(self.fall, self.rise)),
                np.minimum(rise, self._room(self.rise, self.fall, falls=False)),
            )
        self.rows_near: dict[int, Any] = {}

    def _takers(self, rows: int) -> tuple[Any, Any]:
        """Return for each equation an unknown that takes up what is left over, and its sign.

        One that stands in no other equation, or only in others that have a taker already; -1
        where there is none.
        """
        import numpy as np

        taker, sign = np.full(rows, -1), np.ones(rows)
        for _ in range(_CHAIN):
            bare = taker[self.row] < 0
            many = np.bincount(self.column[bare], minlength=len(self.start) - 1)
            at = np.flatnonzero(bare & (many[self.column] == 1) & ~self.shared[self.row])
            at = at[~np.isin(self.column[at], taker)]
            taker[self.row[at]] = self.column[at]
            sign[self.row[at]] = self.sign[at]
        return taker, sign

    def _room(self, own: Any, other: Any, *, falls: bool = True) -> Any:
        """Return how far each cell can fall (or rise) when only takers of its area move with it."""
        import numpy as np

        fall, rise = (own, other) if falls else (other, own)
        taker = self.taker[self.row]
        together = self.sign * self.taker_sign[self.row] < 0
        room = np.where(together == falls, fall[taker], rise[taker])
        tied = (taker < 0) | (taker == self.column)
        room = np.where(taker == self.column, _ENDLESS, room)
        room = np.where(tied & (taker < 0), _TIED * own[self.column], room)
        room = np.where(self.shared[self.row], _ENDLESS, room)
        least = own.copy()
        np.minimum.at(least, self.column, room)
        return least

    def swaps(self, down: Any, up: Any) -> Iterator[tuple[Any, Any]]:
        """Yield cells and steps: one cell moves by `down` or `up`, others of its equation back."""
        import numpy as np

        for row in np.flatnonzero(self.shared).tolist():
            at = slice(self.row_start[row], self.row_start[row + 1])
            cells, sign = self.by_row[at], self.sign_by_row[at]
            for raises in (False, True):  # whether the sum is raised by those that give way
                room = np.where((sign > 0) == raises, self.rise[cells], self.fall[cells])
                order = np.argsort(-room, kind="stable")[:_MOST]
                helpers = [(cells[n], sign[n], room[n], self.owner[cells[n]]) for n in order]
                for n, own in zip(cells.tolist(), sign.tolist(), strict=True):
                    rises = (own > 0) != raises
                    step, most = (up[n], self.rise[n]) if rises else (down[n], self.fall[n])
                    if 0 < step <= most:
                        first = (n, step if rises else -step)
                        yield from self._exchanges(first, own, helpers)

    def _exchanges(
        self, first: tuple[int, float], sign: float, helpers: Sequence[tuple[Any, ...]]
    ) -> Iterator[tuple[Any, Any]]:
        """Yield a move with two different sets of areas that give way, where there are two."""
        import numpy as np

        cells, steps = [first[0]], [first[1]]
        left, found = abs(first[1]), 0
        for cell, other, room, owner in helpers:
            if owner == self.owner[first[0]] or room <= 0:
                continue
            part = min(room, left)
            cells.append(cell)
            steps.append(-part * np.sign(first[1]) * sign * other)
            left -= part
            if left <= 0:
                yield np.array(cells), np.array(steps)
                found += 1
                cells, steps, left = [first[0]], [first[1]], abs(first[1])
            if found == 2:
                return

    def free(self, n: int, step: float, knower: int, factor: int) -> Any:
        """Return the cells that may move when cell `n` moves by `step`, in their order.

        None of `knower`; of others so many that they have `factor` times the room.
        """
        import numpy as np

        own = self.owner[n]
        rows = self._rows_near(n)
        mine = set(self.row[self.start[n] : self.start[n + 1]].tolist())
        owners: set[int] = set()
        for row in sorted(rows.tolist(), key=lambda row: row not in mine):
            owners |= self._helpers(row, step, factor, n, (own, knower), owners)
        if factor >= WHOLE:
            chosen = [self.of_owner[one] for one in sorted(owners)]
        else:
            cells = self._cells_of_rows(rows)
            cells = cells[np.isin(self.owner[cells], list(owners))]
            inner = self.row[self._at(cells)]
            chosen = [cells, self._cells_of_rows(np.unique(inner[~self.shared[inner]]))]
        return np.unique(np.concatenate([self.of_owner[own], *chosen]))

    def _helpers(
        self, row: int, step: float, factor: int, n: int, still: tuple[int, int], there: set[int]
    ) -> set[int]:
        """Return the areas that give most way in an equation, beside those that are there."""
        import numpy as np

        at = slice(self.row_start[row], self.row_start[row + 1])
        cells, sign = self.by_row[at], self.sign_by_row[at]
        mine = sign[cells == n]
        if len(mine):
            room = np.where(sign * mine[0] * step > 0, self.fall[cells], self.rise[cells])
        else:
            room = np.minimum(self.fall[cells], self.rise[cells])
        owners = self.owner[cells]
        helps = np.isin(owners, list(there))
        missing = abs(step) * factor - room[helps].sum()
        if missing <= 0:
            return set()
        others = np.flatnonzero(~helps & (owners != still[0]) & (owners != still[1]))
        best = others[np.argsort(-room[others], kind="stable")[:_MOST]]
        many = int(np.searchsorted(np.cumsum(room[best]), missing)) + 1
        return set(owners[best[:many]].tolist())

    def _rows_near(self, n: int) -> Any:
        """Return the shared equations of a cell and of those that it drags along in its area."""
        import numpy as np

        if n not in self.rows_near:
            rows = self.row[self.start[n] : self.start[n + 1]]
            every = rows
            for _ in range(_CHAIN):
                others = self._cells_of_rows(every[~self.shared[every]])
                every = np.unique(np.concatenate([every, self.row[self._at(others)]]))
            self.rows_near[n] = np.unique(every[self.shared[every]])
        return self.rows_near[n]

    def _cells_of_rows(self, rows: Any) -> Any:
        import numpy as np

        parts = [self.by_row[self.row_start[r] : self.row_start[r + 1]] for r in rows.tolist()]
        return np.unique(np.concatenate(parts)) if parts else np.zeros(0, dtype=int)

    def _at(self, cells: Any) -> Any:
        """Return where the entries of these columns stand."""
        import numpy as np

        parts = [np.arange(self.start[c], self.start[c + 1]) for c in cells.tolist()]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=int)
