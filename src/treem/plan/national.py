"""The targets of the nation: decision 23/QĐ-TTg, from `data/plan/national_targets.csv`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal, cast

from treem.errors import PlanError
from treem.plan.files import read_each
from treem.plan.model import Limit, Target
from treem.plan.sentence import bare_sign

FILE = "national_targets.csv"


@dataclass(frozen=True)
class NationalTarget:
    """One level of the decision. `part` names a sub-target of a measure, else "".

    `sign` is "<" for "dưới", "=" for a bare level, "" where the decision states no level but a
    yearly change (CT13: `value` is then None).
    """

    measure: str
    part: str
    name: str
    unit: str
    year: int
    sign: Literal["<", "=", ""]
    value: Fraction | None
    words: str

    def limit(self, direction: int) -> Limit | None:
        """Return the level as a limit; a bare one is `>=` or `<=` by the direction."""
        if self.value is None:
            return None
        return Limit("<" if self.sign == "<" else bare_sign(direction), self.value)


def load_national(folder: Path) -> tuple[NationalTarget, ...]:
    """Load the national targets from the register folder. Raises PlanError on a bad row."""
    return tuple(read_each(folder / FILE, _target))


def as_targets(
    national: Sequence[NationalTarget], directions: Mapping[str, int]
) -> tuple[Target, ...]:
    """Return the levels of whole measures (no sub-targets) as targets of the register."""
    targets = []
    for item in national:
        limit = item.limit(directions[item.measure])
        if limit is not None and not item.part:
            targets.append(
                Target(item.measure, "national", item.year, limit, "national", None, item.words)
            )
    return tuple(targets)


def _target(row: Mapping[str, str]) -> NationalTarget:
    sign = row["sign"]
    if sign not in ("<", "=", "") or (sign == "") != (row["value"] == ""):
        raise PlanError(
            f"data/plan/{FILE}: {row['measure']} năm {row['year']} có dấu “{sign}” và giá trị "
            f"“{row['value']}”. Cần dấu < hoặc = kèm một số, hoặc để trống cả hai."
        )
    return NationalTarget(
        measure=row["measure"],
        part=row["part"],
        name=row["name_vi"],
        unit=row["unit"],
        year=int(row["year"]),
        sign=cast(Literal["<", "=", ""], sign),
        value=Fraction(row["value"]) if row["value"] else None,
        words=row["words"],
    )
