"""The one call for each kind of printed number: formats it for people and records the figure.

Every function takes the run of the notebook and returns the printed number, or None where there is
nothing to print. A number is printed without its unit and comparator, which stand beside it; so
the same figure reads the same in a table, a sentence and an alternative text.
"""

from treem.display.figures.beside import (
    growth,
    points,
    pooled,
    pooled_interval,
    pooled_part,
    projected,
    projected_gap,
    spread,
)
from treem.display.figures.counts import count_part, tally
from treem.display.figures.plan import baseline, cell, place, target
from treem.display.figures.results import (
    gap,
    interval,
    part,
    path,
    ratio,
    relative_gap,
    replaced,
    rounding_note,
    value,
    yearly_change,
    yearly_rate,
)
from treem.display.figures.setting import plainly, signed, spoken

__all__ = [
    "baseline",
    "cell",
    "count_part",
    "gap",
    "growth",
    "interval",
    "part",
    "path",
    "place",
    "plainly",
    "points",
    "pooled",
    "pooled_interval",
    "pooled_part",
    "projected",
    "projected_gap",
    "ratio",
    "relative_gap",
    "replaced",
    "rounding_note",
    "signed",
    "spoken",
    "spread",
    "tally",
    "target",
    "value",
    "yearly_change",
    "yearly_rate",
]
