"""What the embedded publisher does not know stops it: SourceError with file and line."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import pytest

from embedded_project import (
    EDITION,
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
from treem.errors import PublishError, SourceError
from treem.project import Project
from treem.publish.embedded import render
from treem.publish.embedded.manuscript import read_manuscript

HEAD = "# Chương {#sec-chuong}\n\nDòng ba.\n\n"
LINE = 5
"""The line on which the feature of each case begins."""
TABLE = "<table><thead><tr><th>A</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>"


def refusal(project: Project) -> str:
    with pytest.raises(SourceError) as caught:
        read_manuscript(project, EDITION)
    assert caught.value.exit_code == 2
    return str(caught.value)


FEATURES = {
    "shortcode": ("{{< video https://example.org/a.mp4 >}}", "video"),
    "include": ("{{< include khac.qmd >}}", "include"),
    "shortcode in a line": ("Chữ {{< kbd Ctrl >}} chữ", "kbd"),
    "meta of nothing": ("{{< meta khong-co >}}", "khong-co"),
    "meta of a group": ("{{< meta nd30 >}}", "nd30"),
    "open shortcode": ("{{< meta treem-year", "mã ngắn"),
    "page break in a line": ("Chữ {{< pagebreak >}}", "pagebreak"),
    "tabset": ("::: {.panel-tabset}\n\nx\n\n:::", ".panel-tabset"),
    "margin": ("::: {.column-margin}\nx\n:::", ".column-margin"),
    "conditional": ('::: {.content-visible when-format="html"}\nx\n:::', ".content-visible"),
    "hidden in one form": ('::: {.content-hidden unless-format="pdf"}\nx\n:::', ".content-hidden"),
    "layout": ("::: {layout-ncol=2}\nx\n:::", "layout-ncol"),
    "columns": (":::: {.columns}\n::: {.column}\nx\n:::\n::::", ".columns"),
    "aside in a line": ("[x]{.aside}", ".aside"),
    "executable python": ("```{python}\n1 + 1\n```", "{python}"),
    "executable r": ("```{r}\n1 + 1\n```", "{r}"),
    "observable": ("```{ojs}\nx = 1\n```", "{ojs}"),
    "mermaid": ("```{mermaid}\nflowchart LR\n```", "{mermaid}"),
    "graphviz": ("```{dot}\ngraph {}\n```", "{dot}"),
    "inline code that runs": ("Có `{python} 1 + 1` chỉ tiêu", "{python}"),
    "mathematics": ("Công thức $x^2$.", "công thức toán"),
    "display mathematics": ("$$\nx^2\n$$ {#eq-x}", "công thức toán"),
    "citation": ("Theo @nguyen2020.", "@nguyen2020"),
    "citation in brackets": ("Theo [@nguyen2020, tr. 5].", "@nguyen2020"),
    "reference to a listing": ("Xem @lst-ma.", "@lst-ma"),
    "reference with words": ("Xem [bảng @sec-chuong].", "@sec-chuong"),
    "reference to nothing": ("Xem @tbl-khong-co.", "@tbl-khong-co"),
    "reference without a word": ("Xem -@sec-chuong.", "-@sec-chuong"),
    "link to nothing": ("Xem [đây](#khong-co).", "#khong-co"),
    "link to no chapter": ("Xem [đây](khac.qmd).", "khac.qmd"),
    "theorem": ("::: {#thm-a}\nx\n:::", "thm-a"),
    "callout with a heading": ("::: {.callout-note}\n## Tên\n\nx\n:::", "đầu đề"),
    "callout that folds": ('::: {.callout-note collapse="true"}\nx\n:::', "collapse"),
    "unknown callout": ("::: {.callout-fun}\nx\n:::", ".callout-fun"),
    "float as a div": ("::: {#fig-a}\nx\n:::", "fig-a"),
    "div left open": ("::: {.ghi-chu}\nx", ":::"),
    "end of no div": (":::", ":::"),
    "second title": ("# Chương khác", "tiêu đề cấp một"),
    "raw tag": ("Một<br>hai", "<br>"),
    "raw block of html": ("<iframe src='a.html'></iframe>", "<iframe"),
    "html table": ("```{=html}\n<table><tr><td>x</td></tr></table>\n```", "bảng HTML"),
    "latex": ("\\newpage", "newpage"),
    "raw latex": ("```{=latex}\n\\newpage\n```", "latex"),
    "picture of others": ("Chữ ![x](https://example.org/a.png)", "example.org"),
    "picture that is not there": ("Chữ ![x](khong-co.png) chữ", "khong-co.png"),
    "drawing": ("Chữ ![x](hinh.svg) chữ", "hinh.svg"),
    "picture without words": ("Chữ ![](anh.png) chữ", "lời thay hình"),
    "figure without words": ("![Tên](anh.png){#fig-anh}", "lời thay hình"),
    "figure without a label": ('![Tên](anh.png){fig-alt="x"}', "thiếu mã"),
    "picture with a strange width": ('Chữ ![x](anh.png){width="3ex"} chữ', "3ex"),
    "lightbox": ('![Tên](anh.png){#fig-a fig-alt="x" .lightbox}', ".lightbox"),
    "caption without a label": ("| a |\n|---|\n| b |\n\n: Chú thích", "chú thích và mã"),
    "widths of columns": (
        '| a |\n|---|\n| b |\n\n: Tên {#tbl-a tbl-colwidths="[100]"}',
        "tbl-colwidths",
    ),
    "attributes of code": ('```{.python filename="a.py"}\nx\n```', "khối mã"),
    "note that is not written": ("Chữ[^x].", "[^x]"),
    "note written twice": ("Chữ[^x].\n\n[^x]: a\n\n[^x]: b", "[^x]"),
    "unlisted heading": ("## Mục {.unlisted}", ".unlisted"),
    "style": ('[x]{style="color: red"}', "style"),
}
SECOND_LINE = {
    "note written twice": 4,
    "widths of columns": 4,
    "caption without a label": 4,
    "html table": 1,
    "raw latex": 1,
    "display mathematics": 1,
    "callout with a heading": 1,
    "attributes of code": 1,
}


@pytest.mark.parametrize("name", FEATURES)
def test_an_unknown_feature_stops_with_file_and_line(tmp_path: Path, name: str) -> None:
    text, named = FEATURES[name]
    project = make_project(tmp_path, {"index.qmd": HEAD + text + "\n\nDòng cuối.\n"})
    (tmp_path / "anh.png").write_bytes(png_bytes())
    message = refusal(project)
    line = LINE + SECOND_LINE.get(name, 0)
    assert message.startswith(f"index.qmd, dòng {line}: "), message
    assert named in message


@pytest.mark.parametrize("name", ["shortcode", "citation", "mathematics", "tabset"])
def test_in_a_notebook_cell_and_line_are_named(tmp_path: Path, name: str) -> None:
    text, named = FEATURES[name]
    nb = notebook(markdown("# Chương"), code("x"), markdown(f"Đầu ô.\n\n{text}\n"))
    message = refusal(make_project(tmp_path, {"a.ipynb": nb}))
    assert message.startswith("a.ipynb, ô 3, dòng 3: ")
    assert named in message


CELLS: dict[str, tuple[dict[str, Any], str, int]] = {
    "unknown option": (code("#| fold: true\nx"), "fold", 1),
    "second option": (code("#| echo: false\n#| layout-ncol: 2\nx"), "layout-ncol", 2),
    "shown source": (code("#| echo: true\nx"), "echo", 1),
    "output as it is": (code("#| output: asis\nx"), "asis", 1),
    "broken option": (code('#| label: "a\nx'), "YAML", 1),
    "printed text": (
        code("x", {"output_type": "stream", "name": "stdout", "text": ["một\n"]}),
        "stdout",
        1,
    ),
    "warnings": (
        code("x", {"output_type": "stream", "name": "stderr", "text": "Warning"}),
        "stderr",
        1,
    ),
    "error": (code("x", {"output_type": "error", "ename": "KeyError"}), "KeyError", 1),
    "plain text": (code("x", shown("text/plain", "42")), "text/plain", 1),
    "widget": (
        code("x", shown("application/vnd.jupyter.widget-view+json", "{}")),
        "widget-view",
        1,
    ),
    "drawing": (code("x", shown("image/svg+xml", "<svg/>")), "svg", 1),
    "script": (code("x", html(f"<script>1</script>{TABLE}")), "<script>", 1),
    "style": (code("x", html(f"<style>a</style>{TABLE}")), "<style>", 1),
    "two tables": (code("x", html(TABLE + TABLE)), "một bảng", 1),
    "id of a row": (code("x", html(TABLE.replace("<tr><td>", '<tr id="a"><td>'))), "id", 1),
    "id of a cell": (code("x", html(TABLE.replace("<td>", '<td id="a">'))), "id", 1),
    "no table": (code("x", html("<p>x</p>")), "một bảng", 1),
    "table without caption": (code("#| label: tbl-a\nx", html(TABLE)), "tbl-cap", 1),
    "caption without label": (code("#| tbl-cap: A\nx", html(TABLE)), "label", 1),
    "label of nothing": (code("#| label: tbl-a\n#| tbl-cap: A\nx"), "0 kết quả", 1),
    "label of two": (
        code("#| label: tbl-a\n#| tbl-cap: A\nx", html(TABLE), html(TABLE)),
        "2 kết quả",
        1,
    ),
    "label of another kind": (code("#| label: tbl-a\n#| tbl-cap: A\nx", png()), "bảng", 1),
    "picture without words": (
        code("#| label: fig-a\n#| fig-cap: A\nx", png()),
        "lời thay hình",
        1,
    ),
    "broken picture": (
        code("#| fig-alt: A\nx", shown("image/png", "AAAA")),
        "không phải PNG",
        1,
    ),
    "tag of quarto": (code("x", tags=["remove-cell"]), "remove-cell", 1),
    "attachment": ({**markdown("![](attachment:a.png)"), "attachments": {"a": {}}}, "đính kèm", 1),
    "raw cell": ({"cell_type": "raw", "metadata": {}, "source": "---\na: 1\n---"}, "raw", 1),
}


@pytest.mark.parametrize("name", CELLS)
def test_an_unknown_cell_stops_with_cell_and_line(tmp_path: Path, name: str) -> None:
    cell, named, line = CELLS[name]
    nb = notebook(markdown("# Chương"), cell)
    message = refusal(make_project(tmp_path, {"nb/a.ipynb": nb}))
    assert message.startswith(f"nb/a.ipynb, ô 2, dòng {line}: "), message
    assert named in message


def test_a_link_of_a_table_to_nothing_names_its_cell(tmp_path: Path) -> None:
    table = TABLE.replace(">b<", '><a href="#tx-khong-co">b</a><')
    nb = notebook(markdown("# Chương"), code("table()", html(table)))
    message = refusal(make_project(tmp_path, {"a.ipynb": nb}))
    assert message.startswith("a.ipynb, ô 2, dòng 1: ")
    assert "#tx-khong-co" in message


def test_a_chapter_must_begin_with_its_title(tmp_path: Path) -> None:
    message = refusal(make_project(tmp_path, {"index.qmd": "Chữ trước.\n\n# Chương\n"}))
    assert message.startswith("index.qmd, dòng 1: ")
    assert "tiêu đề" in message


def test_front_matter_in_a_chapter_is_refused(tmp_path: Path) -> None:
    text = "---\ntitle: Tên\nformat: pdf\n---\n\nChữ.\n"
    message = refusal(make_project(tmp_path, {"index.qmd": text}))
    assert message.startswith("index.qmd, dòng 1: ")


def test_a_label_used_twice_names_both_places(tmp_path: Path) -> None:
    files = {
        "index.qmd": "# Một {#sec-a}\n\nXem.\n",
        "hai.qmd": "# Hai {#sec-b}\n\n## Mục {#sec-a}\n",
    }
    message = refusal(make_project(tmp_path, files))
    assert message.startswith("hai.qmd, dòng 3: ")
    assert "index.qmd" in message


def test_a_table_with_a_number_needs_a_chapter_with_one(tmp_path: Path) -> None:
    text = "# Một {.unnumbered}\n\n| a |\n|---|\n| b |\n\n: Tên {#tbl-a}\n"
    message = refusal(make_project(tmp_path, {"index.qmd": text}))
    assert message.startswith("index.qmd, dòng 7: ")


def test_a_reference_to_an_unnumbered_section_asks_for_a_link(tmp_path: Path) -> None:
    text = "# Một {#sec-a}\n\n## Hai {#sec-b .unnumbered}\n\nXem @sec-b.\n"
    message = refusal(make_project(tmp_path, {"index.qmd": text}))
    assert message.startswith("index.qmd, dòng 5: ")
    assert "[chữ](#sec-b)" in message


# ---- project files --------------------------------------------------------------------------


def line_of(path: Path, words: str) -> int:
    lines = path.read_text("utf-8").split("\n")
    return next(number for number, line in enumerate(lines, 1) if words in line)


@pytest.mark.parametrize(
    ("added", "named"),
    [
        ("bibliography: refs.bib\n", "bibliography"),
        ("number-offset: 3\n", "number-offset"),
        ("include-in-header: dau.html\n", "include-in-header"),
        ("toc-location: left\n", "toc-location"),
        ("date-format: long\n", "date-format"),
    ],
)
def test_an_unknown_project_key_stops_with_its_line(tmp_path: Path, added: str, named: str) -> None:
    project = make_project(tmp_path, {"index.qmd": HEAD})
    path = tmp_path / "_quarto.yml"
    path.write_text(path.read_text("utf-8") + added, "utf-8")
    message = refusal(project)
    assert message.startswith(f"_quarto.yml, dòng {line_of(path, named)}: ")
    assert named in message


def test_a_value_that_cannot_be_honoured_stops_with_its_line(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"index.qmd": HEAD})
    path = tmp_path / "_quarto.yml"
    path.write_text(path.read_text("utf-8").replace("  echo: false", "  echo: true"), "utf-8")
    message = refusal(project)
    assert message.startswith(f"_quarto.yml, dòng {line_of(path, 'echo: true')}: ")
    assert "execute.echo" in message


def test_the_profile_is_checked_as_well(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"index.qmd": HEAD}, more={"csl": "a.csl"})
    path = tmp_path / f"_quarto-{EDITION}.yml"
    assert refusal(project).startswith(f"{path.name}, dòng {line_of(path, 'csl')}: ")


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"index.qmd": HEAD})
    path = tmp_path / "_quarto.yml"
    text = path.read_text("utf-8") + "lang: en\n"
    path.write_text(text, "utf-8")
    assert refusal(project).startswith(f"_quarto.yml, dòng {text.count(chr(10))}: ")


def test_broken_yaml_names_its_line(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"index.qmd": HEAD})
    path = tmp_path / f"_quarto-{EDITION}.yml"
    path.write_text('book:\n  title: "a\n', "utf-8")
    assert refusal(project).startswith(f"{path.name}, dòng ")


def test_a_missing_profile_asks_for_treem_run(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"index.qmd": HEAD})
    (tmp_path / f"_quarto-{EDITION}.yml").unlink()
    assert f"treem run {EDITION}" in refusal(project)


def test_a_missing_chapter_names_the_line_of_the_profile(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"index.qmd": HEAD}, chapters=["index.qmd", "mat.qmd"])
    path = tmp_path / f"_quarto-{EDITION}.yml"
    message = refusal(project)
    assert message.startswith(f"{path.name}, dòng {line_of(path, 'mat.qmd')}: ")
    assert "mat.qmd" in message


@pytest.mark.parametrize(
    "chapters",
    [
        ["index.qmd", "index.qmd"],
        ["index.qmd", {"part": "phan.qmd", "chapters": ["a.qmd"]}],
        ["index.qmd", {"text": "Trang ngoài", "href": "https://example.org"}],
        ["index.qmd", "a.md"],
    ],
)
def test_a_strange_list_of_chapters_is_refused(tmp_path: Path, chapters: list[Any]) -> None:
    files = {"index.qmd": HEAD, "a.md": HEAD, "a.qmd": HEAD, "phan.qmd": HEAD}
    project = make_project(tmp_path, files, chapters=chapters)
    assert refusal(project).startswith(f"_quarto-{EDITION}.yml, dòng ")


@pytest.mark.parametrize("name", ["_quarto.yml.local", "chuong/_metadata.yml", "_metadata.yml"])
def test_settings_that_quarto_finds_by_itself_are_refused(tmp_path: Path, name: str) -> None:
    project = make_project(tmp_path, {"chuong/a.qmd": HEAD})
    (tmp_path / name).write_text("toc: false\n", "utf-8")
    assert refusal(project).startswith(f"{name}: ")


def test_a_missing_word_of_the_language_file_is_refused(tmp_path: Path) -> None:
    text = HEAD + "| a |\n|---|\n| b |\n\n: Tên {#tbl-a}\n"
    project = make_project(tmp_path, {"index.qmd": text})
    path = tmp_path / "_language-vi.yml"
    lines = path.read_text("utf-8").split("\n")
    kept = [line for line in lines if not line.startswith("crossref-tbl-title")]
    path.write_text("\n".join(kept), "utf-8")
    message = refusal(project)
    assert message.startswith("_language-vi.yml: ")
    assert "crossref-tbl-title" in message


@pytest.mark.parametrize(
    "text", ["", "{", '{"cells": 3}', '{"cells": [{"source": "x"}]}', json.dumps([1])]
)
def test_a_broken_notebook_names_its_file(tmp_path: Path, text: str) -> None:
    message = refusal(make_project(tmp_path, {"nb/a.ipynb": text}))
    assert message.startswith("nb/a.ipynb")
    assert "sổ tính" in message


def test_a_chapter_in_another_encoding_is_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"index.qmd": HEAD})
    (tmp_path / "index.qmd").write_bytes("# Chương".encode("utf-16"))
    assert refusal(project).startswith("index.qmd: ")


def test_the_garbage_collector_is_on_again_after_a_refusal(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"index.qmd": HEAD + "{{< kbd Ctrl >}}\n"})
    with pytest.raises(SourceError):
        render(project, load_edition(project, EDITION), tmp_path / "out")
    assert gc.isenabled()


# ---- faults that only show while writing ----------------------------------------------------


def test_what_typst_refuses_names_the_chapter(tmp_path: Path) -> None:
    files = {
        "index.qmd": "# Một\n\nChữ.\n",
        "b.qmd": "# Hai\n\n```{=typst}\n#khong-co-ham[x]\n```\n",
    }
    project = make_project(tmp_path, files)
    with pytest.raises(PublishError) as caught:
        render(project, load_edition(project, EDITION), tmp_path / "out")
    assert str(caught.value).startswith("b.qmd: ")
    assert "khong-co-ham" in str(caught.value)
    assert caught.value.exit_code == 3


def test_a_missing_letter_of_the_font_stops_the_print(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"index.qmd": "# Một\n\nChữ 漢 lạ.\n"})
    with pytest.raises(PublishError, match="phông chữ"):
        render(project, load_edition(project, EDITION), tmp_path / "out")


def test_a_folder_that_cannot_be_written_is_the_machine_s_error(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"index.qmd": "# Một\n\nChữ.\n"})
    (tmp_path / "out").write_text("một tệp, không phải thư mục", "utf-8")
    with pytest.raises(OSError, match="out"):
        render(project, load_edition(project, EDITION), tmp_path / "out")
