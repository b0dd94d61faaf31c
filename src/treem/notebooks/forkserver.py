"""The caller's side of the template process: start it, have it fork, follow what its children do.

`fork_server(...)` gives the one template of this process, started anew when what it was made for
has changed: the interpreter, the lock, the modules imported or the environment. `ForkServer.submit`
has a child forked for a call; `ForkServer.ended` yields calls as they end, however that is.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from treem.errors import MachineError
from treem.notebooks.journal import FAILURE, RESULT, Journal, Request
from treem.notebooks.limits import Limits

PRELOADED = (
    "papermill",
    "pandas",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "IPython.core.pylabtools",
    "pyarrow.parquet",
    "treem.display.charts",
    "treem.display.prose",
    "treem.display.tables",
    "treem.notebooks.api",
    "treem.notebooks.client",
    "treem.notebooks.unit",
    # what the first table, the first picture and the first cell would import
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.PpmImagePlugin",
    "pandas.io.formats.html",
    "pandas.io.formats.string",
    "pyarrow.pandas_compat",
    "tornado.platform.asyncio",
    # what every notebook imports on its way
    "IPython.core.logger",
    "bdb",
    "treem.notebooks.forkserver",
)
"""What notebooks need, imported once. Only modules that neither compute nor start threads."""

READY_SECONDS = 60.0
_TURN_SECONDS = 0.05
_MESSAGE_BYTES = 1 << 16
_START = """
import sys
# ipykernel loads the debugger of notebooks where it can: a sixth of the start, and nobody asks here
sys.modules["debugpy"] = None
from treem.notebooks.template_process import main
del sys.modules["debugpy"]
main(sys.argv[1:])
"""
_HASH_SEED = {"PYTHONHASHSEED": "0"}
_CHANGING = frozenset({"_", "OLDPWD", "PWD", "PYTEST_CURRENT_TEST", "SHLVL", "TMPDIR"})
"""Variables that change from moment to moment and that no import asks for."""


def fork_is_safe() -> bool:
    """Whether this machine can fork children as this module does: Linux, and nothing else."""
    return sys.platform == "linux" and hasattr(os, "memfd_create") and hasattr(os, "pidfd_open")


@dataclass(eq=False)
class Call:
    """A call that was given to a child; `status` is None while it runs.

    `status` is what the child returned, or minus the signal that ended it; `timed_out` says that a
    limit ended it, `lost` that the template itself ended.
    """

    number: int
    journal: Journal
    limits: Limits
    started: float
    pid: int | None = None
    status: int | None = None
    overdue: bool = False
    lost: bool = False
    _frames: list[tuple[Any, ...]] = field(default_factory=list, repr=False)
    _given: int = 1

    @property
    def done(self) -> bool:
        """Whether the child has ended."""
        return self.status is not None or self.lost

    @property
    def timed_out(self) -> bool:
        """Whether a time limit ended the child."""
        return self.overdue or self.status == -signal.SIGALRM

    @property
    def sentence(self) -> str:
        """What happened to a child that ended without a result, in Vietnamese."""
        if self.timed_out:
            return f"sổ tính chạy quá {self.limits.notebook_seconds or 0:g} giây"
        if self.status is not None and self.status < 0:
            return f"tiến trình bị dừng bởi tín hiệu {signal.Signals(-self.status).name}"
        if self.status is not None:
            return f"tiến trình tự kết thúc giữa chừng với mã {self.status}"
        return "tiến trình mẫu bị dừng giữa chừng"

    def frames(self) -> Iterator[tuple[Any, ...]]:
        """Yield the frames of the journal that are there; a second time the same again."""
        self._frames.extend(self.journal.read())
        yield from self._frames[1:]

    def new_frames(self) -> list[tuple[Any, ...]]:
        """Return the frames that this method has not returned before."""
        self._frames.extend(self.journal.read())
        given, self._given = self._given, len(self._frames)
        return self._frames[given:]

    def result(self) -> Any:
        """Return what the function returned; raises MachineError where there is none."""
        for kind, *rest in self.frames():
            if kind == RESULT:
                return rest[0]
        if self.failure:
            raise MachineError(f"Bộ chạy sổ tính gặp lỗi của chính nó:\n{self.failure}")
        raise MachineError(f"Bộ chạy sổ tính: {self.sentence}.")

    @property
    def has_result(self) -> bool:
        """Whether the function returned."""
        return any(frame[0] == RESULT for frame in self.frames())

    @property
    def failure(self) -> str:
        """The traceback of a function that raised, or nothing."""
        return next((frame[1] for frame in self.frames() if frame[0] == FAILURE), "")


class ForkServer:
    """A template process and the calls that its children run."""

    def __init__(self, preloaded: Sequence[str], environment: Mapping[str, str]) -> None:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = ours
        self._log = os.memfd_create("treem-template")
        self._calls: dict[int, Call] = {}
        self._numbers = itertools.count()
        self._lock = threading.RLock()
        self._pid = os.getpid()
        with its:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _START, str(its.fileno()), *preloaded],
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                env=dict(environment),
                start_new_session=True,
            )
        self._ready = self._lost = False

    def submit(
        self,
        function: str,
        *arguments: Any,
        environment: Mapping[str, str],
        folder: Path | None = None,
        limits: Limits | None = None,
    ) -> Call:
        """Have a child call a function, named `module:name`, in a folder and an environment.

        Raises MachineError where the template did not start.
        """
        with self._lock:
            return self._submit(function, arguments, environment, folder, limits or Limits())

    def _submit(
        self,
        function: str,
        arguments: tuple[Any, ...],
        environment: Mapping[str, str],
        folder: Path | None,
        limits: Limits,
    ) -> Call:
        self._await_ready()
        journal = Journal.create()
        shown = None if folder is None else str(folder)
        journal.append(Request(function, arguments, dict(environment), shown, limits))
        call = Call(next(self._numbers), journal, limits, time.monotonic())
        self._calls[call.number] = call
        message = json.dumps({"call": call.number}).encode("ascii")
        try:
            socket.send_fds(self._control, [message], journal.descriptors)
        except OSError:
            self._lose_all()
        return call

    def ended(self, calls: Sequence[Call], wait: float | None = None) -> list[Call]:
        """Return those of the calls that ended; waits for the first, at most `wait` seconds."""
        deadline = None if wait is None else time.monotonic() + wait
        while not (ended := [call for call in calls if call.done]):
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                break
            if threading.active_count() > 1:
                # other threads may have calls of their own to submit and to wait for
                left = _TURN_SECONDS if left is None else min(left, _TURN_SECONDS)
            with self._lock:
                if not any(call.done for call in calls):
                    self._listen(left)
        return ended

    def end(self, call: Call) -> None:
        """End a child that runs, with all that it started."""
        if call.pid is not None and not call.done:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(call.pid, signal.SIGKILL)

    @property
    def alive(self) -> bool:
        """Whether the template runs and belongs to this process."""
        return self._pid == os.getpid() and not self._lost and self.process.poll() is None

    def close(self) -> None:
        """End the template and all children."""
        if self._pid != os.getpid():
            return
        for call in list(self._calls.values()):
            self.end(call)
        self._control.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self._log)

    def _await_ready(self) -> None:
        if self._ready:
            return
        self._control.settimeout(READY_SECONDS)
        try:
            answer = self._control.recv(_MESSAGE_BYTES)
        except OSError:
            answer = b""
        if not answer:
            said = os.pread(self._log, 4000, 0).decode("utf-8", "replace").strip()
            raise MachineError(
                f"Không khởi động được tiến trình mẫu của bộ chạy sổ tính: {said or 'quá lâu'}. "
                "Có thể chạy bằng kernel thường: thêm --engine kernel."
            )
        self._control.settimeout(None)
        self._ready = True

    def _listen(self, wait: float | None) -> None:
        """Wait for one message, or until a call is overdue."""
        self._control.settimeout(self._patience(wait))
        try:
            data = self._control.recv(_MESSAGE_BYTES)
        except TimeoutError:
            self._end_overdue()
            return
        except OSError:
            data = b""
        if not data:
            self._lose_all()
            return
        message = json.loads(data)
        call = self._calls[message["call"]]
        call.pid = message.get("pid", call.pid)
        call.status = message.get("status")
        if call.done:
            del self._calls[call.number]

    def _patience(self, wait: float | None) -> float | None:
        now = time.monotonic()
        moments = [
            call.started + call.limits.deadline_seconds - now
            for call in self._calls.values()
            if call.limits.deadline_seconds is not None
        ]
        moments += [] if wait is None else [wait]
        return max(min(moments), 0.001) if moments else None

    def _end_overdue(self) -> None:
        now = time.monotonic()
        for call in self._calls.values():
            limit = call.limits.deadline_seconds
            if limit is not None and now >= call.started + limit:
                call.overdue = True
                self.end(call)

    def _lose_all(self) -> None:
        """Note that the template is gone with its children; end what those had started."""
        self._lost = True
        for call in self._calls.values():
            self.end(call)
            call.lost = True
        self._calls.clear()


_server: tuple[str, ForkServer] | None = None


def fork_server(lock: Path | None = None, preloaded: Sequence[str] = PRELOADED) -> ForkServer:
    """Return the template of this process, started anew where its key changed or it ended.

    It takes about a second to be ready; a call waits for that, this function does not.
    """
    global _server
    environment = {name: value for name, value in os.environ.items() if name not in _CHANGING}
    environment |= _HASH_SEED
    key = _key(lock, preloaded, environment)
    if _server is not None:
        known, server = _server
        if known == key and server.alive:
            return server
        close_fork_server()
    server = ForkServer(preloaded, environment)
    _server = (key, server)
    return server


def close_fork_server() -> None:
    """End the template of this process, if it has one."""
    global _server
    if _server is not None:
        _, server = _server
        _server = None
        server.close()


def _key(lock: Path | None, preloaded: Sequence[str], environment: Mapping[str, str]) -> str:
    content = lock.read_bytes() if lock is not None and lock.exists() else b""
    known = [sys.executable, sys.version, list(preloaded), sorted(environment.items())]
    return hashlib.sha256(content + json.dumps(known).encode()).hexdigest()


atexit.register(close_fork_server)
