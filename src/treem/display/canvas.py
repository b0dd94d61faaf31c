"""Drawing for print: the document's own font, black on white, no state shared between charts.

A chart is a matplotlib figure made without pyplot, so nothing of it stays behind in a kernel. Its
alternative text is written from the numbers that were drawn and leaves the cell with the picture.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treem.errors import PublishError
from treem.notebooks.finish import CARRIER

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 200
WIDTH = 6.5
"""Inches: the measure of a portrait A4 page with the decree's margins, 165 mm."""

POINTS = 9.0
CSS_PIXELS_PER_INCH = 96

_COMPRESSION = 4
"""Of PNG: half the time of the usual 6 for a few per cent more bytes."""

BLACK, DARK, GREY, LIGHT = "#000000", "#404040", "#808080", "#d0d0d0"
ACCENT = "#1f4e79"
"""The one colour; it is darker than GREY in greyscale, and never carries meaning alone."""

_STYLE: dict[str, Any] = {
    "font.family": "Tinos",
    "font.size": POINTS,
    "axes.titlesize": POINTS + 0.5,
    "axes.labelsize": POINTS,
    "xtick.labelsize": POINTS,
    "ytick.labelsize": POINTS,
    "legend.fontsize": POINTS,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.edgecolor": DARK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "hatch.linewidth": 0.6,
    # the hints in the font are a program to run for each glyph; at this resolution they look alike
    "text.hinting": "force_autohint",
    "axes.unicode_minus": False,
    # where titles stand, so that no tick is measured to find out
    "axes.titley": 1.0,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


@dataclass(frozen=True)
class Chart:
    """A finished picture and the sentences that say the same to who cannot see it."""

    png: bytes
    alt: str
    width: float
    height: float

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        picture = base64.b64encode(self.png).decode("ascii")
        size = {
            "width": round(self.width * CSS_PIXELS_PER_INCH),
            "height": round(self.height * CSS_PIXELS_PER_INCH),
        }
        return (
            {"image/png": picture, "text/plain": self.alt},
            {"image/png": size, CARRIER: {"values": {"alt": self.alt}}},
        )


@contextmanager
def drawing(fonts: Path) -> Iterator[None]:
    """Draw with the project's font and this module's style; both end with the block."""
    import matplotlib
    from matplotlib import font_manager

    files = sorted(fonts.glob("*.ttf"))
    if not files:
        raise PublishError(
            f"Không có tệp phông chữ .ttf trong {fonts}; bản sao của dự án thiếu phông Tinos."
        )
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for file in files:
        if str(file) not in known:
            font_manager.fontManager.addfont(str(file))
    with matplotlib.rc_context(_STYLE):
        yield


@dataclass(frozen=True)
class Frame:
    """Inches around and between the panels of a figure.

    Fixed rather than measured: a layout that measures its texts draws every chart three times.
    """

    left: float
    right: float
    top: float
    bottom: float
    across: float = 0.0
    down: float = 0.0


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """Return an empty figure of a size in inches; call it within `drawing`."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=DPI)


def panels(figure: Figure, count: int, columns: int, frame: Frame) -> list[Axes]:
    """Return the axes of small multiples, row by row."""
    width, height = figure.get_size_inches()
    rows = -(-count // columns)
    wide = (width - frame.left - frame.right - frame.across * (columns - 1)) / columns
    high = (height - frame.top - frame.bottom - frame.down * (rows - 1)) / rows
    placed = []
    for index in range(count):
        row, column = divmod(index, columns)
        x = frame.left + column * (wide + frame.across)
        y = frame.bottom + (rows - 1 - row) * (high + frame.down)
        placed.append(figure.add_axes((x / width, y / height, wide / width, high / height)))
    return placed


def finished(figure: Figure, alt: str) -> Chart:
    """Return the drawn figure as a chart: one picture for HTML, PDF and DOCX."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    _leave_out_empty_labels(figure)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    # the paper is white: without transparency there is a quarter less to compress
    picture = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba())
    target = io.BytesIO()
    picture.convert("RGB").save(target, "png", dpi=(DPI, DPI), compress_level=_COMPRESSION)
    width, height = figure.get_size_inches()
    return Chart(target.getvalue(), alt, float(width), float(height))


def _leave_out_empty_labels(figure: Figure) -> None:
    """Place labels without text anywhere; matplotlib would measure all ticks to place them."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if not axis.label.get_text():
                axis.set_label_coords(0, 0)
