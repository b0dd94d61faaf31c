"""What people keep for disclosure control: policy, approvals, ledger, key; which areas add up."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import pytest

from treem.areas import load_geography
from treem.audit.withheld import RESULT_PARTS, check_commitments, commit_results
from treem.cli import main
from treem.disclosure.approval import approvals_path, load_approvals, require_approval
from treem.disclosure.checks import OF_FORM, WITHHELD, name_withheld
from treem.disclosure.commitments import (
    VARIABLE,
    commitment,
    commitment_key,
    create_key,
    keeps,
    key_path,
    sealed,
)
from treem.disclosure.ledger import (
    LedgerRow,
    ledger_folder,
    load_ledger,
    read_ledger,
    record,
    write_ledger,
)
from treem.disclosure.network import Key
from treem.disclosure.places import area_links, areas_inside
from treem.disclosure.policy import load_policy, policy_path
from treem.edition import Edition, edition_names, load_edition
from treem.errors import DataError, UsageError
from treem.intake.findings import Finding, public_ids
from treem.plan.register import load_register
from treem.project import Project
from treem.quality.names import rule_names


@pytest.fixture
def small(project: Project, tmp_path: Path) -> Project:
    """A project of the test's own that has the policy and nothing else."""
    copy = Project(tmp_path)
    for path in (policy_path(copy), approvals_path(copy)):
        path.parent.mkdir(parents=True, exist_ok=True)
        name = path.relative_to(copy.root)
        path.write_text((project.root / name).read_text("utf-8"), "utf-8")
    approvals_path(copy).write_text("approvals: []\n", "utf-8")
    return copy


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


# --- the policy -----------------------------------------------------------------------------------


def test_the_policy_has_the_thresholds_of_the_table(project: Project) -> None:
    policy = load_policy(project, load_register(project).measures)
    told = {
        name: (rule.below_province, rule.small_up_to, rule.lowest_hidden, rule.least_denominator)
        for name, rule in policy.classes.items()
    }
    assert told == {
        "S0": (True, 0, 1, 0),
        "S1": (True, 4, 1, 20),
        "S2": (True, 4, 1, 50),
        "S3": (False, 9, 0, 100),
    }
    assert [policy.width(rule.threshold) for rule in policy.classes.values()][1:] == [4, 4, 9]
    assert policy.classes["S2"].least_events == 5
    assert policy.classes["S2"].hides_complement("CT20.2")
    assert not policy.classes["S2"].hides_complement("CT03.2")
    assert policy.is_proposal


def test_every_class_of_the_register_has_a_rule(project: Project) -> None:
    policy = load_policy(project)
    classes = {m.disclosure_class for m in load_register(project).measures.values()}
    assert classes == set(policy.classes)
    with pytest.raises(UsageError, match="không có lớp “S9”"):
        policy.rule("S9")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("small_up_to: 4", "smal_up_to: 4", "“classes.S1.smal_up_to”.*“small_up_to”"),
        ("small_up_to: 4", "small_up_to: four", "cần số nguyên"),
        ("small_up_to: 4", "small_up_to: -4", "không được âm"),
        ("small_up_to: 4", "small_up_to: 4\n    small_up_to: 5", "ghi hai lần"),
        ("    zeros_small: false\n", "", "thiếu khóa classes.S0.zeros_small"),
        ("complement: all", "complement: every", "chỉ nhận all, none"),
        ("audit:\n", "adit:\n", "“adit”.*“audit”"),
        ("least_width: 3", "least_width: 0", "từ 1 trở lên"),
        ("CT08.1.numerator, CT08.2", "CT08.1.numeratr, CT08.2", "CT08.1.numerator"),
        ("difference: counted", "difference: sure", "counted hoặc bound"),
        ("[CT05.2.denominator, CT14.denominator]", "[CT05.2.denominator]", "từ hai phần"),
        ("who: null", "who: Ai đó", "cần đủ who, role và date"),
        ("classes:", "classes: [", "sai cú pháp YAML"),
    ],
)
def test_a_faulty_policy_is_refused(
    old: str, new: str, message: str, small: Project, project: Project
) -> None:
    edit(policy_path(small), old, new)
    with pytest.raises(UsageError, match=message):
        load_policy(small, load_register(project).measures)


def test_an_approved_policy_names_who_and_when(small: Project) -> None:
    edit(policy_path(small), "who: null", "who: Nguyễn Văn A")
    edit(policy_path(small), "role: null", "role: Giám đốc Sở Y tế")
    edit(policy_path(small), "date: null", "date: 2026-12-01")
    policy = load_policy(small)
    assert not policy.is_proposal
    assert policy.approved.date == dt.date(2026, 12, 1)


def test_a_missing_policy_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Không đọc được params/disclosure/policy.yml"):
        load_policy(Project(tmp_path))


# --- approvals ------------------------------------------------------------------------------------


@pytest.fixture
def real(project: Project) -> Edition:
    return dataclasses.replace(load_edition(project, "2022"), name="2026")


APPROVAL = """approvals:
  - edition: "2026"
    who: Nguyễn Văn A
    role: Giám đốc
    date: 2027-03-01
    findings: [denominators_agree]
    report: abc123
"""


def approve(project: Project) -> None:
    approvals_path(project).write_text(APPROVAL, "utf-8")
    for key, value in (("who", "B"), ("role", "C"), ("date", "2026-12-01")):
        edit(policy_path(project), f"{key}: null", f"{key}: {value}")


def test_real_figures_need_an_approval(small: Project, real: Edition) -> None:
    with pytest.raises(DataError, match="Kỳ 2026 .*chưa có ai duyệt"):
        require_approval(small, real)


def test_an_approval_on_record_lets_it_pass(small: Project, real: Edition) -> None:
    approve(small)
    found = require_approval(small, real, "abc123")
    assert found is not None
    assert (found.who, found.findings) == ("Nguyễn Văn A", ("denominators_agree",))


def test_an_approval_of_another_report_does_not(small: Project, real: Edition) -> None:
    approve(small)
    with pytest.raises(DataError, match="hãy trình duyệt lại"):
        require_approval(small, real, "ffff")


def test_a_proposed_policy_publishes_no_real_figures(small: Project, real: Edition) -> None:
    approvals_path(small).write_text(APPROVAL, "utf-8")
    with pytest.raises(DataError, match="mới là đề xuất"):
        require_approval(small, real)


def test_generated_figures_need_none(small: Project, project: Project) -> None:
    assert require_approval(small, load_edition(project, "demo-2024")) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("who:", "woh:", "“approvals, mục 1.woh”.*“who”"),
        ("date: 2027-03-01", "date: hôm qua", "ngày dạng"),
        ("who: Nguyễn Văn A", "who: ' '", "để trống “who”"),
    ],
)
def test_a_faulty_approval_is_refused(old: str, new: str, message: str, small: Project) -> None:
    approvals_path(small).write_text(APPROVAL.replace(old, new), "utf-8")
    with pytest.raises(UsageError, match=message):
        load_approvals(small)


def test_the_files_of_the_project_are_read(project: Project) -> None:
    load_policy(project, load_register(project).measures)
    load_approvals(project)


# --- the ledger -----------------------------------------------------------------------------------

CELL = Key("CT24.numerator", "old-27", "256", "2024", "")
OTHER = CELL._replace(area="257", stratum="sex=male")


def test_a_ledger_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    write_ledger(path, [LedgerRow(OTHER, None), LedgerRow(CELL, 30)])
    assert path.read_text("utf-8") == (
        "quantity,geography,area_code,period,stratum,state,value\n"
        "CT24.numerator,old-27,256,2024,,open,30\n"
        "CT24.numerator,old-27,257,2024,sex=male,suppressed,\n"
    )
    assert read_ledger(path) == [LedgerRow(CELL, 30), LedgerRow(OTHER, None)]


@pytest.fixture
def demo(project: Project) -> Edition:
    return load_edition(project, "demo-2024")


def test_what_was_published_stays_on_record(tmp_path: Path, demo: Edition) -> None:
    """A second publication with other figures is a file of its own; the first is never changed."""
    project = Project(tmp_path)
    first = record(project, demo, [LedgerRow(CELL, 30), LedgerRow(OTHER, 7)])
    assert first == ledger_folder(project, demo) / "0001-demo-2024.csv"
    assert record(project, demo, [LedgerRow(OTHER, 7), LedgerRow(CELL, 30)]) == first
    kept = first.read_bytes()
    second = record(project, demo, [LedgerRow(CELL, 31), LedgerRow(OTHER, None)])
    assert (second.name, first.read_bytes()) == ("0002-demo-2024.csv", kept)
    ledger = load_ledger(project, demo)
    assert [one.printed.get(CELL) for one in ledger.publications] == [30, 31]
    assert ledger.hid(OTHER) and ledger.printed[OTHER] == 7


def test_ledgers_of_editions_are_taken_together(tmp_path: Path, demo: Edition) -> None:
    project = Project(tmp_path)
    record(project, demo, [LedgerRow(CELL, None), LedgerRow(OTHER, None)])
    record(project, dataclasses.replace(demo, name="b"), [LedgerRow(CELL, 30)])
    ledger = load_ledger(project, demo)
    assert [one.name for one in ledger.publications] == ["0001-demo-2024", "0002-b"]
    assert ledger.hid(OTHER) and not ledger.hid(CELL) and ledger.printed == {CELL: 30}


def test_generated_and_real_figures_never_meet(
    tmp_path: Path, demo: Edition, real: Edition
) -> None:
    project = Project(tmp_path)
    record(project, demo, [LedgerRow(CELL, 30)])
    record(project, real, [LedgerRow(OTHER, 7)])
    assert load_ledger(project, demo).printed == {CELL: 30}
    assert load_ledger(project, real).printed == {OTHER: 7}


def test_the_ledgers_of_the_project_are_read(project: Project) -> None:
    for name in edition_names(project):
        edition = load_edition(project, name)
        for one in load_ledger(project, edition).publications:
            assert load_edition(project, one.edition).kind == edition.kind
            assert one.printed and set(one.line) == one.keys


@pytest.mark.parametrize("name", ["demo-2024.csv", "1-demo-2024.csv", "0001-a.csv"])
def test_a_ledger_without_its_own_number_is_refused(
    name: str, tmp_path: Path, demo: Edition
) -> None:
    project = Project(tmp_path)
    path = record(project, demo, [LedgerRow(CELL, 30)])
    path.with_name(name).write_bytes(path.read_bytes())
    with pytest.raises(DataError, match="số thứ tự"):
        load_ledger(project, demo)


@pytest.mark.parametrize("line", ["CT24.numerator,g,256,2024,,open,", "CT24,g,256,2024,,seen,3"])
def test_a_damaged_ledger_is_refused(line: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    write_ledger(path, [LedgerRow(CELL, 30)])
    path.write_text(path.read_text("utf-8") + line + "\n", "utf-8")
    with pytest.raises(DataError, match="dòng 3"):
        read_ledger(path)


def test_a_ledger_with_other_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    path.write_text("a,b\n", "utf-8")
    with pytest.raises(DataError, match="cần các cột"):
        read_ledger(path)


# --- commitments ----------------------------------------------------------------------------------


def test_a_commitment_is_known_by_its_key_only() -> None:
    key, other = b"k" * 32, b"o" * 32
    promised = commitment(key, "CT09", "256", "2024", "3")
    assert keeps(key, promised, "CT09", "256", "2024", "3")
    assert not keeps(key, promised, "CT09", "256", "2024", "4")
    tried = {commitment(other, "CT09", "256", "2024", str(n)) for n in range(50)}
    assert promised not in tried
    assert commitment(key, "CT09", "257", "2024", "3") != promised


def test_parts_cannot_be_cut_elsewhere() -> None:
    assert commitment(b"k" * 32, "CT1", "13") != commitment(b"k" * 32, "CT11", "3")


def test_generated_editions_have_a_key_everybody_can_make(small: Project, project: Project) -> None:
    edition = load_edition(project, "demo-2024")
    assert commitment_key(small, edition, {}) == commitment_key(project, edition, {})
    assert len(commitment_key(small, edition, {})) == 32


def test_real_editions_need_a_key_of_their_own(small: Project, real: Edition) -> None:
    with pytest.raises(DataError, match=VARIABLE):
        commitment_key(small, real, {})
    path = create_key(small)
    assert path.stat().st_mode & 0o077 == 0
    made = commitment_key(small, real, {})
    assert len(made) == 32 and commitment_key(small, real, {VARIABLE: "ab" * 32}) != made
    with pytest.raises(DataError, match="không ghi đè"):
        create_key(small)


@pytest.mark.parametrize("given", ["", "abc", "zz" * 32, "ab" * 16])
def test_a_key_of_another_form_is_refused(given: str, small: Project, real: Edition) -> None:
    with pytest.raises(DataError, match="64 chữ số thập lục phân"):
        commitment_key(small, real, {VARIABLE: given})


# --- which areas add up ---------------------------------------------------------------------------


def test_districts_add_up_to_the_old_province(project: Project) -> None:
    edition = load_edition(project, "demo-2024")
    links = area_links(edition, load_geography(project))
    assert [(link.year, link.whole, len(link.parts)) for link in links] == [
        (year, ("old-27", "27"), 8) for year in (2021, 2022, 2023, 2024)
    ]
    assert len(areas_inside(links)["old-27", "27"]) == 8


def test_old_and_new_areas_hang_together(project: Project) -> None:
    """99 communes make the new province; 41 of them the old one, rebuilt district by district."""
    edition = dataclasses.replace(load_edition(project, "demo-2025"), areas="communes")
    links = [link for link in area_links(edition, load_geography(project)) if link.year == 2025]
    sums = {(link.whole, len(link.parts)) for link in links if not link.rest}
    assert (("new-24", "24"), 99) in sums
    assert (("old-27", "27"), 41) in sums
    assert (("old-27", "27"), 8) in sums
    beyond = [(link.whole, link.parts) for link in links if link.rest]
    assert beyond == [(("new-24", "24"), (("old-27", "27"),))]


def test_unpublished_communes_are_in_no_sum(project: Project) -> None:
    links = area_links(load_edition(project, "demo-2025"), load_geography(project))
    wholes = {(link.year, link.whole) for link in links if not link.rest}
    assert (2025, ("new-24", "24")) not in wholes
    assert (2025, ("old-27", "27")) in wholes


# --- what public lineage says of values that it may not show ------------------------------------


def test_what_was_received_is_named_by_a_commitment(project: Project, real: Edition) -> None:
    """The checksum of a form in which one small count is missing could be tried."""
    demo = load_edition(project, "demo-2024")
    named = sealed(project, demo, "received", "abc")
    assert named == commitment(commitment_key(project, demo), "demo-2024", "received", "abc")
    internal = dataclasses.replace(demo, audience="internal")
    assert sealed(project, internal, "received", "abc") == "abc"
    assert sealed(project, real, "received", "abc") == "abc"  # it received nothing
    received = dataclasses.replace(real, submissions=("data/submissions",))
    with pytest.raises(DataError, match="--new-key"):
        sealed(Project(project.root / "nowhere"), received, "received", "abc")


ROW = dict.fromkeys(RESULT_PARTS, "") | {
    "edition": "demo-2024",
    "geography": "old-27",
    "area_code": "256",
    "year": "2024",
    "measure": "CT09",
    "numerator": "3",
}


def test_every_row_is_committed_to_and_nothing_tells_two_alike(project: Project) -> None:
    demo = load_edition(project, "demo-2024")
    rows = [ROW, ROW | {"area_code": "258"}, ROW | {"numerator": "4"}, ROW | {"numerator": ""}]
    made = commit_results(project, demo, rows)
    assert len(set(made)) == 4 and commit_results(project, demo, rows) == made
    assert commit_results(project, load_edition(project, "2022"), [ROW]) == [""]


def test_the_key_is_made_once_and_by_command(
    small: Project, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    (small.params / "2022.yml").write_text((project.params / "2022.yml").read_text("utf-8"))
    (small.root / "_quarto.yml").touch()
    (small.root / "data").mkdir()
    called = ["commitments", "2022", "--project", str(small.root)]
    assert main([*called, "--new-key"]) == 0 and key_path(small).stat().st_mode & 0o077 == 0
    assert main([*called, "--new-key"]) == 1
    assert main(called) == 1
    told = capsys.readouterr()
    assert "không ghi đè" in told.err and "không nhận hồ sơ nào" in told.err
    assert key_path(small).read_text("ascii").strip() not in told.out + told.err


def test_a_package_without_commitments_says_what_to_run(small: Project, project: Project) -> None:
    with pytest.raises(DataError, match="treem report demo-2024"):
        check_commitments(small, load_edition(project, "demo-2024"))


def test_public_ids_of_findings_do_not_depend_on_what_is_not_shown() -> None:
    shown = {"rule": "r", "cell": "H9", "message": "Ô không đọc được", "raw": ""}
    ids = public_ids([shown, shown | {"cell": "H10"}, shown])
    assert len(set(ids)) == 3 and public_ids([shown]) == ids[:1]
    first, second = (
        Finding("r", "record", message=f"ghi {n}", instruction="", cell="H9") for n in (3, 4)
    )
    assert first.finding_id != second.finding_id  # why the office's own ids may not be shown


FOUND = {"area_code": "256", "year": "2024", "measure": "CT24", "rule": "threefold_change"}
HIDDEN = {"area_code": "256", "year": 2024, "measure": "CT24"}


@pytest.mark.parametrize(
    ("finding", "hidden", "withheld"),
    [
        ({}, {}, True),
        # "the same as last year" beside last year's printed count is the count
        ({"rule": "copied_from_last_year", "measure": ""}, {}, True),
        ({}, {"year": 2023}, True),  # three times a hidden count
        ({}, {"year": 2025}, True),
        ({}, {"year": 2022}, False),
        ({}, {"area_code": "258"}, False),
        ({}, {"measure": "CT22"}, False),
        ({"measure": "CT11.1"}, {"measure": "CT11.2"}, True),  # the dead among the injured
        ({"measure": "CT08.2"}, {"measure": "CT08.1"}, True),  # one is the base of the other
        ({"rule": "hidden_cell"}, {}, False),  # about the form
        ({"rule": "a_rule_of_next_year"}, {}, True),
        ({"rule": "plan_against_published", "area_code": "27", "year": ""}, {}, False),
    ],
)
def test_a_check_on_values_is_not_named_beside_a_hidden_count(
    finding: dict[str, str], hidden: dict[str, object], withheld: bool, project: Project
) -> None:
    policy = load_policy(project)
    assert name_withheld([FOUND | finding], [HIDDEN | hidden], policy) == [withheld]


def test_every_check_that_may_be_named_is_one(project: Project) -> None:
    assert set(rule_names(project)) >= {WITHHELD, *OF_FORM}
