"""What need not run again: notebooks whose every input is that of one that ran before.

A unit's key is the content of its template, its parameters, the rows it may read, the package's
code, the project's data that notebooks read, the edition, the lock and the tools. A notebook of a
year may read rows of that year and of earlier ones, of any area, and rows without a year; any
other notebook may read everything. Notebooks are kept (`treem.kept`) as soon as they have run, with
the figures that they printed: also those of a build that was killed.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from treem.audit.manifest import canonical_json, file_sha256
from treem.edition import Edition
from treem.kept import Kept, Piece, key_of
from treem.notebooks.unit import Job, Outcome
from treem.project import Project
from treem.stages import NOTEBOOKS, Sources

NEVER_READ = frozenset({"figures.jsonl", "made_from.json", "quality_raw.json"})
"""Tables that no notebook reads, or only after all others have run."""
_WHOLE, _ROWS = "whole", "rows"


class UnitCache:
    """The notebooks that ran before, by key."""

    def __init__(
        self, project: Project, edition: Edition, tables: Path, kept: Kept | None = None
    ) -> None:
        """`tables` is the folder that notebooks read; without `kept` nothing is reused."""
        self._kept = kept or Kept()
        self._stage = f"{NOTEBOOKS}-{edition.audience}"
        self._sources = sources = Sources(project, edition)
        reads = sources.reads(NOTEBOOKS)
        files = {
            name: digest
            for name, digest in reads.files.items()
            if not name.startswith("notebooks/")  # of these a unit reads its own template
        }
        self._common = key_of(files, reads.settings)
        self._tables = {
            path.name: self._digests(path, sources.machine["code"])
            for path in sorted(one for one in tables.iterdir() if one.is_file())
            if path.name not in NEVER_READ
        }

    def key(self, job: Job, printed: str = "") -> str:
        """Return the key of a unit; `printed` stands for the figures of others that it reads."""
        unit = job.unit
        read = {name: _read_of(parts, unit.parameters) for name, parts in self._tables.items()}
        content = [self._common, job.notebook, dict(unit.parameters), unit.name]
        return key_of(*content, unit.output.as_posix(), read, printed)

    def reuse(self, job: Job, key: str) -> Outcome | None:
        """Put a notebook that ran before in place and return what came of it; None for none."""
        return _outcome(job, self._kept.take(self._stage, key, job.out))

    def look(self, job: Job, key: str) -> Outcome | None:
        """Return what `reuse` would, and put nothing in place."""
        return _outcome(job, self._kept.take(self._stage, key))

    def keep(self, job: Job, key: str, outcome: Outcome) -> None:
        """Keep a notebook that ran, unless something that it may have read changed meanwhile."""
        if self._sources.changed():
            return
        value = {"figures": list(outcome.figures), "warnings": list(outcome.warnings)}
        self._kept.keep(self._stage, key, value, job.out, [job.unit.output.as_posix()])

    def _digests(self, path: Path, code: str) -> dict[str, Any]:
        """Return checksums of a table, whole and by year; those on record for the same file."""
        whole = file_sha256(path)
        key = key_of(path.name, whole, code)
        piece = self._kept.take(_ROWS, key)
        if piece is not None:
            return {_WHOLE: whole, "years": piece.value}
        years = _by_year(path)
        self._kept.keep(_ROWS, key, years)
        return {_WHOLE: whole, "years": years}


def _outcome(job: Job, piece: Piece | None) -> Outcome | None:
    if piece is None:
        return None
    return Outcome(job.unit.name, tuple(piece.value["figures"]), tuple(piece.value["warnings"]))


def _by_year(path: Path) -> dict[str, str] | None:
    """Return checksums of the rows of each year; None for a table without years."""
    if path.suffix == ".csv":
        return _csv_by_year(path)
    if path.suffix == ".parquet":
        return _parquet_by_year(path)
    return None


def _csv_by_year(path: Path) -> dict[str, str] | None:
    digests: dict[str, Any] = {}
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        header = next(rows, [])
        if "year" not in header:
            return None
        place = header.index("year")
        start = hashlib.sha256(canonical_json(header).encode())
        for row in rows:
            digest = digests.setdefault(row[place], start.copy())
            digest.update(canonical_json(row).encode() + b"\n")
    return {year: digest.hexdigest() for year, digest in digests.items()}


def _parquet_by_year(path: Path) -> dict[str, str] | None:
    from pyarrow import compute
    from pyarrow.parquet import ParquetFile

    table = ParquetFile(path).read()
    if "year" not in table.column_names:
        return None
    years = table["year"].cast("string").fill_null("")
    digests = {}
    for year in sorted(compute.unique(years).to_pylist()):
        part = table.filter(compute.equal(years, year)).combine_chunks()
        content = canonical_json([table.column_names, str(table.schema.types)])
        rows = "\n".join(map(repr, part.to_pylist()))
        digests[year] = hashlib.sha256(f"{content}\n{rows}".encode()).hexdigest()
    return digests


def _read_of(parts: Mapping[str, Any], parameters: Mapping[str, Any]) -> Any:
    """Return the checksums of the rows of a table that a notebook may read."""
    years, own = parts["years"], parameters.get("year")
    if years is None or own is None:
        return parts[_WHOLE]
    return {year: digest for year, digest in years.items() if not _later(year, int(own))}


def _later(year: str, own: int) -> bool:
    return year.isdecimal() and int(year) > own
