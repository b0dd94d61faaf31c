"""Numbers of chapters, sections, tables and figures: one convention in every form.

Quarto writes 3.1 and A.1 in HTML; the decree wants I., 1., a) and "Phụ lục I". `_extensions/nd30`
writes them in print and Word, this module in what Quarto made of the web pages.
"""

from __future__ import annotations

from dataclasses import dataclass

LETTERS = "abcdđeghiklmnopqrstuvxy"
ROMAN = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"))


@dataclass(frozen=True)
class Number:
    """The number of a chapter (one step) or section (two or three), in body or appendix."""

    steps: tuple[int, ...]
    appendix: bool = False

    @property
    def shown(self) -> str:
        """As it stands before the heading: `III.`, `2.`, `a)`, `Phụ lục II`."""
        last = self.steps[-1]
        if len(self.steps) == 1:
            return f"Phụ lục {roman(last)}" if self.appendix else f"{roman(last)}."
        return f"{last}." if len(self.steps) == 2 else f"{letter(last)})"

    @property
    def referred(self) -> str:
        """As a reference names it: `Mục III.2.a`, `Phụ lục II`, `Mục PL2.1`."""
        first, *rest = self.steps
        if self.appendix and not rest:
            return self.shown
        head = f"PL{first}" if self.appendix else roman(first)
        steps = [str(rest[0])] if rest else []
        return "Mục\u00a0" + ".".join([head, *steps, *(letter(step) for step in rest[1:])])


def parse(text: str) -> Number:
    """Read the number as Quarto writes it: `3.1`, `A`, `B.2.1` (its appendices have letters)."""
    first, *rest = text.split(".")
    appendix = not first.isdigit()
    # Quarto goes on in the character table after Z, and so does this.
    head = ord(first) - ord("A") + 1 if appendix else int(first)
    return Number((head, *(int(step) for step in rest)), appendix)


def float_number(text: str) -> str:
    """Return the number of a table or figure: `3.2` stays, `A.2` becomes `PL1.2`."""
    head, found, tail = text.partition(".")
    if not found or head.isdigit():
        return text
    return f"PL{parse(head).steps[0]}.{tail}"


def roman(value: int) -> str:
    """Return a Roman numeral, 1 to 399."""
    text = ""
    for size, sign in (*ROMAN, (1, "I")):
        while value >= size:
            text, value = text + sign, value - size
    return text


def letter(value: int) -> str:
    """Return the letter of a point: the Vietnamese alphabet without ă and â, as the decree."""
    return LETTERS[(value - 1) % len(LETTERS)]
