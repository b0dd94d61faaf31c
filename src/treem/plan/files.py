"""Reads and writes the CSV tables of the register: UTF-8, NFC, comma, decimal point."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from treem.errors import PlanError

T = TypeVar("T")


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a table as a list of rows. Raises PlanError where it is missing or damaged."""
    name = _name(path)
    try:
        text = unicodedata.normalize("NFC", path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise PlanError(
            f"{name}: không đọc được bảng này của sổ đăng ký kế hoạch. Hãy lấy lại tệp từ kho mã "
            "nguồn, hoặc chạy python -m treem.plan.rebuild nếu là bảng được viết lại từ văn bản."
        ) from error
    except UnicodeDecodeError as error:
        raise PlanError(f"{name}: không phải UTF-8. Hãy lưu lại bằng bảng mã UTF-8.") from error
    rows = list(csv.reader(io.StringIO(text, newline="")))
    if not rows:
        raise PlanError(f"{name}: bảng trống, thiếu dòng tên cột.")
    header = rows[0]
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise PlanError(
                f"{name}, dòng {number}: có {len(row)} ô, cần {len(header)} ô theo dòng tên cột."
            )
    return [dict(zip(header, row, strict=True)) for row in rows[1:]]


def read_each(path: Path, build: Callable[[Mapping[str, str]], T]) -> list[T]:
    """Build something from each row of a table.

    Raises PlanError naming the line where a column is missing or a value cannot be read.
    """
    built = []
    for number, row in enumerate(read_rows(path), 2):
        try:
            built.append(build(row))
        except KeyError as error:
            raise PlanError(f"{_name(path)}: thiếu cột {error.args[0]}.") from error
        except ValueError as error:
            shown = ", ".join(filter(None, list(row.values())[:4]))
            raise PlanError(
                f"{_name(path)}, dòng {number} ({shown}): có giá trị không đọc được ({error}). Cần "
                "số với dấu chấm thập phân và ngày dạng 2021-06-10."
            ) from error
    return built


def _name(path: Path) -> str:
    return f"{path.parent.parent.name}/{path.parent.name}/{path.name}"


def table_text(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Return a table as CSV text."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, lineterminator="\n", extrasaction="raise")
    writer.writeheader()
    writer.writerows(rows)
    return unicodedata.normalize("NFC", out.getvalue())
