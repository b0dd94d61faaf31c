"""From observations to results: one row per measure, place, year and stratum of the edition.

The rules of the 33 measures are the dict below. A ratio is worked out from summed numerators and
denominators, never by averaging rates; a survey's value is taken as given. Every value is exact.
The total (stratum "") is judged under the edition's reading, and beside it under the two readings
of the plan; a stratum has figures and no verdict. A row is there also where there is nothing,
with the reason.
"""

from __future__ import annotations

import datetime as dt
import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from treem.areas import MERGED
from treem.edition import Edition
from treem.indicators.exact import share
from treem.indicators.judged import RESULT_COLUMNS, Judged, Key, StratumKey
from treem.indicators.measured import (
    REASONS,
    Measured,
    Parts,
    Row,
    Rule,
    measure_area,
)
from treem.indicators.reconcile import choose
from treem.indicators.rollup import Place, areas_of_edition, places_in_results
from treem.indicators.sums import block_of
from treem.plan.model import Measure
from treem.project import Project
from treem.strata import STRATA, TOTAL, dimension_of, strata_of

if TYPE_CHECKING:
    import pandas as pd

    from treem.areas import Areas
    from treem.plan.register import PlanRegister


def quotient(measure: Measure, parts: Parts) -> Fraction | None:
    """Return numerator × multiplier / denominator; where only the value was given, that."""
    numerator, denominator = parts.get("numerator"), parts.get("denominator")
    if numerator is None or not denominator:
        return parts.get("value")
    return share(numerator, measure.multiplier, denominator)


def count(measure: Measure, parts: Parts) -> Fraction | None:
    """Return the number of cases; where only the value was given, that."""
    return parts.get("numerator", parts.get("value"))


def as_given(measure: Measure, parts: Parts) -> Fraction | None:
    """Return the value that a survey published."""
    return parts.get("value")


RULES: dict[str, Rule] = {
    "CT01": quotient,
    "CT02": quotient,
    "CT03.1": quotient,
    "CT03.2": quotient,
    "CT03.3": quotient,
    "CT04.1": as_given,
    "CT04.2": as_given,
    "CT04.3a": as_given,
    "CT04.3b": as_given,
    "CT05.1": quotient,
    "CT05.2": quotient,
    "CT06": quotient,
    "CT07": quotient,
    "CT08.1": quotient,
    "CT08.2": quotient,
    "CT09": quotient,
    "CT10": as_given,
    "CT11.1": quotient,
    "CT11.2": quotient,
    "CT12": quotient,
    "CT13": count,
    "CT14": quotient,
    "CT15": quotient,
    "CT16": quotient,
    "CT17": quotient,
    "CT18": quotient,
    "CT19": quotient,
    "CT20.1": quotient,
    "CT20.2": quotient,
    "CT21": quotient,
    "CT22": quotient,
    "CT23": quotient,
    "CT24": quotient,
}


COUNTS_COMMUNES = ("CT01", "CT21")
"""Measures whose units are communes: three old ones became one, so their share is another."""

Received = Mapping[tuple[str, str, str], Sequence[Row]]
"""Observations by area code, measure and stratum; within a year a code has one meaning."""


def compute(
    project: Project,
    edition: Edition,
    register: PlanRegister,
    areas: Areas,
    observations: pd.DataFrame,
) -> pd.DataFrame:
    """Return the results of an edition: a row per measure, place, year and stratum, in that order.

    In: observations with `used` set by the gate. All columns are text but `year` (int); a number
    is decimal text: exact where its decimals end, else rounded to 12. Raises AreaError where a
    year has no areas.
    """
    with _collector_paused():
        return _computed(edition, register, areas, observations)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Let no garbage collector go through millions of small objects, none of them in a cycle."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _computed(
    edition: Edition, register: PlanRegister, areas: Areas, observations: pd.DataFrame
) -> pd.DataFrame:
    import pandas as pd

    measured: dict[str, _Table] = {}
    received = _received(observations)
    for year in edition.years:
        road = _Year(edition, register, areas, year, received.get(year, {}))
        for place, measure, stratum, found in road.measured():
            table = measured.setdefault(place.geography, _Table({}, {}))
            if stratum:
                table.strata[place.code, year, measure.id, stratum] = found
            else:
                table.totals[place.code, year, measure.id] = found
    tables = []
    judges: dict[str, Judged] = {}
    for year in edition.years:
        places = places_in_results(edition, areas, year)
        for place in places:
            if place.level == "province" and place.geography not in judges:
                there = measured[place.geography]
                judges[place.geography] = _judge_of(edition, register, place, there)
        tables.append(_table(list(_rows(edition, register, places, year, judges))))
    return pd.concat(tables, ignore_index=True)


def _table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows, each with the columns in their order, as a table of text and whole years."""
    import pandas as pd
    import pyarrow as pa

    columns = zip(*[row.values() for row in rows], strict=True)
    types = dict.fromkeys(RESULT_COLUMNS, "str") | {"year": "int64"}
    # Text that is known to be text goes through Arrow in half the time of pandas' own way.
    return pd.DataFrame(
        {
            name: pd.array(pa.array(values), dtype=types[name])
            for name, values in zip(RESULT_COLUMNS, columns, strict=True)
        }
    )


@dataclass(frozen=True)
class _Table:
    """What was measured in one geography: totals, and the strata asked for."""

    totals: dict[Key, Measured]
    strata: dict[StratumKey, Measured]


@dataclass(frozen=True)
class _Year:
    """What was received for one year, and how it becomes what was measured."""

    edition: Edition
    register: PlanRegister
    areas: Areas
    year: int
    received: Received

    def measured(self) -> Iterator[tuple[Place, Measure, str, Measured]]:
        """Yield what every place measured, total and strata."""
        places = areas_of_edition(self.edition, self.areas, self.year)
        for stratum, measures in self._asked().items():
            for place, measure, found in self._stratum(places, measures, stratum):
                yield place, measure, stratum, self._compared(place, measure, found)

    def _stratum(
        self, places: Sequence[Place], measures: Sequence[Measure], stratum: str
    ) -> Iterator[tuple[Place, Measure, Measured]]:
        """Measure the places that report first, then add them up to the others."""
        reporting = [place for place in places if not (place.parts or place.crossing)]
        by_area = [measure for measure in measures if measure.reporting_level == "area"]
        block = block_of(reporting, by_area, RULES, lambda p, m: self._reported(p, m, stratum))
        for place in places:
            row = block.row_of.get(place.code)
            found = block.sum(place) if row is None else block.found[row]
            for measure, one in zip(by_area, found, strict=True):
                yield place, measure, self._reconciled(place, measure, stratum, one)
            for measure in measures:
                if measure.reporting_level != "area":
                    yield place, measure, self._of_the_province(place, measure, stratum)

    def _reported(self, place: Place, measure: Measure, stratum: str) -> Measured:
        return measure_area(
            measure,
            RULES[measure.id],
            self.received.get((place.code, measure.id, stratum), ()),
            year=self.year,
            sent=(place.code, self._senders[measure.id]) in self._sent,
            published=not self.edition.submissions,
        )

    def _reconciled(
        self, place: Place, measure: Measure, stratum: str, summed: Measured
    ) -> Measured:
        """Put what a department reported for a whole province beside the sum of its areas."""
        sent = (place.code, measure.id, stratum) in self.received
        if place.level != "province" or place.rebuilt or not place.parts or not sent:
            return summed
        return choose(summed, self._reported(place, measure, stratum))

    def _of_the_province(self, place: Place, measure: Measure, stratum: str) -> Measured:
        """Return what a department reported; it reports for the province that exists."""
        if place.level != "province":
            return Measured("not_applicable", reason=REASONS["province_only"])
        if place.rebuilt and self.edition.submissions:
            reason = REASONS["new_province_only"].format(year=self.year)
            return Measured("missing", reason=reason, cause="new_province_only")
        return self._reported(place, measure, stratum)

    def _compared(self, place: Place, measure: Measure, found: Measured) -> Measured:
        """Mark what is not the same as the plan's figure of 2020, unless a bridge is registered."""
        cause = _difference(place, measure)
        below_a_survey = place.level != "province" and measure.reporting_level != "area"
        if not cause or below_a_survey or self._day < MERGED:
            return found
        if self.areas.bridge(measure.id, place.geography, place.code, self._day):
            return found
        reason = found.comparable_reason or REASONS[cause]
        return replace(found, comparable=False, comparable_reason=reason)

    def _asked(self) -> dict[str, list[Measure]]:
        """Return the measures by stratum: the total of all, then the strata asked for.

        Strata are asked for in the year under review; an earlier year has those it was asked for
        in its own time.
        """
        seen = {(measure, dimension_of(stratum)) for _, measure, stratum in self.received}
        asked: dict[str, list[Measure]] = {TOTAL: []}
        for measure in self.register.measures.values():
            for stratum in strata_of(self.edition, measure.id):
                now = self.year == self.edition.year or stratum == TOTAL
                if now or (measure.id, dimension_of(stratum)) in seen:
                    asked.setdefault(stratum, []).append(measure)
        return asked

    @property
    def _day(self) -> dt.date:
        return dt.date(self.year, 12, 31)

    @cached_property
    def _senders(self) -> dict[str, str]:
        """Who sends a measure's figures: "" for the area itself, else the department in charge."""
        return {
            measure.id: ""
            if measure.reporting_level == "area"
            else self.register.agency(measure.id, self._day).name
            for measure in self.register.measures.values()
        }

    @cached_property
    def _sent(self) -> set[tuple[str, str]]:
        return {(code, self._senders[measure]) for code, measure, _ in self.received}


def _difference(place: Place, measure: Measure) -> str:
    """Say in what a figure from 1 July 2025 on differs from that of 2020; "" for in nothing."""
    if place.level == "province" and not place.judged:
        return "other_geography"
    if not place.inside_plan:
        return "outside_plan"
    return "communes_counted" if place.rebuilt and measure.id in COUNTS_COMMUNES else ""


def _received(observations: pd.DataFrame) -> dict[int, dict[tuple[str, str, str], list[Row]]]:
    """Return the observations that nothing superseded, by year; then by code, measure, stratum."""
    received: dict[int, dict[tuple[str, str, str], list[Row]]] = {}
    columns = zip(*[observations[name].tolist() for name in Row._fields], strict=True)
    for year, row in zip(observations["year"].tolist(), map(Row._make, columns), strict=True):
        if row.superseded_by:
            continue
        # CT04.3a is itself the rural part of CT04.3: "rural" there is no stratum of a total.
        stratum = row.stratum if dimension_of(row.stratum) in STRATA else TOTAL
        key = row.area_code, row.measure, stratum
        received.setdefault(year, {}).setdefault(key, []).append(row)
    return received


def _judge_of(edition: Edition, register: PlanRegister, province: Place, found: _Table) -> Judged:
    """Return what judges a geography, in all years: its own province has the plan's targets."""
    own = replace(edition, geography=province.geography, province=province.code)
    return Judged(own, register, found.totals, found.strata)


def _rows(
    edition: Edition,
    register: PlanRegister,
    places: Sequence[Place],
    year: int,
    judges: Mapping[str, Judged],
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a year, place by place, a measure's strata after its total."""
    for place in places:
        judged, area = judges[place.geography], place.named_area
        for measure in register.measures.values():
            yield judged.row(area, year, measure)
            for stratum in strata_of(edition, measure.id)[1:]:
                if (place.code, year, measure.id, stratum) in judged.strata:
                    yield judged.row(area, year, measure, stratum)
