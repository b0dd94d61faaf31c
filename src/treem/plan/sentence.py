"""What one clause of the plan asks for: subject, direction, unit, and a level for each year.

A clause is read as a row of tokens: values, years, "duy trì" (the level before is kept) and "các
năm tiếp theo" (every later year of the plan). Numbers that are part of the subject (ages, kinds
of vaccine, "trên 1.000 trẻ đẻ sống") are no values. Two orders occur in official prose and both
are read: "đạt 82% vào năm 2025" and "đến năm 2025 đạt 82%".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Literal

from treem.plan.lines import Passage
from treem.plan.model import Comparator
from treem.plan.numbers import NUMERAL, SPELLED, decimal_mark, read_number

STRATA = ("nông thôn", "thành thị", "miền núi", "đồng bằng")


@dataclass(frozen=True)
class Statement:
    """One level that a clause states.

    `sign` is None where the words name no comparator: then the direction decides. `year` is None
    where the clause names no year; `later` marks "các năm tiếp theo". `repeated` marks a level
    that "duy trì" carries over. `stratum` is "" or one of STRATA. `mark` is the decimal mark.
    """

    year: int | None
    later: bool
    stratum: str
    sign: Comparator | None
    value: Fraction
    line: int
    words: str
    repeated: bool
    mark: str


@dataclass(frozen=True)
class Clause:
    """One thing that is measured, as worded in one place.

    `subject` is the clause without its levels and years; `unit` is `%`, `/1.000`, `/100.000` …
    or "" where the words give none.
    """

    words: str
    line: int
    subject: str
    direction: Literal[1, -1]
    unit: str
    strata: tuple[str, ...]
    statements: tuple[Statement, ...]
    years: tuple[int, ...]


def bare_sign(direction: int) -> Comparator:
    """Return the comparator of a level without one: at least, or at most where lower is better."""
    return ">=" if direction > 0 else "<="


def read_clause(passage: Passage) -> Clause:
    """Read one clause."""
    tokens = list(_tokens(passage))
    statements = tuple(_assign(passage, tokens))
    strata = dict.fromkeys(item.stratum for item in statements if item.stratum)
    subject = _subject(passage.text, tokens)
    return Clause(
        words=passage.text.rstrip(" ;.,"),
        line=passage.line,
        subject=subject,
        direction=_direction(passage.text, statements),
        unit=_unit(tokens),
        strata=tuple(strata),
        statements=statements,
        years=tuple(year for token in tokens for year in token.years),
    )


def split_clauses(passage: Passage) -> list[Clause]:
    """Read the clauses of an indicator: parts between semicolons that have a subject of their own.

    A part without a subject ("… vào năm 2025; 50% vào năm 2030") continues the clause before it.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in [*re.finditer(";", passage.text), None]:
        end = match.start() if match else len(passage.text)
        part = passage.part(start, end)
        if part.text.strip(" .,"):
            if spans and not subject_tokens(_subject(part.text, list(_tokens(part)))):
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        start = end + 1
    return [read_clause(passage.part(*span)) for span in spans]


_STOP_WORDS = frozenset(
    "và vào đến tới ở từ trong cho năm các những đạt là còn xuống giảm tăng nâng duy trì giữ phấn "
    "đấu tỷ tỉ lệ suất mức khoảng đối với tại của cuối hết trẻ em được tiếp theo".split()
)


@cache
def subject_tokens(text: str) -> frozenset[str]:
    """Return the words that tell one subject from another: lower case, without fillers."""
    words = re.findall(r"\w+", text.lower())
    return frozenset(word.lstrip("0") or "0" for word in words if word not in _STOP_WORDS)


def likeness(one: str, other: str) -> float:
    """How alike two subjects are: shared words over all words, 0 to 1."""
    left, right = subject_tokens(one), subject_tokens(other)
    return len(left & right) / len(left | right) if left | right else 0.0


@dataclass(frozen=True)
class _Token:
    kind: Literal["value", "year", "later", "keep", "other"]
    start: int
    end: int
    years: tuple[int, ...] = ()
    value: Fraction | None = None
    sign: Comparator | None = None
    stratum: str = ""
    unit: str = ""
    mark: str = ""


_AGE = (
    r"(?:(?:từ|dưới|trên|đủ|đến|tới)\s+)?\d+(?:\s*(?:-|–|đến)\s*(?:dưới\s+)?\d+)?\s+(?:tháng\s+)?"
    r"tuổi(?:\s+trở\s+(?:lên|xuống))?"
)
_COMPARED = r"so\s+với\s+(?:cùng\s+kỳ\s+|cuối\s+)?(?:năm\s+)?20\d\d"
_COUNT = r"\d+\s+(?:loại|nhóm|mũi|liều|buổi|giờ|ngày|tháng|lần|dịch\s+vụ|bước)\b"
_BASE_NUMBER = r"(?:10{0,2}(?:[.\s]?000)+|100(?![.\d]))"
_PEOPLE = r"(?:\s+(?:trẻ(?:\s+em)?|người|dân)(?:\s+(?:đẻ|sinh|sinh\s+ra)\s+sống)?)?"
_BASE = rf"(?:trên|/)\s*{_BASE_NUMBER}(?!\d){_PEOPLE}"
_YEAR_LEAD = r"(?:(?:vào|đến|tới|từ|trong|ở|cho)\s+)?(?:(?:hết|cuối)\s+)?"
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
_VALUE = (
    rf"(?:(?P<sign>{_SIGN})\s*)?(?<![\d.,])(?P<number>{NUMERAL}(?:\s*[-–]\s*{NUMERAL})?"
    rf"|(?<!\w)(?:{SPELLED})(?=\s+phần\s+(?:trăm|nghìn|ngàn|vạn)|\s*[%‰]))"
    rf"\s*(?P<unit>{_UNIT})?(?:\s+trở\s+(?P<side>lên|xuống))?"
    r"(?P<yearly>\s*(?:/|mỗi|hằng|hàng)\s*năm)?"
    rf"(?:\s*(?:(?:đối\s+với|ở|tại|cho|với)\s+)?(?:khu\s+vực\s+)?(?P<stratum>{'|'.join(STRATA)}))?"
)
_TOKEN = re.compile(
    rf"(?P<skip>{_AGE}|{_COUNT}|{_COMPARED})|(?P<base>{_BASE})|(?P<year>{_YEARS})|(?P<later>{_LATER})"
    rf"|(?P<keep>\b(?:{_KEEP})\b)|(?P<value>{_VALUE})",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"(?:phấn\s+đấu\s+)?(?:giảm|xuống\s+còn|xuống|còn|đạt|là|bằng|mức|ở\s+mức|tỷ\s+lệ|tăng|lên"
    r"|nâng\s+lên)?\s*$",
    re.IGNORECASE,
)
_ANCHOR = re.compile(
    r"(?:xuống|còn|đạt|là|bằng|mức|tỷ\s+lệ|lên|giảm|phấn\s+đấu|duy\s+trì)\s*$", re.IGNORECASE
)
_START = re.compile(r"\btừ\s*$", re.IGNORECASE)
_STRATUM_BEFORE = re.compile(rf"({'|'.join(STRATA)})\s*(?:là|đạt|xuống|còn|:)?\s*$", re.IGNORECASE)


def _tokens(passage: Passage) -> Iterator[_Token]:
    text = passage.text
    for match in _TOKEN.finditer(text):
        if match["year"]:
            found = match["span"] or match["years"]
            years = tuple(int(year) for year in re.findall(r"20\d\d", found))
            yield _Token("year", *match.span(), years=years)
        elif match["later"]:
            yield _Token("later", *match.span())
        elif match["keep"]:
            yield _Token("keep", *match.span())
        elif match["base"]:
            yield _Token("other", *match.span(), unit=_unit_of(match["base"]))
        elif match["value"]:
            token = _value_token(text, match)
            if token is not None:
                yield token


def _value_token(text: str, match: re.Match[str]) -> _Token | None:
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
    earlier = _STRATUM_BEFORE.search(before)
    stratum = match["stratum"] or (earlier[1] if earlier else "")
    return _Token(
        "value",
        *match.span(),
        value=None if relative else read_number(match["number"], share=unit == "%"),
        sign=_sign_of(match["sign"], match["side"]),
        stratum=stratum.lower(),
        unit=unit,
        mark=decimal_mark(match["number"]) if match["number"][0].isdigit() else "",
    )


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


def _unit(tokens: list[_Token]) -> str:
    units = [token.unit for token in tokens if token.unit]
    bases = [unit for unit in units if unit != "%"]
    return (bases or units or [""])[0]


def _assign(passage: Passage, tokens: list[_Token]) -> Iterator[Statement]:
    """Give every value its year, in the order that the clause uses."""
    tokens = [token for token in tokens if token.kind != "other"]
    if not any(token.kind == "value" for token in tokens):
        return
    first = next(token.kind for token in tokens if token.kind in ("value", "year"))
    yield from (_years_after if first == "value" else _years_before)(passage, tokens)


def _years_after(passage: Passage, tokens: list[_Token]) -> Iterator[Statement]:
    pending: list[_Token] = []
    last: list[_Token] = []
    keep: _Token | None = None
    stated = False
    for token in tokens:
        if token.kind == "value":
            pending.append(token)
        elif token.kind == "keep":
            keep = token
        else:
            values = _last_of_each_stratum(pending) or last
            repeated = not pending
            for value in values:
                begin = keep or (token if repeated else value)
                yield from _stated(passage, value, token, begin, repeated)
                stated = True
            last, pending, keep = values, [], None
    for value in _last_of_each_stratum(pending):
        later = _Token("later", value.start, value.end)
        yearless = _Token("year", value.start, value.end)
        begin = keep if keep is not None and keep.start < value.start else value
        yield from _stated(passage, value, later if stated else yearless, begin, False)


def _years_before(passage: Passage, tokens: list[_Token]) -> Iterator[Statement]:
    starts = [i for i, token in enumerate(tokens) if token.kind in ("year", "later")]
    last: list[_Token] = []
    for start, end in pairwise([*starts, len(tokens)]):
        when, rest = tokens[start], tokens[start + 1 : end]
        values = _last_of_each_stratum([token for token in rest if token.kind == "value"])
        keeps = [token for token in rest if token.kind == "keep"]
        if values:
            last = values
        for value in values or (last if keeps else []):
            finish = value if values else keeps[-1]
            yield from _stated(passage, value, when, finish, not values)


def _last_of_each_stratum(values: list[_Token]) -> list[_Token]:
    return list({value.stratum: value for value in values}.values())


def _stated(
    passage: Passage, value: _Token, when: _Token, anchor: _Token, repeated: bool
) -> Iterator[Statement]:
    """Yield a statement for each year of `when`; its words run from anchor to year.

    A relative value ("giảm 2-3% mỗi năm") is no level and states nothing.
    """
    if value.value is None:
        return
    start, end = min(anchor.start, when.start), max(anchor.end, when.end)
    lead = _LEAD.search(passage.text[:start])
    words = passage.part(lead.start() if lead else start, end)
    where = anchor.start if repeated else _number_at(passage.text, value)
    statement = Statement(
        year=None,
        later=when.kind == "later",
        stratum=value.stratum,
        sign=value.sign,
        value=value.value,
        line=passage.line_at(where),
        words=words.text,
        repeated=repeated,
        mark=value.mark,
    )
    if not when.years:
        yield statement
    for year in when.years:
        yield replace(statement, year=year)


def _number_at(text: str, value: _Token) -> int:
    found = re.search(r"\d", text[value.start : value.end])
    return value.start + (found.start() if found else 0)


_LOWER_VERBS = r"giảm|xuống|hạ\s+(?:thấp|xuống|tỷ)|xóa\s+bỏ|xoá\s+bỏ|hạn\s+chế|kéo\s+giảm|đẩy\s+lùi"
_HIGHER_VERBS = r"tăng|nâng\s+(?:cao\s+)?tỷ"
_HARMS = (
    r"lây\s+truyền|tử\s+vong|\bbị\b|mắc|suy\s+dinh\s+dưỡng|xâm\s+hại|bỏ\s+học|tảo\s+hôn|vi\s+phạm"
)
_SERVED = r"được|hoàn\s+thành|tiếp\s+cận|đạt\s+tiêu\s+chuẩn"


def _direction(text: str, statements: tuple[Statement, ...]) -> Literal[1, -1]:
    """Whether higher or lower is better, from the verbs, the thing measured, the comparators."""
    text = text.lower()
    lower, higher = (
        re.search(rf"\b(?:{_LOWER_VERBS})\b", text),
        re.search(rf"\b(?:{_HIGHER_VERBS})\b", text),
    )
    if lower or higher:
        return -1 if lower and not (higher and higher.start() < lower.start()) else 1
    if re.search(_HARMS, text) and not re.search(_SERVED, text):
        return -1
    signs = {statement.sign for statement in statements if statement.sign}
    return -1 if signs and signs <= {"<", "<="} else 1


def _subject(text: str, tokens: list[_Token]) -> str:
    pieces, start = [], 0
    for token in tokens:
        if token.kind != "other":
            pieces.append(text[start : token.start])
            start = token.end
    pieces.append(text[start:])
    bare = re.sub(r"\s+", " ", " ".join(pieces)).strip(" ;.,:")
    tail = r"\s(?:và|đạt|xuống|còn|là|vào|ở|tỷ lệ|xuống còn)$"
    while re.search(tail, bare):
        bare = re.sub(tail, "", bare).strip(" ;.,:")
    return re.sub(r"^(?:Phấn đấu|phấn đấu)\s+", "", bare)
