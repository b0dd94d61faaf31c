"""The gate: runs the Great Expectations suites of `expectations/` and returns findings as rows.

Each expectation carries in its `meta` the view it looks at (`treem.quality.views`), a rule code,
a Vietnamese name, its severity, the message (a template) and what to do. Suites run in an
ephemeral context with analytics off: nothing is sent and nothing is written. There is no switch
that skips a check, and a check that could not be made is itself a finding that stops the run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from treem.display.numbers import format_exact
from treem.edition import Edition
from treem.intake.findings import Finding, findings_table
from treem.intake.numbers import say_value
from treem.intake.observations import records
from treem.plan.model import Measure
from treem.project import Project
from treem.quality.own_views import register_views, result_views
from treem.quality.suites import Failure, Raw, run_suite
from treem.quality.views import Cell, cell_of, observation_views

if TYPE_CHECKING:
    import pandas as pd

    from treem.areas import Areas
    from treem.plan.register import PlanRegister

_MOST_DECIMALS = 3


@dataclass(frozen=True)
class Gate:
    """What a suite found: findings as a table, and Great Expectations' raw result."""

    findings: pd.DataFrame
    raw: Raw


@dataclass(frozen=True)
class Checked(Gate):
    """The same for observations, with `used` set to "false" where a value was left out."""

    observations: pd.DataFrame


def check_register(project: Project, edition: Edition, register: PlanRegister) -> Gate:
    """Check the plan register; every fault of it is of severity `run`."""
    outcome = run_suite(project, "register", register_views(edition, register))
    findings = [_finding(failure, _place_of(failure.row)) for failure in outcome.failures]
    return Gate(findings_table(edition.name, findings), outcome.raw)


def check(
    project: Project,
    edition: Edition,
    register: PlanRegister,
    areas: Areas,
    observations: pd.DataFrame,
) -> Checked:
    """Check what was received.

    Severity `record` leaves the values it names out, `submission` all values of the workbook.
    Out: one finding per value (or workbook, or expected value) and rule.
    """
    views = observation_views(edition, register, areas, observations)
    outcome = run_suite(project, "observations", views)
    origins = _origins(observations)
    findings: list[Finding] = []
    left_out: set[str] = set()
    files_left_out: set[str] = set()
    for failure in outcome.failures:
        blamed: Sequence[Mapping[str, Any]] = failure.observation or [
            origins[cell] for cell in failure.cells if cell in origins
        ]
        words = _words_of(blamed, register.measures)
        for origin in blamed or [_place_of(failure.row)]:
            findings.append(_finding(failure, origin, words))
        if failure.severity == "record":
            left_out |= {str(origin["observation_id"]) for origin in blamed}
        elif failure.severity == "submission":
            files_left_out.add(str(failure.row["file"]))
    out = observations["observation_id"].isin(left_out) | observations["file"].isin(files_left_out)
    checked = observations.assign(used=observations["used"].mask(out, "false"))
    return Checked(findings_table(edition.name, findings), outcome.raw, checked)


def check_results(
    project: Project, edition: Edition, register: PlanRegister, results: pd.DataFrame
) -> Gate:
    """Check the results; every fault of them is of severity `run`."""
    outcome = run_suite(project, "results", result_views(edition, register, results))
    findings = [_finding(failure, _place_of(failure.row)) for failure in outcome.failures]
    return Gate(findings_table(edition.name, findings), outcome.raw)


def _origins(observations: pd.DataFrame) -> dict[Cell, dict[str, Any]]:
    """Return the observations that nothing superseded by cell, for the place of a finding."""
    current = observations[observations["superseded_by"] == ""]
    return {cell_of(row): row for row in records(current)}


def _words_of(
    blamed: Sequence[Mapping[str, Any]], measures: Mapping[str, Measure]
) -> dict[str, str]:
    """Return what a message may say about the values compared: numbers, cells and names."""
    words = {}
    for letter, origin in zip("ab", blamed, strict=False):
        value = str(origin["value"])
        words[letter] = say_value(value, origin["bound"]) if value else str(origin["raw"])
        words[f"cell_{letter}"] = origin["cell"] or origin["published_row"]
        words[f"name_{letter}"] = measures[origin["measure"]].name_vi
    return words


def _place_of(row: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("file", "sheet", "cell", "area_code", "area_name", "year", "measure", "part", "raw")
    return {key: row.get(key, "") for key in keys} | {
        "measure": row.get("measure", row.get("id", ""))
    }


def _finding(
    failure: Failure, origin: Mapping[str, Any], words: Mapping[str, str] | None = None
) -> Finding:
    meta = failure.meta
    values = {**failure.row, **origin, **(words or {})}
    place = {key: str(value) for key, value in _place_of(origin).items()}
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
