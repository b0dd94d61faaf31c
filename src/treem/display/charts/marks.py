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

_STYLES: dict[str, dict[str, Any]] = {
    "path": {"color": GREY, "linestyle": (0, (4, 2)), "linewidth": 1.2},
    "baseline": {**_HOLLOW, "marker": "o", "markersize": 5},
    "target": {**_HOLLOW, "marker": "D", "markersize": 5},
    "result": {"color": ACCENT, "marker": "o", "markersize": 4.5, "linewidth": 1.3},
    "interval": {"color": BLACK, "linewidth": 0.9},
    "area": {"linestyle": "none", "color": BLACK, "marker": "o", "markersize": 4.5},
    "province": {"color": ACCENT, "linestyle": (0, (6, 1.5, 1, 1.5)), "linewidth": 1.8},
    "province_point": {**_HOLLOW, "marker": "D", "markeredgecolor": ACCENT, "markersize": 6},
    "limit_95": {"color": BLACK, "linestyle": (0, (1, 1.5)), "linewidth": 1.0},
    "limit_998": {"color": BLACK, "linewidth": 0.8},
    "outside": {"linestyle": "none", "color": ACCENT, "marker": "s", "markersize": 5},
    "year_area": {"color": GREY, "linewidth": 0.7, "marker": ".", "markersize": 2},
    "year_province": {"color": ACCENT, "marker": "o", "markersize": 4.5, "linewidth": 1.6},
    "target_line": {"color": GREY, "linestyle": (0, (4, 2)), "linewidth": 1.2},
    "target_point": {
        "linestyle": "none",
        "marker": "|",
        "markeredgecolor": GREY,
        "markersize": 11,
        "markeredgewidth": 1.6,
    },
}

LINES = {name: {**style, "gid": name} for name, style in _STYLES.items()}
"""How each kind of number is drawn; the id lets the legend find what a figure shows."""


def chart_texts() -> dict[str, Any]:
    """Return the words of charts."""
    return load_texts("charts")


def add_legend(figure: Figure, *names: str, columns: int = 4) -> None:
    """Write under a chart what its marks mean; of the names, only those that are drawn."""
    from matplotlib.lines import Line2D

    said = chart_texts()["legend"]
    # lines and collections only: to search a whole figure takes longer than to draw it
    drawn = {
        artist.get_gid() for axes in figure.axes for artist in (*axes.lines, *axes.collections)
    }
    handles = [Line2D([], [], label=said[name], **LINES[name]) for name in names if name in drawn]
    figure.legend(handles=handles, loc="lower center", ncols=columns, frameon=False)


def vietnamese_ticks(axis: Any, most: int = 4) -> None:
    """Few ticks, with a decimal comma and no more decimals than they need."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(
        FuncFormatter(lambda value, _: format_exact(Fraction(str(round(value, 9)))))
    )
