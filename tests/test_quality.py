"""The gate: every expectation fails on a table made wrong for it, and on no clean one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import pandas as pd
import pytest

from tiny_province import (
    ROOT,
    TinyAreas,
    observed,
    ratio,
    register,
    table,
    tiny_edition,
)
from treem import quality
from treem.display.numbers import format_exact
from treem.errors import UsageError
from treem.indicators.compute import compute
from treem.indicators.judged import RESULT_COLUMNS
from treem.intake.findings import find, findings_table
from treem.intake.observations import OBSERVATION_COLUMNS, records
from treem.project import Project
from treem.quality import RECEIVED, check, check_register, check_results, judge, suites
from treem.quality.own_views import register_views, result_views
from treem.quality.suites import read_suite
from treem.quality.views import observation_views

PROJECT = Project(ROOT)
REGISTER = register()
EDITION = tiny_edition()
AREAS = TinyAreas()


def clean_rows():
    """Figures that break no rule: two districts, two years, and one survey."""
    rows = [observed("27", 2024, "CT10", "value", "0.9")]
    for year in (2023, 2024):
        for number, code in enumerate(("901", "902"), start=year - 2022):
            births, children, special = 500 + number, 9000 + number, 120 + number
            for measure, deaths in (("CT03.1", 2), ("CT03.2", 4), ("CT03.3", 5)):
                rows += ratio(code, year, measure, deaths, births)
            for measure, cases in (("CT09", 1), ("CT11.1", 6), ("CT11.2", 1), ("CT23", 80)):
                rows += ratio(code, year, measure, cases, children)
            rows += ratio(code, year, "CT08.1", special, children)
            rows += ratio(code, year, "CT08.2", 100, special)
            rows += ratio(code, year, "CT18", 105, 100)
            rows += [observed(code, year, "CT13", "numerator", "0")]
            for measure in ("CT01", "CT21"):
                rows += ratio(code, year, measure, 6, 8)
            for measure in ("CT05.2", "CT14"):
                rows += ratio(code, year, measure, 980, 1000)
            for measure in ("CT19", "CT20.1"):
                rows += ratio(code, year, measure, 9, 20)
    return rows


def run(rows):
    checked = check(PROJECT, EDITION, REGISTER, AREAS, table(rows))
    expected_gaps = {"row_missing", "nothing_received"}
    findings = [row for row in records(checked.findings) if row["rule"] not in expected_gaps]
    return findings, {row["observation_id"]: row for row in records(checked.observations)}


# --- every expectation of every suite ---------------------------------------------------------


def clean_views():
    observations = table(clean_rows())
    results = compute(PROJECT, EDITION, REGISTER, AREAS, observations)
    return {
        **dict.fromkeys(RECEIVED, observation_views(EDITION, REGISTER, AREAS, observations)),
        "results": result_views(EDITION, REGISTER, results),
        "register": register_views(EDITION, REGISTER),
    }


VIEWS = clean_views()
SUITES = ("register", *RECEIVED, "results")
OURS = ("register", "results")


def expectations_of(*suites):
    return [
        pytest.param(name, expectation, id=f"{name}-{number}-{expectation['meta']['rule']}")
        for name in suites
        for number, expectation in enumerate(read_suite(PROJECT, name))
    ]


def spoil(expectation, view: pd.DataFrame) -> pd.DataFrame:
    """Make one row (or the shape) of a view wrong for one expectation."""
    kwargs = expectation["kwargs"]
    spoilt = view.copy().astype(object)
    match expectation["type"]:
        case "expect_table_columns_to_match_set":
            return spoilt.drop(columns=kwargs["column_set"][3])
        case "expect_table_row_count_to_equal":
            return spoilt.iloc[1:]
        case "expect_column_values_to_be_in_set":
            numeric = not isinstance(kwargs["value_set"][0], str)
            spoilt.loc[0, kwargs["column"]] = 7 if numeric else "khác"
        case "expect_column_values_to_not_be_in_set":
            spoilt.loc[0, kwargs["column"]] = kwargs["value_set"][0]
        case "expect_column_values_to_match_regex":
            wrong = [text for text in ("", "§") if not re.search(kwargs["regex"], text)]
            spoilt.loc[0, kwargs["column"]] = wrong[0]
        case "expect_column_values_to_be_between":
            column = kwargs["column"]
            spoilt[column] = spoilt[column].astype(float)
            spoilt.loc[0, column] = kwargs["max_value"] + 1
        case "expect_column_values_to_be_unique":
            spoilt.loc[0, kwargs["column"]] = spoilt.loc[1, kwargs["column"]]
        case "expect_compound_columns_to_be_unique":
            spoilt.loc[0, kwargs["column_list"]] = spoilt.loc[1, kwargs["column_list"]]
        case "expect_column_pair_values_a_to_be_greater_than_b" | (
            "expect_column_pair_values_to_be_equal"
        ):
            for key, value in (("column_A", 1.0), ("column_B", 2.0)):
                spoilt[kwargs[key]] = spoilt[kwargs[key]].astype(float)
                spoilt.loc[0, kwargs[key]] = value
        case other:
            raise AssertionError(f"no way to spoil a table for {other}")
    return spoilt


@pytest.mark.parametrize(("name", "expectation"), expectations_of(*OURS))
def test_each_expectation_fails_on_a_table_made_wrong_for_it(name, expectation, monkeypatch):
    monkeypatch.setattr(suites, "read_suite", lambda project, suite: [expectation])
    view = expectation["meta"]["view"]
    assert not VIEWS[name][view].empty
    spoilt = suites.run_suite(PROJECT, name, {view: spoil(expectation, VIEWS[name][view])})
    assert spoilt.failures
    assert {failure.meta["rule"] for failure in spoilt.failures} == {expectation["meta"]["rule"]}


@pytest.mark.parametrize("name", SUITES)
def test_no_expectation_fails_on_clean_tables(name):
    outcome = suites.run_suite(PROJECT, name, VIEWS[name])
    rules = {failure.meta["rule"] for failure in outcome.failures}
    # the tiny forms do not have all rows, and no department sent one
    assert rules <= {"row_missing", "nothing_received"}
    assert len(outcome.raw) == len(read_suite(PROJECT, name))


@pytest.mark.parametrize(("name", "expectation"), expectations_of(*SUITES))
def test_messages_have_words_for_every_place(name, expectation):
    meta = expectation["meta"]
    known = set(VIEWS[name][meta["view"]].columns)
    known |= {"a", "b", "c", "cell_a", "cell_b", "cell_c", "raw", "cell", "file", "group"}
    for template in (meta["message_vi"], meta["instruction_vi"]):
        assert set(re.findall(r"{(\w+)}", template)) <= known
        assert template.endswith(".")
    if name in OURS:
        assert meta["severity"] == "run"


def test_suites_agree_with_the_tables_and_the_register():
    measures = list(REGISTER.measures)
    for name in SUITES:
        for expectation in read_suite(PROJECT, name):
            if expectation["meta"]["rule"] == "unknown_measure_code":
                assert expectation["kwargs"]["value_set"] == measures
    columns = {
        name: next(
            set(one["kwargs"]["column_set"])
            for one in read_suite(PROJECT, name)
            if one["meta"]["rule"] == "columns"
        )
        for name in ("observations", "results")
    }
    assert columns["observations"] == set(OBSERVATION_COLUMNS)
    assert columns["results"] == set(RESULT_COLUMNS)


# --- what follows from a finding --------------------------------------------------------------


def test_clean_figures_pass_and_stay_in_use():
    findings, rows = run(clean_rows())
    assert findings == []
    assert {row["used"] for row in rows.values()} == {"true"}


def change(rows, area, year, measure, part, **changes):
    return [
        replace(row, **changes)
        if (row.area_code, row.year, row.measure, row.part) == (area, year, measure, part)
        else row
        for row in rows
    ]


# measure, part, new value: rule, and the values that are left out
RECORD = [
    ("CT08.2", "numerator", "300", "numerator_above_denominator", {"CT08.2 n", "CT08.2 d"}),
    ("CT18", "numerator", "130", "cohort_ratio_implausible", {"CT18 n", "CT18 d"}),
    ("CT03.1", "numerator", "5", "neonatal_above_infant", {"CT03.1 n", "CT03.2 n"}),
    ("CT03.3", "numerator", "3", "infant_above_under_five", {"CT03.2 n", "CT03.3 n"}),
    ("CT11.2", "numerator", "7", "killed_above_injured", {"CT11.1 n", "CT11.2 n"}),
    ("CT03.3", "denominator", "499", "births_differ", {"CT03.1 d", "CT03.3 d"}),
    ("CT11.2", "denominator", "8000", "children_differ", {"CT08.1 d", "CT11.2 d"}),
    ("CT21", "denominator", "9", "communes_differ", {"CT01 d", "CT21 d"}),
    ("CT14", "denominator", "1100", "under_five_differ", {"CT05.2 d", "CT14 d"}),
    ("CT20.1", "denominator", "21", "schools_differ", {"CT19 d", "CT20.1 d"}),
    ("CT08.2", "denominator", "140", "special_children_differ", {"CT08.1 n", "CT08.2 d"}),
    ("CT01", "numerator", "5.5", "count_not_whole", {"CT01 n"}),
]


@pytest.mark.parametrize(("measure", "part", "value", "rule", "left_out"), RECORD)
def test_values_that_contradict_each_other_are_left_out(measure, part, value, rule, left_out):
    rows = change(clean_rows(), "901", 2024, measure, part, value=value, raw=value)
    findings, checked = run(rows)
    findings = [one for one in findings if one["severity"] != "info"]  # a jump may be asked about
    assert {(one["rule"], one["severity"]) for one in findings} == {(rule, "record")}
    unused = {
        f"{row['measure']} {row['part'][0]}" for row in checked.values() if row["used"] == "false"
    }
    assert unused == left_out
    for one in findings:
        assert (one["area_code"], one["year"], one["sheet"]) == ("901", "2024", "Biểu số liệu")
        assert one["file"] == "ho-so/2024/901.xlsx" and one["cell"] in ("F1", "F2")
        printed = value if rule == "count_not_whole" else format_exact(Fraction(value))
        assert printed in one["message"] and one["instruction"]


def test_a_survey_value_out_of_bounds_is_left_out():
    rows = change(clean_rows(), "27", 2024, "CT10", "value", value="109", raw="109")
    findings, checked = run(rows)
    assert [(one["rule"], one["cell"]) for one in findings] == [("value_above_bound", "F3")]
    assert [row["measure"] for row in checked.values() if row["used"] == "false"] == ["CT10"]


def test_two_rows_for_one_value_are_both_left_out():
    again = observed("901", 2024, "CT13", "numerator", "4")
    again = replace(again, observation_id="CT13-901-2024-n-again", cell="F9")
    findings, checked = run([*clean_rows(), again])
    assert {(one["rule"], one["cell"]) for one in findings} == {
        ("duplicate_row", "F1"),
        ("duplicate_row", "F9"),
    }
    unused = [row for row in checked.values() if row["used"] == "false"]
    assert {row["cell"] for row in unused} == {"F1", "F9"}


def test_an_area_that_did_not_exist_on_the_day_is_left_out():
    findings, checked = run([*clean_rows(), observed("999", 2024, "CT13", "numerator", "1")])
    assert [one["rule"] for one in findings] == ["area_not_valid"]
    assert [row["area_code"] for row in checked.values() if row["used"] == "false"] == ["999"]


def test_a_workbook_copied_from_last_year_is_left_out_as_a_whole():
    rows = []
    for year in (2023, 2024):
        for measure in REGISTER.measures.values():
            if measure.reporting_level == "area" and measure.denominator_vi:
                rows += ratio("901", year, measure.id, 400, 400)
    findings, checked = run(rows)
    assert [(one["rule"], one["severity"]) for one in findings] == [
        ("copied_from_last_year", "submission")
    ]
    assert findings[0]["file"] == "ho-so/2024/901.xlsx"
    by_year = {2023: "true", 2024: "false"}
    assert all(row["used"] == by_year[row["year"]] for row in checked.values())


def test_what_is_expected_and_not_there_is_named():
    rows = change(clean_rows(), "901", 2024, "CT19", "numerator", value="", status="missing")
    findings, _ = run(rows)
    assert [(one["rule"], one["severity"], one["cell"]) for one in findings] == [
        ("value_not_collected", "info", "F1")
    ]
    checked = check(PROJECT, EDITION, REGISTER, AREAS, table(clean_rows()))
    gaps = {
        (one["area_code"], one["year"], one["measure"])
        for one in records(checked.findings)
        if one["rule"] == "row_missing"
    }
    assert ("901", "2023", "CT02") in gaps  # sent a form, without this row
    assert not {gap for gap in gaps if gap[2].startswith("CT04")}  # the department sent nothing


def test_a_value_given_instead_of_its_counts_owes_no_counts():
    rows = [
        observed("27", 2024, "CT06", "value", "2", bound="<", status="censored"),
        observed("27", 2024, "CT06", "numerator", "", mark="…"),
        observed("27", 2024, "CT06", "denominator", "", mark="…"),
    ]
    findings, _ = run([*clean_rows(), *rows])
    assert findings == []


def test_superseded_and_unused_values_are_not_checked():
    rows = change(clean_rows(), "901", 2024, "CT01", "numerator", value="99", used="false")
    assert run(rows)[0] == []


def test_a_fault_of_our_own_in_a_result_stops_the_run():
    results = compute(PROJECT, EDITION, REGISTER, AREAS, table(clean_rows()))
    province = (results["area_code"] == "27") & (results["measure"] == "CT01")
    wrong = results.assign(numerator=results["numerator"].mask(province, "13"))
    findings = records(check_results(PROJECT, EDITION, REGISTER, wrong).findings)
    assert {(one["rule"], one["severity"]) for one in findings} == {("province_not_sum", "run")}
    fewer = results[~province]
    findings = records(check_results(PROJECT, EDITION, REGISTER, fewer).findings)
    assert {one["rule"] for one in findings} == {"result_absent"}
    assert {one["year"] for one in findings} == {"2023", "2024"}


def test_a_fault_in_the_register_stops_the_run():
    class Changed:
        measures = dict(REGISTER.measures)
        baselines = REGISTER.baselines
        limits = staticmethod(REGISTER.limits)

    assert len(check_register(PROJECT, EDITION, REGISTER).findings) == 0
    Changed.measures["CT01"] = replace(REGISTER.measures["CT01"], unit="phần trăm")
    findings = records(check_register(PROJECT, EDITION, Changed()).findings)
    assert [(one["rule"], one["severity"], one["measure"]) for one in findings] == [
        ("unknown_unit", "run", "CT01")
    ]


# --- the engine -------------------------------------------------------------------------------


def test_a_check_that_cannot_be_made_stops_the_run(monkeypatch):
    expectation = next(
        one for one in read_suite(PROJECT, "results") if one["meta"]["rule"] == "unknown_status"
    )
    monkeypatch.setattr(suites, "read_suite", lambda project, name: [expectation])
    results = compute(PROJECT, EDITION, REGISTER, AREAS, table(clean_rows()))
    monkeypatch.setattr(
        quality,
        "result_views",
        lambda *_: {"results": VIEWS["results"]["results"].drop(columns="status")},
    )
    findings = records(check_results(PROJECT, EDITION, REGISTER, results).findings)
    assert [(one["rule"], one["severity"]) for one in findings] == [("check_failed", "run")]
    assert "Trạng thái thuộc danh mục" in findings[0]["message"]


def test_the_raw_result_is_repeatable_and_has_no_run_in_it():
    rows = change(clean_rows(), "901", 2024, "CT01", "numerator", value="9")
    raws = [check(PROJECT, EDITION, REGISTER, AREAS, table(rows)).raw for _ in range(2)]
    first, second = (json.dumps(raw, ensure_ascii=False, sort_keys=True) for raw in raws)
    assert first == second
    for word in ("run_id", "run_time", "batch_id", "ge_load_time", "validation_time"):
        assert word not in first
    failed = [one for one in raws[0] if not one["success"] and one["severity"] == "record"]
    assert [one["rule"] for one in failed] == ["numerator_above_denominator"]
    assert failed[0]["result"]["unexpected_count"] == 1


def test_findings_stand_in_the_same_order_whatever_order_they_are_found_in():
    found = [find("missing_submission", area_code=str(n), year="2024") for n in range(30)]
    assert findings_table("x", found).equals(findings_table("x", reversed(found)))


def test_nothing_is_written_to_the_home_folder(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    code = (
        "from pathlib import Path\n"
        "from treem.project import Project\n"
        "from treem.edition import load_edition\n"
        "from treem.plan.register import load_register\n"
        "from treem.quality import check_register\n"
        f"project = Project(Path({str(ROOT)!r}))\n"
        "check_register(project, load_edition(project, '2022'), load_register(project))\n"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=home, env={"HOME": str(home), "PATH": ""}
    )
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("không phải JSON", "không đọc được bộ kiểm tra: sai dạng JSON ở dòng 1"),
        ("[]", "thiếu danh sách"),
        ('{"expectations": [{"type": "expect_x"}]}', "type hoặc kwargs"),
        ('{"name": "x"}', "không đọc được bộ kiểm tra"),
        ('{"expectations": [{"type": "expect_x", "kwargs": {}, "meta": {"rule": "x"}}]}', "meta"),
    ],
)
def test_a_suite_that_is_damaged_is_named(tmp_path, text, words):
    folder = tmp_path / "expectations"
    folder.mkdir()
    (folder / "results.json").write_text(text, "utf-8")
    with pytest.raises(UsageError, match=words) as caught:
        read_suite(Project(tmp_path), "results")
    assert caught.value.exit_code == 2
    assert "expectations/results.json" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"type": "expect_nothing_at_all"}, "không có loại phép kiểm tra “expect_nothing_at_all”"),
        ({"kwargs": {"columns": "unit"}}, "kwargs không hợp"),
    ],
)
def test_an_expectation_the_engine_does_not_know_is_named(
    changes, words, monkeypatch, capfd, caplog
):
    expectation = {**read_suite(PROJECT, "register")[-1], **changes}
    monkeypatch.setattr(suites, "read_suite", lambda project, name: [expectation])
    with pytest.raises(UsageError, match=words) as caught:
        check_register(PROJECT, EDITION, REGISTER)
    assert "expectations/register.json, phép kiểm tra thứ 1" in str(caught.value)
    assert capfd.readouterr().err == ""
    assert not [one for one in caplog.records if one.levelname in ("ERROR", "CRITICAL")]


def test_numbers_of_a_message_have_thousands_marks():
    rows = change(clean_rows(), "901", 2024, "CT08.2", "numerator", value="32520", raw="32520")
    findings, _ = run(rows)
    assert "tử số 32.520 (ô F1)" in findings[0]["message"]
    assert judge._plain(100000.0) == "100.000" and judge._plain(12.6) == "12,6"
