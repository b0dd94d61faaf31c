"""What need not run again: notebooks whose every input is that of the last good build.

A unit's key is the content of its template, its parameters, the rows it may read, the package's
code, the project's data that notebooks read, the edition, the lock and the tools. A notebook of a
year may read rows of that year and of earlier ones, of any area, and rows without a year; any
other notebook may read everything. Keys, checksums and the figures that notebooks printed stand in
`units.json` beside the executed notebooks and are swapped in with them.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import platform
import shutil
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import treem
from treem.audit.manifest import TOOLS, canonical_json, file_sha256, tree_sha256
from treem.edition import Edition
from treem.notebooks.unit import Job, Outcome
from treem.project import Project

RECORD = "units.json"

READ_BY_NOTEBOOKS = (
    "data/plan",
    "data/areas",
    "data/published",
    "data/source",
    "params/disclosure/policy.yml",
    "params/disclosure/approvals.yml",
    "expectations",
    "_extensions/nd30/fonts",
    "requirements.lock",
)
_NEVER_READ = frozenset({"figures.jsonl", "made_from.json", "quality_raw.json"})
"""Tables that no notebook reads, or only after all others have run."""
_WHOLE = "whole"


class UnitCache:
    """The notebooks of the last build, and the record of this one."""

    def __init__(self, project: Project, edition: Edition, tables: Path, last: Path | None) -> None:
        """`last` is the folder of the last build's notebooks; None reuses nothing."""
        self._last = last
        known = _read(last)
        self._known: dict[str, Any] = known.get("units", {})
        self._common = _common(project, edition)
        self._tables = _digests(tables, known.get("tables", {}))
        self._units: dict[str, Any] = {}

    def key(self, job: Job, printed: str = "") -> str:
        """Return the key of a unit; `printed` stands for the figures of others that it reads."""
        unit = job.unit
        read = {name: _read_of(parts, unit.parameters) for name, parts in self._tables.items()}
        content = [self._common, job.notebook, dict(unit.parameters), unit.name]
        content += [unit.output.as_posix(), read, printed]
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()

    def reuse(self, job: Job, key: str) -> Outcome | None:
        """Put the last build's notebook in place where its key is this one; else return None."""
        known = self._known.get(job.unit.name)
        if self._last is None or known is None or known["key"] != key:
            return None
        source, target = self._last / job.unit.output, job.out / job.unit.output
        if not source.is_file() or file_sha256(source) != known["sha256"]:
            return None
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        self._units[job.unit.name] = known
        return Outcome(job.unit.name, tuple(known["figures"]), tuple(known["warnings"]))

    def keep(self, job: Job, key: str, outcome: Outcome) -> None:
        """Note a notebook that ran."""
        self._units[job.unit.name] = {
            "key": key,
            "sha256": file_sha256(job.out / job.unit.output),
            "figures": list(outcome.figures),
            "warnings": list(outcome.warnings),
        }

    def write(self, folder: Path) -> None:
        """Write the record of this build beside its notebooks."""
        record = {"tables": self._tables, "units": self._units}
        (folder / RECORD).write_text(canonical_json(record) + "\n", "utf-8")


def _read(last: Path | None) -> dict[str, Any]:
    """Read the last record; one that is damaged is none."""
    if last is None:
        return {}
    try:
        record = json.loads((last / RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _common(project: Project, edition: Edition) -> str:
    """Return what all notebooks of an edition depend on, as one checksum."""
    about = {
        field.name: repr(getattr(edition, field.name))
        for field in dataclasses.fields(edition)
        if field.name != "path"
    }
    package = Path(treem.__file__).parent
    parts = [
        about,
        tree_sha256(package, ["."]),
        tree_sha256(project.root, READ_BY_NOTEBOOKS),
        {name: metadata.version(name) for name in TOOLS},
        platform.python_version(),
    ]
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()


def _digests(tables: Path, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return checksums of each table, whole and by year; known ones where a file is the same."""
    found: dict[str, Any] = {}
    for path in sorted(one for one in tables.iterdir() if one.is_file()):
        if path.name in _NEVER_READ:
            continue
        whole = file_sha256(path)
        if known.get(path.name, {}).get(_WHOLE) == whole:
            found[path.name] = known[path.name]
        else:
            found[path.name] = {_WHOLE: whole, "years": _by_year(path)}
    return found


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
