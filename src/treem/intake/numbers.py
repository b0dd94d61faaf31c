"""What a cell says: a number, a limit, or one of the marks of Vietnamese statistical forms.

`-` none occurred, a measured 0 · `…`, `...`, `KCS`, empty: not collected · `x`: does not apply ·
`(ước)`: provisional · `<2`: only a limit is known. Numbers may have a decimal comma or point and
thousands marks; what stays ambiguous (`1.234`) is named a problem, never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from treem.display.numbers import format_exact

_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f\u200b"), " ")
_NOT_COLLECTED = {"", "…", "...", "KCS"}
_NONE_OCCURRED = {"-", "–", "—"}
_DOES_NOT_APPLY = {"x", "X"}
_PROVISIONAL = re.compile(r"\s*\(?ước\)?$")
_LIMIT = re.compile(r"^(<=|>=|≤|≥|<|>)\s*(.+)$")
_SIGNS = {"≤": "<=", "≥": ">="}
_PRINTED = {"<=": "≤", ">=": "≥"}


@dataclass(frozen=True)
class CellReading:
    """What a cell says. `problem` names the rule it breaks ("" where none); then no value."""

    value: Fraction | None = None
    bound: str = ""
    status: str = "reported"
    mark: str = ""
    problem: str = ""


def read_cell(raw: object, mark: object = None) -> CellReading:
    """Read a value cell together with the mark in the column beside it."""
    beside = clean(mark)
    if beside and clean(raw) == "" and not _PROVISIONAL.fullmatch(beside):
        return _read_mark(beside)
    reading = _read_value(raw)
    if not beside or reading.problem:
        return reading
    if not _PROVISIONAL.fullmatch(beside):
        return CellReading(problem="unknown_mark", mark=beside)
    return _as_provisional(reading)


def clean(raw: object) -> str:
    """Return the text of a cell: NFC, no odd spaces, nothing around it."""
    if raw is None:
        return ""
    return unicodedata.normalize("NFC", str(raw)).translate(_SPACES).strip()


def exact_text(value: Fraction) -> str:
    """Return exact decimal text for a value that was written in decimals.

    Raises ValueError where the value has no finite decimal form.
    """
    digits = 0
    while (value * 10**digits).denominator != 1:
        digits += 1
        if digits > 40:
            raise ValueError(f"{value} has no finite decimal form")
    whole = str(abs(int(value * 10**digits))).rjust(digits + 1, "0")
    text = f"{whole[:-digits]}.{whole[-digits:]}" if digits else whole
    return f"-{text}" if value < 0 else text


def say_value(value: str, bound: str = "") -> str:
    """Return the exact text of a value as messages print it: `7.288`, `12,6`, `≤2`."""
    return f"{_PRINTED.get(bound, bound)}{format_exact(Fraction(value))}"


def parse_number(text: str) -> tuple[Fraction | None, str]:
    """Parse the text of a number; returns (value, "") or (None, the rule it breaks)."""
    compact = re.sub(r"(?<=\d) (?=\d{3}(?!\d))", "", text)
    if not re.fullmatch(r"[-−]?\d[\d.,]*", compact):
        return None, "not_a_number"
    if compact[0] in "-−":
        return None, "negative_number"
    dots, commas = compact.count("."), compact.count(",")
    if dots and commas:
        decimal = max(".,", key=compact.rindex)
        return _split(compact, decimal, "," if decimal == "." else ".")
    if commas:
        return _split(compact, ",", ".") if commas == 1 else (None, "ambiguous_number")
    if dots > 1:
        return _split(compact, ",", ".")
    if dots == 1 and re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", compact):
        return None, "ambiguous_number"
    return _split(compact, ".", ",")


def _read_value(raw: object) -> CellReading:
    if isinstance(raw, bool):
        return CellReading(problem="not_a_number")
    if isinstance(raw, int | float):
        value = Fraction(Decimal(repr(raw)))
        return CellReading(problem="negative_number") if value < 0 else CellReading(value)
    text = clean(raw)
    if text in _NOT_COLLECTED | _NONE_OCCURRED | _DOES_NOT_APPLY:
        return _read_mark(text)
    if shortened := _PROVISIONAL.search(text):
        return _as_provisional(_read_value(text[: shortened.start()]))
    if limit := _LIMIT.match(text):
        value_of_limit, problem = parse_number(limit[2])
        bound = _SIGNS.get(limit[1], limit[1])
        if problem:
            return CellReading(problem=problem)
        return CellReading(value_of_limit, bound, "censored", bound)
    number, problem = parse_number(text)
    return CellReading(number, problem=problem)


def _read_mark(mark: str) -> CellReading:
    if mark in _NOT_COLLECTED:
        return CellReading(status="missing", mark=mark)
    if mark in _NONE_OCCURRED:
        return CellReading(Fraction(0), mark="-")
    if mark in _DOES_NOT_APPLY:
        return CellReading(status="not_applicable", mark="x")
    return CellReading(problem="unknown_mark", mark=mark)


def _as_provisional(reading: CellReading) -> CellReading:
    """Mark a figure as provisional; a limit stays a limit, what is not there stays missing."""
    if reading.status != "reported" or reading.problem:
        return reading
    return replace(reading, status="provisional", mark="(ước)")


def _split(text: str, decimal: str, thousands: str) -> tuple[Fraction | None, str]:
    whole, _, fraction = text.partition(decimal)
    if thousands in fraction or decimal in fraction:
        return None, "not_a_number"
    if thousands in whole and not re.fullmatch(rf"\d{{1,3}}(\{thousands}\d{{3}})+", whole):
        return None, "not_a_number"
    if text.endswith(decimal):
        return None, "not_a_number"
    digits = whole.replace(thousands, "")
    return Fraction(f"{digits}.{fraction or 0}"), ""
