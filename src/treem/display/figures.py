"""The one call for each kind of printed number: formats it for people and records the figure.

Every function takes the run of the notebook and returns the printed number, or None where there is
nothing to print. A number is printed without its unit and comparator, which stand beside it; so
the same figure reads the same in a table, a sentence and an alternative text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from html import escape
from typing import TYPE_CHECKING, Any

from treem.audit.lineage import NATION, Figure, Printed, figure_id
from treem.display import numbers
from treem.display.numbers import (
    SIGNS,
    format_against,
    format_count,
    format_decimal,
    format_exact,
    with_unit,
)
from treem.display.texts import load_texts
from treem.display.words import word
from treem.indicators.progress import RATIO_LIMITS
from treem.notebooks.results import Result
from treem.plan.model import TARGET_YEARS, Measure, Target

if TYPE_CHECKING:
    from treem.notebooks.api import Run

CELL_PARTS = ("o20", "o25", "o30", "o25", "o30", "o6")
"""Parts of the cells of the summary table in printed order: 2020, province, nation, stray."""

NATIONAL_SOURCE = "data/plan/national_targets.csv"
_PLACE_PARTS = {"text": "w", "table": "k", "label": "l", "national": "q"}
_RATIO_DECIMALS = 2


# --- results ----------------------------------------------------------------------------------


def value(run: Run, result: Result) -> Printed | None:
    """Print the value of a result, so rounded that it stands where it does to every target."""
    measure = run.register.measures[result.measure]
    exact = result.exact("value", measure.multiplier)
    shown = _shown(run, result)
    if exact is None or shown is None:
        return _limit_only(run, result)
    divided = result.divided(measure.multiplier)
    formula = _formula("divide" if divided else "as_received")
    return _record(
        run,
        result,
        "v",
        exact,
        shown.text,
        shown.decimals,
        "divide" if divided else "read",
        formula=formula.format(multiplier=format_count(measure.multiplier)),
    )


def rounding_note(run: Run, result: Result) -> str:
    """Return on which side of a target a value is where its rounded form cannot show it."""
    shown = _shown(run, result)
    return shown.note if shown else ""


def _shown(run: Run, result: Result) -> numbers.Printed | None:
    measure = run.register.measures[result.measure]
    exact = result.exact("value", measure.multiplier)
    if exact is None:
        return None
    return format_against(exact, _levels(run, measure.id), _decimals(measure, exact))


def _limit_only(run: Run, result: Result) -> Printed | None:
    """Print a value of which only a limit is known, as it was received."""
    exact = result.exact("bound_value")
    if exact is None:
        return None
    return _record(run, result, "v", exact, format_exact(exact), 0, "read", bound=result["bound"])


def part(run: Run, result: Result, name: str) -> Printed | None:
    """Print the numerator or the denominator of a result."""
    exact = result.exact(name)
    if exact is None:
        return None
    only = [one for one in result.observations if _observed(run, one, "part") == name]
    return _record(
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
    """Print the two ends of the 95 % interval of a result."""
    if not result["lower"]:
        return None
    decimals = run.register.measures[result.measure].decimals
    ends = []
    for code, column in (("lo", "lower"), ("hi", "upper")):
        exact = result.exact(column)
        assert exact is not None
        text = format_decimal(exact, decimals)
        ends.append(_record(run, result, code, exact, text, decimals, "interval"))
    return ends[0], ends[1]


def path(run: Run, result: Result) -> Printed | None:
    """Print what the straight path asks for in the year of a result."""
    exact = result.exact("path")
    if exact is None:
        return None
    measure = run.register.measures[result.measure]
    reached = result.exact("value", measure.multiplier)
    points = _levels(run, measure.id) + ([] if reached is None else [reached])
    shown = format_against(exact, points, measure.decimals)
    return _record(run, result, "p", exact, shown.text, shown.decimals, "path", planned=True)


def ratio(run: Run, result: Result) -> Printed | None:
    """Print the share of the way since 2020 that was covered."""
    exact = result.exact("ratio")
    if exact is None:
        return None
    shown = format_against(exact, RATIO_LIMITS, _RATIO_DECIMALS)
    return _record(
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
    return _record(run, result, part_code, percent, text, 1, "yearly_rate", planned=True, unit="%")


def relative_gap(run: Run, result: Result, year: int) -> Printed | None:
    """Print a gap as a share of its target, in percent."""
    limit = run.register.limits(result.measure, run.edition.reading).get(year)
    exact = result.exact(f"gap_{year}")
    if exact is None or limit is None or limit.limit.value == 0:
        return None
    percent = exact / abs(limit.limit.value) * 100
    shown = format_against(percent, [Fraction(0)], 1)
    return _record(
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


# --- the plan ---------------------------------------------------------------------------------


def baseline(run: Run, measure_id: str) -> Printed | None:
    """Print the 2020 figure of a measure as the summary table gives it."""
    found = run.register.baselines[measure_id]
    if found.value is None:
        return None
    measure = run.register.measures[measure_id]
    return _plan_number(
        run, measure, run.edition.province, "b", found.value, found.comparator, "plan", found.line
    )


def target(run: Run, chosen: Target) -> Printed:
    """Print a target that was chosen to judge by, of the province or of the nation."""
    area = NATION if chosen.scope == "national" else run.edition.province
    return _target(run, chosen, area, f"t{chosen.year % 100}", "choose")


def place(run: Run, stated: Target) -> Printed:
    """Print a target as one place of the plan or the national decision states it."""
    area = NATION if stated.scope == "national" else run.edition.province
    code = f"{_PLACE_PARTS[stated.where]}{stated.year % 100}"
    return _target(run, stated, area, code, "plan")


def cell(run: Run, measure_id: str, column: int, words: str, line: int) -> Printed:
    """Print a cell of the summary table verbatim; `column` counts from 0 (the 2020 figure)."""
    area = NATION if column in (3, 4, 5) else run.edition.province
    figure = Figure(
        figure=_id(run, measure_id, area, None, CELL_PARTS[column]),
        edition=run.edition.name,
        measure=measure_id,
        geography=run.edition.geography,
        area_code=area,
        year=None,
        part=CELL_PARTS[column],
        exact=words,
        display=words,
        unit="",
        decimals=None,
        operation="verbatim",
        formula=_formula("verbatim"),
        plan_lines=(line,),
        discrepancies=_discrepancies(run, measure_id),
    )
    return run.figures.add(figure)


# --- counts -----------------------------------------------------------------------------------


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
        figure=_id(run, code, area, run.year if year is None else year, part_code),
        edition=run.edition.name,
        measure=measure,
        geography=run.edition.geography,
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


def result_key(run: Run, result: Result) -> str:
    """Return the key of a result in figures: `CT03.2-27`, or `CT03.2-27-2022` of another year."""
    return _id(run, result.measure, result.area_code, result.year, "").removesuffix("-")


# --- how numbers are set into text ------------------------------------------------------------


def signed(printed: Printed | None, empty: str = "") -> str:
    """Return the HTML of a number with its comparator as a sign: `<10`, `≥98`."""
    if printed is None:
        return empty
    return escape(_sign(printed), quote=False) + printed.html


def spoken(printed: Printed | None, unit: str, empty: str = "") -> str:
    """Return Markdown with the comparator in words and the unit: `dưới 10‰`, `ít nhất 98%`."""
    if printed is None:
        return empty
    said = f"{word('comparator', printed.bound)} " if printed.bound else ""
    return said + with_unit(printed.markdown, unit)


def plainly(printed: Printed | None, unit: str, empty: str = "") -> str:
    """Return plain text, for alternative texts: as `spoken`, without a span."""
    if printed is None:
        return empty
    said = f"{word('comparator', printed.bound)} " if printed.bound else ""
    return said + with_unit(printed.text, unit)


def _sign(printed: Printed) -> str:
    return SIGNS[printed.bound] if printed.bound else ""  # type: ignore[index]


# --- records ----------------------------------------------------------------------------------


def _record(
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
) -> Printed:
    """Record a figure worked out of a result; `planned` ones also rest on the plan's targets."""
    measure = run.register.measures[result.measure]
    used = result.observations if observations is None else observations
    figure = Figure(
        figure=_id(run, measure.id, result.area_code, result.year, part_code),
        edition=run.edition.name,
        measure=measure.id,
        geography=run.edition.geography,
        area_code=result.area_code,
        year=result.year,
        part=part_code,
        exact=exact_text(exact),
        display=text,
        unit=measure.unit if unit is None else unit,
        decimals=decimals,
        operation=operation,
        bound=bound,
        formula=formula or _formula(operation),
        observations=used,
        results=(result_key(run, result),),
        plan_lines=_plan_lines(run, measure.id) if planned else (),
        published_rows=_published_rows(run, used),
        discrepancies=_discrepancies(run, measure.id) if planned else (),
        checks=_checks(run, result, used),
    )
    return run.figures.add(figure)


def _to_target(
    run: Run, result: Result, column: str, part_code: str, operation: str
) -> Printed | None:
    exact = result.exact(column)
    if exact is None:
        return None
    decimals = run.register.measures[result.measure].decimals if exact else 0
    shown = format_against(exact, [Fraction(0)], decimals)
    return _record(
        run, result, part_code, exact, shown.text, shown.decimals, operation, planned=True
    )


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
        formula=f"{_formula(operation)}: {stated.words}",
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
        figure=_id(run, measure.id, area, None, part_code),
        edition=run.edition.name,
        measure=measure.id,
        geography=run.edition.geography,
        area_code=area,
        year=None,
        part=part_code,
        exact=exact_text(number),
        display=format_exact(number),
        unit=measure.unit,
        decimals=None,
        operation=operation,
        bound=bound or "",
        formula=formula or _formula(operation),
        plan_lines=(line,) if line is not None else (),
        published_rows=published,
        discrepancies=_discrepancies(run, measure.id),
    )
    return run.figures.add(figure)


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


def _levels(run: Run, measure_id: str) -> list[Fraction]:
    """Return the values of the targets that a measure is judged by."""
    limits = run.register.limits(measure_id, run.edition.reading)
    return [target.limit.value for target in limits.values()]


def _decimals(measure: Measure, exact: Fraction) -> int:
    """Return the decimals to print: none for a plain count of cases."""
    return 0 if not measure.denominator_vi and exact.denominator == 1 else measure.decimals


def _formula(operation: str) -> str:
    formulas: dict[str, str] = load_texts("figures")["formula"]
    return formulas[operation]


def _id(run: Run, measure: str, area: str, year: int | None, part_code: str) -> str:
    return figure_id(measure, run.edition.geography, area, year, part_code, run.edition.year)


def _plan_lines(run: Run, measure_id: str) -> tuple[int, ...]:
    """Return the lines of the 2020 figure and of the targets that a measure is judged by."""
    found = {run.register.baselines[measure_id].line}
    limits = run.register.limits(measure_id, run.edition.reading)
    found |= {limits[year].line for year in TARGET_YEARS if year in limits}
    return tuple(sorted(line for line in found if line is not None))


def _discrepancies(run: Run, measure_id: str) -> tuple[str, ...]:
    indicator = measure_id.split(".")[0]
    return tuple(
        one.id for one in run.register.discrepancies if one.measure in (measure_id, indicator)
    )


def _observed(run: Run, observation: str, column: str) -> Any:
    return run.tables.observations[observation][column]


def _published_rows(run: Run, observations: Iterable[str]) -> tuple[str, ...]:
    rows = (run.tables.observations[one] for one in observations)
    return tuple(f"{row['file']}:{row['published_row']}" for row in rows if row["published_row"])


def _checks(run: Run, result: Result, observations: Iterable[str]) -> tuple[str, ...]:
    areas = {result.area_code, *(_observed(run, one, "area_code") for one in observations)}
    return tuple(
        row["finding_id"]
        for row in run.tables.findings_of(result.measure, result.year)
        if row["area_code"] in areas
    )
