"""Every rule of reading catches a form made wrong for it, at its cell, and spares the clean one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from openpyxl.styles import Font

from sent_forms import (
    FIRST,
    HEADER,
    YEAR,
    Change,
    Sent,
    all_texts,
    changed,
    expected,
    opened,
    read_data,
    values,
    with_part,
    with_stored,
)
from test_intake_names import to_tcvn3, to_vni
from treem.intake.findings import RULES
from treem.intake.reading_rules import READING_RULES

ROW = "CT02.numerator"


@dataclass(frozen=True)
class Case:
    """A change of a form, the rule it breaks, at which cell (of `ROW`, or as written), in words.

    `lost` are the rows whose figures are left out, None for all of them; `read` the figures that
    are read otherwise than the clean form has them.
    """

    rule: str
    change: Change
    cell: str = "value"
    words: str = ""
    unit: str = "901"
    lost: tuple[str, ...] | None = ()
    read: dict[str, str] = field(default_factory=dict)


def put(value: object, field: str = "value", row: str = ROW, **more: str) -> Change:
    return lambda sent: sent.put(row, value, field, **more)


def set_cell(address: str, value: object) -> Change:
    return lambda sent: sent.sheet.__setitem__(address, value)


def twice(name: str, letter: str) -> Change:
    """Add a second column of a name, filled in."""

    def change(sent: Sent) -> None:
        sent.sheet[f"{letter}{HEADER}"], sent.sheet[f"{letter}{FIRST}"] = name, "x"

    return change


def other_table(sent: Sent) -> None:
    sent.book.copy_worksheet(sent.sheet).title = "Bản nháp"


def hide_sheet(sent: Sent) -> None:
    sent.book.create_sheet("Trang", 0)
    sent.book.active = 0
    sent.sheet.sheet_state = "hidden"


def hide_row(sent: Sent) -> None:
    sent.sheet.row_dimensions[sent.rows[ROW]].hidden = True


def hide_marks(sent: Sent) -> None:
    sent.put(ROW, "(ước)", "mark")
    sent.sheet.column_dimensions["I"].hidden = True


def formula(stored: str | None) -> Change:
    def change(sent: Sent) -> None:
        sent.put(ROW, "=60+2")
        if stored is not None:
            place = {sent.at(ROW): stored}
            sent.after = lambda data: with_stored(data, place)

    return change


def carry(name: str) -> Change:
    def change(sent: Sent) -> None:
        sent.after = lambda data: with_part(data, {name: b"<xml/>"})

    return change


def merge_values(sent: Sent) -> None:
    sent.sheet.merge_cells(f"{sent.at('CT02.numerator')}:{sent.at('CT02.denominator')}")


def copy_row(sent: Sent) -> None:
    """Write one part of a measure into the row of its other part too."""
    for name in ("part", "code"):
        sent.put("CT02.denominator", sent.sheet[sent.at(ROW, name)].value, name)


def code_of_another(sent: Sent) -> None:
    sent.put(ROW, "CT01", "code")


def below_foot(sent: Sent) -> None:
    last = sent.sheet.max_row + 2
    for letter in "BCDEFH":
        sent.sheet[f"{letter}{last}"] = sent.sheet[f"{letter}{sent.rows[ROW]}"].value


def below_foot_cell() -> str:
    return f"B{opened().sheet.max_row + 2}"


SURVEY = "CT04.1.value"
CASES = [
    # the file
    Case("legacy_encoding", all_texts(to_tcvn3), "", "TCVN3 (ABC)", lost=None),
    Case("legacy_encoding", all_texts(to_vni), "", "VNI", lost=None),
    Case("macros", carry("xl/vbaProject.bin"), "", "không chạy macro"),
    Case("external_links", carry("xl/externalLinks/externalLink1.xml"), "", "giá trị đã lưu"),
    # the table and its head
    Case("no_table", set_cell(f"H{HEADER}", "Cột khác"), "", "Giá trị", lost=None),
    Case("other_unit", set_cell("G4", "Mã đơn vị: 902"), "G4", "902", lost=None),
    Case("other_year", set_cell("D4", "Năm 2023"), "D4", "2023", lost=None),
    Case("other_year", set_cell(f"H{HEADER}", "Giá trị năm 2023"), f"H{HEADER}", "2023", lost=None),
    Case("repeated_column", twice("Giá trị", "L"), "", "“Giá trị”", lost=None),
    Case("several_tables", other_table, "", "trang “Bản nháp”"),
    Case("hidden_sheet", hide_sheet, "", "“Biểu số liệu” đang bị ẩn"),
    # rows
    Case("hidden_cell", hide_row, words="CT02"),
    Case("hidden_cell", hide_marks, "mark", "CT02"),
    Case("row_without_code", put(None, "code"), words="không có mã chỉ tiêu", lost=(ROW,)),
    Case("unknown_measure", put("CT99", "code"), "code", "“CT99”", lost=(ROW,)),
    Case("unknown_measure", put("CT04.1", "code"), "code", "“CT04.1”", lost=(ROW,)),
    Case("unknown_part", put("Tử", "part"), "part", "“Tử”", lost=(ROW,)),
    Case("unknown_part", put(None, "part"), "part", "“”", lost=(ROW,)),
    Case("unknown_stratum", put("Miền núi", "stratum"), "stratum", "“Miền núi”", lost=(ROW,)),
    Case("unasked_stratum", put("Nam", "stratum"), "stratum", "không hỏi", lost=(ROW,)),
    Case("unknown_state", put("Tạm", "state"), "state", "“Tạm”", lost=(ROW,)),
    Case("wrong_unit", put("người/km2", "unit"), "unit", "“người/km2”", lost=(ROW,)),
    Case("code_does_not_fit", code_of_another, "code", "chỉ tiêu CT02", lost=(ROW,)),
    Case("duplicate_row", copy_row, words="ô H11 ghi", lost=(ROW, "CT02.denominator")),
    Case("row_below_foot", below_foot, below_foot_cell(), "“CT02”"),
    # cells
    Case("formula", formula("62"), words="“62”", read={ROW: "62"}),
    Case("formula_without_value", formula(None), words="chưa có giá trị", lost=(ROW,)),
    Case("error_value", put("#DIV/0!"), words="#DIV/0!", lost=(ROW,)),
    Case("merged_value", merge_values, words="gộp", lost=(ROW, "CT02.denominator")),
    Case("date_in_number", put("05/3/2026"), words="05/3/2026", lost=(ROW,)),
    Case("composite_value", put("5 nam và 7 nữ"), words="5 nam và 7 nữ", lost=(ROW,)),
    Case("unit_in_cell", put("12 %"), words="12 %", lost=(ROW,)),
    Case("percent_format_elsewhere", put(0.5, number_format="0%"), words="0.5", lost=(ROW,)),
    Case("scaled_format", put(62000, number_format="#,##0,"), words="62000", lost=(ROW,)),
    Case("not_a_number", put("khoảng 300"), words="khoảng 300", lost=(ROW,)),
    Case("ambiguous_number", put("1.234"), words="1.234", lost=(ROW,)),
    Case("negative_number", put(-3), words="-3", lost=(ROW,)),
    Case("unknown_mark", put("?", "mark"), "mark", "“?”", lost=(ROW,)),
    # a value by its unit and range
    Case("percent_format", put(0.125, row=SURVEY, number_format="0.0%"), "CT04.1", "0.125",
         unit="SYT", read={SURVEY: "12.5"}),
    Case("number_by_range", put("1.234", row=SURVEY), "CT04.1", "1.234", unit="SYT",
         read={SURVEY: "1.234"}),
]  # fmt: skip

# Rules that no single form breaks, with the test that breaks them.
ELSEWHERE = {
    "file_missing": "test_intake.py",
    "file_changed": "test_intake.py",
    "missing_submission": "test_intake.py",
    "unlisted_file": "test_intake.py",
    "no_head": "test_intake.py",
    "superseded": "test_intake_received.py",
    "legacy_encoding_converted": "test_intake_maps.py",
    "map_does_not_fit": "test_intake_maps.py",
    "unmapped_row": "test_intake_maps.py",
    "correction_applied": "test_intake_kept.py",
    "correction_expired": "test_intake_kept.py",
    "undecided_row": "test_published.py",
    "plan_against_published": "test_published.py",
    "province_differs_from_areas": "test_pooled.py",
    "waiver_expired": "test_quality_waivers.py",
    "waiver_unused": "test_quality_waivers.py",
}


def address(case: Case) -> str:
    sent = opened(case.unit)
    if case.unit == "SYT":
        return sent.at(SURVEY)
    return sent.at(ROW, case.cell) if case.cell.islower() else case.cell


@pytest.mark.parametrize("case", [pytest.param(one, id=f"{one.rule}-{i}")
                                  for i, one in enumerate(CASES)])  # fmt: skip
def test_the_rule_names_the_cell_and_spares_the_others(case: Case, tmp_path: Path) -> None:
    rows, findings = read_data(tmp_path, changed(case.change, case.unit), case.unit)
    finding = next(one for one in findings if one.rule == case.rule)
    assert {one.rule for one in findings} == {case.rule}
    assert finding.severity == RULES[case.rule].severity
    assert finding.cell == address(case)
    assert case.words in finding.message and finding.instruction.endswith(".")
    assert "{" not in finding.message + finding.instruction
    assert (finding.file, finding.year) == (f"ho-so/{YEAR}/{case.unit}.xlsx", str(YEAR))
    if case.lost is None:
        assert (rows, finding.severity) == ([], "submission")
        return
    kept = {name: value for name, value in expected(case.unit).items() if name not in case.lost}
    assert values(rows) == kept | case.read
    assert (finding.severity == "record") == bool(case.lost) or case.rule in (
        "unasked_stratum",
        "row_below_foot",
    )


@pytest.mark.parametrize("unit", ["901", "SYT"])
def test_a_clean_form_is_left_alone(unit: str, tmp_path: Path) -> None:
    rows, findings = read_data(tmp_path, changed(None, unit), unit)
    assert findings == []
    assert values(rows) == expected(unit)


def test_every_rule_has_its_form() -> None:
    tried = {case.rule for case in CASES}
    assert set(READING_RULES) <= tried | set(ELSEWHERE)
    assert tried | set(ELSEWHERE) == set(RULES)
    assert not tried & set(ELSEWHERE)
    folder = Path(__file__).parent
    for rule, file in ELSEWHERE.items():
        assert f'"{rule}"' in (folder / file).read_text("utf-8"), rule


# --- what looks like a fault and is none ------------------------------------------------------


def day_of_receipt(sent: Sent) -> None:
    sent.sheet["A4"] = "Ngày nhận báo cáo: ngày 15 tháng 01 năm 2025"


def years_in_other_words(sent: Sent) -> None:
    sent.sheet["A3"] = "Kèm theo Công văn năm 2021"
    sent.sheet["D2"] = "SỐ LIỆU NĂM 2024 (so với năm 2023)"


def one_year_in_the_title(sent: Sent) -> None:
    sent.sheet["D4"], sent.sheet["D2"] = None, "SỐ LIỆU VỀ TRẺ EM NĂM 2024"
    del sent.book["_treem"]


def unit_with_spaces(sent: Sent) -> None:
    sent.sheet["G4"] = "mã đơn vị : 901 "


def empty_second_column(sent: Sent) -> None:
    sent.sheet[f"L{HEADER}"] = "Giá trị"


def old_fonts(sent: Sent) -> None:
    for row in sent.sheet.iter_rows(min_row=FIRST):
        for cell in row:
            cell.font = Font(name=".VnTime")


def blank_breakdown(sent: Sent) -> None:
    """A row of a breakdown that nobody asked for, left empty."""
    last = sent.rows["CT13.numerator"] + 1
    for letter in "BCDF":
        sent.sheet[f"{letter}{last}"] = sent.sheet[f"{letter}{last - 1}"].value
    sent.sheet[f"E{last}"] = "Nữ"


def decorated(sent: Sent) -> None:
    sent.put(ROW, "ct 02", "code")
    sent.put(ROW, "SỐ  LƯỢNG", "unit")
    sent.put(ROW, "chính thức", "state")


@pytest.mark.parametrize(
    "change",
    [
        day_of_receipt,
        years_in_other_words,
        one_year_in_the_title,
        unit_with_spaces,
        empty_second_column,
        old_fonts,
        blank_breakdown,
        decorated,
    ],
)
def test_harmless_changes_are_no_findings(change: Change, tmp_path: Path) -> None:
    rows, findings = read_data(tmp_path, changed(change))
    assert findings == []
    assert {k: v for k, v in values(rows).items() if "=" not in k} == expected()


@pytest.mark.parametrize(
    ("value", "mark", "state", "read", "status"),
    [
        (12, None, "Ước tính", "12", "provisional"),
        (12, None, "Sửa lại", "12", "revised"),
        (12, "(ước)", "Chính thức", "12", "provisional"),
        (None, None, "Ước tính", "missing", "missing"),
        ("<2", None, "Ước tính", "<2", "censored"),
        (None, "x", None, "not_applicable", "not_applicable"),
        (None, "-", None, "0", "reported"),
    ],
)
def test_a_state_is_of_the_value_beside_it(value, mark, state, read, status, tmp_path) -> None:
    def change(sent: Sent) -> None:
        sent.put(ROW, value)
        sent.put(ROW, mark, "mark")
        sent.put(ROW, state, "state")

    rows, findings = read_data(tmp_path, changed(change))
    assert (findings, values(rows)[ROW]) == ([], read)
    assert next(row for row in rows if (row.measure, row.part) == ("CT02", "numerator")).status == (
        status
    )


@pytest.mark.parametrize("name", ["Ký hiệu", "Tình trạng", "Phân tổ", "ĐVT", "Mã số"])
def test_no_column_that_decides_is_chosen_between_two(name: str, tmp_path: Path) -> None:
    def change(sent: Sent) -> None:
        sent.put("CT01.numerator", "x", "mark")
        sent.put("CT01.numerator", "Ước tính", "state")
        twice(name, "L")(sent)

    rows, findings = read_data(tmp_path, changed(change))
    assert rows == [] and {one.rule for one in findings} == {"repeated_column"}


def test_a_form_without_a_head_is_read_by_the_record(tmp_path: Path) -> None:
    def change(sent: Sent) -> None:
        sent.sheet["G4"] = sent.sheet["D4"] = None
        del sent.book["_treem"]

    rows, findings = read_data(tmp_path, changed(change))
    assert [(one.rule, one.severity) for one in findings] == [("no_head", "info")]
    assert "mã đơn vị, năm" in findings[0].message and values(rows) == expected()


def test_the_hidden_ids_speak_where_the_head_is_lost(tmp_path: Path) -> None:
    def change(sent: Sent) -> None:
        sent.sheet["G4"] = sent.sheet["D4"] = None
        sent.book["_treem"]["B2"] = "902"

    rows, findings = read_data(tmp_path, changed(change))
    assert [(one.rule, one.cell) for one in findings] == [("other_unit", "B2")] and rows == []
