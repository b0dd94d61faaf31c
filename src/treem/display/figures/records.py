"""What the records of figures share: ids, formulas, exact values, discrepancies."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from treem.audit.lineage import figure_id
from treem.display.texts import load_texts
from treem.notebooks.results import Result

if TYPE_CHECKING:
    from treem.notebooks.api import Run


def id_in(run: Run, measure: str, area: str, year: int | None, part_code: str) -> str:
    """Return the id of a figure in the edition of the run."""
    return figure_id(measure, run.geography_of(area), area, year, part_code, run.edition.year)


def result_key(run: Run, result: Result) -> str:
    """Return the key of a result in figures: `CT03.2-27`, or `CT03.2-27-2022` of another year."""
    return id_in(run, result.measure, result.area_code, result.year, "").removesuffix("-")


def formula_of(operation: str) -> str:
    """Say in Vietnamese how a figure of this operation comes about."""
    formulas: dict[str, str] = load_texts("figures")["formula"]
    return formulas[operation]


def exact_text(number: Fraction) -> str:
    """Return a value exactly: `9.97` where decimals end, else `1217/88`."""
    for decimals in range(13):
        scaled = number * 10**decimals
        if scaled.denominator == 1:
            digits = str(abs(scaled.numerator)).rjust(decimals + 1, "0")
            whole = digits[: len(digits) - decimals]
            sign = "-" if number < 0 else ""
            return f"{sign}{whole}.{digits[-decimals:]}" if decimals else f"{sign}{whole}"
    return f"{number.numerator}/{number.denominator}"


def discrepancies_of(run: Run, measure_id: str) -> tuple[str, ...]:
    """Return the ids of the discrepancies of the plan that concern a measure."""
    indicator = measure_id.split(".")[0]
    return tuple(
        one.id for one in run.register.discrepancies if one.measure in (measure_id, indicator)
    )
