"""Inline figures without the drawing that nobody sees.

After a cell, pyplot draws every figure that changed, and then the inline backend draws them again
to make the pictures. The first drawing leaves its traces in a figure (limits, ticks, layout), so it
cannot be left out; its pixels can.
"""

from __future__ import annotations

import sys
from typing import Any


def skip_unseen_pixels(shell: Any) -> None:
    """Lay out changed figures after each cell, so that pyplot finds them drawn already."""
    shell.events.register("post_execute", lay_out_figures)


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
        if manager.canvas.figure.stale:
            try:
                manager.canvas.figure.draw_without_rendering()
            except Exception:
                # the figure stays stale: pyplot draws it next and shows the error as it always does
                return
