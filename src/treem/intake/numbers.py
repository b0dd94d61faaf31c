"""What a cell says: a number, a limit, or one of the marks of Vietnamese statistical forms.

`-` none occurred, a measured 0 · `…`, `...`, `KCS`, empty: not collected · `x`: does not apply ·
`(ước)`: provisional · `<2`: only a limit is known · `12*`, `12 (1)`: a note beside the value.
Numbers may have a decimal comma or point and thousands marks. `1.234` may mean two numbers; it is
read only where one of them is impossible for the measure. What stays unclear is a problem with
the name of its rule, never a guess.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from treem.display.numbers import format_exact
from treem.intake.forms import COUNT_UNIT, unit_of
from treem.intake.names import bare, clean

if TYPE_CHECKING:
    from treem.plan.model import Measure

__all__ = [
    "CellReading",
    "Scale",
    "clean",
    "exact_text",
    "parse_number",
    "read_cell",
    "say_value",
    "scale_of",
    "unit_fits",
]

_NOT_COLLECTED = {"", "…", "...", "KCS"}
_NONE_OCCURRED = {"-", "–", "—", "−", "‐", "‑"}
_DOES_NOT_APPLY = {"x", "X"}
_MARKS = _NOT_COLLECTED | _NONE_OCCURRED | _DOES_NOT_APPLY
_DOTS = re.compile(r"\.{3,}|…+")
_PROVISIONAL = re.compile(r"\s*\(?ước\)?$", re.IGNORECASE)
_NOTE = re.compile(r"(?<=[^\s(])\s*(\*+|†|\(\d{1,2}\)|\([a-zđ]\)|\(\*+\)|[¹²³⁰⁴-⁹]+)$")
_LIMIT = re.compile(r"^(<=|>=|≤|≥|<|>|dưới|trên|không quá|ít nhất)\s*(.+)$", re.IGNORECASE)
_SIGNS = {"≤": "<=", "≥": ">=", "dưới": "<", "trên": ">", "không quá": "<=", "ít nhất": ">="}
_PRINTED = {"<=": "≤", ">=": "≥"}
_ERROR = re.compile(r"#[A-Z/0!?_]+[!?A0]?|Err:\d+")
_DATE = re.compile(
    r"\d{1,2}([/.-])\d{1,2}\1(\d\d|\d{4})|\d{4}-\d\d?-\d\d?( .*)?"
    r"|(0?[1-9]|1[0-2])[/-](19|20)\d\d|(quý|tháng|ngày|năm)\s.*",
    re.IGNORECASE,
)
_PER = re.compile(r"^(.*?)\s*/\s*(1[0. ]*0)$")
_WITH_UNIT = re.compile(r"^([\d.,\s-]*\d)\s*([^\d\s].*)$")
_UNIT_WORDS = {"%": ("%", "phan tram"), "‰": ("‰", "%o", "%0", "phan nghin")}
# A number format that shows another number than the stored one: times 100, or without thousands.
_NO_FORMAT = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_LITERALS = re.compile(r'"([^"]*)"|\\(.)')
_THOUSANDS_DROPPED = re.compile(r"[0#?],+(?=[^0#?,]|$)")
_EXCEL_DIGITS = 15


@dataclass(frozen=True)
class CellReading:
    """What a cell says.

    `problem` names the rule it breaks ("" where none); then there is no value. `hint` names a
    rule of information where a value was read in a way that the sender should see. `note` is the
    note mark beside the value, `mark` and `bound` as in the observations.
    """

    value: Fraction | None = None
    bound: str = ""
    status: str = "reported"
    mark: str = ""
    problem: str = ""
    note: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Scale:
    """What a value may be: its unit, the multiplier of that unit, and its range where it has one.

    `unit` is as the form prints it; `multiplier` is 100 for percent and 1 for counts.
    """

    unit: str
    multiplier: int = 1
    lowest: Fraction = Fraction(0)
    highest: Fraction | None = None

    def allows(self, value: Fraction) -> bool:
        """Whether a value is possible at all."""
        return self.lowest <= value and (self.highest is None or value <= self.highest)


def scale_of(measure: Measure, part: str) -> Scale:
    """Return the scale of a part: the measure's own for its value, counts have no upper end."""
    unit = unit_of(measure, part)
    if part != "value":
        return Scale(unit)
    return Scale(unit, measure.multiplier, measure.lower_bound, measure.upper_bound)


def read_cell(
    raw: object,
    mark: object = None,
    *,
    scale: Scale | None = None,
    number_format: str = "General",
) -> CellReading:
    """Read a value cell together with the mark in the column beside it."""
    beside = clean(mark)
    if beside and clean(raw) == "" and not _PROVISIONAL.fullmatch(beside):
        return _read_mark(beside)
    reading = _read_value(raw, scale, number_format)
    if not beside or reading.problem:
        return reading
    if _PROVISIONAL.fullmatch(beside):
        return _as_provisional(reading)
    said = _read_mark(beside)
    if said.problem or (said.value, said.status) != (reading.value, reading.status):
        return CellReading(problem="unknown_mark", mark=beside)
    return replace(reading, mark=said.mark)


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


def parse_number(text: str, scale: Scale | None = None) -> tuple[Fraction | None, str]:
    """Parse the text of a number; returns (value, "") or (None, the rule it breaks).

    A number read by the range of its scale alone comes with the rule `number_by_range`.
    """
    compact = re.sub(r"(?<=[0-9]) (?=[0-9]{3}(?![0-9]))", "", text)
    if not re.fullmatch(r"[-−]?[0-9][0-9.,]*", compact):
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
    if dots == 1 and re.fullmatch(r"[1-9][0-9]{0,2}\.[0-9]{3}", compact):
        return _by_range(compact, scale)
    return _split(compact, ".", ",")


def unit_fits(words: str, scale: Scale) -> bool:
    """Whether the words of a unit (`%`, `phần trăm`, `‰`) mean the unit of a scale."""
    said = bare(words)
    return said in (bare(scale.unit), *_UNIT_WORDS.get(scale.unit, ()))


def _by_range(compact: str, scale: Scale | None) -> tuple[Fraction | None, str]:
    """Read `d.ddd` where only one of its two numbers is possible; a count may be either."""
    if scale is None or scale.highest is None:
        return None, "ambiguous_number"
    both = (Fraction(compact), Fraction(compact.replace(".", "")))
    possible = [value for value in both if scale.allows(value)]
    return (possible[0], "number_by_range") if len(possible) == 1 else (None, "ambiguous_number")


def _read_value(raw: object, scale: Scale | None, number_format: str) -> CellReading:
    if isinstance(raw, bool):
        return CellReading(problem="not_a_number")
    if isinstance(raw, int | float):
        return _read_stored_number(raw, scale, number_format)
    if isinstance(raw, dt.date | dt.time | dt.timedelta):
        return CellReading(problem="date_in_number")
    text, provisional, note = _peel(clean(raw))
    reading = _read_text(text, scale)
    if reading.problem:
        return reading
    reading = replace(reading, note=note)
    return _as_provisional(reading) if provisional else reading


def _read_stored_number(raw: int | float, scale: Scale | None, number_format: str) -> CellReading:
    """Read a number as Excel stores it, to the digits that Excel can show."""
    if not math.isfinite(raw):
        return CellReading(problem="not_a_number")
    exact = str(raw) if isinstance(raw, int) else f"{raw:.{_EXCEL_DIGITS}g}"
    value = Fraction(Decimal(exact))
    if value < 0:
        return CellReading(problem="negative_number")
    shown = _NO_FORMAT.sub("", number_format).split(";")[0]
    if "%" in shown:
        if scale is None or scale.unit != "%":
            return CellReading(problem="percent_format_elsewhere")
        return CellReading(value * 100, hint="percent_format")
    printed = "".join(map("".join, _LITERALS.findall(number_format)))
    if any(sign in printed and (scale is None or scale.unit != sign) for sign in "%‰"):
        return CellReading(problem="unit_in_cell")
    if number_format != "General" and _THOUSANDS_DROPPED.search(shown):
        return CellReading(problem="scaled_format")
    return CellReading(value)


def _peel(text: str) -> tuple[str, bool, str]:
    """Take `(ước)` and note marks off the end: (what is left, provisional, the note)."""
    provisional = False
    notes: list[str] = []
    while text not in _MARKS:
        if found := _PROVISIONAL.search(text):
            provisional = True
        elif found := _NOTE.search(text):
            notes.insert(0, found[1])
        else:
            break
        text = text[: found.start()]
    return text, provisional, " ".join(notes)


def _read_text(text: str, scale: Scale | None) -> CellReading:
    if text in _MARKS or text.upper() == "KCS" or _DOTS.fullmatch(text):
        return _read_mark(text)
    if _ERROR.fullmatch(text):
        return CellReading(problem="error_value")
    if _DATE.fullmatch(text):
        return CellReading(problem="date_in_number")
    bound = ""
    if limit := _LIMIT.match(text):
        sign = limit[1].lower()
        bound, text = _SIGNS.get(sign, sign), limit[2]
    number, problem = _read_amount(text, scale)
    if number is None:
        return CellReading(problem=problem)
    if bound:
        return CellReading(number, bound, "censored", bound, hint=problem)
    return CellReading(number, hint=problem)


def _read_amount(text: str, scale: Scale | None) -> tuple[Fraction | None, str]:
    """Read a number with or without a unit behind it: `95 %`, `9‰`, `54/100.000`."""
    if per := _PER.match(text):
        fits = scale is not None and int(re.sub(r"\D", "", per[2])) == scale.multiplier > 1
        text = per[1]
    elif (unit := _WITH_UNIT.match(text)) and not re.search(r"\d", unit[2]):
        known = any(bare(unit[2]) in words for words in _UNIT_WORDS.values())
        fits = scale is not None and scale.unit != COUNT_UNIT and unit_fits(unit[2], scale)
        if not (fits or known):
            return None, "not_a_number"
        text = unit[1]
    else:
        fits = True
    number, problem = parse_number(text, scale)
    if number is None:
        return None, "composite_value" if _is_composite(text) else problem
    return (number, problem) if fits else (None, "unit_in_cell")


def _is_composite(text: str) -> bool:
    """Whether a cell holds more than one number, with words or a semicolon between them."""
    numbers = list(_number_places(text))
    between = (text[a.end() : b.start()] for a, b in zip(numbers, numbers[1:], strict=False))
    return any(re.search(r"[;\n]|[^\W\d_]", gap) for gap in between)


def _number_places(text: str) -> Iterator[re.Match[str]]:
    return re.finditer(r"\d[\d.,]*", text)


def _read_mark(mark: str) -> CellReading:
    if mark in _NOT_COLLECTED:
        return CellReading(status="missing", mark=mark)
    if mark.upper() == "KCS":
        return CellReading(status="missing", mark="KCS")
    if _DOTS.fullmatch(mark):
        return CellReading(status="missing", mark="…")
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
    if thousands in whole and not re.fullmatch(rf"[0-9]{{1,3}}(\{thousands}[0-9]{{3}})+", whole):
        return None, "not_a_number"
    if text.endswith(decimal):
        return None, "not_a_number"
    digits = whole.replace(thousands, "")
    return Fraction(f"{digits}.{fraction or 0}"), ""
