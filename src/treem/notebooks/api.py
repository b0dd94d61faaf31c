"""What a template imports: `open_run` and the run it returns.

A run knows the edition, its tables, the register and the area and year of the notebook, and keeps
the book of figures. After each cell it hands the figures that the cell printed to whoever runs the
notebook, as metadata of an empty output; alone in JupyterLab nothing is written anywhere.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treem.areas import PLAN_PROVINCE
from treem.audit.lineage import FigureBook, read_figures
from treem.edition import Edition, load_edition
from treem.errors import DataError
from treem.notebooks.finish import CARRIER
from treem.notebooks.results import OBSERVATIONS, Result, Tables
from treem.notebooks.runner import FIGURES, TABLES_VARIABLE
from treem.plan.register import Agency, PlanRegister, load_register
from treem.project import Project, find_project

if TYPE_CHECKING:
    import pandas as pd

    from treem.areas import Area, Areas
    from treem.indicators.rollup import Place

ON_OLD_GROUND = " (năm 2025 cộng lại trên địa giới cũ)"
"""What the caption of a chart across 1 July 2025 adds."""

NEEDED = (OBSERVATIONS, "findings.csv", "results.csv")


@dataclass
class Run:
    """One run of one notebook: edition, tables, register, and the figures printed so far.

    `year`, `geography` and `area_code` are those of the notebook; where a notebook has none, they
    are the edition's year and the province of the plan.
    """

    project: Project
    edition: Edition
    tables: Tables
    year: int
    area_code: str
    geography: str = PLAN_PROVINCE[0]
    figures: FigureBook = field(default_factory=FigureBook)

    @cached_property
    def register(self) -> PlanRegister:
        """The plan register."""
        return load_register(self.project)

    @cached_property
    def areas(self) -> Areas:
        """The dated geography."""
        from treem.areas import load_geography

        return load_geography(self.project)

    @cached_property
    def place(self) -> Place:
        """The place of the notebook, as it was in the notebook's year, or rebuilt for it."""
        return self.place_of(self.area_code, self.year)

    @property
    def area(self) -> Area:
        """The area of the notebook under the name that readers see.

        Where an edition speaks of two provinces of one name, each says in every year which it is.
        """
        return replace(self.place.named_area, full_name=self.shown_name)

    @property
    def shown_name(self) -> str:
        """The full name of the notebook's place."""
        return self.name_of(self.place)

    def name_of(self, place: Place) -> str:
        """Return a full name: `Tỉnh Bắc Ninh cũ`, `Tỉnh Bắc Ninh mới`, `Huyện Tiên Du`."""
        if place.level != "province" or self.edition.geography == self.province_key[0]:
            return place.name
        return f"{place.area.full_name} {'cũ' if place.judged else 'mới'}"

    def place_of(self, area_code: str, year: int) -> Place:
        """Return the place that an area code stands for in the results of a year."""
        from treem.indicators.rollup import find_place

        key = (self.geography_of(area_code), area_code)
        return find_place(self.edition, self.areas, year, key)

    def geography_of(self, area_code: str) -> str:
        """Return the geography of an area code; within one edition a code stands for one."""
        return self._geographies.get(area_code, self.province_key[0])

    @cached_property
    def _geographies(self) -> dict[str, str]:
        return {row.area_code: row["geography"] for row in self.tables.results}

    @property
    def province_key(self) -> tuple[str, str]:
        """Geography and code of the province the plan was made for, whose targets these are."""
        return PLAN_PROVINCE

    @property
    def plan_area(self) -> str:
        """The code of the province the plan was made for."""
        return self.province_key[1]

    @property
    def province_code(self) -> str:
        """The province beside which the notebook's figures stand: its own, else the plan's."""
        return self.area_code if self.place.level == "province" else self.plan_area

    @cached_property
    def printed(self) -> list[dict[str, Any]]:
        """The figures that the other notebooks of the edition printed."""
        return list(read_figures(self.tables.folder / FIGURES))

    @cached_property
    def results(self) -> pd.DataFrame:
        """All results of the edition as a data frame of text, for work beyond the report."""
        import pandas as pd

        return pd.DataFrame([dict(row.row) for row in self.tables.results])

    def result(
        self, measure: str, area_code: str | None = None, year: int | None = None
    ) -> Result | None:
        """Return a result; area and year are the notebook's unless given."""
        return self.tables.results.get(area_code or self.area_code, year or self.year, measure)

    def expect(self, measure: str, area_code: str | None = None) -> Result:
        """Return a result of the notebook's year; the table has one for each measure and area."""
        area = area_code or self.area_code
        found = self.result(measure, area)
        if found is None:
            raise DataError(
                f"Bảng results.csv của kỳ {self.edition.name} không có dòng {measure}, địa bàn "
                f"{area}, năm {self.year}. Hãy chạy lại: treem run {self.edition.name}."
            )
        return found

    def rows(self, area_code: str | None = None, year: int | None = None) -> list[Result]:
        """Return the results that an area owes, in the order of the plan.

        Below the province these are the measures that areas report.
        """
        area = area_code or self.area_code
        found = self.tables.results.of(area, year or self.year)
        if any(row["level"] == "province" for row in found):
            return found
        levels = {one.id: one.reporting_level for one in self.register.measures.values()}
        return [row for row in found if levels[row.measure] == "area"]

    def area_names(self) -> dict[str, str]:
        """Return code and name of the province and, after it, of its districts."""
        of_level = self.tables.results.areas
        province = of_level("province", self.year)[self.province_code]
        districts = of_level("district", self.year) if self.province_code == self.plan_area else {}
        return {self.province_code: province, **districts}

    @cached_property
    def national_rows(self) -> list[tuple[int, dict[str, str]]]:
        """Rows of the national decision with their line in the file."""
        path = self.project.plan / "national_targets.csv"
        with path.open(encoding="utf-8", newline="") as lines:
            return list(enumerate(csv.DictReader(lines), start=2))

    def agencies(self, measure: str) -> tuple[str, Agency]:
        """Return the agency that the plan names and who holds its duty by the newest record."""
        newest = max(row.valid_from for _, row in self.register.agency_rows)
        return self.register.agency_in_plan(measure), self.register.agency(measure, newest)

    @property
    def fonts(self) -> Path:
        """The folder of the document's fonts."""
        return self.project.root / "_extensions" / "nd30" / "fonts"

    def hand_over(self, **values: str) -> None:
        """Give whoever runs the notebook values for its placeholders; only within IPython."""
        from IPython import get_ipython
        from IPython.display import display

        if get_ipython() is not None:
            display({"text/plain": ""}, raw=True, metadata={CARRIER: {"values": values}})


def open_run(
    project: str,
    edition: str,
    *,
    geography: str | None = None,
    year: int | None = None,
    area_code: str | None = None,
) -> Run:
    """Open an edition's tables for a notebook.

    Raises EditionError on an unknown edition, or a geography or year that it does not have;
    AreaError on an area that did not exist then; DataError where the tables are not there yet.
    """
    found = find_project(Path(project))
    chosen = load_edition(found, edition)
    folder = Path(os.environ.get(TABLES_VARIABLE) or found.report(edition).tables)
    if not all((folder / name).exists() for name in NEEDED):
        raise DataError(
            f"Kỳ {edition} chưa có bảng số liệu trong reports/{edition}/tables. "
            f"Hãy chạy trước: treem run {edition}."
        )
    tables = Tables(folder)
    run = _run_of(found, chosen, tables, geography, year or chosen.year, area_code)
    _hand_over_after_each_cell(run)
    run.hand_over(
        edition_year=str(chosen.year),
        area_name=run.place.area.name,
        area_full_name=run.shown_name,
        area_in_text=run.shown_name[:1].lower() + run.shown_name[1:],
        ground=ON_OLD_GROUND if run.place.rebuilt else "",
        **{f"objective_{one.number}": one.title for one in run.register.objectives.values()},
    )
    return run


def _run_of(
    project: Project,
    edition: Edition,
    tables: Tables,
    geography: str | None,
    year: int,
    area_code: str | None,
) -> Run:
    from treem.areas import load_geography
    from treem.errors import EditionError
    from treem.indicators.rollup import find_place

    if year not in edition.years:
        raise EditionError(
            f"Kỳ {edition.name} không có năm {year}; các năm có: "
            f"{', '.join(map(str, edition.years))}."
        )
    key = (geography or PLAN_PROVINCE[0], area_code or PLAN_PROVINCE[1])
    find_place(edition, load_geography(project), year, key)
    return Run(project, edition, tables, year, area_code=key[1], geography=key[0])


def _hand_over_after_each_cell(run: Run) -> None:
    """Publish the figures of each cell with its output; does nothing outside IPython."""
    from IPython import get_ipython
    from IPython.display import display

    shell = get_ipython()
    if shell is None:
        return

    def publish(result: object = None) -> None:
        fresh = run.figures.drain()
        if fresh:
            # as one text: on its way a tree would be copied and checked node by node
            carried = {"figures": json.dumps(fresh, ensure_ascii=False)}
            display({"text/plain": ""}, raw=True, metadata={CARRIER: carried})

    _replace_hook(shell.events, publish)


def _replace_hook(events: Any, publish: Callable[..., None]) -> None:
    """Register the hook of this run in the place of that of an earlier run in the same kernel."""
    for hook in list(events.callbacks["post_run_cell"]):
        if getattr(hook, "__qualname__", "") == publish.__qualname__:
            events.unregister("post_run_cell", hook)
    events.register("post_run_cell", publish)
