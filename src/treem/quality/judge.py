"""From what broke an expectation to findings, and to the values they leave out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from treem.display.numbers import format_exact
from treem.intake.findings import Finding, as_row
from treem.intake.numbers import say_value
from treem.intake.observations import records
from treem.intake.waivers import Waivers
from treem.plan.model import Measure
from treem.quality.cells import Cell, cell_of, own_total
from treem.quality.suites import Failure
from treem.strata import NAMES

if TYPE_CHECKING:
    import pandas as pd

    from treem.plan.register import PlanRegister

_MOST_DECIMALS = 3


@dataclass
class Judged:
    """What follows from failures. `findings` with the waiver that lets each pass ("" for none).

    `observations` (ids) and `files` are left out; a waived finding leaves nothing out.
    """

    register: PlanRegister
    received: pd.DataFrame
    waivers: Waivers
    findings: dict[Finding, str] = field(default_factory=dict)
    observations: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)

    def add(self, failures: Sequence[Failure]) -> None:
        """Make findings of failures, one for each value (or workbook, or expected value)."""
        wanted = {cell for failure in failures for cell in failure.cells}
        origins = _origins(self.register, self.received, wanted)
        for failure in failures:
            blamed: Sequence[Mapping[str, Any]] = failure.observation or [
                origins[cell] for cell in failure.cells if cell in origins
            ]
            words = _words_of(blamed, self.register.measures)
            for origin in blamed or [place_in(failure.row)]:
                self._add_one(failure, origin, words)

    def _add_one(
        self, failure: Failure, origin: Mapping[str, Any], words: Mapping[str, str]
    ) -> None:
        finding = finding_of(failure, origin, words)
        waiver = self.findings[finding] = self.waivers.of(as_row(finding))
        if waiver:
            return
        if failure.severity == "record" and "observation_id" in origin:
            self.observations.add(str(origin["observation_id"]))
        elif failure.severity == "submission":
            self.files.add(finding.file)

    def left_out(self, observations: pd.DataFrame) -> pd.Series[bool]:
        """Say of each observation whether it is left out."""
        ids = observations["observation_id"].isin(self.observations)
        return ids | observations["file"].isin(self.files)


def findings_of(failures: Iterable[Failure]) -> list[Finding]:
    """Return a finding for each failure of a table of our own."""
    return [finding_of(failure, place_in(failure.row)) for failure in failures]


def _origins(
    register: PlanRegister, observations: pd.DataFrame, wanted: set[Cell]
) -> dict[Cell, dict[str, Any]]:
    """Return the observations at cells that nothing superseded, for the place of a finding."""
    chosen = observations[
        (observations["superseded_by"] == "")
        & observations["area_code"].isin({cell.area_code for cell in wanted})
        & observations["year"].isin({cell.year for cell in wanted})
        & observations["measure"].isin({cell.measure for cell in wanted})
    ]
    found: dict[Cell, dict[str, Any]] = {}
    for row in records(chosen.assign(stratum=own_total(register, chosen))):
        if (cell := cell_of(row)) in wanted:
            found.setdefault(cell, row)
    return found


def _words_of(
    blamed: Sequence[Mapping[str, Any]], measures: Mapping[str, Measure]
) -> dict[str, str]:
    """Return what a message may say about the values compared: numbers, cells and names."""
    words = {}
    for letter, origin in zip("abc", blamed, strict=False):
        value = str(origin["value"])
        words[letter] = say_value(value, origin["bound"]) if value else str(origin["raw"])
        words[f"cell_{letter}"] = origin["cell"] or origin["published_row"]
        words[f"name_{letter}"] = measures[origin["measure"]].name_vi
    return words


def place_in(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a row of a view that say where a fault stands."""
    keys = ("file", "sheet", "cell", "area_code", "area_name", "year", "measure", "part", "raw")
    return {key: row.get(key, "") for key in keys} | {
        "measure": row.get("measure", row.get("id", ""))
    }


def finding_of(
    failure: Failure, origin: Mapping[str, Any], words: Mapping[str, str] | None = None
) -> Finding:
    """Return the finding that a failure makes of a value (or of a row of a view)."""
    meta = failure.meta
    stratum = str(origin.get("stratum", "") or failure.row.get("stratum", ""))
    group = f", {NAMES[stratum].lower()}" if NAMES.get(stratum) and stratum else ""
    values = {**failure.row, **origin, **(words or {}), "group": group}
    place = {key: str(value) for key, value in place_in(origin).items()}
    if not place["cell"] and origin.get("published_row"):
        place["cell"] = str(origin["published_row"])
    return Finding(
        rule=meta["rule"],
        severity=failure.severity,
        message=_fill(meta["message_vi"], values),
        instruction=_fill(meta["instruction_vi"], values),
        **place,
    )


def _fill(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template; a place that the row does not know stays empty."""

    class Known(dict[str, str]):
        def __missing__(self, key: str) -> str:
            return ""

    texts = {key: _plain(value) for key, value in values.items()}
    return template.format_map(Known(texts))


def _plain(value: Any) -> str:
    """Return a number of a view as people write it: `109`, `12,6`, `32.520`."""
    if isinstance(value, float) and math.isfinite(value):
        return format_exact(round(Fraction(value), 0 if value.is_integer() else _MOST_DECIMALS))
    return str(value)
