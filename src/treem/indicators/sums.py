"""Adds up areas: all measures of a place at once, exactly.

The amounts of a year stand in two arrays, reporting areas × measures, of 64-bit integers; Python
numbers take their place where a part is no integer or a sum could grow too large. Nothing partial
is summed: one area without usable parts leaves the whole place without a value, and the reason
names the area.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from treem.indicators.measured import FINAL, LEAST_FINAL_FIRST, REASONS, Measured, Rule
from treem.indicators.rollup import Place
from treem.plan.model import Measure

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_SAFE = 2**62
_RANKED = (FINAL, *reversed(LEAST_FINAL_FIRST))
_RANKS = {status: rank for rank, status in enumerate(_RANKED)}
_CAUSES = {"no_submission": "areas_not_sent", "left_out": "areas_left_out"}
_MOST_NAMES = 8


@dataclass(frozen=True)
class Block:
    """What the reporting areas of one year measured: a row an area, a column a measure.

    `usable` tells which may be in a sum, `counted` which of them have figures (an area where a
    measure does not apply has none), `rank` how far from final a figure is.
    """

    places: Sequence[Place]
    measures: Sequence[Measure]
    rules: Mapping[str, Rule]
    found: Sequence[Sequence[Measured]]
    row_of: Mapping[str, int]
    numerators: npt.NDArray[Any]
    denominators: npt.NDArray[Any]
    usable: npt.NDArray[np.bool_]
    counted: npt.NDArray[np.bool_]
    rank: npt.NDArray[np.int8]
    comparable: npt.NDArray[np.bool_]

    def sum(self, place: Place) -> list[Measured]:
        """Return what each measure amounts to in a place that is the sum of its parts."""
        import numpy as np

        rows = [self.row_of[code] for code in place.parts]
        if place.crossing:
            return [self._cut(place, rows, column) for column in range(len(self.measures))]
        numerators: list[int | Fraction] = self.numerators[rows].sum(axis=0).tolist()
        denominators: list[int | Fraction] = self.denominators[rows].sum(axis=0).tolist()
        complete: list[bool] = np.all(self.usable[rows], axis=0).tolist()
        counted: list[bool] = np.any(self.counted[rows], axis=0).tolist()
        ranks: list[int] = np.max(self.rank[rows], axis=0).tolist()
        comparable: list[bool] = np.all(self.comparable[rows], axis=0).tolist()
        sums = []
        for column, measure in enumerate(self.measures):
            if not complete[column]:
                sums.append(self._missing(place, rows, column))
                continue
            common = self._common(place, rows, column) | {"comparable": comparable[column]}
            if not counted[column]:
                common["reason"] = REASONS["does_not_apply"]
                sums.append(Measured("not_applicable", **common))
                continue
            amounts = {"numerator": Fraction(numerators[column])}
            if measure.denominator_vi:
                amounts["denominator"] = Fraction(denominators[column])
            pair = amounts["numerator"], amounts.get("denominator")
            if pair[1] == 0:
                common["reason"] = REASONS["zero_denominator"]
                sums.append(Measured("not_applicable", *pair, **common))
                continue
            value = self.rules[measure.id](measure, amounts)
            sums.append(Measured(_RANKED[ranks[column]], *pair, value=value, **common))
        return sums

    def _common(self, place: Place, rows: Sequence[int], column: int) -> dict[str, Any]:
        parts = [self.found[row][column] for row in rows]
        return {
            "areas_expected": len(rows),
            "areas_reported": len(rows),
            "observations": tuple(one for part in parts for one in part.observations),
            "source_note": _rebuilt_from(place),
        }

    def _missing(self, place: Place, rows: Sequence[int], column: int) -> Measured:
        absent = [row for row in rows if not self.usable[row, column]]
        return Measured(
            "missing",
            reason=self._reason(absent, column),
            cause="areas_missing",
            areas_expected=len(rows),
            areas_reported=len(rows) - len(absent),
            missing_areas=tuple(self.places[row].code for row in absent),
        )

    def _cut(self, place: Place, rows: Sequence[int], column: int) -> Measured:
        """Return nothing for an old district of which a commune lies partly elsewhere."""
        names = _names([self.places[self.row_of[code]] for code in place.crossing])
        expected = len(rows) + len(place.crossing)
        return Measured(
            "missing",
            reason=REASONS["areas_crossing"].format(areas=names),
            cause="areas_crossing",
            areas_expected=expected,
            areas_reported=sum(bool(self.usable[row, column]) for row in rows),
            missing_areas=place.crossing,
        )

    def _reason(self, absent: Sequence[int], column: int) -> str:
        """Tell areas that sent nothing from those whose figures were left out: others must act."""
        named: dict[str, list[Place]] = {}
        for row in absent:
            cause = _CAUSES.get(self.found[row][column].cause, "areas_incomplete")
            named.setdefault(cause, []).append(self.places[row])
        told = [
            REASONS[cause].format(areas=_names(named[cause]))
            for cause in (*_CAUSES.values(), "areas_incomplete")
            if cause in named
        ]
        return REASONS["areas_missing"].format(areas="; ".join(told))


def block_of(
    places: Sequence[Place],
    measures: Sequence[Measure],
    rules: Mapping[str, Rule],
    measured: Callable[[Place, Measure], Measured],
) -> Block:
    """Lay out what the reporting areas of one year and stratum measured, to be summed."""
    import numpy as np

    found = [[measured(place, measure) for measure in measures] for place in places]
    ratio = [bool(measure.denominator_vi) for measure in measures]
    counted = [
        [_counted(one, with_base) for one, with_base in zip(row, ratio, strict=True)]
        for row in found
    ]
    usable = [
        [has or one.status == "not_applicable" for one, has in zip(row, flags, strict=True)]
        for row, flags in zip(found, counted, strict=True)
    ]
    shape = (len(places), len(measures))
    return Block(
        places=places,
        measures=measures,
        rules=rules,
        found=found,
        row_of={place.code: row for row, place in enumerate(places)},
        numerators=_amounts([[one.numerator for one in row] for row in found], counted, shape),
        denominators=_amounts([[one.denominator for one in row] for row in found], counted, shape),
        usable=np.array(usable, dtype=bool).reshape(shape),
        counted=np.array(counted, dtype=bool).reshape(shape),
        rank=np.array(
            [[_RANKS.get(one.status, 0) for one in row] for row in found], dtype=np.int8
        ).reshape(shape),
        comparable=np.array([[one.comparable for one in row] for row in found], dtype=bool).reshape(
            shape
        ),
    )


def _counted(one: Measured, with_base: bool) -> bool:
    """Tell whether an area has all the parts of a figure; those of zero cases count too."""
    if one.status not in _RANKS and one.status != "not_applicable":
        return False
    return one.numerator is not None and (one.denominator is not None or not with_base)


def _amounts(
    values: Sequence[Sequence[Fraction | None]],
    counted: Sequence[Sequence[bool]],
    shape: tuple[int, int],
) -> npt.NDArray[Any]:
    """Return amounts as integers where all are and no sum can overflow, else as Python numbers."""
    import numpy as np

    numbers: list[list[Any]] = [
        [
            0 if value is None or not has else _plain(value)
            for value, has in zip(row, flags, strict=True)
        ]
        for row, flags in zip(values, counted, strict=True)
    ]
    largest = max((abs(number) for row in numbers for number in row), default=0)
    whole = all(type(number) is int for row in numbers for number in row)
    small = largest * max(len(numbers), 1) < _SAFE
    return np.array(numbers, dtype=np.int64 if whole and small else object).reshape(shape)


def _plain(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value


def _names(places: Sequence[Place]) -> str:
    """Return the names within a sentence; of many areas the first and how many more."""
    names = [place.name[:1].lower() + place.name[1:] for place in places]
    if len(names) <= _MOST_NAMES + 1:
        return ", ".join(names)
    return f"{', '.join(names[:_MOST_NAMES])} và {len(names) - _MOST_NAMES} địa bàn khác"


def _rebuilt_from(place: Place) -> str:
    return REASONS["rebuilt_from"].format(count=len(place.parts)) if place.rebuilt else ""
