"""The record of what was received: `SOURCES.csv` beside the files of a year, checked against them.

Every year has a folder of its own with its record. Grain: one row per file: file (within the
folder of the year), sha256, size, sender, unit_code, year, received_date, document_number,
supersedes (a file of the same unit that this one replaces), note.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath

from treem.errors import WorkbookError
from treem.intake.tables import Row, read_rows

NAME = "SOURCES.csv"
SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".ods", ".csv", ".txt", ".tsv")


@dataclass(frozen=True)
class Source:
    """One file as received. `file` is relative to the folder of its year."""

    file: str
    sha256: str
    size: int
    sender: str
    unit_code: str
    year: int
    received_date: str
    document_number: str
    supersedes: str
    note: str


@dataclass(frozen=True)
class ListedSource(Source):
    """A workbook as it stands in the record: with its line there."""

    line: int


def years_received(root: Path, folders: Sequence[str], year: int) -> list[tuple[Path, str]]:
    """Return the folders of a year, each with the name that messages give it.

    `folders` are relative to `root`. Raises WorkbookError where one of them does not exist; a
    year without a folder has received nothing yet.
    """
    found = []
    for name in folders:
        if not (root / name).is_dir():
            raise WorkbookError(
                f"Không có thư mục hồ sơ {name} ghi trong params/. Hãy tạo thư mục, mỗi năm một "
                "thư mục con, đặt tệp nhận được vào rồi chạy treem intake với --record; với kỳ "
                "trình diễn: chạy treem demo."
            )
        if (root / name / str(year)).is_dir():
            found.append((root / name / str(year), f"{name}/{year}"))
    return found


def read_sources(folder: Path, shown: str) -> tuple[ListedSource, ...]:
    """Read the record of the folder of a year; `shown` is how messages name the folder.

    Raises WorkbookError where the record is missing, a column is missing, a row is wrong or of
    another year, or two files claim the same unit without an order.
    """
    path = folder / NAME
    if not path.is_file():
        raise WorkbookError(
            f"{shown}: không có sổ {NAME}. Cần một dòng cho mỗi tệp đã nhận (tệp, mã kiểm tra, đơn "
            "vị gửi, năm, ngày nhận, số văn bản). Lập sổ: treem intake KỲ --record --received "
            "NGÀY; với kỳ trình diễn: chạy treem demo."
        )
    at = f"{shown}/{NAME}"
    rows = read_rows(path, at, [field.name for field in fields(Source)], WorkbookError)
    sources = tuple(_source(at, row) for row in rows)
    for source in sources:
        if folder.name.isdecimal() and source.year != int(folder.name):
            raise WorkbookError(
                f"{at} dòng {source.line}: cột year ghi {source.year}, tệp nằm trong thư mục của "
                f"năm {folder.name}. Hãy sửa cột year hoặc chuyển tệp và dòng sang thư mục đúng."
            )
    _check_order(at, sources)
    return sources


def located(folder: Path, file: str) -> Path:
    """Return where a file lies; its name on the disk may be in another form of Unicode."""
    path = folder / file
    if path.exists() or not path.parent.is_dir():
        return path
    for found in path.parent.iterdir():
        if unicodedata.normalize("NFC", found.name) == path.name:
            return found
    return path


def difference_from_record(path: Path, source: Source) -> str | None:
    """Return how a file differs from its row: None where it does not, "" where it is not there."""
    if not path.is_file() or path.is_symlink():
        return ""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        size = stream.tell()
    if (digest, size) == (source.sha256, source.size):
        return None
    return (
        f"tệp có {size} byte, mã {digest[:12]}…; sổ ghi {source.size} byte, mã "
        f"{source.sha256[:12]}…"
    )


def superseded(sources: Sequence[ListedSource]) -> dict[str, ListedSource]:
    """Return the files that a later submission replaces, each with the one that replaces it."""
    return {source.supersedes: source for source in sources if source.supersedes}


def unlisted_files(folder: Path, sources: Sequence[Source]) -> list[str]:
    """Return the spreadsheets of the folder that the record does not name, sorted."""
    listed = {source.file for source in sources}
    found = (
        unicodedata.normalize("NFC", path.relative_to(folder).as_posix())
        for path in folder.rglob("*")
        if path.suffix.lower() in SPREADSHEETS
        and path.name != NAME
        and not path.name.startswith(("~$", "."))
    )
    return sorted(set(found) - listed)


def _source(at: str, row: Row) -> ListedSource:
    line, text = row
    for key in ("file", "sha256", "sender", "unit_code", "received_date"):
        if not text[key]:
            raise WorkbookError(f"{at} dòng {line}: cột {key} để trống. Hãy điền đủ.")
    parts = PurePosixPath(text["file"].replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or ":" in text["file"]:
        raise WorkbookError(
            f"{at} dòng {line}: đường dẫn “{text['file']}” ra ngoài thư mục hồ sơ. "
            "Chỉ ghi tên tệp nằm trong thư mục của năm, ví dụ 256.xlsx."
        )
    numbers = {}
    for key in ("size", "year"):
        if not text[key].isdecimal():
            raise WorkbookError(
                f"{at} dòng {line}: cột {key} cần số nguyên, đang ghi “{text[key]}”."
            )
        numbers[key] = int(text[key])
    _check_date(at, line, text["received_date"])
    words = {field.name: text[field.name] for field in fields(Source)} | {"file": str(parts)}
    return ListedSource(**(words | numbers), line=line)  # type: ignore[arg-type]


def _check_date(at: str, line: int, text: str) -> None:
    try:
        dt.date.fromisoformat(text if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else "")
    except ValueError as error:
        raise WorkbookError(
            f"{at} dòng {line}: cột received_date ghi “{text}”, không phải một ngày có thật. "
            "Hãy ghi năm-tháng-ngày, ví dụ 2025-01-15."
        ) from error


def _check_order(at: str, sources: Sequence[ListedSource]) -> None:
    """Every unit and year must end in exactly one file that nothing replaces."""
    by_file: dict[str, Source] = {}
    for source in sources:
        if source.file in by_file:
            raise WorkbookError(
                f"{at} dòng {source.line}: tệp {source.file} được ghi hai lần. Hãy bỏ một dòng."
            )
        by_file[source.file] = source
    replaced: dict[str, str] = {}
    for source in sources:
        if not source.supersedes:
            continue
        before = by_file.get(source.supersedes)
        if before is None or (before.unit_code, before.year) != (source.unit_code, source.year):
            raise WorkbookError(
                f"{at}: {source.file} ghi thay cho “{source.supersedes}”, nhưng sổ không có tệp đó "
                "cho cùng đơn vị và năm. Hãy sửa cột supersedes."
            )
        if source.supersedes in replaced or source.supersedes == source.file:
            raise WorkbookError(f"{at}: {source.supersedes} bị thay hai lần hoặc thay chính nó.")
        replaced[source.supersedes] = source.file
    last: dict[tuple[str, int], str] = {}
    for source in sources:
        if source.file in replaced:
            continue
        key = (source.unit_code, source.year)
        if key in last:
            raise WorkbookError(
                f"{at}: hai tệp {last[key]} và {source.file} cùng của đơn vị {key[0]} năm "
                f"{key[1]} mà không rõ tệp nào thay tệp nào. Hãy ghi cột supersedes."
            )
        last[key] = source.file
