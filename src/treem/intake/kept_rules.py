"""Reads the YAML lists that people keep in `params/intake/`; a misspelled key stops the run."""

from __future__ import annotations

import datetime as dt
import difflib
import unicodedata
from collections.abc import Mapping
from typing import Any

from treem.errors import UsageError
from treem.project import Project

Schema = Mapping[str, tuple[type, ...]]

_NAMES = {
    str: "chữ",
    int: "số nguyên",
    list: "danh sách",
    dict: "nhóm khóa",
    dt.date: "ngày dạng 2025-06-30",
    type(None): "để trống",
}


def read_list(
    project: Project, name: str, schema: Schema, optional: frozenset[str]
) -> list[dict[str, Any]]:
    """Return the entries of `params/intake/<name>.yml`, each with all keys of the schema.

    A file that is not there is an empty list; an optional key that is not given is None. Raises
    UsageError naming file and entry on an unknown, missing or wrong key, and on an id given twice.
    """
    import yaml

    path = project.params / "intake" / f"{name}.yml"
    at = f"params/intake/{name}.yml"
    if not path.exists():
        return []
    try:
        data = yaml.safe_load(unicodedata.normalize("NFC", path.read_text("utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" dòng {mark.line + 1}" if mark is not None else ""
        raise UsageError(f"{at}{line}: không đọc được YAML. Hãy sửa cú pháp của tệp.") from error
    if data is None:
        return []
    if not isinstance(data, list):
        raise UsageError(f"{at}: cần một danh sách, mỗi mục bắt đầu bằng “- id: …”.")
    entries = [_entry(f"{at}, mục {n}", one, schema, optional) for n, one in enumerate(data, 1)]
    _refuse_doubled(at, entries)
    return entries


def _entry(at: str, data: Any, schema: Schema, optional: frozenset[str]) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise UsageError(f"{at}: cần các khóa {', '.join(schema)}. Hãy sửa mục này.")
    for key in data:
        if key not in schema:
            close = difflib.get_close_matches(str(key), schema, n=1, cutoff=0.5)
            hint = f" Có phải ý bạn là “{close[0]}”?" if close else ""
            raise UsageError(
                f"{at}: không có khóa nào tên “{key}”.{hint} Các khóa: {', '.join(schema)}."
            )
    missing = [key for key in schema if key not in data and key not in optional]
    if missing:
        raise UsageError(f"{at}: thiếu khóa {', '.join(missing)}. Hãy thêm vào mục này.")
    for key, value in data.items():
        if type(value) not in schema[key] and not (value is None and key in optional):
            wanted = " hoặc ".join(_NAMES[kind] for kind in schema[key])
            raise UsageError(f"{at}: khóa “{key}” cần {wanted}, đang ghi {value!r}.")
    return {key: data.get(key) for key in schema}


def _refuse_doubled(at: str, entries: list[dict[str, Any]]) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry["id"] in seen:
            raise UsageError(f"{at}: mã “{entry['id']}” ghi hai lần. Mỗi mục cần một mã riêng.")
        seen.add(entry["id"])
