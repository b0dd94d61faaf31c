"""Stages that are taken over, told of and resumed: on a small edition, as a person runs it."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import run_treem
from small_build import (
    EDITION,
    FOLDER,
    build,
    change_workbook,
    command,
    contents,
    kill_after,
    leftovers,
    package_is_whole,
    small_project,
    wait_for_the_end_of_all,
)
from treem.project import Project

pytestmark = [pytest.mark.build, pytest.mark.xdist_group("small")]

YEARS = (2023, 2024)
STEPS = ["results", "protection", "notebooks", "document"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A small edition that was built once."""
    project = small_project(tmp_path_factory.mktemp("small") / "project", YEARS)
    done = build(project)
    assert done.returncode == 0, done.stderr
    assert leftovers(project) == set()
    return project


@pytest.fixture
def copied(small: Project, tmp_path: Path) -> Iterator[Callable[..., Project]]:
    """A copy of the small project, built or not, in a folder of the test's own."""

    def copy(*, built: bool = True) -> Project:
        ignored = None if built else shutil.ignore_patterns("reports")
        shutil.copytree(small.root, tmp_path / "project", ignore=ignored)
        return Project(tmp_path / "project")

    yield copy
    project = Project(tmp_path / "project")
    assert wait_for_the_end_of_all(project) == []
    assert leftovers(project) == set()


def taken(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)["taken"]
    return found


def status(project: Project, *arguments: str) -> dict[str, object]:
    done = run_treem(
        project.root, "status", EDITION, "--publisher", "embedded", "--json", *arguments
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def stale(found: dict[str, object]) -> dict[str, list[tuple[str, list[str]]]]:
    """The stages that are not up to date, each with its own reasons."""
    return {
        stage["stage"]: [
            (one["change"], [name for name in one["names"] if name != "manifest"])
            for one in stage["reasons"]
            if one["change"] != "before" and one["names"] != ["manifest"]
        ]
        for stage in found["stages"]  # type: ignore[attr-defined]
        if not stage["fresh"]
    }


def add_a_sentence(project: Project, text: str = "Một câu thêm.") -> None:
    path = project.root / "chapters" / "phuong-phap.qmd"
    path.write_text(path.read_text("utf-8") + f"\n{text}\n", "utf-8")


# --- what is taken over -----------------------------------------------------------------------


def test_a_changed_chapter_makes_the_document_again_and_nothing_else(
    copied: Callable[..., Project],
) -> None:
    project = copied()
    before = contents(project)
    add_a_sentence(project)
    assert stale(status(project)) == {"document": [("changed", ["chapters/phuong-phap.qmd"])]}
    done = build(project, "--json")
    assert taken(done) == STEPS[:-1]
    assert "[4/4] Làm văn bản bằng" in done.stderr
    after = contents(project)
    same = {name for name in before if before[name] == after[name]}
    assert {name.split("/")[0] for name in before.keys() - same} == {
        "public", f"goi-xuat-ban-{EDITION}.zip",
    }  # fmt: skip
    assert "Một câu thêm." in after["public/chapters/phuong-phap.html"].decode("utf-8")
    assert package_is_whole(project)


def test_a_changed_workbook_is_read_alone_and_runs_what_reads_its_year(
    copied: Callable[..., Project],
) -> None:
    project = copied()
    change_workbook(project, 2024, "259")
    found = status(project)
    names = [f"{FOLDER}/2024/259.xlsx", f"{FOLDER}/2024/SOURCES.csv"]
    assert stale(found) == {
        "reading": [("changed", names)],
        "results": [("changed", names)],
        "protection": [], "notebooks": [], "document": [],
    }  # fmt: skip
    # a province and eight districts of 2024, four single notebooks and the list of figures
    assert found["notebooks"]["to_run"] == 14  # type: ignore[index]
    assert found["notebooks"]["certain"] is False  # type: ignore[index]
    done = build(project, "--json")
    assert taken(done) == []
    assert "19 tệp số liệu không đổi, không đọc lại; đã đọc 1 tệp." in done.stderr
    assert "9/23 sổ tính không có gì đổi, dùng lại bản trước." in done.stderr
    ran = {line.split()[3].rstrip(":;") for line in done.stderr.splitlines() if ": xong" in line}
    assert {name.rpartition("-")[2] for name in ran} == {
        "2024", "overview", "plan", "summary_table", "quality", "trace",
    }  # fmt: skip
    assert status(project)["fresh"] is True


def test_an_internal_build_takes_the_results_over_and_public_files_stay_as_they_are(
    copied: Callable[..., Project],
) -> None:
    project = copied()
    report = project.root / "reports" / EDITION
    public = {name: data for name, data in contents(project).items() if name.startswith("public/")}
    assert taken(build(project, "--json", "--audience", "internal")) == ["results"]
    after = contents(project)
    assert {name: data for name, data in after.items() if name.startswith("public/")} == public
    assert not [path for path in (report / "public").rglob(".*")]
    # a cell that protection withheld is in the internal package and not in the public one
    rows = {name: (report / name / "data/results.csv").read_text("utf-8").splitlines()
            for name in ("public", "internal")}  # fmt: skip
    assert "suppressed" in "".join(rows["public"])
    assert "suppressed" not in "".join(rows["internal"])
    shutil.rmtree(report / "internal")
    for path in (*report.glob("*noi-bo*"), *report.glob("*-internal*")):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def test_a_damaged_package_is_told_of_and_made_again_from_what_is_whole(
    copied: Callable[..., Project],
) -> None:
    project = copied()
    before = contents(project)
    report = project.root / "reports" / EDITION
    page = report / "public" / "index.html"
    page.write_text(page.read_text("utf-8").replace("Báo cáo thử", "Báo cáo giả"), "utf-8")
    (report / "notebooks" / "plan.ipynb").unlink()
    for path in (report / ".cache").glob("document-public/*/index.html"):
        path.write_text("", "utf-8")
    assert stale(status(project)) == {
        "notebooks": [("damaged", ["notebooks/plan.ipynb"])],
        "document": [("damaged", ["public/index.html"])],
    }
    assert taken(build(project, "--json")) == STEPS[:-1]
    assert contents(project) == before


def test_what_is_kept_may_be_deleted(copied: Callable[..., Project]) -> None:
    project = copied()
    shutil.rmtree(project.root / "reports" / EDITION / ".cache")
    found = status(project)
    assert found["fresh"] is True
    assert found["notebooks"]["to_run"] == 0  # type: ignore[index]
    done = build(project, "--json")
    assert json.loads(done.stdout)["unchanged"] is True
    (project.root / "reports" / EDITION / ".cache").mkdir()
    (project.root / "reports" / EDITION / "run.json").write_text("{", "utf-8")
    assert {change for reasons in stale(status(project)).values() for change, _ in reasons} == {
        "never"
    }
    (project.root / "reports" / EDITION / "run.json").unlink()


# --- status -----------------------------------------------------------------------------------


def test_status_of_an_edition_that_is_up_to_date(small: Project) -> None:
    before = {path: path.stat().st_mtime_ns for path in small.root.rglob("*")}
    done = run_treem(small.root, "status", EDITION, "--publisher", "embedded")
    assert done.returncode == 0
    assert done.stdout.splitlines()[:2] == [
        f"Kỳ {EDITION}, bản công khai:", "[mới nhất] Đọc hồ sơ số liệu",
    ]  # fmt: skip
    assert "Sổ tính: cả 23 sổ đều dùng lại được." in done.stdout
    assert "    2023: 9/9 dùng lại được." in done.stdout
    assert done.stdout.endswith("Mọi thứ là bản mới nhất.\n")
    # it only looks
    assert {path: path.stat().st_mtime_ns for path in small.root.rglob("*")} == before


def test_status_names_what_changed_besides_files(copied: Callable[..., Project]) -> None:
    project = copied()
    path = project.params / f"{EDITION}.yml"
    path.write_text(path.read_text("utf-8").replace("place: Bắc Ninh", "place: Từ Sơn"), "utf-8")
    template = project.notebooks / "plan.ipynb"
    template.write_text(template.read_text("utf-8").replace("Sổ plan", "Sổ kế hoạch"), "utf-8")
    (project.root / "chapters" / "moi.qmd").write_text("# Mới\n", "utf-8")
    lock = project.root / "requirements.lock"
    kept = lock.read_bytes()
    found = status(project)
    own = f"params/{EDITION}.yml"
    assert stale(found) == {
        "protection": [("changed", [own])],  # it looks at the kinds of all editions
        "notebooks": [("changed", ["notebooks/plan.ipynb"])],
        "document": [("added", ["chapters/moi.qmd"]), ("setting", ["params.document"])],
    }
    failed = project.root / "reports" / EDITION / "failed"
    failed.mkdir()
    (failed / "plan.ipynb").touch()
    lock.write_bytes(kept + b"# thay\n")
    done = run_treem(project.root, "status", EDITION, "--publisher", "embedded")
    assert "    đã đổi: bản khóa thư viện requirements.lock." in done.stdout
    assert "Sổ tính: nhiều nhất 23/23 sổ sẽ chạy" in done.stdout
    assert "; lỗi ở lần trước: plan." in done.stdout
    assert done.stdout.endswith(f"Hãy chạy: treem report {EDITION}.\n")
    shutil.rmtree(failed)


def test_status_of_what_was_never_built_and_of_no_edition(small: Project) -> None:
    found = status(small, "--audience", "internal")
    assert set(stale(found)) == {"reading", "results", "notebooks", "document"}
    done = run_treem(small.root, "status", "khong-co")
    assert done.returncode == 2
    assert "khong-co" in done.stderr


# --- whatever stops a build -------------------------------------------------------------------


def test_a_build_that_is_killed_five_times_ends_with_the_same_bytes(
    small: Project, copied: Callable[..., Project]
) -> None:
    """The moments are seeded; half of the kills take the process alone, half its whole group."""
    project = copied(built=False)
    chance = random.Random(20210610)
    package = project.root / "reports" / EDITION / "public"
    words = ["[1/4]", "[2/4]", "[3/4]", "[9/23]", "[4/4]"]
    killed = 0
    for number, word in enumerate(words):
        killed += kill_after(project, word, chance.uniform(0, 0.3), group=number % 2 == 0)
        assert wait_for_the_end_of_all(project) == []
        # nobody reads a package that is not whole
        assert not package.exists() or package_is_whole(project)
    assert killed >= 4
    found = status(project)
    assert found["unfinished"] is True
    done = build(project, "--json")
    assert {"results", "protection", "notebooks"} <= set(taken(done))
    assert contents(project) == contents(small)


def test_a_second_run_is_refused_until_the_first_was_killed(
    small: Project, copied: Callable[..., Project]
) -> None:
    project = copied()
    add_a_sentence(project)
    with subprocess.Popen(
        command(project), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, encoding="utf-8"
    ) as first:
        assert first.stderr is not None
        assert first.stderr.readline().startswith("[1/4]")
        second = build(project)
        first.kill()
    assert second.returncode == 3
    assert "Một lần chạy khác đang làm kỳ nho" in second.stderr
    assert f"tiến trình {first.pid}, từ " in second.stderr
    assert taken(build(project, "--json")) in (STEPS[:-1], STEPS)
    assert package_is_whole(project)


def test_runs_at_the_same_time_do_not_spoil_each_other(copied: Callable[..., Project]) -> None:
    project = copied()
    for turn in range(3):
        add_a_sentence(project, f"Câu số {turn}.")
        both = [
            subprocess.Popen(command(project), stderr=subprocess.PIPE, stdout=subprocess.PIPE)
            for _ in range(2)
        ]
        said = [one.communicate()[1].decode("utf-8") for one in both]
        codes = sorted(one.returncode for one in both)
        assert codes in ([0, 0], [0, 3]), said
        assert package_is_whole(project)
        page = project.root / "reports" / EDITION / "public/chapters/phuong-phap.html"
        assert f"Câu số {turn}." in page.read_text("utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="only a shell of Unix sets the limit")
def test_a_full_disk_leaves_the_last_package_and_the_next_run_goes_on(
    copied: Callable[..., Project],
) -> None:
    """A limit on the size of files stands for the full disk."""
    project = copied()
    add_a_sentence(project)
    before = contents(project)
    for blocks in (2, 40):  # of 1,024 bytes: too small for the first table, for the PDF
        limited = ["bash", "-c", f'ulimit -f {blocks}; exec "$@"', "bash", *command(project)]
        done = subprocess.run(limited, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 3, done.stderr
        assert "Traceback" not in done.stderr
        assert contents(project) == before
    assert taken(build(project, "--json")) == STEPS[:-1]
    assert package_is_whole(project)
