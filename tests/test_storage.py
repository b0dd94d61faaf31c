"""Writing: a reader never sees half of anything, and one writer at a time holds an edition."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from treem.errors import StorageError
from treem.storage import (
    recover,
    scratch,
    sole_writer,
    swap_in,
    temporary_files,
    write_archive,
)


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
        words = rf"Một lần chạy khác đang làm kỳ x .*, tiến trình {other.pid}, từ \d\d:\d\d:\d\d\)"
        with pytest.raises(StorageError, match=words), sole_writer(tmp_path, "x"):
            pass
        other.kill()
    with sole_writer(tmp_path, "x"):
        pass


def test_a_lock_that_says_the_number_of_a_process_that_runs_does_not_lock(tmp_path: Path) -> None:
    """Numbers of processes are given again; only the operating system's lock counts."""
    (tmp_path / ".lock").write_text(f"tiến trình {os.getpid()}, từ 00:00:00", "utf-8")
    with sole_writer(tmp_path, "x"):
        pass


def test_a_writer_clears_what_a_killed_one_left_and_keeps_finished_work(tmp_path: Path) -> None:
    for name in (".stage", ".tmp", "public.new", ".cache"):
        _package(tmp_path / name, "dở dang")
    with sole_writer(tmp_path, "x"):
        assert _names(tmp_path) == {".cache"}
    assert (tmp_path / ".cache" / "index.html").is_file()


def test_temporary_files_lie_in_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/elsewhere")
    monkeypatch.setattr(tempfile, "tempdir", None)
    with sole_writer(tmp_path, "x"), temporary_files(tmp_path):
        made = Path(tempfile.mkdtemp())
        asked = [sys.executable, "-c", "import tempfile; print(tempfile.gettempdir())"]
        said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
        assert made.parent == Path(said) == tmp_path / ".tmp"
    assert os.environ["TMPDIR"] == "/elsewhere"
    assert _names(tmp_path) == set()


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
