"""The whole book as one document, for print and for Word: chapters in order, under their parts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from treem.publish.embedded.chapters import Chapter
from treem.publish.embedded.nodes import Node, attr, words

PART, APPENDIX = "nd30-part", "nd30-appendix"


def merge(
    chapters: Sequence[Chapter], marks: Sequence[Node] | None = None, *, parts: bool = True
) -> list[Node]:
    """Return a copy of the blocks of all chapters; `marks` (one a chapter) come before each.

    Titles of parts and of appendices carry the classes that the filter of the extension knows.
    """
    blocks: list[Node] = []
    part = ""
    for index, chapter in enumerate(chapters):
        if marks is not None:
            blocks.append(marks[index])
        if parts and chapter.entry.part != part:
            part = chapter.entry.part
            if part:
                blocks.append(_title("", [PART, "unnumbered"], words(part)))
        classes = list(chapter.classes)
        if chapter.entry.appendix and chapter.numbered:
            classes.append(APPENDIX)
        blocks.append(_title(chapter.identifier, classes, _copy(chapter.title)))
        blocks += _copy(chapter.blocks)
    return blocks


def _title(identifier: str, classes: list[str], inlines: list[Node]) -> Node:
    return {"t": "Header", "c": [1, attr(identifier, classes), inlines]}


def _copy(tree: Any) -> Any:
    return json.loads(json.dumps(tree))
