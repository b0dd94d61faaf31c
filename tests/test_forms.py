"""The forms that go out: who gets one, what it asks, what can be typed where, the same bytes."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from dataclasses import replace

import openpyxl
import pytest

from tiny_province import observed, ratio
from treem.areas import load_geography
from treem.edition import GENERATED_NOTICE, load_edition
from treem.errors import AreaError, PlanError
from treem.intake.blank import last_year_figures, write_forms
from treem.intake.forms import (
    FIRST_ID_ROW,
    FOOT,
    FORM_VERSION,
    GUIDE_SHEET,
    HEADERS,
    IDS_SHEET,
    LETTERS,
    SHEET,
    agency_code,
    form_rows,
    measures_of,
    parts_of,
    row_id,
)
from treem.intake.forms_write import Entry, build_form, make_form, save_form
from treem.intake.observations import observations_table
from treem.intake.units import receiver_of, units_owing
from treem.plan.register import load_register
from treem.strata import NAMES, STRATA, dimension_of, strata_of, stratum_name

HEALTH = {"CT04.1", "CT04.2", "CT04.3a", "CT04.3b", "CT06"}


@pytest.fixture(scope="module")
def register(project):
    return load_register(project)


@pytest.fixture(scope="module")
def areas(project):
    return load_geography(project)


@pytest.fixture(scope="module")
def districts(project):
    return load_edition(project, "demo-2024")


@pytest.fixture(scope="module")
def communes(project):
    return load_edition(project, "demo-2025")


@pytest.fixture(scope="module")
def one(register, areas, communes, tmp_path_factory):
    """The form of a commune for 2025, with last year's figures, as it stands on disk."""
    unit = next(u for u in units_owing(communes, register, areas, 2025) if u.code == "09169")
    before = {"CT01.numerator": "3", "CT11.1.numerator": "12.5", "CT13.numerator": "<2"}
    form = make_form(communes, register, unit, 2025, before)
    path = tmp_path_factory.mktemp("form") / "09169.xlsx"
    save_form(build_form(register, form, {}), path)
    return path


def table(sheet):
    """The rows of figures by machine words: code, part and stratum, each with its row number."""
    head = next(row for row in range(1, 20) if sheet.cell(row, 1).value == HEADERS[0])
    return {
        (
            sheet.cell(row, 2).value,
            sheet.cell(row, 4).value.split(":")[0],
            sheet.cell(row, 5).value,
        ): row
        for row in range(head + 2, sheet.max_row + 1)
        if sheet.cell(row, 2).value
    }


# --- who owes what ----------------------------------------------------------------------------


def test_districts_and_two_departments_owe_2024(districts, register, areas):
    units = units_owing(districts, register, areas, 2024)
    assert [u.code for u in units if u.kind == "district"] == [
        "256", "258", "259", "260", "261", "262", "263", "264",
    ]  # fmt: skip
    assert [(u.code, u.name, u.area_code) for u in units if u.kind == "department"] == [
        ("LDTBXH", "Sở Lao động - Thương binh và Xã hội", "27"),
        ("SYT", "Sở Y tế", "27"),
    ]
    assert {u.kind for u in units} == {"district", "department"}


def test_communes_and_the_health_department_owe_2025(communes, register, areas):
    units = units_owing(communes, register, areas, 2025)
    assert len([u for u in units if u.kind == "commune"]) == 99
    assert [(u.code, u.name, u.area_code) for u in units if u.kind == "department"] == [
        ("SYT", "Sở Y tế tỉnh Bắc Ninh", "24")
    ]
    names = {u.code: u.name for u in units}
    assert names["09169"] == "Ủy ban nhân dân phường Vũ Ninh"


def test_an_edition_of_the_new_province_reaches_back_through_the_old_units(
    communes, districts, register, areas
):
    assert units_owing(communes, register, areas, 2023) == units_owing(
        districts, register, areas, 2023
    )


def test_an_edition_of_the_old_province_has_no_units_after_its_end(districts, register, areas):
    with pytest.raises(AreaError, match="27"):
        units_owing(districts, register, areas, 2025)


def test_names_of_units_are_those_of_31_december(districts, register, areas):
    names = {
        year: {u.code: u.name for u in units_owing(districts, register, areas, year)}
        for year in (2022, 2023)
    }
    assert names[2022]["259"] == "Ủy ban nhân dân huyện Quế Võ"
    assert names[2023]["259"] == "Ủy ban nhân dân thị xã Quế Võ"


def test_the_duty_for_child_labour_moves_to_the_health_department_on_1_march_2025(register):
    assert {m.id for m in measures_of(register, "LDTBXH", 2024)} == {"CT10"}
    assert {m.id for m in measures_of(register, "SYT", 2024)} == HEALTH
    assert measures_of(register, "LDTBXH", 2025) == ()
    assert {m.id for m in measures_of(register, "SYT", 2025)} == HEALTH | {"CT10"}


def test_every_measure_is_owed_once_by_areas_or_by_a_department(register):
    for year in (2021, 2024, 2025, 2030):
        owed = [
            m.id for unit in ("256", "SYT", "LDTBXH") for m in measures_of(register, unit, year)
        ]
        assert sorted(owed) == sorted(register.measures)


def test_before_the_plan_nobody_owes_anything(register):
    with pytest.raises(PlanError, match="chưa có cơ quan nào được giao"):
        measures_of(register, "SYT", 2020)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Sở Y tế", "SYT"),
        ("Sở Y tế tỉnh Bắc Ninh", "SYT"),
        ("Sở LĐTBXH", "LDTBXH"),
        ("Công an tỉnh Bắc Ninh", "CA"),
        ("Sở Lao động - Thương binh và Xã hội; Công an tỉnh", "LDTBXH"),
        ("Sở Văn hóa, Thể thao và Du lịch tỉnh Bắc Ninh", "VHTTDL"),
    ],
)
def test_an_agency_has_one_code_under_all_its_names(name, code):
    assert agency_code(name) == code


def test_an_agency_without_a_code_is_no_guess():
    with pytest.raises(KeyError, match="Sở Y tếp"):
        agency_code("Sở Y tếp")


def test_forms_go_to_the_agency_that_coordinates_at_the_end_of_the_year(register):
    assert receiver_of(register, 2024) == "Sở Lao động - Thương binh và Xã hội"
    assert receiver_of(register, 2025) == "Sở Y tế tỉnh Bắc Ninh"
    with pytest.raises(PlanError, match="tổng hợp báo cáo"):
        receiver_of(register, 2020)


# --- rows -------------------------------------------------------------------------------------


def test_rows_follow_the_parts_of_each_measure(districts, register):
    ids = [row.id for row in form_rows(districts, register, "256", 2024)]
    expected = [
        f"{m.id}.{part}" for m in measures_of(register, "256", 2024) for part in parts_of(m)
    ]
    assert ids == expected
    assert len(ids) == 26 * 2 + 1  # CT13 is a plain count


def test_strata_are_asked_in_the_editions_own_year_and_stand_below_their_total(communes, register):
    rows = form_rows(communes, register, "09169", 2025)
    injuries = [row.id for row in rows if row.measure == "CT11.1"]
    assert injuries == [
        "CT11.1.numerator",
        "CT11.1.numerator.sex=male",
        "CT11.1.numerator.sex=female",
        "CT11.1.denominator",
        "CT11.1.denominator.sex=male",
        "CT11.1.denominator.sex=female",
    ]
    assert len(rows) == 53 + 4 * 2 * 2  # four measures, two parts, two sexes
    assert not any(row.stratum for row in form_rows(communes, register, "256", 2024))


def test_strata_have_names_and_a_dimension(communes):
    assert strata_of(communes, "CT09") == ("", "sex=male", "sex=female")
    assert strata_of(communes, "CT01") == ("",)
    rural = replace(communes, strata={"CT01": ("sex", "residence")})
    assert [stratum_name(code) for code in strata_of(rural, "CT01")] == [
        "Chung", "Nam", "Nữ", "Nông thôn", "Thành thị",
    ]  # fmt: skip
    assert {dimension_of(code) for code in NAMES} == {"", *STRATA}
    with pytest.raises(KeyError):
        stratum_name("sex=other")
    assert row_id("CT11.1", "numerator", "sex=male") == "CT11.1.numerator.sex=male"


# --- the workbook -----------------------------------------------------------------------------


def test_every_unit_gets_one_form(project, districts, tmp_path):
    written = write_forms(project, districts, tmp_path, {("256", "CT01.numerator"): "13"})
    assert {path.relative_to(tmp_path).as_posix() for path in written} == {
        f"2024/{code}.xlsx"
        for code in ("256", "258", "259", "260", "261", "262", "263", "264", "SYT", "LDTBXH")
    }
    sheet = openpyxl.load_workbook(tmp_path / "2024/256.xlsx")[SHEET]
    assert sheet.cell(table(sheet)["CT01", "Tử số", "Chung"], 7).value == 13
    other = openpyxl.load_workbook(tmp_path / "2024/258.xlsx")[SHEET]
    assert other.cell(table(other)["CT01", "Tử số", "Chung"], 7).value is None
    labour = openpyxl.load_workbook(tmp_path / "2024/LDTBXH.xlsx")[SHEET]
    assert list(table(labour)) == [("CT10", "Giá trị", "Chung")]


def test_the_head_is_that_of_a_statistical_form(one):
    sheet = openpyxl.load_workbook(one)[SHEET]
    texts = {cell.coordinate: cell.value for row in sheet["A1:K5"] for cell in row if cell.value}
    assert texts["A2"] == "Biểu số: TE-01/X"
    assert texts["A3"] == "Ban hành theo Kế hoạch số 359/KH-UBND ngày 10/06/2021"
    assert texts["A4"].startswith("Ngày nhận báo cáo: ") and texts["A4"].endswith("/2026")
    assert texts["D2"] == "SỐ LIỆU CÁC CHỈ TIÊU VỀ TRẺ EM"
    assert texts["D3"] == "Kỳ báo cáo: năm"
    assert texts["D4"] == "Năm 2025"
    assert texts["G2"] == "Đơn vị báo cáo: Ủy ban nhân dân phường Vũ Ninh"
    assert texts["G3"] == "Đơn vị nhận báo cáo: Sở Y tế tỉnh Bắc Ninh"
    assert texts["G4"] == "Mã đơn vị: 09169"


def test_the_table_has_its_words_groups_and_foot(one):
    sheet = openpyxl.load_workbook(one)[SHEET]
    rows = [tuple(cell.value for cell in row) for row in sheet.iter_rows(max_col=len(HEADERS))]
    assert rows[5] == HEADERS
    assert rows[6] == LETTERS
    groups = [row[2] for row in rows if row[0] in ("I", "II", "III", "IV")]
    assert groups[0].startswith("Về phát triển toàn diện trẻ em") and len(groups) == 4
    row = rows[table(sheet)["CT03.2", "Tử số", "Nữ"] - 1]
    assert row[2:6] == (
        "Tỷ suất tử vong trẻ em dưới 1 tuổi",
        "Tử số: Số trẻ em chết ở độ tuổi dưới 1 tuổi trong năm (D0)",
        "Nữ",
        "số lượng",
    )
    assert FOOT in {row[0] for row in rows}


def test_last_years_figures_stand_beside_their_rows(one):
    sheet = openpyxl.load_workbook(one)[SHEET]
    rows = table(sheet)
    shown = {key: sheet.cell(row, 7).value for key, row in rows.items() if sheet.cell(row, 7).value}
    assert shown == {
        ("CT01", "Tử số", "Chung"): 3,
        ("CT11.1", "Tử số", "Chung"): 12.5,
        ("CT13", "Tử số", "Chung"): "<2",
    }


def test_only_what_is_filled_in_is_open_and_no_password_locks_the_rest(one):
    book = openpyxl.load_workbook(one)
    sheet = book[SHEET]
    assert all(s.protection.sheet and s.protection.password is None for s in book)
    rows = set(table(sheet).values())
    for row in rows:
        locked = [sheet.cell(row, column).protection.locked for column in range(1, 12)]
        assert locked == [True] * 7 + [False] * 4
    for row in set(range(1, max(rows) + 1)) - rows:
        assert all(sheet.cell(row, column).protection.locked for column in range(1, 12))


def test_marks_and_states_are_chosen_and_values_checked(one):
    sheet = openpyxl.load_workbook(one)[SHEET]
    checks = {str(c.sqref): c for c in sheet.data_validations.dataValidation}
    rows = table(sheet).values()
    values, marks, states = (f"{letter}8:{letter}{max(rows)}" for letter in "HIJ")
    assert min(rows) > 8 and set(checks) == {values, marks, states}
    assert checks[marks].formula1 == '"-,…,x,(ước)"'
    assert checks[states].formula1 == '"Chính thức,Ước tính,Sửa lại"'
    assert checks[values].type == "custom" and "ISNUMBER(H8)" in checks[values].formula1
    for check in checks.values():
        assert check.showErrorMessage and check.showInputMessage and check.errorStyle == "stop"
        assert len(check.error) <= 255 and len(check.prompt) <= 255  # more, and Excel repairs
        assert len(check.errorTitle) <= 32 and len(check.promptTitle) <= 32


def test_the_machine_ids_are_very_hidden_and_name_their_rows(one, communes, register):
    book = openpyxl.load_workbook(one)
    ids = book[IDS_SHEET]
    assert ids.sheet_state == "veryHidden"
    facts = [tuple(cell.value for cell in row) for row in ids["A1:B6"]]
    assert facts == [
        ("treem-form", FORM_VERSION),
        ("unit", "09169"),
        ("year", 2025),
        ("edition", "demo-2025"),
        ("notice", GENERATED_NOTICE),
        ("id", "row"),
    ]
    named = dict(ids.iter_rows(min_row=FIRST_ID_ROW, max_col=2, values_only=True))
    rows = form_rows(communes, register, "09169", 2025)
    assert list(named) == [row.id for row in rows]
    sheet = book[SHEET]
    for row in rows:
        assert sheet.cell(named[row.id], 2).value == row.measure
        assert sheet.cell(named[row.id], 4).value == row.label
        assert sheet.cell(named[row.id], 5).value == stratum_name(row.stratum)


def test_the_guide_defines_every_measure_and_asks_for_no_childs_name(one, register):
    sheet = openpyxl.load_workbook(one)[GUIDE_SHEET]
    cells = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value]
    text = "\n".join(cells)
    for measure in measures_of(register, "09169", 2025):
        assert measure.id in cells and measure.numerator_vi in cells
        assert (measure.denominator_vi or "(không có mẫu số)") in cells
    assert "Gửi tệp này về Sở Y tế tỉnh Bắc Ninh" in text
    assert "Không ghi họ tên, ngày sinh, số định danh" in text


def test_pages_are_landscape_with_repeated_header_and_numbers(one):
    sheet = openpyxl.load_workbook(one)[SHEET]
    assert sheet.page_setup.orientation == "landscape"
    assert int(sheet.page_setup.paperSize) == 9  # A4
    assert sheet.print_title_rows == "$6:$7"
    assert sheet.oddFooter.right.text == "Trang &P/&N"


def test_generated_forms_say_so_on_every_sheet_and_real_ones_do_not(
    one, register, areas, districts, tmp_path
):
    book = openpyxl.load_workbook(one)
    for sheet in book:
        said = {cell.value for row in sheet.iter_rows(max_row=6) for cell in row}
        assert GENERATED_NOTICE in said
        assert sheet.oddHeader.center.text == sheet.oddFooter.center.text == GENERATED_NOTICE
    assert book.properties.description == GENERATED_NOTICE
    real = replace(districts, kind="real")
    unit = units_owing(real, register, areas, 2024)[0]
    save_form(build_form(register, make_form(real, register, unit, 2024), {}), tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        parts = [archive.read(name).decode() for name in archive.namelist()]
    assert not any("TRÌNH DIỄN" in part for part in parts)


def test_entries_stand_in_the_four_open_cells(register, areas, districts, tmp_path):
    unit = units_owing(districts, register, areas, 2024)[0]
    entries = {"CT02.numerator": Entry("1.234,5", "(ước)", "Ước tính", "theo rà soát")}
    save_form(
        build_form(register, make_form(districts, register, unit, 2024), entries),
        tmp_path / "a.xlsx",
    )
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")[SHEET]
    row = table(sheet)["CT02", "Tử số", "Chung"]
    assert [sheet.cell(row, column).value for column in range(8, 12)] == [
        "1.234,5", "(ước)", "Ước tính", "theo rà soát",
    ]  # fmt: skip
    assert sheet.cell(row + 1, 8).value is None


def test_figures_of_the_year_before_come_from_what_is_used(districts, register, areas):
    rows = [
        *ratio("256", 2023, "CT01", 13, 19),
        observed("256", 2023, "CT02", "numerator", "7", used="false"),
        observed("256", 2023, "CT13", "numerator", "2", used="false", superseded_by="256-2.xlsx"),
        observed("256", 2022, "CT13", "numerator", "5"),
        observed("27", 2023, "CT06", "value", "2", bound="<"),
        observed("27", 2023, "CT10", "value", "1.1"),
        observed("258", 2023, "CT09", "numerator", ""),
        observed("09169", 2023, "CT01", "numerator", "1"),
    ]
    assert last_year_figures(districts, register, areas, observations_table(rows)) == {
        ("256", "CT01.numerator"): "13",
        ("256", "CT01.denominator"): "19",
        ("SYT", "CT06.value"): "<2",
        ("LDTBXH", "CT10.value"): "1.1",
    }


MAKE = """
import hashlib, sys
from pathlib import Path
from treem.areas import load_geography
from treem.edition import load_edition
from treem.intake.forms_write import build_form, make_form, save_form
from treem.intake.units import units_owing
from treem.plan.register import load_register
from treem.project import Project
project, path = Project(Path(sys.argv[1])), Path(sys.argv[2])
edition, register = load_edition(project, "demo-2024"), load_register(project)
unit = units_owing(edition, register, load_geography(project), 2024)[0]
save_form(build_form(register, make_form(edition, register, unit, 2024), {}), path)
print(hashlib.sha256(path.read_bytes()).hexdigest())
"""


def test_two_processes_write_the_same_bytes(project, tmp_path):
    digests = {
        subprocess.run(
            [sys.executable, "-c", MAKE, str(project.root), str(tmp_path / f"{seed}.xlsx")],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(project.root / "src")},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
