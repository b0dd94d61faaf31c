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
from treem.display.texts import load_texts

if TYPE_CHECKING:
    from treem.notebooks.api import Run

Record = Mapping[str, Any]


def trace(run: Run) -> Table:
    """Return one row for each measure, area and year: its figures and their sources.

    Counts of things have ids too and are followed by `treem trace`; they are not printed here.

    Each figure is an anchor `tx-<id>`. The id of a figure is the code of its row, a hyphen and
    the part named before the number.
    """
    said = words("trace")
    head = [heads(said["id"], said["parts"], said["source"])]
    body: list[Row] = []
    ordered = sorted((one for one in run.printed if one["operation"] != "count"), key=_order)
    for (area, year), of_area in groupby(ordered, key=lambda one: (one["area_code"], one["year"])):
        body.append(group(_place_title(run, area, year), 3))
        for stem, records in groupby(of_area, key=_stem):
            body.append(_row(run, stem, list(records)))
    return Table(head, body, (19, 48, 33), "trace")


def _place_title(run: Run, area: str, year: int | None) -> str:
    said = words("trace")
    if area == NATION:
        return str(said["nation"])
    name = run.name_of(run.place_of(area, year or run.edition.year))
    title = said["place_plan"] if year is None else said["place"]
    return str(title.format(name=name, code=area, year=year))


def _order(record: Record) -> tuple[str, int, str, str]:
    return record["area_code"], record["year"] or 0, _stem(record), record["figure"]


def _part_order(record: Record) -> tuple[int, str]:
    """Order the parts of a row: the result first, then what it is made of and judged by."""
    known = list(load_texts("prose")["parts"])
    part = str(record["part"])
    kind = part if part in known else part.rstrip("0123456789")
    return (known.index(kind) if kind in known else len(known)), part


def _stem(record: Record) -> str:
    return str(record["figure"]).removesuffix(f"-{record['part']}")


def _row(run: Run, stem: str, records: list[Record]) -> Row:
    parts = "; ".join(
        f'<span id="tx-{record["figure"]}">{escape(record["part"])} = '
        f"{escape(_sign(record) + record['display'], quote=False)}</span>"
        for record in sorted(records, key=_part_order)
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
        found += _cells(run, observations)
    if lines:
        found.append(said["plan_line"].format(lines=", ".join(map(str, lines))))
    for file, places in groupby(rows, key=lambda row: row.rpartition(":")[0]):
        numbers = ", ".join(place.rpartition(":")[2] for place in places)
        name = file.rsplit("/", 1)[-1]
        named = said["files"].get(name, name)
        found.append(escape(said["row"].format(file=named, lines=numbers)))
    return found


def _cells(run: Run, observations: list[str]) -> list[str]:
    """Return the cells in short, a line a sheet: one file, or how many; CSV has no sheet."""
    said = words("trace")
    rows = [run.tables.observations[one] for one in observations]
    received = [row for row in rows if row["cell"]]
    lines = []
    for sheet in sorted({row["sheet"] for row in received}):
        of_sheet = [row for row in received if row["sheet"] == sheet]
        files = sorted({"/".join(row["file"].rsplit("/", 2)[-2:]) for row in of_sheet})
        cells = ", ".join(sorted({row["cell"] for row in of_sheet}, key=_column_and_row))
        named = files[0] if len(files) == 1 else said["files_many"].format(count=len(files))
        places = ", ".join(filter(None, (named, sheet)))
        lines.append(escape(said["cells"].format(places=places, cells=cells)))
    return lines


def _column_and_row(cell: str) -> tuple[int, str, int, str]:
    """Order cells as a sheet does: H9 before H10, Z1 before AA1."""
    column = cell.rstrip("0123456789")
    row = cell[len(column) :]
    return len(column), column, int(row or 0), cell
