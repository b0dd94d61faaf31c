"""Collecting the figures of an edition: blank forms out, submissions in, checks, feedback back.

What the commands `demo`, `forms`, `intake`, `check` and `feedback` do. Each writes a folder of its
own under `reports/<edition>/`, whole or not at all; nothing that was received is changed.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from treem.edition import Edition, edition_names, load_edition
from treem.errors import UsageError
from treem.gate import read, read_and_check, rows_of
from treem.indicators.rollup import check_places
from treem.outcome import CheckOutcome, IntakeOutcome, Outcome
from treem.project import Project, ReportPaths
from treem.safe import safe_table
from treem.storage import scratch, sole_writer, swap_in


def write_demos(project: Project) -> dict[str, list[Path]]:
    """Write the generated submissions of every demonstration edition."""
    from treem.demo import write_demo

    editions = [load_edition(project, name) for name in edition_names(project)]
    return {edition.name: write_demo(project, edition) for edition in editions if edition.generated}


def forms_edition(project: Project, name: str) -> Outcome:
    """Write a blank workbook for every unit that owes figures for the edition's year.

    Each row shows the figure of the year before where the edition has it and it counted.
    """
    from treem.intake.blank import last_year_figures, write_forms

    edition = _edition_of_submissions(project, name)
    check_places(project, edition)
    before = {}
    if edition.year - 1 in edition.years:
        road = read_and_check(project, edition)
        before = last_year_figures(edition, road.register, road.areas, road.observations)
    paths = project.report(name)
    with _replaced(paths, paths.forms) as folder:
        written = write_forms(project, edition, folder, before)
    shown = _shown(project, paths.forms)
    return Outcome(
        edition=name,
        sentence=f"Kỳ {name}: đã ghi {len(written)} biểu trống năm {edition.year} vào {shown}.",
        written=(shown,),
    )


def record_new_files(
    project: Project, name: str, received: str | None, document: str, sender: str
) -> list[str]:
    """Enter files that lie among the submissions without a row into their `SOURCES.csv`.

    Raises UsageError without a day of receipt: it is a fact of the office, not of the file.
    """
    from treem.intake.registration import record_files

    edition = _edition_of_submissions(project, name)
    try:
        day = dt.date.fromisoformat(received or "")
    except ValueError as error:
        raise UsageError(
            f"--record cần --received NGÀY dạng năm-tháng-ngày, đang ghi {received or 'trống'}. "
            "Ví dụ: treem intake 2025 --record --received 2026-01-15 --document 12/BC-UBND."
        ) from error
    return record_files(
        project, edition, received_date=day.isoformat(), document_number=document, sender=sender
    )


def intake_edition(project: Project, name: str, recorded: Sequence[str] = ()) -> IntakeOutcome:
    """Read what was received and write every value with its cell of origin; nothing is judged."""
    edition = _edition_of_submissions(project, name)
    check_places(project, edition)
    paths = project.report(name)
    road = read(project, edition)
    with _replaced(paths, paths.intake) as folder:
        safe_table(road.observations).to_csv(
            folder / "observations.csv", index=False, lineterminator="\n"
        )
        safe_table(road.findings).to_csv(folder / "findings.csv", index=False, lineterminator="\n")
        safe_table(road.differences).to_csv(
            folder / "differences.csv", index=False, lineterminator="\n"
        )
    return IntakeOutcome(
        edition=name,
        folder=_shown(project, paths.intake),
        files=int(road.observations["file"].nunique()),
        values=len(road.observations),
        differences=tuple(rows_of(road.differences)),
        findings=tuple(rows_of(road.findings)),
        recorded=tuple(recorded),
    )


def check_edition(project: Project, name: str) -> CheckOutcome:
    """Read an edition's data and run the gate over it."""
    edition = load_edition(project, name)
    check_places(project, edition)
    paths = project.report(name)
    road = read_and_check(project, edition)
    with _replaced(paths, paths.check) as folder:
        safe_table(road.findings).to_csv(folder / "findings.csv", index=False, lineterminator="\n")
        (folder / "quality_raw.json").write_text(
            json.dumps(road.raw_checks, ensure_ascii=False, indent=1, sort_keys=True), "utf-8"
        )
    return CheckOutcome(name, tuple(rows_of(road.findings)), _shown(project, paths.check))


def feedback_edition(project: Project, name: str) -> Outcome:
    """Write one workbook back to every unit: what is wrong where, or that nothing is."""
    from treem.intake.feedback import write_feedback

    edition = _edition_of_submissions(project, name)
    check_places(project, edition)
    paths = project.report(name)
    road = read_and_check(project, edition)
    with _replaced(paths, paths.feedback) as folder:
        written = write_feedback(
            project, edition, road.register, road.areas, road.observations, road.findings, folder
        )
    shown = _shown(project, paths.feedback)
    return Outcome(
        edition=name,
        sentence=f"Kỳ {name}: đã ghi {len(written)} biểu phản hồi vào {shown}, mỗi đơn vị và năm "
        "một tệp.",
        written=(shown,),
    )


def _edition_of_submissions(project: Project, name: str) -> Edition:
    edition = load_edition(project, name)
    if not edition.submissions:
        raise UsageError(
            f"Kỳ {name} không dùng hồ sơ của đơn vị (params/{name}.yml ghi submissions: null), "
            "nên không có biểu để gửi hoặc đọc."
        )
    return edition


@contextmanager
def _replaced(paths: ReportPaths, final: Path) -> Iterator[Path]:
    """Give an empty folder to write into; it takes the place of the final one when all is done."""
    with sole_writer(paths.root, paths.edition):
        folder = scratch(paths.root, final.name)
        yield folder
        swap_in(folder, final)


def _shown(project: Project, path: Path) -> str:
    return path.relative_to(project.root).as_posix()
