"""Writes one workbook back to each sender: the bad cells marked, and a list of what to do.

A sender whose submission has no fault gets a confirmation, one that sent nothing a reminder with
the blank form. The copy (`treem.intake.feedback_copy`) keeps the sender's own sheets as values, so
that it can be corrected and sent again; what was received is not touched. The letter and the list
in front of it are written by `treem.intake.feedback_letter`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treem.display.texts import load_texts
from treem.intake.feedback_copy import Marks, copy_of, mark_cells, place_of, put_notice
from treem.intake.feedback_letter import write_letter
from treem.intake.forms import measures_of
from treem.intake.forms_write import build_form, make_form, save_form
from treem.intake.observations import records
from treem.intake.sources import (
    ListedSource,
    located,
    read_sources,
    superseded,
    years_received,
)
from treem.intake.units import Unit, units_owing

if TYPE_CHECKING:
    import pandas as pd

    from treem.areas import Areas
    from treem.edition import Edition
    from treem.plan.register import PlanRegister
    from treem.project import Project

Row = Mapping[str, Any]

_ORDER = ("run", "submission", "record", "info")


@dataclass(frozen=True)
class Reply:
    """What goes back to one unit for one year: its file (None: nothing came) and its findings."""

    unit: Unit
    year: int
    source: ListedSource | None
    path: Path | None
    values: int
    findings: tuple[Row, ...]

    @property
    def faults(self) -> int:
        """How many findings the sender has to correct: those that no waiver lets pass."""
        return sum(row["severity"] != "info" and not row["waiver"] for row in self.findings)

    @property
    def faulty(self) -> bool:
        """Whether the sender has anything to correct."""
        return self.faults > 0

    @property
    def refused(self) -> bool:
        """Whether nothing of the file is used."""
        grave = ("submission", "run")
        return any(row["severity"] in grave and not row["waiver"] for row in self.findings)


def write_feedback(
    project: Project,
    edition: Edition,
    register: PlanRegister,
    areas: Areas,
    observations: pd.DataFrame,
    findings: pd.DataFrame,
    folder: Path,
) -> list[Path]:
    """Write `<folder>/<year>/<unit>.xlsx` for every unit that owes figures; returns the paths.

    In: the observations and findings of `treem.quality.check` over the same edition. The same
    input gives the same bytes.
    """
    written = []
    for reply in replies(project, edition, register, areas, observations, findings):
        path = folder / str(reply.year) / f"{reply.unit.code}.xlsx"
        book = _blank(edition, register, reply) if reply.source is None else copy_of(reply)
        _finish(book, reply, edition.notice)
        save_form(book, path)
        written.append(path)
    return written


def replies(
    project: Project,
    edition: Edition,
    register: PlanRegister,
    areas: Areas,
    observations: pd.DataFrame,
    findings: pd.DataFrame,
) -> list[Reply]:
    """Return the reply to every unit and year, by year and in order of the units.

    A finding goes to the sender of the file it stands in; one without a file to the unit that owes
    what it names. Findings on a file that a later one replaced concern nobody any more.
    """
    by_file = _grouped(records(findings), "file")
    values = observations[observations["superseded_by"] == ""]["file"].value_counts()
    made = []
    for year in edition.years:
        sources = _sources_of(project, edition, year)
        for unit in units_owing(edition, register, areas, year):
            shown, source = sources.get(unit.code, ("", None))
            rows = [*(by_file.get(shown, []) if source else [])]
            rows += _without_file(by_file, register, unit, year)
            made.append(
                Reply(
                    unit=unit,
                    year=year,
                    source=source,
                    path=_located(project, shown) if source else None,
                    values=int(values.get(shown, 0)) if source else 0,
                    findings=tuple(sorted(rows, key=_finding_order)),
                )
            )
    return made


def _finish(book: Any, reply: Reply, notice: str) -> None:
    """Mark the copy, put the letter before it, and set what people see first."""
    said = load_texts("feedback")
    marks = Marks() if reply.source is None else mark_cells(book, reply.findings)
    for sheet in book.worksheets:
        put_notice(sheet, notice)
    letter = book.create_sheet(said["sheet"], 0)
    write_letter(letter, reply, notice, marks)
    for other in book.worksheets[1:]:
        other.sheet_view.tabSelected = False
        if other.title in marks.sheets:
            other.sheet_properties.tabColor = "C00000"
    book.active = 0
    book.properties.title = f"{said['title']} - {reply.unit.name}, {reply.year}"
    book.properties.creator = book.properties.lastModifiedBy = "treem"
    book.properties.description = book.properties.subject = notice or None


def _blank(edition: Edition, register: PlanRegister, reply: Reply) -> Any:
    """Return the form that a unit has not sent yet, ready to be filled in."""
    return build_form(register, make_form(edition, register, reply.unit, reply.year), {})


def _sources_of(
    project: Project, edition: Edition, year: int
) -> dict[str, tuple[str, ListedSource]]:
    """Return the file that counts for each unit of a year, with its path in the project."""
    found = {}
    for folder, shown in years_received(project.root, edition.submissions, year):
        sources = read_sources(folder, shown)
        replaced = superseded(sources)
        for source in sources:
            if source.file not in replaced:
                found[source.unit_code] = (f"{shown}/{source.file}", source)
    return found


def _located(project: Project, shown: str) -> Path:
    path = project.root / shown
    return located(path.parent, path.name)


def _grouped(rows: Sequence[Row], key: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row[key]), []).append(row)
    return groups


def _without_file(
    by_file: Mapping[str, list[Row]], register: PlanRegister, unit: Unit, year: int
) -> list[Row]:
    """Return the findings on what a unit owes and no file of it shows.

    Departments share the code of the province: a finding is theirs by its measure or their name.
    What stops the whole run is a matter of the office, not of a sender.
    """
    here = [
        row
        for row in by_file.get("", [])
        if (row["area_code"], row["year"]) == (unit.area_code, str(year))
        and row["severity"] != "run"
    ]
    if unit.kind != "department":
        return here
    owed = {measure.id for measure in measures_of(register, unit.code, year)}
    return [
        row
        for row in here
        if row["measure"] in owed
        or (not row["measure"] and unit.name in f"{row['area_name']} {row['message']}")
    ]


def _finding_order(row: Row) -> tuple[int, str, int, str, str]:
    column, line = place_of(row["cell"])
    return _ORDER.index(row["severity"]), str(row["sheet"]), line, column, str(row["rule"])
