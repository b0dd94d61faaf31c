"""Prose as Markdown: paragraphs made of template sentences whose places are filled."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from treem.display.texts import load_texts
from treem.safe import visible

_SPECIAL = re.compile(r"([\\`*_\[\]<>$~^@|&]|^\(|^[-+#]|:(?=::))")


@dataclass(frozen=True)
class Prose:
    """Paragraphs and lists, shown as Markdown; empty prose shows nothing."""

    blocks: tuple[str, ...]

    @property
    def markdown(self) -> str:
        """The text, a blank line between blocks."""
        return "\n\n".join(block for block in self.blocks if block)

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __str__(self) -> str:
        return self.markdown


def prose(*blocks: str) -> Prose:
    """Return prose of these blocks; empty ones are left out."""
    return Prose(tuple(blocks))


def texts(group: str) -> Any:
    """Return a group of sentence templates."""
    return load_texts("prose")[group]


def say(group: str, name: str, /, **places: object) -> str:
    """Return a sentence with its places filled; text from outside goes in through `plain`."""
    return str(texts(group)[name]).format(**places)


def plain(words: str) -> str:
    """Return words from outside so that Markdown takes them as they are."""
    return _SPECIAL.sub(r"\\\1", visible(words))


def listed(items: Iterable[str]) -> str:
    """Return a Markdown list, one item a line."""
    return "\n".join(items)
