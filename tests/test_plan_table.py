"""The summary table printed again, cell for cell as issued."""

from __future__ import annotations

import re

import pytest

from plan_texts import TEXT, changed
from treem.plan.register import load_register
from treem.plan.source import PlanText, read_plan
from treem.plan.table import table_json, table_text
from treem.project import Project


@pytest.fixture(scope="module")
def plan() -> PlanText:
    return read_plan(TEXT, "kế hoạch")


def cells_of_the_source() -> list[str]:
    """Split the table of the raw text at its bars, by other means than the reader."""
    table = TEXT[TEXT.index("MỤC TIÊU\n|") :].rstrip("\n")
    assert table.endswith("|")
    return [re.sub(r"\s+", " ", cell).strip() for cell in table[:-1].split("|")]


def test_31_value_rows_5_group_rows_4_objective_rows(plan: PlanText) -> None:
    kinds = [row.kind for row in plan.table.rows]
    assert [kinds.count(kind) for kind in ("value", "group", "objective")] == [31, 5, 4]
    groups = [row.indicator for row in plan.table.rows if row.kind == "group"]
    assert groups == [3, 4, 5, 8, 11]
    assert all(
        not cell.text for row in plan.table.rows if row.kind == "group" for cell in row.cells
    )


def test_every_cell_of_the_source_is_printed_in_its_order(plan: PlanText) -> None:
    read = [text for texts in plan.table.header for text in texts]
    for row in plan.table.rows:
        read += [row.label, *(cell.text for cell in row.cells)]
    assert read == cells_of_the_source()


def test_the_printed_table_gives_the_cells_back(plan: PlanText) -> None:
    lines = [line for line in table_text(plan).split("\n") if line.startswith("|")]
    printed = [cell.strip() for line in lines for cell in line[1:-1].split("|")]
    assert printed == cells_of_the_source()


def test_nothing_is_tidied(plan: PlanText) -> None:
    text = table_text(plan)
    assert text.startswith("BẢNG TỔNG HỢP CHỈ TIÊU CHƯƠNG TRÌNH HÀNH ĐỘNG\nGIAI ĐOẠN 2021 – 2030\n")
    assert "| 13,8 | 11 | 10 | 17 | 15 |" in text
    assert "|  | <5 nông thôn; <10 thành thị | <5 nông thôn; <10 thành thị | <5 nông thôn;" in text
    assert text.endswith("Dòng 518 có ô thừa thứ 6 (dòng 531): “trống”.")


def test_json_has_the_line_and_column_of_each_cell(plan: PlanText) -> None:
    rows = table_json(plan)
    underweight = next(row for row in rows if row.get("measures") == ["CT04.1"])
    assert [(cell["column"], cell["text"], cell["line"]) for cell in underweight["cells"]] == [
        ("baseline_2020", "6.9", 521),
        ("province_2025", "5", 523),
        ("province_2030", "<5", 525),
        ("national_2025", "9", 527),
        ("national_2030", "<6", 529),
        ("extra", "", 531),
    ]
    obesity = next(row for row in rows if row.get("measures") == ["CT04.3a", "CT04.3b"])
    assert obesity["cells"][1]["text"] == "<5 nông thôn; <10 thành thị"
    assert [row["kind"] for row in rows[:4]] == ["title", "title", "header", "header"]


def test_the_register_holds_the_same_table(plan: PlanText, project: Project) -> None:
    assert load_register(project).table == plan.table


def test_cells_on_one_line_are_read_as_cells_on_many() -> None:
    start = TEXT.index("MỤC TIÊU\n|")
    table = TEXT[start:].replace("\n|\n|", " | |").replace("\n|", " |")
    compact = read_plan(TEXT[:start] + table, "x").table
    issued = read_plan(TEXT, "x").table
    assert [(row.label, [c.text for c in row.cells]) for row in compact.rows] == [
        (row.label, [c.text for c in row.cells]) for row in issued.rows
    ]


def test_a_sentence_of_no_data_in_a_cell_is_no_label() -> None:
    plan = read_plan(changed("|\n|\n90\n", "|\nchưa có số liệu của năm 2020\n|\n90\n"), "x")
    cell = plan.cell("CT02", 0)
    assert cell is not None
    assert cell.text == "chưa có số liệu của năm 2020"
    assert plan.baselines["CT02"].value is None
