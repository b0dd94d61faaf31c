"""What one area measured over the years: the values that are judged and the points of a trend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from treem.indicators.events import is_rate_of_events, rate_withheld
from treem.indicators.measured import Measured
from treem.indicators.projection import Point
from treem.plan.model import Measure


@dataclass(frozen=True)
class Series:
    """One measure, or one stratum of it, in one area; `found` by year, a year may be missing.

    Every row of results.csv looks at all years, so what they have in common is worked out once.
    """

    measure: Measure
    found: Mapping[int, Measured]

    @cached_property
    def values(self) -> dict[int, Fraction | None]:
        """The values that are printed and judged: none where a rate is withheld."""
        if not is_rate_of_events(self.measure):
            return {year: one.value for year, one in self.found.items()}
        return {
            year: None if rate_withheld(self.measure, one.numerator) else one.value
            for year, one in self.found.items()
        }

    @cached_property
    def points(self) -> list[Point]:
        """The years that a line can be drawn through: comparable, and known exactly."""
        return [
            (year, value)
            for year, value in self.values.items()
            if value is not None and self.found[year].comparable and not self.found[year].bound
        ]
