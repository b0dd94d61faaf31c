"""Builds the records of the register from the rows of its tables in `data/plan/`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Literal, cast

from treem.errors import PlanError
from treem.plan.files import read_each
from treem.plan.model import (
    Baseline,
    Comparator,
    Discrepancy,
    Indicator,
    Limit,
    Measure,
    Objective,
    Place,
    Scope,
    SummaryTable,
    TableCell,
    TableRow,
    Target,
    Where,
)
from treem.plan.records import CONFIRMED, Agency, Decision, PlanVersion, ReadingChoice


def build_measure(row: Mapping[str, str]) -> Measure:
    """Build a measure. Raises PlanError on an unknown direction."""
    directions: dict[str, int] = {"higher_better": 1, "lower_better": -1}
    if row["direction"] not in directions:
        raise PlanError(
            f"data/plan/measures.csv: {row['id']} có direction “{row['direction']}”. Cần "
            "higher_better (càng cao càng tốt) hoặc lower_better (càng thấp càng tốt)."
        )
    texts = {key: row[key] for key in _MEASURE_TEXTS}
    return Measure(
        **texts,
        indicator=int(row["indicator"]),
        objective=int(row["objective"]),
        multiplier=int(row["multiplier"]),
        direction=1 if directions[row["direction"]] > 0 else -1,
        lower_bound=Fraction(row["lower_bound"]),
        upper_bound=Fraction(row["upper_bound"]) if row["upper_bound"] else None,
        decimals=int(row["decimals"]),
    )


_MEASURE_TEXTS = (
    "id", "name_vi", "name_en", "numerator_vi", "denominator_vi", "unit", "period",
    "reporting_level", "strata", "interval", "disclosure_class", "sdg_code", "sdg_relation",
    "definition_source", "definition_status", "lead_agency", "note_vi",
)  # fmt: skip


def build_objective(row: Mapping[str, str]) -> Objective:
    """Build an objective."""
    return Objective(int(row["objective"]), row["title"], int(row["line"]))


def build_indicator(row: Mapping[str, str]) -> Indicator:
    """Build an indicator."""
    return Indicator(int(row["indicator"]), int(row["objective"]), row["words"], int(row["line"]))


def build_target(row: Mapping[str, str]) -> Target:
    """Build a target as stated in one place."""
    return Target(
        measure=row["measure"],
        scope=cast(Scope, row["scope"]),
        year=int(row["year"]),
        limit=Limit(cast(Comparator, row["comparator"]), Fraction(row["value"])),
        where=cast(Where, row["where"]),
        line=int(row["line"]) if row["line"] else None,
        words=row["words"],
    )


def build_baseline(row: Mapping[str, str]) -> Baseline:
    """Build the 2020 figure of a measure."""
    return Baseline(
        measure=row["measure"],
        value=Fraction(row["value"]) if row["value"] else None,
        comparator=cast(Comparator, row["comparator"]) if row["comparator"] else None,
        line=int(row["line"]) if row["line"] else None,
        words=row["words"],
    )


def _reading(row: Mapping[str, str]) -> ReadingChoice:
    return ReadingChoice(
        measure=row["measure"],
        scope=cast(Scope, row["scope"]),
        year=int(row["year"]),
        place=row["reading"],
        status=row["status"],
        confirm_by=row["confirm_by"],
        confirmed_by=row["confirmed_by"],
        since=dt.date.fromisoformat(row["since"]),
        reason=row["reason"],
    )


def read_readings(
    folder: Path, measures: Mapping[str, Measure]
) -> dict[tuple[str, Scope, int], ReadingChoice]:
    """Read the chosen readings. Raises PlanError on a double or unknown measure and year."""
    readings: dict[tuple[str, Scope, int], ReadingChoice] = {}
    for choice in read_each(folder / "readings.csv", _reading):
        key = (choice.measure, choice.scope, choice.year)
        if choice.measure not in measures or key in readings:
            raise PlanError(
                f"data/plan/readings.csv: {choice.measure} năm {choice.year} ghi hai lần hoặc "
                "không phải chỉ tiêu con trong measures.csv. Mỗi chỉ tiêu con và năm chỉ một dòng."
            )
        _check_confirmed("readings.csv", choice.measure, choice.status, choice.confirmed_by)
        readings[key] = choice
    return readings


def _check_confirmed(file: str, what: str, status: str, confirmed_by: str) -> None:
    if status not in ("unconfirmed", CONFIRMED) or (status == CONFIRMED) != bool(confirmed_by):
        raise PlanError(
            f"data/plan/{file}: {what} có trạng thái “{status}” và người xác nhận "
            f"“{confirmed_by}”. Cần unconfirmed (chưa xác nhận, để trống người xác nhận) hoặc "
            "confirmed kèm người xác nhận."
        )


def read_ledger(folder: Path) -> tuple[Discrepancy, ...]:
    """Read the ledger: one discrepancy a row, its places in a table of their own."""
    places: dict[str, list[Place]] = {}
    for owner, place in read_each(folder / "ledger_places.csv", _ledger_place):
        places.setdefault(owner, []).append(place)
    return tuple(
        replace(item, places=tuple(places.get(item.id, ())))
        for item in read_each(folder / "ledger.csv", _ledger_row)
    )


def _ledger_place(row: Mapping[str, str]) -> tuple[str, Place]:
    line = int(row["line"]) if row["line"] else None
    return row["id"], Place(cast(Where, row["where"]), line, row["words"], row["value"])


def _ledger_row(row: Mapping[str, str]) -> Discrepancy:
    return Discrepancy(
        id=row["id"],
        measure=row["measure"],
        kind=row["kind"],
        severity=cast(Literal["high", "medium", "low"], row["severity"]),
        effect=row["effect"],
        places=(),
    )


def _decision(row: Mapping[str, str]) -> Decision:
    return Decision(
        discrepancy=row["id"],
        reading=row["reading"],
        status=row["status"],
        confirm_by=row["confirm_by"],
        confirmed_by=row["confirmed_by"],
        since=dt.date.fromisoformat(row["since"]),
        note=row["note"],
    )


def read_decisions(folder: Path, known: set[str]) -> dict[str, Decision]:
    """Read the decisions. Raises PlanError unless each discrepancy in `known` has just one."""
    rows = read_each(folder / "decisions.csv", _decision)
    for item in rows:
        _check_confirmed("decisions.csv", item.discrepancy, item.status, item.confirmed_by)
    decisions = {item.discrepancy: item for item in rows}
    stale, open_ids = set(decisions) - known, known - set(decisions)
    if stale or open_ids:
        raise PlanError(
            "data/plan/decisions.csv không khớp ledger.csv: "
            f"quyết định không còn chỗ vênh: {', '.join(sorted(stale)) or 'không có'}; "
            f"chỗ vênh chưa có quyết định: {', '.join(sorted(open_ids)) or 'không có'}. "
            "Hãy bỏ dòng cũ, thêm dòng cho chỗ mới."
        )
    return decisions


def read_holders(folder: Path) -> dict[int, tuple[str, ...]]:
    """Read which agencies section IV gives each indicator, in its order."""
    holders: dict[int, tuple[str, ...]] = {}
    pairs = read_each(folder / "duties.csv", lambda row: (int(row["indicator"]), row["agency"]))
    for indicator, agency in pairs:
        holders[indicator] = (*holders.get(indicator, ()), agency)
    return holders


def build_agency_row(row: Mapping[str, str]) -> tuple[frozenset[int], Agency]:
    """Build who holds a duty for a time; the indicators are empty where it is for all."""
    indicators = frozenset(int(number) for number in row["indicators"].split(";") if number)
    return indicators, Agency(
        name=row["holder"],
        in_plan=row["agency"],
        section=row["section"],
        role=row["role"],
        valid_from=dt.date.fromisoformat(row["valid_from"]),
        valid_to=dt.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        name_note=row["holder_note"],
        basis=row["basis"],
        source=row["source"],
        confidence=row["confidence"],
        note=row["note"],
    )


def read_version(folder: Path, wanted: int | None) -> PlanVersion:
    """Read a plan version, the newest for None. Raises PlanError where there is no such one."""
    versions = {item.version: item for item in read_each(folder / "versions.csv", _one_version)}
    number = max(versions) if wanted is None and versions else wanted
    if number not in versions:
        raise PlanError(
            f"data/plan/versions.csv: không có phiên bản kế hoạch số {wanted}. Các phiên bản hiện "
            f"có: {', '.join(map(str, sorted(versions))) or 'không có'}."
        )
    return versions[number]


def _one_version(row: Mapping[str, str]) -> PlanVersion:
    return PlanVersion(
        version=int(row["version"]),
        document=row["document"],
        title=row["title"],
        issuer=row["issuer"],
        issued=dt.date.fromisoformat(row["issued"]),
        valid_from=dt.date.fromisoformat(row["valid_from"]),
        valid_to=dt.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        decision=row["decision"],
        source_file=row["source_file"],
        sha256=row["sha256"],
        note=row["note"],
    )


def read_table(folder: Path) -> SummaryTable:
    """Build the summary table from one row a cell; see `treem.plan.rebuild` for the columns."""
    title: list[str] = []
    header: dict[str, list[str]] = {}
    rows: dict[str, TableRow] = {}

    def place(row: Mapping[str, str]) -> None:
        number = row["row"]
        if row["kind"] == "title":
            title.append(row["text"])
        elif row["kind"] == "header":
            header.setdefault(number, []).append(row["text"])
        elif row["column"] == "label":
            rows[number] = _table_row(row)
        else:
            cell = TableCell(row["text"], int(row["line"]))
            rows[number] = replace(rows[number], cells=(*rows[number].cells, cell))

    read_each(folder / "summary_table.csv", place)
    return SummaryTable(
        title=tuple(title),
        header=tuple(tuple(texts) for texts in header.values()),
        rows=tuple(rows.values()),
    )


def _table_row(row: Mapping[str, str]) -> TableRow:
    return TableRow(
        kind=cast(Literal["objective", "group", "value"], row["kind"]),
        objective=int(row["objective"]),
        indicator=int(row["indicator"]) if row["indicator"] else None,
        measures=tuple(row["measures"].split()),
        label=row["text"],
        line=int(row["line"]),
        cells=(),
    )
