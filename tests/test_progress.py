"""Verdicts: the worked examples line by line, then each situation of the table."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from treem.errors import UsageError
from treem.indicators.progress import Case, certainty, judge, mode_of, next_target_year
from treem.plan.model import Limit

F = Fraction


def limit(text: str) -> Limit:
    """`<10`, `<=11`, `>=98` as a limit."""
    for sign in ("<=", ">=", "<", ">"):
        if text.startswith(sign):
            return Limit(sign, F(text.removeprefix(sign)))  # type: ignore[arg-type]
    raise AssertionError(text)


def case(
    direction: int,
    baseline: str,
    at_2025: str,
    at_2030: str,
    *,
    decimals: int = 1,
    undefined: str = "",
) -> Case:
    """A case from texts; "" for what is missing, `<2` for a censored baseline."""
    limits = {k: limit(t) for k, t in ((2025, at_2025), (2030, at_2030)) if t}
    bound = baseline[0] if baseline[:1] in ("<", ">") else None
    value = F(baseline.lstrip("<>")) if baseline else None
    return Case(direction, F(1, 10**decimals), value, bound, limits, undefined)  # type: ignore[arg-type]


LOWER, HIGHER = -1, +1
CT03_1_TABLE = case(LOWER, "9", "<=9", "<=9")
CT03_1_TEXT = case(LOWER, "9", "<9", "<9")
CT03_2 = case(LOWER, "16", "<10", "<8")
CT04_2 = case(LOWER, "13.8", "<=11", "<=10")
CT01 = case(HIGHER, "74", ">=82", ">=87")
CT05_1_TABLE = case(HIGHER, "98.7", ">=97", ">=98")
CT05_1_TEXT = case(HIGHER, "98.7", ">=98", ">=98")
CT06 = case(LOWER, "<2", "<2", "<=2")
CT08_1 = case(LOWER, "2", "<2", "<=1.5")
CT09_TEXT = case(LOWER, "0.005", "<0.004", "<0.005", decimals=3)
CT10 = case(LOWER, "1", "<1", "<1")
CT14 = case(HIGHER, "99.99", ">=100", ">=100", decimals=2)

# The worked examples of the specification, one line each.
WORKED: list[tuple[Case, int, str, str, str, str, str]] = [
    (CT03_2, 2023, "12.1", "12.4", "1.083", "ON_TRACK", "ON_TRACK"),
    (CT03_2, 2023, "13.4", "12.4", "0.722", "ACCELERATE", "ACCELERATE"),
    (CT03_2, 2023, "15.2", "12.4", "0.222", "SLOW", "SLOW"),
    (CT03_2, 2023, "16.8", "12.4", "-0.222", "REVERSE", "REVERSE"),
    (CT03_2, 2025, "9.97", "10", "1.005", "MET", "ON_TRACK"),
    (CT03_2, 2025, "10.0", "10", "1.000", "NOT_MET", "ON_TRACK"),
    (CT03_2, 2025, "12.0", "10", "0.667", "NOT_MET", "ACCELERATE"),
    (CT03_2, 2027, "9.6", "9.2", "0.941", "FROZEN_UNKNOWN", "ACCELERATE"),
    (CT04_2, 2023, "12.2", "12.12", "0.952", "ON_TRACK", "ON_TRACK"),
    (CT01, 2023, "77", "78.8", "0.625", "ACCELERATE", "ACCELERATE"),
    (CT05_1_TABLE, 2023, "97.5", "", "", "SLIPPING", "LOST"),
    (CT05_1_TEXT, 2023, "97.5", "", "", "LOST", "LOST"),
    (CT08_1, 2023, "1.9", "1.85", "0.667", "EARLY", "ACCELERATE"),
    (CT08_1, 2025, "2.0", "1.75", "0.000", "NOT_MET", "SLOW"),
    (CT10, 2023, "1.0", "", "", "AT_THRESHOLD", "AT_THRESHOLD"),
    (CT14, 2023, "99.97", "99.996", "-3.333", "REVERSE", "REVERSE"),
    (CT03_1_TABLE, 2023, "9.0", "", "", "KEPT", "KEPT"),
    (CT03_1_TEXT, 2023, "9.0", "", "", "AT_THRESHOLD", "AT_THRESHOLD"),
]


@pytest.mark.parametrize(("plan", "year", "value", "path", "ratio", "at_2025", "at_2030"), WORKED)
def test_worked_example(
    plan: Case, year: int, value: str, path: str, ratio: str, at_2025: str, at_2030: str
) -> None:
    found = judge(plan, year, F(value))
    assert found.path == (F(path) if path else None)
    assert ("" if found.ratio is None else f"{float(found.ratio):.3f}") == ratio
    assert found.verdicts == {2025: at_2025, 2030: at_2030}


def test_the_2025_verdict_is_frozen_by_the_value_of_2025() -> None:
    found = judge(CT03_2, 2027, F("9.6"), value_2025=F("9.9"))
    assert found.verdicts == {2025: "MET", 2030: "ACCELERATE"}
    assert found.gaps[2025] == F("-0.1")
    missed = judge(CT03_2, 2027, F("9.6"), value_2025=F(10))
    assert missed.verdicts[2025] == "NOT_MET"
    assert missed.gaps[2025] == 0


def test_a_censored_value_of_2025_freezes_only_what_it_settles() -> None:
    below_2 = judge(CT08_1, 2027, F("1.4"), value_2025=F(2), value_2025_bound="<")
    assert below_2.verdicts[2025] == "MET"
    below_11 = judge(CT03_2, 2027, F("9.6"), value_2025=F(11), value_2025_bound="<")
    assert below_11.verdicts[2025] == "FROZEN_UNKNOWN"
    assert below_11.gaps[2025] is None


def test_gap_and_what_is_still_needed() -> None:
    found = judge(CT03_2, 2023, F("12.4"))
    assert found.gaps == {2025: F("2.4"), 2030: F("4.4")}
    assert found.yearly_change_needed == {2025: F("-1.2"), 2030: F("-4.4") / 7}
    assert found.yearly_rate_needed[2025] == pytest.approx(1 - (10 / 12.4) ** 0.5)
    assert found.yearly_rate_needed[2030] == pytest.approx(1 - (8 / 12.4) ** (1 / 7))
    assert found.change == F("3.6")


def test_nothing_more_is_needed_once_a_target_is_met() -> None:
    found = judge(CT08_1, 2023, F("1.9"))
    assert found.yearly_change_needed[2025] == 0
    assert found.yearly_rate_needed[2025] == 0
    assert found.gaps[2025] == F("-0.1")


def test_higher_is_better_has_a_change_but_no_rate_of_reduction() -> None:
    found = judge(CT01, 2023, F(77))
    assert found.yearly_change_needed == {2025: F("2.5"), 2030: F(10, 7)}
    assert found.yearly_rate_needed == {2025: None, 2030: None}


def test_no_rate_leads_to_zero() -> None:
    found = judge(case(LOWER, "5", "<=3", "<=0"), 2023, F(4))
    assert found.yearly_rate_needed[2025] is not None
    assert found.yearly_rate_needed[2030] is None
    assert judge(case(LOWER, "5", "<=3", "<=0"), 2025, F(4)).yearly_change_needed[2025] is None


MODES: list[tuple[Case, str]] = [
    (CT03_2, "PATH2"),
    (CT08_1, "PATH1"),
    (case(HIGHER, "50", "", ">=60"), "PATH1"),
    (case(HIGHER, "50", ">=60", ""), "PATH2"),
    (case(HIGHER, "50", ">=40", ">=60"), "PATH1"),
    (CT10, "THRESHOLD"),
    (case(LOWER, "1", "<=1", "<1"), "THRESHOLD"),
    (CT05_1_TEXT, "MAINTAIN"),
    (CT06, "MAINTAIN"),
    (case(LOWER, "<2", "<2", "<=1.5"), "TARGET_ONLY"),
    (case(LOWER, "<2", "<3", ""), "MAINTAIN"),
    (case(HIGHER, ">98", ">=98", ">=98"), "MAINTAIN"),
    (case(HIGHER, ">98", ">=98", ">=99"), "TARGET_ONLY"),
    (case(HIGHER, "", ">=90", ">=95"), "TARGET_ONLY"),
    (case(HIGHER, "", "", ""), "TARGET_ONLY"),
    (case(LOWER, "0", "<=0", "<=0"), "MAINTAIN"),
    (case(LOWER, "0", "<0", "<0"), "THRESHOLD"),
    (case(HIGHER, "0", ">=10", ">=20"), "PATH2"),
]


@pytest.mark.parametrize(("plan", "mode"), MODES)
def test_mode(plan: Case, mode: str) -> None:
    assert mode_of(plan) == mode
    assert judge(plan, 2023, F(1)).mode == mode


UNDEFINED = ("UNDEFINED", "UNDEFINED")
FROZEN = "FROZEN_UNKNOWN"
SITUATIONS: list[tuple[str, Case, int, str, dict[str, Any], tuple[str, str]]] = [
    # 1: before everything else, even without a value
    ("no definition", case(LOWER, "5", "<=3", "<=1", undefined="…"), 2023, "2", {}, UNDEFINED),
    ("loosens", CT09_TEXT, 2023, "0.004", {}, UNDEFINED),
    ("loosens, no value", CT09_TEXT, 2023, "", {}, UNDEFINED),
    ("same value, looser sign", case(LOWER, "9", "<5", "<=5"), 2023, "8", {}, ("SLOW",) * 2),
    # 2, 3, 4 in that order
    ("not comparable", CT01, 2023, "77", {"comparable": False}, ("NOT_COMPARABLE",) * 2),
    (
        "not comparable before zero denominator",
        CT01,
        2023,
        "",
        {"comparable": False, "denominator_zero": True},
        ("NOT_COMPARABLE",) * 2,
    ),
    ("zero denominator", CT01, 2023, "", {"denominator_zero": True}, ("NOT_APPLICABLE",) * 2),
    ("no value", CT01, 2023, "", {}, ("NO_DATA",) * 2),
    ("no value before no target", case(LOWER, "5", "", "<=3"), 2023, "", {}, ("NO_DATA",) * 2),
    ("no value before frozen", CT01, 2027, "", {"value_2025": F(90)}, ("NO_DATA",) * 2),
    ("bound settles nothing", CT03_2, 2023, "<12", {}, ("NO_DATA",) * 2),
    ("bound settles one", CT08_1, 2023, "<2", {}, ("EARLY", "NO_DATA")),
    ("bound settles a failure", CT01, 2025, "<80", {}, ("NOT_MET", "NO_DATA")),
    ("bound fails, class open", CT01, 2023, "<75", {}, ("NO_DATA", "NO_DATA")),
    ("bound fails, class known", CT01, 2023, "<74", {}, ("REVERSE", "REVERSE")),
    ("inclusive bound reaches the next class", CT01, 2023, "<=74", {}, ("NO_DATA", "NO_DATA")),
    ("bound on a bound", CT06, 2023, "<2", {}, ("KEPT", "KEPT")),
    ("bound leaves slipping open", case(LOWER, "1", "<2", "<2"), 2023, "<2", {}, ("NO_DATA",) * 2),
    # 5, 6
    ("no target 2025", case(HIGHER, "50", "", ">=60"), 2023, "53", {}, ("NO_TARGET", "ON_TRACK")),
    ("no target 2030", case(HIGHER, "50", ">=60", ""), 2023, "56", {}, ("ON_TRACK", "NO_TARGET")),
    ("no target, frozen", case(HIGHER, "50", ">=60", ""), 2027, "61", {}, (FROZEN, "NO_TARGET")),
    ("no targets", case(HIGHER, "50", "", ""), 2023, "53", {}, ("NO_TARGET",) * 2),
    # 8
    ("no 2020 figure", case(HIGHER, "", ">=90", ">=95"), 2022, "92", {}, ("MET", "NOT_MET")),
    # 9
    ("kept, one unit worse", case(LOWER, "1", "<2", "<2"), 2023, "1.1", {}, ("KEPT", "KEPT")),
    ("slipping", case(LOWER, "1", "<2", "<2"), 2023, "1.11", {}, ("SLIPPING", "SLIPPING")),
    ("better than 2020", case(LOWER, "1", "<2", "<2"), 2023, "0", {}, ("KEPT", "KEPT")),
    ("lost", case(LOWER, "1", "<2", "<2"), 2023, "2", {}, ("LOST", "LOST")),
    ("censored 2020, met", CT06, 2023, "1.9", {}, ("KEPT", "KEPT")),
    ("censored 2020, on the edge", CT06, 2023, "2", {}, ("LOST", "KEPT")),
    ("maintain in the last year", CT05_1_TEXT, 2030, "98.0", {"value_2025": F(98)}, ("MET", "MET")),
    # 10
    ("threshold met", CT10, 2023, "0.9", {}, ("MET", "MET")),
    ("threshold, one unit", CT10, 2023, "1.1", {}, ("AT_THRESHOLD", "AT_THRESHOLD")),
    ("threshold, beyond", CT10, 2023, "1.11", {}, ("NOT_MET", "NOT_MET")),
    # 12
    ("last step", case(LOWER, "9", "<5", "<5"), 2025, "5", {}, ("NOT_MET", "AT_THRESHOLD")),
    ("last step later", case(LOWER, "9", "<5", "<5"), 2028, "5.1", {}, (FROZEN, "AT_THRESHOLD")),
    ("last step too far", case(LOWER, "9", "<5", "<5"), 2028, "5.3", {}, (FROZEN, "ACCELERATE")),
    ("not strict", case(LOWER, "9", "<5", "<=5"), 2028, "5.1", {}, (FROZEN, "ON_TRACK")),
    ("before 2025", case(LOWER, "9", "<5", "<5"), 2024, "5.1", {}, ("ON_TRACK", "ON_TRACK")),
]


@pytest.mark.parametrize(
    ("plan", "year", "value", "more", "verdicts"),
    [row[1:] for row in SITUATIONS],
    ids=[row[0] for row in SITUATIONS],
)
def test_situation(
    plan: Case, year: int, value: str, more: dict[str, Any], verdicts: tuple[str, str]
) -> None:
    number = value.lstrip("<>=")
    bound = value.removesuffix(number) or None
    found = judge(plan, year, F(number) if number else None, value_bound=bound, **more)  # type: ignore[arg-type]
    assert (found.verdicts[2025], found.verdicts[2030]) == verdicts


def test_ratio_classes_begin_exactly_at_their_limits() -> None:
    plan = case(HIGHER, "0", ">=100", ">=200", decimals=3)  # the path of 2025 is 100
    for value, verdict in [
        ("95", "ON_TRACK"),
        ("94.999", "ACCELERATE"),
        ("60", "ACCELERATE"),
        ("59.999", "SLOW"),
        ("0", "SLOW"),
        ("-0.001", "REVERSE"),
    ]:
        assert judge(plan, 2025, F(value)).verdicts[2030] == verdict


def test_undefined_has_no_mode_path_or_numbers() -> None:
    found = judge(CT09_TEXT, 2023, F("0.004"))
    assert (found.mode, found.path, found.ratio) == (None, None, None)
    assert found.gaps == {2025: None, 2030: None}
    assert found.yearly_rate_needed == {2025: None, 2030: None}


def test_not_comparable_keeps_the_path_and_drops_the_ratio() -> None:
    found = judge(CT01, 2023, F(77), comparable=False)
    assert found.path == F("78.8")
    assert found.ratio is None
    assert found.gaps == {2025: None, 2030: None}


def test_no_path_after_2025_where_only_2025_has_a_target() -> None:
    found = judge(case(HIGHER, "50", ">=60", ""), 2028, F(58))
    assert (found.mode, found.path, found.ratio) == ("PATH2", None, None)


@pytest.mark.parametrize("year", [2020, 2031, 0])
def test_years_outside_the_plan_are_wrong_use(year: int) -> None:
    with pytest.raises(UsageError, match="2021 đến 2030"):
        judge(CT01, year, F(77))


CERTAINTY: list[tuple[str, str, tuple[float, float] | None, int, int | None, str]] = [
    ("<10", "8", (7.0, 9.9), 1000, 10_000, "CERTAIN"),
    ("<10", "8", (7.0, 10.0), 1000, 10_000, "UNCERTAIN"),
    ("<10", "12", (10.0, 14.0), 1000, 10_000, "CERTAIN"),
    ("<10", "9.95", (9.0, 11.0), 1000, 10_000, "ONE_CASE"),
    ("<10", "9.9", (9.0, 11.0), 1000, 10_000, "ONE_CASE"),
    ("<10", "9.899", (9.0, 11.0), 1000, 10_000, "UNCERTAIN"),
    ("<0.004", "0", (0.0, 0.01), 100, 25_000, "ONE_CASE"),
    (">=98", "99", None, 100, 5_000, ""),
    (">=98", "99", (98.0, 99.5), 100, 5_000, "CERTAIN"),
    (">=98", "99", (98.0, 99.5), 100, None, "CERTAIN"),
]


@pytest.mark.parametrize(
    ("target", "value", "interval", "multiplier", "denominator", "answer"), CERTAINTY
)
def test_certainty(
    target: str,
    value: str,
    interval: tuple[float, float] | None,
    multiplier: int,
    denominator: int | None,
    answer: str,
) -> None:
    cases = F(denominator) if denominator else None
    assert certainty(limit(target), F(value), interval, multiplier, cases) == answer


def test_certainty_says_nothing_without_value_or_target() -> None:
    assert certainty(None, F(1), (0.0, 2.0), 100, F(10)) == ""
    assert certainty(limit("<1"), None, None, 100, F(10)) == ""


def test_next_target_year() -> None:
    limits = CT01.limits
    assert [next_target_year(limits, y) for y in (2021, 2025, 2026, 2030)] == [
        2025,
        2025,
        2030,
        2030,
    ]
    assert next_target_year({2025: limits[2025]}, 2026) is None
    assert next_target_year({2030: limits[2030]}, 2022) == 2030
