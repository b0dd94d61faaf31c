"""The sheets of a form beside its table: how to fill it in, and the machine ids of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from treem.display.texts import load_texts
from treem.display.words import word
from treem.intake.forms import (
    FIRST_ID_ROW,
    FORM_MARK,
    FORM_VERSION,
    GUIDE_SHEET,
    IDS_SHEET,
    FormRow,
)
from treem.intake.forms_style import GUIDE_WIDTHS, lines_needed, protect, put, set_height, set_page
from treem.plan.model import Measure

if TYPE_CHECKING:
    from treem.intake.forms_write import Form


def add_guide(book: Any, form: Form, measures: Sequence[Measure]) -> None:
    """Add the sheet `Hướng dẫn`: how to fill in, marks, whom to send to, every definition."""
    texts = load_texts("forms")["guide"]
    sheet = book.create_sheet(GUIDE_SHEET)
    put(sheet, "A1", form.notice, "te_notice", "A1:E1")
    put(sheet, "A2", texts["title"], "te_title", "A2:E2")
    row = _add_lines(sheet, 3, texts["how_title"], texts["how"])
    row = _add_marks(sheet, row, texts["marks_title"], texts["marks"])
    send = texts["send"].format(receiver=form.receiver)
    row = _add_lines(sheet, row, texts["send_title"], [send])
    row = _add_lines(sheet, row, texts["private_title"], [texts["private"]])
    _add_definitions(sheet, row, texts, measures)
    set_page(sheet, GUIDE_WIDTHS, "", form.notice, load_texts("forms")["page"])
    protect(sheet)


def add_ids(book: Any, form: Form, numbers: Sequence[tuple[FormRow, int]]) -> None:
    """Add the very hidden sheet that tells the machine which form this is and what a row means.

    `numbers` gives each row of the form its row in the sheet of figures as written.
    """
    sheet = book.create_sheet(IDS_SHEET)
    sheet.sheet_state = "veryHidden"
    facts = (
        (FORM_MARK, FORM_VERSION),
        ("unit", form.unit.code),
        ("year", form.year),
        ("edition", form.edition_name),
        ("notice", form.notice or None),
    )
    for fact in facts:
        sheet.append(fact)
    sheet.append(("id", "row"))
    assert sheet.max_row + 1 == FIRST_ID_ROW
    for row, number in numbers:
        sheet.append((row.id, number))
    if form.notice:
        sheet.oddHeader.center.text = sheet.oddFooter.center.text = form.notice
    protect(sheet)


def _add_lines(sheet: Any, row: int, title: str, lines: Sequence[str]) -> int:
    """Add a title and a paragraph in each row below; return the next free row."""
    put(sheet, f"A{row}", title, "te_strong", f"A{row}:E{row}")
    for text in lines:
        row += 1
        put(sheet, f"A{row}", text, "te_left", f"A{row}:E{row}")
        set_height(sheet, row, lines_needed([(text, sum(GUIDE_WIDTHS))]))
    return row + 1


def _add_marks(sheet: Any, row: int, title: str, marks: Sequence[Sequence[str]]) -> int:
    put(sheet, f"A{row}", title, "te_strong", f"A{row}:E{row}")
    for mark, meaning in marks:
        row += 1
        put(sheet, f"A{row}", mark, "te_code")
        put(sheet, f"B{row}", meaning, "te_left", f"B{row}:E{row}")
        set_height(sheet, row, 1)
    return row + 1


def _add_definitions(
    sheet: Any, row: int, texts: dict[str, Any], measures: Sequence[Measure]
) -> None:
    put(sheet, f"A{row}", texts["definitions_title"], "te_strong", f"A{row}:E{row}")
    row += 1
    for letter, header in zip("ABCDE", texts["definition_headers"], strict=True):
        put(sheet, f"{letter}{row}", header, "te_header")
    for measure in measures:
        row += 1
        cells = (
            measure.id,
            texts["unit"].format(name=measure.name_vi, unit=measure.unit),
            measure.numerator_vi,
            measure.denominator_vi or texts["no_denominator"],
            word("period", measure.period),
        )
        for letter, text in zip("ABCDE", cells, strict=True):
            put(sheet, f"{letter}{row}", text, "te_code" if letter == "A" else "te_label")
        set_height(sheet, row, lines_needed(zip(cells, GUIDE_WIDTHS, strict=True)))
