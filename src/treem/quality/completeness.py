"""Views of completeness: each part that a unit owes, and whether it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

    tables = [
        _owed_in(cells, year, units)
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


def _owed_in(cells: Cells, year: int, units: list[Unit]) -> pd.DataFrame:
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
    places = np.array(
        [
            cells.area_codes.index(unit.area_code) * cells.an_area
            + (year - cells.years[0]) * cells.a_year
            for unit in units
        ],
        dtype="int64",
    )
    keys = (places[:, None] + inside[None, :]).ravel()
    states = _states(cells, keys)
    came = (states != NO_ROW).reshape(len(units), len(form)).any(axis=1)
    by_unit = np.repeat(np.arange(len(units)), len(form))
    return cells.about(keys).assign(
        unit=pick([unit.code for unit in units], by_unit),
        sender=pick([unit.name for unit in units], by_unit),
        state=states,
        sent=np.repeat(came, len(form)),
    )


def _states(cells: Cells, keys: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Say what became of parts; where a value is given, the parts of its ratio are not owed."""
    import numpy as np

    received = cells.received.drop_duplicates("key", keep="last")
    order = received["key"].to_numpy().argsort()
    have = received["key"].to_numpy()[order]
    kinds = np.select(
        [
            (received["used"] != "true").to_numpy()[order],
            (received["status"] == "missing").to_numpy()[order],
        ],
        [2, 3],
        1,
    )
    given = (received["value"] != "").to_numpy()[order]
    state = _at(have, kinds, keys)
    base = keys - keys % len(PARTS)
    has = [_at(have, given, base + part).astype(bool) for part in range(len(PARTS))]
    is_value = keys % len(PARTS) == PARTS.index("value")
    instead = np.where(is_value, has[0] & has[1], has[2])
    state = np.where(instead & _may_give_value(cells, keys), 1, state)
    return np.array([NO_ROW, RECEIVED, LEFT_OUT, NOT_COLLECTED], dtype=object)[state]


def _may_give_value(cells: Cells, keys: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Say where a department may give a value instead of counts too small to hand on."""
    import numpy as np

    may = np.array(
        [m.reporting_level == "province" and m.interval != "published" for m in _measures(cells)]
    )
    answer: np.ndarray[Any, Any] = may[keys % cells.a_year // cells.a_measure]
    return answer


def _measures(cells: Cells) -> list[Any]:
    return [cells.register.measures[measure] for measure in cells.measures]


def _at(
    have: np.ndarray[Any, Any], values: np.ndarray[Any, Any], keys: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """Return what stands at keys; 0 where there is no row."""
    import numpy as np

    if not len(have):
        return np.zeros(len(keys), dtype="int64")
    at = np.minimum(np.searchsorted(have, keys), len(have) - 1)
    return np.where(have[at] == keys, values[at], 0)


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
