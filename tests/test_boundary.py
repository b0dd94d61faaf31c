"""Results across 1 July 2025, recomputed apart from the code under test with plain fractions."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tiny_province import observed
from treem.areas import Areas, Bridge, load_geography
from treem.edition import load_edition
from treem.indicators.compute import COUNTS_COMMUNES, RULES, compute
from treem.intake.observations import observations_table, records
from treem.plan.register import load_register
from treem.project import Project
from treem.quality import check_results

F = Fraction
ROOT = Path(__file__).resolve().parent.parent
HERE = Project(ROOT)
AREAS = load_geography(HERE)
REGISTER = load_register(HERE)
INTERIM = load_edition(HERE, "demo-2025")
ONE_YEAR = replace(INTERIM, years=(2025,))
BY_AREA = [m.id for m in REGISTER.measures.values() if m.reporting_level == "area"]
ONE_CASE = F(1, 10**11)


def crosswalk() -> dict[str, str]:
    """Old district of each commune of 2025 on the ground of the old province, from the table."""
    with (ROOT / "data/areas/communes_2025.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: row["old_districts"]
            for row in csv.DictReader(file)
            if row["old_province"] == "27"
        }


DISTRICT = crosswalk()
NEW = sorted(c.code for c in AREAS.new_communes.values())
# A seed has no simpler form, and a run of the whole road is dear.
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
Figures = dict[tuple[str, int, str, str], tuple[int, int]]


def draw(seed: int, measures: Iterable[str], strata: Iterable[str] = ()) -> Figures:
    """Random figures of every unit that reports: districts to 2024, communes in 2025."""
    rng = random.Random(seed)
    figures: Figures = {}
    for year, units in (
        (2023, set(DISTRICT.values())),
        (2024, set(DISTRICT.values())),
        (2025, NEW),
    ):
        for code in sorted(units):
            for measure in measures:
                parts = [(rng.randint(20, 60), rng.randint(200, 9000)) for _ in strata] or [
                    (rng.randint(20, 60), rng.randint(200, 9000))
                ]
                for stratum, pair in zip(strata, parts, strict=False):
                    if year == 2025:
                        figures[code, year, measure, stratum] = pair
                figures[code, year, measure, ""] = (
                    sum(n for n, _ in parts),
                    sum(d for _, d in parts),
                )
    return figures


def received(figures: Figures, **more: object):
    rows = []
    for (code, year, measure, stratum), pair in figures.items():
        geography = "new-24" if year == 2025 else "old-27"
        for part, value in zip(("numerator", "denominator"), pair, strict=True):
            if part == "denominator" and not REGISTER.measures[measure].denominator_vi:
                continue
            row = observed(
                code, year, measure, part, str(value), geography=geography, stratum=stratum
            )
            suffix = f"-{stratum}" if stratum else ""
            rows.append(replace(row, observation_id=row.observation_id + suffix, **more))
    return rows


def results(rows, edition=INTERIM, areas: Areas = AREAS):
    table = compute(HERE, edition, REGISTER, areas, observations_table(rows))
    return {
        (r["geography"], r["area_code"], r["year"], r["measure"], r["stratum"]): r
        for r in records(table)
    }


def plain(figures: Figures, communes: Iterable[str], year: int, measure: str, stratum: str = ""):
    pairs = [figures[code, year, measure, stratum] for code in communes]
    return sum(n for n, _ in pairs), sum(d for _, d in pairs)


def same(row, measure: str, pair: tuple[int, int]) -> None:
    """The row has this sum, and the value that plain fractions give to the last digit written."""
    one = REGISTER.measures[measure]
    assert int(row["numerator"]) == pair[0]
    value = F(pair[0])
    if one.denominator_vi:
        assert int(row["denominator"]) == pair[1]
        value = F(pair[0], pair[1]) * one.multiplier
    assert F(row["value"]) == round(value, 12)
    assert row["status"] == "reported"


@pytest.fixture(scope="module")
def figures() -> Figures:
    return draw(1, BY_AREA)


@pytest.fixture(scope="module")
def found(figures: Figures):
    return results(received(figures))


# --- sums -------------------------------------------------------------------------------------


def test_every_measure_place_and_year_has_a_row(found) -> None:
    strata = [key for key in found if key[4]]
    assert len(found) - len(strata) == 33 * (9 + 9 + 10)
    places = {key[:3] for key in found if key[2] == 2025}
    assert ("old-27", "27", 2025) in places and ("new-24", "24", 2025) in places
    assert not any(key[0] == "new-24" and key[2] < 2025 for key in found)


@pytest.mark.parametrize("measure", BY_AREA)
def test_each_measure_agrees_with_plain_fractions(found, figures: Figures, measure: str) -> None:
    for district in sorted(set(DISTRICT.values())):
        inside = [code for code, old in DISTRICT.items() if old == district]
        same(
            found["old-27", district, 2025, measure, ""],
            measure,
            plain(figures, inside, 2025, measure),
        )
    old, new = found["old-27", "27", 2025, measure, ""], found["new-24", "24", 2025, measure, ""]
    same(old, measure, plain(figures, DISTRICT, 2025, measure))
    same(new, measure, plain(figures, NEW, 2025, measure))
    assert (old["areas_expected"], new["areas_expected"]) == ("41", "99")
    before = found["old-27", "27", 2024, measure, ""]
    same(before, measure, plain(figures, set(DISTRICT.values()), 2024, measure))


def test_communes_have_rows_where_the_edition_asks_for_them(figures: Figures) -> None:
    own = {key: pair for key, pair in figures.items() if key[2] == "CT03.2"}
    everything = results(received(own), replace(ONE_YEAR, areas="communes"))
    for code in ("09169", "07228"):
        same(
            everything["new-24", code, 2025, "CT03.2", ""],
            "CT03.2",
            figures[code, 2025, "CT03.2", ""],
        )
    assert len({key[1] for key in everything if key[0] == "new-24"}) == 100


@settings(max_examples=4, deadline=None, phases=NO_SHRINKING)
@given(seed=st.integers(0, 10**6))
def test_random_provinces_agree_whatever_the_order_of_rows(seed: int) -> None:
    figures = draw(seed, ("CT03.2", "CT13"))
    rows = observations_table(received(figures))
    one, two = (
        compute(HERE, ONE_YEAR, REGISTER, AREAS, table)
        for table in (rows, rows.sample(frac=1, random_state=seed))
    )
    assert _with_sorted_ids(one) == _with_sorted_ids(two)
    totals = [row for row in records(one) if not row["stratum"]]
    found = {(row["geography"], row["area_code"], row["measure"]): row for row in totals}
    for measure in ("CT03.2", "CT13"):
        same(found["old-27", "27", measure], measure, plain(figures, DISTRICT, 2025, measure))
        same(found["new-24", "24", measure], measure, plain(figures, NEW, 2025, measure))


def _with_sorted_ids(table):
    return [{**row, "observations": sorted(row["observations"].split())} for row in records(table)]


# --- before and after -------------------------------------------------------------------------


def test_the_old_province_is_judged_on_its_own_ground_before_and_after(found) -> None:
    before = found["old-27", "27", 2024, "CT03.2", ""]
    after = found["old-27", "27", 2025, "CT03.2", ""]
    assert (before["area_name"], after["area_name"]) == ("Tỉnh Bắc Ninh", "Tỉnh Bắc Ninh cũ")
    assert before["mode"] == after["mode"] == "PATH2"
    assert (before["comparable"], after["comparable"]) == ("true", "true")
    # the plan: 16 in 2020, below 10 in 2025; so the path stands at 10 in 2025
    assert F(after["path"]) == 10
    value = F(int(after["numerator"]) * 1000, int(after["denominator"]))
    assert after["verdict_2025"] == ("MET" if value < 10 else "NOT_MET")
    assert abs(F(after["ratio"]) - (value - 16) / (10 - 16)) < ONE_CASE
    assert (before["source_note"], after["source_note"]) == (
        "",
        "Cộng từ 41 xã, phường có từ 01/7/2025.",
    )


def test_the_new_province_is_shown_and_not_compared_with_2020(found) -> None:
    rows = [row for key, row in found.items() if key[:2] == ("new-24", "24")]
    assert len(rows) == 33 + 2 * 4  # the total of every measure, four of them by sex
    judged = [row for row in rows if not row["stratum"]]
    verdicts = {row["verdict_2025"] for row in judged}
    assert verdicts == {"NOT_COMPARABLE", "UNDEFINED"}
    ours = found["new-24", "24", 2025, "CT03.2", ""]
    assert (ours["mark"], ours["comparable"]) == ("[b]", "false")
    assert "gồm cả Bắc Giang cũ" in ours["reason"]
    assert ours["value"]


def test_a_registered_bridge_lets_its_measure_be_judged(figures: Figures) -> None:
    day = AREAS.get("24", AREAS.events[-1].date).valid_from
    bridge = Bridge("CT03.2", "new-24", "24", day, "Sở Y tế", day, "Công văn 1", "")
    bridged = Areas(
        AREAS.all, AREAS.successions, AREAS.new_communes.values(), AREAS.events, [bridge]
    )
    own = {key: pair for key, pair in figures.items() if key[2] in ("CT03.1", "CT03.2")}
    rows = results(received(own), ONE_YEAR, bridged)
    ours, other = (rows["new-24", "24", 2025, m, ""] for m in ("CT03.2", "CT03.1"))
    assert ours["verdict_2025"] in ("MET", "NOT_MET")
    assert (ours["mode"], ours["comparable"]) == ("PATH2", "true")
    assert other["verdict_2025"] == "NOT_COMPARABLE"


def test_shares_of_communes_are_not_compared_after_the_mergers(found) -> None:
    for measure in COUNTS_COMMUNES:
        assert found["old-27", "27", 2024, measure, ""]["comparable"] == "true"
        after = found["old-27", "27", 2025, measure, ""]
        assert (after["verdict_2025"], after["mark"]) == ("NOT_COMPARABLE", "[b]")
        assert "đếm số xã, phường" in after["reason"]
    counted = [m.id for m in REGISTER.measures.values() if "xã, phường" in m.denominator_vi]
    assert list(COUNTS_COMMUNES) == counted


def test_a_department_speaks_for_the_new_province_only() -> None:
    rows = [
        observed("27", 2024, "CT04.2", "value", "12"),
        observed("24", 2025, "CT04.2", "value", "11", geography="new-24"),
    ]
    found = results(rows)
    assert found["old-27", "27", 2024, "CT04.2", ""]["value"] == "12"
    assert found["new-24", "24", 2025, "CT04.2", ""]["value"] == "11"
    old = found["old-27", "27", 2025, "CT04.2", ""]
    assert (old["status"], old["verdict_2025"], old["value"]) == ("missing", "NO_DATA", "")
    assert old["reason"] == (
        "Năm 2025 sở báo cáo cho cả tỉnh Bắc Ninh mới, không tách được phần của tỉnh cũ."
    )
    district = found["old-27", "256", 2025, "CT04.2", ""]
    assert (district["status"], district["verdict_2025"]) == ("not_applicable", "NOT_APPLICABLE")


def test_a_code_given_again_is_counted_for_what_it_means_that_year() -> None:
    """09169 was the ward Thị Cầu, and is the ward Vũ Ninh with three more since."""
    early = observed("09169", 2024, "CT03.2", "numerator", "7", geography="old-27")
    rows = [*received(draw(3, ("CT03.2",))), early]
    assert results(rows) == results(rows[:-1])
    bac_giang = observed("24", 2024, "CT10", "value", "9", geography="old-24")
    found = results([bac_giang])
    assert found["new-24", "24", 2025, "CT10", ""]["status"] == "missing"
    assert found["old-27", "27", 2024, "CT10", ""]["status"] == "missing"


# --- what is missing --------------------------------------------------------------------------


def test_a_missing_commune_leaves_its_district_and_both_provinces_without_a_value() -> None:
    figures = draw(4, ("CT03.2",))
    del figures["09193", 2025, "CT03.2", ""]
    found = results(received(figures), ONE_YEAR)
    for key in (("old-27", "258"), ("old-27", "27"), ("new-24", "24")):
        row = found[*key, 2025, "CT03.2", ""]
        assert (row["status"], row["value"], row["numerator"]) == ("missing", "", "")
        assert row["missing_areas"] == "09193"
        assert "xã Yên Phong" in row["reason"]
    for district in sorted(set(DISTRICT.values()) - {"258"}):
        inside = [code for code, old in DISTRICT.items() if old == district]
        row = found["old-27", district, 2025, "CT03.2", ""]
        same(row, "CT03.2", plain(figures, inside, 2025, "CT03.2"))


def test_a_commune_of_old_bac_giang_is_missed_by_the_new_province_only() -> None:
    figures = draw(5, ("CT03.2",))
    del figures["07210", 2025, "CT03.2", ""]
    found = results(received(figures), ONE_YEAR)
    assert found["new-24", "24", 2025, "CT03.2", ""]["missing_areas"] == "07210"
    same(
        found["old-27", "27", 2025, "CT03.2", ""],
        "CT03.2",
        plain(figures, DISTRICT, 2025, "CT03.2"),
    )


def test_provisional_figures_of_one_commune_reach_its_places_and_no_other() -> None:
    figures = draw(6, ("CT02",))
    rows = [
        replace(row, status="provisional") if row.area_code == "09193" else row
        for row in received(figures)
    ]
    found = results(rows, ONE_YEAR)
    marks = {
        key[:2]: (row["status"], row["mark"])
        for key, row in found.items()
        if key[2:] == (2025, "CT02", "")
    }
    assert marks["old-27", "258"] == marks["old-27", "27"] == ("provisional", "[p]")
    assert marks["old-27", "256"] == ("reported", "")
    assert marks["new-24", "24"][0] == "provisional"


# --- strata -----------------------------------------------------------------------------------

SEXES = ("sex=male", "sex=female")


def test_strata_add_up_to_the_total_and_are_not_judged() -> None:
    figures = draw(7, ("CT03.2", "CT11.1"), SEXES)
    found = results(received(figures), ONE_YEAR)
    for measure in ("CT03.2", "CT11.1"):
        for key in (("old-27", "27"), ("new-24", "24"), ("old-27", "264")):
            total = found[*key, 2025, measure, ""]
            parts = [found[*key, 2025, measure, sex] for sex in SEXES]
            for name in ("numerator", "denominator"):
                assert int(total[name]) == sum(int(part[name]) for part in parts)
            for part in parts:
                assert part["verdict_2025"] == part["verdict_2030"] == part["mode"] == ""
                assert part["lower"] and part["upper"]
        for sex in SEXES:
            pair = plain(figures, DISTRICT, 2025, measure, sex)
            same(found["old-27", "27", 2025, measure, sex], measure, pair)


def test_strata_are_asked_for_in_the_year_under_review_only() -> None:
    found = results(received(draw(8, ("CT03.2",))))
    strata = {(key[2], key[3], key[4]) for key in found if key[4]}
    assert {year for year, *_ in strata} == {2025}
    assert {measure for _, measure, _ in strata} == {"CT03.2", "CT09", "CT11.1", "CT20.2"}
    row = found["old-27", "27", 2025, "CT03.2", "sex=male"]
    assert (row["status"], row["missing_areas"].count(" ")) == ("missing", 40)


def test_a_stratum_that_nobody_asked_for_is_no_total() -> None:
    rows = received(draw(9, ("CT02",), SEXES))
    found = results(rows, ONE_YEAR)
    assert not [key for key in found if key[3] == "CT02" and key[4]]
    total = found["old-27", "27", 2025, "CT02", ""]
    same(total, "CT02", plain(draw(9, ("CT02",), SEXES), DISTRICT, 2025, "CT02"))


# --- the gate ---------------------------------------------------------------------------------


@pytest.mark.parametrize("areas", ["none", "districts", "communes"])
def test_the_gate_finds_nothing_wrong_with_the_results(figures: Figures, areas: str) -> None:
    edition = replace(ONE_YEAR, areas=areas)
    own = {key: pair for key, pair in figures.items() if key[2] in ("CT01", "CT03.2", "CT13")}
    table = compute(HERE, edition, REGISTER, AREAS, observations_table(received(own)))
    found = check_results(HERE, edition, REGISTER, table).findings
    assert [row["message"] for row in records(found)] == []


def test_every_rule_has_its_measure() -> None:
    assert set(RULES) == set(REGISTER.measures)
