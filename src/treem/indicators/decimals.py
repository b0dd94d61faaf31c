"""Exact values and floats as the decimal text of a table.

A table has dozens of numbers a row, so nothing here makes a fraction of its own.
"""

from __future__ import annotations

from fractions import Fraction

DIGITS = 12
_SCALE = 10**DIGITS


def decimal_text(value: Fraction | None) -> str:
    """Return decimal text: exact where the decimals end, else rounded to 12; "" for nothing.

    Halves go to the even neighbour. All in integers.
    """
    if value is None:
        return ""
    numerator, denominator = value.as_integer_ratio()
    if denominator == 1:
        return str(numerator)
    scaled, rest = divmod(abs(numerator) * _SCALE, denominator)
    if 2 * rest + (scaled & 1) > denominator:
        scaled += 1
    digits = str(scaled).zfill(DIGITS + 1)
    text = f"{digits[:-DIGITS]}.{digits[-DIGITS:]}".rstrip("0").rstrip(".")
    return f"-{text}" if numerator < 0 and scaled else text


def float_text(value: float | None) -> str:
    """Return what `decimal_text` says of the exact value of a float; "" for nothing."""
    if value is None:
        return ""
    text = f"{value:.{DIGITS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
