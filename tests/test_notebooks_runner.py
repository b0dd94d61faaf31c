from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import nbformat
import pytest

from treem.audit.lineage import read_figures
from treem.edition import load_edition
from treem.errors import NotebookError, UsageError
from treem.notebooks.finish import finish
from treem.notebooks.matrix import Unit
from treem.notebooks.runner import Job, execute, run_job
from treem.project import Project

PARAMETERS = {"project": ".", "edition": "thu"}
PRINTS = """\
#| label: tbl-so
#| tbl-cap: "Số của {edition}"
import json
from IPython.display import display
print("x = 1")
figure = {"figure": "CT01-27-v", "exact": "1"}
display({"text/plain": ""}, raw=True, metadata={"treem": {"figures": json.dumps([figure])}})
display({"text/plain": ""}, raw=True, metadata={"treem": {"values": {"area_name": edition}}})"""


def _notebook(*code: str) -> dict[str, object]:
    cells: list[dict[str, object]] = [
        {"cell_type": "markdown", "id": "dau", "metadata": {}, "source": "# {area_name} {#sec-x}"},
        _code("tham-so", 'project = "x"\nedition = "y"', ["parameters"]),
    ]
    cells += [_code(f"o-{number}", source, []) for number, source in enumerate(code, 1)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _code(name: str, source: str, tags: list[str]) -> dict[str, object]:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {"tags": tags},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    def make(*code: str) -> Job:
        unit = Unit("don-vi", "mau", PurePosixPath("a/b.ipynb"), PARAMETERS)
        out, failed = tmp_path / "out", tmp_path / "failed"
        return Job(unit, _notebook(*code), tmp_path, tmp_path / "tables", out, failed)

    return make


def test_a_notebook_is_kept_without_anything_that_differs_between_runs(
    job: Callable[..., Job],
) -> None:
    work = job(PRINTS, "import os; print(os.environ['TREEM_TABLES'] != '')")
    outcome = run_job(work)
    kept = work.out / "a/b.ipynb"
    first = kept.read_bytes()
    assert outcome.error == ""
    run_job(work)
    assert kept.read_bytes() == first
    assert b"papermill" not in first and str(work.root).encode() not in first
    notebook = nbformat.reads(first.decode("utf-8"), as_version=4)
    nbformat.validate(notebook)
    assert [cell.id for cell in notebook.cells][:3] == ["dau", "tham-so", "injected-parameters"]
    assert notebook.cells[0].source == "# thu {#sec-x}"
    assert '#| tbl-cap: "Số của thu"' in notebook.cells[3].source


def test_figures_leave_the_notebook_with_their_cell(job: Callable[..., Job]) -> None:
    (figure,) = run_job(job(PRINTS)).figures
    assert figure == {
        "figure": "CT01-27-v",
        "exact": "1",
        "notebook": "a/b.ipynb",
        "cell": "o-1",
        "parameters": PARAMETERS,
    }


def test_a_failing_notebook_is_kept_with_the_cell_marked_and_nothing_is_published(
    job: Callable[..., Job],
) -> None:
    work = job("x = 1", "1 / 0", "y = 2")
    outcome = run_job(work)
    assert not (work.out / "a/b.ipynb").exists()
    for words in ("a/b.ipynb", "notebooks/mau.ipynb", "“o-2”", "ZeroDivisionError", "failed/a/b"):
        assert words in outcome.error
    cells = json.loads((work.failed / "a/b.ipynb").read_text("utf-8"))["cells"]
    ids = [cell["id"] for cell in cells]
    assert ids[ids.index("o-2") - 1] == "treem-loi"
    assert "LỖI" in "".join(cells[ids.index("treem-loi")]["source"])
    assert not [one for one in cells if "papermill" in json.dumps(one)]


def test_a_cell_that_shows_nothing_loses_its_label_and_warnings_are_told() -> None:
    cell = _code("a", '#| label: tbl-a\n#| tbl-cap: "A"\nf()', [])
    cell["outputs"] = [{"output_type": "stream", "name": "stderr", "text": "chú ý\n"}]
    done = finish({"cells": [cell]}, "a.ipynb", PARAMETERS, "don-vi")
    assert done.warnings == ("chú ý",)
    assert json.loads(done.text)["cells"][0]["source"] == ["f()"]


def test_a_heading_and_the_words_under_it_stay_lines_of_their_own() -> None:
    text = "## Mục của {area_name} {#sec-x}\n\nMột câu.\n"
    cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": text}
    done = finish({"cells": [cell]}, "a.ipynb", {**PARAMETERS, "area_name": "thu"}, "don-vi")
    kept = json.loads(done.text)["cells"][0]["source"]
    assert kept == ["## Mục của thu {#sec-x}\n", "\n", "Một câu.\n"]


def test_quotes_in_a_value_do_not_break_an_option_line() -> None:
    cell = _code("a", '#| fig-alt: "{alt}"\nf()', [])
    output = {"output_type": "display_data", "data": {"image/png": "", "text/plain": "x"}}
    cell["outputs"] = [{**output, "metadata": {"treem": {"values": {"alt": 'nói "một" \\ hai'}}}}]
    kept = json.loads(finish({"cells": [cell]}, "a.ipynb", PARAMETERS, "u").text)["cells"][0]
    assert kept["source"] == ['#| fig-alt: "nói \\"một\\" \\\\ hai"\n', "f()"]
    assert kept["outputs"][0]["data"] == {"image/png": ""}
    assert kept["outputs"][0]["metadata"] == {}


# --- an edition -------------------------------------------------------------------------------


def _small_templates(project: Project, body: str) -> None:
    """Put tiny notebooks in the place of the templates of an edition without areas."""
    for name in ("overview", "plan", "province", "summary_table", "quality", "trace"):
        notebook = _notebook(body.replace("NAME", name))
        parameters = 'project = "."\nedition = "2022"'
        if name == "province":
            parameters += '\ngeography = "old-27"\nyear = 2022\narea_code = "27"'
        notebook["cells"][1]["source"] = parameters  # type: ignore[index]
        text = json.dumps(notebook)
        (project.notebooks / f"{name}.ipynb").write_text(text, "utf-8")


def test_an_edition_runs_several_at_a_time_and_gathers_its_figures(
    project_copy: Project, tmp_path: Path
) -> None:
    _small_templates(project_copy, PRINTS)
    (tmp_path / "tables").mkdir()
    said: list[str] = []
    written = execute(
        project_copy,
        load_edition(project_copy, "2022"),
        tables=tmp_path / "tables",
        notebooks=tmp_path / "out",
        failed=tmp_path / "failed",
        jobs=2,
        say=said.append,
    )
    assert all(path.exists() for path in written)
    assert (tmp_path / "out/old-27/2021/27.ipynb").exists()
    (figure,) = read_figures(tmp_path / "tables/figures.jsonl")
    assert figure["notebook"] == "old-27/2022/27.ipynb"
    assert len(figure["also"]) == 6
    assert said[-1] == "[7/7] sổ tính trace: xong"


def test_a_notebook_that_fails_stops_the_edition(project_copy: Project, tmp_path: Path) -> None:
    _small_templates(project_copy, "assert 'NAME' != 'plan', 'hỏng'")
    (tmp_path / "tables").mkdir()
    with pytest.raises(NotebookError, match=r"plan\.ipynb.*“o-1”.*hỏng"):
        execute(
            project_copy,
            load_edition(project_copy, "2022"),
            tables=tmp_path / "tables",
            notebooks=tmp_path / "out",
            failed=tmp_path / "failed",
            jobs=2,
        )
    assert (tmp_path / "failed/plan.ipynb").exists()
    assert not (tmp_path / "tables/figures.jsonl").exists()


def test_a_misspelled_parameter_stops_before_anything_runs(
    project_copy: Project, tmp_path: Path
) -> None:
    path = project_copy.notebooks / "plan.ipynb"
    path.write_text(path.read_text("utf-8").replace("edition = ", "editon = "), "utf-8")
    with pytest.raises(UsageError, match=r"plan\.ipynb.*editon"):
        execute(
            project_copy,
            load_edition(project_copy, "2022"),
            tables=tmp_path,
            notebooks=tmp_path / "out",
            failed=tmp_path / "failed",
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_a_worker_ends_with_a_killed_parent() -> None:
    parent = (
        "import multiprocessing, time\nfrom treem.notebooks.runner import _end_with_parent\n"
        "def work():\n    _end_with_parent()\n    print(multiprocessing.current_process().pid,"
        " flush=True)\n    time.sleep(60)\n"
        "multiprocessing.get_context('fork').Process(target=work).start()\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        worker = Path(f"/proc/{int(running.stdout.readline())}")
        assert worker.exists()
        running.kill()
        running.wait()
        deadline = time.monotonic() + 10
        while _runs(worker) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not _runs(worker)


def _runs(process: Path) -> bool:
    """Whether a process still runs; one that ended but was not asked for its result does not."""
    try:
        return process.joinpath("stat").read_text().rsplit(")")[-1].split()[0] != "Z"
    except FileNotFoundError:
        return False
