"""Conflicts within one place: levels over time, parts and wholes, the 2020 figures, units."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from treem.display.numbers import format_count
from treem.plan.ages import age_group
from treem.plan.book import (
    HIGH,
    MEDIUM,
    Book,
    at_baseline,
    at_cell,
    at_sentence,
    conflict,
    level,
    limit_key,
    show,
)
from treem.plan.effects import effect
from treem.plan.model import Discrepancy, Limit, Place
from treem.plan.sentence import subject_tokens
from treem.plan.tie import StatedMeasure

FACTOR = 10


def check_loosening(book: Book) -> Iterator[Discrepancy]:
    """Find later targets that ask for less than earlier ones, in any one place."""
    for measure in book.plan.measures.values():
        for place in _PLACES:
            levels = [(y, *found) for y in book.years if (found := level(book, measure, place, y))]
            for (early, first, at_first), (late, last, at_last) in zip(
                levels, levels[1:], strict=False
            ):
                if not _looser(measure.direction, first, last):
                    continue
                judged = place in ("text", "table")
                yield conflict(
                    measure.id,
                    "loosening",
                    HIGH if judged else MEDIUM,
                    effect(
                        "loosening" if judged else "loosening_other",
                        early=early,
                        late=late,
                        early_limit=show(first),
                        late_limit=show(last),
                    ),
                    [at_first, at_last],
                    key=[limit_key(first), limit_key(last)],
                    scope=place,
                    year=late,
                )


def check_subsets(book: Book) -> Iterator[Discrepancy]:
    """Find rates of a part that may be higher than the rate of its whole."""
    measures = list(book.plan.measures.values())
    for part in measures:
        for whole in measures:
            if part is whole or not _is_part(part, whole):
                continue
            for year in book.years:
                yield from _subset_year(book, part, whole, year, "province", ("text", "table"))
                yield from _subset_year(book, part, whole, year, "national", ("cell", "decision"))
            yield from _subset_baseline(book, part, whole)


def check_units(book: Book) -> Iterator[Discrepancy]:
    """Find measures without a level in words, cells that are no numbers, shares beyond 100 %."""
    for measure in book.plan.measures.values():
        clause = measure.clause
        if clause is not None and not clause.statements and not clause.unread:
            yield _no_level(book, measure)
        for column in book.plan.columns:
            yield from _unreadable(book, measure, column.scope, column.year)
        for year in book.years:
            for place in ("text", "table"):
                found = level(book, measure, place, year)
                if found and measure.unit == "%" and not 0 <= found[0].value <= 100:
                    yield conflict(
                        measure.id,
                        "value",
                        HIGH,
                        effect("beyond_bounds", year=year, limit=show(found[0])),
                        [found[1]],
                        key=[limit_key(found[0])],
                        scope=f"bounds-{place}",
                        year=year,
                    )


def check_scales(book: Book) -> Iterator[Discrepancy]:
    """Find figures of province and nation that differ by a factor of ten and more."""
    for measure in book.plan.measures.values():
        if measure.clause is not None and not measure.clause.statements:
            continue
        own: list[tuple[Fraction, Place]] = []
        baseline = book.plan.baselines[measure.id]
        if baseline.value is not None:
            own.append((baseline.value, at_baseline(baseline)))
        nation: list[tuple[Fraction, Place]] = []
        for year in book.years:
            for place in ("text", "table"):
                found = level(book, measure, place, year)
                if found:
                    own.append((found[0].value, found[1]))
            decided = level(book, measure, "decision" if book.national else "cell", year)
            if decided:
                nation.append((decided[0].value, decided[1]))
        factors = [
            max(one / other, other / one)
            for one, _ in own
            for other, _ in nation
            if one > 0 and other > 0
        ]
        if factors and max(factors) >= FACTOR:
            yield conflict(
                measure.id,
                "scale",
                MEDIUM,
                effect(
                    "scale",
                    least=format_count(round(min(factors))),
                    most=format_count(round(max(factors))),
                ),
                [place for _, place in own + nation],
                key=[len(str(int(max(factors))))],
                scope="national",
            )


_PLACES = ("text", "table", "label", "cell", "decision")


def _looser(direction: int, first: Limit, last: Limit) -> bool:
    if first.value != last.value:
        return direction * (last.value - first.value) < 0
    return first.strict and not last.strict


_DEATH_WORDS = frozenset(("tử", "vong", "chết", "do", "bị"))


def _is_part(part: StatedMeasure, whole: StatedMeasure) -> bool:
    """Whether one rate counts some of what another counts, over the same base.

    Either the ages lie within the other's ages, or deaths from a cause lie within the cases.
    """
    if part.unit != whole.unit or not part.unit.startswith("/"):
        return False
    if part.indicator != whole.indicator:
        return False
    tokens, others = (_without_age(measure.subject) for measure in (part, whole))
    inner, outer = _ages(part.subject), _ages(whole.subject)
    if tokens == others and inner != outer and inner and outer:
        return outer[0] <= inner[0] and inner[1] <= outer[1]
    return others < tokens and tokens - others <= _DEATH_WORDS and inner == outer


def _ages(subject: str) -> tuple[Fraction, Fraction] | None:
    if "sơ sinh" in subject.lower():
        return Fraction(0), Fraction(28, 365)
    found = age_group(subject)
    return (Fraction(found[0]), Fraction(found[1])) if found else None


def _without_age(subject: str) -> frozenset[str]:
    bare = re.sub(r"sơ sinh|(?:dưới|đến|từ)?\s*\d+\s+tuổi(?:\s+trở\s+lên)?", " ", subject.lower())
    return subject_tokens(bare)


def _thing(measure: StatedMeasure) -> str:
    """Return what is measured as a noun: the subject without its verb."""
    return re.sub(r"^giảm\s+", "", measure.subject, flags=re.IGNORECASE)


def _subset_year(
    book: Book,
    part: StatedMeasure,
    whole: StatedMeasure,
    year: int,
    scope: str,
    kinds: tuple[str, ...],
) -> Iterator[Discrepancy]:
    places: list[Place] = []
    shown: list[tuple[Limit, Limit]] = []
    for kind in kinds:
        inner, outer = level(book, part, kind, year), level(book, whole, kind, year)
        if inner and outer and inner[0].value > outer[0].value:
            places += [inner[1], outer[1]]
            shown.append((inner[0], outer[0]))
    if shown:
        yield conflict(
            part.id,
            "subset",
            MEDIUM,
            effect(
                "subset",
                year=year,
                part_limit=show(shown[0][0]),
                whole_limit=show(shown[0][1]),
                part=_thing(part),
                whole=_thing(whole),
            ),
            places,
            key=[whole.id],
            scope=scope,
            year=year,
        )


def _subset_baseline(
    book: Book, part: StatedMeasure, whole: StatedMeasure
) -> Iterator[Discrepancy]:
    inner, outer = book.plan.baselines[part.id], book.plan.baselines[whole.id]
    if inner.value is None or outer.value is None or inner.value <= outer.value:
        return
    yield conflict(
        part.id,
        "subset",
        MEDIUM,
        effect(
            "subset_baseline",
            year=book.baseline_year,
            part_value=inner.words,
            whole_value=outer.words,
            part=_thing(part),
            whole=_thing(whole),
        ),
        [at_baseline(inner), at_baseline(outer)],
        key=[whole.id],
        scope="baseline",
    )


def _no_level(book: Book, measure: StatedMeasure) -> Discrepancy:
    cells = [p for y in book.years for p in at_cell(book, measure.id, "province", y)]
    cells += at_cell(book, measure.id, None, book.baseline_year)
    shown = "; ".join(dict.fromkeys(place.words for place in cells if place.words))
    sentence = effect("unit", cells=shown) if shown else effect("unit_no_level")
    return conflict(
        measure.id,
        "unit",
        HIGH,
        sentence,
        [*at_sentence(measure), *cells],
        key=[measure.subject, *(place.words for place in cells)],
        scope="province",
    )


def _unreadable(
    book: Book, measure: StatedMeasure, scope: str | None, year: int
) -> Iterator[Discrepancy]:
    column = book.column(scope, year)
    if column is None or book.plan.values(measure.id, column) is not None:
        return
    places = at_cell(book, measure.id, scope, year)
    yield conflict(
        measure.id,
        "unit",
        HIGH if scope == "province" else MEDIUM,
        effect("unreadable", cell=places[0].words),
        places,
        key=[places[0].words],
        scope=scope or "baseline",
        year=year,
    )
