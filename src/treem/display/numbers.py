"""Numbers and dates as people in Việt Nam read and write them.

Decimal comma, full stop between thousands, `%` and `‰` without a space. Values are exact until
here. Rounding is half away from zero, as official statistics round: 0,25 becomes 0,3 and −0,25
becomes −0,3 at one decimal.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from treem.display.words import fill, word
from treem.errors import UsageError
from treem.plan.model import Comparator, Limit, Target

MOST_DECIMALS = 3
MINUS = "\u2212"
SIGNS: dict[Comparator, str] = {"<": "<", "<=": "≤", ">": ">", ">=": "≥"}
_TYPED_SIGNS: dict[str, Comparator] = {
    "≤": "<=",
    "≥": ">=",
    "<=": "<=",
    ">=": ">=",
    "<": "<",
    ">": ">",
}
_TIGHT_UNITS = ("%", "‰", "/")


@dataclass(frozen=True)
class Printed:
    """A number ready to print: its text, how many decimals it has, and a note or ""."""

    text: str
    decimals: int
    note: str


# --- writing ----------------------------------------------------------------------------------


def format_decimal(value: Fraction | int, decimals: int) -> str:
    """Return the value rounded to this many decimals: `1.234,5`."""
    scaled = _scale(Fraction(value), decimals)
    digits = str(abs(scaled)).rjust(decimals + 1, "0")
    whole, rest = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
    sign = MINUS if scaled < 0 else ""
    grouped = f"{int(whole):,}".replace(",", ".")
    return f"{sign}{grouped},{rest}" if decimals else f"{sign}{grouped}"


def format_exact(value: Fraction | int) -> str:
    """Return the value with as many decimals as it needs: `10`, `1,5`, `0,004`.

    Raises ValueError where no finite number of decimals will do.
    """
    value = Fraction(value)
    decimals = next((n for n in range(19) if (value * 10**n).denominator == 1), None)
    if decimals is None:
        raise ValueError(f"{value} has no finite decimal form")
    return format_decimal(value, decimals)


def format_count(value: Fraction | int) -> str:
    """Return a count with a full stop between thousands: `1.234`.

    Raises ValueError on a value that is no whole number: a count is never rounded.
    """
    if Fraction(value).denominator != 1:
        raise ValueError(f"{value} is no count")
    return format_decimal(value, 0)


def format_value(
    value: Fraction | int, unit: str, decimals: int, bound: Comparator | None = None
) -> str:
    """Return a value with its unit: `12,1‰`, `54/100.000`, `3 cuộc`; a bound as `<2%`.

    A bound is written as received, never rounded.
    """
    if bound is not None:
        return f"{SIGNS[bound]}{with_unit(format_exact(value), unit)}"
    return with_unit(format_decimal(value, decimals), unit)


def format_interval(lower: float | Fraction, upper: float | Fraction, decimals: int) -> str:
    """Return an interval as `34,4 - 78,5`."""
    return " - ".join(format_decimal(Fraction(end), decimals) for end in (lower, upper))


def format_years(first: int, last: int) -> str:
    """Return a span of years as `2021 - 2025`."""
    return f"{first} - {last}"


def format_limit(limit: Limit, unit: str = "") -> str:
    """Return a target with its sign: `<10‰`, `≥98%`."""
    return f"{SIGNS[limit.comparator]}{with_unit(format_exact(limit.value), unit)}"


def say_limit(limit: Limit, unit: str = "") -> str:
    """Return a target in words: `dưới 10‰`, `không quá 11%`, `ít nhất 98%`, `trên 5%`."""
    number = with_unit(format_exact(limit.value), unit)
    return f"{word('comparator', limit.comparator)} {number}"


def with_unit(text: str, unit: str) -> str:
    """Put a unit behind a number: signs without a space, words with one."""
    return f"{text}{unit}" if unit.startswith(_TIGHT_UNITS) or not unit else f"{text} {unit}"


def format_against(
    value: Fraction,
    targets: Iterable[Target | Limit | Fraction],
    decimals: int,
    *,
    most: int = MOST_DECIMALS,
) -> Printed:
    """Return the value so rounded that it stands on the same side of each target as it does.

    9.97 against 10 is `9,97` and not `10,0`. Decimals are raised to at most `most`; where that does
    not help, the number keeps its usual decimals and a note says on which side it is.
    """
    points = [_point(target) for target in targets]
    for places in range(decimals, max(decimals, most) + 1):
        if _hidden_by_rounding(value, points, places) is None:
            return Printed(format_decimal(value, places), places, "")
    target = _hidden_by_rounding(value, points, decimals)
    assert target is not None  # else the first round had returned
    side = "below" if value < target else "above"
    note = fill("rounding", side, target=_exact_or_rounded(target))
    return Printed(format_decimal(value, decimals), decimals, note)


def _exact_or_rounded(value: Fraction) -> str:
    """Targets of the plan are finite decimals; a computed value they stand beside may not be."""
    try:
        return format_exact(value)
    except ValueError:
        return format_decimal(value, MOST_DECIMALS)


def round_to(value: Fraction, decimals: int) -> Fraction:
    """Round half away from zero."""
    return Fraction(_scale(value, decimals), 10**decimals)


def long_date(day: dt.date) -> str:
    """Return `ngày 05 tháng 01 năm 2026`: days below 10 and months 1 and 2 have a leading 0."""
    month = f"{day.month:02d}" if day.month <= 2 else str(day.month)
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"


def short_date(day: dt.date) -> str:
    """Return `05/01/2026`."""
    return f"{day.day:02d}/{day.month:02d}/{day.year}"


# --- reading what a person types --------------------------------------------------------------


def parse_decimal(text: str) -> Fraction:
    """Read a number typed with a comma or a point as its decimal mark: `12,1`, `12.1`.

    Strict, because a guess would be judged: no thousands marks, units, signs other than minus,
    or exponents. Raises UsageError.
    """
    typed = text.strip().replace(MINUS, "-")
    if not re.fullmatch(r"-?[0-9]+([.,][0-9]+)?", typed):
        raise UsageError(
            f"“{text}” không phải một số. Hãy viết một số với dấu phẩy hoặc dấu chấm thập phân, "
            "không có dấu phân cách hàng nghìn và đơn vị, ví dụ 12,1 hoặc 12.1."
        )
    return Fraction(typed.replace(",", "."))


def parse_bounded(text: str) -> tuple[Fraction, Comparator | None]:
    """Read a number or a bound: `12,1` → (12.1, None), `<2` → (2, "<"). Raises UsageError."""
    found = re.match(r"\s*(<=|>=|[<>≤≥])", text)
    if found is None:
        return parse_decimal(text), None
    return parse_decimal(text[found.end() :]), _TYPED_SIGNS[found.group(1)]


def _point(target: Target | Limit | Fraction) -> Fraction:
    limit = target.limit if isinstance(target, Target) else target
    return limit.value if isinstance(limit, Limit) else limit


def _scale(value: Fraction, decimals: int) -> int:
    scaled = abs(value) * Fraction(10) ** decimals
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return -whole if value < 0 else whole


def _hidden_by_rounding(value: Fraction, points: list[Fraction], decimals: int) -> Fraction | None:
    """Return the first target whose relation to the value the rounding would change."""
    rounded = round_to(value, decimals)
    return next((p for p in points if _side(value, p) != _side(rounded, p)), None)


def _side(value: Fraction, point: Fraction) -> int:
    return (value > point) - (value < point)
