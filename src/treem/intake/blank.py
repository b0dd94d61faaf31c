"""Writes the blank forms of an edition: one workbook for each unit that owes figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from treem.edition import Edition
from treem.intake.forms import form_rows
from treem.intake.forms_write import build_form, make_form, save_form
from treem.intake.units import units_owing
from treem.project import Project

if TYPE_CHECKING:
    import pandas as pd

    from treem.areas import Areas
    from treem.plan.register import PlanRegister


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


def last_year_figures(
    edition: Edition, register: PlanRegister, areas: Areas, observations: pd.DataFrame
) -> dict[tuple[str, str], str]:
    """Return the figures of the year before, by code of the unit and machine id of the row.

    In: observations after the gate. Only values in use of the very area that the unit reports
    for; a unit that is new since a boundary change has none.
    """
    year = edition.year - 1
    rows = observations[
        (observations["year"] == year)
        & (observations["used"] == "true")
        & (observations["value"] != "")
    ]
    known = {
        (row.area_code, row.measure, row.part, row.stratum): f"{row.bound}{row.value}"
        for row in rows.itertuples()
    }
    return {
        (unit.code, row.id): known[unit.area_code, row.measure, row.part, row.stratum]
        for unit in units_owing(edition, register, areas, edition.year)
        for row in form_rows(edition, register, unit.code, edition.year)
        if (unit.area_code, row.measure, row.part, row.stratum) in known
    }
