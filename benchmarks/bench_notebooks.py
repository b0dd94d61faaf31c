"""What running notebooks costs, by us and by others, as ratios measured in turns in one run.

The work is that of `notebook_cells`: pandas, one table, three charts of one panel each, so that the
work itself is about a seventh of what the papermill command costs. Ways that start a process of
their own for each notebook are timed on a sample and multiplied. `make bench` runs it; by hand:

    python benchmarks/bench_notebooks.py --rounds 5 --sample 15 --markdown results.md

nbconvert and Snakemake are no dependencies: `make bench` puts them into `.venv-bench`; name another
folder of their programs with `--tools` or `TREEM_BENCH_TOOLS`.

Time is what a person waits. Beside it stands the processors' time, which other work on the same
machine changes less.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from awkward_notebooks import comparable  # noqa: E402

NOTEBOOKS = 45
JOBS = 2
MEMORY_MIB = 1024
EMPTY_MS = 40

TOOLS = ROOT / ".venv-bench" / "bin"

NAMES = {
    "nbconvert": "`jupyter nbconvert --execute`, từng sổ một",
    "loop": "lệnh `papermill`, từng sổ một",
    "pair": "lệnh `papermill`, hai tiến trình",
    "snakemake": "Snakemake `-j2` gọi `papermill`",
    "ours": "treem, 2 việc cùng lúc",
    "floor": "sàn: cùng công việc bằng lời gọi hàm, hai tiến trình",
}
PEERS = {"nbconvert": "jupyter-nbconvert", "snakemake": "snakemake"}
"""Ways that need a program of their own."""

FASTER = {"loop": (10.0, 8.0), "pair": (4.5, 4.0)}
"""For each way: its time over ours that is the goal, and that it must never be below."""
SLOWER = (1.4, 1.6)
"""Our time over the floor's that is the goal, and that it must never be above."""

WORK = """\
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt

generator = np.random.default_rng(number)
frame = pd.DataFrame(
    {
        "area": [f"Xã {index}" for index in range(200)],
        "year": np.tile(range(2021, 2026), 40),
        "children": generator.integers(100, 5000, 200),
        "registered": generator.integers(50, 100, 200),
    }
)
table = frame.groupby("year").agg({"children": "sum", "registered": "mean"}).round(2)"""
CHARTS = (
    "figure, axes = plt.subplots()\nfor year, part in frame.groupby('year'):\n"
    "    axes.plot(range(len(part)), part['children'], marker='o', label=str(year))\n"
    "axes.set_title('Trẻ em theo xã')\naxes.legend()",
    "figure, axes = plt.subplots()\naxes.barh(frame['area'][:12], frame['registered'][:12])\n"
    "axes.set_xlabel('Tỷ lệ, %')",
    "figure, axes = plt.subplots()\naxes.scatter(frame['children'], frame['registered'])\n"
    "axes.set_title('Quy mô và tỷ lệ')",
)


def notebook_cells() -> Any:
    """Return the notebook that every way runs."""
    made = nbformat.v4.new_notebook(
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
        }
    )
    parameters = nbformat.v4.new_code_cell("number = 0", id="parameters")
    parameters.metadata["tags"] = ["parameters"]
    cells = [nbformat.v4.new_markdown_cell("# Notebook", id="title"), parameters]
    for index, source in enumerate([WORK, "table", *(f"{chart};" for chart in CHARTS)]):
        cells.append(nbformat.v4.new_code_cell(source, id=f"work-{index}"))
    made.cells = cells
    return made


# --- the ways, each in processes of its own ----------------------------------------------------

OURS = """
import sys, json
from pathlib import Path, PurePosixPath
from treem.notebooks.matrix import Unit
from treem.notebooks.progress import Progress
from treem.notebooks.runner import Job, run_jobs
folder, count, jobs, engine = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
notebook = json.loads((folder / "template.ipynb").read_text("utf-8"))
work = [
    Job(Unit(f"n{i}", "template", PurePosixPath(f"{i}.ipynb"), {"number": i}), notebook,
        folder, folder, folder / "ours", folder / "failed")
    for i in range(count)
]
units = [job.unit for job in work]
run_jobs(work, jobs, engine, Progress(units, jobs, lambda line: None))
"""

FLOOR = """
import sys, io
sys.path.insert(0, sys.argv[1])
import multiprocessing
def one(number):
    import matplotlib
    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    space = {"number": number}
    exec(WORK, space)
    space["table"]._repr_html_()
    for chart in CHARTS:
        exec(chart, space)
        for figure in map(plt.figure, plt.get_fignums()):
            figure.savefig(io.BytesIO(), format="png", bbox_inches="tight", dpi="figure")
        plt.close("all")
WORK, CHARTS = __import__("json").loads(sys.argv[4])
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(int(sys.argv[3])) as pool:
        pool.map(one, range(int(sys.argv[2])), chunksize=1)
"""


class Ways:
    """The ways over a folder with the template and a file of the floor's code."""

    def __init__(self, folder: Path, sample: int, tools: Path) -> None:
        self.folder, self.sample, self.tools = folder, sample, tools
        nbformat.write(notebook_cells(), folder / "template.ipynb")
        (folder / "floor.py").write_text(FLOOR, "utf-8")

    @property
    def scale(self) -> float:
        """How many times a sample makes up all notebooks."""
        return NOTEBOOKS / self.sample

    def ours(self) -> float:
        shutil.rmtree(self.folder / "ours", ignore_errors=True)
        return self._run(sys.executable, "-c", OURS, self.folder, NOTEBOOKS, JOBS, "auto")

    def floor(self) -> float:
        work = json.dumps([WORK, CHARTS])
        return self._run(
            sys.executable, self.folder / "floor.py", self.folder, NOTEBOOKS, JOBS, work
        )

    def loop(self) -> float:
        return self._each(lambda number: [self._papermill(number)], 1)

    def pair(self) -> float:
        return self._each(lambda number: [self._papermill(number)], 2)

    def nbconvert(self) -> float:
        target = self.folder / "converted"
        program = self._tool("jupyter-nbconvert")
        return self._each(
            lambda number: [
                [program, "--to", "notebook", "--execute", self.folder / "template.ipynb"]
                + ["--output", f"{number}.ipynb", "--output-dir", target]
            ],
            1,
        )

    def snakemake(self) -> float:
        program = self._tool("snakemake")
        names = [f"snake/{number}.ipynb" for number in range(self.sample)]
        (self.folder / "Snakefile").write_text(
            f"rule all:\n    input: {names!r}\nrule one:\n    output: 'snake/{{number}}.ipynb'\n"
            f"    shell: '{self._papermill_program()} -p number {{wildcards.number}} "
            "--no-progress-bar template.ipynb {output} 2> /dev/null'\n",
            "utf-8",
        )
        shutil.rmtree(self.folder / "snake", ignore_errors=True)
        seconds = self._run(program, "-j", JOBS, "--quiet", "all")
        # its own start happens once, however many notebooks there are
        start = self._run(program, "-j", JOBS, "--quiet", "all")
        return start + (seconds - start) * self.scale

    def available(self) -> dict[str, Callable[[], float]]:
        """Return the ways whose programs are there."""
        ways = {"ours": self.ours, "floor": self.floor, "loop": self.loop, "pair": self.pair}
        for name, program in PEERS.items():
            if self._tool(program):
                ways[name] = getattr(self, name)
        return ways

    def _tool(self, name: str) -> str | None:
        places = [str(self.tools), os.environ.get("PATH", "")]
        return shutil.which(name, path=os.pathsep.join(places))

    def _papermill_program(self) -> Path:
        return Path(sys.executable).with_name("papermill")

    def _papermill(self, number: int) -> list[Any]:
        return [
            self._papermill_program(),
            *("-p", "number", number, "--no-progress-bar"),
            self.folder / "template.ipynb",
            self.folder / f"loop-{number}.ipynb",
        ]

    def _each(self, commands: Callable[[int], list[list[Any]]], at_a_time: int) -> float:
        """Time a command for each notebook of the sample, so many at a time."""
        numbers = list(range(self.sample))
        lock = threading.Lock()

        def work() -> None:
            while True:
                with lock:
                    if not numbers:
                        return
                    number = numbers.pop(0)
                for command in commands(number):
                    self._run(*command)

        start = time.perf_counter()
        threads = [threading.Thread(target=work) for _ in range(at_a_time)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return (time.perf_counter() - start) * self.scale

    def _run(self, *command: Any) -> float:
        start = time.perf_counter()
        done = subprocess.run(
            [str(part) for part in command], cwd=self.folder, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {(done.stdout + done.stderr)[-2000:]}")
        return time.perf_counter() - start


def check_equal(folder: Path, count: int) -> int:
    """Compare our executed notebooks with papermill's; return how many were compared.

    Ours are kept without a text beside a picture or table, and without counts of papermill.
    """
    from treem.notebooks.finish import finish

    for number in range(count):
        theirs = nbformat.read(folder / f"loop-{number}.ipynb", 4)
        ours = nbformat.read(folder / "ours" / f"{number}.ipynb", 4)
        split = json.loads(nbformat.writes(theirs))
        kept = finish(split, f"{number}.ipynb", {"number": number}, f"n{number}").text
        expected = comparable(nbformat.reads(kept, 4))
        assert comparable(ours) == expected, f"notebook {number} differs"
        pictures = [
            output
            for cell in ours.cells
            for output in cell.get("outputs", ())
            if "image/png" in output.get("data", {})
        ]
        assert len(pictures) == len(CHARTS), f"notebook {number} lost figures"
    return count


def measure(rounds: int, sample: int, tools: Path, say: Callable[[str], None]) -> Any:
    """Run all ways in turns; return seconds by way, medians, and ratios to ours."""
    with tempfile.TemporaryDirectory(prefix="bench-notebooks-") as name:
        ways = Ways(Path(name), sample, tools)
        available = ways.available()
        for absent in NAMES.keys() - available.keys():
            say(f"không có {PEERS[absent]} ở {tools} hay trong PATH: đo không có {absent}")
        seconds: dict[str, list[float]] = {way: [] for way in available}
        processor: dict[str, list[float]] = {way: [] for way in available}
        for turn in range(rounds):
            for way, run in list(available.items()):
                before = _processor_seconds()
                try:
                    seconds[way].append(run())
                except RuntimeError as error:
                    if way not in PEERS:
                        raise
                    say(f"{way} không chạy được, đo không có nó: {error}")
                    del available[way], seconds[way], processor[way]
                    continue
                used = _processor_seconds() - before
                processor[way].append(used * (1 if way in ("ours", "floor") else ways.scale))
                say(f"lượt {turn + 1}, {way}: {seconds[way][-1]:.1f} s")
        equal = check_equal(Path(name), min(sample, NOTEBOOKS))
        return {
            "notebooks": NOTEBOOKS,
            "jobs": JOBS,
            "rounds": rounds,
            "sample": sample,
            "equal": equal,
            "seconds": seconds,
            "processor_seconds": processor,
            "median": _medians(seconds),
            "processor_median": _medians(processor),
            "ratio_to_ours": _ratios(seconds),
            "processor_ratio_to_ours": _ratios(processor),
            "empty_ms": empty_ms(Path(name)),
            "memory_mib": memory_mib(ways),
        }


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _medians(measured: dict[str, list[float]]) -> dict[str, float]:
    return {way: statistics.median(taken) for way, taken in measured.items()}


def _ratios(measured: dict[str, list[float]]) -> dict[str, float]:
    """Return for each way the median of its ratios to ours, both of the same round."""
    return {
        way: statistics.median(
            theirs / ours for theirs, ours in zip(taken, measured["ours"], strict=True)
        )
        for way, taken in measured.items()
    }


def empty_ms(folder: Path) -> float:
    """Return what an almost empty notebook costs, the template's start left out."""
    empty = nbformat.v4.new_notebook(metadata=notebook_cells().metadata)
    parameters = nbformat.v4.new_code_cell("number = 0", id="parameters")
    parameters.metadata["tags"] = ["parameters"]
    empty.cells = [parameters, nbformat.v4.new_code_cell("number + 1", id="sum")]
    place = folder / "empty"
    place.mkdir(exist_ok=True)
    nbformat.write(empty, place / "template.ipynb")

    def seconds(count: int) -> float:
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", OURS, str(place), str(count), "1", "auto"], check=True
        )
        return time.perf_counter() - start

    differences = [(seconds(42) - seconds(2)) / 40 for _ in range(3)]
    return statistics.median(differences) * 1000


def memory_mib(ways: Ways) -> float:
    """Return the most memory that our processes held together while two jobs ran."""
    command = [sys.executable, "-c", OURS, ways.folder, NOTEBOOKS, JOBS, "auto"]
    most = 0.0
    with subprocess.Popen([str(part) for part in command], cwd=ways.folder) as running:
        while running.poll() is None:
            most = max(most, sum(_held(pid) for pid in _family(running.pid)))
            time.sleep(0.05)
    return most / 1024


def _family(pid: int) -> list[int]:
    found = [pid]
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += _family(int(child))
    except OSError:
        return found
    return found


def _held(pid: int) -> int:
    """Return the memory of a process in KiB; what it shares counts in parts."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def table(found: Any) -> list[str]:
    """Return the results as lines of Markdown."""
    lines = [
        f"{found['notebooks']} sổ tính, {found['jobs']} việc cùng lúc, {found['rounds']} lượt xen "
        f"kẽ, trung vị; {machine()}.",
        "",
        "| cách chạy | ms một sổ | so với treem | thời gian bộ xử lý, ms | so với treem |",
        "|---|---:|---:|---:|---:|",
    ]
    for way, median in sorted(found["median"].items(), key=lambda pair: -pair[1]):
        cells = [NAMES[way], _each(median), _times(found["ratio_to_ours"][way])]
        cells += [_each(found["processor_median"][way])]
        cells += [_times(found["processor_ratio_to_ours"][way])]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "| mục tiêu | đo được | cần đạt | không bao giờ kém hơn |",
        "|---|---:|---:|---:|",
    ]
    for way, (goal, never) in FASTER.items():
        cells = [f"nhanh hơn {NAMES[way]}", _times(found["ratio_to_ours"][way])]
        lines.append(f"| {' | '.join(cells)} | {goal:g} lần | {never:g} lần |")
    goal, never = SLOWER
    memory = f"{found['memory_mib']:.0f} MiB"
    lines += [
        f"| thời gian so với sàn | {_times(_over_floor(found))} | {goal:g} lần | {never:g} lần |",
        f"| một sổ gần như rỗng | {found['empty_ms']:.0f} ms | {EMPTY_MS} ms | – |",
        f"| bộ nhớ khi chạy 2 việc | {memory} | {MEMORY_MIB} MiB | {MEMORY_MIB} MiB |",
        "",
        f"{found['equal']} sổ tính được so với bản của papermill: giống hệt nhau.",
    ]
    return lines


def machine() -> str:
    """Return what was measured on, and how busy it was."""
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    busy = os.getloadavg()[2]
    quiet = "máy dùng riêng" if busy < JOBS + 0.5 else "máy dùng chung, chỉ đọc tỷ số"
    return (
        f"{model}, {os.cpu_count()} nhân, Python {platform.python_version()}, "
        f"{time.strftime('%Y-%m-%d')}, tải trung bình {busy:.1f} ({quiet})"
    )


def _each(seconds: float) -> str:
    return f"{seconds / NOTEBOOKS * 1000:.0f}"


def _times(ratio: float) -> str:
    return f"{ratio:.2f} lần"


def _over_floor(found: Any) -> float:
    return float(1 / found["ratio_to_ours"]["floor"])


def failures(found: Any) -> list[str]:
    """Return what is worse than it may ever be."""
    bad = [
        f"{NAMES[way]}: {found['ratio_to_ours'][way]:.2f} lần, không được dưới {never:g}"
        for way, (_, never) in FASTER.items()
        if found["ratio_to_ours"][way] < never
    ]
    if _over_floor(found) > SLOWER[1]:
        bad.append(f"gấp {_over_floor(found):.2f} lần sàn, không được quá {SLOWER[1]:g}")
    if found["memory_mib"] > MEMORY_MIB:
        bad.append(f"bộ nhớ {found['memory_mib']:.0f} MiB, không được quá {MEMORY_MIB}")
    return bad


def test_notebooks_against_the_others() -> None:
    rounds = int(os.environ.get("TREEM_BENCH_ROUNDS", "5"))
    sample = int(os.environ.get("TREEM_BENCH_SAMPLE", "15"))
    tools = Path(os.environ.get("TREEM_BENCH_TOOLS", TOOLS))
    found = measure(rounds, sample, tools, print)
    print("\n" + "\n".join(table(found)))
    assert not failures(found)


def main() -> int:
    """Measure, print, write; return 1 where something is worse than it may be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sample", type=int, default=15)
    parser.add_argument(
        "--tools", type=Path, default=Path(os.environ.get("TREEM_BENCH_TOOLS", TOOLS))
    )
    parser.add_argument("--json", type=Path, help="file for every measurement")
    parser.add_argument(
        "--markdown", type=Path, help="file for the table, or a document with marks"
    )
    options = parser.parse_args()
    found = measure(options.rounds, options.sample, options.tools.resolve(), print)
    print("\n".join(table(found)))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if options.markdown:
        put_between_marks(options.markdown, "notebooks", table(found))
    bad = failures(found)
    print("\n".join(bad))
    return 1 if bad else 0


def put_between_marks(path: Path, name: str, lines: list[str]) -> None:
    """Put lines in a file, between its two marks of that name where it has them."""
    begin, end = (f"<!-- {name}: {word} -->" for word in ("begin", "end"))
    text = path.read_text("utf-8") if path.exists() else f"{begin}\n{end}\n"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n" + "\n".join(lines) + f"\n{end}{after}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
