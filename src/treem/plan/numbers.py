"""Numbers as a Vietnamese official text writes them: `99,5`, `1.000`, `0.004`, `tám mươi hai`.

The plan mixes decimal commas and decimal points, even in one column, so a numeral is read by its
form and, where the form leaves a doubt, by its unit. Values are exact fractions.
"""

from __future__ import annotations

import re
from fractions import Fraction

NUMERAL = r"\d+(?:[.,]\d+)*"

_DIGITS = {
    "không": 0, "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "lăm": 5,
    "sáu": 6, "bảy": 7, "bẩy": 7, "tám": 8, "chín": 9,
}  # fmt: skip
_POWERS = {"mười": 10, "mươi": 10, "trăm": 100, "nghìn": 1000, "ngàn": 1000}
_FILLERS = ("linh", "lẻ")
_WORD = "|".join([*_DIGITS, *_POWERS, *_FILLERS, "phẩy", "rưỡi", "chục", "nửa"])
SPELLED = rf"(?:{_WORD})(?:\s+(?:{_WORD}))*"
HALF = re.compile(r"(?:một\s+)?nửa", re.IGNORECASE)
_ONE = "(?:một|hai|ba|bốn|tư|năm|sáu|bảy|bẩy|tám|chín)"
_LAST = "(?:một|mốt|hai|ba|bốn|tư|lăm|năm|sáu|bảy|bẩy|tám|chín)"
_TENS = rf"(?:mười(?: {_LAST})?|{_ONE} mươi(?: {_LAST})?)"
_HUNDREDS = rf"(?:(?:{_ONE}|không) trăm(?: (?:(?:linh|lẻ) {_ONE}|{_TENS}))?)"
_UP_TO_999 = rf"(?:{_HUNDREDS}|{_TENS}|{_ONE}|không)"
_WHOLE = rf"(?:{_UP_TO_999}(?: (?:nghìn|ngàn)(?: {_HUNDREDS})?)?)"
_DECIMALS = rf"(?:{_TENS}|(?:không|{_ONE})(?: (?:không|{_LAST}))*)"
_READABLE = re.compile(rf"{_WHOLE}(?: phẩy {_DECIMALS})?|(?:không|mười|{_ONE}) rưỡi")


def read_number(text: str, *, share: bool = False) -> Fraction:
    """Read a numeral or spelled-out number.

    `share` says that the unit is a percentage: three digits after a single point are then
    decimals (`99.995`), because a percentage cannot be in the thousands; elsewhere they are
    thousands (`1.000`). A leading `0.` is always decimal. Raises ValueError on anything else.
    """
    text = text.strip()
    if not re.fullmatch(NUMERAL, text):
        return _read_spelled(text)
    marks = [mark for mark in text if mark in ".,"]
    decimal = _decimal_mark(text, marks, share)
    if not decimal:
        return Fraction(re.sub(r"[.,]", "", text))
    whole, _, digits = text.rpartition(decimal)
    return Fraction(f"{re.sub(r'[.,]', '', whole)}.{digits}")


def decimal_mark(text: str) -> str:
    """Return the decimal mark a numeral is written with: "," or "." or "" (none)."""
    marks = [mark for mark in text if mark in ".,"]
    return _decimal_mark(text, marks, share=False)


def decimal_text(value: Fraction) -> str:
    """Return the value exactly, with a decimal point: `0.004`, `54`.

    Raises ValueError for a value without a finite decimal form; the plan states none.
    """
    scaled, places = value, 0
    while scaled.denominator != 1:
        scaled, places = scaled * 10, places + 1
        if places > 30:
            raise ValueError(f"{value} has no finite decimal form")
    if places == 0:
        return str(scaled.numerator)
    sign, digits = ("-" if scaled < 0 else ""), str(abs(scaled.numerator)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def _decimal_mark(text: str, marks: list[str], share: bool) -> str:
    if not marks:
        return ""
    last = marks[-1]
    if len(set(marks)) == 2:
        return last if marks.count(last) == 1 else ""
    if len(marks) > 1:
        return ""
    if last == ",":
        return ","
    whole, digits = text.split(".")
    grouped = len(digits) == 3 and not whole.startswith("0") and not share
    return "" if grouped else "."


def _read_spelled(text: str) -> Fraction:
    words = text.lower().split()
    if not _READABLE.fullmatch(" ".join(words)):
        raise ValueError(f"not a number: {text!r}")
    half = words[-1] == "rưỡi"
    words = words[:-1] if half else words
    whole, _, digits = " ".join(words).partition("phẩy")
    value = Fraction(_spelled_integer(whole.split()))
    if digits:
        tens = re.search(r"mười|mươi", digits)
        shown = (
            str(_spelled_integer(digits.split()))
            if tens
            else "".join(str(_DIGITS[word]) for word in digits.split())
        )
        value += Fraction(f"0.{shown}")
    return value + (Fraction(1, 2) if half else 0)


def _spelled_integer(words: list[str]) -> int:
    total, current = 0, 0
    for word in words:
        if word in _DIGITS:
            current = _DIGITS[word]
        elif word in _POWERS:
            power = _POWERS[word]
            if power == 1000:
                total, current = (total + current) * power, 0
            else:
                total, current = total + (current or (word == "mười")) * power, 0
    return total + current
