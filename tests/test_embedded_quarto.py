"""Quarto and the embedded publisher give the same words, in the same order, in every form.

Runs where a Quarto that is new enough is found (QUARTO_PATH or PATH); elsewhere pytest reports
that the comparison could not be made.
"""

from __future__ import annotations

import re
from pathlib import Path

import docx
import pytest
from bs4 import BeautifulSoup, Tag
from docx.oxml.ns import qn
from pypdf import PdfReader

from embedded_project import EDITION
from test_embedded import ONE, Book, build, squeeze
from treem.edition import load_edition
from treem.project import Project
from treem.publish.quarto import find_quarto
from treem.publish.quarto import render as render_with_quarto

CHAPTER = re.sub(r"\{\.callout-(\w+)\}", r'{.callout-\1 title="Tên"}', ONE).replace("-@", "@")
"""Quarto shows a callout's own name in print alone, and a bare number as one of a section."""

quarto = find_quarto()
pytestmark = pytest.mark.skipif(
    quarto is None or not quarto.new_enough, reason="không có Quarto để so sánh"
)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    root = tmp_path_factory.mktemp("both")
    return Book(root / "out", build(root, CHAPTER))


@pytest.fixture(scope="module")
def other(book: Book) -> Path:
    root = book.out.parent
    project = Project(root)
    out = root / "quarto"
    render_with_quarto(project, load_edition(project, EDITION), out)
    return out


def words_of_page(path: Path) -> str:
    main = BeautifulSoup(path.read_text("utf-8"), "html.parser").find("main")
    assert isinstance(main, Tag)
    around = ".book-pages, nav, script, .screen-reader-only, .quarto-title-breadcrumbs"
    for item in main.select(around):
        item.decompose()
    return squeeze(main.get_text(" ")).replace("\u00a0", " ")


def paragraphs(path: Path) -> list[str]:
    body = docx.Document(str(path)).element.body
    texts = (
        squeeze("".join(item.text or "" for item in paragraph.iter(qn("w:t"))))
        for paragraph in body.iter(qn("w:p"))
    )
    return [text for text in texts if text]


def test_pages_have_the_same_words(book: Book, other: Path) -> None:
    pages = sorted(path.relative_to(book.out) for path in book.out.rglob("*.html"))
    assert pages == sorted(path.relative_to(other) for path in other.rglob("*.html"))
    for page in pages:
        assert words_of_page(book.out / page) == words_of_page(other / page), page


def test_print_has_the_same_words_on_the_same_pages(book: Book, other: Path) -> None:
    name = f"bao-cao-{EDITION}.pdf"
    ours, theirs = PdfReader(book.out / name), PdfReader(other / name)
    assert [squeeze(page.extract_text()) for page in ours.pages] == [
        squeeze(page.extract_text()) for page in theirs.pages
    ]


def test_word_has_the_same_paragraphs(book: Book, other: Path) -> None:
    name = f"bao-cao-{EDITION}.docx"
    assert paragraphs(book.out / name) == paragraphs(other / name)
