from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from treem.edition import load_edition
from treem.errors import UsageError
from treem.notebooks.matrix import Part, book, check_matrix
from treem.notebooks.template import read_template
from treem.project import Project

TEMPLATES = ("overview", "plan", "province", "district", "summary_table", "quality", "trace")


def test_the_demonstration_has_a_notebook_for_every_year_and_district(project: Project) -> None:
    matrix, _ = check_matrix(project, load_edition(project, "demo-2024"))
    names = [unit.name for unit in matrix.all]
    assert len(names) == len(set(names)) == 4 + 4 * 8 + 5
    assert names[:4] == ["tinh-2024", "tinh-2023", "tinh-2022", "tinh-2021"]
    assert names[-1] == "trace"
    district = next(unit for unit in matrix.all if unit.name == "264-2021")
    assert district.output.as_posix() == "old-27/2021/264.ipynb"
    assert district.parameters == {
        "project": ".",
        "edition": "demo-2024",
        "geography": "old-27",
        "year": 2021,
        "area_code": "264",
    }


def test_an_edition_without_areas_has_no_districts_and_drops_their_cells(project: Project) -> None:
    matrix, _ = check_matrix(project, load_edition(project, "2022"))
    assert [unit.template for unit in matrix.all].count("district") == 0
    assert all("needs-areas" in unit.left_out for unit in matrix.all)


def test_the_book_has_every_notebook_once_and_the_trace_last(project: Project) -> None:
    edition = load_edition(project, "demo-2024")
    matrix, _ = check_matrix(project, edition)
    order = book(project, edition)
    notebooks = [path for path in order.paths() if path.endswith(".ipynb")]
    assert sorted(notebooks) == sorted(
        f"reports/demo-2024/notebooks/{unit.output}" for unit in matrix.all
    )
    assert order.paths()[0] == "index.qmd"
    assert order.appendices[0].endswith("summary_table.ipynb")
    assert order.appendices[-1].endswith("trace.ipynb")
    parts = [entry.title for entry in order.chapters if isinstance(entry, Part)]
    assert [title.split(".")[0] for title in parts] == [
        "Phần thứ nhất",
        "Phần thứ hai",
        "Phần thứ ba",
    ]


def test_the_book_of_an_edition_without_areas_has_no_third_part(project: Project) -> None:
    order = book(project, load_edition(project, "2022"))
    assert len([entry for entry in order.chapters if isinstance(entry, Part)]) == 2


# --- templates as committed -------------------------------------------------------------------


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_thin_valid_and_stored_without_outputs(project: Project, name: str) -> None:
    notebook = nbformat.read(project.notebooks / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    lines = [
        line
        for cell in code
        for line in cell.source.splitlines()
        if line and not line.startswith("#")
    ]
    assert len(lines) <= 40
    tree = ast.parse("\n".join(lines))
    assert not [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.Lambda))]
    ids = [cell.id for cell in notebook.cells]
    assert len(ids) == len(set(ids))
    assert notebook.cells[0].source.startswith("# ")
    assert "{#sec-" in notebook.cells[0].source


def test_every_template_belongs_to_the_matrix(project: Project) -> None:
    assert {path.stem for path in project.notebooks.glob("*.ipynb")} == set(TEMPLATES)


# --- names are compared before anything runs --------------------------------------------------

GIVEN = {"project": ".", "edition": "thu"}


@pytest.fixture
def template(tmp_path: Path) -> Callable[..., Path]:
    def write(source: str, *, tags: tuple[str, ...] = ("parameters",), more: Any = ()) -> Path:
        cells = [
            {"cell_type": "code", "id": "a", "metadata": {"tags": list(tags)}, "source": source},
            *more,
        ]
        path = tmp_path / "mau.ipynb"
        path.write_text(json.dumps({"cells": cells}), "utf-8")
        return path

    return write


def test_a_misspelled_parameter_of_the_template_is_named_with_the_nearest(
    template: Callable[..., Path],
) -> None:
    found = read_template(template('project = "."\nediton = "thu"'))
    with pytest.raises(UsageError, match=r"mau\.ipynb.*“edition”.*“editon”"):
        found.check(GIVEN)


def test_a_parameter_that_nobody_gives_is_an_error(template: Callable[..., Path]) -> None:
    found = read_template(template('project = "."\nedition = "thu"\nmonth = 1'))
    with pytest.raises(UsageError, match="month"):
        found.check(GIVEN)


def test_a_value_of_another_type_is_an_error(template: Callable[..., Path]) -> None:
    found = read_template(template('project = "."\nedition = 2022'))
    with pytest.raises(UsageError, match=r"edition.*số nguyên.*'thu'"):
        found.check(GIVEN)


def test_a_placeholder_without_a_value_is_an_error(template: Callable[..., Path]) -> None:
    title = {"cell_type": "markdown", "id": "b", "metadata": {}, "source": "# {editon} {#sec-a}"}
    found = read_template(template('project = "."\nedition = "thu"', more=[title]))
    with pytest.raises(UsageError, match=r"\{editon\}.*“edition”"):
        found.check(GIVEN)


@pytest.mark.parametrize(
    ("source", "tags", "words"),
    [
        ("x = 1", (), "đúng một ô mang thẻ parameters, đang có 0"),
        ("x = open('a')", ("parameters",), "chỉ được gồm các dòng dạng tên = giá trị"),
        ("x = ", ("parameters",), "sai cú pháp"),
    ],
)
def test_a_template_of_another_form_is_refused(
    template: Callable[..., Path], source: str, tags: tuple[str, ...], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        read_template(template(source, tags=tags))


def test_a_missing_or_broken_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="khong-co.ipynb: không có mẫu"):
        read_template(tmp_path / "khong-co.ipynb")
    (tmp_path / "hong.ipynb").write_text("{", "utf-8")
    with pytest.raises(UsageError, match="hong.ipynb: tệp không phải"):
        read_template(tmp_path / "hong.ipynb")
