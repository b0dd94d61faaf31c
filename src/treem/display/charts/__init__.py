"""Charts of the report, one function a chart; each takes the run of the notebook.

Every mark has a shape or line of its own, so that a print in black says the same; the alternative
text states the numbers that were drawn.
"""

from treem.display.charts.areas import areas, district
from treem.display.charts.counts import verdict_counts
from treem.display.charts.funnels import funnels, trends
from treem.display.charts.paths import paths

__all__ = ["areas", "district", "funnels", "paths", "trends", "verdict_counts"]
