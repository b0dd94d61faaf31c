"""Two provinces of one name in one edition: each says which it is, and only one is judged."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from small_tables import PROJECT, judged, small_run
from treem.display import prose, tables
from treem.edition import load_edition
from treem.notebooks.api import Run
from treem.notebooks.matrix import ONLY_JUDGED, check_matrix

SPAN = re.compile(r'\[([^\]]*)\]\{\.fig data-fig="[^"]+"\}')


def new_province(folder: Path) -> Run:
    """Return a run of the chapter of the new province, made of the rows of a district."""
    changes = {
        ("256", 2025, "CT03.2"): judged(
            "9.1", "NOT_COMPARABLE", numerator="91", denominator="10000"
        ),
        ("256", 2025, "CT13"): judged("", "") | {"status": "suppressed", "mark": "[c]"},
    }
    run = small_run(folder, changes, edition="demo-2025")
    path = folder / "results.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        if row["area_code"] == "256":
            row |= {"area_code": "24", "geography": "new-24", "level": "province"}
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return Run(run.project, run.edition, run.tables, 2025, "24", "new-24")


@pytest.mark.parametrize(
    "edition, year, name",
    [
        ("demo-2024", 2024, "Tỉnh Bắc Ninh"),
        ("demo-2025", 2024, "Tỉnh Bắc Ninh cũ"),
        ("demo-2025", 2025, "Tỉnh Bắc Ninh cũ"),
    ],
)
def test_the_old_province_is_called_old_where_there_is_a_new_one(
    tmp_path: Path, edition: str, year: int, name: str
) -> None:
    run = small_run(tmp_path, {}, edition=edition, year=year)
    assert run.shown_name == run.area.full_name == name


def test_the_new_province_says_why_it_is_not_judged(tmp_path: Path) -> None:
    run = new_province(tmp_path)
    assert run.shown_name == "Tỉnh Bắc Ninh mới"
    said = prose.province(run).markdown
    assert "không đánh giá" in said and "mức của tỉnh cũ" in said
    assert "So với mức" not in said and "So với mức" not in prose.objective(run, 1).markdown
    objective = SPAN.sub(r"\1", prose.objective(run, 1).markdown)
    assert objective == "Mục tiêu 1 có 13 chỉ tiêu con, trong đó 1 chỉ tiêu con có số liệu."


def test_its_table_has_figures_and_no_verdicts(tmp_path: Path) -> None:
    run = new_province(tmp_path)
    html = str(tables.results(run, 1))
    assert "91" in html and "9,1" in html and "tỉnh cũ" in html
    assert "Đánh giá" not in html and "Không so sánh được" not in html
    assert "[c] bảo mật" in str(tables.results(run, 2))


def test_a_rebuilt_province_says_of_what_it_is_the_sum(tmp_path: Path) -> None:
    run = small_run(tmp_path, {}, edition="demo-2025")
    said = SPAN.sub(r"\1", prose.province(run).markdown)
    assert "cộng lại từ 41 xã, phường" in said
    overview = prose.overview(run).markdown
    assert "tỉnh Bắc Ninh cũ" in overview and "tỉnh Bắc Ninh mới" in overview.replace("*", "")
    earlier = small_run(tmp_path / "b", {}, edition="demo-2025", year=2024)
    assert "cộng lại" not in prose.province(earlier).markdown


def test_only_the_new_province_leaves_out_what_speaks_of_targets() -> None:
    matrix, _ = check_matrix(PROJECT, load_edition(PROJECT, "demo-2025"))
    assert [unit.name for unit in matrix.all if ONLY_JUDGED in unit.left_out] == [
        "tinh-new-24-2025"
    ]


def test_a_table_without_parts_has_no_column_for_them(tmp_path: Path) -> None:
    run = new_province(tmp_path)
    assert "Tử số / mẫu số" in str(tables.results(run, 1))
    assert "Tử số / mẫu số" not in str(tables.results(run, 3))
