"""The whole book, read, numbered and with every reference resolved: what the three forms share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from treem.project import Project
from treem.publish.embedded.book import Book, read_book
from treem.publish.embedded.chapters import Chapter, read_chapters
from treem.publish.embedded.features import CALLOUTS
from treem.publish.embedded.nodes import Node, text_of
from treem.publish.embedded.numbers import Target, number_book
from treem.publish.embedded.references import resolve


@dataclass(frozen=True)
class Manuscript:
    """Book, chapters in order, and every id with its number."""

    book: Book
    chapters: Sequence[Chapter]
    targets: Mapping[str, Target]

    def label(self, index: int) -> str:
        """Return number and title of a chapter as plain text."""
        chapter = self.chapters[index]
        return f"{self.targets[chapter.identifier].shown} {text_of(chapter.title)}".strip()

    def callout(self, node: Node) -> tuple[str, str] | None:
        """Return kind and title of a div that is a callout."""
        _, classes, pairs = node["c"][0]
        for kind in CALLOUTS:
            if f"callout-{kind}" in classes:
                title = dict(pairs).get("title")
                return kind, title or self.book.words[f"callout-{kind}-title"]
        return None

    def write_pictures(self, folder: Path) -> None:
        """Write the pictures of all chapters under a folder."""
        for chapter in self.chapters:
            for name, data in chapter.pictures.items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)


def read_manuscript(project: Project, edition: str) -> Manuscript:
    """Read the book of an edition.

    Raises SourceError naming file and line on whatever this publisher does not know, and on a
    reference or link to nothing.
    """
    book = read_book(project, edition)
    chapters = read_chapters(book)
    targets = number_book(book, chapters)
    resolve(chapters, targets)
    return Manuscript(book, chapters, targets)
