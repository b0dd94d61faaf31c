"""The book as web pages: one a chapter, at the paths that Quarto gives them."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from treem.publish.embedded.chapters import FLOAT_CLASS, Chapter
from treem.publish.embedded.frame import Frame, relative
from treem.publish.embedded.manuscript import Manuscript
from treem.publish.embedded.merged import merge
from treem.publish.embedded.nodes import (
    Node,
    attr,
    div,
    document,
    plain,
    raw,
    rewrite,
    span,
    words,
)
from treem.publish.embedded.numbers import Target
from treem.publish.embedded.pandoc import convert


def write_html(manuscript: Manuscript, out: Path) -> list[Path]:
    """Write all pages, their pictures, styles and the search index under `out`."""
    book, chapters = manuscript.book, manuscript.chapters
    filter_ = str(book.root / "_extensions" / "nd30" / "nd30.lua")
    options = {"section_divs": True, "wrap_text": "wrap-none"}

    def job(blocks: list[Node]) -> dict[str, Any]:
        text = json.dumps(document(blocks, book.metadata), ensure_ascii=False)
        return {"text": text, "to": "html5", "options": options}

    pages = [_page(manuscript, index) for index in range(len(chapters))]
    jobs = [job(title) for title, _ in pages]
    jobs += [job(blocks) | {"filter": filter_} for _, blocks in pages]
    results = convert(jobs)
    bodies = map("\n".join, zip(results[: len(pages)], results[len(pages) :], strict=True))
    frame = Frame(manuscript)
    files: dict[str, str | bytes] = frame.library()
    for index, (chapter, body) in enumerate(zip(chapters, bodies, strict=True)):
        files[chapter.entry.page] = frame.page(index, body)
        files.update(chapter.pictures)
    return [_write(out / name, data) for name, data in files.items()]


def _write(path: Path, data: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def _page(manuscript: Manuscript, index: int) -> tuple[list[Node], list[Node]]:
    """Return title and text of a page; the filter of the extension sees the text alone."""
    targets, chapter = manuscript.targets, manuscript.chapters[index]
    page = chapter.entry.page

    def change(node: Node) -> list[Node] | None:
        kind = node["t"]
        if kind == "Header":
            return [_heading(node, targets)]
        if kind == "Link":
            node["c"][2][0] = _address(node["c"][2][0], manuscript, page)
        elif kind == "Image":
            return [_picture(node, chapter)]
        elif kind == "Table":
            return _scrolling(node)
        elif kind == "Div" and FLOAT_CLASS in node["c"][0][1]:
            return _figure(node, targets)
        elif kind == "Div":
            return _callout(node, manuscript)
        elif kind == "RawBlock" and node["c"][0] == "treem":
            return [raw("html", '<div class="pagebreak"></div>')]
        return None

    title, *blocks = rewrite(merge([chapter], parts=False), change)
    if index == 0 and not chapter.numbered:
        return _title("", words(manuscript.book.title)), [title, *blocks]
    return _title(chapter.identifier, title["c"][2]), blocks


def _title(identifier: str, inlines: list[Node]) -> list[Node]:
    """Return the one `h1` of a page; the first page has the title of the book."""
    name = f' id="{escape(identifier)}"' if identifier else ""
    return [raw("html", f'<h1 class="title"{name}>'), plain(inlines), raw("html", "</h1>")]


def _heading(node: Node, targets: Mapping[str, Target]) -> Node:
    level, attribute, inlines = node["c"]
    shown = targets[attribute[0]].shown
    if not shown:
        return node
    number = span(attr("", ["header-section-number"]), words(shown))
    return {"t": "Header", "c": [level, attribute, [number, {"t": "Space"}, *inlines]]}


def _address(address: str, manuscript: Manuscript, page: str) -> str:
    if not address.startswith("#"):
        return address
    other = manuscript.chapters[manuscript.targets[address[1:]].chapter].entry.page
    return address if other == page else relative(other, page) + address


def _picture(node: Node, chapter: Chapter) -> Node:
    (_, classes, pairs), inlines, (name, title) = node["c"]
    size = _pixels(chapter.pictures[name])
    known = [pair for pair in pairs if pair[0] != "alt"]
    if size and not known:
        known = [["width", str(size[0])], ["height", str(size[1])]]
    inlines = words(dict(pairs)["alt"])
    return {
        "t": "Image",
        "c": [["", classes, known], inlines, [relative(name, chapter.entry.page), title]],
    }


def _pixels(data: bytes) -> tuple[int, int] | None:
    if data.startswith(b"\x89PNG"):
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    return None


def _scrolling(node: Node) -> list[Node]:
    _, _, _, head, bodies, _ = node["c"]
    for row in head[1]:
        for cell in row[1]:
            _add_scope(cell, "colgroup" if cell[3] > 1 else "col")
    for body in bodies:
        for row in body[2]:
            for cell in row[1]:
                _add_scope(cell, "rowgroup")
        for row in body[3]:
            for cell in row[1][: body[1]]:
                _add_scope(cell, "row")
    columns = len(node["c"][2])
    opening = f'<div class="nd30-scroll" tabindex="0" role="group" style="--columns: {columns}">'
    return [raw("html", opening), node, raw("html", "</div>")]


def _add_scope(cell: Node | list[Any], scope: str) -> None:
    pairs = cell[0][2]  # type: ignore[index]
    if "scope" not in dict(pairs):
        pairs.append(["scope", scope])


def _figure(node: Node, targets: Mapping[str, Target]) -> list[Node]:
    (label, _, pairs), (caption, *content) = node["c"]
    shown = targets[label].shown
    words_ = [
        span(attr("", ["caption-number"]), words(shown)),
        {"t": "Space"},
        *caption["c"][1][0]["c"],
    ]
    described = f"{label}-chu-thich"
    figcaption = [
        raw("html", f'<figcaption id="{escape(described)}">'),
        plain(words_),
        raw("html", "</figcaption>"),
    ]
    for block in content:
        if block["t"] == "RawBlock" and 'role="group"' in block["c"][1]:
            block["c"][1] = block["c"][1].replace(
                'role="group"', f'role="group" aria-labelledby="{escape(described)}"'
            )
    kind = dict(pairs)["kind"]
    opening = f'<figure id="{escape(label)}" class="quarto-float quarto-float-{kind}">'
    inner = [*figcaption, *content] if kind == "tbl" else [*content, *figcaption]
    return [raw("html", opening), *inner, raw("html", "</figure>")]


def _callout(node: Node, manuscript: Manuscript) -> list[Node] | None:
    callout = manuscript.callout(node)
    if callout is None:
        return None
    (identifier, classes, _), blocks = node["c"]
    title = div(attr("", ["callout-title"]), [plain(words(callout[1]))])
    return [div(attr(identifier, ["callout", *classes], role="note"), [title, *blocks])]
