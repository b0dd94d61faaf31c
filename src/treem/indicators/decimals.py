"""Exact values as the decimal text of a table."""

from __future__ import annotations

from fractions import Fraction

from treem.intake.numbers import exact_text

DIGITS = 12


def decimal_text(value: Fraction | None) -> str:
    """Return decimal text: exact where the decimals end, else rounded to 12; "" for nothing."""
    return "" if value is None else exact_text(round(value, DIGITS))
