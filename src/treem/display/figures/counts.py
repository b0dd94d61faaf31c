"""Counts of things as figures: verdicts, findings, discrepancies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from treem.audit.lineage import Figure, Printed
from treem.display.figures.records import id_in, result_key
from treem.display.numbers import format_count
from treem.display.texts import load_texts
from treem.notebooks.results import Result

if TYPE_CHECKING:
    from treem.notebooks.api import Run


def tally(
    run: Run,
    code: str,
    name: str,
    number: int,
    formula: str,
    *,
    results: Iterable[Result] = (),
    area_code: str | None = None,
    year: int | None = None,
    measure: str = "",
    checks: Sequence[str] = (),
    lines: Sequence[int] = (),
    discrepancies: Sequence[str] = (),
) -> Printed:
    """Print a count of things; `formula` says in Vietnamese what was counted.

    `code` stands where a measure would in the id: `MT1` an objective, `TH` the whole review, `SL`
    the data received, `KH` the plan. `name` says what is counted; its short code is the part.
    """
    part_code = count_part(name)
    area = area_code or run.area_code
    figure = Figure(
        figure=id_in(run, code, area, run.year if year is None else year, part_code),
        edition=run.edition.name,
        measure=measure,
        geography=run.geography_of(area),
        area_code=area,
        year=run.year if year is None else year,
        part=part_code,
        exact=str(number),
        display=format_count(number),
        unit="",
        decimals=0,
        operation="count",
        formula=formula,
        results=tuple(result_key(run, one) for one in results),
        plan_lines=tuple(lines),
        discrepancies=tuple(discrepancies),
        checks=tuple(checks),
    )
    return run.figures.add(figure)


def count_part(name: str) -> str:
    """Return the part of the id for what is counted: `k25.da` for `k25.MET`."""
    codes: dict[str, str] = load_texts("figures")["count_codes"]
    return ".".join(codes.get(piece, piece) for piece in name.split("."))
