"""A layout that is skipped changes no byte of the picture, and is skipped only where it may be."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis.strategies as st
import matplotlib
import matplotlib.pyplot as plt
import pytest
from hypothesis import example, given, settings
from matplotlib.figure import Figure

from treem.notebooks.pictures import _SkipOneLayout, is_steady

Draw = Callable[[Any], None]


def _annotate(axes: Any) -> None:
    axes.annotate("điểm", (1, 2), (1.5, 2.5), arrowprops=None)
    axes.annotate("lệch", (0.5, 0.5), xycoords="axes fraction", xytext=(9, 9), ha="right")


def _turn_labels(axes: Any) -> None:
    axes.tick_params(axis="x", labelrotation=45, top=True, labeltop=True)
    axes.set_xlabel("Năm", loc="right")
    axes.xaxis.set_label_position("top")


STEADY: dict[str, Draw] = {
    "lines": lambda axes: axes.plot([3e6, 1e6, 2.5e6], marker="o", label="a"),
    "bars": lambda axes: axes.bar(["xã", "phường dài hơn nhiều"], [1, 2], yerr=[0.1, 0.3]),
    "barh": lambda axes: axes.barh([1, 2, 3], [0.1, 0.5, 0.2], label="b"),
    "scatter": lambda axes: axes.scatter([1, 2, 3], [4, 1, 3], c=[1, 2, 3], label="c"),
    "band": lambda axes: axes.fill_between([0, 1, 2], [1, 2, 1], [2, 3, 4], alpha=0.3),
    "pie": lambda axes: axes.pie([1, 2, 3], labels=["a", "b", "c"]),
    "step": lambda axes: axes.stairs([1, 3, 2]),
    "hlines": lambda axes: axes.hlines([1, 2], 0, 3),
    "span": lambda axes: axes.axvspan(0.5, 1.5, alpha=0.2),
    "legend": lambda axes: axes.legend(*axes.get_legend_handles_labels(), title="Chú giải"),
    "title": lambda axes: axes.set_title("Trẻ em dưới 6 tuổi\nhai dòng", loc="left"),
    "log": lambda axes: axes.set_yscale("symlog"),
    "minor": lambda axes: axes.minorticks_on(),
    "grid": lambda axes: axes.grid(True),
    "text": lambda axes: axes.text(0, 1, "$x^2$ chữ", rotation=30),
    "annotate": _annotate,
    "labels": _turn_labels,
    "limits": lambda axes: axes.set_xlim(-1.3, 4.7),
    "equal": lambda axes: axes.set_aspect("equal"),
    "twin": lambda axes: axes.twinx().plot([1e-7, 2e-7, 3e-7], color="C3"),
    "inverted": lambda axes: axes.invert_yaxis(),
    "beyond": lambda axes: axes.annotate("ngoài", (1.4, 1.2), xycoords="axes fraction"),
}


@pytest.fixture(autouse=True)
def agg() -> Iterator[None]:
    with matplotlib.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def _figure(names: list[str], panels: int, shared: bool) -> Figure:
    figure, axes = plt.subplots(1, panels, squeeze=False, sharey=shared, dpi=40)
    for one in axes.flat:
        for name in names:
            STEADY[name](one)
    if panels > 1:
        figure.align_titles()
        figure.align_labels()
        figure.suptitle("Chung")
    return figure


def _png(figure: Any) -> bytes:
    """Return the picture as IPython makes it."""
    held = io.BytesIO()
    figure.canvas.print_figure(
        held, format="png", dpi=figure.dpi, bbox_inches="tight", facecolor=figure.get_facecolor()
    )
    return held.getvalue()


def _layouts(figure: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how often a figure that was laid out is drawn when a picture is made of it."""
    drawn: list[object] = []
    original = Figure.draw
    monkeypatch.setattr(Figure, "draw", lambda self, to: (drawn.append(to), original(self, to)))
    _png(figure)
    monkeypatch.setattr(Figure, "draw", original)
    return len(drawn)


@settings(max_examples=4)
@example(names=sorted(STEADY), panels=1, shared=False)
@example(names=["lines", "labels", "title", "twin"], panels=2, shared=True)
@given(
    names=st.lists(st.sampled_from(sorted(STEADY)), min_size=1, max_size=6, unique=True),
    panels=st.integers(1, 2),
    shared=st.booleans(),
)
def test_a_skipped_layout_changes_no_byte(names: list[str], panels: int, shared: bool) -> None:
    ordinary, ours = (_figure(names, panels, shared) for _ in range(2))
    ordinary.canvas.draw()
    ours.draw_without_rendering()
    if is_steady(ours):
        ours.draw = _SkipOneLayout(ours)
    assert _png(ours) == _png(ordinary)
    assert "draw" not in vars(ours)
    plt.close("all")


@pytest.mark.parametrize("name", sorted(set(STEADY) - {"twin"}))
def test_a_plain_figure_is_laid_out_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = _figure([name], 1, False)
    figure.draw_without_rendering()
    assert is_steady(figure)
    figure.draw = _SkipOneLayout(figure)
    assert _layouts(figure, monkeypatch) == 1
    assert _layouts(figure, monkeypatch) == 2


def _format_loudly(axes: Any) -> None:
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}!")


class _Own(matplotlib.lines.Line2D):
    """A line that may do anything when it is drawn."""


UNSTEADY: dict[str, Draw] = {
    "engine": lambda axes: axes.figure.set_layout_engine("constrained"),
    "formatter": _format_loudly,
    "artist": lambda axes: axes.add_line(_Own([0, 1], [0, 1])),
    "inset": lambda axes: axes.inset_axes((0.5, 0.5, 0.4, 0.4)),
    "image": lambda axes: axes.figure.colorbar(axes.imshow([[1, 2], [3, 4]])),
    "datalim": lambda axes: axes.set_aspect("equal", adjustable="datalim"),
    "wrapped": lambda axes: axes.text(0, 0, "dài " * 60, wrap=True),
    "listener": lambda axes: axes.figure.canvas.mpl_connect("draw_event", print),
    "table": lambda axes: axes.table([["a", "b"]]),
    "filter": lambda axes: axes.title.set_agg_filter(lambda image, dpi: (image, 0, 0)),
    "patched": lambda axes: setattr(axes.title, "draw", lambda renderer: None),
    "place": lambda axes: axes.annotate("a", (0, 0), xycoords=lambda renderer: axes.bbox),
    "dates": lambda axes: axes.xaxis_date(),
    "scale": lambda axes: axes.set_xscale("function", functions=(lambda x: x, lambda x: x)),
}


@pytest.mark.parametrize("name", sorted(UNSTEADY))
def test_a_figure_that_may_move_or_tell_is_laid_out_twice(name: str) -> None:
    figure = _figure(["lines"], 1, False)
    UNSTEADY[name](figure.axes[0])
    figure.draw_without_rendering()
    assert not is_steady(figure)


def test_a_change_after_the_layout_is_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = _figure(["lines", "title"], 1, False)
    figure.draw_without_rendering()
    figure.draw = _SkipOneLayout(figure)
    figure.axes[0].set_ylabel("Đổi sau cùng")
    assert _layouts(figure, monkeypatch) == 2
