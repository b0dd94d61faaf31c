from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from small_tables import PROJECT, judged, write_tables
from treem.errors import AreaError, DataError, EditionError
from treem.notebooks.api import open_run
from treem.notebooks.runner import TABLES_VARIABLE
from treem.project import Project


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    changes = {("256", 2024, "CT22"): judged("31", "MET")}
    write_tables(tmp_path, "demo-2024", (2023, 2024), changes)
    monkeypatch.setenv(TABLES_VARIABLE, str(tmp_path))
    monkeypatch.chdir(PROJECT.notebooks)
    return tmp_path


def test_a_notebook_finds_its_project_from_its_own_folder(tables: Path) -> None:
    run = open_run(".", "demo-2024", geography="old-27", year=2024, area_code="256")
    assert run.project.root == PROJECT.root
    assert run.area.full_name == "Thành phố Bắc Ninh"
    assert run.expect("CT22")["value"] == "31"
    assert run.results.shape[0] == 2 * 3 * 33


def test_without_a_year_and_area_it_is_about_the_edition(tables: Path) -> None:
    run = open_run(".", "demo-2024")
    assert (run.year, run.area_code) == (2024, "27")
    assert len(run.rows()) == 33
    assert len(run.rows("256")) == 27


def test_wrong_names_are_refused(tables: Path) -> None:
    with pytest.raises(EditionError, match="không có năm 2020; các năm có: 2021"):
        open_run(".", "demo-2024", year=2020)
    with pytest.raises(AreaError, match="mã “27” của địa giới new-24 trong năm 2024"):
        open_run(".", "demo-2024", geography="new-24")
    with pytest.raises(AreaError, match="299"):
        _ = open_run(".", "demo-2024", area_code="299").area


def test_an_area_without_results_says_what_to_run(tables: Path) -> None:
    run = open_run(".", "demo-2024", area_code="264")
    with pytest.raises(DataError, match=r"CT22, địa bàn 264, năm 2024.*treem run demo-2024"):
        run.expect("CT22")


def test_before_the_first_build_it_says_what_to_run(
    project_copy: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TABLES_VARIABLE, raising=False)
    monkeypatch.chdir(project_copy.root)
    with pytest.raises(DataError, match="chưa có bảng số liệu.*treem run 2022"):
        open_run(".", "2022")


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


def test_each_cell_hands_over_the_figures_that_it_printed(
    tables: Path, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[dict[str, Any]] = []
    monkeypatch.setattr(
        shell.display_pub, "publish", lambda data, metadata=None, **_: handed.append(metadata or {})
    )
    shell.run_cell("from treem.notebooks.api import open_run\nrun = open_run('.', 'demo-2024')")
    shell.run_cell("run = open_run('.', 'demo-2024', year=2024, area_code='256')")
    handed.clear()
    shell.run_cell("from treem.display import figures\nfigures.value(run, run.expect('CT22'));")
    shell.run_cell("x = 1")
    (only,) = [json.loads(one["treem"]["figures"]) for one in handed if "treem" in one]
    assert [figure["figure"] for figure in only] == ["CT22-256-v"]
