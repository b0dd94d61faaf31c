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
from treem.plan.sentence import subject_tokens
from treem.plan.tie import StatedMeasure


def check_words_and_cells(book: Book) -> Iterator[Discrepancy]:
    """Compare section I.2 with the province's cells, year by year."""
    for measure in book.plan.measures.values():
        if measure.clause is None:
            yield _no_sentence(book, measure)
            continue
        yield from _unread(measure)
        if not measure.clause.statements:
            continue  # no level in words: a matter of the unit
        yield from _no_year(book, measure)
        for year in book.years:
            text = book.stated("text", measure.id, year)
            table = book.stated("table", measure.id, year)
            if text and table and text.limit != table.limit:
                yield _words_differ(book, text, table)
            elif text and not table and not unreadable(book, measure.id, "province", year):
                yield _no_cell(book, text)
            elif table and not text and not _is_unread(measure, year):
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
        title = re.sub(r"^\W*Mục tiêu\s+\d+\s*:\s*", "", row.label, flags=re.IGNORECASE)
        title = title.rstrip(" .")
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


def _unread(measure: StatedMeasure) -> Iterator[Discrepancy]:
    """Say which number words could not be read: their level is then unknown."""
    for item in measure.clause.unread if measure.clause else ():
        yield conflict(
            measure.id,
            "missing_sentence",
            HIGH,
            effect("unread_words", words=item.words),
            [Place("text", item.line, item.words, ""), *at_sentence(measure)],
            key=[item.words],
            scope="words",
            year=item.years[0] if item.years else None,
        )


def _is_unread(measure: StatedMeasure, year: int) -> bool:
    unread = measure.clause.unread if measure.clause else ()
    return any(year in item.years or not item.years for item in unread)


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
        effect("missing_year", years=show_years(book.table_years)),
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


def unreadable(book: Book, measure: str, scope: str, year: int) -> bool:
    """Return whether the cell holds something that is no number."""
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
        key=[limit_key(label.limit)],
        scope="province",
        year=label.year,
    )
