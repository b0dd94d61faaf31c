"""The features a chapter may use, and the error at the first other one.

The list is the one of README.md. Pandoc's own blocks and inlines are known, with the exceptions
below; of Quarto's features only those named here are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from treem.publish.embedded.nodes import Node, nodes, text_of
from treem.publish.embedded.place import Place, refuse, unknown
from treem.publish.embedded.sources import CAPTION_CLASS, OUTPUT_CLASS, Source

CALLOUTS = ("note", "tip", "important", "warning", "caution")
REFERENCES = ("sec", "tbl", "fig")
RAW_FORMATS = ("html", "typst", "openxml", "treem")

OTHER_REFERENCES = (
    "lst eq thm lem cor prp cnj def exm exr sol rem alg nte tip wrn imp cau vid dia".split()
)
REFUSED_CLASSES = re.compile(
    r"^(panel-.*|column-.*|content-(visible|hidden)|aside|grid|g-col-.*|layout-.*|incremental|"
    r"nonincremental|fragment|columns|column|hidden|cell|cell-.*|callout|callout-.*|"
    r"quarto-.*|theorem|proof|solution|remark|tabset.*|embed|include|hero-.*|preview-.*|"
    r"code-.*|external|lightbox|button|btn.*|magrins|margin|margin-.*|fullwidth|appendix|"
    r"unlisted|visually-hidden)$"
)
WIDTH = re.compile(r"^\d+(\.\d+)?(%|cm|mm)$")
KNOWN_PAIRS = {
    "Div": ("title", "lang", "custom-style"),
    "Span": ("lang", "custom-style"),
    "Header": (),
    "Link": (),
    "Image": ("fig-alt", "width"),
    "Code": (),
    "CodeBlock": (),
    "Table": (),
    "Figure": (),
}


def check_features(source: Source, blocks: list[Node]) -> None:
    """Stop with SourceError, naming file and line, at what this publisher does not know."""
    for node in nodes(blocks):
        check = CHECKS.get(node["t"])
        if check is not None:
            check(node, source)


def _check_code(node: Node, source: Source) -> None:
    _check_attributes(node, source)
    if re.match(r"^\{[a-z]+\} ", node["c"][1]):
        raise unknown(source.find(node["c"][1]), f"mã chạy trong dòng `{node['c'][1]}`")


def _check_math(node: Node, source: Source) -> None:
    text = node["c"][1]
    raise unknown(source.find(text.strip().split("\n")[0]), f"công thức toán ${text.strip()}$")


def _check_attributes(node: Node, source: Source) -> None:
    content = node["c"]
    identifier, classes, pairs = content[1] if node["t"] == "Header" else content[0]
    if identifier.split("-")[0] in OTHER_REFERENCES and "-" in identifier:
        raise unknown(_find(source, f"#{identifier}"), f"mã “{identifier}”")
    for name in classes:
        token = f".{name}"
        if REFUSED_CLASSES.match(name) and not _is_callout(node, name):
            raise unknown(_find(source, token, name), f"lớp “{token}”")
    for key, _ in pairs:
        if key.startswith("data-") or key in KNOWN_PAIRS[node["t"]]:
            continue
        if OUTPUT_CLASS in classes and key == "n":
            continue
        raise unknown(_find(source, f"{key}=", key), f"thuộc tính “{key}”")


def _is_callout(node: Node, name: str) -> bool:
    return node["t"] == "Div" and name in {f"callout-{kind}" for kind in CALLOUTS}


def _check_div(node: Node, source: Source) -> None:
    _check_attributes(node, source)
    (identifier, classes, pairs), blocks = node["c"]
    title = dict(pairs).get("title")
    callout = any(_is_callout(node, name) for name in classes)
    if title is not None and not callout:
        raise unknown(source.find("title="), "thuộc tính “title” ngoài khung ghi chú")
    if callout and blocks and blocks[0]["t"] == "Header":
        raise unknown(source.find(text_of(blocks[0])), "đầu đề trong khung ghi chú (dùng title=)")
    if identifier.split("-")[0] in ("tbl", "fig") and not _holds_output(blocks):
        raise unknown(source.find(f"#{identifier}"), f"khối ::: có mã “{identifier}”")


def _holds_output(blocks: list[Node]) -> bool:
    return bool(blocks) and blocks[0]["t"] == "Div" and CAPTION_CLASS in blocks[0]["c"][0][1]


def _check_cite(node: Node, source: Source) -> None:
    for citation in node["c"][0]:
        name = citation["citationId"]
        place = _find(source, f"@{name}", name)
        if name.split("-")[0] not in REFERENCES:
            kind = "tham chiếu" if name.split("-")[0] in OTHER_REFERENCES else "trích dẫn tài liệu"
            raise unknown(place, f"{kind} “@{name}”")
        if citation["citationPrefix"] or citation["citationSuffix"]:
            raise unknown(place, f"chữ thêm trong ngoặc của “@{name}”")


def _check_raw(node: Node, source: Source) -> None:
    format_, text = node["c"]
    first = text.split("\n")[0]
    tag = re.match(r"</?\w+", first)
    place = _find_fenced(source, first, tag[0] if tag else first)
    if format_ not in RAW_FORMATS:
        raise unknown(place, f"mã thô dạng “{format_}”: {first}")
    if format_ != "html" or text.startswith("<!--"):
        return
    written = f"```{{=html}}\n{text}" if node["t"] == "RawBlock" else f"`{text}`{{=html}}"
    if written not in "\n".join(source.lines):
        raise unknown(place, f"thẻ HTML {first} ngoài khối {{=html}}")
    if "<table" in text:
        raise unknown(place, "bảng HTML trong khối {=html} (dùng bảng Markdown hoặc sổ tính)")


def _check_code_block(node: Node, source: Source) -> None:
    (identifier, classes, pairs), text = node["c"]
    if identifier or pairs or len(classes) > 1:
        raise unknown(_find_fenced(source, text.split("\n")[0]), "thuộc tính của khối mã")


def _check_image(node: Node, source: Source) -> None:
    _check_attributes(node, source)
    target = node["c"][2][0]
    place = source.find(target)
    if re.match(r"^(https?:)?//", target) or target.startswith("data:"):
        raise refuse(place, f"hình lấy từ ngoài dự án: {target}.", "Hãy chép hình vào dự án.")
    width = dict(node["c"][0][2]).get("width", "100%")
    if not WIDTH.match(width):
        raise unknown(place, f"bề rộng “{width}” của hình (dùng %, cm, mm)")
    if not target.lower().endswith((".png", ".jpg", ".jpeg")):
        raise unknown(place, f"hình “{target}” (chỉ PNG và JPEG)")


def _check_figure(node: Node, source: Source) -> None:
    _check_attributes(node, source)
    identifier, caption, blocks = node["c"][0][0], node["c"][1], node["c"][2]
    picture = next(found for found in nodes(blocks) if found["t"] == "Image")
    has_alt = "fig-alt" in dict(picture["c"][0][2])
    if caption[1] and not (identifier.startswith("fig-") and has_alt):
        raise refuse(
            source.find(picture["c"][2][0]),
            "hình có chú thích mà thiếu mã hoặc lời thay hình.",
            'Hãy ghi {#fig-… fig-alt="…"} sau hình.',
        )


def _check_table(node: Node, source: Source) -> None:
    _check_attributes(node, source)
    identifier, caption = node["c"][0][0], node["c"][1]
    if bool(caption[1]) != identifier.startswith("tbl-"):
        token = identifier or text_of(caption[1])
        raise refuse(
            source.find(token),
            "chú thích và mã của bảng phải đi cùng nhau.",
            "Hãy ghi dưới bảng: “: Chú thích {#tbl-…}”.",
        )


def _find(source: Source, *tokens: str) -> Place:
    """Return the line of the first token that is found at all."""
    for token in tokens:
        place = source.find(token)
        if place.line is not None:
            return place
    return Place(source.entry.path)


def _find_fenced(source: Source, *tokens: str) -> Place:
    """Return the line of the first token that is found at all, in code as well."""
    for token in tokens:
        for number, line in enumerate(source.lines):
            if token in line:
                return source.places[number]
    return Place(source.entry.path)


CHECKS: dict[str, Callable[[Any, Source], None]] = {
    "Math": _check_math,
    "Div": _check_div,
    "Span": _check_attributes,
    "Header": _check_attributes,
    "Link": _check_attributes,
    "Code": _check_code,
    "CodeBlock": _check_code_block,
    "Cite": _check_cite,
    "RawBlock": _check_raw,
    "RawInline": _check_raw,
    "Image": _check_image,
    "Figure": _check_figure,
    "Table": _check_table,
}
