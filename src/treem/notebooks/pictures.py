"""Inline figures without the drawing that nobody sees.

After a cell, an ordinary kernel draws every figure that changed three times: pyplot draws it to the
screen that is not there, the inline backend lays it out to find its edges, and then draws it to the
picture. Each leaves its traces in the figure (limits, ticks, positions), so none can be left out
just so. But of the first only the layout is needed, not the pixels; and where a figure has only
parts that a second layout puts where the first did, and nothing changed since, the second is
skipped. All others are laid out twice, as always.
"""

from __future__ import annotations

import io
import sys
from typing import Any

_STEADY_ARTISTS = frozenset(
    {
        "matplotlib.axes._axes.Axes",
        "matplotlib.axis.XAxis",
        "matplotlib.axis.XTick",
        "matplotlib.axis.YAxis",
        "matplotlib.axis.YTick",
        "matplotlib.collections.FillBetweenPolyCollection",
        "matplotlib.collections.LineCollection",
        "matplotlib.collections.PathCollection",
        "matplotlib.collections.PolyCollection",
        "matplotlib.figure.Figure",
        "matplotlib.legend.Legend",
        "matplotlib.lines.Line2D",
        "matplotlib.offsetbox.DrawingArea",
        "matplotlib.offsetbox.HPacker",
        "matplotlib.offsetbox.TextArea",
        "matplotlib.offsetbox.VPacker",
        "matplotlib.patches.Circle",
        "matplotlib.patches.Ellipse",
        "matplotlib.patches.FancyBboxPatch",
        "matplotlib.patches.PathPatch",
        "matplotlib.patches.Polygon",
        "matplotlib.patches.Rectangle",
        "matplotlib.patches.StepPatch",
        "matplotlib.patches.Wedge",
        "matplotlib.spines.Spine",
        "matplotlib.text.Annotation",
        "matplotlib.text.Text",
    }
)
"""Exact types that a second layout leaves where the first put them."""
_STEADY_SCALES = frozenset(
    {
        "matplotlib.scale.LinearScale",
        "matplotlib.scale.LogScale",
        "matplotlib.scale.SymmetricalLogScale",
    }
)
_STEADY_NORMS = frozenset({"matplotlib.colors.Normalize", "matplotlib.colors.LogNorm"})
_STEADY_TICKERS = frozenset(
    {
        "matplotlib.category.StrCategoryFormatter",
        "matplotlib.category.StrCategoryLocator",
        *(
            f"matplotlib.ticker.{name}"
            for name in (
                "AutoLocator AutoMinorLocator FixedFormatter FixedLocator FormatStrFormatter "
                "FuncFormatter LinearLocator LogFormatterSciNotation LogLocator MaxNLocator "
                "MultipleLocator NullFormatter NullLocator PercentFormatter ScalarFormatter "
                "StrMethodFormatter SymmetricalLogLocator"
            ).split()
        ),
    }
)
_OWN = "treem."


def skip_unseen_pixels(shell: Any) -> None:
    """Lay out changed figures after each cell, so that pyplot finds them drawn already."""
    shell.events.register("post_execute", lay_out_figures)
    shell.events.register("post_run_cell", forget_layouts)


def draw_probe() -> bytes:
    """Draw a small chart without pyplot and return its PNG; raises where there is no drawing.

    It leaves nothing behind but what every first chart of a process waits for: fonts that are
    open, and code that the interpreter has adapted to what it is used for.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.plot([1, 3, 2], marker="o", label="a")
    axes.bar([0, 1], [1, 2])
    axes.scatter([1, 2], [2, 1])
    axes.set_title("Trẻ em")
    axes.set_xlabel("%")
    axes.legend()
    held = io.BytesIO()
    canvas.print_figure(held, format="png", bbox_inches="tight")
    return held.getvalue()


def lay_out_figures() -> None:
    """Lay out the figures that pyplot would draw before the inline backend makes PNGs of them."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    inline = sys.modules.get("matplotlib_inline.backend_inline")
    if pyplot is None or inline is None or not pyplot.isinteractive():
        return
    from IPython import get_ipython
    from matplotlib_inline.config import InlineBackend

    settings = InlineBackend.instance(parent=get_ipython())
    if not settings.close_figures or "png" not in settings.figure_formats:
        return
    for manager in pyplot._pylab_helpers.Gcf.get_all_fig_managers():
        figure = manager.canvas.figure
        if figure.stale:
            try:
                figure.draw_without_rendering()
            except Exception:
                # the figure stays stale: pyplot draws it next and shows the error as it always does
                return
            if is_steady(figure):
                _laid_out.append(figure)
                figure.draw = _SkipOneLayout(figure)


def forget_layouts(result: object = None) -> None:
    """Let figures that were not made to pictures after all be laid out like any other."""
    while _laid_out:
        vars(_laid_out.pop()).pop("draw", None)


_laid_out: list[Any] = []


class _SkipOneLayout:
    """Stands in for `figure.draw` until it is called once: a layout again is skipped."""

    def __init__(self, figure: Any) -> None:
        self._figure = figure

    def __call__(self, renderer: Any) -> None:
        figure = self._figure
        vars(figure).pop("draw", None)
        if not (_draws_nothing(renderer) and _is_as_laid_out(figure)):
            figure.draw(renderer)


def _draws_nothing(renderer: Any) -> bool:
    """Whether matplotlib took the drawing out of a renderer, to lay out only."""
    from matplotlib.backend_bases import RendererBase

    return getattr(renderer.draw_path, "__wrapped__", None) is RendererBase.draw_path


def _is_as_laid_out(figure: Any) -> bool:
    """Whether nothing changed since; the background is set once more whenever a picture is made."""
    return not any(part.stale for part in figure.get_children() if part is not figure.patch)


def is_steady(figure: Any) -> bool:
    """Whether a second layout of a figure, just laid out, changes nothing and calls nobody."""
    callbacks = figure.canvas.callbacks.callbacks
    return (
        figure.get_layout_engine() is None
        and not callbacks.get("draw_event")
        and all(map(_is_steady_artist, figure.findobj()))
        and all(map(_is_steady_axes, figure.axes))
        and _is_as_laid_out(figure)
    )


def _is_steady_artist(artist: Any) -> bool:
    if _name(artist) not in _STEADY_ARTISTS or "draw" in vars(artist):
        return False
    if artist.get_agg_filter() is not None or artist.get_path_effects():
        return False
    for steady in (_is_steady_text, _is_steady_collection):
        if not steady(artist):
            return False
    return True


def _is_steady_text(artist: Any) -> bool:
    get_wrap = getattr(artist, "get_wrap", None)
    coordinates = (getattr(artist, "xycoords", ""), getattr(artist, "anncoords", ""))
    return not (get_wrap is not None and get_wrap()) and all(
        isinstance(one, str) for one in coordinates
    )


def _is_steady_collection(artist: Any) -> bool:
    norm = getattr(artist, "norm", None)
    return norm is None or _name(norm) in _STEADY_NORMS


def _is_steady_axes(axes: Any) -> bool:
    return (
        axes.get_axes_locator() is None
        and not axes.child_axes
        and (axes.get_aspect() == "auto" or axes.get_adjustable() == "box")
        and all(map(_is_steady_axis, (axes.xaxis, axes.yaxis)))
    )


def _is_steady_axis(axis: Any) -> bool:
    if _name(axis._scale) not in _STEADY_SCALES:
        return False
    tickers = [one for part in (axis.major, axis.minor) for one in (part.locator, part.formatter)]
    return all(_name(one) in _STEADY_TICKERS and _is_ours(one) for one in tickers)


def _is_ours(ticker: Any) -> bool:
    """Whether no function of the notebook is called; it might count its calls or print."""
    function = getattr(ticker, "func", None)
    return function is None or str(getattr(function, "__module__", "")).startswith(_OWN)


def _name(thing: object) -> str:
    return f"{type(thing).__module__}.{type(thing).__qualname__}"
