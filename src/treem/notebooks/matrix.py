"""What to run: the notebooks of an edition, their parameters, and their order in the book.

`check_matrix` compares every name before anything runs; `units` is the matrix year × area of an
edition; `book` the same notebooks in the order in which they are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from treem.edition import Edition
from treem.indicators.rollup import Place, places_with_chapters
from treem.notebooks.template import Template, read_template
from treem.project import Project

if TYPE_CHECKING:
    from treem.areas import Areas

SINGLE = ("overview", "plan", "summary_table", "quality")
ONLY_WITH_AREAS = "needs-areas"
"""Tag of cells that an edition without areas below the province leaves out."""

ONLY_LATEST = "latest-year"
"""Tag of cells that earlier years leave out, because the latest year shows the same for all."""

ONLY_JUDGED = "judged-province"
"""Tag of cells that speak of targets, which only the province of the plan has."""

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
    places = [
        (year, places_with_chapters(edition, areas, year)) for year in reversed(edition.years)
    ]
    by_place = [
        _unit_of(edition, common, year, place, left_out)
        for level in ("province", "district")
        for year, found in places
        for place in found
        if place.level == level
    ]
    trace = Unit("trace", "trace", PurePosixPath("trace.ipynb"), common, left_out)
    return Matrix((*by_place, *single), (trace,))


def _unit_of(
    edition: Edition,
    common: Mapping[str, Value],
    year: int,
    place: Place,
    left_out: frozenset[str],
) -> Unit:
    """Return the notebook of a place and year; only the plan's province compares its areas."""
    parameters = {
        **common,
        "geography": place.geography,
        "year": year,
        "area_code": place.code,
    }
    output = _output(year, place)
    if year != edition.year:
        left_out = left_out | {ONLY_LATEST}
    if place.level != "province":
        return Unit(f"{place.code}-{year}", "district", output, parameters, left_out)
    if not place.judged:
        left_out = left_out | {ONLY_WITH_AREAS, ONLY_JUDGED}
    name = f"tinh-{year}" if place.judged else f"tinh-{place.geography}-{year}"
    return Unit(name, "province", output, parameters, left_out)


def book(project: Project, edition: Edition) -> Book:
    """Return the order of the book of an edition; raises AreaError as `units` does."""
    from treem.areas import load_geography

    areas = load_geography(project)
    executed = project.report(edition.name, edition.audience).notebooks
    folder = executed.relative_to(project.root).as_posix()

    def paths(level: str, *years: int) -> list[str]:
        return [
            f"{folder}/{_output(year, place)}"
            for year in years
            for place in places_with_chapters(edition, areas, year)
            if place.level == level
        ]

    earlier = tuple(reversed(edition.years[:-1]))
    districts = paths("district", edition.year)
    parts: list[str | Part] = [
        "index.qmd",
        f"{folder}/overview.ipynb",
        Part(
            "Phần thứ nhất. Kế hoạch và số liệu",
            (f"{folder}/plan.ipynb", "chapters/phuong-phap.qmd", f"{folder}/quality.ipynb"),
        ),
        Part(
            "Phần thứ hai. Kết quả cấp tỉnh",
            tuple(paths("province", edition.year, *earlier)),
        ),
    ]
    if districts:
        parts.append(Part("Phần thứ ba. Kết quả theo địa bàn", tuple(districts)))
    return Book(
        tuple(parts),
        (
            f"{folder}/summary_table.ipynb",
            *paths("district", *earlier),
            f"{folder}/trace.ipynb",
        ),
    )


def _output(year: int, place: Place) -> PurePosixPath:
    return PurePosixPath(place.geography) / str(year) / f"{place.code}.ipynb"
