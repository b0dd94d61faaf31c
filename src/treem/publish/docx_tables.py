"""Paragraphs, captions and tables of a Word file that Pandoc or Quarto wrote."""

from __future__ import annotations

import re
from typing import Any

from treem.publish.docx_parts import (
    child,
    insert_property,
    make,
    plain_text,
    qn,
    sort_properties,
    style_of,
)
from treem.publish.numbers import float_number

TEXT_WIDTH = {False: 9355, True: 14287}
"""Width between the margins in twentieths of a point: portrait 165 mm, landscape 252 mm."""
LAYOUT_STYLE = "Nd30Layout"
FLOAT = re.compile(r"^((?:Bảng|Hình)\u00a0)([^\W\d]|[\[\\\]^_`{|}~])(\.\d+)")
CAPTIONS = ("ImageCaption", "TableCaption", "Caption")
CELL_MARGIN = 45
"""Margin at each side of a cell, 0.8 mm: Word's own 1.9 mm breaks numbers in narrow columns."""
LINE_HEIGHT = 290
CAPITAL, LETTER = 175, 125
"""Height of a line and width of letters of a bold header of 12 pt, in twentieths of a point."""
SMALL_GAP = {"before": "0", "after": "0", "line": "60", "lineRule": "exact"}


def drop_wrapper_alignment(body: Any) -> None:
    """Undo the centring that Quarto's wrapper of a float adds to every cell of its table.

    It stands after the alignment that the cell has of its own, in the same properties.
    """
    for wrapper in body.iterchildren(qn("w:tbl")):
        cell = _only_cell(wrapper)
        for table in () if cell is None else cell.iterchildren(qn("w:tbl")):
            for paragraph in table.iter(qn("w:p")):
                alignments = list(paragraph.iter(qn("w:jc")))
                if alignments:
                    alignments[-1].getparent().remove(alignments[-1])


def mend_paragraphs(body: Any) -> None:
    """Leave one set of properties a paragraph: of two, the later wins; within one, the first."""
    for paragraph in body.iter(qn("w:p")):
        first, *others = paragraph.findall(qn("w:pPr")) or [None]
        if first is None:
            continue
        _first_of_each(first)
        for other in others:
            _first_of_each(other)
            for item in list(other):
                for old in first.findall(item.tag):
                    first.remove(old)
                first.append(item)
            paragraph.remove(other)
        sort_properties(first, "w:pPr")
        if style_of(paragraph) in CAPTIONS:
            for tag in ("w:jc", "w:spacing"):
                for old in first.findall(qn(tag)):
                    first.remove(old)


def _first_of_each(properties: Any) -> None:
    seen = set()
    for item in list(properties):
        if item.tag in seen:
            properties.remove(item)
        seen.add(item.tag)


def unwrap_floats(body: Any) -> None:
    """Take captions, tables and pictures out of the tables of one cell that Quarto puts them in."""
    for wrapper in list(body.iterchildren(qn("w:tbl"))):
        cell = _only_cell(wrapper)
        if cell is None or not any(style_of(p) in CAPTIONS for p in cell.iterchildren(qn("w:p"))):
            continue
        has_table = cell.find(qn("w:tbl")) is not None
        for item in list(cell):
            if item.tag == qn("w:tcPr") or (item.tag == qn("w:p") and _is_empty(item)):
                continue
            if item.tag == qn("w:p") and style_of(item) in CAPTIONS:
                style = "TableCaption" if has_table else "ImageCaption"
                insert_property(item, "w:pPr", make("w:pStyle", val=style))
            elif item.tag == qn("w:p"):
                insert_property(item, "w:pPr", make("w:pStyle", val="Figure"))
            wrapper.addprevious(item)
        body.remove(wrapper)


def _only_cell(table: Any) -> Any:
    rows = table.findall(qn("w:tr"))
    cells = rows[0].findall(qn("w:tc")) if len(rows) == 1 else []
    return cells[0] if len(cells) == 1 else None


def _is_empty(paragraph: Any) -> bool:
    return not plain_text(paragraph) and paragraph.find(f".//{qn('w:drawing')}") is None


def number_floats(body: Any) -> None:
    """Write `PL1.2` for the `A.2` that Quarto gives tables and figures of appendices."""
    captions = (p for p in body.iter(qn("w:p")) if style_of(p) in CAPTIONS)
    links = (
        link
        for link in body.iter(qn("w:hyperlink"))
        if (link.get(qn("w:anchor")) or "").startswith(("tbl-", "fig-"))
    )
    for holder in (*captions, *links):
        for text in holder.iter(qn("w:t")):
            text.text = FLOAT.sub(lambda m: f"{m[1]}{float_number(m[2] + m[3])}", text.text or "")


def finish_tables(body: Any) -> None:
    """Give tables their width, repeated headers, whole rows, and the text style of cells."""
    for table in list(body.iterchildren(qn("w:tbl"))):
        if _style(table) == LAYOUT_STYLE:
            _keep_with_text_before(table)
        else:
            width = TEXT_WIDTH[_on_landscape(table)]
            if _only_cell(table) is not None:
                _finish_box(table, width)
            else:
                _finish_table(table, width)
        following = table.getnext()
        while following is not None and following.tag not in (qn("w:p"), qn("w:tbl")):
            following = following.getnext()
        if following is None or following.tag == qn("w:tbl"):
            gap = make("w:p")
            insert_property(gap, "w:pPr", make("w:spacing", **SMALL_GAP))
            table.addnext(gap)


def _keep_with_text_before(table: Any) -> None:
    """Keep the signature on the page of the sentence before it."""
    before = table.getprevious()
    for _ in range(2):
        if before is None or before.tag != qn("w:p"):
            return
        insert_property(before, "w:pPr", make("w:keepNext"))
        before = before.getprevious()


def _style(table: Any) -> str:
    style = table.find(f"{qn('w:tblPr')}/{qn('w:tblStyle')}")
    return "" if style is None else style.get(qn("w:val")) or ""


def _on_landscape(table: Any) -> bool:
    for block in table.itersiblings():
        # no section ends within a table, and tables are most of the document
        section = None if block.tag == qn("w:tbl") else next(block.iter(qn("w:sectPr")), None)
        if section is not None:
            size = section.find(qn("w:pgSz"))
            return size is not None and size.get(qn("w:orient")) == "landscape"
    return False


def _finish_box(table: Any, width: int) -> None:
    """Draw a line around the one cell of a callout."""
    _set_table(table, [width])
    cell = _only_cell(table)
    edges = [
        make(f"w:{side}", val="single", sz="18" if side == "left" else "4", space="0", color="auto")
        for side in ("top", "left", "bottom", "right")
    ]
    insert_property(cell, "w:tcPr", make("w:tcBorders", *edges))
    _set_cell_width(cell, width)
    for paragraph in list(cell.iterchildren(qn("w:p"))):
        if _is_empty(paragraph) and paragraph.getnext() is None and len(cell) > 2:
            cell.remove(paragraph)
        else:
            insert_property(paragraph, "w:pPr", make("w:pStyle", val="Nd30Box"))


def _finish_table(table: Any, width: int) -> None:
    grid = [int(column.get(qn("w:w"))) for column in table.find(qn("w:tblGrid"))]
    scaled = _scale(grid, width)
    _set_table(table, scaled, cell_margin=CELL_MARGIN)
    _give_room_to_header(table, scaled)
    for row in table.iterchildren(qn("w:tr")):
        insert_property(row, "w:trPr", make("w:cantSplit"))
        header = row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None
        cells = row.findall(qn("w:tc"))
        group = len(cells) == 1 and len(scaled) > 1
        column = 0
        for cell in cells:
            span = _span(cell)
            _set_cell_width(cell, sum(scaled[column : column + span]))
            insert_property(cell, "w:tcPr", make("w:vAlign", val="center"))
            column += span
            for paragraph in cell.iterchildren(qn("w:p")):
                _finish_cell_text(paragraph, keep=header or (group and not _is_last(row)))


def _give_room_to_header(table: Any, widths: list[int]) -> None:
    """Make header rows as high as cells that span them need.

    LibreOffice cuts a spanning cell to its own rows where the header is repeated on a new page.
    """
    rows = [
        row
        for row in table.iterchildren(qn("w:tr"))
        if row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None
    ]
    needed, spanning = [1] * len(rows), 1
    for place, row in enumerate(rows):
        column = 0
        for cell in row.findall(qn("w:tc")):
            span = _span(cell)
            lines = _lines(plain_text(cell), sum(widths[column : column + span]))
            column += span
            if cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}") is not None:
                spanning = max(spanning, lines)
            else:
                needed[place] = max(needed[place], lines)
    if rows:
        needed[0] += max(0, spanning - sum(needed))
    for row, lines in zip(rows, needed, strict=True):
        height = make("w:trHeight", val=str(lines * LINE_HEIGHT), hRule="atLeast")
        insert_property(row, "w:trPr", height)


def _lines(words: str, width: int) -> int:
    """Estimate how many lines bold words take in a cell of this width."""
    room = width - 2 * CELL_MARGIN
    lines = 0
    for line in words.split("\n"):
        lines, used = lines + 1, 0
        for word in line.split():
            long = sum(CAPITAL if letter.isupper() else LETTER for letter in word)
            if used and used + LETTER + long > room:
                lines, used = lines + 1, 0
            used += long + (LETTER if used else 0)
    return lines


def _scale(grid: list[int], width: int) -> list[int]:
    """Stretch the columns to the width of the text; columns without widths become equal."""
    grid = grid if sum(grid) else [1] * len(grid)
    total = sum(grid)
    edges = [round(sum(grid[:place]) * width / total) for place in range(len(grid) + 1)]
    return [right - left for left, right in zip(edges, edges[1:], strict=False)]


def _set_table(table: Any, widths: list[int], cell_margin: int | None = None) -> None:
    old = table.find(qn("w:tblPr"))
    if old is not None:
        table.remove(old)
    child(table, "w:tblPr", first=True)
    for value in (
        make("w:tblStyle", val="Table"),
        make("w:tblW", w=str(sum(widths)), type="dxa"),
        make("w:jc", val="center"),
        make("w:tblLayout", type="fixed"),
        make("w:tblLook", val="0020", firstRow="1", lastRow="0", noHBand="1", noVBand="1"),
    ):
        insert_property(table, "w:tblPr", value)
    if cell_margin is not None:
        sides = [make(f"w:{side}", w=str(cell_margin), type="dxa") for side in ("left", "right")]
        insert_property(table, "w:tblPr", make("w:tblCellMar", *sides))
    grid = table.find(qn("w:tblGrid"))
    if grid is None:
        grid = make("w:tblGrid")
        table.insert(1, grid)
    grid[:] = [make("w:gridCol", w=str(width)) for width in widths]


def _span(cell: Any) -> int:
    span = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
    return 1 if span is None else int(span.get(qn("w:val")))


def _set_cell_width(cell: Any, width: int) -> None:
    insert_property(cell, "w:tcPr", make("w:tcW", w=str(width), type="dxa"))
    sort_properties(child(cell, "w:tcPr", first=True), "w:tcPr")


def _is_last(row: Any) -> bool:
    return bool(row.getnext() is None)


def _finish_cell_text(paragraph: Any, *, keep: bool) -> None:
    insert_property(paragraph, "w:pPr", make("w:pStyle", val="Nd30Cell"))
    if keep:
        insert_property(paragraph, "w:pPr", make("w:keepNext"))
