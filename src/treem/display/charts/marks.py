"""The marks that charts share: one look for each kind of number, its legend and its axis."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from treem.display.canvas import ACCENT, BLACK, GREY
from treem.display.numbers import format_exact
from treem.display.texts import load_texts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HOLLOW = {"linestyle": "none", "markerfacecolor": "white", "markeredgecolor": BLACK}

LINES: dict[str, dict[str, Any]] = {
    "path": {"color": GREY, "linestyle": (0, (4, 2)), "linewidth": 1.2},
    "baseline": {**_HOLLOW, "marker": "o", "markersize": 5},
    "target": {**_HOLLOW, "marker": "D", "markersize": 5},
    "result": {"color": ACCENT, "marker": "o", "markersize": 4.5, "linewidth": 1.3},
    "interval": {"color": BLACK, "linewidth": 0.9},
    "area": {"linestyle": "none", "color": BLACK, "marker": "o", "markersize": 4.5},
    "province": {"color": ACCENT, "linewidth": 1.3},
    "province_point": {**_HOLLOW, "marker": "D", "markeredgecolor": ACCENT, "markersize": 6},
    "target_line": {"color": GREY, "linestyle": (0, (4, 2)), "linewidth": 1.2},
    "target_point": {
        "linestyle": "none",
        "marker": "|",
        "markeredgecolor": GREY,
        "markersize": 11,
        "markeredgewidth": 1.6,
    },
}
"""How each kind of number is drawn; the legend takes the same."""


def chart_texts() -> dict[str, Any]:
    """Return the words of charts."""
    return load_texts("charts")


def add_legend(figure: Figure, *names: str, columns: int = 4) -> None:
    """Write what the marks of a chart mean under it."""
    from matplotlib.lines import Line2D

    said = chart_texts()["legend"]
    handles = [Line2D([], [], label=said[name], **LINES[name]) for name in names]
    figure.legend(handles=handles, loc="lower center", ncols=columns, frameon=False)


def vietnamese_ticks(axis: Any) -> None:
    """Few ticks, with a decimal comma and no more decimals than they need."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(
        FuncFormatter(lambda value, _: format_exact(Fraction(str(round(value, 9)))))
    )
