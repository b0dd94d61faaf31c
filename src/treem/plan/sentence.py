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
from treem.plan.tokens import LEAD, STRATA, Token, read_tokens


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
class Unread:
    """A level in number words that could not be read, and the years it is for (() for none)."""

    words: str
    line: int
    years: tuple[int, ...]


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
    unread: tuple[Unread, ...] = ()


def bare_sign(direction: int) -> Comparator:
    """Return the comparator of a level without one: at least, or at most where lower is better."""
    return ">=" if direction > 0 else "<="


def read_clause(passage: Passage) -> Clause:
    """Read one clause."""
    tokens = list(read_tokens(passage))
    given = list(_assign(passage, tokens))
    statements = tuple(item for level in given for item in _stated(passage, *level))
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
        unread=tuple(
            Unread(passage.part(value.start, value.end).text, passage.line_at(value.start), when)
            for value in tokens
            if value.unread
            for when in [tuple(y for level in given if level[0] is value for y in level[1].years)]
        ),
    )


def split_clauses(passage: Passage) -> list[Clause]:
    """Read the clauses of an indicator: parts between semicolons that have a subject of their own.

    A part without a subject ("… vào năm 2025; 50% vào năm 2030") continues the clause before it.
    After a comma, a full stop or "và" a clause begins only where both sides state a level.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in [*_BREAK.finditer(passage.text), None]:
        end = match.start() if match else len(passage.text)
        part = passage.part(start, end)
        if part.text.strip(" .,"):
            soft = start > 0 and passage.text[:start].rstrip()[-1] != ";"
            if spans and not _begins_clause(passage.part(*spans[-1]), part, soft):
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        start = match.end() if match else end
    return [read_clause(passage.part(*span)) for span in spans]


_BREAK = re.compile(
    r";|(?:[,.]|(?<=\s)và)(?:\s+và)?(?=\s+(?:(?:phấn\s+đấu|đồng\s+thời)\s+)?"
    r"(?:(?:giảm\s+|tăng\s+|nâng\s+)?(?:tỷ|tỉ)\s+(?:suất|lệ)\b"
    r"|\d+(?:[.,]\d+)?\s*%\s+(?:số\s+)?(?:các\s+)?[^\W\d_]))",
    re.IGNORECASE,
)


def _begins_clause(before: Passage, part: Passage, soft: bool) -> bool:
    tokens = list(read_tokens(part))
    own = subject_tokens(_subject(part.text, tokens))
    if not soft:
        return bool(own)
    levels = [
        any(token.kind == "value" for token in side) for side in (read_tokens(before), tokens)
    ]
    return all(levels) and len(own - subject_tokens(" ".join(STRATA))) >= 2


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


def _unit(tokens: list[Token]) -> str:
    units = [token.unit for token in tokens if token.unit]
    bases = [unit for unit in units if unit != "%"]
    return (bases or units or [""])[0]


_Level = tuple[Token, Token, Token, bool]


def _assign(passage: Passage, tokens: list[Token]) -> Iterator[_Level]:
    """Give every value its year, as (value, year, where its words begin, whether repeated).

    A value belongs to the year that it stands next to without a comma or "và" in between; where
    that leaves a doubt, the order of the clause's first value and year decides.
    """
    tokens = [token for token in tokens if token.kind not in ("other", "aside")]
    if not any(token.kind == "value" for token in tokens):
        return
    year_first = next(t.kind for t in tokens if t.kind in ("value", "year")) == "year"
    whens = [i for i, token in enumerate(tokens) if token.kind in ("year", "later")]
    gaps = [tokens[i + 1 : j] for i, j in pairwise([-1, *whens, len(tokens)])]
    before, last = _values(gaps[0]), []
    stated = False
    for place, index in enumerate(whens):
        when, gap = tokens[index], gaps[place + 1]
        after: list[Token] = []
        rest = _values(gap)
        if not before:
            following = tokens[whens[place + 1]] if place + 1 < len(whens) else None
            count = _own_count(passage.text, when, rest, following, year_first)
            after, rest = rest[:count], rest[count:]
        keeps = [token for token in gaps[place] if token.kind == "keep"][-1:]
        later_keeps = [token for token in gap if token.kind == "keep"][-1:]
        if before or after:
            own = before or after
            last = _last_of_each_stratum(own)
            if len(last) == 1 < len(own) == len(when.years):  # "82% và 87% vào năm 2025 và 2030"
                each = [
                    (v, replace(when, years=(y,))) for v, y in zip(own, when.years, strict=True)
                ]
            else:
                each = [(value, when) for value in last]
            for value, year in each:
                yield value, year, (keeps[0] if keeps and before else value), False
            stated = True
        elif last and (keeps or later_keeps or not year_first):
            for value in last:
                yield value, when, (keeps or later_keeps or [when])[0], True
        before = rest
    for value in _last_of_each_stratum(before):
        keeps = [t for t in gaps[-1] if t.kind == "keep" and t.start < value.start][-1:]
        kind: Literal["later", "year"] = "later" if stated else "year"
        yield value, Token(kind, value.start, value.end), (keeps or [value])[0], False


def _values(tokens: list[Token]) -> list[Token]:
    return [token for token in tokens if token.kind == "value"]


_APART = re.compile(r"[,;]|\bvà\b", re.IGNORECASE)


def _own_count(
    text: str, when: Token, values: list[Token], following: Token | None, year_first: bool
) -> int:
    """Return how many of the values after a year without any belong to it, not to the next."""
    if not values or following is None:
        return len(values)
    near_left = not _APART.search(text[when.end : values[0].start])
    near_right = not _APART.search(text[values[-1].end : following.start])
    strata = [value.stratum for value in values]
    if len(set(strata)) < len(strata) and near_right:
        return next(i for i, stratum in enumerate(strata) if stratum in strata[:i])
    own = near_left if near_left != near_right else year_first
    return len(values) if own else 0


def _last_of_each_stratum(values: list[Token]) -> list[Token]:
    return list({value.stratum: value for value in values}.values())


def _stated(
    passage: Passage, value: Token, when: Token, anchor: Token, repeated: bool
) -> Iterator[Statement]:
    """Yield a statement for each year of `when`; its words run from anchor to year.

    A relative value ("giảm 2-3% mỗi năm") is no level and states nothing.
    """
    if value.value is None:
        return
    start, end = min(anchor.start, when.start), max(anchor.end, when.end)
    lead = LEAD.search(passage.text[:start])
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


def _number_at(text: str, value: Token) -> int:
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


def _subject(text: str, tokens: list[Token]) -> str:
    pieces, start = [], 0
    for token in tokens:
        if token.kind != "other":
            piece = text[start : token.start]
            pieces.append("" if piece.strip().lower() == "có" else piece)
            start = token.end
    pieces.append(text[start:])
    bare = re.sub(r"\s+", " ", " ".join(pieces)).strip(" ;.,:")
    tail = r"\s(?:và|đạt|xuống|còn|là|vào|ở|tỷ lệ|xuống còn)$"
    while re.search(tail, bare, re.IGNORECASE):
        bare = re.sub(tail, "", bare, flags=re.IGNORECASE).strip(" ;.,:")
    return re.sub(r"^(?:và\s+|có\s+)*(?:phấn\s+đấu\s+)?", "", bare, flags=re.IGNORECASE)
