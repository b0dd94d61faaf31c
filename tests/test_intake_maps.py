"""Rules that people keep: files read through column maps, and corrections with a guard."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from sent_forms import EDITION, YEAR, all_texts, changed, expected, read_data, values
from test_intake_names import to_tcvn3, to_vni
from tiny_province import register
from treem.errors import UsageError
from treem.intake.column_maps import load_column_maps, map_of
from treem.intake.corrections import apply_corrections, load_corrections
from treem.project import Project

CT01 = register().measures["CT01"].name_vi
CT13 = register().measures["CT13"].name_vi

ROWS = """
- id: tong-hop
  unit: "901"
  year: 2024
  layout: rows
  measure: Nội dung
  columns: {numerator: Thực hiện, denominator: Tổng số}
  names: {"Trẻ đến 8 tuổi được chăm sóc": CT02}
"""
AREAS = """
- id: theo-huyen
  unit: SYT
  year: 2024
  layout: areas
  area: Địa bàn
  columns:
    CT03.2.numerator: Tử vong dưới 1 tuổi
    CT03.2.denominator: Số trẻ đẻ sống
    CT09.numerator.sex=female: Bị xâm hại, nữ
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "params" / "intake").mkdir(parents=True)
    return Project(tmp_path)


def keep(project: Project, name: str, text: str) -> None:
    (project.params / "intake" / f"{name}.yml").write_text(text, "utf-8")


def the_map(project: Project, text: str):
    keep(project, "column_maps", text)
    return load_column_maps(project)[0]


def workbook(rows, change=None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Tổng hợp"
    for row in rows:
        sheet.append(row)
    if change:
        change(sheet)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


SUMMARY = [
    ["TỔNG HỢP SỐ LIỆU NĂM 2024"],
    [],
    ["TT", "Nội dung", "Thực hiện", "Tổng số", "Tỷ lệ"],
    ["A", "B", "1", "2", "3"],
    [None, "Tổng cộng", 99, 999, None],
    [1, CT01, 6, 8, 75],
    [2, "Trẻ  đến 8 tuổi được chăm sóc", "1.234,5", "<10", None],
    [3, CT13, 2, None, None],
    [4, "CT03.2", None, None, None],
    [],
    [None, "Người lập biểu", "Thủ trưởng đơn vị", 3],
]
SUMMED = {
    "CT01.numerator": "6",
    "CT01.denominator": "8",
    "CT02.numerator": "1234.5",
    "CT02.denominator": "<10",
    "CT13.numerator": "2",
}
BY_AREA = [
    ["Địa bàn", "Số trẻ đẻ sống", "Tử vong dưới 1 tuổi", "Bị xâm hại, nữ"],
    ["901", 100, 1, "-"],
    ["Huyện Hai", 200, 3, 4],
    ["Toàn tỉnh", 300, 4, 4],
]


# --- a line a measure -------------------------------------------------------------------------


def test_a_summary_of_an_office_is_read_through_its_map(project, tmp_path):
    rows, findings = read_data(tmp_path, workbook(SUMMARY), mapped=the_map(project, ROWS))
    assert findings == [] and values(rows) == SUMMED
    cells = {row.cell: row for row in rows}
    assert cells["C6"].header_path == f"{CT01} > Thực hiện"
    assert (cells["C7"].raw, cells["C7"].sheet, cells["C7"].area_code) == (
        "1.234,5",
        "Tổng hợp",
        "901",
    )


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_summary_saved_as_text(project, tmp_path, separator):
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(SUMMARY)
    data = text.getvalue().encode("utf-8-sig")
    rows, findings = read_data(tmp_path, data, mapped=the_map(project, ROWS), name="901.csv")
    assert findings == [] and values(rows) == SUMMED


def test_a_line_that_fits_no_measure_is_named(project, tmp_path):
    data = workbook([*SUMMARY[:6], [5, "Số trẻ khác", 4, 5], [6, "CT04.1", 4, 5]])
    rows, findings = read_data(tmp_path, data, mapped=the_map(project, ROWS))
    assert [(one.rule, one.severity, one.cell, one.raw) for one in findings] == [
        ("unmapped_row", "record", "B7", "Số trẻ khác"),
        ("unmapped_row", "record", "B8", "CT04.1"),  # owed by a department
    ]
    assert "“tong-hop”" in findings[0].message
    assert values(rows) == {"CT01.numerator": "6", "CT01.denominator": "8"}


def test_a_cell_that_is_no_number_is_named_in_a_mapped_file_too(project, tmp_path):
    data = workbook([*SUMMARY[:3], [1, CT01, "sáu", 8]])
    rows, findings = read_data(tmp_path, data, mapped=the_map(project, ROWS))
    assert [(one.rule, one.cell, one.measure, one.part) for one in findings] == [
        ("not_a_number", "C4", "CT01", "numerator")
    ]
    assert values(rows) == {"CT01.denominator": "8"}


def test_what_is_hidden_is_read_and_named(project, tmp_path):
    def hide(sheet):
        sheet.row_dimensions[6].hidden = True

    rows, findings = read_data(tmp_path, workbook(SUMMARY, hide), mapped=the_map(project, ROWS))
    assert {(one.rule, one.cell) for one in findings} == {("hidden_cell", "C6"),
                                                          ("hidden_cell", "D6")}  # fmt: skip
    assert values(rows) == SUMMED


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"Thực hiện": "Đạt"}, "“Thực hiện”"),
        ({"Nội dung": "Chỉ tiêu khác"}, "“Nội dung”"),
        ({"layout: rows": "layout: rows\n  sheet: Trang khác"}, "“tong-hop”"),
    ],
)
def test_words_that_do_not_fit_leave_the_file_out(project, tmp_path, changes, words):
    text = ROWS
    header = SUMMARY[2]
    for old, new in changes.items():
        if old in header:
            header = [new if one == old else one for one in header]
        else:
            text = text.replace(old, new)
    data = workbook([*SUMMARY[:2], header, *SUMMARY[3:]])
    rows, findings = read_data(tmp_path, data, mapped=the_map(project, text))
    assert rows == []
    assert [(one.rule, one.severity) for one in findings] == [("map_does_not_fit", "submission")]
    assert words in findings[0].message


def test_two_columns_of_one_name_are_not_chosen_between(project, tmp_path):
    data = workbook([*SUMMARY[:2], [*SUMMARY[2][:4], "Thực hiện"], *SUMMARY[3:]])
    rows, findings = read_data(tmp_path, data, mapped=the_map(project, ROWS))
    assert rows == [] and [one.rule for one in findings] == ["repeated_column"]
    assert "“Thực hiện”" in findings[0].message


# --- a line an area ---------------------------------------------------------------------------


def test_a_table_of_areas_gives_each_its_own_figures(project, tmp_path):
    rows, findings = read_data(tmp_path, workbook(BY_AREA), "SYT", the_map(project, AREAS))
    assert findings == []
    assert {(row.area_code, row.measure, row.part, row.stratum): row.value for row in rows} == {
        ("901", "CT03.2", "numerator", ""): "1",
        ("901", "CT03.2", "denominator", ""): "100",
        ("901", "CT09", "numerator", "sex=female"): "0",
        ("902", "CT03.2", "numerator", ""): "3",
        ("902", "CT03.2", "denominator", ""): "200",
        ("902", "CT09", "numerator", "sex=female"): "4",
    }
    assert "Nữ" in next(row for row in rows if row.stratum).header_path
    assert len({row.observation_id for row in rows}) == 6


def test_an_area_that_does_not_exist_is_named(project, tmp_path):
    data = workbook([*BY_AREA[:2], ["Huyện Ba", 1, 1, 1]])
    rows, findings = read_data(tmp_path, data, "SYT", the_map(project, AREAS))
    assert [(one.rule, one.cell, one.raw) for one in findings] == [
        ("unmapped_row", "A3", "Huyện Ba")
    ]
    assert {row.area_code for row in rows} == {"901"}
    mapped = replace(the_map(project, AREAS), names={"huyện  ba": "902"})
    rows, findings = read_data(tmp_path, data, "SYT", mapped)
    assert findings == [] and {row.area_code for row in rows} == {"901", "902"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (AREAS.replace("CT03.2.numerator", "CT3.2.numerator"), ("CT3.2", "CT03.2?")),
        (ROWS.replace(": CT02", ": CT2"), ("CT2.", "names")),
    ],
)
def test_a_map_of_a_measure_that_does_not_exist_stops_the_run(project, tmp_path, text, words):
    mapped = the_map(project, text)
    with pytest.raises(UsageError) as caught:
        read_data(tmp_path, workbook(SUMMARY), mapped=mapped)
    message = str(caught.value)
    assert all(word in message for word in words) and f"“{mapped.id}”" in message
    assert caught.value.exit_code == 2


# --- which map --------------------------------------------------------------------------------


def test_a_map_of_the_file_goes_before_one_of_its_unit(project):
    own = ROWS.replace("tong-hop", "rieng").replace(
        'unit: "901"\n  year: 2024', "file: ho-so/2024/901.xlsx"
    )
    keep(project, "column_maps", ROWS + own)
    maps = load_column_maps(project)
    chosen = [map_of(maps, f"ho-so/2024/{file}", "901", YEAR) for file in ("901.xlsx", "b.xlsx")]
    assert [one.id for one in chosen if one] == ["rieng", "tong-hop"]
    assert map_of(maps, "ho-so/2024/902.xlsx", "902", YEAR) is None
    assert map_of(maps, "ho-so/2023/b.xlsx", "901", YEAR - 1) is None


@pytest.mark.parametrize(("encoding", "write"), [("tcvn3", to_tcvn3), ("vni", to_vni)])
def test_an_old_encoding_is_converted_where_the_map_says_so(project, tmp_path, encoding, write):
    data = changed(all_texts(write))
    text = f'- {{id: cu, unit: "901", year: 2024, encoding: {encoding}}}'
    rows, findings = read_data(tmp_path, data, mapped=the_map(project, text))
    assert [(one.rule, one.severity) for one in findings] == [("legacy_encoding_converted", "info")]
    assert values(rows) == expected()
    wrong = the_map(project, text.replace(encoding, "utf8_as_cp1252"))
    rows, findings = read_data(tmp_path, data, mapped=wrong)
    assert rows == [] and [one.rule for one in findings] == ["legacy_encoding"]


# --- the files of rules -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("layout:", "layuot:", ("“layuot”", "“layout”?")),
        ("layout: rows", "layout: cells", ("“cells”", "rows, areas")),
        ("  measure: Nội dung\n", "", ("layout rows", "“measure”")),
        ('  unit: "901"\n', "", ("“file”",)),
        ('"901"', "901", ("“unit”", "chữ")),
        ("numerator:", "numerater:", ("“numerater”", "numerator")),
        ("numerator:", "CT01.numerator:", ("“CT01.numerator”",)),
        ("denominator:", "numerator.sex=girl:", ("“sex=girl”", "sex=female")),
        ("layout: rows", "layout: rows\n  encoding: latin1", ("“latin1”", "tcvn3")),
        ("  columns: {numerator: Thực hiện, denominator: Tổng số}\n", "", ("“columns”",)),
        ("- id: tong-hop", "- id: [", ("YAML", "dòng")),
        (ROWS, "id: x", ("một danh sách",)),
        (ROWS, ROWS + ROWS, ("“tong-hop” ghi hai lần",)),
    ],
)
def test_a_wrong_map_is_refused_with_what_is_meant(project, old, new, words):
    assert old in ROWS
    keep(project, "column_maps", ROWS.replace(old, new))
    with pytest.raises(UsageError) as caught:
        load_column_maps(project)
    message = str(caught.value)
    assert all(word in message for word in ("params/intake/column_maps.yml", *words)), message


def test_the_areas_layout_needs_a_measure_in_every_key(project):
    keep(project, "column_maps", AREAS.replace("CT03.2.numerator", "numerator"))
    with pytest.raises(UsageError, match=r"CT03\.2\.numerator"):
        load_column_maps(project)


def test_files_that_are_not_there_hold_no_rules(tmp_path):
    assert load_column_maps(Project(tmp_path)) == load_corrections(Project(tmp_path)) == ()


def test_the_rules_of_the_project_are_read():
    project = Project(Path(__file__).resolve().parent.parent)
    assert load_column_maps(project) and isinstance(load_corrections(project), tuple)


# --- corrections ------------------------------------------------------------------------------

CORRECTION = """
- id: DC-1
  area: "901"
  year: 2024
  row: CT02.numerator
  expected: khoảng 300
  corrected: 312
  reason: Đơn vị xác nhận bằng công văn
  who: Nguyễn Văn An, Phó Giám đốc
  date: 2025-03-01
"""


def correct(project, tmp_path, text=CORRECTION, value="khoảng 300"):
    keep(project, "corrections", text)
    rows, _ = read_data(tmp_path, changed(lambda sent: sent.put("CT02.numerator", value)))
    return rows, *apply_corrections(load_corrections(project), EDITION, rows)


def test_a_correction_of_a_cell_that_is_not_there_expires_too(project, tmp_path):
    text = CORRECTION.replace("CT02.numerator", "CT24.numerator")
    _, _, findings = correct(project, tmp_path, text)
    assert [one.rule for one in findings] == ["correction_expired"]
    assert "không có ô nào" in findings[0].message


def test_a_correction_of_a_year_outside_the_edition_waits(project, tmp_path):
    before, rows, findings = correct(
        project, tmp_path, CORRECTION.replace("year: 2024", "year: 2019")
    )
    assert (rows, findings) == (before, [])


def test_a_correction_can_be_of_one_edition_alone(project, tmp_path):
    """So that an edition that was published before it builds as it did."""
    own = f"{CORRECTION}  edition: {EDITION.name}\n"
    _, rows, findings = correct(project, tmp_path, own)
    assert [one.rule for one in findings] == ["correction_applied"]
    other = f"{CORRECTION}  edition: another\n"
    before, rows, findings = correct(project, tmp_path, other)
    assert (rows, findings) == (before, [])


def test_a_mark_can_be_the_correction(project, tmp_path):
    _, rows, _ = correct(project, tmp_path, CORRECTION.replace("corrected: 312", 'corrected: "…"'))
    new = next(row for row in rows if row.observation_id.endswith("DC-1"))
    assert (new.value, new.status, new.used) == ("", "missing", "true")


@pytest.mark.parametrize("value", ['"1.234"', "31.2", '"5 %"'])
def test_a_correction_that_is_no_plain_figure_is_refused(project, value):
    keep(project, "corrections", CORRECTION.replace("312", value))
    with pytest.raises(UsageError, match="“corrected”"):
        load_corrections(project)
