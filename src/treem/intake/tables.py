"""Reads the CSV tables that people keep by hand; says in their words why one cannot be read."""

from __future__ import annotations

import csv
import errno
import io
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from treem.errors import DataError

_SEPARATORS = {";": "dấu chấm phẩy “;”", "\t": "dấu tab"}
_REASONS = {
    errno.ENOENT: "không tìm thấy tệp",
    errno.EACCES: "không có quyền đọc tệp",
    errno.EPERM: "không có quyền đọc tệp",
    errno.EISDIR: "đây là thư mục, không phải tệp",
    errno.EIO: "đĩa báo lỗi khi đọc tệp",
}

Row = tuple[int, dict[str, str]]


def read_rows(
    path: Path, name: str, columns: Sequence[str], refuse: type[DataError] = DataError
) -> list[Row]:
    """Return the rows of a table, each with its line number; texts are NFC and stripped.

    `name` is how messages name the file. Raises `refuse` where it cannot be read, is empty, has
    another encoding or separator, or lacks a column.
    """
    text = _text(path, name, refuse)
    if not text.strip():
        raise refuse(f"{name}: sổ trống. Cần dòng tên cột: {', '.join(columns)}.")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        _check_columns(name, reader.fieldnames or (), columns, refuse)
        return [
            (
                reader.line_num,
                {key: _settled(value) for key, value in row.items() if key},
            )
            for row in reader
        ]
    except csv.Error as error:
        raise refuse(
            f"{name} dòng {reader.line_num}: không phải một dòng CSV. Hãy mở tệp, sửa dòng này và "
            "lưu lại dạng CSV UTF-8."
        ) from error


def say_os_error(error: OSError) -> str:
    """Return in Vietnamese why the machine could not read a file."""
    return _REASONS.get(error.errno or 0, "máy không đọc được tệp")


def _text(path: Path, name: str, refuse: type[DataError]) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse(
            f"{name}: tệp không ở bảng mã UTF-8 nên chữ tiếng Việt không đọc được. "
            "Hãy mở tệp bằng Excel và lưu lại dạng CSV UTF-8."
        ) from error
    except OSError as error:
        raise refuse(f"{name}: {say_os_error(error)}. Hãy kiểm tra tệp rồi chạy lại.") from error


def _check_columns(
    name: str, found: Sequence[str], columns: Sequence[str], refuse: type[DataError]
) -> None:
    missing = [column for column in columns if column not in found]
    if not missing:
        return
    for separator, words in _SEPARATORS.items():
        if len(found) == 1 and separator in found[0]:
            raise refuse(
                f"{name}: các cột cách nhau bằng {words}, cần dấu phẩy “,”. "
                "Hãy lưu lại tệp dạng CSV UTF-8 phân cách bằng dấu phẩy."
            )
    raise refuse(f"{name}: thiếu cột {', '.join(missing)}. Hãy thêm cột vào tệp.")


def _settled(value: str | None) -> str:
    return unicodedata.normalize("NFC", value or "").strip()
