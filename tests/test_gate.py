"""What stands between findings and a report: the gate, and what a resubmission puts aside."""

from __future__ import annotations

from pathlib import Path

import pytest

from tiny_province import observed, tiny_edition
from treem.errors import GateError
from treem.gate import stop_at_gate
from treem.intake.resubmission import supersede
from treem.intake.sources import ListedSource


def _finding(severity: str, waiver: str = "") -> dict[str, str]:
    place = dict.fromkeys(("file", "sheet", "cell", "area_name", "instruction"), "")
    return place | {"rule": "x", "severity": severity, "message": "Sai.", "waiver": waiver}


@pytest.mark.parametrize("severity", ["record", "submission", "info"])
def test_only_findings_of_severity_run_stop_an_edition(severity: str) -> None:
    stop_at_gate(tiny_edition(), [_finding(severity)])


def test_a_waived_finding_lets_the_run_pass_and_any_other_stops_it() -> None:
    waived = _finding("run", "MT-1")
    stop_at_gate(tiny_edition(), [waived])
    with pytest.raises(GateError, match="1 phát hiện mức dừng cả kỳ"):
        stop_at_gate(tiny_edition(), [waived, _finding("run")])


def test_what_could_not_be_read_at_first_is_no_difference() -> None:
    later = ListedSource(
        "901-2.xlsx", "0", 1, "Một", "901", 2024, "2025-02-01", "", "901.xlsx", "", line=3
    )
    new = [observed("901", 2024, "CT02", "numerator", "7")]
    before = [observed("901", 2024, "CT02", "numerator", "5")]
    unread = {"901.xlsx": ([], []), later.file: (new, [])}
    read = {"901.xlsx": (before, []), later.file: (new, [])}
    differences, (finding,) = supersede(unread, {"901.xlsx": later}, "ho-so/2024")
    assert differences == []
    assert "không đọc được số nào" in finding.message
    differences, _ = supersede(read, {"901.xlsx": later}, "ho-so/2024")
    assert [(row["before"], row["after"]) for row in differences] == [("5", "7")]
    assert Path(read["901.xlsx"][0][0].superseded_by).name == later.file
