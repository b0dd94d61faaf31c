"""References and links inside the book, resolved once for all forms.

A reference `@tbl-x` becomes a link of class `quarto-xref` whose words are "Bảng 3.2"; each form
turns links into what it needs: an address of another page, a reference of Typst, a bookmark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from treem.publish.embedded.chapters import Chapter, inside
from treem.publish.embedded.nodes import Node, link, rewrite, words
from treem.publish.embedded.numbers import Target
from treem.publish.embedded.place import refuse

REFERENCE = "quarto-xref"


def resolve(chapters: Sequence[Chapter], targets: Mapping[str, Target]) -> None:
    """Resolve every reference and every link inside the book, in place.

    Raises SourceError naming file and line on a reference or link to nothing.
    """
    titles = {chapter.entry.path: chapter.identifier for chapter in chapters}
    for chapter in chapters:

        def change(node: Node, chapter: Chapter = chapter) -> list[Node] | None:
            if node["t"] == "Cite":
                return _references(node, chapter, targets)
            if node["t"] == "Link":
                node["c"][2][0] = _target(node["c"][2][0], chapter, targets, titles)
            return None

        chapter.title = rewrite(chapter.title, change)
        chapter.blocks = rewrite(chapter.blocks, change)


def _references(node: Node, chapter: Chapter, targets: Mapping[str, Target]) -> list[Node]:
    result: list[Node] = []
    for citation in node["c"][0]:
        name = citation["citationId"]
        place = chapter.source.find(f"@{name}")
        if name not in targets:
            raise refuse(place, f"tham chiếu @{name} không dẫn tới đâu.", "Hãy sửa mã.")
        target = targets[name]
        if not target.number:
            raise refuse(
                place,
                f"tham chiếu @{name} dẫn tới một mục không đánh số.",
                f"Hãy viết liên kết [chữ](#{name}).",
            )
        bare = citation["citationMode"]["t"] == "SuppressAuthor"
        if bare and name.startswith("sec-"):
            raise refuse(place, f"tham chiếu -@{name} bỏ chữ “{target.word}”.", "Hãy bỏ dấu “-”.")
        text = target.number if bare else f"{target.word}\u00a0{target.number}"
        if result:
            result += words(", ")
        result.append(link(f"#{name}", words(text), REFERENCE))
    return result


def _target(
    address: str, chapter: Chapter, targets: Mapping[str, Target], titles: Mapping[str, str]
) -> str:
    if ":" in address.split("/")[0]:
        return address
    path, _, identifier = address.partition("#")
    place = chapter.source.find(address)
    if path:
        folder = PurePosixPath(chapter.entry.path).parent
        name = inside(folder / path)
        if name not in titles:
            raise refuse(
                place, f"liên kết tới “{path}” không phải chương nào.", "Hãy sửa liên kết."
            )
        identifier = identifier or titles[name]
    if identifier not in targets:
        raise refuse(place, f"liên kết tới “#{identifier}” không dẫn tới đâu.", "Hãy sửa liên kết.")
    return f"#{identifier}"
