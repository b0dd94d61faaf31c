"""Generates the submissions of a demonstration edition: workbooks that look like received ones.

Nothing here is real and every file says so. The design (levels wanted, units that send nothing,
what comes twice, shapes, seeded errors) is data beside the folder of submissions
(`data/demo/<edition>.yml`); the seed stands in `params/`. The same design and seed give the same
bytes, but for the files that LibreOffice saved: those keep theirs while their values agree.
"""

from __future__ import annotations

import csv
import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treem.demo_figures import Design, Entries, entry_id, fill, listed, number_of
from treem.demo_files import SAVED
from treem.demo_own import build_own
from treem.demo_shapes import apply_shape
from treem.edition import GENERATED_NOTICE, Edition
from treem.errors import UsageError
from treem.intake.forms import STATES
from treem.intake.forms_write import Entry, Form, build_form, make_form, save_form
from treem.intake.sources import NAME, SPREADSHEETS, Source, located
from treem.intake.units import Unit, units_owing
from treem.project import Project

if TYPE_CHECKING:
    from treem.plan.register import PlanRegister


@dataclass(frozen=True)
class _Office:
    """What all workbooks of an edition have in common."""

    folder: Path
    design: Design
    edition: Edition
    register: PlanRegister


@dataclass(frozen=True)
class _Sending:
    """One file that a unit sends: what it writes, in which shapes, how it saves and names it."""

    unit: Unit
    year: int
    entries: Entries
    received: str
    stem: str
    shapes: tuple[str, ...] = ()
    saved: str = ""
    name: str = ""
    supersedes: str = ""

    @property
    def file(self) -> str:
        """The name of the file within the folder of its year."""
        return f"{self.name or self.stem}.{'csv' if self.saved == 'csv' else 'xlsx'}"


def write_demo(project: Project, edition: Edition) -> list[Path]:
    """Write the generated files of an edition and a `SOURCES.csv` for each year.

    Returns the paths written. Other spreadsheets in those folders are removed: nothing there is
    received. Raises UsageError for an edition of real figures or without a design.
    """
    from treem.areas import load_geography
    from treem.plan.register import load_register

    if edition.generator is None:
        raise UsageError(
            f"Kỳ {edition.name} là kỳ số liệu thật: không sinh số liệu cho kỳ này. "
            "Chỉ kỳ trình diễn (kind: demonstration) có số liệu sinh ra."
        )
    register, areas = load_register(project), load_geography(project)
    folder = project.root / "data" / "demo" / edition.name
    design = _read_design(folder.with_suffix(".yml"))
    office = _Office(folder, design, edition, register)
    written: list[Path] = []
    for year in design["years"]:
        units = units_owing(edition, register, areas, year)
        filled = fill(design, edition, register, areas, units, year, edition.generator.seed)
        sources = [
            _send(office, sending)
            for unit in units
            if not listed(design["missing"], unit.code, year)
            for sending in _sendings(design, unit, year, filled[unit.code])
        ]
        written += _finish_year(folder / str(year), sources)
    return written


def _read_design(path: Path) -> Design:
    import yaml

    if not path.is_file():
        raise UsageError(f"Không tìm thấy tệp thiết kế số liệu trình diễn {path}.")
    design: dict[str, Any] = yaml.safe_load(unicodedata.normalize("NFC", path.read_text("utf-8")))
    return design


def _sendings(design: Design, unit: Unit, year: int, entries: Entries) -> list[_Sending]:
    """Return what a unit sends for a year: one file, or two where it sent again."""
    entries = _with_errors(design, unit.code, year, entries)
    received = design["received"][design["years"].index(year)]
    last = _Sending(unit, year, entries, received, unit.code)
    for look in listed(design["shapes"], unit.code, year):
        last = replace(
            last,
            shapes=tuple(look.get("shapes", ())),
            saved=look.get("saved", ""),
            name=unicodedata.normalize(look.get("normal", "NFC"), look.get("name", "")),
        )
    for again in listed(design["resent"], unit.code, year):
        before, after = dict(entries), dict(entries)
        for change in again.get("changes", ()):
            key = entry_id(change)
            before[key] = Entry(number_of(entries[key]) + change["first"])
            after[key] = replace(entries[key], state=STATES["revised"])
        first = replace(last, entries=before, shapes=tuple(again.get("first_shapes", ())))
        stem = f"{unit.code}-2"
        last = replace(last, entries=after, received=again["received"], stem=stem)
        return [first, replace(last, supersedes=first.file)]
    return [last]


def _with_errors(design: Design, code: str, year: int, entries: Entries) -> Entries:
    """Put in the errors that are meant to be found."""
    wrong = dict(entries)
    for error in listed(design["errors"], code, year):
        key = entry_id(error)
        if "write" in error:
            wrong[key] = Entry(error["write"])
            continue
        start = number_of(entries[entry_id(error, error.get("as", ""))])
        wrong[key] = Entry(start * error.get("times", 1) + error.get("plus", 0))
    return wrong


def _send(office: _Office, sending: _Sending) -> Source:
    """Write one file and return its row of the record."""
    unit, year = sending.unit, sending.year
    path = office.folder / str(year) / sending.file
    form = make_form(office.edition, office.register, unit, year)
    SAVED.get(sending.saved, save_form)(_workbook(office.register, form, sending), path)
    data = path.read_bytes()
    return Source(
        file=unicodedata.normalize("NFC", sending.file),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        sender=unit.name,
        unit_code=unit.code,
        year=year,
        received_date=sending.received,
        document_number=f"TD-{sending.stem}/{year}",
        supersedes=sending.supersedes,
        note=GENERATED_NOTICE,
    )


def _workbook(register: PlanRegister, form: Form, sending: _Sending) -> Any:
    """Return what a unit made of its form, or the workbook of its own that it sent instead."""
    if sending.saved == "own":
        return build_own(register, form, sending.entries)
    # The guide is the same on every form; with it a hundred of them would weigh a third more.
    book = build_form(register, form, sending.entries, guide=False)
    for shape in sending.shapes:
        apply_shape(book, shape)
    return book


def _finish_year(folder: Path, sources: Sequence[Source]) -> list[Path]:
    """Write the record of a year, remove what an older design left, return the paths written."""
    path = folder / NAME
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(
            stream, [field.name for field in fields(Source)], lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(asdict(source) for source in sources)
    written = [located(folder, source.file) for source in sources]
    for left in set(folder.iterdir()) - {path, *written}:
        if left.suffix.lower() in (*SPREADSHEETS, ".csv"):
            left.unlink()
    return [*written, path]
