"""A seeded mutator of a clean form: what senders do to a workbook, one kind at a time.

Every kind changes one filled-in form as `treem.intake.forms_write` builds it, and says what a
careful person would read in it afterwards. `Sheet.where` follows each entry by its cell, so that
the judge (`mutation_judge`) can ask whether a finding names the place.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

from treem.demo_shapes import to_tcvn3
from treem.intake.forms import HEADERS, IDS_SHEET, SHEET
from treem.intake.forms_write import HEAD_ROW, save_form

CODE, NAME, PART, STRATUM, UNIT, BEFORE, VALUE, MARK, STATE, NOTE = range(2, 12)
LOST = "lost"
"""What is read of an entry that the sender took away: nothing, and somebody must be told."""

Truth = dict[str, Fraction | str]
"""What each row of the form says: a number, or `missing`, `not_applicable`, `LOST`."""


@dataclass
class Sheet:
    """The form while it is mutated: its table, where each entry stands now, what it means."""

    book: Any
    rng: Random
    truth: Truth
    where: dict[str, Any]
    tampered: set[str] = field(default_factory=set)
    save: Callable[[Any, Path], None] = save_form
    suffix: str = ".xlsx"

    @property
    def table(self) -> Any:
        return next(one for one in self.book.worksheets if one.sheet_state == "visible")

    def row(self, name: str) -> int:
        return int(self.where[name].row)

    def at(self, name: str, column: int) -> Any:
        return self.table.cell(self.row(name), column)

    def some(self, most: int = 1, *, above: int = 0) -> list[str]:
        """Entries with a number larger than `above`, chosen by the seed."""
        known = [
            name
            for name, value in self.truth.items()
            if isinstance(value, Fraction) and value > above
        ]
        return self.rng.sample(known, min(most, len(known)))

    def block(self, size: int) -> list[str]:
        """Entries that stand one below the other, in order."""
        names = sorted(self.where, key=self.row)
        first = self.rng.randrange(len(names) - size)
        return names[first : first + size]

    def put(self, name: str, value: object) -> None:
        self.where[name].value = value
        self.tampered.add(name)


def open_sheet(book: Any, entries: Mapping[str, object], rng: Random) -> Sheet:
    """Follow the entries of a clean form; `entries` by machine id, as they were written."""
    table = book[SHEET]
    ids = book[IDS_SHEET].iter_rows(min_row=7, max_col=2, values_only=True)
    where = {str(name): table.cell(int(row), VALUE) for name, row in ids if name}
    truth: Truth = {}
    for name, cell in where.items():
        assert cell.value == entries[name]
        truth[name] = Fraction(0) if cell.value == "-" else Fraction(str(cell.value))
    return Sheet(book, rng, truth, where)


def mutate(sheet: Sheet, kind: str) -> None:
    """Mutate a form. Raises KeyError on a kind that is not of `KINDS`."""
    KINDS[kind](sheet)


# --- rows and columns that move ---------------------------------------------------------------


def _moved(sheet: Any, rows: int = 0, columns: int = 0, at: int = 1) -> None:
    """Insert one row or column as Excel does: merged ranges move with their cells."""
    merged = [str(one) for one in sheet.merged_cells.ranges]
    bounds = [tuple(one.bounds) for one in sheet.merged_cells.ranges]
    for one in merged:
        sheet.unmerge_cells(one)
    if rows:
        sheet.insert_rows(at)
    if columns:
        sheet.insert_cols(at)
    for left, top, right, bottom in bounds:
        down = [value + (rows if value >= at else 0) for value in (top, bottom)]
        across = [value + (columns if value >= at else 0) for value in (left, right)]
        sheet.merge_cells(
            start_row=down[0], end_row=down[1], start_column=across[0], end_column=across[1]
        )


def insert_rows(sheet: Sheet) -> None:
    """Empty rows and rows of remarks, above and inside the table."""
    for _ in range(sheet.rng.randint(1, 3)):
        at = sheet.rng.choice([2, HEAD_ROW, *(sheet.row(one) for one in sheet.some(5))])
        _moved(sheet.table, rows=1, at=at)
        if sheet.rng.random() < 0.5:
            sheet.table.cell(at, NAME).value = "Đã đối chiếu với ngành liên quan"


def insert_column(sheet: Sheet) -> None:
    at = sheet.rng.randint(1, NOTE)
    _moved(sheet.table, columns=1, at=at)
    if sheet.rng.random() < 0.5:
        sheet.table.cell(HEAD_ROW, at).value = "Người phụ trách"


def swap_columns(sheet: Sheet) -> None:
    """Whole columns change places, headers and all."""
    one, other = sheet.rng.sample([UNIT, VALUE, MARK, STATE, NOTE, STRATUM], 2)
    _unmerge(sheet, HEAD_ROW)
    _swap(sheet, one, other, HEAD_ROW)


def swap_figures(sheet: Sheet) -> None:
    """The figures of the year before stand under the header of this year, headers untouched."""
    _unmerge(sheet, HEAD_ROW)
    _swap(sheet, BEFORE, VALUE, HEAD_ROW + 2)
    for name, cell in sheet.where.items():
        sheet.tampered.add(name)
        sheet.where[name] = sheet.table.cell(cell.row, VALUE)


def _swap(sheet: Sheet, one: int, other: int, first: int) -> None:
    table = sheet.table
    for row in range(first, table.max_row + 1):
        left, right = table.cell(row, one), table.cell(row, other)
        left.value, right.value = right.value, left.value
    if VALUE in (one, other) and first == HEAD_ROW:
        moved = other if one == VALUE else one
        for name, cell in sheet.where.items():
            sheet.where[name] = table.cell(cell.row, moved)


def _unmerge(sheet: Sheet, from_row: int) -> None:
    for one in list(sheet.table.merged_cells.ranges):
        if one.min_row >= from_row:
            sheet.table.unmerge_cells(str(one))


def shift_values(sheet: Sheet) -> None:
    """A block of figures slips one row down; the last of them is overwritten."""
    names = sheet.block(sheet.rng.randint(4, 12))
    values = [sheet.where[name].value for name in names]
    for name, value in zip(names, [None, *values[:-1]], strict=True):
        sheet.put(name, value)
    if sheet.rng.random() < 0.5:
        sheet.put(names[0], values[0])
        sheet.tampered.discard(names[0])
    else:
        sheet.truth[names[0]] = "missing"


def delete_rows(sheet: Sheet) -> None:
    for name in sheet.block(sheet.rng.randint(1, 3)):
        row = sheet.row(name)
        _unmerge(sheet, row)
        sheet.table.delete_rows(row)
        sheet.truth[name] = LOST
        del sheet.where[name]


def drop_letters(sheet: Sheet) -> None:
    _unmerge(sheet, HEAD_ROW)
    sheet.table.delete_rows(HEAD_ROW + 1)


def move_foot(sheet: Sheet) -> None:
    """The words of the foot stand in the middle of the table."""
    (name,) = sheet.some()
    row = sheet.row(name)
    _moved(sheet.table, rows=1, at=row)
    sheet.table.cell(row, 1).value = "Người lập biểu"
    for below in sheet.where:
        if sheet.row(below) > row:
            sheet.tampered.add(below)


def hide(sheet: Sheet) -> None:
    if sheet.rng.random() < 0.7:
        for name in sheet.some(3):
            sheet.table.row_dimensions[sheet.row(name)].hidden = True
    else:
        letter = sheet.rng.choice("CFGHK")
        sheet.table.column_dimensions[letter].hidden = True


def merge_labels(sheet: Sheet) -> None:
    """Codes and names of the rows of one measure are merged, as a typist does."""
    names = sorted(sheet.where, key=sheet.row)
    for one, other in zip(names, names[1:], strict=False):
        same = one.rsplit(".", 1)[0] == other.rsplit(".", 1)[0]
        if same and sheet.row(other) == sheet.row(one) + 1 and sheet.rng.random() < 0.5:
            for column in (1, CODE, NAME):
                sheet.table.merge_cells(
                    start_row=sheet.row(one),
                    end_row=sheet.row(other),
                    start_column=column,
                    end_column=column,
                )


def merge_values(sheet: Sheet) -> None:
    """Two value cells become one; Excel keeps the upper figure only."""
    upper, lower = sheet.block(2)
    if sheet.row(lower) != sheet.row(upper) + 1:
        return
    cells = sheet.row(upper), sheet.row(lower)
    sheet.tampered |= {upper, lower}
    sheet.table.merge_cells(
        start_row=cells[0], end_row=cells[1], start_column=VALUE, end_column=VALUE
    )
    sheet.where[lower] = sheet.table.cell(cells[1], VALUE)


def total_row(sheet: Sheet) -> None:
    rows = [sheet.row(name) for name in sheet.where]
    at = sheet.rng.choice([min(rows), max(rows) + 1])
    _moved(sheet.table, rows=1, at=at)
    sheet.table.cell(at, NAME).value = sheet.rng.choice(["Tổng số", "Tổng cộng", "TOÀN HUYỆN"])
    values = (sheet.where[name].value for name in sheet.where)
    sheet.table.cell(at, VALUE).value = sum(one for one in values if isinstance(one, int | float))


def duplicate_block(sheet: Sheet) -> None:
    """Rows come twice, with the same or with other figures."""
    names = sheet.block(sheet.rng.randint(1, 4))
    copies = [[sheet.at(name, column).value for column in range(1, 12)] for name in names]
    last = max(sheet.row(name) for name in sheet.where)
    other = sheet.rng.random() < 0.5
    for offset, (name, cells) in enumerate(zip(names, copies, strict=True), start=1):
        _moved(sheet.table, rows=1, at=last + offset)
        for column, value in enumerate(cells, start=1):
            changed = value + 1 if other and column == VALUE and isinstance(value, int) else value
            sheet.table.cell(last + offset, column).value = changed
        sheet.tampered.add(name)


# --- what stands in cells ---------------------------------------------------------------------


def marks(sheet: Sheet) -> None:
    """Figures give way to marks; each has one meaning."""
    meanings: dict[str, Fraction | str] = {
        "-": Fraction(0), "…": "missing", "...": "missing", "KCS": "missing", "x": "not_applicable",
    }  # fmt: skip
    for name in sheet.some(sheet.rng.randint(1, 4)):
        mark = sheet.rng.choice(list(meanings))
        sheet.put(name, mark if sheet.rng.random() < 0.6 else None)
        if sheet.where[name].value is None:
            sheet.at(name, MARK).value = mark
        sheet.truth[name] = meanings[mark]


def strange_marks(sheet: Sheet) -> None:
    for name in sheet.some(2):
        mark = sheet.rng.choice(["?", "n/a", "không", "chưa rõ", "xx", "--", "#N/A", "TRUE"])
        if sheet.rng.random() < 0.5:
            sheet.put(name, mark)
        else:
            sheet.tampered.add(name)
            sheet.at(name, MARK).value = mark


def factor(size: int) -> Callable[[Sheet], None]:
    def change(sheet: Sheet) -> None:
        (name,) = sheet.some(above=0)
        sheet.put(name, _times(sheet, name, size))

    return change


def smaller(sheet: Sheet) -> None:
    """A count given in tens, hundreds or thousands."""
    (name,) = sheet.some(above=999)
    value = sheet.truth[name]
    assert isinstance(value, Fraction)
    sheet.put(name, float(value / sheet.rng.choice([10, 100, 1000])))


def thousands(sheet: Sheet) -> None:
    """The whole form in another unit."""
    size = sheet.rng.choice([10, 100, 1000])
    for name, value in sheet.truth.items():
        if isinstance(value, Fraction) and value:
            sheet.put(name, _times(sheet, name, size))


def _times(sheet: Sheet, name: str, size: int) -> int | float:
    value = sheet.truth[name]
    assert isinstance(value, Fraction)
    changed = value * size
    return int(changed) if changed.denominator == 1 else float(changed)


def swap_parts(sheet: Sheet) -> None:
    """Numerator and denominator of a measure change places."""
    measures = [one.rsplit(".", 1)[0] for one in sheet.some(60) if one.endswith(".denominator")]
    names = [f"{measures[0]}.{part}" for part in ("numerator", "denominator")]
    one, other = (sheet.where[name].value for name in names)
    if one != other:
        sheet.put(names[0], other)
        sheet.put(names[1], one)


def text_numbers(sheet: Sheet) -> None:
    """Numbers typed as text that mean one thing only."""
    for name in sheet.some(8):
        value = sheet.truth[name]
        assert isinstance(value, Fraction)
        if value.denominator == 1:
            written = f"{int(value):,}"
            shapes = [
                str(int(value)),
                written.replace(",", "\u00a0"),
                written.replace(",", " "),
                written.replace(",", "\u202f"),
                f" {int(value)} ",
                f"{int(value)}\u00a0",
                f"{written.replace(',', '.')},0",
                f"{int(value)} *",
            ]
        else:
            shapes = [str(float(value)), str(float(value)).replace(".", ",")]
        sheet.put(name, sheet.rng.choice(shapes))


def decimal_marks(sheet: Sheet) -> None:
    """Thousands with a point or a comma: read right where one meaning is possible, else named."""
    for name in sheet.some(6, above=999):
        value = sheet.truth[name]
        assert isinstance(value, Fraction)
        written = f"{int(value):,}"
        sheet.put(name, sheet.rng.choice([written, written.replace(",", "."), f"{written}.0"]))


def percent_format(sheet: Sheet) -> None:
    """A count shown as a percentage: its stored number is not what the sender sees."""
    for name in sheet.some(2):
        sheet.where[name].number_format = "0%"
        sheet.tampered.add(name)


def dates(sheet: Sheet) -> None:
    for name in sheet.some(2):
        sheet.put(name, dt.datetime(2024, sheet.rng.randint(1, 12), sheet.rng.randint(1, 28)))
        sheet.where[name].number_format = "d-mmm"


def emptied(sheet: Sheet) -> None:
    for name in sheet.some(sheet.rng.randint(1, 5)):
        sheet.put(name, None)
        sheet.truth[name] = "missing"


def units(sheet: Sheet) -> None:
    """Another unit beside the figure: nobody knows in which of the two it is."""
    for name in sheet.some(2):
        sheet.at(name, UNIT).value = sheet.rng.choice(["nghìn", "%", "‰", "nghìn người", "trăm"])
        sheet.tampered.add(name)


def codes(sheet: Sheet) -> None:
    """Codes mistyped, in small letters, or changed for those of other measures."""
    for name in sheet.some(2):
        cell = sheet.at(name, CODE)
        code = str(cell.value)
        other = str(sheet.at(sheet.rng.choice(sorted(sheet.where)), CODE).value)
        cell.value = sheet.rng.choice([code.lower(), f" {code} ", "CT99", other, None])
        sheet.tampered.add(name)


def parts(sheet: Sheet) -> None:
    for name in sheet.some(2):
        cell = sheet.at(name, PART)
        words = str(cell.value)
        changed = [words.upper(), words.replace(":", " :"), "Tử số", "Mẫu số", "Số liệu", None]
        cell.value = sheet.rng.choice(changed)
        sheet.tampered.add(name)


def formulas(stored: bool) -> Callable[[Sheet], None]:
    def change(sheet: Sheet) -> None:
        kept = {}
        for name in sheet.some(3):
            cell = sheet.where[name]
            kept[cell.coordinate] = cell.value
            cell.value = f"=SUM({cell.value},0)"
            sheet.tampered.add(name)
        if stored:
            sheet.save = lambda book, path: _save_with_values(book, path, kept)

    return change


def _save_with_values(book: Any, path: Path, values: Mapping[str, object]) -> None:
    """Save with the values that formulas had when the sender saved."""
    save_form(book, path)
    with zipfile.ZipFile(path) as archive:
        parts_of_it = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    for address, value in values.items():
        pattern = rf'(<c r="{address}"[^>]*><f>[^<]*</f>)(?:<v ?/>|<v></v>)'
        parts_of_it[name], changed = re.subn(
            pattern.encode(), rb"\g<1><v>%s</v>" % str(value).encode(), parts_of_it[name]
        )
        assert changed == 1, address
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, data in parts_of_it.items():
            archive.writestr(part, data)


# --- words ------------------------------------------------------------------------------------


def _change_texts(sheet: Sheet, change: Callable[[str], str]) -> None:
    for page in sheet.book.worksheets:
        if page.title != IDS_SHEET:
            page.title = change(page.title)[:31]
            for row in page.iter_rows():
                for cell in row:
                    if isinstance(cell.value, str):
                        cell.value = change(cell.value)


def decomposed(sheet: Sheet) -> None:
    _change_texts(sheet, lambda text: unicodedata.normalize("NFD", text))


def tcvn3(sheet: Sheet) -> None:
    _change_texts(sheet, to_tcvn3)
    sheet.tampered |= set(sheet.where)


def mojibake(sheet: Sheet) -> None:
    def misread(text: str) -> str:
        return "".join(
            bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode()
        )

    _change_texts(sheet, lambda text: re.sub("[\x7f-\x9f]", "", misread(text)))
    sheet.tampered |= set(sheet.where)


_VNI_TONES = {"\u0301": "ù", "\u0300": "ø", "\u0309": "û", "\u0303": "õ", "\u0323": "ï"}


def vni(sheet: Sheet) -> None:
    """Vowels with a second sign behind them, as VNI wrote: `tyû leä` for tỷ lệ."""
    marked = {
        "\u0302": dict(zip(["", *_VNI_TONES], "âáàåãä", strict=True)),
        "\u0306": dict(zip(["", *_VNI_TONES], "êéèúüë", strict=True)),
    }

    def write(found: re.Match[str]) -> str:
        base, shape, tone = found[1], found[2] or "", found[3] or ""
        if shape == "\u031b":
            return {"o": "ô", "u": "ö", "O": "Ô", "U": "Ö"}[base] + _VNI_TONES.get(tone, "")
        if shape:
            return base + marked[shape][tone]
        return base + _VNI_TONES[tone] if tone else base

    def change(text: str) -> str:
        plain = unicodedata.normalize("NFD", text)
        order = "([a-zA-Z])([\u0302\u0306\u031b])?([\u0300\u0301\u0303\u0309\u0323])?"
        plain = re.sub("\u0323([\u0302\u0306\u031b])", "\\1\u0323", plain)
        return re.sub(order, write, plain).replace("đ", "ñ").replace("Đ", "Ñ")

    _change_texts(sheet, change)
    sheet.tampered |= set(sheet.where)


def header_words(sheet: Sheet) -> None:
    """The same headers as people retype them."""
    changes: list[Callable[[str], str]] = [
        str.upper,
        str.lower,
        lambda word: word.replace(" ", "\u00a0"),
        lambda word: word.replace(" ", "  "),
        lambda word: word.replace(" ", "\n"),
        lambda word: f" {word} ",
        lambda word: f"{word} (1)",
        lambda word: {"Ký hiệu": "Kí hiệu", "STT": "TT", "Đơn vị tính": "ĐVT"}.get(word, word),
    ]
    for column in range(1, len(HEADERS) + 1):
        cell = sheet.table.cell(HEAD_ROW, column)
        cell.value = sheet.rng.choice(changes)(str(cell.value))


def head_lies(sheet: Sheet) -> None:
    """The head names another unit or another year than the record."""
    sheet.tampered |= set(sheet.where)
    for row in sheet.table.iter_rows(max_row=HEAD_ROW - 1):
        for cell in row:
            if str(cell.value).startswith("Mã đơn vị:") and sheet.rng.random() < 0.5:
                cell.value = "Mã đơn vị: 999"
                return
            if re.fullmatch(r"Năm \d{4}", str(cell.value)):
                year = cell
    year.value = "Năm 2019"


def sheets(sheet: Sheet) -> None:
    """Sheets renamed, in another order, with a sheet of the office's own."""
    book, rng = sheet.book, sheet.rng
    if rng.random() < 0.6:
        book[SHEET].title = rng.choice(["Sheet1", "BIỂU SỐ LIỆU", "Bieu so lieu", "Số liệu 2024"])
    if rng.random() < 0.6:
        extra = book.create_sheet("Nháp", len(book.sheetnames))
        extra.append(["Việc cần làm", 1, 2.5])
    if rng.random() < 0.6:
        book.move_sheet(book.sheetnames[0], len(book.sheetnames) - 1)
    if rng.random() < 0.5:
        del book[IDS_SHEET]


def as_csv(separator: str) -> Callable[[Sheet], None]:
    def change(sheet: Sheet) -> None:
        decimal = "," if separator == ";" else "."
        encoding = sheet.rng.choice(["utf-8-sig", "utf-8"])

        def save(book: Any, path: Path) -> None:
            text = io.StringIO()
            writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
            for row in book[SHEET].iter_rows(values_only=True):
                writer.writerow(
                    str(value).replace(".", decimal) if isinstance(value, float) else value
                    for value in row
                )
            path.write_bytes(text.getvalue().encode(encoding))

        sheet.save, sheet.suffix = save, ".csv"

    return change


KINDS: dict[str, Callable[[Sheet], None]] = {
    "shifted values": shift_values,
    "inserted rows": insert_rows,
    "inserted column": insert_column,
    "swapped columns": swap_columns,
    "figures of last year": swap_figures,
    "changed marks": marks,
    "strange marks": strange_marks,
    "factor 10": factor(10),
    "factor 100": factor(100),
    "factor 1,000": factor(1000),
    "smaller by a factor": smaller,
    "whole form by a factor": thousands,
    "swapped parts": swap_parts,
    "duplicated block": duplicate_block,
    "TCVN3": tcvn3,
    "VNI": vni,
    "mojibake": mojibake,
    "NFD": decomposed,
    "text numbers": text_numbers,
    "decimal marks": decimal_marks,
    "hidden rows": hide,
    "merged labels": merge_labels,
    "merged values": merge_values,
    "header words": header_words,
    "head of another": head_lies,
    "total row": total_row,
    "no letter row": drop_letters,
    "formulas with values": formulas(stored=True),
    "formulas without values": formulas(stored=False),
    "percent format": percent_format,
    "dates": dates,
    "deleted rows": delete_rows,
    "emptied cells": emptied,
    "sheets": sheets,
    "units": units,
    "codes": codes,
    "parts": parts,
    "foot in the table": move_foot,
    "CSV with ;": as_csv(";"),
    "CSV with ,": as_csv(","),
}
