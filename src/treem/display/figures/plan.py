"""Figures that the plan and the national decision state."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from treem.audit.lineage import NATION, Figure, Printed
from treem.display.figures.records import discrepancies_of, exact_text, formula_of, id_in
from treem.display.numbers import format_exact
from treem.plan.model import Measure, Target

if TYPE_CHECKING:
    from treem.notebooks.api import Run

CELL_PARTS = ("o20", "o25", "o30", "o25", "o30", "o6")
"""Parts of the cells of the summary table in printed order: 2020, province, nation, stray."""

NATIONAL_SOURCE = "data/plan/national_targets.csv"
_PLACE_PARTS = {"text": "w", "table": "k", "label": "l", "national": "q"}


def baseline(run: Run, measure_id: str) -> Printed | None:
    """Print the 2020 figure of a measure as the summary table gives it."""
    found = run.register.baselines[measure_id]
    if found.value is None:
        return None
    measure = run.register.measures[measure_id]
    return _plan_number(
        run, measure, run.plan_area, "b", found.value, found.comparator, "plan", found.line
    )


def target(run: Run, chosen: Target) -> Printed:
    """Print a target that was chosen to judge by, of the province or of the nation."""
    area = NATION if chosen.scope == "national" else run.plan_area
    return _target(run, chosen, area, f"t{chosen.year % 100}", "choose")


def place(run: Run, stated: Target) -> Printed:
    """Print a target as one place of the plan or the national decision states it."""
    area = NATION if stated.scope == "national" else run.plan_area
    code = f"{_PLACE_PARTS[stated.where]}{stated.year % 100}"
    return _target(run, stated, area, code, "plan")


def cell(run: Run, measure_id: str, column: int, words: str, line: int) -> Printed:
    """Print a cell of the summary table verbatim; `column` counts from 0 (the 2020 figure)."""
    area = NATION if column in (3, 4, 5) else run.plan_area
    figure = Figure(
        figure=id_in(run, measure_id, area, None, CELL_PARTS[column]),
        edition=run.edition.name,
        measure=measure_id,
        geography=run.geography_of(area),
        area_code=area,
        year=None,
        part=CELL_PARTS[column],
        exact=words,
        display=words,
        unit="",
        decimals=None,
        operation="verbatim",
        formula=formula_of("verbatim"),
        plan_lines=(line,),
        discrepancies=discrepancies_of(run, measure_id),
    )
    return run.figures.add(figure)


def _target(run: Run, stated: Target, area: str, part_code: str, operation: str) -> Printed:
    measure = run.register.measures[stated.measure]
    return _plan_number(
        run,
        measure,
        area,
        part_code,
        stated.limit.value,
        stated.limit.comparator,
        operation,
        stated.line if stated.where != "national" else None,
        formula=f"{formula_of(operation)}: {stated.words}",
        published=_national_rows(run, stated) if stated.where == "national" else (),
    )


def _national_rows(run: Run, stated: Target) -> tuple[str, ...]:
    """Return the rows of the national decision that state a target, as `file:line`."""
    return tuple(
        f"{NATIONAL_SOURCE}:{line}"
        for line, row in run.national_rows
        if row["measure"] == stated.measure and row["year"] == str(stated.year) and not row["part"]
    )


def _plan_number(
    run: Run,
    measure: Measure,
    area: str,
    part_code: str,
    number: Fraction,
    bound: str | None,
    operation: str,
    line: int | None,
    formula: str = "",
    published: tuple[str, ...] = (),
) -> Printed:
    figure = Figure(
        figure=id_in(run, measure.id, area, None, part_code),
        edition=run.edition.name,
        measure=measure.id,
        geography=run.geography_of(area),
        area_code=area,
        year=None,
        part=part_code,
        exact=exact_text(number),
        display=format_exact(number),
        unit=measure.unit,
        decimals=None,
        operation=operation,
        bound=bound or "",
        formula=formula or formula_of(operation),
        plan_lines=(line,) if line is not None else (),
        published_rows=published,
        discrepancies=discrepancies_of(run, measure.id),
    )
    return run.figures.add(figure)
