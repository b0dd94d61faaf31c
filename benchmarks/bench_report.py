"""What a build costs, as ratios measured in one run: machines differ, ratios less so.

`make bench` prints a table; it fails where a ratio is worse than its limit.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
UNCHANGED_AT_MOST = 1 / 20
"""A rebuild with nothing changed, against the full build."""


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
