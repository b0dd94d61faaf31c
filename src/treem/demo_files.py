"""Puts a filled-in form on disk the way its sender saved it: as it is, as CSV, by LibreOffice."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from treem.errors import MachineError
from treem.intake.forms import SHEET
from treem.intake.forms_write import save_form

_LONGEST_S = 120


def save_as_csv(book: Any, path: Path) -> None:
    """Save the sheet of figures as Excel does in Vietnam: UTF-8 with BOM, semicolons, commas."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for row in book[SHEET].iter_rows(values_only=True):
        writer.writerow([_csv_text(value) for value in row])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.getvalue().encode("utf-8-sig"))


def save_resaved(book: Any, path: Path) -> None:
    """Save a form as LibreOffice writes it; a file that already holds the same values is kept.

    Its bytes hang on the version of LibreOffice, so the file on disk is only replaced when a
    value in it differs. Raises MachineError where that needs LibreOffice and there is none.
    """
    with tempfile.TemporaryDirectory() as folder:
        ours = Path(folder) / "form.xlsx"
        save_form(book, ours)
        if path.is_file() and values_of(path) == values_of(ours):
            return
        theirs = _convert(ours, Path(folder) / "out", path)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(theirs, path)


def values_of(path: Path) -> dict[tuple[str, str], object]:
    """Return every value of a workbook by sheet and cell."""
    from openpyxl import load_workbook

    book = load_workbook(path)
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }


def _convert(source: Path, folder: Path, wanted: Path) -> Path:
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        raise MachineError(
            f"{wanted.name}: tệp trình diễn này do LibreOffice lưu lại, số trong thiết kế đã khác "
            "số trong tệp mà máy không có LibreOffice (lệnh soffice). Hãy cài LibreOffice rồi "
            "chạy lại treem demo, hoặc đưa thiết kế và tệp về bản đã lưu trong kho mã."
        )
    profile = (folder.parent / "profile").as_uri()
    done = subprocess.run(
        [
            program,
            "--headless",
            f"-env:UserInstallation={profile}",
            "--convert-to",
            "xlsx:Calc MS Excel 2007 XML",
            "--outdir",
            str(folder),
            str(source),
        ],
        capture_output=True,
        timeout=_LONGEST_S,
        check=False,
    )
    made = folder / source.name
    if done.returncode or not made.is_file():
        raise MachineError(
            f"{wanted.name}: LibreOffice không lưu lại được tệp trình diễn (mã {done.returncode}). "
            "Hãy đóng LibreOffice đang mở, kiểm tra chỗ trống trên đĩa rồi chạy lại treem demo."
        )
    return made


def _csv_text(value: object) -> str:
    """Return a value as a Vietnamese Excel writes it into CSV: with a decimal comma."""
    if value is None:
        return ""
    return str(value).replace(".", ",") if isinstance(value, float) else str(value)


SAVED = {"csv": save_as_csv, "resaved": save_resaved}
"""Ways of saving that the design can name; without one a form is saved as it is."""
