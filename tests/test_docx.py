"""The finished Word file: pages, headers, tables, headings, contents, properties."""

import subprocess
import zipfile
from pathlib import Path
from typing import Any

import docx
import pypandoc
import pytest

from treem.project import Project
from treem.publish.docx import finish
from treem.publish.docx_parts import ORDER, plain_text, qn, style_of
from treem.publish.docx_tables import finish_tables
from treem.publish.profile import Properties
from treem.publish.reference import REFERENCE, write_reference

NOTICE = "SỐ LIỆU TRÌNH DIỄN DO MÁY SINH RA - KHÔNG PHẢI SỐ LIỆU THẬT"
PROPERTIES = Properties(
    "Báo cáo thử", "Ủy ban nhân dân tỉnh", ("trẻ em", "2024"), NOTICE, "2024-12-31"
)

SOURCE = """---
title: Báo cáo thử
treem-notice: Ghi chú
nd30:
  kind: BÁO CÁO
  subject: Rà soát & thử
  parent-body: ""
  issuing-body: [ỦY BAN NHÂN DÂN, TỈNH BẮC NINH]
  symbol: BC-UBND
  place: Bắc Ninh
  addressees: [Bộ Y tế]
  legal-basis: [Quyết định số 23/QĐ-TTg, Kế hoạch số 359/KH-UBND]
  recipients: [Như trên, "Lưu: VT"]
  signature: [KT. CHỦ TỊCH, PHÓ CHỦ TỊCH]
---

# Mở đầu {.unnumbered}

::: {.nd30-masthead}
:::
::: {.nd30-addressees}
:::
::: {.nd30-legal-basis}
:::

Đoạn đầu. Xem [Mục cũ](#sec-b){.quarto-xref} và [cũ](#sec-pl){.quarto-xref}.

::: {.nd30-contents}
:::

# Phần thứ nhất. Kế hoạch và số liệu {.nd30-part .unnumbered}

# Phương pháp {#sec-a}

## Cách đọc {#sec-b}

### Điểm {#sec-c}

- một

| TT | Tên chỉ tiêu con rất dài để bảng có độ rộng tương đối, dài hơn một dòng thường |
|:-:|:------------------------------------------------------------|
| 1 | Tử vong |

# Kết {.unnumbered .nd30-untitled #sec-ket}

::: {.nd30-signature}
Trên đây là báo cáo ./.
:::

# Bảng ngang {.nd30-appendix #sec-pl}

::: {.landscape}

| A | B |
|--:|:--|
| 1 | 2 |

:::

# Phụ chú {.nd30-appendix #sec-pl2}

::: {.landscape}

| A | B |
|--:|:--|
| 1 | 2 |

:::
"""


def build(project: Project, folder: Path, source: str = SOURCE) -> Path:
    path = folder / "bao-cao.docx"
    extension = project.root / "_extensions" / "nd30"
    pypandoc.convert_text(
        source,
        "docx",
        format="markdown",
        outputfile=str(path),
        extra_args=[
            f"--lua-filter={extension / 'nd30.lua'}",
            f"--reference-doc={extension / 'reference.docx'}",
        ],
    )
    finish(path, PROPERTIES)
    return path


@pytest.fixture(scope="module")
def made(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return docx.Document(str(build(project, tmp_path_factory.mktemp("docx"))))


def texts(document: Any, style: str) -> list[str]:
    return [plain_text(p) for p in document.element.body.iter(qn("w:p")) if style_of(p) == style]


def test_the_masthead_comes_first_and_the_title_block_is_gone(made: Any) -> None:
    first = made.element.body[0]
    assert first.tag == qn("w:tbl")
    assert plain_text(first).startswith("ỦY BAN NHÂN DÂNTỈNH BẮC NINHCỘNG HÒA XÃ HỘI CHỦ NGHĨA")
    assert texts(made, "Title") == []
    lines = texts(made, "Nd30Plain")
    for words in ("Rà soát & thử", "Kính gửi: Bộ Y tế", "Căn cứ Quyết định số 23/QĐ-TTg;",
                  "Căn cứ Kế hoạch số 359/KH-UBND.", "- Như trên;", "- Lưu: VT."):  # fmt: skip
        assert words in lines
    assert any(line.startswith("Số:") and line.endswith("/BC-UBND") for line in lines)


def test_headings_are_numbered_as_the_decree_wants(made: Any) -> None:
    assert texts(made, "Heading1") == [
        "Mở đầu",
        "Phần thứ nhất\nKế hoạch và số liệu",
        "I. Phương pháp",
        "Phụ lục I\nBảng ngang",
        "Phụ lục II\nPhụ chú",
    ]
    assert texts(made, "Heading2") == ["1. Cách đọc"]
    assert texts(made, "Heading3") == ["a) Điểm"]
    centred = [
        plain_text(p)
        for p in made.element.body.iter(qn("w:p"))
        if style_of(p) == "Heading1" and p.find(f".//{qn('w:jc')}") is not None
    ]
    assert "I. Phương pháp" not in centred and len(centred) == 4


def test_references_to_sections_carry_the_same_numbers(made: Any) -> None:
    assert any(
        "Xem Mục\u00a0I.1 và Phụ lục\u00a0I." in line for line in texts(made, "FirstParagraph")
    )


def test_contents_list_chapters_sections_and_appendices(made: Any) -> None:
    assert texts(made, "TOC1") == [
        "Mở đầu",
        "Phần thứ nhất. Kế hoạch và số liệu",
        "I. Phương pháp",
        "Phụ lục I. Bảng ngang",
        "Phụ lục II. Phụ chú",
    ]
    assert texts(made, "TOC2") == ["1. Cách đọc"]
    body = made.element.body
    names = {mark.get(qn("w:name")) for mark in body.iter(qn("w:bookmarkStart"))}
    anchors = {link.get(qn("w:anchor")) for link in body.iter(qn("w:hyperlink"))}
    assert {anchor for anchor in anchors if anchor.startswith("_Toc")} <= names
    kinds = [char.get(qn("w:fldCharType")) for char in body.iter(qn("w:fldChar"))]
    assert kinds.count("begin") == kinds.count("end") == kinds.count("separate") > 1


def test_sections_turn_pages_and_count_from_one_in_each_appendix(made: Any) -> None:
    sections = made.sections
    assert [section.orientation for section in sections] == [0, 1, 1]
    for section in sections:
        size = sorted((round(section.page_width.mm), round(section.page_height.mm)))
        assert size == [210, 297]
        margins = (section.top_margin, section.bottom_margin, section.left_margin)
        assert [round(margin.mm) for margin in (*margins, section.right_margin)] == [20, 20, 30, 15]
        assert section.different_first_page_header_footer
        assert section._sectPr.find(qn("w:pgNumType")).get(qn("w:start")) == "1"


def test_the_header_has_the_number_and_the_notice_and_page_one_only_the_notice(made: Any) -> None:
    section = made.sections[0]
    header, first = section.header._element, section.first_page_header._element
    assert "PAGE" in "".join(code.text for code in header.iter(qn("w:instrText")))
    assert not list(first.iter(qn("w:instrText")))
    assert NOTICE in plain_text(header) and NOTICE in plain_text(first)
    for later in made.sections:
        assert not later.header.is_linked_to_previous
        assert not later.first_page_header.is_linked_to_previous
        assert plain_text(later.header._element) == plain_text(header)
        assert plain_text(later.first_page_header._element) == plain_text(first)


def test_a_real_edition_has_no_notice(project: Project, tmp_path: Path) -> None:
    path = build(project, tmp_path)
    finish(path, Properties("T", "A", (), "", "2022-12-31"))
    header = docx.Document(str(path)).sections[0].header
    assert "TRÌNH DIỄN" not in plain_text(header._element)


def test_tables_have_widths_repeated_heads_and_whole_rows(made: Any) -> None:
    tables = [t for t in made.element.body.iterchildren(qn("w:tbl")) if _is_data(t)]
    assert len(tables) == 3
    for table, width in zip(tables, (9355, 14287, 14287), strict=True):
        grid = [int(column.get(qn("w:w"))) for column in table.find(qn("w:tblGrid"))]
        assert sum(grid) == width
        rows = table.findall(qn("w:tr"))
        assert rows[0].find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None
        for row in rows:
            assert row.find(f"{qn('w:trPr')}/{qn('w:cantSplit')}") is not None
            cells = [int(cell.find(f".//{qn('w:tcW')}").get(qn("w:w"))) for cell in row[1:]]
            assert cells == grid
        head = rows[0].find(f".//{qn('w:p')}")
        assert head.find(f".//{qn('w:b')}") is not None
        assert head.find(f".//{qn('w:jc')}").get(qn("w:val")) == "center"
        assert style_of(head) == "Nd30Cell"


def _is_data(table: Any) -> bool:
    return table.find(f".//{qn('w:tblStyle')}").get(qn("w:val")) == "Table"


def test_the_signature_stays_with_its_sentence(made: Any) -> None:
    sentence = next(
        p for p in made.element.body.iter(qn("w:p")) if plain_text(p).startswith("Trên đây")
    )
    assert sentence.find(f".//{qn('w:keepNext')}") is not None


def test_language_font_and_properties(made: Any) -> None:
    core = made.core_properties
    assert (core.title, core.author, core.language) == ("Báo cáo thử", PROPERTIES.author, "vi-VN")
    assert core.keywords == "trẻ em; 2024" and core.created == core.modified
    assert core.created.isoformat().startswith("2024-12-31T00:00:00")
    fonts = list(made.styles.element.iter(qn("w:rFonts")))
    assert fonts
    for font in fonts:
        assert {font.get(qn(f"w:{s}")) for s in ("ascii", "hAnsi", "eastAsia", "cs")} == {
            "Times New Roman"
        }
    languages = {lang.get(qn("w:val")) for lang in made.styles.element.iter(qn("w:lang"))}
    assert languages == {"vi-VN"}
    assert not any("custom" in str(part.partname) for part in made.part.package.iter_parts())


def test_properties_stand_in_the_order_of_the_schema(made: Any) -> None:
    for holder, names in ORDER.items():
        order = {qn(name): place for place, name in enumerate(names)}
        for properties in made.element.body.iter(qn(holder)):
            places = [order[item.tag] for item in properties]
            assert places == sorted(set(places)), (holder, [item.tag for item in properties])


def test_the_same_sources_give_the_same_bytes(project: Project, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = build(project, tmp_path / "a"), build(project, tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[0] == "[Content_Types].xml"


# --- what Quarto makes of a float ---------------------------------------------------------------

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
CELL = "<w:tc><w:tcPr/><w:p><w:pPr>{0}</w:pPr><w:r><w:t>{1}</w:t></w:r></w:p></w:tc>"
WRAPPED = f"""<w:tbl {W}><w:tblPr><w:tblStyle w:val="Table"/></w:tblPr>
<w:tblGrid><w:gridCol w:w="7920"/></w:tblGrid><w:tr><w:tc><w:tcPr/>
<w:bookmarkStart w:id="12" w:name="tbl-x"/>
<w:p><w:pPr><w:jc w:val="center"/></w:pPr><w:pPr><w:jc w:val="left"/><w:spacing w:before="200"/>
<w:pStyle w:val="ImageCaption"/></w:pPr><w:r><w:t>Bảng\u00a0A.2. Tên</w:t></w:r></w:p>
<w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w="1"/><w:gridCol w:w="3"/></w:tblGrid>
<w:tr><w:trPr><w:tblHeader w:val="on"/></w:trPr>
{CELL.format('<w:jc w:val="center"/><w:jc w:val="center"/>', "TT")}
{CELL.format('<w:jc w:val="center"/><w:jc w:val="center"/>', "Tên")}</w:tr>
<w:tr>{CELL.format('<w:jc w:val="right"/><w:jc w:val="center"/>', "1")}
{CELL.format('<w:jc w:val="center"/>', "chữ")}</w:tr></w:tbl>
<w:bookmarkEnd w:id="12"/><w:p/></w:tc></w:tr></w:tbl>"""


def test_a_float_leaves_the_table_that_quarto_wraps_it_in(project: Project, tmp_path: Path) -> None:
    from docx.oxml import parse_xml

    path = tmp_path / "quarto.docx"
    document = docx.Document(str(project.root / REFERENCE))
    for block in list(document.element.body)[:-1]:
        document.element.body.remove(block)
    document.element.body.insert(0, parse_xml(WRAPPED))
    document.save(str(path))
    finish(path, PROPERTIES)
    body = docx.Document(str(path)).element.body
    (table,) = body.iter(qn("w:tbl"))
    caption = next(p for p in body.iter(qn("w:p")) if style_of(p) == "TableCaption")
    assert plain_text(caption) == "Bảng\u00a0PL1.2. Tên"
    assert len(caption.findall(qn("w:pPr"))) == 1 and caption.find(f".//{qn('w:jc')}") is None
    alignments = [
        None if (jc := p.find(f".//{qn('w:jc')}")) is None else jc.get(qn("w:val"))
        for p in table.iter(qn("w:p"))
    ]
    assert alignments == ["center", "center", "right", None]
    assert [column.get(qn("w:w")) for column in table.find(qn("w:tblGrid"))] == ["2339", "7016"]


# --- the reference file -------------------------------------------------------------------------


def test_the_reference_file_is_what_the_code_writes(project: Project, tmp_path: Path) -> None:
    fresh = tmp_path / "reference.docx"
    write_reference(fresh)
    committed = project.root / REFERENCE
    with zipfile.ZipFile(fresh) as made, zipfile.ZipFile(committed) as kept:
        assert made.namelist() == kept.namelist()
        for name in made.namelist():
            assert made.read(name) == kept.read(name), name


def test_the_reference_file_has_the_sizes_of_the_decree(project: Project) -> None:
    styles = docx.Document(str(project.root / REFERENCE)).styles
    sizes = {name: styles[name].font.size.pt for name in ("Body Text", "Heading 1", "Nd30 Cell")}
    assert sizes == {"Body Text": 14, "Heading 1": 14, "Nd30 Cell": 12}
    body = styles["Body Text"].paragraph_format
    assert round(body.first_line_indent.cm, 2) == 1.27
    assert body.space_before.pt >= 6 and body.line_spacing == 1.1


def test_libreoffice_opens_it(project: Project, tmp_path: Path) -> None:
    import shutil

    import pypdf

    soffice = shutil.which("soffice")
    if soffice is None:
        pytest.skip("không có LibreOffice: không thử mở tệp bằng chương trình khác")
    path = build(project, tmp_path)
    subprocess.run(
        [soffice, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless",
         "--convert-to", "pdf", "--outdir", str(tmp_path), str(path)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    pages = pypdf.PdfReader(tmp_path / "bao-cao.pdf").pages
    turned = [page.mediabox.width > page.mediabox.height for page in pages]
    assert turned[-2:] == [True, True] and not any(turned[:-2])
    assert all(NOTICE in page.extract_text() for page in pages)


def test_a_header_cell_over_two_rows_gets_the_room_its_words_need() -> None:
    from docx.oxml import parse_xml

    # "KQ ĐẠT ĐƯỢC 2020" takes four lines in a column of 15 mm: three in the first row, one below
    table = parse_xml(
        f'<w:tbl {W}><w:tblGrid><w:gridCol w:w="850"/><w:gridCol w:w="8505"/>'
        "</w:tblGrid>"
        "<w:tr><w:trPr><w:tblHeader/></w:trPr>"
        '<w:tc><w:tcPr><w:vMerge w:val="restart"/></w:tcPr>'
        "<w:p><w:r><w:t>KQ ĐẠT ĐƯỢC 2020</w:t></w:r></w:p></w:tc>"
        "<w:tc><w:p><w:r><w:t>KẾ HOẠCH</w:t></w:r></w:p></w:tc></w:tr>"
        "<w:tr><w:trPr><w:tblHeader/></w:trPr>"
        '<w:tc><w:tcPr><w:vMerge w:val="continue"/></w:tcPr><w:p/></w:tc>'
        "<w:tc><w:p><w:r><w:t>2025</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    )
    body = parse_xml(f"<w:body {W}/>")
    body.append(table)
    finish_tables(body)
    heights = [
        int(row.find(f".//{qn('w:trHeight')}").get(qn("w:val"))) for row in body.iter(qn("w:tr"))
    ]
    assert heights == [3 * 290, 290]
