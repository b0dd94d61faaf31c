"""The projection against numpy's weighted polynomial fit and lines known beforehand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treem.indicators.projection import project

VALUES = st.fractions(min_value=0, max_value=1000, max_denominator=1000)
SERIES = st.lists(VALUES, min_size=3, max_size=8).flatmap(
    lambda values: st.tuples(
        st.just(values),
        st.lists(
            st.integers(2021, 2030), min_size=len(values), max_size=len(values), unique=True
        ).map(sorted),
    )
)


def test_a_straight_series_goes_on_straight() -> None:
    line = project([(2021, Fraction(15)), (2022, Fraction(14)), (2023, Fraction(13))])
    assert line is not None
    assert (line.at(2025), line.at(2030)) == (11, 6)
    assert (line.points, line.last, line.spread) == (3, 2023, 0)


def test_by_hand_with_weights_one_third_two_thirds_one() -> None:
    """Values 0, 3, 0: x = -2, -1, 0; Sw = 2, x mean -2/3, y mean 1; slope -3/5."""
    line = project([(2021, Fraction(0)), (2022, Fraction(3)), (2023, Fraction(0))])
    assert line is not None
    assert (line.slope, line.level) == (Fraction(-3, 5), Fraction(3, 5))


def test_two_years_are_not_enough() -> None:
    assert project([(2021, Fraction(1)), (2022, Fraction(2))]) is None


def test_a_share_never_leaves_its_bounds() -> None:
    rising = [(2021 + i, Fraction(80 + 9 * i)) for i in range(3)]
    falling = [(2021 + i, Fraction(9 - 4 * i)) for i in range(3)]
    up = project(rising, Fraction(0), Fraction(100))
    down = project(falling, Fraction(0), None)
    assert up is not None and down is not None
    assert up.at(2030) == 100 and down.at(2030) == 0


@settings(max_examples=60, deadline=None)
@given(SERIES)
def test_it_is_numpys_weighted_fit(pair: tuple[list[Fraction], list[int]]) -> None:
    values, years = pair
    line = project(list(zip(years, values, strict=True)))
    assert line is not None
    n = len(values)
    xs, ys = np.array(years, float) - years[-1], np.array([float(value) for value in values])
    roots = np.sqrt(np.arange(1, n + 1) / n)  # polyfit weighs residuals before they are squared
    slope, level = np.polyfit(xs, ys, 1, w=roots)
    scale = 1 + max(abs(ys))
    assert float(line.slope) == pytest.approx(slope, abs=1e-9 * scale)
    assert float(line.at(2030)) == pytest.approx(
        level + slope * (2030 - years[-1]), abs=1e-8 * scale
    )
    rest = roots * (ys - level - slope * xs)
    assert line.spread == pytest.approx(np.sqrt((rest @ rest) / (n - 2)), abs=1e-9 * scale)


@settings(max_examples=30, deadline=None)
@given(SERIES, st.randoms())
def test_the_order_of_years_does_not_matter(
    pair: tuple[list[Fraction], list[int]], random: object
) -> None:
    points = list(zip(pair[1], pair[0], strict=True))
    mixed = list(points)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert project(points) == project(mixed)
