"""From an id on paper back to where the figure ends: `treem trace EDITION FIGURE`.

Figure → notebook and cell → how it was worked out → observations → sheet!cell with its raw text,
row of a published source or line of the plan → checksum of the file, computed again → who sent it
and under which document number. Reads what the build wrote, needs no network and not pandas.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from treem.audit.trace_text import trace_text
from treem.edition import Audience, load_edition
from treem.errors import TraceError
from treem.notebooks.results import OBSERVATIONS, read_parquet
from treem.project import Project

FIGURES = "figures.jsonl"
RESULTS = "results.csv"
FINDINGS = "findings.csv"
NEAR = 5
_FINDING_PLACE = ("file", "sheet", "cell", "area_code", "year", "measure", "part")
_NEEDED = frozenset(
    {"figure", "measure", "area_code", "year", "observations", "plan_lines"}
    | {"published_rows", "results", "checks"}
)
_DASHES = str.maketrans({"–": "-", "—": "-", "−": "-", "\u2011": "-", ",": "."})


@dataclass(frozen=True)
class FileCheck:
    """A file that a figure ends in: the checksum on record and that of the file as it is now.

    `now` is empty where the file is not there any more.
    """

    path: str
    recorded: str
    now: str

    @property
    def intact(self) -> bool:
        """Whether the file is still the one that was read."""
        return self.recorded == self.now


@dataclass(frozen=True)
class Trace:
    """The whole way of one figure; every list is in the order of the road."""

    figure: Mapping[str, Any]
    measure_name: str
    area_name: str
    observations: tuple[Mapping[str, Any], ...] = ()
    results: tuple[Mapping[str, str], ...] = ()
    plan_lines: tuple[Mapping[str, Any], ...] = ()
    published: tuple[Mapping[str, Any], ...] = ()
    findings: tuple[Mapping[str, str], ...] = ()
    files: tuple[FileCheck, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether every file is still the one that was read."""
        return all(file.intact for file in self.files)

    def as_json(self) -> dict[str, Any]:
        """Return the trace for a program."""
        return {
            "figure": dict(self.figure),
            "measure_name": self.measure_name,
            "area_name": self.area_name,
            "observations": [dict(row) for row in self.observations],
            "results": [dict(row) for row in self.results],
            "plan_lines": [dict(row) for row in self.plan_lines],
            "published": [dict(row) for row in self.published],
            "findings": [dict(row) for row in self.findings],
            "files": [
                {"path": one.path, "recorded": one.recorded, "now": one.now, "intact": one.intact}
                for one in self.files
            ],
            "intact": self.intact,
        }

    def as_text(self) -> str:
        """Return the trace for a person."""
        return trace_text(self)


def trace(project: Project, edition_name: str, figure: str, audience: Audience = "public") -> Trace:
    """Follow a figure of a public or internal build to its sources, in the office's own tables.

    Raises EditionError on an unknown edition; TraceError where the edition was not built or has
    no such figure, with the ids nearest to what was typed.
    """
    edition = load_edition(project, edition_name)
    paths = project.report(edition.name, audience)
    tables = paths.tables
    record = _find(paths.read / FIGURES, edition.name, figure)
    with _readable(tables / OBSERVATIONS, edition.name):
        observations = _observations(tables, record["observations"])
        checks = {row["file"]: row["sha256"] for row in observations}
    plan = _Plan(project)
    lines = tuple(plan.line(number) for number in record["plan_lines"])
    published = tuple(_published_row(project, place) for place in record["published_rows"])
    with _readable(tables / RESULTS, edition.name):
        area_name = _area_name(tables, record["area_code"], record["year"] or edition.year)
        results = tuple(_results(tables, record["results"], edition.year))
    with _readable(tables / FINDINGS, edition.name):
        findings = _findings(tables, paths.read, record["checks"])
    if lines:
        checks[plan.version["source_file"]] = plan.version["sha256"]
    return Trace(
        figure=record,
        measure_name=plan.measure_name(record["measure"]),
        area_name=area_name,
        observations=observations,
        results=results,
        plan_lines=lines,
        published=published,
        findings=findings,
        files=tuple(_check(project, path, recorded) for path, recorded in checks.items()),
    )


# --- finding the figure -----------------------------------------------------------------------


def _find(path: Path, edition: str, typed: str) -> dict[str, Any]:
    if not path.exists():
        raise TraceError(
            f"Kỳ {edition} chưa được dựng: không có tệp con số {FIGURES}. "
            f"Hãy chạy trước: treem run {edition}."
        )
    wanted = typed.strip().translate(_DASHES)
    with _readable(path, edition), path.open(encoding="utf-8") as lines:
        for line in lines:
            if _id_of(line).casefold() == wanted.casefold():
                return _record(line)
    with _readable(path, edition), path.open(encoding="utf-8") as lines:
        for line in lines:  # the figure may have stood in a line that is cut off
            _record(line)
    near = _near(path, wanted)
    hint = f" Các mã gần giống: {', '.join(near)}." if near else ""
    raise TraceError(
        f"Kỳ {edition} không in con số nào có mã “{typed}”.{hint} Mã của mọi con số nằm trong "
        "phụ lục “Bảng truy xuất số liệu”."
    )


@contextmanager
def _readable(path: Path, edition: str) -> Iterator[None]:
    """Turn every way in which a file of the build can be damaged into one TraceError."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        what = "không có tệp" if isinstance(error, FileNotFoundError) else "tệp hỏng"
        raise TraceError(
            f"Kỳ {edition}: {what} {path.parent.name}/{path.name}, không truy được con số. "
            f"Hãy chạy lại: treem run {edition}."
        ) from error


def _record(line: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(line)
    missing = _NEEDED - record.keys()
    if missing:
        raise ValueError(f"a figure without {missing}")
    return record


def _id_of(line: str) -> str:
    """Return the id of a line without reading all of it; `figure` is its first key."""
    start = line.index('"', line.index(":")) + 1
    return line[start : line.index('"', start)]


def _near(path: Path, wanted: str) -> list[str]:
    """Return ids like the one typed, first among those of the same measure."""
    with path.open(encoding="utf-8") as lines:
        ids = [_id_of(line) for line in lines]
    stem = wanted.split("-")[0].casefold()
    measures = sorted({one.split("-")[0] for one in ids})
    close = difflib.get_close_matches(stem, [one.casefold() for one in measures], n=1, cutoff=0.6)
    same = [one for one in ids if close and one.split("-")[0].casefold() == close[0]]
    return difflib.get_close_matches(wanted, same, n=NEAR, cutoff=0.3)


# --- where it ends ----------------------------------------------------------------------------


def _observations(tables: Path, ids: list[str]) -> tuple[dict[str, Any], ...]:
    if not ids:
        return ()
    wanted = set(ids)
    rows = read_parquet(tables / OBSERVATIONS)
    found = {row["observation_id"]: row for row in rows if row["observation_id"] in wanted}
    return tuple(found[one] for one in ids if one in found)


def _results(tables: Path, keys: list[str], edition_year: int) -> Iterator[dict[str, str]]:
    """Yield the results that a figure was worked out of, in the order of their keys."""
    from treem.audit.lineage import figure_id

    if not keys:
        return
    wanted = dict.fromkeys(keys)
    found = {}
    with (tables / RESULTS).open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            place = row["geography"], row["area_code"]
            key = figure_id(row["measure"], *place, int(row["year"]), "", edition_year)
            key = key.removesuffix("-")
            if key in wanted and not row["stratum"]:
                found[key] = row
    yield from ({"key": key, **found[key]} for key in keys if key in found)


def _area_name(tables: Path, code: str, year: int) -> str:
    """Return the name that an area had in a year, as the results give it."""
    with (tables / RESULTS).open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        names = (
            row["area_name"]
            for row in rows
            if row["area_code"] == code and row["year"] == str(year)
        )
        return next(names, "")


def _published_row(project: Project, place: str) -> dict[str, Any]:
    """Return a row of a published source by `file:line`, with the names of its columns."""
    path, _, line = place.rpartition(":")
    with (project.root / path).open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        row = next((row for row in reader if reader.line_num >= int(line)), {})
    return {"file": path, "line": int(line), "row": row}


def _findings(tables: Path, read: Path, ids: list[str]) -> tuple[dict[str, str], ...]:
    """Return the office's findings for the ids of a build; public ids stand for places alone."""
    if not ids:
        return ()
    wanted = set(ids)
    places = {_place(row) for row in _rows(read / FINDINGS) if row["finding_id"] in wanted}
    return tuple(row for row in _rows(tables / FINDINGS) if _place(row) in places)


def _place(row: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(row[name] for name in _FINDING_PLACE)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _check(project: Project, path: str, recorded: str) -> FileCheck:
    file = project.root / path
    now = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
    return FileCheck(path, recorded, now)


@dataclass(frozen=True)
class _Plan:
    """The register as far as a trace needs it."""

    project: Project
    _lines: list[str] = field(default_factory=list)

    @cached_property
    def version(self) -> dict[str, str]:
        with (self.project.plan / "versions.csv").open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))[-1]

    def line(self, number: int) -> dict[str, Any]:
        if not self._lines:
            source = self.project.root / self.version["source_file"]
            self._lines.extend(source.read_text("utf-8").splitlines())
        return {
            "line": number,
            "words": self._lines[number - 1].strip(),
            "file": self.version["source_file"],
            "document": self.version["document"],
            "issuer": self.version["issuer"],
            "issued": self.version["issued"],
        }

    def measure_name(self, measure: str) -> str:
        with (self.project.plan / "measures.csv").open(encoding="utf-8", newline="") as lines:
            return next(
                (row["name_vi"] for row in csv.DictReader(lines) if row["id"] == measure), ""
            )
