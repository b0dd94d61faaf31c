"""Small tools for the XML of Word files: names, elements, and the order that the schema wants."""

from __future__ import annotations

from functools import cache
from typing import Any

NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

ORDER = {
    "w:pPr": (
        "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr "
        "suppressLineNumbers pBdr shd tabs suppressAutoHyphens kinsoku wordWrap overflowPunct "
        "topLinePunct autoSpaceDE autoSpaceDN bidi adjustRightInd snapToGrid spacing ind "
        "contextualSpacing mirrorIndents suppressOverlap jc textDirection textAlignment "
        "textboxTightWrap outlineLvl divId cnfStyle rPr sectPr pPrChange"
    ).split(),
    "w:rPr": (
        "rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline shadow emboss imprint "
        "noProof snapToGrid vanish webHidden color spacing w kern position sz szCs highlight u "
        "effect bdr shd fitText vertAlign rtl cs em lang eastAsianLayout specVanish oMath"
    ).split(),
    "w:trPr": "cnfStyle divId gridBefore gridAfter wBefore wAfter cantSplit trHeight tblHeader "
    "tblCellSpacing jc hidden".split(),
    "w:tcPr": "cnfStyle tcW gridSpan hMerge vMerge tcBorders shd noWrap tcMar textDirection "
    "tcFitText vAlign hideMark".split(),
    "w:tblPr": "tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize tblStyleColBandSize "
    "tblW jc tblCellSpacing tblInd tblBorders shd tblLayout tblCellMar tblLook".split(),
}
"""Children of the property elements in the order of the schema; Word refuses any other."""


@cache
def qn(name: str) -> str:
    """Return `w:p` as lxml writes it."""
    return f"{{{NAMESPACE}}}{name.removeprefix('w:')}"


def make(tag: str, /, *children: Any, **attributes: str) -> Any:
    """Return a new element; attributes are in Word's namespace."""
    from docx.oxml.parser import OxmlElement

    element = OxmlElement(tag)
    for key, value in attributes.items():
        element.set(qn(key), value)
    element.extend(children)
    return element


def child(element: Any, name: str, *, first: bool = False) -> Any:
    """Return the child of this name, made when it is not there."""
    found = element.find(qn(name))
    if found is None:
        found = make(name)
        element.insert(0, found) if first else element.append(found)
    return found


def insert_property(element: Any, holder: str, value: Any) -> None:
    """Set one property of a paragraph, run, row, cell or table, at its place in the schema."""
    properties = child(element, holder, first=True)
    for old in properties.findall(value.tag):
        properties.remove(old)
    properties.append(value)
    sort_properties(properties, holder)


def sort_properties(properties: Any, holder: str) -> None:
    """Put the children of a property element into the order of the schema."""
    order = _places(holder)
    places = [order.get(item.tag, len(order)) for item in properties]
    if places != sorted(places):
        properties[:] = sorted(properties, key=lambda item: order.get(item.tag, len(order)))


@cache
def _places(holder: str) -> dict[str, int]:
    return {qn(name): place for place, name in enumerate(ORDER[holder])}


def style_of(paragraph: Any) -> str:
    """Return the style id of a paragraph, "" without one."""
    style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    return "" if style is None else style.get(qn("w:val")) or ""


def plain_text(element: Any, line_break: str = "\n") -> str:
    """Return the text of a paragraph or table, line breaks included."""
    words = []
    for item in element.iter(qn("w:t"), qn("w:br")):
        words.append(line_break if item.tag == qn("w:br") else item.text or "")
    return "".join(words)
