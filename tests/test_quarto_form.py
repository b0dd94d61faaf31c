"""The page form of the decree, drawn by Typst from the partials that both publishers use."""

import io
import re
from typing import Any

import pypandoc
import pypdf
import pytest
import typst

from treem.project import Project

NOTICE = "SỐ LIỆU TRÌNH DIỄN DO MÁY SINH RA - KHÔNG PHẢI SỐ LIỆU THẬT"
META = """---
title: Báo cáo thử
treem-notice: {notice}
nd30:
  author: Ủy ban nhân dân tỉnh Bắc Ninh
  keywords: [trẻ em, "2024"]
  kind: BÁO CÁO
  subject: 'Rà soát "thử" giai đoạn 2021 - 2030'
  parent-body: ""
  issuing-body: [ỦY BAN NHÂN DÂN, TỈNH BẮC NINH]
  symbol: BC-UBND
  place: Bắc Ninh
  addressees: [Bộ Y tế, Bộ Tài chính]
  legal-basis: [Quyết định số 23/QĐ-TTg, Kế hoạch số 359/KH-UBND]
  recipients: [Như trên, "Lưu: VT"]
  signature: [KT. CHỦ TỊCH, PHÓ CHỦ TỊCH]
---
"""
FRONT = """
# Mở đầu {.unnumbered}

::: {.nd30-masthead}
:::
::: {.nd30-addressees}
:::
::: {.nd30-legal-basis}
:::

Đoạn đầu.

::: {.nd30-notice}
:::

::: {.nd30-contents}
:::
"""
ROWS = "".join(
    (f'<tr class="group"><td colspan="2"><strong>Mục tiêu {n // 30 + 1}</strong></td></tr>'
     if n % 30 == 0 else "") + f"<tr><td>{n}</td><td>Chỉ tiêu con</td></tr>"
    for n in range(60)
)  # fmt: skip
TABLE = (
    "<table><colgroup><col style='width:20%'><col style='width:80%'></colgroup>"
    f"<thead><tr><th>TT</th><th>Tên cột</th></tr></thead><tbody>{ROWS}</tbody></table>"
)
FLOAT = """
```{{=typst}}
#figure([
```

{body}

```{{=typst}}
], caption: figure.caption(position: top, [{caption}]), kind: "quarto-float-tbl", supplement: "Bảng") <{label}>
```
"""  # noqa: E501 - as Quarto writes it
BODY = (
    FRONT
    + """
# Phần thứ nhất. Kế hoạch và số liệu {.nd30-part .unnumbered}

# Phương pháp {#sec-a}

## Cách đọc {#sec-b}

Xem `#ref(<sec-b>, supplement: [Mục])`{=typst}, `#ref(<sec-pl>, supplement: [Phụ lục])`{=typst},
`#ref(<tbl-a>, supplement: [Bảng])`{=typst} và `#ref(<tbl-b>, supplement: [Bảng])`{=typst}.

### Điểm {#sec-c}

```{=typst}
#callout(title: [Lưu ý], body: [Nội dung.])
```
"""
    + FLOAT.format(body="@TABLE@", caption="Tên bảng", label="tbl-a")
    + """
# Kết {.unnumbered .nd30-untitled #sec-ket}

::: {.nd30-signature}
Trên đây là báo cáo ./.
:::

# Bảng ngang {.nd30-appendix #sec-pl}

::: {.landscape}
"""
    + FLOAT.format(body="|A|B|\n|:--|--:|\n|1|2|\n", caption="Bảng của phụ lục", label="tbl-b")
    + """
:::

# Phụ chú {.nd30-appendix #sec-pl2}

{{LONG}}
"""
).replace("{{LONG}}", "\n\n".join(f"Đoạn thứ {n}." for n in range(60)))


def draw(project: Project, source: str, notice: str = NOTICE) -> pypdf.PdfReader:
    """Return the pages that Pandoc, the filter, the partials and Typst make of the source."""
    extension = project.root / "_extensions" / "nd30"
    tables = extension.parent.parent / "tests" / "data" / "read_html_tables.lua"
    text = pypandoc.convert_text(
        (META.format(notice=notice) + source).replace("@TABLE@", f"```{{=html}}\n{TABLE}\n```"),
        "typst",
        format="markdown",
        extra_args=[
            "--standalone",
            "--wrap=none",
            f"--template={extension / 'template.typ'}",
            f"--lua-filter={tables}",
            f"--lua-filter={extension / 'nd30.lua'}",
        ],
    )
    made = typst.compile(
        text.encode("utf-8"),
        font_paths=[str(extension / "fonts")],
        ignore_system_fonts=True,
        pdf_standards=["a-2a", "ua-1"],
        timestamp=1735603200,
    )
    assert isinstance(made, bytes)
    return pypdf.PdfReader(io.BytesIO(made))


@pytest.fixture(scope="module")
def report(project: Project) -> pypdf.PdfReader:
    return draw(project, BODY)


def lines(page: Any) -> list[str]:
    return [line.strip() for line in page.extract_text().splitlines() if line.strip()]


def page_with(report: pypdf.PdfReader, words: str) -> int:
    return next(n for n, page in enumerate(report.pages) if words in lines(page))


def test_the_front_has_the_elements_in_the_order_of_the_decree(report: pypdf.PdfReader) -> None:
    text = " ".join(lines(report.pages[0]))
    places = [
        text.index(words)
        for words in (
            "ỦY BAN NHÂN DÂN TỈNH BẮC NINH",
            "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
            "Độc lập - Tự do - Hạnh phúc",
            "/BC-UBND",
            "Bắc Ninh, ngày",
            "BÁO CÁO",
            "Rà soát “thử” giai đoạn 2021 - 2030",
            "Kính gửi:",
            "- Bộ Y tế;",
            "- Bộ Tài chính.",
            "Căn cứ Quyết định số 23/QĐ-TTg;",
            "Căn cứ Kế hoạch số 359/KH-UBND.",
            "MỞ ĐẦU",
            "MỤC LỤC",
        )
    ]
    assert places == sorted(places)


def test_every_page_has_the_notice_and_none_is_blank(report: pypdf.PdfReader) -> None:
    for page in report.pages:
        assert lines(page)[0] == NOTICE
        assert len(lines(page)) > 2


def test_pages_count_from_one_again_in_each_appendix(report: pypdf.PdfReader) -> None:
    first, second = page_with(report, "Phụ lục I"), page_with(report, "Phụ lục II")
    numbers = [lines(page)[1] for page in report.pages]
    starts = {0, first, second}
    expected = 0
    for place, number in enumerate(numbers):
        expected = 1 if place in starts else expected + 1
        assert (number == str(expected)) is (place not in starts), (place, number)
    assert second + 1 < len(numbers)


def test_pages_have_the_size_and_direction_that_is_asked(report: pypdf.PdfReader) -> None:
    for place, page in enumerate(report.pages):
        width, height = (round(float(side) / 72 * 25.4) for side in page.mediabox[2:])
        turned = place == page_with(report, "Phụ lục I")
        assert (width, height) == ((297, 210) if turned else (210, 297))


def test_numbers_of_headings_captions_and_references(report: pypdf.PdfReader) -> None:
    text = "\n".join("\n".join(lines(page)) for page in report.pages)
    for words in (
        "Phần thứ nhất\nKẾ HOẠCH VÀ SỐ LIỆU",
        "I. PHƯƠNG PHÁP",
        "1. Cách đọc",
        "a) Điểm",
        "Phụ lục I\nBẢNG NGANG",
        "Bảng 1.1. Tên bảng",
        "Bảng PL1.1. Bảng của phụ lục",
    ):
        assert words in text.replace("\u00a0", " ")
    assert re.search(r"Xem Mục\sI\.1, Phụ lục\sI, Bảng\s1\.1 và Bảng\sPL1\.1\.", text)


def test_head_and_group_of_a_long_table_are_repeated(report: pypdf.PdfReader) -> None:
    text = [lines(page) for page in report.pages]
    with_rows = [page for page in text if any("Chỉ tiêu con" in line for line in page)]
    assert len(with_rows) >= 2
    for page in with_rows:
        joined = " ".join(page)
        assert "TT Tên cột" in joined and "Mục tiêu" in joined


def test_the_signature_stands_under_the_last_sentence_before_the_appendices(
    report: pypdf.PdfReader,
) -> None:
    page = page_with(report, "Trên đây là báo cáo ./.")
    assert page == page_with(report, "Nơi nhận:") < page_with(report, "Phụ lục I")
    text = lines(report.pages[page])
    for words in ("- Như trên;", "- Lưu: VT.", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"):
        assert words in text


def test_the_file_says_what_it_is(report: pypdf.PdfReader) -> None:
    root = report.trailer["/Root"]
    assert root["/Lang"] == "vi-VN" and root["/MarkInfo"]["/Marked"]
    assert report.metadata["/Title"] == "Báo cáo thử"
    assert report.metadata["/Author"] == "Ủy ban nhân dân tỉnh Bắc Ninh"
    assert report.pdf_header == "%PDF-1.7"
    fonts = {
        str(font.get_object()["/BaseFont"]).split("+")[-1]
        for page in report.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert {font.split("-")[0] for font in fonts} == {"Tinos"}


def test_a_real_edition_has_neither_header_line_nor_box(project: Project) -> None:
    report = draw(project, FRONT + "\n# Tổng quan\n\nĐoạn.\n", notice='""')
    text = "\n".join("\n".join(lines(page)) for page in report.pages)
    assert "TRÌNH DIỄN" not in text and "Số liệu trình diễn" not in text


def test_a_letter_that_the_font_lacks_stops_the_build(project: Project) -> None:
    with pytest.raises(typst.TypstError, match="could not be displayed"):
        draw(project, "# Tổng quan\n\nĐoạn 漢.\n")


CHART = """
```{{=typst}}
#pagebreak()
#v({room}cm)
#figure([#block(height: 9cm, breakable: false)[Nét vẽ]],
  caption: figure.caption(position: bottom, [Tên hình]),
  kind: "quarto-float-fig", supplement: "Hình", alt: "Hình") <fig-{number}>
```
"""


def test_a_figure_and_its_caption_stay_on_one_page(project: Project) -> None:
    """Down the foot of a page in steps smaller than a caption is high."""
    charts = [CHART.format(room=14 + number * 0.4, number=number) for number in range(8)]
    report = draw(project, FRONT + "\n# Hình\n" + "".join(charts))
    text = [page.extract_text() for page in report.pages]
    assert {page.count("Nét vẽ") - page.count("Tên hình") for page in text} == {0}
    first = next(number for number, page in enumerate(text) if "Nét vẽ" in page)
    assert len(charts) < len(text) - first < 2 * len(charts), "some moved on, some had room"


PICTURE = """# A

```{=typst}
#image(bytes("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"), format: "svg")
```
"""


def test_a_picture_without_words_stops_the_build(project: Project) -> None:
    with pytest.raises(typst.TypstError, match="alt"):
        draw(project, PICTURE)


PUSHED = """
```{{=typst}}
#pagebreak()
#v({height}pt)
#figure(
  block(height: 100pt)[Thân {height}],
  alt: "Thân",
  caption: [Lời {height}],
  kind: "quarto-float-fig",
  supplement: "Hình",
)
```
"""


def test_a_picture_keeps_its_caption_on_its_page(project: Project) -> None:
    """Pictures at every height where a page could end between them and their caption."""
    heights = range(480, 660, 6)
    report = draw(project, "# A\n" + "".join(PUSHED.format(height=n) for n in heights))
    pages = [page.extract_text() for page in report.pages]
    for height in heights:
        page = next(text for text in pages if f"Thân {height}" in text)
        assert f"Lời {height}" in page
