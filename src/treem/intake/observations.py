"""The table of observations: one row per value received, with its cell or row of origin.

`value` is exact decimal text ("" when there is none); `bound` is a comparator where only a limit
is known (`<2`). `used` is "false" where a finding left the value out or a later submission
(`superseded_by`) replaced it. Nothing that was received is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from treem.intake.numbers import CellReading, exact_text

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("numerator", "denominator", "value")
STATUSES = ("reported", "provisional", "revised", "missing", "not_applicable", "censored")


@dataclass(frozen=True)
class Observation:
    """One value as received. `year` is the year it counts for; the rest is text."""

    observation_id: str
    edition: str
    geography: str
    area_code: str
    area_name: str
    measure: str
    year: int
    part: str
    raw: str
    value: str
    bound: str
    status: str
    source_kind: str
    file: str
    sha256: str
    stratum: str = ""
    mark: str = ""
    note: str = ""
    sheet: str = ""
    cell: str = ""
    header_path: str = ""
    published_row: str = ""
    agency: str = ""
    received_date: str = ""
    document_number: str = ""
    used: str = "true"
    superseded_by: str = ""
    source_note: str = ""
    period_note: str = ""
    comparable: str = "true"
    comparable_reason: str = ""


OBSERVATION_COLUMNS = (
    "observation_id",
    "edition",
    "geography",
    "area_code",
    "area_name",
    "measure",
    "year",
    "stratum",
    "part",
    "raw",
    "value",
    "bound",
    "status",
    "mark",
    "note",
    "source_kind",
    "file",
    "sha256",
    "sheet",
    "cell",
    "header_path",
    "published_row",
    "agency",
    "received_date",
    "document_number",
    "used",
    "superseded_by",
    "source_note",
    "period_note",
    "comparable",
    "comparable_reason",
)
assert set(OBSERVATION_COLUMNS) == {column.name for column in fields(Observation)}


DIFFERENCE_COLUMNS = (
    "unit_code",
    "year",
    "measure",
    "part",
    "stratum",
    "before",
    "after",
    "file_before",
    "cell_before",
    "file_after",
    "cell_after",
)
"""One row per value that a later submission changed; `before` and `after` as they were written."""


class Received(NamedTuple):
    """What a reader hands on: observations, findings made while reading, and resent values."""

    observations: pd.DataFrame
    findings: pd.DataFrame
    differences: pd.DataFrame


def differences_table(rows: Iterable[dict[str, str]] = ()) -> pd.DataFrame:
    """Return the values that later submissions changed, one a row. All columns are strings."""
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(DIFFERENCE_COLUMNS), dtype=str)


def value_columns(reading: CellReading) -> dict[str, str]:
    """Return the columns of an observation that say what its cell says."""
    return {
        "value": "" if reading.value is None else exact_text(reading.value),
        "bound": reading.bound,
        "status": reading.status,
        "mark": reading.mark,
    }


def observation_id(
    measure: str, area_code: str, year: int, part: str, origin: str, stratum: str = ""
) -> str:
    """Return a stable id: what is measured, where, when, which part, from which submission."""
    of = f"{part[0]}.{stratum.partition('=')[2]}" if stratum else part[0]
    return f"{measure}-{area_code}-{year}-{of}-{origin}"


def observations_table(observations: Iterable[Observation]) -> pd.DataFrame:
    """Return observations as a table, ordered by area, year, measure, part, file and cell.

    All columns are strings but `year` (int).
    """
    import pandas as pd

    rows = sorted(
        (dict(vars(observation)) for observation in observations),
        key=lambda row: (
            row["area_code"],
            row["year"],
            row["measure"],
            PARTS.index(row["part"]),
            row["stratum"],
            row["file"],
            row["observation_id"],
        ),
    )
    table = pd.DataFrame(rows, columns=list(OBSERVATION_COLUMNS))
    text = [column for column in OBSERVATION_COLUMNS if column != "year"]
    return table.astype(dict.fromkeys(text, "str") | {"year": "int64"})


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as dicts by column name."""
    return cast(list[dict[str, Any]], table.to_dict("records"))
