"""The sentences of the lint, as data: `effects.yml` beside this file."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any


def effect(key: str, **values: object) -> str:
    """Return the sentence `key` with its places filled."""
    sentence: str = _texts()[key].format(**values)
    return sentence


def phrase(key: str, **values: object) -> str:
    """Return a short phrase of the group `words`."""
    words: str = _texts()["words"][key].format(**values)
    return words


@cache
def _texts() -> dict[str, Any]:
    import yaml

    source = files("treem.plan").joinpath("effects.yml").read_text("utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    texts: dict[str, Any] = yaml.load(unicodedata.normalize("NFC", source), loader)
    return texts
