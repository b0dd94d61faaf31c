"""Which places an edition has results for in a year, and of which parts each is the sum.

Until 30 June 2025 districts report and the province of the plan is their sum. From 1 July 2025
communes report to a new and larger province; the old districts and the old province are rebuilt
from the communes that lie whole in them, so that the plan can still be judged on its own ground.
Code 24 was another province before and commune codes were given again, so a place is always
named by geography and code.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from treem.areas import COVERED, MERGED, PLAN_PROVINCE
from treem.display.numbers import short_date
from treem.edition import Edition
from treem.errors import AreaError

if TYPE_CHECKING:
    from treem.areas import Area, Areas, Level
    from treem.project import Project

PlaceKey = tuple[str, str]
"""Geography and code."""


@dataclass(frozen=True)
class Place:
    """One place of an edition in one year.

    `rebuilt` places have ended and are summed from the places that came after them. `parts` are
    the codes, in `parts_geography`, whose figures add up to it; empty for a place that reports
    itself. `crossing` are parts that belong to it only in part: with one of them the place can
    not be rebuilt. `inside_plan` is False for ground that the plan was not made for.
    """

    area: Area
    geography: str
    level: Level
    rebuilt: bool = False
    parts: tuple[str, ...] = ()
    parts_geography: str = ""
    crossing: tuple[str, ...] = ()
    inside_plan: bool = True

    @property
    def code(self) -> str:
        """The code, unique within the geography."""
        return self.area.code

    @property
    def key(self) -> PlaceKey:
        """Geography and code."""
        return self.geography, self.code

    @property
    def name(self) -> str:
        """The full name as readers see it; one that has ended says so."""
        return f"{self.area.full_name} cũ" if self.rebuilt else self.area.full_name

    @property
    def named_area(self) -> Area:
        """The area under the name that readers see."""
        return replace(self.area, full_name=self.name) if self.rebuilt else self.area

    @property
    def judged(self) -> bool:
        """Whether it is the province of the plan, which has targets and figures of 2020."""
        return self.level == "province" and self.geography == PLAN_PROVINCE[0]


def areas_of_edition(edition: Edition, areas: Areas, year: int) -> list[Place]:
    """Return every place that exists for an edition on 31 December of a year.

    The province of the plan comes first, then the new province, then districts and communes by
    code. Where no submissions are read only provinces are there. Raises AreaError where the
    geography of the edition has no province on that day.
    """
    day = dt.date(year, 12, 31)
    if day < MERGED or edition.geography == PLAN_PROVINCE[0]:
        return _with_districts(edition, areas, day)
    return _with_communes(edition, areas, day)


def places_in_results(edition: Edition, areas: Areas, year: int) -> list[Place]:
    """Return the places with rows in results.csv: provinces, and what `areas` adds below them."""
    levels = {"none": (), "districts": ("district",), "communes": ("district", "commune")}
    shown = ("province", *levels[edition.areas])
    return [place for place in areas_of_edition(edition, areas, year) if place.level in shown]


def places_with_chapters(edition: Edition, areas: Areas, year: int) -> list[Place]:
    """Return the places with a chapter of their own: those with results, but for communes."""
    return [p for p in places_in_results(edition, areas, year) if p.level != "commune"]


def find_place(edition: Edition, areas: Areas, year: int, key: PlaceKey) -> Place:
    """Return a place of an edition and year. Raises AreaError naming those that there are."""
    places = areas_of_edition(edition, areas, year)
    for place in places:
        if place.key == key:
            return place
    known = ", ".join(f"{p.geography}/{p.code}" for p in places if p.level != "commune")
    raise AreaError(
        f"Kỳ {edition.name} không có địa bàn mã “{key[1]}” của địa giới {key[0]} trong năm {year}. "
        f"Các địa bàn trên cấp xã: {known}. Hãy sửa mã, địa giới hoặc năm."
    )


def check_places(project: Project, edition: Edition) -> None:
    """Refuse an edition whose province or years the geography has no areas for.

    Old places after 30 June 2025 are no fault: they are rebuilt. Raises AreaError.
    """
    from treem.areas import load_geography

    areas = load_geography(project)
    where = f"params/{edition.name}.yml"
    if edition.geography not in COVERED:
        raise AreaError(
            f"{where}: không có danh mục địa bàn của địa giới “{edition.geography}”. Chỉ nhận: "
            f"{', '.join(COVERED)}. Hãy sửa “geography”."
        )
    _check_own_province(areas, edition, where)
    for year in edition.years:
        areas_of_edition(edition, areas, year)


def _check_own_province(areas: Areas, edition: Edition, where: str) -> None:
    """Refuse a masthead province that is not there on the edition's day and at the year's end."""
    for day in sorted({edition.as_of, dt.date(edition.year, 12, 31)}):
        if edition.geography == PLAN_PROVINCE[0] and day >= MERGED:
            raise AreaError(
                f"{where}: ngày {short_date(day)} không còn tỉnh Bắc Ninh của địa giới "
                f"{edition.geography} (mã {edition.province}, đến 30/06/2025). Hãy đặt geography: "
                'new-24 và province: "24"; tỉnh cũ vẫn được dựng lại từ các xã, phường để so '
                "với năm 2020."
            )
        if edition.geography != PLAN_PROVINCE[0] and day < MERGED:
            raise AreaError(
                f"{where}: ngày {short_date(day)} chưa có tỉnh của địa giới {edition.geography} "
                f"(từ {short_date(MERGED)}). Hãy sửa “as_of”, “year” hoặc đặt geography: old-27."
            )
        province = areas.get(edition.province, day)
        if province.geography != edition.geography or province.level != "province":
            raise AreaError(
                f"{where}: ngày {short_date(day)} mã {edition.province} là {province.full_name} "
                f"thuộc địa giới {province.geography}, không phải tỉnh của {edition.geography}. "
                "Hãy sửa “geography” hoặc “province”."
            )


def _with_districts(edition: Edition, areas: Areas, day: dt.date) -> list[Place]:
    """Return the province of the plan and its districts, as they are on a day that has them."""
    geography, code = PLAN_PROVINCE
    province = areas.get(code, day)
    if not edition.submissions:
        return [Place(province, geography, "province")]
    districts = areas.on(day, "district", province=code)
    codes = _codes(districts)
    return [
        Place(province, geography, "province", parts=codes, parts_geography=geography),
        *(Place(area, geography, "district") for area in districts),
    ]


def _with_communes(edition: Edition, areas: Areas, day: dt.date) -> list[Place]:
    """Return the old province and its districts rebuilt, the new province and its communes."""
    province = areas.get(edition.province, day)
    if not edition.submissions:
        return [
            _rebuilt(areas, PLAN_PROVINCE[1], ""),
            Place(province, province.geography, "province"),
        ]
    communes = areas.on(day, "commune", province=province.code)
    inside = {commune.code for commune in areas.communes_inside(PLAN_PROVINCE[1])}
    last_day = MERGED - dt.timedelta(days=1)
    old_districts = areas.on(last_day, "district", province=PLAN_PROVINCE[1])
    geography = province.geography
    _must_still_exist(areas, inside - set(_codes(communes)), day)
    return [
        _rebuilt(areas, PLAN_PROVINCE[1], geography),
        Place(
            province,
            geography,
            "province",
            parts=_codes(communes),
            parts_geography=geography,
            inside_plan=False,
        ),
        *(_rebuilt(areas, district.code, geography) for district in old_districts),
        *(Place(area, geography, "commune", inside_plan=area.code in inside) for area in communes),
    ]


def _rebuilt(areas: Areas, code: str, parts_geography: str) -> Place:
    """Return an ended district or province with the communes that took its ground over."""
    geography = PLAN_PROVINCE[0]
    area = areas.last_of(code, geography)
    if area is None:
        raise AreaError(
            f"data/areas/areas.csv: không có đơn vị mã {code} của địa giới {geography} để dựng "
            "lại. Hãy lấy lại tệp này từ kho mã."
        )
    communes = areas.communes_inside(code) if parts_geography else []
    # Only a district can be cut by a commune: a commune lies in one old province.
    cut = tuple(c.code for c in communes if c.crosses and area.level == "district")
    return Place(
        area,
        geography,
        area.level,
        rebuilt=True,
        parts=tuple(commune.code for commune in communes if commune.code not in cut),
        parts_geography=parts_geography,
        crossing=cut,
    )


def _must_still_exist(areas: Areas, ended: set[str], day: dt.date) -> None:
    if ended:
        names = ", ".join(f"{areas.new_communes[c].full_name} ({c})" for c in sorted(ended))
        raise AreaError(
            f"{names} không còn vào ngày {short_date(day)}, nên không dựng lại được tỉnh cũ từ các "
            "xã của năm 2025. Hãy bổ sung bảng nối data/areas/communes_2025.csv cho lần đổi này."
        )


def _codes(found: Iterable[Area]) -> tuple[str, ...]:
    return tuple(area.code for area in found)
