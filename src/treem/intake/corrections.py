"""Declared corrections to known errors of a source: `params/intake/corrections.yml`.

A correction names the value that it found (`expected`, the raw text of the cell) and what should
stand there. The value received stays, out of use; the corrected one is a row of its own that names
what it replaces. When the source changes, the guard no longer holds and the run stops: a correction
never outlives the error it was made for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from treem.edition import Edition
from treem.errors import UsageError
from treem.intake.findings import Finding, find
from treem.intake.forms import row_id
from treem.intake.kept_rules import Schema, read_list
from treem.intake.numbers import read_cell
from treem.intake.observations import Observation, value_columns
from treem.project import Project

NAME = "corrections"
_SCHEMA: Schema = {
    "id": (str,),
    "area": (str,),
    "year": (int,),
    "row": (str,),
    "expected": (str, int),
    "corrected": (str, int),
    "reason": (str,),
    "who": (str,),
    "date": (dt.date,),
    "edition": (str,),
}
_OPTIONAL = frozenset({"edition"})


@dataclass(frozen=True)
class Correction:
    """One correction: where (area, year, machine id of the row), what was found, what is right.

    `edition` narrows it to one edition, so that an earlier one can be built again as it was
    published; "" is every edition.
    """

    id: str
    area: str
    year: int
    row: str
    expected: str
    corrected: str
    reason: str
    who: str
    date: dt.date
    edition: str = ""

    def holds_in(self, edition: Edition) -> bool:
        """Whether it is a correction of an edition."""
        return self.year in edition.years and self.edition in ("", edition.name)


def load_corrections(project: Project) -> tuple[Correction, ...]:
    """Read all corrections. Raises UsageError on any fault of the file."""
    entries = read_list(project, NAME, _SCHEMA, _OPTIONAL)
    return tuple(_correction(entry) for entry in entries)


def apply_corrections(
    corrections: Sequence[Correction], edition: Edition, observations: list[Observation]
) -> tuple[list[Observation], list[Finding]]:
    """Return the observations with corrections of the edition's years applied, and the findings."""
    rows, findings = list(observations), []
    for correction in corrections:
        if not correction.holds_in(edition):
            continue
        places = [number for number, row in enumerate(rows) if _is_of(row, correction)]
        fitting = [number for number in places if rows[number].raw == correction.expected]
        if not fitting:
            findings.append(_expired(correction, [rows[number] for number in places]))
        for number in fitting:
            old = rows[number]
            new = _corrected(old, correction)
            rows[number] = replace(old, used="false", superseded_by=new.observation_id)
            rows.append(new)
            findings.append(_applied(old, correction))
    return rows, findings


def _correction(entry: dict[str, object]) -> Correction:
    words = {key: str(entry[key]) for key in ("expected", "corrected")}
    words["edition"] = str(entry["edition"] or "")
    made = Correction(**{**entry, **words})  # type: ignore[arg-type]
    reading = read_cell(made.corrected)
    if reading.problem or not made.reason.strip() or not made.who.strip():
        raise UsageError(
            f"params/intake/{NAME}.yml, mục “{made.id}”: cần “corrected” là một số hoặc ký hiệu "
            f"của biểu (đang ghi “{made.corrected}”), và “reason”, “who” không để trống."
        )
    return made


def _is_of(row: Observation, correction: Correction) -> bool:
    return (
        row.superseded_by == ""
        and (row.area_code, row.year) == (correction.area, correction.year)
        and row_id(row.measure, row.part, row.stratum) == correction.row
    )


def _corrected(row: Observation, correction: Correction) -> Observation:
    reading = read_cell(correction.corrected)
    if reading.status == "reported":
        reading = replace(reading, status="revised")
    why = f"đính chính {correction.id} ({correction.who}, {correction.date:%d/%m/%Y})"
    return replace(
        row,
        observation_id=f"{row.observation_id}-{correction.id}",
        **value_columns(reading),  # type: ignore[arg-type]
        note="; ".join(filter(None, (row.note, f"{why}: {correction.reason}"))),
        used="true",
    )


def _applied(row: Observation, correction: Correction) -> Finding:
    words = f"{correction.corrected}, {correction.id}, {correction.who}: {correction.reason}"
    return find(
        "correction_applied",
        words=words,
        file=row.file,
        sheet=row.sheet,
        cell=row.cell,
        area_code=row.area_code,
        area_name=row.area_name,
        year=str(row.year),
        measure=row.measure,
        part=row.part,
        raw=row.raw,
    )


def _expired(correction: Correction, rows: list[Observation]) -> Finding:
    found = ", ".join(f"“{row.raw}”" for row in rows) or "không có ô nào"
    words = f"chờ “{correction.expected}”, nay là {found}"
    return find(
        "correction_expired",
        words=words,
        area_code=correction.area,
        year=str(correction.year),
        measure=correction.row.rsplit(".", 1)[0] if "=" not in correction.row else "",
        raw=correction.id,
    )
