"""The Vietnamese name of every rule: those of intake and those of the suites."""

from __future__ import annotations

import json

from treem.disclosure.checks import WITHHELD
from treem.intake.findings import RULES
from treem.project import Project

_WITHHELD = "Kiểm tra về giá trị; nội dung không nêu để bảo mật số bị che"


def rule_names(project: Project) -> dict[str, str]:
    """Return the name of each rule by its code; a name of intake goes before one of a suite."""
    names = {code: rule.name_vi for code, rule in RULES.items()}
    for suite in sorted(project.expectations.glob("*.json")):
        for expectation in json.loads(suite.read_text("utf-8"))["expectations"]:
            names.setdefault(expectation["meta"]["rule"], expectation["meta"]["name_vi"])
    return names | {WITHHELD: _WITHHELD}
