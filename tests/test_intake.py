"""What cells say, what forms hold, and what becomes of a file that is wrong as a whole."""

from __future__ import annotations

import hashlib
import shutil
from fractions import Fraction

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiny_province import (
    TinyAreas,
    form_of,
    path_of,
    register,
    source_of,
    tiny_edition,
    tiny_project,
    write_sources,
    write_unit,
)
from treem.errors import WorkbookError
from treem.intake.findings import RULES, find
from treem.intake.forms import SHEET, agency_code, measures_of, parts_of
from treem.intake.forms_write import Entry
from treem.intake.numbers import exact_text, read_cell
from treem.intake.observations import records
from treem.intake.workbook import read_submissions
from treem.quality import check

REGISTER = register()
FIGURES = {("CT01", "numerator"): 6, ("CT01", "denominator"): 8}


# --- numbers and marks ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (12, "12"),
        (0, "0"),
        (6.9, "6.9"),
        ("13,8", "13.8"),
        ("6.9", "6.9"),
        ("0.005", "0.005"),
        ("1.234,5", "1234.5"),
        ("1,234.5", "1234.5"),
        ("1.234.567", "1234567"),
        ("1 234", "1234"),
        ("1\u00a0234,5", "1234.5"),
        (" 98,7 ", "98.7"),
        ("1,234", "1.234"),  # only a comma: decimal
    ],
)
def test_numbers_are_read_exactly(raw, value):
    reading = read_cell(raw)
    assert (reading.value, reading.status, reading.problem) == (Fraction(value), "reported", "")


@pytest.mark.parametrize(
    ("raw", "mark", "value", "status"),
    [
        ("-", None, 0, "reported"),
        ("–", None, 0, "reported"),
        (None, None, None, "missing"),
        ("", "", None, "missing"),
        ("…", None, None, "missing"),
        ("...", None, None, "missing"),
        ("KCS", None, None, "missing"),
        ("x", None, None, "not_applicable"),
        (None, "x", None, "not_applicable"),
        (None, "-", 0, "reported"),
        (100, "(ước)", 100, "provisional"),
        ("100 (ước)", None, 100, "provisional"),
        (None, "(ước)", None, "missing"),
    ],
)
def test_each_mark_has_one_meaning(raw, mark, value, status):
    reading = read_cell(raw, mark)
    assert (reading.value, reading.status, reading.problem) == (value, status, "")


@pytest.mark.parametrize(("raw", "bound"), [("<2", "<"), ("≤ 2", "<="), (">2", ">"), ("≥2", ">=")])
def test_a_limit_stays_a_limit(raw, bound):
    reading = read_cell(raw)
    assert (reading.value, reading.bound, reading.status) == (2, bound, "censored")


@pytest.mark.parametrize(
    ("raw", "mark", "problem"),
    [
        ("khoảng 300", None, "not_a_number"),
        ("1.2.3", None, "not_a_number"),
        ("12,", None, "not_a_number"),
        ("1.23,4.5", None, "not_a_number"),
        ("<nhiều", None, "not_a_number"),
        (True, None, "not_a_number"),
        ("1.234", None, "ambiguous_number"),
        ("31.245", None, "ambiguous_number"),
        ("1,234,567", None, "ambiguous_number"),
        (-3, None, "negative_number"),
        ("-3", None, "negative_number"),
        (5, "?", "unknown_mark"),
        (5, "x", "unknown_mark"),
        (None, "?", "unknown_mark"),
    ],
)
def test_what_cannot_be_read_is_a_problem_and_never_a_guess(raw, mark, problem):
    reading = read_cell(raw, mark)
    assert reading.problem == problem
    assert reading.value is None


@given(st.decimals(min_value=0, max_value=10**7, places=3, allow_nan=False))
def test_decimal_text_is_exact_both_ways(number):
    value = Fraction(number)
    text = exact_text(value)
    assert Fraction(text) == value
    assert not text.startswith(".") and not text.endswith(".")
    assert read_cell(text.replace(".", ",")).value == value


def test_a_value_without_finite_decimals_has_no_exact_text():
    with pytest.raises(ValueError, match="finite"):
        exact_text(Fraction(1, 3))


# --- forms ------------------------------------------------------------------------------------


def test_every_measure_is_owed_by_districts_or_by_its_department():
    district = {measure.id for measure in measures_of(REGISTER, "901", 2024)}
    health = {measure.id for measure in measures_of(REGISTER, "SYT", 2024)}
    labour = {measure.id for measure in measures_of(REGISTER, "LDTBXH", 2024)}
    assert health == {"CT04.1", "CT04.2", "CT04.3a", "CT04.3b", "CT06"}
    assert labour == {"CT10"}
    assert district | health | labour == set(REGISTER.measures)
    assert not district & (health | labour)


def test_every_lead_agency_has_a_code():
    assert {agency_code(measure.lead_agency) for measure in REGISTER.measures.values()} == {
        "SYT",
        "LDTBXH",
        "GDDT",
        "TP",
        "VHTTDL",
    }
    with pytest.raises(KeyError):
        agency_code("Sở Không Có")


def test_parts_follow_the_kind_of_measure():
    parts = {code: parts_of(measure) for code, measure in REGISTER.measures.items()}
    assert parts["CT03.2"] == ("numerator", "denominator")
    assert parts["CT13"] == ("numerator",)
    assert parts["CT10"] == ("value",)
    assert parts["CT06"] == ("numerator", "denominator", "value")


def test_the_same_figures_give_the_same_bytes():
    entries = {"CT01.numerator": Entry(6), "CT01.denominator": Entry(8)}
    first = form_of("901", 2024, entries, tiny_edition())
    assert form_of("901", 2024, entries, tiny_edition()) == first


# --- reading ----------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path):
    return tiny_project(tmp_path)


def read(project, years=(2024,)):
    return read_submissions(project, tiny_edition(years=years), REGISTER, TinyAreas())


def refused(project, source):
    write_sources(project, [source])
    with pytest.raises(WorkbookError) as caught:
        read(project)
    assert caught.value.exit_code == 1
    return str(caught.value)


def rules_of(received):
    return [(row["rule"], row["severity"], row["cell"]) for row in records(received.findings)]


def sign_of(file):
    """Ids name a file after its place: a checksum of a form of small counts could be tried."""
    return hashlib.sha256(file.encode()).hexdigest()[:8]


def test_a_value_keeps_file_sheet_cell_raw_text_and_who_sent_it(project):
    figures = {
        ("CT02", "numerator"): Entry("1.234,5", "(ước)", note="theo rà soát"),
        ("CT02", "denominator"): Entry(2000),
    }
    source = write_unit(project, "901", 2024, figures)
    write_sources(project, [source])
    rows = {row["observation_id"]: row for row in records(read(project).observations)}
    row = rows[f"CT02-901-2024-n-{sign_of('ho-so/2024/901.xlsx')}"]
    sheet = openpyxl.load_workbook(project.root / row["file"])[row["sheet"]]
    assert sheet[row["cell"]].value == row["raw"] == "1.234,5"
    assert (row["value"], row["status"], row["mark"]) == ("1234.5", "provisional", "(ước)")
    assert (row["file"], row["sheet"]) == ("ho-so/2024/901.xlsx", "Biểu số liệu")
    assert (row["sha256"], row["note"]) == (source.sha256, "theo rà soát")
    assert (row["agency"], row["document_number"]) == ("Đơn vị 901", "TN-901")
    assert row["received_date"] == "2025-01-15"
    assert row["header_path"].endswith("> Giá trị") and "CT02" in row["header_path"]
    assert "Tử số" in row["header_path"]
    assert len(rows) == 26 * 2 + 1  # all parts of the form, filled in or not


def test_a_row_of_the_form_left_empty_is_missing(project):
    write_sources(project, [write_unit(project, "901", 2024, {})])
    assert {row["status"] for row in records(read(project).observations)} == {"missing"}


def test_units_that_sent_nothing_are_findings_and_the_rest_is_read(project):
    write_sources(project, [write_unit(project, "901", 2024, FIGURES)])
    received = read(project)
    missing = [row for row in records(received.findings) if row["rule"] == "missing_submission"]
    assert sorted((row["area_name"], row["severity"]) for row in missing) == [
        ("Sở Lao động - Thương binh và Xã hội", "submission"),
        ("Sở Y tế", "submission"),
        ("Ủy ban nhân dân huyện Hai", "submission"),
    ]
    assert len(received.observations) > 0


def test_a_cell_that_is_no_number_is_a_finding_and_its_text_is_kept(project):
    figures = {("CT01", "numerator"): "sáu", ("CT01", "denominator"): 8}
    write_sources(project, [write_unit(project, "901", 2024, figures)])
    received = read(project)
    finding = next(row for row in records(received.findings) if row["rule"] == "not_a_number")
    observation = next(row for row in records(received.observations) if row["raw"] == "sáu")
    assert (finding["cell"], finding["sheet"]) == (observation["cell"], SHEET)
    assert (finding["severity"], finding["raw"], finding["measure"]) == ("record", "sáu", "CT01")
    assert "sáu" in finding["message"] and finding["instruction"]
    assert (observation["used"], observation["value"]) == ("false", "")


def test_the_later_submission_counts_and_both_are_kept(project):
    first = write_unit(project, "901", 2024, {**FIGURES, ("CT02", "numerator"): 5})
    second = write_unit(
        project, "901", 2024, {**FIGURES, ("CT02", "numerator"): 7}, "901-2.xlsx", first.file
    )
    write_sources(project, [first, second])
    received = read(project)
    rows = [row for row in records(received.observations) if row["value"] in ("5", "7")]
    by_value = {row["value"]: row for row in rows}
    assert (by_value["5"]["used"], by_value["5"]["superseded_by"]) == ("false", second.file)
    assert (by_value["7"]["used"], by_value["7"]["status"]) == ("true", "revised")
    assert "“5”" in by_value["7"]["note"]
    unchanged = [
        row
        for row in records(received.observations)
        if row["measure"] == "CT01" and row["used"] == "true"
    ]
    assert {row["status"] for row in unchanged} == {"reported"}
    finding = next(row for row in records(received.findings) if row["rule"] == "superseded")
    assert (finding["severity"], finding["raw"]) == ("info", second.file)
    assert "CT02 tử số: 5 → 7" in finding["message"]


def test_numbers_in_the_message_of_a_change_have_thousands_marks(project):
    first = write_unit(project, "901", 2024, {("CT02", "denominator"): 7288})
    second = write_unit(
        project, "901", 2024, {("CT02", "denominator"): 7498}, "901-2.xlsx", first.file
    )
    write_sources(project, [first, second])
    finding = next(row for row in records(read(project).findings) if row["rule"] == "superseded")
    assert "CT02 mẫu số: 7.288 → 7.498" in finding["message"]


def test_a_truth_value_is_shown_as_excel_shows_it(project):
    source = change(project, write_unit(project, "901", 2024, FIGURES), {"H9": True})
    write_sources(project, [source])
    finding = next(row for row in records(read(project).findings) if row["rule"] == "not_a_number")
    assert finding["raw"] == "TRUE" and "“TRUE”" in finding["message"]


def test_a_row_copied_over_another_leaves_both_out_and_the_build_goes_on(project):
    figures = {**FIGURES, ("CT02", "numerator"): 5, ("CT02", "denominator"): 7288}
    source = write_unit(project, "901", 2024, figures)
    sheet = openpyxl.load_workbook(path_of(project, source))[SHEET]
    copied = {f"{letter}11": sheet[f"{letter}9"].value for letter in "BCDEF"}
    source = change(project, source, copied)
    write_sources(project, [source])
    received = read(project)
    ids = [row["observation_id"] for row in records(received.observations)]
    assert len(ids) == len(set(ids))
    assert (
        f"CT01-901-2024-d-{sign_of('ho-so/2024/901.xlsx')}" in ids
    )  # ids of all others stay as they are
    unused = {row["cell"] for row in records(received.observations) if row["used"] == "false"}
    assert unused == {"H9", "H11"}
    found = [row for row in records(received.findings) if row["rule"] == "duplicate_row"]
    assert {row["cell"] for row in found} == {"H9", "H11"}
    assert all("ô H9 ghi 6, ô H11 ghi 5" in row["message"] for row in found)
    checked = check(project, tiny_edition(years=(2024,)), REGISTER, TinyAreas(), received[0])
    severe = {row["rule"] for row in records(checked.findings) if row["severity"] != "info"}
    assert severe == set()


def test_a_row_below_the_foot_is_a_finding_and_signatures_are_not(project):
    source = write_unit(project, "901", 2024, FIGURES)
    sheet = openpyxl.load_workbook(path_of(project, source))[SHEET]
    below = sheet.max_row + 2
    row = {f"{letter}{below}": sheet[f"{letter}9"].value for letter in "ABCDEFGH"}
    source = change(project, source, row | {f"B{below + 2}": "Nguyễn Văn An"})
    write_sources(project, [source])
    received = read(project)
    finding = next(r for r in records(received.findings) if r["severity"] == "record")
    assert (finding["rule"], finding["cell"]) == ("row_below_foot", f"B{below}")
    assert "không đọc" in finding["message"] and finding["measure"] == "CT01"
    assert not any(row["cell"] == f"H{below}" for row in records(received.observations))


def test_a_file_that_the_record_does_not_name_is_a_finding(project):
    source = write_unit(project, "901", 2024, FIGURES)
    shutil.copy(path_of(project, source), path_of(project, source).with_name("la.xlsx"))
    write_sources(project, [source])
    finding = next(row for row in records(read(project).findings) if row["rule"] == "unlisted_file")
    assert finding["file"] == "ho-so/2024/la.xlsx"
    assert finding["severity"] == "submission"


# --- workbooks that are refused ---------------------------------------------------------------


def change(project, source, cells, sheet=SHEET):
    """Write cells of a workbook by hand and record the changed file as received."""
    path = path_of(project, source)
    book = openpyxl.load_workbook(path)
    for address, value in cells.items():
        book[sheet][address] = value
    book.save(path)
    return source_of(path, source.file, source.unit_code, source.year)


def left_out(project, source, rule, severity="submission"):
    """Read a file that is not used as a whole and return the finding that says why."""
    write_sources(project, [source])
    received = read(project)
    assert len(received.observations) == 0
    finding = next(row for row in records(received.findings) if row["rule"] == rule)
    assert finding["severity"] == severity and finding["file"] == f"ho-so/2024/{source.file}"
    return finding


def test_missing_workbook(project):
    source = write_unit(project, "901", 2024, FIGURES)
    path_of(project, source).unlink()
    assert "không tìm thấy" in left_out(project, source, "file_missing", "run")["message"]


def test_changed_after_it_was_received(project):
    source = write_unit(project, "901", 2024, FIGURES)
    change(project, source, {"H9": 7})
    message = left_out(project, source, "file_changed", "run")["message"]
    assert source.sha256[:12] in message and str(source.size) in message


def test_cut_short_after_it_was_received(project):
    source = write_unit(project, "901", 2024, FIGURES)
    path = path_of(project, source)
    path.write_bytes(path.read_bytes()[: source.size // 2])
    assert str(source.size // 2) in left_out(project, source, "file_changed", "run")["message"]


def test_received_cut_short(project):
    source = write_unit(project, "901", 2024, FIGURES)
    path = path_of(project, source)
    path.write_bytes(path.read_bytes()[:1000])
    message = refused(project, source_of(path, source.file, "901", 2024))
    assert "cắt cụt" in message and "ho-so/2024/901.xlsx" in message


def test_damaged_inside(project):
    source = write_unit(project, "901", 2024, FIGURES)
    path = path_of(project, source)
    data = bytearray(path.read_bytes())
    start = data.index(b"xl/worksheets/sheet1.xml") + 60
    data[start : start + 40] = bytes(40)
    path.write_bytes(data)
    assert "cắt cụt hoặc hỏng" in refused(project, source_of(path, source.file, "901", 2024))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<html>khong phai Excel</html>", "không phải tệp Excel"),
        (b"", "tệp trống (0 byte)"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"0" * 600, "mật khẩu"),
    ],
    ids=["html", "empty", "encrypted"],
)
def test_not_a_workbook(project, data, words):
    path = project.root / "ho-so" / "2024" / "901.xlsx"
    path.parent.mkdir()
    path.write_bytes(data)
    message = refused(project, source_of(path, "901.xlsx", "901", 2024))
    assert words in message and "ho-so/2024/901.xlsx" in message
    assert "b'" not in message


def test_a_zip_that_is_no_workbook(project):
    import zipfile

    path = project.root / "ho-so" / "2024" / "901.xlsx"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("thu.txt", "không phải bảng tính")
    assert "không phải sổ tính Excel" in refused(project, source_of(path, "901.xlsx", "901", 2024))


def test_one_bad_form_does_not_stop_the_others(project):
    good, bad = (write_unit(project, unit, 2024, FIGURES) for unit in ("901", "902"))
    bad = change(project, bad, {"H6": "Số"})
    write_sources(project, [good, bad])
    received = read(project)
    assert set(received.observations["area_code"]) == {"901"}
    assert ("no_table", "submission", "") in rules_of(received)


def test_header_row_not_found(project):
    source = change(project, write_unit(project, "901", 2024, FIGURES), {"H6": "Số"})
    assert "Giá trị" in left_out(project, source, "no_table")["message"]


@pytest.mark.parametrize("address", ["G4", "D4"])
def test_a_form_whose_head_was_cleared_is_known_by_its_hidden_sheet(project, address):
    source = change(project, write_unit(project, "901", 2024, FIGURES), {address: None})
    write_sources(project, [source])
    assert "no_head" not in {rule for rule, _, _ in rules_of(read(project))}


def test_a_unit_that_owes_nothing(project):
    source = write_unit(project, "905", 2024, FIGURES)
    message = refused(project, source)
    assert "“905”" in message and "901, 902, LDTBXH, SYT" in message


# --- the words of findings --------------------------------------------------------------------


def test_every_rule_says_what_to_do():
    for name in RULES:
        finding = find(name, words="số thay đổi", cell="F9", raw="abc", file="a.xlsx")
        assert finding.message and finding.instruction.endswith(".")
        assert "{" not in finding.message + finding.instruction
