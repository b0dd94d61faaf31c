"""Units on their way through a Dask cluster: each goes to one worker, and none is written but here.

A worker that is lost costs only what it ran. Dask itself would run that again at once, beside
other units, and count it against all of them when the next worker is lost; so a unit is bound to
its worker, and one that was lost runs again when the others have ended, alone: what ends a second
worker is then that unit and no other.
"""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from treem.notebooks.cache import NEVER_READ
from treem.notebooks.cluster import Cluster, Worker
from treem.notebooks.progress import Progress
from treem.notebooks.runner import FIGURES
from treem.notebooks.unit import Job, Outcome, Ran, give_up, keep, tell_again
from treem.notebooks.worker import Broken, Parcel, Told
from treem.stages import NOTEBOOKS, READ

ATTEMPTS = 3
"""How often a unit may lose its worker, or fail for a reason of the worker's, before it failed."""
_TURN_SECONDS = 0.5
_ANSWER_SECONDS = 10.0


def dispatch(
    cluster: Cluster, work: Sequence[Job], jobs: int | None, engine: str, progress: Progress
) -> Iterator[Outcome]:
    """Yield outcomes as they end; at most `jobs` units at a time, None for all threads.

    Raises ClusterError where the scheduler or the last worker is gone.
    """
    return _Work(cluster, work, jobs, engine, progress).outcomes()


def parcels_of(work: Sequence[Job]) -> tuple[Parcel, Parcel]:
    """Pack what units read: of the project, and of the tables that these notebooks may see."""
    job = work[0]
    editions = sorted({str(one.unit.parameters["edition"]) for one in work})
    names = [*READ[NOTEBOOKS], "requirements.lock", "_quarto.yml", *(f"params/{name}.yml" for name in editions)]
    project = Parcel.of(job.root, names)
    return project, Parcel.of(job.tables, ["."], without=NEVER_READ - {FIGURES})


@dataclass(frozen=True)
class _Attempt:
    job: Job
    worker: Worker


class _WorkerLost(Exception):
    """The worker of an attempt is gone."""


class _Work:
    """Units on their way through a cluster."""

    def __init__(
        self,
        cluster: Cluster,
        work: Sequence[Job],
        jobs: int | None,
        engine: str,
        progress: Progress,
    ) -> None:
        self._cluster, self._jobs = cluster, jobs
        self._engine, self._progress = engine, progress
        self._parcels = parcels_of(work)
        self._fresh, self._suspects = deque(work), deque[Job]()
        self._running: dict[Any, _Attempt] = {}
        self._unsent: list[tuple[_Attempt, Exception]] = []
        self._ended: SimpleQueue[Any] = SimpleQueue()
        self._failed_at: dict[str, list[str]] = {}

    def outcomes(self) -> Iterator[Outcome]:
        """Yield outcomes as units end."""
        try:
            while self._fresh or self._suspects or self._running:
                self._cluster.look_sometimes(self._progress.note)
                self._fill()
                for attempt, answer in self._answers():
                    outcome = self._judge(attempt, answer)
                    if outcome is not None:
                        yield outcome
        finally:
            self._cluster.withdraw(list(self._running))
            self._running.clear()
            self._cluster.forget()

    def _fill(self) -> None:
        """Send out what there is room for; one that lost its worker, only when it is alone."""
        taken = Counter(attempt.worker.address for attempt in self._running.values())
        while self._jobs is None or len(self._running) < self._jobs:
            queue = self._fresh or (self._suspects if not self._running else None)
            if not queue:
                return
            avoided = frozenset(self._failed_at.get(queue[0].unit.name, ()))
            worker = self._cluster.with_room(taken, avoided)
            if worker is None:
                return
            attempt = _Attempt(queue.popleft(), worker)
            taken[worker.address] += 1
            self._progress.started(attempt.job.unit.name)
            try:
                future = self._cluster.submit(attempt.job, worker, self._parcels, self._engine)
            except Exception as error:  # mostly the worker went while it was sent what units read
                self._unsent.append((attempt, error))
                return
            self._running[future] = attempt
            future.add_done_callback(self._ended.put)

    def _answers(self) -> Iterator[tuple[_Attempt, Any]]:
        """Yield attempts that ended with what came of them: an exception where they were lost."""
        if self._unsent:
            yield self._unsent.pop()
            return
        ended = []
        with contextlib.suppress(Empty):
            ended.append(self._ended.get(timeout=_TURN_SECONDS))
        ended += [
            future
            for future, attempt in self._running.items()
            if future.status == "lost" or not self._cluster.has(attempt.worker)
        ]
        for future in ended:
            attempt = self._running.pop(future, None)
            if attempt is not None:
                yield attempt, self._answer(future, attempt.worker)

    def _answer(self, future: Any, worker: Worker) -> Any:
        """Return what an attempt returned, or the exception that it ended with."""
        while self._cluster.has(worker) and future.status != "lost":
            try:
                if future.status == "error":
                    return future.exception(timeout=_ANSWER_SECONDS)
                return future.result(timeout=_ANSWER_SECONDS)
            except TimeoutError:  # the worker may be gone with the result
                self._cluster.look(self._progress.note)
            except Exception as error:
                return error
        self._cluster.withdraw([future])
        return _WorkerLost()

    def _judge(self, attempt: _Attempt, answer: Any) -> Outcome | None:
        """Keep what came of a unit; None where it runs again."""
        job, worker = attempt.job, attempt.worker
        if isinstance(answer, Ran):
            return keep(job, answer)
        if isinstance(answer, Told):
            return tell_again(job, answer)
        self._cluster.look(self._progress.note)
        name = job.unit.name
        failed_at = self._failed_at.setdefault(name, [])
        failed_at.append(worker.address)
        if len(failed_at) >= ATTEMPTS:
            return give_up(job, f"worker chạy nó dừng giữa chừng {ATTEMPTS} lần liền {_why(answer)}")
        worker.parcels = []
        self._suspects.append(job)
        self._progress.again(
            name,
            f"sổ tính {name}: worker {worker.address} dừng giữa chừng {_why(answer)}, "
            f"sẽ chạy lại một mình (lần {len(failed_at) + 1}/{ATTEMPTS})",
        )
        return None


def _why(answer: Any) -> str:
    """Return in brackets what is known of the end of an attempt."""
    return f"({answer.why})" if isinstance(answer, Broken) else "(mất liên lạc)"
