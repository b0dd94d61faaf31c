"""What a rule of intake is; kept apart so that lists of rules can be written in several modules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["record", "submission", "run", "info"]
SEVERITIES: tuple[Severity, ...] = ("run", "submission", "record", "info")
"""The gravest first."""


@dataclass(frozen=True)
class Rule:
    """A rule of intake: its name, severity, message (a template) and what to do about it.

    `waivable` is False where nobody may let a finding of the rule pass.
    """

    name_vi: str
    severity: Severity
    message: str
    instruction: str
    waivable: bool = True
