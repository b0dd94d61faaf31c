"""Numbers of chapters, sections, tables and figures in the manner of Nghị định 30/2020/NĐ-CP.

Chapters `I.`, sections `1.`, subsections `a)`; appendices `Phụ lục I` with sections of their own.
Tables and figures count in their chapter: `3.2`, in an appendix `PL1.2`. `_extensions/nd30` gives
print the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from treem.publish.embedded.book import Book
from treem.publish.embedded.chapters import FLOAT_CLASS, Chapter
from treem.publish.embedded.nodes import Node, nodes
from treem.publish.embedded.place import refuse
from treem.publish.numbers import letter, roman


@dataclass(frozen=True)
class Target:
    """Something with an id: where it is, and how a reference to it reads (`word` and `number`).

    `number` is empty for what has none; `shown` is what stands before the thing itself.
    """

    chapter: int
    word: str = ""
    number: str = ""
    shown: str = ""


def number_book(book: Book, chapters: Sequence[Chapter]) -> dict[str, Target]:
    """Return every id of the book with its number.

    Ids that Pandoc made from a title are made unique in the whole book. Raises SourceError where
    two things carry the same id, or a table or figure with a label stands in a chapter that does
    not count.
    """
    targets: dict[str, Target] = {}
    counts = {False: 0, True: 0}
    for index, chapter in enumerate(chapters):
        appendix = chapter.entry.appendix
        if chapter.numbered:
            counts[appendix] += 1
        number = counts[appendix] if chapter.numbered else 0
        _make_unique(chapter, targets)
        for identifier, target in _targets(book, chapter, index, number):
            if identifier in targets:
                other = chapters[targets[identifier].chapter].entry.path
                raise refuse(
                    chapter.source.find(identifier),
                    f"mã “{identifier}” đã dùng ở {other}.",
                    "Mỗi mã chỉ dùng một lần trong cả sách: hãy đổi một chỗ.",
                )
            targets[identifier] = target
    return targets


def _targets(book: Book, chapter: Chapter, index: int, number: int) -> Iterator[tuple[str, Target]]:
    appendix = chapter.entry.appendix
    yield chapter.identifier, _chapter_target(book, index, number, appendix)
    sections = [0, 0]
    figures = {"tbl": 0, "fig": 0}
    for node in nodes(chapter.blocks):
        kind = node["t"]
        if kind == "Header":
            level, (identifier, classes, _), _ = node["c"]
            counts = number > 0 and "unnumbered" not in classes and level <= 3
            yield (
                identifier,
                _section_target(book, index, number, appendix, sections, level, counts),
            )
        elif kind == "Div" and FLOAT_CLASS in node["c"][0][1]:
            label, _, pairs = node["c"][0]
            yield label, _float_target(book, chapter, index, number, label, figures)
        else:
            identifier = _identifier(node)
            if identifier:
                yield identifier, Target(index)


def _identifier(node: Node) -> str:
    content = node.get("c")
    has_one = node["t"] in ("Div", "Span", "Code", "CodeBlock", "Link", "Image", "Table", "Figure")
    return str(content[0][0]) if has_one and content else ""


def _chapter_target(book: Book, index: int, number: int, appendix: bool) -> Target:
    if number == 0:
        return Target(index)
    written = roman(number)
    if appendix:
        shown = f"{book.appendix_word} {written}{book.appendix_mark}"
        return Target(index, book.words["crossref-apx-prefix"], written, shown)
    return Target(index, book.words["crossref-ch-prefix"], written, f"{written}.")


def _section_target(
    book: Book,
    index: int,
    number: int,
    appendix: bool,
    sections: list[int],
    level: int,
    counts: bool,
) -> Target:
    if not counts:
        return Target(index)
    sections[level - 2] += 1
    first = f"PL{number}" if appendix else roman(number)
    word = book.words["crossref-sec-prefix"]
    if level == 2:
        sections[1] = 0
        return Target(index, word, f"{first}.{sections[0]}", f"{sections[0]}.")
    point = letter(sections[1])
    return Target(index, word, f"{first}.{sections[0]}.{point}", f"{point})")


def _float_target(
    book: Book, chapter: Chapter, index: int, number: int, label: str, figures: dict[str, int]
) -> Target:
    if number == 0:
        raise refuse(
            chapter.source.find(label),
            f"“{label}” nằm trong chương không đánh số.",
            "Hãy bỏ chú thích và mã, hoặc đánh số chương.",
        )
    kind = label.split("-")[0]
    figures[kind] += 1
    word = book.words[f"crossref-{kind}-title"]
    prefix = "PL" if chapter.entry.appendix else ""
    text = f"{prefix}{number}.{figures[kind]}"
    return Target(index, word, text, f"{word}\u00a0{text}{book.caption_mark}")


def _make_unique(chapter: Chapter, taken: dict[str, Target]) -> None:
    """Rename ids that Pandoc made from titles and that an earlier chapter has as well."""
    text = "\n".join(chapter.source.lines)
    own: set[str] = set()
    renamed: dict[str, str] = {}
    for node in nodes(chapter.blocks):
        if node["t"] != "Header":
            continue
        name = node["c"][1][0]
        if f"#{name}" not in text and (name in taken or name in own or name == chapter.identifier):
            fresh = _fresh(name, taken, own)
            renamed[name] = node["c"][1][0] = fresh
        own.add(node["c"][1][0])
    if f"#{chapter.identifier}" not in text and chapter.identifier in taken:
        chapter.identifier = _fresh(chapter.identifier, taken, own)


def _fresh(name: str, taken: dict[str, Target], own: set[str]) -> str:
    number = 2
    while f"{name}-{number}" in taken or f"{name}-{number}" in own:
        number += 1
    return f"{name}-{number}"
