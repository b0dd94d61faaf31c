"""Writes the blank forms of an edition: one workbook for each unit that owes figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from treem.edition import Edition
from treem.intake.forms_write import build_form, make_form, save_form
from treem.intake.units import units_owing
from treem.project import Project


def write_forms(
    project: Project,
    edition: Edition,
    folder: Path,
    last_year: Mapping[tuple[str, str], str] | None = None,
) -> list[Path]:
    """Write `<folder>/<year>/<unit>.xlsx` for every unit that owes figures for the edition's year.

    `last_year` gives the figures of the year before as decimal text (or a limit, `<2`), by code
    of the unit and machine id of the row; units and rows without one get none. Returns the paths.
    """
    from treem.areas import load_geography
    from treem.plan.register import load_register

    register, areas = load_register(project), load_geography(project)
    before = last_year or {}
    written = []
    for unit in units_owing(edition, register, areas, edition.year):
        figures = {row: text for (code, row), text in before.items() if code == unit.code}
        form = make_form(edition, register, unit, edition.year, figures)
        path = folder / str(edition.year) / f"{unit.code}.xlsx"
        save_form(build_form(register, form, {}), path)
        written.append(path)
    return written
