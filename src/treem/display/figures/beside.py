"""Figures that stand beside a verdict: pools of three years, projections, growth ratios."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from treem.audit.lineage import Printed
from treem.display.figures.results import levels_of, record_result
from treem.display.numbers import format_against, format_count, format_decimal, format_exact
from treem.notebooks.results import Result

if TYPE_CHECKING:
    from treem.notebooks.api import Run

_RATIO_DECIMALS = 2
_POOLED_PARTS = {"numerator": "pn", "denominator": "pd"}


def pooled(run: Run, result: Result) -> Printed | None:
    """Print the value of three years taken together."""
    measure = run.register.measures[result.measure]
    exact = result.exact("pooled_value")
    if exact is None:
        return None
    shown = format_against(exact, levels_of(run, measure.id), measure.decimals)
    years = _pooled_years(run, result)
    return record_result(run, result, "pv", exact, shown.text, shown.decimals, "pool", years=years)


def pooled_part(run: Run, result: Result, name: str) -> Printed | None:
    """Print the summed numerator or denominator of three years."""
    exact = result.exact(f"pooled_{name}")
    if exact is None:
        return None
    text, years = format_exact(exact), _pooled_years(run, result)
    return record_result(
        run, result, _POOLED_PARTS[name], exact, text, 0, "pool_sum", unit="", years=years
    )


def pooled_interval(run: Run, result: Result) -> tuple[Printed, Printed] | None:
    """Print the two ends of the 95 % interval of three years taken together."""
    lower, upper = result.exact("pooled_lower"), result.exact("pooled_upper")
    if lower is None or upper is None:
        return None
    decimals = run.register.measures[result.measure].decimals
    years = _pooled_years(run, result)
    low, high = (
        record_result(
            run,
            result,
            code,
            end,
            format_decimal(end, decimals),
            decimals,
            "pool_interval",
            years=years,
        )
        for code, end in (("plo", lower), ("phi", upper))
    )
    return low, high


def projected(run: Run, result: Result, year: int) -> Printed | None:
    """Print where the values point to in a target year."""
    exact = result.exact(f"projected_{year}")
    if exact is None:
        return None
    measure = run.register.measures[result.measure]
    shown = format_against(exact, levels_of(run, measure.id), measure.decimals)
    code, years = f"j{year % 100}", _series(run, result)
    return record_result(
        run, result, code, exact, shown.text, shown.decimals, "project", years=years
    )


def projected_gap(run: Run, result: Result, year: int) -> Printed | None:
    """Print how far a projected value is from its target; positive while something is missing."""
    exact = result.exact(f"projected_gap_{year}")
    if exact is None:
        return None
    decimals = run.register.measures[result.measure].decimals
    shown = format_against(exact, [Fraction(0)], decimals)
    return record_result(
        run,
        result,
        f"h{year % 100}",
        exact,
        shown.text,
        shown.decimals,
        "projected_gap",
        planned=True,
        years=_series(run, result),
    )


def spread(run: Run, result: Result) -> Printed | None:
    """Print by how much values stray from the line of the projection."""
    exact = result.exact("projection_spread")
    if exact is None:
        return None
    decimals = run.register.measures[result.measure].decimals + 1
    text, years = format_decimal(exact, decimals), _series(run, result)
    return record_result(run, result, "js", exact, text, decimals, "spread", years=years)


def points(run: Run, result: Result) -> Printed | None:
    """Print how many years a projection rests on."""
    exact = result.exact("projection_points")
    if exact is None:
        return None
    text, years = format_count(exact), _series(run, result)
    return record_result(run, result, "jn", exact, text, 0, "points", unit="", years=years)


def growth(run: Run, result: Result, year: int) -> Printed | None:
    """Print the compound-growth ratio against a target year."""
    exact = result.exact(f"growth_ratio_{year}")
    if exact is None:
        return None
    text = format_decimal(exact, _RATIO_DECIMALS)
    code = f"m{year % 100}"
    return record_result(
        run, result, code, exact, text, _RATIO_DECIMALS, "growth", planned=True, unit=""
    )


def _pooled_years(run: Run, result: Result) -> list[Result]:
    first = int(result["pooled_from"])
    return _of_years(run, result, range(first, first + int(result["pooled_years"])))


def _series(run: Run, result: Result) -> list[Result]:
    """Return the results that a projection rests on: comparable ones with a value of their own."""
    rows = _of_years(run, result, [year for year in run.edition.years if year <= result.year])
    return [row for row in rows if row["comparable"] == "true" and row["value"]]


def _of_years(run: Run, result: Result, years: Iterable[int]) -> list[Result]:
    found = (run.result(result.measure, result.area_code, year) for year in years)
    return [row for row in found if row is not None]
