"""Figures: every number that is printed, with its id and where it comes from.

A notebook gets a printed number by one call that returns the formatted Vietnamese text and records
the figure in the book of its run. The records leave a notebook with the output of the cell that
printed them; the runner gathers those of all notebooks into `tables/figures.jsonl`, one line a
figure, sorted by id. The same figure may be printed in many places, but only ever with the same
content: an id that stands for two different numbers stops the build.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from treem.errors import NotebookError

NATION = "vn"
"""Stands where an area code would, in ids of figures that hold for the whole country."""

_PLACE_FIELDS = ("notebook", "cell", "parameters", "also")
_MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<>$~^@#|])")


def figure_id(
    measure: str, geography: str, area_code: str, year: int | None, part: str, edition_year: int
) -> str:
    """Return the id of a figure, short enough to type from paper: `CT03.2-27-v`.

    The year is left out where it is that of the edition or where the figure has none (a target).
    Area codes of geographies other than the first carry its sign, because codes repeat: 24 was
    the old province of Bắc Giang and is the new Bắc Ninh.
    """
    middle = f"-{year}" if year is not None and year != edition_year else ""
    return f"{measure}-{area_sign(geography, area_code)}{middle}-{part}"


def area_sign(geography: str, area_code: str) -> str:
    """Return an area code as it stands in ids: `256` of `old-27`, `n24` of `new-24`, `vn`."""
    if area_code == NATION or geography.startswith("old-"):
        return area_code
    return geography[0] + area_code


@dataclass(frozen=True)
class Figure:
    """One printed number.

    `exact` is the value before rounding as a fraction or decimal text, `display` what is printed;
    `bound` is the comparator of a target or of a figure known only as a limit, printed before it.
    `results` are keys of results (`CT03.2-27`) that a derived figure was worked out from;
    `plan_lines` are lines of the plan as issued; `published_rows` are `file:line` of published
    sources; `checks` are the ids of findings that concern it.
    """

    figure: str
    edition: str
    measure: str
    geography: str
    area_code: str
    year: int | None
    part: str
    exact: str
    display: str
    unit: str
    decimals: int | None
    operation: str
    bound: str = ""
    formula: str = ""
    observations: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    plan_lines: tuple[int, ...] = ()
    published_rows: tuple[str, ...] = ()
    discrepancies: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()

    @property
    def printed(self) -> Printed:
        """The text to print, tied to this figure."""
        return Printed(self.figure, self.display, self.bound)

    def record(self) -> dict[str, Any]:
        """Return the figure as a JSON object, before its place is known."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in vars(self).items()
        }


@dataclass(frozen=True)
class Printed:
    """A formatted number, the figure it stands for, and its comparator."""

    id: str
    text: str
    bound: str = ""

    def __str__(self) -> str:
        return self.text

    @property
    def html(self) -> str:
        """The number as a span of an HTML table."""
        text = html.escape(self.text, quote=False)
        return f'<span class="fig" data-fig="{self.id}">{text}</span>'

    @property
    def markdown(self) -> str:
        """The number as a span of Markdown prose."""
        text = _MARKDOWN_SPECIAL.sub(r"\\\1", self.text)
        return f'[{text}]{{.fig data-fig="{self.id}"}}'


@dataclass
class FigureBook:
    """The figures of one run of a notebook, in the order they were first printed."""

    figures: dict[str, Figure] = field(default_factory=dict)
    _fresh: dict[str, Figure] = field(default_factory=dict)

    def add(self, figure: Figure) -> Printed:
        """Record a figure and return its text.

        Raises NotebookError where the id already stands for another number.
        """
        known = self.figures.setdefault(figure.figure, figure)
        if known != figure:
            raise NotebookError(_conflict(known.record(), figure.record()))
        self._fresh[figure.figure] = figure
        return figure.printed

    def drain(self) -> list[dict[str, Any]]:
        """Return the records printed since the last call (by the cell that just ran)."""
        fresh, self._fresh = self._fresh, {}
        return [figure.record() for figure in fresh.values()]


def merge_figures(placed: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one record a figure, sorted by id, from the records of all notebooks.

    Each record names its `notebook`, `cell` and `parameters`. The first place in the order given
    is the home of a figure; further places are listed under `also`.

    Raises NotebookError where one id stands for two different numbers.
    """
    merged: dict[str, dict[str, Any]] = {}
    for record in placed:
        known = merged.get(record["figure"])
        if known is None:
            merged[record["figure"]] = {**record, "also": []}
            continue
        if _content(known) != _content(record):
            raise NotebookError(_conflict(known, record))
        place = {"notebook": record["notebook"], "cell": record["cell"]}
        home = {"notebook": known["notebook"], "cell": known["cell"]}
        if place != home and place not in known["also"]:
            known["also"].append(place)
    return [merged[key] for key in sorted(merged)]


def write_figures(path: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Write what `figures_text` says of the records."""
    path.write_text(figures_text(records), "utf-8", newline="\n")


def figures_text(records: Sequence[Mapping[str, Any]]) -> str:
    """Return one JSON object a line; `figure` is the first key of each, the others are sorted."""
    ordered = ({"figure": one["figure"], **dict(sorted(one.items()))} for one in records)
    lines = (json.dumps(record, ensure_ascii=False) for record in ordered)
    return "".join(f"{line}\n" for line in lines)


def read_figures(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a `figures.jsonl`."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _content(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in _PLACE_FIELDS}


def _conflict(known: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    fields = [key for key in _content(known) if known[key] != other.get(key)]
    shown = "; ".join(f"{key}: {known[key]!r} và {other.get(key)!r}" for key in fields)
    where = ", ".join(
        f"{record['notebook']} (ô {record['cell']})"
        for record in (known, other)
        if "notebook" in record
    )
    return (
        f"Mã con số “{known['figure']}” đứng cho hai nội dung khác nhau ({shown})"
        f"{': ' + where if where else ''}. Mỗi mã chỉ được là một con số; hãy sửa chỗ in ra nó."
    )
