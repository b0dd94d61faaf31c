"""What people keep beside the submissions: declared corrections and the record of new files."""

from __future__ import annotations

import csv

import pytest

from tiny_province import (
    TinyAreas,
    path_of,
    register,
    tiny_edition,
    tiny_project,
    write_sources,
    write_unit,
)
from treem.errors import UsageError, WorkbookError
from treem.intake import registration
from treem.intake.observations import records
from treem.intake.registration import record_files
from treem.intake.workbook import read_submissions

REGISTER = register()
FIGURES = {("CT01", "numerator"): "1.234", ("CT01", "denominator"): 8}
CORRECTION = """
- id: DC-1
  area: "901"
  year: 2024
  row: CT01.numerator
  expected: "1.234"
  corrected: "7"
  reason: Đơn vị xác nhận
  who: Người rà soát
  date: 2025-03-01
"""


@pytest.fixture
def project(tmp_path):
    made = tiny_project(tmp_path)
    (made.params / "intake").mkdir(parents=True)
    return made


def read(project):
    return read_submissions(project, tiny_edition(years=(2024,)), REGISTER, TinyAreas())


def correct(project, text):
    (project.params / "intake" / "corrections.yml").write_text(text, "utf-8")


def one(rows, rule):
    return next(row for row in records(rows) if row["rule"] == rule)


# --- declared corrections -----------------------------------------------------------------------


def test_a_correction_is_a_row_of_its_own_and_what_was_received_stays(project):
    write_sources(project, [write_unit(project, "901", 2024, FIGURES)])
    correct(project, CORRECTION)
    received = read(project)
    old, new = sorted(
        (
            row
            for row in records(received.observations)
            if (row["measure"], row["part"]) == ("CT01", "numerator")
        ),
        key=lambda row: row["used"],
    )
    assert (old["used"], old["raw"], old["value"]) == ("false", "1.234", "")
    assert old["superseded_by"] == new["observation_id"]
    assert (new["used"], new["value"], new["status"]) == ("true", "7", "revised")
    assert (new["file"], new["cell"]) == (old["file"], old["cell"])
    assert "DC-1" in new["note"] and "Đơn vị xác nhận" in new["note"]
    finding = one(received.findings, "correction_applied")
    assert (finding["severity"], finding["cell"]) == ("info", "H9")


@pytest.mark.parametrize("value", [7, "1.235", None], ids=["mended", "other", "gone"])
def test_a_correction_ends_loudly_once_its_source_is_mended(project, value):
    figures = {**FIGURES, ("CT01", "numerator"): value}
    write_sources(project, [write_unit(project, "901", 2024, figures)])
    correct(project, CORRECTION)
    received = read(project)
    finding = one(received.findings, "correction_expired")
    assert finding["severity"] == "run" and "DC-1" in finding["message"]
    assert "1.234" in finding["message"]
    assert "7" not in {
        row["value"] for row in records(received.observations) if "DC-1" in row["note"]
    }


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("expected", "expectd", "Có phải ý bạn là “expected”"),
        ("  who: Người rà soát\n", "", "thiếu khóa who"),
        ('corrected: "7"', 'corrected: "khoảng 7"', "khoảng 7"),
        ("date: 2025-03-01", "date: hôm qua", "ngày"),
        ("reason: Đơn vị xác nhận", "reason: ' '", "reason"),
    ],
)
def test_a_correction_with_a_fault_is_wrong_use(project, old, new, words):
    write_sources(project, [write_unit(project, "901", 2024, FIGURES)])
    assert old in CORRECTION
    correct(project, CORRECTION.replace(old, new))
    with pytest.raises(UsageError, match="corrections.yml") as caught:
        read(project)
    assert words in str(caught.value) and caught.value.exit_code == 2


def test_an_id_given_twice(project):
    correct(project, CORRECTION * 2)
    with pytest.raises(UsageError, match="ghi hai lần"):
        read(project)


# --- resubmissions ------------------------------------------------------------------------------


def test_the_differences_of_a_resubmission_stand_row_by_row(project):
    first = write_unit(project, "901", 2024, {**FIGURES, ("CT02", "numerator"): 5})
    second = write_unit(
        project, "901", 2024, {**FIGURES, ("CT02", "numerator"): 7}, "901-2.xlsx", first.file
    )
    write_sources(project, [first, second])
    (row,) = records(read(project).differences)
    assert (row["unit_code"], str(row["year"]), row["measure"]) == ("901", "2024", "CT02")
    assert (row["part"], row["stratum"]) == ("numerator", "")
    assert (row["before"], row["after"]) == ("5", "7")
    assert row["file_before"].endswith("901.xlsx") and row["file_after"].endswith("901-2.xlsx")
    assert row["cell_before"] == row["cell_after"] == "H11"


# --- the record of new files --------------------------------------------------------------------


@pytest.fixture
def recording(project, monkeypatch):
    monkeypatch.setattr(registration, "load_geography", lambda _: TinyAreas())
    edition = tiny_edition(years=(2024,))

    def record(**more):
        return record_files(
            project, edition, received_date="2025-01-20", document_number="12/BC-UBND", **more
        )

    return record


def rows_of(project):
    path = project.root / "ho-so" / "2024" / "SOURCES.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_new_files_are_recorded_once_with_whose_they_are(project, recording):
    source = write_unit(project, "901", 2024, FIGURES)
    assert recording() == ["ho-so/2024/901.xlsx"]
    (row,) = rows_of(project)
    assert (row["file"], row["unit_code"], row["year"]) == ("901.xlsx", "901", "2024")
    assert (row["sha256"], row["size"]) == (source.sha256, str(source.size))
    assert (row["received_date"], row["document_number"]) == ("2025-01-20", "12/BC-UBND")
    assert row["sender"] and row["supersedes"] == ""
    assert recording() == []
    assert len(read(project).observations) > 0


def test_a_second_file_of_a_unit_supersedes_the_first(project, recording):
    write_unit(project, "901", 2024, FIGURES)
    recording()
    write_unit(project, "901", 2024, {("CT01", "numerator"): 9}, "901 sua.xlsx")
    assert recording(sender="Văn phòng") == ["ho-so/2024/901 sua.xlsx"]
    first, second = rows_of(project)
    assert (first["supersedes"], second["supersedes"]) == ("", "901.xlsx")
    assert second["sender"] == "Văn phòng"


@pytest.mark.parametrize("fault", ["no workbook", "other unit", "other year"])
def test_one_file_that_cannot_be_recorded_leaves_the_record_as_it_was(project, recording, fault):
    write_unit(project, "901", 2024, FIGURES)
    folder = project.root / "ho-so" / "2024"
    if fault == "no workbook":
        (folder / "zz.xlsx").write_bytes(b"hello")
    elif fault == "other unit":
        write_unit(project, "909", 2024, FIGURES, "zz.xlsx")
    else:
        path = path_of(project, write_unit(project, "902", 2023, FIGURES, "zz.xlsx"))
        path.rename(folder / "zz.xlsx")
    with pytest.raises(WorkbookError, match=r"ho-so/2024/zz\.xlsx"):
        recording()
    assert not (folder / "SOURCES.csv").exists()
