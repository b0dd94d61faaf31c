"""Reads the plan as issued: section I.2 in words, section IV, the summary table.

Nothing is taken from the register: measures get their ids from the structure of the text alone
(indicator, clause, stratum), comparators and directions from its words. A text that was amended
is read in the same way; a file that is no plan of this form raises PlanError.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from treem.errors import PlanError
from treem.plan.duties import Duty, PlanAgency, read_duties
from treem.plan.lines import Passage, join_lines, split_lines
from treem.plan.model import (
    Baseline,
    Indicator,
    Limit,
    Objective,
    SummaryTable,
    TableCell,
    Target,
    Where,
)
from treem.plan.sentence import Clause, Statement, bare_sign, split_clauses
from treem.plan.summary import TITLE, CellValue, Column, read_cell, read_table
from treem.plan.tie import HEADING, StatedMeasure, align, tie


@dataclass(frozen=True)
class PlanText:
    """The plan as read from its text. `targets` come from words, cells and labels."""

    name: str
    lines: tuple[str, ...]
    objectives: tuple[Objective, ...]
    indicators: tuple[Indicator, ...]
    measures: dict[str, StatedMeasure]
    targets: tuple[Target, ...]
    baselines: dict[str, Baseline]
    table: SummaryTable
    columns: tuple[Column, ...]
    agencies: tuple[PlanAgency, ...]
    duties: tuple[Duty, ...]

    def cell(self, measure: str, column: int) -> TableCell | None:
        """Return the cell of a measure in a value column; None where row or cell is missing."""
        stated = self.measures[measure]
        if stated.row is None:
            return None
        index = align(stated.row, self.columns, stated)[column]
        return None if index is None else stated.row.cells[index]

    def values(self, measure: str, column: int) -> tuple[CellValue, ...] | None:
        """Return what a cell says about a measure: () if blank or missing, None if no number."""
        cell = self.cell(measure, column)
        if cell is None:
            return ()
        stated = self.measures[measure]
        found = read_cell(cell.text, share=stated.unit == "%")
        if found is None or not found:
            return found
        own = tuple(value for value in found if value.stratum in ("", stated.stratum))
        return None if len(own) > 1 else own


def read_plan_file(path: Path) -> PlanText:
    """Read a file as the plan. Raises PlanError if it cannot be read or is no plan."""
    return read_plan(_text_of(path), path.name)


def read_plan(text: str, name: str) -> PlanText:
    """Read the text of the plan; `name` is what messages call it.

    Raises PlanError where section I.2 or the summary table is missing or has no known form.
    """
    lines = split_lines(text)
    if not any(lines):
        raise PlanError(
            f"{name}: tệp trống. Cần văn bản kế hoạch (mục I.2 và bảng tổng hợp) dạng chữ UTF-8."
        )
    objectives, indicators, clauses = _read_section_two(lines, name)
    raw = read_table(lines, name)
    measures, table = tie(indicators, clauses, raw)
    agencies, duties = read_duties(lines)
    plan = PlanText(
        name=name,
        lines=lines,
        objectives=objectives,
        indicators=indicators,
        measures=measures,
        targets=(),
        baselines={},
        table=table,
        columns=raw.columns,
        agencies=agencies,
        duties=duties,
    )
    return _with_values(plan)


def _text_of(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = {FileNotFoundError: "không có tệp này", IsADirectoryError: "đây là thư mục"}.get(
            type(error), f"không đọc được ({error.strerror})"
        )
        raise PlanError(
            f"{path}: {reason}. Cần tệp văn bản kế hoạch dạng chữ (.txt, UTF-8)."
        ) from error
    if data.startswith((b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise PlanError(
            f"{path}: đây là tệp PDF, Word hoặc tệp nén, không phải văn bản dạng chữ. Hãy lưu kế "
            "hoạch thành tệp .txt, bảng mã UTF-8, rồi chạy lại."
        )
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data.decode("utf-16")
        if b"\x00" in data:
            raise ValueError("NUL byte")
        return data.decode("utf-8-sig")
    except ValueError as error:
        raise PlanError(
            f"{path}: không phải văn bản UTF-8 (tệp nhị phân hoặc bảng mã cũ). Hãy lưu kế hoạch "
            "thành tệp .txt, bảng mã UTF-8, rồi chạy lại."
        ) from error


def _read_section_two(
    lines: Sequence[str], name: str
) -> tuple[tuple[Objective, ...], tuple[Indicator, ...], dict[int, list[Clause]]]:
    passage = _section_two(lines, name)
    objectives: list[Objective] = []
    indicators: list[Indicator] = []
    clauses: dict[int, list[Clause]] = {}
    headings = list(HEADING.finditer(passage.text))
    for match, following in zip(headings, [*headings[1:], None], strict=False):
        body = passage.part(match.end(), following.start() if following else None)
        number = int(match["objective"] or match["indicator"])
        if match["objective"]:
            line = passage.line_at(match.start("objective"))
            objectives.append(Objective(number, body.text.rstrip(" ."), line))
            continue
        line = passage.line_at(match.start("indicator"))
        if number in clauses:
            first = next(item.line for item in indicators if item.number == number)
            raise PlanError(
                f"{name}: “Chỉ tiêu {number}” ghi hai lần trong mục I.2 (dòng {first} và dòng "
                f"{line}). Hãy sửa số thứ tự rồi chạy lại."
            )
        objective = objectives[-1].number if objectives else 0
        indicators.append(Indicator(number, objective, body.text, line))
        clauses[number] = split_clauses(body)
    if not indicators:
        raise PlanError(
            f"{name}: mục I.2 (từ dòng {passage.line}) không có chỉ tiêu nào. Cần các đoạn dạng "
            "“- Chỉ tiêu 1: …”."
        )
    return tuple(objectives), tuple(indicators), clauses


_SECTION = re.compile(r"(?:2\s*[.)/]?\s*)?Mục tiêu cụ thể", re.IGNORECASE)
_SECTION_END = re.compile(rf"(?:II|III|IV)\s*[.)/:–-]|{TITLE}|Nơi nhận")


def _section_two(lines: Sequence[str], name: str) -> Passage:
    start = next(
        (i for i, line in enumerate(lines) if _SECTION.match(line)),
        None,
    )
    if start is None:
        raise PlanError(
            f"{name}: không phải kế hoạch theo mẫu đã biết: không tìm thấy mục I.2 (dòng “2. Mục "
            "tiêu cụ thể”). Hãy kiểm tra đã chọn đúng tệp kế hoạch và tệp không bị cắt bớt."
        )
    end = next(
        (i for i in range(start + 1, len(lines)) if _SECTION_END.match(lines[i])),
        len(lines),
    )
    return join_lines([(i + 1, lines[i]) for i in range(start + 1, end)])


def _with_values(plan: PlanText) -> PlanText:
    """Fill in targets and baselines."""
    targets: list[Target] = []
    baselines: dict[str, Baseline] = {}
    years = [column.year for column in plan.columns if column.scope == "province"]
    for measure in plan.measures.values():
        targets.extend(_stated_targets(measure, measure.clause, "text", years))
        targets.extend(_cell_targets(plan, measure))
        targets.extend(_stated_targets(measure, measure.label, "label", years))
        baselines[measure.id] = _baseline(plan, measure)
    return replace(plan, targets=tuple(targets), baselines=baselines)


def _stated_targets(
    measure: StatedMeasure, clause: Clause | None, where: Where, years: Sequence[int]
) -> Iterator[Target]:
    if clause is None:
        return
    own = [item for item in clause.statements if item.stratum in ("", measure.stratum)]
    named = [item.year for item in own if item.year is not None]
    for statement in own:
        for year in _years(statement, named, years):
            if year < min(years, default=year):
                continue  # what was reached by then, not a target
            limit = Limit(statement.sign or bare_sign(measure.direction), statement.value)
            yield Target(
                measure.id, "province", year, limit, where, statement.line, statement.words
            )


def _years(statement: Statement, named: Sequence[int], years: Iterable[int]) -> list[int]:
    """Return the years a statement holds for: its own, later ones, or all if it names none."""
    if statement.year is not None:
        return [statement.year]
    return [year for year in years if not statement.later or year > max(named, default=0)]


def _cell_targets(plan: PlanText, measure: StatedMeasure) -> Iterator[Target]:
    for index, column in enumerate(plan.columns):
        values = plan.values(measure.id, index)
        cell = plan.cell(measure.id, index)
        if column.scope is None or cell is None or not values:
            continue
        limit = Limit(values[0].sign or bare_sign(measure.direction), values[0].value)
        line = _line_of(plan, cell, values[0].numeral)
        yield Target(measure.id, column.scope, column.year, limit, "table", line, cell.text)


def _line_of(plan: PlanText, cell: TableCell, numeral: str) -> int:
    """Return the line on which a number of a cell stands; a cell may run over several."""
    for number, line in enumerate(plan.lines[cell.line - 1 :], cell.line):
        if re.search(rf"(?<![\d.,]){re.escape(numeral)}(?![\d])", line):
            return number
        if "|" in line:
            break
    return cell.line


def _baseline(plan: PlanText, measure: StatedMeasure) -> Baseline:
    index = next(i for i, column in enumerate(plan.columns) if column.scope is None)
    cell, values = plan.cell(measure.id, index), plan.values(measure.id, index)
    if cell is None:
        return Baseline(measure.id, None, None, None, "")
    if not values:
        return Baseline(measure.id, None, None, cell.line, cell.text)
    return Baseline(measure.id, values[0].value, values[0].sign, cell.line, cell.text)
