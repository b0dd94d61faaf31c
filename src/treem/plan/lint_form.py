"""Faults of form: decimal marks, cells of rows, agencies of indicators, spelling."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from treem.plan.book import HIGH, LOW, MEDIUM, Book, conflict
from treem.plan.duties import Duty
from treem.plan.effects import effect, phrase
from treem.plan.lines import Passage, join_lines
from treem.plan.model import Discrepancy, Place, TableCell, TableRow, Where
from treem.plan.numbers import decimal_text
from treem.plan.source import PlanText
from treem.plan.summary import TITLE, read_cell


def check_decimal_marks(book: Book) -> Iterator[Discrepancy]:
    """Find cells with another decimal mark than most, and words that differ from cells."""
    cells = [
        (row, cell, value.mark)
        for row in book.plan.table.rows
        for cell in row.cells
        for value in read_cell(cell.text) or ()
        if value.mark
    ]
    usual = _usual([mark for *_, mark in cells])
    for row, cell, mark in cells:
        if mark != usual:
            yield conflict(
                _owner(row),
                "decimal_mark",
                LOW,
                effect(
                    "decimal_mark", cell=cell.text, mark=_mark_name(mark), usual=_mark_name(usual)
                ),
                [_at(cell)],
                key=[cell.text],
                scope="table",
            )
    prose = [
        (statement.mark, Place("text", statement.line, statement.words, ""))
        for measure in book.plan.measures.values()
        for statement in (measure.clause.statements if measure.clause else ())
        if statement.mark
    ]
    spoken = _usual([mark for mark, _ in prose])
    if usual and spoken and usual != spoken:
        example = next(place for mark, place in prose if mark == spoken)
        cell = next(cell for _, cell, mark in cells if mark == usual)
        yield conflict(
            "",
            "decimal_mark",
            LOW,
            effect("decimal_mark_plan", prose=_mark_name(spoken), cells=_mark_name(usual)),
            [example, _at(cell)],
            key=[spoken, usual],
        )


def check_rows(book: Book) -> Iterator[Discrepancy]:
    """Find rows without values of their own, with stray cells, or with too few."""
    expected = len(book.plan.columns)
    rows = book.plan.table.rows
    for index, row in enumerate(rows):
        if row.kind == "objective":
            continue
        if row.kind == "group":
            yield _group_row(row, rows[index + 1 :])
        elif len(row.cells) > expected:
            extra = row.cells[expected:]
            texts = ", ".join(cell.text or phrase("blank") for cell in extra)
            yield conflict(
                _owner(row),
                "row_shape",
                LOW,
                effect("extra_cell", count=len(row.cells), expected=expected, extra=texts),
                [Place("label", row.line, row.label, ""), *map(_at, row.cells)],
                key=[len(row.cells), texts],
            )
        elif len(row.cells) < expected:
            yield conflict(
                _owner(row),
                "row_shape",
                HIGH,
                effect("short_row", count=len(row.cells), expected=expected),
                [Place("label", row.line, row.label, ""), *map(_at, row.cells)],
                key=[len(row.cells)],
            )


def table_cut(book: Book) -> Discrepancy | None:
    """Find out whether the table ends before the indicators of I.2 do, or lacks many of them."""
    plan = book.plan
    numbers = [item.number for item in plan.indicators]
    present = {row.indicator for row in plan.table.rows if row.kind == "value" and row.cells}
    missing = [number for number in numbers if number not in present]
    last = next(row for row in reversed(plan.table.rows) if row.kind != "objective")
    torn = len(last.cells) < len(plan.columns) and numbers[-1] in missing
    if not torn and 3 * len(missing) <= len(numbers):
        return None
    end = max((last.cells or (TableCell("", last.line),))[-1].line, last.line)
    return conflict(
        "",
        "row_shape",
        HIGH,
        effect("table_cut", line=end, missing=len(missing), count=len(numbers)),
        [Place("label", last.line, last.label, "")],
        key=[len(missing), last.label],
        scope="table",
    )


def check_agencies(book: Book) -> Iterator[Discrepancy]:
    """Find indicators with two agencies or none, and duties for indicators that do not exist."""
    plan = book.plan
    if not plan.duties:
        yield conflict("", "agency", MEDIUM, effect("agency_absent"), [], key=["absent"])
        return
    holders: dict[int, dict[str, Duty]] = {}
    for duty in plan.duties:
        holders.setdefault(duty.indicator, {})[duty.agency] = duty
    known = {measure.indicator: measure.id for measure in plan.measures.values()}
    for number in known:
        duties = list(holders.get(number, {}).values())
        if len(duties) != 1:
            yield _agency(plan, number, duties)
    for number, by_agency in holders.items():
        if number not in known:
            yield conflict(
                "",
                "agency",
                MEDIUM,
                effect("agency_unknown", number=number, agencies=", ".join(by_agency)),
                [_at_duty(duty) for duty in by_agency.values()],
                key=[number, *by_agency],
                scope=f"CT{number:02d}",
            )


def check_spelling(book: Book) -> Iterator[Discrepancy]:
    """Find names of agencies that differ by one word from their name elsewhere; doubled words."""
    end = next((i for i, line in enumerate(book.plan.lines) if TITLE in line.upper()), None)
    passage = join_lines([(i + 1, line) for i, line in enumerate(book.plan.lines[:end])])
    yield from _misspelled_agencies(book.plan, passage)
    yield from _doubled_words(passage)


def _usual(marks: Sequence[str]) -> str:
    return Counter(marks).most_common(1)[0][0] if marks else ""


def _mark_name(mark: str) -> str:
    return phrase("comma" if mark == "," else "point")


def _at(cell: TableCell) -> Place:
    values = read_cell(cell.text)
    return Place("table", cell.line, cell.text, decimal_text(values[0].value) if values else "")


def _owner(row: TableRow) -> str:
    if row.measures:
        return row.measures[0]
    return f"CT{row.indicator:02d}" if row.indicator else ""


def _group_row(row: TableRow, following: Sequence[TableRow]) -> Discrepancy:
    count = 0
    for other in following:
        if other.kind != "value" or other.indicator != row.indicator:
            break
        count += 1
    return conflict(
        _owner(row),
        "row_shape",
        LOW,
        effect("group_row", count=count),
        [Place("label", row.line, row.label, "")],
        key=["group"],
    )


def _agency(plan: PlanText, number: int, duties: Sequence[Duty]) -> Discrepancy:
    own = [measure.id for measure in plan.measures.values() if measure.indicator == number]
    names = [duty.agency for duty in duties]
    sentence = (
        effect("agency_many", count=len(names), agencies="; ".join(names))
        if names
        else effect("agency_none")
    )
    indicator = next((item for item in plan.indicators if item.number == number), None)
    places = [_at_duty(duty) for duty in duties]
    if not places and indicator is not None:
        places = [Place("text", indicator.line, indicator.words, "")]
    return conflict(
        own[0] if len(own) == 1 else f"CT{number:02d}",
        "agency",
        MEDIUM,
        sentence,
        places,
        key=names or ["none"],
    )


def _at_duty(duty: Duty) -> Place:
    return Place("duty", duty.line, f"{duty.agency}: {duty.words}", "")


_NAME_STARTS = ("sở", "bộ", "công an", "ủy ban", "đoàn", "hội")


def _misspelled_agencies(plan: PlanText, passage: Passage) -> Iterator[Discrepancy]:
    """Compare the names that head the items of section IV with the whole text.

    Of two spellings the rarer one is the slip, also where it stands in the heading itself.
    """
    words = [(match[0].lower(), match.span()) for match in re.finditer(r"\w+", passage.text)]
    seen: set[str] = set()
    for agency in plan.agencies:
        name = re.findall(r"\w+", agency.name.lower())
        if not agency.name.lower().startswith(_NAME_STARTS) or not 3 <= len(name) <= 10:
            continue
        spellings = _spellings(passage.text, words, name)
        if not spellings:
            continue
        counts = Counter(text.lower() for text, _ in spellings)
        own = agency.name.lower()
        usual = max(counts, key=lambda text: (counts[text], text == own))
        usual_text, usual_at = next(item for item in spellings if item[0].lower() == usual)
        for text, at in spellings:
            if text.lower() == usual or text in seen:
                continue
            seen.add(text)
            yield conflict(
                "",
                "spelling",
                LOW,
                effect("spelling_agency", found=text, usual=usual_text),
                [
                    _at_words(passage, at, text),
                    _at_words(passage, usual_at, usual_text),
                ],
                key=[text],
            )


def _spellings(
    text: str, words: Sequence[tuple[str, tuple[int, int]]], name: Sequence[str]
) -> list[tuple[str, int]]:
    """Return where a name stands, exactly or with one slip, and the position that tells."""
    found = []
    for start in range(len(words) - len(name) + 1):
        wrong = -1
        for offset, meant in enumerate(name):
            if words[start + offset][0] != meant:
                if wrong >= 0:
                    break
                wrong = offset
        else:
            if wrong < 0 or _slip(words[start + wrong][0], name[wrong]):
                begin, end = words[start][1][0], words[start + len(name) - 1][1][1]
                found.append((text[begin:end], words[start + max(wrong, 0)][1][0]))
    return found


def _slip(word: str, meant: str) -> bool:
    """Return whether a word is likely a slip for another: a letter or a tone mark is wrong."""
    if _without_marks(word) == _without_marks(meant):
        return True
    if min(len(word), len(meant)) < 3 or abs(len(word) - len(meant)) > 1:
        return False
    shorter, longer = sorted((word, meant), key=len)
    if len(shorter) == len(longer):
        return sum(a != b for a, b in zip(shorter, longer, strict=True)) == 1
    return any(shorter == longer[:i] + longer[i + 1 :] for i in range(len(longer)))


def _without_marks(word: str) -> str:
    bare = unicodedata.normalize("NFD", word.replace("đ", "d"))
    return "".join(letter for letter in bare if not unicodedata.combining(letter))


# Words that Vietnamese doubles on purpose.
_REDUPLICATED = frozenset(
    "luôn dần thường ngày đêm hằng từng người nhà đều xa mãi song lâu vui xanh đời nơi ai".split()
)


def _doubled_words(passage: Passage) -> Iterator[Discrepancy]:
    seen: set[str] = set()
    for match in re.finditer(r"\b([^\W\d_]+) \1\b", passage.text):
        if match[1].lower() in _REDUPLICATED or not match[1].islower():
            continue
        context = passage.part(max(0, match.start() - 20), match.end() + 20).text
        words = " ".join(context.split(" ")[1:-1]) if " " in context else context
        if words in seen:
            continue
        seen.add(words)
        yield conflict(
            "",
            "spelling",
            LOW,
            effect("spelling_doubled", found=match[0]),
            [_at_words(passage, match.start(), words)],
            key=[words],
        )


def _at_words(passage: Passage, position: int, words: str) -> Place:
    duty = re.search(r"\bIV\s*[.)/:–-] ?TỔ CHỨC", passage.text)
    where: Where = "duty" if duty and position > duty.start() else "text"
    return Place(where, passage.line_at(position), words, "")
