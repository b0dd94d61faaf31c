"""A table as HTML with merged cells, the one form that both publishers and JupyterLab show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from treem.safe import visible

_SHORT = 280
"""Letters of a note that print repeats under the rows of every page."""

Align = Literal["left", "center", "right"]


@dataclass(frozen=True)
class Cell:
    """A cell; `html` is already escaped. `strong` prints it bold, `css` adds classes."""

    html: str
    columns: int = 1
    rows: int = 1
    align: Align = "left"
    strong: bool = False
    css: str = ""

    def render(self, tag: str) -> str:
        """Return the cell as `<td>` or `<th>`."""
        spans = "".join(
            f' {name}="{count}"'
            for name, count in (("colspan", self.columns), ("rowspan", self.rows))
            if count > 1
        )
        css = f' class="{self.css}"' if self.css else ""
        inner = f"<strong>{self.html}</strong>" if self.strong and self.html else self.html
        return f'<{tag}{css}{spans} style="text-align: {self.align}">{inner}</{tag}>'


Row = Sequence[Cell]


@dataclass(frozen=True)
class Table:
    """Header rows, body rows and column widths in percent; `css` names the kind of table.

    A row of one cell over all columns groups the rows below it. `legend` and `note` are the last
    rows: the legend explains marks and is repeated on every page that the table runs over.
    """

    head: Sequence[Row]
    body: Sequence[Row]
    widths: Sequence[int]
    css: str = ""
    note: str = ""
    legend: str = ""

    def _repr_html_(self) -> str:
        columns = "".join(f'<col style="width: {width}%">' for width in self.widths)
        head = "\n".join(_row(row, "th") for row in self.head)
        rows = [_row(row, "td", "group" if self._spans_all(row) else "") for row in self.body]
        for note in self._notes():
            rows.append(_row([Cell(note, columns=len(self.widths), css="note")], "td", "note"))
        body = "\n".join(rows)
        css = f"treem {self.css}".strip()
        return (
            f'<table class="{css}">\n<colgroup>{columns}</colgroup>\n'
            f"<thead>\n{head}\n</thead>\n<tbody>\n{body}\n</tbody>\n</table>"
        )

    def __str__(self) -> str:
        return self._repr_html_()

    def _notes(self) -> list[str]:
        """Return legend and note; as one where both are short enough to stand on every page."""
        found = [note for note in (self.legend, self.note) if note]
        short = sum(len(note) for note in found) <= _SHORT
        return ["<br>".join(found)] if found and short else found

    def _spans_all(self, row: Row) -> bool:
        return len(row) == 1 and row[0].columns == len(self.widths)


def _row(cells: Row, tag: str, css: str = "") -> str:
    mark = f' class="{css}"' if css else ""
    return f"<tr{mark}>{''.join(cell.render(tag) for cell in cells)}</tr>"


def text(words: str, **options: object) -> Cell:
    """Return a cell of plain words, escaped; nothing in them is hidden."""
    return Cell(escape(visible(words), quote=False), **options)  # type: ignore[arg-type]


def heads(*words: str) -> list[Cell]:
    """Return one header row of plain words, centred."""
    return [text(word, align="center") for word in words]


def group(words: str, columns: int) -> list[Cell]:
    """Return a row of one cell over all columns that names the rows below it."""
    return [text(words, columns=columns, strong=True)]
