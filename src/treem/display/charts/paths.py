"""Progress against the two-leg path: small multiples, a panel a measure of an objective."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from treem.display import figures
from treem.display.canvas import DARK, Chart, Frame, drawing, finished, new_figure, panels
from treem.display.charts.marks import LINES, add_legend, chart_texts, vietnamese_ticks
from treem.display.common import measures_of, short_name
from treem.indicators.progress import Case, case_for, mode_of, path_value
from treem.notebooks.results import Result
from treem.plan.model import BASELINE_YEAR, TARGET_YEARS, Measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from treem.notebooks.api import Run

COLUMNS = 3
_ROW = 1.62
_FRAME = Frame(left=0.45, right=0.1, top=0.36, bottom=0.75, across=0.5, down=0.47)
_TITLE_LETTERS = 27
_SPAN = range(BASELINE_YEAR, TARGET_YEARS[-1] + 1)


def paths(run: Run, objective: int) -> Chart:
    """Draw the results of all years up to the notebook's against the path of each measure."""
    measures = measures_of(run, objective)
    rows = -(-len(measures) // COLUMNS)
    told = []
    with drawing(run.fonts):
        figure = new_figure(_ROW * rows + 0.6)
        places = panels(figure, len(measures), COLUMNS, _FRAME)
        for index, (axes, measure) in enumerate(zip(places, measures, strict=True)):
            told.append(_draw(run, axes, measure))
            if index + COLUMNS < len(measures):
                axes.tick_params(labelbottom=False)
        add_legend(figure, "path", "baseline", "target", "result", "interval", columns=3)
        alt = chart_texts()["alt"]["paths"].format(measures=" ".join(told))
        return finished(figure, alt)


def _draw(run: Run, axes: Axes, measure: Measure) -> str:
    """Draw one panel; return its sentence of the alternative text."""
    case = case_for(run.register, measure.id, run.edition.reading)
    years = [year for year in run.edition.years if year <= run.year]
    found = [row for year in years if (row := run.result(measure.id, year=year))]
    drawn = [row for row in found if row["value"] and row["comparable"] == "true"]
    missing = _what_is_apart(found) if drawn else _why_empty(found)
    if case.undefined:
        drawn, missing = [], chart_texts()["undefined"]
    else:
        _draw_way(axes, case)
        if case.baseline is not None:
            axes.plot(BASELINE_YEAR, float(case.baseline), **LINES["baseline"])
        for year, limit in case.limits.items():
            axes.plot(year, float(limit.value), **LINES["target"])
    _draw_results(axes, drawn, measure)
    _dress(axes, measure)
    if missing:
        _write(axes, missing)
        _make_room(axes)
    return _alt(run, measure, case, drawn, missing)


def _why_empty(found: list[Result]) -> str:
    """Say why a panel shows no result: figures that do not compare with 2020, or none at all."""
    if any(_apart(row) for row in found):
        return str(chart_texts()["not_comparable"])
    withheld = [row for row in found if row["status"] == "suppressed"]
    if withheld and len(withheld) < len(found):
        return _of_years("years_withheld", withheld)
    return str(chart_texts()["withheld" if withheld else "no_data"])


def _what_is_apart(found: list[Result]) -> str:
    """Name the years whose figures do not compare with 2020 and are not drawn; "" for none."""
    apart = [row for row in found if _apart(row)]
    return _of_years("years_apart", apart) if apart else ""


def _apart(row: Result) -> bool:
    return row.has_value and row["comparable"] != "true"


def _of_years(code: str, rows: list[Result]) -> str:
    years = ", ".join(str(row.year) for row in rows)
    return str(chart_texts()[code].format(years=years))


def _dress(axes: Axes, measure: Measure) -> None:
    title = f"{measure.id} {short_name(measure.id)} ({measure.unit})"
    axes.set_title(fill(title, _TITLE_LETTERS), loc="left", linespacing=1.05)
    axes.margins(y=0.12)
    axes.set_xlim(BASELINE_YEAR - 0.6, TARGET_YEARS[-1] + 0.6)
    axes.set_xticks([BASELINE_YEAR, *TARGET_YEARS])
    if axes.has_data():
        vietnamese_ticks(axes.yaxis)
    else:
        axes.set_yticks([])


def _draw_way(axes: Axes, case: Case) -> None:
    """Draw the straight path; where there is none, the targets as levels."""
    mode = mode_of(case)
    way = [(year, level) for year in _SPAN if (level := path_value(case, mode, year)) is not None]
    if way:
        axes.plot([year for year, _ in way], [float(level) for _, level in way], **LINES["path"])
        return
    start = BASELINE_YEAR
    for year, limit in sorted(case.limits.items()):
        axes.plot([start, year], [float(limit.value)] * 2, **LINES["path"])
        start = year


def _draw_results(axes: Axes, rows: list[Result], measure: Measure) -> None:
    """Draw results with their intervals; a line joins only years that follow each other."""
    values = {row.year: float(row.exact("value", measure.multiplier) or 0) for row in rows}
    for row in rows:
        if row["lower"]:
            style = {**LINES["interval"], "color": LINES["result"]["color"]}
            axes.vlines(row.year, float(row["lower"]), float(row["upper"]), **style)
        joined = [year for year in (row.year - 1, row.year) if year in values]
        axes.plot(joined, [values[year] for year in joined], **LINES["result"])


def _make_room(axes: Axes) -> None:
    """Keep the lowest quarter of a panel free for words."""
    low, high = axes.get_ylim()
    axes.set_ylim(low - (high - low) / 3, high)


def _write(axes: Axes, words: str) -> None:
    axes.text(
        0.5,
        0.06,
        words,
        transform=axes.transAxes,
        ha="center",
        style="italic",
        color=DARK,
    )


def _alt(run: Run, measure: Measure, case: Case, drawn: list[Result], missing: str) -> str:
    said = chart_texts()["alt"]
    details = [] if case.undefined else _levels(run, measure)
    for row in drawn:
        value = figures.plainly(figures.value(run, row), measure.unit)
        details.append(said["path_result"].format(year=row.year, value=value))
    if missing:
        details.append(missing)
    name = short_name(measure.id)
    return str(said["path_one"].format(id=measure.id, name=name, details=", ".join(details)))


def _levels(run: Run, measure: Measure) -> list[str]:
    said = chart_texts()["alt"]
    details = []
    baseline = figures.baseline(run, measure.id)
    if baseline is not None:
        value = figures.plainly(baseline, measure.unit)
        details.append(said["path_baseline"].format(value=value))
    for year, target in run.register.limits(measure.id, run.edition.reading).items():
        value = figures.plainly(figures.target(run, target), measure.unit)
        details.append(said["path_target"].format(year=year, value=value))
    return details
