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


# Worked examples of the spreadsheet that goes with APHO Technical Briefing 3 ("Commonly used public
# health statistics and their confidence intervals"); formula numbers are those of the briefing.


def test_apho_formulas_1_and_2_proportion() -> None:
    """Sheet "Proportions", cells B6:F6, D10:F10: 65 of 100, Wilson."""
    assert wilson(65, 100) == pytest.approx((0.5525444329688797, 0.7363575175690247), rel=1e-12)
    assert interval_for("wilson", 65, 100, 100) == pytest.approx(
        (55.25444329688797, 73.63575175690247), rel=1e-12
    )


def test_apho_formulas_3_and_4_rate() -> None:
    """Sheet "Rates", cells H50, H53 (counts) and H38, H41 (rate): 65 events in 100, Byar."""
    assert poisson(65) == pytest.approx((50.163187710459454, 82.84913854593984), rel=1e-12)
    assert interval_for("poisson", 65, 100, 1) == pytest.approx(
        (0.5016318771045946, 0.8284913854593984), rel=1e-12
    )


def test_apho_formulas_on_indirectly_standardised_ratios() -> None:
    """Sheet "Indirect Standardisation", cells B32:F32: 895 observed, 868.50 expected, per 100."""
    expected = Fraction("868.5015174864681")
    assert interval_for("poisson", 895, expected, 100) == pytest.approx(
        (96.40937793155669, 110.02973422891613), rel=1e-12
    )


# Check values of the PHEindicatormethods package, which follows the briefing: its test data
# testdata_Proportion.xlsx, testdata_Rate.xlsx and testdata_Byars_Wilson.xlsx, 95 % limits.


@pytest.mark.parametrize(
    ("x", "n", "lower", "upper"),
    [
        (1, 100, 0.0017674320641406511, 0.054486196178705294),
        (2, 200, 0.002746658133544438, 0.035721761716176796),
        (5, 100, 0.02154367915436798, 0.11175046923191911),
        (10, 200, 0.027382645600763925, 0.08957814813877597),
        (20, 100, 0.1333669333310325, 0.28882916559315885),
        (40, 200, 0.15045200926098115, 0.2608551865653788),
        (130, 200, 0.5816346433604008, 0.7127117587264192),
        (222, 3215, 0.060791690363636595, 0.07833956681383633),
        (444, 6430, 0.06310799576298091, 0.0755092618317013),
        (999, 3456, 0.27418951080009873, 0.30440389662818057),
        (1045, 5000, 0.19795549880013297, 0.22049130373189027),
        (1998, 6912, 0.2784949436323704, 0.2998643901720741),
        (9856, 12_345, 0.7912101752909069, 0.8053640073614909),
        (19_712, 24_690, 0.7933291845541375, 0.8033378032278297),
        (7_776_456, 7_564_336_677, 0.0010273201001641094, 0.0010287644578977231),
        (15_552_912, 15_128_673_354, 0.0010275314947741198, 0.0010285528098907119),
    ],
)
def test_phe_check_values_of_proportions(x: int, n: int, lower: float, upper: float) -> None:
    assert wilson(x, n) == pytest.approx((lower, upper), rel=1e-9)


@pytest.mark.parametrize(
    ("events", "base", "lower", "upper"),
    [
        (1, 100, 25.317807984289896, 5571.643390938898),  # exact below ten
        (2, 200, 121.10463927198258, 3612.3438338619794),
        (5, 100, 1623.4863901184199, 11668.332079322669),
        (10, 200, 2393.7249569837822, 9195.729302878237),  # Byar from ten on
        (20, 100, 12211.428834875936, 30889.880369197064),
        (40, 200, 14286.649933218456, 27235.04966001213),
        (130, 200, 54306.52101925725, 77182.74430661963),
        (222, 3215, 6026.574877652674, 7875.729370871851),
        (250, 220, 99984.94738532876, 128631.14487455782),  # events may outnumber the base
        (444, 6430, 6277.68811414578, 7578.304458634362),
        (999, 3456, 27141.30493609052, 30755.833237378414),
        (1045, 100_000, 982.5932018073325, 1110.33121298565),
        (1998, 6912, 27652.52008830221, 30202.169187218453),
        (9856, 12_345, 78269.49058976758, 81430.01654272141),
        (19_712, 24_690, 78727.30027133638, 80960.43271813256),
        (7_776_456, 7_564_336_677, 102.73196005302074, 102.87648334092832),
        (15_552_912, 15_128_673_354, 102.7531168009107, 102.85530745877516),
    ],
)
def test_phe_check_values_of_rates(events: int, base: int, lower: float, upper: float) -> None:
    limits = interval_for("poisson", events, base, 100_000)
    assert limits == pytest.approx((lower, upper), rel=1e-9)


@settings(deadline=None, derandomize=True)
@given(st.integers(1, 10**10).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_limits_are_where_the_score_test_turns(pair: tuple[int, int]) -> None:
    """By definition: at a limit the share lies 1.96 standard errors of that limit away."""
    x, n = pair
    for limit in wilson(x, n):
        if 0 < limit < 1:
            away = abs(Fraction(x, n) - Fraction(limit))
            z2 = away**2 * n / (Fraction(limit) * (1 - Fraction(limit)))
            assert float(z2) == pytest.approx(1.959963984540054**2, rel=1e-6)


@pytest.mark.parametrize("n", [1, 20, 341_900, 10**9])
def test_wilson_ends_by_hand(n: int) -> None:
    """None or all of n: one limit is 0 or 1, the other follows from z² / (n + z²)."""
    z2 = 1.959963984540054**2
    assert wilson(0, n) == pytest.approx((0, z2 / (n + z2)), rel=1e-9)
    assert wilson(n, n) == pytest.approx((n / (n + z2), 1), rel=1e-9)


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


@pytest.mark.parametrize("events", range(10))
def test_exact_limits_agree_with_the_chi_squared_form(events: int) -> None:
    from scipy.stats import chi2

    lower = chi2.ppf(0.025, 2 * events) / 2 if events else 0
    assert poisson(events) == pytest.approx((lower, chi2.ppf(0.975, 2 * events + 2) / 2), rel=1e-9)


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
