"""Writing: a reader never sees half of anything, and one writer at a time holds an edition."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from treem.errors import StorageError
from treem.storage import recover, scratch, sole_writer, swap_in, write_archive


def _package(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(text, "utf-8")
    return folder


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != ".lock"}


def test_what_was_swapped_in_stays_when_the_work_ends_well(tmp_path: Path) -> None:
    _package(tmp_path / "public", "cũ")
    with sole_writer(tmp_path, "x"):
        swap_in(_package(scratch(tmp_path, "stage") / "public", "mới"), tmp_path / "public")
        swap_in(_package(scratch(tmp_path, "other") / "tables", "mới"), tmp_path / "tables")
    assert (tmp_path / "public" / "index.html").read_text("utf-8") == "mới"
    assert _names(tmp_path) == {"public", "tables"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_everything_is_put_back_when_the_work_fails(
    tmp_path: Path, error: type[BaseException]
) -> None:
    _package(tmp_path / "tables", "cũ")
    with pytest.raises(error), sole_writer(tmp_path, "x"):
        swap_in(_package(scratch(tmp_path, "stage") / "tables", "mới"), tmp_path / "tables")
        swap_in(_package(scratch(tmp_path, "package") / "public", "mới"), tmp_path / "public")
        raise error
    assert (tmp_path / "tables" / "index.html").read_text("utf-8") == "cũ"
    assert _names(tmp_path) == {"tables"}


def test_everything_is_put_back_when_the_process_was_killed(tmp_path: Path) -> None:
    _package(tmp_path / "tables", "cũ")
    swap_in(_package(scratch(tmp_path, "stage") / "tables", "mới"), tmp_path / "tables")
    swap_in(_package(scratch(tmp_path, "package") / "public", "mới"), tmp_path / "public")
    recover(tmp_path)  # what the next writer does first
    assert (tmp_path / "tables" / "index.html").read_text("utf-8") == "cũ"
    assert _names(tmp_path) == {"tables"}


def test_a_commit_killed_in_the_middle_is_finished(tmp_path: Path) -> None:
    _package(tmp_path / "tables", "mới")
    _package(tmp_path / "tables.old", "cũ, đã xóa một phần")
    _package(tmp_path / "public", "mới")
    (tmp_path / ".committed").touch()
    recover(tmp_path)
    assert (tmp_path / "tables" / "index.html").read_text("utf-8") == "mới"
    assert _names(tmp_path) == {"tables", "public"}


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


def test_scratch_is_empty_whatever_lay_there(tmp_path: Path) -> None:
    (scratch(tmp_path, "stage") / "half.html").write_text("dở dang", "utf-8")
    assert list(scratch(tmp_path, "stage").iterdir()) == []


def test_archives_of_the_same_content_are_byte_equal(tmp_path: Path) -> None:
    first = _package(tmp_path / "a", "số liệu")
    second = _package(tmp_path / "b", "số liệu")
    write_archive(first, tmp_path / "a.zip")
    write_archive(second, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read("index.html").decode() == "số liệu"
