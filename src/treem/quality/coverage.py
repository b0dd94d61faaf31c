"""Who has reported what: a state for each area, measure and year, for the coverage board.

A measure that areas owe has a state for each area, and for the province the one that follows from
them; a measure that a department owes has one for the province alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from treem.edition import Edition
from treem.intake.forms import form_rows
from treem.intake.units import units_owing

if TYPE_CHECKING:
    import pandas as pd

    from treem.areas import Areas
    from treem.intake.units import Unit
    from treem.plan.register import PlanRegister

State = Literal[
    "complete",
    "provisional",
    "partly",
    "not_collected",
    "left_out",
    "missing_submission",
    "not_applicable",
    "not_owed",
]
STATES: tuple[State, ...] = (
    "complete",
    "provisional",
    "partly",
    "not_collected",
    "left_out",
    "missing_submission",
    "not_applicable",
    "not_owed",
)
"""From all that was asked to nothing asked. `partly`: some parts, or some areas of a province."""

COVERAGE_COLUMNS = (
    "edition",
    "year",
    "area_code",
    "area_name",
    "level",
    "measure",
    "state",
    "expected",
    "received",
    "left_out",
    "findings",
)
_MISSING: State = "missing_submission"
_GRAVE = ("record", "submission")


def coverage(
    edition: Edition,
    register: PlanRegister,
    areas: Areas,
    observations: pd.DataFrame,
    findings: pd.DataFrame,
) -> pd.DataFrame:
    """Return a row per year, area and measure; the province first, areas by code.

    In: observations with `used` set by the gate, and all findings. `expected` counts the parts
    that are owed (for the province's sums: areas), `received` and `left_out` how many of them
    came and how many of these are not used, `findings` the findings of severity record or
    submission that no waiver lets pass.
    """
    import pandas as pd

    board = _Board(edition, register, observations, findings)
    rows = [row for year in edition.years for row in board.year(areas, year)]
    return pd.DataFrame(rows, columns=list(COVERAGE_COLUMNS))


class _Board:
    """What was received, looked up by place; see `coverage`."""

    def __init__(
        self,
        edition: Edition,
        register: PlanRegister,
        observations: pd.DataFrame,
        findings: pd.DataFrame,
    ):
        self.edition, self.register = edition, register
        current = observations[observations["superseded_by"] == ""]
        columns = ["area_code", "year", "measure", "part", "stratum", "value", "status", "used"]
        self.cells: dict[tuple[str, int, str], list[dict[str, Any]]] = {}
        for row in current[columns].to_dict("records"):
            row["stratum"] = _settled(register, row["measure"], row["stratum"])
            key = (row["area_code"], int(row["year"]), row["measure"])
            self.cells.setdefault(key, []).append({str(name): row[name] for name in row})
        grave = findings[findings["severity"].isin(_GRAVE) & (findings["waiver"] == "")]
        self.counted = grave.groupby(["area_code", "year", "measure"]).size().to_dict()

    def year(self, areas: Areas, year: int) -> list[dict[str, Any]]:
        """Return the rows of a year."""
        units = units_owing(self.edition, self.register, areas, year)
        below = [unit for unit in units if unit.kind != "department"]
        departments = [unit for unit in units if unit.kind == "department"]
        if not self.edition.submissions:
            below = []
        rows = {unit.code: self._unit(unit, year) for unit in below}
        province = departments[0]
        upper = [self._province(province, departments, rows, year, one) for one in self._measures()]
        return [*upper, *(row for found in rows.values() for row in found)]

    def _measures(self) -> list[Any]:
        return list(self.register.measures.values())

    def _unit(self, unit: Unit, year: int) -> list[dict[str, Any]]:
        """Return the rows of an area: what it owes, and what it does not."""
        owed = self._owed(unit, year)
        sent = any((unit.area_code, year, measure) in self.cells for measure in owed)
        return [
            self._row(unit, unit.kind, year, one.id, *self._state(unit, year, one.id, owed, sent))
            for one in self._measures()
        ]

    def _province(
        self,
        province: Unit,
        departments: list[Unit],
        below: dict[str, list[dict[str, Any]]],
        year: int,
        measure: Any,
    ) -> dict[str, Any]:
        if measure.reporting_level == "area" and below:
            states = [r for rows in below.values() for r in rows if r["measure"] == measure.id]
            counted = self._of_areas(states)
            return self._row(province, "province", year, measure.id, *counted)
        if not self.edition.submissions:
            have = self.cells.get((province.area_code, year, measure.id), [])
            state: State = "complete" if _given(have) else "not_collected"
            return self._row(province, "province", year, measure.id, state, 1, int(_given(have)), 0)
        for unit in departments:
            owed = self._owed(unit, year)
            if measure.id in owed:
                sent = any((unit.area_code, year, one) in self.cells for one in owed)
                found = self._state(unit, year, measure.id, owed, sent)
                return self._row(province, "province", year, measure.id, *found)
        return self._row(province, "province", year, measure.id, "not_owed", 0, 0, 0)

    def _owed(self, unit: Unit, year: int) -> dict[str, list[tuple[str, str]]]:
        """Return the parts (with stratum) that a unit owes, by measure."""
        owed: dict[str, list[tuple[str, str]]] = {}
        for row in form_rows(self.edition, self.register, unit.code, year):
            owed.setdefault(row.measure, []).append((row.part, row.stratum))
        return owed

    def _state(
        self,
        unit: Unit,
        year: int,
        measure: str,
        owed: dict[str, list[tuple[str, str]]],
        sent: bool,
    ) -> tuple[State, int, int, int]:
        """Return state, parts owed, parts received and parts left out of them."""
        if measure not in owed:
            return "not_owed", 0, 0, 0
        rows = self.cells.get((unit.area_code, year, measure), [])
        by_part = {(row["part"], row["stratum"]): row for row in rows}
        wanted = _still_owed(owed[measure], by_part)
        if not sent:
            return _MISSING, len(wanted), 0, 0
        came = [by_part[part] for part in wanted if part in by_part]
        left_out = [row for row in came if row["used"] != "true"]
        good = [row for row in came if row["used"] == "true" and row["status"] != "missing"]
        counts = len(wanted), len(good) + len(left_out), len(left_out)
        if left_out:
            return "left_out", *counts
        if not good:
            return "not_collected", *counts
        if len(good) < len(wanted):
            return "partly", *counts
        statuses = {row["status"] for row in good}
        if statuses == {"not_applicable"}:
            return "not_applicable", *counts
        return ("provisional" if "provisional" in statuses else "complete"), *counts

    @staticmethod
    def _of_areas(rows: list[dict[str, Any]]) -> tuple[State, int, int, int]:
        """Return the state of a sum of areas: complete when every area is."""
        states: list[State] = [row["state"] for row in rows]
        good = sum(state in ("complete", "provisional", "not_applicable") for state in states)
        counts = len(states), good, states.count("left_out")
        if good == len(states):
            alike = set(states)
            if alike == {"not_applicable"}:
                return "not_applicable", *counts
            return ("provisional" if "provisional" in alike else "complete"), *counts
        if good or len(set(states)) > 1:
            return "partly", *counts
        return states[0], *counts

    def _row(
        self,
        unit: Unit,
        level: str,
        year: int,
        measure: str,
        state: State,
        expected: int,
        received: int,
        left_out: int,
    ) -> dict[str, Any]:
        return {
            "edition": self.edition.name,
            "year": year,
            "area_code": unit.area_code,
            "area_name": unit.area_name,
            "level": level,
            "measure": measure,
            "state": state,
            "expected": expected,
            "received": received,
            "left_out": left_out,
            "findings": self.counted.get((unit.area_code, str(year), measure), 0),
        }


def _settled(register: PlanRegister, measure: str, stratum: str) -> str:
    """Return the stratum of a row; the one that a measure is about by itself is its total."""
    known = register.measures.get(measure)
    return "" if known and stratum == known.strata else stratum


def _given(rows: list[dict[str, Any]]) -> bool:
    return any(row["used"] == "true" and row["value"] for row in rows)


def _still_owed(
    owed: list[tuple[str, str]], came: dict[tuple[str, str], dict[str, Any]]
) -> list[tuple[str, str]]:
    """Return the parts owed: a department gives a value or the counts that it is made of."""
    if not any(part == "value" for part, _ in owed) or len(owed) == 1:
        return owed
    value = any(part == "value" and row["value"] for (part, _), row in came.items())
    chosen = [(part, stratum) for part, stratum in owed if (part == "value") == value]
    return chosen or owed
