"""Writing so that a reader never sees half of anything.

A stage writes into a folder of its own beside the final one; when all is done the two are swapped
by renaming. One writer at a time holds an edition.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from treem.errors import StorageError

FIXED_TIME = (2021, 6, 10, 0, 0, 0)
"""The date of the plan: archives carry it instead of the clock, so that builds are byte-equal."""


@contextmanager
def sole_writer(folder: Path, edition: str) -> Iterator[None]:
    """Hold the edition's folder for this process; raises StorageError while another holds it.

    The lock is the operating system's and goes with the process, however that ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    recover(folder)
    with (folder / ".lock").open("a+b") as handle:
        if not _try_lock(handle.fileno()):
            raise StorageError(
                f"Một lần chạy khác đang làm kỳ {edition} (thư mục {folder.name}). "
                "Hãy đợi lần đó xong rồi chạy lại."
            )
        yield


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


def fresh_folder(folder: Path) -> Path:
    """Return the folder, empty, whatever an earlier run left in it."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def swap_in(new: Path, final: Path) -> None:
    """Put the finished folder or file in the place of the old one, by renaming."""
    old = final.with_name(final.name + ".old")
    _remove(old)
    if final.exists():
        final.rename(old)
    new.rename(final)
    _remove(old)


def recover(folder: Path) -> None:
    """Put back what a run killed in the middle of `swap_in` had moved aside."""
    for old in folder.glob("*.old"):
        final = old.with_name(old.name.removesuffix(".old"))
        if final.exists():
            _remove(old)
        else:
            old.rename(final)


def write_archive(folder: Path, archive: Path) -> None:
    """Zip a folder: sorted names, fixed times, so that the same content gives the same bytes."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as handle:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), FIXED_TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                handle.writestr(entry, path.read_bytes())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()
