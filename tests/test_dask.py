"""Notebooks on a Dask cluster: a real scheduler and workers, each a process of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from treem.cli import main
from treem.edition import load_edition
from treem.errors import ClusterError, NotebookError
from treem.notebooks import cluster as cluster_module
from treem.notebooks.cluster import Cluster, join, leave
from treem.notebooks.dispatch import dispatch, parcels_of
from treem.notebooks.forkserver import close_fork_server
from treem.notebooks.matrix import Unit
from treem.notebooks.progress import Progress
from treem.notebooks.runner import execute, run_jobs
from treem.notebooks.unit import Job
from treem.notebooks.worker import Parcel, signature
from treem.pipeline import How, run_edition
from treem.project import Project

SOURCE = Path(__file__).resolve().parent.parent / "src"
PROCESSES = """\
import os
from pathlib import Path
template = os.getppid()
worker = int(Path(f"/proc/{template}/stat").read_text().rsplit(")")[-1].split()[1])
"""

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc"),
    pytest.mark.xdist_group("dask"),
]


class Office:
    """A scheduler and its workers, ended with the tests."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        known = folder / "scheduler.json"
        self.scheduler = self._start(
            "scheduler", "--port", "0", "--dashboard-address", "127.0.0.1:0",
            "--scheduler-file", str(known),
        )  # fmt: skip
        try:
            _wait_until(lambda: known.exists() and known.read_text().rstrip().endswith("}"))
            self.address = json.loads(known.read_text())["address"]
        except BaseException:
            self.close()
            raise

    def worker(self, code: Path = SOURCE) -> subprocess.Popen[bytes]:
        """Start a worker of one thread, without a nanny that would start it again."""
        return self._start(
            "worker", self.address, "--no-nanny", "--no-dashboard", "--nthreads", "1",
            "--local-directory", str(self.folder), code=code,
        )  # fmt: skip

    def _start(self, what: str, *options: str, code: Path = SOURCE) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", "--host", "127.0.0.1"]
        number = len(self.processes)
        with (self.folder / f"{what}-{number}.log").open("wb") as log:
            process = subprocess.Popen(
                [*command, *options],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(code)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def close(self) -> None:
        """End the workers, then their scheduler."""
        for processes in (self.processes[1:], self.processes[:1]):
            for process in processes:
                process.terminate()
            for process in processes:
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    @property
    def unpacked(self) -> list[Path]:
        """What the workers keep of what was sent to them."""
        return list(self.folder.glob("dask-scratch-space/*/treem-*"))


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, Office]]:
    """An office with two workers, and one where nobody is at work yet."""
    folder = tmp_path_factory.mktemp("dask")
    with contextlib.ExitStack() as ended:
        ended.callback(close_fork_server)
        office = Office(folder / "two")
        ended.callback(office.close)
        office.worker()
        office.worker()
        empty = Office(folder / "empty")
        ended.callback(empty.close)
        yield office, empty


@pytest.fixture
def office(offices: tuple[Office, Office]) -> Office:
    return offices[0]


@pytest.fixture
def cluster(office: Office, project: Project) -> Iterator[Cluster]:
    found = join(office.address, project.root / "requirements.lock")
    _wait_until(lambda: found.look(print) or found.threads >= 2)
    yield found
    leave()


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """A unit of small cells; all units of a test lie in one project."""
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/results.csv").write_text("year\n2024\n")

    def make(name: str, *code: str, folder: str = "there") -> Job:
        unit = Unit(name, "mau", PurePosixPath(f"{name}.ipynb"), {"edition": "thu"})
        cells = [_cell("tham-so", 'edition = "x"', ["parameters"])]
        cells += [_cell(f"o-{number}", source) for number, source in enumerate(code, 1)]
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        about = {"metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
        notebook = {"cells": cells, **about}
        out, failed = tmp_path / folder / "out", tmp_path / folder / "failed"
        return Job(unit, notebook, tmp_path, tmp_path / "tables", out, failed)

    return make


def _cell(name: str, source: str, tags: list[str] | None = None) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {"tags": tags or []},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def _progress(work: list[Job], said: list[str] | None = None) -> Progress:
    return Progress([one.unit for one in work], 2, [].append if said is None else said.append)


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _wait_until(true: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0] != "Z"
    except FileNotFoundError:
        return False


# --- the same as on one machine ---------------------------------------------------------------


def test_an_edition_equals_that_of_one_machine_to_the_byte(
    office: Office, project_copy: Project, tmp_path: Path
) -> None:
    said: list[str] = []
    run_edition(project_copy, "2022", How(dask=office.address), said.append)
    paths = project_copy.report("2022")
    here = tmp_path / "here"
    shutil.copytree(paths.read, here / "tables")
    (here / "tables/figures.jsonl").unlink()
    execute(
        project_copy,
        load_edition(project_copy, "2022"),
        tables=here / "tables",
        notebooks=here / "notebooks",
        failed=here / "failed",
        jobs=2,
    )
    there = _files(paths.notebooks)
    assert len(there) == 7
    assert there == _files(here / "notebooks")
    assert _files(paths.read) == _files(here / "tables")
    assert said[1].startswith(f"Cụm Dask {office.address}: ")
    assert said[-1] == "[7/7] sổ tính trace: xong"
    # what was sent does not stay
    _wait_until(lambda: not office.unpacked)


def test_a_unit_that_fails_there_is_told_as_if_it_had_failed_here(
    cluster: Cluster, job: Callable[..., Job], tmp_path: Path
) -> None:
    cells: dict[str, tuple[str, ...]] = {
        "dung": ("import os, resource\nprint(sorted(os.listdir(os.environ['TREEM_TABLES'])))",
                 "resource.getrlimit(resource.RLIMIT_AS)[0] > 0", "print('Bắc Ninh')"),
        "loi": ("x = 1", "1 / 0", "x"),
        "thoat": ("print('begun', flush=True)\nimport os\nos.write(1, b'raw')\nos._exit(7)",),
        "cham": ("import time\nprint('waits')\ntime.sleep(60)",),
    }  # fmt: skip
    said = {}
    for folder in ("here", "there"):
        work = [job(name, *code, folder=folder) for name, code in cells.items()]
        work[-1] = dataclasses.replace(work[-1], cell_seconds=2.5)
        progress = _progress(work)
        with pytest.raises(NotebookError) as caught:
            run_jobs(work, 2, "auto", progress, cluster if folder == "there" else None)
        said[folder] = str(caught.value).replace(f"{folder}/failed", "failed")
        assert progress.marks == {"dung": "✓", "loi": "✗", "thoat": "✗", "cham": "✗"}
    assert said["there"] == said["here"]
    for words in ("ZeroDivisionError", "tự kết thúc giữa chừng với mã 7", "ô chạy quá 2.5 giây"):
        assert words in said["there"]
    there = _files(tmp_path / "there")
    assert sorted(there) == ["failed/cham.ipynb", "failed/loi.ipynb", "failed/thoat.ipynb",
                             "out/dung.ipynb"]  # fmt: skip
    assert b"['results.csv']" in there["out/dung.ipynb"]
    assert b"True" in there["out/dung.ipynb"]
    assert b"begunraw" in there["failed/thoat.ipynb"] or b"raw" in there["failed/thoat.ipynb"]
    shutil.rmtree(tmp_path / "here/.units")
    assert there == _files(tmp_path / "here")


def test_an_ordinary_kernel_there_gives_the_same(
    cluster: Cluster, job: Callable[..., Job], tmp_path: Path
) -> None:
    code = ("import os\nprint(os.environ['TREEM_TABLES'] != '')", "edition")
    for folder, engine in (("here", "auto"), ("there", "kernel")):
        work = [job("mot", *code, folder=folder)]
        run_jobs(work, 1, engine, _progress(work), cluster if engine == "kernel" else None)
    shutil.rmtree(tmp_path / "here/.units")
    assert _files(tmp_path / "there") == _files(tmp_path / "here")


# --- what is sent -----------------------------------------------------------------------------


def test_a_public_run_sends_nothing_but_protected_tables_and_what_notebooks_read(
    project: Project, job: Callable[..., Job], tmp_path: Path
) -> None:
    for name in ("made_from.json", "quality_raw.json", "figures.jsonl"):
        (tmp_path / "tables" / name).write_text("{}")
    (tmp_path / "stage").mkdir()
    (tmp_path / "stage/results.csv").write_text("not protected")
    for name in ("data/plan", "data/demo", "data/submissions/2024", "params", "reports/x/tables"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "so.csv").write_text("1")
    (tmp_path / "params/thu.yml").write_text("edition: thu")
    (tmp_path / "params/khac.yml").write_text("edition: khac")
    of_project, of_tables = parcels_of([job("mot")])
    assert sorted(of_project.files) == ["data/plan/so.csv", "params/thu.yml"]
    assert sorted(of_tables.files) == ["figures.jsonl", "results.csv"]


def test_a_parcel_is_unpacked_once_and_goes_with_its_last_reference(tmp_path: Path) -> None:
    parcel = Parcel({"a/b.txt": "chữ".encode(), "c": b""})
    folder = parcel.unpack(tmp_path)
    assert parcel.unpack(tmp_path) == folder
    assert _files(folder) == parcel.files
    assert parcel.checksum[:16] in folder.name
    assert Parcel({"a/b.txt": "chữ".encode(), "c": b"x"}).checksum != parcel.checksum
    del parcel
    assert not folder.exists()


def test_code_that_changed_after_it_was_read_is_equal_to_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = signature(["pandas"])
    assert before["pandas"] == metadata.version("pandas")
    monkeypatch.setattr("treem.notebooks.worker._code", lambda: "0" * 64)
    assert signature(["pandas"]) == {**before, "mã treem": "đã đổi sau khi khởi động"}


# --- workers that go --------------------------------------------------------------------------


def test_a_worker_killed_in_the_middle_costs_only_its_unit_which_runs_again(
    office: Office, cluster: Cluster, job: Callable[..., Job], tmp_path: Path
) -> None:
    office.worker()
    _wait_until(lambda: cluster.look(print) or cluster.threads == 3)
    once = PROCESSES + f"mark = Path({str(tmp_path / 'killed')!r})"
    kill = "import time\nif not mark.exists():\n    mark.touch()\n    os.kill(worker, 9)\n"
    work = [job("giet", once, kill + "    time.sleep(600)\nprint('done')")]
    work += [job(f"lanh-{number}", "print('done')") for number in range(5)]
    said: list[str] = []
    start = time.monotonic()
    outcomes = run_jobs(work, None, "auto", _progress(work, said), cluster)
    assert time.monotonic() - start < 120
    assert [outcome.unit for outcome in outcomes] == [one.unit.name for one in work]
    assert len(_files(tmp_path / "there/out")) == 6
    assert cluster.threads == 2
    (again,) = [line for line in said if "chạy lại" in line]
    assert "giet" in again and "(lần 2/3)" in again
    assert len(said) == 7


def test_a_unit_that_ends_what_runs_it_again_and_again_fails_alone_and_is_kept(
    cluster: Cluster, job: Callable[..., Job], tmp_path: Path
) -> None:
    seen = f"folder = Path({str(tmp_path)!r})\nwith (folder / 'tries').open('a') as tries:\n"
    seen += "    tries.write(str(len(list(folder.glob('ended-*')))))\n"
    beside = (
        f"import pathlib, time\ntime.sleep(1)\npathlib.Path({str(tmp_path)!r}, 'ended-%s').touch()"
    )
    work = [job("giet", PROCESSES + seen + "os.kill(template, 9)\nimport time\ntime.sleep(60)")]
    work += [job(f"lanh-{number}", beside % number) for number in range(3)]
    said: list[str] = []
    with pytest.raises(NotebookError) as caught:
        run_jobs(work, None, "auto", _progress(work, said), cluster)
    assert str(caught.value).count("\n") == 0
    assert "giet.ipynb" in str(caught.value) and "3 lần liền" in str(caught.value)
    assert len(_files(tmp_path / "there/out")) == 3
    # once it is suspected it waits until the three others have ended
    assert (tmp_path / "tries").read_text()[1:] == "33"
    cells = json.loads((tmp_path / "there/failed/giet.ipynb").read_text("utf-8"))["cells"]
    assert [cell["id"] for cell in cells] == ["treem-loi", "tham-so", "o-1"]
    assert "KHÔNG RÕ Ô NÀO" in "".join(cells[0]["source"])
    assert cluster.threads == 2


def test_who_stops_takes_back_what_waits_and_ends_what_runs(
    cluster: Cluster, office: Office, job: Callable[..., Job], tmp_path: Path
) -> None:
    waits = (
        f"import os\nfrom pathlib import Path\nPath({str(tmp_path)!r}, str(os.getpid())).touch()"
    )
    work = [job(f"cham-{number}", f"{waits}\nimport time\ntime.sleep(60)") for number in range(4)]
    before = office.unpacked  # the folder of a killed worker, which the next one clears

    def began() -> list[int]:
        return [int(path.name) for path in tmp_path.iterdir() if path.name.isdigit()]

    def interrupt() -> None:
        _wait_until(lambda: len(began()) == 2)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        run_jobs(work, None, "auto", _progress(work), cluster)
    _wait_until(lambda: not any(map(_runs, began())))
    _wait_until(lambda: office.unpacked == before)
    assert len(began()) == 2


def test_a_scheduler_that_goes_ends_the_run_with_a_word(
    tmp_path_factory: pytest.TempPathFactory, project: Project, job: Callable[..., Job]
) -> None:
    office = Office(tmp_path_factory.mktemp("goes") / "office")
    try:
        office.worker()
        found = join(office.address, project.root / "requirements.lock")
        work = [job("cham", PROCESSES + "import time\ntime.sleep(60)"), job("nhanh", "1")]
        ended = dispatch(found, work, None, "auto", _progress(work))
        office.scheduler.kill()
        with pytest.raises(ClusterError, match="Mất liên lạc với scheduler"):
            list(ended)
    finally:
        leave()
        office.close()


# --- clusters that cannot be used -------------------------------------------------------------


def test_a_scheduler_without_workers_is_said_after_a_bounded_wait(
    offices: tuple[Office, Office],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cluster_module, "WORKER_SECONDS", 0.6)
    start = time.monotonic()
    assert main(["run", "2022", "--dask", offices[1].address]) == 3
    assert time.monotonic() - start < 20
    said = capsys.readouterr()
    assert "không có worker nào" in said.err
    assert f"dask worker {offices[1].address}" in said.err
    assert said.out == ""


@pytest.mark.parametrize("command", ["run", "report"])
def test_an_address_where_nobody_answers_is_said_within_seconds(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 0.5)
    options = ["--dask", "tcp://127.0.0.1:9", "--force"] if command == "report" else []
    options = options or ["--dask", "127.0.0.1:9"]
    start = time.monotonic()
    assert main([command, "2022", *options]) == 3
    assert time.monotonic() - start < 20
    said = capsys.readouterr().err
    assert "Không kết nối được với cụm Dask tại" in said and "127.0.0.1:9" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("address", ["cum-dask", "http://a:80", "tcp://a", "a:b", "a:1 b", ""])
def test_what_is_no_address_is_wrong_use(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "2022", "--dask", address]) == 2
    assert "cần địa chỉ như tcp://" in capsys.readouterr().err


def test_without_the_extra_it_says_how_to_install_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["run", "2022", "--dask", "127.0.0.1:8786"]) == 3
    said = capsys.readouterr().err
    assert "pip install 'treem[dask]'" in said and "requirements-dask.lock" in said


def test_tls_without_certificates_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "2022", "--dask", "tls://127.0.0.1:9"]) == 3
    assert "chưa có chứng thư" in capsys.readouterr().err


def test_workers_with_other_code_are_named_and_get_nothing(
    office: Office, cluster: Cluster, project: Project, tmp_path: Path
) -> None:
    shutil.copytree(SOURCE / "treem", tmp_path / "other/treem")
    with (tmp_path / "other/treem/areas.py").open("a") as code:
        code.write("\n# changed\n")
    (tmp_path / "none/treem").mkdir(parents=True)
    (tmp_path / "none/treem/__init__.py").write_text("__version__ = '0.0'\n")
    odd = [office.worker(tmp_path / name) for name in ("other", "none")]
    notes: list[str] = []
    _wait_until(lambda: cluster.look(notes.append) or len(notes) >= 2)
    assert cluster.threads == 2
    said = " ".join(notes)
    assert "không có gói treem này" in said
    assert "mã treem" in said and "(máy này: " in said
    leave()
    with pytest.raises(ClusterError, match=r"^Worker tcp://.* của cụm Dask khác máy này"):
        join(office.address, project.root / "requirements.lock")
    for process in odd:
        process.terminate()
        process.wait(10)


def test_a_frozen_worker_is_named_after_a_bounded_wait(
    office: Office, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "ANSWER_SECONDS", 0.5)
    frozen = next(one for one in office.processes[1:] if one.poll() is None)
    frozen.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(ClusterError, match=r"^Worker .*: không trả lời trong 0\.5 giây"):
            join(office.address, project.root / "requirements.lock")
    finally:
        frozen.send_signal(signal.SIGCONT)
        leave()


def test_another_version_of_a_package_is_named(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def version(name: str) -> str:
        return "0.0.1" if name == "pandas" else metadata.version(name)

    monkeypatch.setattr("treem.notebooks.worker._version", version)
    with pytest.raises(ClusterError, match=r"Scheduler .*: pandas [\d.]+ \(máy này: 0\.0\.1\)"):
        join(office.address, tmp_path / "requirements.lock")
