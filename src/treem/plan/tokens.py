"""The tokens of a clause: values, years, "duy trì", "các năm tiếp theo", and what is none of them.

Numbers that are part of the subject (ages, kinds of vaccine, "trên 1.000 trẻ đẻ sống") are asides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from treem.plan.lines import Passage
from treem.plan.model import Comparator
from treem.plan.numbers import HALF, NUMERAL, SPELLED, decimal_mark, read_number

STRATA = ("nông thôn", "thành thị", "miền núi", "đồng bằng")


@dataclass(frozen=True)
class Token:
    """A value, a year, or another piece of a clause that decides what a value belongs to."""

    kind: Literal["value", "year", "later", "keep", "other", "aside"]
    start: int
    end: int
    years: tuple[int, ...] = ()
    value: Fraction | None = None
    sign: Comparator | None = None
    stratum: str = ""
    unit: str = ""
    mark: str = ""
    unread: bool = False


_AGE = (
    rf"(?:(?:từ|dưới|trên|đủ|đến|tới)\s+)?(?:\d+|(?<!\w){SPELLED})(?:\s*(?:-|–|đến)\s*(?:dưới\s+)?\d+)?"
    r"\s+(?:tháng\s+)?tuổi(?:\s+trở\s+(?:lên|xuống))?"
)
_COMPARED = r"so\s+với\s+(?:cùng\s+kỳ\s+|cuối\s+)?(?:năm\s+)?20\d\d"
_COUNT = r"\d+\s+(?:loại|nhóm|mũi|liều|buổi|giờ|ngày|tháng|lần|dịch\s+vụ|bước)\b"
_BASE_NUMBER = r"(?:10{0,2}(?:[.\s]?000)+|100(?![.\d]))"
_PEOPLE = r"(?:\s+(?:trẻ(?:\s+em)?|người|dân)(?:\s+(?:đẻ|sinh|sinh\s+ra)\s+sống)?)?"
_BASE = rf"(?:trên|/)\s*{_BASE_NUMBER}(?!\d){_PEOPLE}"
_YEAR_LEAD = (
    r"(?:(?:chậm|muộn)\s+nhất\s+(?:là\s+)?)?"
    r"(?:(?:trước|vào|đến|tới|từ|trong|ở|cho)\s+)?(?:(?:hết|cuối)\s+)?"
)
_YEARS = (
    rf"giai\s+đoạn\s+20\d\d\s*[-–]\s*(?P<span>20\d\d)"
    rf"|(?:{_YEAR_LEAD}(?:các\s+)?năm\s+|(?:vào|đến|tới)\s+)(?P<years>20\d\d"
    rf"(?:\s*(?:,|và)\s*(?:(?:vào|đến|tới)\s+)?(?:năm\s+)?20\d\d)*)(?!\d)"
)
_LATER = (
    r"(?:(?:ở|vào|trong|cho|đến)\s+)?(?:các|những)\s+năm\s+(?:tiếp\s*theo|sau|kế\s+tiếp|còn\s+lại)"
)
_KEEP = r"duy\s+trì|giữ\s+(?:vững|nguyên)"
_SIGNS: tuple[tuple[Comparator, str], ...] = (
    ("<=", r"không\s+(?:vượt\s+)?quá|không\s+(?:cao|nhiều|lớn)\s+hơn|tối\s+đa|nhiều\s+nhất|≤|<="),
    (">=", r"không\s+(?:dưới|thấp\s+hơn|ít\s+hơn)|ít\s+nhất|tối\s+thiểu|≥|>="),
    ("<", r"dưới|(?:nhỏ|thấp|ít)\s+hơn|<"),
    (">", r"trên|(?:lớn|cao|nhiều)?\s*hơn|vượt|>"),
)
_SIGN = "|".join(pattern for _, pattern in _SIGNS)
_UNIT = rf"%|‰|phần\s+(?:trăm|nghìn|ngàn|vạn)|(?:/|trên\s)\s*{_BASE_NUMBER}(?!\d){_PEOPLE}"
_WORDS_END = (
    r"(?=\s*(?:$|[,;.)(%‰/]|(?:và|vào|đến|tới|trong|phần|trở|đối|ở|tại|trên|cho|so|số|duy)\b"
    r"|năm\s+20\d\d))"
)
_START_LEVEL = (
    rf"(?:(?:tăng|giảm|nâng|hạ)\s+)?\btừ\s+(?:mức\s+|khoảng\s+)?{NUMERAL}\s*(?:{_UNIT})?"
    rf"(?:\s*\(?(?:(?:của|trong|ở)\s+)?năm\s+20\d\d\)?"
    rf"|(?=\s*,?\s*(?:lên|xuống|còn|tăng|giảm|thành)\b)),?"
    rf"(?:\s*lên(?=\s+(?:đạt\s+)?\d))?"
)
_VALUE = (
    rf"(?:(?P<sign>{_SIGN})\s*)?(?<![\d.,])(?P<number>{NUMERAL}(?:\s*[-–]\s*{NUMERAL})?"
    rf"|(?<!\w)(?!năm\s+20)(?:{SPELLED}){_WORDS_END})"
    rf"\s*(?P<unit>{_UNIT})?(?:\s+trở\s+(?P<side>lên|xuống))?"
    r"(?P<yearly>\s*(?:/|mỗi|hằng|hàng)\s*năm)?"
    rf"(?:\s*(?:(?:đối\s+với|ở|tại|cho|với)\s+)?(?:khu\s+vực\s+)?(?P<stratum>{'|'.join(STRATA)}))?"
)
_TOKEN = re.compile(
    rf"(?P<skip>{_AGE}|{_COUNT}|{_COMPARED})|(?P<base>{_BASE})"
    rf"|(?P<aside>{_START_LEVEL}|\[\d{{1,3}}\])|(?P<year>{_YEARS})|(?P<later>{_LATER})"
    rf"|(?P<keep>\b(?:{_KEEP})\b)|(?P<value>{_VALUE})",
    re.IGNORECASE,
)
LEAD = re.compile(
    r"(?:phấn\s+đấu\s+)?(?:giảm|xuống\s+còn|xuống|còn|đạt|là|bằng|mức|ở\s+mức|tỷ\s+lệ|tăng|lên"
    r"|nâng\s+lên)?\s*$",
    re.IGNORECASE,
)
_ANCHOR = re.compile(
    r"(?:xuống|còn|đạt|là|bằng|mức|tỷ\s+lệ|lên|giảm|phấn\s+đấu|duy\s+trì)\s*$", re.IGNORECASE
)
_START = re.compile(r"\btừ\s*$", re.IGNORECASE)
_STRATUM_BEFORE = re.compile(rf"({'|'.join(STRATA)})\s*(?:là|đạt|xuống|còn|:)?\s*$", re.IGNORECASE)


# "82% vào năm 2025, năm 2030 đạt 87%": the second year has a level of its own behind it.
_SECOND_YEAR = re.compile(r"(?:,|và)\s*(?:(?:vào|đến|tới)\s+)?(?:năm\s+)?20\d\d$", re.IGNORECASE)
_LEVEL_NEXT = re.compile(
    rf"\s*(?:phấn\s+đấu\s+)?(?:(?:đạt|là|còn|xuống|lên|có|tăng|giảm)\s+)*(?:(?:{_SIGN})\s*)?\d",
    re.IGNORECASE,
)


def read_tokens(passage: Passage) -> Iterator[Token]:
    """Read a clause as its tokens, in the order in which they stand."""
    text, after_value = passage.text, False
    for match in _TOKEN.finditer(text):
        follows, after_value = after_value, bool(match["value"])
        if match["year"]:
            found = match["span"] or match["years"]
            years = tuple(int(year) for year in re.findall(r"20\d\d", found))
            cut = _SECOND_YEAR.search(match[0])
            if follows and cut and _LEVEL_NEXT.match(text[match.end() :]):
                middle = match.start() + cut.start()
                yield Token("year", match.start(), middle, years=years[:-1])
                yield Token("year", middle, match.end(), years=years[-1:])
            else:
                yield Token("year", *match.span(), years=years)
        elif match["later"]:
            yield Token("later", *match.span())
        elif match["keep"]:
            yield Token("keep", *match.span())
        elif match["aside"]:
            yield Token("aside", *match.span())
        elif match["base"]:
            yield Token("other", *match.span(), unit=_unit_of(match["base"]))
        elif match["value"]:
            token = _value_token(text, match)
            if token is not None:
                yield token


def _value_token(text: str, match: re.Match[str]) -> Token | None:
    before, after = text[: match.start()], text[match.end() :]
    anchored = (
        match["unit"]
        or match["sign"]
        or _ANCHOR.search(before)
        or re.match(rf"\s*(?:{_YEARS})", after, re.IGNORECASE)
    )
    is_range = re.search(r"[-–]", match["number"])
    from_level = _START.search(before) and not match["side"]
    relative = match["yearly"] or is_range or re.match(r"\s*so\s+với", after, re.IGNORECASE)
    if not anchored or from_level:
        return None
    unit = _unit_of(match["unit"] or "")
    value = None if relative else _number(match["number"], share=unit == "%")
    earlier = _STRATUM_BEFORE.search(before)
    stratum = match["stratum"] or (earlier[1] if earlier else "")
    return Token(
        "value",
        *match.span(),
        value=value,
        sign=_sign_of(match["sign"], match["side"]),
        stratum=stratum.lower(),
        unit=unit,
        mark=decimal_mark(match["number"]) if match["number"][0].isdigit() else "",
        unread=value is None and not relative,
    )


def _number(words: str, *, share: bool) -> Fraction | None:
    """Return a number, half of all as 50 %; None for number words that cannot be read."""
    if HALF.fullmatch(words.strip()):
        return Fraction(50)
    try:
        return read_number(words, share=share)
    except ValueError:
        return None


def _sign_of(words: str | None, side: str | None) -> Comparator | None:
    if side:
        return ">=" if side.lower() == "lên" else "<="
    if words:
        for sign, pattern in _SIGNS:
            if re.fullmatch(pattern, words.strip(), re.IGNORECASE):
                return sign
    return None


def _unit_of(words: str) -> str:
    words = words.lower()
    if "%" in words or "trăm" in words:
        return "%"
    if "‰" in words or "nghìn" in words or "ngàn" in words:
        return "/1.000"
    if "vạn" in words:
        return "/10.000"
    zeros = words.count("0")
    if zeros == 2:
        return "%"
    return f"/{10**zeros:,}".replace(",", ".") if zeros else ""
