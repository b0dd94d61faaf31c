"""A sentence for each measure: value, comparator and target, verdict, certainty.

Every word comes from the row that the table prints, by the same functions, so that a sentence
cannot say anything else than the table.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from treem.display import figures
from treem.display.common import (
    bare_count,
    certainty_year,
    lower_first,
    measures_of,
    short_name,
    verdict_text,
    why_no_value,
)
from treem.display.sentence import Prose, listed, plain, prose, say
from treem.display.texts import load_texts
from treem.notebooks.results import Result
from treem.plan.model import TARGET_YEARS

if TYPE_CHECKING:
    from treem.notebooks.api import Run


def measures(run: Run, objective: int) -> Prose:
    """Say each measure of an objective in one sentence, in the order of the plan."""
    shown = (run.expect(measure.id) for measure in measures_of(run, objective))
    return prose(_sentences(run, shown))


def outlook(run: Run) -> Prose:
    """Say what a projection is, or that no measure has three comparable years."""
    known = any(row["projection_points"] for row in run.rows())
    return prose(say("outlook", "some" if known else "none"))


def pooled(run: Run) -> Prose:
    """Say why rare events are pooled, or that there are no three years to pool."""
    from treem.display.tables.beside import pooled_rows

    return prose(say("pooled", "some" if pooled_rows(run) else "none"))


def funnels(run: Run) -> Prose:
    """Say how the funnels are read and which codes stand in them, or that none was drawn."""
    from treem.display.charts.funnels import funnels_of

    drawn = funnels_of(run, "events") + funnels_of(run, "shares")
    if not drawn:
        return prose(say("funnels", "none"))
    marked = {
        point.area_code: plain(point.area_name)
        for one in drawn
        for point in one.points
        if point.outside == "99.8"
    }
    names = "; ".join(f"{code} {name}" for code, name in sorted(marked.items()))
    return prose(say("funnels", "intro"), say("funnels", "codes", names=names) if marked else "")


def sentence(run: Run, row: Result) -> str:
    """Return the sentence of one result, as an item of a list."""
    note = plain(figures.rounding_note(run, row))
    parts = filter(None, (_figure(run, row), note, *_judged(run, row)))
    return _say("item", id=row.measure, name=plain(short_name(row.measure)), parts="; ".join(parts))


def _judged(run: Run, row: Result) -> list[str]:
    """Say each target with its verdict; nothing where neither a figure nor a count is there."""
    if bare_count(run, row) is None and not row.has_value:
        return []
    return [*(_target(run, row, year) for year in TARGET_YEARS), _certainty(run, row)]


def _sentences(run: Run, rows: Iterable[Result]) -> str:
    return listed(sentence(run, row) for row in rows)


def _figure(run: Run, row: Result) -> str:
    """Say the value, or what there is in its place."""
    year = row.year
    printed = figures.value(run, row)
    if printed is None:
        counted = bare_count(run, row)
        if counted is None:
            return _say(why_no_value(row), year=year)
        return _say("counted", year=year, n=counted.markdown)
    value = figures.spoken(printed, row["unit"])
    if row["bound"]:
        return _say("limit", year=year, value=value)
    ends = figures.interval(run, row)
    if ends is None:
        return _say("value", year=year, value=value)
    interval = _say("interval", lower=ends[0].markdown, upper=ends[1].markdown)
    return _say("value", year=year, value=value) + interval


def _target(run: Run, row: Result, year: int) -> str:
    """Say a target that is not over and the verdict against it."""
    if year < row.year:
        return ""
    target = run.register.limits(row.measure, run.edition.reading).get(year)
    if target is None:
        return _say("no_target", year=year)
    return _say(
        "target",
        year=year,
        target=figures.spoken(figures.target(run, target), row["unit"]),
        verdict=plain(lower_first(verdict_text(row, year))),
    )


def _certainty(run: Run, row: Result) -> str:
    year = certainty_year(run, row)
    if not row["certainty"] or year is None:
        return ""
    return _say(row["certainty"].lower(), year=year)


def _say(name: str, /, **places: object) -> str:
    return str(load_texts("sentences")[name]).format(**places)
