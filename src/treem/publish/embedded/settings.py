"""`_quarto.yml` merged with the profile of an edition, every key with its line.

Quarto merges a profile into the project file: groups key by key, lists one after the other, the
rest replaced. A key that this publisher does not know stops the run, for it could change the
document.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from treem.errors import SourceError
from treem.publish.embedded.place import Place, refuse, unknown

Path_ = tuple[str, ...]


@dataclass
class Settings:
    """Merged values and, for each path of keys, the place where it was last set."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[Path_, Place] = field(default_factory=dict)

    def get(self, *keys: str) -> Any:
        """Return the value at a path of keys, None where there is none."""
        value: Any = self.values
        for key in keys:
            if not isinstance(value, Mapping) or key not in value:
                return None
            value = value[key]
        return value

    def place(self, *keys: str) -> Place:
        """Return where the value at a path of keys (or its nearest parent) was set."""
        while keys not in self.places and keys:
            keys = keys[:-1]
        return self.places.get(keys, Place("_quarto.yml"))


def read_settings(root: Path, *names: str) -> Settings:
    """Read and merge YAML files of the project, the later over the earlier.

    Raises SourceError on a missing file, a fault of YAML, a repeated key.
    """
    settings = Settings()
    for name in names:
        values, places = read_yaml(root / name, name)
        settings.values = _merge(settings.values, values)
        settings.places.update(places)
    return settings


def read_yaml(path: Path, name: str) -> tuple[dict[str, Any], dict[Path_, Place]]:
    """Read one YAML file of keys; returns its values and the place of each key."""
    import yaml

    if not path.is_file():
        raise refuse(Place(name), "không có tệp này.", "Hãy kiểm tra đường dẫn trong _quarto.yml.")
    try:
        text = unicodedata.normalize("NFC", path.read_text("utf-8"))
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except UnicodeDecodeError as error:
        raise refuse(Place(name), "tệp không phải UTF-8.", "Hãy lưu lại bằng UTF-8.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else None
        raise refuse(Place(name, line), "sai cú pháp YAML.", "Hãy sửa dòng này.") from error
    if values is None:
        return {}, {}
    if not isinstance(values, dict):
        raise refuse(Place(name, 1), "cần các khóa và giá trị.", "Hãy sửa tệp này.")
    places: dict[Path_, Place] = {}
    _collect(node, (), name, places)
    return values, places


def _collect(node: Any, keys: Path_, name: str, places: dict[Path_, Place]) -> None:
    if node.id == "mapping":
        for key_node, value_node in node.value:
            path = (*keys, str(key_node.value))
            place = Place(name, key_node.start_mark.line + 1)
            if path in places:
                raise refuse(place, f"khóa “{path[-1]}” ghi hai lần.", "Hãy bỏ một chỗ.")
            places[path] = place
            _collect(value_node, path, name, places)
    elif node.id == "sequence":
        for number, item in enumerate(node.value):
            path = (*keys, str(number))
            places[path] = Place(name, item.start_mark.line + 1)
            _collect(item, path, name, places)


def _merge(base: Any, over: Any) -> Any:
    if isinstance(base, dict) and isinstance(over, dict):
        return {
            key: _merge(base[key], over[key])
            if key in base and key in over
            else over.get(key, base.get(key))
            for key in (*base, *(key for key in over if key not in base))
        }
    if isinstance(base, list) and isinstance(over, list):
        return [*base, *(item for item in over if item not in base)]
    return over


ANY = object()
"""A value that changes nothing in what this publisher writes, or that it reads itself."""

KNOWN: dict[str, Any] = {
    "project": {"type": "book", "post-render": "_extensions/nd30/after.py", "output-dir": ANY},
    "profile": ANY,
    "lang": ANY,
    "language": ANY,
    "execute": {"enabled": False, "echo": False, "warning": False},
    "number-sections": True,
    "number-depth": 3,
    "crossref": {
        "chapters": True,
        "title-delim": ANY,
        "appendix-title": ANY,
        "appendix-delim": ANY,
    },
    "book": {
        "title": ANY,
        "output-file": ANY,
        "chapters": ANY,
        "appendices": ANY,
        "downloads": ["pdf", "docx"],
        "search": True,
    },
    "filters": [
        {"path": "_extensions/nd30/nd30-quarto.lua", "at": "pre-quarto"},
        {"path": "_extensions/nd30/nd30.lua", "at": "post-quarto"},
    ],
    "callout-icon": False,
    "callout-appearance": "simple",
    "nd30": ANY,
    "format": {
        "html": {
            "theme": ANY,
            "css": ANY,
            "html-math-method": ANY,
            "notebook-links": False,
            "toc": ANY,
            "toc-depth": ANY,
            "code-copy": False,
            "anchor-sections": False,
            "lightbox": False,
            "link-external-icon": False,
        },
        "nd30-typst": {
            "papersize": "a4",
            "font-paths": ANY,
            "pdf-standard": ANY,
            "fig-format": "png",
            "toc": False,
        },
        "docx": {
            "reference-doc": ANY,
            "number-sections": False,
            "toc": False,
            "fig-format": "png",
        },
    },
}
"""The keys this publisher knows; a plain value is the only one it can honour."""


def check_settings(settings: Settings) -> None:
    """Stop at the first key, or value of a key, that this publisher does not know."""
    _check(settings, settings.values, KNOWN, ())


def _check(
    settings: Settings, values: Mapping[str, Any], known: Mapping[str, Any], at: Path_
) -> None:
    for key, value in values.items():
        path = (*at, str(key))
        name = ".".join(path)
        if not at and str(key).startswith("treem-"):
            continue
        if key not in known:
            raise unknown(settings.place(*path), f"khóa “{name}”")
        expected = known[key]
        if expected is ANY:
            continue
        if isinstance(expected, dict):
            if not isinstance(value, Mapping):
                raise unknown(settings.place(*path), f"giá trị {value!r} của khóa “{name}”")
            _check(settings, value, expected, path)
        elif value != expected or type(value) is not type(expected):
            raise unknown(settings.place(*path), f"giá trị {value!r} của khóa “{name}”")


class Words:
    """Words of the language file: captions, references, callouts, navigation."""

    def __init__(self, values: Mapping[str, Any], file: str) -> None:
        self._values, self._file = values, file

    def __getitem__(self, key: str) -> str:
        value = self._values.get(key)
        if not isinstance(value, str):
            raise SourceError(
                f'{self._file}: thiếu chữ của khóa “{key}”. Hãy thêm dòng {key}: "…" vào tệp này.'
            )
        return value
