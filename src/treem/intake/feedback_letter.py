"""The first sheet of a feedback workbook: who is told what, and the list of findings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

from treem.display.numbers import format_count, short_date
from treem.display.texts import load_texts
from treem.display.words import severity_name
from treem.intake.feedback_copy import FILLS, Marks, instruction_of, put_text
from treem.safe import visible

if TYPE_CHECKING:
    from treem.intake.feedback import Reply

Row = Mapping[str, Any]

_WIDTHS = (5, 14, 8, 11, 12, 16, 14, 52, 52)
_CENTRED = (1, 3, 4)
_PLACE_COLUMN, _SEVERITY_COLUMN = 3, 7
_FONT = "Times New Roman"
_HASH_SHOWN = 12
_LETTERS_A_LINE = 150


def write_letter(sheet: Any, reply: Reply, notice: str, marks: Marks) -> None:
    """Write the letter and, below it, the findings of a reply; one that sent nothing gets none."""
    said = load_texts("feedback")
    lines = [notice, said["title"], *_letter(reply, said, marks)]
    row = 0
    for line in filter(None, lines):
        row += 1
        _write_line(sheet, row, line, notice=line == notice, title=line == said["title"])
    if reply.source is not None and reply.findings:
        _write_list(sheet, row + 2, reply.findings, said, marks)
    _set_page(sheet, said, notice)


def _letter(reply: Reply, said: Mapping[str, Any], marks: Marks) -> list[str]:
    """Return the lines of the letter: about which year, to whom, what came, what follows."""
    head = [said["year"].format(year=reply.year), said["unit"].format(unit=reply.unit.name)]
    source = reply.source
    if source is None:
        return [*head, said["reminder"].format(year=reply.year)]
    received = said["received"].format(
        file=source.file,
        date=short_date(dt.date.fromisoformat(source.received_date)),
        document=source.document_number or said["no_document"],
        sha256=source.sha256[:_HASH_SHOWN],
    )
    return [*head, received, *_verdict(reply, said, marks)]


def _verdict(reply: Reply, said: Mapping[str, Any], marks: Marks) -> list[str]:
    if not reply.faults:
        code = "confirmed_with_notes" if reply.findings else "confirmed"
        return [said[code].format(count=format_count(reply.values))]
    refused = said["refused"] if reply.refused else ""
    code = "faults" if marks.places else "faults_listed"
    return [refused, said[code].format(count=format_count(reply.faults))]


def _write_line(sheet: Any, row: int, text: str, *, notice: bool, title: bool) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=len(_WIDTHS))
    cell = put_text(sheet, row, 1, visible(text))
    cell.font = Font(
        name=_FONT,
        size=14 if title else 12,
        bold=notice or title,
        color="C00000" if notice else "000000",
    )
    cell.alignment = Alignment(
        horizontal="center" if notice or title else "left", vertical="center", wrap_text=True
    )
    sheet.row_dimensions[row].height = 18 * ceil(len(text) / _LETTERS_A_LINE)


def _write_list(
    sheet: Any, top: int, findings: Sequence[Row], said: Mapping[str, Any], marks: Marks
) -> None:
    _write_row(sheet, top, said["columns"], bold=True)
    for number, row in enumerate(findings, 1):
        _write_row(sheet, top + number, _texts(number, row, said), bold=False)
        _colour(sheet.cell(row=top + number, column=_SEVERITY_COLUMN), row["severity"])
        if number in marks.places:
            _link(sheet.cell(row=top + number, column=_PLACE_COLUMN), *marks.places[number])
    sheet.print_title_rows = f"{top}:{top}"
    sheet.freeze_panes = f"A{top + 1}"


def _texts(number: int, row: Row, said: Mapping[str, Any]) -> tuple[str, ...]:
    severity = severity_name(row["severity"])
    if row["waiver"]:
        severity = said["waived"].format(severity=severity, waiver=row["waiver"])
    return (
        str(number),
        row["sheet"],
        row["cell"] or said["whole_file"],
        row["measure"],
        said["parts"].get(row["part"], row["part"]),
        row["raw"],
        severity,
        row["message"],
        instruction_of(row),
    )


def _write_row(sheet: Any, number: int, texts: Sequence[str], *, bold: bool) -> None:
    from openpyxl.styles import Alignment, Border, Font, Side

    thin = Side(style="thin", color="808080")
    lines = 1
    for column, (text, width) in enumerate(zip(texts, _WIDTHS, strict=True), 1):
        cell = put_text(sheet, number, column, visible(str(text)))
        cell.font = Font(name=_FONT, size=11, bold=bold)
        cell.border = Border(left=thin, right=thin, top=thin, bottom=thin)
        cell.alignment = Alignment(
            horizontal="center" if bold or column in _CENTRED else "left",
            vertical="center",
            wrap_text=True,
        )
        lines = max(lines, ceil(len(str(text)) / width))
    sheet.row_dimensions[number].height = 15 * lines + 3


def _colour(cell: Any, severity: str) -> None:
    from openpyxl.styles import PatternFill

    cell.fill = PatternFill("solid", fgColor=FILLS[severity])


def _link(cell: Any, sheet: str, address: str) -> None:
    """Let a click on the address lead to the cell in the copy."""
    from openpyxl.styles import Font
    from openpyxl.worksheet.hyperlink import Hyperlink

    quoted = sheet.replace("'", "''")
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{quoted}'!{address}")
    cell.font = Font(name=_FONT, size=11, underline="single", color="0563C1")


def _set_page(sheet: Any, said: Mapping[str, Any], notice: str) -> None:
    for index, width in enumerate(_WIDTHS):
        sheet.column_dimensions["ABCDEFGHI"[index]].width = width
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddFooter.center.text = " - ".join(filter(None, (notice, said["print_footer"])))
