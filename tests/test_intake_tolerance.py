"""What senders do to a form without changing a figure, and faults that only look like it."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
import zipfile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from test_intake_names import to_tcvn3
from tiny_province import (
    TinyAreas,
    path_of,
    register,
    source_of,
    tiny_edition,
    tiny_project,
    write_sources,
    write_unit,
)
from treem.errors import WorkbookError
from treem.intake.forms import SHEET
from treem.intake.grid import open_book
from treem.intake.observations import records
from treem.intake.workbook import read_submissions

REGISTER = register()
FIGURES = {
    ("CT01", "numerator"): 6,
    ("CT01", "denominator"): "8",
    ("CT02", "numerator"): "13,8",
    ("CT02", "denominator"): "<10",
    ("CT03.1", "numerator"): "-",
}
VALUES = {"CT01-n": "6", "CT01-d": "8", "CT02-n": "13.8", "CT02-d": "<10", "CT03.1-n": "0"}
WIDTH = 11


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return tiny_project(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def form(project):
    """The filled-in form as it was sent, to be opened and changed."""
    path = path_of(project, write_unit(project, "901", 2024, FIGURES))
    return path.read_bytes()


def receive(project, data, name="901.xlsx"):
    """Put a file in place of what was received and read it."""
    folder = project.root / "ho-so" / "2024"
    for old in folder.glob("901.*"):
        old.unlink()
    (folder / name).write_bytes(data)
    write_sources(project, [source_of(folder / name, name, "901", 2024)])
    return read_submissions(project, tiny_edition(years=(2024,)), REGISTER, TinyAreas())


def unmerged(sheet):
    """Undo all merged ranges: openpyxl leaves them where they are when rows move."""
    for merged in list(sheet.merged_cells.ranges):
        sheet.unmerge_cells(str(merged))


def changed(form, change):
    book = openpyxl.load_workbook(io.BytesIO(form))
    change(book, book[SHEET])
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def values(received):
    """What is in use, by measure and part; only what was filled in."""
    return {
        f"{row['measure']}-{row['part'][0]}": row["bound"] + row["value"]
        for row in records(received.observations)
        if row["used"] == "true" and row["value"]
    }


def found(received):
    """Rules and cells of the findings on the file."""
    return {(row["rule"], row["cell"]) for row in records(received.findings) if row["file"]}


def insert_rows(book, sheet):
    sheet.insert_rows(1, 3)  # above the head
    sheet.insert_rows(13, 2)  # inside the table


def insert_columns(book, sheet):
    sheet.insert_cols(1, 2)
    sheet.insert_cols(9)


def move_the_value_first(book, sheet):
    for row in range(6, sheet.max_row + 1):
        a, h = sheet.cell(row, 1), sheet.cell(row, 8)
        if not isinstance(a, openpyxl.cell.cell.MergedCell) and not isinstance(
            h, openpyxl.cell.cell.MergedCell
        ):
            a.value, h.value = h.value, a.value


def merge_codes(book, sheet):
    for row in (9, 11):
        sheet.merge_cells(f"B{row}:B{row + 1}")
        sheet.merge_cells(f"C{row}:C{row + 1}")


def two_header_rows(book, sheet):
    sheet.insert_rows(6)
    for column in range(1, WIDTH + 1):
        sheet.cell(6, column).value = sheet.cell(7, column).value
        if column not in (7, 8):
            sheet.merge_cells(start_row=6, end_row=7, start_column=column, end_column=column)
    sheet["G6"].value = "Số liệu báo cáo"
    sheet.merge_cells("G6:H6")


def without_letters(book, sheet):
    unmerged(sheet)
    sheet.delete_rows(7)


def decomposed(book, sheet):
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, str) and not isinstance(cell, openpyxl.cell.cell.MergedCell):
                cell.value = unicodedata.normalize("NFD", cell.value)


def shouted(book, sheet):
    for column in range(1, WIDTH + 1):
        sheet.cell(6, column).value = f" {sheet.cell(6, column).value.upper()} (*)"


def renamed(book, sheet):
    sheet.title = "Sheet1"


def without_the_sheet_of_ids(book, sheet):
    del book["_treem"]


def totals_first_and_last(book, sheet):
    unmerged(sheet)
    sheet.insert_rows(8)
    sheet["C8"], sheet["H8"] = "Tổng cộng", 27
    sheet["C9"], sheet["H9"] = "Tổng số", 27


def saved_again(book, sheet):
    """Save without any change."""


@pytest.mark.parametrize(
    "change",
    [
        insert_rows,
        insert_columns,
        move_the_value_first,
        merge_codes,
        two_header_rows,
        without_letters,
        decomposed,
        shouted,
        renamed,
        without_the_sheet_of_ids,
        totals_first_and_last,
        saved_again,
    ],
)
def test_the_form_may_change_and_the_figures_stay(project, form, change):
    assert values(receive(project, changed(form, change))) == VALUES


def as_csv(form, separator, encoding):
    sheet = openpyxl.load_workbook(io.BytesIO(form))[SHEET]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator)
    writer.writerows(
        ["" if value is None else value for value in row]
        for row in sheet.iter_rows(values_only=True)
    )
    if encoding == "cp1258":
        return to_cp1258(text.getvalue())
    return text.getvalue().encode(encoding)


def to_cp1258(text):
    """Letters with roof in one byte, tones as marks behind them; what it lacks is left out."""
    out = ""
    for letter in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", letter)
        tone = "".join(mark for mark in parts if mark in "\u0300\u0301\u0303\u0309\u0323")
        rest = "".join(mark for mark in parts if mark not in "\u0300\u0301\u0303\u0309\u0323")
        out += unicodedata.normalize("NFC", rest) + tone
    return out.encode("cp1258", "ignore")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1258"])
def test_a_form_saved_as_text(project, form, separator, encoding):
    received = receive(project, as_csv(form, separator, encoding), "901.csv")
    assert values(received) == VALUES
    cells = {row["cell"] for row in records(received.observations) if row["value"]}
    assert cells == {"H9", "H10", "H11", "H12", "H13"}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    above=st.integers(0, 3),
    inside=st.lists(st.integers(9, 60), max_size=4),
    order=st.permutations(range(1, WIDTH + 1)),
    empty=st.sets(st.integers(1, 9), max_size=2),
    loose=st.booleans(),
)
def test_order_empty_rows_and_unicode_form_change_nothing(
    project, form, above, inside, order, empty, loose
):
    def change(book, sheet):
        unmerged(sheet)
        rows = [[cell.value for cell in row[:WIDTH]] for row in sheet.iter_rows()]
        sheet.delete_rows(1, sheet.max_row)
        for number, row in enumerate(rows, start=1 + above):
            number += sum(place < number for place in inside)
            for place, column in enumerate(order):
                value = row[column - 1]
                if loose and isinstance(value, str):
                    value = unicodedata.normalize("NFD", value)
                target = place + 1 + sum(gap <= place for gap in empty)
                sheet[f"{get_column_letter(target)}{number}"] = value

    assert values(receive(project, changed(form, change))) == VALUES


# --- what is read with a finding ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "rule", "cell"),
    [
        (lambda b, s: setattr(s.row_dimensions[9], "hidden", True), "hidden_cell", "H9"),
        (lambda b, s: setattr(s.column_dimensions["H"], "hidden", True), "hidden_cell", "H9"),
    ],
    ids=["row", "column"],
)
def test_hidden_cells_are_read_and_named(project, form, change, rule, cell):
    received = receive(project, changed(form, change))
    assert values(received) == VALUES
    assert (rule, cell) in found(received)


def test_a_hidden_sheet_is_read_and_named(project, form):
    def hide(book, sheet):
        book.active = 1
        sheet.sheet_state = "hidden"

    received = receive(project, changed(form, hide))
    assert values(received) == VALUES
    assert ("hidden_sheet", "") in found(received)


def with_formula(form, stored):
    """Make H9 a formula, with or without the value that Excel keeps beside it."""
    data = changed(form, lambda book, sheet: sheet.__setitem__("H9", "=3+3"))
    old, new = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(new, "w") as archive:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                part, made = re.subn(rb"(<f>3\+3</f>)(<v ?/>|<v></v>)", rb"\g<1>" + stored, part)
                assert made == 1
            archive.writestr(name, part)
    return new.getvalue()


def test_a_formula_counts_by_its_stored_value(project, form):
    received = receive(project, with_formula(form, b"<v>6</v>"))
    assert values(received) == VALUES
    assert ("formula", "H9") in found(received)


def test_a_formula_without_a_stored_value_is_left_out(project, form):
    received = receive(project, with_formula(form, b""))
    assert values(received) == {k: v for k, v in VALUES.items() if k != "CT01-n"}
    assert ("formula_without_value", "H9") in found(received)


def test_a_percentage_of_excel_is_no_count(project, form):
    def as_percent(book, sheet):
        sheet["H9"] = 0.95
        sheet["H9"].number_format = "0%"

    received = receive(project, changed(form, as_percent))
    assert "CT01-n" not in values(received)
    assert ("percent_format_elsewhere", "H9") in found(received)


def test_a_value_merged_over_two_rows_counts_for_none(project, form):
    received = receive(project, changed(form, lambda b, s: s.merge_cells("H9:H10")))
    assert not {"CT01-n", "CT01-d"} & set(values(received))
    assert ("merged_value", "H9") in found(received)


def test_a_code_copied_from_another_row_does_not_carry_its_figure(project, form):
    received = receive(project, changed(form, lambda b, s: s.__setitem__("B9", "CT21")))
    assert "CT21-n" not in values(received) and "CT01-n" not in values(received)
    assert any(cell == "B9" for _, cell in found(received))


def test_two_columns_with_one_name_are_not_chosen_between(project, form):
    def twice(book, sheet):
        sheet["L6"], sheet["L9"] = "Giá trị", 99

    received = receive(project, changed(form, twice))
    assert len(received.observations) == 0
    assert {rule for rule, _ in found(received)} >= {"repeated_column"}


def test_an_old_encoding_is_named_and_not_used(project, form):
    def old(book, sheet):
        for one in book.worksheets:
            for row in one.iter_rows():
                for cell in row:
                    if isinstance(cell.value, str) and not cell.value.startswith("CT"):
                        if not isinstance(cell, openpyxl.cell.cell.MergedCell):
                            cell.value = to_tcvn3(cell.value)

    data = changed(form, old)
    received = receive(project, data)
    assert len(received.observations) == 0
    finding = next(r for r in records(received.findings) if r["rule"] == "legacy_encoding")
    assert "TCVN3" in finding["message"] and finding["severity"] == "submission"
    (project.params / "intake").mkdir(parents=True)
    setting = project.params / "intake" / "column_maps.yml"
    setting.write_text("- {id: cu, unit: '901', year: 2024, encoding: tcvn3}", "utf-8")
    try:
        received = receive(project, data)
    finally:
        setting.unlink()
        setting.parent.rmdir()
    assert values(received) == VALUES
    assert ("legacy_encoding_converted", "") in found(received)


# --- what is refused ----------------------------------------------------------------------------

PERSONS = [
    ("Họ và tên", "Ngày sinh", "Số CCCD"),
    ("Trần Thị Ví Dụ", "05/3/2015", "027315000001"),
    ("Lê Văn Thí Dụ", "17/9/2016", "027216000002"),
]


def test_a_list_of_persons_is_refused_and_nobody_is_named(project, form):
    def add_list(book, sheet):
        extra = book.create_sheet("Danh sách")
        for row in PERSONS:
            extra.append(row)

    with pytest.raises(WorkbookError, match="thông tin của từng người") as caught:
        receive(project, changed(form, add_list))
    message = str(caught.value)
    assert "trang “Danh sách”" in message and caught.value.exit_code == 1
    assert not any(word in message for row in PERSONS[1:] for word in row)


def test_who_made_and_signed_the_form_is_ordinary(project, form):
    def sign(book, sheet):
        last = sheet.max_row
        sheet[f"A{last + 2}"], sheet[f"H{last + 2}"] = "Trần Thị Ví Dụ", "Lê Văn Thí Dụ"

    assert values(receive(project, changed(form, sign))) == VALUES


# --- the grid -----------------------------------------------------------------------------------


def test_the_grid_is_what_openpyxl_reads(project, form, tmp_path):
    path = tmp_path / "bieu.xlsx"
    path.write_bytes(form)
    grid = open_book(path, "bieu.xlsx").sheets[0]
    sheet = openpyxl.load_workbook(path)[SHEET]
    stored = {
        (cell.row, cell.column): cell.value
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }
    own = {place: cell.value for place, cell in grid.cells.items() if cell.address == "".join(
        (get_column_letter(place[1]), str(place[0]))
    )}  # fmt: skip
    assert own == stored
