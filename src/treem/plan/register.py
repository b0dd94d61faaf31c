"""The register: measures, targets by place, readings, the ledger, agencies, from `data/plan/`.

Tables that `treem.plan.rebuild` reads out of the official text (targets, baselines, the summary
table, duties, the ledger) stand beside the tables that people keep (measures, national targets,
readings, decisions, agencies, versions). Loading does not read the official text again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from treem.errors import PlanError
from treem.plan.files import read_each
from treem.plan.model import (
    Baseline,
    Discrepancy,
    Indicator,
    Measure,
    Objective,
    Reading,
    Scope,
    SummaryTable,
    Target,
)
from treem.plan.records import CONFIRMED as CONFIRMED
from treem.plan.records import UNDEFINED as UNDEFINED
from treem.plan.records import Agency as Agency
from treem.plan.records import Decision as Decision
from treem.plan.records import PlanVersion as PlanVersion
from treem.plan.records import ReadingChoice as ReadingChoice
from treem.plan.rows import (
    build_agency_row,
    build_baseline,
    build_indicator,
    build_measure,
    build_objective,
    build_target,
    read_decisions,
    read_holders,
    read_ledger,
    read_readings,
    read_table,
    read_version,
)
from treem.project import Project


@dataclass(frozen=True)
class PlanRegister:
    """Everything the register holds; see the methods for how targets are chosen."""

    version: PlanVersion
    measures: dict[str, Measure]
    objectives: dict[int, Objective]
    indicators: dict[int, Indicator]
    baselines: dict[str, Baseline]
    targets: tuple[Target, ...]
    readings: dict[tuple[str, Scope, int], ReadingChoice]
    table: SummaryTable
    discrepancies: tuple[Discrepancy, ...]
    decisions: dict[str, Decision]
    holders: dict[int, tuple[str, ...]]
    agency_rows: tuple[tuple[frozenset[int], Agency], ...]
    by_place: Mapping[tuple[str, Scope, int, str], Target]

    def limits(
        self, measure_id: str, reading: Reading, scope: Scope = "province"
    ) -> dict[int, Target]:
        """Return the target for each year under a reading; a year without target is absent.

        The readings `text` and `table` take section I.2 or the cells alone; `ledger` takes the
        place chosen for the measure and year. National targets are those of the decision.
        """
        found = {
            year: target
            for year, place, target in self._by_measure.get((measure_id, scope), ())
            if place == self._place(measure_id, scope, year, reading)
        }
        return dict(sorted(found.items()))

    def undefined(self, measure_id: str) -> str:
        """Return why no verdict can be given for a measure, or ""."""
        for choice in self._choices(measure_id):
            if choice.place == UNDEFINED:
                return choice.reason
        return ""

    def confirmed(self, measure_id: str) -> bool:
        """Return whether every chosen reading of a measure has been confirmed."""
        choices = self._choices(measure_id)
        return bool(choices) and all(choice.status == CONFIRMED for choice in choices)

    def reading_note(self, measure_id: str) -> str:
        """Return why the chosen places were chosen, in a sentence or two."""
        return " ".join(dict.fromkeys(choice.reason for choice in self._choices(measure_id)))

    def agency_in_plan(self, measure_id: str) -> str:
        """Return the agency that section IV gives the measure's indicator; two as `A; B`."""
        return "; ".join(self.holders.get(self.measures[measure_id].indicator, ()))

    def agencies(self, measure_id: str, on: dt.date) -> tuple[Agency, ...]:
        """Return who holds the duty for a measure on a date, in the order of section IV.

        Raises PlanError for a date before the plan came into force.
        """
        if on < self.version.valid_from:
            raise PlanError(
                f"Ngày {on:%d/%m/%Y} trước khi kế hoạch {self.version.document} có hiệu lực "
                f"({self.version.valid_from:%d/%m/%Y}): chưa có cơ quan nào được giao."
            )
        indicator = self.measures[measure_id].indicator
        names = self.holders.get(indicator, ())
        return tuple(
            agency
            for name in names
            for indicators, agency in self.agency_rows
            if agency.in_plan == name
            and (not indicators or indicator in indicators)
            and agency.valid_from <= on
            and (agency.valid_to is None or on <= agency.valid_to)
        )

    def agency(self, measure_id: str, on: dt.date) -> Agency:
        """Return the first agency that holds the duty on a date.

        Raises PlanError where the register names none.
        """
        found = self.agencies(measure_id, on)
        if not found:
            raise PlanError(
                f"data/plan/agencies.csv: không có cơ quan nào cho {measure_id} vào ngày "
                f"{on:%d/%m/%Y}. Hãy bổ sung dòng có thời hạn bao gồm ngày này."
            )
        return found[0]

    @cached_property
    def _by_measure(self) -> dict[tuple[str, Scope], list[tuple[int, str, Target]]]:
        found: dict[tuple[str, Scope], list[tuple[int, str, Target]]] = {}
        for (measure, scope, year, place), target in self.by_place.items():
            found.setdefault((measure, scope), []).append((year, place, target))
        return found

    def _choices(self, measure_id: str) -> list[ReadingChoice]:
        return self._province_choices.get(measure_id, [])

    @cached_property
    def _province_choices(self) -> dict[str, list[ReadingChoice]]:
        found: dict[str, list[ReadingChoice]] = {}
        for (measure, scope, _), choice in self.readings.items():
            if scope == "province":
                found.setdefault(measure, []).append(choice)
        return found

    def _place(self, measure_id: str, scope: Scope, year: int, reading: Reading) -> str:
        if scope == "national":
            return "national"
        if reading != "ledger":
            return reading
        choice = self.readings.get((measure_id, scope, year))
        return choice.place if choice else ""


def load_register(project: Project, version: int | None = None) -> PlanRegister:
    """Load the register of a plan version (default: the newest).

    Raises PlanError where a table is missing or damaged, or where the tables contradict each
    other (a reading of a target that no place states, a decision on nothing).
    """
    folder = project.plan
    measures = {item.id: item for item in read_each(folder / "measures.csv", build_measure)}
    targets = tuple(read_each(folder / "targets.csv", build_target))
    readings = read_readings(folder, measures)
    discrepancies = read_ledger(folder)
    register = PlanRegister(
        version=read_version(folder, version),
        measures=measures,
        objectives={o.number: o for o in read_each(folder / "objectives.csv", build_objective)},
        indicators={i.number: i for i in read_each(folder / "indicators.csv", build_indicator)},
        baselines={b.measure: b for b in read_each(folder / "baselines.csv", build_baseline)},
        targets=targets,
        readings=readings,
        table=read_table(folder),
        discrepancies=discrepancies,
        decisions=read_decisions(folder, {item.id for item in discrepancies}),
        holders=read_holders(folder),
        agency_rows=tuple(read_each(folder / "agencies.csv", build_agency_row)),
        by_place={
            (target.measure, target.scope, target.year, _place_key(target)): target
            for target in targets
        },
    )
    _check(register)
    return register


def _place_key(target: Target) -> str:
    """Return the place of a target as readings name it; the table's national column has none."""
    national_cell = target.scope == "national" and target.where == "table"
    return "national_cell" if national_cell else target.where


def _check(register: PlanRegister) -> None:
    """Check that what people chose exists in what the plan states."""
    for (measure, scope, year), choice in register.readings.items():
        key = (measure, scope, year, choice.place)
        if choice.place != UNDEFINED and key not in register.by_place:
            raise PlanError(
                f"data/plan/readings.csv: {measure} năm {year} chọn nơi “{choice.place}” nhưng "
                "targets.csv không có mức nào ở nơi đó. Hãy chọn một nơi có đặt mức."
            )
    missing = [measure for measure in register.measures if measure not in register.baselines]
    if missing:
        raise PlanError(
            f"data/plan/baselines.csv: thiếu dòng cho {', '.join(missing)}. Hãy chạy "
            "python -m treem.plan.rebuild để viết lại các bảng từ văn bản."
        )
