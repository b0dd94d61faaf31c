"""What Pandoc leaves undone in a Word file: pages, tables, headings, contents, properties.

Both publishers call `finish` on their DOCX. It needs nothing but the file and what the file is to
say about itself, works in place, and gives the same bytes for the same input. Quarto wraps every
float in a table of one cell and writes paragraphs with two sets of properties; both are undone
here, so that an official gets plain headings, captions and tables to edit and sign.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from treem.publish.docx_parts import (
    child,
    insert_property,
    make,
    plain_text,
    qn,
    style_of,
)
from treem.publish.docx_tables import (
    drop_wrapper_alignment,
    finish_tables,
    mend_paragraphs,
    number_floats,
    unwrap_floats,
)
from treem.publish.profile import Properties
from treem.storage import FIXED_TIME

FONT = "Times New Roman"
LANGUAGE = "vi-VN"
TITLE_BLOCK = ("Title", "Subtitle", "Author", "Date", "AbstractTitle", "Abstract")
NUMBERED_CHAPTER = re.compile(r"[IVXLC]+\. ")
APPENDIX = re.compile(r"Phụ lục [IVXLC]+")
PORTRAIT, LANDSCAPE = (11906, 16838), (16838, 11906)
MARGINS = {"top": 1134, "right": 850, "bottom": 1134, "left": 1701, "header": 454, "footer": 454}
"""A4 and the margins of the decree (20, 15, 20, 30 mm) in twentieths of a point."""


def finish(path: Path, properties: Properties) -> None:
    """Complete the Word file in place."""
    import docx

    document = docx.Document(str(path))
    body = document.element.body
    drop_title_block(body)
    drop_wrapper_alignment(body)
    mend_paragraphs(body)
    unwrap_floats(body)
    number_floats(body)
    order_sections(body)
    finish_tables(body)
    finish_headings(body)
    fill_contents(body)
    write_page_headers(document, properties.notice)
    set_language_and_fonts(document)
    set_properties(document, properties)
    write_archive(document, path)


# --- text -------------------------------------------------------------------------------------


def drop_title_block(body: Any) -> None:
    """Remove the title block that Pandoc makes of the metadata: the masthead has the title."""
    for block in list(body):
        if block.tag != qn("w:p") or style_of(block) not in TITLE_BLOCK:
            return
        body.remove(block)


def finish_headings(body: Any) -> None:
    """Centre parts, appendices and unnumbered chapters; print titles of chapters in capitals."""
    for paragraph in body.iter(qn("w:p")):
        if style_of(paragraph) != "Heading1":
            continue
        runs = list(paragraph.iter(qn("w:r")))
        breaks = [run for run in runs if run.find(qn("w:br")) is not None]
        title = runs[runs.index(breaks[0]) + 1 :] if breaks else runs
        for run in title:
            insert_property(run, "w:rPr", make("w:caps"))
        if not NUMBERED_CHAPTER.match(plain_text(paragraph)):
            insert_property(paragraph, "w:pPr", make("w:jc", val="center"))
            insert_property(paragraph, "w:pPr", make("w:ind", left="0", firstLine="0"))


def is_appendix(paragraph: Any) -> bool:
    """Whether this is the heading of an appendix: "Phụ lục I", line break, title."""
    return style_of(paragraph) == "Heading1" and bool(APPENDIX.match(plain_text(paragraph)))


def fill_contents(body: Any) -> None:
    """Fill the field of the table of contents with chapters, their sections, and appendices.

    Word puts the page numbers in when it opens or updates the file; appendices count their own
    pages and show none.
    """
    place = next((p for p in body.iter(qn("w:p")) if _is_contents(p)), None)
    if place is None:
        return
    entries = list(_content_entries(body))
    for number, (heading, level, numbered) in enumerate(entries):
        name = f"_Toc{number:06d}"
        _bookmark(heading, name, 100_000 + number)
        entry = make("w:p")
        insert_property(entry, "w:pPr", make("w:pStyle", val=f"TOC{level}"))
        if number == 0:
            entry.extend(_field_start('TOC \\o "1-2" \\h \\z \\u', dirty=True))
        link = make("w:hyperlink", anchor=name, history="1")
        words = " ".join(plain_text(heading, line_break=". ").split())
        link.append(_run(words))
        if numbered:
            link.append(make("w:r", make("w:tab")))
            link.extend(_field_start(f"PAGEREF {name} \\h", dirty=True))
            link.append(_field_end())
        entry.append(link)
        if number == len(entries) - 1:
            entry.append(_field_end())
        place.addprevious(entry)
    body.remove(place)


def _is_contents(paragraph: Any) -> bool:
    return any((code.text or "").startswith("TOC ") for code in paragraph.iter(qn("w:instrText")))


def _content_entries(body: Any) -> Iterator[tuple[Any, int, bool]]:
    appendix = False
    for paragraph in body.iter(qn("w:p")):
        style = style_of(paragraph)
        if style == "Heading1":
            appendix = appendix or is_appendix(paragraph)
            yield paragraph, 1, not appendix
        elif style == "Heading2" and not appendix:
            yield paragraph, 2, True


def _bookmark(heading: Any, name: str, number: int) -> None:
    first = next(iter(heading.iterchildren(qn("w:r"), qn("w:hyperlink"))), None)
    start = make("w:bookmarkStart", id=str(number), name=name)
    if first is None:
        heading.append(start)
    else:
        first.addprevious(start)
    heading.append(make("w:bookmarkEnd", id=str(number)))


def _run(words: str) -> Any:
    text = make("w:t")
    text.text = words
    text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return make("w:r", text)


def _field_start(code: str, *, dirty: bool = False) -> list[Any]:
    instruction = make("w:instrText")
    instruction.text = f" {code} "
    instruction.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    begin = make("w:fldChar", fldCharType="begin", **({"dirty": "true"} if dirty else {}))
    return [
        make("w:r", begin),
        make("w:r", instruction),
        make("w:r", make("w:fldChar", fldCharType="separate")),
    ]


def _field_end() -> Any:
    return make("w:r", make("w:fldChar", fldCharType="end"))


# --- pages ------------------------------------------------------------------------------------


def order_sections(body: Any) -> None:
    """Drop empty sections; give each one its size, margins and page count.

    The report and each appendix count pages from 1 and hide the number on their first page.
    """
    last = body.find(qn("w:sectPr"))
    content: list[Any] = []
    for block in list(body):
        section = block.find(f"{qn('w:pPr')}/{qn('w:sectPr')}") if block is not last else last
        if section is None:
            if block.tag in (qn("w:p"), qn("w:tbl")):
                content.append(block)
        elif block is last:
            if not content:
                _take_over_last_section(body, last)
            else:
                _set_page(last, content, is_landscape(last))
        else:
            if content:
                _set_page(section, content, is_landscape(section))
                _end_section(block, section, content[-1])
            else:
                body.remove(block)
            content = []
    first = next(body.iter(qn("w:sectPr")))
    _count_from_one(first)


def is_landscape(section: Any) -> bool:
    """Whether the pages of this section are turned."""
    size = section.find(qn("w:pgSz"))
    return size is not None and size.get(qn("w:orient")) == "landscape"


def _take_over_last_section(body: Any, last: Any) -> None:
    """Nothing follows the last section break: its page becomes that of the document's end."""
    previous = [section for section in body.iter(qn("w:sectPr")) if section is not last]
    if not previous:
        return
    holder = previous[-1].getparent().getparent()
    body.replace(last, previous[-1])
    if not plain_text(holder) and holder.find(f".//{qn('w:drawing')}") is None:
        body.remove(holder)


def _set_page(section: Any, content: list[Any], landscape: bool) -> None:
    for tag in ("w:pgSz", "w:pgMar", "w:titlePg", "w:pgNumType", "w:type"):
        for old in section.findall(qn(tag)):
            section.remove(old)
    width, height = LANDSCAPE if landscape else PORTRAIT
    turned = {"orient": "landscape"} if landscape else {}
    section.append(make("w:pgSz", w=str(width), h=str(height), **turned))
    section.append(make("w:pgMar", gutter="0", **{k: str(v) for k, v in MARGINS.items()}))
    heading = next((block for block in content if block.tag == qn("w:p")), None)
    if heading is not None and content[0] is heading and is_appendix(heading):
        _count_from_one(section)


def _count_from_one(section: Any) -> None:
    for tag in ("w:pgNumType", "w:titlePg"):
        for old in section.findall(qn(tag)):
            section.remove(old)
    section.append(make("w:pgNumType", start="1"))
    section.append(make("w:titlePg"))


def _end_section(holder: Any, section: Any, before: Any) -> None:
    """Hang the break on the last paragraph; after a table its own paragraph is made tiny."""
    if before.tag == qn("w:p"):
        properties = child(before, "w:pPr", first=True)
        properties.append(section)
        holder.getparent().remove(holder)
        return
    properties = child(holder, "w:pPr", first=True)
    spacing = make("w:spacing", before="0", after="0", line="20", lineRule="exact")
    insert_property(holder, "w:pPr", spacing)
    properties.append(section)


def write_page_headers(document: Any, notice: str) -> None:
    """Write the page number, centred in the top margin, and the notice above it.

    Every section names the same two headers: LibreOffice does not hand the header of a first page
    on over a section that has none.
    """
    from copy import deepcopy

    first = document.sections[0]
    first.different_first_page_header_footer = True
    for header, numbered in ((first.header, True), (first.first_page_header, False)):
        header.is_linked_to_previous = False
        for paragraph in list(header.paragraphs):
            paragraph._element.getparent().remove(paragraph._element)
        if notice or not numbered:
            header._element.append(_header_line([_run(notice)], size=18, bold=True))
        if numbered:
            number = [*_field_start("PAGE"), _run("1"), _field_end()]
            header._element.append(_header_line(number, size=26, bold=False))
    references = first._sectPr.findall(qn("w:headerReference"))
    for later in list(document.sections)[1:]:
        for place, reference in enumerate(references):
            later._sectPr.insert(place, deepcopy(reference))


def _header_line(runs: list[Any], *, size: int, bold: bool) -> Any:
    paragraph = make("w:p")
    insert_property(paragraph, "w:pPr", make("w:pStyle", val="Nd30Plain"))
    insert_property(paragraph, "w:pPr", make("w:jc", val="center"))
    for run in runs:
        if bold:
            insert_property(run, "w:rPr", make("w:b"))
        insert_property(run, "w:rPr", make("w:sz", val=str(size)))
        insert_property(run, "w:rPr", make("w:szCs", val=str(size)))
        paragraph.append(run)
    return paragraph


# --- the file ---------------------------------------------------------------------------------


def set_language_and_fonts(document: Any) -> None:
    """Name one font for all scripts and one language in every part; lists begin with a dash."""
    from docx.opc.oxml import serialize_part_xml
    from docx.oxml import parse_xml

    for part in document.part.package.iter_parts():
        name = str(part.partname)
        if not name.startswith("/word/") or not name.endswith(".xml") or "/theme/" in name:
            continue
        loaded = hasattr(part, "element")
        root = part.element if loaded else parse_xml(part.blob)
        for fonts in root.iter(qn("w:rFonts")):
            fonts.attrib.clear()
            for script in ("ascii", "hAnsi", "eastAsia", "cs"):
                fonts.set(qn(f"w:{script}"), FONT)
        for language in root.iter(qn("w:lang"), qn("w:themeFontLang")):
            language.attrib.clear()
            language.set(qn("w:val"), LANGUAGE)
            if language.tag == qn("w:lang"):
                language.set(qn("w:eastAsia"), LANGUAGE)
        for tag, mark in (("w:decimalSymbol", ","), ("w:listSeparator", ";")):
            for symbol in root.iter(qn(tag)):
                symbol.set(qn("w:val"), mark)
        for level in root.iter(qn("w:lvl")):
            kind = level.find(qn("w:numFmt"))
            if kind is not None and kind.get(qn("w:val")) == "bullet":
                level.find(qn("w:lvlText")).set(qn("w:val"), "-")
        if not loaded:
            part._blob = serialize_part_xml(root)


def set_properties(document: Any, properties: Properties) -> None:
    """Set title, author, keywords, language and dates; drop what Pandoc made of the metadata."""
    core = document.core_properties
    day = dt.datetime.fromisoformat(properties.date)
    core.title, core.author = properties.title, properties.author
    core.last_modified_by = properties.author
    core.keywords = "; ".join(properties.keywords)
    core.comments = properties.notice
    core.language = LANGUAGE
    core.created = core.modified = day
    core.revision = 1
    relations = document.part.package.rels
    for key in [key for key, relation in relations.items() if "custom-prop" in relation.reltype]:
        relations.pop(key)


def write_archive(document: Any, path: Path) -> None:
    """Write the file with fixed times, so that the same document gives the same bytes."""
    made = io.BytesIO()
    document.save(made)
    new = path.with_name(path.name + ".new")
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(new, "w") as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            target.writestr(entry, source.read(name))
    new.replace(path)
