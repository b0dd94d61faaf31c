"""Run the notebooks of an edition with papermill, several at a time.

Every name is checked before anything runs. Each unit is a kernel of its own, driven from one of
`jobs` worker processes; its notebook is written whole or not at all. A notebook that fails is kept
under `reports/<edition>/failed/` with the failing cell marked, and stops the run.

A kernel reads its tables from the folder named in the environment variable `TREEM_TABLES`, so that
a build can run on tables that are not in place yet; parameters stay what a person would type.
"""

from __future__ import annotations

import ctypes
import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treem.audit.lineage import merge_figures, write_figures
from treem.edition import Edition
from treem.errors import NotebookError
from treem.notebooks.finish import finish, mark_failure
from treem.notebooks.matrix import Unit, check_matrix
from treem.notebooks.template import Template
from treem.project import Project

TABLES_VARIABLE = "TREEM_TABLES"
FIGURES = "figures.jsonl"
_SET_PARENT_DEATH_SIGNAL = 1
CELL_SECONDS = 600
"""Time limit of one cell."""


@dataclass(frozen=True)
class Job:
    """All a worker needs to run one unit."""

    unit: Unit
    notebook: dict[str, Any]
    root: Path
    tables: Path
    out: Path
    failed: Path


@dataclass(frozen=True)
class Outcome:
    """What came of a job: the figures that were printed, or the error in Vietnamese."""

    unit: str
    figures: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""


def execute(
    project: Project,
    edition: Edition,
    *,
    tables: Path,
    notebooks: Path,
    failed: Path,
    jobs: int = 1,
    say: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Run all notebooks of an edition; return the files written, figures last.

    Reads `tables/{observations.parquet,findings.csv,results.csv}`; writes the executed notebooks
    under `notebooks` and `tables/figures.jsonl`. A notebook that fails is kept under `failed`.
    `say` gets a line of progress for each notebook.

    Raises UsageError before anything runs where names do not fit, NotebookError where one fails.
    """
    matrix, templates = check_matrix(project, edition)
    shutil.rmtree(failed, ignore_errors=True)
    tables, out = tables.resolve(), notebooks.resolve()

    def job(unit: Unit) -> Job:
        notebook = _without(templates[unit.template], unit)
        return Job(unit, notebook, project.root, tables, out, failed.resolve())

    first = _run_all([job(unit) for unit in matrix.first], jobs, len(matrix.all), 0, say)
    figures = [figure for outcome in first for figure in outcome.figures]
    write_figures(tables / FIGURES, merge_figures(figures))
    last = _run_all(
        [job(unit) for unit in matrix.last], jobs, len(matrix.all), len(matrix.first), say
    )
    figures += [figure for outcome in last for figure in outcome.figures]
    write_figures(tables / FIGURES, merge_figures(figures))
    return [out / unit.output for unit in matrix.all] + [tables / FIGURES]


def _without(template: Template, unit: Unit) -> dict[str, Any]:
    cells = [
        cell
        for cell in template.notebook["cells"]
        if not unit.left_out & set(cell["metadata"].get("tags", []))
    ]
    return {**template.notebook, "cells": cells}


def _run_all(
    work: Sequence[Job], jobs: int, total: int, done: int, say: Callable[[str], None]
) -> list[Outcome]:
    """Run the jobs; return their outcomes in the order of the jobs, whatever ended first."""
    outcomes: dict[str, Outcome] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(jobs, len(work)), mp_context=context, initializer=_end_with_parent
    ) as pool:
        futures = [pool.submit(run_job, job) for job in work]
        try:
            for ended in as_completed(futures):
                outcome = ended.result()
                done += 1
                say(
                    f"[{done}/{total}] sổ tính {outcome.unit}: {'LỖI' if outcome.error else 'xong'}"
                )
                for warning in outcome.warnings:
                    say(f"  {outcome.unit} cảnh báo: {warning}")
                if outcome.error:
                    raise NotebookError(outcome.error)
                outcomes[outcome.unit] = outcome
        finally:
            _cancel(futures)
    return [outcomes[job.unit.name] for job in work]


def _end_with_parent() -> None:
    """Ask Linux to end this worker when its parent is killed; elsewhere it ends with its queue."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)


def _cancel(futures: Iterable[Future[Outcome]]) -> None:
    for future in futures:
        future.cancel()


def run_job(job: Job) -> Outcome:
    """Run one unit in this process's own kernel and write what is to be kept."""
    with tempfile.TemporaryDirectory(prefix="treem-") as folder:
        scratch = Path(folder)
        template = scratch / "template.ipynb"
        template.write_text(json.dumps(job.notebook), "utf-8")
        executed = scratch / "executed.ipynb"
        os.environ.update(_environment(job, scratch))
        error = _papermill(template, executed, job)
        notebook = json.loads(executed.read_text("utf-8"))
    if error:
        return Outcome(job.unit.name, error=_keep_failed(job, notebook, error))
    finished = finish(notebook, job.unit.output.as_posix(), job.unit.parameters, job.unit.name)
    _write_whole(job.out / job.unit.output, finished.text)
    return Outcome(job.unit.name, finished.figures, finished.warnings)


def _environment(job: Job, scratch: Path) -> dict[str, str]:
    """Return an environment in which no setting of the user's home reaches the kernel."""
    return {
        TABLES_VARIABLE: str(job.tables),
        "IPYTHONDIR": str(scratch / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONHASHSEED": "0",
    }


def _papermill(template: Path, executed: Path, job: Job) -> dict[str, str]:
    """Run a notebook; return cell, name and text of the error that stopped it, or nothing."""
    import logging

    import papermill
    from papermill.exceptions import PapermillExecutionError

    logging.getLogger("papermill").setLevel(logging.ERROR)
    try:
        papermill.execute_notebook(
            template,
            executed,
            dict(job.unit.parameters),
            kernel_name="python3",
            progress_bar=False,
            request_save_on_cell_execute=False,
            cwd=job.root,
            execution_timeout=CELL_SECONDS,
            shutdown_kernel="immediate",
            extra_arguments=["--log-level=ERROR"],
        )
    except PapermillExecutionError as error:
        # papermill counts cells before it adds its two marks to the notebook that it writes
        return {"cell": str(error.cell_index + 2), "name": error.ename, "text": error.evalue}
    return {}


def _keep_failed(job: Job, notebook: dict[str, Any], error: dict[str, str]) -> str:
    cell = notebook["cells"][int(error["cell"])]["id"]
    kept = job.failed / job.unit.output
    cause = f"{error['name']}: {error['text']}"
    shown = kept.relative_to(job.root) if kept.is_relative_to(job.root) else kept
    _write_whole(kept, mark_failure(notebook, cell, f"`{cause}`"))
    return (
        f"Sổ tính {job.unit.output} (mẫu notebooks/{job.unit.template}.ipynb) dừng ở ô “{cell}”: "
        f"{cause}. Bản đang chạy dở được giữ tại {shown}; "
        "mở tệp này để xem ô có lỗi."
    )


def _write_whole(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, "utf-8")
    part.replace(path)
