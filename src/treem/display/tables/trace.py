"""The trace annex: ids of the printed figures and where each of them ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any

from treem.audit.lineage import NATION
from treem.display.common import words
from treem.display.numbers import SIGNS
from treem.display.table import Cell, Row, Table, group, heads
from treem.notebooks.matrix import area_date

if TYPE_CHECKING:
    from treem.notebooks.api import Run

Record = Mapping[str, Any]


def trace(run: Run) -> Table:
    """Return one row for each measure, area and year: its figures and their sources.

    Each figure is an anchor `tx-<id>`. The id of a figure is the code of its row, a hyphen and
    the part named before the number.
    """
    said = words("trace")
    head = [heads(said["id"], said["parts"], said["source"])]
    body: list[Row] = []
    ordered = sorted(run.printed, key=_order)
    for (area, year), of_area in groupby(ordered, key=lambda one: (one["area_code"], one["year"])):
        body.append(group(_place_title(run, area, year), 3))
        for stem, records in groupby(of_area, key=_stem):
            body.append(_row(run, stem, list(records)))
    return Table(head, body, (16, 50, 34), "trace")


def _place_title(run: Run, area: str, year: int | None) -> str:
    said = words("trace")
    if area == NATION:
        return str(said["nation"])
    day = area_date(run.edition, year or run.edition.year)
    name = run.areas.get(area, day).full_name
    title = said["place_plan"] if year is None else said["place"]
    return str(title.format(name=name, code=area, year=year))


def _order(record: Record) -> tuple[str, int, str, str]:
    return record["area_code"], record["year"] or 0, _stem(record), record["figure"]


def _stem(record: Record) -> str:
    return str(record["figure"]).removesuffix(f"-{record['part']}")


def _row(run: Run, stem: str, records: list[Record]) -> Row:
    parts = "; ".join(
        f'<span id="tx-{record["figure"]}">{escape(record["part"])} = '
        f"{escape(_sign(record) + record['display'], quote=False)}</span>"
        for record in records
    )
    return [Cell(escape(stem)), Cell(parts), Cell("<br>".join(_sources(run, records)))]


def _sign(record: Record) -> str:
    return SIGNS[record["bound"]] if record["bound"] else ""


def _sources(run: Run, records: Iterable[Record]) -> list[str]:
    said = words("trace")
    lines = sorted({line for record in records for line in record["plan_lines"]})
    observations = sorted({one for record in records for one in record["observations"]})
    rows = sorted({row for record in records for row in record["published_rows"]})
    found = []
    if observations:
        found.append(_cells(run, observations))
    if lines:
        found.append(said["plan_line"].format(lines=", ".join(map(str, lines))))
    found += [escape(row) for row in rows]
    return found or [said["counted"]]


def _cells(run: Run, observations: list[str]) -> str:
    """Return the workbook cells in short: one file with its cells, or how many files."""
    rows = [run.tables.observations[one] for one in observations]
    received = [row for row in rows if row["cell"]]
    if not received:
        return ""
    files = sorted(
        {row["file"].rsplit("/", 2)[-2] + "/" + row["file"].rsplit("/", 1)[-1] for row in received}
    )
    cells = sorted({f"{row['sheet']}!{row['cell']}" for row in received})
    if len(files) == 1:
        return escape(f"{files[0]}: {', '.join(cells)}")
    return escape(words("trace")["submissions"].format(files=len(files), cells=", ".join(cells)))
