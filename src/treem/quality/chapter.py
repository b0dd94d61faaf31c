"""Tables for the quality chapter, beside results.csv: coverage and what people decided.

Notebooks read nothing but the tables folder. `write_chapter` writes what is true for the office,
`write_public_chapter` the copy that may leave it: who owes what to whom and who decided what, but
no value of a cell.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treem.display.numbers import short_date
from treem.edition import Edition
from treem.intake.corrections import load_corrections
from treem.intake.forms import PART_NAMES, row_id
from treem.intake.observations import records
from treem.intake.sources import read_sources, superseded, years_received
from treem.intake.units import units_owing
from treem.project import Project
from treem.quality import waivers_of
from treem.quality.coverage import coverage
from treem.safe import safe_table, safe_text

if TYPE_CHECKING:
    import pandas as pd

    from treem.gate import Road

COVERAGE, RESUBMISSIONS = "coverage.csv", "resubmissions.csv"
WAIVERS, CORRECTIONS = "waivers.csv", "corrections.csv"
FILES = (COVERAGE, RESUBMISSIONS, WAIVERS, CORRECTIONS)

RESUBMISSION_COLUMNS = (
    "unit_code",
    "unit_name",
    "year",
    "file",
    "replaced_by",
    "received_date",
    "document_number",
    "changed",
    "measures",
    "changes",
)
WAIVER_COLUMNS = (
    "id",
    "rule",
    "area_name",
    "year",
    "measure",
    "cell",
    "findings",
    "in_force",
    "reason",
    "who",
    "role",
    "until",
)
CORRECTION_COLUMNS = (
    "id",
    "area_name",
    "year",
    "row",
    "expected",
    "corrected",
    "reason",
    "who",
    "date",
)
VALUE_COLUMNS = {RESUBMISSIONS: ("changes",), CORRECTIONS: ("expected", "corrected")}
"""Columns that quote what a cell says; the public copy has them empty."""


def write_chapter(
    project: Project, edition: Edition, road: Road, findings: pd.DataFrame, folder: Path
) -> None:
    """Write `coverage.csv`, `resubmissions.csv`, `waivers.csv` and `corrections.csv`.

    In: what the gate let pass, with all findings of the edition. Grain: a row per area × measure ×
    year; per file that a later one replaced; per waiver; per correction of the edition's years.
    """
    board = coverage(edition, road.register, road.areas, road.observations, findings)
    safe_table(board).to_csv(folder / COVERAGE, index=False, lineterminator="\n")
    rows = records(findings)
    names = _names(road)
    _write(folder / RESUBMISSIONS, RESUBMISSION_COLUMNS, _resubmissions(project, edition, road))
    _write(folder / WAIVERS, WAIVER_COLUMNS, _waivers(project, edition, rows, names))
    _write(folder / CORRECTIONS, CORRECTION_COLUMNS, _corrections(project, edition, road, names))


def write_public_chapter(
    tables: Path, folder: Path, public: Mapping[str, Mapping[str, str]]
) -> None:
    """Copy the tables of the chapter from `tables` without any value of a cell.

    `public` gives the public row of each finding by its id in the office.
    """
    import pandas as pd

    for name in FILES:
        table = pd.read_csv(tables / name, dtype=str, keep_default_na=False)
        hidden: dict[str, Any] = dict.fromkeys(VALUE_COLUMNS.get(name, ()), "")
        if name == WAIVERS:
            passed = [[public[one] for one in text.split()] for text in table["findings"]]
            hidden |= {"findings": [" ".join(one["finding_id"] for one in rows) for rows in passed]}
            hidden |= {
                "rule": [_public_rule(*one) for one in zip(table["rule"], passed, strict=True)]
            }
        table.assign(**hidden).to_csv(folder / name, index=False, lineterminator="\n")


def _public_rule(rule: str, passed: Sequence[Mapping[str, str]]) -> str:
    """Return the rule of a waiver, or that it is not named where it let such a finding pass."""
    withheld = [row["rule"] for row in passed if row["rule"] != rule]
    return withheld[0] if withheld else rule


def _resubmissions(project: Project, edition: Edition, road: Road) -> list[dict[str, str]]:
    by_file: dict[str, list[dict[str, Any]]] = {}
    for row in records(road.differences):
        by_file.setdefault(row["file_before"] or row["file_after"], []).append(row)
    made = []
    for year in edition.years if edition.submissions else ():
        units = units_owing(edition, road.register, road.areas, year)
        senders = {unit.code: unit.name for unit in units}
        for folder, shown in years_received(project.root, edition.submissions, year):
            for file, later in superseded(read_sources(folder, shown)).items():
                changes = by_file.get(f"{shown}/{file}", [])
                made.append(
                    {
                        "unit_code": later.unit_code,
                        "unit_name": senders.get(later.unit_code, later.sender),
                        "year": str(year),
                        "file": file,
                        "replaced_by": later.file,
                        "received_date": _day(later.received_date),
                        "document_number": later.document_number,
                        "changed": str(len(changes)),
                        "measures": " ".join(dict.fromkeys(row["measure"] for row in changes)),
                        "changes": "; ".join(_change(row) for row in changes),
                    }
                )
    return made


def _change(row: Mapping[str, Any]) -> str:
    part = PART_NAMES[row["part"]].lower()
    before, after = (row[name] or "…" for name in ("before", "after"))
    return f"{row['measure']} {part}: {before} → {after}"


def _waivers(
    project: Project,
    edition: Edition,
    findings: Sequence[Mapping[str, str]],
    names: Mapping[str, str],
) -> list[dict[str, str]]:
    """Say of each waiver what it lets pass; one that names a finding is told by that finding."""
    waivers = waivers_of(project, edition)
    made = []
    for waiver in waivers.kept:
        passed = [row for row in findings if row["waiver"] == waiver.id]
        named = [row for row in findings if waiver.finding and waiver.names(row)]
        first = next(iter([*passed, *named]), None)
        made.append(
            {
                "id": waiver.id,
                "rule": waiver.rule or (first["rule"] if first else waiver.finding),
                "area_name": first["area_name"] if first else names.get(waiver.area, waiver.area),
                "year": first["year"] if first else waiver.year,
                "measure": first["measure"] if first else waiver.measure,
                "cell": waiver.cell or (first["cell"] if first and waiver.finding else ""),
                "findings": " ".join(row["finding_id"] for row in passed),
                "in_force": "true" if waivers.holds(waiver) else "false",
                "reason": waiver.reason,
                "who": waiver.who,
                "role": waiver.role,
                "until": short_date(waiver.until),
            }
        )
    return made


def _corrections(
    project: Project, edition: Edition, road: Road, names: Mapping[str, str]
) -> list[dict[str, str]]:
    return [
        {
            "id": one.id,
            "area_name": names.get(one.area, one.area),
            "year": str(one.year),
            "row": _row_name(road, one.row),
            "expected": one.expected,
            "corrected": one.corrected,
            "reason": one.reason,
            "who": one.who,
            "date": short_date(one.date),
        }
        for one in load_corrections(project)
        if one.holds_in(edition)
    ]


def _row_name(road: Road, row: str) -> str:
    """Return what a machine id of a form row stands for: `CT24, tử số`."""
    for measure in road.register.measures:
        for part, name in PART_NAMES.items():
            plain = row_id(measure, part, "")
            if row == plain or row.startswith(f"{plain}."):
                return f"{measure}, {name.lower()}"
    return row


def _names(road: Road) -> dict[str, str]:
    """Return the names of the areas that figures were received for, by code."""
    received = road.observations[["area_code", "area_name"]].drop_duplicates("area_code")
    return dict(received.itertuples(index=False, name=None))


def _day(iso: str) -> str:
    return short_date(dt.date.fromisoformat(iso))


def _write(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: safe_text(text) for name, text in row.items()} for row in rows)
