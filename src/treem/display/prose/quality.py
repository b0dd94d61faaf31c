"""Sentences about the data received and about the trace annex."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treem.display import figures
from treem.display.common import counted_words
from treem.display.prose.counts import number_of
from treem.display.sentence import Prose, plain, prose, say, texts
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


def left_out(run: Run) -> Prose:
    """Say how many received values were not used."""
    unused = not_used(run)
    replaced = [row for row in run.tables.observations.values() if row["superseded_by"]]
    said = (
        say("left_out", "some", n=_tally(run, "left_out", len(unused)))
        if unused
        else say("left_out", "none")
    )
    if not replaced:
        return prose(said)
    return prose(said, say("left_out", "replaced", n=_tally(run, "replaced", len(replaced))))


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


def _tally(
    run: Run, part: str, number: int, formula: str = "", checks: list[str] | None = None
) -> str:
    words = formula or counted_words(part)
    return figures.tally(run, "SL", part, number, words, checks=checks or ()).markdown
