"""The whole road, as a person runs it: both editions built once, then looked at in all three forms.

The expected rows of the summary table come from `printed.py`, which reads the official text again
with lines of its own; the printed forms are read with other libraries than those that wrote them.
"""

from __future__ import annotations

import csv
import functools
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from docx import Document

from conftest import EDITIONS, run_treem
from printed import issued_rows, pdf_pages, pdf_text, squeeze
from treem.project import Project

pytestmark = [pytest.mark.build, pytest.mark.xdist_group("build")]

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "data" / "source" / "359-KH-UBND.txt"
NOTICE = "SỐ LIỆU TRÌNH DIỄN DO MÁY SINH RA - KHÔNG PHẢI SỐ LIỆU THẬT"


def package(root: Path, edition: str) -> Path:
    return root / "reports" / edition / "public"


def results(root: Path, edition: str) -> list[dict[str, str]]:
    with (root / "reports" / edition / "tables" / "results.csv").open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def province_results(root: Path, edition: str) -> dict[str, dict[str, str]]:
    rows = results(root, edition)
    last = max(row["year"] for row in rows)
    return {r["measure"]: r for r in rows if r["area_code"] == "27" and r["year"] == last}


# --- what a build leaves ----------------------------------------------------------------------


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_build_leaves_what_the_design_says(built: Path, edition: str) -> None:
    report = built / "reports" / edition
    for name in (
        "tables/observations.parquet",
        "tables/findings.csv",
        "tables/results.csv",
        "tables/figures.jsonl",
        "public/index.html",
        f"public/bao-cao-{edition}.pdf",
        f"public/bao-cao-{edition}.docx",
        "public/data/results.csv",
        "public/manifest.json",
        f"goi-xuat-ban-{edition}.zip",
        "run.json",
    ):
        assert (report / name).is_file(), name
    leftovers = {path.name for path in report.iterdir()}
    assert leftovers <= {
        "tables", "protected", "protection", "notebooks", "public",
        f"goi-xuat-ban-{edition}.zip", "run.json", ".lock", ".cache",
    }  # fmt: skip


def test_there_is_a_notebook_for_every_year_and_area(built: Path) -> None:
    folder = built / "reports" / "demo-2024" / "notebooks" / "old-27"
    codes = ["256", "258", "259", "260", "261", "262", "263", "264", "27"]
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.ipynb"))
    assert found == [f"{year}/{code}.ipynb" for year in range(2021, 2025) for code in codes]


def test_the_manifest_and_the_archive_agree_with_the_package(built: Path) -> None:
    folder = package(built, "demo-2024")
    listed = {e["path"] for e in json.loads((folder / "manifest.json").read_text())["files"]}
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert found == listed | {"manifest.json"}
    archive = built / "reports" / "demo-2024" / "goi-xuat-ban-demo-2024.zip"
    with zipfile.ZipFile(archive) as handle:
        assert set(handle.namelist()) == found


def test_a_second_build_with_nothing_changed_touches_nothing(built: Path) -> None:
    archive = built / "reports" / "2022" / "goi-xuat-ban-2022.zip"
    before = (archive.stat().st_mtime_ns, archive.read_bytes())
    done = run_treem(built, "report", "2022", "--publisher", "embedded", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["unchanged"] is True
    assert (archive.stat().st_mtime_ns, archive.read_bytes()) == before


def test_two_builds_of_the_same_inputs_are_byte_equal(built: Path) -> None:
    archive = built / "reports" / "2022" / "goi-xuat-ban-2022.zip"
    before = archive.read_bytes()
    done = run_treem(built, "report", "2022", "--publisher", "embedded", "--force", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["unchanged"] is False
    assert archive.read_bytes() == before


# --- what is judged ---------------------------------------------------------------------------


def test_the_real_edition_judges_one_measure_and_says_why_not_of_the_rest(built: Path) -> None:
    rows = province_results(built, "2022")
    assert len(rows) == 33
    judged = {m for m, r in rows.items() if r["verdict_2025"] in ("EARLY", "ON_TRACK", "MET")}
    assert judged == {"CT08.1"}
    # 0.8 % is below both targets (<2 in 2025, no more than 1.5 in 2030)
    assert (rows["CT08.1"]["verdict_2025"], rows["CT08.1"]["verdict_2030"]) == ("EARLY", "EARLY")
    assert rows["CT01"]["verdict_2025"] == "NOT_COMPARABLE"
    assert (rows["CT01"]["numerator"], rows["CT01"]["denominator"]) == ("59", "126")
    for measure, count in (("CT09", "25"), ("CT11.2", "37")):
        assert rows[measure]["numerator"] == count
        assert rows[measure]["verdict_2025"] == "NOT_COMPARABLE"
        assert rows[measure]["period_note"] == "01/2022-05/2023"
    rest = set(rows) - {"CT08.1", "CT01", "CT09", "CT11.2", "CT13"}
    assert {rows[m]["verdict_2025"] for m in rest} == {"NO_DATA"}
    assert {rows[m]["status"] for m in rest} == {"missing"}
    assert all(rows[m]["reason"] for m in rows if m != "CT08.1")


def test_the_demonstration_shows_every_mode_and_verdict(built: Path) -> None:
    rows = province_results(built, "demo-2024").values()
    assert len(rows) == 33
    assert {r["mode"] for r in rows} >= {"TARGET_ONLY", "MAINTAIN", "THRESHOLD", "PATH1", "PATH2"}
    every = [r for r in results(built, "demo-2024")]
    verdicts = Counter(r[f"verdict_{k}"] for r in every for k in (2025, 2030))
    assert set(verdicts) >= {
        "MET", "NOT_MET", "KEPT", "SLIPPING", "LOST", "AT_THRESHOLD", "EARLY", "ON_TRACK",
        "ACCELERATE", "SLOW", "REVERSE", "NO_DATA", "NOT_APPLICABLE", "UNDEFINED",
    }  # fmt: skip
    unjudged = {"NO_DATA", "NOT_APPLICABLE", "UNDEFINED", "NOT_COMPARABLE", "NO_TARGET"}
    assert [r["measure"] for r in rows if r["verdict_2025"] in unjudged and not r["reason"]] == []


# --- the summary table in three forms ---------------------------------------------------------


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_table_as_issued_stands_in_the_html(built: Path, edition: str) -> None:
    page = package(built, edition) / "reports" / edition / "notebooks" / "summary_table.html"
    table = BeautifulSoup(page.read_text("utf-8"), "lxml").find("table")
    assert table is not None
    rows = [
        [squeeze(cell.get_text(" ")) for cell in row.find_all(["th", "td"])]
        for row in table.find_all("tr")
    ]
    _check_rows(rows)
    spans = [
        (c.get("rowspan", "1"), c.get("colspan", "1")) for c in table.find("tr").find_all("th")
    ]
    assert ("1", "2") in spans and ("2", "1") in spans


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_table_as_issued_stands_in_the_docx(built: Path, edition: str) -> None:
    document = Document(str(package(built, edition) / f"bao-cao-{edition}.docx"))
    tables = [t for t in document.tables if "KẾ HOẠCH TOÀN QUỐC" in t.rows[0]._tr.xml]
    assert len(tables) == 1
    rows = [[squeeze(cell.text) for cell in row.cells] for row in tables[0].rows]
    _check_rows(rows)
    header = [row._tr.xml for row in tables[0].rows[:2]]
    assert all("w:tblHeader" in xml for xml in header)
    assert all("w:cantSplit" in row._tr.xml for row in tables[0].rows)


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_table_as_issued_stands_in_the_pdf(built: Path, edition: str) -> None:
    text = pdf_text(package(built, edition) / f"bao-cao-{edition}.pdf")
    objectives, issued = issued_rows(SOURCE)
    assert len(issued) == 36
    position = text.index("Bảng tổng hợp chỉ tiêu như đã ban hành")
    for title in objectives:
        assert title in text[position:]
    for row in issued:
        printed = squeeze(f"{row.label} {' '.join(cell for cell in row.cells if cell)}")
        assert printed in text[position:], printed


def _check_rows(rows: list[list[str]]) -> None:
    objectives, issued = issued_rows(SOURCE)
    assert (len(objectives), len(issued)) == (4, 36)
    printed = [row for row in rows if len(set(row)) > 1 or (row and row[0].startswith("- Chỉ"))]
    body = [tuple(row[:6]) for row in printed if (row[0], *row[1:6]) and row[0] not in objectives]
    wanted = [(row.label, *row.cells) for row in issued]
    assert [row for row in body if row in wanted] == wanted
    titles = [row[0] for row in rows if row[0] in objectives]
    assert titles == objectives


# --- language, labels, outside requests -------------------------------------------------------


@functools.cache
def _parsed(path: Path, _changed: int) -> BeautifulSoup:
    return BeautifulSoup(path.read_text("utf-8"), "lxml")


def _pages(root: Path, edition: str) -> Iterator[tuple[Path, BeautifulSoup]]:
    for path in sorted(package(root, edition).rglob("*.html")):
        yield path, _parsed(path, path.stat().st_mtime_ns)


def test_generated_data_say_so_in_every_file(built: Path) -> None:
    folder = package(built, "demo-2024")
    for path, page in _pages(built, "demo-2024"):
        assert NOTICE in page.get_text(" "), path
    pages = pdf_pages(folder / "bao-cao-demo-2024.pdf")
    assert [number for number, text in enumerate(pages, 1) if NOTICE not in text] == []
    with zipfile.ZipFile(folder / "bao-cao-demo-2024.docx") as archive:
        headers = [n for n in archive.namelist() if re.match(r"word/header\d*\.xml", n)]
        assert headers
        assert all(NOTICE in archive.read(name).decode() for name in headers)
    with (folder / "data" / "results.csv").open(encoding="utf-8") as handle:
        assert {row["notice"] for row in csv.DictReader(handle)} == {NOTICE}
    assert json.loads((folder / "manifest.json").read_text())["notice"] == NOTICE


def test_real_figures_carry_no_such_label(built: Path) -> None:
    for path, page in _pages(built, "2022"):
        assert NOTICE not in page.get_text(" "), path


@pytest.mark.parametrize("edition", EDITIONS)
def test_pages_ask_nothing_of_the_outside(built: Path, edition: str) -> None:
    for path, page in _pages(built, edition):
        for tag, attribute in (("script", "src"), ("link", "href"), ("img", "src")):
            for found in page.find_all(tag):
                assert not re.match(r"(https?:)?//", found.get(attribute, "")), path
        assert page.html is not None and page.html["lang"].startswith("vi")
        assert len(page.find_all("h1")) == 1, path


@pytest.mark.parametrize("edition", EDITIONS)
def test_links_between_pages_lead_somewhere(built: Path, edition: str) -> None:
    ids = {
        path: {tag["id"] for tag in page.find_all(id=True)} for path, page in _pages(built, edition)
    }
    dead = []
    for path, page in _pages(built, edition):
        for link in page.find_all("a", href=True):
            href = str(link["href"])
            if re.match(r"[a-z]+:", href):
                continue
            file, _, anchor = href.partition("#")
            target = (path.parent / file).resolve() if file else path
            if not target.exists() or (anchor and target in ids and anchor not in ids[target]):
                dead.append((path.name, href))
    assert dead == []


ENGLISH = re.compile(
    r"\b(Table|Figure|Chapter|Section|Appendix|Note|Warning|Contents|Search|Page|Download|"
    r"Previous|Next|nan|None|NaN|NaT|True|False|TARGET_ONLY|PATH[12]|NO_DATA|UNDEFINED|MET)\b"
)


@pytest.mark.parametrize("edition", EDITIONS)
def test_no_english_word_or_bare_code_is_printed(built: Path, edition: str) -> None:
    for path, page in _pages(built, edition):
        assert ENGLISH.findall(page.get_text(" ")) == [], path
    assert ENGLISH.findall(pdf_text(package(built, edition) / f"bao-cao-{edition}.pdf")) == []


def test_the_pdf_is_tagged_vietnamese_and_embeds_its_fonts(built: Path) -> None:
    from pypdf import PdfReader

    path = package(built, "demo-2024") / "bao-cao-demo-2024.pdf"
    reader = PdfReader(path)
    catalog = reader.trailer["/Root"]
    assert catalog["/Lang"].startswith("vi")
    assert catalog["/MarkInfo"]["/Marked"]
    fonts = subprocess.run(["pdffonts", str(path)], capture_output=True, text=True, check=True)
    names = {line.split()[0].split("+")[-1] for line in fonts.stdout.splitlines()[2:]}
    assert names and all(name.startswith("Tinos") for name in names)


@pytest.mark.parametrize("edition", EDITIONS)
def test_no_page_of_the_pdf_is_blank(built: Path, edition: str) -> None:
    pages = pdf_pages(package(built, edition) / f"bao-cao-{edition}.pdf")
    bare = [re.sub(r"[\d\s]", "", text.replace(NOTICE, "")) for text in pages]
    assert [number for number, text in enumerate(bare, 1) if len(text) < 10] == []


# --- the trace --------------------------------------------------------------------------------


def test_ten_figures_picked_from_the_printed_pdf_trace_to_cell_or_line(built: Path) -> None:
    text = pdf_text(package(built, "demo-2024") / "bao-cao-demo-2024.pdf")
    annex = text[text.rindex("Mã và nguồn của các con số") :]
    bases = sorted(set(re.findall(r"\bCT\d\d(?:\.\d[ab]?)?-(?:27|256)\b(?!-)", annex)))
    assert len(bases) >= 30
    recorded = set()
    with (built / "reports/demo-2024/tables/figures.jsonl").open(encoding="utf-8") as handle:
        recorded = {json.loads(line)["figure"] for line in handle}
    picked = [f"{base}-{part}" for base in bases[::7] for part in ("v", "t25")]
    picked = [figure for figure in picked if figure in recorded][:10]
    assert len(picked) >= 6
    for figure in picked:
        done = run_treem(built, "trace", "demo-2024", figure, "--json")
        assert done.returncode == 0, done.stderr
        ends = json.dumps(json.loads(done.stdout), ensure_ascii=False)
        if figure.endswith("-v"):
            assert re.search(r"data/demo/demo-2024/2024/\w+(-\d)?\.xlsx", ends), figure
            assert re.search(r'"[A-Z]{1,2}\d+"', ends), figure
        else:
            assert "359-KH-UBND.txt" in ends, figure


def test_a_figure_of_the_real_edition_ends_at_the_row_of_its_source(built: Path) -> None:
    done = run_treem(built, "trace", "2022", "CT08.1-27-v", "--json")
    assert done.returncode == 0, done.stderr
    found = json.dumps(json.loads(done.stdout), ensure_ascii=False)
    assert "data/published/so_lieu_bac_ninh.csv" in found
    assert "bacninh.dangcongsan.vn" in found


def test_an_unknown_figure_and_an_edition_not_built_are_said(built: Path, tmp_path: Path) -> None:
    done = run_treem(built, "trace", "demo-2024", "CT03.2-27-x")
    assert done.returncode == 1
    assert "CT03.2-27-" in done.stderr
    bare = tmp_path / "project"
    shutil.copytree(built, bare, ignore=shutil.ignore_patterns("reports"))
    done = run_treem(bare, "trace", "demo-2024", "CT03.2-27-v")
    assert done.returncode == 1
    assert "treem report demo-2024" in done.stderr or "treem run demo-2024" in done.stderr


# --- what stops a build leaves the last good package -------------------------------------------


@pytest.fixture
def broken(built: Path) -> Iterator[Project]:
    """The built project, to be broken; everything but `reports/` is put back afterwards."""
    kept = built.with_name("kept")
    shutil.copytree(built, kept, ignore=shutil.ignore_patterns("reports"))
    yield Project(built)
    for name in ("params", "data", "notebooks", "chapters"):
        shutil.rmtree(built / name)
        shutil.copytree(kept / name, built / name)
    shutil.rmtree(kept)


def _refused(project: Project, edition: str, code: int, *words: str) -> None:
    report = project.root / "reports" / edition
    before = _contents(report)
    done = run_treem(project.root, "report", edition, "--publisher", "embedded")
    assert done.returncode == code, done.stderr
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert _contents(report) == before


def _contents(report: Path) -> dict[Path, bytes]:
    """All that a build left, but for failed notebooks and work that is kept for later builds."""
    left_out = {report / "failed", report / ".cache"}
    return {
        path: path.read_bytes()
        for path in report.rglob("*")
        if path.is_file() and path.name != ".lock" and left_out.isdisjoint(path.parents)
    }


def _params(project: Project, edition: str, old: str, new: str) -> None:
    path = project.params / f"{edition}.yml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_misspelled_key_stops_with_2(broken: Project) -> None:
    _params(broken, "demo-2024", "reading:", "readng:")
    _refused(broken, "demo-2024", 2, "readng", "reading")


def test_a_missing_workbook_stops_with_1(broken: Project) -> None:
    (broken.root / "data/demo/demo-2024/2024/256.xlsx").unlink()
    _refused(broken, "demo-2024", 1, "2024/256.xlsx")


def test_a_truncated_workbook_stops_with_1(broken: Project) -> None:
    path = broken.root / "data/demo/demo-2024/2024/256.xlsx"
    path.write_bytes(path.read_bytes()[:3000])
    _refused(broken, "demo-2024", 1, "2024/256.xlsx")


def test_a_finding_of_severity_run_stops_at_the_gate_with_1(broken: Project) -> None:
    path = broken.plan / "measures.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    rows[0]["interval"] = "wilsonn"
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    _refused(broken, "2022", 1, "Gói báo cáo trước đó còn nguyên", "wilsonn", "CT01")


def test_an_area_that_did_not_exist_on_the_date_stops_with_1(broken: Project) -> None:
    _params(broken, "2022", "as_of: 2022-12-31", "as_of: 2025-12-31")
    _refused(broken, "2022", 1, "27")


def test_real_figures_that_nobody_approved_are_refused_with_1(broken: Project) -> None:
    path = broken.params / "disclosure" / "approvals.yml"
    kept = path.read_text("utf-8")
    path.write_text(kept.replace('edition: "2022"', 'edition: "2023"'), "utf-8")
    try:
        _refused(broken, "2022", 1, "approvals.yml", "--audience internal")
    finally:
        path.write_text(kept, "utf-8")


def test_a_geography_that_the_province_is_not_of_stops_with_1(broken: Project) -> None:
    _params(broken, "2022", "geography: old-27", "geography: new-24")
    _refused(broken, "2022", 1, "new-24", "geography")


def test_publishing_tables_of_other_inputs_is_refused_with_1(broken: Project) -> None:
    path = broken.root / "data/published/so_lieu_bac_ninh.csv"
    path.write_text(path.read_text("utf-8").replace(",0.8,", ",0.7,"), "utf-8")
    done = run_treem(broken.root, "publish", "2022", "--publisher", "embedded")
    assert done.returncode == 1
    assert "treem run 2022" in done.stderr


def test_a_trace_says_when_tables_are_newer_than_the_package(broken: Project) -> None:
    record = broken.root / "reports" / "2022" / "protected" / "made_from.json"
    kept = record.read_text("utf-8")
    record.write_text(kept.replace('"edition_sha256":"', '"edition_sha256":"0'), "utf-8")
    try:
        done = run_treem(broken.root, "trace", "2022", "CT08.1-27-v")
    finally:
        record.write_text(kept, "utf-8")
    assert done.returncode == 0
    assert "tính lại sau khi làm gói xuất bản" in done.stderr


def test_a_misspelled_notebook_parameter_stops_before_anything_runs(broken: Project) -> None:
    path = broken.notebooks / "province.ipynb"
    path.write_text(path.read_text("utf-8").replace("area_code = ", "area_cod = "), "utf-8")
    _refused(broken, "2022", 2, "area_cod")


def test_a_failing_notebook_is_kept_with_its_cell_and_stops_with_3(broken: Project) -> None:
    path = broken.notebooks / "quality.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    last = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"][-1]
    last["source"] = ["raise ValueError('hỏng')"]
    path.write_text(json.dumps(notebook, ensure_ascii=False), "utf-8")
    _refused(broken, "2022", 3, "quality", "hỏng")
    assert (broken.root / "reports" / "2022" / "failed" / "quality.ipynb").is_file()


def test_an_unknown_feature_in_a_chapter_names_file_and_line(broken: Project) -> None:
    path = broken.root / "chapters" / "phuong-phap.qmd"
    text = path.read_text("utf-8")
    path.write_text(text + "\n{{< video bai-giang.mp4 >}}\n", "utf-8")
    line = text.count("\n") + 2
    _refused(broken, "2022", 2, "chapters/phuong-phap.qmd", str(line), "video")


def test_a_reports_folder_that_cannot_be_written_stops_with_3(broken: Project) -> None:
    reports = broken.root / "reports"
    reports.rename(broken.root / "reports-kept")
    reports.write_text("đây là một tệp", "utf-8")
    try:
        done = run_treem(broken.root, "report", "2022", "--publisher", "embedded")
        assert done.returncode == 3
        assert "reports" in done.stderr
        assert "Traceback" not in done.stderr
    finally:
        reports.unlink()
        (broken.root / "reports-kept").rename(reports)


def test_no_room_to_write_stops_with_3(broken: Project) -> None:
    """A limit on file size stands for the full disk: writing fails in the middle of a file."""
    _params(broken, "2022", "kỳ năm 2022", "kỳ 2022")
    before = _contents(broken.root / "reports" / "2022")
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 8; exec "$0" -m treem report 2022 --publisher embedded '
         '--project "$1"', sys.executable, str(broken.root)],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    assert _contents(broken.root / "reports" / "2022") == before
