"""From executed notebooks and chapters to HTML, PDF and DOCX, by Quarto or from wheels.

Both publishers render the same Quarto project; `choose_publisher` says which one does it here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from treem.edition import Edition
    from treem.project import Project
    from treem.publish.quarto import Quarto


@dataclass(frozen=True)
class Publisher:
    """A publisher that is here: what it is called in messages and manifests, and what it does."""

    label: str
    render: Callable[[Project, Edition, Path], list[Path]]


def choose_publisher(wanted: str, say: Callable[[str], None]) -> Publisher:
    """Return the publisher for `auto`, `quarto` or `embedded`.

    `auto` takes Quarto where there is one that is new enough, and says so where it is too old.
    Raises UsageError for `quarto` where there is none.
    """
    from treem.publish.quarto import find_quarto, require_quarto

    if wanted == "quarto":
        return _quarto_publisher(require_quarto())
    if wanted == "auto":
        found = find_quarto()
        if found is not None and found.new_enough:
            return _quarto_publisher(found)
        if found is not None:
            say(f"{found.refusal()} Bộ xuất bản đi kèm làm thay.")
    return _embedded_publisher()


def _quarto_publisher(quarto: Quarto) -> Publisher:
    from treem.publish.quarto import render

    return Publisher(
        quarto.label, lambda project, edition, out: render(project, edition, out, quarto)
    )


def _embedded_publisher() -> Publisher:
    from importlib import metadata

    from treem.publish.embedded import render

    tools = ", ".join(f"{name} {metadata.version(name)}" for name in ("pypandoc-binary", "typst"))
    return Publisher(f"bộ xuất bản đi kèm ({tools})", render)
