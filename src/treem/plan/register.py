"""The register: measures, targets by place, readings, the ledger, agencies, from `data/plan/`.

Tables that `treem.plan.rebuild` reads out of the official text (targets, baselines, the summary
table, duties, the ledger) stand beside the tables that people keep (measures, national targets,
readings, decisions, agencies, versions). Loading does not read the official text again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

from treem.errors import PlanError
from treem.plan.files import read_each, read_rows
from treem.plan.model import (
    Baseline,
    Comparator,
    Discrepancy,
    Indicator,
    Limit,
    Measure,
    Objective,
    Place,
    Reading,
    Scope,
    SummaryTable,
    TableCell,
    TableRow,
    Target,
    Where,
)
from treem.project import Project

UNDEFINED = "undefined"
CONFIRMED = "confirmed"


@dataclass(frozen=True)
class ReadingChoice:
    """The place a target is taken from, chosen for one measure, scope and year.

    `place` is `text`, `table`, `national` or `undefined`. `status` is `unconfirmed` until
    `confirmed_by` has confirmed it; `confirm_by` says who may.
    """

    measure: str
    scope: Scope
    year: int
    place: str
    status: str
    confirm_by: str
    confirmed_by: str
    since: dt.date
    reason: str


@dataclass(frozen=True)
class Decision:
    """What was decided about one discrepancy of the ledger, and whether it is confirmed."""

    discrepancy: str
    reading: str
    status: str
    confirm_by: str
    confirmed_by: str
    since: dt.date
    note: str


@dataclass(frozen=True)
class Agency:
    """Who holds a duty of the plan on a date.

    `in_plan` is the agency that the plan names; `confidence` is `cao` or `trung bình`.
    """

    name: str
    in_plan: str
    section: str
    role: str
    valid_from: dt.date
    valid_to: dt.date | None
    name_note: str
    basis: str
    source: str
    confidence: str
    note: str


@dataclass(frozen=True)
class PlanVersion:
    """One version of the plan, with the dates it is in force."""

    version: int
    document: str
    title: str
    issuer: str
    issued: dt.date
    valid_from: dt.date
    valid_to: dt.date | None
    decision: str
    source_file: str
    sha256: str
    note: str


@dataclass(frozen=True)
class PlanRegister:
    """Everything the register holds; see the methods for how targets are chosen."""

    version: PlanVersion
    measures: dict[str, Measure]
    objectives: dict[int, Objective]
    indicators: dict[int, Indicator]
    baselines: dict[str, Baseline]
    targets: tuple[Target, ...]
    readings: dict[tuple[str, Scope, int], ReadingChoice]
    table: SummaryTable
    discrepancies: tuple[Discrepancy, ...]
    decisions: dict[str, Decision]
    holders: dict[int, tuple[str, ...]]
    agency_rows: tuple[tuple[frozenset[int], Agency], ...]
    by_place: Mapping[tuple[str, Scope, int, str], Target]

    def limits(
        self, measure_id: str, reading: Reading, scope: Scope = "province"
    ) -> dict[int, Target]:
        """Return the target for each year under a reading; a year without target is absent.

        The readings `text` and `table` take section I.2 or the cells alone; `ledger` takes the
        place chosen for the measure and year. National targets are those of the decision.
        """
        found: dict[int, Target] = {}
        for (measure, own_scope, year, place), target in self.by_place.items():
            if (measure, own_scope) != (measure_id, scope):
                continue
            if place == self._place(measure_id, scope, year, reading):
                found[year] = target
        return dict(sorted(found.items()))

    def undefined(self, measure_id: str) -> str:
        """Return why no verdict can be given for a measure, or ""."""
        for choice in self._choices(measure_id):
            if choice.place == UNDEFINED:
                return choice.reason
        return ""

    def confirmed(self, measure_id: str) -> bool:
        """Return whether every chosen reading of a measure has been confirmed."""
        choices = self._choices(measure_id)
        return bool(choices) and all(choice.status == CONFIRMED for choice in choices)

    def reading_note(self, measure_id: str) -> str:
        """Return why the chosen places were chosen, in a sentence or two."""
        return " ".join(dict.fromkeys(choice.reason for choice in self._choices(measure_id)))

    def agency_in_plan(self, measure_id: str) -> str:
        """Return the agency that section IV gives the measure's indicator; two as `A; B`."""
        return "; ".join(self.holders.get(self.measures[measure_id].indicator, ()))

    def agencies(self, measure_id: str, on: dt.date) -> tuple[Agency, ...]:
        """Return who holds the duty for a measure on a date, in the order of section IV.

        Raises PlanError for a date before the plan came into force.
        """
        if on < self.version.valid_from:
            raise PlanError(
                f"Ngày {on:%d/%m/%Y} trước khi kế hoạch {self.version.document} có hiệu lực "
                f"({self.version.valid_from:%d/%m/%Y}): chưa có cơ quan nào được giao."
            )
        indicator = self.measures[measure_id].indicator
        names = self.holders.get(indicator, ())
        return tuple(
            agency
            for name in names
            for indicators, agency in self.agency_rows
            if agency.in_plan == name
            and (not indicators or indicator in indicators)
            and agency.valid_from <= on
            and (agency.valid_to is None or on <= agency.valid_to)
        )

    def agency(self, measure_id: str, on: dt.date) -> Agency:
        """Return the first agency that holds the duty on a date.

        Raises PlanError where the register names none.
        """
        found = self.agencies(measure_id, on)
        if not found:
            raise PlanError(
                f"data/plan/agencies.csv: không có cơ quan nào cho {measure_id} vào ngày "
                f"{on:%d/%m/%Y}. Hãy bổ sung dòng có thời hạn bao gồm ngày này."
            )
        return found[0]

    def _choices(self, measure_id: str) -> list[ReadingChoice]:
        return [
            choice
            for (measure, scope, _), choice in self.readings.items()
            if measure == measure_id and scope == "province"
        ]

    def _place(self, measure_id: str, scope: Scope, year: int, reading: Reading) -> str:
        if scope == "national":
            return "national"
        if reading != "ledger":
            return reading
        choice = self.readings.get((measure_id, scope, year))
        return choice.place if choice else ""


def load_register(project: Project, version: int | None = None) -> PlanRegister:
    """Load the register of a plan version (default: the newest).

    Raises PlanError where a table is missing or damaged, or where the tables contradict each
    other (a reading of a target that no place states, a decision on nothing).
    """
    folder = project.plan
    measures = {item.id: item for item in read_each(folder / "measures.csv", _measure)}
    targets = tuple(read_each(folder / "targets.csv", _target))
    readings = _readings(folder, measures)
    discrepancies = _ledger(folder)
    register = PlanRegister(
        version=_version(folder, version),
        measures=measures,
        objectives={o.number: o for o in read_each(folder / "objectives.csv", _objective)},
        indicators={i.number: i for i in read_each(folder / "indicators.csv", _indicator)},
        baselines={b.measure: b for b in read_each(folder / "baselines.csv", _baseline)},
        targets=targets,
        readings=readings,
        table=_table(folder),
        discrepancies=discrepancies,
        decisions=_decisions(folder, {item.id for item in discrepancies}),
        holders=_holders(folder),
        agency_rows=tuple(read_each(folder / "agencies.csv", _agency_row)),
        by_place={
            (target.measure, target.scope, target.year, _place_key(target)): target
            for target in targets
        },
    )
    _check(register)
    return register


def _place_key(target: Target) -> str:
    """Return the place of a target as readings name it; the table's national column has none."""
    national_cell = target.scope == "national" and target.where == "table"
    return "national_cell" if national_cell else target.where


def _measure(row: Mapping[str, str]) -> Measure:
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


def _objective(row: Mapping[str, str]) -> Objective:
    return Objective(int(row["objective"]), row["title"], int(row["line"]))


def _indicator(row: Mapping[str, str]) -> Indicator:
    return Indicator(int(row["indicator"]), int(row["objective"]), row["words"], int(row["line"]))


def _target(row: Mapping[str, str]) -> Target:
    return Target(
        measure=row["measure"],
        scope=cast(Scope, row["scope"]),
        year=int(row["year"]),
        limit=Limit(cast(Comparator, row["comparator"]), Fraction(row["value"])),
        where=cast(Where, row["where"]),
        line=int(row["line"]) if row["line"] else None,
        words=row["words"],
    )


def _baseline(row: Mapping[str, str]) -> Baseline:
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


def _readings(
    folder: Path, measures: Mapping[str, Measure]
) -> dict[tuple[str, Scope, int], ReadingChoice]:
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


def _ledger(folder: Path) -> tuple[Discrepancy, ...]:
    places: dict[str, list[Place]] = {}
    for row in read_rows(folder / "ledger_places.csv"):
        line = int(row["line"]) if row["line"] else None
        place = Place(cast(Where, row["where"]), line, row["words"], row["value"])
        places.setdefault(row["id"], []).append(place)
    return tuple(
        Discrepancy(
            id=row["id"],
            measure=row["measure"],
            kind=row["kind"],
            severity=row["severity"],  # type: ignore[arg-type]
            effect=row["effect"],
            places=tuple(places.get(row["id"], ())),
        )
        for row in read_rows(folder / "ledger.csv")
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


def _decisions(folder: Path, known: set[str]) -> dict[str, Decision]:
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


def _holders(folder: Path) -> dict[int, tuple[str, ...]]:
    holders: dict[int, tuple[str, ...]] = {}
    for row in read_rows(folder / "duties.csv"):
        indicator = int(row["indicator"])
        holders[indicator] = (*holders.get(indicator, ()), row["agency"])
    return holders


def _agency_row(row: Mapping[str, str]) -> tuple[frozenset[int], Agency]:
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


def _version(folder: Path, wanted: int | None) -> PlanVersion:
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


def _table(folder: Path) -> SummaryTable:
    """Build the summary table from one row a cell; see `treem.plan.rebuild` for the columns."""
    title: list[str] = []
    header: dict[str, list[str]] = {}
    rows: dict[str, TableRow] = {}
    cells: dict[str, list[TableCell]] = {}
    for row in read_rows(folder / "summary_table.csv"):
        if row["kind"] == "title":
            title.append(row["text"])
        elif row["kind"] == "header":
            header.setdefault(row["row"], []).append(row["text"])
        elif row["column"] == "label":
            rows[row["row"]] = _table_row(row)
            cells[row["row"]] = []
        else:
            cells[row["row"]].append(TableCell(row["text"], int(row["line"])))
    return SummaryTable(
        title=tuple(title),
        header=tuple(tuple(texts) for texts in header.values()),
        rows=tuple(_with_cells(row, cells[number]) for number, row in rows.items()),
    )


def _table_row(row: Mapping[str, str]) -> TableRow:
    return TableRow(
        kind=row["kind"],  # type: ignore[arg-type]
        objective=int(row["objective"]),
        indicator=int(row["indicator"]) if row["indicator"] else None,
        measures=tuple(row["measures"].split()),
        label=row["text"],
        line=int(row["line"]),
        cells=(),
    )


def _with_cells(row: TableRow, cells: Sequence[TableCell]) -> TableRow:
    return TableRow(
        row.kind, row.objective, row.indicator, row.measures, row.label, row.line, tuple(cells)
    )


def _check(register: PlanRegister) -> None:
    """Check that what people chose exists in what the plan states."""
    for (measure, scope, year), choice in register.readings.items():
        key = (measure, scope, year, choice.place)
        if choice.place != UNDEFINED and key not in register.by_place:
            raise PlanError(
                f"data/plan/readings.csv: {measure} năm {year} chọn nơi “{choice.place}” nhưng "
                "targets.csv không có mức nào ở nơi đó. Hãy chọn một nơi có đặt mức."
            )
    missing = [measure for measure in register.measures if measure not in register.baselines]
    if missing:
        raise PlanError(
            f"data/plan/baselines.csv: thiếu dòng cho {', '.join(missing)}. Hãy chạy "
            "python -m treem.plan.rebuild để viết lại các bảng từ văn bản."
        )
