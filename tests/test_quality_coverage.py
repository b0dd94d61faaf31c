"""The coverage board: one state for each area, measure and year."""

from __future__ import annotations

from dataclasses import replace

import pytest

from test_rules import AREAS, DISTRICTS, EDITION, REGISTER, at, clean_rows
from tiny_province import table
from treem.intake.findings import find, findings_table
from treem.quality.coverage import COVERAGE_COLUMNS, STATES, coverage

NUMERATOR = ("904", 2024, "CT02", "numerator", "")


def board(rows, findings=(), edition=EDITION, waived=None):
    found = findings_table(edition.name, findings, waived)
    return coverage(edition, REGISTER, AREAS, table(rows.values()), found)


def state(rows, area, measure, year=2024, **more):
    found = board(rows, **more)
    (row,) = found.query("area_code == @area & measure == @measure & year == @year").itertuples()
    return row.state, row.expected, row.received, row.left_out


def changed(key=NUMERATOR, **more):
    rows = dict(clean_rows())
    rows[key] = replace(rows[key], **more)
    return rows


def test_there_is_one_row_for_each_area_measure_and_year():
    found = board(clean_rows())
    assert list(found.columns) == list(COVERAGE_COLUMNS)
    assert len(found) == 2 * 9 * len(REGISTER.measures)
    assert not found.duplicated(["area_code", "measure", "year"]).any()
    assert set(found["state"]) == {"complete", "not_owed"} <= set(STATES)
    survey = found.query("measure == 'CT10'")
    assert dict(zip(survey["area_code"], survey["state"], strict=False))["27"] == "complete"
    assert set(survey.query("level == 'district'")["state"]) == {"not_owed"}


@pytest.mark.parametrize(
    ("changes", "district", "province"),
    [
        ({}, ("complete", 2, 2, 0), ("complete", 8, 8, 0)),
        ({"status": "provisional"}, ("provisional", 2, 2, 0), ("provisional", 8, 8, 0)),
        ({"status": "missing", "value": ""}, ("partly", 2, 1, 0), ("partly", 8, 7, 0)),
        ({"used": "false"}, ("left_out", 2, 2, 1), ("partly", 8, 7, 1)),
    ],
)
def test_the_state_of_a_district_and_of_the_sum(changes, district, province):
    rows = changed(**changes)
    assert state(rows, "904", "CT02") == district
    assert state(rows, "27", "CT02") == province


def test_what_nobody_collected_and_what_does_not_apply():
    for status, name in (("missing", "not_collected"), ("not_applicable", "not_applicable")):
        rows = dict(clean_rows())
        for key, row in rows.items():
            if key[1:3] == (2024, "CT12"):
                rows[key] = replace(row, value="", status=status)
        assert state(rows, "904", "CT12")[0] == name
        assert state(rows, "27", "CT12")[0] == name


def test_a_district_that_sent_nothing_and_one_without_a_stratum():
    rows = {key: row for key, row in clean_rows().items() if key[:2] != ("904", 2024)}
    assert state(rows, "904", "CT02") == ("missing_submission", 2, 0, 0)
    assert state(rows, "27", "CT02")[0] == "partly"
    rows = dict(clean_rows())
    del rows["904", 2024, "CT09", "numerator", "sex=male"]
    assert state(rows, "904", "CT09") == ("partly", 6, 5, 0)
    assert state(rows, "904", "CT09", year=2023) == ("complete", 2, 2, 0)  # asked from 2024 on


def test_a_department_owes_the_counts_or_the_value():
    rows = dict(clean_rows())
    del rows["27", 2024, "CT06", "value", ""]
    assert state(rows, "27", "CT06")[0] == "complete"
    rows = dict(clean_rows())
    for part in ("numerator", "denominator"):
        del rows["27", 2024, "CT06", part, ""]
    assert state(rows, "27", "CT06") == ("complete", 1, 1, 0)


def test_only_findings_that_stop_something_are_counted():
    place = {"area_code": "904", "year": "2024", "measure": "CT02"}
    grave, waived = (find("negative_number", cell=cell, **place) for cell in ("H8", "H9"))
    asked = find("superseded", **place)
    found = board(clean_rows(), [grave, waived, asked], waived={waived: "MT-1"})
    assert found.query("area_code == '904' & measure == 'CT02' & year == 2024").findings.item() == 1
    assert found["findings"].sum() == 1


def test_published_figures_of_a_real_edition():
    edition = replace(EDITION, submissions=(), published="so.csv")
    rows = {"x": at("27", 2024, "CT10", "value", "3.1")}
    found = board(rows, edition=edition)
    assert set(found["area_code"]) == {"27"}
    assert found.query("measure == 'CT10' & year == 2024").state.item() == "complete"
    assert found.query("measure == 'CT10' & year == 2023").state.item() == "not_collected"


def test_the_districts_of_the_clean_province_are_all_there():
    assert set(board(clean_rows())["area_code"]) == {"27", *DISTRICTS}
