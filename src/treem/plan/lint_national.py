"""Conflicts between the national column of the table, the words of the plan and the decision."""

from __future__ import annotations

from collections.abc import Iterator

from treem.plan.ages import AGE, age_group
from treem.plan.book import (
    MEDIUM,
    Book,
    at_cell,
    at_decision,
    at_sentence,
    at_target,
    conflict,
    limit_key,
    show,
)
from treem.plan.effects import effect
from treem.plan.lint_places import unreadable
from treem.plan.model import Discrepancy, Place
from treem.plan.numbers import decimal_text
from treem.plan.sentence import subject_tokens
from treem.plan.tie import StatedMeasure


def check_national(book: Book) -> Iterator[Discrepancy]:
    """Compare the national column of the table with the decision itself."""
    if not book.national:
        return
    for measure in book.plan.measures.values():
        for year in book.years:
            yield from _national_year(book, measure, year)
        yield from _national_unit(book, measure)
        yield from _national_wording(book, measure)
    yield from _dropped(book)
    yield from _same_levels(book)


def _national_year(book: Book, measure: StatedMeasure, year: int) -> Iterator[Discrepancy]:
    cell, decision = book.cell(measure.id, year), book.decision(measure.id, year)
    limit = book.decision_limit(measure.id, year)
    if decision is not None and decision.value is None:
        return  # a yearly change, no level: a matter of the unit
    if cell is not None and decision is not None and limit is not None:
        if cell.limit != limit:
            yield _national_differs(book, measure.id, year)
    elif limit is not None and decision is not None:
        if not unreadable(book, measure.id, "national", year):
            yield conflict(
                measure.id,
                "missing_cell",
                MEDIUM,
                effect("missing_cell_national", year=year, national=show(limit)),
                [at_decision(decision), *at_cell(book, measure.id, "national", year)],
                key=[limit_key(limit)],
                scope="national",
                year=year,
            )
    elif cell is not None:
        stated = [item for y in book.years if (item := book.decision(measure.id, y))]
        yield conflict(
            measure.id,
            "extra_target",
            MEDIUM,
            effect("extra_target_national", year=year, table=show(cell.limit)),
            [at_target(cell), *map(at_decision, stated)],
            key=[limit_key(cell.limit)],
            scope="national",
            year=year,
        )
    if limit is not None and decision is not None:
        yield from _weaker(book, measure, year)


def _national_differs(book: Book, measure: str, year: int) -> Discrepancy:
    cell, decision = book.cell(measure, year), book.decision(measure, year)
    limit = book.decision_limit(measure, year)
    assert cell is not None and decision is not None and limit is not None
    same_value = cell.limit.value == limit.value
    text, table = (book.stated(place, measure, year) for place in ("text", "table"))
    places = [at_target(cell), at_decision(decision)]
    key = "comparator_national" if same_value else "value_national"
    swapped = text and table and text.limit.value == cell.limit.value != table.limit.value
    if not same_value and swapped and table and table.limit.value == limit.value:
        key = "value_national_swapped"
        places.append(at_target(table))
    return conflict(
        measure,
        "comparator" if same_value else "value",
        MEDIUM,
        effect(key, year=year, table=show(cell.limit), national=show(limit)),
        places,
        key=[limit_key(cell.limit), limit_key(limit)],
        scope="national",
        year=year,
    )


def _weaker(book: Book, measure: StatedMeasure, year: int) -> Iterator[Discrepancy]:
    """Find a target of the province that asks for less than the nation's."""
    text, decision = book.stated("text", measure.id, year), book.decision(measure.id, year)
    limit = book.decision_limit(measure.id, year)
    if text is None or decision is None or limit is None:
        return
    if measure.direction * (text.limit.value - limit.value) < 0:
        yield conflict(
            measure.id,
            "value",
            MEDIUM,
            effect("weaker_than_national", year=year, text=show(text.limit), national=show(limit)),
            [at_target(text), at_decision(decision)],
            key=[limit_key(text.limit), limit_key(limit)],
            scope="weaker",
            year=year,
        )


def _national_unit(book: Book, measure: StatedMeasure) -> Iterator[Discrepancy]:
    """Find cells with a level where the decision states a yearly change."""
    found = [item for y in book.years if (item := book.decision(measure.id, y))]
    changes = [item for item in found if item.value is None]
    cells = [cell for y in book.years if (cell := book.cell(measure.id, y))]
    if not changes or not cells:
        return
    yield conflict(
        measure.id,
        "unit",
        MEDIUM,
        effect(
            "unit_national",
            cells="; ".join(dict.fromkeys(cell.words for cell in cells)),
            words=changes[0].words,
        ),
        [*map(at_target, cells), at_decision(changes[0])],
        key=[*(limit_key(cell.limit) for cell in cells), changes[0].words],
        scope="national",
    )


_GROUPS = ("sơ sinh", "sinh viên", "người chưa thành niên", "khuyết tật", "nông thôn", "thành thị")


def _national_wording(book: Book, measure: StatedMeasure) -> Iterator[Discrepancy]:
    """Find a group of people that the decision names and the plan's words leave out."""
    decision = next((item for y in book.years if (item := book.decision(measure.id, y))), None)
    if decision is None:
        return
    missing = [
        group
        for group in _GROUPS
        if group in decision.name.lower() and group not in measure.subject.lower()
    ]
    age = AGE.search(decision.name.lower())
    if age is not None and age_group(measure.subject) != age_group(decision.name):
        missing.insert(0, age[0])
    if missing:
        yield conflict(
            measure.id,
            "label",
            MEDIUM,
            effect("wording_national", missing=", ".join(missing)),
            [*at_sentence(measure), Place("national", None, decision.name, "")],
            key=missing,
            scope="national",
        )


def _dropped(book: Book) -> Iterator[Discrepancy]:
    """Find indicators and sub-targets of the decision that the plan does not have."""
    owners = {mate: measure for measure, mate in book.mates.items()}
    said = [subject_tokens(item.stated.words) for item in book.plan.measures.values()]
    groups: dict[tuple[str, str], list[Place]] = {}
    names = {(item.measure, item.part): item.name for item in book.national}
    for item in book.national:
        absent = item.measure not in owners
        if item.part and not absent:
            absent = not any(subject_tokens(item.part) <= tokens for tokens in said)
        if absent:
            groups.setdefault((item.measure, item.part), []).append(at_decision(item))
    for (code, part), places in groups.items():
        name = names[code, part]
        sentence = (
            effect("dropped_part", part=name.lower())
            if part
            else effect("dropped_indicator", name=name)
        )
        measure = owners.get(code, "")
        sentences = at_sentence(book.plan.measures[measure]) if measure else []
        yield conflict(
            measure,
            "missing_sentence",
            MEDIUM,
            sentence,
            [*places, *sentences],
            key=[name, *(place.value for place in places)],
            scope="national",
        )


def _same_levels(book: Book) -> Iterator[Discrepancy]:
    """Find uneven levels of one measure that the decision sets for another one, value for value."""
    levels: dict[tuple[str, ...], list[str]] = {}
    for code in dict.fromkeys(item.measure for item in book.national if not item.part):
        values = [item.value for item in book.national if item.measure == code and not item.part]
        if len(values) > 1 and all(value is not None for value in values):
            key = tuple(decimal_text(value) for value in values if value is not None)
            levels.setdefault(key, []).append(code)
    for measure in book.plan.measures.values():
        stated = [t for y in book.years if (t := book.stated("text", measure.id, y))]
        key = tuple(decimal_text(target.limit.value) for target in stated)
        own = book.mates.get(measure.id)
        others = [code for code in levels.get(key, []) if code != own]
        if not others or not any("." in value for value in key):
            continue
        decisions = [n for n in book.national if n.measure in others and not n.part]
        yield conflict(
            measure.id,
            "value",
            MEDIUM,
            effect(
                "same_levels",
                levels="; ".join(show(target.limit).lstrip("<>≤≥") for target in stated),
                other=decisions[0].name,
            ),
            [*map(at_target, stated), *map(at_decision, decisions)],
            key=[*key, *others],
            scope="same",
        )
