"""Running other programs (Pandoc, Quarto) so that none of them outlives this process.

A guard, one small process, knows all programs that are started here; when this process ends,
however that is, the guard's input closes and it ends what is left. Without it a build that is
killed would leave programs behind that go on writing.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

_GUARD = """
import os, signal, sys
left = {}
for line in sys.stdin.buffer:
    pid = int(line[1:])
    if line[:1] == b"+":
        try:
            left[pid] = os.pidfd_open(pid)
        except (AttributeError, OSError):
            left[pid] = -1
    else:
        handle = left.pop(pid, -1)
        if handle >= 0:
            os.close(handle)
for pid, handle in left.items():
    try:
        if handle >= 0:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        os.killpg(pid, signal.SIGKILL)
    except OSError:
        pass
"""
_lock = threading.Lock()
_guard: subprocess.Popen[bytes] | None = None
_guard_of = 0


def run(
    command: Sequence[str],
    text: bytes | None = None,
    *,
    together: bool = False,
    starts_others: bool = False,
    **options: Any,
) -> tuple[int, bytes, bytes]:
    """Run a program to its end; return its exit code and what it wrote to either output.

    `text` is its input; `together` puts its errors into its output; `options` are those of
    `subprocess.Popen`. A program that `starts_others` gets a process group, so that they can be
    ended with it. Where this process is interrupted, the program is ended first.
    """
    alone = starts_others and os.name == "posix"
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if together else subprocess.PIPE,
        start_new_session=alone,
        **options,
    ) as process:
        _tell("+", process.pid)
        try:
            out, errors = process.communicate(text)
        except BaseException:
            _end(process, alone)
            raise
        finally:
            _tell("-", process.pid)
        return process.returncode, out, errors or b""


def _end(process: subprocess.Popen[bytes], alone: bool) -> None:
    with contextlib.suppress(ProcessLookupError):
        if alone:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _tell(sign: str, pid: int) -> None:
    """Tell the guard of a program that begins (`+`) or has ended (`-`)."""
    global _guard, _guard_of
    if os.name != "posix":
        return
    with _lock:
        if _guard is None or _guard_of != os.getpid() or _guard.poll() is not None:
            _guard_of = os.getpid()
            _guard = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _GUARD],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        assert _guard.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            _guard.stdin.write(f"{sign}{pid}\n".encode())
            _guard.stdin.flush()


def _dismiss_guard() -> None:
    """Let the guard go: nothing that was started here is left."""
    if _guard is not None and _guard_of == os.getpid():
        assert _guard.stdin is not None
        with contextlib.suppress(OSError):
            _guard.stdin.close()
        _guard.wait()


atexit.register(_dismiss_guard)
