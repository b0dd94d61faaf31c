"""Conflicts between places: section I.2, cells and labels of the table, the national decision."""

from __future__ import annotations

import re
from collections.abc import Iterator

from treem.plan.book import (
    HIGH,
    LOW,
    MEDIUM,
    Book,
    at_cell,
    at_decision,
    at_label,
    at_sentence,
    at_target,
    conflict,
    limit_key,
    show,
    show_years,
)
from treem.plan.effects import effect
from treem.plan.model import Discrepancy, Place, Target
from treem.plan.numbers import decimal_text
from treem.plan.sentence import subject_tokens
from treem.plan.source import StatedMeasure


def check_words_and_cells(book: Book) -> Iterator[Discrepancy]:
    """Compare section I.2 with the province's cells, year by year."""
    for measure in book.plan.measures.values():
        if measure.clause is None:
            yield _no_sentence(book, measure)
            continue
        if not measure.clause.statements:
            continue  # no level in words: a matter of the unit
        yield from _no_year(book, measure)
        for year in book.years:
            text = book.stated("text", measure.id, year)
            table = book.stated("table", measure.id, year)
            if text and table and text.limit != table.limit:
                yield _words_differ(book, text, table)
            elif text and not table and not _unreadable(book, measure.id, "province", year):
                yield _no_cell(book, text)
            elif table and not text:
                yield _only_table(book, measure, table)


def check_labels(book: Book) -> Iterator[Discrepancy]:
    """Find labels of rows that agree neither with section I.2 nor with the cells beside them."""
    for measure in book.plan.measures.values():
        for year in book.years:
            label = book.stated("label", measure.id, year)
            text = book.stated("text", measure.id, year)
            table = book.stated("table", measure.id, year)
            stated = [place.limit for place in (text, table) if place]
            if label is None or not stated or label.limit in stated:
                continue
            yield _label_differs(book, label, text, table)


def check_names(book: Book) -> Iterator[Discrepancy]:
    """Find names of objectives and subjects of measures that differ between I.2 and table."""
    titles = {objective.number: objective for objective in book.plan.objectives}
    for row in book.plan.table.rows:
        if row.kind != "objective" or row.objective not in titles:
            continue
        objective = titles[row.objective]
        title = re.sub(r"^\W*Mục tiêu\s+\d+\s*:\s*", "", row.label).rstrip(" .")
        if title.casefold() != objective.title.casefold():
            yield conflict(
                "",
                "label",
                LOW,
                effect("objective_title", number=row.objective),
                [
                    Place("text", objective.line, objective.title, ""),
                    Place("label", row.line, row.label, ""),
                ],
                key=[row.objective, objective.title, title],
            )
    for measure in book.plan.measures.values():
        if measure.clause is None or measure.label is None:
            continue
        words, label = measure.clause.subject, measure.label.subject
        if subject_tokens(words) != subject_tokens(label):
            yield conflict(
                measure.id,
                "label",
                MEDIUM,
                effect("label_subject", label=label, text=words),
                at_sentence(measure) + at_label(measure),
                key=[words, label],
                scope="subject",
            )


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


def _words_differ(book: Book, text: Target, table: Target) -> Discrepancy:
    same_value = text.limit.value == table.limit.value
    label = book.stated("label", text.measure, text.year)
    places = [at_target(text), at_target(table)]
    if label is not None and label.limit in (text.limit, table.limit):
        places.append(at_target(label))
    baseline = book.plan.baselines[text.measure]
    key = "comparator_province" if same_value else "value_province"
    if same_value and baseline.value == text.limit.value and baseline.comparator is None:
        key = "comparator_province_baseline"
        places.append(Place("baseline", baseline.line, baseline.words, ""))
    value = show(text.limit).lstrip("<>≤≥")
    sentence = effect(
        key,
        year=text.year,
        text=show(text.limit),
        table=show(table.limit),
        value=value,
        baseline_year=book.baseline_year,
    )
    return conflict(
        text.measure,
        "comparator" if same_value else "value",
        HIGH,
        sentence,
        places,
        key=[limit_key(text.limit), limit_key(table.limit)],
        scope="province",
        year=text.year,
    )


def _no_sentence(book: Book, measure: StatedMeasure) -> Discrepancy:
    cells = [place for year in book.years for place in at_cell(book, measure.id, "province", year)]
    return conflict(
        measure.id,
        "missing_sentence",
        HIGH,
        effect("missing_sentence"),
        at_label(measure) + cells,
        key=[measure.subject],
        scope="province",
    )


def _no_year(book: Book, measure: StatedMeasure) -> Iterator[Discrepancy]:
    clause = measure.clause
    assert clause is not None
    loose = [item for item in clause.statements if item.year is None and not item.later]
    if not loose:
        return
    cells = [place for year in book.years for place in at_cell(book, measure.id, "province", year)]
    yield conflict(
        measure.id,
        "missing_sentence",
        MEDIUM,
        effect("missing_year", years=show_years(book.years)),
        at_sentence(measure) + cells,
        key=[item.words for item in loose],
        scope="year",
    )


def _no_cell(book: Book, text: Target) -> Discrepancy:
    label = book.stated("label", text.measure, text.year)
    return conflict(
        text.measure,
        "missing_cell",
        HIGH,
        effect("missing_cell_province", year=text.year, text=show(text.limit)),
        [
            at_target(text),
            *([at_target(label)] if label else []),
            *at_cell(book, text.measure, "province", text.year),
        ],
        key=[limit_key(text.limit)],
        scope="province",
        year=text.year,
    )


def _only_table(book: Book, measure: StatedMeasure, table: Target) -> Discrepancy:
    return conflict(
        measure.id,
        "extra_target",
        HIGH,
        effect("extra_target_province", year=table.year, table=show(table.limit)),
        [at_target(table), *at_sentence(measure)],
        key=[limit_key(table.limit)],
        scope="province",
        year=table.year,
    )


def _unreadable(book: Book, measure: str, scope: str, year: int) -> bool:
    column = book.column(scope, year)
    return column is not None and book.plan.values(measure, column) is None


def _label_differs(
    book: Book, label: Target, text: Target | None, table: Target | None
) -> Discrepancy:
    cell = book.cell(label.measure, label.year)
    decision = book.decision(label.measure, label.year)
    national = {cell.limit.value} if cell else set()
    national |= {decision.value} if decision and decision.value is not None else set()
    places = [at_target(place) for place in (label, text, table) if place]
    copied = label.limit.value in national
    if copied:
        places += [at_target(cell)] if cell and cell.limit.value == label.limit.value else []
        places += (
            [at_decision(decision)] if decision and decision.value == label.limit.value else []
        )
    return conflict(
        label.measure,
        "label",
        MEDIUM,
        effect(
            "label_national" if copied else "label",
            year=label.year,
            label=show(label.limit),
            text=show(text.limit if text else None),
            table=show(table.limit if table else None),
        ),
        places,
        key=[limit_key(place.limit) if place else "" for place in (label, text, table)],
        scope="province",
        year=label.year,
    )


def _national_year(book: Book, measure: StatedMeasure, year: int) -> Iterator[Discrepancy]:
    cell, decision = book.cell(measure.id, year), book.decision(measure.id, year)
    limit = book.decision_limit(measure.id, year)
    if decision is not None and decision.value is None:
        return  # a yearly change, no level: a matter of the unit
    if cell is not None and decision is not None and limit is not None:
        if cell.limit != limit:
            yield _national_differs(book, measure.id, year)
    elif limit is not None and decision is not None:
        if not _unreadable(book, measure.id, "national", year):
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


_AGE = re.compile(
    r"(?:từ\s+)?(?P<from>\d+)\s*(?:-|–|đến)\s*(?P<to>\d+)\s+tuổi|dưới\s+(?P<under>\d+)\s+tuổi"
    r"|đến\s+(?P<until>\d+)\s+tuổi|(?P<over>\d+)\s+tuổi\s+trở\s+lên|(?P<at>\d+)\s+tuổi"
)
_GROUPS = ("sơ sinh", "sinh viên", "người chưa thành niên", "khuyết tật", "nông thôn", "thành thị")


def age_group(subject: str) -> tuple[int, int] | None:
    """Return the ages that a subject names, in years from and below; None for no ages."""
    match = _AGE.search(subject.lower())
    if match is None:
        return None
    if match["from"]:
        return int(match["from"]), int(match["to"]) + 1
    if match["under"]:
        return 0, int(match["under"])
    if match["until"]:
        return 0, int(match["until"]) + 1
    if match["over"]:
        return int(match["over"]), 200
    return int(match["at"]), int(match["at"]) + 1


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
    age = _AGE.search(decision.name.lower())
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
