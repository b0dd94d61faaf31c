"""From a notebook as papermill leaves it to the notebook that is kept.

Figures recorded by the cells are taken out and tied to their cell; placeholders are filled; times,
paths, versions and random ids go away, so that the same inputs give the same bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from treem.notebooks.template import PLACEHOLDER, source

CARRIER = "treem"
"""Key of output metadata under which a cell hands over its figures and values."""

INJECTED_TAG = "injected-parameters"
_LABEL_OPTION = re.compile(r"^#\|\s*(label|tbl-cap|fig-cap|fig-alt)\s*:")
_PAPERMILL_TAGS = ("papermill-error-cell-tag",)


@dataclass(frozen=True)
class Finished:
    """An executed notebook as it is kept, the figures its cells printed, and its warnings."""

    text: str
    figures: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...]


def finish(
    notebook: Mapping[str, Any], path: str, parameters: Mapping[str, Any], unit: str
) -> Finished:
    """Return the notebook to keep and what its cells handed over.

    `path` (relative to the folder of executed notebooks) and `parameters` go into the figures.
    """
    values: dict[str, str] = {
        "unit": unit,
        **{key: str(value) for key, value in parameters.items()},
    }
    figures: list[dict[str, Any]] = []
    warnings: list[str] = []
    cells = []
    handed: list[dict[str, str]] = []
    for cell in notebook["cells"]:
        if any(tag in _PAPERMILL_TAGS for tag in cell["metadata"].get("tags", [])):
            continue
        own: dict[str, str] = {}
        if cell["cell_type"] == "code":
            for carried in _take_carried(cell, warnings):
                own.update(carried.get("values", {}))
                values.update({k: v for k, v in carried.get("values", {}).items() if k != "alt"})
                for figure in json.loads(carried.get("figures", "[]")):
                    place = {"notebook": path, "cell": cell["id"], "parameters": dict(parameters)}
                    figures.append({**figure, **place})
        cells.append(cell)
        handed.append(own)
    kept = [_kept_cell(cell, {**values, **own}) for cell, own in zip(cells, handed, strict=True)]
    text = json.dumps(_kept_notebook(notebook, kept), ensure_ascii=False, indent=1, sort_keys=True)
    return Finished(text + "\n", tuple(figures), tuple(warnings))


def mark_failure(notebook: Mapping[str, Any], cell_id: str, message: str) -> str:
    """Return a failed notebook with a Vietnamese mark before the cell that failed.

    Without `cell_id` nobody knows which cell it was: the mark is on top.
    """
    cells = [] if cell_id else [_mark("KHÔNG RÕ Ô NÀO LỖI", message)]
    for cell in notebook["cells"]:
        if any(tag in _PAPERMILL_TAGS for tag in cell["metadata"].get("tags", [])):
            continue
        if cell["id"] == cell_id:
            cells.append(_mark(f"LỖI Ở Ô NGAY DƯỚI ĐÂY (`{cell_id}`)", message))
        plain = _plain_metadata(cell)
        cells.append({**plain, "id": INJECTED_TAG} if _is_injected(cell) else plain)
    kept = _kept_notebook(notebook, cells)
    return json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _mark(title: str, message: str) -> dict[str, Any]:
    source = f"**{title}**\n\n{message}"
    return {"cell_type": "markdown", "id": "treem-loi", "metadata": {}, "source": source}


def _take_carried(cell: Mapping[str, Any], warnings: list[str]) -> Iterable[dict[str, Any]]:
    """Take what treem handed over out of the outputs of a cell; drop outputs that held nothing."""
    carried: list[dict[str, Any]] = []
    kept = []
    for output in cell["outputs"]:
        if output["output_type"] == "stream" and output["name"] == "stderr":
            warnings.append("".join(output["text"]).strip())
            continue
        found = output.get("metadata", {}).pop(CARRIER, None)
        if found is not None:
            carried.append(found)
            if set(output["data"]) == {"text/plain"}:
                continue
        if "data" in output and len(output["data"]) > 1:
            output["data"].pop("text/plain", None)
        kept.append(output)
    cell["outputs"][:] = kept
    return carried


def _kept_cell(cell: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    kept = _plain_metadata(cell)
    text = source(cell)
    if cell["cell_type"] == "markdown":
        kept["source"] = _fill(text, values)
        return kept
    if _is_injected(cell):
        kept["id"] = INJECTED_TAG
        text = text.removeprefix("# Parameters\n")
    lines = text.split("\n")
    if not cell["outputs"]:
        lines = [line for line in lines if not _LABEL_OPTION.match(line)]
    quoted = {key: value.replace("\\", "\\\\").replace('"', '\\"') for key, value in values.items()}
    kept["source"] = "\n".join(
        _fill(line, quoted) if line.startswith("#|") else line for line in lines
    )
    return kept


def _is_injected(cell: Mapping[str, Any]) -> bool:
    return INJECTED_TAG in cell["metadata"].get("tags", [])


def _plain_metadata(cell: Mapping[str, Any]) -> dict[str, Any]:
    tags = sorted(cell["metadata"].get("tags", []))
    return {**cell, "metadata": {"tags": tags} if tags else {}}


def _fill(text: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def _kept_notebook(notebook: Mapping[str, Any], cells: list[dict[str, Any]]) -> dict[str, Any]:
    # in lines, as Jupyter itself keeps it: Quarto joins the lines of one long text without a break
    cells = [{**cell, "source": source(cell).splitlines(keepends=True)} for cell in cells]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
