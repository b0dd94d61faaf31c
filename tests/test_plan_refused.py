"""Files that are no plan: a clear message and exit code 1, never a traceback."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plan_texts import NATIONAL, TEXT, changed
from treem.errors import PlanError
from treem.plan.lint import lint, lint_file, to_json, to_text
from treem.plan.source import read_plan, read_plan_file
from treem.project import Project

TABLE = TEXT.index("BẢNG TỔNG HỢP")
CASES = {
    "empty": ("", "tệp trống"),
    "blank": (" \n\n\t", "tệp trống"),
    "another_document": ("QUYẾT ĐỊNH\nVề việc khen thưởng\n1. Điều 1", "mục I.2"),
    "no_section_two": (TEXT.replace("Mục tiêu cụ thể", "Mục tiêu riêng"), "mục I.2"),
    "no_indicators": (
        TEXT[: TEXT.index("- Chỉ tiêu 1:")] + "II. NHIỆM VỤ\n" + TEXT[TABLE:],
        "không có chỉ tiêu nào",
    ),
    "no_table": (TEXT[:TABLE], "không tìm thấy bảng tổng hợp"),
    "table_without_header": (
        changed("KẾ HOẠCH TỈNH\nBẮC NINH", "TỈNH").replace("KẾ HOẠCH\nTOÀN QUỐC", "CẢ NƯỚC"),
        "dòng tiêu đề",
    ),
    "table_without_rows": (TEXT[: TEXT.index("Mục tiêu 1: Về phát triển\n")], "không có dòng"),
    "number_twice": (changed("- Chỉ tiêu 2: Tỷ", "- Chỉ tiêu 1: Tỷ"), "ghi hai lần"),
}


@pytest.mark.parametrize(("text", "part"), CASES.values(), ids=list(CASES))
def test_a_text_that_is_no_plan_says_what_was_looked_for(text: str, part: str) -> None:
    with pytest.raises(PlanError, match=part) as caught:
        read_plan(text, "tệp-lạ.txt")
    assert "tệp-lạ.txt" in str(caught.value)
    assert caught.value.exit_code == 1


BYTES = {
    "binary": (bytes(range(256)), "không phải văn bản UTF-8"),
    "nul": (b"abc\x00def", "không phải văn bản UTF-8"),
    "latin": ("Mục tiêu cụ thể".encode("cp1258", "replace") + b"\xff", "UTF-8"),
    "pdf": (b"%PDF-1.7 ...", "PDF, Word"),
    "word": (b"PK\x03\x04...", "PDF, Word"),
    "odd_utf16": (b"\xff\xfea", "UTF-8"),
    "utf16_without_plan": ("Một bức thư".encode("utf-16"), "mục I.2"),
    "empty": (b"", "tệp trống"),
}


@pytest.mark.parametrize(("data", "part"), BYTES.values(), ids=list(BYTES))
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, data: bytes, part: str) -> None:
    path = tmp_path / "tep.txt"
    path.write_bytes(data)
    with pytest.raises(PlanError, match=part):
        read_plan_file(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path, project: Project) -> None:
    with pytest.raises(PlanError, match="không có tệp này"):
        lint_file(tmp_path / "khong-co.txt", project)
    with pytest.raises(PlanError, match="đây là thư mục"):
        lint_file(tmp_path, project)


def test_a_plan_in_utf16_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ke-hoach.txt"
    path.write_bytes(TEXT.encode("utf-16"))
    assert len(read_plan_file(path).measures) == 33


@settings(max_examples=25, deadline=None)
@given(st.integers(min_value=0, max_value=2**32), st.integers(min_value=1, max_value=60))
def test_a_damaged_plan_is_linted_or_refused(seed: int, cuts: int) -> None:
    """Whatever lines are lost, doubled or moved, there is a listing or a PlanError."""
    chance = random.Random(seed)
    lines = TEXT.split("\n")
    for _ in range(cuts):
        at = chance.randrange(len(lines))
        match chance.randrange(4):
            case 0:
                del lines[at : at + chance.randrange(1, 9)]
            case 1:
                lines.insert(at, chance.choice(lines))
            case 2:
                lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)]
            case _:
                lines[at] = chance.choice(["|", "", "x", "<", "5;5", "năm 2030", "- Chỉ tiêu 7:"])
    try:
        found = lint(read_plan("\n".join(lines), "hỏng.txt"), NATIONAL)
    except PlanError as error:
        assert "hỏng.txt" in str(error)
    else:
        assert to_text(found)
        assert len(to_json(found)) == len(found)
