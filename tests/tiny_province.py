"""A province of two districts for two years, small enough to work every figure out by hand."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from treem.edition import Edition, load_edition
from treem.errors import AreaError
from treem.intake.forms import AGENCIES, form_rows, row_id
from treem.intake.forms_write import Entry, Form, build_form, save_form
from treem.intake.observations import Observation, observation_id, observations_table
from treem.intake.sources import Source
from treem.intake.units import Unit
from treem.plan.register import PlanRegister, load_register
from treem.project import Project

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "ho-so"
YEARS = (2023, 2024)
Figures = Mapping[tuple[str, str], object]
_MADE: dict[tuple[object, ...], bytes] = {}
"""Forms that were made before: many tests send the same one."""


@dataclass(frozen=True)
class TinyArea:
    code: str
    full_name: str
    level: str
    parent: str = "27"
    geography: str = "old-27"


class TinyAreas:
    """Province 27 with the districts 901 and 902, which always exist."""

    everything = (
        TinyArea("27", "Tỉnh Nhỏ", "province"),
        TinyArea("901", "Huyện Một", "district"),
        TinyArea("902", "Huyện Hai", "district"),
    )
    successions = ()

    def on(self, day: dt.date, level: str, province: str = "27") -> list[TinyArea]:
        return [area for area in self.everything if area.level == level]

    def get(self, code: str, day: dt.date) -> TinyArea:
        for area in self.everything:
            if area.code == code:
                return area
        raise AreaError(f"Không có địa bàn {code}.")

    def named(self, name: str, day: dt.date) -> list[TinyArea]:
        return [area for area in self.everything if area.full_name == name]


def tiny_project(folder: Path) -> Project:
    """A project folder with the real suites and register, and no submissions yet."""
    for name in ("expectations", "data/plan", "data/source"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / FOLDER).mkdir()
    return Project(folder)


def tiny_edition(years: tuple[int, ...] = YEARS, **changes: object) -> Edition:
    demo = load_edition(Project(ROOT), "demo-2024")
    return replace(demo, name="nho", submissions=(FOLDER,), years=years, year=years[-1], **changes)


def register() -> PlanRegister:
    return load_register(Project(ROOT))


def write_unit(
    project: Project,
    unit: str,
    year: int,
    figures: Figures,
    file: str = "",
    supersedes: str = "",
    edition: Edition | None = None,
) -> Source:
    """Write the workbook of a unit and return its row of the record."""
    file = file or f"{unit}.xlsx"
    path = project.root / FOLDER / str(year) / file
    path.parent.mkdir(parents=True, exist_ok=True)
    entries = {
        row_id(*key): value if isinstance(value, Entry) else Entry(value)
        for key, value in figures.items()
    }
    asked = edition or tiny_edition()
    key = unit, year, repr(entries), repr(asked)  # 1, 1.0 and True are equal and not one figure
    if key not in _MADE:
        _MADE[key] = form_of(unit, year, entries, asked)
    path.write_bytes(_MADE[key])
    return source_of(path, file, unit, year, supersedes)


def form_of(unit: str, year: int, entries: Mapping[str, Entry], edition: Edition) -> bytes:
    """The workbook of a unit."""
    known = register()
    kind = "department" if unit in AGENCIES else "district"
    form = Form(
        edition_name="nho",
        notice="",
        unit=Unit(unit, f"Đơn vị {unit}", unit, f"Địa bàn {unit}", kind),
        year=year,
        receiver="Sở",
        rows=form_rows(edition, known, unit, year),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "form.xlsx"
        save_form(build_form(known, form, entries), path)
        return path.read_bytes()


def source_of(path: Path, file: str, unit: str, year: int, supersedes: str = "") -> Source:
    data = path.read_bytes()
    return Source(
        file=file,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        sender=f"Đơn vị {unit}",
        unit_code=unit,
        year=year,
        received_date=f"{year + 1}-01-15",
        document_number=f"TN-{unit}",
        supersedes=supersedes,
        note="",
    )


def path_of(project: Project, source: Source) -> Path:
    """Where the file of a row of the record lies."""
    return project.root / FOLDER / str(source.year) / source.file


def write_sources(project: Project, sources: list[Source]) -> Path:
    """Write the record of every year that the rows are of; returns that of the last year."""
    for year in sorted({source.year for source in sources}):
        path = project.root / FOLDER / str(year) / "SOURCES.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, [field.name for field in fields(Source)])
            writer.writeheader()
            writer.writerows(asdict(source) for source in sources if source.year == year)
    return path


def observed(area: str, year: int, measure: str, part: str, value: str, **more: object):
    """One observation as a reader would hand it on."""
    names = {found.code: found.full_name for found in TinyAreas.everything}
    cells = {"numerator": "F1", "denominator": "F2", "value": "F3"}
    row = Observation(
        observation_id=observation_id(measure, area, year, part, "00000000"),
        edition="nho",
        geography="old-27",
        area_code=area,
        area_name=names.get(area, area),
        measure=measure,
        year=year,
        part=part,
        raw=value,
        value=value,
        bound="",
        status="reported" if value else "missing",
        source_kind="workbook",
        file=f"{FOLDER}/{year}/{area}.xlsx",
        sha256="0" * 64,
        sheet="Biểu số liệu",
        cell=cells[part],
    )
    return replace(row, **more)


def ratio(area: str, year: int, measure: str, numerator: object, denominator: object):
    """The two observations of a ratio."""
    return [
        observed(area, year, measure, "numerator", str(numerator)),
        observed(area, year, measure, "denominator", str(denominator)),
    ]


def table(rows):
    return observations_table(rows)
