"""Hostile files are refused, or read without harm, within 5 seconds and 500 MB each."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from conftest import run_treem
from hostile_files import READ, REFUSED, clean_parts, write_parts
from treem.errors import WorkbookError
from treem.intake.forms import SHEET
from treem.intake.guard import GuardReport, inspect
from treem.project import Project

MOST_SECONDS = 5
MOST_BYTES = 500 * 1024 * 1024

# A process of its own: its memory is limited by the system, its peak and its time are measured.
MEASURED = f"""
import json, resource, sys, time
from dataclasses import asdict
from pathlib import Path
from treem.errors import WorkbookError
from treem.intake.guard import inspect

resource.setrlimit(resource.RLIMIT_AS, ({MOST_BYTES}, {MOST_BYTES}))
start = time.perf_counter()
try:
    said = asdict(inspect(Path(sys.argv[1]), "2025/256" + Path(sys.argv[1]).suffix))
except WorkbookError as error:
    said = {{"refused": str(error)}}
seconds = time.perf_counter() - start
# not ru_maxrss: a child inherits the peak of whoever forked it
status = Path("/proc/self/status").read_text()
peak = 1024 * int(status.split("VmHWM:")[1].split()[0])
print(json.dumps({{"said": said, "seconds": seconds, "peak": peak}}))
"""


def measured(path: Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["seconds"] < MOST_SECONDS and answer["peak"] < MOST_BYTES, answer
    said: dict[str, object] = answer["said"]
    return said


@pytest.mark.parametrize("fault", REFUSED)
def test_a_hostile_file_is_refused_cheaply(fault, tmp_path):
    suffix, make, words = REFUSED[fault]
    path = tmp_path / f"{fault}{suffix}"
    make(path)
    before = sorted(tmp_path.iterdir())
    message = str(measured(path).get("refused", "read"))
    assert message.startswith(f"2025/256{suffix}: ") and words in message
    assert "Hãy " in message and message.endswith(".") and message.isprintable()
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("kind", READ)
def test_a_file_that_only_carries_more_is_read_and_named(kind, tmp_path):
    suffix, make, expected = READ[kind]
    path = tmp_path / f"{kind}{suffix}"
    make(path)
    said = measured(path)
    plain = {"macros": False, "external_links": False, "embedded": False, "dde": False}
    kind_of = {"kind": "csv" if suffix == ".csv" else "xlsx"}
    assert said == plain | kind_of | expected


def test_a_file_must_lie_in_the_folder_it_is_read_from(tmp_path):
    inside, outside = tmp_path / "ho-so", tmp_path / "khac"
    inside.mkdir()
    outside.mkdir()
    write_parts(outside / "256.xlsx", clean_parts())
    (inside / "2025").symlink_to(outside)
    with pytest.raises(WorkbookError, match="ra ngoài thư mục hồ sơ"):
        inspect(inside / "2025" / "256.xlsx", "2025/256.xlsx", within=inside)
    report = inspect(outside / "256.xlsx", "256.xlsx", within=outside)
    assert report == GuardReport("xlsx")


# --- through the command ----------------------------------------------------------------------

EDITION, FIRST, LAST = "demo-2024", "2021", "2024"
THROUGH_THE_COMMAND = (
    "password",
    "truncated",
    "flat_bomb",
    "laughs",
    "merged_sheet",
    "sheet_path",
)


def record(folder: Path, file: str, path: Path) -> None:
    """Put a file in the place of a received one, and its checksum into the record."""
    data = path.read_bytes()
    (folder / file).write_bytes(data)
    sources = folder / "SOURCES.csv"
    with sources.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        if row["file"] == file:
            row["sha256"], row["size"] = hashlib.sha256(data).hexdigest(), str(len(data))
    with sources.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def test_the_command_refuses_hostile_files_and_leaves_nothing(project_copy: Project, tmp_path):
    folder = project_copy.root / "data" / "demo" / EDITION / FIRST
    for fault in THROUGH_THE_COMMAND:
        suffix, make, words = REFUSED[fault]
        path = tmp_path / f"{fault}{suffix}"
        make(path)
        record(folder, "256.xlsx", path)
        done = run_treem(project_copy.root, "intake", EDITION)
        assert done.returncode == 1, (fault, done.stderr)
        assert words in done.stderr and f"{FIRST}/256.xlsx" in done.stderr
        assert "Traceback" not in done.stderr
        left = [one.name for one in (project_copy.root / "reports").rglob("*") if one.is_file()]
        assert set(left) <= {".lock"}, fault


def test_formulas_typed_as_text_leave_as_text(project_copy: Project, tmp_path):
    folder = project_copy.root / "data" / "demo" / EDITION / LAST
    book = openpyxl.load_workbook(folder / "256.xlsx")
    sheet, typed = book[SHEET], '=HYPERLINK("http://evil.example";"x")'
    columns = {cell.value: cell.column for row in sheet["A1:P12"] for cell in row}
    first = next(cell.row for row in sheet["A1:P20"] for cell in row if cell.value == "CT01")
    for column in (columns["Giá trị"], columns["Ghi chú"]):
        sheet.cell(first, column).value = typed
        sheet.cell(first, column).data_type = "s"
    book.save(tmp_path / "256.xlsx")
    record(folder, "256.xlsx", tmp_path / "256.xlsx")
    for command in ("intake", "feedback"):
        done = run_treem(project_copy.root, command, EDITION)
        assert done.returncode in (0, 1) and "Traceback" not in done.stderr
    reports = project_copy.root / "reports" / EDITION
    with (reports / "intake" / "observations.csv").open(encoding="utf-8", newline="") as stream:
        written = {row[name] for row in csv.DictReader(stream) for name in ("raw", "note")}
    assert f"'{typed}" in written and typed not in written
    answer = reports / "feedback" / LAST / "256.xlsx"
    cells = [
        cell
        for page in openpyxl.load_workbook(answer).worksheets
        for row in page.iter_rows()
        for cell in row
    ]
    assert any(typed in str(cell.value) for cell in cells)
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
