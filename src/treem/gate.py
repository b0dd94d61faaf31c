"""From what was received to what may be used: reading, checking, the gate before results."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from treem.edition import Edition
from treem.errors import GateError
from treem.outcome import finding_line
from treem.project import Project

if TYPE_CHECKING:
    import pandas as pd

    from treem.areas import Areas
    from treem.intake.readings import Readings
    from treem.plan.register import PlanRegister

SHOWN_FINDINGS = 20


@dataclass(frozen=True)
class Road:
    """What the stages before the results made."""

    register: PlanRegister
    areas: Areas
    observations: pd.DataFrame
    findings: pd.DataFrame
    differences: pd.DataFrame
    raw_checks: list[dict[str, Any]]


def read(project: Project, edition: Edition, readings: Readings | None = None) -> Road:
    """Read every source of an edition; nothing is checked against the suites yet.

    A workbook whose reading is kept in `readings` is not read again.
    """
    import pandas as pd

    from treem.areas import load_geography
    from treem.intake.published import read_published
    from treem.intake.workbook import read_submissions
    from treem.plan.register import load_register

    register = load_register(project)
    areas = load_geography(project)
    observations, findings, differences = [], [], []
    for wanted, reader in (
        (edition.submissions, partial(read_submissions, readings=readings)),
        (edition.published, read_published),
    ):
        if wanted:
            received = reader(project, edition, register, areas)
            observations.append(received.observations)
            findings.append(received.findings)
            differences.append(received.differences)
    return Road(
        register=register,
        areas=areas,
        observations=pd.concat(observations, ignore_index=True),
        findings=pd.concat(findings, ignore_index=True),
        differences=pd.concat(differences, ignore_index=True),
        raw_checks=[],
    )


def read_and_check(project: Project, edition: Edition, readings: Readings | None = None) -> Road:
    """Read every source of an edition and run the suites over the register and what was read."""
    import pandas as pd

    from treem.quality import check_received, check_register

    road = read(project, edition, readings)
    registered = check_register(project, edition, road.register)
    checked = check_received(
        project, edition, road.register, road.areas, road.observations, road.findings
    )
    findings = [registered.findings, checked.findings]
    return Road(
        register=road.register,
        areas=road.areas,
        observations=checked.observations,
        findings=pd.concat(findings, ignore_index=True),
        differences=road.differences,
        raw_checks=[*registered.raw, *checked.raw],
    )


def stop_at_gate(edition: Edition, findings: list[dict[str, str]]) -> None:
    """Raise GateError where a finding of severity `run` that nobody waived stops the edition."""
    stopping = [row for row in findings if row["severity"] == "run" and not row["waiver"]]
    if not stopping:
        return
    lines = [finding_line(row) for row in stopping[:SHOWN_FINDINGS]]
    if len(stopping) > SHOWN_FINDINGS:
        lines.append(f"… và {len(stopping) - SHOWN_FINDINGS} phát hiện nữa.")
    raise GateError(
        f"Kỳ {edition.name} dừng ở cửa kiểm tra: {len(stopping)} phát hiện mức dừng cả kỳ. "
        "Gói báo cáo trước đó còn nguyên.\n" + "\n".join(lines)
    )


def rows_of(findings: pd.DataFrame) -> list[dict[str, str]]:
    """Return findings as dicts of text."""
    return [
        {str(key): "" if value is None else str(value) for key, value in row.items()}
        for row in findings.to_dict("records")
    ]
