"""Fifty builds that are killed at random, and twenty pairs that run at the same time.

After every kill nothing runs on, a reader finds the last package whole, and the next build ends
with the bytes of one that nobody disturbed.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from small_build import (  # noqa: E402
    EDITION,
    build,
    change_workbook,
    command,
    contents,
    leftovers,
    package_is_whole,
    small_project,
    wait_for_the_end_of_all,
)
from treem.project import Project  # noqa: E402

KILLS, PAIRS = 50, 20
WAYS = ("the process", "its group", "the template or a program", "interrupt")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, bytes], float]:
    """The edition, what an undisturbed build of it leaves, and how long that takes."""
    project = small_project(tmp_path_factory.mktemp("crash") / "project")
    start = time.monotonic()
    assert build(project).returncode == 0
    return project, contents(project), time.monotonic() - start


def test_whatever_is_killed_the_next_build_ends_the_same(
    small: tuple[Project, dict[str, bytes], float],
) -> None:
    project, _, seconds = small
    chance = random.Random(359)
    ended: Counter[str] = Counter()
    for number in range(KILLS):
        change_workbook(project, 2024, "259")
        way = WAYS[number % len(WAYS)]
        with subprocess.Popen(
            command(project), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
            start_new_session=True,
        ) as running:  # fmt: skip
            time.sleep(chance.uniform(0.1, seconds))
            if running.poll() is None:
                ended[way] += 1
                _kill(project, running.pid, way, chance)
            if way == "the template or a program":
                running.communicate()
        assert wait_for_the_end_of_all(project) == []
        assert package_is_whole(project)
        if chance.random() < 0.5:  # a second kill, before what the first left was taken up
            continue
        done = build(project)
        assert done.returncode == 0, done.stderr
        made = contents(project)
        assert leftovers(project) == set()
        if number % 10 == 9:
            assert build(project, "--force").returncode == 0
            assert contents(project) == made
    assert build(project).returncode == 0
    made = contents(project)
    assert build(project, "--force").returncode == 0
    assert contents(project) == made
    print(f"\n{KILLS} builds, killed while they ran: {dict(ended)}")


def _kill(project: Project, leader: int, way: str, chance: random.Random) -> None:
    if way == "the process":
        os.kill(leader, signal.SIGKILL)
    elif way == "its group":
        os.killpg(leader, signal.SIGKILL)
    elif way == "interrupt":
        os.kill(leader, signal.SIGINT)
    else:
        children = _descendants(leader)
        if children:
            os.kill(chance.choice(children), signal.SIGKILL)


def _descendants(leader: int) -> list[int]:
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int(
                (folder / "stat").read_text().rpartition(")")[2].split()[1]
            )
        except OSError:
            continue
    found, front = [], [leader]
    while front:
        front = [pid for pid, parent in parents.items() if parent in front]
        found += front
    return found


def test_builds_at_the_same_time_do_not_spoil_each_other(
    small: tuple[Project, dict[str, bytes], float],
) -> None:
    project, _, _ = small
    refused = 0
    for turn in range(PAIRS):
        (project.root / "chapters" / "phuong-phap.qmd").write_text(
            f"# Phương pháp\n\nLần {turn}.\n", "utf-8"
        )
        both = [
            subprocess.Popen(command(project), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
            for _ in range(2)
        ]
        said = [one.communicate()[1].decode("utf-8") for one in both]
        codes = sorted(one.returncode for one in both)
        assert codes in ([0, 0], [0, 3]), said
        refused += codes == [0, 3]
        assert package_is_whole(project)
        page = project.root / "reports" / EDITION / "public/chapters/phuong-phap.html"
        assert f"Lần {turn}." in page.read_text("utf-8")
        assert wait_for_the_end_of_all(project) == []
        assert leftovers(project) == set()
    print(f"\n{PAIRS} pairs of builds, {refused} second ones refused")
