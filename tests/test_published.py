"""The real published figures of 2022, and decisions that do not fit them."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

from treem.areas import load_geography
from treem.edition import load_edition
from treem.errors import DataError
from treem.indicators.compute import compute
from treem.intake.observations import records
from treem.intake.published import read_published
from treem.plan.register import load_register
from treem.project import Project
from treem.quality import check, check_results

FIGURES = "data/published/so_lieu_bac_ninh.csv"
DECISIONS = "data/published/quyet_dinh.csv"


def read(project: Project):
    edition = load_edition(project, "2022")
    return read_published(project, edition, load_register(project), load_geography(project))


@pytest.fixture(scope="module")
def results(project):
    edition, register = load_edition(project, "2022"), load_register(project)
    areas = load_geography(project)
    received = read_published(project, edition, register, areas)
    checked = check(project, edition, register, areas, received.observations)
    found = compute(project, edition, register, areas, checked.observations)
    assert len(check_results(project, edition, register, found).findings) == 0
    return {(row["year"], row["measure"]): row for row in records(found)}


def test_each_figure_points_to_its_row_and_source(project):
    with (project.root / FIGURES).open(encoding="utf-8", newline="") as stream:
        lines = stream.read().split("\n")
    for row in records(read(project).observations):
        line = next(csv.reader([lines[int(row["published_row"]) - 1]]))
        assert (line[0], line[6]) == (row["measure"], row["raw"])
        assert (row["file"], row["source_kind"], row["cell"]) == (FIGURES, "published", "")
        assert "Báo điện tử ĐCSVN" in row["agency"]
        assert row["received_date"] == "2023-06-01"
        assert "https://bacninh.dangcongsan.vn/" in row["source_note"]


def test_exactly_one_measure_is_judged(results):
    not_judged = {"UNDEFINED", "NOT_COMPARABLE", "NOT_APPLICABLE", "NO_DATA"}
    judged = {key for key, row in results.items() if row["verdict_2025"] not in not_judged}
    assert judged == {(2022, "CT08.1")}
    assert len(results) == 33 * 2
    row = results[2022, "CT08.1"]
    # 0.8 % against 2 % in 2020, below 2 % (2025) and at most 1.5 % (2030): both early
    assert (row["value"], row["verdict_2025"], row["verdict_2030"]) == ("0.8", "EARLY", "EARLY")
    assert (row["mode"], row["numerator"], row["lower"]) == ("PATH1", "", "")


def test_changed_criteria_are_shown_and_not_judged(results):
    row = results[2022, "CT01"]
    assert (row["numerator"], row["denominator"]) == ("59", "126")
    assert row["value"].startswith("46.825396")  # 59 / 126
    assert (row["verdict_2025"], row["mark"], row["comparable"]) == (
        "NOT_COMPARABLE",
        "[b]",
        "false",
    )
    assert "theo tiêu chí mới" in row["reason"]


@pytest.mark.parametrize(("measure", "cases"), [("CT09", "25"), ("CT11.2", "37")])
def test_seventeen_months_are_no_year(results, measure, cases):
    row = results[2022, measure]
    assert (row["numerator"], row["denominator"], row["value"]) == (cases, "", "")
    assert row["period_note"] == "01/2022-05/2023"
    assert row["verdict_2025"] == row["verdict_2030"] == "NOT_COMPARABLE"
    assert "17 tháng" in row["reason"]


def test_everything_else_is_missing_with_its_reason(results):
    shown = {"CT01", "CT08.1", "CT09", "CT11.2"}
    for (year, measure), row in results.items():
        if year == 2022 and measure in shown:
            continue
        assert (row["status"], row["value"], row["numerator"]) == ("missing", "", "")
        assert f"Chưa có số liệu công bố cho năm {year}." in row["reason"]


def test_rows_without_a_date_are_not_used(project):
    rows = records(read(project).observations)
    assert {row["raw"] for row in rows} == {"59", "126", "0.8", "25", "37"}


def test_the_plans_2020_level_is_set_beside_what_was_published(project):
    findings = records(read(project).findings)
    assert {(row["measure"], row["rule"], row["severity"]) for row in findings} == {
        ("CT03.2", "plan_against_published", "info"),
        ("CT03.3", "plan_against_published", "info"),
    }
    infant = next(row for row in findings if row["measure"] == "CT03.2")
    assert " 16 " in infant["message"] and "12,6" in infant["message"]


# --- decisions that do not fit ----------------------------------------------------------------


def edit(project: Project, name: str, change) -> None:
    path = project.root / name
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        names, rows = list(reader.fieldnames or ()), list(reader)
    rows = change(rows) or rows
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def test_a_row_nobody_decided_about_is_a_finding_and_not_used(project_copy):
    edit(project_copy, DECISIONS, lambda rows: [r for r in rows if r["ma_chi_tieu"] != "CT09"])
    received = read(project_copy)
    finding = next(r for r in records(received.findings) if r["rule"] == "undecided_row")
    assert (finding["measure"], finding["severity"], finding["cell"]) == ("CT09", "record", "49")
    assert "CT09" not in {row["measure"] for row in records(received.observations)}


def refused(project: Project) -> str:
    with pytest.raises(DataError) as caught:
        read(project)
    return str(caught.value)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("ky", "2021", "phải khớp đúng một dòng"),
        ("phan", "tử số", "quyết định chưa đủ hoặc sai"),
        ("so_sanh_duoc", "", "quyết định chưa đủ hoặc sai"),
        ("ly_do", "", "quyết định chưa đủ hoặc sai"),
        ("su_dung", "có", "quyết định chưa đủ hoặc sai"),
    ],
)
def test_a_decision_that_fits_no_row_or_is_incomplete(project_copy, column, value, words):
    edit(project_copy, DECISIONS, lambda rows: rows[0].update({column: value}))
    message = refused(project_copy)
    assert words in message and f"{DECISIONS} dòng 2" in message


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [("don_vi_tinh", "‰", "đơn vị tính"), ("gia_tri", "0,8", "0,8"), ("dau", "~<", "~<")],
)
def test_a_used_row_that_cannot_be_used(project_copy, column, value, words):
    def change(rows):
        used = next(r for r in rows if r["ma_chi_tieu"] == "CT08.1" and r["ky"] == "2022")
        used[column] = value

    edit(project_copy, FIGURES, change)
    message = refused(project_copy)
    assert words in message and FIGURES in message


def test_a_missing_file_or_column(project_copy):
    path = project_copy.root / FIGURES
    text = path.read_text("utf-8")
    path.write_text(text.replace("dia_chi", "dia_chi_web", 1), "utf-8")
    assert "thiếu cột dia_chi" in refused(project_copy)
    path.unlink()
    assert "không tìm thấy tệp" in refused(project_copy)


def test_a_later_edition_takes_its_own_years_only(project):
    edition = replace(load_edition(project, "2022"), years=(2021,), year=2021)
    received = read_published(project, edition, load_register(project), load_geography(project))
    assert len(received.observations) == 0
