"""Figures worked out of one row of the results."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from treem.audit.lineage import Figure, Printed
from treem.display import numbers
from treem.display.figures.records import (
    discrepancies_of,
    exact_text,
    formula_of,
    id_in,
    result_key,
)
from treem.display.numbers import (
    format_against,
    format_count,
    format_decimal,
    format_exact,
)
from treem.indicators.progress import RATIO_LIMITS
from treem.notebooks.results import Result
from treem.plan.model import TARGET_YEARS, Measure

if TYPE_CHECKING:
    from treem.notebooks.api import Run

_RATIO_DECIMALS = 2
_GAP_DECIMALS = 6
"""What is missing is never printed as nothing while a target is not met."""


def value(run: Run, result: Result) -> Printed | None:
    """Print the value of a result, so rounded that it stands where it does to every target."""
    measure = run.register.measures[result.measure]
    exact = result.exact("value", measure.multiplier)
    shown = _shown(run, result)
    if exact is None or shown is None:
        return _limit_only(run, result)
    divided = result.divided(measure.multiplier)
    formula = formula_of("divide" if divided else "as_received")
    return record_result(
        run,
        result,
        "v",
        exact,
        shown.text,
        shown.decimals,
        "divide" if divided else "read",
        formula=formula.format(multiplier=format_count(measure.multiplier)),
    )


def replaced(run: Run, result: Result) -> Printed | None:
    """Print the published value that a result replaces, so that the two differ in print."""
    exact, shown = result.exact("replaces"), _shown_before(run, result)
    if exact is None or shown is None:
        return None
    return record_result(
        run,
        result,
        "tr",
        exact,
        shown.text,
        shown.decimals,
        "replaced",
        observations=(),
        published=(result["replaced_in"],),
    )


def rounding_note(run: Run, result: Result) -> str:
    """Return on which side of a target a value is where its rounded form cannot show it."""
    shown = _shown(run, result)
    return shown.note if shown else ""


def part(run: Run, result: Result, name: str) -> Printed | None:
    """Print the numerator or the denominator of a result."""
    exact = result.exact(name)
    if exact is None:
        return None
    only = [one for one in result.observations if _observed(run, one, "part") == name]
    return record_result(
        run,
        result,
        name[0],
        exact,
        format_exact(exact),
        0,
        "sum" if len(only) > 1 else "read",
        observations=tuple(only),
        unit="",
    )


def interval(run: Run, result: Result) -> tuple[Printed, Printed] | None:
    """Print the two ends of the 95 % interval of a result, with the decimals of its value.

    More where a rounded end would stand on another side of a target: how sure a verdict is rests on
    that side.
    """
    lower, upper = result.exact("lower"), result.exact("upper")
    if lower is None or upper is None:
        return None
    value_shown = _shown(run, result)
    usual = run.register.measures[result.measure].decimals
    least = value_shown.decimals if value_shown else usual
    levels = levels_of(run, result.measure)
    decimals = max(format_against(end, levels, least).decimals for end in (lower, upper))
    ends = [
        record_result(run, result, code, end, format_decimal(end, decimals), decimals, "interval")
        for code, end in (("lo", lower), ("hi", upper))
    ]
    return ends[0], ends[1]


def path(run: Run, result: Result) -> Printed | None:
    """Print what the straight path asks for in the year of a result."""
    exact = result.exact("path")
    if exact is None:
        return None
    measure = run.register.measures[result.measure]
    reached = result.exact("value", measure.multiplier)
    points = levels_of(run, measure.id) + ([] if reached is None else [reached])
    shown = format_against(exact, points, measure.decimals)
    return record_result(run, result, "p", exact, shown.text, shown.decimals, "path", planned=True)


def ratio(run: Run, result: Result) -> Printed | None:
    """Print the share of the way since 2020 that was covered."""
    exact = result.exact("ratio")
    if exact is None:
        return None
    shown = format_against(exact, RATIO_LIMITS, _RATIO_DECIMALS)
    return record_result(
        run, result, "r", exact, shown.text, shown.decimals, "ratio", planned=True, unit=""
    )


def gap(run: Run, result: Result, year: int) -> Printed | None:
    """Print how far a result is from a target; positive while something is missing."""
    return _to_target(run, result, f"gap_{year}", f"g{year % 100}", "gap")


def yearly_change(run: Run, result: Result, year: int) -> Printed | None:
    """Print the change a year that is still needed to reach a target."""
    return _to_target(run, result, f"yearly_change_{year}", f"c{year % 100}", "yearly_change")


def yearly_rate(run: Run, result: Result, year: int) -> Printed | None:
    """Print the yearly rate of reduction that is still needed, in percent."""
    exact = result.exact(f"yearly_rate_{year}")
    if exact is None:
        return None
    percent = exact * 100
    part_code = f"y{year % 100}"
    text = format_decimal(percent, 1)
    return record_result(
        run, result, part_code, percent, text, 1, "yearly_rate", planned=True, unit="%"
    )


def relative_gap(run: Run, result: Result, year: int) -> Printed | None:
    """Print a gap as a share of its target, in percent."""
    limit = run.register.limits(result.measure, run.edition.reading).get(year)
    exact = result.exact(f"gap_{year}")
    if exact is None or limit is None or limit.limit.value == 0:
        return None
    percent = exact / abs(limit.limit.value) * 100
    shown = format_against(percent, [Fraction(0)], 1)
    return record_result(
        run,
        result,
        f"s{year % 100}",
        percent,
        shown.text,
        shown.decimals,
        "relative_gap",
        planned=True,
        unit="%",
    )


def _shown(run: Run, result: Result) -> numbers.Printed | None:
    """Round a value against its targets; one that replaces another is not printed like it."""
    measure = run.register.measures[result.measure]
    exact = result.exact("value", measure.multiplier)
    if exact is None:
        return None
    levels, usual = levels_of(run, measure.id), _decimals(measure, exact)
    before = _shown_before(run, result)
    tried = [
        format_against(exact, levels, decimals)
        for decimals in range(usual, max(usual, numbers.MOST_DECIMALS) + 1)
    ]
    return next((one for one in tried if before is None or one.text != before.text), tried[0])


def _shown_before(run: Run, result: Result) -> numbers.Printed | None:
    """Round the published value that a result replaces against the value of now."""
    before = result.exact("replaces")
    if before is None:
        return None
    measure = run.register.measures[result.measure]
    now = result.exact("value", measure.multiplier)
    return format_against(before, [before if now is None else now], _decimals(measure, before))


def _limit_only(run: Run, result: Result) -> Printed | None:
    """Print a value of which only a limit is known, as it was received."""
    exact = result.exact("bound_value")
    if exact is None:
        return None
    return record_result(
        run, result, "v", exact, format_exact(exact), 0, "read", bound=result["bound"]
    )


def _to_target(
    run: Run, result: Result, column: str, part_code: str, operation: str
) -> Printed | None:
    exact = result.exact(column)
    if exact is None:
        return None
    decimals = _decimals(run.register.measures[result.measure], exact)
    shown = format_against(exact, [Fraction(0)], decimals, most=_GAP_DECIMALS)
    return record_result(
        run, result, part_code, exact, shown.text, shown.decimals, operation, planned=True
    )


def record_result(
    run: Run,
    result: Result,
    part_code: str,
    exact: Fraction,
    text: str,
    decimals: int,
    operation: str,
    *,
    formula: str = "",
    bound: str = "",
    observations: tuple[str, ...] | None = None,
    planned: bool = False,
    unit: str | None = None,
    years: Iterable[Result] = (),
    published: tuple[str, ...] = (),
) -> Printed:
    """Record a figure worked out of a result; `planned` ones also rest on the plan's targets.

    `published` are rows of published sources beside those of the observations. `years` are the
    results of other years that it was worked out of too.
    """
    measure = run.register.measures[result.measure]
    used = result.observations if observations is None else observations
    earlier = [one for one in years if one.year != result.year]
    used += tuple(one for row in earlier for one in row.observations if one not in used)
    figure = Figure(
        figure=id_in(run, measure.id, result.area_code, result.year, part_code),
        edition=run.edition.name,
        measure=measure.id,
        geography=result["geography"],
        area_code=result.area_code,
        year=result.year,
        part=part_code,
        exact=exact_text(exact),
        display=text,
        unit=measure.unit if unit is None else unit,
        decimals=decimals,
        operation=operation,
        bound=bound,
        formula=formula or formula_of(operation),
        observations=used,
        results=tuple(result_key(run, one) for one in (result, *earlier)),
        plan_lines=_plan_lines(run, measure.id) if planned else (),
        published_rows=(*published, *_published_rows(run, used)),
        discrepancies=discrepancies_of(run, measure.id) if planned else (),
        checks=_checks(run, result, used),
    )
    return run.figures.add(figure)


def levels_of(run: Run, measure_id: str) -> list[Fraction]:
    """Return the values of the targets that a measure is judged by."""
    limits = run.register.limits(measure_id, run.edition.reading)
    return [target.limit.value for target in limits.values()]


def _decimals(measure: Measure, exact: Fraction) -> int:
    """Return the decimals to print: none for a plain count of cases."""
    return 0 if not measure.denominator_vi and exact.denominator == 1 else measure.decimals


def _plan_lines(run: Run, measure_id: str) -> tuple[int, ...]:
    """Return the lines of the 2020 figure and of the targets that a measure is judged by."""
    found = {run.register.baselines[measure_id].line}
    limits = run.register.limits(measure_id, run.edition.reading)
    found |= {limits[year].line for year in TARGET_YEARS if year in limits}
    return tuple(sorted(line for line in found if line is not None))


def _observed(run: Run, observation: str, column: str) -> Any:
    return run.tables.origins[observation][column]


def _published_rows(run: Run, observations: Iterable[str]) -> tuple[str, ...]:
    rows = (run.tables.origins[one] for one in observations)
    return tuple(f"{row['file']}:{row['published_row']}" for row in rows if row["published_row"])


def _checks(run: Run, result: Result, observations: Iterable[str]) -> tuple[str, ...]:
    areas = {result.area_code, *(_observed(run, one, "area_code") for one in observations)}
    return tuple(
        row["finding_id"]
        for row in run.tables.findings_of(result.measure, result.year)
        if row["area_code"] in areas
    )
