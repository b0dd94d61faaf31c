"""Ties clauses of section I.2 to rows of the summary table and names the measures.

Ids come from the structure: CT09 for an indicator with one clause, CT03.1, CT03.2 … for several,
CT04.3a and CT04.3b where one clause sets levels for two strata.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from treem.plan.model import Indicator, SummaryTable, TableRow
from treem.plan.sentence import Clause, likeness, split_clauses
from treem.plan.summary import Column, RawRow, RawTable, read_cell

# Any case, but a small letter inside a sentence ("theo mục tiêu 2.") begins no heading.
HEADING = re.compile(
    r"(?:(?:\d\.\d+\.?\s+|[-–—•*+]\s*|^|(?<=[.;]\s))(?i:mục tiêu)|M(?i:ục tiêu))"
    r"\s+(?P<objective>\d{1,2})\s*[:.]\s*"
    r"|(?:(?:[-–—•*+]\s*|^|(?<=[.;]\s))(?i:chỉ tiêu)|C(?i:hỉ tiêu))"
    r"\s+(?P<indicator>\d+)\s*[:.]\s*"
)


@dataclass(frozen=True)
class StatedMeasure:
    """A measure as the plan states it: a clause of I.2, a label of the table, a row of values.

    Any of the three may be missing. `words` and `line` are those of the clause, else the label.
    """

    id: str
    indicator: int
    stratum: str
    clause: Clause | None
    label: Clause | None
    row: TableRow | None

    @property
    def stated(self) -> Clause:
        """The clause of I.2, or the label where I.2 has none."""
        clause = self.clause or self.label
        assert clause is not None
        return clause

    @property
    def direction(self) -> Literal[1, -1]:
        """+1 where higher is better, by the words."""
        return self.stated.direction

    @property
    def unit(self) -> str:
        """`%`, `/1.000`, `/100.000` or "" where the words give none."""
        return self.stated.unit or (self.label.unit if self.label else "")

    @property
    def subject(self) -> str:
        """What is measured, without levels and years."""
        return " - ".join(filter(None, (self.stated.subject, self.stratum)))


@dataclass(frozen=True)
class _Part:
    """A clause of a label, with the row whose values belong to it (None: no cells of its own)."""

    clause: Clause
    row: RawRow | None


def tie(
    indicators: Sequence[Indicator], clauses: dict[int, list[Clause]], raw: RawTable
) -> tuple[dict[str, StatedMeasure], SummaryTable]:
    """Tie clauses of I.2 to rows of the table and give every measure its id.

    Rows come with their measures; a measure without a row has None.
    """
    parts = _parts_by_indicator(raw)
    entries: dict[int, list[tuple[Clause | None, _Part | None]]] = {}
    for number in [item.number for item in indicators] + [n for n in parts if n not in clauses]:
        entries[number] = _pair(clauses.get(number, []), parts.get(number, []))
    ids = {number: list(_ids(number, pairs)) for number, pairs in entries.items()}
    owners: dict[int, tuple[int, tuple[str, ...]]] = {}
    for number, pairs in entries.items():
        for (_, part), named in zip(pairs, ids[number], strict=True):
            if part is not None and part.row is not None:
                owners[id(part.row)] = (number, tuple(measure for measure, _ in named))
    table = _table(raw, owners)
    rows = {measure: row for row in table.rows for measure in row.measures}
    measures = {
        measure: StatedMeasure(
            measure, number, stratum, clause, part.clause if part else None, rows.get(measure)
        )
        for number, pairs in entries.items()
        for (clause, part), named in zip(pairs, ids[number], strict=True)
        for measure, stratum in named
    }
    return dict(sorted(measures.items(), key=lambda item: item[1].indicator)), table


def _parts_by_indicator(raw: RawTable) -> dict[int, list[_Part]]:
    parts: dict[int, list[_Part]] = {}
    current = 0
    for row in raw.rows:
        if row.kind == "objective":
            current = 0
            continue
        current = row.number if row.number is not None else current
        if row.kind == "group":
            parts.setdefault(current, [])
            continue
        heading = HEADING.match(row.label.text)
        label = row.label.part(heading.end() if heading else 0)
        for place, clause in enumerate(split_clauses(label)):
            parts.setdefault(current, []).append(_Part(clause, row if place == 0 else None))
    parts.pop(0, None)
    return parts


def _pair(
    clauses: Sequence[Clause], parts: Sequence[_Part]
) -> list[tuple[Clause | None, _Part | None]]:
    """Pair clauses with labels by their subjects, most alike first; what is left, in order."""
    scores = sorted(
        (
            (-likeness(clause.subject, part.clause.subject), i, j)
            for i, clause in enumerate(clauses)
            for j, part in enumerate(parts)
        ),
    )
    mates: dict[int, int] = {}
    for score, i, j in scores:
        if -score >= 0.6 and i not in mates and j not in mates.values():
            mates[i] = j
    lone = [i for i in range(len(clauses)) if i not in mates]
    spare = [j for j in range(len(parts)) if j not in mates.values()]
    if len(clauses) == len(parts):
        mates.update(zip(lone, spare, strict=True))
        spare = []
    if len(clauses) >= len(parts):
        pairs: list[tuple[Clause | None, _Part | None]] = [
            (clause, parts[mates[i]] if i in mates else None) for i, clause in enumerate(clauses)
        ]
        return pairs + [(None, parts[j]) for j in spare]
    owners = {j: i for i, j in mates.items()}
    pairs = [(clauses[owners[j]] if j in owners else None, part) for j, part in enumerate(parts)]
    return pairs + [(clauses[i], None) for i in lone]


def _ids(
    number: int, pairs: Sequence[tuple[Clause | None, _Part | None]]
) -> Iterator[list[tuple[str, str]]]:
    """Yield for each pair its measures as (id, stratum): CT03.1, or CT04.3a and CT04.3b."""
    for place, (clause, part) in enumerate(pairs, 1):
        stem = f"CT{number:02d}" + (f".{place}" if len(pairs) > 1 else "")
        strata: list[str] = list(clause.strata) if clause else []
        if part is not None:
            strata += [stratum for stratum in part.clause.strata if stratum not in strata]
        if strata:
            yield [(f"{stem}{'abcdefgh'[k]}", stratum) for k, stratum in enumerate(strata)]
        else:
            yield [(stem, "")]


def _table(raw: RawTable, owners: dict[int, tuple[int, tuple[str, ...]]]) -> SummaryTable:
    rows: list[TableRow] = []
    objective, indicator = 0, None
    for row in raw.rows:
        measures: tuple[str, ...] = ()
        if row.kind == "objective":
            objective, indicator = row.number or 0, None
        else:
            indicator = row.number if row.number is not None else indicator
            _, measures = owners.get(id(row), (0, ()))
        rows.append(
            TableRow(
                kind=row.kind,
                objective=objective,
                indicator=indicator,
                measures=measures,
                label=row.label.text,
                line=row.label.line,
                cells=row.cells,
            )
        )
    return SummaryTable(raw.title, raw.header, tuple(rows))


def align(
    row: TableRow, columns: Sequence[Column], stated: StatedMeasure
) -> tuple[int | None, ...]:
    """Return for each column the index of its cell in the row.

    A row with too few cells does not say which are missing. It is read so that as many cells as
    possible agree with the words of its measure; the lint reports the row all the same.
    """
    expected = len(columns)
    if len(row.cells) >= expected:
        return tuple(range(expected))
    best = max(
        combinations(range(expected), len(row.cells)),
        key=lambda taken: _agreement(row, columns, stated, taken),
    )
    return tuple(best.index(i) if i in best else None for i in range(expected))


def _agreement(
    row: TableRow, columns: Sequence[Column], stated: StatedMeasure, taken: tuple[int, ...]
) -> int:
    """Count the province's cells that agree with the words, less those that disagree."""
    score = 0
    for cell, index in zip(row.cells, taken, strict=True):
        column, values = columns[index], read_cell(cell.text)
        levels = {
            item.value
            for item in stated.stated.statements
            if item.year in (column.year, None) and item.stratum in ("", stated.stratum)
        }
        if column.scope == "province" and values and levels:
            score += 1 if {value.value for value in values} & levels else -1
    return score
