"""Run the notebooks of an edition with papermill, several at a time.

Every name is checked before anything runs. Each unit has a process of its own: a child forked from
a template that has everything imported (`treem.notebooks.forkserver`), or an ordinary kernel, here
or on the workers of a Dask cluster (`treem.notebooks.cluster`). A notebook that fails is kept under `reports/<edition>/failed/` with the failing cell marked; the
others go on, and then the run stops.

A notebook reads its tables from the folder named in the environment variable `TREEM_TABLES`, so
that a build can run on tables that are not in place yet; parameters stay what a person would type.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from treem.audit.lineage import merge_figures, write_figures
from treem.audit.manifest import file_sha256
from treem.edition import Edition
from treem.errors import MachineError, NotebookError
from treem.kept import Kept
from treem.notebooks.cache import UnitCache
from treem.notebooks.matrix import Unit, check_matrix
from treem.notebooks.progress import Progress, progress_for
from treem.notebooks.template import Template
from treem.notebooks.unit import (
    TABLES_VARIABLE,
    Job,
    Outcome,
    environment_of,
    run_job,
    tell_again,
)
from treem.project import Project

if TYPE_CHECKING:
    from treem.notebooks.cluster import Cluster
    from treem.notebooks.forkserver import Call, ForkServer

__all__ = ["FIGURES", "TABLES_VARIABLE", "Job", "Outcome", "execute", "job_of", "run_job", "warm_up"]

Engine = Literal["auto", "kernel"]

FIGURES = "figures.jsonl"
_SCRATCH = ".units"
_SHOWN_ERRORS = 5
_SET_PARENT_DEATH_SIGNAL = 1


def execute(
    project: Project,
    edition: Edition,
    *,
    tables: Path,
    notebooks: Path,
    failed: Path,
    jobs: int | None = 1,
    engine: Engine = "auto",
    dask: str | None = None,
    kept: Kept | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Run all notebooks of an edition; return the files written, figures last.

    Reads `tables/{observations.parquet,findings.csv,results.csv}`; writes the executed notebooks
    under `notebooks` and `tables/figures.jsonl`. A notebook that fails is kept under `failed`.
    `jobs` is how many run at a time; None is one for each processor, or for each thread of the
    cluster. `engine` is `kernel` for ordinary kernels; `auto` takes them only where the machine
    cannot fork safely. `dask` is the address of a cluster that runs them. Notebooks with the same
    inputs are taken from `kept`, and those that run are put there one by one; None runs all. `say`
    gets lines of progress.

    Raises UsageError before anything runs where names do not fit, NotebookError where one fails,
    ClusterError where a cluster cannot run them.
    """
    matrix, templates = check_matrix(project, edition)
    shutil.rmtree(failed, ignore_errors=True)
    tables, out = tables.resolve(), notebooks.resolve()
    cluster = _cluster(project, dask, say)
    jobs = jobs if cluster is not None else at_a_time(jobs)
    progress = progress_for(matrix.all, jobs or (cluster.threads if cluster else 1), say)

    cache = UnitCache(project, edition, tables, kept)

    def run(units: Sequence[Unit], printed: str = "") -> list[dict[str, Any]]:
        work = [job_of(project, unit, templates, tables, out, failed) for unit in units]
        outcomes = _run_or_reuse(work, printed, cache, jobs, engine, progress, cluster)
        return [figure for outcome in outcomes for figure in outcome.figures]

    try:
        figures = run(matrix.first)
        write_figures(tables / FIGURES, merge_figures(figures))
        figures += run(matrix.last, file_sha256(tables / FIGURES))
        write_figures(tables / FIGURES, merge_figures(figures))
    finally:
        progress.close()
        shutil.rmtree(failed.resolve().parent / _SCRATCH, ignore_errors=True)
        if cluster is not None:
            _leave_cluster()
    return [out / unit.output for unit in matrix.all] + [tables / FIGURES]


def warm_up(
    project: Project,
    engine: Engine = "auto",
    dask: str | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> None:
    """Start the template while something else is done; `execute` then finds it ready.

    With a cluster: join it, so that one that cannot be used is known before the work begins.
    """
    from treem.notebooks.forkserver import fork_is_safe, fork_server

    if dask is not None:
        _cluster(project, dask, say)
    elif engine == "auto" and fork_is_safe():
        fork_server(_lock(project.root))


def at_a_time(jobs: int | None) -> int:
    """Return how many units run at a time on this machine."""
    return jobs or os.cpu_count() or 1


def _cluster(
    project: Project, address: str | None, say: Callable[[str], None]
) -> Cluster | None:
    if address is None:
        return None
    from treem.notebooks.cluster import join

    return join(address, _lock(project.root), say)


def _leave_cluster() -> None:
    from treem.notebooks.cluster import leave

    leave()


def job_of(
    project: Project,
    unit: Unit,
    templates: Mapping[str, Template],
    tables: Path,
    out: Path,
    failed: Path,
) -> Job:
    """Return all that is needed to run a unit."""
    cells = _without(templates[unit.template], unit)
    return Job(unit, cells, project.root, tables, out, failed.resolve())


def _lock(root: Path) -> Path:
    return root / "requirements.lock"


def _without(template: Template, unit: Unit) -> dict[str, Any]:
    cells = [
        cell
        for cell in template.notebook["cells"]
        if not unit.left_out & set(cell["metadata"].get("tags", []))
    ]
    return {**template.notebook, "cells": cells}


def _run_or_reuse(
    work: Sequence[Job],
    printed: str,
    cache: UnitCache,
    jobs: int | None,
    engine: Engine,
    progress: Progress,
    cluster: Cluster | None,
) -> list[Outcome]:
    """Run what changed, take the rest from the last build; outcomes in the order of the jobs."""
    keys = {job.unit.name: cache.key(job, printed) for job in work}
    found = {job.unit.name: cache.reuse(job, keys[job.unit.name]) for job in work}
    progress.reused(name for name, outcome in found.items() if outcome is not None)
    changed = [job for job in work if found[job.unit.name] is None]
    by_name = {job.unit.name: job for job in changed}

    def keep(outcome: Outcome) -> None:
        cache.keep(by_name[outcome.unit], keys[outcome.unit], outcome)

    ran = run_jobs(changed, jobs, engine, progress, cluster, keep)
    found |= {done.unit: done for done in ran}
    return [outcome for job in work if (outcome := found[job.unit.name]) is not None]


def run_jobs(
    work: Sequence[Job],
    jobs: int | None,
    engine: Engine,
    progress: Progress,
    cluster: Cluster | None = None,
    keep: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Run the jobs, `jobs` at a time; return their outcomes in the order of the jobs.

    One that fails hurts no other: all run, then NotebookError names those that failed. `keep` gets
    each that ran well as soon as it has.
    """
    from treem.notebooks.forkserver import fork_is_safe

    if not work:
        return []
    if cluster is not None:
        from treem.notebooks.dispatch import dispatch

        ended = dispatch(cluster, work, jobs, engine, progress)
    elif engine == "auto" and fork_is_safe():
        ended = _fork_all(work, at_a_time(jobs), progress)
    else:
        ended = _spawn_all(work, at_a_time(jobs), progress)
    outcomes: dict[str, Outcome] = {}
    for outcome in ended:
        progress.ended(outcome.unit, outcome.warnings, failed=bool(outcome.error))
        outcomes[outcome.unit] = outcome
        if not outcome.error:
            keep(outcome)
    _raise_errors([outcomes[job.unit.name] for job in work])
    return [outcomes[job.unit.name] for job in work]


def _raise_errors(outcomes: Sequence[Outcome]) -> None:
    errors = [outcome.error for outcome in outcomes if outcome.error]
    if len(errors) > _SHOWN_ERRORS:
        errors[_SHOWN_ERRORS:] = [f"… và {len(errors) - _SHOWN_ERRORS} sổ tính nữa có lỗi."]
    if errors:
        raise NotebookError("\n".join(errors))


# --- children of the template -----------------------------------------------------------------


def _fork_all(work: Sequence[Job], jobs: int, progress: Progress) -> Iterator[Outcome]:
    """Yield outcomes as they end; a template that is killed is started once more."""
    left = list(work)
    for attempt in (1, 2):
        try:
            for job, outcome in _fork_round(left, jobs, progress):
                left.remove(job)
                yield outcome
            return
        except _TemplateLost:
            if attempt == 2:
                raise MachineError(
                    "Tiến trình mẫu của bộ chạy sổ tính bị dừng hai lần. "
                    "Có thể chạy bằng kernel thường: thêm --engine kernel."
                ) from None


class _TemplateLost(Exception):
    """The template was killed; what its children had not finished runs again."""


def _fork_round(
    work: Sequence[Job], jobs: int, progress: Progress
) -> Iterator[tuple[Job, Outcome]]:
    from treem.notebooks.forkserver import fork_server

    server = fork_server(_lock(work[0].root))
    waiting, running = list(work), dict[Any, Job]()
    memory = _memory(jobs)

    def fill() -> None:
        while waiting and len(running) < jobs:
            job = waiting.pop(0)
            running[_submit(server, job, memory)] = job
            progress.started(job.unit.name)

    try:
        fill()
        while running:
            ended = server.ended(list(running))
            if any(call.lost for call in ended):
                raise _TemplateLost
            finished = [(call, running.pop(call)) for call in ended]
            # the next ones run while these are looked at
            fill()
            for call, job in finished:
                yield job, _outcome(call, job)
    finally:
        for call, job in running.items():
            server.end(call)
            call.journal.close()
            shutil.rmtree(_scratch(job), ignore_errors=True)


def _memory(jobs: int) -> int:
    from treem.notebooks.limits import fair_share

    return fair_share(jobs)


def _submit(server: ForkServer, job: Job, memory: int) -> Call:
    from treem.notebooks.limits import Limits

    scratch = _scratch(job)
    scratch.mkdir(parents=True)
    return server.submit(
        "treem.notebooks.unit:run_here",
        job,
        environment={**os.environ, **environment_of(job, scratch)},
        folder=job.root,
        limits=Limits(job.cell_seconds, job.notebook_seconds, memory),
    )


def _outcome(call: Call, job: Job) -> Outcome:
    try:
        if call.has_result or call.failure:
            result: Outcome = call.result()
            return result
        return tell_again(job, call)
    finally:
        call.journal.close()
        shutil.rmtree(_scratch(job), ignore_errors=True)


def _scratch(job: Job) -> Path:
    """Where a unit's temporary files go: a hidden folder beside `failed`, cleared by storage."""
    return job.failed.parent / _SCRATCH / job.unit.name


# --- ordinary kernels -------------------------------------------------------------------------


def _spawn_all(work: Sequence[Job], jobs: int, progress: Progress) -> Iterator[Outcome]:
    """Yield outcomes as they end, each unit with a kernel of its own."""
    context = multiprocessing.get_context("spawn")
    waiting, running = list(work), dict[Future[Outcome], Job]()
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with_parent) as pool:
        while waiting or running:
            while waiting and len(running) < jobs:
                job = waiting.pop(0)
                running[pool.submit(run_job, job)] = job
                progress.started(job.unit.name)
            for future in wait_for(running, return_when="FIRST_COMPLETED").done:
                del running[future]
                yield future.result()


def _end_with_parent() -> None:
    """Ask Linux to end this worker when its parent is killed; elsewhere it ends with its queue."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
