"""The compound-growth ratio against logarithms, and every case in which there is none."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treem.indicators.growth import growth_ratio
from treem.indicators.progress import Case
from treem.plan.model import Limit

RISE = Case(
    direction=1,
    published_unit=Fraction(1, 10),
    baseline=Fraction(74),
    baseline_bound=None,
    limits={2025: Limit(">=", Fraction(82)), 2030: Limit(">=", Fraction(87))},
)
FALL = replace(
    RISE,
    direction=-1,
    baseline=Fraction(16),
    limits={2025: Limit("<", Fraction(10)), 2030: Limit("<", Fraction(8))},
)


def logs(start: float, target: float, k: int, value: float, year: int) -> float:
    """The same ratio by logarithms."""
    observed = math.expm1(math.log(value / start) / (year - 2020))
    return observed / math.expm1(math.log(target / start) / (k - 2020))


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 990), st.integers(2021, 2030), st.sampled_from([2025, 2030]))
def test_it_is_the_quotient_of_two_growth_rates(tenths: int, year: int, k: int) -> None:
    if year > k:
        return
    value = Fraction(tenths, 10)
    rise, fall = growth_ratio(RISE, year, k, value), growth_ratio(FALL, year, k, value)
    assert rise.reason == "" and fall.reason == "strict"
    target = float(RISE.limits[k].value), float(FALL.limits[k].value)
    assert rise.ratio == pytest.approx(logs(74, target[0], k, float(value), year), abs=1e-9)
    assert fall.ratio == pytest.approx(logs(16, target[1], k, float(value), year), abs=1e-9)


def test_on_the_even_path_it_is_one() -> None:
    assert growth_ratio(FALL, 2025, 2025, Fraction(10)).ratio == pytest.approx(1)


def test_it_calls_a_fall_of_vaccination_on_track() -> None:
    """Why it does not judge: 98.7 to 97.5 counts as progress towards a target of 97."""
    case = replace(RISE, baseline=Fraction("98.7"), limits={2025: Limit(">=", Fraction(97))})
    assert growth_ratio(case, 2023, 2025, Fraction("97.5")).reason == "met_in_2020"


@pytest.mark.parametrize(
    ("case", "options", "reason"),
    [
        (replace(RISE, undefined="Chưa định nghĩa."), {}, "undefined"),
        (replace(RISE, limits={}), {}, "no_target"),
        (RISE, {"year": 2026}, "over"),
        (RISE, {"comparable": False}, "not_comparable"),
        (RISE, {"value": None}, "no_value"),
        (RISE, {"value_bound": "<"}, "limit_value"),
        (replace(RISE, baseline=None), {}, "no_baseline"),
        (replace(RISE, baseline_bound="<"), {}, "limit_baseline"),
        (replace(RISE, baseline=Fraction(0)), {}, "zero_baseline"),
        (replace(FALL, limits={2025: Limit("<=", Fraction(0))}), {}, "zero_target"),
        (replace(RISE, baseline=Fraction(90)), {}, "met_in_2020"),
        (replace(FALL, baseline=Fraction(10)), {}, "no_way"),
    ],
)
def test_why_there_is_no_ratio(case: Case, options: dict, reason: str) -> None:
    given_ = {"year": 2023, "value": Fraction(80), **options}
    year, value = given_.pop("year"), given_.pop("value")
    assert growth_ratio(case, year, 2025, value, **given_) == (None, reason)
