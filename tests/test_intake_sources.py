"""The record of what was received: its rows, its order, and what it says of files."""

from __future__ import annotations

import csv

import pytest

from tiny_province import (
    TinyAreas,
    register,
    tiny_edition,
    tiny_project,
    write_sources,
    write_unit,
)
from treem.errors import WorkbookError
from treem.intake.observations import records
from treem.intake.tables import say_os_error
from treem.intake.workbook import read_submissions

REGISTER = register()
FIGURES = {("CT01", "numerator"): 6, ("CT01", "denominator"): 8}


@pytest.fixture
def project(tmp_path):
    return tiny_project(tmp_path)


def read(project):
    return read_submissions(project, tiny_edition(years=(2024,)), REGISTER, TinyAreas())


def rewrite(project, **changes):
    """Change columns of the only row of the record."""
    source = write_unit(project, "901", 2024, FIGURES)
    path = write_sources(project, [source])
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    rows[0] |= {key: value for key, value in changes.items() if value is not None}
    names = [name for name in rows[0] if changes.get(name, "") is not None]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(WorkbookError) as caught:
        read(project)
    return str(caught.value)


def test_no_record_at_all(project):
    (project.root / "ho-so" / "2024").mkdir()
    with pytest.raises(WorkbookError, match="không có sổ SOURCES.csv"):
        read(project)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sha256": None}, "thiếu cột sha256"),
        ({"sender": ""}, "cột sender để trống"),
        ({"received_date": "2024-13-45"}, "dòng 2: cột received_date ghi “2024-13-45”"),
        ({"received_date": "15/01/2025"}, "dòng 2: cột received_date ghi “15/01/2025”"),
        ({"unit_code": "999"}, "dòng 2 ghi mã đơn vị “999”"),
        ({"year": "hai nghìn"}, "cột year cần số nguyên"),
        ({"year": "2019"}, "dòng 2: cột year ghi 2019"),
        ({"file": "../ngoai.xlsx"}, "ra ngoài thư mục"),
        ({"file": "/etc/ngoai.xlsx"}, "ra ngoài thư mục"),
        ({"file": "C:\\ngoai.xlsx"}, "ra ngoài thư mục"),
        ({"supersedes": "2024/khac.xlsx"}, "không có tệp đó"),
        ({"supersedes": "901.xlsx"}, "thay chính nó"),
    ],
)
def test_a_wrong_row_of_the_record(project, changes, words):
    assert words in rewrite(project, **changes)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("file,sha256,sender\nTỉnh".encode("utf-16"), "lưu lại dạng CSV UTF-8"),
        ("file,sha256\nđơn vị".encode("cp1258", "replace") + b"\xd0", "lưu lại dạng CSV UTF-8"),
        (b"file;sha256;size;sender\n", "dấu chấm phẩy “;”"),
        (b"file\tsha256\tsize\n", "dấu tab"),
        (b"", "sổ trống"),
        (b"\n\n", "sổ trống"),
    ],
    ids=["utf-16", "cp1258", "semicolon", "tab", "empty", "blank"],
)
def test_a_record_that_is_no_table_of_ours(project, data, words):
    path = project.root / "ho-so" / "2024" / "SOURCES.csv"
    path.parent.mkdir()
    path.write_bytes(data)
    with pytest.raises(WorkbookError) as caught:
        read(project)
    message = str(caught.value)
    assert words in message and "ho-so/2024/SOURCES.csv" in message
    assert "sha256, size" not in message or "sổ trống" in message


def test_a_record_that_is_a_folder_or_may_not_be_read_says_so_in_vietnamese():
    assert say_os_error(PermissionError(13, "Permission denied")) == "không có quyền đọc tệp"
    assert say_os_error(FileNotFoundError(2, "No such file")) == "không tìm thấy tệp"
    assert say_os_error(OSError(999, "odd")) == "máy không đọc được tệp"


def test_a_year_outside_the_edition_is_not_read(project):
    sources = [write_unit(project, "901", 2024, FIGURES), write_unit(project, "902", 2019, FIGURES)]
    write_sources(project, sources)
    assert set(read(project).observations["year"]) == {2024}


def test_a_year_that_has_received_nothing_yet(project):
    received = read(project)
    assert len(received.observations) == 0
    assert {row["rule"] for row in records(received.findings)} == {"missing_submission"}


def test_two_files_of_one_unit_and_year_without_an_order(project):
    first = write_unit(project, "901", 2024, FIGURES)
    second = write_unit(project, "901", 2024, FIGURES, "901-2.xlsx")
    write_sources(project, [first, second])
    with pytest.raises(WorkbookError, match="không rõ tệp nào thay tệp nào"):
        read(project)


def test_a_file_recorded_twice(project):
    source = write_unit(project, "901", 2024, FIGURES)
    write_sources(project, [source, source])
    with pytest.raises(WorkbookError, match="ghi hai lần"):
        read(project)


def test_a_folder_that_does_not_exist_is_refused_with_what_to_do(project):
    (project.root / "ho-so").rmdir()
    with pytest.raises(WorkbookError, match="Không có thư mục hồ sơ ho-so") as caught:
        read(project)
    assert "--record" in str(caught.value) and caught.value.exit_code == 1
