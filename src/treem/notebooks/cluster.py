"""Past one machine: the workers of a Dask cluster that may run our notebooks.

`join` connects to a scheduler and looks at who is there: a worker with other code, another Python
or other packages is refused, because results must be equal to the last byte.
`treem.notebooks.dispatch` sends the units; `treem.notebooks.worker` is the other side.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import pickle
import re
import time
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from treem.audit.manifest import TOOLS
from treem.errors import ClusterError
from treem.notebooks.unit import Job
from treem.notebooks.worker import Parcel, run_there, signature

Say = Callable[[str], None]

CONNECT_SECONDS = 5.0
WORKER_SECONDS = 20.0
"""How long to wait for a worker while there is none."""
ANSWER_SECONDS = 20.0
"""How long a worker may take to say which code it has; one that is frozen never does."""
_LOOK_SECONDS = 0.5
_SHOWN_DIFFERENCES = 5
_LOCKED = re.compile(r"^([\w.-]+)(?:\[[^\]]*\])?==", re.MULTILINE)


@dataclass(eq=False)
class Worker:
    """A worker with the same code as ours.

    `folder` is its own and tells a worker from one that was started anew at the same address;
    one that is not `open` takes nothing new. `parcels` are futures of what units read, once it was
    sent.
    """

    address: str
    folder: str
    threads: int
    open: bool = True
    parcels: list[Any] = field(default_factory=list)


class Cluster:
    """A connection to a scheduler, and the workers that may run units."""

    def __init__(self, address: str, packages: Iterable[str]) -> None:
        """`packages` are those that must be there in the same version as here.

        Raises ClusterError where nobody answers, there is no worker, or what runs there differs.
        """
        self.address = address
        self._packages = sorted(packages)
        self._ours = signature(self._packages)
        self._client = _connect(address)
        self._workers: dict[str, Worker] = {}
        self._refused: dict[str, str] = {}
        self._seen = self._looked = time.monotonic()
        try:
            self._check_scheduler()
            self._await_worker()
        except BaseException:
            self.close()
            raise

    @property
    def workers(self) -> int:
        """How many workers may run units now."""
        return len(self._workers)

    @property
    def threads(self) -> int:
        """How many units run at a time."""
        return sum(worker.threads for worker in self._workers.values())

    @property
    def alive(self) -> bool:
        """Whether the scheduler answers."""
        return bool(self._client.status == "running")

    def look(self, note: Say) -> None:
        """See which workers came and went; one that differs from us gets nothing, and is told of.

        Raises ClusterError where the scheduler is gone or there was no worker for too long.
        """
        self._looked = time.monotonic()
        infos = self._infos()
        self._refused = {one: why for one, why in self._refused.items() if one in infos}
        for worker in list(self._workers.values()):
            if infos.get(worker.address, {}).get("local_directory") != worker.folder:
                del self._workers[worker.address]
        new = sorted(infos.keys() - self._workers.keys() - self._refused.keys())
        for address, differing in self._differences(new).items():
            if differing:
                self._refused[address] = _refusal(f"worker {address}", differing)
                note(f"Không dùng {self._refused[address]}")
            else:
                info = infos[address]
                worker = Worker(address, info["local_directory"], info["nthreads"])
                self._workers[address] = worker
        for worker in self._workers.values():
            worker.open = infos[worker.address]["status"] == "running"
        if self._workers:
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > WORKER_SECONDS:
            raise ClusterError(
                f"Cụm Dask {self.address} không có worker nào dùng được (đã chờ "
                f"{WORKER_SECONDS:g} giây). Hãy chạy trên từng máy: dask worker {self.address}, "
                "rồi chạy lại lệnh này; hoặc bỏ --dask để chạy trên máy này."
            )

    def look_sometimes(self, note: Say) -> None:
        """Look, unless that was just done."""
        if time.monotonic() - self._looked > _LOOK_SECONDS:
            self.look(note)

    def has(self, worker: Worker) -> bool:
        """Whether a worker was still there when we last looked."""
        return self._workers.get(worker.address) is worker

    def with_room(self, taken: Mapping[str, int], avoided: frozenset[str]) -> Worker | None:
        """Return the worker with the most free threads, one to be avoided last; None if all run."""
        free = [
            (worker.address not in avoided, worker.threads - taken.get(worker.address, 0), worker)
            for worker in self._workers.values()
            if worker.open
        ]
        with_room = [entry for entry in free if entry[1] > 0]
        return max(with_room, key=lambda entry: entry[:2])[2] if with_room else None

    def submit(self, job: Job, worker: Worker, parcels: Sequence[Parcel], engine: str) -> Any:
        """Send a unit to a worker, and before its first one what units read."""
        if not worker.parcels:
            worker.parcels = self._client.scatter(
                list(parcels), workers=[worker.address], hash=False
            )
        return self._client.submit(
            run_there,
            pickle.dumps(job),
            *worker.parcels,
            engine,
            key=f"treem-{job.unit.name}-{uuid.uuid4().hex}",
            workers=[worker.address],
            allow_other_workers=False,
            pure=False,
            retries=0,
        )

    def withdraw(self, futures: Iterable[Any]) -> None:
        """Take back what was sent: what waits does not begin, what runs is ended."""
        if self.alive:
            self._client.cancel(list(futures), force=True)

    def forget(self) -> None:
        """Have all workers forget what units read."""
        for worker in self._workers.values():
            worker.parcels = []

    def close(self) -> None:
        """Leave the cluster."""
        with contextlib.suppress(Exception):
            self._client.close(timeout=CONNECT_SECONDS)

    def _await_worker(self) -> None:
        """Wait for the first worker; one that differs from us is an error before anything runs."""
        while not self._workers:
            self.look(lambda line: None)
            if self._refused:
                first = next(iter(self._refused.values()))
                raise ClusterError(first[0].upper() + first[1:])
            if not self._workers:
                time.sleep(_LOOK_SECONDS)

    def _infos(self) -> dict[str, Any]:
        if self.alive:
            infos: dict[str, Any] = dict(self._client.scheduler_info(n_workers=-1)["workers"])
            if self.alive:
                return infos
        raise ClusterError(self._silent)

    @property
    def _silent(self) -> str:
        return (
            f"Mất liên lạc với scheduler {self.address} của cụm Dask. Gói báo cáo trước đó còn "
            "nguyên. Hãy kiểm tra cụm rồi chạy lại; hoặc bỏ --dask để chạy trên máy này."
        )

    def _check_scheduler(self) -> None:
        """Refuse a scheduler with other code: it unpacks what is sent, and hands it on."""
        try:
            theirs = self._client.run_on_scheduler(signature, self._packages)
        except Exception as error:
            theirs = error
        if isinstance(theirs, OSError):
            raise ClusterError(self._silent)
        differing = self._compare(theirs)
        if differing:
            raise ClusterError(_refusal(f"Scheduler {self.address}", differing))

    def _differences(self, addresses: list[str]) -> dict[str, list[str]]:
        """Return for each worker what differs from us; nothing of those that went meanwhile."""
        if not addresses:
            return {}
        try:
            found = self._client.run(
                signature,
                self._packages,
                workers=addresses,
                on_error="return",
                callback_timeout=ANSWER_SECONDS,
            )
        except TimeoutError:
            if len(addresses) == 1:
                return {addresses[0]: [f"không trả lời trong {ANSWER_SECONDS:g} giây"]}
            return {one: why for each in addresses for one, why in self._differences([each]).items()}
        return {
            address: self._compare(theirs)
            for address, theirs in found.items()
            if not isinstance(theirs, OSError)
        }

    def _compare(self, theirs: Mapping[str, str] | Exception) -> list[str]:
        """Return what differs; an exception is the answer of somebody who has not our code."""
        if isinstance(theirs, Exception):
            return [f"không có gói treem này ({theirs})"]
        return [
            f"{name} {theirs.get(name, '-')} (máy này: {ours})"
            for name, ours in self._ours.items()
            if theirs.get(name) != ours
        ]


def _refusal(who: str, differing: Sequence[str]) -> str:
    shown = "; ".join(differing[:_SHOWN_DIFFERENCES])
    more = len(differing) - _SHOWN_DIFFERENCES
    if more > 0:
        shown += f"; và {more} chỗ nữa"
    return (
        f"{who} của cụm Dask khác máy này, nên kết quả có thể không trùng từng byte: {shown}. Hãy "
        "cài cùng mã treem, cùng Python và cùng tệp khóa ở đó rồi khởi động lại nó."
    )


def _connect(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError(
            "Máy này chưa có gói dask.distributed mà --dask cần. Hãy cài: pip install "
            "'treem[dask]' (hoặc pip install --require-hashes -r requirements-dask.lock), "
            "hoặc bỏ --dask để chạy trên máy này."
        ) from error
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            # its words are English and speak of its own inside; what counts is said by us
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        _check_tls(address)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # versions are compared below, more strictly
            return Client(address, timeout=CONNECT_SECONDS, set_as_default=False, name="treem")
    except ClusterError:
        raise
    except Exception as error:
        raise ClusterError(
            f"Không kết nối được với cụm Dask tại {address} (đã thử {CONNECT_SECONDS:g} giây: "
            f"{type(error).__name__}). Hãy kiểm tra địa chỉ và xem ở đó có đang chạy dask scheduler "
            "không; hoặc bỏ --dask để chạy trên máy này."
        ) from error


def _check_tls(address: str) -> None:
    """Refuse `tls://` where Dask's own configuration names no certificates."""
    import dask.config
    from distributed.security import Security

    configured = dask.config.get("distributed.client.security-loader", None)
    if not address.startswith("tls://") or configured:
        return
    if Security().get_connection_args("client").get("ssl_context") is None:
        raise ClusterError(
            f"Địa chỉ {address} dùng TLS nhưng máy này chưa có chứng thư cho Dask. Hãy khai "
            "distributed.comm.tls.ca-file và distributed.comm.tls.client trong cấu hình của Dask."
        )


# --- the cluster of this process --------------------------------------------------------------

_joined: Cluster | None = None


def join(address: str, lock: Path, say: Say = lambda line: None) -> Cluster:
    """Return the cluster at an address, joined once; raises ClusterError as `Cluster` does."""
    global _joined
    if _joined is not None and _joined.address == address and _joined.alive:
        return _joined
    leave()
    locked = _LOCKED.findall(lock.read_text("utf-8")) if lock.is_file() else []
    _joined = Cluster(address, {*TOOLS, *locked})
    say(
        f"Cụm Dask {address}: {_joined.workers} worker, chạy {_joined.threads} sổ tính cùng lúc."
    )
    return _joined


def leave() -> None:
    """Leave the cluster of this process, if it has joined one."""
    global _joined
    if _joined is not None:
        cluster, _joined = _joined, None
        cluster.close()


atexit.register(leave)
