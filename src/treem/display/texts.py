"""Vietnamese texts for readers, kept as data beside the code that places them."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def load_texts(name: str) -> dict[str, Any]:
    """Return the texts of one file of `display/texts/`, in NFC."""
    import yaml

    source = files("treem.display").joinpath("texts", f"{name}.yml").read_text("utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    texts: dict[str, Any] = yaml.load(unicodedata.normalize("NFC", source), loader)
    return texts
