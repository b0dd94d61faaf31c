"""The record of what was received: `SOURCES.csv` beside the workbooks, checked against the disk.

Grain: one row per workbook: file, sha256, size, sender, unit_code, year, received_date,
document_number, supersedes (a file of the same unit and year that this one replaces), note.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath

from treem.errors import WorkbookError
from treem.intake.tables import Row, read_rows

NAME = "SOURCES.csv"
SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".ods")


@dataclass(frozen=True)
class Source:
    """One workbook as received. `file` is relative to the folder of the submissions."""

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


def read_sources(folder: Path, shown: str) -> tuple[ListedSource, ...]:
    """Read the record of a folder of submissions; `shown` is how messages name the folder.

    Raises WorkbookError where the folder or its record is missing, a column is missing, a row is
    wrong, or two files claim the same unit and year without an order.
    """
    path = folder / NAME
    if not path.is_file():
        raise WorkbookError(
            f"{shown}: không có sổ {NAME}. Cần một dòng cho mỗi tệp đã nhận (tệp, mã kiểm tra, đơn "
            "vị gửi, năm, ngày nhận, số văn bản). Hãy lập sổ; với kỳ trình diễn: chạy treem demo."
        )
    at = f"{shown}/{NAME}"
    rows = read_rows(path, at, [field.name for field in fields(Source)], WorkbookError)
    sources = tuple(_source(at, row) for row in rows)
    _check_order(at, sources)
    return sources


def check_received(folder: Path, shown: str, source: ListedSource) -> Path:
    """Return the path of a workbook after comparing it with the record, byte for byte.

    Raises WorkbookError where it is absent or differs in size or checksum.
    """
    path = folder / source.file
    name = f"{shown}/{source.file}"
    if not path.is_file():
        raise WorkbookError(
            f"{name}: sổ {NAME} ghi tệp này ({source.sender}, năm {source.year}) nhưng không tìm "
            "thấy tệp. Hãy đặt lại tệp đúng chỗ; nếu đơn vị chưa gửi thì xóa dòng trong sổ."
        )
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != source.sha256:
        raise WorkbookError(
            f"{name}: mã kiểm tra khác sổ {NAME}: tệp có {len(data)} byte, mã {digest[:12]}…; sổ "
            f"ghi {source.size} byte, mã {source.sha256[:12]}…. Tệp đã bị sửa hoặc hỏng. Hãy lấy "
            "lại bản gốc; nếu đây là bản gửi lại thì ghi thành dòng mới với cột supersedes."
        )
    if len(data) != source.size:
        raise WorkbookError(
            f"{shown}/{NAME} dòng {source.line}: cột size ghi {source.size}, tệp {source.file} có "
            f"{len(data)} byte (mã kiểm tra khớp). Hãy sửa cột size."
        )
    return path


def superseded(sources: Sequence[ListedSource]) -> dict[str, ListedSource]:
    """Return the files that a later submission replaces, each with the one that replaces it."""
    return {source.supersedes: source for source in sources if source.supersedes}


def unlisted_files(folder: Path, sources: Sequence[Source]) -> list[str]:
    """Return the spreadsheets of the folder that the record does not name, sorted."""
    listed = {source.file for source in sources}
    found = (
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in SPREADSHEETS and not path.name.startswith("~$")
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
            "Chỉ ghi đường dẫn nằm trong thư mục, ví dụ 2024/256.xlsx."
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
