"""Running Pandoc: many small conversions at once, or one large document to a file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from treem.errors import PublishError
from treem.programs import run

RESOURCES = Path(__file__).parent / "resources"
READER = "markdown-yaml_metadata_block"
"""Pandoc's Markdown as Quarto reads it; front matter is no part of it."""


def convert(jobs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Run the jobs of `resources/convert.lua`; one result a job, in order.

    There is one process of Pandoc a core; each gets about the same amount of text.
    """
    shares: list[list[int]] = [[] for _ in range(min(os.cpu_count() or 1, len(jobs)))]
    sizes = [0] * len(shares)
    for number in sorted(range(len(jobs)), key=lambda number: -len(jobs[number]["text"])):
        smallest = sizes.index(min(sizes))
        shares[smallest].append(number)
        sizes[smallest] += len(jobs[number]["text"])
    results = [""] * len(jobs)
    with ThreadPoolExecutor(max_workers=max(len(shares), 1)) as pool:
        done = pool.map(lambda share: _convert([jobs[number] for number in share]), shares)
        for share, texts in zip(shares, done, strict=True):
            for number, text in zip(share, texts, strict=True):
                results[number] = text
    return results


def _convert(jobs: Sequence[Mapping[str, Any]]) -> list[str]:
    text = json.dumps(jobs, ensure_ascii=False)
    results = json.loads(_run(["lua", str(RESOURCES / "convert.lua")], text))
    return [str(result) for result in results]


def read_all(texts: Sequence[str], reader: str) -> list[list[dict[str, Any]]]:
    """Read texts into blocks of Pandoc's document tree."""
    results = convert([{"text": text, "from": reader} for text in texts])
    return [json.loads(result)["blocks"] for result in results]


def write_file(
    document: Mapping[str, Any], target: Path, options: Sequence[str], *, epoch: int
) -> None:
    """Write one document with Pandoc; `epoch` is the only time that may get into the file."""
    text = json.dumps(document, ensure_ascii=False)
    arguments = ["--from", "json", "--output", str(target), *options]
    _run(arguments, text, SOURCE_DATE_EPOCH=str(epoch), cwd=target.parent)


def _run(arguments: list[str], text: str, cwd: Path | None = None, **variables: str) -> str:
    try:
        code, out, errors = run(
            [_pandoc(), *arguments],
            text.encode(),
            cwd=cwd,
            env={**os.environ, **variables, "LC_ALL": "C.UTF-8"},
        )
    except OSError as error:
        raise PublishError(f"Không chạy được Pandoc: {error}. Hãy cài lại môi trường.") from error
    if code != 0:
        said = errors.decode("utf-8", "replace").strip()
        raise PublishError(f"Pandoc dừng với mã {code}. Pandoc ghi: {said}")
    return out.decode()


@cache
def _pandoc() -> str:
    import pypandoc

    return str(pypandoc.get_pandoc_path())
