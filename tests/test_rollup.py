"""Places of an edition by year, and sums of areas: whatever the figures and the geography."""

from __future__ import annotations

import csv
import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treem.areas import Area, Areas, load_geography
from treem.edition import Edition, load_edition
from treem.errors import AreaError
from treem.indicators.compute import RULES
from treem.indicators.measured import Measured
from treem.indicators.rollup import (
    Place,
    areas_of_edition,
    check_places,
    find_place,
    places_in_results,
    places_with_chapters,
)
from treem.indicators.sums import block_of
from treem.plan.register import load_register
from treem.project import Project

F = Fraction
ROOT = Path(__file__).resolve().parent.parent
HERE = Project(ROOT)
AREAS = load_geography(HERE)
REGISTER = load_register(HERE)
DEMO, INTERIM = load_edition(HERE, "demo-2024"), load_edition(HERE, "demo-2025")
EIGHT = ["256", "258", "259", "260", "261", "262", "263", "264"]


def keys(places: list[Place]) -> list[tuple[str, str]]:
    return [place.key for place in places]


# --- what exists ------------------------------------------------------------------------------


def test_before_july_2025_the_province_is_its_districts() -> None:
    for edition in (DEMO, INTERIM):
        province, *districts = areas_of_edition(edition, AREAS, 2024)
        assert province.key == ("old-27", "27")
        assert (province.rebuilt, province.judged) == (False, True)
        assert list(province.parts) == EIGHT == [place.code for place in districts]
        assert province.parts_geography == "old-27"
        assert all(place.parts == () and not place.judged for place in districts)
        assert districts[2].name == "Thị xã Quế Võ"


def test_from_july_2025_old_places_are_sums_of_new_communes() -> None:
    places = areas_of_edition(INTERIM, AREAS, 2025)
    assert keys(places[:10]) == [
        ("old-27", "27"),
        ("new-24", "24"),
        *(("old-27", code) for code in EIGHT),
    ]
    old, new, *districts = places[:10]
    assert len(places) == 10 + 99
    assert (old.rebuilt, old.judged, len(old.parts), old.parts_geography) == (
        True,
        True,
        41,
        "new-24",
    )
    assert (new.rebuilt, new.judged, len(new.parts)) == (False, False, 99)
    assert [len(place.parts) for place in districts] == [5, 5, 7, 5, 4, 6, 5, 4]
    assert all(place.rebuilt and place.crossing == () for place in districts)
    assert (old.name, new.name) == ("Tỉnh Bắc Ninh cũ", "Tỉnh Bắc Ninh")
    assert districts[0].name == districts[0].named_area.full_name == "Thành phố Bắc Ninh cũ"
    assert sum(place.inside_plan for place in places[10:]) == 41


def test_the_districts_are_the_ones_that_their_old_communes_say() -> None:
    """By the other road: new commune, the communes it took in, the district each lay in."""
    with (ROOT / "data/areas/areas.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["valid_to"] == "2025-06-30"]
    district = {row["code"]: row["parent"] for row in rows if row["level"] == "commune"}
    with (ROOT / "data/areas/successions.csv").open(encoding="utf-8", newline="") as file:
        taken = [row for row in csv.DictReader(file) if row["date"] == "2025-07-01"]
    parts: dict[str, set[str]] = {}
    for row in taken:
        parts.setdefault(district[row["old_code"]], set()).add(row["new_code"])
    for place in areas_of_edition(INTERIM, AREAS, 2025):
        if place.rebuilt and place.level == "district":
            assert set(place.parts) == parts[place.code]
    old = find_place(INTERIM, AREAS, 2025, ("old-27", "27"))
    assert set(old.parts) == set().union(*parts.values())
    assert len(old.parts) == 41


def test_results_and_chapters_follow_what_the_edition_asks_for() -> None:
    def count(areas: str) -> tuple[int, int]:
        edition = replace(INTERIM, areas=areas)
        return tuple(
            len(found(edition, AREAS, 2025)) for found in (places_in_results, places_with_chapters)
        )

    assert count("none") == (2, 2)
    assert count("districts") == (10, 10)
    assert count("communes") == (109, 10)
    assert len(places_in_results(DEMO, AREAS, 2024)) == 9


def test_published_figures_alone_have_provinces_only() -> None:
    edition = replace(INTERIM, submissions=())
    assert keys(areas_of_edition(edition, AREAS, 2024)) == [("old-27", "27")]
    old, new = areas_of_edition(edition, AREAS, 2025)
    assert (old.key, old.parts, old.rebuilt) == (("old-27", "27"), (), True)
    assert (new.key, new.parts) == (("new-24", "24"), ())


def test_code_24_is_found_only_in_its_own_geography_and_time() -> None:
    assert find_place(INTERIM, AREAS, 2025, ("new-24", "24")).area.name == "Bắc Ninh"
    with pytest.raises(AreaError, match=r"“24” của địa giới new-24 trong năm 2024.*old-27/27"):
        find_place(INTERIM, AREAS, 2024, ("new-24", "24"))
    with pytest.raises(AreaError, match="“24” của địa giới old-27"):
        find_place(INTERIM, AREAS, 2025, ("old-27", "24"))
    assert find_place(INTERIM, AREAS, 2025, ("new-24", "09169")).name == "Phường Vũ Ninh"


# --- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["2022", "demo-2024", "demo-2025"])
def test_every_committed_edition_has_places(name: str) -> None:
    check_places(HERE, load_edition(HERE, name))


def test_the_new_province_may_look_back_and_ahead() -> None:
    check_places(HERE, replace(INTERIM, years=(2021, 2025), submissions=()))
    late = dt.date(2027, 12, 31)
    check_places(HERE, replace(INTERIM, years=(2024, 2027), year=2027, as_of=late))


@pytest.mark.parametrize(
    ("base", "changes", "words"),
    [
        (DEMO, {"years": (2024, 2025), "year": 2025}, r"31/12/2025.*new-24.*dựng lại"),
        (DEMO, {"as_of": dt.date(2025, 7, 1)}, r"01/07/2025.*đến 30/06/2025"),
        (INTERIM, {"as_of": dt.date(2025, 6, 30)}, r"30/06/2025 chưa có tỉnh.*new-24"),
        (INTERIM, {"years": (2024,), "year": 2024}, r"31/12/2024 chưa có tỉnh"),
        (INTERIM, {"geography": "old-24"}, "old-24.*Chỉ nhận: old-27, new-24"),
        (DEMO, {"province": "24"}, "mã 24 là Tỉnh Bắc Giang thuộc địa giới old-24"),
        (DEMO, {"province": "256"}, "mã 256 là Thành phố Bắc Ninh"),
        (INTERIM, {"province": "27"}, "Không có địa bàn mã “27” vào ngày 31/12/2025"),
    ],
)
def test_what_the_geography_cannot_answer_is_refused(
    base: Edition, changes: Mapping[str, object], words: str
) -> None:
    with pytest.raises(AreaError, match=words):
        check_places(HERE, replace(base, **changes))


def test_a_commune_that_ended_asks_for_a_new_crosswalk() -> None:
    ended = [
        replace(area, valid_to=dt.date(2026, 6, 30)) if area.code == "09193" else area
        for area in AREAS.all
        if area.geography == "new-24" or area.code != "09193"
    ]
    areas = Areas(ended, AREAS.successions, AREAS.new_communes.values(), AREAS.events)
    assert len(areas_of_edition(INTERIM, areas, 2025)) == 109
    with pytest.raises(AreaError, match=r"09193.*31/12/2026.*communes_2025\.csv"):
        areas_of_edition(INTERIM, areas, 2026)


# --- a commune across two old districts -------------------------------------------------------


def cut_geography(code: str, *districts: str) -> Areas:
    """The real geography, but with one commune lying in two old districts."""
    communes = [
        replace(commune, old_districts=districts) if commune.code == code else commune
        for commune in AREAS.new_communes.values()
    ]
    return Areas(AREAS.all, AREAS.successions, communes, AREAS.events)


def test_no_commune_of_the_old_province_lies_in_two_districts() -> None:
    crossing = [commune for commune in AREAS.new_communes.values() if commune.crosses]
    assert [(c.code, c.old_province) for c in crossing] == [("07228", "24"), ("07603", "24")]


def test_a_district_cut_by_a_commune_cannot_be_rebuilt_but_the_province_can() -> None:
    areas = cut_geography("09193", "258", "256")
    places = {place.key: place for place in areas_of_edition(INTERIM, areas, 2025)}
    for code in ("256", "258"):
        assert places["old-27", code].crossing == ("09193",)
        assert "09193" not in places["old-27", code].parts
    assert places["old-27", "259"].crossing == ()
    assert (len(places["old-27", "27"].parts), places["old-27", "27"].crossing) == (41, ())
    units = [place for place in places.values() if place.level == "commune"]
    measure = REGISTER.measures["CT03.2"]
    block = block_of(units, [measure], RULES, lambda place, _: reported(1, 100))
    (province,) = block.sum(places["old-27", "27"])
    assert (province.numerator, province.denominator, province.value) == (41, 4100, 10)
    for code in ("256", "258"):
        (district,) = block.sum(places["old-27", code])
        assert (district.status, district.value, district.numerator) == ("missing", None, None)
        assert district.missing_areas == ("09193",)
        assert "xã Yên Phong nằm trên nhiều huyện cũ" in district.reason


# --- sums -------------------------------------------------------------------------------------


def area(code: str, level: str = "commune") -> Area:
    day = dt.date(2020, 1, 1)
    return Area(code, code, f"Xã {code}", "xã", level, "", day, None, "new-24", "", "")  # type: ignore[arg-type]


def unit(code: str) -> Place:
    return Place(area(code), "new-24", "commune")


def whole(code: str, *parts: str, rebuilt: bool = True) -> Place:
    return Place(area(code, "district"), "old-27", "district", rebuilt, parts, "new-24")


def reported(numerator: object, denominator: object = None, **more: object) -> Measured:
    pair = [None if part is None else F(part) for part in (numerator, denominator)]
    return Measured("reported", *pair, **more)


def added(measure: str, units: Mapping[str, Measured], place: Place | None = None) -> Measured:
    places = [unit(code) for code in units]
    one = REGISTER.measures[measure]
    block = block_of(places, [one], RULES, lambda found, _: units[found.code])
    (total,) = block.sum(place or whole("9", *units))
    return total


amounts = st.one_of(
    st.integers(0, 10**6),
    st.integers(2**61, 2**80),
    st.fractions(min_value=0, max_value=10**6, max_denominator=97),
)


@settings(deadline=None, max_examples=150)
@given(
    figures=st.lists(st.tuples(amounts, amounts), min_size=1, max_size=24),
    cuts=st.lists(st.integers(0, 24), max_size=4),
    seed=st.integers(0, 2**16),
)
def test_communes_districts_and_province_agree_to_the_last_digit(
    figures: list[tuple[F, F]], cuts: list[int], seed: int
) -> None:
    codes = [f"{number:05d}" for number in range(len(figures))]
    units = {code: reported(*pair) for code, pair in zip(codes, figures, strict=True)}
    edges = sorted({0, len(codes), *(min(cut, len(codes)) for cut in cuts)})
    districts = [codes[low:high] for low, high in zip(edges, edges[1:], strict=False)]
    order = random.Random(seed).sample(codes, len(codes))
    province = added("CT03.2", {code: units[code] for code in order})
    parts = [added("CT03.2", units, whole("8", *inside)) for inside in districts]
    top, base = sum(F(n) for n, _ in figures), sum(F(d) for _, d in figures)
    assert province.denominator == base == sum(part.denominator for part in parts)
    assert province.numerator == top == sum(part.numerator for part in parts)
    assert all(type(part.numerator) is F for part in (province, *parts))
    assert province.value == (top * 1000 / base if base else None)
    assert province.status == ("reported" if base else "not_applicable")


def test_a_sum_too_large_for_64_bits_is_exact() -> None:
    large = {str(number): reported(2**62 - number, 2**62) for number in range(5)}
    total = added("CT02", large)
    assert (total.numerator, total.denominator) == (5 * 2**62 - 10, 5 * 2**62)


def test_counts_have_no_denominator() -> None:
    total = added("CT13", {"1": reported(3), "2": reported(4)})
    assert (total.numerator, total.denominator, total.value) == (7, None, 7)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (("reported", "reported"), "reported"),
        (("reported", "revised"), "revised"),
        (("revised", "provisional"), "provisional"),
        (("not_applicable", "provisional"), "provisional"),
    ],
)
def test_a_sum_is_as_final_as_its_least_final_part(
    statuses: tuple[str, str], expected: str
) -> None:
    units = {str(n): replace(reported(1, 2), status=s) for n, s in enumerate(statuses)}
    total = added("CT02", units)
    assert (total.status, total.value) == (expected, 50)


def test_where_a_measure_applies_nowhere_it_does_not_apply_to_the_sum() -> None:
    nothing = Measured("not_applicable")
    total = added("CT12", {"1": nothing, "2": nothing})
    assert (total.status, total.numerator, total.areas_reported) == ("not_applicable", None, 2)
    part = added("CT12", {"1": nothing, "2": reported(5, 5)})
    assert (part.status, part.value) == ("reported", 100)
    empty = added("CT12", {"1": nothing, "2": Measured("not_applicable", F(0), F(0))})
    assert (empty.status, empty.denominator) == ("not_applicable", 0)


@pytest.mark.parametrize(
    "gap",
    [
        Measured("missing"),
        Measured("censored", value=F(2), bound="<"),
        Measured("reported", value=F(12)),
        Measured("reported", F(3)),
    ],
    ids=["missing", "only-a-limit", "only-a-rate", "no-denominator"],
)
def test_nothing_partial_is_summed(gap: Measured) -> None:
    total = added("CT02", {"1": reported(1, 2), "2": gap})
    assert (total.status, total.numerator, total.denominator) == ("missing", None, None)
    assert (total.areas_expected, total.areas_reported, total.missing_areas) == (2, 1, ("2",))
    assert total.reason == "Thiếu số của xã 2; không cộng một phần các địa bàn."


def test_those_who_sent_nothing_are_told_from_those_with_faults() -> None:
    total = added(
        "CT02",
        {
            "1": reported(1, 2),
            "2": Measured("missing", cause="no_submission"),
            "3": Measured("missing", cause="left_out"),
            "4": Measured("missing", cause="not_collected"),
        },
    )
    assert total.reason == (
        "Chưa nhận hồ sơ của xã 2; Số của xã 3 bị bỏ ra vì có lỗi; Thiếu số của xã 4; "
        "không cộng một phần các địa bàn."
    )


def test_of_many_missing_areas_the_reason_names_some_and_the_column_all() -> None:
    units = {f"{n:02d}": Measured("missing", cause="no_submission") for n in range(30)}
    total = added("CT02", units)
    assert "xã 07 và 22 địa bàn khác" in total.reason and "xã 08" not in total.reason
    assert len(total.missing_areas) == 30


def test_a_rebuilt_place_says_of_what_it_was_summed() -> None:
    units = {"1": reported(1, 2, observations=("a",)), "2": reported(1, 2, observations=("b",))}
    total = added("CT02", units)
    assert total.source_note == "Cộng từ 2 xã, phường có từ 01/7/2025."
    assert total.observations == ("a", "b")
    assert added("CT02", units, whole("9", "1", "2", rebuilt=False)).source_note == ""


def test_one_figure_that_cannot_be_compared_makes_the_sum_so() -> None:
    total = added("CT02", {"1": reported(1, 2), "2": reported(1, 2, comparable=False)})
    assert not total.comparable
