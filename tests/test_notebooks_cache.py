from __future__ import annotations

import dataclasses
import time
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
import pytest

from treem.edition import Edition, load_edition
from treem.kept import Kept
from treem.notebooks.cache import UnitCache
from treem.notebooks.matrix import Unit
from treem.notebooks.unit import Job, Outcome
from treem.project import Project
from treem.stages import Sources

NOTEBOOK: dict[str, Any] = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
YEARS = (2022, 2023, 2024)


@pytest.fixture
def edition(project: Project) -> Edition:
    return load_edition(project, "2022")


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    folder = tmp_path / "tables"
    folder.mkdir()
    rows = [{"year": str(year), "area_code": "256", "value": "1"} for year in YEARS]
    pd.DataFrame(rows).to_csv(folder / "results.csv", index=False)
    pd.DataFrame([*rows, {"year": "", "value": "all"}]).to_csv(folder / "findings.csv", index=False)
    frame = pd.DataFrame({"year": YEARS, "value": ["a", "b", None]})
    frame.to_parquet(folder / "observations.parquet")
    (folder / "quality_raw.json").write_text("[]")
    return folder


def _job(folder: Path, year: int | None, name: str = "") -> Job:
    parameters: dict[str, Any] = {"edition": "2022"} | ({} if year is None else {"year": year})
    unit = Unit(name or str(year), "mau", PurePosixPath(f"{name or year}.ipynb"), parameters)
    return Job(unit, NOTEBOOK, folder, folder, folder / "out", folder / "failed")


def _build(
    project: Project, edition: Edition, tables: Path, folder: Path, kept: Path, **job: Any
) -> set[str]:
    """Act as a build of four notebooks; return the names of those that had to run."""
    cache = UnitCache(project, edition, tables, Kept(kept))
    ran = set()
    for year in (*YEARS, None):
        one = dataclasses.replace(_job(folder, year), **job)
        key = cache.key(one)
        if cache.reuse(one, key) is None:
            ran.add(one.unit.name)
            one.out.mkdir(parents=True, exist_ok=True)
            (one.out / one.unit.output).write_text(f"{one.unit.name}\n")
            outcome = Outcome(one.unit.name, ({"figure": one.unit.name},), ("chú ý",))
            cache.keep(one, key, outcome)
    return ran


@pytest.fixture
def kept(project: Project, edition: Edition, tables: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "kept"
    everything = {"2022", "2023", "2024", "None"}
    assert _build(project, edition, tables, tmp_path / "first", folder) == everything
    return folder


def test_nothing_changed_runs_nothing_and_gives_the_same_notebooks(
    project: Project, edition: Edition, tables: Path, tmp_path: Path, kept: Path
) -> None:
    assert _build(project, edition, tables, tmp_path / "second", kept) == set()
    again, first = (tmp_path / name / "out" for name in ("second", "first"))
    assert (again / "2023.ipynb").read_bytes() == (first / "2023.ipynb").read_bytes()


def test_what_is_reused_brings_its_figures_and_warnings(
    project: Project, edition: Edition, tables: Path, tmp_path: Path, kept: Path
) -> None:
    cache = UnitCache(project, edition, tables, Kept(kept))
    job = _job(tmp_path / "second", 2023)
    wanted = Outcome("2023", ({"figure": "2023"},), ("chú ý",))
    assert cache.look(job, cache.key(job)) == wanted
    assert not job.out.exists()
    assert cache.reuse(job, cache.key(job)) == wanted
    assert (job.out / "2023.ipynb").read_text() == "2023\n"


@pytest.mark.parametrize("name", ["results.csv", "findings.csv"])
def test_a_changed_row_runs_its_year_later_years_and_notebooks_of_all_years(
    project: Project, edition: Edition, tables: Path, tmp_path: Path, kept: Path, name: str
) -> None:
    text = (tables / name).read_text()
    (tables / name).write_text(text.replace("2023,256,1", "2023,256,2"))
    ran = _build(project, edition, tables, tmp_path / "second", kept)
    assert ran == {"2023", "2024", "None"}


def test_a_changed_observation_runs_its_year_and_later_ones(
    project: Project, edition: Edition, tables: Path, tmp_path: Path, kept: Path
) -> None:
    frame = pd.DataFrame({"year": YEARS, "value": ["a", "b", "c"]})
    frame.to_parquet(tables / "observations.parquet")
    assert _build(project, edition, tables, tmp_path / "second", kept) == {"2024", "None"}


def test_a_row_without_a_year_concerns_every_notebook(
    project: Project, edition: Edition, tables: Path, tmp_path: Path, kept: Path
) -> None:
    path = tables / "findings.csv"
    path.write_text(path.read_text().replace("all", "some"))
    assert len(_build(project, edition, tables, tmp_path / "second", kept)) == 4


def test_a_changed_template_edition_or_lost_notebook_runs(
    project: Project, edition: Edition, tables: Path, tmp_path: Path, kept: Path
) -> None:
    changed = {**NOTEBOOK, "metadata": {"x": 1}}
    assert len(_build(project, edition, tables, tmp_path / "a", kept, notebook=changed)) == 4
    other = dataclasses.replace(edition, reading="text")
    assert len(_build(project, other, tables, tmp_path / "b", kept)) == 4
    for path in kept.rglob("2023.ipynb"):
        path.write_text("changed by hand\n")
    for path in kept.rglob("2022.ipynb"):
        path.unlink()
    assert _build(project, edition, tables, tmp_path / "c", kept) == {"2022", "2023"}


def test_what_the_document_alone_says_of_an_edition_runs_nothing(
    project: Project, edition: Edition, tables: Path, tmp_path: Path, kept: Path
) -> None:
    document = dataclasses.replace(edition.document, title="Tên khác")
    other = dataclasses.replace(edition, document=document)
    assert _build(project, other, tables, tmp_path / "second", kept) == set()


def test_a_notebook_is_not_kept_when_something_that_it_read_changed_meanwhile(
    project: Project,
    edition: Edition,
    tables: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Sources, "changed", lambda sources: ["data/plan/measures.csv"])
    for turn in ("first", "second"):
        assert len(_build(project, edition, tables, tmp_path / turn, tmp_path / "kept")) == 4


def test_what_others_printed_is_part_of_the_key(
    project: Project, edition: Edition, tables: Path, tmp_path: Path
) -> None:
    cache = UnitCache(project, edition, tables)
    job = _job(tmp_path, None)
    assert cache.key(job, "a") != cache.key(job, "b")


def test_ninety_unchanged_notebooks_are_decided_at_once(
    project: Project, edition: Edition, tables: Path, tmp_path: Path
) -> None:
    jobs = [_job(tmp_path / "first", 2023, f"n{number}") for number in range(90)]
    first = UnitCache(project, edition, tables, Kept(tmp_path / "kept"))
    figures = tuple({"figure": f"CT01-{number}", "exact": "1"} for number in range(60))
    for job in jobs:
        job.out.mkdir(parents=True, exist_ok=True)
        (job.out / job.unit.output).write_text("x" * 100_000)
        first.keep(job, first.key(job), Outcome(job.unit.name, figures))
    jobs = [_job(tmp_path / "second", 2023, job.unit.name) for job in jobs]
    start = time.perf_counter()
    cache = UnitCache(project, edition, tables, Kept(tmp_path / "kept"))
    assert all(cache.reuse(job, cache.key(job)) for job in jobs)
    # the goal is 0.5 s (benchmarks measure it); here only that it is not the time of a run
    assert time.perf_counter() - start < 5
