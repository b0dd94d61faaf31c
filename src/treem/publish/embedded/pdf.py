"""The book in print: Pandoc writes Typst with the extension's template, Typst makes the PDF."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from treem.errors import PublishError
from treem.publish.embedded.book import Book
from treem.publish.embedded.chapters import FLOAT_CLASS
from treem.publish.embedded.manuscript import Manuscript
from treem.publish.embedded.merged import merge
from treem.publish.embedded.nodes import Node, document, plain, raw, raw_inline, rewrite, words
from treem.publish.embedded.numbers import Target
from treem.publish.embedded.pandoc import write_file
from treem.publish.embedded.references import REFERENCE

MARK = "// treem: "


def write_pdf(manuscript: Manuscript, folder: Path, out: Path, epoch: int) -> Path:
    """Write the PDF; `folder` is for what comes in between, `epoch` the only time in the file.

    Raises PublishError where Typst refuses what Pandoc wrote, naming the chapter.
    """
    book = manuscript.book
    source = folder / "sach.typ"
    extension = book.root / "_extensions" / "nd30"
    marks = [raw("typst", f"{MARK}{chapter.entry.path}") for chapter in manuscript.chapters]
    blocks = _for_typst(merge(manuscript.chapters, marks), manuscript)
    options = [
        *("--to", "typst", "--standalone", "--wrap", "none"),
        *("--template", str(extension / "template.typ")),
        *("--lua-filter", str(extension / "nd30.lua")),
    ]
    manuscript.write_pictures(folder)
    write_file(document(blocks, book.metadata), source, options, epoch=epoch)
    target = out / f"{book.output_file}.pdf"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(_compile(book, source, epoch))
    return target


def _compile(book: Book, source: Path, epoch: int) -> bytes:
    import typst

    try:
        pdf = typst.compile(
            str(source),
            root=str(source.parent),
            font_paths=[str(book.resource("format", "nd30-typst", "font-paths"))],
            ignore_system_fonts=True,
            pdf_standards=list(book.settings.get("format", "nd30-typst", "pdf-standard") or ()),
            timestamp=epoch,
        )
    except typst.TypstError as error:
        raise _explain(error, source) from error
    return bytes(pdf)


KNOWN_FAULTS = (
    (r"label `<(.+?)>` does not exist", "liên kết tới mã “{0}” không có trong bản in"),
    (r"label `<(.+?)>` occurs multiple times", "mã “{0}” dùng nhiều lần trong bản in"),
    (r"missing alt text", "một hình thiếu lời thay hình"),
    (r"the text `\"(.+?)\"` could not be displayed", "phông chữ của bản in không có chữ “{0}”"),
    (r"failed to (?:decode|load) image", "một hình không đọc được"),
    (r"unknown variable: (\S+)", "bản in gọi “{0}” mà khuôn không có"),
)


def _explain(error: Any, source: Path) -> PublishError:
    first = re.split(r"\n(?=error:)", str(getattr(error, "diagnostic", "") or error))[0].strip()
    what = "Typst không dựng được bản in"
    for pattern, words_ in KNOWN_FAULTS:
        found = re.search(pattern, first)
        if found:
            what = words_.format(*found.groups())
            break
    line = re.search(rf"{re.escape(source.name)}:(\d+)", first)
    where = _chapter_at(source, int(line[1])) if line else "bản in"
    return PublishError(f"{where}: {what}. Hãy sửa nguồn rồi dựng lại. Typst ghi: {first}")


def _chapter_at(source: Path, line: int) -> str:
    """Return the chapter that a line of the Typst text belongs to."""
    lines = source.read_text("utf-8").split("\n")[:line]
    return next(
        (text.removeprefix(MARK) for text in reversed(lines) if text.startswith(MARK)),
        "khuôn bản in",
    )


def _for_typst(blocks: list[Node], manuscript: Manuscript) -> list[Node]:
    def change(node: Node) -> list[Node] | None:
        kind = node["t"]
        if kind == "Link":
            return _reference(node, manuscript.targets)
        if kind == "Span" and node["c"][0][0]:
            return [_anchor(node["c"][0][0]), *node["c"][1]]
        if kind == "Image":
            return [_picture(node)]
        if kind == "Table":
            node["c"][0][1].append("typst:no-figure")
        elif kind == "Div" and FLOAT_CLASS in node["c"][0][1]:
            return _figure(node, manuscript.book)
        elif kind == "Div":
            return _callout(node, manuscript)
        elif kind == "RawBlock" and node["c"][0] == "treem":
            return [raw("typst", "#pagebreak(weak: true)")]
        return None

    changed: list[Node] = rewrite(blocks, change)
    return changed


def _picture(node: Node) -> Node:
    (_, _, pairs), _, (name, _) = node["c"]
    values = dict(pairs)
    width = f", width: {values['width']}" if "width" in values else ""
    return raw_inline(
        "typst", f"#box(image({_string(name)}, alt: {_string(values['alt'])}{width}))"
    )


def _string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _anchor(identifier: str) -> Node:
    return raw_inline("typst", f"#[#metadata(none) <{identifier}>]")


def _reference(node: Node, targets: Mapping[str, Target]) -> list[Node] | None:
    (_, classes, _), inlines, (address, _) = node["c"]
    if REFERENCE not in classes:
        return None
    target = targets[address[1:]]
    bare = inlines == words(target.number)
    supplement = "" if bare else target.word
    return [raw_inline("typst", f"#ref(<{address[1:]}>, supplement: [{supplement}])")]


POSITIONS = {"tbl": "top", "fig": "bottom"}


def _figure(node: Node, book: Book) -> list[Node]:
    (label, _, pairs), (caption, *content) = node["c"]
    kind = dict(pairs)["kind"]
    word = book.words[f"crossref-{kind}-title"]
    return [
        raw("typst", "#figure(["),
        *content,
        raw("typst", f"], caption: figure.caption(position: {POSITIONS[kind]}, ["),
        plain(caption["c"][1][0]["c"]),
        raw("typst", f']), kind: "quarto-float-{kind}", supplement: {_string(word)}) <{label}>'),
    ]


def _callout(node: Node, manuscript: Manuscript) -> list[Node] | None:
    callout = manuscript.callout(node)
    if callout is None:
        return None
    (identifier, _, _), blocks = node["c"]
    return [
        *([plain([_anchor(identifier)])] if identifier else []),
        raw("typst", "#callout(title: ["),
        plain(words(callout[1])),
        raw("typst", "], body: ["),
        *blocks,
        raw("typst", "])"),
    ]
