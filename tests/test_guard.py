"""Hostile files are refused, or read without harm, within 5 seconds and 500 MB each."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hostile_files import READ, REFUSED, clean_parts, write_parts
from treem.errors import WorkbookError
from treem.intake.guard import GuardReport, inspect

MOST_SECONDS = 5
MOST_BYTES = 500 * 1024 * 1024

# A process of its own: its memory is limited by the system, its peak and its time are measured.
MEASURED = f"""
import json, resource, sys, time
from dataclasses import asdict
from pathlib import Path
from treem.errors import WorkbookError
from treem.intake.guard import inspect

resource.setrlimit(resource.RLIMIT_AS, ({MOST_BYTES}, {MOST_BYTES}))
start = time.perf_counter()
try:
    said = asdict(inspect(Path(sys.argv[1]), "2025/256" + Path(sys.argv[1]).suffix))
except WorkbookError as error:
    said = {{"refused": str(error)}}
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({{"said": said, "seconds": seconds, "peak": peak}}))
"""


def measured(path: Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["seconds"] < MOST_SECONDS and answer["peak"] < MOST_BYTES, answer
    said: dict[str, object] = answer["said"]
    return said


@pytest.mark.parametrize("fault", REFUSED)
def test_a_hostile_file_is_refused_cheaply(fault, tmp_path):
    suffix, make, words = REFUSED[fault]
    path = tmp_path / f"{fault}{suffix}"
    make(path)
    before = sorted(tmp_path.iterdir())
    message = str(measured(path).get("refused", "read"))
    assert message.startswith(f"2025/256{suffix}: ") and words in message
    assert "Hãy " in message and message.endswith(".") and message.isprintable()
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("kind", READ)
def test_a_file_that_only_carries_more_is_read_and_named(kind, tmp_path):
    suffix, make, expected = READ[kind]
    path = tmp_path / f"{kind}{suffix}"
    make(path)
    said = measured(path)
    plain = {"macros": False, "external_links": False, "embedded": False, "dde": False}
    kind_of = {"kind": "csv" if suffix == ".csv" else "xlsx"}
    assert said == plain | kind_of | expected


def test_a_file_must_lie_in_the_folder_it_is_read_from(tmp_path):
    inside, outside = tmp_path / "ho-so", tmp_path / "khac"
    inside.mkdir()
    outside.mkdir()
    write_parts(outside / "256.xlsx", clean_parts())
    (inside / "2025").symlink_to(outside)
    with pytest.raises(WorkbookError, match="ra ngoài thư mục hồ sơ"):
        inspect(inside / "2025" / "256.xlsx", "2025/256.xlsx", within=inside)
    report = inspect(outside / "256.xlsx", "256.xlsx", within=outside)
    assert report == GuardReport("xlsx")
