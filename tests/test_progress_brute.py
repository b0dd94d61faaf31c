"""An independent check of the verdicts over many random plans.

The second implementation shares no idea with the first: integers instead of fractions, all
numbers turned so that higher is better, ratios compared by cross-multiplication, the rows of
the specification as a list of (applies, verdict) pairs, and a censored value tried at every
point of a fine grid.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from treem.indicators.progress import Case, judge, mode_of
from treem.plan.model import Comparator, Limit

# With whole-number plan values every place where a verdict can change is a multiple of 1/200;
# the grid has points between these, and between them and the bounds that are tried.
GRID = 800
UNIT = GRID // 10
FAR = 20 * GRID
SPAN = range(-3 * GRID, 12 * GRID)

Row = tuple[Callable[[], bool], Callable[[], str]]


@dataclass(frozen=True)
class Plan:
    """Whole numbers, higher is better; a target is (value, strict)."""

    start: int | None
    start_below: bool | None  # the 2020 figure is "less than" (True) or "more than" (False)
    t25: tuple[int, bool] | None
    t30: tuple[int, bool] | None


def meets(w: int, target: tuple[int, bool]) -> bool:
    return w > target[0] * GRID if target[1] else w >= target[0] * GRID


def start_meets(plan: Plan, target: tuple[int, bool]) -> bool:
    assert plan.start is not None
    if plan.start_below is None:
        return meets(plan.start * GRID, target)
    if plan.start_below:
        return False  # it can lie anywhere below
    return meets(plan.start * GRID + 1, target)


def mode_by_hand(plan: Plan) -> str:
    targets = [t for t in (plan.t25, plan.t30) if t]
    if plan.start is None:
        return "TARGET_ONLY"
    if all(start_meets(plan, t) for t in targets):
        return "MAINTAIN"
    if plan.start_below is not None:
        return "TARGET_ONLY"
    if max(t[0] for t in targets) <= plan.start:
        return "THRESHOLD"
    return "PATH2" if plan.t25 and plan.t25[0] > plan.start else "PATH1"


def way_by_hand(plan: Plan, mode: str, t: int) -> int | None:
    """The grid points between the 2020 figure and the path in year t."""
    assert plan.start is not None
    if mode == "PATH1":
        assert plan.t30
        return (plan.t30[0] - plan.start) * GRID * (t - 2020) // 10
    assert plan.t25
    first = (plan.t25[0] - plan.start) * GRID
    if t <= 2025:
        return first * (t - 2020) // 5
    if plan.t30 is None:
        return None
    return first + (plan.t30[0] - plan.t25[0]) * GRID * (t - 2025) // 5


def by_hand(plan: Plan, t: int, k: int, w: int, final: int | None) -> str:
    """Rows 1 and 5 to 13 for a value known exactly."""
    target = plan.t25 if k == 2025 else plan.t30
    if plan.t25 and plan.t30 and plan.t30[0] < plan.t25[0]:
        return "UNDEFINED"
    if target is None:
        return "NO_TARGET"
    mode = mode_by_hand(plan)
    ok = meets(w, target)
    start = (plan.start or 0) * GRID
    on_path = mode in ("PATH1", "PATH2")
    way = way_by_hand(plan, mode, t) if on_path else None
    done = w - start
    same = plan.t25 is not None and plan.t30 is not None and plan.t25[0] == plan.t30[0]

    def at_least(hundredths: int) -> bool:
        assert way is not None and way > 0
        return 100 * done >= hundredths * way

    exact_start = plan.start is not None and plan.start_below is None
    rows: list[Row] = [
        (lambda: t > k and final is None, lambda: "FROZEN_UNKNOWN"),
        (lambda: t > k, lambda: "MET" if meets(final or 0, target) else "NOT_MET"),
        (lambda: t == k, lambda: "MET" if ok else "NOT_MET"),
        (lambda: mode == "TARGET_ONLY", lambda: "MET" if ok else "NOT_MET"),
        (lambda: mode == "MAINTAIN" and not ok, lambda: "LOST"),
        (lambda: mode == "MAINTAIN" and exact_start and done < -UNIT, lambda: "SLIPPING"),
        (lambda: mode == "MAINTAIN", lambda: "KEPT"),
        (lambda: mode == "THRESHOLD" and ok, lambda: "MET"),
        (
            lambda: mode == "THRESHOLD" and abs(target[0] * GRID - w) <= UNIT,
            lambda: "AT_THRESHOLD",
        ),
        (lambda: mode == "THRESHOLD", lambda: "NOT_MET"),
        (lambda: ok, lambda: "EARLY"),
        (
            lambda: k == 2030 and t >= 2025 and same and target[1] and at_least(95),
            lambda: "AT_THRESHOLD",
        ),
        (lambda: at_least(95), lambda: "ON_TRACK"),
        (lambda: at_least(60), lambda: "ACCELERATE"),
        (lambda: at_least(0), lambda: "SLOW"),
    ]
    return next((verdict() for applies, verdict in rows if applies()), "REVERSE")


def by_trying(plan: Plan, t: int, k: int, w: int, below: bool, inclusive: bool) -> str:
    """The verdict on a censored value: what every value it can be agrees on."""
    target = plan.t25 if k == 2025 else plan.t30
    if plan.t25 and plan.t30 and plan.t30[0] < plan.t25[0]:
        return "UNDEFINED"
    if target is None:
        return "NO_TARGET"
    can_be = [x for x in (*SPAN, -FAR, FAR) if (x < w if below else x > w)]
    if inclusive:
        can_be.append(w)
    if len({meets(x, target) for x in can_be}) > 1:
        return "NO_DATA"
    if t > k:
        return "FROZEN_UNKNOWN"
    verdicts = {by_hand(plan, t, k, x, None) for x in can_be}
    return verdicts.pop() if len(verdicts) == 1 else "NO_DATA"


def as_case(plan: Plan, direction: int) -> Case:
    """The same plan in the words of the program; direction -1 mirrors every number."""
    strict: Comparator = ">" if direction > 0 else "<"
    weak: Comparator = ">=" if direction > 0 else "<="
    limits = {
        k: Limit(strict if t[1] else weak, Fraction(direction * t[0]))
        for k, t in ((2025, plan.t25), (2030, plan.t30))
        if t
    }
    baseline = None if plan.start is None else Fraction(direction * plan.start)
    bound = None if plan.start_below is None else sign(direction, plan.start_below, False)
    return Case(direction, Fraction(1, 10), baseline, bound, limits)  # type: ignore[arg-type]


def sign(direction: int, below: bool, inclusive: bool) -> Comparator:
    less = below if direction > 0 else not below
    if inclusive:
        return "<=" if less else ">="
    return "<" if less else ">"


def random_plan(draw: random.Random) -> Plan:
    def target() -> tuple[int, bool] | None:
        if draw.random() < 0.12:
            return None
        return draw.randint(0, 6), draw.random() < 0.4

    start = None if draw.random() < 0.1 else draw.randint(0, 6)
    below = draw.choice([None] * 8 + [True, False]) if start is not None else None
    t25, t30 = target(), target()
    if t25 and t30 and draw.random() < 0.8 and t30[0] < t25[0]:
        t25, t30 = t30, t25
    return Plan(start, below, t25, t30)


def interesting_value(draw: random.Random, plan: Plan) -> int:
    """A value near a place where a verdict may change, or anywhere."""
    anchors = [x for x in (plan.start, plan.t25 and plan.t25[0], plan.t30 and plan.t30[0]) if x]
    if anchors and draw.random() < 0.6:
        return draw.choice(anchors) * GRID + draw.choice([-UNIT - 1, -UNIT, -1, 0, 1, UNIT])
    return draw.randint(-GRID, 8 * GRID)


@pytest.mark.parametrize("seed", range(8))
def test_exact_values_agree_with_the_decision_table(seed: int) -> None:
    draw = random.Random(seed)
    seen = set()
    for _ in range(1500):
        plan, t, direction = random_plan(draw), draw.randint(2021, 2030), draw.choice([1, -1])
        w = interesting_value(draw, plan)
        final = interesting_value(draw, plan) if draw.random() < 0.5 else None
        found = judge(
            as_case(plan, direction),
            t,
            Fraction(direction * w, GRID),
            value_2025=None if final is None else Fraction(direction * final, GRID),
        )
        expected = {k: by_hand(plan, t, k, w, final) for k in (2025, 2030)}
        assert found.verdicts == expected, (plan, t, direction, w, final)
        if "UNDEFINED" not in expected.values():
            assert found.mode == mode_by_hand(plan), plan
        seen.update(expected.values())
    assert len(seen) == 14  # all but NOT_COMPARABLE, NOT_APPLICABLE, NO_DATA


def test_censored_values_agree_with_trying_every_value() -> None:
    draw = random.Random(359)
    seen = set()
    for _ in range(250):
        plan, t, direction = random_plan(draw), draw.randint(2021, 2030), draw.choice([1, -1])
        w = interesting_value(draw, plan) // 2 * 2
        below, inclusive = draw.random() < 0.5, draw.random() < 0.3
        found = judge(
            as_case(plan, direction),
            t,
            Fraction(direction * w, GRID),
            value_bound=sign(direction, below, inclusive),
        )
        expected = {k: by_trying(plan, t, k, w, below, inclusive) for k in (2025, 2030)}
        assert found.verdicts == expected, (plan, t, direction, w, below, inclusive)
        assert found.ratio is None
        seen.update(expected.values())
    assert {"NO_DATA", "EARLY", "MET", "NOT_MET", "KEPT", "LOST", "REVERSE"} <= seen


RANK = {
    "TARGET_ONLY": ["NOT_MET", "MET"],
    "MAINTAIN": ["LOST", "SLIPPING", "KEPT"],
    "THRESHOLD": ["NOT_MET", "AT_THRESHOLD", "MET"],
    "PATH1": ["REVERSE", "SLOW", "ACCELERATE", "ON_TRACK", "AT_THRESHOLD", "EARLY"],
    "PATH2": ["REVERSE", "SLOW", "ACCELERATE", "ON_TRACK", "AT_THRESHOLD", "EARLY"],
}
numbers = st.fractions(min_value=0, max_value=20, max_denominator=1000)
targets = st.none() | st.tuples(numbers, st.booleans())


@st.composite
def cases(draw: st.DrawFn) -> Case:
    direction = draw(st.sampled_from([1, -1]))
    signs: tuple[Comparator, Comparator] = (">", ">=") if direction > 0 else ("<", "<=")
    limits = {
        k: Limit(signs[0] if t[1] else signs[1], t[0])
        for k in (2025, 2030)
        if (t := draw(targets)) is not None
    }
    equal = [x.value for x in limits.values()] or [Fraction(0)]
    baseline = draw(st.none() | numbers | st.sampled_from(equal))
    return Case(direction, Fraction(1, 10), baseline, None, limits)  # type: ignore[arg-type]


@settings(deadline=None, derandomize=True)
@given(cases(), st.integers(2021, 2030), numbers, numbers)
def test_a_better_value_never_gives_a_worse_verdict(
    case: Case, year: int, one: Fraction, other: Fraction
) -> None:
    assume(not case.loosens)
    worse, better = sorted((one, other), key=lambda v: case.direction * v)
    order = RANK[mode_of(case)]
    low, high = judge(case, year, worse), judge(case, year, better)
    for k in case.limits:
        if year < k:
            assert order.index(low.verdicts[k]) <= order.index(high.verdicts[k])
        elif year == k:
            assert (low.verdicts[k], high.verdicts[k]) != ("MET", "NOT_MET")


@settings(deadline=None, derandomize=True)
@given(cases(), st.integers(2021, 2030), numbers)
def test_mirrored_numbers_give_the_same_verdict(case: Case, year: int, value: Fraction) -> None:
    mirrored = Case(
        -case.direction,  # type: ignore[arg-type]
        case.published_unit,
        None if case.baseline is None else -case.baseline,
        None,
        {k: Limit(_flip(x.comparator), -x.value) for k, x in case.limits.items()},
    )
    one, other = judge(case, year, value), judge(mirrored, year, -value)
    assert one.verdicts == other.verdicts
    assert (one.mode, one.ratio, one.gaps) == (other.mode, other.ratio, other.gaps)


def _flip(comparator: Comparator) -> Comparator:
    flipped: dict[Comparator, Comparator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
    return flipped[comparator]


@settings(deadline=None, derandomize=True)
@given(st.tuples(numbers, numbers, numbers).filter(lambda x: x[0] != x[1]), st.integers(2021, 2029))
def test_on_the_path_the_ratio_is_one_and_nothing_is_behind(
    values: tuple[Fraction, Fraction, Fraction], year: int
) -> None:
    start, second, last = sorted(values)
    limits = {2025: Limit(">=", second), 2030: Limit(">", last)}
    case = Case(1, Fraction(1, 10), start, None, limits)
    assume(mode_of(case) in ("PATH1", "PATH2"))
    found = judge(case, year, judge(case, year, None).path)
    assert found.ratio == 1
    for k in case.limits:
        if year < k:
            assert found.verdicts[k] in ("ON_TRACK", "AT_THRESHOLD", "EARLY")


@settings(deadline=None, derandomize=True)
@given(cases(), st.integers(2021, 2030), numbers)
def test_what_is_still_needed_leads_to_the_target(case: Case, year: int, value: Fraction) -> None:
    found = judge(case, year, value)
    for k, change in found.yearly_change_needed.items():
        if change and year < k:
            assert value + change * (k - year) == case.limits[k].value
        rate = found.yearly_rate_needed[k]
        if rate:
            reached = float(value) * (1 - rate) ** (k - year)
            assert reached == pytest.approx(float(case.limits[k].value))
