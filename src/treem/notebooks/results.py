"""The tables of a build as a notebook reads them: typed rows, without importing pandas."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

OBSERVATIONS = "observations.parquet"
_ORIGIN = ("observation_id", "area_code", "part", "file", "published_row")
WITHHELD = "WITHHELD"
"""Stands for a verdict that the public table does not give."""
_ROUNDED = Fraction(1, 10**9)
"""More than rounding to the decimals of results.csv can move a value."""


@dataclass(frozen=True)
class Result:
    """One row of results.csv: measure × area × year × stratum; empty text where there is nothing."""

    row: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.row[column]

    @property
    def measure(self) -> str:
        """The id of the measure, `CT03.2`."""
        return self.row["measure"]

    @property
    def area_code(self) -> str:
        """The code of the area in the geography of the row."""
        return self.row["area_code"]

    @property
    def year(self) -> int:
        """The year of the figure."""
        return int(self.row["year"])

    @property
    def has_value(self) -> bool:
        """Whether there is a value to print, if only a limit (`<2`)."""
        return bool(self.row["value"] or self.row["bound_value"])

    @property
    def reported(self) -> bool:
        """Whether something was reported: a value, a limit, a count, or that none occurred."""
        return self.row["status"] != "missing"

    def exact(self, column: str, multiplier: int = 1) -> Fraction | None:
        """Return a number of the row; a value that was divided is divided again, exactly."""
        if column == "value" and self.divided(multiplier):
            return self._quotient(multiplier)
        text = self.row[column]
        return Fraction(text) if text else None

    def divided(self, multiplier: int) -> bool:
        """Whether the value is numerator × multiplier / denominator, and not one as received."""
        quotient = self._quotient(multiplier)
        if quotient is None or not self.row["value"]:
            return False
        return abs(quotient - Fraction(self.row["value"])) < _ROUNDED

    def _quotient(self, multiplier: int) -> Fraction | None:
        numerator, denominator = self.row["numerator"], self.row["denominator"]
        if not numerator or not denominator or not Fraction(denominator):
            return None
        return Fraction(numerator) * multiplier / Fraction(denominator)

    def verdict(self, target_year: int) -> str:
        """Return the verdict code against a target year; disclosure control may withhold it."""
        return self.row[f"verdict_{target_year}"] or WITHHELD

    @property
    def observations(self) -> tuple[str, ...]:
        """Ids of the observations that the value was worked out of."""
        return tuple(self.row["observations"].split())

    @property
    def missing_areas(self) -> tuple[str, ...]:
        """Codes of the areas that owe a figure."""
        return tuple(self.row["missing_areas"].split())


class Results:
    """All results of an edition, found by area, year and measure; strata beside their totals."""

    def __init__(self, rows: list[dict[str, str]]):
        self._rows: dict[tuple[str, int, str], Result] = {}
        self._strata: dict[tuple[str, int, str], list[Result]] = {}
        for row in rows:
            key = row["area_code"], int(row["year"]), row["measure"]
            if row["stratum"]:
                self._strata.setdefault(key, []).append(Result(row))
            else:
                self._rows[key] = Result(row)

    def __iter__(self) -> Iterator[Result]:
        return iter(self._rows.values())

    def get(self, area_code: str, year: int, measure: str) -> Result | None:
        """Return a result, or None where the edition has no such row."""
        return self._rows.get((area_code, year, measure))

    def strata(self, area_code: str, year: int, measure: str) -> list[Result]:
        """Return the results of the parts of a population: boys and girls, country and town."""
        return self._strata.get((area_code, year, measure), [])

    @property
    def revised(self) -> list[Result]:
        """Totals whose value is revised, in the order of the results."""
        return [row for row in self if row["status"] == "revised"]

    def of(self, area_code: str, year: int) -> list[Result]:
        """Return the results of an area and year, in the order of the plan."""
        return [
            row for (area, when, _), row in self._rows.items() if (area, when) == (area_code, year)
        ]

    def areas(self, level: str, year: int) -> dict[str, str]:
        """Return code and full name of the areas of a level in a year, in order of code."""
        found = {
            row.area_code: row["area_name"]
            for row in self
            if row["level"] == level and row.year == year
        }
        return dict(sorted(found.items()))


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Return the rows of a small parquet file; imports neither pandas nor pyarrow's data sets."""
    from pyarrow.parquet import ParquetFile

    rows: list[dict[str, Any]] = ParquetFile(path).read(columns=columns).to_pylist()
    return rows


@dataclass(frozen=True)
class Tables:
    """The folder `tables/` of a build."""

    folder: Path

    @cached_property
    def results(self) -> Results:
        """results.csv."""
        return Results(self._csv("results.csv"))

    @cached_property
    def findings(self) -> list[dict[str, str]]:
        """findings.csv, a dict a row."""
        return self._csv("findings.csv")

    @cached_property
    def observations(self) -> dict[str, dict[str, Any]]:
        """observations.parquet, by id."""
        return self._observations()

    @cached_property
    def origins(self) -> dict[str, dict[str, Any]]:
        """What figures record of observations, by id: a sixth of the columns, read by all."""
        return self._observations(_ORIGIN)

    def _observations(self, columns: Sequence[str] | None = None) -> dict[str, dict[str, Any]]:
        rows = read_parquet(self.folder / OBSERVATIONS, columns)
        return {row["observation_id"]: row for row in rows}

    @cached_property
    def coverage(self) -> list[dict[str, str]]:
        """coverage.csv, a dict for each area, measure and year; the province first."""
        return self._csv("coverage.csv")

    @cached_property
    def resubmissions(self) -> list[dict[str, str]]:
        """resubmissions.csv, a dict for each file that a later one replaced."""
        return self._csv("resubmissions.csv")

    @cached_property
    def waivers(self) -> list[dict[str, str]]:
        """waivers.csv, a dict for each waiver kept for the edition."""
        return self._csv("waivers.csv")

    @cached_property
    def corrections(self) -> list[dict[str, str]]:
        """corrections.csv, a dict for each declared correction of the edition's years."""
        return self._csv("corrections.csv")

    def findings_of(self, measure: str, year: int) -> list[dict[str, str]]:
        """Return the findings that concern a measure and year."""
        return self._by_measure.get((measure, str(year)), [])

    @cached_property
    def _by_measure(self) -> dict[tuple[str, str], list[dict[str, str]]]:
        found: dict[tuple[str, str], list[dict[str, str]]] = {}
        for row in self.findings:
            found.setdefault((row["measure"], row["year"]), []).append(row)
        return found

    def _csv(self, name: str) -> list[dict[str, str]]:
        with (self.folder / name).open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))
