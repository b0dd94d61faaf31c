"""The 2020 figures: missing, only a bound, or already at the target."""

from __future__ import annotations

from collections.abc import Iterator

from treem.plan.book import (
    HIGH,
    MEDIUM,
    Book,
    at_baseline,
    at_sentence,
    conflict,
    level,
    show_years,
)
from treem.plan.effects import effect, phrase
from treem.plan.model import Baseline, Discrepancy, Limit, Place
from treem.plan.numbers import decimal_text
from treem.plan.tie import StatedMeasure


def check_baselines(book: Book) -> Iterator[Discrepancy]:
    """Find 2020 figures that are missing, only a bound, or already at the target."""
    for measure in book.plan.measures.values():
        baseline = book.plan.baselines[measure.id]
        if baseline.value is None:
            if not baseline.words:
                yield _baseline_missing(book, measure, baseline)
            continue
        if baseline.comparator is not None:
            yield conflict(
                measure.id,
                "censored",
                MEDIUM,
                effect("censored", baseline_year=book.baseline_year, baseline=baseline.words),
                [at_baseline(baseline)],
                key=[baseline.comparator, decimal_text(baseline.value)],
                scope="baseline",
            )
        yield from _baseline_meets(book, measure, baseline)


def _baseline_missing(book: Book, measure: StatedMeasure, baseline: Baseline) -> Discrepancy:
    places = [at_baseline(baseline)] if baseline.line else at_sentence(measure)
    return conflict(
        measure.id,
        "baseline_missing",
        MEDIUM,
        effect("baseline_missing", baseline_year=book.baseline_year),
        places,
        key=[],
    )


def _baseline_meets(
    book: Book, measure: StatedMeasure, baseline: Baseline
) -> Iterator[Discrepancy]:
    """Find a 2020 figure that satisfies a target, as words or table set it."""
    met: dict[str, list[int]] = {"text": [], "table": []}
    asked: dict[str, list[int]] = {"text": [], "table": []}
    limits: list[tuple[Limit, Place]] = []
    for place in met:
        for year in book.years:
            found = level(book, measure, place, year)
            if found is None:
                continue
            asked[place].append(year)
            if _satisfied(baseline, found[0]):
                met[place].append(year)
                limits.append(found)
    no_level = measure.clause is not None and not measure.clause.statements
    if no_level or not (met["text"] or met["table"]):
        return
    both = [year for year in asked["text"] if year in asked["table"]]
    depends = [y for y in both if y in met["text"]] != [y for y in both if y in met["table"]]
    years = sorted({*met["text"], *met["table"]})
    sentence = (
        effect(
            "baseline_meets_target_by_reading",
            baseline_year=book.baseline_year,
            baseline=baseline.words.replace(".", ","),
            text=_met_words(met["text"]),
            table=_met_words(met["table"]),
        )
        if depends
        else effect(
            "baseline_meets_target",
            baseline_year=book.baseline_year,
            baseline=baseline.words.replace(".", ","),
            years=show_years(years),
        )
    )
    assert baseline.value is not None
    yield conflict(
        measure.id,
        "baseline_meets_target",
        HIGH if depends else MEDIUM,
        sentence,
        [at_baseline(baseline), *(place for _, place in limits)],
        key=[decimal_text(baseline.value), depends or years],
    )


def _satisfied(baseline: Baseline, limit: Limit) -> bool:
    """Whether the figure meets the limit; a bound must settle it."""
    assert baseline.value is not None
    if baseline.comparator is None:
        return limit.satisfied_by(baseline.value)
    lower = baseline.comparator in ("<", "<=") and limit.comparator in ("<", "<=")
    higher = baseline.comparator in (">", ">=") and limit.comparator in (">", ">=")
    if baseline.value == limit.value:
        strict = baseline.comparator in ("<", ">") or not limit.strict
        return (lower or higher) and strict
    return (lower and baseline.value < limit.value) or (higher and baseline.value > limit.value)


def _met_words(years: list[int]) -> str:
    return phrase("met", years=show_years(years)) if years else phrase("not_met")
