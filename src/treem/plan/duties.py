"""Reads section IV of the plan: which agency is given which indicators."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from treem.plan.lines import join_lines
from treem.plan.summary import TITLE


@dataclass(frozen=True)
class Duty:
    """One indicator given to one agency; `line` is where the indicator's number stands."""

    indicator: int
    agency: str
    section: str
    line: int
    words: str


@dataclass(frozen=True)
class PlanAgency:
    """An agency that section IV gives a numbered item, with the line of its heading."""

    name: str
    section: str
    line: int


def read_duties(lines: Sequence[str]) -> tuple[tuple[PlanAgency, ...], tuple[Duty, ...]]:
    """Read the agencies and duties of section IV; both are empty where there is no section IV."""
    agencies: list[PlanAgency] = []
    duties: list[Duty] = []
    for section, heading, body in _items(lines):
        agency = PlanAgency(heading, f"IV.{section}", body[0][0])
        agencies.append(agency)
        duties.extend(_duties(agency, body))
    return tuple(agencies), tuple(duties)


_END = re.compile(rf"V\s*[.)/:–-]|Nơi nhận|\||{TITLE}", re.IGNORECASE)
_ITEM = re.compile(r"(\d{1,2})\.\s+(?=\D)")
_VERBS = re.compile(
    r"\s(?=(?:Chủ trì|Hướng dẫn|Hằng năm|Hàng năm|Thực hiện|Tham mưu|Triển khai|Phối hợp|Giao|"
    r"căn cứ|trong phạm vi|\d{1,2}\.\d{1,2}\.))"
)


def _items(lines: Sequence[str]) -> Iterator[tuple[str, str, list[tuple[int, str]]]]:
    """Yield number, heading and numbered lines of each top item of section IV."""
    start = next((i for i, line in enumerate(lines) if re.match(r"IV\s*[.)/:–-]", line)), None)
    if start is None:
        return
    end = next(
        (i for i in range(start + 1, len(lines)) if _END.match(lines[i])),
        len(lines),
    )
    starts = [i for i in range(start + 1, end) if _ITEM.match(lines[i])]
    for first, last in pairwise([*starts, end]):
        match = _ITEM.match(lines[first])
        assert match is not None
        body = [(i + 1, lines[i]) for i in range(first, last)]
        body[0] = (first + 1, lines[first][match.end() :])
        yield match[1], _heading([line for _, line in body if line]), body


def _heading(lines: Sequence[str]) -> str:
    """Join the wrapped lines of a heading: up to a sentence that begins a line of its own."""
    heading = lines[0]
    for line in lines[1:]:
        open_end = re.search(r"(?:[-–,]|\b(?:và|các|của))$", heading)
        if not open_end and not line[:1].islower():
            break
        heading = f"{heading} {line}"
    return _VERBS.split(heading)[0].strip(" ,;.:")


def _duties(agency: PlanAgency, body: Sequence[tuple[int, str]]) -> Iterator[Duty]:
    passage = join_lines(body)
    for match in re.finditer(
        r"chỉ tiêu(?:\s+số)?\s+(\d+(?:\s*(?:,|;|và|-|–|đến)\s*\d+)*)", passage.text, re.IGNORECASE
    ):
        seen: int | None = None
        for number in re.finditer(r"(-|–|đến)?\s*(\d+)", match[1]):
            value = int(number[2])
            first = seen + 1 if number[1] and seen is not None else value
            seen = value
            line = passage.line_at(match.start(1) + number.start(2))
            for indicator in range(first, value + 1):
                yield Duty(indicator, agency.name, agency.section, line, match[0])
