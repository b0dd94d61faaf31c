"""Exact arithmetic that every row needs, in one step of whole numbers each.

`Fraction` reduces after every operation and looks at the types of both sides first; for three
operations a row of a national table that is most of the time.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction


def difference(one: Fraction, other: Fraction) -> Fraction:
    """Return one - other."""
    (n, d), (other_n, other_d) = one.as_integer_ratio(), other.as_integer_ratio()
    return Fraction(n * other_d - other_n * d, d * other_d)


def share(numerator: Fraction, multiplier: int, denominator: Fraction) -> Fraction:
    """Return numerator × multiplier / denominator; the denominator is not 0."""
    (n, d), (base, base_d) = numerator.as_integer_ratio(), denominator.as_integer_ratio()
    return Fraction(n * multiplier * base_d, d * base)


def total(amounts: Iterable[Fraction | None]) -> Fraction:
    """Return the sum of what is there."""
    there = [amount for amount in amounts if amount is not None]
    if all(amount.denominator == 1 for amount in there):
        return Fraction(sum(amount.numerator for amount in there))
    return sum(there, Fraction(0))
