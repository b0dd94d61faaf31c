"""Feedback to senders: cells marked, read back the same, and nothing in it can run."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment

from conftest import run_treem
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
from treem.intake.feedback import replies, write_feedback
from treem.intake.findings import find, findings_table
from treem.intake.forms import SHEET
from treem.intake.observations import records
from treem.intake.workbook import read_submissions

REGISTER, AREAS = register(), TinyAreas()
EDITION = tiny_edition(years=(2024,))
FIGURES = {
    ("CT01", "numerator"): 6,
    ("CT01", "denominator"): 8,
    ("CT03.2", "numerator"): "nhiều",
    ("CT03.2", "denominator"): "1.234,5",
}
LIST = "Phát hiện"


@pytest.fixture
def project(tmp_path: Path):
    return tiny_project(tmp_path)


def feedback(project, sources, extra=(), edition=EDITION):
    """Read what was sent and write the feedback; returns the workbook of each unit, open."""
    write_sources(project, sources)
    read = read_submissions(project, edition, REGISTER, AREAS)
    found = findings_table("nho", extra) if extra else read.findings
    out = project.root / "out"
    paths = write_feedback(project, edition, REGISTER, AREAS, read.observations, found, out)
    return {path.stem: openpyxl.load_workbook(path) for path in paths}, read


def texts(sheet) -> str:
    return "\n".join(str(c.value) for row in sheet.iter_rows() for c in row if c.value is not None)


def cell_of(sheet, words: str):
    return next(c for row in sheet.iter_rows() for c in row if c.value == words)


def sent(project, unit="901", figures=FIGURES, **more):
    return write_unit(project, unit, 2024, figures, **more)


def rewrite(project, source, change):
    """Let a sender change his workbook; returns its new row of the record."""
    path = path_of(project, source)
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)
    return source_of(path, source.file, source.unit_code, source.year)


def test_a_bad_cell_is_marked_commented_and_listed(project):
    books, _ = feedback(project, [sent(project)])
    book = books["901"]
    assert book.sheetnames[0] == LIST
    bad = cell_of(book[SHEET], "nhiều")
    assert "không đọc được thành số" in bad.comment.text and "Cần làm: Ghi lại" in bad.comment.text
    assert bad.fill.fgColor.rgb.endswith("F9D5A7")
    link = cell_of(book[LIST], bad.coordinate)
    assert link.hyperlink.location == f"'{SHEET}'!{bad.coordinate}"
    listed = texts(book[LIST])
    assert "Kính gửi: Ủy ban nhân dân huyện Một" in listed and "Có 1 phát hiện" in listed
    assert book[SHEET].sheet_properties.tabColor.rgb.endswith("C00000")


def test_a_sender_without_fault_gets_a_confirmation_and_a_silent_one_the_form(project):
    good = {key: value for key, value in FIGURES.items() if key[0] == "CT01"}
    books, _ = feedback(project, [sent(project, figures=good)])
    assert "không có phát hiện nào. Đơn vị không phải làm gì thêm" in texts(books["901"][LIST])
    assert not any(c.comment for row in books["901"][SHEET].iter_rows() for c in row)
    late = books["902"]
    assert "Chưa nhận được hồ sơ số liệu năm 2024" in texts(late[LIST])
    assert "STT" not in texts(late[LIST])  # a reminder has no list of findings
    assert "Mã đơn vị: 902" in texts(late[SHEET]) and "huyện Hai" in texts(late[LIST])


def test_a_corrected_reply_can_be_sent_again_and_reads_the_same(project):
    """Round trip: recorded as a resubmission, all values are equal and the fault is gone."""
    first = sent(project)
    books, read = feedback(project, [first])
    cell_of(books["901"][SHEET], "nhiều").value = 12
    path = path_of(project, first).with_name("901-2.xlsx")
    books["901"].save(path)
    again = source_of(path, path.name, "901", 2024, supersedes=first.file)
    second, reread = feedback(project, [first, again])

    def values(received):
        rows = records(received.observations.query("superseded_by == ''"))
        return {(r["measure"], r["part"]): (r["value"], r["cell"]) for r in rows}

    before, after = values(read), values(reread)
    assert after.pop(("CT03.2", "numerator"))[0] == "12"
    del before["CT03.2", "numerator"]
    assert after == before and after["CT03.2", "denominator"][0] == "1234.5"
    # the marks and the list of the first reply are not carried into the second
    assert [name for name in second["901"].sheetnames if name.startswith(LIST)] == [LIST]
    corrected = cell_of(second["901"][SHEET], 12)
    assert corrected.comment is None and not corrected.fill.fgColor.rgb.endswith("F9D5A7")


def test_a_text_table_comes_back_as_a_sheet_with_its_cells_in_place(project):
    source = sent(project)
    rows = openpyxl.load_workbook(path_of(project, source))[SHEET].iter_rows(values_only=True)
    text = "\n".join(";".join(f'"{"" if v is None else str(v)}"' for v in row) for row in rows)
    path_of(project, source).unlink()
    path = path_of(project, source).with_suffix(".csv")
    path.write_text(text, "utf-8-sig")
    books, read = feedback(project, [source_of(path, path.name, "901", 2024)])
    sheet = books["901"]["Bản chép"]
    (finding,) = records(read.findings.query("rule == 'not_a_number'"))
    assert sheet[finding["cell"]].value == "nhiều" and sheet[finding["cell"]].comment
    # and what came back is read by the same words
    back = path.with_suffix(".xlsx")
    books["901"].save(back)
    _, reread = feedback(project, [source_of(back, back.name, "901", 2024)])
    columns = ["measure", "part", "value", "status", "cell"]
    assert reread.observations[columns].equals(read.observations[columns])


def test_text_from_a_workbook_stays_text_everywhere(project):
    evil = '=HYPERLINK("http://x.example","bấm")'

    def spoil(book):
        sheet = book[SHEET]
        bad = cell_of(sheet, "nhiều")
        bad.value, bad.data_type = evil, "s"
        note = sheet.cell(row=bad.row, column=11)
        note.value, note.data_type = "@SUM(A1)", "s"
        sheet["H60"].hyperlink = "file://server/share"
        other = book.create_sheet("Phụ")
        other["A1"] = "=1+1"
        other["A2"].value, other["A2"].data_type = "+1+cmd", "s"

    books, _ = feedback(project, [rewrite(project, sent(project), spoil)])
    book = books["901"]
    assert evil in texts(book[LIST]) and evil in texts(book[SHEET])
    for sheet in book.worksheets:
        assert not [link for link in sheet._hyperlinks if link.target]
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", cell.coordinate
                if isinstance(cell.value, str) and re.match(r"[=+@]", cell.value):
                    assert cell.quotePrefix, (sheet.title, cell.coordinate)
    assert book["Phụ"]["A1"].value is None  # a formula that was never worked out


def test_a_mark_on_a_merged_range_stands_in_its_first_cell(project):
    def merge(book):
        bad = cell_of(book[SHEET], "nhiều")
        book[SHEET].merge_cells(start_row=bad.row, end_row=bad.row, start_column=8, end_column=9)
        bad.comment = Comment("số liệu chưa chốt", "xã")

    books, _ = feedback(project, [rewrite(project, sent(project), merge)])
    bad = cell_of(books["901"][SHEET], "nhiều")
    assert "số liệu chưa chốt" in bad.comment.text and "không đọc được" in bad.comment.text
    row = bad.row
    place = {"file": "ho-so/2024/901.xlsx", "sheet": SHEET, "area_code": "901", "year": "2024"}
    source = source_of(project.root / place["file"], "901.xlsx", "901", 2024)
    inside = find("merged_value", cell=f"I{row}", **place)
    whole_row = find("other_year", cell=f"{row}", raw="2023", **place)
    books, _ = feedback(project, [source], extra=[inside, whole_row])
    sheet = books["901"][SHEET]
    assert "gộp qua nhiều dòng" in sheet[f"H{row}"].comment.text
    assert "năm 2023" in sheet[f"A{row}"].comment.text
    assert "Hồ sơ chưa dùng được" in texts(books["901"][LIST])


def test_a_file_that_was_refused_is_marked_where_it_is_wrong(project):
    def spoil(book):
        head = next(
            c for row in book[SHEET].iter_rows() for c in row if "Mã đơn vị" in str(c.value)
        )
        head.value = "Mã đơn vị: 902"

    books, _ = feedback(project, [rewrite(project, sent(project), spoil)])
    book = books["901"]
    assert "Hồ sơ chưa dùng được" in texts(book[LIST])
    assert "giữ nguyên mã đơn vị" in texts(book[LIST])
    assert "không được dùng" in cell_of(book[SHEET], "Mã đơn vị: 902").comment.text


def test_a_changed_file_is_not_copied(project):
    source = sent(project)
    write_sources(project, [source])
    with path_of(project, source).open("ab") as stream:
        stream.write(b" ")
    read = read_submissions(project, EDITION, REGISTER, AREAS)
    out = project.root / "out"
    write_feedback(project, EDITION, REGISTER, AREAS, read.observations, read.findings, out)
    book = openpyxl.load_workbook(out / "2024" / "901.xlsx")
    assert book.sheetnames == [LIST]
    assert "Đề nghị đơn vị gửi lại tệp như đã gửi" in texts(book[LIST])


def test_findings_without_a_file_reach_the_unit_that_owes(project):
    sources = [sent(project), sent(project, unit="SYT", figures={})]
    write_sources(project, sources)
    read = read_submissions(project, EDITION, REGISTER, AREAS)
    made = [
        find("duplicate_row", area_code="902", area_name="Huyện Hai", year="2024", measure="CT01"),
        find("duplicate_row", area_code="27", area_name="Tỉnh Nhỏ", year="2024", measure="CT06"),
        find("correction_expired", area_code="901", year="2024"),
    ]
    got = {
        reply.unit.code: [row["measure"] for row in reply.findings]
        for reply in replies(
            project, EDITION, REGISTER, AREAS, read.observations, findings_table("nho", made)
        )
    }
    assert got["902"] == ["CT01"] and got["901"] == []
    assert sum(measures == ["CT06"] for measures in got.values()) == 1


def test_a_waived_finding_is_no_fault(project):
    source = sent(project)
    write_sources(project, [source])
    read = read_submissions(project, EDITION, REGISTER, AREAS)
    waived = read.findings.assign(
        waiver=["MT-1" if rule == "not_a_number" else "" for rule in read.findings["rule"]]
    )
    out = project.root / "out"
    write_feedback(project, EDITION, REGISTER, AREAS, read.observations, waived, out)
    listed = texts(openpyxl.load_workbook(out / "2024" / "901.xlsx")[LIST])
    assert "được miễn trừ: MT-1" in listed and "không có lỗi" in listed


def test_the_same_input_gives_the_same_bytes(project):
    source = sent(project)
    feedback(project, [source])
    first = {p.name: p.read_bytes() for p in (project.root / "out" / "2024").iterdir()}
    shutil.rmtree(project.root / "out")
    feedback(project, [source])
    assert first == {p.name: p.read_bytes() for p in (project.root / "out" / "2024").iterdir()}


def test_every_sheet_of_generated_figures_says_so(project):
    source = rewrite(project, sent(project), lambda book: book.create_sheet("Phụ").append(["a"]))
    books, _ = feedback(project, [source])
    for book in books.values():
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible":
                assert EDITION.notice in texts(sheet), sheet.title


def test_the_command_writes_all_or_nothing(project_copy):
    """One year of the demonstration, to be quick; then a file that cannot be opened."""
    params = project_copy.root / "params" / "demo-2024.yml"
    text = params.read_text("utf-8")
    params.write_text(text.replace("years: [2021, 2022, 2023, 2024]", "years: [2024]"), "utf-8")
    done = run_treem(project_copy.root, "feedback", "demo-2024")
    assert done.returncode == 0, done.stderr
    folder = project_copy.root / "reports" / "demo-2024" / "feedback"
    written = {path.name: path.read_bytes() for path in sorted((folder / "2024").iterdir())}
    assert len(written) == 10 and "SYT.xlsx" in written
    broken = project_copy.root / "data/demo/demo-2024/2024/256.xlsx"
    record = broken.with_name("SOURCES.csv")
    lines = record.read_text("utf-8")
    old = source_of(broken, broken.name, "256", 2024)
    broken.write_bytes(broken.read_bytes()[:2000])
    new = source_of(broken, broken.name, "256", 2024)
    lines = lines.replace(old.sha256, new.sha256).replace(f",{old.size},", f",{new.size},")
    record.write_text(lines, "utf-8")
    done = run_treem(project_copy.root, "feedback", "demo-2024")
    assert done.returncode == 1 and "256.xlsx" in done.stderr
    assert {p.name: p.read_bytes() for p in sorted((folder / "2024").iterdir())} == written
    assert [path.name for path in folder.iterdir()] == ["2024"]
