"""Funnel limits against SciPy's distributions and the definition by tails."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, poisson

from small_tables import REGISTER
from treem.indicators.funnel import TAILS, funnel, limits_of

SHARE, EVENTS = REGISTER.measures["CT22"], REGISTER.measures["CT03.2"]
COUNTS = ("numerator", "denominator", "pooled_numerator", "pooled_denominator", "pooled_from")


def row(code: str, *counts: object) -> dict[str, str]:
    filled = dict(zip(COUNTS, map(str, counts), strict=False))
    return {**dict.fromkeys(COUNTS, ""), "area_code": code, "area_name": f"Huyện {code}", **filled}


def districts(measure, *counts, pooled=()):
    areas = [row(str(place), *pair) for place, pair in enumerate(counts)]
    whole = [sum(pair[part] for pair in counts) for part in range(len(counts[0]))]
    return funnel(measure, row("27", *whole, *pooled), areas)


@settings(max_examples=150, deadline=None)
@given(n=st.integers(1, 20_000), per_mille=st.integers(1, 999), draw=st.floats(1e-6, 1 - 1e-6))
def test_an_area_is_outside_when_its_tail_is_smaller(n: int, per_mille: int, draw: float) -> None:
    share = Fraction(per_mille, 1000)
    for measure, law in (
        (SHARE, binom(n, float(share))),
        (EVENTS, poisson(n * float(share))),
    ):
        limits = limits_of(measure, share, [n])
        for name, tail in TAILS.items():
            low, high = (float(end[0]) * n / measure.multiplier for end in limits[name])
            for count in {int(law.ppf(draw)), int(low), int(low) + 1, int(high), int(high) + 1}:
                if abs(law.cdf(count) - tail) > 1e-9:
                    assert (count < low - 1e-9) == (law.cdf(count) < tail)
                if abs(law.sf(count - 1) - tail) > 1e-9 and (measure is EVENTS or count <= n):
                    assert (count > high + 1e-9) == (law.sf(count - 1) < tail)


@pytest.mark.parametrize("n", [10, 100, 1000, 50_000])
def test_limits_lie_between_the_neighbouring_quantiles(n: int) -> None:
    low, high = (float(end[0]) * n / 100 for end in limits_of(SHARE, Fraction(3, 10), [n])["95"])
    assert binom.ppf(0.025, n, 0.3) - 1 <= low <= binom.ppf(0.025, n, 0.3)
    assert binom.isf(0.025, n, 0.3) <= high <= binom.isf(0.025, n, 0.3) + 1


def test_the_wider_limits_hold_the_narrower_and_narrow_with_size() -> None:
    found = limits_of(EVENTS, Fraction(12, 1000), [500, 5000, 50_000])
    for small in range(3):
        assert found["99.8"][0][small] <= found["95"][0][small] < 12
        assert 12 < found["95"][1][small] <= found["99.8"][1][small]
    assert list(found["95"][0]) == sorted(found["95"][0])
    assert list(found["95"][1]) == sorted(found["95"][1], reverse=True)


def test_areas_keep_their_order_and_the_one_far_off_is_named() -> None:
    found = districts(SHARE, (300, 1000), (310, 1000), (295, 1000), (305, 1000), (390, 1000))
    assert found is not None and found.pooled_from is None
    assert found.centre == 32
    assert [point.area_code for point in found.points] == list("01234")
    assert [(p.outside, p.side) for p in found.points][-1] == ("99.8", "above")
    assert [p.outside for p in found.points][:2] == ["", ""]


def test_few_expected_events_pool_three_years() -> None:
    counts = [(5, 500, 18, 1500)] * 5
    found = districts(EVENTS, *counts, pooled=("2022",))
    assert found is not None and found.pooled_from == 2022
    assert {point.denominator for point in found.points} == {1500}
    assert found.centre == 12
    many = districts(EVENTS, *[(50, 5000, 180, 15_000)] * 5, pooled=("2022",))
    assert many is not None and many.pooled_from is None


def test_without_a_pool_the_year_itself_is_shown() -> None:
    found = districts(EVENTS, *[(5, 500)] * 5)
    assert found is not None and found.pooled_from is None


@pytest.mark.parametrize("measure", ["CT01", "CT04.1", "CT13", "CT17"])
def test_where_chance_has_no_part_there_is_no_funnel(measure: str) -> None:
    assert districts(REGISTER.measures[measure], *[(5, 500)] * 5) is None


def test_too_few_areas_and_missing_figures() -> None:
    assert districts(SHARE, *[(5, 500)] * 4) is None
    areas = [row(str(n), 5, 500) for n in range(5)] + [row("5"), row("6", 0, 0)]
    found = funnel(SHARE, row("27", 25, 2500), areas)
    assert found is not None and len(found.points) == 5
    assert funnel(SHARE, row("27"), areas) is None


def test_a_curve_may_be_asked_for_between_whole_denominators() -> None:
    found = limits_of(SHARE, Fraction(9999, 10_000), [10.4, 99.5])
    assert [float(high) for high in found["95"][1]] == pytest.approx([100, 100])
    assert all(0 < low < 100 for low in found["99.8"][0])


@pytest.mark.parametrize(
    ("events", "at_95", "at_998"),
    [
        (1, (1598.675694, 7.264481402), (2649.348525, 0.287087625)),
        (2, (2072.984403, 69.49732367), (3221.906682, 13.02722321)),
        (5, (3348.002593, 465.8280129), (4721.370883, 212.14848)),
        (10, (5276.757672, 1375.943768), (6924.776769, 849.4639547)),
        (19, (8513.476582, 3282.268972), (10530.63653, 2383.129299)),
        (122, (41796.66779, 29069.98358), (45948.73915, 26022.84283)),
        (1360, (411529.9259, 369759.5622), (424043.2424, 358342.3275)),
    ],
)
def test_phe_check_values_of_funnels(
    events: int, at_95: tuple[float, float], at_998: tuple[float, float]
) -> None:
    """testdata_funnel_rate_outputs.csv of PHEindicatormethods, three years at 116.17 in 100,000.

    For a count it gives the yearly population at which that count lies on the lower and on the
    upper limit. Rate and population are scaled so that whole denominators do not matter.
    """
    share, scale = Fraction("116.1720835") / 100_000, 10**6
    for name, populations in (("95", at_95), ("99.8", at_998)):
        for end, population in enumerate(populations):
            base = 3 * population * scale
            limit = float(limits_of(EVENTS, share / scale, [base])[name][end][0])
            count = limit / EVENTS.multiplier * base
            assert count == pytest.approx(events, rel=1e-4)  # its own search stops there
