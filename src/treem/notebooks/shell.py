"""IPython's kernel inside this process: no sockets, no threads, no second process.

Kernel, shell, display publisher and display hook are ipykernel's own; only the session is another
one, which hands every message to a function instead of to a socket. What C code and child
processes write is caught too: file descriptors 1 and 2 point at files in memory, `sys.stdout` and
`sys.stderr` write to the same two files, and both are read before any other output is passed on,
so that everything stands in the notebook in the order in which it was written.

The shell must exist before pandas and pyplot are imported: both ask at import who runs them.
"""

from __future__ import annotations

import asyncio
import atexit
import codecs
import logging
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

from ipykernel.eventloops import enable_gui
from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell as _KernelShell
from IPython.core.interactiveshell import InteractiveShellABC
from IPython.core.profiledir import ProfileDir
from IPython.core.shellapp import InteractiveShellApp
from jupyter_client.session import Session
from traitlets import Any as AnyTrait
from traitlets import Type
from traitlets.config import Config

Message = dict[str, Any]
Receive = Callable[[Message], None]

INLINE_BACKEND = "module://matplotlib_inline.backend_inline"
LEAVING_SECONDS = 5.0
"""How long a notebook's own threads and exit functions may take, as with jupyter_client."""
_CHUNK = 1 << 20


class StoredSession(Session):
    """A session that hands each message to `receive`, as it would arrive over the wire.

    A process forked by a cell has nobody to send to, as with ipykernel's own session.
    """

    receive = AnyTrait(lambda message: None)

    def send(
        self,
        stream: object,
        msg_or_type: Message | str,
        content: Message | None = None,
        parent: Message | None = None,
        ident: object = None,
        buffers: list[Any] | None = None,
        track: bool = False,
        header: Message | None = None,
        metadata: Message | None = None,
    ) -> Message | None:
        """Hand a message over; its content goes through JSON like that of a sent one."""
        if os.getpid() != self.pid:
            return None
        if isinstance(msg_or_type, str):
            sent: Message = self.msg(msg_or_type, content, parent, header, metadata)
        else:
            sent = msg_or_type
            buffers = buffers or sent.get("buffers")
        plain = self.unpack(self.pack(sent["content"]))
        kept = [bytes(part) for part in buffers or ()]
        self.receive({**sent, "content": plain, "buffers": kept})
        return sent


class ZMQInteractiveShell(_KernelShell):  # type: ignore[misc]
    """ipykernel's shell; libraries know it by this name.

    The original asks the kernel's application for the kernel, and here is no application.
    """

    def enable_gui(self, gui: str | None = None) -> None:
        """Switch event loops; `%matplotlib inline` comes through here."""
        enable_gui(gui, kernel=self.kernel)
        self.active_eventloop = gui


InteractiveShellABC.register(ZMQInteractiveShell)


class MemoryStream(OutStream):  # type: ignore[misc]
    """`sys.stdout` or `sys.stderr` over a file in memory that descriptor 1 or 2 points at.

    Writing costs one system call and survives the death of the process. `flush` sends on what was
    written since, by whomever; each stream flushes the other before it writes, to keep the order.
    """

    def __init__(self, session: StoredSession, name: str, descriptor: int) -> None:
        # the original's own __init__ starts the thread that this class does without
        self.session, self.name, self.descriptor = session, name, descriptor
        self.other: MemoryStream | None = None
        self.catching = self.waiting = False
        self.echo = self.pub_thread = None
        self._isatty = False
        self._should_watch = False
        self._local = threading.local()
        self._parent_header: ContextVar[Message] = ContextVar("parent_header")
        self._parent_header_global: Message = {}
        self._sent = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def catch(self) -> None:
        """Begin to send on what is written to the descriptor, in this process only."""
        self._master_pid = os.getpid()
        self.catching = True

    def fileno(self) -> int:
        """Return the descriptor that is caught, for child processes to write to."""
        return self.descriptor

    @property
    def closed(self) -> bool:
        """A kernel's streams stay open."""
        return False

    def close(self) -> None:
        """Do nothing: a kernel's streams stay open."""

    def write(self, string: str) -> int:
        """Write text."""
        if not isinstance(string, str):
            raise TypeError(f"write() argument must be str, not {type(string)}")
        if self.other is not None:
            self.other._send()
        self.waiting = True
        data = memoryview(string.encode("utf-8", "backslashreplace"))
        while data:
            data = data[os.write(self.descriptor, data) :]
        return len(string)

    def flush(self) -> None:
        """Send on what was written to the descriptor since the last time."""
        if self.other is not None and self.other.waiting and not self.waiting:
            # what waits there was written before whatever came here since
            self.other._send()
        self._send()

    def _send(self) -> None:
        if not self.catching or os.getpid() != self._master_pid:
            return
        self.waiting = False
        size = os.fstat(self.descriptor).st_size
        if size <= self._sent:
            return
        parts = []
        while self._sent < size and (
            part := os.pread(self.descriptor, min(_CHUNK, size - self._sent), self._sent)
        ):
            self._sent += len(part)
            parts.append(self._decoder.decode(part))
        text = "".join(parts)
        if text:
            content = {"name": self.name, "text": text}
            told = {"caught_to": self._sent}
            self.session.send(None, "stream", content, self.parent_header, metadata=told)


class InProcessKernel(IPythonKernel):  # type: ignore[misc]
    """ipykernel's kernel, asked by calling it."""

    shell_class = Type(ZMQInteractiveShell)
    _execute_sleep = 0.0

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Nothing waits in a queue here."""

    def run_cell(self, source: str, receive: Receive, *, cell_id: str | None = None) -> str:
        """Run a cell; `receive` gets all its messages, the reply included, as they come.

        Call `enter` before. Returns the id of the request, which the messages name as parent.
        """
        self.session.receive = receive
        content = {
            "code": source,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        request = self.session.msg("execute_request", content, metadata={"cellId": cell_id})
        self._loop.run_until_complete(self._answer(request))
        return str(request["header"]["msg_id"])

    async def _answer(self, request: Message) -> None:
        from tornado.ioloop import IOLoop

        self.io_loop = IOLoop.current()
        self.set_parent([], request)
        self._publish_status("busy", "shell")
        await self.execute_request(None, [], request)
        self._publish_status("idle", "shell")
        # what the cell left waiting in the event loop goes on between the cells
        await asyncio.sleep(0)

    def enter(
        self, stdout: int, stderr: int, folder: str | None, environment: Mapping[str, str]
    ) -> None:
        """Make this process, just forked, the notebook's own.

        `stdout` and `stderr` are files in memory, opened to append.
        """
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        os.environ.clear()
        os.environ.update(environment)
        os.environ.setdefault("MPLBACKEND", INLINE_BACKEND)
        self.shell.init_environment()
        if folder:
            os.chdir(folder)
        tempfile.tempdir = None
        sys.argv[:] = _arguments()
        # what the template is to do at its end is not for its children to do
        atexit._clear()
        _reseed()
        self.session.pid = os.getpid()
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, MemoryStream):
                stream.catch()


    def leave(self) -> None:
        """End as an interpreter ends, within the time a kernel has to shut down.

        Threads are waited for, functions given to `atexit` are called, and what the notebook left
        open is closed, so that nothing it wrote is lost.
        """
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, LEAVING_SECONDS)
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        processes = sys.modules.get("multiprocessing.util")
        if processes is not None:
            processes._exit_function()
        logging.shutdown()
        # what only a collection would close, an ordinary kernel does not close either
        self.shell.user_ns.clear()


def _arguments() -> list[str]:
    """Return what a kernel of papermill has as `sys.argv`; only the file is not there.

    A notebook that has a parser read them finds what it would find in a kernel.
    """
    import ipykernel_launcher

    connection = os.path.join(tempfile.gettempdir(), f"tmp{uuid.uuid4().hex[:8]}.json")
    history = "--HistoryManager.hist_file=:memory:"
    return [str(ipykernel_launcher.__file__), "-f", connection, history]


def build_kernel() -> InProcessKernel:
    """Build the kernel of this process and put its streams in place of `sys.stdout`, `sys.stderr`.

    Call it once, before pandas or pyplot are imported. Nothing of the user's IPython settings is
    read and nothing is kept: history is in memory, because a file of it takes a thread.
    """
    os.environ.setdefault("MPLBACKEND", INLINE_BACKEND)
    session = StoredSession(key=b"")
    out, err = MemoryStream(session, "stdout", 1), MemoryStream(session, "stderr", 2)
    out.other, err.other = err, out
    sys.stdout, sys.stderr = out, err
    home = tempfile.mkdtemp(prefix="treem-ipython-")
    try:
        kernel: InProcessKernel = InProcessKernel.instance(
            session=session,
            log=logging.getLogger(__name__),
            profile_dir=ProfileDir(location=os.path.join(home, "profile_default")),
            # libraries look for this section to know that they run in a notebook
            config=Config(
                IPKernelApp={"connection_file": ""}, HistoryManager={"hist_file": ":memory:"}
            ),
            shell_channel_thread=SimpleNamespace(parent_thread=threading.main_thread()),
        )
    finally:
        shutil.rmtree(home, ignore_errors=True)
    # the notebook's own folder is looked in after the standard library, as in a kernel
    sys.path[:] = [place for place in sys.path if place]
    InteractiveShellApp.init_path(SimpleNamespace(ignore_cwd=False))
    return kernel


def _reseed() -> None:
    """Give this process random numbers of its own; all children start from the same state."""
    random.seed()
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
