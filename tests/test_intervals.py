"""Intervals against published check values, scipy and the definition itself."""

from __future__ import annotations

import math
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from treem.errors import DataError
from treem.indicators.intervals import interval_for, poisson, wilson


def test_nothing_in_sixty_can_still_be_sixty_in_a_thousand() -> None:
    lower, upper = interval_for("wilson", 0, 60, 1000) or (-1, -1)
    assert lower == 0
    assert round(upper) == 60


def test_25_events_in_47000() -> None:
    lower, upper = interval_for("poisson", 25, 47_000, 100_000) or (-1, -1)
    assert (round(lower, 1), round(upper, 1)) == (34.4, 78.5)
    assert round(25 / 47_000 * 100_000, 1) == 53.2


@pytest.mark.parametrize(("x", "n"), [(0, 5), (1, 5), (3, 8), (45, 50), (50, 50), (9990, 10_000)])
def test_wilson_agrees_with_scipy(x: int, n: int) -> None:
    expected = binomtest(x, n).proportion_ci(0.95, "wilson")
    assert wilson(x, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def poisson_tail(count: int, mean: float) -> float:
    """P(X <= count) for a Poisson variable, summed term by term."""
    return sum(math.exp(-mean) * mean**i / math.factorial(i) for i in range(count + 1))


@pytest.mark.parametrize("events", range(10))
def test_below_ten_events_each_tail_has_exactly_its_share(events: int) -> None:
    lower, upper = poisson(events)
    assert poisson_tail(events, upper) == pytest.approx(0.025)
    if events:
        assert 1 - poisson_tail(events - 1, lower) == pytest.approx(0.025)
    else:
        assert lower == 0


@pytest.mark.parametrize(
    ("events", "lower", "upper"),
    [(1, 0.0253, 5.5716), (5, 1.6235, 11.6683), (9, 4.1154, 17.0848), (10, 4.7874, 18.3915)],
)
def test_known_poisson_limits(events: int, lower: float, upper: float) -> None:
    assert poisson(events) == pytest.approx((lower, upper), abs=1e-3)


@pytest.mark.parametrize("events", [10, 20, 100, 1000])
def test_byar_stays_close_to_the_exact_limits(events: int) -> None:
    from scipy.stats import chi2

    exact = chi2.ppf(0.025, 2 * events) / 2, chi2.ppf(0.975, 2 * events + 2) / 2
    assert poisson(events) == pytest.approx(exact, rel=2e-3)


@pytest.mark.parametrize("method", ["published", "none"])
def test_no_interval_of_our_own(method: str) -> None:
    assert interval_for(method, 5, 10, 100) is None


def test_zero_denominator_has_no_interval() -> None:
    assert interval_for("wilson", 0, 0, 100) is None
    assert interval_for("poisson", 0, 0, 100) is None


def test_a_count_without_denominator_keeps_its_unit() -> None:
    assert interval_for("poisson", 25, None, 1) == poisson(25)


@pytest.mark.parametrize(("x", "n"), [(6, 5), (-1, 5), (0, 0)])
def test_an_impossible_share_is_refused(x: int, n: int) -> None:
    with pytest.raises(DataError, match=f"{x}/{n}"):
        wilson(x, n)


@pytest.mark.parametrize("count", [-1, Fraction(1, 2)])
def test_an_impossible_count_is_refused(count: Fraction | int) -> None:
    with pytest.raises(DataError, match="số nguyên"):
        poisson(count)


def test_an_unknown_method_is_our_own_error() -> None:
    with pytest.raises(ValueError, match="bayes"):
        interval_for("bayes", 1, 2, 100)


@settings(deadline=None, derandomize=True)
@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_share_lies_in_its_interval_and_the_interval_in_0_and_1(pair: tuple[int, int]) -> None:
    x, n = pair
    lower, upper = wilson(x, n)
    assert 0 <= lower <= x / n <= upper <= 1


@settings(deadline=None, derandomize=True)
@given(st.integers(0, 10**6))
def test_more_events_move_both_limits_up(events: int) -> None:
    (low, high), (lower, higher) = poisson(events), poisson(events + 1)
    assert low <= events <= high
    assert low < lower
    assert high < higher


def test_scipy_is_imported_only_when_it_is_needed() -> None:
    code = (
        "import sys, treem.indicators.intervals as i; i.poisson(25); print('scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
