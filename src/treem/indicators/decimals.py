"""Exact values as the decimal text of a table."""

from __future__ import annotations

from fractions import Fraction

DIGITS = 12
_SCALE = 10**DIGITS


def decimal_text(value: Fraction | None) -> str:
    """Return decimal text: exact where the decimals end, else rounded to 12; "" for nothing.

    Halves go to the even neighbour. All in integers: a table has dozens of numbers a row.
    """
    if value is None:
        return ""
    if value.denominator == 1:
        return str(value.numerator)
    scaled, rest = divmod(abs(value.numerator) * _SCALE, value.denominator)
    if 2 * rest + (scaled & 1) > value.denominator:
        scaled += 1
    whole, decimals = divmod(scaled, _SCALE)
    sign = "-" if value < 0 and scaled else ""
    return f"{sign}{whole}.{decimals:0{DIGITS}d}".rstrip("0").rstrip(".")
