"""The overview: counts of verdicts, the largest gaps, what changed, what is missing."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from treem.display import figures
from treem.display.common import (
    GROUPS,
    bare_count,
    counted_cases,
    counted_words,
    lower_first,
    rounded,
    short_name,
    verdict_text,
    why_no_value,
)
from treem.display.prose.counts import groups_of_verdicts, next_target_year, number_of
from treem.display.sentence import Prose, listed, plain, prose, say, texts
from treem.display.words import unit_of_difference, verdict_name
from treem.notebooks.results import Result

if TYPE_CHECKING:
    from treem.notebooks.api import Run

LARGEST = 3
WORSE = ("REVERSE", "LOST")


def overview(run: Run) -> Prose:
    """Say what was reviewed and how many measures have each group of verdicts."""
    rows = run.rows()
    target_year = next_target_year(run)
    unconfirmed = [row for row in rows if row["confirmed"] != "true"]
    said = texts("overview")
    objectives = [
        say(
            "overview",
            "objective",
            number=number,
            n=number_of_objective(run, number),
            groups=groups_of_verdicts(run, target_year, said["short_groups"], number),
        )
        for number in run.register.objectives
    ]
    return prose(
        say(
            "overview",
            "intro",
            measures=counted(run, "measures", len(run.register.measures)),
            indicators=counted(run, "indicators", len(run.register.indicators)),
            objectives=counted(run, "objectives", len(run.register.objectives)),
            document=run.register.version.document,
            year=run.year,
            area=plain(lower_first(run.area.full_name)),
            reported=number_of(run, "reported", [row for row in rows if row.reported]),
        ),
        say("overview", "two_provinces", year=run.year) if run.place.rebuilt else "",
        _against_explained(run, target_year),
        say("overview", "by_objective", year=target_year),
        listed(objectives),
        say("overview", "unconfirmed", n=number_of(run, "unconfirmed", unconfirmed))
        if unconfirmed
        else "",
    )


def against(run: Run, target_year: int) -> str:
    """Say how many measures have each group of verdicts against a target year."""
    groups = groups_of_verdicts(run, target_year, texts("groups"))
    return str(texts("against")).format(year=target_year, groups=groups)


def _against_explained(run: Run, target_year: int) -> str:
    """Say the counts against a target year and, once in the report, what is not judged."""
    said = against(run, target_year)
    explained = [
        say("overview", group)
        for group in ("not_judged", "withheld")
        if any(row.verdict(target_year) in GROUPS[group] for row in run.rows())
    ]
    return " ".join((said, *explained))


def counted(run: Run, name: str, number: int) -> str:
    """Return the Markdown of a count of what the plan has."""
    formula = counted_words(name)
    return figures.tally(
        run, "KH", name, number, formula, area_code=run.plan_area, year=run.edition.year
    ).markdown


def number_of_objective(run: Run, number: int) -> str:
    """Return the Markdown of the number of measures of an objective."""
    from treem.display.tables.province import count_verdict

    return count_verdict(run, next_target_year(run), None, "all", number).markdown


def largest_gaps(run: Run) -> Prose:
    """Name the measures that lack most, as a share of the target, against the next target."""
    year = next_target_year(run)
    lacking = [(share, row) for row in run.rows() if (share := _share(run, row, year)) > 0]
    if not lacking:
        return prose(say("gaps", "none", year=year), _worse(run, year))
    lacking.sort(key=lambda found: -found[0])
    items = [
        _gap_item(run, row, year, number) for number, (_, row) in enumerate(lacking[:LARGEST], 1)
    ]
    return prose(say("gaps", "rule", year=year), listed(items), _worse(run, year))


def _worse(run: Run, year: int) -> str:
    """Name the measures that went backwards or lost a target they had met; "" for none."""
    groups = []
    for code in WORSE:
        found = [row.measure for row in run.rows() if row.verdict(year) == code]
        names = [say("gaps", "worse_name", id=one, name=plain(short_name(one))) for one in found]
        if found:
            verdict = plain(lower_first(verdict_name(code)))
            groups.append(say("gaps", "worse_group", verdict=verdict, names=", ".join(names)))
    return say("gaps", "worse", year=year, groups="; ".join(groups)) if groups else ""


def _share(run: Run, row: Result, year: int) -> Fraction:
    limit = run.register.limits(row.measure, run.edition.reading).get(year)
    lacking = row.exact(f"gap_{year}")
    if limit is None or lacking is None or limit.limit.value == 0:
        return Fraction(0)
    share: Fraction = lacking / abs(limit.limit.value)
    return share


def _gap_item(run: Run, row: Result, year: int, number: int) -> str:
    unit = row["unit"]
    limit = run.register.limits(row.measure, run.edition.reading)[year]
    return say(
        "gaps",
        "item",
        number=number,
        id=row.measure,
        name=plain(short_name(row.measure)),
        value=figures.spoken(figures.value(run, row), unit) + rounded(run, row),
        year=year,
        target=figures.spoken(figures.target(run, limit), unit),
        gap=figures.spoken(figures.gap(run, row, year), unit_of_difference(unit)),
        share=figures.spoken(figures.relative_gap(run, row, year), "%"),
        verdict=plain(lower_first(verdict_text(row, year))),
    )


def changes(run: Run) -> Prose:
    """Say which verdicts differ from those of the year before, and where data came or went."""
    before = run.year - 1
    if before not in run.edition.years:
        return prose(say("changes", "no_year"))
    year = next_target_year(run)
    pairs = [(old, now) for now in run.rows() if (old := run.result(now.measure, year=before))]
    gained = [now.measure for old, now in pairs if _no_data(old, year) and not _no_data(now, year)]
    lost = [now.measure for old, now in pairs if _no_data(now, year) and not _no_data(old, year)]
    changed = [
        (old, now)
        for old, now in pairs
        if old.verdict(year) != now.verdict(year) and now.measure not in (*gained, *lost)
    ]
    places = {"before": before, "now": run.year, "year": year}
    first = (
        say("changes", "intro", n=number_of(run, "changed", [now for _, now in changed]), **places)
        if changed
        else say("changes", "none", **places)
    )
    return prose(
        say("changes", "due", **places) if changed and year == run.year else "",
        first,
        listed(_change_item(run, old, now, year) for old, now in changed),
        say("changes", "gained", ids=", ".join(gained), **places) if gained else "",
        say("changes", "lost", ids=", ".join(lost), **places) if lost else "",
    )


def _change_item(run: Run, old: Result, now: Result, year: int) -> str:
    return say(
        "changes",
        "item",
        id=now.measure,
        name=plain(short_name(now.measure)),
        old=plain(verdict_text(old, year)),
        new=plain(verdict_text(now, year)),
        old_value=_said_value(run, old),
        new_value=_said_value(run, now),
        before=old.year,
        now=now.year,
    )


def _said_value(run: Run, row: Result) -> str:
    """Return a value in words, or why there is none: a bare count, nothing occurred, no data."""
    printed = figures.value(run, row)
    if printed is not None:
        return figures.spoken(printed, row["unit"])
    counted_only = bare_count(run, row)
    if counted_only is not None:
        return counted_cases(row, counted_only.markdown)
    return say("changes", why_no_value(row))


def _no_data(row: Result, year: int) -> bool:
    return row.verdict(year) in GROUPS["no_data"]


def owed(run: Run) -> Prose:
    """Say who leads the measures that have no data, in the plan and now, and why none came."""
    year = next_target_year(run)
    missing = [row for row in run.rows() if _no_data(row, year)]
    if not missing:
        return prose(say("owed", "none", year=run.year))
    by_agency: dict[tuple[str, str], list[Result]] = {}
    by_reason: dict[str, list[str]] = {}
    for row in missing:
        then, now = run.agencies(row.measure)
        by_agency.setdefault((then, now.name), []).append(row)
        by_reason.setdefault(row["reason"], []).append(row.measure)
    items = []
    for number, ((then, holder), rows) in enumerate(by_agency.items(), 1):
        items.append(
            say(
                "owed",
                "item",
                agency=plain(then),
                n=number_of(run, f"owed.{number}", rows, agency=then),
                ids=", ".join(row.measure for row in rows),
                now=say("owed", "now", agency=plain(holder)) if holder != then else "",
            )
        )
    items[-1] = items[-1].removesuffix(";") + "."
    reasons = [
        say("owed", "reason", ids=", ".join(ids), reason=plain(reason))
        for reason, ids in by_reason.items()
        if reason
    ]
    undefined = [
        row.measure for row in run.rows() if row.verdict(year) == "UNDEFINED" and not row.reported
    ]
    return prose(
        say("owed", "intro", n=number_of(run, "owed_all", missing), year=run.year),
        listed(items),
        say("owed", "undefined", ids=", ".join(undefined)) if undefined else "",
        say("owed", "reasons") if reasons else "",
        listed(reasons),
    )
