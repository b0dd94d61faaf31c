"""How a printed number is set into a table, a sentence, an alternative text."""

from __future__ import annotations

from html import escape

from treem.audit.lineage import Printed
from treem.display.numbers import SIGNS, with_unit
from treem.display.words import word


def signed(printed: Printed | None, empty: str = "") -> str:
    """Return the HTML of a number with its comparator as a sign: `<10`, `≥98`."""
    if printed is None:
        return empty
    return escape(_sign(printed), quote=False) + printed.html


def spoken(printed: Printed | None, unit: str, empty: str = "") -> str:
    """Return Markdown with the comparator in words and the unit: `dưới 10‰`, `ít nhất 98%`."""
    if printed is None:
        return empty
    said = f"{word('comparator', printed.bound)} " if printed.bound else ""
    return said + with_unit(printed.markdown, unit)


def plainly(printed: Printed | None, unit: str, empty: str = "") -> str:
    """Return plain text, for alternative texts: as `spoken`, without a span."""
    if printed is None:
        return empty
    said = f"{word('comparator', printed.bound)} " if printed.bound else ""
    return said + with_unit(printed.text, unit)


def _sign(printed: Printed) -> str:
    return SIGNS[printed.bound] if printed.bound else ""  # type: ignore[index]
