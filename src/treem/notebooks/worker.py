"""What happens on a worker of a Dask cluster: unpack what notebooks read, run a unit, hand it back.

A worker shares no file system with whoever asks. Files come as parcels, are unpacked once into the
worker's own folder and vanish with the last reference to the parcel; the executed notebook goes
back as text. A worker has threads, so nothing is forked from it: a template of its own, started
like any other program, forks the children (`treem.notebooks.forkserver`).

`treem.notebooks.cluster` is the other side.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import treem
from treem.audit.manifest import canonical_json, tree_sha256
from treem.errors import MachineError
from treem.notebooks.unit import Job, Ran, environment_of, run_ordinary

if TYPE_CHECKING:
    from treem.notebooks.forkserver import Call

TRANSPORT = ("cloudpickle", "dask", "distributed")
"""Packages that carry a unit, beside those that run it."""
ABSENT = "-"
_TURN_SECONDS = 0.2
_ALONE = "from treem.notebooks.worker import _run_alone; _run_alone()"
_starting = threading.Lock()


# --- what must be the same on both sides ------------------------------------------------------


def _code() -> str:
    return tree_sha256(Path(treem.__file__).parent, ["."])


_CODE_AT_START = _code()


def signature(packages: Sequence[str]) -> dict[str, str]:
    """Return what must be equal here and there for results to be equal to the last byte.

    Code that was changed after this process read it is equal to nothing.
    """
    code = _code()
    return {
        "Python": platform.python_version(),
        "hệ máy": f"{platform.system()} {platform.machine()}",
        "mã treem": code[:12] if code == _CODE_AT_START else "đã đổi sau khi khởi động",
        **{name: _version(name) for name in sorted({*packages, *TRANSPORT})},
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ABSENT


# --- files that travel ------------------------------------------------------------------------


class Parcel:
    """Files with their places, unpacked where and when they are needed.

    The folder lives as long as the parcel: a worker drops both when nobody wants them any more,
    also when whoever sent them was killed.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self._folder: Path | None = None
        self._unpacking = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return Parcel, (self.files,)

    @classmethod
    def of(cls, root: Path, names: Iterable[str], *, without: Iterable[str] = ()) -> Parcel:
        """Pack files and folders below `root`; a name that does not exist is left out."""
        found: dict[str, bytes] = {}
        for name in names:
            path = root / name
            for file in [path] if path.is_file() else sorted(path.rglob("*")):
                if file.is_file() and file.name not in without:
                    found[file.relative_to(root).as_posix()] = file.read_bytes()
        return cls(found)

    @property
    def checksum(self) -> str:
        """One SHA-256 over all places and contents."""
        content = {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items()}
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()

    def unpack(self, within: Path) -> Path:
        """Return the folder with the files, made below `within` the first time."""
        with self._unpacking:
            if self._folder is None:
                name = f"treem-{self.checksum[:16]}-"
                folder = Path(tempfile.mkdtemp(prefix=name, dir=within))
                weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
                for place, data in self.files.items():
                    path = folder / place
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(data)
                self._folder = folder
            return self._folder


# --- a unit -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What a child told before it ended without a result, to be told again elsewhere."""

    told: tuple[tuple[Any, ...], ...]
    output: Mapping[str, bytes]
    timed_out: bool
    sentence: str

    @classmethod
    def of(cls, call: Call) -> Told:
        """Copy what an ended call told."""
        output = {name: call.journal.bytes_written(name) for name in ("stdout", "stderr")}
        return cls(tuple(call.frames()), output, call.timed_out, call.sentence)

    def frames(self) -> Iterator[tuple[Any, ...]]:
        """Yield what the journal held."""
        yield from self.told

    @property
    def journal(self) -> Told:
        """Where `written` is."""
        return self

    def written(self, name: str, after: int) -> str:
        """Return what stood in `stdout` or `stderr` after a position."""
        return self.output[name][after:].decode("utf-8", "replace")


@dataclass(frozen=True)
class Broken:
    """A unit that did not come to an end for a reason of this worker's; it runs again elsewhere."""

    why: str


class _TemplateLost(Exception):
    """The template was killed while a unit ran."""


class _Withdrawn(Exception):
    """Whoever asked for a unit no longer wants it, or is gone."""


def run_there(
    packed: bytes, project: Parcel, tables: Parcel, engine: str
) -> Ran | Told | Broken:
    """Run one unit on this worker; return what came of it, without writing it.

    `packed` is the job, pickled, whose folders are those of whoever asked. Raises nothing: the
    traceback of an exception would hold on to the parcels, and with them to their folders.
    """
    try:
        return _run(packed, project, tables, engine)
    except (MachineError, _TemplateLost) as error:
        return Broken(str(error))
    except Exception as error:
        return Broken(f"{type(error).__name__}: {error}")


def _run(packed: bytes, project: Parcel, tables: Parcel, engine: str) -> Ran | Told:
    from distributed import get_worker

    from treem.notebooks.forkserver import fork_is_safe

    worker = get_worker()
    here = Path(worker.local_directory)
    job: Job = pickle.loads(packed)
    job = replace(job, root=project.unpack(here), tables=tables.unpack(here))
    with tempfile.TemporaryDirectory(prefix="treem-", dir=here) as scratch:
        if engine == "auto" and fork_is_safe():
            return _fork(job, Path(scratch), worker)
        return _spawn(job, Path(scratch), worker)


def _fork(job: Job, scratch: Path, worker: Any) -> Ran | Told:
    from treem.notebooks.forkserver import fork_server
    from treem.notebooks.limits import Limits

    with _starting:
        server = fork_server()
    task = worker.get_current_task()
    call = server.submit(
        "treem.notebooks.unit:run_in_place",
        job,
        environment={**os.environ, **environment_of(job, scratch)},
        folder=job.root,
        limits=Limits(job.cell_seconds, job.notebook_seconds, _memory(worker)),
    )
    try:
        while not server.ended([call], _TURN_SECONDS):
            _check_wanted(worker, task)
        if call.lost:
            raise _TemplateLost(call.sentence)
        if call.has_result or call.failure:
            ran: Ran = call.result()
            return ran
        return Told.of(call)
    finally:
        server.end(call)
        call.journal.close()


def _memory(worker: Any) -> int:
    """Return the bytes that a unit may take: the worker's memory, divided among its threads."""
    from treem.notebooks.limits import fair_share

    threads = max(worker.state.nthreads, 1)
    of_worker = getattr(worker.memory_manager, "memory_limit", None)
    return of_worker // threads if of_worker else fair_share(threads)


def _check_wanted(worker: Any, task: str) -> None:
    """Raise _Withdrawn once the scheduler has taken a task back."""
    known = worker.state.tasks.get(task)
    if known is None or known.state == "cancelled":
        raise _Withdrawn(task)


def _spawn(job: Job, scratch: Path, worker: Any) -> Ran:
    """Run a unit with an ordinary kernel, in a process of its own: it changes the environment."""
    task = worker.get_current_task()
    asked, answer = scratch / "job", scratch / "answer"
    asked.write_bytes(pickle.dumps(job))
    command = [sys.executable, "-c", _ALONE, str(asked), str(answer)]
    with (
        (scratch / "log").open("w+b") as log,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        ) as process,
    ):
        try:
            while not _ends(process):
                _check_wanted(worker, task)
        finally:
            if process.poll() is None:
                _kill_group(process)
        if answer.exists():
            ran: Ran = pickle.loads(answer.read_bytes())
            return ran
        log.seek(0)
        said = log.read()[-4000:].decode("utf-8", "replace").strip()
    raise MachineError(f"Bộ chạy sổ tính gặp lỗi của chính nó (mã {process.returncode}):\n{said}")


def _run_alone() -> None:
    """Run the job of a file with an ordinary kernel and leave the answer in another file."""
    from treem.notebooks.runner import _end_with_parent

    _end_with_parent()
    asked, answer = map(Path, sys.argv[1:])
    ran = run_ordinary(pickle.loads(asked.read_bytes()))
    part = answer.with_suffix(".part")
    part.write_bytes(pickle.dumps(ran))
    part.replace(answer)


def _ends(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(_TURN_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
