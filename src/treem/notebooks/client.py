"""The cells of a notebook: run in this process, or told again from a journal.

Both are papermill's own client with another source of messages; what becomes of a message in the
notebook (outputs, updates of a display, cleared output, counts, times) is nbclient's own work.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from nbclient.client import timestamp
from nbclient.exceptions import (
    CellExecutionComplete,
    CellExecutionError,
    CellTimeoutError,
    DeadKernelError,
)
from papermill.clientwrap import PapermillNotebookClient

from treem.notebooks.journal import CELL, MESSAGE, Journal
from treem.notebooks.limits import Alarm
from treem.notebooks.shell import InProcessKernel, Message


class WidgetsFound(Exception):
    """A cell opened a channel to a front end: only an ordinary kernel can serve it."""


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client without a kernel of its own."""

    def execute(self) -> Any:
        """Run all cells and return the notebook."""
        self.reset_execution_trackers()
        self.papermill_execute_cells()
        self.nb.metadata["language_info"] = dict(InProcessKernel.language_info)
        self.set_widgets_metadata()
        return self.nb

    def execute_cell(self, cell: Any, cell_index: int, **_: Any) -> Any:
        """Run one cell; raises CellExecutionError where it fails and may not."""
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or not cell.source.strip() or self.skip_cells_with_tag in tags:
            return cell
        if self.record_timing:
            cell["metadata"]["execution"] = {}
        cell.outputs = []
        self.clear_before_next_output = False
        self.code_cells_executed += 1
        self._reply: dict[str, Any] = {}
        self._answer(cell, cell_index)
        allowed = self.allow_errors or "raises-exception" in tags
        allowed = allowed or self._reply.get("ename") in self.allow_error_names
        if self._reply["status"] == "error" and (self.force_raise_errors or not allowed):
            raise CellExecutionError.from_cell_and_msg(cell, self._reply)
        return cell

    def _answer(self, cell: Any, cell_index: int) -> None:
        """Have all messages of a cell come to `_take`."""
        raise NotImplementedError

    def _take(self, message: Message, cell: Any, cell_index: int) -> None:
        if message["msg_type"] == "execute_reply":
            self._reply = message["content"]
            if self.record_timing:
                cell["metadata"]["execution"]["shell.execute_reply"] = timestamp(message)
            return
        try:
            self.process_message(message, cell, cell_index)
        except CellExecutionComplete:
            return


class CellRunner(_Client):
    """Runs the cells in this process, each under the alarm, and keeps the journal."""

    def __init__(
        self, nb_man: Any, kernel: InProcessKernel, journal: Journal, alarm: Alarm, **options: Any
    ) -> None:
        super().__init__(nb_man, **options)
        self._kernel, self._journal, self._alarm = kernel, journal, alarm

    def _answer(self, cell: Any, cell_index: int) -> None:
        if self._kernel.shell.exit_now:
            # a cell before said `exit`: a kernel is gone by now
            os._exit(0)
        opened = False

        def receive(message: Message) -> None:
            nonlocal opened
            opened = opened or message["msg_type"] == "comm_open"
            self._journal.append(MESSAGE, cell_index, message)
            self._take(message, cell, cell_index)

        self._journal.append(CELL, cell_index, self._alarm.set())
        try:
            self._kernel.run_cell(cell.source, receive, cell_id=cell.get("id"))
        finally:
            self._alarm.stop()
        if opened:
            raise WidgetsFound


class Replayer(_Client):
    """Tells again from the frames of a journal what a child did.

    `frames` may wait for a child that still runs; it ends when the child has ended. `ended` then
    says why, as `(limit, sentence)`: whether a limit ended it, and what happened.
    """

    def __init__(self, nb_man: Any, frames: Iterator[tuple[Any, ...]], told: Any, **options: Any):
        super().__init__(nb_man, **options)
        self._frames, self._told = frames, told
        self._caught = {"stdout": 0, "stderr": 0}
        self._limit = ""

    def _answer(self, cell: Any, cell_index: int) -> None:
        for kind, *rest in self._frames:
            if kind == CELL:
                self._limit = rest[1]
            elif kind == MESSAGE:
                message = rest[1]
                if message["msg_type"] == "stream":
                    self._caught[message["content"]["name"]] = message["metadata"]["caught_to"]
                self._take(message, cell, cell_index)
                if _is_idle(message):
                    return
        self._end_cell(cell)

    def _end_cell(self, cell: Any) -> None:
        """Give the cell in which the child ended the rest of what it wrote, and raise."""
        from nbformat.v4 import new_output

        for name, position in self._caught.items():
            text = self._told.journal.written(name, position)
            if text:
                cell.outputs.append(new_output("stream", name=name, text=text))
        if self._told.timed_out:
            raise CellTimeoutError(self._limit or self._told.sentence)
        raise DeadKernelError(self._told.sentence)


def _is_idle(message: Message) -> bool:
    content = message["content"]
    return bool(message["msg_type"] == "status" and content["execution_state"] == "idle")
