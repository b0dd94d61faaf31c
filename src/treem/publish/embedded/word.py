"""The book for Word: Pandoc with the styles and the filter of the extension."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from treem.publish.docx import finish
from treem.publish.embedded.chapters import FLOAT_CLASS
from treem.publish.embedded.manuscript import Manuscript
from treem.publish.embedded.merged import merge
from treem.publish.embedded.nodes import Node, attr, div, document, para, raw, rewrite, words
from treem.publish.embedded.numbers import Target
from treem.publish.embedded.pandoc import write_file

PAGE_BREAK = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'


def write_docx(manuscript: Manuscript, folder: Path, out: Path, epoch: int) -> Path:
    """Write the DOCX; `folder` is for what comes in between, `epoch` the only time in the file."""
    book = manuscript.book
    draft = folder / "sach.docx"
    options = [
        *("--to", "docx", "--standalone"),
        *("--reference-doc", str(book.resource("format", "docx", "reference-doc"))),
        *("--lua-filter", str(book.root / "_extensions" / "nd30" / "nd30.lua")),
    ]
    blocks = _for_word(merge(manuscript.chapters), manuscript)
    manuscript.write_pictures(folder)
    write_file(document(blocks, book.metadata), draft, options, epoch=epoch)
    finish(draft, book.properties)
    target = out / f"{book.output_file}.docx"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(draft.read_bytes())
    return target


def _for_word(blocks: list[Node], manuscript: Manuscript) -> list[Node]:
    def change(node: Node) -> list[Node] | None:
        kind = node["t"]
        if kind == "Div" and FLOAT_CLASS in node["c"][0][1]:
            return [_figure(node, manuscript.targets)]
        if kind == "Div":
            return _callout(node, manuscript)
        if kind == "RawBlock" and node["c"][0] == "treem":
            return [raw("openxml", PAGE_BREAK)]
        return None

    changed: list[Node] = rewrite(blocks, change)
    return changed


def _figure(node: Node, targets: Mapping[str, Target]) -> Node:
    (label, _, pairs), (caption, *content) = node["c"]
    shown = [*words(targets[label].shown), {"t": "Space"}]
    line = [*shown, *caption["c"][1][0]["c"]]
    if dict(pairs)["kind"] == "tbl":
        return div(attr(label), [_styled("Table Caption", [para(line)]), *content])
    return div(attr(label), [_styled("Figure", content), _styled("Image Caption", [para(line)])])


def _styled(style: str, blocks: list[Node]) -> Node:
    return div(attr(custom_style=style), blocks)


def _callout(node: Node, manuscript: Manuscript) -> list[Node] | None:
    """Return a callout as a table of one cell: `treem.publish.docx` draws a box around it."""
    callout = manuscript.callout(node)
    if callout is None:
        return None
    (identifier, _, _), blocks = node["c"]
    title = para([{"t": "Strong", "c": words(callout[1])}])
    cell = [attr(), {"t": "AlignDefault"}, 1, 1, [title, *blocks]]
    body = [attr(), 0, [], [[attr(), [cell]]]]
    columns = [[{"t": "AlignDefault"}, {"t": "ColWidth", "c": 1.0}]]
    no_rows: list[Node] = []
    table = [attr(), [None, []], columns, [attr(), no_rows], [body], [attr(), no_rows]]
    return [div(attr(identifier), [{"t": "Table", "c": table}])]
