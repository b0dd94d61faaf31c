"""Which areas exist on a day, what a code or name meant then, and how they map across a change.

Two geographies: `old-27`, the province of the plan with its districts and communes until
30 June 2025, and `new-24`, the merged province with communes only from 1 July 2025. Codes are
not identities: `24` was Bắc Giang and is now Bắc Ninh, and many commune codes were given again
under other names. So every question takes a date, and a trend never crosses 1 July 2025 without
a bridge: an old area rebuilt from the new communes that lie whole in it (`communes_inside`), or
a registered one (`bridge`). What no source tells is answered with UNKNOWN.
"""

from __future__ import annotations

import datetime as dt
import difflib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from treem.display.numbers import short_date
from treem.display.words import word
from treem.errors import AreaError, UsageError
from treem.geography import (
    LEVELS,
    UNKNOWN,
    Area,
    Bridge,
    Event,
    Level,
    NewCommune,
    Succession,
    read_areas,
    read_bridges,
    read_events,
    read_new_communes,
    read_successions,
)
from treem.project import Project

__all__ = [
    "COVERED",
    "KNOWN_FROM",
    "LEVELS",
    "MERGED",
    "PLAN_PROVINCE",
    "UNKNOWN",
    "Area",
    "Areas",
    "Bridge",
    "Event",
    "Level",
    "NewCommune",
    "Origin",
    "Succession",
    "load_geography",
]

MERGED = dt.date(2025, 7, 1)
"""The day on which districts ended and the province of the plan became part of a new one."""

PLAN_PROVINCE = ("old-27", "27")
"""Geography and code of the province that the plan and its figures of 2020 are about."""

KNOWN_FROM = dt.date(2020, 1, 1)
"""Districts and communes are recorded from the plan's baseline year on."""

COVERED = ("old-27", "new-24")
"""Geographies whose areas below the province are recorded."""


@dataclass(frozen=True)
class Origin:
    """The areas that an area was made from at the last boundary change before a date.

    `codes` are certain. `possible` may belong to it too: no source tells what took them in.
    `complete` is False where something is possible or nothing is recorded at all.
    """

    codes: tuple[str, ...]
    possible: tuple[str, ...]
    complete: bool


def load_geography(project: Project) -> Areas:
    """Read `data/areas/`. Raises AreaError where a table of it is missing or has a wrong row."""
    folder = project.areas
    return Areas(
        areas=read_areas(folder),
        successions=read_successions(folder),
        new_communes=read_new_communes(folder),
        events=read_events(folder),
        bridges=read_bridges(folder),
    )


class Areas:
    """The dated geography; see the module."""

    def __init__(
        self,
        areas: Iterable[Area],
        successions: Iterable[Succession],
        new_communes: Iterable[NewCommune],
        events: Iterable[Event],
        bridges: Iterable[Bridge] = (),
    ):
        self.all = tuple(areas)
        self.successions = tuple(successions)
        self.new_communes = {commune.code: commune for commune in new_communes}
        self.events = tuple(events)
        self.bridges = tuple(bridges)
        for bridge in self.bridges:
            self._must_mean_something(bridge)

    # --- what exists ----------------------------------------------------------------------

    def on(self, day: dt.date, level: Level, province: str = "27") -> list[Area]:
        """Return the areas of a level that exist in a province on a day, by code.

        Empty where the level does not exist then (districts from 1 July 2025). Raises AreaError
        where the province does not exist on the day or its areas then are not recorded.
        """
        if level not in LEVELS:
            raise UsageError(f"Không có cấp “{level}”. Các cấp: {', '.join(LEVELS)}.")
        top = self.get(province, day)
        if level == "province":
            return [top]
        self._must_be_recorded(top, day)
        inside = {top.code}
        found: list[Area] = []
        for step in LEVELS[1 : LEVELS.index(level) + 1]:
            found = [a for a in self._existing(step, top.geography, day) if a.parent in inside]
            inside |= {area.code for area in found}
        return sorted(found, key=lambda area: area.code)

    def get(self, code: str, day: dt.date) -> Area:
        """Return what a code means on a day. Raises AreaError saying what existed then."""
        for area in self._versions.get(code, ()):
            if area.exists_on(day):
                return area
        raise AreaError(self._not_on_that_day(code, day))

    def history(self, code: str) -> tuple[Area, ...]:
        """Return everything that a code ever meant, oldest first."""
        return self._versions.get(code, ())

    def named(self, name: str, day: dt.date, level: Level | None = None) -> list[Area]:
        """Return the areas that bear a name on a day (`Ninh Xá`, `Phường Ninh Xá`)."""
        wanted = _name_key(name)
        return [
            area
            for area in self.all
            if area.exists_on(day)
            and level in (None, area.level)
            and wanted in (_name_key(area.name), _name_key(area.full_name))
        ]

    # --- across a change ------------------------------------------------------------------

    def successor(self, code: str, day: dt.date) -> Succession | None:
        """Return what takes in the area that has this code on the day, or None if it lasts.

        A change of name or kind is no succession. Ask `known` before using the new code. Raises
        AreaError where the code means nothing on the day.
        """
        self.get(code, day)
        later = (s for s in self.successions if s.old_code == code and s.date > day)
        return min(later, key=lambda s: s.date, default=None)

    def origin(self, code: str, day: dt.date) -> Origin:
        """Return the areas that the commune with this code was made from.

        Looks back to the last change of boundaries in its geography before the day. Raises
        AreaError where the code means nothing on the day.
        """
        area = self.get(code, day)
        if area.geography == "new-24":
            change = [s for s in self.successions if s.date == area.valid_from]
            taken = tuple(s.old_code for s in change if s.new_code == code)
            return Origin(taken, (), complete=bool(taken))
        recorded = [s for s in self.successions if s.date <= day]
        taken = tuple(s.old_code for s in recorded if s.new_code == code)
        lost = [s for s in recorded if not s.known]
        possible = tuple(s.old_code for s in lost if self._last_parent(s) == area.parent)
        return Origin((code, *taken), possible, complete=not possible)

    def old_districts(self, code: str) -> tuple[str, ...]:
        """Return the old districts that a commune from 1 July 2025 lies in (one, or two)."""
        return self._new_commune(code).old_districts

    def communes_inside(self, old_area: str) -> list[NewCommune]:
        """Return the communes from 1 July 2025 in an old district (`259`) or province (`27`).

        A commune that crosses a boundary is in each of its districts.
        """
        return [
            commune
            for commune in self.new_communes.values()
            if old_area in (*commune.old_districts, commune.old_province)
        ]

    def bridge(self, measure: str, geography: str, code: str, day: dt.date) -> Bridge | None:
        """Return what makes a figure of an area comparable with 2020 on a day, if registered."""
        for found in self.bridges:
            if (found.measure, found.geography, found.area_code) == (measure, geography, code):
                return found if found.valid_from <= day else None
        return None

    def last_of(self, code: str, geography: str) -> Area | None:
        """Return the last version of an area of a geography, also when it has ended."""
        return next((a for a in reversed(self.history(code)) if a.geography == geography), None)

    def events_between(self, first: dt.date, last: dt.date) -> list[Event]:
        """Return the decisions that took effect from `first` to `last`, both included."""
        return [event for event in self.events if first <= event.date <= last]

    # --- inside ---------------------------------------------------------------------------

    @cached_property
    def _versions(self) -> dict[str, tuple[Area, ...]]:
        versions: dict[str, list[Area]] = defaultdict(list)
        for area in sorted(self.all, key=lambda area: area.valid_from):
            versions[area.code].append(area)
        return {code: tuple(found) for code, found in versions.items()}

    def _existing(self, level: str, geography: str, day: dt.date) -> list[Area]:
        return [
            area
            for area in self.all
            if area.level == level and area.geography == geography and area.exists_on(day)
        ]

    def _must_be_recorded(self, province: Area, day: dt.date) -> None:
        if province.geography in COVERED and day >= KNOWN_FROM:
            return
        raise AreaError(
            f"Chưa có danh mục đơn vị hành chính của {province.full_name} (mã {province.code}) "
            f"ngày {short_date(day)}: bảng địa giới chỉ có tỉnh Bắc Ninh cũ (mã 27) từ "
            f"{short_date(KNOWN_FROM)} và tỉnh Bắc Ninh mới (mã 24) từ 01/07/2025. "
            "Hãy chọn tỉnh và ngày khác."
        )

    def _must_mean_something(self, bridge: Bridge) -> None:
        if self.last_of(bridge.area_code, bridge.geography) is None:
            raise AreaError(
                f"bridges.csv: dòng của {bridge.measure} ghi địa giới “{bridge.geography}”, mã "
                f"“{bridge.area_code}”, không có trong areas.csv. Hãy sửa cột geography hoặc "
                "area_code."
            )

    def _last_parent(self, succession: Succession) -> str:
        return self.get(succession.old_code, succession.date - dt.timedelta(days=1)).parent

    def _new_commune(self, code: str) -> NewCommune:
        if code not in self.new_communes:
            raise AreaError(
                f"Mã {code} không phải xã, phường có từ 01/07/2025 "
                f"({len(self.new_communes)} đơn vị){_nearest(code, self.new_communes)}. "
                "Hãy kiểm tra lại mã."
            )
        return self.new_communes[code]

    def _not_on_that_day(self, code: str, day: dt.date) -> str:
        was = "; ".join(_lifetime(area) for area in self.history(code))
        known = f"Mã này là {was}." if was else "Mã này chưa từng có trong bảng địa giới."
        level = _level_of(code)
        there = [a for a in self.all if a.level == level and a.exists_on(day)]
        level_name = word("level", level).lower()
        if day < KNOWN_FROM and level != "province":
            then = f"bảng địa giới {level_name} chỉ có từ {short_date(KNOWN_FROM)}"
        elif not there:
            then = f"không có đơn vị {level_name} nào"
        elif len(there) <= 10:
            names = ", ".join(f"{area.code} {area.full_name}" for area in there)
            then = f"các đơn vị {level_name} là {names}"
        else:
            near = _nearest(code, [area.code for area in there])
            then = f"có {len(there)} đơn vị {level_name}{near}"
        return (
            f"Không có địa bàn mã “{code}” vào ngày {short_date(day)}. {known} "
            f"Ngày {short_date(day)} {then}. Hãy sửa mã hoặc ngày."
        )


def _level_of(code: str) -> Level:
    """Tell the level that a code of this length has: 2, 3 or 5 digits."""
    return "province" if len(code) <= 2 else "district" if len(code) <= 3 else "commune"


def _lifetime(area: Area) -> str:
    until = f"đến {short_date(area.valid_to)}" if area.valid_to else "đến nay"
    return f"{area.full_name} từ {short_date(area.valid_from)} {until}"


def _nearest(code: str, codes: Iterable[str]) -> str:
    near = difflib.get_close_matches(code, list(codes), n=3)
    return f", mã gần giống: {', '.join(near)}" if near else ""


def _name_key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
