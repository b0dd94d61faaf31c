"""Writes `_extensions/nd30/reference.docx`: Pandoc's own reference file in the decree's styles.

    python -m treem.publish.reference

The file is committed because both publishers need it; a test proves that it is what this module
writes, so that nobody edits it by hand.
"""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

from treem.project import find_project
from treem.publish.docx import (
    MARGINS,
    PORTRAIT,
    set_language_and_fonts,
    set_properties,
    write_archive,
)
from treem.publish.docx_parts import child, insert_property, make, qn
from treem.publish.profile import Properties

REFERENCE = Path("_extensions/nd30/reference.docx")
BODY, SMALL, CELL, NOTE = 28, 26, 24, 22
"""Sizes of the decree in half points: 14, 13, 12 and 11 pt."""
LINES = 264
"""1.1 lines in 240ths, as in print."""
INDENT = 720

PARAGRAPHS: dict[str, dict[str, Any]] = {
    # id: name, size, bold, italic, align, indent, before, after, line, keep
    "Normal": {"size": BODY, "line": LINES},
    "BodyText": {"size": BODY, "align": "both", "indent": INDENT, "before": 120, "line": LINES},
    "FirstParagraph": {
        "size": BODY,
        "align": "both",
        "indent": INDENT,
        "before": 120,
        "line": LINES,
    },
    "Compact": {"size": BODY, "align": "both", "before": 60, "line": LINES},
    "Heading1": {"size": BODY, "bold": True, "indent": INDENT, "before": 280, "keep": True},
    "Heading2": {"size": BODY, "bold": True, "indent": INDENT, "before": 200, "keep": True},
    "Heading3": {"size": BODY, "bold": True, "indent": INDENT, "before": 160, "keep": True},
    "Heading4": {"size": BODY, "italic": True, "indent": INDENT, "before": 120, "keep": True},
    "TableCaption": {"size": SMALL, "align": "center", "before": 200, "after": 80, "keep": True},
    "ImageCaption": {"size": SMALL, "align": "center", "before": 80, "after": 160},
    "Figure": {"size": SMALL, "align": "center", "before": 160, "keep": True},
    "FootnoteText": {"size": NOTE, "align": "both"},
    "Nd30Plain": {"name": "Nd30 Plain", "size": BODY},
    "Nd30Cell": {"name": "Nd30 Cell", "size": CELL, "before": 20, "after": 20},
    "Nd30Box": {"name": "Nd30 Box", "size": BODY, "align": "both", "before": 60, "after": 60},
    "TOC1": {"name": "toc 1", "size": BODY, "before": 60, "tab": 9355},
    "TOC2": {"name": "toc 2", "size": BODY, "before": 40, "left": INDENT, "tab": 9355},
}


def write_reference(path: Path) -> None:
    """Write the reference file; the same Pandoc gives the same bytes."""
    import docx

    document = docx.Document(io.BytesIO(_pandoc_reference()))
    styles = document.styles.element
    _set_defaults(styles)
    for style_id, look in PARAGRAPHS.items():
        _set_paragraph_style(styles, style_id, look)
    _set_plain_links(styles)
    _set_table_style(styles, "Table", lines=True)
    _set_table_style(styles, "Nd30Layout", lines=False)
    _set_page(document.element.body)
    set_language_and_fonts(document)
    set_properties(document, Properties("", "", (), "", "2021-06-10"))
    write_archive(document, path)


def _pandoc_reference() -> bytes:
    import pypandoc

    pandoc = pypandoc.get_pandoc_path()
    return subprocess.run(
        [pandoc, "--print-default-data-file", "reference.docx"], check=True, capture_output=True
    ).stdout


def _set_defaults(styles: Any) -> None:
    defaults = child(styles, "w:docDefaults", first=True)
    run = child(child(defaults, "w:rPrDefault"), "w:rPr")
    run[:] = [
        make("w:rFonts"),
        make("w:sz", val=str(BODY)),
        make("w:szCs", val=str(BODY)),
        make("w:lang"),
    ]


def _style(styles: Any, style_id: str, kind: str, name: str) -> Any:
    for style in styles.iterchildren(qn("w:style")):
        if style.get(qn("w:styleId")) == style_id:
            return style
    style = make("w:style", type=kind, styleId=style_id)
    style.append(make("w:name", val=name))
    styles.append(style)
    return style


def _set_paragraph_style(styles: Any, style_id: str, look: dict[str, Any]) -> None:
    style = _style(styles, style_id, "paragraph", look.get("name", style_id))
    for tag in ("w:pPr", "w:rPr"):
        for old in style.findall(qn(tag)):
            style.remove(old)
    paragraph, run = make("w:p"), make("w:r")
    level = style_id.removeprefix("Heading")
    spacing = {
        "before": str(look.get("before", 0)),
        "after": str(look.get("after", 0)),
        "line": str(look.get("line", 240)),
        "lineRule": "auto",
    }
    insert_property(paragraph, "w:pPr", make("w:spacing", **spacing))
    insert_property(paragraph, "w:pPr", make("w:jc", val=look.get("align", "left")))
    indent = {"left": str(look.get("left", 0)), "firstLine": str(look.get("indent", 0))}
    if style_id != "Compact":  # lists bring their own indent
        insert_property(paragraph, "w:pPr", make("w:ind", **indent))
    if look.get("keep"):
        insert_property(paragraph, "w:pPr", make("w:keepNext"))
    if level.isdigit():
        insert_property(paragraph, "w:pPr", make("w:outlineLvl", val=str(int(level) - 1)))
    if "tab" in look:
        tab = make("w:tab", val="right", leader="dot", pos=str(look["tab"]))
        insert_property(paragraph, "w:pPr", make("w:tabs", tab))
    insert_property(run, "w:rPr", make("w:rFonts"))
    for tag, wanted in (("w:b", look.get("bold")), ("w:i", look.get("italic"))):
        insert_property(run, "w:rPr", make(tag, val="1" if wanted else "0"))
    insert_property(run, "w:rPr", make("w:color", val="000000"))
    for tag in ("w:sz", "w:szCs"):
        insert_property(run, "w:rPr", make(tag, val=str(look["size"])))
    style.append(paragraph.find(qn("w:pPr")))
    style.append(run.find(qn("w:rPr")))


def _set_plain_links(styles: Any) -> None:
    """Links look like text: the file is printed and signed."""
    style = _style(styles, "Hyperlink", "character", "Hyperlink")
    child(style, "w:rPr")[:] = [make("w:color", val="000000")]


def _set_table_style(styles: Any, style_id: str, *, lines: bool) -> None:
    style = _style(styles, style_id, "table", style_id)
    for old in list(style):
        if old.tag in (qn("w:pPr"), qn("w:rPr"), qn("w:tblPr"), qn("w:tblStylePr")):
            style.remove(old)
    look = make("w:tblPr")
    if lines:
        sides = ("top", "left", "bottom", "right", "insideH", "insideV")
        edges = [make(f"w:{s}", val="single", sz="4", space="0", color="000000") for s in sides]
        look.append(make("w:tblBorders", *edges))
    margin = "80" if lines else "0"
    look.append(
        make("w:tblCellMar", *(make(f"w:{s}", w=margin, type="dxa") for s in ("left", "right")))
    )
    style.append(look)


def _set_page(body: Any) -> None:
    section = child(body, "w:sectPr")
    for tag in ("w:pgSz", "w:pgMar"):
        for old in section.findall(qn(tag)):
            section.remove(old)
    section.append(make("w:pgSz", w=str(PORTRAIT[0]), h=str(PORTRAIT[1])))
    section.append(make("w:pgMar", gutter="0", **{k: str(v) for k, v in MARGINS.items()}))


if __name__ == "__main__":
    write_reference(find_project().root / REFERENCE)
