"""Sentences of the report, written from results by rules; each takes the run of the notebook."""

from treem.display.prose.overview import changes, largest_gaps, overview, owed
from treem.display.prose.plan import ledger, plan, readings, summary_notes, summary_table
from treem.display.prose.province import areas, district, objective, pace, province, sources
from treem.display.prose.quality import (
    coverage,
    decisions,
    left_out,
    quality,
    resubmissions,
    revisions,
    trace,
)
from treem.display.prose.sentences import (
    funnels,
    measures,
    outlook,
    pooled,
)

__all__ = [
    "funnels",
    "pooled",
    "outlook",
    "measures",
    "areas",
    "changes",
    "coverage",
    "decisions",
    "district",
    "largest_gaps",
    "ledger",
    "left_out",
    "objective",
    "overview",
    "owed",
    "pace",
    "plan",
    "province",
    "quality",
    "readings",
    "resubmissions",
    "revisions",
    "sources",
    "summary_notes",
    "summary_table",
    "trace",
]
