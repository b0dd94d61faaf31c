"""Pandoc's document tree as JSON: building and walking it.

A node is `{"t": kind, "c": content}`; an attribute is `[identifier, classes, pairs]`. See the
manual of Pandoc for the kinds (API version 1.23).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

Node = dict[str, Any]
Attr = list[Any]


def attr(identifier: str = "", classes: Iterable[str] = (), **pairs: str) -> Attr:
    """Return an attribute; `_` in the names of pairs stands for `-`."""
    return [identifier, list(classes), [[key.replace("_", "-"), pairs[key]] for key in pairs]]


def words(text: str) -> list[Node]:
    """Return text as inlines; a no-break space stays inside its word."""
    result: list[Node] = []
    for number, word in enumerate(text.split(" ")):
        if number:
            result.append({"t": "Space"})
        if word:
            result.append({"t": "Str", "c": word})
    return result


def raw(format_: str, text: str) -> Node:
    """Return a raw block."""
    return {"t": "RawBlock", "c": [format_, text]}


def raw_inline(format_: str, text: str) -> Node:
    """Return a raw inline."""
    return {"t": "RawInline", "c": [format_, text]}


def plain(inlines: list[Node]) -> Node:
    """Return inlines as a block without a paragraph of its own."""
    return {"t": "Plain", "c": inlines}


def para(inlines: list[Node]) -> Node:
    """Return a paragraph."""
    return {"t": "Para", "c": inlines}


def div(attribute: Attr, blocks: list[Node]) -> Node:
    """Return a div."""
    return {"t": "Div", "c": [attribute, blocks]}


def span(attribute: Attr, inlines: list[Node]) -> Node:
    """Return a span."""
    return {"t": "Span", "c": [attribute, inlines]}


def link(target: str, inlines: list[Node], *classes: str) -> Node:
    """Return a link."""
    return {"t": "Link", "c": [attr("", classes), inlines, [target, ""]]}


def image(target: str, alt: str) -> Node:
    """Return a picture."""
    return {"t": "Image", "c": [attr(alt=alt), words(alt), [target, ""]]}


def metadata(value: Any) -> Node:
    """Return a value as Pandoc's metadata; text becomes inlines."""
    if isinstance(value, dict):
        return {"t": "MetaMap", "c": {str(key): metadata(value[key]) for key in value}}
    if isinstance(value, list | tuple):
        return {"t": "MetaList", "c": [metadata(item) for item in value]}
    if isinstance(value, bool):
        return {"t": "MetaBool", "c": value}
    return {"t": "MetaInlines", "c": words(" ".join(str(value).split()))}


def document(blocks: list[Node], values: dict[str, Any]) -> Node:
    """Return a whole document with its metadata."""
    meta = {key: metadata(value) for key, value in values.items()}
    return {"pandoc-api-version": [1, 23, 1], "meta": meta, "blocks": blocks}


def nodes(tree: Any) -> Iterator[Node]:
    """Yield every node below (and including) a tree, parents first."""
    stack = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if "t" in item:
                yield item
            content = item.get("c")
            if isinstance(content, list):
                stack.extend(reversed(content))
            elif isinstance(content, dict):
                stack.append(content)
            if "citationId" in item:
                stack.extend((item["citationPrefix"], item["citationSuffix"]))
        elif isinstance(item, list):
            stack.extend(reversed(item))


Change = Callable[[Node], list[Node] | None]
"""What becomes of a node: None keeps it, a list stands in its place."""


def rewrite(tree: Any, change: Change) -> Any:
    """Return the tree with every node changed, children before their parents."""
    if isinstance(tree, list):
        result: list[Any] = []
        for item in tree:
            new = rewrite(item, change)
            if isinstance(item, dict) and "t" in item:
                replaced = change(new)
                result.extend([new] if replaced is None else replaced)
            else:
                result.append(new)
        return result
    if isinstance(tree, dict) and isinstance(tree.get("c"), list):
        return {**tree, "c": rewrite(tree["c"], change)}
    return tree


def text_of(tree: Any) -> str:
    """Return the words of a tree without any form; notes and raw code are left out."""
    parts: list[str] = []
    _collect_text(tree, parts)
    return " ".join("".join(parts).split())


def _collect_text(tree: Any, parts: list[str]) -> None:
    if isinstance(tree, list):
        for item in tree:
            _collect_text(item, parts)
    elif isinstance(tree, dict):
        kind, content = tree.get("t"), tree.get("c", "")
        if kind == "Str":
            parts.append(content)
        elif kind == "Code":
            parts.append(content[1])
        elif kind in ("Space", "SoftBreak", "LineBreak"):
            parts.append(" ")
        elif kind not in ("Note", "RawInline", "RawBlock") and isinstance(content, list):
            _collect_text(content, parts)
            if kind in ("Para", "Plain", "Header"):
                parts.append(" ")
