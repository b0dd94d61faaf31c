"""What a build costs: a whole report in seconds, the rest as ratios measured in one run.

`make bench` prints a table; it fails where a figure is worse than its limit. Of a whole report the
best run counts, because whatever else the machine does can only add to it.
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

ROOT = Path(__file__).resolve().parent.parent
UNCHANGED_AT_MOST = 1 / 20
"""A rebuild with nothing changed, against the full build."""
REPORT_GOAL = 40.0
"""Seconds for HTML, PDF and DOCX of a demonstration edition in a warm environment, on 2 cores."""
REPORT_JOBS = 2
REPORT_RUNS = 3


def _seconds(*arguments: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "treem", *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bench") / "project"
    ignored = shutil.ignore_patterns(".*", "reports", "_quarto-*.yml", "__pycache__")
    shutil.copytree(ROOT, root, ignore=ignored)
    return root


@pytest.mark.parametrize("edition", ["2022", "demo-2024"])
def test_an_unchanged_edition_costs_a_small_part_of_a_build(copy: Path, edition: str) -> None:
    arguments = ("report", edition, "--publisher", "embedded", "--project", str(copy))
    full = _seconds(*arguments)
    unchanged = statistics.median(_seconds(*arguments) for _ in range(5))
    print(f"\n{edition}: full {full:.1f} s, unchanged {unchanged:.2f} s, 1/{full / unchanged:.0f}")
    assert unchanged / full <= UNCHANGED_AT_MOST


@dataclass(frozen=True)
class Build:
    """One build: seconds on the clock, of processors, and of each stage as `run.json` has them."""

    wall: float
    cpu: float
    stages: dict[str, float]

    def __str__(self) -> str:
        stages = ", ".join(f"{name} {seconds:.1f}" for name, seconds in self.stages.items())
        return f"{self.wall:.1f} s ({self.cpu:.1f} s of processors; {stages})"


def _build(root: Path, edition: str) -> Build:
    arguments = ("report", edition, "--force", "--publisher", "embedded")
    before = _processors()
    wall = _seconds(*arguments, "--jobs", str(REPORT_JOBS), "--project", str(root))
    record = json.loads((root / "reports" / edition / "run.json").read_text("utf-8"))
    return Build(wall, _processors() - before, record["seconds"])


def _processors() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("edition", ["demo-2024", "demo-2025"])
def test_a_whole_report_reaches_its_goal(copy: Path, edition: str) -> None:
    builds = [_build(copy, edition) for _ in range(REPORT_RUNS)]
    print(f"\n{edition}, goal {REPORT_GOAL:.0f} s on {os.cpu_count()} cores:")
    for build in builds:
        print(f"  {build}")
    assert min(build.wall for build in builds) < REPORT_GOAL


def test_help_against_the_bare_interpreter() -> None:
    def bare() -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        return time.perf_counter() - start

    pairs = [(_seconds("--help"), bare()) for _ in range(9)]
    # other work on the machine only ever adds
    shown, nothing = (min(column) for column in zip(*pairs, strict=True))
    print(f"\n--help {shown:.3f} s, the interpreter alone {nothing:.3f} s")
    assert shown < 0.3
