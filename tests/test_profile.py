"""The Quarto profile of an edition: what the form prints, the same bytes every time."""

import unicodedata
from dataclasses import replace

import pytest
import yaml

from treem.edition import Edition, load_edition
from treem.errors import PublishError
from treem.notebooks.matrix import Book, Part
from treem.project import Project
from treem.publish.profile import (
    body_name,
    issuing_lines,
    profile,
    profile_path,
    read_properties,
    title,
    write_profile,
)

NOTEBOOKS = "reports/demo-2024/notebooks"
BOOK = Book(
    ("index.qmd", f"{NOTEBOOKS}/overview.ipynb", Part("Phần thứ nhất. Tên", ("chapters/a.qmd",))),
    (f"{NOTEBOOKS}/trace.ipynb",),
)


@pytest.fixture
def demo(project: Project) -> Edition:
    return load_edition(project, "demo-2024")


def test_chapters_keep_their_order_and_the_signature_comes_last(demo: Edition) -> None:
    book = profile(demo, BOOK)["book"]
    assert book["chapters"] == [
        "index.qmd",
        f"{NOTEBOOKS}/overview.ipynb",
        {"part": "Phần thứ nhất. Tên", "chapters": ["chapters/a.qmd"]},
        "chapters/ket-thuc.qmd",
    ]
    assert book["appendices"] == [f"{NOTEBOOKS}/trace.ipynb"]
    assert book["output-file"] == "bao-cao-demo-2024"


def test_only_a_demonstration_has_the_notice(project: Project, demo: Edition) -> None:
    assert profile(demo, BOOK)["treem-notice"] == (
        "SỐ LIỆU TRÌNH DIỄN DO MÁY SINH RA - KHÔNG PHẢI SỐ LIỆU THẬT"
    )
    assert "treem-notice" not in profile(load_edition(project, "2022"), BOOK)


def test_the_form_is_that_of_the_params(demo: Edition) -> None:
    form = profile(demo, BOOK)["nd30"]
    assert form["issuing-body"] == ["ỦY BAN NHÂN DÂN", "TỈNH BẮC NINH"]
    assert form["author"] == "Ủy ban nhân dân tỉnh Bắc Ninh"
    assert form["recipients"][0] == "Như trên"
    assert form["recipients"][-1] == "Lưu: VT, KGVX"
    assert form["symbol"] == "BC-UBND"


def test_title_is_kind_and_subject_in_ordinary_letters(demo: Edition) -> None:
    assert title(demo.document).startswith("Báo cáo rà soát tình hình thực hiện")


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("ỦY BAN NHÂN DÂN TỈNH BẮC NINH", ["ỦY BAN NHÂN DÂN", "TỈNH BẮC NINH"]),
        ("SỞ Y TẾ TỈNH BẮC NINH", ["SỞ Y TẾ TỈNH BẮC NINH"]),
        ("BAN CHỈ ĐẠO CÔNG TÁC TRẺ EM", ["BAN CHỈ ĐẠO CÔNG TÁC TRẺ EM"]),
    ],
)
def test_long_names_break_before_the_level(body: str, lines: list[str]) -> None:
    assert issuing_lines(body) == lines


def test_a_body_of_another_place_keeps_its_letters(demo: Edition) -> None:
    document = replace(demo.document, issuing_body="BAN CHỈ ĐẠO")
    assert body_name(document) == "BAN CHỈ ĐẠO"


def test_written_twice_gives_the_same_bytes_in_nfc(project_copy: Project, demo: Edition) -> None:
    path = write_profile(project_copy, demo, BOOK)
    first = path.read_bytes()
    assert path == profile_path(project_copy, "demo-2024")
    assert write_profile(project_copy, demo, BOOK).read_bytes() == first
    text = first.decode("utf-8")
    assert unicodedata.is_normalized("NFC", text)
    assert yaml.safe_load(text) == profile(demo, BOOK)


def test_properties_come_back_from_the_file(project_copy: Project, demo: Edition) -> None:
    write_profile(project_copy, demo, BOOK)
    properties = read_properties(project_copy, "demo-2024")
    assert properties.title == title(demo.document)
    assert properties.notice.startswith("SỐ LIỆU TRÌNH DIỄN")
    assert properties.date == "2024-12-31"
    assert "2024" in properties.keywords


def test_a_missing_or_broken_profile_says_what_to_run(project_copy: Project) -> None:
    with pytest.raises(PublishError, match="treem run demo-2024"):
        read_properties(project_copy, "demo-2024")
    profile_path(project_copy, "demo-2024").write_text("book: []\n", "utf-8")
    with pytest.raises(PublishError, match="_quarto-demo-2024.yml"):
        read_properties(project_copy, "demo-2024")
