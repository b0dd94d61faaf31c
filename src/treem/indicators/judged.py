"""Shapes results.csv: the figures of each row, and the verdict under each reading.

One row per measure, area, year and stratum, also where there is nothing. Numbers are decimal
text with a point; a figure that is only a limit (`<2`) stands in `bound` and `bound_value`, and
its `value` is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from treem.edition import Edition
from treem.indicators.beside import growth_columns, pooled_columns, projection_columns
from treem.indicators.decimals import decimal_text, float_text
from treem.indicators.events import few_events
from treem.indicators.intervals import interval_for
from treem.indicators.measured import REASONS, Measured
from treem.indicators.progress import (
    MILESTONE,
    Case,
    Judgement,
    case_for,
    certainty,
    judge,
    next_target_year,
)
from treem.indicators.series import Series
from treem.plan.model import TARGET_YEARS, Measure, Reading

if TYPE_CHECKING:
    from treem.areas import Area
    from treem.plan.register import PlanRegister

RESULT_COLUMNS = (
    "edition",
    "geography",
    "area_code",
    "year",
    "stratum",
    "measure",
    "numerator",
    "denominator",
    "value",
    "unit",
    "lower",
    "upper",
    "status",
    "mark",
    "reading",
    "mode",
    "path",
    "ratio",
    "verdict_2025",
    "verdict_2030",
    "certainty",
    "area_name",
    "level",
    "period",
    "period_note",
    "comparable",
    "gap_2025",
    "gap_2030",
    "yearly_change_2025",
    "yearly_change_2030",
    "yearly_rate_2025",
    "yearly_rate_2030",
    "verdict_2025_text",
    "verdict_2030_text",
    "verdict_2025_table",
    "verdict_2030_table",
    "confirmed",
    "areas_expected",
    "areas_reported",
    "missing_areas",
    "reason",
    "source_note",
    "observations",
    "bound",
    "bound_value",
    "pooled_numerator",
    "pooled_denominator",
    "pooled_value",
    "pooled_lower",
    "pooled_upper",
    "pooled_from",
    "pooled_years",
    "projected_2025",
    "projected_2030",
    "projected_gap_2025",
    "projected_gap_2030",
    "projection_points",
    "projection_last",
    "projection_spread",
    "growth_ratio_2025",
    "growth_ratio_2030",
    "growth_reason",
    "department_numerator",
    "department_denominator",
    "department_value",
    "replaces",
    "replaces_numerator",
    "replaces_denominator",
    "replaced_in",
    "revision_reason",
)

_READINGS: tuple[Reading, ...] = ("text", "table")
_READING_COLUMNS = {
    reading: [(k, f"verdict_{k}_{reading}") for k in TARGET_YEARS] for reading in _READINGS
}
_YEAR_COLUMNS = [
    (k, f"verdict_{k}", f"gap_{k}", f"yearly_change_{k}", f"yearly_rate_{k}") for k in TARGET_YEARS
]
_MARKS = {"missing": "[x]", "not_applicable": "[z]", "provisional": "[p]", "revised": "[r]"}
_UNJUDGED = {"UNDEFINED", "NOT_COMPARABLE", "NOT_APPLICABLE", "NO_DATA"}
_WITHHELD = "Số trường hợp quá ít để tính tỷ suất của một năm."

Interval = tuple[float, float]
"""Lower and upper limit, in the measure's unit."""

Key = tuple[str, int, str]
"""Area code, year, measure."""

StratumKey = tuple[str, int, str, str]
"""Area code, year, measure, stratum (never the total)."""


@dataclass(frozen=True)
class Judged:
    """Judges what was measured and shapes the rows of results.csv.

    `measured` has the totals of one geography and `strata` its breakdowns, with all years of the
    edition: pools and projections look back.
    """

    edition: Edition
    register: PlanRegister
    measured: Mapping[Key, Measured]
    strata: Mapping[StratumKey, Measured] = field(default_factory=dict)
    _known: dict[tuple[str, str, str], Series] = field(default_factory=dict, init=False)

    def row(self, area: Area, year: int, measure: Measure, stratum: str = "") -> dict[str, Any]:
        """Return one row of results.csv, its columns in their order.

        A stratum has figures, an interval and a pool, and no verdict: the plan sets targets for
        totals alone.
        """
        series = self._series(area.code, measure, stratum)
        found, value = series.found[year], series.values[year]
        interval = _interval(measure, found, value)
        row: dict[str, Any] = dict.fromkeys(RESULT_COLUMNS, "")
        row |= self._identity(area, year, measure, stratum)
        row |= _figures(measure, found, value, interval)
        row |= pooled_columns(measure, series.found, year)
        if stratum:
            row["reason"] = _reason(found, value)
            return row
        case = self._case(area, measure, self.edition.reading)
        judgement = self._judge(case, series, year)
        row |= _verdicts(judgement)
        row |= self._other_readings(area, year, series, judgement)
        row |= projection_columns(measure, case, series.points, year)
        row |= growth_columns(case, year, value, found)
        row["certainty"] = _certainty(case, year, measure, found, interval, judgement)
        row["reason"] = _reason(found, value, case, judgement)
        return row

    def _series(self, code: str, measure: Measure, stratum: str) -> Series:
        """Return what was measured in an area by year."""
        if (code, measure.id, stratum) not in self._known:
            found = {
                year: self.strata.get((code, year, measure.id, stratum))
                if stratum
                else self.measured.get((code, year, measure.id))
                for year in self.edition.years
            }
            there = {year: one for year, one in found.items() if one is not None}
            self._known[code, measure.id, stratum] = Series(measure, there)
        return self._known[code, measure.id, stratum]

    def _identity(self, area: Area, year: int, measure: Measure, stratum: str) -> dict[str, Any]:
        return {
            "edition": self.edition.name,
            "geography": self.edition.geography,
            "area_code": area.code,
            "area_name": area.full_name,
            "level": area.level,
            "year": year,
            "stratum": stratum,
            "measure": measure.id,
            "unit": measure.unit,
            "period": measure.period,
            "reading": self.edition.reading,
            "confirmed": self._confirmed[measure.id],
        }

    def _case(self, area: Area, measure: Measure, reading: Reading) -> Case:
        """Return what to judge by; below the province there is a target but no 2020 figure."""
        province, below = self._cases[measure.id, reading]
        return province if area.code == self.edition.province else below

    @cached_property
    def _cases(self) -> dict[tuple[str, Reading], tuple[Case, Case]]:
        """What the province and what the areas below it are judged by; the same in every row.

        Readings that ask for the same share one object.
        """
        cases: dict[tuple[str, Reading], tuple[Case, Case]] = {}
        for measure in self.register.measures:
            known: list[tuple[Case, Case]] = []
            for reading in dict.fromkeys((self.edition.reading, *_READINGS)):
                case = case_for(self.register, measure, reading)
                below = replace(case, baseline=None, baseline_bound=None)
                same = next((pair for pair in known if pair[0] == case), (case, below))
                known.append(same)
                cases[measure, reading] = same
        return cases

    @cached_property
    def _confirmed(self) -> dict[str, str]:
        return {m: _flag(self.register.confirmed(m)) for m in self.register.measures}

    def _judge(self, case: Case, series: Series, year: int) -> Judgement:
        found, final = series.found[year], series.found.get(MILESTONE)
        return judge(
            case,
            year,
            series.values[year],
            value_bound=found.bound,
            value_2025=series.values.get(MILESTONE),
            value_2025_bound=final.bound if final else None,
            comparable=found.comparable,
            denominator_zero=found.status == "not_applicable",
        )

    def _other_readings(
        self, area: Area, year: int, series: Series, chosen: Judgement
    ) -> dict[str, str]:
        """Return the verdicts under the two readings of the plan; most say what the chosen says."""
        verdicts: dict[str, str] = {}
        measure = series.measure
        own = self._case(area, measure, self.edition.reading)
        for reading, columns in _READING_COLUMNS.items():
            case = self._case(area, measure, reading)
            judgement = chosen if case is own else self._judge(case, series, year)
            for k, column in columns:
                verdicts[column] = judgement.verdicts[k]
        return verdicts


def _figures(
    measure: Measure, found: Measured, value: Fraction | None, interval: Interval | None
) -> dict[str, str]:
    """Return the numbers of a row; a limit stands beside the empty value, never in it."""
    lower, upper = interval or (None, None)
    return {
        "numerator": decimal_text(found.numerator),
        "denominator": decimal_text(found.denominator),
        "value": "" if found.bound else decimal_text(value),
        "bound": found.bound or "",
        "bound_value": decimal_text(value) if found.bound else "",
        "lower": float_text(lower),
        "upper": float_text(upper),
        "status": found.status,
        "mark": _mark(measure, found),
        "comparable": _flag(found.comparable),
        "period_note": found.period_note,
        "areas_expected": _whole(found.areas_expected),
        "areas_reported": _whole(found.areas_reported),
        "missing_areas": " ".join(found.missing_areas),
        "source_note": found.source_note,
        "observations": " ".join(found.observations),
        **_department(found.department),
    }


def _department(reported: Measured | None) -> dict[str, str]:
    """Return what a department reported for a province that is the sum of its areas."""
    if reported is None:
        return {}
    return {
        "department_numerator": decimal_text(reported.numerator),
        "department_denominator": decimal_text(reported.denominator),
        "department_value": decimal_text(reported.value),
    }


def _verdicts(judgement: Judgement) -> dict[str, str]:
    row = {
        "mode": judgement.mode or "",
        "path": decimal_text(judgement.path),
        "ratio": decimal_text(judgement.ratio),
    }
    for k, verdict, gap, change, rate in _YEAR_COLUMNS:
        row[verdict] = judgement.verdicts[k]
        row[gap] = decimal_text(judgement.gaps[k])
        row[change] = decimal_text(judgement.yearly_change_needed[k])
        row[rate] = float_text(judgement.yearly_rate_needed[k])
    return row


def _interval(measure: Measure, found: Measured, value: Fraction | None) -> Interval | None:
    """Return our 95 % interval of a value that was worked out of counts."""
    if value is None or found.bound or found.numerator is None:
        return None
    return interval_for(measure.interval, found.numerator, found.denominator, measure.multiplier)


def _certainty(
    case: Case,
    year: int,
    measure: Measure,
    found: Measured,
    interval: Interval | None,
    judgement: Judgement,
) -> str:
    """Say how firmly the value stands to the next target; nothing where it was not judged."""
    k = next_target_year(case.limits, year)
    if k is None or found.bound or judgement.verdicts[k] in _UNJUDGED:
        return ""
    limit = case.limits[k]
    return certainty(limit, found.value, interval, measure.multiplier, found.denominator)


def _reason(
    found: Measured,
    value: Fraction | None,
    case: Case | None = None,
    judgement: Judgement | None = None,
) -> str:
    """Say in Vietnamese why there is no value or no verdict; "" where there are both."""
    verdicts = judgement.verdicts.values() if judgement else ()
    reasons = [found.reason]
    if value is None and found.value is not None:
        reasons.append(_WITHHELD)
    if case and "UNDEFINED" in verdicts:
        reasons.append(case.undefined or REASONS["loosens"])
    if not found.comparable and found.value is not None:
        reasons.append(found.comparable_reason)
    if "NO_DATA" in verdicts and found.bound:
        reasons.append(REASONS["limit_only"])
    return " ".join(dict.fromkeys(filter(None, reasons)))


def _mark(measure: Measure, found: Measured) -> str:
    """Return the marks of a figure (spec/disclosure.md, Marks), a space between two.

    A break of the series, then whether the figure is final, then whether it rests on few events:
    each tells a reader something that the others do not.
    """
    final = _MARKS.get(found.status, "")
    if found.value is None and found.numerator is None or found.status == "not_applicable":
        return final
    broken = "" if found.comparable else "[b]"
    few = "[u]" if found.value is not None and few_events(measure, found.numerator) else ""
    return " ".join(filter(None, (broken, final, few)))


def _whole(number: int | None) -> str:
    return "" if number is None else str(number)


def _flag(flag: bool) -> str:
    return "true" if flag else "false"
