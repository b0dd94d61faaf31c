"""Whole random provinces, worked out a second time from the tables of the plan with fractions.

The second way reads `data/plan/` itself and shares nothing with the program but the observations:
sums, values, intervals, modes, paths, ratios, verdicts and certainty are all its own. A province
has districts that sent nothing, cells left out, rates on one or two cases, years without a
disaster, limits instead of values, a department that reports as well, and breakdowns by sex.
"""

from __future__ import annotations

import csv
import math
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
from scipy.stats import chi2, norm

from tiny_province import TinyArea, observed, register, tiny_edition
from treem.indicators.compute import compute
from treem.intake.observations import Observation, observations_table, records
from treem.project import Project

F = Fraction
PLAN = Path(__file__).resolve().parent.parent / "data/plan"
REGISTER = register()
Z = norm.ppf(0.975)
LAST_DIGIT = F(1, 2 * 10**12)  # what rounding to 12 decimals may move
FIGURES = ("reported", "revised", "provisional")  # from final to least final
SEEDS = range(8)
UNJUDGED = ("UNDEFINED", "NOT_APPLICABLE", "NO_DATA")


# --- the plan, read by hand -------------------------------------------------------------------


def table(name: str) -> list[dict[str, str]]:
    with (PLAN / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


MEASURES = {row["id"]: row for row in table("measures.csv")}
BASELINES = {row["measure"]: row for row in table("baselines.csv")}
CHOSEN = {
    (row["measure"], int(row["year"])): row["reading"]
    for row in table("readings.csv")
    if row["scope"] == "province"
}
TARGETS = {
    (row["measure"], int(row["year"])): (row["comparator"], F(row["value"]))
    for row in table("targets.csv")
    if row["scope"] == "province" and CHOSEN.get((row["measure"], int(row["year"]))) == row["where"]
}
BY_AREA = [code for code, row in MEASURES.items() if row["reporting_level"] == "area"]
OF_PROVINCE = [code for code in MEASURES if code not in BY_AREA]


def unit(measure: str) -> Fraction:
    return F(1, 10 ** int(MEASURES[measure]["decimals"]))


def direction(measure: str) -> int:
    return 1 if MEASURES[measure]["direction"] == "higher_better" else -1


def target(measure: str, k: int) -> tuple[str, Fraction] | None:
    return TARGETS.get((measure, k))


def is_ratio(measure: str) -> bool:
    return bool(MEASURES[measure]["denominator_vi"])


def is_rate_of_events(measure: str) -> bool:
    return MEASURES[measure]["interval"] == "poisson" and is_ratio(measure)


def test_the_tables_are_read_as_the_program_reads_them() -> None:
    assert len(MEASURES) == 33 and len(OF_PROVINCE) == 6
    assert target("CT03.2", 2025) == ("<", 10) and target("CT01", 2030) == (">=", 87)
    assert target("CT13", 2025) is None


# --- a random province ------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """What somebody sent for a measure: amounts by part, a limit, and how final it is."""

    parts: dict[str, Fraction]
    status: str
    bound: str = ""
    used: bool = True
    status_of_base: str = ""

    @property
    def least_final(self) -> str:
        return max(self.status, self.status_of_base or self.status, key=FIGURES.index)


Cells = dict[tuple[str, int, str, str], Cell]


class RandomAreas:
    successions = ()

    def __init__(self, codes: Iterable[str]):
        self.province = TinyArea("27", "Tỉnh Ngẫu", "province")
        self.districts = [TinyArea(code, f"Huyện {code}", "district") for code in codes]

    def get(self, code: str, day: object) -> TinyArea:
        return self.province

    def on(self, day: object, level: str, province: str = "27") -> list[TinyArea]:
        return self.districts


@dataclass(frozen=True)
class Province:
    codes: list[str]
    years: tuple[int, ...]
    by_sex: tuple[str, ...]
    cells: Cells


def draw_province(seed: int) -> Province:
    draw = random.Random(seed)
    codes = [str(900 + i) for i in range(draw.randint(1, 6))]
    first = draw.randint(2021, 2028)
    years = tuple(range(first, min(2030, first + draw.randint(0, 5)) + 1))
    by_sex = tuple(draw.sample(BY_AREA, 2))
    cells: Cells = {}
    tidy = draw.random() * 0.15
    for year in years:
        silent = draw.choice(codes) if draw.random() < 0.1 else ""
        for measure in BY_AREA:
            strata = ("", "sex=male", "sex=female")
            asked = strata if measure in by_sex and year == years[-1] else strata[:1]
            for code in codes:
                for stratum in asked:
                    if code != silent:
                        cells[code, year, measure, stratum] = draw_cell(draw, measure, tidy)
            if draw.random() < 0.2:
                cells["27", year, measure, ""] = draw_cell(draw, measure, 0)
        for measure in OF_PROVINCE:
            if draw.random() < 0.9:
                cells["27", year, measure, ""] = draw_survey(draw, measure)
    return Province(codes, years, by_sex, cells)


def draw_cell(draw: random.Random, measure: str, trouble: float) -> Cell:
    status = draw.choices(FIGURES, (8, 1, 1))[0]
    if draw.random() < trouble:
        kind = draw.choice(["nothing", "left_out", "half", "zero", "does_not_apply"])
        if kind == "nothing":
            return Cell({}, "missing")
        if kind == "does_not_apply":
            return Cell({}, "not_applicable")
        if kind == "half" and is_ratio(measure):
            return Cell({"denominator": F(draw.randint(1, 900))}, status)
        if kind == "zero" and is_ratio(measure):
            return Cell({"numerator": F(0), "denominator": F(0)}, status)
        return replace(draw_cell(draw, measure, 0), used=False)
    base = draw.choice([draw.randint(1, 40), draw.randint(300, 60_000)])
    goal = draw.choice(goals_of(measure)) / int(MEASURES[measure]["multiplier"])
    near = round(goal * base) + draw.choice([-3, -1, 0, 0, 0, 1, 3])
    cases = draw.choice([near, near, draw.randint(0, base), draw.randint(0, 12)])
    cases = min(max(cases, 0), base)
    if not is_ratio(measure):
        return Cell({"numerator": F(cases)}, status)
    parts = {"numerator": F(cases), "denominator": F(base)}
    return Cell(parts, status, status_of_base=draw.choices(FIGURES, (8, 1, 1))[0])


def goals_of(measure: str) -> list[Fraction]:
    """Values near which verdicts change: the targets, and half way from 2020 to the first."""
    goals = [goal[1] for k in (2025, 2030) if (goal := target(measure, k))]
    if goals and BASELINES[measure]["value"]:
        goals.append((F(BASELINES[measure]["value"]) + goals[0]) / 2)
    return goals or [F(1, 2)]


def draw_survey(draw: random.Random, measure: str) -> Cell:
    goal = target(measure, 2030)
    assert goal is not None
    if measure == "CT06" and draw.random() < 0.5:
        base = draw.randint(50, 900)
        return Cell(
            {"numerator": F(draw.randint(0, base // 20)), "denominator": F(base)}, "revised"
        )
    if draw.random() < 0.1:
        return Cell({}, "missing")
    value = goal[1] + F(draw.randint(-30, 30), 10) * draw.choice([F(0), F(1, 10), F(1)])
    if draw.random() < 0.3:
        return Cell({"value": max(value, F(0))}, "censored", bound=draw.choice(["<", "<=", ">"]))
    return Cell({"value": max(value, F(0))}, "reported")


def received(province: Province) -> list[Observation]:
    rows = []
    for (code, year, measure, stratum), cell in province.cells.items():
        if code == "27" and measure in OF_PROVINCE:
            needed: tuple[str, ...] = tuple(cell.parts) or ("value",)
        else:
            needed = ("numerator", "denominator") if is_ratio(measure) else ("numerator",)
        for part in needed:
            text = str(float(cell.parts[part])) if part in cell.parts else ""
            text = text.removesuffix(".0")
            row = observed(code, year, measure, part, text, stratum=stratum)
            given = cell.status_of_base if part == "denominator" else ""
            status = given or cell.status if text or cell.status == "not_applicable" else "missing"
            rows.append(
                replace(
                    row,
                    observation_id=f"{row.observation_id}.{stratum}",
                    status=status,
                    bound=cell.bound,
                    used="true" if cell.used else "false",
                )
            )
    return rows


# --- the second way ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    """What a place measured; `value` also where the rate is withheld afterwards."""

    status: str
    numerator: Fraction | None = None
    denominator: Fraction | None = None
    value: Fraction | None = None
    bound: str = ""


def own_figure(measure: str, cell: Cell | None) -> Figure:
    if cell is None or not cell.used:
        return Figure("missing")
    numerator, denominator = cell.parts.get("numerator"), cell.parts.get("denominator")
    if cell.bound:
        return Figure("censored", value=cell.parts["value"], bound=cell.bound)
    if "value" in cell.parts:
        return Figure(cell.status, value=cell.parts["value"])
    if denominator == 0:
        return Figure("not_applicable", numerator, denominator)
    if numerator is not None and not is_ratio(measure):
        return Figure(cell.status, numerator, None, numerator)
    if numerator is not None and denominator is not None:
        value = numerator / denominator * int(MEASURES[measure]["multiplier"])
        return Figure(cell.least_final, numerator, denominator, value)
    if cell.status == "not_applicable":
        return Figure("not_applicable")
    return Figure("missing", numerator, denominator)


def summed(measure: str, parts: list[Figure]) -> Figure:
    counted = [
        part
        for part in parts
        if part.status in (*FIGURES, "not_applicable") and part.numerator is not None
    ]
    if any(part not in counted and part.status != "not_applicable" for part in parts):
        return Figure("missing")
    if not counted:
        return Figure("not_applicable")
    numerator = sum((part.numerator or F(0) for part in counted), F(0))
    least_final = max(FIGURES.index(p.status) if p.status in FIGURES else 0 for p in counted)
    if not is_ratio(measure):
        return Figure(FIGURES[least_final], numerator, None, numerator)
    denominator = sum((part.denominator or F(0) for part in counted), F(0))
    if denominator == 0:
        return Figure("not_applicable", numerator, denominator)
    value = numerator / denominator * int(MEASURES[measure]["multiplier"])
    return Figure(FIGURES[least_final], numerator, denominator, value)


def figure_of(province: Province, code: str, year: int, measure: str, stratum: str) -> Figure:
    cell = province.cells.get((code, year, measure, stratum))
    if code != "27":
        if measure in OF_PROVINCE:
            return Figure("not_applicable")
        return own_figure(measure, cell)
    if measure in OF_PROVINCE:
        return own_figure(measure, cell)
    districts = [figure_of(province, one, year, measure, stratum) for one in province.codes]
    together = summed(measure, districts)
    department = own_figure(measure, cell)
    if together.value is None and together.numerator is None and cell is not None:
        if department.value is not None or department.numerator is not None:
            return department
    return together


def withheld(measure: str, figure: Figure) -> bool:
    return is_rate_of_events(measure) and figure.numerator in (1, 2)


def interval_of(measure: str, figure: Figure) -> tuple[float, float] | None:
    """Wilson as the roots of its quadratic, Poisson by chi-squared, Byar from 10 events on."""
    method, per = MEASURES[measure]["interval"], int(MEASURES[measure]["multiplier"])
    if figure.value is None or figure.numerator is None or withheld(measure, figure):
        return None
    x, n = float(figure.numerator), float(figure.denominator or 1)
    if method == "wilson":
        a, b, c = n + Z**2, -(2 * x + Z**2), x**2 / n
        root = math.sqrt(max(b**2 - 4 * a * c, 0))
        return (-b - root) / (2 * a) * per, (-b + root) / (2 * a) * per
    if method == "poisson":
        low, high = (0.0 if x == 0 else chi2.ppf(0.025, 2 * x) / 2), chi2.ppf(0.975, 2 * x + 2) / 2
        if x >= 10:
            low = x * (1 - 1 / (9 * x) - Z / (3 * x**0.5)) ** 3
            high = (x + 1) * (1 - 1 / (9 * (x + 1)) + Z / (3 * (x + 1) ** 0.5)) ** 3
        return low * per / n, high * per / n
    return None


def meets(value: Fraction | float, goal: tuple[str, Fraction]) -> bool:
    sign, limit = goal
    return {
        "<": value < limit,
        "<=": value <= limit,
        ">": value > limit,
        ">=": value >= limit,
    }[sign]


def can_be(figure: Figure, marks: list[Fraction]) -> list[Fraction]:
    """Points for every value that a figure can have: itself, or what its limit leaves open."""
    assert figure.value is not None
    if not figure.bound:
        return [figure.value]
    near = sorted({figure.value, *marks})
    step = min((b - a for a, b in zip(near, near[1:], strict=False)), default=F(1)) / 2
    tried = [x + move for x in near for move in (-step, F(0), step)]
    tried += [near[0] - 1000, near[-1] + 1000]
    return [x for x in tried if meets(x, (figure.bound, figure.value))]


def mode_of(measure: str, code: str) -> str:
    printed, d = BASELINES.get(measure), direction(measure)
    goals = [goal for k in (2025, 2030) if (goal := target(measure, k))]
    if code != "27" or not printed or not printed["value"]:
        return "TARGET_ONLY"
    start = F(printed["value"])
    if printed["comparator"]:
        below = printed["comparator"] == "<"
        settled = all(goal[0] in ("<", "<=") and below and start <= goal[1] for goal in goals)
        return "MAINTAIN" if settled else "TARGET_ONLY"
    if all(meets(start, goal) for goal in goals):
        return "MAINTAIN"
    if all(d * (goal[1] - start) <= 0 for goal in goals):
        return "THRESHOLD"
    first = target(measure, 2025)
    return "PATH2" if first and d * (first[1] - start) > 0 else "PATH1"


def path_of(measure: str, mode: str, year: int) -> Fraction | None:
    if not mode.startswith("PATH"):
        return None
    start, second = F(BASELINES[measure]["value"]), target(measure, 2025)
    last = target(measure, 2030)
    assert last is not None
    if mode == "PATH1":
        return start + (last[1] - start) * (year - 2020) / 10
    assert second is not None
    if year <= 2025:
        return start + (second[1] - start) * (year - 2020) / 5
    return second[1] + (last[1] - second[1]) * (year - 2025) / 5


def verdict_of(measure: str, code: str, year: int, k: int, seen: Figure, final: Figure) -> str:
    """The first row of the table of section 3 that applies."""
    if CHOSEN[measure, k] not in ("text", "table", "label"):
        return "UNDEFINED"
    if seen.status == "not_applicable":
        return "NOT_APPLICABLE"
    goal = target(measure, k)
    if seen.value is None or withheld(measure, seen):
        return "NO_DATA"
    if goal is None:
        return "NO_TARGET"
    mode, path = mode_of(measure, code), path_of(measure, mode_of(measure, code), year)
    printed = BASELINES[measure]["value"] if measure in BASELINES else ""
    start = F(printed) if printed else F(0)
    u = unit(measure)
    marks = [goal[1], goal[1] - u, goal[1] + u, start - u, start + u]
    if path is not None:
        marks += [start + r * (path - start) for r in (F(0), F(3, 5), F(19, 20))]
    values = can_be(seen, marks)
    if len({meets(v, goal) for v in values}) > 1:
        return "NO_DATA"
    if year > k:
        if final.value is None or withheld(measure, final):
            return "FROZEN_UNKNOWN"
        ends = {meets(v, goal) for v in can_be(final, [goal[1]])}
        return "FROZEN_UNKNOWN" if len(ends) > 1 else "MET" if ends.pop() else "NOT_MET"
    found = {verdict_on(measure, mode, path, start, year, k, v) for v in values}
    return found.pop() if len(found) == 1 else "NO_DATA"


def verdict_on(
    measure: str,
    mode: str,
    path: Fraction | None,
    start: Fraction,
    year: int,
    k: int,
    v: Fraction,
) -> str:
    goal, d, u = target(measure, k), direction(measure), unit(measure)
    assert goal is not None
    met = meets(v, goal)
    if year == k or mode == "TARGET_ONLY":
        return "MET" if met else "NOT_MET"
    if mode == "MAINTAIN":
        worse = not BASELINES[measure]["comparator"] and d * (start - v) > u
        return "LOST" if not met else "SLIPPING" if worse else "KEPT"
    if mode == "THRESHOLD":
        return "MET" if met else "AT_THRESHOLD" if abs(v - goal[1]) <= u else "NOT_MET"
    if met:
        return "EARLY"
    assert path is not None
    ratio, first = (v - start) / (path - start), target(measure, 2025)
    flat = k == 2030 and year >= 2025 and first is not None and first[1] == goal[1]
    if flat and goal[0] in ("<", ">") and ratio >= F(95, 100):
        return "AT_THRESHOLD"
    limits = ((F(95, 100), "ON_TRACK"), (F(60, 100), "ACCELERATE"), (F(0), "SLOW"))
    return next((name for least, name in limits if ratio >= least), "REVERSE")


def certainty_of(measure: str, year: int, figure: Figure, verdicts: dict[int, str]) -> str:
    k = next((k for k in (2025, 2030) if k >= year and target(measure, k)), None)
    goal = target(measure, k) if k else None
    if k is None or goal is None or figure.bound or verdicts[k] in UNJUDGED:
        return ""
    assert figure.value is not None
    if figure.denominator:
        one_case = int(MEASURES[measure]["multiplier"]) / figure.denominator
        if one_case >= abs(goal[1] - figure.value) or one_case >= goal[1]:
            return "ONE_CASE"
    interval = interval_of(measure, figure)
    if interval is None:
        return ""
    return "CERTAIN" if meets(interval[0], goal) == meets(interval[1], goal) else "UNCERTAIN"


# --- both ways --------------------------------------------------------------------------------


@cache
def results_of(seed: int) -> list[dict[str, object]]:
    """The results of a province, whose observations came in any order."""
    province = draw_province(seed)
    rows = observations_table(received(province)).sample(frac=1, random_state=seed)
    edition = replace(
        tiny_edition(province.years), strata={code: ("sex",) for code in province.by_sex}
    )
    areas = RandomAreas(province.codes)
    return records(compute(Project(None), edition, REGISTER, areas, rows))  # type: ignore[arg-type]


def same_number(text: object, expected: Fraction | None, where: object) -> None:
    if expected is None:
        assert text == "", where
    else:
        assert text != "" and abs(F(str(text)) - expected) <= LAST_DIGIT, (where, expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_province_is_what_plain_fractions_say(seed: int) -> None:
    province = draw_province(seed)
    rows = results_of(seed)
    places = ["27", *province.codes]
    assert len(rows) == len(places) * (33 * len(province.years) + 2 * len(province.by_sex))
    for row in rows:
        check_row(province, row)


def check_row(province: Province, row: dict[str, object]) -> None:
    code, year = str(row["area_code"]), int(str(row["year"]))
    measure, stratum = str(row["measure"]), str(row["stratum"])
    where = code, year, measure, stratum, row
    figure = figure_of(province, code, year, measure, stratum)
    hidden = withheld(measure, figure)
    assert (row["status"], row["bound"]) == (figure.status, figure.bound), where
    same_number(row["numerator"], figure.numerator, where)
    same_number(row["denominator"], figure.denominator, where)
    shown = None if hidden else figure.value
    same_number(row["bound_value" if figure.bound else "value"], shown, where)
    interval = interval_of(measure, figure)
    ends = [float(str(row[end])) for end in ("lower", "upper") if row[end]]
    assert ends == pytest.approx(list(interval or ()), rel=1e-9, abs=1e-9), where
    if stratum:
        assert row["mode"] == row["verdict_2025"] == row["certainty"] == "", where
        return
    final = figure_of(province, code, 2025, measure, "") if 2025 in province.years else None
    verdicts = {
        k: verdict_of(measure, code, year, k, figure, final or Figure("missing"))
        for k in (2025, 2030)
    }
    assert {k: row[f"verdict_{k}"] for k in verdicts} == verdicts, where
    judged = "UNDEFINED" not in verdicts.values()
    mode = mode_of(measure, code) if judged else ""
    path = path_of(measure, mode, year)
    assert row["mode"] == mode, where
    same_number(row["path"], path, where)
    exact = (
        None if shown is None or figure.bound or "NOT_APPLICABLE" in verdicts.values() else shown
    )
    ratio = None
    if path is not None and exact is not None:
        start = F(BASELINES[measure]["value"])
        ratio = (exact - start) / (path - start)
    same_number(row["ratio"], ratio, where)
    last = final or Figure("missing")
    seen_2025 = None if last.bound or withheld(measure, last) else last.value
    for k in (2025, 2030):
        goal = target(measure, k) if mode and "NOT_APPLICABLE" not in verdicts.values() else None
        at = seen_2025 if year > k and shown is not None else exact
        gap = None if goal is None or at is None else direction(measure) * (goal[1] - at)
        same_number(row[f"gap_{k}"], gap, where)
        change = None
        if goal is not None and gap is not None and at is not None and year < k:
            change = F(0) if meets(at, goal) else (goal[1] - at) / (k - year)
        same_number(row[f"yearly_change_{k}"], change, where)
    assert row["certainty"] == certainty_of(measure, year, figure, verdicts), where


def test_the_random_provinces_show_every_kind_of_row() -> None:
    seen: Counter[object] = Counter()
    for seed in SEEDS:
        for row in results_of(seed):
            keys = ("status", "mode", "certainty", "verdict_2025", "verdict_2030")
            seen.update(row[key] for key in keys)
    wanted = {"reported", "revised", "provisional", "missing", "not_applicable", "censored"}
    wanted |= {"TARGET_ONLY", "MAINTAIN", "THRESHOLD", "PATH2"}
    wanted |= {"CERTAIN", "UNCERTAIN", "ONE_CASE"}
    wanted |= {"UNDEFINED", "NOT_APPLICABLE", "NO_DATA", "FROZEN_UNKNOWN", "MET", "NOT_MET"}
    wanted |= {"KEPT", "SLIPPING", "LOST", "AT_THRESHOLD"}
    wanted |= {"EARLY", "ON_TRACK", "ACCELERATE", "SLOW", "REVERSE"}
    assert wanted <= set(seen)
