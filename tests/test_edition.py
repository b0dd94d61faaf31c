"""params/<edition>.yml: every fault stops with exit code 2 and names file and key."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml

from treem.edition import edition_names, load_edition
from treem.errors import EditionError
from treem.project import Project


def _change(project: Project, **changes: object) -> None:
    path = project.params / "demo-2024.yml"
    data = yaml.safe_load(path.read_text("utf-8"))
    for key, value in changes.items():
        if value is ...:
            del data[key]
        else:
            data[key] = value
    path.write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")


def test_every_committed_edition_loads(project: Project) -> None:
    names = edition_names(project)
    assert {"2022", "demo-2024"} <= set(names)
    for name in names:
        assert load_edition(project, name).name == name


def test_an_edition_is_read_as_written(project: Project) -> None:
    edition = load_edition(project, "demo-2024")
    assert edition.years == (2021, 2022, 2023, 2024)
    assert edition.as_of == dt.date(2024, 12, 31)
    assert edition.generated
    assert not load_edition(project, "2022").generated


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"readng": "text"}, "không có khóa nào tên “readng”. Có phải ý bạn là “reading”?"),
        ({"reading": ...}, "thiếu khóa reading"),
        ({"reading": "sổ"}, "chỉ nhận một trong: ledger, text, table"),
        ({"years": "2024"}, "khóa “years” cần danh sách"),
        ({"years": []}, "danh sách trống"),
        ({"years": [2019, 2024]}, "[2019]"),
        ({"years": [2022, 2021, 2024]}, "phải tăng dần"),
        ({"year": 2023}, "phải là năm cuối"),
        ({"as_of": "hôm nay"}, "khóa “as_of” cần ngày dạng 2024-12-31"),
        ({"edition": "demo-2023"}, "khác tên tệp “demo-2024”"),
        ({"generator": ...}, "cần khóa “generator”"),
        ({"generator": {"sead": 1}}, "Có phải ý bạn là “generator.seed”?"),
        ({"kind": "real"}, "không dùng “generator”"),
        ({"submissions": None}, "cần ít nhất một nguồn"),
        ({"plan_version": True}, "khóa “plan_version” cần số nguyên"),
        ({"document": {"title": "BÁO CÁO"}}, "thiếu khóa document.subject"),
    ],
)
def test_a_fault_names_file_and_key(
    project_copy: Project, changes: dict[str, object], words: str
) -> None:
    _change(project_copy, **changes)
    with pytest.raises(EditionError) as caught:
        load_edition(project_copy, "demo-2024")
    assert words in str(caught.value)
    assert "params/demo-2024.yml" in str(caught.value)
    assert caught.value.exit_code == 2


def test_an_unknown_edition_names_the_nearest(project: Project) -> None:
    with pytest.raises(EditionError, match="Có phải ý bạn là demo-2024"):
        load_edition(project, "demo-224")


def test_a_path_is_no_edition(project: Project) -> None:
    with pytest.raises(EditionError, match="Không có kỳ báo cáo"):
        load_edition(project, "../params/2022")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"edition: [", "sai cú pháp YAML"),
        (b"", "tệp đang trống"),
        (b"\xff\xfe", "không phải UTF-8"),
        (b"kind: real\nkind: real\n", "khóa “kind” ghi hai lần"),
    ],
)
def test_a_damaged_file_says_what_is_wrong(
    project_copy: Project, content: bytes, words: str
) -> None:
    Path(project_copy.params / "demo-2024.yml").write_bytes(content)
    with pytest.raises(EditionError, match=words):
        load_edition(project_copy, "demo-2024")
