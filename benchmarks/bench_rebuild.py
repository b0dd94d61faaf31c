"""What a rebuild costs against the full build, and that it ends with the same bytes.

Processor time of the whole tree of processes is printed beside the clock: on a busy machine the
ratios of the clock say little.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from small_build import change_workbook  # noqa: E402
from treem.project import Project  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
EDITION = "demo-2024"
UNCHANGED_AT_MOST = 1 / 20
"""A rebuild with nothing changed, against the full build."""
DECIDED_SECONDS = 0.5
"""Ninety unchanged notebooks are decided in this time, beyond what any command takes to start."""


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, seconds of processors, and what the command answered."""

    clock: float
    processor: float
    answer: dict[str, object]


def _run(*arguments: str) -> Cost:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "treem", *arguments], check=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    clock = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    return Cost(clock, processor, json.loads(done.stdout) if "--json" in arguments else {})


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("rebuild") / "project"
    ignored = shutil.ignore_patterns(".*", "reports", "_quarto-*.yml", "__pycache__")
    shutil.copytree(ROOT, root, ignore=ignored)
    return Project(root)


def _contents(project: Project) -> dict[str, bytes]:
    report = project.report(EDITION).root
    return {
        path.relative_to(report).as_posix(): path.read_bytes()
        for path in report.rglob("*")
        if path.is_file()
        and not path.relative_to(report).parts[0].startswith(".")
        and path.name != "run.json"
    }


def test_what_changes_is_what_is_done_again(copy: Project) -> None:
    arguments = ("report", EDITION, "--publisher", "embedded", "--json", "--project")
    report = (*arguments, str(copy.root))
    costs = {"full": _run(*report)}
    again = [_run(*report) for _ in range(5)]
    assert all(cost.answer["unchanged"] for cost in again)
    costs["nothing changed"] = Cost(
        statistics.median(cost.clock for cost in again),
        statistics.median(cost.processor for cost in again),
        again[0].answer,
    )
    chapter = copy.root / "chapters" / "phuong-phap.qmd"
    chapter.write_text(chapter.read_text("utf-8") + "\nMột câu thêm.\n", "utf-8")
    costs["one chapter"] = _run(*report)
    change_workbook(copy, 2024, "259")
    costs["one workbook of the last year"] = _run(*report)
    change_workbook(copy, 2021, "259")
    costs["one workbook of the first year"] = _run(*report)
    made = _contents(copy)
    full = costs["full"]
    print(f"\n{EDITION}, {os.cpu_count()} processors")
    for name, cost in costs.items():
        print(
            f"{name:32} clock {cost.clock:7.2f} s (1/{full.clock / cost.clock:.1f})   "
            f"processor {cost.processor:7.2f} s (1/{full.processor / cost.processor:.1f})   "
            f"taken over: {', '.join(map(str, cost.answer['taken'])) or '-'}"  # type: ignore[call-overload]
        )
    _run(*report, "--force")
    assert _contents(copy) == made
    # the clock of a busy machine is fairer to neither; both must hold
    unchanged = costs["nothing changed"]
    assert unchanged.processor / full.processor <= UNCHANGED_AT_MOST
    assert unchanged.clock / full.clock <= UNCHANGED_AT_MOST


def test_ninety_unchanged_notebooks_are_decided_at_once(copy: Project) -> None:
    if not copy.report(EDITION).run_record.is_file():
        _run("report", EDITION, "--publisher", "embedded", "--project", str(copy.root))
    status = ("status", EDITION, "--publisher", "embedded", "--json", "--project", str(copy.root))
    pairs = [(_run(*status), _run("--version")) for _ in range(5)]
    answer = pairs[0][0].answer
    assert answer["fresh"] is True
    count = answer["notebooks"]["all"]  # type: ignore[index]
    clock = statistics.median(one.clock - start.clock for one, start in pairs)
    processor = statistics.median(one.processor - start.processor for one, start in pairs)
    print(
        f"\n{count} notebooks decided, every stage compared: clock {clock:.2f} s, "
        f"processor {processor:.2f} s beyond start-up; for 90 at this rate {clock / count * 90:.2f}"
    )
    assert processor / count * 90 <= DECIDED_SECONDS
