"""Areas against the limits of chance: a funnel a measure, for eight districts or 99 communes."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Literal, NamedTuple

from treem.audit.lineage import Printed
from treem.display import figures
from treem.display.canvas import POINTS, Chart, Frame, drawing, finished, new_figure, panels
from treem.display.charts.marks import LINES, add_legend, chart_texts, vietnamese_ticks
from treem.display.common import short_name
from treem.indicators.funnel import TAILS, Funnel, FunnelPoint, funnel
from treem.notebooks.results import Result
from treem.plan.model import Measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from treem.notebooks.api import Run

Kind = Literal["events", "shares"]
_METHODS: dict[Kind, str] = {"events": "poisson", "shares": "wilson"}

COLUMNS = 3
_ROW = 2.0
_FRAME = Frame(left=0.5, right=0.15, top=0.36, bottom=0.95, across=0.5, down=0.92)
_TITLE_LETTERS = 27
_STEPS = 40
_LETTER, _HEIGHT = 0.6 * POINTS, 0.85 * POINTS
"""Width and height of a digit of a code with the space around it, in points of print."""

_MARK, _GAP = 3.0, 1.5
"""Half of the width of a mark and the space beside it, in points of print."""

_POINTS_PER_INCH = 72


def funnels(run: Run, kind: Kind) -> Chart | None:
    """Draw a funnel for each measure of events or of shares whose areas have figures.

    Areas stand where their denominator puts them and are named by code, never ranked.
    """
    found = funnels_of(run, kind)
    if not found:
        return None
    rows = -(-len(found) // COLUMNS)
    told = []
    with drawing(run.fonts):
        figure = new_figure(_ROW * rows + 0.75)
        for axes, one in zip(panels(figure, len(found), COLUMNS, _FRAME), found, strict=True):
            _draw(run, axes, one)
            told.append(_tell(run, one))
        add_legend(
            figure, "area", "outside", "province", "limit_95", "limit_998", "target_line", columns=3
        )
        return finished(figure, chart_texts()["alt"]["funnels"].format(measures=" ".join(told)))


def funnels_of(run: Run, kind: Kind) -> list[Funnel]:
    """Return the funnels of the notebook's year, in the order of the plan."""
    codes = [code for code in run.area_names() if code != run.area_code]
    found = []
    for measure in run.register.measures.values():
        if measure.interval == _METHODS[kind] and measure.reporting_level == "area":
            areas = [row.row for code in codes if (row := run.result(measure.id, code)) is not None]
            province = run.expect(measure.id)
            one = funnel(measure, province.row, areas)
            if one is not None and 0 < one.centre < measure.multiplier:
                found.append(one)
    return found


def _draw(run: Run, axes: Axes, one: Funnel) -> None:
    bases = [float(point.denominator) for point in one.points]
    low, high = min(bases) * 0.8, max(bases) * 1.06
    steps = [low + (high - low) * step / (_STEPS - 1) for step in range(_STEPS)]
    for name, ends in one.curve(steps).items():
        for end in ends:
            axes.plot(steps, end, **LINES[f"limit_{name.replace('.', '')}"])
    axes.axhline(float(one.centre), **LINES["province"])
    outside = [point for point in one.points if point.outside == "99.8"]
    marked = [(one.points, "area"), *([(outside, "outside")] if outside else [])]
    for group, style in marked:
        xs = [float(point.denominator) for point in group]
        axes.plot(xs, [float(point.value) for point in group], **LINES[style])
    axes.margins(y=0.14)
    axes.set_title(fill(_title(run, one), _TITLE_LETTERS), loc="left", linespacing=1.05)
    axes.set_xlabel(chart_texts()["funnel_axis"])
    vietnamese_ticks(axes.xaxis, most=3)
    vietnamese_ticks(axes.yaxis)
    _name(axes, outside, one.points)


def _name(axes: Axes, named: Sequence[FunnelPoint], drawn: Sequence[FunnelPoint]) -> None:
    """Write codes beside points; one that has no free place is left to the text."""
    panel = _panel(axes)
    taken = [Box.around(*_place(axes, panel, point)) for point in drawn]
    for point in named:
        x, y = _place(axes, panel, point)
        for box in _beside(x, y, _LETTER * len(point.area_code)):
            if box.within(panel) and not any(box.meets(other) for other in taken):
                taken.append(box)
                spot = (box.left / panel.right, box.bottom / panel.top)
                axes.text(*spot, point.area_code, transform=axes.transAxes, va="baseline")
                break


def _panel(axes: Axes) -> Box:
    """Return the panel as a box in points of print."""
    share = axes.get_position()
    width, height = axes.figure.get_size_inches() * _POINTS_PER_INCH  # type: ignore[union-attr]
    return Box(0, 0, share.width * width, share.height * height)


def _place(axes: Axes, panel: Box, point: FunnelPoint) -> tuple[float, float]:
    """Return where a point stands in its panel, in points of print."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    x = (float(point.denominator) - left) / (right - left)
    y = (float(point.value) - bottom) / (top - bottom)
    return x * panel.right, y * panel.top


def _beside(x: float, y: float, wide: float) -> list[Box]:
    """Return the boxes in which a code may stand: right, left, above, below its mark."""
    far = _MARK + _GAP
    corners = (
        (x + far, y - _HEIGHT / 2),
        (x - far - wide, y - _HEIGHT / 2),
        (x - wide / 2, y + far),
        (x - wide / 2, y - far - _HEIGHT),
    )
    return [Box(left, low, left + wide, low + _HEIGHT) for left, low in corners]


class Box(NamedTuple):
    """A rectangle in points of print, from the lower left corner of a panel."""

    left: float
    bottom: float
    right: float
    top: float

    @classmethod
    def around(cls, x: float, y: float) -> Box:
        """Return the box of a mark."""
        return cls(x - _MARK, y - _MARK, x + _MARK, y + _MARK)

    def within(self, panel: Box) -> bool:
        """Whether it lies within a panel."""
        low = min(self.left, self.bottom) >= 0
        return low and self.right <= panel.right and self.top <= panel.top

    def meets(self, other: Box) -> bool:
        """Whether two boxes have ground in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )


def _title(run: Run, one: Funnel) -> str:
    title = f"{one.measure.id} {short_name(one.measure.id)} ({one.measure.unit})"
    if one.pooled_from is None:
        return title
    pooled = chart_texts()["funnel_pooled"]
    return str(pooled.format(title=title, first=one.pooled_from, last=run.year))


def _tell(run: Run, one: Funnel) -> str:
    """Return the sentence of one panel for the alternative text."""
    said = chart_texts()["alt"]
    parts = [
        said["funnel_outside"].format(limit=name.replace(".", ","), areas=_named(one, name))
        for name in sorted(TAILS, reverse=True)
        if any(point.outside == name for point in one.points)
    ]
    pooled = one.pooled_from is not None
    years = said["funnel_years"].format(first=one.pooled_from, last=run.year) if pooled else ""
    value = _centre(run, run.expect(one.measure.id), pooled)
    return str(
        said["funnel_one"].format(
            id=one.measure.id,
            name=short_name(one.measure.id),
            value=figures.plainly(value, one.measure.unit),
            years=years,
            outside="; ".join(parts or [said["funnel_none"]]),
        )
    )


def _centre(run: Run, province: Result, pooled: bool) -> Printed | None:
    return figures.pooled(run, province) if pooled else figures.value(run, province)


def _named(one: Funnel, limit: str) -> str:
    said = chart_texts()
    return ", ".join(
        said["alt"]["funnel_area"].format(name=point.area_name, side=said["sides"][point.side])
        for point in one.points
        if point.outside == limit
    )


def trends(run: Run) -> Chart | None:
    """Draw selected measures over the years: a thin line an area, the province in bold."""
    years = [year for year in run.edition.years if year <= run.year]
    drawn = [
        run.register.measures[one]
        for one in chart_texts()["area_measures"]
        if len(_points(run, one, run.area_code, years)) > 1
    ]
    if not drawn:
        return None
    told = []
    with drawing(run.fonts):
        figure = new_figure(_ROW * -(-len(drawn) // COLUMNS) + 0.5)
        for axes, measure in zip(panels(figure, len(drawn), COLUMNS, _FRAME), drawn, strict=True):
            told.append(_draw_trend(run, axes, measure, years))
        add_legend(figure, "year_area", "year_province", columns=2)
        return finished(figure, chart_texts()["alt"]["trends"].format(measures=" ".join(told)))


def _draw_trend(run: Run, axes: Axes, measure: Measure, years: Sequence[int]) -> str:
    """Draw one panel; return its sentence of the alternative text."""
    for code in run.area_names():
        if code != run.area_code:
            points = _points(run, measure.id, code, years)
            axes.plot(years, _heights(points, measure, years), **LINES["year_area"])
    whole = _points(run, measure.id, run.area_code, years)
    axes.plot(years, _heights(whole, measure, years), **LINES["year_province"])
    title = f"{measure.id} {short_name(measure.id)} ({measure.unit})"
    axes.set_title(fill(title, _TITLE_LETTERS), loc="left", linespacing=1.05)
    axes.set_xticks(list(years))
    axes.set_xlim(years[0] - 0.3, years[-1] + 0.3)
    vietnamese_ticks(axes.yaxis)
    said = chart_texts()["alt"]
    values = [
        said["trend_value"].format(
            year=year, value=figures.plainly(figures.value(run, row), measure.unit)
        )
        for year, row in whole.items()
    ]
    name = short_name(measure.id)
    return str(said["trend_one"].format(id=measure.id, name=name, values=", ".join(values)))


def _points(run: Run, measure: str, code: str, years: Sequence[int]) -> dict[int, Result]:
    """Return the results of an area that compare with each other, by year."""
    found = ((year, run.result(measure, code, year)) for year in years)
    return {
        year: row
        for year, row in found
        if row is not None and row["value"] and row["comparable"] == "true"
    }


def _heights(rows: dict[int, Result], measure: Measure, years: Sequence[int]) -> list[float]:
    """Return a height a year; a year without a value breaks the line."""
    exact = (
        rows[year].exact("value", measure.multiplier) if year in rows else None for year in years
    )
    return [float("nan") if one is None else float(one) for one in exact]
