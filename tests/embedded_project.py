"""Small Quarto projects for the tests of the embedded publisher."""

from __future__ import annotations

import base64
import json
import shutil
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from treem.edition import load_edition
from treem.notebooks.matrix import Book
from treem.project import Project
from treem.publish.profile import profile

REPOSITORY = Path(__file__).parents[1]
EDITION = "demo-2024"
TITLE = "Báo cáo thử"
NOTICE = "SỐ LIỆU TRÌNH DIỄN DO MÁY SINH RA - KHÔNG PHẢI SỐ LIỆU THẬT"


def make_project(
    root: Path,
    files: Mapping[str, str],
    *,
    chapters: Sequence[Any] | None = None,
    appendices: Sequence[str] = (),
    more: Mapping[str, Any] | None = None,
) -> Project:
    """Lay out a project with the repository's own form and these chapter files."""
    root.mkdir(exist_ok=True)
    for name in ("_quarto.yml", "_language-vi.yml"):
        shutil.copyfile(REPOSITORY / name, root / name)
    for name in ("_extensions", "params"):
        if not (root / name).exists():
            (root / name).symlink_to(REPOSITORY / name)
    (root / "data").mkdir(exist_ok=True)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    settings = profile(load_edition(Project(root), EDITION), Book((), ()))
    settings["book"] = {
        "title": TITLE,
        "output-file": f"bao-cao-{EDITION}",
        "chapters": list(files if chapters is None else chapters),
        "appendices": list(appendices),
    }
    settings.update(more or {})
    text = yaml.safe_dump(settings, allow_unicode=True, sort_keys=False)
    (root / f"_quarto-{EDITION}.yml").write_text(text, "utf-8")
    return Project(root)


def notebook(*cells: Mapping[str, Any]) -> str:
    """Return an executed notebook."""
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def markdown(text: str) -> dict[str, Any]:
    """Return a Markdown cell; its source is a list of lines, as Jupyter saves it."""
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def code(source: str, *outputs: Mapping[str, Any], tags: Sequence[str] = ()) -> dict[str, Any]:
    """Return a code cell with its outputs; its source is one text, as nbformat also allows."""
    return {
        "cell_type": "code",
        "metadata": {"tags": list(tags)},
        "source": source,
        "execution_count": 1,
        "outputs": list(outputs),
    }


def shown(mime: str, data: str, **more: str) -> dict[str, Any]:
    """Return an output that is displayed."""
    return {"output_type": "display_data", "metadata": {}, "data": {mime: data, **more}}


def html(text: str) -> dict[str, Any]:
    """Return a table of a notebook, with the plain text that Jupyter keeps beside it."""
    return shown("text/html", text, **{"text/plain": "<Table>"})


def png_bytes(width: int = 40, height: int = 20) -> bytes:
    """Return a grey picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\x00" + b"\x80" * width) * height
    parts = [chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def png() -> dict[str, Any]:
    """Return a picture of a notebook."""
    return shown("image/png", base64.b64encode(png_bytes()).decode(), **{"text/plain": "<Figure>"})
