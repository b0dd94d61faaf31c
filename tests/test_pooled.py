"""Three-year pools by hand, and the limits below which a rate is not worked out."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from small_tables import REGISTER
from tiny_province import TinyAreas, ratio, register, table, tiny_edition
from treem.indicators.compute import compute
from treem.indicators.measured import Measured
from treem.indicators.pooled import pool
from treem.indicators.reconcile import differences
from treem.intake.observations import records
from treem.project import Project

DEATHS, SHARE, MARRIAGES = (REGISTER.measures[one] for one in ("CT03.2", "CT05.1", "CT13"))


def measured(numerator: object, denominator: object = None, **more: object) -> Measured:
    parts = [None if one is None else Fraction(one) for one in (numerator, denominator)]
    return Measured("reported", *parts, **more)


def test_three_years_by_hand() -> None:
    series = {2022: measured(6, 500), 2023: measured(4, 450), 2024: measured(8, 550)}
    found = pool(DEATHS, series, 2024)
    assert found is not None
    assert (found.first, found.years) == (2022, 3)
    assert (found.numerator, found.denominator, found.value) == (18, 1500, 12)
    lower, upper = found.interval or (0, 0)
    assert (round(lower, 2), round(upper, 2)) == (7.11, 18.97)  # Byar of 18: 10.66 to 28.45


def test_a_year_missing_or_not_comparable_leaves_no_pool() -> None:
    series = {2023: measured(4, 450), 2024: measured(8, 550)}
    assert pool(DEATHS, series, 2024) is None
    assert pool(DEATHS, series | {2022: measured(1, 9, comparable=False)}, 2024) is None
    assert pool(DEATHS, series | {2022: measured(5)}, 2024) is None


def test_a_plain_count_is_pooled_to_the_mean_of_a_year() -> None:
    found = pool(MARRIAGES, {year: measured(year - 2020) for year in (2021, 2022, 2023)}, 2023)
    assert found is not None
    assert (found.numerator, found.denominator, found.value) == (6, None, 2)


def test_pooled_events_may_still_be_too_few() -> None:
    found = pool(DEATHS, {y: measured(y == 2022, 100) for y in (2021, 2022, 2023)}, 2023)
    assert found is not None and found.numerator == 1
    assert (found.value, found.interval) == (None, None)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(500, 900)), min_size=3, max_size=3))
def test_pooled_shares_agree_with_scipy(pairs: list[tuple[int, int]]) -> None:
    series = {2021 + i: measured(*pair) for i, pair in enumerate(pairs)}
    found = pool(SHARE, series, 2023)
    x, n = (sum(pair[i] for pair in pairs) for i in (0, 1))
    assert found is not None and found.value == Fraction(100 * x, n)
    expected = binomtest(x, n).proportion_ci(0.95, "wilson")
    lower, upper = found.interval or (0, 0)
    assert (lower / 100, upper / 100) == pytest.approx((expected.low, expected.high), abs=1e-12)


def results(figures: dict[int, tuple[int, int]], years=(2021, 2022, 2023, 2024)):
    rows = [
        one
        for year, pair in figures.items()
        for area, part in (("901", pair), ("902", (0, 100)))
        for one in ratio(area, year, "CT03.2", *part)
    ]
    edition = tiny_edition(years=years)
    found = compute(Project(None), edition, register(), TinyAreas(), table(rows))
    return {
        (row["area_code"], row["year"]): row for row in records(found) if row["measure"] == "CT03.2"
    }


def test_a_rate_of_two_deaths_is_not_worked_out_and_not_judged() -> None:
    row = results({2024: (2, 400)})["901", 2024]
    assert (row["numerator"], row["denominator"], row["value"]) == ("2", "400", "")
    assert row["verdict_2025"] == row["verdict_2030"] == "NO_DATA"
    assert row["lower"] == row["certainty"] == ""
    assert row["reason"] == "Số trường hợp quá ít để tính tỷ suất của một năm."
    assert (row["status"], row["mark"]) == ("reported", "[u]")


def test_no_death_is_a_rate_of_zero_that_proves_little() -> None:
    row = results({2024: (3, 400)})["902", 2024]
    assert (row["value"], row["mark"]) == ("0", "[u]")
    assert float(row["upper"]) == pytest.approx(36.888795, abs=1e-5)  # -ln(0.025) in 100


def test_results_have_pool_projection_and_growth_beside_the_verdict() -> None:
    found = results({2021: (30, 1900), 2022: (28, 1900), 2023: (26, 1900), 2024: (24, 1900)})
    row = found["27", 2024]
    assert [row[f"pooled_{name}"] for name in ("numerator", "denominator", "from", "years")] == [
        "78",
        "6000",
        "2022",
        "3",
    ]
    assert row["pooled_value"] == "13"
    # 15, 14, 13, 12 in a thousand: one less a year
    assert (row["projected_2025"], row["projected_2030"]) == ("11", "6")
    assert (row["projected_gap_2025"], row["projected_gap_2030"]) == ("1", "-2")
    assert (row["projection_points"], row["projection_last"], row["projection_spread"]) == (
        "4",
        "2024",
        "0",
    )
    # (12/16) ** (1/4) - 1 against (10/16) ** (1/5) - 1
    assert float(row["growth_ratio_2025"]) == pytest.approx(0.7735, abs=1e-4)
    assert row["growth_reason"] == "2025:strict 2030:strict"
    assert found["27", 2022]["projected_2025"] == found["27", 2022]["pooled_value"] == ""
    assert found["901", 2024]["growth_reason"] == "2025:no_baseline 2030:no_baseline"


def test_a_department_that_says_otherwise_is_a_finding_and_the_sum_is_used() -> None:
    rows = [
        *ratio("901", 2024, "CT03.2", 5, 500),
        *ratio("902", 2024, "CT03.2", 7, 700),
        *ratio("27", 2024, "CT03.2", 14, 1200),
    ]
    found = compute(
        Project(None), tiny_edition(years=(2024,)), register(), TinyAreas(), table(rows)
    )
    (row,) = (
        one for one in records(found) if (one["area_code"], one["measure"]) == ("27", "CT03.2")
    )
    assert (row["numerator"], row["value"], row["department_numerator"]) == ("12", "10", "14")
    (finding,) = differences([row])
    assert (finding.rule, finding.severity) == ("province_differs_from_areas", "info")
    assert "sở báo cáo tử số 14, giá trị 11,667; tổng các địa bàn: tử số 12, giá trị 10." in (
        finding.message
    )


def test_the_department_stands_in_where_areas_are_missing() -> None:
    rows = [*ratio("901", 2024, "CT03.2", 5, 500), *ratio("27", 2024, "CT03.2", 14, 1200)]
    found = compute(
        Project(None), tiny_edition(years=(2024,)), register(), TinyAreas(), table(rows)
    )
    (row,) = (
        one for one in records(found) if (one["area_code"], one["measure"]) == ("27", "CT03.2")
    )
    assert (row["numerator"], row["missing_areas"]) == ("14", "902")
    assert "chưa đủ số của các địa bàn" in row["source_note"]
    assert differences([row]) == []
