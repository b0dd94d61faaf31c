"""How results grow from a province to the country: 8, 99 and 3,321 areas, ten years, 33 measures.

A country is 34 provinces, each an edition of its own with the plan's register: its communes report
every measure of areas by its parts, a department the six others. The stage is that of every
edition: observations read from their file, computed by `treem.indicators.compute`, results
written to a file. Generating the figures and loading pandas are not part of it. Each size runs in
a process of its own; the country's provinces are shared out among two.

`make bench` runs it; by hand, also with disclosure control, province by province:

    python benchmarks/bench_scale.py compute AREAS [PROVINCES]
    python benchmarks/bench_scale.py protect AREAS [PROVINCES]
"""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from bench_quality import Spot, generate

ROOT = Path(__file__).resolve().parent.parent
YEARS = tuple(range(2021, 2031))
PROVINCES, COMMUNES = 34, 3_321
JOBS = 2
SIZES = ((8, 1), (99, 1), (COMMUNES, PROVINCES))
MOST_SECONDS = 60
MOST_BYTES = 4 * 2**30
TIMES_AS_MUCH = 2  # what a result of the country may cost, against one of a province
LEFT_OUT = 0.002  # of the figures of areas; one leaves the sum of its province without a value


@pytest.fixture(scope="module")
def sizes() -> dict[int, dict[str, Any]]:
    """Measure every size once, and print the table."""
    found = {areas: _measure("compute", areas, provinces) for areas, provinces in SIZES}
    print(f"\n{'areas':>6} {'results':>10} {'seconds':>8} {'of cpu':>7} {'µs each':>8} {'GiB':>5}")
    for areas, one in found.items():
        print(
            f"{areas:6,} {one['rows']:10,} {one['seconds']:8.1f} {one['cpu']:7.1f} "
            f"{one['cpu'] / one['rows'] * 1e6:8.0f} {one['peak'] / 2**30:5.2f}"
        )
    return found


def test_a_country_is_computed_in_a_minute(sizes: dict[int, dict[str, Any]]) -> None:
    country = sizes[COMMUNES]
    assert country["rows"] == (COMMUNES + PROVINCES) * 33 * len(YEARS)
    # others may use the machine meanwhile
    assert min(country["seconds"], country["cpu"] / JOBS) < MOST_SECONDS
    assert country["peak"] < MOST_BYTES


def test_a_result_of_the_country_costs_what_one_of_a_province_costs(
    sizes: dict[int, dict[str, Any]],
) -> None:
    province, country = (sizes[areas]["cpu"] / sizes[areas]["rows"] for areas in (99, COMMUNES))
    assert country < TIMES_AS_MUCH * province


def _measure(stage: str, areas: int, provinces: int) -> dict[str, Any]:
    command = [sys.executable, __file__, stage, str(areas), str(provinces)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


# --- in the child process ---------------------------------------------------------------------


def main(stage: str, areas: int, provinces: int = 1) -> None:
    """Generate the figures, run one stage for every province and print what it cost as JSON."""
    stages: dict[str, Callable[[Path, int], dict[str, Any]]] = {
        "compute": compute_province,
        "protect": protect_province,
    }
    jobs = min(JOBS, provinces)
    with tempfile.TemporaryDirectory() as name, _pool(jobs) as pool:
        folder = Path(name)
        counts = [areas // provinces + (n < areas % provinces) for n in range(provinces)]
        list(pool.map(partial(write_province, folder), range(provinces), counts))
        if stage == "protect":
            list(pool.map(partial(compute_province, folder), range(provinces)))
        start = time.perf_counter()
        found = list(pool.map(partial(stages[stage], folder), range(provinces)))
        seconds = time.perf_counter() - start
        written = {
            kind: sum(path.stat().st_size for path in folder.glob(f"{kind}-*"))
            for kind in ("observations", "results")
        }
    peaks = {one["process"]: one["peak"] for one in found}  # the last of each is its highest
    answer = {
        "rows": sum(one["rows"] for one in found),
        "seconds": seconds,
        "cpu": sum(one["cpu"] for one in found),
        "longest": max(one["seconds"] for one in found),
        "peak": sum(peaks.values()) + _peak(),
        "observations": written["observations"],
        "results": written["results"],
    }
    print(json.dumps(answer))


def _pool(jobs: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_warm_up)


def _warm_up() -> None:
    """Import what every stage needs."""
    import pandas  # noqa: F401 - not part of what is measured
    import pyarrow.parquet  # noqa: F401

    import treem.indicators.compute  # noqa: F401


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def write_province(folder: Path, number: int, count: int) -> None:
    """Write what a province of so many communes was sent in ten years."""
    observations(number, count).to_parquet(folder / f"observations-{number}.parquet", index=False)


def compute_province(folder: Path, number: int) -> dict[str, Any]:
    """Compute a province from its file to its file."""
    import pandas as pd

    from treem.indicators.compute import compute
    from treem.plan.register import load_register
    from treem.project import Project

    project = Project(ROOT)
    register, edition = load_register(project), _edition()
    start, begun = time.perf_counter(), time.process_time()
    received = pd.read_parquet(folder / f"observations-{number}.parquet")
    codes = sorted(set(received["area_code"]) - {"27"})
    results = compute(project, edition, register, Communes(codes), received)
    results.to_parquet(folder / f"results-{number}.parquet", index=False)
    done = _cost(number, len(results), start, begun)
    _must_be_whole(received, results)
    return done


def protect_province(folder: Path, number: int) -> dict[str, Any]:
    """Protect what was computed of a province; the national sum is another table."""
    import pandas as pd

    from treem.disclosure.places import AreaLink
    from treem.disclosure.policy import load_policy
    from treem.disclosure.protect import protect
    from treem.plan.register import load_register
    from treem.project import Project

    measures = load_register(Project(ROOT)).measures
    policy = load_policy(Project(ROOT), measures)
    results = pd.read_parquet(folder / f"results-{number}.parquet")
    start, begun = time.perf_counter(), time.process_time()
    codes = sorted(set(results["area_code"]) - {"27"})
    parts = tuple(("old-27", code) for code in codes)
    links = [AreaLink(year, ("old-27", "27"), parts) for year in YEARS]
    protection = protect(results, measures, links, policy)
    assert len(protection.results_public) == len(results)
    return _cost(number, len(results), start, begun)


def _cost(number: int, rows: int, start: float, begun: float) -> dict[str, Any]:
    return {
        "rows": rows,
        "seconds": time.perf_counter() - start,
        "cpu": time.process_time() - begun,
        "process": os.getpid(),
        "peak": _peak(),
    }


def _edition() -> Any:
    from treem.edition import load_edition
    from treem.project import Project

    demo = load_edition(Project(ROOT), "demo-2024")
    return replace(demo, years=YEARS, year=YEARS[-1], strata={}, areas="districts")


def _must_be_whole(received: Any, results: Any) -> None:
    """Every row is judged; where a province has a sum, it is that of its communes."""
    assert (results["verdict_2030"] != "").all()
    own = received[(received["area_code"] != "27") & (received["part"] == "numerator")]
    sums = (
        own.assign(value=own["value"].astype("int64")).groupby(["measure", "year"])["value"].sum()
    )
    province = results[(results["area_code"] == "27") & (results["areas_expected"] != "")]
    complete = province[province["numerator"] != ""]
    assert len(complete) > len(province) / 3
    for row in complete.itertuples():
        assert int(row.numerator) == sums[row.measure, row.year]


def observations(number: int, count: int) -> Any:
    """Return what the communes and the departments of a province sent; a few cells were empty."""
    import numpy as np
    import pandas as pd

    from treem.plan.register import load_register
    from treem.project import Project

    register = load_register(Project(ROOT))
    random = np.random.default_rng(number)
    table = generate(register, count, YEARS, seed=number)
    key = table["area_code"] + table["measure"] + table["year"].astype("str")
    codes, _ = pd.factorize(key)
    gone = random.random(codes.max() + 1) < LEFT_OUT
    table = table[~gone[codes]]
    surveys = table.iloc[: 6 * len(YEARS)].reset_index(drop=True)
    of_province = [m for m in register.measures.values() if m.reporting_level != "area"]
    goals = {m.id: register.limits(m.id, "ledger")[2030].limit.value for m in of_province}
    values = [
        f"{float(goals[m.id]) * random.uniform(0.8, 1.4):.1f}" for m in of_province for _ in YEARS
    ]
    surveys = surveys.assign(
        area_code="27",
        measure=[m.id for m in of_province for _ in YEARS],
        year=list(YEARS) * len(of_province),
        part="value",
        value=values,
        raw=values,
        observation_id=[f"V-{n}" for n in range(len(surveys))],
    )
    return pd.concat([table, surveys], ignore_index=True).assign(geography="old-27")


class Communes:
    """A province whose communes report, at every date; the plan's targets are its own."""

    successions = ()

    def __init__(self, codes: list[str]):
        self.province = Spot("27", "province", "", "old-27")
        self.spots = [Spot(code, "district", "27", "old-27") for code in codes]

    def get(self, code: str, day: dt.date) -> Spot:
        """Return the province: nothing else is asked for."""
        return self.province

    def on(self, day: dt.date, level: str, province: str = "27") -> list[Spot]:
        """Return all communes, which stand where districts stood."""
        return self.spots


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
