"""What comes in over a year: lists of persons, later submissions, new files through the command."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from sent_forms import Sent, changed, expected, read_data, values
from tiny_province import (
    ROOT,
    TinyAreas,
    path_of,
    register,
    source_of,
    tiny_edition,
    tiny_project,
    write_sources,
    write_unit,
)
from treem.cli import main
from treem.errors import WorkbookError
from treem.intake.forms import SHEET
from treem.intake.observations import records
from treem.intake.workbook import read_submissions
from treem.project import Project

# --- persons ----------------------------------------------------------------------------------

CHILDREN = ["Trần Thị Ví Dụ", "Lê Văn Thí Dụ"]


def listed(*columns: list[object]):
    """Put columns beside the table, each a header with its list."""

    def change(sent: Sent) -> None:
        for number, column in enumerate(columns, start=13):
            for row, value in enumerate(column, start=6):
                sent.sheet.cell(row, number, value)

    return change


@pytest.mark.parametrize(
    "columns",
    [
        [["Họ và tên", *CHILDREN]],
        [["HỌ TÊN TRẺ", "A", *CHILDREN]],
        [["Họ và tên học sinh", None, *CHILDREN]],
        [["Ngày sinh", "05/3/2015"]],
        [["Ngày, tháng, năm sinh", "(1)", "05/3/2015"]],
        [["Số định danh cá nhân", "027315000001"]],
        [["Mã", "027315000001"]],
        [["Số CCCD", 27315000001]],
        [["Số thẻ BHYT", "TE1272700000001"]],
        [["Họ tên mẹ", *CHILDREN], ["Số điện thoại", "0912345678", "0987654321"]],
        [["Địa chỉ thường trú", "Thôn Một", "Thôn Hai"]],
    ],
    ids=lambda columns: columns[0][0],
)
def test_a_list_of_persons_is_refused(columns, tmp_path):
    with pytest.raises(WorkbookError, match="thông tin của từng người") as caught:
        read_data(tmp_path, changed(listed(*columns)))
    message = str(caught.value)
    assert caught.value.exit_code == 1 and "ho-so/2024/901.xlsx" in message
    assert not any(str(value) in message for column in columns for value in column[1:] if value)


def signed(rows: list[list[object]]):
    def change(sent: Sent) -> None:
        first = sent.sheet.max_row + 1
        for number, row in enumerate(rows, start=first):
            for column, value in enumerate(row, start=1):
                sent.sheet.cell(number, column, value)

    return change


@pytest.mark.parametrize(
    "rows",
    [
        [["Trần Thị Ví Dụ", None, None, None, None, None, None, "Lê Văn Thí Dụ"]],
        [["Họ tên:", "Trần Thị Ví Dụ"], ["Điện thoại:", "0912345678"], ["Chức vụ:", "Công chức"]],
        [["Họ và tên", "Trần Thị Ví Dụ"], ["Điện thoại", "0912345678"]],
        [["Họ và tên"], ["Trần Thị Ví Dụ"]],
        [["Số điện thoại: 0222 3822 222"], ["Địa chỉ: thành phố Bắc Ninh"]],
    ],
    ids=["names", "with colons", "without colons", "below", "of the office"],
)
def test_who_made_and_signed_a_form_is_ordinary(rows, tmp_path):
    read, findings = read_data(tmp_path, changed(signed(rows)))
    assert findings == [] and values(read) == expected()


def test_words_of_the_plan_are_no_persons(tmp_path):
    """Labels of measures speak of names, births and children; numbers of twelve digits are sums."""

    def change(sent: Sent) -> None:
        sent.sheet["M6"], sent.sheet["M7"] = "Số trẻ có tên trong sổ", 27315000001
        sent.sheet["M8"] = "Năm sinh của trẻ được thống kê theo năm dương lịch"

    read, findings = read_data(tmp_path, changed(change))
    assert findings == [] and values(read) == expected()


# --- later submissions ------------------------------------------------------------------------

REGISTER = register()
FIGURES = {("CT01", "numerator"): 6, ("CT01", "denominator"): 8}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return tiny_project(tmp_path)


def read(project: Project, **changes):
    edition = tiny_edition(years=(2024,))
    return read_submissions(project, replace(edition, **changes), REGISTER, TinyAreas())


def used(received) -> dict[str, str]:
    return {
        f"{row['measure']}.{row['part']}": row["value"]
        for row in records(received.observations)
        if row["used"] == "true" and row["value"]
    }


def test_the_last_of_three_submissions_counts_and_all_are_kept(project):
    files = ["901.xlsx", "901-2.xlsx", "901-3.xlsx"]
    sources = [
        write_unit(project, "901", 2024, {**FIGURES, ("CT02", "numerator"): number}, file, before)
        for number, file, before in zip((5, 7, 9), files, ["", *files], strict=False)
    ]
    for order in ((0, 1, 2), (2, 0, 1)):  # the record need not be in order
        write_sources(project, [sources[number] for number in order])
        received = read(project)
        assert used(received)["CT02.numerator"] == "9"
        assert {row["file"] for row in records(received.observations)} == {
            f"ho-so/2024/{file}" for file in files
        }
        assert {(row["before"], row["after"]) for row in records(received.differences)} == {
            ("5", "7"),
            ("7", "9"),
        }
        replaced = [row for row in records(received.findings) if row["rule"] == "superseded"]
        assert {(row["file"], row["raw"]) for row in replaced} == {
            ("ho-so/2024/901.xlsx", "901-2.xlsx"),
            ("ho-so/2024/901-2.xlsx", "901-3.xlsx"),
        }


def test_a_later_submission_that_cannot_be_read_says_so(project):
    first = write_unit(project, "901", 2024, FIGURES)
    second = write_unit(project, "901", 2024, FIGURES, "901-2.xlsx", first.file)
    path = path_of(project, second)
    book = openpyxl.load_workbook(path)
    book[SHEET]["G4"] = "Mã đơn vị: 902"
    book.save(path)
    second = source_of(path, second.file, "901", 2024, first.file)
    write_sources(project, [first, second])
    received = read(project)
    found = {row["rule"]: row for row in records(received.findings)}
    assert "bản sau không đọc được số nào" in found["superseded"]["message"]
    assert found["other_unit"]["severity"] == "submission" and used(received) == {}


def test_a_row_that_is_gone_from_a_later_submission_is_a_change(project):
    first = write_unit(project, "901", 2024, FIGURES)
    second = write_unit(project, "901", 2024, FIGURES, "901-2.xlsx", first.file)
    path = path_of(project, second)
    book = openpyxl.load_workbook(path)
    for letter in "ABCDEFGHIJK":
        book[SHEET][f"{letter}9"] = None
    book.save(path)
    write_sources(project, [first, source_of(path, second.file, "901", 2024, first.file)])
    received = read(project)
    finding = next(row for row in records(received.findings) if row["rule"] == "superseded")
    assert "CT01 tử số: 6 → không có dòng" in finding["message"]
    (row,) = records(received.differences)
    assert (row["before"], row["after"], row["cell_before"]) == ("6", "", "H9")


def test_a_unit_with_files_in_two_folders_of_a_year_is_refused(project):
    source = write_unit(project, "901", 2024, FIGURES)
    write_sources(project, [source])
    shutil.copytree(project.root / "ho-so", project.root / "ho-so-2")
    with pytest.raises(WorkbookError, match=r"ho-so-2/2024/901\.xlsx: đơn vị 901 đã có tệp"):
        read(project, submissions=("ho-so", "ho-so-2"))


# --- new files through the command ------------------------------------------------------------

HEAD = {"G4": "Mã đơn vị: 256", "D4": "Năm 2024"}


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Path:
    """A project with one edition of the old districts, which has received nothing."""
    root = tmp_path_factory.mktemp("office")
    for name in ("expectations", "data/plan", "data/source", "data/areas"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "_quarto.yml", root)
    (root / "params").mkdir()
    text = (ROOT / "params" / "demo-2024.yml").read_text("utf-8")
    for old, new in (
        ("edition: demo-2024", "edition: nho"),
        ("submissions: data/demo/demo-2024", "submissions: ho-so"),
        ("years: [2021, 2022, 2023, 2024]", "years: [2024]"),
    ):
        assert old in text
        text = text.replace(old, new)
    (root / "params" / "nho.yml").write_text(text, "utf-8")
    return root


@pytest.fixture
def inbox(office: Path) -> Path:
    """The folder of a year, empty."""
    shutil.rmtree(office / "ho-so", ignore_errors=True)
    shutil.rmtree(office / "reports", ignore_errors=True)
    (office / "ho-so" / "2024").mkdir(parents=True)
    return office / "ho-so" / "2024"


RECORD = ("--record", "--received", "2025-01-20", "--document", "12/BC-UBND")


def intake(inbox: Path, *arguments: str) -> int:
    return main(["intake", "nho", *arguments, "--project", str(inbox.parent.parent)])


def put_form(inbox: Path, file: str, figure: int, head: dict[str, str | None] | None = None):
    """Let a district's form of the small register lie in the folder."""

    def change(sent: Sent) -> None:
        sent.put("CT01.numerator", figure)
        for address, words in (head or HEAD).items():
            sent.sheet[address] = words
        if head:
            del sent.book["_treem"]

    (inbox / file).write_bytes(changed(change))


def recorded(inbox: Path) -> list[dict[str, str]]:
    path = inbox / "SOURCES.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def table(inbox: Path, name: str) -> list[dict[str, str]]:
    path = inbox.parent.parent / "reports" / "nho" / "intake" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_new_files_are_recorded_then_read_and_a_later_one_supersedes(inbox, capsys):
    put_form(inbox, "Từ Sơn.xlsx", 6)
    before = (inbox / "Từ Sơn.xlsx").read_bytes()
    assert intake(inbox, *RECORD, "--json") == 0
    assert json.loads(capsys.readouterr().out)["recorded"] == ["ho-so/2024/Từ Sơn.xlsx"]
    (row,) = recorded(inbox)
    assert (row["unit_code"], row["received_date"], row["supersedes"]) == ("256", "2025-01-20", "")
    put_form(inbox, "Từ Sơn gửi lại.xlsx", 7)
    assert intake(inbox, *RECORD) == 0
    assert [row["supersedes"] for row in recorded(inbox)] == ["", "Từ Sơn.xlsx"]
    figures = {
        (row["value"], row["used"])
        for row in table(inbox, "observations")
        if (row["measure"], row["part"]) == ("CT01", "numerator")
    }
    assert figures == {("6", "false"), ("7", "true")}
    (difference,) = table(inbox, "differences")
    assert (difference["before"], difference["after"]) == ("6", "7")
    assert (inbox / "Từ Sơn.xlsx").read_bytes() == before


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ({"G4": None, "D4": "Năm 2024"}, "không ghi mã đơn vị hoặc năm"),
        ({"G4": "Mã đơn vị: 256", "D4": None}, "không ghi mã đơn vị hoặc năm"),
        ({"G4": "Mã đơn vị: 256", "D4": "Năm 2023"}, "ghi năm 2023 (ô D4)"),
        ({"G4": "Mã đơn vị: 999", "D4": "Năm 2024"}, "mã đơn vị 999 (ô G4)"),
    ],
)
def test_a_file_that_does_not_say_whose_it_is_lets_nothing_be_recorded(inbox, head, words, capsys):
    put_form(inbox, "a.xlsx", 6)
    put_form(inbox, "b.xlsx", 7, head)
    assert intake(inbox, *RECORD) == 1
    said = capsys.readouterr().err
    assert "ho-so/2024/b.xlsx" in said and words in said
    assert recorded(inbox) == [] and sorted(inbox.iterdir()) == [inbox / "a.xlsx", inbox / "b.xlsx"]
    assert not (inbox.parent.parent / "reports" / "nho" / "intake").exists()


def test_a_list_of_persons_is_not_even_recorded(inbox, capsys):
    (inbox / "a.xlsx").write_bytes(changed(listed(["Ngày sinh", "05/3/2015"])))
    assert intake(inbox, *RECORD) == 1
    said = capsys.readouterr().err
    assert "thông tin của từng người" in said and "05/3/2015" not in said
    assert recorded(inbox) == []


def test_an_old_record_keeps_its_rows_and_its_columns(inbox):
    put_form(inbox, "a.xlsx", 6)
    assert intake(inbox, *RECORD) == 0
    path = inbox / "SOURCES.csv"
    lines = path.read_text("utf-8").rstrip("\n").split("\n")
    text = f"{lines[0]},ghi chú riêng\n{lines[1]},của văn phòng"  # no line end, a column of its own
    path.write_text(text, "utf-8-sig")
    put_form(inbox, "b.xlsx", 7)
    assert intake(inbox, *RECORD) == 0
    first, second = recorded(inbox)
    assert first["ghi chú riêng"] == "của văn phòng" and first["file"] == "a.xlsx"
    assert (second["file"], second["supersedes"], second["ghi chú riêng"]) == (
        "b.xlsx",
        "a.xlsx",
        "",
    )


@pytest.mark.parametrize("day", [(), ("--received", "20/01/2025")])
def test_the_day_of_receipt_must_be_given(inbox, day, capsys):
    put_form(inbox, "a.xlsx", 6)
    assert intake(inbox, "--record", *day) == 2
    assert "--received NGÀY" in capsys.readouterr().err and recorded(inbox) == []
