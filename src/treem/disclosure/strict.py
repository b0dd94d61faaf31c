"""Reads the YAML files that people keep for disclosure control, refusing every unknown key.

A misspelled threshold that is silently ignored would publish a child: so unknown, missing and
doubled keys and wrong types all stop the run with the place and the nearest known key.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from treem.errors import UsageError

Schema = Mapping[str, type | tuple[type, ...]]

_NAMES = {
    "str": "chữ",
    "int": "số nguyên",
    "bool": "true hoặc false",
    "list": "danh sách",
    "dict": "nhóm khóa",
    "date": "ngày dạng 2026-12-31",
    "NoneType": "để trống (null)",
}


def read_strict(path: Path) -> dict[str, Any]:
    """Read a YAML file whose top is a group of keys. Raises UsageError on any fault of form."""
    import yaml

    try:
        text = unicodedata.normalize("NFC", path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"Không đọc được {shown(path)}: {error}. Hãy lấy lại tệp này, lưu bằng UTF-8."
        ) from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        _refuse_doubled(path, node)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" dòng {mark.line + 1}" if mark is not None else ""
        raise UsageError(f"{shown(path)}{line}: sai cú pháp YAML. Hãy sửa dòng này.") from error
    if not isinstance(data, dict):
        raise UsageError(f"{shown(path)}: cần các khóa và giá trị, tệp đang trống.")
    return data


def check_keys(path: Path, data: object, schema: Schema, group: str = "") -> dict[str, Any]:
    """Return `data` once it has every key of the schema, no other, and the right types."""
    if not isinstance(data, dict):
        raise UsageError(f"{shown(path)}: “{group}” cần các khóa {', '.join(schema)}.")
    prefix = f"{group}." if group else ""
    for key in data:
        if key not in schema:
            raise UsageError(
                f"{shown(path)}: không có khóa nào tên “{prefix}{key}”.{hint(str(key), schema)} "
                f"Các khóa được dùng: {', '.join(schema)}."
            )
    missing = [f"{prefix}{key}" for key in schema if key not in data]
    if missing:
        raise UsageError(f"{shown(path)}: thiếu khóa {', '.join(missing)}. Hãy thêm vào tệp.")
    for key, value in data.items():
        allowed = schema[key]
        kinds = allowed if isinstance(allowed, tuple) else (allowed,)
        if type(value) not in kinds:
            expected = " hoặc ".join(_NAMES.get(kind.__name__, kind.__name__) for kind in kinds)
            raise UsageError(
                f"{shown(path)}: khóa “{prefix}{key}” cần {expected}, đang ghi {value!r}."
            )
    return data


def hint(word: str, known: Mapping[str, Any] | list[str]) -> str:
    """Return the sentence that names the nearest known word, or ""."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" Có phải ý bạn là “{close[0]}”?" if close else ""


def shown(path: Path) -> str:
    """Return a file of params/disclosure as people name it."""
    return f"params/{path.parent.name}/{path.name}"


def _refuse_doubled(path: Path, node: Any) -> None:
    """Refuse a key given twice in one group; YAML readers keep the last without a word."""
    import yaml

    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            _refuse_doubled(path, child)
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        if key.value in seen:
            raise UsageError(
                f"{shown(path)} dòng {key.start_mark.line + 1}: khóa “{key.value}” ghi hai lần. "
                "Hãy bỏ một."
            )
        seen.add(key.value)
        _refuse_doubled(path, value)
