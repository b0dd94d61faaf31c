"""What was received, keyed so that it can be compared with itself column by column.

A cell is a part of a measure in an area, year and stratum. Each has a whole number as its key;
the same part a year earlier, another part or the total of a stratum is a fixed step away from it,
so that whole columns are looked up at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from treem.edition import Edition
from treem.errors import AreaError
from treem.intake.observations import PARTS
from treem.plan.model import Measure
from treem.strata import NAMES

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from treem.areas import Areas
    from treem.intake.units import Unit
    from treem.plan.register import PlanRegister

DIGITS = 15
"""Decimals of so many significant digits and doubles map one to one (IEEE 754, 53 bits)."""


class Cell(NamedTuple):
    """The key of an observation as people write it."""

    area_code: str
    year: int
    measure: str
    part: str
    stratum: str = ""


def cell_of(row: Any) -> Cell:
    """Return the key of an observation."""
    return Cell(
        str(row["area_code"]), int(row["year"]), row["measure"], row["part"], row["stratum"]
    )


@dataclass(frozen=True)
class Cells:
    """The observations of an edition and what their keys are made of.

    `received` are the rows that nothing superseded, `used` those of them in use, with columns
    `key` (int), `number` (float, empty where there is none, only a limit, or too many digits),
    `digits`, `level`, `area_valid`, `origin` and `row`. `units` are those that owe figures, by
    year.
    """

    edition: Edition
    register: PlanRegister
    areas: Areas
    units: dict[int, tuple[Unit, ...]]
    received: pd.DataFrame
    used: pd.DataFrame
    area_codes: tuple[str, ...]
    measures: tuple[str, ...]
    strata: tuple[str, ...]
    years: tuple[int, ...]

    @classmethod
    def of(
        cls, edition: Edition, register: PlanRegister, areas: Areas, observations: pd.DataFrame
    ) -> Cells:
        """Key a table of observations."""
        import pandas as pd

        received = observations[observations["superseded_by"] == ""].reset_index(drop=True)
        codes = received["area_code"].drop_duplicates()
        units = _units(edition, register, areas)
        owing = {unit.area_code for found in units.values() for unit in found}
        received = received.assign(stratum=own_total(register, received))
        strata = [*NAMES, *sorted(set(received["stratum"].drop_duplicates()) - set(NAMES))]
        seen = received["year"].drop_duplicates().astype(int)
        first, last = min([*seen, *edition.years]), max([*seen, *edition.years])
        keyed = cls(
            edition,
            register,
            areas,
            units,
            received,
            received,
            tuple(sorted({*codes, *owing, edition.province})),
            tuple(register.measures),
            tuple(strata),
            tuple(range(first - 1, last + 1)),
        )
        received = received.assign(key=keyed.keys(received))
        used = received[received["used"] == "true"]
        places = keyed.places_of(used)
        used = used.assign(
            row=used["observation_id"],
            origin=used["cell"].where(used["cell"] != "", used["published_row"]),
            number=_numbers(used),
            digits=_digits(used["value"]),
            level=keyed.place(places, "level"),
            area_valid=keyed.place(places, "area_valid"),
        ).reset_index(drop=True)
        assert isinstance(used, pd.DataFrame)
        return cls(
            edition,
            register,
            areas,
            units,
            received,
            used,
            keyed.area_codes,
            keyed.measures,
            keyed.strata,
            keyed.years,
        )

    # --- keys -----------------------------------------------------------------------------

    @property
    def a_stratum(self) -> int:
        """The step from a stratum to the next of the same part."""
        return len(PARTS)

    @property
    def a_measure(self) -> int:
        """The step from a measure to the next."""
        return self.a_stratum * len(self.strata)

    @property
    def a_year(self) -> int:
        """The step from a year to the next."""
        return self.a_measure * len(self.measures)

    @property
    def an_area(self) -> int:
        """The step from an area to the next."""
        return self.a_year * len(self.years)

    def keys(self, rows: pd.DataFrame) -> np.ndarray[Any, Any]:
        """Return the keys of rows with area_code, year, measure, part and stratum.

        -1 where a word is none of ours; a finding of its own says so.
        """
        import numpy as np

        measure = _positions(rows["measure"], self.measures)
        stratum = _positions(rows["stratum"], self.strata)
        part = _positions(rows["part"], PARTS)
        inside = measure * self.a_measure + stratum * self.a_stratum + part
        known = (measure >= 0) & (stratum >= 0) & (part >= 0)
        return np.where(known, self.places_of(rows) * self.a_year + inside, -1)

    def places_of(self, rows: pd.DataFrame) -> np.ndarray[Any, Any]:
        """Return the area and year of rows as one number."""
        area = _positions(rows["area_code"], self.area_codes)
        places: np.ndarray[Any, Any] = area * len(self.years) + rows["year"].to_numpy("int64")
        return places - self.years[0]

    def about(self, keys: np.ndarray[Any, Any]) -> pd.DataFrame:
        """Return what keys are about: area_code, area_name, year, measure, stratum, part, row."""
        import numpy as np
        import pandas as pd

        places, inside = np.divmod(keys, self.a_year)
        measure, rest = np.divmod(inside, self.a_measure)
        area, year = np.divmod(places, len(self.years))
        return pd.DataFrame(
            {
                "area_code": pick(self.area_codes, area),
                "area_name": self.place(places, "area_name"),
                "year": year + self.years[0],
                "measure": pick(self.measures, measure),
                "stratum": pick(self.strata, rest // self.a_stratum),
                "part": pick(PARTS, rest % self.a_stratum),
                "row": self._row_names(places, inside),
            }
        )

    def _row_names(self, places: np.ndarray[Any, Any], inside: np.ndarray[Any, Any]) -> Any:
        """Return names for keys: `27-2024-CT06-value`."""
        where = [f"{area}-{year}-" for area in self.area_codes for year in self.years]
        what = [
            "-".join(filter(None, (measure, part, stratum)))
            for measure in self.measures
            for stratum in self.strata
            for part in PARTS
        ]
        return pick(where, places) + pick(what, inside)

    def of_measure(self, keys: np.ndarray[Any, Any], tell: Callable[[Measure], Any]) -> Any:
        """Return what `tell` says of the measure of each key."""
        import numpy as np

        told = np.array([tell(self.register.measures[measure]) for measure in self.measures])
        return told[keys % self.a_year // self.a_measure]

    @cached_property
    def _sorted(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Keys of the values in use, ascending, and their numbers.

        Of a part given twice the first stands.
        """
        import numpy as np

        keys, first = np.unique(self.used["key"].to_numpy(), return_index=True)
        return keys[keys >= 0], self.used["number"].to_numpy("float64")[first][keys >= 0]

    @property
    def distinct(self) -> np.ndarray[Any, Any]:
        """The keys in use, each once, ascending."""
        return self._sorted[0]

    def numbers(self, keys: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return the numbers in use at keys; empty where there is none."""
        import numpy as np

        have, numbers = self._sorted
        if not len(have):
            return np.full(len(keys), np.nan)
        at = np.minimum(np.searchsorted(have, keys), len(have) - 1)
        return np.where(have[at] == keys, numbers[at], np.nan)

    # --- areas ----------------------------------------------------------------------------

    def place(self, places: np.ndarray[Any, Any], name: str) -> Any:
        """Return a column of `Place`: what areas were on 31 December of years."""
        import numpy as np
        import pandas as pd

        wanted = np.sort(pd.unique(places))
        facts = [getattr(self._place(int(one)), name) for one in wanted]
        column: Any = pd.Series(facts, dtype=_DTYPES.get(name, "str")).array
        return column.take(np.searchsorted(wanted, places))

    def _place(self, place: int) -> Place:
        if place not in self._places:
            area, year = divmod(place, len(self.years))
            self._places[place] = _look_up(
                self.areas,
                self.area_codes[area],
                year + self.years[0],
                self._communes_by_parent,
            )
        return self._places[place]

    @cached_property
    def _places(self) -> dict[int, Place]:
        return {}

    @cached_property
    def _communes_by_parent(self) -> dict[tuple[str, int], dict[str, int]]:
        return {}


class Place(NamedTuple):
    """What an area was on 31 December.

    `communes` in it (None where not recorded), whether it is the same area as a year before, and
    whether it existed at all (`area_valid`).
    """

    area_name: str
    level: str
    area_valid: str
    communes: float | None
    same_as_before: bool


_DTYPES: dict[str, Any] = {"communes": "float64", "same_as_before": "bool"}


def _look_up(
    areas: Areas, code: str, year: int, counted: dict[tuple[str, int], dict[str, int]]
) -> Place:
    day = dt.date(year, 12, 31)
    try:
        area = areas.get(code, day)
    except AreaError:
        return Place(code, "", "false", None, False)
    try:
        before = areas.get(code, day.replace(year=year - 1))
    except AreaError:
        before = None
    same = before is not None and before.geography == area.geography
    if same:
        changed = (s for s in areas.successions if day.replace(year=year - 1) < s.date <= day)
        same = code not in {s.new_code for s in changed} | {s.old_code for s in changed}
    return Place(area.full_name, area.level, "true", _communes_in(areas, area, day, counted), same)


def _communes_in(
    areas: Areas, area: Any, day: dt.date, counted: dict[tuple[str, int], dict[str, int]]
) -> float | None:
    """Return how many communes lie in an area on a day; None where they are not recorded."""
    if area.level == "commune":
        return 1.0
    province = area.code if area.level == "province" else area.parent
    if (province, day.year) not in counted:
        found: dict[str, int] = {}
        try:
            for commune in areas.on(day, "commune", province=province):
                for inside in {commune.parent, province}:
                    found[inside] = found.get(inside, 0) + 1
        except AreaError:
            found = {}
        counted[province, day.year] = found
    number = counted[province, day.year].get(area.code)
    return None if not number else float(number)


def _units(edition: Edition, register: PlanRegister, areas: Areas) -> dict[int, tuple[Unit, ...]]:
    """Return who owes figures, by year; nobody where an edition reads published figures only."""
    from treem.intake.units import units_owing

    if not edition.submissions:
        return {}
    return {year: units_owing(edition, register, areas, year) for year in edition.years}


def own_total(register: PlanRegister, rows: pd.DataFrame) -> pd.Series[Any]:
    """Return the strata of rows; the one that a measure is about by itself is its total."""
    own = rows["measure"].map({m.id: m.strata for m in register.measures.values()})
    return rows["stratum"].where(rows["stratum"] != own, "")


def _positions(words: pd.Series[Any], known: tuple[str, ...]) -> np.ndarray[Any, Any]:
    """Return where words stand in a list; -1 where they do not."""
    import pandas as pd

    listed = pd.Index(list(known), dtype="str")
    found: np.ndarray[Any, Any] = listed.get_indexer(pd.Index(words)).astype("int64")
    return found


def pick(known: Sequence[str], positions: np.ndarray[Any, Any]) -> Any:
    """Return words by position, as a column of text."""
    import pandas as pd

    return pd.array(list(known), dtype="str").take(positions)


def _digits(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return how many significant digits decimal texts have, zeros on both ends left out."""
    return values.str.replace(".", "", regex=False).str.strip("0").str.len()


def _numbers(used: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Return the values as floats; empty for none, for a limit, and past `DIGITS`."""
    import numpy as np
    import pandas as pd

    numbers = pd.to_numeric(used["value"], errors="coerce").to_numpy("float64", na_value=np.nan)
    plain = (used["bound"] == "").to_numpy() & (_digits(used["value"]) <= DIGITS).to_numpy()
    return np.where(plain, numbers, np.nan)
