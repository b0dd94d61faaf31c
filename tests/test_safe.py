"""Text that a sender writes can neither run nor break CSV, XLSX, HTML, Markdown, PDF or DOCX."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import xml.etree.ElementTree as ET
import zipfile

import pandas as pd
import pypandoc
import pytest

from treem.display.sentence import plain
from treem.display.table import Table, heads, text
from treem.intake.findings import find, findings_table
from treem.safe import safe_table, safe_text, visible

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></tr></table><b>",
    "<!-- ghi chú",
    "&lt;b&gt; &amp;",
    '=HYPERLINK("http://evil.example";"x")',
    "@SUM(1)",
    "+1+cmd|' /c calc'!A0",
    "-2+3+cmd|' /c calc'!A0",
    "{{< include /etc/passwd >}}",
    "{{< meta title >}}",
    '#raw("x")',
    '#read("/etc/passwd")',
    "#import",
    ":::",
    "::: {.callout-note}",
    "a | b || c",
    "`=1`{=html}",
    "```{=html}",
    "~~~",
    "[x](javascript:alert(1))",
    "![](http://evil.example/x.png)",
    "<http://evil.example>",
    "[^1]",
    "@tbl-x [@x]",
    "$x$ $$y$$",
    "**b** _i_ ^u^ ~d~",
    "\\end{table}",
    "# Đầu đề",
    "một\n\n# hai",
    "một\n\n::: ba",
    'class="citation" data-cites="x"',
]
HIDDEN = ["\u202eevil", "\u2066a\u2069", "a\x00b", "a\x07b", "\x1b[31m", "a\u200fb", "a\ud800b"]


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+84 912", "'+84 912"),
        ("@x", "'@x"),
        ("-x", "'-x"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        (" =1", "' =1"),
        ("＝1", "'＝1"),
        ("a;=1+1", "a;'=1+1"),  # a Vietnamese spreadsheet parts the cells of a CSV by `;`
        ("a\n=1+1", "a\n'=1+1"),
        ("-", "-"),
        ("–", "–"),
        ("-5", "-5"),
        ("-1.5e-07", "-1.5e-07"),
        ("-1/3", "-1/3"),
        ("12,5 %", "12,5 %"),
        ("Xã Yên Phong", "Xã Yên Phong"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_a_text_is_no_formula_in_a_csv(given, written):
    assert safe_text(given) == written


def test_a_table_of_findings_holds_no_formula_however_the_spreadsheet_parts_it():
    findings = [
        find("not_a_number", cell="H9", raw=raw, file=f"2025/{raw}.xlsx", area_name=raw)
        for raw in HOSTILE
    ]
    written = safe_table(findings_table("demo", findings)).to_csv(index=False)
    assert len(list(csv.reader(io.StringIO(written)))) == len(HOSTILE) + 1
    for separator in ",;\t":
        for row in csv.reader(io.StringIO(written), delimiter=separator):
            begun = [cell for cell in row if cell.lstrip()[:1] in {*"=+@"}]
            assert begun == []


def test_numbers_and_missing_values_of_a_table_stay_as_they_are():
    table = pd.DataFrame({"year": [2024, 2025], "text": ["=1", None], "value": [0.5, -1.0]})
    safe = safe_table(table)
    assert safe["year"].tolist() == [2024, 2025] and safe["value"].tolist() == [0.5, -1.0]
    assert safe["text"][0] == "'=1" and safe["text"].isna()[1]


def test_nothing_in_a_shown_text_is_hidden():
    for words in HIDDEN:
        assert visible(words).isprintable() and "\ufffd" in visible(words)
    assert visible("một\n hai\tba\u2028bốn") == "một  hai ba bốn"
    assert visible("Đặng Thị Hòa 12,5 ‰") == "Đặng Thị Hòa 12,5 ‰"


def pandoc(source: str, from_: str, to: str, *more: str) -> bytes:
    done = subprocess.run(
        [pypandoc.get_pandoc_path(), "-f", from_, "-t", to, *more],
        input=source.encode(),
        capture_output=True,
        check=True,
    )
    return done.stdout


def shown_words(native: object) -> tuple[set[str], str]:
    """The kinds of nodes of a document, and its words as they would be read."""
    kinds, words = set(), []

    def walk(node: object) -> None:
        if isinstance(node, dict):
            if kind := node.get("t"):
                kinds.add(kind)
                words.append({"Space": " ", "SoftBreak": " "}.get(kind, ""))
                if kind == "Str":
                    words.append(node["c"])
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(native)
    return kinds, "".join(words)


PLAIN_KINDS = {"Str", "Space", "SoftBreak", "Plain", "Para", "Quoted", "DoubleQuote", "SingleQuote"}
TABLE_KINDS = {"Table", "AlignLeft", "AlignCenter", "AlignDefault", "ColWidth", "ColWidthDefault"}


def hostile_table() -> str:
    rows = [[text(words)] for words in HOSTILE + HIDDEN]
    return Table([heads("Ghi chú")], rows, (100,))._repr_html_()


def test_a_table_of_hostile_words_is_a_table_of_plain_words():
    kinds, words = shown_words(json.loads(pandoc(hostile_table(), "html", "json"))["blocks"])
    assert kinds <= PLAIN_KINDS | TABLE_KINDS
    for hostile in HOSTILE:
        assert " ".join(visible(hostile).split()) in " ".join(words.split())


def test_a_table_of_hostile_words_offers_no_shortcode_to_the_publisher():
    from treem.publish.embedded.shortcodes import SHORTCODE

    assert not SHORTCODE.search(hostile_table()) and "{{<" not in hostile_table()
    assert not any("{{<" in plain(words) for words in HOSTILE)


@pytest.mark.parametrize("words", HOSTILE + HIDDEN)
@pytest.mark.parametrize("frame", ["{}", "Theo {} (2025).", "- {}"])
def test_hostile_words_in_a_sentence_are_words(words, frame):
    if frame == "- {}" and words.startswith("#"):
        frame = "- Theo {}"
    source = frame.format(plain(words))
    kinds, shown = shown_words(json.loads(pandoc(source, "markdown-smart", "json"))["blocks"])
    assert kinds <= PLAIN_KINDS | {"BulletList"}
    assert "".join(visible(words).split()) in "".join(shown.split())


def test_a_docx_of_hostile_words_opens_and_links_nowhere(tmp_path):
    path = tmp_path / "a.docx"
    pandoc(hostile_table(), "html", "docx", "-o", str(path))
    with zipfile.ZipFile(path) as archive:
        body = ET.fromstring(archive.read("word/document.xml"))
        links = archive.read("word/_rels/document.xml.rels").decode()
    written = "".join(body.itertext())
    assert "<script>alert(1)</script>" in written and "evil.example" not in links
    assert not [one for one in body.iter() if one.tag.endswith(("}instrText", "}hyperlink"))]


def test_typst_sets_hostile_words_and_runs_nothing(tmp_path):
    import typst

    source = pandoc(hostile_table(), "html", "typst").decode()
    path = tmp_path / "a.typ"
    path.write_text(f"#set page(width: 600pt, height: auto)\n{source}", "utf-8")
    assert typst.compile(str(path)).startswith(b"%PDF")
    assert "\\#read(" in source and "\\#raw(" in source
