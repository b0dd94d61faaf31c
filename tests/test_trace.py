from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from small_tables import PROJECT, judged, write_tables
from treem.audit.lineage import Figure, merge_figures, write_figures
from treem.audit.trace import trace
from treem.errors import EditionError, TraceError
from treem.project import Project

EDITION = "demo-2024"
WORKBOOK = "data/thu/2024/256.xlsx"


def _figure(figure: str, **changes: object) -> dict[str, object]:
    measure, area, *_, part = figure.split("-")
    values: dict[str, object] = {
        "figure": figure,
        "edition": EDITION,
        "measure": measure,
        "geography": "old-27",
        "area_code": area,
        "year": 2024,
        "part": part,
        "exact": "46000/4204",
        "display": "10,9",
        "unit": "‰",
        "decimals": 1,
        "operation": "divide",
        "formula": "tử số × 1.000 / mẫu số",
    }
    record = Figure(**(values | changes)).record()  # type: ignore[arg-type]
    place = {"notebook": "old-27/2024/256.ipynb", "cell": "bang-dia-ban", "parameters": {}}
    return {**record, **place}


@pytest.fixture
def built(tmp_path: Path) -> Project:
    """A project with an edition that was built: three figures, a workbook, the real plan."""
    (tmp_path / "params").symlink_to(PROJECT.params)
    (tmp_path / "data/thu/2024").mkdir(parents=True)
    for name in ("plan", "source", "areas"):
        (tmp_path / "data" / name).symlink_to(PROJECT.root / "data" / name)
    (tmp_path / WORKBOOK).write_bytes(b"as received")
    project = Project(tmp_path)
    tables = project.report(EDITION).tables
    observation = {
        "observation_id": "o-1",
        "measure": "CT03.2",
        "area_code": "256",
        "area_name": "Thành phố Bắc Ninh",
        "year": "2024",
        "part": "numerator",
        "raw": " 46",
        "file": WORKBOOK,
        "sha256": hashlib.sha256(b"as received").hexdigest(),
        "sheet": "Biểu số liệu",
        "cell": "F15",
        "agency": "Ủy ban nhân dân thành phố",
        "received_date": "2025-01-13",
        "document_number": "TD-256/2024",
    }
    finding = {"finding_id": "F-1", "rule": "r", "cell": "F15", "message": "Đã xem lại."}
    changes = {("256", 2024, "CT03.2"): judged("10.9", "NOT_MET", mode="TARGET_ONLY")}
    write_tables(tables, EDITION, (2024,), changes, [observation], [finding])
    figures = [
        _figure("CT03.2-256-v", observations=("o-1",), checks=("F-public",)),
        _figure(
            "CT03.2-27-t25",
            year=None,
            bound="<",
            exact="10",
            display="10",
            operation="choose",
            plan_lines=(44,),
        ),
        _figure(
            "CT03.2-vn-t25",
            year=None,
            bound="<=",
            exact="12.5",
            display="12,5",
            published_rows=("data/plan/national_targets.csv:8",),
        ),
        _figure(
            "MT1-256-k25.cd",
            measure="",
            unit="",
            exact="1",
            display="1",
            operation="count",
            results=("CT03.2-256",),
        ),
    ]
    protected = project.report(EDITION).protected
    public = {**finding, "finding_id": "F-public", "message": "Tên quy tắc"}
    write_tables(protected, EDITION, (2024,), {}, (), [public])
    write_figures(protected / "figures.jsonl", merge_figures(figures))
    return project


def test_a_value_is_walked_down_to_its_cell_file_and_sender(built: Project) -> None:
    found = trace(built, EDITION, "CT03.2-256-v")
    text = found.as_text()
    for step in (
        "Con số CT03.2-256-v: 10,9‰ (giá trị chính xác 46000/4204)",
        "CT03.2 Tỷ suất tử vong trẻ em dưới 1 tuổi",
        "Thành phố Bắc Ninh (256); năm: 2024",
        "sổ tính old-27/2024/256.ipynb, ô bang-dia-ban",
        "tử số × 1.000 / mẫu số",
        "ghi “ 46”",
        f"tệp {WORKBOOK}, trang Biểu số liệu, ô F15",
        "Ủy ban nhân dân thành phố; ngày nhận 13/01/2025; văn bản số TD-256/2024",
        "Phát hiện F-1: Đã xem lại.",
        "còn khớp",
    ):
        assert step in text
    assert found.intact


def test_a_cell_of_a_text_file_is_named_without_a_sheet(built: Project) -> None:
    path = built.report(EDITION).tables / "observations.parquet"
    rows = parquet.read_table(path)
    sheets = pyarrow.array([""] * rows.num_rows, "string")
    place = rows.column_names.index("sheet")
    parquet.write_table(rows.set_column(place, "sheet", sheets), path)
    assert f"tệp {WORKBOOK}, ô F15\n" in trace(built, EDITION, "CT03.2-256-v").as_text()


def test_a_target_ends_at_the_line_of_the_plan(built: Project) -> None:
    found = trace(built, EDITION, "CT03.2-27-t25")
    assert "Con số CT03.2-27-t25: <10‰" in found.as_text()
    (line,) = found.plan_lines
    assert (line["line"], line["document"]) == (44, "359/KH-UBND")
    assert "xuống dưới 10 vào năm 2025" in line["words"]
    (file,) = found.files
    assert file.path == "data/source/359-KH-UBND.txt" and file.intact


def test_a_national_target_ends_at_its_row_with_its_source(built: Project) -> None:
    text = trace(built, EDITION, "CT03.2-vn-t25").as_text()
    assert "cả nước" in text and "tệp data/plan/national_targets.csv, dòng 8" in text
    assert "lời văn: 12,5‰ năm 2025" in text and "nguồn: Quyết định 23/QĐ-TTg" in text


def test_a_count_names_what_was_counted(built: Project) -> None:
    text = trace(built, EDITION, "MT1-256-k25.cd").as_text()
    assert "Được đếm: CT03.2-256 (2025: Chưa đạt (không có gốc 2020)" in text


def test_the_same_for_a_program(built: Project) -> None:
    answer = json.loads(json.dumps(trace(built, EDITION, "CT03.2-256-v").as_json()))
    assert answer["figure"]["display"] == "10,9" and answer["intact"] is True
    assert answer["observations"][0]["cell"] == "F15"
    assert answer["files"][0] == {
        "path": WORKBOOK,
        "recorded": answer["observations"][0]["sha256"],
        "now": answer["observations"][0]["sha256"],
        "intact": True,
    }


def test_a_file_that_changed_or_went_is_told(built: Project) -> None:
    (built.root / WORKBOOK).write_bytes(b"changed")
    changed = trace(built, EDITION, "CT03.2-256-v")
    assert not changed.intact and "MÃ KIỂM TRA KHÔNG KHỚP" in changed.as_text()
    (built.root / WORKBOOK).unlink()
    gone = trace(built, EDITION, "CT03.2-256-v")
    assert not gone.intact and "KHÔNG CÒN TỆP NÀY" in gone.as_text()


@pytest.mark.parametrize("typed", ["ct03.2-256-V", "CT03,2–256–v", " CT03.2-256-v "])
def test_an_id_typed_from_paper_is_understood(built: Project, typed: str) -> None:
    assert trace(built, EDITION, typed).figure["figure"] == "CT03.2-256-v"


def test_an_unknown_figure_names_those_near_it(built: Project) -> None:
    with pytest.raises(TraceError, match=r"“CT03\.2-265-v”\. Các mã gần giống: CT03\.2-256-v"):
        trace(built, EDITION, "CT03.2-265-v")
    with pytest.raises(TraceError, match="phụ lục"):
        trace(built, EDITION, "xyz")


def test_an_edition_that_was_not_built_says_what_to_run(built: Project) -> None:
    with pytest.raises(TraceError, match="Kỳ 2022 chưa được dựng.*treem run 2022"):
        trace(built, "2022", "CT03.2-27-v")
    with pytest.raises(EditionError, match="2023"):
        trace(built, "2023", "CT03.2-27-v")


def test_tracing_needs_no_pandas_and_no_notebook(built: Project) -> None:
    code = (
        "import sys; from pathlib import Path; from treem.project import Project; "
        "from treem.audit.trace import trace; "
        f"print(trace(Project(Path({str(built.root)!r})), {EDITION!r}, 'CT03.2-256-v').as_text());"
        "heavy = {'pandas', 'matplotlib', 'IPython', 'papermill', 'openpyxl'} & set(sys.modules); "
        "sys.exit(f'{heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "F15" in done.stdout


def test_damaged_observations_say_what_to_run(built: Project) -> None:
    path = built.report(EDITION).tables / "observations.parquet"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(TraceError, match=r"tệp hỏng tables/observations\.parquet.*treem run demo"):
        trace(built, EDITION, "CT03.2-256-v")
    path.unlink()
    with pytest.raises(TraceError, match=r"không có tệp tables/observations\.parquet"):
        trace(built, EDITION, "CT03.2-256-v")


@pytest.mark.parametrize("kept", [5, 40, 200])
def test_a_list_of_figures_that_is_cut_off_says_what_to_run(built: Project, kept: int) -> None:
    path = built.report(EDITION).protected / "figures.jsonl"
    path.write_bytes(path.read_bytes()[:kept])
    for figure in ("CT03.2-256-v", "CT03.2-27-t25"):
        with pytest.raises(TraceError, match=r"tệp hỏng protected/figures\.jsonl.*treem run demo"):
            trace(built, EDITION, figure)


def test_a_line_of_figures_that_is_no_json_says_what_to_run(built: Project) -> None:
    path = built.report(EDITION).protected / "figures.jsonl"
    for junk in ("không phải JSON\n", '{"figure": "CT03.2-256-v"}\n'):
        path.write_text(junk, "utf-8")
        with pytest.raises(TraceError, match="tệp hỏng"):
            trace(built, EDITION, "CT03.2-256-v")
