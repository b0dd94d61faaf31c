"""What a person sees while notebooks run: plain lines, or a board of year × area on a terminal."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TextIO

from treem.notebooks.matrix import Unit

Say = Callable[[str], None]

WAITING, RUNNING, DONE, REUSED, FAILED = "·", "▸", "✓", "=", "✗"
OTHERS = "khác"
_MEANING = f"{DONE} xong  {REUSED} dùng lại  {RUNNING} đang chạy  {WAITING} đang chờ  {FAILED} lỗi"
_CLEAR_LINE = "\x1b[2K"
_REDRAW_SECONDS = 0.1


class Progress:
    """Counts what has ended and says it, a line a notebook."""

    def __init__(self, units: Sequence[Unit], jobs: int, say: Say) -> None:
        self.units = units
        self.say = say
        self.marks = dict.fromkeys((unit.name for unit in units), WAITING)
        self._jobs = max(jobs, 1)
        self._start = time.monotonic()

    def started(self, name: str) -> None:
        """Note that a unit runs."""
        self.marks[name] = RUNNING

    def reused(self, names: Iterable[str]) -> None:
        """Note units whose notebook is that of the last build."""
        found = list(names)
        self.marks.update(dict.fromkeys(found, REUSED))
        if found:
            self.say(
                f"{self.count(REUSED)}/{len(self.units)} sổ tính không có gì đổi, dùng lại bản trước."
            )

    def ended(self, name: str, warnings: Sequence[str] = (), *, failed: bool = False) -> None:
        """Note that a unit ended, and say what is left."""
        self.marks[name] = FAILED if failed else DONE
        word = "LỖI" if failed else "xong"
        ended = self.count(DONE, REUSED, FAILED)
        left = f"; {self.left}" if ended < len(self.units) else ""
        self.say(f"[{ended}/{len(self.units)}] sổ tính {name}: {word}{left}")
        for warning in warnings:
            self.say(f"  {name} cảnh báo: {warning}")

    def again(self, name: str, line: str) -> None:
        """Note that a unit has to run again, and say why."""
        self.marks[name] = WAITING
        self.note(line)

    def note(self, line: str) -> None:
        """Say something that is not about the end of a unit."""
        self.say(line)

    def close(self) -> None:
        """Leave the terminal as it was."""

    def count(self, *marks: str) -> int:
        """Return how many units have one of these marks."""
        return sum(mark in marks for mark in self.marks.values())

    @property
    def left(self) -> str:
        """How many are left and, once some have ended, about how long that will take."""
        ran, waiting = self.count(DONE, FAILED), self.count(WAITING, RUNNING)
        if not waiting:
            return f"xong {len(self.units)} sổ tính"
        if ran < self._jobs:
            return f"còn {waiting} sổ tính"
        seconds = (time.monotonic() - self._start) / ran * waiting
        return f"còn {waiting} sổ tính, khoảng {_span(seconds)}"


class Board(Progress):
    """The same on a terminal: a board of year × area that is drawn over itself."""

    def __init__(
        self, units: Sequence[Unit], jobs: int, say: Say, terminal: TextIO, width: int = 80
    ) -> None:
        super().__init__(units, jobs, say)
        self._terminal, self._width = terminal, width
        self._drawn = 0
        self._last = -math.inf

    def started(self, name: str) -> None:
        """Note that a unit runs, and draw."""
        super().started(name)
        self._draw()

    def ended(self, name: str, warnings: Sequence[str] = (), *, failed: bool = False) -> None:
        """Note that a unit ended; lines only for what needs a reader."""
        self.marks[name] = FAILED if failed else DONE
        if warnings or failed:
            self._wipe()
        if failed:
            self.say(f"sổ tính {name}: LỖI")
        for warning in warnings:
            self.say(f"{name} cảnh báo: {warning}")
        self._draw()

    def note(self, line: str) -> None:
        """Say something above the board."""
        self._wipe()
        self.say(line)
        self._last = -math.inf
        self._draw()

    def close(self) -> None:
        """Leave the last state of the board on the terminal."""
        self._last = -math.inf
        self._draw()
        self._drawn = 0

    def lines(self) -> list[str]:
        """Return the board: a line for each year, one for the other notebooks, what is left."""
        board = board_rows(self.units, self.marks, (DONE, REUSED, FAILED), self._width)
        running = [name for name, mark in self.marks.items() if mark == RUNNING]
        now = f"; đang chạy: {', '.join(running)}" if running else ""
        return [*board, _MEANING[: self._width], f"{self.left}{now}"[: self._width]]

    def _draw(self) -> None:
        now = time.monotonic()
        if now - self._last < _REDRAW_SECONDS:
            return
        self._last = now
        self._wipe()
        lines = self.lines()
        self._terminal.write("".join(f"{line}\n" for line in lines))
        self._terminal.flush()
        self._drawn = len(lines)

    def _wipe(self) -> None:
        if self._drawn:
            self._terminal.write(f"\x1b[{self._drawn}F" + f"{_CLEAR_LINE}\n" * self._drawn)
            self._terminal.write(f"\x1b[{self._drawn}F")
        self._drawn = 0


def progress_for(
    units: Sequence[Unit], jobs: int, say: Say, terminal: TextIO | None = None
) -> Progress:
    """Return a board where `terminal` (the error stream, unless given) is one, else plain lines."""
    import shutil

    terminal = terminal or sys.stderr
    if terminal.isatty():
        return Board(units, jobs, say, terminal, shutil.get_terminal_size().columns)
    return Progress(units, jobs, say)


def board_rows(
    units: Sequence[Unit], marks: Mapping[str, str], counted: Sequence[str], width: int
) -> list[str]:
    """Return a line for each year and one for the other notebooks, with the count of some marks."""
    board = []
    for row, group in rows_of(units).items():
        shown = [marks[unit.name] for unit in group]
        tail = f" {sum(mark in counted for mark in shown)}/{len(shown)}"
        board.append(f"{row:>4}  {''.join(_fitted(shown, width - 6 - len(tail)))}{tail}")
    return board


def rows_of(units: Sequence[Unit]) -> dict[str, list[Unit]]:
    """Return units by year, ascending, and those without one at the end."""
    rows: dict[str, list[Unit]] = {}
    for unit in units:
        year = unit.parameters.get("year")
        rows.setdefault(OTHERS if year is None else str(year), []).append(unit)
    # letters come after digits
    return dict(sorted(rows.items()))


def _fitted(marks: list[str], room: int) -> list[str]:
    """Put marks that do not fit together: one for several, the one that matters most."""
    if len(marks) <= room:
        return marks
    order = (FAILED, RUNNING, WAITING, DONE, REUSED)
    step = -(-len(marks) // max(room, 1))
    groups = [marks[start : start + step] for start in range(0, len(marks), step)]
    return [min(group, key=order.index) for group in groups]


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{math.ceil(seconds)} giây"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} phút" if minutes < 60 else f"{minutes // 60} giờ {minutes % 60} phút"
