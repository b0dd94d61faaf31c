"""What the public may not read is committed to, so that nobody can change it later.

Every row of the public results and every observation received carries a commitment to what the
office has there, hidden or not: a commitment that stood beside hidden values alone would tell
where they are. Who has the key and the tables of the office proves with `check_commitments` that
the published rows were made of these values; nobody else learns anything from them.

Results are committed to by `RESULT_PARTS`, observations by `OBSERVATION_PARTS`, in this order, as
the text that stands in `tables/`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treem.disclosure.commitments import commitment, commitment_key, keeps
from treem.edition import Edition
from treem.errors import DataError
from treem.project import Project

COLUMN = "commitment"
RESULT_ID = ("edition", "geography", "area_code", "year", "stratum", "measure")
RESULT_PARTS = (
    *RESULT_ID,
    "numerator",
    "denominator",
    "value",
    "bound",
    "bound_value",
    "status",
    "verdict_2025",
    "verdict_2030",
    "pooled_from",
    "pooled_numerator",
    "pooled_denominator",
    "department_numerator",
    "department_denominator",
    "department_value",
)
OBSERVATION_ID = ("edition", "observation_id")
OBSERVATION_PARTS = (*OBSERVATION_ID, "raw", "value", "bound", "status", "mark", "note")
PLACES = (
    "edition",
    "observation_id",
    "file",
    "sheet",
    "cell",
    "published_row",
    "received_date",
    "document_number",
    "used",
    "superseded_by",
    COLUMN,
)
"""Columns of the list of observations in the package: where each stands, and its commitment."""

RESULTS, OBSERVATIONS = "results.csv", "observations.csv"

SHOWN = 5
"""Rows named in a message."""

Row = Mapping[str, Any]


def commits(edition: Edition) -> bool:
    """Whether an edition has anything to commit to: published figures are known already."""
    return bool(edition.submissions)


def commit_results(project: Project, edition: Edition, rows: Iterable[Row]) -> list[str]:
    """Return the commitment of each row of the office's results; "" where nothing was received."""
    return _commit(project, edition, rows, RESULT_PARTS)


def commit_observations(project: Project, edition: Edition, rows: Iterable[Row]) -> list[str]:
    """Return the commitment of each observation; "" where nothing was received."""
    return _commit(project, edition, rows, OBSERVATION_PARTS)


def _commit(
    project: Project, edition: Edition, rows: Iterable[Row], parts: tuple[str, ...]
) -> list[str]:
    if not commits(edition):
        return ["" for _ in rows]
    key = commitment_key(project, edition)
    return [commitment(key, *_said(row, parts)) for row in rows]


def _said(row: Row, parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is committed to: the name of every part, so that none can stand for another."""
    return tuple(text for part in parts for text in (part, str(row[part])))


@dataclass(frozen=True)
class Checked:
    """How many commitments of a package were checked, and which rows do not keep theirs."""

    edition: str
    checked: int
    broken: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the answer for programs."""
        return {"edition": self.edition, "checked": self.checked, "broken": list(self.broken)}

    def as_text(self) -> str:
        """Return the answer for people."""
        words = f"Kỳ {self.edition}: đã kiểm {self.checked} dấu cam kết của gói xuất bản, "
        if not self.broken:
            return words + "tất cả khớp với bảng của cơ quan."
        more = "…" if len(self.broken) > SHOWN else ""
        return (
            f"{words}{len(self.broken)} dấu không khớp với bảng của cơ quan: "
            f"{'; '.join(self.broken[:SHOWN])}{more}. Số liệu hoặc khóa đã khác lúc công bố."
        )


def check_commitments(project: Project, edition: Edition) -> Checked:
    """Compare the commitments in the public package with the office's tables.

    Raises DataError where there is no package, no table, no key, or nothing was committed to.
    """
    from treem.notebooks.results import read_parquet

    if not commits(edition):
        raise DataError(
            f"Kỳ {edition.name} chỉ in lại số đã công bố, không nhận hồ sơ nào nên không có dấu "
            "cam kết để kiểm."
        )
    paths = project.report(edition.name)
    key = commitment_key(project, edition)
    try:
        results = _of_id(_rows(paths.tables / RESULTS), RESULT_ID)
        received = _of_id(read_parquet(paths.tables / "observations.parquet"), OBSERVATION_ID)
        checked = [
            *_checked(key, _rows(paths.package / "data" / RESULTS), results, RESULT_PARTS),
            *_checked(
                key, _rows(paths.package / "data" / OBSERVATIONS), received, OBSERVATION_PARTS
            ),
        ]
    except (OSError, KeyError, ValueError) as error:
        raise DataError(
            f"Kỳ {edition.name} chưa có gói xuất bản với dấu cam kết cùng bảng của cơ quan "
            f"({error}). Hãy chạy trước: treem report {edition.name}."
        ) from error
    return Checked(edition.name, len(checked), tuple(name for name, kept in checked if not kept))


def _checked(
    key: bytes, public: Iterable[Row], office: Mapping[tuple[str, ...], Row], parts: tuple[str, ...]
) -> Iterator[tuple[str, bool]]:
    """Yield for every published row its name and whether the office's row keeps its promise."""
    identity = OBSERVATION_ID if parts is OBSERVATION_PARTS else RESULT_ID
    for row in public:
        name = tuple(str(row[part]) for part in identity)
        own = office.get(name)
        kept = own is not None and keeps(key, row[COLUMN], *_said(own, parts))
        yield " ".join(filter(None, name[1:])), kept


def _of_id(rows: Iterable[Row], identity: tuple[str, ...]) -> dict[tuple[str, ...], Row]:
    return {tuple(str(row[part]) for part in identity): row for row in rows}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))
