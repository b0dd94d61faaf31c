"""All chapters as document trees: read once, checked, outputs in their places.

In the tree of a chapter every table or figure that has a label is a `treem-float` div: its
caption in a `treem-caption` div, then the table or picture. That is the one form that numbering
and the writers of HTML, Typst and DOCX know, whether it came from Markdown or from a notebook.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

from treem.publish.embedded.book import Book, Entry
from treem.publish.embedded.features import check_features
from treem.publish.embedded.nodes import (
    Node,
    attr,
    div,
    image,
    nodes,
    para,
    plain,
    rewrite,
    text_of,
)
from treem.publish.embedded.pandoc import READER, read_all
from treem.publish.embedded.place import Place, refuse, unknown
from treem.publish.embedded.shortcodes import settle
from treem.publish.embedded.sources import CAPTION_CLASS, OUTPUT_CLASS, Output, Source, read_source

FLOAT_CLASS = "treem-float"
TABLE_TAGS = (
    "table colgroup col thead tbody tfoot tr th td "
    "br p strong b em i sup sub span a code ul ol li div"
).split()


@dataclass
class Chapter:
    """A chapter's tree, its title, and the pictures it shows (file name in the book → bytes)."""

    source: Source
    title: list[Node]
    identifier: str
    classes: tuple[str, ...]
    blocks: list[Node]
    pictures: dict[str, bytes] = field(default_factory=dict)

    @property
    def entry(self) -> Entry:
        """Where the chapter stands in the book."""
        return self.source.entry

    @property
    def numbered(self) -> bool:
        """Whether the chapter counts."""
        return "unnumbered" not in self.classes


def read_chapters(book: Book) -> list[Chapter]:
    """Read all chapters of a book.

    Raises SourceError naming file and line on whatever this publisher does not know.
    """
    sources = [read_source(book.root, entry) for entry in book.entries]
    for source in sources:
        settle(source, book.metadata)
    trees = read_all(["\n".join(source.lines) for source in sources], READER)
    for source, blocks in zip(sources, trees, strict=True):
        check_features(source, blocks)
    tables = _read_tables(sources)
    return [
        _build(book.root, source, blocks, tables)
        for source, blocks in zip(sources, trees, strict=True)
    ]


def _read_tables(sources: Sequence[Source]) -> dict[int, Node]:
    outputs = [output for source in sources for output in source.outputs if output.html]
    for output in outputs:
        _check_html(output)
    trees = read_all([output.html for output in outputs], "html")
    return {
        id(output): _single_table(output, blocks)
        for output, blocks in zip(outputs, trees, strict=True)
    }


class _Tags(HTMLParser):
    """The tags of an HTML output, each once."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, None] = {}

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found[tag] = None


def _check_html(output: Output) -> None:
    tags = _Tags()
    tags.feed(output.html)
    for tag in tags.found:
        if tag not in TABLE_TAGS:
            raise unknown(output.place, f"thẻ <{tag}> trong kết quả HTML của ô")


def _single_table(output: Output, blocks: list[Node]) -> Node:
    while len(blocks) == 1 and blocks[0]["t"] == "Div":
        blocks = blocks[0]["c"][1]
    if len(blocks) != 1 or blocks[0]["t"] != "Table" or blocks[0]["c"][1][1]:
        raise unknown(output.place, "kết quả HTML không phải đúng một bảng không <caption>")
    if any(_identifiers(blocks[0])):
        raise refuse(
            output.place,
            "bảng có id ở dòng hoặc ô; bản in làm mất id này.",
            "Hãy đặt id vào một <span> trong ô.",
        )
    return blocks[0]


def _identifiers(table: Node) -> Iterator[str]:
    """Yield the ids of a table itself, of its rows and of its cells."""
    attribute, _, _, head, bodies, foot = table["c"]
    yield attribute[0]
    for rows in (head[1], foot[1], *(rows for body in bodies for rows in body[2:4])):
        for row in rows:
            yield row[0][0]
            yield from (cell[0][0] for cell in row[1])


def _build(root: Path, source: Source, blocks: list[Node], tables: dict[int, Node]) -> Chapter:
    place = source.places[0] if source.places else source.entry.place
    if not blocks or blocks[0]["t"] != "Header" or blocks[0]["c"][0] != 1:
        raise refuse(place, "chương không mở đầu bằng tiêu đề.", "Hãy viết # Tên chương ở đầu.")
    _, (identifier, classes, _), title = blocks[0]["c"]
    chapter = Chapter(source, title, identifier, tuple(classes), [])
    body = [_quote(block) for block in blocks[1:]]
    _check_headings(source, body)
    chapter.blocks = rewrite(body, lambda node: _settle_node(node, chapter, root, tables))
    return chapter


def _check_headings(source: Source, blocks: list[Node]) -> None:
    for node in nodes(blocks):
        if node["t"] == "Header" and node["c"][0] == 1:
            titles = [n for n, line, code in source.walk() if line.startswith("# ") and not code]
            place = source.places[titles[1]] if len(titles) > 1 else Place(source.entry.path)
            raise refuse(
                place,
                f"tiêu đề cấp một thứ hai trong một chương: “{text_of(node['c'][2])}”.",
                "Hãy dùng ## hoặc tách thành chương riêng.",
            )


def _quote(tree: Node) -> Node:
    """Write quotation marks as signs, the same in all forms."""
    signs = {"DoubleQuote": ("“", "”"), "SingleQuote": ("‘", "’")}

    def change(node: Node) -> list[Node] | None:
        if node["t"] != "Quoted":
            return None
        begin, end = signs[node["c"][0]["t"]]
        return [{"t": "Str", "c": begin}, *node["c"][1], {"t": "Str", "c": end}]

    return rewrite([tree], change)[0]  # type: ignore[no-any-return]


def _settle_node(
    node: Node, chapter: Chapter, root: Path, tables: dict[int, Node]
) -> list[Node] | None:
    kind = node["t"]
    if kind in ("RawBlock", "RawInline") and node["c"][1].startswith("<!--"):
        return []
    if kind == "Div" and OUTPUT_CLASS in node["c"][0][1]:
        output = chapter.source.outputs[int(dict(node["c"][0][2])["n"])]
        return [tables[id(output)] if output.html else _picture(output, chapter)]
    if kind == "Div" and _is_labelled(node):
        label, (caption, content) = node["c"][0][0], node["c"][1]
        return [_float(label, caption["c"][1][0]["c"], content)]
    if kind == "Table" and node["c"][1][1]:
        label = node["c"][0][0]
        caption, node["c"][1], node["c"][0][0] = node["c"][1][1], [None, []], ""
        return [_float(label, caption[0]["c"], node)]
    if kind == "Figure":
        return [_markdown_figure(node)]
    if kind == "Image":
        return [_markdown_image(node, chapter, root)]
    return None


def _is_labelled(node: Node) -> bool:
    blocks = node["c"][1]
    return bool(blocks) and blocks[0]["t"] == "Div" and CAPTION_CLASS in blocks[0]["c"][0][1]


def _float(label: str, caption: list[Node], content: Node) -> Node:
    kind = label.split("-")[0]
    return div(
        attr(label, [FLOAT_CLASS], kind=kind),
        [div(attr("", [CAPTION_CLASS]), [plain(caption)]), content],
    )


def _picture(output: Output, chapter: Chapter) -> Node:
    stem = str(PurePosixPath(chapter.entry.path).with_suffix(""))
    number = chapter.source.outputs.index(output) + 1
    name = f"{stem}_files/{output.label or f'hinh-{number}'}.png"
    chapter.pictures[name] = output.png
    return para([image(name, output.alt)])


def _markdown_image(node: Node, chapter: Chapter, root: Path) -> Node:
    (_, _, pairs), inlines, (target, _) = node["c"]
    values = dict(pairs)
    alt = values.get("fig-alt") or text_of(inlines)
    place = chapter.source.find(target)
    name = inside(PurePosixPath(chapter.entry.path).parent / target)
    if not name or not (root / name).is_file():
        raise refuse(place, f"không có tệp hình “{target}”.", "Hãy kiểm tra đường dẫn.")
    if not alt:
        raise refuse(place, "hình thiếu lời thay hình.", 'Hãy ghi {fig-alt="…"} sau hình.')
    chapter.pictures[name] = (root / name).read_bytes()
    new = image(name, alt)
    new["c"][0][2] += [["width", values["width"]]] if "width" in values else []
    return new


def inside(path: PurePosixPath) -> str:
    """Return a path without `..`; nothing where it leaves the project."""
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part not in (".", "/"):
            parts.append(part)
    return "/".join(parts)


def _markdown_figure(node: Node) -> Node:
    (label, _, _), (_, caption), blocks = node["c"]
    picture = para(blocks[0]["c"])
    return _float(label, caption[0]["c"], picture) if caption else picture


def floats(blocks: list[Node]) -> Iterator[Node]:
    """Yield the float divs of a chapter in their order."""
    for node in nodes(blocks):
        if node["t"] == "Div" and FLOAT_CLASS in node["c"][0][1]:
            yield node
