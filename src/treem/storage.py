"""Writing so that a reader never sees half of anything.

A stage writes into a folder of its own beside the final one; when all is done the two are swapped
by renaming. One writer at a time holds an edition.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from treem.errors import StorageError

FIXED_TIME = (2021, 6, 10, 0, 0, 0)
"""The date of the plan: archives carry it instead of the clock, so that builds are byte-equal."""
OLD, NEW, COMMITTED = ".old", ".new-here", ".committed"
"""What waits beside a file or folder that was swapped in: the old one, or a mark of none."""
_TRIES, _WAIT_SECONDS = 10, 0.1
RENDERED = ".new"
"""What Quarto renders into, beside the package."""
CACHE = ".cache"
"""What is kept for later builds (`treem.kept`); everything else with a dot is scratch."""


@contextmanager
def sole_writer(folder: Path, edition: str) -> Iterator[None]:
    """Hold the edition's folder for this process; raises StorageError while another holds it.

    Everything that `swap_in` puts in place meanwhile counts together: when the block ends well all
    of it stays, when it fails or the process is killed all of it is put back (at once, or by the
    next writer). The lock is the operating system's and goes with the process, however that ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a+b") as handle:
        if not _try_lock(handle.fileno()):
            raise StorageError(
                f"Một lần chạy khác đang làm kỳ {edition} (thư mục {folder.name}"
                f"{_holder(folder / '.lock')}). Hãy đợi lần đó xong rồi chạy lại."
            )
        _sign(handle)
        recover(folder)
        try:
            yield
        except BaseException:
            recover(folder)
            raise
        _commit(folder)


def _try_lock(descriptor: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sign(handle: IO[bytes]) -> None:
    """Write down who holds the lock, for the message to others; it is not what locks."""
    handle.truncate(0)
    handle.write(f"tiến trình {os.getpid()}, từ {time.strftime('%H:%M:%S')}".encode())
    handle.flush()


def _holder(lock: Path) -> str:
    try:
        words = lock.read_text("utf-8")
    except (OSError, ValueError):
        return ""
    return f", {words}" if words else ""


@contextmanager
def temporary_files(folder: Path) -> Iterator[None]:
    """Have all temporary files made in scratch of this folder, by this process and its children.

    What a killed run leaves of them is cleared by the next writer.
    """
    before = os.environ.get("TMPDIR"), tempfile.tempdir
    os.environ["TMPDIR"] = str(scratch(folder, "tmp").resolve())
    tempfile.tempdir = None
    try:
        yield
    finally:
        tempfile.tempdir = before[1]
        if before[0] is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before[0]


def scratch(folder: Path, name: str) -> Path:
    """Return an empty folder to work in; what a stopped run left there is gone.

    Its name begins with a dot, and it never outlives the block of `sole_writer`.
    """
    path = folder / f".{name}"
    _remove(path)
    path.mkdir(parents=True)
    return path


def swap_in(new: Path, final: Path) -> None:
    """Put a finished folder or file in its place by renaming; the old one waits beside it."""
    old = _old(final)
    _remove(old)
    if final.exists():
        final.rename(old)
    else:
        (final.parent / f"{final.name}{NEW}").touch()
    new.rename(final)


def recover(folder: Path) -> None:
    """Put everything back that an unfinished writer had swapped in, and clear its scratch."""
    if (folder / COMMITTED).exists():
        _commit(folder)
        return
    for old in folder.glob(f"*{OLD}"):
        final = old.with_name(old.name.removesuffix(OLD))
        _remove(final)
        old.rename(final)
    for mark in folder.glob(f"*{NEW}"):
        _remove(mark.with_name(mark.name.removesuffix(NEW)))
        mark.unlink()
    _clear_scratch(folder)


def _commit(folder: Path) -> None:
    """Keep what was swapped in; once marked, the next writer finishes what a kill cut short."""
    (folder / COMMITTED).touch()
    for left in (*folder.glob(f"*{OLD}"), *folder.glob(f"*{NEW}")):
        _remove(left)
    _clear_scratch(folder)
    (folder / COMMITTED).unlink()


def _clear_scratch(folder: Path) -> None:
    for path in (*folder.glob(".*"), *folder.glob(f"*{RENDERED}")):
        if path.name not in (".lock", COMMITTED, CACHE):
            _remove(path)


def write_archive(folder: Path, archive: Path) -> None:
    """Zip a folder: sorted names, fixed times, so that the same content gives the same bytes."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as handle:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), FIXED_TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                handle.writestr(entry, path.read_bytes())


def _old(final: Path) -> Path:
    return final.with_name(final.name + OLD)


def _remove(path: Path) -> None:
    """Remove a file or folder; a process of a killed run may still be writing its last file."""
    for left in reversed(range(_TRIES)):
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError:
            if not left:
                raise
            time.sleep(_WAIT_SECONDS)
        else:
            return
