from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
import papermill
import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError

from awkward_notebooks import AWKWARD, comparable, notebook
from treem.errors import NotebookError
from treem.notebooks import forkserver
from treem.notebooks.engine import NAME, register
from treem.notebooks.forkserver import close_fork_server, fork_is_safe, fork_server
from treem.notebooks.limits import Limits
from treem.notebooks.matrix import Unit
from treem.notebooks.progress import Progress
from treem.notebooks.runner import Job, run_jobs

pytestmark = [
    pytest.mark.skipif(not fork_is_safe(), reason="only Linux forks safely"),
    pytest.mark.xdist_group("engine"),
]


@pytest.fixture(autouse=True, scope="module")
def template() -> Iterator[None]:
    register()
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    yield
    close_fork_server()


def _execute(made: Any, folder: Path, engine: str | None, **options: Any) -> Any:
    """Run a notebook as a person would; return it with the error that papermill raised."""
    folder.mkdir(exist_ok=True)
    # where this is set, an ordinary kernel leaves file descriptors alone
    test = os.environ.pop("PYTEST_CURRENT_TEST")
    target = folder / "executed.ipynb"
    try:
        papermill.execute_notebook(
            made,
            target,
            {"which": "x"},
            engine_name=engine,
            kernel_name="python3",
            progress_bar=False,
            cwd=folder,
            **options,
        )
    except PapermillExecutionError:
        pass
    finally:
        os.environ["PYTEST_CURRENT_TEST"] = test
    return nbformat.read(target, 4)


def _texts(cell: Any, name: str = "stdout") -> str:
    return "".join(one.text for one in cell.outputs if one.get("name") == name)


@pytest.fixture
def together(tmp_path: Path) -> dict[str, str]:
    """Cells of many awkward notebooks in one, to pay for one ordinary kernel."""
    cells: dict[str, str] = {}
    for name in ("display", "errors", "streams", "pandas", "figures", "kernel"):
        cells |= {f"{key}_{name}": source for key, source in AWKWARD[name].items()}
    return cells


def test_an_awkward_notebook_equals_that_of_papermill(
    together: dict[str, str], tmp_path: Path
) -> None:
    made = notebook(together)
    theirs = comparable(_execute(made, tmp_path / "theirs", None))
    ours = comparable(_execute(made, tmp_path / "ours", NAME))
    assert ours["metadata"] == theirs["metadata"]
    for mine, other in zip(ours["cells"], theirs["cells"], strict=True):
        assert mine == other


@pytest.mark.parametrize("name", ["automatic", "big", "stops", "leaves"])
def test_other_awkward_notebooks_equal_those_of_papermill(name: str, tmp_path: Path) -> None:
    made = notebook(AWKWARD[name])
    theirs = comparable(_execute(made, tmp_path / "theirs", None))
    assert comparable(_execute(made, tmp_path / "ours", NAME)) == theirs


def test_a_probe_figure_gives_a_picture_and_no_thread_runs(tmp_path: Path) -> None:
    cells = {
        "figure": "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        "threads": "import os\nlen(os.listdir('/proc/self/task'))",
        "alone": "import psutil\n[c.name() for c in psutil.Process().net_connections()]",
    }
    executed = _execute(notebook(cells), tmp_path, NAME)
    picture = executed.cells[3].outputs[0].data["image/png"]
    assert picture.startswith("iVBORw0KGgo")
    # the one beside the main thread waits in numpy's own pool and was there before the fork
    assert int(executed.cells[4].outputs[0].data["text/plain"]) == 1
    assert executed.cells[5].outputs[0].data["text/plain"] == "[]"


def test_a_plain_figure_is_laid_out_and_drawn_once(tmp_path: Path) -> None:
    cells = {
        "count": "import matplotlib.figure\ndrawn = []\noriginal = matplotlib.figure.Figure.draw\n"
        "matplotlib.figure.Figure.draw = lambda *a: (drawn.append(a[1]), original(*a))[1]",
        "figure": "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        "drawn": "len(drawn)",
    }
    executed = _execute(notebook(cells), tmp_path, NAME)
    assert executed.cells[5].outputs[0].data["text/plain"] == "2"


def test_what_two_streams_get_stands_in_the_order_in_which_it_was_written(tmp_path: Path) -> None:
    source = (
        "import os, subprocess, sys\nprint('1')\nprint('2', file=sys.stderr)\nos.write(1, b'3\\n')"
        "\nsubprocess.run(['echo', '4'])\ndisplay('5')\nprint('6');"
    )
    executed = _execute(notebook({"mixed": source}), tmp_path, NAME)
    told = [one.get("text") or one.data["text/plain"] for one in executed.cells[3].outputs]
    assert told == ["1\n", "2\n", "3\n4\n", "'5'", "6\n"]


def test_children_have_random_numbers_of_their_own(tmp_path: Path) -> None:
    source = (
        "import random, numpy\nrandom.random(), numpy.random.random(), __import__('os').getpid()"
    )
    made = notebook({"draw": source})
    drawn = [
        _execute(made, tmp_path / str(turn), NAME).cells[3].outputs[0].data["text/plain"]
        for turn in range(2)
    ]
    first, second = (json.loads(text.replace("(", "[").replace(")", "]")) for text in drawn)
    assert not set(first) & set(second)


def test_nothing_of_one_notebook_is_seen_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoils = notebook({"spoil": "import os, pandas\npandas.spoilt = os.environ['SPOILT'] = 'yes'"})
    _execute(spoils, tmp_path / "a", NAME)
    source = "import os, pandas\nhasattr(pandas, 'spoilt'), os.environ.get('SPOILT'), os.getcwd()"
    executed = _execute(notebook({"look": source}), tmp_path / "b", NAME)
    expected = f"(False, None, '{tmp_path / 'b'}')"
    assert " ".join(executed.cells[3].outputs[0].data["text/plain"].split()) == expected


def test_a_widget_goes_to_an_ordinary_kernel(tmp_path: Path) -> None:
    # a comm is what every widget opens, whatever library it is from
    source = "import comm, os\nc = comm.create_comm(target_name='x')\nprint(os.getppid())"
    executed = _execute(notebook({"widget": source, "after": "1 + 1"}), tmp_path, NAME)
    assert executed.cells[4].execution_count == 4
    server = fork_server()
    assert int(_texts(executed.cells[3])) != server.process.pid


def test_options_that_need_this_process_go_to_an_ordinary_kernel(tmp_path: Path) -> None:
    begun: list[int] = []

    def begin(cell: Any, cell_index: int) -> None:
        begun.append(cell_index)

    executed = _execute(notebook({"a": "1"}), tmp_path, NAME, on_cell_start=begin)
    assert begun == list(range(len(executed.cells)))


def test_anyone_can_name_the_engine(tmp_path: Path) -> None:
    cells = {"seen": "import os, sys\nprint(which, os.getcwd(), 'treem' in sys.modules)"}
    nbformat.write(notebook(cells), tmp_path / "in.ipynb")
    command = [sys.executable, "-m", "papermill", "--engine", "treem", "--no-progress-bar"]
    subprocess.run(
        [*command, "-p", "which", "given", "in.ipynb", "out.ipynb"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    executed = nbformat.read(tmp_path / "out.ipynb", 4)
    assert _texts(executed.cells[3]) == f"given {tmp_path} True\n"


def test_what_a_notebook_leaves_open_is_written_at_its_end(tmp_path: Path) -> None:
    cells = {
        "open": "left = open('left.txt', 'w')\n_ = left.write('not closed')",
        "exit": "import atexit\n_ = atexit.register(lambda: open('exit.txt', 'w').write('called'))",
        "temporary": "import tempfile\nfolder = tempfile.TemporaryDirectory(dir='.')",
    }
    for engine in (None, NAME):
        folder = tmp_path / str(engine)
        _execute(notebook(cells), folder, engine)
        written = {path.name: path.read_text() for path in folder.glob("*.txt")}
        assert written == {"left.txt": "not closed", "exit.txt": "called"}
        assert [path for path in folder.iterdir() if path.is_dir()] == []


def test_threads_are_waited_for(tmp_path: Path) -> None:
    source = (
        "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.5), "
        "open('thread.txt', 'w').write('waited for'))).start()"
    )
    _execute(notebook({"thread": source}), tmp_path, NAME)
    assert (tmp_path / "thread.txt").read_text() == "waited for"


def test_a_notebook_that_never_leaves_is_ended_and_kept(tmp_path: Path) -> None:
    cells = {
        "stays": "import threading, time\nthreading.Thread(target=time.sleep, args=(99,))"
        ".start()\nprint('done')"
    }
    start = time.monotonic()
    executed = _execute(notebook(cells), tmp_path, NAME)
    assert time.monotonic() - start < 60
    assert _texts(executed.cells[3]) == "done\n"


# --- what ends a child ------------------------------------------------------------------------


def test_a_process_that_ends_itself_keeps_what_it_had_done(tmp_path: Path) -> None:
    cells = {
        "done": "print('done')",
        "ends": "import os\nprint('begun')\nos.write(2, b'last words')\nos._exit(7)",
        "never": "print('never')",
    }
    with pytest.raises(DeadKernelError, match="với mã 7"):
        _execute(notebook(cells), tmp_path, NAME)
    executed = nbformat.read(tmp_path / "executed.ipynb", 4)
    assert _texts(executed.cells[3]) == "done\n"
    assert _texts(executed.cells[4]) == "begun\n"
    assert _texts(executed.cells[4], "stderr") == "last words"
    assert executed.cells[5].outputs == []


def test_cells_after_an_exit_find_no_kernel(tmp_path: Path) -> None:
    with pytest.raises(DeadKernelError):
        _execute(notebook({"exits": "exit", "after": "print(1)"}), tmp_path, NAME)
    assert nbformat.read(tmp_path / "executed.ipynb", 4).cells[4].outputs == []


def test_a_cell_that_hangs_ends_at_its_limit_and_is_named(tmp_path: Path) -> None:
    cells = {"done": "1", "hangs": "print('begun')\nwhile True: pass"}
    start = time.monotonic()
    with pytest.raises(CellTimeoutError, match="ô chạy quá 1 giây"):
        _execute(notebook(cells), tmp_path, NAME, execution_timeout=1)
    assert time.monotonic() - start < 30
    assert _texts(nbformat.read(tmp_path / "executed.ipynb", 4).cells[4]) == "begun\n"


def test_a_notebook_has_a_limit_for_all_its_cells(tmp_path: Path) -> None:
    cells = {str(number): "import time; time.sleep(0.3)" for number in range(20)}
    with pytest.raises(CellTimeoutError, match="sổ tính chạy quá 1 giây"):
        _execute(notebook(cells), tmp_path, NAME, notebook_timeout=1)


@pytest.fixture
def job(tmp_path: Path) -> Any:
    def make(name: str, *sources: str, **limits: float) -> Job:
        made = notebook({f"cell{n}": source for n, source in enumerate(sources)})
        made.cells.pop(0)
        unit = Unit(name, "mau", PurePosixPath(f"{name}.ipynb"), {"which": "x"})
        plain = json.loads(nbformat.writes(made))
        return Job(unit, plain, tmp_path, tmp_path, tmp_path / "out", tmp_path / "failed", **limits)

    return make


def _run(*work: Job, engine: Any = "auto") -> str:
    """Run jobs two at a time; return what was said and the error, if there was one."""
    said: list[str] = []
    units = [one.unit for one in work]
    try:
        run_jobs(work, 2, engine, Progress(units, 2, said.append))
    except NotebookError as error:
        said.append(str(error))
    return "\n".join(said)


@pytest.mark.parametrize("engine", ["auto", "kernel"])
def test_a_unit_that_ends_badly_is_kept_marked_and_hurts_no_other(
    job: Any, tmp_path: Path, engine: str
) -> None:
    said = _run(
        job("good", "print(1)"),
        job("killed", "print('kept')", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"),
        job("hangs", "import time\ntime.sleep(60)", cell_seconds=1),
        job("better", "2"),
        engine=engine,
    )
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "better.ipynb",
        "good.ipynb",
    ]
    assert "killed.ipynb (mẫu notebooks/mau.ipynb) dừng ở ô “cell1”" in said
    assert "hangs.ipynb (mẫu notebooks/mau.ipynb) dừng ở ô “cell0”: ô chạy quá 1 giây" in said
    assert "sổ tính better: xong" in said and "sổ tính killed: LỖI" in said
    cells = json.loads((tmp_path / "failed/killed.ipynb").read_text("utf-8"))["cells"]
    assert [cell["id"] for cell in cells][-2:] == ["treem-loi", "cell1"]
    assert cells[-3]["outputs"][0]["text"] == ["kept\n"]
    assert not (tmp_path / ".units").exists() or not list((tmp_path / ".units").iterdir())


def test_a_child_that_takes_too_much_memory_fails_in_its_cell(tmp_path: Path) -> None:
    server = fork_server()
    limits = Limits(memory_bytes=200 << 20)
    call = server.submit(
        "builtins:bytearray", 1 << 30, environment=os.environ, folder=tmp_path, limits=limits
    )
    server.ended([call])
    assert "MemoryError" in call.failure
    call.journal.close()


def test_what_a_cell_leaves_running_ends_with_its_notebook(job: Any, tmp_path: Path) -> None:
    source = (
        "import subprocess\nleft = subprocess.Popen(['sleep', '77'])\n"
        "open('pid', 'w').write(str(left.pid))"
    )
    _run(job("leaves", source))
    assert _ends(int((tmp_path / "pid").read_text()))


def test_a_template_that_is_killed_is_started_again(job: Any, tmp_path: Path) -> None:
    server = fork_server()
    pid = server.process.pid
    kills = "import os, pathlib, time\nif not pathlib.Path('once').exists():\n    pathlib.Path("
    kills += f"'once').touch()\n    os.kill({pid}, 9)\n    time.sleep(60)"
    said = _run(job("kills", kills), job("other", "import time; time.sleep(0.2)"))
    assert "sổ tính kills: xong" in said and "sổ tính other: xong" in said
    assert fork_server().process.pid != pid


def test_the_template_is_started_anew_where_its_surroundings_changed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = fork_server()
    assert fork_server() is first
    lock = tmp_path / "requirements.lock"
    lock.write_text("a==1\n")
    monkeypatch.setattr(forkserver, "ForkServer", _Unstarted)
    assert fork_server(lock) is not first
    second = fork_server(lock)
    assert fork_server(lock) is second
    monkeypatch.setenv("SOMETHING", "else")
    assert fork_server(lock) is not second


class _Unstarted:
    """A template that is never started."""

    alive = True

    def __init__(self, *_: object) -> None: ...

    def close(self) -> None: ...


DRIVER = """
import sys, time
sys.path.insert(0, {tests!r})
from pathlib import Path
from treem.notebooks.forkserver import fork_server
server = fork_server()
call = server.submit("time:sleep", 60, environment=dict(__import__("os").environ))
server.ended([call], 1)
print(server.process.pid, call.pid, flush=True)
server.ended([call])
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_template_and_children_end_with_who_started_them(how: signal.Signals) -> None:
    driver = DRIVER.format(tests=str(Path(__file__).parent))
    with subprocess.Popen(
        [sys.executable, "-c", driver], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as running:
        assert running.stdout is not None
        pids = [int(word) for word in running.stdout.readline().split()]
        assert len(pids) == 2 and all(map(_runs, pids))
        running.send_signal(how)
        running.wait(20)
        assert all(map(_ends, pids))


def _ends(pid: int) -> bool:
    """Whether a process ends within a few seconds."""
    deadline = time.monotonic() + 10
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not _runs(pid)


def _runs(pid: int) -> bool:
    """Whether a process runs; one that ended and waits to be asked for its status does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0] != "Z"
    except FileNotFoundError:
        return False
