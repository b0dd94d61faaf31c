"""Prints one form, blank or filled in: head, table, foot, checks of what is typed, properties.

Labels are locked (no password), entry cells are open, drop-downs offer marks and states. The
bytes of a workbook depend on what is asked and entered only.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treem.display.numbers import short_date
from treem.display.texts import load_texts
from treem.edition import Edition
from treem.intake.forms import (
    FOOT,
    FORM_CODES,
    HEADERS,
    LETTERS,
    MARKS,
    SHEET,
    SIGNER,
    STATES,
    UNIT_LABEL,
    YEAR_LABEL,
    FormRow,
    form_rows,
)
from treem.intake.forms_guide import add_guide, add_ids
from treem.intake.forms_style import (
    WIDTHS,
    add_styles,
    lines_needed,
    merge,
    protect,
    put,
    set_height,
    set_page,
)
from treem.intake.units import Unit, receiver_of
from treem.strata import stratum_name

if TYPE_CHECKING:
    from treem.plan.register import PlanRegister

HEAD_ROW = 6
_ROMAN = ("", "I", "II", "III", "IV")
_ROW_STYLES = (
    "te_code",
    "te_code",
    "te_label",
    "te_label",
    "te_code",
    "te_code",
    "te_before",
    "te_value",
    "te_choice",
    "te_choice",
    "te_note",
)
_GROUP_STYLES = ("te_roman", *("te_group",) * (len(HEADERS) - 1))


@dataclass(frozen=True)
class Entry:
    """What stands in the four cells a sender fills in: value, mark, state, note."""

    value: int | float | str | None = None
    mark: str | None = None
    state: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Form:
    """One form: who reports to whom about which year, the rows asked, last year's figures.

    `last_year` holds the figures of the year before by machine id of the row.
    """

    edition_name: str
    notice: str
    unit: Unit
    year: int
    receiver: str
    rows: tuple[FormRow, ...]
    last_year: Mapping[str, str] = field(default_factory=dict)


def make_form(
    edition: Edition,
    register: PlanRegister,
    unit: Unit,
    year: int,
    last_year: Mapping[str, str] | None = None,
) -> Form:
    """Return the form of a unit and year as the register and the edition ask for it."""
    return Form(
        edition_name=edition.name,
        notice=edition.notice,
        unit=unit,
        year=year,
        receiver=receiver_of(register, year),
        rows=form_rows(edition, register, unit.code, year),
        last_year=last_year or {},
    )


def build_form(
    register: PlanRegister, form: Form, entries: Mapping[str, Entry], *, guide: bool = True
) -> Any:
    """Return the workbook of a form; `entries` by machine id of the row, absent ones stay empty.

    `guide` False leaves the guide out, as in a form that comes back.
    """
    from openpyxl import Workbook

    book = Workbook()
    add_styles(book)
    sheet = book.active
    sheet.title = SHEET
    _add_head(sheet, register, form)
    numbers = _add_table(sheet, register, form, entries)
    last = numbers[-1][1]
    _add_foot(sheet, last)
    _add_choices(sheet, last)
    set_page(sheet, WIDTHS, f"{HEAD_ROW}:{HEAD_ROW + 1}", form.notice, load_texts("forms")["page"])
    sheet.oddFooter.left.text = f"{form.unit.code} - {form.year}"
    sheet.freeze_panes = f"E{HEAD_ROW + 2}"
    protect(sheet)
    if guide:
        measures = dict.fromkeys(row.measure for row in form.rows)
        add_guide(book, form, [register.measures[measure] for measure in measures])
    add_ids(book, form, numbers)
    _set_properties(book, form)
    return book


def save_form(book: Any, path: Path) -> None:
    """Save a workbook so that the same content gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    _settle(path)


def _add_head(sheet: Any, register: PlanRegister, form: Form) -> None:
    texts, version = load_texts("forms"), register.version
    put(sheet, "A1", form.notice, "te_notice", "A1:K1")
    left = (
        texts["form_code"].format(code=FORM_CODES[form.unit.kind]),
        texts["issued"].format(document=version.document, date=short_date(version.issued)),
        texts["received"].format(year=form.year + 1),
    )
    middle = (texts["title"], texts["period"], f"{YEAR_LABEL} {form.year}")
    right = (
        texts["sender"].format(name=form.unit.name),
        texts["receiver"].format(name=form.receiver),
        f"{UNIT_LABEL} {form.unit.code}",
    )
    for row in (2, 3, 4):
        index = row - 2
        put(sheet, f"A{row}", left[index], "te_left" if index else "te_strong", f"A{row}:C{row}")
        put(sheet, f"D{row}", middle[index], "te_middle" if index else "te_title", f"D{row}:F{row}")
        put(sheet, f"G{row}", right[index], "te_left", f"G{row}:K{row}")
        texts_and_widths = ((left[index], sum(WIDTHS[:3])), (right[index], sum(WIDTHS[6:])))
        set_height(sheet, row, lines_needed(texts_and_widths))
    put(sheet, "A5", texts["legend"], "te_small", "A5:K5")
    set_height(sheet, 5, lines_needed([(texts["legend"], sum(WIDTHS))]))


def _add_table(
    sheet: Any, register: PlanRegister, form: Form, entries: Mapping[str, Entry]
) -> list[tuple[FormRow, int]]:
    """Write header, groups and rows; return each row of the form with its row in the sheet."""
    _add_row(sheet, HEAD_ROW, HEADERS, ("te_header",) * len(HEADERS))
    _add_row(sheet, HEAD_ROW + 1, LETTERS, ("te_letter",) * len(LETTERS))
    number, objective = HEAD_ROW + 1, 0
    numbers = []
    for row in form.rows:
        measure = register.measures[row.measure]
        if measure.objective != objective:
            objective = measure.objective
            number += 1
            title = register.objectives[objective].title
            group = (_ROMAN[objective], None, title, *(None,) * (len(HEADERS) - 3))
            _add_row(sheet, number, group, _GROUP_STYLES, wide_title=True)
        number += 1
        entry = entries.get(row.id, Entry())
        values = (
            measure.indicator,
            measure.id,
            measure.name_vi,
            row.label,
            stratum_name(row.stratum),
            row.unit,
            _last_value(form.last_year.get(row.id)),
            entry.value,
            entry.mark,
            entry.state,
            entry.note,
        )
        _add_row(sheet, number, values, _ROW_STYLES)
        numbers.append((row, number))
    return numbers


def _add_row(
    sheet: Any,
    number: int,
    values: Sequence[object],
    styles: Sequence[str],
    *,
    wide_title: bool = False,
) -> None:
    for column, (value, style) in enumerate(zip(values, styles, strict=True), start=1):
        cell = sheet.cell(row=number, column=column)
        cell.value = value
        cell.style = style
    if wide_title:
        merge(sheet, f"C{number}:K{number}")
        set_height(sheet, number, 1)
    else:
        set_height(sheet, number, lines_needed(zip(values, WIDTHS, strict=True)))


def _last_value(text: str | None) -> int | float | str | None:
    """Return last year's figure as a cell shows it: a number where it is one."""
    if text is None:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return int(number) if number == number.to_integral_value() else float(number)


def _add_foot(sheet: Any, last: int) -> None:
    """Write the places for date and signatures; who signs is written below, in open cells."""
    texts = load_texts("forms")
    row = last + 2
    put(sheet, f"G{row}", texts["date_line"], "te_sign_free", f"G{row}:K{row}")
    for columns, words, note in (
        (("A", "D"), FOOT, texts["sign"]),
        (("G", "K"), SIGNER, texts["sign_and_seal"]),
    ):
        first, end = columns
        put(sheet, f"{first}{row + 1}", words, "te_sign", f"{first}{row + 1}:{end}{row + 1}")
        put(sheet, f"{first}{row + 2}", note, "te_sign_note", f"{first}{row + 2}:{end}{row + 2}")
        put(sheet, f"{first}{row + 5}", None, "te_sign_free", f"{first}{row + 5}:{end}{row + 5}")


def _add_choices(sheet: Any, last: int) -> None:
    """Check what is typed: numbers or marks as values, drop-downs for marks and states."""
    from openpyxl.worksheet.datavalidation import DataValidation

    texts, first = load_texts("forms"), HEAD_ROW + 2
    cell, words = f"H{first}", f"$D{first}"
    number = (
        f'AND(ISNUMBER({cell}),N({cell})>=0,OR(LEFT({words},7)="Giá trị",INT(N({cell}))=N({cell})))'
    )
    marks = ",".join(f'{cell}="{mark}"' for mark in ("-", "…", "...", "x"))
    limit = f'AND(ISTEXT({cell}),OR(LEFT({cell},1)="<",LEFT({cell},1)="≤"))'
    rules = {
        "value": ("H", "custom", f"OR({number},{marks},{limit})"),
        "mark": ("I", "list", f'"{",".join(MARKS)}"'),
        "state": ("J", "list", f'"{",".join(STATES.values())}"'),
    }
    for name, (column, kind, formula) in rules.items():
        said = texts[name]
        check = DataValidation(
            type=kind,
            formula1=formula,
            allow_blank=True,
            showErrorMessage=True,
            showInputMessage=True,
            errorStyle="stop",
            errorTitle=said["error_title"],
            error=said["error"],
            promptTitle=said["prompt_title"],
            prompt=said["prompt"],
        )
        check.add(f"{column}{first}:{column}{last}")
        sheet.add_data_validation(check)


def _set_properties(book: Any, form: Form) -> None:
    title = load_texts("forms")["file_title"]
    book.properties.title = title.format(year=form.year, name=form.unit.name)
    book.properties.creator = book.properties.lastModifiedBy = "treem"
    book.properties.description = book.properties.subject = form.notice or None


def _settle(path: Path) -> None:
    """Take the clock out of a workbook, so that the same figures give the same bytes.

    Merged ranges come out of a set and are put in order. Vietnamese letters become UTF-8, which
    packs better than numbered references.
    """
    with zipfile.ZipFile(path) as archive:
        entries = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in entries:
            if name == "docProps/core.xml":
                data = re.sub(rb">\d{4}-\d\d-\d\dT[\d:]+Z<", b">2000-01-01T00:00:00Z<", data)
            data = re.sub(rb"&#(\d{3,});", _as_utf8, data)
            data = re.sub(rb"(?:<mergeCell [^>]*/>)+", _in_order, data)
            member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)


def _as_utf8(reference: re.Match[bytes]) -> bytes:
    return chr(int(reference[1])).encode() if int(reference[1]) > 127 else reference[0]


def _in_order(ranges: re.Match[bytes]) -> bytes:
    return b"".join(sorted(re.findall(rb"<mergeCell [^>]*/>", ranges[0])))
