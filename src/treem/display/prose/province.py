"""Sentences of one year: the province, its objectives, its areas, one area."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treem.display import figures
from treem.display.common import (
    GROUPS,
    area_measures,
    counted_words,
    lower_first,
    measures_of,
    rounded,
    short_name,
    verdict_text,
)
from treem.display.prose.counts import next_target_year, number_of
from treem.display.prose.overview import against, number_of_objective
from treem.display.sentence import Prose, listed, plain, prose, say
from treem.display.tables.province import count_verdict, worth_showing
from treem.display.words import verdict_name
from treem.notebooks.results import Result
from treem.plan.model import TARGET_YEARS

if TYPE_CHECKING:
    from treem.notebooks.api import Run


def province(run: Run) -> Prose:
    """Say how many measures have a result in the year and how many have each group of verdicts."""
    rows = run.rows()
    area = plain(lower_first(run.area.full_name))
    intro = say(
        "province",
        "intro",
        year=run.year,
        area=area,
        reported=number_of(run, "reported", [row for row in rows if row.reported]),
        all=number_of(run, "expected", rows),
    )
    if not run.place.judged:
        return prose(intro, say("province", "not_judged", area=area))
    parts = figures.tally(run, "SL", "parts", len(run.place.parts), counted_words("parts"))
    return prose(
        intro,
        say("province", "rebuilt", year=run.year, area=area, parts=parts.markdown)
        if run.place.rebuilt
        else "",
        *(against(run, year) for year in TARGET_YEARS if year >= run.year),
    )


def objective(run: Run, number: int) -> Prose:
    """Say the verdicts of an objective, and its measures that are behind with their numbers."""
    year = next_target_year(run)
    rows = [run.expect(measure.id) for measure in measures_of(run, number)]
    if not run.place.judged:
        reported = [row for row in rows if row.reported]
        n = number_of(run, f"reported.{number}", reported)
        return prose(
            say(
                "objective",
                "not_judged",
                number=number,
                n=number_of_objective(run, number),
                reported=n,
            )
        )
    behind = [row for row in rows if row.verdict(year) in GROUPS["behind"]]
    intro = say(
        "objective",
        "intro",
        number=number,
        n=number_of_objective(run, number),
        year=year,
        verdicts="; ".join(_verdicts(run, rows, year, number)),
    )
    return prose(
        f"{intro} {say('objective', 'behind')}" if behind else intro,
        listed(_behind_item(run, row, year) for row in behind),
    )


def _verdicts(run: Run, rows: list[Result], year: int, number: int) -> list[str]:
    """Return `3 đúng lộ trình (CT01, CT02, CT14)` for each verdict that occurs."""
    said = []
    for codes in GROUPS.values():
        for code in codes:
            found = [row for row in rows if row.verdict(year) == code]
            if found:
                counted = count_verdict(run, year, (code,), code, number)
                said.append(
                    say(
                        "objective",
                        "verdict",
                        n=counted.markdown,
                        verdict=plain(lower_first(verdict_text(found[0], year).split(" (")[0])),
                        ids=", ".join(row.measure for row in found),
                    )
                )
    return said


def _behind_item(run: Run, row: Result, year: int) -> str:
    unit = row["unit"]
    limit = run.register.limits(row.measure, run.edition.reading).get(year)
    printed = {
        "value": figures.value(run, row),
        "baseline": figures.baseline(run, row.measure),
        "path": figures.path(run, row),
        "target": figures.target(run, limit) if limit else None,
    }
    details = [
        say(
            "objective",
            name,
            value=figures.spoken(number, unit) + (rounded(run, row) if name == "value" else ""),
            target=figures.spoken(number, unit),
            year=year,
        )
        for name, number in printed.items()
        if number is not None
    ]
    return say(
        "objective",
        "item",
        id=row.measure,
        name=plain(short_name(row.measure)),
        details=", ".join([*details, plain(lower_first(verdict_text(row, year)))]),
    )


def pace(run: Run) -> Prose:
    """Say what gap and pace mean, or that no result is there to work them out of."""
    known = any(row["gap_2025"] or row["gap_2030"] for row in run.rows())
    return prose(say("pace", "some" if known else "none", year=run.year))


def areas(run: Run) -> Prose:
    """Say how the chart of areas is to be read and what could not be drawn."""
    names = run.area_names()
    below = len(names) - 1
    drawn = area_measures(run)
    missing = [measure for measure, complete in drawn.items() if not complete]
    counted = figures.tally(run, "SL", "areas", below, counted_words("areas"))
    if not any(drawn.values()):
        return prose(
            say("areas", "none", year=run.year, n=_areas_reported(run), all=counted.markdown)
        )
    return prose(
        say("areas", "intro", n=counted.markdown),
        say("areas", "missing", ids=", ".join(missing)) if missing else "",
    )


def _areas_reported(run: Run) -> str:
    """Count the areas below the province that reported anything in the year."""
    reported = [
        code
        for code in run.area_names()
        if code != run.area_code and any(row.reported for row in run.rows(code))
    ]
    said = counted_words("areas_reported")
    return figures.tally(run, "SL", "areas.reported", len(reported), said).markdown


def sources(run: Run) -> Prose:
    """Say that a year without any figure has no sources; nothing where the table follows."""
    shown = worth_showing(run, run.rows())
    return prose("" if shown else say("sources", "none", year=run.year))


def district(run: Run) -> Prose:
    """Say what an area reported and where it stands beside the province's targets."""
    rows = run.rows()
    year = next_target_year(run)
    reported = [row for row in rows if row.reported]
    met = [row for row in reported if row.verdict(year) in GROUPS["good"]]
    not_met = [row for row in reported if row.verdict(year) in GROUPS["watch"] + GROUPS["behind"]]
    missing = [row.measure for row in rows if not row.reported]
    if not reported:
        return prose(say("district", "nothing"))
    return prose(
        say(
            "district",
            "intro",
            year=run.year,
            area=plain(lower_first(run.area.full_name)),
            reported=number_of(run, "reported", reported),
            all=number_of(run, "expected", rows),
        ),
        say(
            "district",
            "against",
            year=year,
            met=_beside(run, year, "met", met),
            not_met=_beside(run, year, "not_met", not_met),
            rest="".join(_rest(run, year, reported)),
        ),
        say("district", "missing", ids=", ".join(missing)) if missing else "",
    )


def _rest(run: Run, year: int, reported: list[Result]) -> list[str]:
    """Count what was reported and neither meets the province's target nor misses it."""
    said = []
    for code in (*GROUPS["not_judged"], *GROUPS["withheld"], *GROUPS["no_data"]):
        found = [row for row in reported if row.verdict(year) == code]
        if found:
            no_data = code in GROUPS["no_data"]
            name = say("district", "open") if no_data else lower_first(verdict_name(code))
            formula = counted_words("beside").format(year=year, what=name)
            part = f"k{year % 100}.reported.{code}"
            n = figures.tally(run, "TH", part, len(found), formula, results=found).markdown
            said.append(say("district", "rest", n=n, verdict=plain(name)))
    return said


def _beside(run: Run, year: int, name: str, rows: list[Result]) -> str:
    """Count the measures of an area that meet the province's target of a year, or do not."""
    formula = counted_words(name).format(year=year)
    part = f"k{year % 100}.{name}"
    return figures.tally(run, "TH", part, len(rows), formula, results=rows).markdown
