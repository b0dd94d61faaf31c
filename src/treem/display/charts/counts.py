"""How many measures of each objective are in each group of verdicts."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from treem.audit.lineage import Printed
from treem.display.canvas import (
    ACCENT,
    BLACK,
    LIGHT,
    Chart,
    Frame,
    drawing,
    finished,
    new_figure,
    panels,
)
from treem.display.charts.marks import chart_texts
from treem.display.common import GROUPS
from treem.display.prose.counts import next_target_year
from treem.display.tables.province import count_verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from treem.notebooks.api import Run

_FRAME = Frame(left=0.9, right=0.1, top=0.6, bottom=0.5)
_FILLS = {
    "good": (ACCENT, ""),
    "watch": (LIGHT, "//"),
    "behind": ("white", "xx"),
    "no_data": ("white", ""),
    "not_judged": ("white", ".."),
    "withheld": (LIGHT, "--"),
}


def verdict_counts(run: Run) -> Chart:
    """Draw the counts of the groups of verdicts, a bar an objective."""
    year = next_target_year(run)
    numbers = list(run.register.objectives)
    counts = {
        (number, name): count_verdict(run, year, codes, name, number)
        for number in numbers
        for name, codes in GROUPS.items()
    }
    with drawing(run.fonts):
        figure = new_figure(2.9)
        (axes,) = panels(figure, 1, 1, _FRAME)
        _draw(axes, numbers, counts)
        figure.legend(loc="upper center", ncols=3, frameon=False, handlelength=1.6)
        return finished(figure, _alt(numbers, year, counts))


def _draw(axes: Axes, numbers: list[int], counts: dict[tuple[int, str], Printed]) -> None:
    from matplotlib.ticker import MaxNLocator

    said = chart_texts()
    left = dict.fromkeys(numbers, 0)
    for name in GROUPS:
        label = said["groups"][name]
        for number in numbers:
            printed = counts[number, name].text
            _draw_part(axes, number, left[number], printed, name, label)
            left[number] += int(Fraction(printed))
            label = None
    axes.set_yticks(numbers, [said["objective"].format(number=number) for number in numbers])
    axes.invert_yaxis()
    axes.margins(x=0.02)
    axes.set_xlabel(said["count_axis"])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _draw_part(
    axes: Axes, number: int, left: int, printed: str, name: str, label: str | None
) -> None:
    colour, hatch = _FILLS[name]
    width = int(Fraction(printed))
    bar = axes.barh(
        number,
        width,
        left=left,
        height=0.62,
        color=colour,
        hatch=hatch,
        edgecolor=BLACK,
        linewidth=0.7,
        label=label,
    )
    if not width:
        return
    plain: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "pad": 1.2}
    dark = colour == ACCENT
    axes.bar_label(
        bar,
        [printed],
        label_type="center",
        color="white" if dark else BLACK,
        bbox=None if dark else plain,
    )


def _alt(numbers: list[int], year: int, counts: dict[tuple[int, str], Printed]) -> str:
    said = chart_texts()
    objectives = []
    for number in numbers:
        groups = [
            said["alt"]["counts_group"].format(
                n=counts[number, name].text, group=said["groups"][name].lower()
            )
            for name in GROUPS
        ]
        objectives.append(said["alt"]["counts_one"].format(number=number, groups=", ".join(groups)))
    return str(said["alt"]["counts"].format(year=year, objectives=" ".join(objectives)))
