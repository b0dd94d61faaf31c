"""A notebook template: its cell of parameters and its placeholders, read without running it."""

from __future__ import annotations

import ast
import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treem.errors import UsageError

PARAMETERS_TAG = "parameters"
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
"""`{year}` in a Markdown cell or an option line; `{#sec-x}` and `{.landscape}` are not."""

EMITTED = frozenset(
    {
        "unit",
        "alt",
        "area_name",
        "area_full_name",
        "area_in_text",
        "edition_year",
        "ground",
        "objective_1",
        "objective_2",
        "objective_3",
        "objective_4",
    }
)
"""Placeholders that are no parameters: `open_run` emits them, a chart emits `alt`."""

_KINDS = {str: "chữ", int: "số nguyên", bool: "đúng/sai", float: "số thập phân"}


@dataclass(frozen=True)
class Template:
    """A template as stored: `defaults` of its parameters and the placeholders it uses."""

    path: Path
    notebook: Mapping[str, Any]
    defaults: Mapping[str, Any]
    placeholders: frozenset[str]

    def check(self, given: Mapping[str, Any]) -> None:
        """Compare the parameters that will be given with those the template has.

        Raises UsageError naming the template and the parameter.
        """
        for name, value in given.items():
            if name not in self.defaults:
                raise UsageError(
                    f"{self._at}: không có tham số nào tên “{name}”{_hint(name, self.defaults)}. "
                    f"Ô parameters của mẫu có: {', '.join(self.defaults)}."
                )
            if type(value) is not type(self.defaults[name]):
                raise UsageError(
                    f"{self._at}: tham số “{name}” cần {_kind(self.defaults[name])}, "
                    f"được truyền {value!r}."
                )
        missing = [name for name in self.defaults if name not in given]
        if missing:
            raise UsageError(
                f"{self._at}: ô parameters có tham số không ai truyền giá trị: "
                f"{', '.join(missing)}{_hint(missing[0], given)}. "
                f"Kỳ báo cáo chỉ truyền: {', '.join(given)}."
            )
        unknown = sorted(self.placeholders - set(given) - EMITTED)
        if unknown:
            raise UsageError(
                f"{self._at}: chỗ điền {{{unknown[0]}}} không ứng với tham số hay giá trị nào"
                f"{_hint(unknown[0], [*given, *EMITTED])}."
            )

    @property
    def _at(self) -> str:
        return f"notebooks/{self.path.name}"


def read_template(path: Path) -> Template:
    """Read a template.

    Raises UsageError where the file is missing, is no notebook, has outputs stored, or has not
    exactly one cell tagged `parameters` that assigns plain values.
    """
    at = f"notebooks/{path.name}"
    try:
        notebook = json.loads(path.read_text("utf-8"))
        cells = notebook["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
    except FileNotFoundError as error:
        raise UsageError(f"{at}: không có mẫu sổ tính này trong thư mục notebooks/.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{at}: tệp không phải là sổ tính Jupyter (.ipynb) đọc được.") from error
    tagged = [cell for cell in code if PARAMETERS_TAG in cell["metadata"].get("tags", [])]
    if len(tagged) != 1:
        raise UsageError(
            f"{at}: cần đúng một ô mang thẻ parameters, đang có {len(tagged)}. "
            "Hãy gắn thẻ đó cho ô đặt giá trị mặc định của tham số."
        )
    placeholders = {name for cell in cells for name in find_placeholders(cell)}
    return Template(path, notebook, _defaults(at, source(tagged[0])), frozenset(placeholders))


def find_placeholders(cell: Mapping[str, Any]) -> list[str]:
    """Return the placeholders of a cell, in Markdown or in its `#|` option lines."""
    if cell["cell_type"] == "markdown":
        return PLACEHOLDER.findall(source(cell))
    options = [line for line in source(cell).splitlines() if line.startswith("#|")]
    return [name for line in options for name in PLACEHOLDER.findall(line)]


def source(cell: Mapping[str, Any]) -> str:
    """Return the source of a cell as one text."""
    text = cell["source"]
    return text if isinstance(text, str) else "".join(text)


def _defaults(at: str, code: str) -> dict[str, Any]:
    problem = f"{at}: ô parameters chỉ được gồm các dòng dạng tên = giá trị"
    try:
        statements = ast.parse(code).body
    except SyntaxError as error:
        raise UsageError(f"{problem}; dòng {error.lineno} sai cú pháp.") from error
    defaults: dict[str, Any] = {}
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)):
                defaults[name] = value
            case _:
                raise UsageError(f"{problem}; xem dòng {statement.lineno}.")
    return defaults


def _hint(name: str, known: Mapping[str, Any] | list[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" (có phải ý bạn là “{close[0]}”?)" if close else ""


def _kind(value: object) -> str:
    return _KINDS.get(type(value), type(value).__name__)
