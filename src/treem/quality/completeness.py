"""Views of completeness: each part that a unit owes, and whether it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from treem.intake.forms import form_rows
from treem.intake.observations import PARTS
from treem.quality.cells import Cells, pick

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from treem.intake.units import Unit

RECEIVED, NO_ROW, LEFT_OUT, NOT_COLLECTED, NO_PUBLISHED = (
    "received",
    "no_row",
    "left_out",
    "not_collected",
    "no_published",
)


def partition_rows(cells: Cells, owed: pd.DataFrame) -> pd.DataFrame:
    """Return a row per part that a unit owes, of every unit that sent anything; strata included.

    `state`: received, left_out (a finding already says so), not_collected, no_row (the form has
    no such row), no_published (a real edition without a published figure).
    """
    if owed.empty:
        return _published_partitions(cells) if not cells.edition.submissions else owed
    return owed[owed["sent"]]


def unit_rows(owed: pd.DataFrame) -> pd.DataFrame:
    """Return a row per unit and year: how many parts it owes and how many rows of them came."""
    if owed.empty:
        return owed
    rows = owed.assign(came=owed["state"] != NO_ROW)
    keys = ["unit", "sender", "area_code", "area_name", "year"]
    counted = rows.groupby(keys, sort=True, as_index=False)["came"].agg(["sum", "size"])
    return counted.rename(columns={"sum": "came", "size": "owed"}).assign(
        row=counted["unit"] + "-" + counted["year"].astype("str"), measure="", part=""
    )


def owed_rows(cells: Cells) -> pd.DataFrame:
    """Return a row per unit, year and part that it owes.

    With its `state` and whether the unit `sent` anything at all.
    """
    import pandas as pd

    received = _Received.of(cells)
    tables = [
        _owed_in(cells, received, year, units)
        for year, all_units in cells.units.items()
        for units in _alike(all_units)
    ]
    if not tables:
        return pd.DataFrame(columns=[*_COLUMNS])
    return pd.concat(tables, ignore_index=True)


_COLUMNS = ("row", "unit", "sender", "area_code", "area_name", "year", "measure", "state", "sent")


def _alike(units: tuple[Unit, ...]) -> list[list[Unit]]:
    """Group units that fill in the same form: areas of a kind; each department by itself."""
    groups: dict[str, list[Unit]] = {}
    for unit in units:
        groups.setdefault(unit.code if unit.kind == "department" else unit.kind, []).append(unit)
    return list(groups.values())


def _owed_in(cells: Cells, received: _Received, year: int, units: list[Unit]) -> pd.DataFrame:
    import numpy as np

    form = form_rows(cells.edition, cells.register, units[0].code, year)
    inside = np.array(
        [
            cells.measures.index(row.measure) * cells.a_measure
            + cells.strata.index(row.stratum) * cells.a_stratum
            + PARTS.index(row.part)
            for row in form
        ],
        dtype="int64",
    )
    number = {code: position for position, code in enumerate(cells.area_codes)}
    places = np.array(
        [
            number[unit.area_code] * cells.an_area + (year - cells.years[0]) * cells.a_year
            for unit in units
        ],
        dtype="int64",
    )
    keys = (places[:, None] + inside[None, :]).ravel()
    states = received.states(cells, keys)
    came = (states > 0).reshape(len(units), len(form)).any(axis=1)
    by_unit = np.repeat(np.arange(len(units)), len(form))
    return cells.about(keys).assign(
        unit=pick([unit.code for unit in units], by_unit),
        sender=pick([unit.name for unit in units], by_unit),
        state=pick((NO_ROW, RECEIVED, LEFT_OUT, NOT_COLLECTED), states),
        sent=np.repeat(came, len(form)),
    )


class _Received(NamedTuple):
    """The keys that came, ascending, and what became of each.

    `kinds`: 1 received, 2 left out, 3 not collected; `given`: 1 where it has a value.
    """

    keys: np.ndarray[Any, Any]
    kinds: np.ndarray[Any, Any]
    given: np.ndarray[Any, Any]

    @classmethod
    def of(cls, cells: Cells) -> _Received:
        """Sort what was received; of a part that came twice the last stands."""
        import numpy as np

        rows = cells.received.drop_duplicates("key", keep="last").sort_values("key")
        left_out, missing = rows["used"] != "true", rows["status"] == "missing"
        return cls(
            rows["key"].to_numpy(),
            np.select([left_out.to_numpy(), missing.to_numpy()], [2, 3], 1),
            (rows["value"] != "").to_numpy().astype("int64"),
        )

    def states(self, cells: Cells, keys: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Say what became of parts: 0 where no row came.

        Where a department gives a value instead of counts too small to hand on, the counts are
        not owed; where it gives the counts, the value is not.
        """
        import numpy as np

        base = keys - keys % len(PARTS)
        has = [self._at(self.given, base + part) > 0 for part in range(len(PARTS))]
        is_value = keys % len(PARTS) == PARTS.index("value")
        instead = np.where(is_value, has[0] & has[1], has[2])
        may = cells.of_measure(
            keys, lambda one: one.reporting_level == "province" and one.interval != "published"
        )
        return np.where(instead & may, 1, self._at(self.kinds, keys))

    def _at(self, values: np.ndarray[Any, Any], keys: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return what stands at keys; 0 where there is no row."""
        import numpy as np

        if not len(self.keys):
            return np.zeros(len(keys), dtype="int64")
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, values[at], 0)


def _published_partitions(cells: Cells) -> pd.DataFrame:
    """Return a row per measure and year of the province: a real edition of published figures."""
    import pandas as pd

    edition = cells.edition
    received = cells.received
    have = set(zip(received["year"].astype(int), received["measure"], strict=True))
    province = cells.areas.get(edition.province, edition.as_of)
    return pd.DataFrame(
        [
            {
                "row": f"{measure}-{province.code}-{year}",
                "area_code": province.code,
                "area_name": province.full_name,
                "year": year,
                "measure": measure,
                "part": "",
                "stratum": "",
                "state": RECEIVED if (year, measure) in have else NO_PUBLISHED,
                "sender": province.full_name,
            }
            for year in edition.years
            for measure in cells.measures
        ]
    )
