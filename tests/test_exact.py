"""The short ways of exact arithmetic against plain fractions, and decimal text against decimals."""

from __future__ import annotations

import gc
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiny_province import TinyAreas, ratio, register, table, tiny_edition
from treem.indicators.compute import compute
from treem.indicators.decimals import decimal_text, float_text
from treem.indicators.exact import difference, share, total
from treem.plan.model import Comparator, Limit
from treem.project import Project

LARGE = 10**30
fractions = st.fractions(-LARGE, LARGE)
COMPARATORS: tuple[Comparator, ...] = ("<", "<=", ">", ">=")


@settings(deadline=None, derandomize=True)
@given(fractions, fractions, st.integers(1, 100_000))
def test_the_short_ways_are_plain_arithmetic(one: Fraction, other: Fraction, per: int) -> None:
    assert difference(one, other) == one - other
    if other:
        assert share(one, per, other) == one * per / other


@settings(deadline=None, derandomize=True)
@given(st.lists(st.none() | fractions | st.integers(-LARGE, LARGE).map(Fraction)))
def test_a_total_passes_over_what_is_not_there(amounts: list[Fraction | None]) -> None:
    assert total(amounts) == sum((amount for amount in amounts if amount is not None), Fraction(0))


@settings(deadline=None, derandomize=True)
@given(st.sampled_from(COMPARATORS), fractions, fractions | st.floats(-1e30, 1e30))
def test_a_limit_is_met_as_fractions_compare(
    comparator: Comparator, value: Fraction, other: Fraction | float
) -> None:
    exact = Fraction(other)
    for shown in (exact, other):
        answers = {"<": exact < value, "<=": exact <= value, ">": exact > value}
        answers[">="] = exact >= value
        assert Limit(comparator, value).satisfied_by(shown) == answers[comparator]
    assert Limit(comparator, value).satisfied_by(value) == comparator.endswith("=")


def by_decimal(value: Fraction) -> Fraction:
    with localcontext() as context:
        context.prec = 2000
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        return Fraction(exact.quantize(Decimal("1e-12"), ROUND_HALF_EVEN))


@settings(deadline=None, derandomize=True)
@given(st.floats(-1e15, 1e15) | st.floats(-1e-9, 1e-9))
def test_a_float_is_written_as_its_exact_value(value: float) -> None:
    assert float_text(value) == decimal_text(Fraction(value))
    assert Fraction(float_text(value)) == by_decimal(Fraction(value))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(1, 2 * 10**12), "0"),  # a half goes to the even neighbour
        (Fraction(3, 2 * 10**12), "0.000000000002"),
        (Fraction(-1, 3 * 10**12), "0"),
        (Fraction(-200, 3), "-66.666666666667"),
        (Fraction(10**40), "1" + "0" * 40),
    ],
)
def test_decimals_are_rounded_to_twelve(value: Fraction, text: str) -> None:
    assert decimal_text(value) == text


def test_nothing_and_minus_nothing() -> None:
    assert (decimal_text(None), float_text(None), float_text(-0.0)) == ("", "", "0")


def test_computing_leaves_the_garbage_collector_as_it_was() -> None:
    edition = tiny_edition(years=(2024,))
    assert gc.isenabled()
    compute(
        Project(None), edition, register(), TinyAreas(), table(ratio("901", 2024, "CT02", 1, 2))
    )
    assert gc.isenabled()
    with pytest.raises(KeyError):
        compute(Project(None), edition, register(), TinyAreas(), table([]).drop(columns="value"))
    assert gc.isenabled()
