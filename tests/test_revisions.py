"""Revisions: what a figure replaces is printed where it was public, with the reason, and nowhere
else."""

from __future__ import annotations

import dataclasses
import re
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from small_tables import judged, small_run
from treem.disclosure.ledger import LedgerRow, load_ledger, record
from treem.disclosure.network import Key
from treem.disclosure.revisions import (
    NO_REASON,
    load_declared,
    name_revisions,
    refuse_silent_revisions,
    revisions_path,
)
from treem.display import prose, tables
from treem.edition import Edition, load_edition
from treem.errors import DataError, UsageError
from treem.indicators.judged import RESULT_COLUMNS
from treem.intake.observations import OBSERVATION_COLUMNS
from treem.project import Project

VALUE = Key("CT22.value", "old-27", "256", "2024", "")
PARTS = [
    LedgerRow(VALUE, Fraction(33)),
    LedgerRow(VALUE._replace(quantity="CT22.numerator"), 330),
    LedgerRow(VALUE._replace(quantity="CT22.denominator"), 1000),
]
DECLARED = """revisions:
  - {edition: demo-2025, measure: CT22, area: "", year: 2024, reason: Rà soát lại,
     who: Nguyễn Văn A, date: 2026-01-05}
"""


@pytest.fixture
def small(tmp_path: Path) -> Project:
    """A project of the test's own: no reasons, no corrections, nothing published."""
    found = Project(tmp_path)
    revisions_path(found).parent.mkdir(parents=True)
    revisions_path(found).write_text("revisions: []\n", "utf-8")
    return found


@pytest.fixture
def later(project: Project) -> Edition:
    return load_edition(project, "demo-2025")


def results(value: str = "32.5", **more: str) -> pd.DataFrame:
    row = dict.fromkeys(RESULT_COLUMNS, "") | {
        "edition": "demo-2025",
        "geography": "old-27",
        "area_code": "256",
        "measure": "CT22",
        "numerator": "325",
        "denominator": "1000",
        "value": value,
        "status": "reported",
        "observations": "o-1",
    }
    return pd.DataFrame([row | more]).assign(year=2024)


def observations(**more: str) -> pd.DataFrame:
    row = dict.fromkeys(OBSERVATION_COLUMNS, "") | {"observation_id": "o-1", "status": "reported"}
    return pd.DataFrame([row | more])


def named(project: Project, edition: Edition, *tables: pd.DataFrame) -> dict[str, str]:
    given = tables or (results(), observations())
    done = name_revisions(project, edition, load_ledger(project, edition), *given)
    return done.iloc[0].to_dict()


def earlier(edition: Edition) -> Edition:
    return dataclasses.replace(edition, name="demo-2024")


def test_a_published_value_that_changed_is_revised_and_names_what_it_replaces(
    small: Project, later: Edition
) -> None:
    record(small, earlier(later), PARTS)
    revisions_path(small).write_text(DECLARED, "utf-8")
    row = named(small, later)
    assert (row["status"], row["mark"]) == ("revised", "[r]")
    assert (row["replaces"], row["replaces_numerator"]) == ("33", "330")
    assert row["replaces_denominator"] == "1000"
    assert row["revision_reason"] == "Rà soát lại (Nguyễn Văn A, 05/01/2026)"
    path, _, line = row["replaced_in"].partition(":")
    text = (small.root / path).read_text("utf-8").splitlines()[int(line) - 1]
    assert text == "CT22.value,old-27,256,2024,,open,33"


def test_the_same_value_again_is_no_revision(small: Project, later: Edition) -> None:
    record(small, earlier(later), PARTS)
    row = named(small, later, results("33"), observations())
    assert (row["status"], row["replaces"], row["revision_reason"]) == ("reported", "", "")


def test_marks_keep_their_order(small: Project, later: Edition) -> None:
    record(small, earlier(later), PARTS)
    row = named(small, later, results(mark="[b] [u]"), observations())
    assert row["mark"] == "[b] [r] [u]"
    row = named(small, later, results(status="provisional", mark="[p]"), observations())
    assert (row["status"], row["mark"], row["replaces"]) == ("provisional", "[p]", "33")


def test_a_value_that_was_never_printed_is_not_named(small: Project, later: Edition) -> None:
    """A sender put his figure right before anything came out: that is said, the figure is not."""
    record(small, earlier(later), [dataclasses.replace(row, value=None) for row in PARTS[1:]])
    sent = observations(
        status="revised",
        agency="Ủy ban nhân dân huyện",
        received_date="2025-02-20",
        document_number="TD-2",
        note="thay “3” (ô H9)",
    )
    row = named(small, later, results(status="revised", mark="[r]"), sent)
    assert (row["replaces"], row["replaces_numerator"]) == ("", "")
    assert (
        row["revision_reason"] == "Ủy ban nhân dân huyện gửi lại ngày 20/02/2025, văn bản số TD-2"
    )


def test_building_again_after_recording_replaces_the_same(small: Project, later: Edition) -> None:
    record(small, earlier(later), PARTS)
    first = named(small, later)
    own = [LedgerRow(VALUE, Fraction("32.5"))]
    record(small, later, own)
    assert named(small, later) == first
    # and the earlier edition, built once more, replaces nothing that came after it
    again = named(small, earlier(later), results("33"), observations())
    assert (again["status"], again["replaces"]) == ("reported", "")


def test_real_figures_do_not_change_in_silence(
    small: Project, later: Edition, project: Project
) -> None:
    real = load_edition(project, "2022")
    record(small, dataclasses.replace(real, name="2021"), PARTS)
    silent = name_revisions(small, real, load_ledger(small, real), results(), observations())
    assert silent.iloc[0]["revision_reason"] == NO_REASON
    with pytest.raises(DataError, match=r"CT22 .*256 năm 2024: trước là 33, nay là 32\.5"):
        refuse_silent_revisions(real, silent)
    refuse_silent_revisions(later, silent)  # generated figures are about nobody


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("reason: Rà soát lại", "reason: ' '", "để trống “reason”"),
        ("measure:", "mesure:", "“revisions, mục 1.mesure”"),
        ("date: 2026-01-05", "date: hôm qua", "ngày dạng"),
    ],
)
def test_faulty_reasons_are_refused(
    old: str, new: str, message: str, small: Project, later: Edition
) -> None:
    revisions_path(small).write_text(DECLARED.replace(old, new), "utf-8")
    with pytest.raises(UsageError, match=message):
        load_declared(small, later)


def test_the_reasons_of_the_project_are_read(project: Project, later: Edition) -> None:
    load_declared(project, later)


def test_the_document_prints_what_was_replaced_and_why(tmp_path: Path) -> None:
    revised = judged(
        "32.5",
        "MET",
        status="revised",
        mark="[r]",
        replaces="32.54",
        replaced_in="params/disclosure/ledger/demonstration/0001-demo-2024.csv:7",
        revision_reason="Rà soát lại",
    )
    unsaid = judged("40", "MET", status="revised", mark="[r]", revision_reason="Gửi lại")
    run = small_run(tmp_path, {("256", 2024, "CT22"): revised, ("258", 2024, "CT22"): unsaid})
    rows = BeautifulSoup(str(tables.revisions(run)), "html.parser").select("tbody tr")
    told = [[cell.get_text() for cell in row.select("td")] for row in rows]
    assert [row[3:] for row in told] == [
        ["32,54%", "32,5%", "Rà soát lại"],  # rounded like the new one the two would be alike
        ["", "40,0%", "Gửi lại"],
    ]
    figure = run.figures.figures["CT22-256-tr"]
    assert figure.published_rows == (revised["replaced_in"],) and figure.exact == "32.54"
    assert "2 kết quả" in re.sub(r"\[(\d+)\]\{[^}]*\}", r"\1", prose.revisions(run).markdown)


def test_a_small_revision_is_visible_and_says_which_province(tmp_path: Path) -> None:
    """33 and 32.967 are both 33,0 at the usual decimals; the published one was printed so."""
    revised = judged(
        "32.967",
        "MET",
        status="revised",
        mark="[r]",
        replaces="33",
        replaced_in="params/disclosure/ledger/demonstration/0001-demo-2024.csv:7",
        revision_reason="đính chính DC-1: Rà soát lại",
    )
    run = small_run(tmp_path, {("27", 2024, "CT22"): revised}, edition="demo-2025")
    (row,) = BeautifulSoup(str(tables.revisions(run)), "html.parser").select("tbody tr")
    told = [cell.get_text() for cell in row.select("td")]
    assert told[1:] == [
        "Tỉnh Bắc Ninh cũ",
        "2024",
        "33,0%",
        "32,97%",
        "Đính chính DC-1: Rà soát lại",
    ]


def test_nothing_revised_makes_no_table(tmp_path: Path) -> None:
    run = small_run(tmp_path, {})
    assert tables.revisions(run) is None
    assert "Không số nào" in prose.revisions(run).markdown
