"""What people decide about the plan, as records: readings, decisions, agencies, versions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from treem.plan.model import Scope

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
