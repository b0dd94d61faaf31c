"""The gate: runs the Great Expectations suites of `expectations/` and returns findings as rows.

Each expectation carries in its `meta` the view it looks at (`treem.quality.views`), a rule code,
a Vietnamese name, its severity, the message (a template) and what to do. Suites run in an
ephemeral context with analytics off: nothing is sent and nothing is written. There is no switch
that skips a check, and a check that could not be made is itself a finding that stops the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from treem.edition import Edition
from treem.indicators.reconcile import differences
from treem.intake.findings import RULES, findings_table
from treem.intake.observations import records
from treem.intake.waivers import Waivers, load_waivers, mark_waived, restore, waiver_findings
from treem.project import Project
from treem.quality.cells import Cells
from treem.quality.judge import Judged, findings_of
from treem.quality.own_views import register_views, result_views
from treem.quality.suites import Raw, rules_of, run_suite
from treem.quality.views import history_views, present_views

if TYPE_CHECKING:
    import pandas as pd

    from treem.areas import Areas
    from treem.plan.register import PlanRegister

AT_ONCE = ("observations", "consistency", "completeness")
LATER = ("history",)
RECEIVED = (*AT_ONCE, *LATER)
"""The suites of received data, in the order in which they run."""


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
    return Gate(findings_table(edition.name, findings_of(outcome.failures)), outcome.raw)


def check_received(
    project: Project,
    edition: Edition,
    register: PlanRegister,
    areas: Areas,
    observations: pd.DataFrame,
    findings: pd.DataFrame,
) -> Checked:
    """Check what was received and what reading found in it, waivers considered.

    In: the observations and findings of intake. Out: the findings of intake and of the suites,
    those on waivers too, each with the waiver that lets it pass. A value that a waiver lets pass
    at intake is in use again and goes through the suites.
    """
    import pandas as pd

    waivers = waivers_of(project, edition)
    read = mark_waived(findings, waivers)
    checked = _run_suites(project, edition, register, areas, restore(observations, read), waivers)
    found = pd.concat([read, checked.findings], ignore_index=True)
    about = findings_table(edition.name, waiver_findings(waivers, found))
    return Checked(pd.concat([found, about], ignore_index=True), checked.raw, checked.observations)


def check(
    project: Project,
    edition: Edition,
    register: PlanRegister,
    areas: Areas,
    observations: pd.DataFrame,
) -> Checked:
    """Check a table of observations with the suites alone.

    Severity `record` leaves the values it names out, `submission` all values of the workbook,
    unless a waiver lets the finding pass. Out: one finding per value (or workbook, or expected
    value) and rule.
    """
    waivers = waivers_of(project, edition)
    return _run_suites(project, edition, register, areas, observations, waivers)


def waivers_of(project: Project, edition: Edition) -> Waivers:
    """Return the waivers that are kept for an edition, expired ones too.

    Raises UsageError on a fault of `params/intake/waivers.yml`.
    """
    waivable = {name: rule.waivable for name, rule in RULES.items()} | rules_of(project)
    return load_waivers(project, edition, waivable)


def _run_suites(
    project: Project,
    edition: Edition,
    register: PlanRegister,
    areas: Areas,
    observations: pd.DataFrame,
    waivers: Waivers,
) -> Checked:
    """Run the suites: what contradicts itself first, then what is unlikely.

    A year before that is left out is no measure for the year after.
    """
    cells = Cells.of(edition, register, areas, observations)
    judged = Judged(register, observations, waivers)
    raw: Raw = []
    for suites, views_of in ((AT_ONCE, present_views), (LATER, history_views)):
        views = views_of(cells, judged.left_out(cells.used))
        for suite in suites:
            outcome = run_suite(project, suite, views)
            judged.add(outcome.failures)
            raw += outcome.raw
    out = judged.left_out(observations)
    return Checked(
        findings_table(edition.name, judged.findings, judged.findings),
        raw,
        observations.assign(used=observations["used"].mask(out, "false")),
    )


def check_results(
    project: Project, edition: Edition, register: PlanRegister, results: pd.DataFrame
) -> Gate:
    """Check the results; every fault of them is of severity `run`.

    Where a department reported another figure for the province than its areas add up to, that is
    a finding to know of.
    """
    outcome = run_suite(project, "results", result_views(edition, register, results))
    found = [*findings_of(outcome.failures), *differences(records(results))]
    return Gate(findings_table(edition.name, found), outcome.raw)
