"""Tables of a build made by hand: everything missing but what a test puts in."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow
from pyarrow import parquet

from treem.edition import load_edition
from treem.indicators.judged import RESULT_COLUMNS
from treem.intake.findings import FINDING_COLUMNS
from treem.intake.observations import OBSERVATION_COLUMNS
from treem.notebooks.api import Run
from treem.notebooks.results import Tables
from treem.plan.register import load_register
from treem.project import Project
from treem.quality.chapter import (
    CORRECTION_COLUMNS,
    CORRECTIONS,
    COVERAGE,
    RESUBMISSION_COLUMNS,
    RESUBMISSIONS,
    WAIVER_COLUMNS,
    WAIVERS,
)
from treem.quality.coverage import COVERAGE_COLUMNS

PROJECT = Project(Path(__file__).resolve().parent.parent)
REGISTER = load_register(PROJECT)
AREAS = {
    "27": ("Tỉnh Bắc Ninh", "province"),
    "256": ("Thành phố Bắc Ninh", "district"),
    "258": ("Huyện Yên Phong", "district"),
}
CHAPTER = {
    COVERAGE: COVERAGE_COLUMNS,
    RESUBMISSIONS: RESUBMISSION_COLUMNS,
    WAIVERS: WAIVER_COLUMNS,
    CORRECTIONS: CORRECTION_COLUMNS,
}
Changes = Mapping[tuple[str, int, str], Mapping[str, str]]


def small_run(
    folder: Path,
    changes: Changes,
    *,
    edition: str = "demo-2024",
    year: int | None = None,
    area: str = "27",
    observations: Iterable[Mapping[str, str]] = (),
    findings: Iterable[Mapping[str, str]] = (),
) -> Run:
    """Return a run of a notebook on tables that hold `changes` by area, year and measure."""
    found = load_edition(PROJECT, edition)
    write_tables(folder, found.name, found.years, changes, observations, findings)
    return Run(PROJECT, found, Tables(folder), year or found.year, area)


def write_tables(
    folder: Path,
    edition: str,
    years: Iterable[int],
    changes: Changes,
    observations: Iterable[Mapping[str, str]] = (),
    findings: Iterable[Mapping[str, str]] = (),
) -> None:
    """Write the tables that notebooks read; those of the quality chapter without rows."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        _row(edition, area, year, measure, changes.get((area, year, measure), {}))
        for year in years
        for area in AREAS
        for measure in REGISTER.measures
    ]
    _write_csv(folder / "results.csv", RESULT_COLUMNS, rows)
    _write_csv(
        folder / "findings.csv",
        FINDING_COLUMNS,
        [{**dict.fromkeys(FINDING_COLUMNS, ""), **row} for row in findings],
    )
    seen = [{**dict.fromkeys(OBSERVATION_COLUMNS, ""), **row} for row in observations]
    for name, header in CHAPTER.items():
        _write_csv(folder / name, header, ())
    columns = {name: [row[name] for row in seen] for name in OBSERVATION_COLUMNS}
    parquet.write_table(
        pyarrow.table({name: pyarrow.array(values, "string") for name, values in columns.items()}),
        folder / "observations.parquet",
    )


def judged(value: str, verdict_2025: str, verdict_2030: str = "NO_TARGET", **more: str) -> dict:
    """Return the columns of a reported value with its verdicts."""
    verdicts = {
        f"verdict_{year}{reading}": code
        for year, code in ((2025, verdict_2025), (2030, verdict_2030))
        for reading in ("", "_text", "_table")
    }
    return {"value": value, "status": "reported", "mark": "", "reason": "", **verdicts, **more}


def _row(
    edition: str, area: str, year: int, measure: str, changes: Mapping[str, str]
) -> dict[str, str]:
    name, level = AREAS[area]
    found = REGISTER.measures[measure]
    missing = {
        "edition": edition,
        "geography": "old-27",
        "area_code": area,
        "area_name": name,
        "level": level,
        "year": str(year),
        "measure": measure,
        "unit": found.unit,
        "period": found.period,
        "reading": "ledger",
        "status": "missing",
        "mark": "[x]",
        "comparable": "true",
        "confirmed": "false",
        "reason": "Chưa gửi.",
        **{
            f"verdict_{target}{reading}": "NO_DATA"
            for target in (2025, 2030)
            for reading in ("", "_text", "_table")
        },
    }
    return {**dict.fromkeys(RESULT_COLUMNS, ""), **missing, **changes}


def _write_csv(path: Path, columns: Iterable[str], rows: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
