"""The words of the plan as data: measures, limits, places, the summary table, discrepancies.

Plain frozen dataclasses without behaviour beyond what the words mean. Values are exact
(`fractions.Fraction`); text is NFC and verbatim.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Comparator = Literal["<", "<=", ">", ">="]
Where = Literal["text", "table", "label", "national", "baseline", "duty"]
Scope = Literal["province", "national"]
Reading = Literal["text", "table", "ledger"]

BASELINE_YEAR = 2020
TARGET_YEARS = (2025, 2030)
YEARS = range(2021, 2031)


@dataclass(frozen=True)
class Objective:
    """One of the 4 objectives of the plan, with its line in section I.2."""

    number: int
    title: str
    line: int


@dataclass(frozen=True)
class Indicator:
    """One of the 24 indicators as worded in section I.2."""

    number: int
    objective: int
    words: str
    line: int

    @property
    def code(self) -> str:
        """`CT03` for indicator 3."""
        return f"CT{self.number:02d}"


@dataclass(frozen=True)
class Measure:
    """One of the 33 measures: what is really counted.

    `direction` is +1 where higher is better and -1 where lower is better. `decimals` is the
    published precision: one published unit is 10 ** -decimals. `upper_bound` is None where
    nothing bounds the value. `denominator_vi` is empty for a plain count (CT13).
    Codes of `period`, `reporting_level`, `interval` and `definition_status` are those of
    `data/plan/measures.csv`; their Vietnamese words live in `display`.
    """

    id: str
    indicator: int
    objective: int
    name_vi: str
    name_en: str
    numerator_vi: str
    denominator_vi: str
    unit: str
    multiplier: int
    direction: Literal[1, -1]
    lower_bound: Fraction
    upper_bound: Fraction | None
    decimals: int
    period: str
    reporting_level: str
    strata: str
    interval: str
    disclosure_class: str
    sdg_code: str
    sdg_relation: str
    definition_source: str
    definition_status: str
    lead_agency: str
    note_vi: str

    @property
    def published_unit(self) -> Fraction:
        """The smallest step that is printed: 10 ** -decimals, in the measure's unit."""
        return Fraction(1, 10**self.decimals)


@dataclass(frozen=True)
class Limit:
    """A comparator and a value: what a target asks for."""

    comparator: Comparator
    value: Fraction

    def satisfied_by(self, value: Fraction | float) -> bool:
        """Whether the exact value meets this limit; a float counts for exactly what it is."""
        # Multiplied crosswise: several times as fast as comparing fractions, and done for each row.
        above, below = value.as_integer_ratio()
        own_above, own_below = self.value.as_integer_ratio()
        here, there = above * own_below, own_above * below
        match self.comparator:
            case "<":
                return here < there
            case "<=":
                return here <= there
            case ">":
                return here > there
            case ">=":
                return here >= there

    @property
    def strict(self) -> bool:
        """Whether the value itself does not satisfy the limit."""
        return self.comparator in ("<", ">")


@dataclass(frozen=True)
class Target:
    """One target as stated in one place, with the line of the source file and its words."""

    measure: str
    scope: Scope
    year: int
    limit: Limit
    where: Where
    line: int | None
    words: str


@dataclass(frozen=True)
class Baseline:
    """The 2020 figure of a measure as printed in the summary table.

    `value` is None where the cell is blank or does not exist. `comparator` is "<" for a
    censored figure such as `<2`, else None.
    """

    measure: str
    value: Fraction | None
    comparator: Comparator | None
    line: int | None
    words: str


@dataclass(frozen=True)
class TableCell:
    """A cell of the summary table exactly as printed; `line` is where it begins."""

    text: str
    line: int


@dataclass(frozen=True)
class TableRow:
    """A row of the summary table.

    `kind` is `objective` (title over all columns), `group` (an indicator whose values stand in
    the rows below) or `value`. `cells` holds 2020, province 2025 and 2030, national 2025 and
    2030 in printed order, and any stray further cell. `measures` are the measures whose values
    the row prints (two for CT04.3, the first of two for CT20, none for group rows).
    """

    kind: Literal["objective", "group", "value"]
    objective: int
    indicator: int | None
    measures: tuple[str, ...]
    label: str
    line: int
    cells: tuple[TableCell, ...]


@dataclass(frozen=True)
class SummaryTable:
    """The summary table as issued: title lines, two header rows, rows in printed order."""

    title: tuple[str, ...]
    header: tuple[tuple[str, ...], ...]
    rows: tuple[TableRow, ...]


@dataclass(frozen=True)
class Place:
    """One place a discrepancy refers to. `value` is the parsed value as decimal text or ""."""

    where: Where
    line: int | None
    words: str
    value: str


@dataclass(frozen=True)
class Discrepancy:
    """One conflict found in the plan; `spec/plan.md` fixes the words of kind and severity.

    `measure` is a measure id, an indicator code, or "" for the plan as a whole. `id` is made
    from the content, so that it survives an amendment elsewhere. `effect` is one Vietnamese
    sentence.
    """

    id: str
    measure: str
    kind: str
    severity: Literal["high", "medium", "low"]
    effect: str
    places: tuple[Place, ...]
