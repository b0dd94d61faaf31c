"""Counts of verdicts as sentences, always with those that have no data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treem.display import figures
from treem.display.common import GROUPS, counted_words
from treem.display.sentence import texts
from treem.display.tables.province import count_verdict
from treem.notebooks.results import Result
from treem.plan.model import TARGET_YEARS

if TYPE_CHECKING:
    from treem.notebooks.api import Run


def next_target_year(run: Run) -> int:
    """Return the target year that is not over in the year of the notebook."""
    return next(year for year in TARGET_YEARS if year >= run.year)


def groups_of_verdicts(
    run: Run, target_year: int, sentences: dict[str, str], objective: int | None = None
) -> str:
    """Return how many measures are in each group of verdicts; groups with none are left out.

    Measures without data are always named, also where there are none.
    """
    said = []
    for name, codes in GROUPS.items():
        counted = count_verdict(run, target_year, codes, name, objective)
        if counted.text != "0" or name == "no_data":
            said.append(sentences[name].format(n=counted.markdown))
    return str(texts("list_and")).join(said)


def number_of(run: Run, part: str, rows: list[Result], **places: str) -> str:
    """Return the Markdown of a count of results of the whole review."""
    formula = counted_words(part.split(".")[0]).format(**places)
    return figures.tally(run, "TH", part, len(rows), formula, results=rows).markdown
