"""One unit: a notebook run by papermill, and what is kept of it.

The executed notebook is written whole or not at all. A notebook that fails is kept with its
finished cells and the failing one marked, whether an error stopped it, a limit, or the end of the
process that ran it. Running (`Ran`) and keeping (`keep`) are two steps, because a notebook may run
on another machine than the one that keeps it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from treem.notebooks.finish import finish, mark_failure
from treem.notebooks.matrix import Unit

TABLES_VARIABLE = "TREEM_TABLES"
CELL_SECONDS = 600
"""Time limit of one cell."""
NOTEBOOK_SECONDS = 1800
"""Time limit of one notebook."""


@dataclass(frozen=True)
class Job:
    """All that is needed to run one unit, anywhere."""

    unit: Unit
    notebook: dict[str, Any]
    root: Path
    tables: Path
    out: Path
    failed: Path
    cell_seconds: float = CELL_SECONDS
    notebook_seconds: float = NOTEBOOK_SECONDS


@dataclass(frozen=True)
class Outcome:
    """What came of a job: the figures that were printed, or the error in Vietnamese."""

    unit: str
    figures: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Stop:
    """What stopped a notebook: the id of its cell, empty where nobody knows, and the error."""

    cell: str
    cause: str


@dataclass(frozen=True)
class Ran:
    """A unit that has run and is not written yet: the text to keep, and what its cells told."""

    text: str
    figures: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    stop: Stop | None = None


@dataclass
class _Executed:
    notebook: dict[str, Any] = field(default_factory=dict)
    stop: Stop | None = None


def run_job(job: Job) -> Outcome:
    """Run one unit with an ordinary kernel and write what is to be kept."""
    return keep(job, run_ordinary(job))


def run_here(job: Job) -> Outcome:
    """Run one unit in this process, a child of the template, and write what is to be kept."""
    return keep(job, run_in_place(job))


def run_ordinary(job: Job) -> Ran:
    """Run one unit with an ordinary kernel."""
    with tempfile.TemporaryDirectory(prefix="treem-") as scratch:
        with _surroundings(environment_of(job, Path(scratch))):
            return _finished(job, _execute(job, ordinary=True))


def run_in_place(job: Job) -> Ran:
    """Run one unit in this process, a child of the template."""
    return _finished(job, _execute(job))


def tell_again(job: Job, told: Any) -> Outcome:
    """Keep what a child had done of a unit when it ended before its time.

    `told` is the child's call, or a copy of what it told (`treem.notebooks.worker.Told`).
    """
    return keep(job, _finished(job, _execute(job, told=told)))


def give_up(job: Job, cause: str) -> Outcome:
    """Keep a unit that was never seen to end, as it was before it ran, with the cause on top."""
    return keep(job, Ran(mark_failure(job.notebook, "", cause), stop=Stop("", cause)))


def keep(job: Job, ran: Ran) -> Outcome:
    """Write what is to be kept of a unit: its executed notebook, or the one that failed."""
    if ran.stop is not None:
        return Outcome(job.unit.name, error=_keep_failed(job, ran.text, ran.stop))
    _write_whole(job.out / job.unit.output, ran.text)
    return Outcome(job.unit.name, ran.figures, ran.warnings)


def environment_of(job: Job, scratch: Path) -> dict[str, str]:
    """Return the environment of a unit: no setting of the user's home reaches the kernel.

    Temporary files go to `scratch`, an empty folder that the caller removes.
    """
    return {
        TABLES_VARIABLE: str(job.tables),
        "TMPDIR": str(scratch),
        "IPYTHONDIR": str(scratch / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONHASHSEED": "0",
    }


@contextmanager
def _surroundings(environment: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(environment)
    tempfile.tempdir = None
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        tempfile.tempdir = None


def _execute(job: Job, **options: Any) -> _Executed:
    """Run a notebook; return it as it stands at the end, whatever stopped it."""
    import logging

    import nbformat
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from treem.notebooks.engine import NAME, register

    register()
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    kept: list[Any] = []
    stop = None
    try:
        papermill.execute_notebook(
            nbformat.from_dict(job.notebook),
            None,
            dict(job.unit.parameters),
            engine_name=NAME,
            kernel_name="python3",
            progress_bar=False,
            cwd=job.root,
            execution_timeout=job.cell_seconds,
            notebook_timeout=job.notebook_seconds,
            kept=kept,
            **options,
            **({"extra_arguments": ["--log-level=ERROR"]} if options.get("ordinary") else {}),
        )
    except PapermillExecutionError as error:
        cell = next(cell for cell in kept[0].nb.cells if _failed(cell))
        stop = Stop(cell.id, f"{error.ename}: {error.evalue}")
    except CellTimeoutError as error:
        stop = Stop(_last_begun(kept[0].nb), _timeout_words(error, job))
    except DeadKernelError as error:
        stop = Stop(_last_begun(kept[0].nb), _death_words(error))
    notebook = nbformat.v4.rwbase.split_lines(kept[0].nb)
    return _Executed(notebook, stop)


def _failed(cell: Any) -> bool:
    return cell.metadata.get("papermill", {}).get("exception") is True


def _last_begun(nb: Any) -> str:
    """Return the id of the last cell that was begun."""
    begun = [cell for cell in nb.cells if cell.metadata.get("papermill", {}).get("start_time")]
    return str(begun[-1].id)


def _timeout_words(error: BaseException, job: Job) -> str:
    said = str(error)
    if said.startswith(("ô ", "sổ tính ")):
        return said
    return f"ô chạy quá {job.cell_seconds:g} giây hoặc sổ tính quá {job.notebook_seconds:g} giây"


def _death_words(error: BaseException) -> str:
    said = str(error)
    return said if said.startswith("tiến trình") else "tiến trình của sổ tính bị dừng giữa chừng"


def _finished(job: Job, executed: _Executed) -> Ran:
    if executed.stop is not None:
        cell, cause = executed.stop.cell, f"`{executed.stop.cause}`"
        return Ran(mark_failure(executed.notebook, cell, cause), stop=executed.stop)
    unit = job.unit
    finished = finish(executed.notebook, unit.output.as_posix(), unit.parameters, unit.name)
    return Ran(finished.text, finished.figures, finished.warnings)


def _keep_failed(job: Job, text: str, stop: Stop) -> str:
    kept = job.failed / job.unit.output
    shown = kept.relative_to(job.root) if kept.is_relative_to(job.root) else kept
    _write_whole(kept, text)
    where = f"dừng ở ô “{stop.cell}”" if stop.cell else "không chạy xong"
    return (
        f"Sổ tính {job.unit.output} (mẫu notebooks/{job.unit.template}.ipynb) {where}: "
        f"{stop.cause}. Bản đang chạy dở được giữ tại {shown}; mở tệp này để xem ô có lỗi."
    )


def _write_whole(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, "utf-8")
    part.replace(path)
