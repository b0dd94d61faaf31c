"""What stands around the text of a web page: chapters, sections, search, neighbours.

A page is complete without scripts, asks nothing of other servers and works from a folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import PurePosixPath
from string import Template

from treem.publish.embedded.book import Book
from treem.publish.embedded.chapters import Chapter
from treem.publish.embedded.manuscript import Manuscript
from treem.publish.embedded.nodes import nodes, text_of
from treem.publish.embedded.pandoc import RESOURCES

LIBRARY = "site_libs/treem"
SCRIPTS = ("book.css", "book.js")


def relative(target: str, page: str) -> str:
    """Return the address of a file of the book as seen from a page of the book."""
    folder, path = PurePosixPath(page).parent.parts, PurePosixPath(target).parts
    common = 0
    while common < min(len(folder), len(path) - 1) and folder[common] == path[common]:
        common += 1
    return "/".join([*[".."] * (len(folder) - common), *path[common:]])


@dataclass(frozen=True)
class Frame:
    """The frame of all pages of a book."""

    manuscript: Manuscript

    @property
    def book(self) -> Book:
        """The book as the project files describe it."""
        return self.manuscript.book

    @property
    def chapters(self) -> Sequence[Chapter]:
        """The chapters in order."""
        return self.manuscript.chapters

    def page(self, index: int, body: str) -> str:
        """Return the page of a chapter with its text in its frame."""
        book, say = self.book, self.book.words
        page = self.chapters[index].entry.page
        template = Template((RESOURCES / "page.html").read_text("utf-8"))
        return template.substitute(
            lang=escape(book.lang),
            page_title=escape(f"{self.manuscript.label(index)} – {book.title}"),
            meta="\n".join(self._meta()),
            base="/".join([".."] * page.count("/")) or ".",
            styles="\n".join(
                f'<link rel="stylesheet" href="{relative(name, page)}">' for name in self._styles()
            ),
            home=relative(self.chapters[0].entry.page, page),
            book_title=escape(book.title),
            contents=escape(say["toc-title-document"]),
            search=escape(say["search-label"]),
            placeholder=escape(say["search-text-placeholder"]),
            none=escape(say["search-no-results-text"]),
            some=escape(say["search-matching-documents-text"]),
            sidebar="\n".join(self._sidebar(index)),
            downloads="\n".join(self._downloads(page)),
            body=body,
            previous=self._neighbour(index, -1),
            next=self._neighbour(index, 1),
            toc="\n".join(self._toc(index)),
        )

    def library(self) -> dict[str, str | bytes]:
        """Return the files that all pages share: styles, scripts, the search index."""
        pages = [
            {
                "href": chapter.entry.page,
                "title": self.manuscript.label(index),
                "text": text_of(chapter.blocks),
            }
            for index, chapter in enumerate(self.chapters)
        ]
        index = json.dumps(pages, ensure_ascii=False)
        return {
            **{f"{LIBRARY}/{name}": (RESOURCES / name).read_bytes() for name in SCRIPTS},
            f"{LIBRARY}/search-index.js": f"window.treemPages = {index};\n",
            **{name: (self.book.root / name).read_bytes() for name in self._styles()},
        }

    def _meta(self) -> Iterator[str]:
        properties = self.book.properties
        yield f'<meta name="author" content="{escape(properties.author)}">'
        yield f'<meta name="keywords" content="{escape(", ".join(properties.keywords))}">'

    def _styles(self) -> list[str]:
        names = self.book.settings.get("format", "html", "css") or ()
        return [names] if isinstance(names, str) else list(names)

    def _sidebar(self, index: int) -> Iterator[str]:
        page, open_group = self.chapters[index].entry.page, ""
        yield "<ul>"
        for number, chapter in enumerate(self.chapters):
            entry = chapter.entry
            appendices = self.book.words["section-title-appendices"]
            group = appendices if entry.appendix else entry.part
            if group != open_group and open_group:
                yield "</ul></li>"
            if group != open_group and group:
                yield f'<li><p class="book-part">{escape(group)}</p><ul>'
            open_group = group
            current = ' aria-current="page"' if number == index else ""
            address, label = relative(entry.page, page), escape(self.manuscript.label(number))
            yield f'<li><a href="{address}"{current}>{label}</a></li>'
        yield "</ul></li></ul>" if open_group else "</ul>"

    def _downloads(self, page: str) -> Iterator[str]:
        kinds = self.book.settings.get("book", "downloads") or ()
        if kinds:
            yield f'<p class="book-heading">{escape(self.book.words["tools-download"])}</p>\n<ul>'
            for kind in kinds:
                address = relative(f"{self.book.output_file}.{kind}", page)
                yield f'<li><a href="{address}">{kind.upper()}</a></li>'
            yield "</ul>"

    def _neighbour(self, index: int, step: int) -> str:
        if not 0 <= index + step < len(self.chapters):
            return ""
        here, other = self.chapters[index].entry.page, self.chapters[index + step].entry.page
        label = escape(self.manuscript.label(index + step))
        name, words = ("prev", f"← {label}") if step < 0 else ("next", f"{label} →")
        return f'<a class="book-{name}" rel="{name}" href="{relative(other, here)}">{words}</a>'

    def _toc(self, index: int) -> Iterator[str]:
        settings = self.book.settings
        depth = settings.get("format", "html", "toc-depth") or 3
        headings = [
            node["c"]
            for node in nodes(self.chapters[index].blocks)
            if node["t"] == "Header" and node["c"][0] <= depth
        ]
        if not headings or settings.get("format", "html", "toc") is False:
            return
        title = escape(self.book.words["toc-title-website"])
        yield f'<nav class="book-toc" aria-label="{title}">'
        yield f'<p class="book-heading">{title}</p>\n<ul>'
        for level, (identifier, _, _), inlines in headings:
            label = escape(
                f"{self.manuscript.targets[identifier].shown} {text_of(inlines)}".strip()
            )
            yield f'<li class="level{level}"><a href="#{escape(identifier)}">{label}</a></li>'
        yield "</ul>\n</nav>"
