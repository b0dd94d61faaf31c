"""Sentences about the plan: what it sets, how it is read, where it contradicts itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treem.display import figures
from treem.display.common import counted_words, lower_first, remarks
from treem.display.prose.counts import number_of
from treem.display.prose.overview import counted
from treem.display.sentence import Prose, listed, plain, prose, say
from treem.display.tables.plan import depends_on_reading
from treem.display.tables.summary import PRINTED
from treem.display.words import severity_name, word

if TYPE_CHECKING:
    from treem.notebooks.api import Run

SEVERITIES = ("high", "medium", "low")


def plan(run: Run) -> Prose:
    """Say what the plan sets and under which reading it is judged."""
    register = run.register
    baselines = [one for one in register.baselines.values() if one.value is not None]
    unconfirmed = [one for one in register.measures if not register.confirmed(one)]
    undefined = [one for one in register.measures if register.undefined(one)]
    return prose(
        say(
            "plan",
            "intro",
            document=register.version.document,
            indicators=counted(run, "indicators", len(register.indicators)),
            objectives=counted(run, "objectives", len(register.objectives)),
            measures=counted(run, "measures", len(register.measures)),
            baselines=counted(run, "baselines", len(baselines)),
        ),
        say(
            "plan",
            "reading",
            reading=word("reading", run.edition.reading),
            n=counted(run, "unconfirmed", len(unconfirmed)),
        ),
        say("plan", "places"),
        say("plan", "undefined", ids=", ".join(undefined)) if undefined else "",
    )


def readings(run: Run) -> Prose:
    """Say which verdicts depend on the reading of the plan."""
    differing = [row for row in run.rows() if depends_on_reading(row)]
    if not differing:
        return prose(say("readings", "none", year=run.year))
    ids = ", ".join(row.measure for row in differing)
    n = number_of(run, "readings", differing)
    return prose(say("readings", "some", year=run.year, n=n, ids=ids))


def ledger(run: Run) -> Prose:
    """Say how many discrepancies the ledger holds, by severity."""
    found = run.register.discrepancies
    numbers = {
        severity: _discrepancies(
            run,
            f"discrepancies.{severity}",
            [one.id for one in found if one.severity == severity],
            counted_words("severity").format(severity=severity_name(severity)),
        )
        for severity in SEVERITIES
    }
    every = [one.id for one in found]
    n = _discrepancies(run, "discrepancies", every, counted_words("discrepancies"))
    return prose(say("ledger", "intro", n=n, **numbers))


def _discrepancies(run: Run, part: str, ids: list[str], formula: str) -> str:
    return figures.tally(run, "KH", part, len(ids), formula, discrepancies=ids).markdown


def summary_table(run: Run) -> Prose:
    """Say which columns are as issued and which are ours."""
    nation = [name for name in run.register.table.header[0] if name][-1]
    return prose(
        say(
            "summary",
            "intro",
            nation=plain(nation),
            document=run.register.version.document,
            year=run.year,
            area=plain(lower_first(run.shown_name)),
        ),
        say("summary", "reading", reading=word("reading", run.edition.reading)),
    )


def summary_notes(run: Run) -> Prose:
    """Name stray cells and measures without cells, and say why results are missing."""
    stray = [
        say(
            "summary",
            "stray",
            label=plain(row.label),
            line=cell.line,
            content=_content(cell.text),
        )
        for row in run.register.table.rows
        for cell in row.cells[PRINTED:]
    ]
    printed = {measure for row in run.register.table.rows for measure in row.measures}
    unprinted = [measure for measure in run.register.measures if measure not in printed]
    return prose(
        *stray,
        say("summary", "unprinted", ids=", ".join(unprinted)) if unprinted else "",
        listed(f"- {plain(line)}" for line in remarks(run, run.rows()).split("<br>") if line),
    )


def _content(text: str) -> str:
    if not text:
        return say("summary", "empty_cell")
    return say("summary", "full_cell", text=plain(text))
