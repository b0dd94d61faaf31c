"""A text as numbered lines, and passages of it joined over their line breaks.

The plan came out of a converter that wraps paragraphs anywhere. A passage is such a paragraph
made one string again, in which every character still knows the line it stands on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_INVISIBLE = re.compile("[\ufeff\u200b\u200c\u200d\u2060\u00ad]")
_BLANKS = re.compile(r"[\s\u00a0]+")


def split_lines(text: str) -> tuple[str, ...]:
    """Return the lines of a text: NFC, blanks collapsed, trimmed.

    Lines are counted as an editor counts them: line feed, carriage return or both end a line;
    a form feed does not.
    """
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return tuple(_BLANKS.sub(" ", line).strip() for line in text.split("\n"))


@dataclass(frozen=True)
class Passage:
    """Wrapped lines joined by single spaces; `lines[i]` is the line number of character i."""

    text: str
    lines: tuple[int, ...]

    @property
    def line(self) -> int:
        """The line on which the passage begins (0 for an empty passage)."""
        return self.lines[0] if self.lines else 0

    def line_at(self, position: int) -> int:
        """Return the line of the character at `position`."""
        return self.lines[min(position, len(self.lines) - 1)]

    def part(self, start: int, end: int | None = None) -> Passage:
        """Return the part between two positions without blanks at its ends."""
        end = len(self.text) if end is None else end
        while start < end and self.text[start] == " ":
            start += 1
        while end > start and self.text[end - 1] == " ":
            end -= 1
        return Passage(self.text[start:end], self.lines[start:end])

    def split(self, separator: str) -> Iterator[Passage]:
        """Yield the non-empty parts between occurrences of the pattern `separator`."""
        start = 0
        for match in [*re.finditer(separator, self.text), None]:
            part = self.part(start, match.start() if match else None)
            if part.text:
                yield part
            start = match.end() if match else start


def join_lines(numbered: Sequence[tuple[int, str]]) -> Passage:
    """Join (line number, text) pairs into one passage, skipping empty ones."""
    text: list[str] = []
    lines: list[int] = []
    for number, words in numbered:
        if not words:
            continue
        if text:
            text.append(" ")
            lines.append(number)
        text.append(words)
        lines.extend([number] * len(words))
    return Passage("".join(text), tuple(lines))
