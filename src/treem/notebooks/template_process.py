"""The template: a process that has imported what notebooks need, and forks a child for each call.

It only imports, draws one chart as a probe, and forks. Whatever computes does so in a child, which
a crash or a leak ends with it; a template that had threads or locks of its own would hand them on
broken. It ends, with all its children and whatever they started, when the process that started it
ends or closes its socket.

Started by `treem.notebooks.forkserver`.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import traceback
from dataclasses import dataclass

import nbformat
from nbformat.validator import get_validator

from treem.notebooks.journal import FAILURE, RESULT, Journal, Request
from treem.notebooks.limits import Limits, limit_memory
from treem.notebooks.pictures import draw_probe, skip_unseen_pixels
from treem.notebooks.shell import InProcessKernel, build_kernel

_SET_PARENT_DEATH_SIGNAL = 1
_MESSAGE_BYTES = 1 << 16


@dataclass(frozen=True)
class Here:
    """What a child has: its kernel, its journal and its limits."""

    kernel: InProcessKernel
    journal: Journal
    limits: Limits


here: Here | None = None
"""Set in a child, and only there."""


def main(arguments: list[str]) -> None:
    """Import the modules named, then serve the socket until it closes."""
    control = socket.socket(fileno=int(arguments[0]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # nothing that is imported is garbage; looking for it takes a tenth of the time
    gc.disable()
    kernel = build_kernel()
    with kernel.shell.builtin_trap:
        for name in arguments[1:]:
            importlib.import_module(name)
    skip_unseen_pixels(kernel.shell)
    draw_probe()
    # nbformat compiles its checks when they are first used
    get_validator(nbformat.current_nbformat, nbformat.current_nbformat_minor)
    gc.collect()
    gc.freeze()
    gc.enable()
    _serve(control, kernel)


def _serve(control: socket.socket, kernel: InProcessKernel) -> None:
    children: dict[int, int] = {}
    _tell(control, ready=os.getpid())
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        try:
            while True:
                for key, _ in selector.select():
                    if key.fileobj is control:
                        data, descriptors, _, _ = socket.recv_fds(control, _MESSAGE_BYTES, 3)
                        if not data:
                            return
                        call = json.loads(data)["call"]
                        pid = _fork(control, kernel, Journal(*descriptors))
                        children[pid] = call
                        watch = os.pidfd_open(pid)
                        selector.register(watch, selectors.EVENT_READ, pid)
                        _tell(control, call=call, pid=pid)
                    else:
                        selector.unregister(key.fileobj)
                        os.close(int(key.fd))
                        status = _bury(key.data)
                        _tell(control, call=children.pop(key.data), status=status)
        except (BrokenPipeError, ConnectionResetError):
            return
        finally:
            for pid in children:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)


def _tell(control: socket.socket, **message: int) -> None:
    control.sendall(json.dumps(message).encode("ascii"))


def _fork(control: socket.socket, kernel: InProcessKernel, journal: Journal) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)
        journal.close()
        return pid
    status = 1
    try:
        _begin_child(control, parent)
        status = _run(kernel, journal)
    except BaseException:
        with contextlib.suppress(BaseException):
            journal.append(FAILURE, traceback.format_exc())
    finally:
        os._exit(status)


def _begin_child(control: socket.socket, parent: int) -> None:
    """Leave the template's group and files behind; end with the template."""
    with contextlib.suppress(PermissionError):
        os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    os.close(control.fileno())
    control.detach()
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _run(kernel: InProcessKernel, journal: Journal) -> int:
    global here
    ((request,),) = journal.read()
    assert isinstance(request, Request)
    limit_memory(request.limits.memory_bytes)
    kernel.enter(journal.stdout, journal.stderr, request.folder, request.environment)
    here = Here(kernel, journal, request.limits)
    module, _, name = request.function.partition(":")
    journal.append(RESULT, getattr(importlib.import_module(module), name)(*request.arguments))
    kernel.leave()
    return 0


def _bury(pid: int) -> int:
    """End whatever a child left running, then take its status: as returned, or minus a signal."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
