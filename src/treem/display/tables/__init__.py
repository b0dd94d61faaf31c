"""Tables of the report as HTML, one function a table; each takes the run of the notebook."""

from treem.display.tables.beside import growth, outlook, pooled
from treem.display.tables.coverage import (
    coverage,
    coverage_by_year,
    coverage_counts,
    coverage_gaps,
)
from treem.display.tables.district import district
from treem.display.tables.plan import ledger, places, readings
from treem.display.tables.province import owed, pace, results, sources, verdict_counts
from treem.display.tables.quality import (
    corrections,
    finding_counts,
    findings,
    left_out,
    resubmissions,
    revisions,
    waivers,
)
from treem.display.tables.summary import summary_table
from treem.display.tables.trace import trace

__all__ = [
    "growth",
    "outlook",
    "pooled",
    "coverage",
    "coverage_by_year",
    "coverage_counts",
    "coverage_gaps",
    "corrections",
    "district",
    "finding_counts",
    "findings",
    "ledger",
    "left_out",
    "owed",
    "pace",
    "places",
    "readings",
    "results",
    "resubmissions",
    "revisions",
    "sources",
    "summary_table",
    "trace",
    "verdict_counts",
    "waivers",
]
