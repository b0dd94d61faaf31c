"""The rows of `data/areas/` as typed records: areas, successions, communes, events, bridges.

Plain data without behaviour beyond what the words mean; the questions are in `treem.areas`.
"""

from __future__ import annotations

import csv
import datetime as dt
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal, TypeVar, cast

from treem.errors import AreaError

Level = Literal["province", "district", "commune"]
LEVELS: tuple[Level, ...] = ("province", "district", "commune")
UNKNOWN = "unknown"
"""The answer where no source tells; a value, so that nobody takes silence for a fact."""


@dataclass(frozen=True)
class Area:
    """One area under one name and kind; a new name or kind begins a new version.

    `parent` is the code of the area it lies in, "" for a province. `valid_to` is its last day,
    None while it lasts; `begins_by` and `ends_by` name the decisions.
    """

    code: str
    name: str
    full_name: str
    kind: str
    level: Level
    parent: str
    valid_from: dt.date
    valid_to: dt.date | None
    geography: str
    begins_by: str
    ends_by: str

    def exists_on(self, day: dt.date) -> bool:
        """Whether this version is in force on the day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Succession:
    """What took in an area whole on a date. `new_code` is UNKNOWN where no source tells."""

    date: dt.date
    old_code: str
    old_name: str
    new_code: str
    new_name: str
    basis: str
    note: str

    @property
    def known(self) -> bool:
        """Whether a source tells what took the area in."""
        return self.new_code != UNKNOWN


@dataclass(frozen=True)
class NewCommune:
    """A commune from 1 July 2025, with the old districts that its territory came from."""

    code: str
    full_name: str
    old_province: str
    old_districts: tuple[str, ...]
    old_district_names: str
    area_km2: Fraction
    sources_agreeing: int
    note: str

    @property
    def crosses(self) -> bool:
        """Whether it lies across an old district boundary."""
        return len(self.old_districts) > 1


@dataclass(frozen=True)
class Event:
    """A decision that changed areas or duties, with its sources and how sure they are."""

    date: dt.date
    issued: dt.date
    document: str
    content: str
    effect: str
    sources: tuple[str, ...]
    confidence: str


@dataclass(frozen=True)
class Bridge:
    """A registered decision that figures may be compared with 2020 across a change of areas.

    It says of one measure that figures of `area_code` in `geography` from `valid_from` on measure
    the same as the plan's figure of 2020. `registered_by` and `registered_on` say who answers for
    it and since when, `basis` names the document or the calculation behind it.
    """

    measure: str
    geography: str
    area_code: str
    valid_from: dt.date
    registered_by: str
    registered_on: dt.date
    basis: str
    note: str


Record = TypeVar("Record")


def read_areas(folder: Path) -> list[Area]:
    """Read every version of every area."""
    return _read(folder / "areas.csv", _area)


def read_successions(folder: Path) -> list[Succession]:
    """Read what took in the areas that ended."""
    return _read(folder / "successions.csv", _succession)


def read_new_communes(folder: Path) -> list[NewCommune]:
    """Read the communes from 1 July 2025 with their old districts and areas."""
    return _read(folder / "communes_2025.csv", _new_commune)


def read_events(folder: Path) -> list[Event]:
    """Read the decisions that changed areas or duties."""
    return _read(folder / "events.csv", _event)


def read_bridges(folder: Path) -> list[Bridge]:
    """Read the registered bridges. Raises AreaError on one without who and why, or given twice."""
    path = folder / "bridges.csv"
    bridges = _read(path, _bridge)
    seen: set[tuple[str, str, str]] = set()
    for number, bridge in enumerate(bridges, start=2):
        key = (bridge.measure, bridge.geography, bridge.area_code)
        if key in seen:
            raise AreaError(
                f"{path} dòng {number}: chỉ tiêu {bridge.measure} của {bridge.geography} mã "
                f"{bridge.area_code} đã có một dòng nối chuỗi. Mỗi chỉ tiêu và địa bàn chỉ một "
                "dòng; hãy giữ dòng đang có hiệu lực."
            )
        seen.add(key)
    return bridges


def _read(path: Path, make: Callable[[dict[str, str]], Record]) -> list[Record]:
    """Read a table; raises AreaError naming file and line where it is missing or wrong."""
    try:
        text = unicodedata.normalize("NFC", path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise AreaError(
            f"Không đọc được bảng địa giới {path}: {error}. Hãy lấy lại tệp này từ kho mã."
        ) from error
    found = []
    for number, row in enumerate(csv.DictReader(text.splitlines()), start=2):
        try:
            found.append(make(row))
        except (KeyError, ValueError, AttributeError, TypeError) as error:
            raise AreaError(
                f"{path} dòng {number}: dòng sai dạng ({error}). Cần đủ các cột như dòng đầu, ngày "
                "dạng 2024-12-31. Hãy sửa dòng này."
            ) from error
    return found


def _area(row: dict[str, str]) -> Area:
    return Area(
        code=row["code"],
        name=row["name"],
        full_name=row["full_name"],
        kind=row["kind"],
        level=cast(Level, row["level"]),
        parent=row["parent"],
        valid_from=dt.date.fromisoformat(row["valid_from"]),
        valid_to=dt.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        geography=row["geography"],
        begins_by=row["begins_by"],
        ends_by=row["ends_by"],
    )


def _succession(row: dict[str, str]) -> Succession:
    return Succession(
        date=dt.date.fromisoformat(row["date"]),
        old_code=row["old_code"],
        old_name=row["old_name"],
        new_code=row["new_code"],
        new_name=row["new_name"],
        basis=row["basis"],
        note=row["note"],
    )


def _new_commune(row: dict[str, str]) -> NewCommune:
    return NewCommune(
        code=row["code"],
        full_name=row["full_name"],
        old_province=row["old_province"],
        old_districts=tuple(row["old_districts"].split(";")),
        old_district_names=row["old_district_names"],
        area_km2=Fraction(row["area_km2"]),
        sources_agreeing=int(row["sources_agreeing"]),
        note=row["note"],
    )


def _event(row: dict[str, str]) -> Event:
    return Event(
        date=dt.date.fromisoformat(row["date"]),
        issued=dt.date.fromisoformat(row["issued"]),
        document=row["document"],
        content=row["content"],
        effect=row["effect"],
        sources=(row["source_1"], row["source_2"]),
        confidence=row["confidence"],
    )


def _bridge(row: dict[str, str]) -> Bridge:
    needed = ("measure", "geography", "area_code", "registered_by", "basis")
    empty = [name for name in needed if not row[name].strip()]
    if empty:
        raise ValueError(f"cột {', '.join(empty)} để trống: phải rõ chỉ tiêu, địa bàn, ai, căn cứ")
    return Bridge(
        measure=row["measure"],
        geography=row["geography"],
        area_code=row["area_code"],
        valid_from=dt.date.fromisoformat(row["valid_from"]),
        registered_by=row["registered_by"],
        registered_on=dt.date.fromisoformat(row["registered_on"]),
        basis=row["basis"],
        note=row["note"] or "",
    )
