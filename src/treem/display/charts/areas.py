"""Areas beside the province: points with intervals, in order of code and never of value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treem.display import figures
from treem.display.canvas import LIGHT, Chart, Frame, drawing, finished, new_figure, panels
from treem.display.charts.marks import LINES, add_legend, chart_texts, vietnamese_ticks
from treem.display.common import area_measures, lower_first, short_name
from treem.display.prose.counts import next_target_year
from treem.notebooks.results import Result
from treem.plan.model import Limit, Measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from treem.notebooks.api import Run

COLUMNS = 2
PERCENT = "%"
_FRAME = Frame(left=1.3, right=0.12, top=0.28, bottom=0.65, across=0.25, down=0.55)
HIGH = 90
"""Shares from here on crowd at the end of a common axis; they get a panel of their own."""

_LEFT, _RIGHT, _TOP, _BETWEEN, _BOTTOM, _LINE = 2.75, 0.15, 0.3, 0.62, 0.62, 0.25


def areas(run: Run) -> Chart | None:
    """Draw selected measures by area with their intervals, beside the province and its target."""
    drawn = [measure for measure, complete in area_measures(run).items() if complete]
    if not drawn:
        return None
    names = {code: name for code, name in run.area_names().items() if code != run.area_code}
    rows = -(-len(drawn) // COLUMNS)
    told = []
    with drawing(run.fonts):
        figure = new_figure((0.19 * len(names) + 0.6) * rows + 0.4)
        for index, (axes, measure_id) in enumerate(
            zip(panels(figure, len(drawn), COLUMNS, _FRAME), drawn, strict=True)
        ):
            measure = run.register.measures[measure_id]
            told.append(_draw_areas(run, axes, measure, names))
            axes.tick_params(labelleft=index % COLUMNS == 0)
        add_legend(figure, "area", "interval", "province", "target_line")
        alt = chart_texts()["alt"]["areas"].format(year=run.year, measures=" ".join(told))
        return finished(figure, alt)


def _draw_areas(run: Run, axes: Axes, measure: Measure, names: dict[str, str]) -> str:
    """Draw one panel; return its sentence of the alternative text."""
    said = chart_texts()["alt"]
    told = []
    for place, (code, name) in enumerate(names.items()):
        row = run.expect(measure.id, code)
        _draw_point(axes, place, row, measure)
        value = figures.plainly(figures.value(run, row), measure.unit)
        told.append(said["area"].format(name=name, value=value))
    province = run.expect(measure.id)
    axes.axvline(_number(province, measure), **LINES["province"])
    limit = _limit(run, measure)
    if limit is not None:
        axes.axvline(float(limit.value), **LINES["target_line"])
    axes.set_yticks(range(len(names)), list(names.values()))
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_title(f"{measure.id} {short_name(measure.id)} ({measure.unit})", loc="left")
    vietnamese_ticks(axes.xaxis)
    whole = figures.plainly(figures.value(run, province), measure.unit)
    name = short_name(measure.id)
    return str(
        said["areas_one"].format(id=measure.id, name=name, province=whole, areas="; ".join(told))
    )


def district(run: Run) -> Chart | None:
    """Draw the shares of one area that should rise, beside the province and the targets."""
    rising = {one.id for one in run.register.measures.values() if one.direction > 0}
    shown = [
        row
        for row in run.rows()
        if row["unit"] == PERCENT and row["value"] and row.measure in rising
    ]
    if not shown:
        return None
    high = [row for row in shown if min(_levels(run, row)) >= HIGH]
    low = [row for row in shown if row not in high]
    parts = {name: rows for name, rows in (("high", high), ("low", low)) if rows}
    told = []
    with drawing(run.fonts):
        figure = new_figure(_TOP + _LINE * len(shown) + _BETWEEN * (len(parts) - 1) + _BOTTOM)
        places = _stacked(figure, [len(rows) for rows in parts.values()])
        for axes, (name, rows) in zip(places, parts.items(), strict=True):
            told.append(_draw_shares(run, axes, name, rows))
        add_legend(figure, "area", "interval", "province_point", "target_point")
        alt = chart_texts()["alt"]["district"].format(
            area=lower_first(run.area.full_name), year=run.year, parts=" ".join(told)
        )
        return finished(figure, alt)


def _stacked(figure: Figure, lines: list[int]) -> list[Axes]:
    """Return panels one under the other, each as high as its lines need."""
    width, height = figure.get_size_inches()
    wide = (width - _LEFT - _RIGHT) / width
    placed, top = [], height - _TOP
    for count in lines:
        bottom = top - _LINE * count
        placed.append(
            figure.add_axes((_LEFT / width, bottom / height, wide, _LINE * count / height))
        )
        top = bottom - _BETWEEN
    return placed


def _draw_shares(run: Run, axes: Axes, name: str, rows: list[Result]) -> str:
    """Draw one panel of an area's shares; return its sentence of the alternative text."""
    title = chart_texts()["shares"][name].format(level=HIGH)
    told = [_draw_share(run, axes, place, row) for place, row in enumerate(rows)]
    axes.set_yticks(range(len(rows)), [f"{row.measure} {short_name(row.measure)}" for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_title(f"{title} ({PERCENT})", loc="left")
    axes.grid(axis="both", color=LIGHT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.margins(x=0.04)
    vietnamese_ticks(axes.xaxis)
    return str(chart_texts()["alt"]["district_part"].format(title=title, measures="; ".join(told)))


def _levels(run: Run, row: Result) -> list[float]:
    """Return the numbers that are drawn on the line of a measure."""
    measure = run.register.measures[row.measure]
    limit = _limit(run, measure)
    province = run.expect(row.measure, run.plan_area)
    levels = [float(one) for one in (row["value"], row["lower"], province["value"]) if one]
    return [*levels, float(limit.value)] if limit is not None else levels


def _draw_share(run: Run, axes: Axes, place: int, row: Result) -> str:
    """Draw one line of the chart; return its part of the alternative text."""
    measure = run.register.measures[row.measure]
    limit = _limit(run, measure)
    province = run.expect(row.measure, run.plan_area)
    if limit is not None:
        axes.plot(float(limit.value), place, **LINES["target_point"])
    if province["value"]:
        axes.plot(_number(province, measure), place, **LINES["province_point"])
    _draw_point(axes, place, row, measure)
    whole = figures.value(run, province)
    return str(
        chart_texts()["alt"]["district_one"].format(
            id=measure.id,
            own=figures.plainly(figures.value(run, row), measure.unit),
            province=figures.plainly(whole, measure.unit, _no_value(province)),
        )
    )


def _no_value(row: Result) -> str:
    return str(chart_texts()["withheld" if row["status"] == "suppressed" else "no_data"])


def _draw_point(axes: Axes, place: int, row: Result, measure: Measure) -> None:
    if row["lower"]:
        axes.hlines(place, float(row["lower"]), float(row["upper"]), **LINES["interval"])
    axes.plot(_number(row, measure), place, **LINES["area"])


def _number(row: Result, measure: Measure) -> float:
    exact = row.exact("value", measure.multiplier)
    assert exact is not None  # only rows with a value are drawn
    return float(exact)


def _limit(run: Run, measure: Measure) -> Limit | None:
    """Return the province's target of the next target year."""
    limits = run.register.limits(measure.id, run.edition.reading)
    year = next_target_year(run)
    return limits[year].limit if year in limits else None
