"""What a child tells while it runs, kept where its death cannot take it.

A journal is a file in memory that the caller makes and the child appends to: first what is to be
run, then a frame for each cell begun and each message sent, at the end the result. The caller can
follow it while the child runs, and rebuild the notebook from it when the child dies.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from treem.notebooks.limits import Limits

_LENGTH = struct.Struct("<Q")

CELL, MESSAGE, RESULT, FAILURE = "cell", "message", "result", "failure"
"""Kinds of frames: a cell begins (index, why it may be stopped), a message (index, message), what
the call returned, and the traceback of a call that raised."""


@dataclass(frozen=True)
class Request:
    """A call for a child: a function as `module:name`, its arguments, and its surroundings."""

    function: str
    arguments: tuple[Any, ...]
    environment: dict[str, str]
    folder: str | None
    limits: Limits


@dataclass
class Journal:
    """A journal and the two files in memory that hold what the child wrote to 1 and 2."""

    journal: int
    stdout: int
    stderr: int
    _read_to: int = field(default=0, repr=False)

    @classmethod
    def create(cls) -> Journal:
        """Make the three files; they vanish with the last process that has them open."""
        return cls(*(_memory_file(name) for name in ("journal", "stdout", "stderr")))

    @property
    def descriptors(self) -> list[int]:
        """The three descriptors, in the order of the fields."""
        return [self.journal, self.stdout, self.stderr]

    def append(self, *frame: Any) -> None:
        """Add a frame."""
        data = pickle.dumps(frame, protocol=pickle.HIGHEST_PROTOCOL)
        parts = memoryview(_LENGTH.pack(len(data)) + data)
        while parts:
            parts = parts[os.write(self.journal, parts) :]

    def read(self) -> Iterator[tuple[Any, ...]]:
        """Yield the frames that were added, whole, since the last time."""
        size = os.fstat(self.journal).st_size
        while self._read_to + _LENGTH.size <= size:
            (length,) = _LENGTH.unpack(_read_at(self.journal, self._read_to, _LENGTH.size))
            end = self._read_to + _LENGTH.size + length
            if end > size:
                return
            frame = pickle.loads(_read_at(self.journal, end - length, length))
            self._read_to = end
            yield frame

    def written(self, name: str, after: int) -> str:
        """Return what stands in `stdout` or `stderr` after a position."""
        return self.bytes_written(name, after).decode("utf-8", "replace")

    def bytes_written(self, name: str, after: int = 0) -> bytes:
        """Return the same as bytes."""
        descriptor = self.stdout if name == "stdout" else self.stderr
        length = os.fstat(descriptor).st_size - after
        return _read_at(descriptor, after, max(length, 0))

    def close(self) -> None:
        """Close the files."""
        for descriptor in self.descriptors:
            os.close(descriptor)


def _memory_file(name: str) -> int:
    descriptor = os.memfd_create(f"treem-{name}", os.MFD_CLOEXEC)
    # whoever writes, through whichever copy of the descriptor, writes at the end
    fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_APPEND)
    return descriptor


def _read_at(descriptor: int, start: int, length: int) -> bytes:
    parts = []
    while length and (part := os.pread(descriptor, length, start)):
        parts.append(part)
        start, length = start + len(part), length - len(part)
    return b"".join(parts)
