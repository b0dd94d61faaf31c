"""The verdict on one value of one measure: a two-leg straight path with a cumulative ratio.

The ratio method is undefined for about half of this plan (no 2020 figure, a baseline that equals
or already meets its target, a censored baseline), so a measure first gets a *mode* from its
baseline and targets, and the mode decides how a value is judged. Everything is exact; the one
float is the needed yearly rate, which is irrational and never decides a verdict.

    UNDEFINED  NOT_COMPARABLE  NOT_APPLICABLE  NO_DATA  NO_TARGET  FROZEN_UNKNOWN   no verdict
    MET  NOT_MET                         the target year itself, or no 2020 figure to start from
    KEPT  SLIPPING  LOST                 MAINTAIN: 2020 already met every target
    MET  AT_THRESHOLD  NOT_MET           THRESHOLD: 2020 stood on the target without meeting it
    EARLY  ON_TRACK  AT_THRESHOLD  ACCELERATE  SLOW  REVERSE        PATH1, PATH2: on the way
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from treem.errors import UsageError
from treem.indicators.exact import difference
from treem.plan.model import BASELINE_YEAR, TARGET_YEARS, YEARS, Comparator, Limit, Reading

if TYPE_CHECKING:
    from treem.plan.register import PlanRegister

Mode = Literal["TARGET_ONLY", "MAINTAIN", "THRESHOLD", "PATH1", "PATH2"]
Verdict = Literal[
    "UNDEFINED",
    "NOT_COMPARABLE",
    "NOT_APPLICABLE",
    "NO_DATA",
    "NO_TARGET",
    "FROZEN_UNKNOWN",
    "MET",
    "NOT_MET",
    "KEPT",
    "SLIPPING",
    "LOST",
    "AT_THRESHOLD",
    "EARLY",
    "ON_TRACK",
    "ACCELERATE",
    "SLOW",
    "REVERSE",
]
Certainty = Literal["CERTAIN", "UNCERTAIN", "ONE_CASE", ""]

MILESTONE, FINAL = TARGET_YEARS
# Class limits of the ratio, the same as Eurostat's for monitoring towards a set target.
ON_TRACK_FROM = Fraction(95, 100)
ACCELERATE_FROM = Fraction(60, 100)
RATIO_LIMITS = (Fraction(0), ACCELERATE_FROM, ON_TRACK_FROM)
_NOTHING = Fraction(0)


@dataclass(frozen=True)
class Case:
    """What a measure is judged against, under one reading of the plan.

    `direction` is +1 where higher is better. `published_unit` is the smallest printed step, in
    the measure's unit. `baseline_bound` makes the 2020 figure a bound (`<2`). `limits` has the
    years 2025 and 2030, or one of them, or neither. `undefined` is "" or the Vietnamese reason
    why no verdict can be given.
    """

    direction: Literal[1, -1]
    published_unit: Fraction
    baseline: Fraction | None
    baseline_bound: Comparator | None
    limits: Mapping[int, Limit]
    undefined: str = ""

    @cached_property
    def mode(self) -> Mode:
        """How values are judged; see `mode_of`."""
        return mode_of(self)

    @cached_property
    def loosens(self) -> bool:
        """Whether the 2030 target is looser than that of 2025."""
        if MILESTONE not in self.limits or FINAL not in self.limits:
            return False
        step = self.limits[FINAL].value - self.limits[MILESTONE].value
        return self.direction * step < 0

    def missing(self, limit: Limit, value: Fraction) -> Fraction:
        """Return direction * (target - value): positive while something is missing."""
        if self.direction > 0:
            return difference(limit.value, value)
        return difference(value, limit.value)


@dataclass(frozen=True)
class Judgement:
    """The verdicts on one value, and the numbers printed beside them.

    Every dict has both target years as keys. `mode` is None where the targets themselves are
    undefined. `path` is the value that the straight path asks for in this year and `ratio` the
    share of that way which was covered since 2020. `gaps` are positive while something is
    missing: direction * (target - value), of the 2025 value once 2025 has passed.
    `yearly_change_needed` is the signed change of the value a year that still leads to the
    target, `yearly_rate_needed` the yearly share by which a lower-is-better value must fall;
    both are 0 once the target is met and None from the target year on. `change` is the
    improvement since 2020 (negative: worse).
    """

    mode: Mode | None
    path: Fraction | None
    ratio: Fraction | None
    verdicts: dict[int, Verdict]
    gaps: dict[int, Fraction | None] = field(default_factory=lambda: _no_numbers())
    yearly_change_needed: dict[int, Fraction | None] = field(default_factory=lambda: _no_numbers())
    yearly_rate_needed: dict[int, float | None] = field(
        default_factory=lambda: dict.fromkeys(TARGET_YEARS)
    )
    change: Fraction | None = None


class _Observed(NamedTuple):
    """A value as it was seen: exact, or a bound (`<2` is value 2 with bound "<")."""

    value: Fraction
    bound: Comparator | None

    @property
    def exact(self) -> Fraction | None:
        return None if self.bound else self.value

    def possible(self, marks: Iterable[Fraction]) -> list[Fraction]:
        """Return points that stand for every value it can be, given where verdicts change.

        A verdict is constant between neighbouring marks, so the marks themselves, a point
        between each two and one beyond the last are enough to see every verdict there can be.
        """
        if self.bound is None:
            return [self.value]
        range_ = Limit(self.bound, self.value)
        inside = [mark for mark in marks if range_.satisfied_by(mark)]
        edges = sorted({self.value, *inside})
        between = [(low + high) / 2 for low, high in zip(edges, edges[1:], strict=False)]
        points = [*edges, *between, edges[0] - 1, edges[-1] + 1]
        return [point for point in points if range_.satisfied_by(point)]

    def satisfies(self, limit: Limit) -> bool | None:
        """Whether it meets the limit; None where its bound does not settle that."""
        if self.bound is None:
            return limit.satisfied_by(self.value)
        answers = {limit.satisfied_by(point) for point in self.possible([limit.value])}
        return answers.pop() if len(answers) == 1 else None


def judge(
    case: Case,
    year: int,
    value: Fraction | None,
    *,
    value_2025: Fraction | None = None,
    value_bound: Comparator | None = None,
    value_2025_bound: Comparator | None = None,
    comparable: bool = True,
    denominator_zero: bool = False,
) -> Judgement:
    """Judge the value of one year against both target years.

    `value_2025` is the final value of 2025, which freezes that year's verdict afterwards.
    `comparable` is False where definition, source or geography differ from those of 2020 and
    nothing bridges the difference. Raises UsageError for a year outside 2021 to 2030.
    """
    if year not in YEARS:
        raise UsageError(
            f"Năm {year} nằm ngoài kế hoạch: chỉ đánh giá các năm từ {YEARS[0]} đến {YEARS[-1]}. "
            "Hãy chọn một năm trong khoảng đó."
        )
    if case.undefined or case.loosens:
        return Judgement(None, None, None, _both("UNDEFINED"))
    mode = case.mode
    path = path_value(case, mode, year)
    if not comparable:
        return Judgement(mode, path, None, _both("NOT_COMPARABLE"))
    if denominator_zero:
        return Judgement(mode, path, None, _both("NOT_APPLICABLE"))
    if value is None:
        return Judgement(mode, path, None, _both("NO_DATA"))
    seen = _Observed(value, value_bound)
    final = None
    if value_2025 is not None and year > MILESTONE:
        final = _Observed(value_2025, value_2025_bound)
    exact, exact_final = seen.exact, final.exact if final else None
    found = Judgement(
        mode, path, ratio_of(case, path, exact), _both("NO_TARGET"), change=_change(case, exact)
    )
    for k, limit in case.limits.items():
        met = seen.satisfies(limit)
        found.verdicts[k] = _verdict(case, mode, path, year, k, seen, met, final)
        judged = exact_final if year > k else exact
        if judged is None:
            continue
        gap = found.gaps[k] = case.missing(limit, judged)
        if year < k:
            found.yearly_change_needed[k] = _yearly_change(case, k - year, gap, met)
            found.yearly_rate_needed[k] = _yearly_rate(case, k - year, limit, judged, met)
    return found


def case_for(register: PlanRegister, measure_id: str, reading: Reading) -> Case:
    """Return what the province is judged by for a measure, under one reading of the plan.

    A place that states no target (a measure without cells, under the reading "table") leaves the
    limits empty. Raises KeyError on a measure that the register does not have.
    """
    measure, baseline = register.measures[measure_id], register.baselines[measure_id]
    targets = register.limits(measure_id, reading)
    return Case(
        direction=measure.direction,
        published_unit=measure.published_unit,
        baseline=baseline.value,
        baseline_bound=baseline.comparator,
        limits={year: target.limit for year, target in targets.items()},
        undefined=register.undefined(measure_id),
    )


def mode_of(case: Case) -> Mode:
    """Return how this measure is judged, from its 2020 figure and its targets alone."""
    if case.baseline is None:
        return "TARGET_ONLY"
    start = _Observed(case.baseline, case.baseline_bound)
    if all(start.satisfies(limit) for limit in case.limits.values()):
        return "MAINTAIN"
    if case.baseline_bound is not None:
        return "TARGET_ONLY"
    way = {k: case.direction * (limit.value - case.baseline) for k, limit in case.limits.items()}
    if all(distance <= 0 for distance in way.values()):
        return "THRESHOLD"
    if MILESTONE not in way or way[MILESTONE] <= 0:
        return "PATH1"
    return "PATH2"


def path_value(case: Case, mode: Mode, year: int) -> Fraction | None:
    """Return what the straight path asks for in this year; None in modes without a path.

    After 2025 there is no path either where the plan sets a target for 2025 only.
    """
    start = case.baseline
    if start is None or mode not in ("PATH1", "PATH2"):
        return None
    if mode == "PATH1":
        return _between(BASELINE_YEAR, start, FINAL, case.limits[FINAL].value, year)
    milestone = case.limits[MILESTONE].value
    if year <= MILESTONE:
        return _between(BASELINE_YEAR, start, MILESTONE, milestone, year)
    if FINAL not in case.limits:
        return None
    return _between(MILESTONE, milestone, FINAL, case.limits[FINAL].value, year)


def ratio_of(case: Case, path: Fraction | None, value: Fraction | None) -> Fraction | None:
    """Return the share of the way since 2020 that was covered; None without path or value."""
    if path is None or value is None or case.baseline is None:
        return None
    return (value - case.baseline) / (path - case.baseline)


def certainty(
    limit: Limit | None,
    value: Fraction | None,
    interval: tuple[float, float] | None,
    multiplier: int,
    denominator: Fraction | None,
) -> Certainty:
    """Say how firmly a value stands on its side of a target; never decides the verdict.

    ONE_CASE where one case more or less moves the value over the target (or where the target is
    so near zero that a single case reaches it); else CERTAIN or UNCERTAIN by whether the 95 %
    interval lies wholly on one side; "" where nothing can be said.
    """
    if limit is None or value is None:
        return ""
    if denominator and _one_case_matters(limit.value, value, multiplier, denominator):
        return "ONE_CASE"
    if interval is None:
        return ""
    lower, upper = (limit.satisfied_by(end) for end in interval)
    return "CERTAIN" if lower == upper else "UNCERTAIN"


def _one_case_matters(
    target: Fraction, value: Fraction, multiplier: int, denominator: Fraction
) -> bool:
    """Tell whether multiplier / denominator >= |target - value|, or >= the target itself.

    In whole numbers: the effect of a case is `effect / base`, the distance `away / (d * own_d)`.
    """
    (n, d), (own_n, own_d) = target.as_integer_ratio(), value.as_integer_ratio()
    base, parts = denominator.as_integer_ratio()
    effect, away = multiplier * parts, abs(n * own_d - own_n * d)
    return effect * d * own_d >= away * base or effect * d >= n * base


def next_target_year(limits: Mapping[int, Limit], year: int) -> int | None:
    """Return the first target year that has a target and is not over in `year`."""
    return next((k for k in TARGET_YEARS if k >= year and k in limits), None)


def _verdict(
    case: Case,
    mode: Mode,
    path: Fraction | None,
    year: int,
    k: int,
    seen: _Observed,
    met: bool | None,
    final: _Observed | None,
) -> Verdict:
    """Rows 4 and 6 to 13 of the table, for a value and whether it meets the target of k."""
    limit = case.limits[k]
    if met is None:
        return "NO_DATA"
    if year > k:
        return _frozen(limit, final)
    if seen.bound is None:
        return _verdict_on(case, mode, path, year, k, seen.value, met)
    marks = _marks(case, path, limit)
    verdicts = {_verdict_on(case, mode, path, year, k, v, met) for v in seen.possible(marks)}
    return verdicts.pop() if len(verdicts) == 1 else "NO_DATA"


def _verdict_on(
    case: Case, mode: Mode, path: Fraction | None, year: int, k: int, value: Fraction, met: bool
) -> Verdict:
    if year == k or mode == "TARGET_ONLY":
        return "MET" if met else "NOT_MET"
    if mode == "MAINTAIN":
        return _maintained(case, value) if met else "LOST"
    if mode == "THRESHOLD":
        near = abs(case.limits[k].value - value) <= case.published_unit
        return "MET" if met else "AT_THRESHOLD" if near else "NOT_MET"
    if met:
        return "EARLY"
    ratio = ratio_of(case, path, value)
    assert ratio is not None  # a year up to a target year of a path mode has a path
    if ratio >= ON_TRACK_FROM and _on_the_last_step(case, year, k):
        return "AT_THRESHOLD"
    return _ratio_class(ratio)


def _frozen(limit: Limit, final: _Observed | None) -> Verdict:
    met = final.satisfies(limit) if final else None
    if met is None:
        return "FROZEN_UNKNOWN"
    return "MET" if met else "NOT_MET"


def _maintained(case: Case, value: Fraction) -> Verdict:
    """Tell whether a value that meets its target is as good as in 2020, but for one unit."""
    if case.baseline is None or case.baseline_bound is not None:
        return "KEPT"
    worse_by = case.direction * (case.baseline - value)
    return "KEPT" if worse_by <= case.published_unit else "SLIPPING"


def _on_the_last_step(case: Case, year: int, k: int) -> bool:
    """Tell whether the way ended in 2025 and a strict comparator alone keeps 2030 unmet."""
    if k != FINAL or year < MILESTONE or MILESTONE not in case.limits:
        return False
    last = case.limits[FINAL]
    return last.strict and last.value == case.limits[MILESTONE].value


def _ratio_class(ratio: Fraction) -> Verdict:
    if ratio >= ON_TRACK_FROM:
        return "ON_TRACK"
    if ratio >= ACCELERATE_FROM:
        return "ACCELERATE"
    return "SLOW" if ratio >= 0 else "REVERSE"


def _marks(case: Case, path: Fraction | None, limit: Limit) -> set[Fraction]:
    """Return the values at which a verdict against this limit can change."""
    unit = case.published_unit
    marks = {limit.value, limit.value - unit, limit.value + unit}
    if case.baseline is not None:
        marks |= {case.baseline - unit, case.baseline + unit}
        if path is not None:
            marks |= {case.baseline + r * (path - case.baseline) for r in RATIO_LIMITS}
    return marks


def _yearly_change(case: Case, years: int, gap: Fraction, met: bool | None) -> Fraction:
    """Return what is missing, in equal steps over the years left."""
    if met:
        return _NOTHING
    return Fraction(case.direction * gap.numerator, gap.denominator * years)


def _yearly_rate(
    case: Case, years: int, limit: Limit, value: Fraction, met: bool | None
) -> float | None:
    """1 - (target / value) ** (1 / years left); no constant rate leads to or from zero."""
    if case.direction > 0:
        return None
    if met:
        return 0.0
    (n, d), (own_n, own_d) = limit.value.as_integer_ratio(), value.as_integer_ratio()
    if n <= 0 or own_n <= 0:
        return None
    return 1.0 - math.pow((n * own_d) / (d * own_n), 1 / years)


def _change(case: Case, value: Fraction | None) -> Fraction | None:
    if value is None or case.baseline is None or case.baseline_bound is not None:
        return None
    return case.direction * (value - case.baseline)


def _between(year_0: int, from_: Fraction, year_1: int, to: Fraction, year: int) -> Fraction:
    return from_ + (to - from_) * Fraction(year - year_0, year_1 - year_0)


def _both(verdict: Verdict) -> dict[int, Verdict]:
    return dict.fromkeys(TARGET_YEARS, verdict)


def _no_numbers() -> dict[int, Fraction | None]:
    return dict.fromkeys(TARGET_YEARS)
