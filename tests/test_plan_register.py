"""The register: committed tables equal the text, and what people chose is what is judged."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from fractions import Fraction
from pathlib import Path

import pytest

from plan_texts import FILE, NATIONAL, TEXT, lint_of
from treem.errors import PlanError
from treem.plan.national import load_national
from treem.plan.rebuild import build_tables, main
from treem.plan.register import PlanRegister, load_register
from treem.plan.source import read_plan
from treem.project import Project


@pytest.fixture(scope="module")
def register(project: Project) -> PlanRegister:
    return load_register(project)


def shown(register: PlanRegister, measure: str, reading: str, scope: str = "province") -> str:
    limits = register.limits(measure, reading, scope)  # type: ignore[arg-type]
    return " ".join(
        f"{year}:{target.limit.comparator}{float(target.limit.value):g}@{target.line}"
        for year, target in limits.items()
    )


def test_committed_tables_are_what_code_reads_out_of_the_text(project: Project) -> None:
    for name, text in build_tables(project).items():
        assert (project.plan / name).read_text("utf-8") == text, name


def test_the_source_is_the_document_as_issued(project: Project, register: PlanRegister) -> None:
    digest = hashlib.sha256(FILE.read_bytes()).hexdigest()
    assert digest == "fb18664b031a39af0a3b6b94bcffca2777c0c51a4756651d496ba8c333312dd9"
    assert (project.source / "SHA256SUMS").read_text() == f"{digest}  359-KH-UBND.txt\n"
    assert register.version.sha256 == digest
    assert register.version.valid_from == dt.date(2021, 6, 10)


def test_the_register_agrees_with_the_text(register: PlanRegister) -> None:
    plan = read_plan(TEXT, "x")
    assert list(register.measures) == list(plan.measures)
    assert register.baselines == plan.baselines
    assert set(plan.targets) <= set(register.targets)
    assert {d.id: d for d in register.discrepancies} == lint_of(TEXT)
    for measure in register.measures.values():
        stated = plan.measures[measure.id]
        assert measure.direction == stated.direction
        assert measure.indicator == stated.indicator
        assert register.indicators[measure.indicator].objective == measure.objective
        if measure.id != "CT13":
            said = {"%": "%", "‰": "/1.000", "/100.000": "/100.000"}[measure.unit]
            assert stated.unit == said
            assert measure.multiplier == {"%": 100, "/1.000": 1000, "/100.000": 100000}[said]


@pytest.mark.parametrize(
    ("measure", "reading", "expected"),
    [
        ("CT03.1", "text", "2025:<9@43 2030:<9@43"),
        ("CT03.1", "table", "2025:<=9@477 2030:<=9@479"),
        ("CT03.1", "ledger", "2025:<9@43 2030:<9@43"),
        ("CT04.1", "ledger", "2025:<=5@48 2030:<5@48"),
        ("CT04.3b", "text", "2030:<10@51"),
        ("CT04.3b", "ledger", "2025:<10@550 2030:<10@51"),
        ("CT05.1", "text", "2025:>=98@54 2030:>=98@54"),
        ("CT05.1", "table", "2025:>=97@571 2030:>=98@573"),
        ("CT05.2", "ledger", "2025:>=98@583 2030:>=98@54"),
        ("CT06", "ledger", "2025:<2@596 2030:<=2@56"),
        ("CT07", "ledger", "2025:>=100@58 2030:>=100@58"),
        ("CT08.1", "ledger", "2025:<2@63 2030:<=1.5@63"),
        ("CT09", "text", "2025:<0.004@66 2030:<0.005@66"),
        ("CT09", "ledger", "2025:<=0.004@657 2030:<=0.003@659"),
        ("CT10", "ledger", "2025:<1@68 2030:<1@68"),
        ("CT12", "ledger", "2025:>=100@74 2030:>=100@74"),
        ("CT13", "ledger", ""),
        ("CT14", "ledger", "2025:>=100@79 2030:>=100@79"),
        ("CT20.2", "ledger", "2025:>=80@96 2030:>=90@96"),
        ("CT20.2", "table", ""),
        ("CT21", "ledger", "2025:>=90@99 2030:>=95@99"),
    ],
)
def test_limits_by_reading(
    register: PlanRegister, measure: str, reading: str, expected: str
) -> None:
    assert shown(register, measure, reading) == expected


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("CT03.1", "2025:<9.5@None 2030:<9@None"),
        ("CT03.3", "2025:<18.5@None 2030:<15@None"),
        ("CT05.1", "2025:>=97@None 2030:>=98@None"),
        ("CT06", "2030:<=2@None"),
        ("CT13", ""),
        ("CT19", "2025:>=95@None"),
    ],
)
def test_national_limits_are_those_of_the_decision(
    register: PlanRegister, measure: str, expected: str
) -> None:
    for reading in ("text", "table", "ledger"):
        assert shown(register, measure, reading, "national") == expected


def test_every_measure_has_a_ledger_reading_for_both_years(register: PlanRegister) -> None:
    for measure in register.measures:
        years = set(register.limits(measure, "ledger"))
        assert years == (set() if register.undefined(measure) else {2025, 2030})


def test_only_ct13_is_undefined_and_nothing_is_confirmed(register: PlanRegister) -> None:
    assert [m for m in register.measures if register.undefined(m)] == ["CT13"]
    assert "tảo hôn" in register.undefined("CT13")
    assert not any(register.confirmed(measure) for measure in register.measures)
    assert register.reading_note("CT01") == "Mục I.2 là văn bản được phê duyệt."
    assert register.reading_note("CT06").count(".") >= 2


def test_every_discrepancy_has_a_decision_on_record(register: PlanRegister) -> None:
    assert set(register.decisions) == {item.id for item in register.discrepancies}
    for decision in register.decisions.values():
        assert decision.reading in {"text", "table", "national", "undefined", "none"}
        assert decision.status == "unconfirmed"
        assert decision.confirm_by
        assert decision.note


@pytest.mark.parametrize(
    ("measure", "on", "names"),
    [
        ("CT01", "2021-06-10", ["Sở Lao động - Thương binh và Xã hội"]),
        ("CT01", "2025-02-28", ["Sở Lao động - Thương binh và Xã hội"]),
        ("CT01", "2025-03-01", ["Sở Y tế"]),
        ("CT01", "2025-07-01", ["Sở Y tế tỉnh Bắc Ninh"]),
        ("CT09", "2024-12-31", ["Sở Lao động - Thương binh và Xã hội", "Công an tỉnh Bắc Ninh"]),
        ("CT21", "2024-12-31", ["Sở Văn hóa, Thể thao và Du lịch"]),
    ],
)
def test_who_holds_a_duty_depends_on_the_date(
    register: PlanRegister, measure: str, on: str, names: list[str]
) -> None:
    day = dt.date.fromisoformat(on)
    assert [agency.name for agency in register.agencies(measure, day)] == names
    assert register.agency(measure, day).name == names[0]


def test_the_confidence_of_a_successor_is_told(register: PlanRegister) -> None:
    later = register.agency("CT10", dt.date(2025, 3, 1))
    assert later.confidence == "trung bình"
    assert "Sở Nội vụ" in later.name_note
    assert later.in_plan == "Sở Lao động - Thương binh và Xã hội"
    assert register.agency("CT10", dt.date(2024, 1, 1)).confidence == "cao"
    assert register.agency_in_plan("CT09") == "Sở Lao động - Thương binh và Xã hội; Công an tỉnh"


def test_every_measure_has_one_holder_on_any_day_of_the_plan(register: PlanRegister) -> None:
    for measure in register.measures:
        for day in ("2021-06-10", "2025-02-28", "2025-03-01", "2025-06-30", "2025-07-01"):
            found = register.agencies(measure, dt.date.fromisoformat(day))
            assert len(found) == (2 if measure == "CT09" else 1)


def test_before_the_plan_nobody_holds_a_duty(register: PlanRegister) -> None:
    with pytest.raises(PlanError, match="trước khi kế hoạch 359/KH-UBND có hiệu lực"):
        register.agency("CT01", dt.date(2020, 12, 31))


def test_disclosure_classes_follow_the_specification(register: PlanRegister) -> None:
    classes: dict[str, list[str]] = {}
    for measure in register.measures.values():
        classes.setdefault(measure.disclosure_class, []).append(measure.id)
    assert classes["S0"] == ["CT01", "CT07", "CT19", "CT20.1", "CT21"]
    assert classes["S3"] == ["CT06", "CT09", "CT13"]
    assert classes["S2"] == [
        "CT03.1", "CT03.2", "CT03.3", "CT08.1", "CT10", "CT11.1", "CT11.2", "CT20.2",
    ]  # fmt: skip
    assert len(classes["S1"]) == 17


def test_published_units_and_bounds_are_exact(register: PlanRegister) -> None:
    assert register.measures["CT09"].published_unit == Fraction(1, 1000)
    assert register.measures["CT14"].published_unit == Fraction(1, 100)
    assert register.measures["CT13"].upper_bound is None
    assert register.measures["CT16"].upper_bound == 120


def test_the_decision_has_61_levels_and_two_yearly_changes(project: Project) -> None:
    whole = [item for item in NATIONAL if not item.part]
    assert sum(item.value is not None for item in whole) == 61
    assert [item.measure for item in whole if item.value is None] == ["CT13", "CT13"]
    assert {item.measure for item in NATIONAL if item.part} == {"CT17", "CT18"}


@pytest.fixture
def plan_copy(tmp_path: Path, project: Project) -> Project:
    """Make a project of a register and its source alone, to change."""
    for folder in (project.plan, project.source):
        shutil.copytree(folder, tmp_path / "data" / folder.name)
    (tmp_path / "params").mkdir()
    (tmp_path / "_quarto.yml").touch()
    return Project(tmp_path)


# --- faults of the tables -----------------------------------------------------------------------


def edited(project: Project, name: str, old: str, new: str) -> Path:
    path = project.plan / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("readings.csv", "CT01,province,2025,text", "CT01,province,2025,label2", "chọn nơi"),
        ("readings.csv", "CT06,province,2025,table", "CT06,province,2025,text", "chọn nơi “text”"),
        ("readings.csv", "CT01,province,2025", "CT01,province,2030", "ghi hai lần"),
        ("readings.csv", "CT01,province", "CT99,province", "ghi hai lần hoặc không phải"),
        ("readings.csv", "text,unconfirmed", "text,confirmed", "người xác nhận"),
        ("readings.csv", "2026-11-23", "23/11/2026", "dòng 2"),
        ("decisions.csv", "CT02-baseline_missing", "CT02-nothing", "không khớp ledger.csv"),
        ("measures.csv", "higher_better", "up", "higher_better"),
        ("measures.csv", "name_en", "name_enn", "thiếu cột name_en"),
        ("targets.csv", ",82,38,", ",tám mươi,38,", "targets.csv, dòng 2"),
        ("baselines.csv", "CT01,,74", "CT98,,74", "thiếu dòng cho CT01"),
        ("national_targets.csv", ",=,65,", ",~,65,", "Cần dấu < hoặc ="),
        ("versions.csv", "2021-06-10,2021-06-10", "2021-06-10", "có 10 ô, cần 11 ô"),
    ],
)
def test_a_fault_in_a_table_is_named(
    plan_copy: Project, name: str, old: str, new: str, message: str
) -> None:
    edited(plan_copy, name, old, new)
    with pytest.raises(PlanError, match=message) as caught:
        if name == "national_targets.csv":
            load_national(plan_copy.plan)
        load_register(plan_copy)
    assert name in str(caught.value)


def test_a_missing_or_damaged_table_is_named(plan_copy: Project) -> None:
    (plan_copy.plan / "baselines.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PlanError, match=r"data/plan/baselines\.csv: không phải UTF-8"):
        load_register(plan_copy)
    (plan_copy.plan / "baselines.csv").unlink()
    with pytest.raises(PlanError, match=r"data/plan/baselines\.csv: không đọc được"):
        load_register(plan_copy)
    (plan_copy.plan / "baselines.csv").write_text("")
    with pytest.raises(PlanError, match="bảng trống"):
        load_register(plan_copy)


def test_an_unknown_version_is_refused(project: Project) -> None:
    assert load_register(project, 1).version.version == 1
    with pytest.raises(PlanError, match="không có phiên bản kế hoạch số 7"):
        load_register(project, 7)


def test_a_confirmed_reading_is_confirmed(plan_copy: Project) -> None:
    path = plan_copy.plan / "readings.csv"
    lines = path.read_text("utf-8").split("\n")
    authority = "Ủy ban nhân dân tỉnh Bắc Ninh"
    lines = [
        line.replace(f"unconfirmed,{authority},,", f"confirmed,{authority},Công văn 1/UBND,")
        if line.startswith("CT01,province")
        else line
        for line in lines
    ]
    path.write_text("\n".join(lines), "utf-8")
    register = load_register(plan_copy)
    assert register.confirmed("CT01")
    assert not register.confirmed("CT02")


# --- rewriting the tables -------------------------------------------------------------------------


def test_rebuild_says_what_differs_and_then_writes_it(
    plan_copy: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--project", str(plan_copy.root)]
    assert main([*where, "--check"]) == 0
    path = edited(plan_copy, "targets.csv", ",82,38,", ",83,38,")
    assert main([*where, "--check"]) == 1
    assert "targets.csv" in capsys.readouterr().err
    assert main(where) == 0
    assert "1 bảng" in capsys.readouterr().out
    assert ",82,38," in path.read_text("utf-8")


def test_rebuild_after_an_amendment_asks_for_new_decisions(
    plan_copy: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    source = plan_copy.plan_text
    source.write_text(source.read_text("utf-8").replace("\n82\n", "\n83\n", 1), "utf-8")
    assert main(["--project", str(plan_copy.root)]) == 0
    with pytest.raises(PlanError, match="chưa có quyết định: CT01-value-province-2025"):
        load_register(plan_copy)


def test_rebuild_on_a_broken_source_gives_the_exit_code_of_data(
    plan_copy: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    plan_copy.plan_text.write_text("không phải kế hoạch", "utf-8")
    assert main(["--project", str(plan_copy.root)]) == 1
    assert "mục I.2" in capsys.readouterr().err
