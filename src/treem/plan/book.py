"""What the checks of the lint look things up in, and how they write down what they found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Literal

from treem.display.numbers import format_limit
from treem.plan.ages import age_group
from treem.plan.effects import phrase
from treem.plan.model import Baseline, Discrepancy, Limit, Place, Target, Where
from treem.plan.national import NationalTarget
from treem.plan.numbers import decimal_text
from treem.plan.sentence import likeness
from treem.plan.source import PlanText
from treem.plan.tie import StatedMeasure

Severity = Literal["high", "medium", "low"]
HIGH: Severity = "high"
MEDIUM: Severity = "medium"
LOW: Severity = "low"


class Book:
    """The plan and the national decision, looked up by measure, year and place."""

    def __init__(self, plan: PlanText, national: Sequence[NationalTarget]) -> None:
        self.plan = plan
        self.national = tuple(national)
        self.table_years = tuple(c.year for c in plan.columns if c.scope == "province")
        self.years = tuple(sorted({*self.table_years, *(t.year for t in plan.targets)}))
        self.baseline_year = next(c.year for c in plan.columns if c.scope is None)
        self._targets = {(t.where, t.scope, t.measure, t.year): t for t in plan.targets}
        self.mates = _match(plan, self.national)
        self._decisions = {(n.measure, n.year): n for n in self.national if not n.part}

    def stated(self, where: Where, measure: str, year: int) -> Target | None:
        """Return the province's target in the words, the table or the label."""
        return self._targets.get((where, "province", measure, year))

    def cell(self, measure: str, year: int) -> Target | None:
        """Return the national target that the summary table prints."""
        return self._targets.get(("table", "national", measure, year))

    def decision(self, measure: str, year: int) -> NationalTarget | None:
        """Return the national target of the decision for a measure of the plan."""
        return self._decisions.get((self.mates.get(measure, ""), year))

    def decision_limit(self, measure: str, year: int) -> Limit | None:
        """Return the decision's level as a limit, in the direction of the plan's words."""
        found = self.decision(measure, year)
        return found.limit(self.plan.measures[measure].direction) if found else None

    def column(self, scope: str | None, year: int) -> int | None:
        """Return the index of a value column."""
        for index, column in enumerate(self.plan.columns):
            if (column.scope, column.year) == (scope, year):
                return index
        return None


def conflict(
    measure: str,
    kind: str,
    severity: Severity,
    effect: str,
    places: Iterable[Place],
    *,
    key: Sequence[object],
    scope: str = "",
    year: int | None = None,
) -> Discrepancy:
    """Write down a discrepancy.

    Its id holds measure, kind, scope and year and a short hash of `key`, the contents that
    conflict: it survives an amendment elsewhere, and an amendment of the conflict itself makes it
    another discrepancy, so that no old decision is applied to it.
    """
    content = "|".join([measure, kind, scope, str(year or ""), *map(str, key)])
    mark = hashlib.sha256(content.encode()).hexdigest()[:4]
    parts = [measure or "KH", kind, scope, str(year) if year else "", mark]
    return Discrepancy(
        id="-".join(part for part in parts if part),
        measure=measure,
        kind=kind,
        severity=severity,
        effect=effect,
        places=tuple(dict.fromkeys(places)),
    )


def at_target(target: Target) -> Place:
    """Return where a target stands."""
    return Place(target.where, target.line, target.words, decimal_text(target.limit.value))


def at_decision(target: NationalTarget) -> Place:
    """Return the words of the national decision; it has no line in the plan's text."""
    value = "" if target.value is None else decimal_text(target.value)
    return Place("national", None, f"{target.name}: {target.words}", value)


def at_sentence(measure: StatedMeasure) -> list[Place]:
    """Return the clause of I.2, if there is one."""
    clause = measure.clause
    return [Place("text", clause.line, clause.words, "")] if clause else []


def at_label(measure: StatedMeasure) -> list[Place]:
    """Return the label of the table, if there is one."""
    return [Place("label", measure.label.line, measure.label.words, "")] if measure.label else []


def at_cell(book: Book, measure: str, scope: str | None, year: int) -> list[Place]:
    """Return a cell as it stands, blank or not; nothing where there is no such cell."""
    column = book.column(scope, year)
    cell = None if column is None else book.plan.cell(measure, column)
    if cell is None or column is None:
        return []
    values = book.plan.values(measure, column)
    value = decimal_text(values[0].value) if values else ""
    return [Place("baseline" if scope is None else "table", cell.line, cell.text, value)]


def at_baseline(baseline: Baseline) -> Place:
    """Return where a 2020 figure stands."""
    value = "" if baseline.value is None else decimal_text(baseline.value)
    return Place("baseline", baseline.line, baseline.words, value)


def level(book: Book, measure: StatedMeasure, place: str, year: int) -> tuple[Limit, Place] | None:
    """Return the level that one place sets for a year; `cell` is the table's national column."""
    if place == "decision":
        decision, limit = book.decision(measure.id, year), book.decision_limit(measure.id, year)
        return (limit, at_decision(decision)) if decision and limit else None
    where: Where = "label" if place == "label" else "text" if place == "text" else "table"
    target = book.cell(measure.id, year) if place == "cell" else None
    target = target or (book.stated(where, measure.id, year) if place != "cell" else None)
    return (target.limit, at_target(target)) if target else None


def limit_key(limit: Limit | None) -> str:
    """Return a limit as part of an id's content."""
    return "" if limit is None else f"{limit.comparator}{decimal_text(limit.value)}"


def show(limit: Limit | None) -> str:
    """Return a limit for a sentence: `<9`, `≥98`, or that there is none."""
    return phrase("none") if limit is None else format_limit(limit)


def show_years(years: Iterable[int]) -> str:
    """Return years for a sentence: `năm 2025 và năm 2030`."""
    return phrase("and").join(phrase("year", year=year) for year in years)


def _match(plan: PlanText, national: Sequence[NationalTarget]) -> dict[str, str]:
    """Tie the plan's measures to those of the decision by their names, most alike first.

    Numbers only break ties: in an amended plan an indicator may have moved. Other ages are
    another group of children, whatever the number says.
    """
    names = {item.measure: item.name for item in national if not item.part}
    scores = sorted(
        (-_score(name, measure.subject, same_id=code == measure.id), measure.id, code)
        for code, name in names.items()
        for measure in plan.measures.values()
    )
    mates: dict[str, str] = {}
    taken: set[str] = set()
    for score, measure_id, code in scores:
        if -score >= 0.4 and measure_id not in mates and code not in taken:
            mates[measure_id] = code
            taken.add(code)
    return mates


def _score(name: str, subject: str, *, same_id: bool) -> float:
    ages = age_group(name), age_group(subject)
    if all(ages) and ages[0] != ages[1]:
        return likeness(name, subject) - 0.15
    return likeness(name, subject) + (0.15 if same_id else 0)
