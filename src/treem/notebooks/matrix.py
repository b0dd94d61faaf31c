"""What to run: the notebooks of an edition, their parameters, and their order in the book.

`check_matrix` compares every name before anything runs; `units` is the matrix year × area of an
edition; `book` the same notebooks in the order in which they are read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

from treem.edition import Edition
from treem.notebooks.template import Template, read_template
from treem.project import Project

if TYPE_CHECKING:
    from treem.areas import Areas

DISTRICT: Literal["district"] = "district"
SINGLE = ("overview", "plan", "summary_table", "quality")
ONLY_WITH_AREAS = "needs-areas"
"""Tag of cells that an edition without areas below the province leaves out."""

ONLY_LATEST = "latest-year"
"""Tag of cells that earlier years leave out, because the latest year shows the same for all."""

Value = str | int


@dataclass(frozen=True)
class Unit:
    """One notebook to run: its template, its parameters and where the executed copy goes.

    `name` is unique in the edition and safe in labels (`tinh-2024`, `256-2024`); `output` is
    relative to the folder of executed notebooks; cells with a tag in `left_out` are dropped.
    """

    name: str
    template: str
    output: PurePosixPath
    parameters: Mapping[str, Value]
    left_out: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Part:
    """A part of the book with its title and chapters."""

    title: str
    chapters: tuple[str, ...]


@dataclass(frozen=True)
class Book:
    """Chapters and appendices in reading order, as paths relative to the project."""

    chapters: tuple[str | Part, ...]
    appendices: tuple[str, ...]

    def paths(self) -> list[str]:
        """Return every file of the book in reading order."""
        found: list[str] = []
        for entry in self.chapters:
            found.extend(entry.chapters if isinstance(entry, Part) else [entry])
        return [*found, *self.appendices]


@dataclass(frozen=True)
class Matrix:
    """The units of an edition: `first` can run in any order, `last` reads what they printed."""

    first: tuple[Unit, ...]
    last: tuple[Unit, ...] = field(default=())

    @property
    def all(self) -> tuple[Unit, ...]:
        """All units, `first` before `last`."""
        return self.first + self.last


def check_matrix(project: Project, edition: Edition) -> tuple[Matrix, dict[str, Template]]:
    """Return what to run and the templates, checked against the parameters they will be given.

    Raises UsageError before anything runs: a template that is missing or not of our form, a
    parameter that the template does not know, one that it has and nobody gives, a value of
    another type, or a placeholder without a value. Raises AreaError as `units` does.
    """
    from treem.areas import load_geography

    matrix = units(edition, load_geography(project))
    templates = {
        name: read_template(project.notebooks / f"{name}.ipynb")
        for name in sorted({unit.template for unit in matrix.all})
    }
    for unit in matrix.all:
        templates[unit.template].check(unit.parameters)
    return matrix, templates


def units(edition: Edition, areas: Areas) -> Matrix:
    """Return what to run for an edition, in the order in which figures find their home.

    Raises AreaError where the geography knows no areas on a date the edition needs.
    """
    common: dict[str, Value] = {"project": ".", "edition": edition.name}
    left_out = frozenset() if edition.areas != "none" else frozenset({ONLY_WITH_AREAS})
    single = [Unit(name, name, PurePosixPath(f"{name}.ipynb"), common, left_out) for name in SINGLE]
    province = [
        Unit(
            f"tinh-{year}",
            "province",
            _output(edition, year, edition.province),
            {
                **common,
                "geography": edition.geography,
                "year": year,
                "area_code": edition.province,
            },
            left_out if year == edition.year else left_out | {ONLY_LATEST},
        )
        for year in reversed(edition.years)
    ]
    districts = [
        Unit(
            f"{code}-{year}",
            DISTRICT,
            _output(edition, year, code),
            {**common, "geography": edition.geography, "year": year, "area_code": code},
        )
        for year in reversed(edition.years)
        for code in area_codes(edition, areas, year)
    ]
    trace = Unit("trace", "trace", PurePosixPath("trace.ipynb"), common, left_out)
    return Matrix((*province, *districts, *single), (trace,))


def area_codes(edition: Edition, areas: Areas, year: int) -> list[str]:
    """Return the codes of the areas that have a notebook for this year, in order of code."""
    if edition.areas == "none":
        return []
    found = areas.on(area_date(edition, year), DISTRICT, edition.province)
    return sorted(area.code for area in found)


def area_date(edition: Edition, year: int) -> dt.date:
    """Return the day on which areas are taken for a year: its last, or the edition's if earlier."""
    return min(dt.date(year, 12, 31), edition.as_of)


def book(project: Project, edition: Edition) -> Book:
    """Return the order of the book of an edition; raises AreaError as `units` does."""
    from treem.areas import load_geography

    areas = load_geography(project)
    folder = f"reports/{edition.name}/notebooks"

    def path(year: int, code: str) -> str:
        return f"{folder}/{_output(edition, year, code)}"

    districts = {
        year: [path(year, code) for code in area_codes(edition, areas, year)]
        for year in edition.years
    }
    parts: list[str | Part] = [
        "index.qmd",
        f"{folder}/overview.ipynb",
        Part(
            "Phần thứ nhất. Kế hoạch và số liệu",
            (f"{folder}/plan.ipynb", "chapters/phuong-phap.qmd", f"{folder}/quality.ipynb"),
        ),
        Part(
            "Phần thứ hai. Kết quả cấp tỉnh",
            tuple(path(year, edition.province) for year in reversed(edition.years)),
        ),
    ]
    if districts[edition.year]:
        parts.append(Part("Phần thứ ba. Kết quả theo địa bàn", tuple(districts[edition.year])))
    earlier = [found for year in reversed(edition.years[:-1]) for found in districts[year]]
    return Book(
        tuple(parts),
        (f"{folder}/summary_table.ipynb", *earlier, f"{folder}/trace.ipynb"),
    )


def _output(edition: Edition, year: int, code: str) -> PurePosixPath:
    return PurePosixPath(edition.geography) / str(year) / f"{code}.ipynb"
