"""Sentences about the data received and about the trace annex."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treem.display import figures
from treem.display.common import counted_words
from treem.display.prose.counts import number_of
from treem.display.sentence import Prose, plain, prose, say, texts
from treem.display.tables.coverage import GOOD, owed_rows
from treem.display.tables.quality import ORDER, not_used
from treem.display.words import severity_name

if TYPE_CHECKING:
    from treem.notebooks.api import Run

MISSING = "missing_submission"


def quality(run: Run) -> Prose:
    """Say how much was received, how many findings there are, and who has not reported."""
    received = run.tables.observations.values()
    found = run.tables.findings
    files = {row["file"] for row in received}
    places = {
        "n": _tally(run, "observations", len(received)),
        "files": _tally(run, "files", len(files)),
    }
    senders = [f"{row['area_name']} ({row['year']})" for row in found if row["rule"] == MISSING]
    if senders:
        reported = say("quality", "missing", senders=plain("; ".join(senders)))
    elif not run.edition.submissions:
        reported = _published_only(run)
    else:
        reported = say("quality", "full")
    if not found:
        return prose(say("quality", "none", **places), reported)
    groups = [
        say(
            "quality",
            "group",
            n=_tally(
                run,
                f"findings.{severity}",
                len(ids),
                counted_words("findings_of").format(severity=severity_name(severity)),
                ids,
            ),
            severity=severity_name(severity),
        )
        for severity in ORDER
        if (ids := [row["finding_id"] for row in found if row["severity"] == severity])
    ]
    every = [row["finding_id"] for row in found]
    total = _tally(run, "findings", len(every), checks=every)
    return prose(
        say("quality", "intro", findings=total, groups=", ".join(groups), **places), reported
    )


def _published_only(run: Run) -> str:
    """Say that nobody reported to this edition, and how many measures published figures cover."""
    rows = run.rows()
    return say(
        "quality",
        "published",
        year=run.year,
        reported=number_of(run, "reported", [row for row in rows if row.reported]),
        all=number_of(run, "expected", rows),
    )


def coverage(run: Run) -> Prose:
    """Say how much of what was owed is there."""
    owed = [row for year in run.edition.years for row in owed_rows(run, year)]
    if not owed:
        return prose(say("coverage", "none"))
    good = sum(row["state"] in GOOD for row in owed)
    counts = {
        "owed": _tally(run, "owed_cells", len(owed)),
        "good": _tally(run, "good_cells", good),
    }
    return prose(say("coverage", "all" if good == len(owed) else "some", **counts))


def resubmissions(run: Run) -> Prose:
    """Say how many submissions were replaced by later ones."""
    number = len(run.tables.resubmissions)
    if not number:
        return prose(say("resubmissions", "none"))
    return prose(say("resubmissions", "some", n=_tally(run, "resubmissions", number)))


def revisions(run: Run) -> Prose:
    """Say how many results are revised."""
    number = len(run.tables.results.revised)
    if not number:
        return prose(say("revisions", "none"))
    return prose(say("revisions", "some", n=_tally(run, "revisions", number)))


def decisions(run: Run) -> Prose:
    """Say how many findings people let pass and how many values they corrected."""
    waivers, corrections = len(run.tables.waivers), len(run.tables.corrections)
    return prose(
        _decided(run, "waivers", "no_waivers", waivers),
        _decided(run, "corrections", "no_corrections", corrections),
    )


def left_out(run: Run) -> Prose:
    """Say how many received values were not used."""
    unused = not_used(run)
    received = run.tables.observations
    gone = [row["superseded_by"] for row in received.values() if row["superseded_by"]]
    corrected = sum(by in received for by in gone)
    replaced = len(gone) - corrected
    said = (
        say("left_out", "some", n=_tally(run, "left_out", len(unused)))
        if unused
        else say("left_out", "none")
    )
    more = [
        say("left_out", name, n=_tally(run, name, number))
        for name, number in (("replaced", replaced), ("corrected", corrected))
        if number
    ]
    return prose(said, *more)


def trace(run: Run) -> Prose:
    """Say how an id is made of the annex's rows and how it is followed."""
    listed = [one for one in run.printed if one["operation"] != "count"]
    values = [one for one in listed if one["part"] == "v"]
    newest = [one for one in values if (one["area_code"], one["year"]) == (run.area_code, run.year)]
    example = (newest or values or listed)[0]["figure"]
    printed = {one["part"] for one in listed}
    used = printed | {part.rstrip("0123456789") for part in printed}
    parts = [
        say("trace", "part", code=code, meaning=meaning)
        for code, meaning in texts("parts").items()
        if code in used
    ]
    return prose(
        say("trace", "intro", example=example, edition=run.edition.name),
        say("trace", "parts", parts="; ".join(parts)),
        say("trace", "counts"),
    )


def _decided(run: Run, some: str, none: str, number: int) -> str:
    if not number:
        return say("decisions", none)
    return say("decisions", some, n=_tally(run, some, number))


def _tally(
    run: Run, part: str, number: int, formula: str = "", checks: list[str] | None = None
) -> str:
    words = formula or counted_words(part)
    return figures.tally(run, "SL", part, number, words, checks=checks or ()).markdown
