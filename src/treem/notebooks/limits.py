"""How long a cell and a notebook may run, and how much memory a child may take.

A child sets its own alarm before each cell and leaves it to the operating system to end it, so a
cell that hangs in C code ends as well. A notebook whose own code takes the alarm away is ended by
whoever started it, a little later.
"""

from __future__ import annotations

import os
import resource
import signal
import time
from dataclasses import dataclass

GRACE_SECONDS = 5.0
"""How much later than the child's own alarm the caller ends it."""

_PAGES = os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0


@dataclass(frozen=True)
class Limits:
    """Seconds for one cell and for the notebook, bytes for the child; None is no limit."""

    cell_seconds: float | None = None
    notebook_seconds: float | None = None
    memory_bytes: int | None = None

    @property
    def deadline_seconds(self) -> float | None:
        """When the caller ends the child, counted from its start."""
        return None if self.notebook_seconds is None else self.notebook_seconds + GRACE_SECONDS


class Alarm:
    """The alarm of one notebook, whose time begins now."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._start = time.monotonic()

    def set(self) -> str:
        """Set the alarm for a cell; return in Vietnamese which limit comes first, or nothing."""
        cell, whole = self.limits.cell_seconds, self.limits.notebook_seconds
        left = None if whole is None else max(whole - (time.monotonic() - self._start), 0.001)
        if cell is not None and (left is None or cell <= left):
            signal.setitimer(signal.ITIMER_REAL, cell)
            return f"ô chạy quá {cell:g} giây"
        if left is not None:
            signal.setitimer(signal.ITIMER_REAL, left)
            return f"sổ tính chạy quá {whole:g} giây"
        return ""

    def stop(self) -> None:
        """Take the alarm away again."""
        if self.limits.cell_seconds is not None or self.limits.notebook_seconds is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)


def limit_memory(bytes_more: int | None) -> None:
    """Let this process take so much address space on top of what it has.

    More raises MemoryError in the cell that asks. Where the machine itself runs out, this process
    is the first to go.
    """
    if bytes_more is not None:
        with open("/proc/self/statm", encoding="ascii") as handle:
            taken = int(handle.read().split()[0]) * resource.getpagesize()
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        wanted = taken + bytes_more
        within = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_AS, (within, most))
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as handle:
        handle.write("1000")


def fair_share(jobs: int) -> int:
    """Return this machine's memory in bytes, divided among jobs that run at a time."""
    return _PAGES * resource.getpagesize() // max(jobs, 1)
