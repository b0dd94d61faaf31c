"""Independent readers for the tests of the whole road: the source text and the three printed forms.

Nothing here uses the package: the plan's table is read again from the official text with a few
lines of its own, and the printed forms with other libraries than those that wrote them.
"""

from __future__ import annotations

import functools
import re
import subprocess
import unicodedata
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class IssuedRow:
    """A row of the table as issued: its label and its five cells."""

    label: str
    cells: tuple[str, ...]


def squeeze(text: str) -> str:
    """Collapse all white space and take Unicode's composed form."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def issued_rows(source: Path) -> tuple[list[str], list[IssuedRow]]:
    """Read the summary table of the plan: (objective titles, the 36 rows with indicators)."""
    text = source.read_text("utf-8")
    table = text[text.index("BẢNG TỔNG HỢP CHỈ TIÊU") :]
    cells = [squeeze(cell) for cell in re.split(r"^\|$", table, flags=re.M)]
    body = cells[
        cells.index(
            "Mục tiêu 1: Về phát triển toàn diện trẻ em, chăm sóc sức khỏe, dinh dưỡng cho trẻ em"
        ) :
    ]
    objectives: list[str] = []
    rows: list[IssuedRow] = []
    position = 0
    while position < len(body):
        cell = body[position]
        if cell.startswith("Mục tiêu"):
            objectives.append(cell)
            position += 1
        elif cell:
            rows.append(IssuedRow(cell, tuple(body[position + 1 : position + 6])))
            position += 6
        else:
            position += 1
    return objectives, rows


def pdf_text(path: Path) -> str:
    """Return the text of a PDF in the order of its content, white space collapsed."""
    return squeeze(" ".join(pdf_pages(path)))


def pdf_pages(path: Path) -> list[str]:
    """Return the text of each page in the order of its content."""
    return _pdf_pages(path, path.stat().st_mtime_ns)


@functools.cache
def _pdf_pages(path: Path, _changed: int) -> list[str]:
    done = subprocess.run(
        ["pdftotext", "-raw", str(path), "-"], capture_output=True, check=True, encoding="utf-8"
    )
    return done.stdout.removesuffix("\f").split("\f")
