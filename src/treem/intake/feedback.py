"""Writes one workbook back to each sender: the bad cells marked, and a list of what to do.

A sender whose submission has no fault gets a confirmation, one that sent nothing a reminder. The
copy keeps the sender's own sheets as values (no formulas, macros or links), so that it can be
corrected and sent again; what was received is not touched.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treem.display.numbers import short_date
from treem.display.texts import load_texts
from treem.display.words import severity_name
from treem.intake.forms_write import save_form
from treem.intake.observations import records
from treem.intake.sources import (
    ListedSource,
    located,
    read_sources,
    superseded,
    years_received,
)
from treem.intake.units import Unit, units_owing

if TYPE_CHECKING:
    import pandas as pd

    from treem.areas import Areas
    from treem.edition import Edition
    from treem.plan.register import PlanRegister
    from treem.project import Project

Row = Mapping[str, Any]

_WIDTHS = (5, 14, 8, 11, 12, 16, 14, 52, 52)
_FONT = "Times New Roman"
_FILLS = {"run": "F4B6B6", "submission": "F4B6B6", "record": "F9D5A7", "info": "FFF2CC"}
_ORDER = ("run", "submission", "record", "info")
_HASH_SHOWN = 12
_COMMENT_WIDTH, _COMMENT_LINE = 340, 18
_LETTERS_A_LINE = 46


@dataclass(frozen=True)
class Reply:
    """What goes back to one unit for one year: its file (None: nothing came) and its findings."""

    unit: Unit
    year: int
    source: ListedSource | None
    path: Path | None
    values: int
    findings: tuple[Row, ...]

    @property
    def faulty(self) -> bool:
        """Whether the sender has anything to correct."""
        return any(row["severity"] != "info" for row in self.findings)


def write_feedback(
    project: Project,
    edition: Edition,
    register: PlanRegister,
    areas: Areas,
    observations: pd.DataFrame,
    findings: pd.DataFrame,
    folder: Path,
) -> list[Path]:
    """Write `<folder>/<year>/<unit>.xlsx` for every unit that owes figures; returns the paths.

    In: the observations and findings of `treem.quality.check` over the same edition.
    """
    written = []
    for reply in replies(project, edition, register, areas, observations, findings):
        path = folder / str(reply.year) / f"{reply.unit.code}.xlsx"
        _write_reply(path, reply, edition.notice)
        written.append(path)
    return written


def replies(
    project: Project,
    edition: Edition,
    register: PlanRegister,
    areas: Areas,
    observations: pd.DataFrame,
    findings: pd.DataFrame,
) -> list[Reply]:
    """Return the reply to every unit and year, by year and in order of the units.

    A finding goes to the sender of the file it stands in; one without a file to the unit whose
    area it names. Findings on a file that a later one replaced concern nobody any more.
    """
    by_file = _grouped(records(findings), "file")
    values = observations[observations["superseded_by"] == ""]["file"].value_counts()
    made = []
    for year in edition.years:
        sources = _sources_of(project, edition, year)
        for unit in units_owing(edition, register, areas, year):
            shown, source = sources.get(unit.code, ("", None))
            rows = by_file.get(shown, []) if source else _without_file(by_file, unit, year)
            made.append(
                Reply(
                    unit=unit,
                    year=year,
                    source=source,
                    path=_located(project, shown) if source else None,
                    values=int(values.get(shown, 0)) if source else 0,
                    findings=tuple(sorted(rows, key=_finding_order)),
                )
            )
    return made


def _sources_of(
    project: Project, edition: Edition, year: int
) -> dict[str, tuple[str, ListedSource]]:
    """Return the file that counts for each unit of a year, with its path in the project."""
    found = {}
    for folder, shown in years_received(project.root, edition.submissions, year):
        sources = read_sources(folder, shown)
        replaced = superseded(sources)
        for source in sources:
            if source.file not in replaced:
                found[source.unit_code] = (f"{shown}/{source.file}", source)
    return found


def _located(project: Project, shown: str) -> Path:
    path = project.root / shown
    return located(path.parent, path.name)


def _grouped(rows: Sequence[Row], key: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row[key]), []).append(row)
    return groups


def _without_file(by_file: Mapping[str, list[Row]], unit: Unit, year: int) -> list[Row]:
    return [
        row
        for row in by_file.get("", [])
        if row["rule"] == "missing_submission"
        and (row["area_name"], row["year"]) in ((unit.name, str(year)), (unit.area_name, str(year)))
    ]


def _finding_order(row: Row) -> tuple[int, str, int, str]:
    from openpyxl.utils.cell import coordinate_from_string
    from openpyxl.utils.exceptions import CellCoordinatesException

    try:
        column, line = coordinate_from_string(row["cell"])
    except CellCoordinatesException:
        column, line = str(row["cell"]), 0
    return _ORDER.index(row["severity"]), str(row["sheet"]), line, column


# --- the workbook -----------------------------------------------------------------------------


def _write_reply(path: Path, reply: Reply, notice: str) -> None:
    said = load_texts("feedback")
    book = _copy_of(reply)
    sheet = book.create_sheet(said["sheet"], 0)
    marked = _mark_cells(book, reply.findings)
    row = _write_letter(sheet, reply, said, notice, copied=len(book.worksheets) > 1)
    if reply.findings:
        _write_list(sheet, row, reply.findings, said)
    _set_up(book, sheet, reply, said, notice)
    for other in book.worksheets[1:]:
        other.sheet_view.tabSelected = False
        if other.title in marked:
            other.sheet_properties.tabColor = "C00000"
    book.active = 0
    save_form(book, path)


def _copy_of(reply: Reply) -> Any:
    """Return a copy of what the sender sent as an open workbook, values only; else an empty one."""
    from openpyxl import Workbook, load_workbook

    if reply.path is not None and reply.path.suffix.lower() in (".xlsx", ".xlsm"):
        if reply.path.is_file() and not _refused(reply):
            book = load_workbook(reply.path, data_only=True, keep_links=False)
            book.defined_names.clear()
            return book
    book = Workbook()
    book.remove(book.active)
    return book


def _refused(reply: Reply) -> bool:
    """Whether the file on disk is not the one on record: its cells say nothing then."""
    assert reply.path is not None and reply.source is not None
    return hashlib.sha256(reply.path.read_bytes()).hexdigest() != reply.source.sha256


def _mark_cells(book: Any, findings: Sequence[Row]) -> set[str]:
    """Colour every cell that a finding names and say there what is wrong; returns the sheets."""
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    said = load_texts("feedback")
    marks: dict[tuple[str, str], list[str]] = {}
    worst: dict[tuple[str, str], str] = {}
    for number, row in enumerate(findings, 1):
        if row["sheet"] in book.sheetnames and row["cell"]:
            place = (row["sheet"], _anchor(book[row["sheet"]], row["cell"]))
            marks.setdefault(place, []).append(said["comment"].format(**{**row, "number": number}))
            worst.setdefault(place, row["severity"])
    for (name, address), texts in marks.items():
        cell = book[name][address]
        cell.fill = PatternFill("solid", fgColor=_FILLS[worst[name, address]])
        text = "\n".join(texts)
        comment = Comment(text, said["author"])
        lines = sum(1 + len(line) // _LETTERS_A_LINE for line in text.split("\n"))
        comment.width, comment.height = _COMMENT_WIDTH, _COMMENT_LINE * (lines + 1)
        cell.comment = comment
    return {name for name, _ in marks}


def _anchor(sheet: Any, address: str) -> str:
    """Return where a mark can stand: the first cell of a merged range stands for all of it."""
    for merged in sheet.merged_cells.ranges:
        if address in merged:
            return str(merged.start_cell.coordinate)
    return address


def _write_letter(
    sheet: Any, reply: Reply, said: Mapping[str, Any], notice: str, *, copied: bool
) -> int:
    """Write who is told what; returns the row where the list begins."""
    faults = sum(row["severity"] != "info" for row in reply.findings)
    source = reply.source
    if source is None:
        verdict = said["reminder"].format(year=reply.year)
    elif faults:
        verdict = said["faults" if copied else "faults_listed"].format(count=faults)
    else:
        code = "confirmed_with_notes" if reply.findings else "confirmed"
        verdict = said[code].format(count=reply.values)
    lines = [notice, said["title"], said["year"].format(year=reply.year)]
    lines.append(said["unit"].format(unit=reply.unit.name))
    if source is not None:
        lines.append(
            said["received"].format(
                file=source.file,
                date=short_date(dt.date.fromisoformat(source.received_date)),
                document=source.document_number or said["no_document"],
                sha256=source.sha256[:_HASH_SHOWN],
            )
        )
    lines.append(verdict)
    row = 0
    for line in filter(None, lines):
        row += 1
        _write_line(sheet, row, line, notice=line == notice, title=line == said["title"])
    return row + 2


def _write_line(sheet: Any, row: int, text: str, *, notice: bool, title: bool) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=len(_WIDTHS))
    cell = _put_text(sheet, row, 1, text)
    cell.font = Font(
        name=_FONT,
        size=14 if title else 12,
        bold=notice or title,
        color="C00000" if notice else "000000",
    )
    cell.alignment = Alignment(
        horizontal="center" if notice or title else "left", vertical="center", wrap_text=True
    )
    sheet.row_dimensions[row].height = 18 * (1 + len(text) // 150)


def _write_list(sheet: Any, top: int, findings: Sequence[Row], said: Mapping[str, Any]) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    thin = Side(style="thin", color="808080")
    rows = [tuple(said["columns"])]
    for number, row in enumerate(findings, 1):
        place = row["cell"] or said["whole_file"]
        rows.append(
            (
                str(number),
                row["sheet"],
                place,
                row["measure"],
                said["parts"].get(row["part"], row["part"]),
                row["raw"],
                severity_name(row["severity"]),
                row["message"],
                row["instruction"],
            )
        )
    for index, texts in enumerate(rows):
        lines = 1
        for column, (text, width) in enumerate(zip(texts, _WIDTHS, strict=True), 1):
            cell = _put_text(sheet, top + index, column, text)
            cell.font = Font(name=_FONT, size=11, bold=index == 0)
            cell.border = Border(left=thin, right=thin, top=thin, bottom=thin)
            cell.alignment = Alignment(
                horizontal="center" if index == 0 or column in (1, 3, 4) else "left",
                vertical="center",
                wrap_text=True,
            )
            lines = max(lines, 1 + int(len(str(text)) / width))
        if index:
            colour = _FILLS[findings[index - 1]["severity"]]
            sheet.cell(row=top + index, column=7).fill = PatternFill("solid", fgColor=colour)
            _link(sheet, top + index, findings[index - 1])
        sheet.row_dimensions[top + index].height = 15 * lines
    sheet.print_title_rows = f"{top}:{top}"
    sheet.freeze_panes = f"A{top + 1}"


def _link(sheet: Any, row: int, finding: Row) -> None:
    """Let a click on the address lead to the cell, where the sheet is in the copy."""
    from openpyxl.styles import Font
    from openpyxl.worksheet.hyperlink import Hyperlink

    if finding["sheet"] not in sheet.parent.sheetnames or not finding["cell"]:
        return
    cell = sheet.cell(row=row, column=3)
    quoted = str(finding["sheet"]).replace("'", "''")
    cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{quoted}'!{finding['cell']}")
    cell.font = Font(name=_FONT, size=11, underline="single", color="0563C1")


def _put_text(sheet: Any, row: int, column: int, text: str) -> Any:
    """Write text that stays text: what a sender typed must not become a formula here."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    cell = sheet.cell(row=row, column=column)
    cell.value = ILLEGAL_CHARACTERS_RE.sub("�", str(text)) or None
    if cell.value is not None:
        cell.data_type = "s"
        cell.quotePrefix = cell.value[0] in "=+-@\t"
    return cell


def _set_up(book: Any, sheet: Any, reply: Reply, said: Mapping[str, Any], notice: str) -> None:
    for index, width in enumerate(_WIDTHS):
        sheet.column_dimensions["ABCDEFGHI"[index]].width = width
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddFooter.center.text = " - ".join(filter(None, (notice, said["print_footer"])))
    book.properties.title = f"{said['title']} - {reply.unit.name}, {reply.year}"
    book.properties.creator = book.properties.lastModifiedBy = "treem"
    book.properties.description = book.properties.subject = notice or None
