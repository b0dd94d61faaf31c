"""Where something stands in the sources, in words that a person can follow."""

from __future__ import annotations

from dataclasses import dataclass

from treem.errors import SourceError


@dataclass(frozen=True)
class Place:
    """A line of a source file; in a notebook a line of a cell (both counted from 1)."""

    file: str
    line: int | None = None
    cell: int | None = None

    def __str__(self) -> str:
        words = [self.file]
        if self.cell is not None:
            words.append(f"ô {self.cell}")
        if self.line is not None:
            words.append(f"dòng {self.line}")
        return ", ".join(words)


def refuse(place: Place, found: str, advice: str) -> SourceError:
    """Return the error for something in the sources that cannot be published."""
    return SourceError(f"{place}: {found} {advice}")


def unknown(place: Place, feature: str) -> SourceError:
    """Return the error for a Quarto feature that this publisher does not know."""
    return refuse(
        place,
        f"bộ xuất bản đi kèm không biết {feature}.",
        "Hãy bỏ chỗ này, viết lại bằng các tính năng ghi trong "
        "src/treem/publish/embedded/README.md, hoặc xuất bản bằng Quarto (--publisher quarto).",
    )
