"""Writing: a reader never sees half of anything, and one writer at a time holds an edition."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from treem.errors import StorageError
from treem.storage import fresh_folder, recover, sole_writer, swap_in, write_archive


def _package(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "index.html").write_text(text, "utf-8")
    return folder


def test_swap_replaces_the_old_folder(tmp_path: Path) -> None:
    final = _package(tmp_path / "public", "cũ")
    swap_in(_package(tmp_path / "new", "mới"), final)
    assert (final / "index.html").read_text("utf-8") == "mới"
    assert [path.name for path in tmp_path.iterdir()] == ["public"]


def test_a_swap_killed_in_the_middle_is_put_back(tmp_path: Path) -> None:
    _package(tmp_path / "public", "cũ").rename(tmp_path / "public.old")
    recover(tmp_path)
    assert (tmp_path / "public" / "index.html").read_text("utf-8") == "cũ"


def test_a_swap_killed_at_its_end_keeps_the_new(tmp_path: Path) -> None:
    _package(tmp_path / "public.old", "cũ")
    _package(tmp_path / "public", "mới")
    recover(tmp_path)
    assert (tmp_path / "public" / "index.html").read_text("utf-8") == "mới"
    assert not (tmp_path / "public.old").exists()


def test_a_second_writer_is_refused_and_the_lock_goes_with_its_process(tmp_path: Path) -> None:
    hold = (
        "import sys, time\nfrom pathlib import Path\nfrom treem.storage import sole_writer\n"
        "with sole_writer(Path(sys.argv[1]), 'x'):\n    print('held', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StorageError, match="Một lần chạy khác"), sole_writer(tmp_path, "x"):
            pass
        other.kill()
    with sole_writer(tmp_path, "x"):
        pass


def test_fresh_folder_is_empty(tmp_path: Path) -> None:
    stale = _package(tmp_path / "stage", "dở dang")
    assert list(fresh_folder(stale).iterdir()) == []


def test_archives_of_the_same_content_are_byte_equal(tmp_path: Path) -> None:
    first = _package(tmp_path / "a", "số liệu")
    second = _package(tmp_path / "b", "số liệu")
    write_archive(first, tmp_path / "a.zip")
    write_archive(second, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read("index.html").decode() == "số liệu"
