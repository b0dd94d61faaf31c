"""Each feature of the embedded publisher, in all three forms of one small book."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

import docx
import pytest
from bs4 import BeautifulSoup, Tag
from docx.oxml.ns import qn
from pypdf import PdfReader

from embedded_project import (
    EDITION,
    NOTICE,
    code,
    html,
    make_project,
    markdown,
    notebook,
    png,
    png_bytes,
    shown,
)
from treem.edition import load_edition
from treem.publish.embedded import render

INDEX = """# Mở đầu {.unnumbered}

::: {.nd30-masthead}
:::

Năm {{< meta treem-year >}} của {{< meta nd30.author >}}. Xem @sec-mot, @tbl-tay và
[cách làm](chapters/mot.qmd#sec-con), [phụ lục](nb/phu-luc.ipynb). Lời “trong ngoặc” và "kép".

## Không số {.unnumbered}

Chữ *nghiêng*, **đậm**, H~2~O và [một vùng]{.fig data-fig="CT01-27-v"}.
"""

ONE = """# Chương một {#sec-mot}

## Mục con {#sec-con}

Chữ có chú thích[^a], [trang ngoài](https://example.org).

[^a]: Nội dung chú thích.

| Tên | Số |
|:----|---:|
| a   | 1,5 |

: Bảng *viết tay* {#tbl-tay}

| Không | nhãn |
|-------|------|
| x     | y    |

### Mục nhỏ {#sec-nho}

![Ảnh chụp](hinh/anh.png){#fig-anh fig-alt="Ô vuông xám" width=50%}

::: {.callout-tip title="Mẹo nhỏ"}
Nội dung mẹo.
:::

::: {.callout-note}
Nội dung ghi chú.
:::

::: {.callout-important}
Việc quan trọng.
:::

::: {.callout-warning}
Lời cảnh báo.
:::

::: {.callout-caution}
Lời thận trọng.
:::

{{< pagebreak >}}

Sau khi sang trang: -@tbl-tay, [@fig-anh; @tbl-tay], @sec-nho, @sec-phu-luc, @sec-trong.

```{=html}
<p>Chỉ trên trang web</p>
```

```{=typst}
Chỉ trên bản in
```

```{=openxml}
<w:p><w:r><w:t>Chỉ trong Word</w:t></w:r></w:p>
```

## Mục nhỏ

Tên trùng với mục trên.
"""

ROWS = "\n".join(
    f'<tr><td style="text-align: center">{n}</td><td>Dòng số {n:02d}</td>'
    f'<td style="text-align: right"><span class="fig" data-fig="CT{n}-27-v">{n},5</span></td>'
    f'<td><a href="#tx-CT1">{n * 3}</a></td></tr>'
    for n in range(1, 81)
)
LONG = f"""<table class="treem results">
<colgroup><col style="width: 10%"><col style="width: 40%"><col style="width: 25%">
<col style="width: 25%"></colgroup>
<thead><tr><th rowspan="2">TT</th><th rowspan="2">Chỉ tiêu</th><th colspan="2">Giá trị</th></tr>
<tr><th>2023</th><th>2024</th></tr></thead>
<tbody><tr class="group"><td colspan="4" style="text-align: left"><strong>Mục tiêu 1</strong>
</td></tr>
{ROWS}</tbody></table>"""
MERGED = """<table class="treem"><thead><tr><th>A</th><th>B</th></tr></thead><tbody>
<tr><td rowspan="2">gộp<br>hai dòng</td><td><span id="tx-CT1">x</span><sup>2</sup></td></tr>
<tr><td><em>cuối</em><span id="tx-CT2"></span></td></tr></tbody></table>"""

RESULTS = notebook(
    markdown("# Kết quả {#sec-ket-qua}"),
    code("x = 1", tags=["parameters"]),
    code(
        "text()",
        shown("text/markdown", 'Đạt [9,97]{.fig data-fig="CT03"}: @tbl-dai, @fig-duong.\n\n- một'),
    ),
    markdown("::: {.landscape}\n"),
    code('#| label: tbl-dai\n#| tbl-cap: "Bảng dài theo *năm*"\ntable()', html(LONG)),
    markdown(":::"),
    code(
        "#| label: fig-duong\n#| fig-cap: Đường đi\n#| fig-alt: Từ 1 đến 9\n#| echo: false\nplot()",
        png(),
    ),
    code("#| include: false\ntable()", html(MERGED)),
    code("#| output: false\ntable()", html(MERGED)),
    code("#| fig-alt: Hình không số\nplot()", png()),
    markdown("## Cuối chương\n\nMột dấu {{< meta treem-year >}}."),
)
APPENDIX = notebook(
    markdown("# Bảng gộp {#sec-phu-luc}"),
    code('#| label: tbl-gop\n#| tbl-cap: "Bảng gộp"\ntable()', html(MERGED)),
    markdown("## Mục trong phụ lục {#sec-trong}\n\nTrở lại @sec-ket-qua và @tbl-gop."),
)


class Book:
    """A rendered book, read back from its files."""

    def __init__(self, out: Path, files: list[Path]) -> None:
        self.out, self.files = out, files

    def page(self, name: str) -> BeautifulSoup:
        return BeautifulSoup((self.out / name).read_text("utf-8"), "html.parser")

    def main(self, name: str) -> Tag:
        found = self.page(name).find("main")
        assert isinstance(found, Tag)
        return found

    @cached_property
    def pdf(self) -> PdfReader:
        return PdfReader(self.out / f"bao-cao-{EDITION}.pdf")

    @cached_property
    def print(self) -> str:
        return squeeze(" ".join(page.extract_text() for page in self.pdf.pages))

    @cached_property
    def word(self) -> docx.document.Document:
        return docx.Document(str(self.out / f"bao-cao-{EDITION}.docx"))

    @cached_property
    def word_text(self) -> str:
        return squeeze(
            "\n".join(
                "".join(item.text or "" for item in paragraph.iter(qn("w:t")))
                for paragraph in self.word.element.body.iter(qn("w:p"))
            )
        )

    @cached_property
    def web(self) -> str:
        pages = ("index.html", "chapters/mot.html", "nb/ket-qua.html", "nb/phu-luc.html")
        return squeeze(" ".join(self.main(name).get_text() for name in pages))


def squeeze(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    root = tmp_path_factory.mktemp("book")
    return Book(root / "out", build(root))


def build(root: Path, chapter: str = ONE) -> list[Path]:
    files = {
        "index.qmd": INDEX,
        "chapters/mot.qmd": chapter,
        "nb/ket-qua.ipynb": RESULTS,
        "nb/phu-luc.ipynb": APPENDIX,
    }
    chapters = [
        "index.qmd",
        {"part": "Phần thứ nhất. Kế hoạch", "chapters": ["chapters/mot.qmd"]},
        {"part": "Phần thứ hai. Kết quả", "chapters": ["nb/ket-qua.ipynb"]},
    ]
    project = make_project(root, files, chapters=chapters, appendices=["nb/phu-luc.ipynb"])
    (root / "chapters" / "hinh").mkdir()
    (root / "chapters" / "hinh" / "anh.png").write_bytes(png_bytes())
    return render(project, load_edition(project, EDITION), root / "out")


def test_files_have_the_names_that_quarto_gives_them(book: Book) -> None:
    names = [str(path.relative_to(book.out)) for path in book.files]
    assert names == sorted(names)
    for name in (
        "index.html",
        "chapters/mot.html",
        "nb/ket-qua.html",
        "nb/phu-luc.html",
        f"bao-cao-{EDITION}.pdf",
        f"bao-cao-{EDITION}.docx",
    ):
        assert name in names
    assert all(path.is_file() for path in book.files)
    assert {path for path in book.out.rglob("*") if path.is_file()} == set(book.files)


@pytest.mark.parametrize(
    "words",
    [
        "Năm 2024 của Ủy ban nhân dân tỉnh Bắc Ninh.",
        "Xem Mục I, Bảng 1.1 và cách làm, phụ lục.",
        "Lời “trong ngoặc” và “kép”.",
        "Bảng 1.1. Bảng viết tay",
        "Hình 1.1. Ảnh chụp",
        "Mẹo nhỏ",
        "Nội dung mẹo.",
        "Ghi chú",
        "Quan trọng",
        "Cảnh báo",
        "Thận trọng",
        "1.1, Hình 1.1, Bảng 1.1, Mục I.1.a, Phụ lục I, Mục PL1.1.",
        "Đạt 9,97: Bảng 2.1, Hình 2.1.",
        "Bảng 2.1. Bảng dài theo năm",
        "Hình 2.1. Đường đi",
        "Một dấu 2024.",
        "Bảng PL1.1. Bảng gộp",
        "Trở lại Mục II và Bảng PL1.1.",
        "Nội dung chú thích.",
        NOTICE,
    ],
)
def test_the_same_words_and_numbers_stand_in_all_forms(book: Book, words: str) -> None:
    assert words in book.web
    assert words in book.print
    if words not in ("Nội dung chú thích.", NOTICE):  # in parts of their own, see below
        assert words in book.word_text


@pytest.mark.parametrize(
    ("web", "paper"),
    [
        ("I. Chương một", "I. CHƯƠNG MỘT"),
        ("1. Mục con", "1. Mục con"),
        ("a) Mục nhỏ", "a) Mục nhỏ"),
        ("2. Mục nhỏ", "2. Mục nhỏ"),
        ("II. Kết quả", "II. KẾT QUẢ"),
        ("1. Mục trong phụ lục", "1. Mục trong phụ lục"),
    ],
)
def test_headings_carry_the_numbers_of_the_decree(book: Book, web: str, paper: str) -> None:
    assert web in book.web
    assert paper in book.print
    assert web in book.word_text


def test_parts_and_appendices_have_their_titles(book: Book) -> None:
    assert "Phần thứ nhất KẾ HOẠCH" in book.print
    assert "Phụ lục I BẢNG GỘP" in book.print
    assert "Phần thứ nhấtKế hoạch" in book.word_text
    assert "Phụ lục IBảng gộp" in book.word_text
    headings = [
        paragraph.text
        for paragraph in book.word.paragraphs
        if paragraph.style is not None and paragraph.style.style_id == "Heading1"
    ]
    assert [text.split("\n")[0] for text in headings] == [
        "Mở đầu",
        "Phần thứ nhất",
        "I. Chương một",
        "Phần thứ hai",
        "II. Kết quả",
        "Phụ lục I",
    ]
    sidebar = book.page("index.html").select_one(".book-sidebar")
    assert sidebar is not None
    parts = [item.get_text() for item in sidebar.select(".book-part")]
    assert parts == ["Phần thứ nhất. Kế hoạch", "Phần thứ hai. Kết quả", "Phụ lục"]


def test_raw_blocks_go_to_their_form_alone(book: Book) -> None:
    texts = {"trang web": book.web, "bản in": book.print, "trong Word": book.word_text}
    for kind, text in (
        ("Chỉ trên trang web", book.web),
        ("Chỉ trên bản in", book.print),
        ("Chỉ trong Word", book.word_text),
    ):
        assert kind in text
        assert sum(kind in other for other in texts.values()) == 1


def test_what_a_notebook_hides_is_not_shown(book: Book) -> None:
    for text in (book.web, book.print, book.word_text):
        assert text.count("gộp") == text.count("Bảng gộp") + 1  # the appendix alone
        assert "table()" not in text and "plot()" not in text


# ---- pages ----------------------------------------------------------------------------------


def test_a_page_is_complete_and_asks_nothing_of_others(book: Book) -> None:
    for path in book.files:
        if path.suffix != ".html":
            continue
        page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        root = page.find("html")
        assert isinstance(root, Tag) and root["lang"] == "vi"
        assert len(page.find_all("h1")) == 1
        assert len(page.find_all("main")) == 1
        assert NOTICE in page.get_text()
        skip = page.select_one("a.nd30-skip")
        assert skip is not None and page.find(id=str(skip["href"])[1:]) is not None
        for tag, key in (("link", "href"), ("script", "src"), ("img", "src"), ("a", "href")):
            for item in page.find_all(tag):
                address = str(item.get(key, ""))
                if address.startswith("https://example.org"):
                    continue
                assert not re.match(r"^([a-z]+:|/)", address), address
                file, _, anchor = address.partition("#")
                target = (path.parent / file).resolve() if file else path
                assert target.is_file(), address
                if anchor:
                    other = BeautifulSoup(target.read_text("utf-8"), "html.parser")
                    assert other.find(id=anchor) is not None, address
        for name in ("book.css", "nd30.css"):
            assert "http" not in next(book.out.rglob(name)).read_text("utf-8")


def test_ids_of_a_page_are_unique(book: Book) -> None:
    for path in book.files:
        if path.suffix == ".html":
            page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
            ids = [str(item["id"]) for item in page.find_all(id=True)]
            assert len(ids) == len(set(ids)), path


def test_pages_are_well_formed(book: Book) -> None:
    void = {"meta", "link", "img", "br", "hr", "col", "input"}

    class Checker(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in void:
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            if tag not in void:
                assert self.open.pop() == tag

    for path in book.files:
        if path.suffix == ".html":
            checker = Checker()
            checker.feed(path.read_text("utf-8"))
            assert checker.open == []


def test_a_page_leads_to_its_neighbours_and_sections(book: Book) -> None:
    page = book.page("chapters/mot.html")
    previous, following = page.select_one("a.book-prev"), page.select_one("a.book-next")
    assert previous is not None and previous["href"] == "../index.html"
    assert following is not None and following["href"] == "../nb/ket-qua.html"
    current = page.select('[aria-current="page"]')
    assert [item.get_text() for item in current] == ["I. Chương một"]
    toc = page.select_one(".book-toc")
    assert toc is not None
    assert [item.get_text() for item in toc.find_all("a")] == [
        "1. Mục con",
        "a) Mục nhỏ",
        "2. Mục nhỏ",
    ]


def test_links_between_chapters_lead_to_the_page(book: Book) -> None:
    links = {
        squeeze(item.get_text()): item["href"] for item in book.main("index.html").find_all("a")
    }
    assert links["Mục I"] == "chapters/mot.html#sec-mot"
    assert links["Bảng 1.1"] == "chapters/mot.html#tbl-tay"
    assert links["cách làm"] == "chapters/mot.html#sec-con"
    assert links["phụ lục"] == "nb/phu-luc.html#sec-phu-luc"
    table = book.main("nb/ket-qua.html").find("table")
    assert isinstance(table, Tag)
    assert {item["href"] for item in table.find_all("a")} == {"phu-luc.html#tx-CT1"}


def test_a_table_keeps_spans_widths_and_alignment_on_the_page(book: Book) -> None:
    table = book.main("nb/ket-qua.html").find("table")
    assert isinstance(table, Tag) and table.thead is not None
    cells = table.thead.find_all("th")
    assert [(c.get_text(), c.get("rowspan"), c.get("colspan"), c["scope"]) for c in cells] == [
        ("TT", "2", None, "col"),
        ("Chỉ tiêu", "2", None, "col"),
        ("Giá trị", None, "2", "colgroup"),
        ("2023", None, None, "col"),
        ("2024", None, None, "col"),
    ]
    assert [col["style"] for col in table.find_all("col")] == [
        "width: 10%",
        "width: 40%",
        "width: 25%",
        "width: 25%",
    ]
    first = table.find_all("tr")[3].find_all("td")
    assert "center" in first[0]["style"] and "right" in first[2]["style"]
    assert first[2].span["data-fig"] == "CT1-27-v"
    assert len(table.find_all("tr")) == 2 + 1 + 80
    holder = table.parent
    assert holder is not None and holder["tabindex"] == "0"
    caption = book.main("nb/ket-qua.html").find(id=holder["aria-labelledby"])
    assert caption is not None
    assert squeeze(caption.get_text()) == "Bảng 2.1. Bảng dài theo năm"


def test_pictures_are_files_with_words(book: Book) -> None:
    pictures = book.main("nb/ket-qua.html").find_all("img")
    assert [(item["src"], item["alt"]) for item in pictures] == [
        ("ket-qua_files/fig-duong.png", "Từ 1 đến 9"),
        ("ket-qua_files/hinh-3.png", "Hình không số"),
    ]
    assert (book.out / "nb/ket-qua_files/fig-duong.png").read_bytes() == png_bytes()
    picture = book.main("chapters/mot.html").find("img")
    assert isinstance(picture, Tag)
    assert (picture["src"], picture["alt"]) == ("hinh/anh.png", "Ô vuông xám")


def test_callouts_are_notes(book: Book) -> None:
    callouts = book.main("chapters/mot.html").select(".callout")
    assert [(item["class"][1], item["role"], squeeze(item.get_text())) for item in callouts] == [
        ("callout-tip", "note", "Mẹo nhỏ Nội dung mẹo."),
        ("callout-note", "note", "Ghi chú Nội dung ghi chú."),
        ("callout-important", "note", "Quan trọng Việc quan trọng."),
        ("callout-warning", "note", "Cảnh báo Lời cảnh báo."),
        ("callout-caution", "note", "Thận trọng Lời thận trọng."),
    ]


def test_the_search_index_has_every_page(book: Book) -> None:
    text = (book.out / "site_libs/treem/search-index.js").read_text("utf-8")
    for words in ("chapters/mot.html", "II. Kết quả", "Dòng số 80", "Nội dung mẹo."):
        assert words in text


# ---- print ----------------------------------------------------------------------------------


def test_the_pdf_is_tagged_and_says_what_it_is(book: Book) -> None:
    catalog = book.pdf.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"].value
    assert catalog["/Lang"] == "vi-VN"
    assert book.pdf.pdf_header == "%PDF-1.7"
    assert book.pdf.metadata is not None and book.pdf.metadata.title == "Báo cáo thử"
    xmp = catalog["/Metadata"].get_data().decode()
    assert "pdfaid:part>2<" in xmp and "pdfuaid:part>1<" in xmp


def test_print_uses_the_fonts_of_the_project_alone(book: Book) -> None:
    fonts = {
        str(font.get_object()["/BaseFont"])
        for page in book.pdf.pages
        for font in page["/Resources"].get("/Font", {}).values()
    }
    assert fonts and all("Tinos" in name for name in fonts), fonts


def test_no_row_of_a_long_table_is_lost_over_the_pages(book: Book) -> None:
    pages = [squeeze(page.extract_text()) for page in book.pdf.pages]
    holding = [text for text in pages if "Dòng số" in text]
    assert len(holding) >= 3
    for number in range(1, 81):
        assert sum(f"Dòng số {number:02d}" in text for text in holding) == 1
        assert sum(f"{number},5" in text for text in holding) >= 1
    for text in holding:
        assert "TT Chỉ tiêu" in text and "2023 2024" in text
        assert "Mục tiêu 1" in text


def test_rows_of_a_long_table_do_not_overprint(book: Book) -> None:
    for page in book.pdf.pages:
        for line in page.extract_text(extraction_mode="layout").split("\n"):
            assert len(re.findall(r"Dòng số \d\d", line)) <= 1


def test_landscape_tables_stand_on_turned_pages(book: Book) -> None:
    for page in book.pdf.pages:
        turned = page.mediabox.width > page.mediabox.height
        assert turned == ("Dòng số" in squeeze(page.extract_text()))
    sizes = [
        section.orientation == docx.enum.section.WD_ORIENT.LANDSCAPE
        for section in book.word.sections
    ]
    assert sizes.count(True) == 1


def test_text_of_print_is_composed(book: Book) -> None:
    assert unicodedata.is_normalized("NFC", book.print)


# ---- Word -----------------------------------------------------------------------------------


def test_word_tables_keep_spans_and_repeat_their_head(book: Book) -> None:
    tables = [table for table in book.word.tables if "Dòng số 01" in table._tbl.xml]
    (table,) = tables
    rows = table._tbl.findall(qn("w:tr"))
    assert len(rows) == 2 + 1 + 80
    heads = [row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None for row in rows]
    assert heads == [True, True] + [False] * 81
    assert [cell.text for cell in table.rows[0].cells] == ["TT", "Chỉ tiêu", "Giá trị", "Giá trị"]
    assert [cell.text for cell in table.rows[1].cells] == ["TT", "Chỉ tiêu", "2023", "2024"]
    merged = next(table for table in book.word.tables if "hai dòng" in table._tbl.xml)
    assert merged.cell(1, 0).text == merged.cell(2, 0).text == "gộp\nhai dòng"


def test_word_references_lead_to_bookmarks(book: Book) -> None:
    body = book.word.element.body
    names = {item.get(qn("w:name")) for item in body.iter(qn("w:bookmarkStart"))}
    targets = {
        item.get(qn("w:anchor"))
        for item in body.iter(qn("w:hyperlink"))
        if item.get(qn("w:anchor"))
    }
    assert {"tbl-dai", "fig-duong", "sec-mot", "tbl-gop", "tx-CT1"} <= targets
    assert targets <= names


def test_word_has_footnotes_pictures_and_the_notice(book: Book) -> None:
    parts = {str(part.partname): part for part in book.word.part.package.iter_parts()}
    assert "Nội dung chú thích." in parts["/word/footnotes.xml"].blob.decode()
    described = [item.get("descr") for item in book.word.element.body.iter(qn("wp:docPr"))]
    assert described == ["Ô vuông xám", "Từ 1 đến 9", "Hình không số"]
    assert NOTICE in book.word.sections[0].header.paragraphs[0].text


# ---- the same bytes -------------------------------------------------------------------------


def test_two_renders_give_the_same_bytes(book: Book, tmp_path: Path) -> None:
    def digests(files: list[Path], out: Path) -> dict[str, str]:
        return {
            str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
        }

    again = build(tmp_path)
    assert digests(again, tmp_path / "out") == digests(book.files, book.out)
