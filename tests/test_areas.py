"""Areas: which exist on a day, what codes meant, and the bridges across a change."""

from __future__ import annotations

import csv
import datetime as dt
import unicodedata
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from treem.areas import UNKNOWN, Areas, Origin, load_geography
from treem.errors import AreaError, UsageError
from treem.project import Project

F = Fraction
DAY = dt.date.fromisoformat
LAST_OLD, FIRST_NEW = DAY("2025-06-30"), DAY("2025-07-01")
EIGHT = ["256", "258", "259", "260", "261", "262", "263", "264"]


@pytest.fixture(scope="module")
def areas() -> Areas:
    return load_geography(Project(Path(__file__).resolve().parent.parent))


# --- what exists on a day ---------------------------------------------------------------------

KINDS = [
    # day, communes, wards, townships: as the decisions state them
    ("2020-01-01", 94, 26, 6),
    ("2021-01-31", 94, 26, 6),
    ("2021-02-01", 89, 31, 6),
    ("2023-04-09", 89, 31, 6),
    ("2023-04-10", 70, 52, 4),
    ("2024-11-30", 70, 52, 4),
    ("2024-12-01", 66, 50, 5),
    ("2025-06-30", 66, 50, 5),
]


@pytest.mark.parametrize(("day", "communes", "wards", "townships"), KINDS)
def test_communes_by_kind(
    areas: Areas, day: str, communes: int, wards: int, townships: int
) -> None:
    found = areas.on(DAY(day), "commune")
    kinds = Counter(area.kind for area in found)
    assert kinds == {"xã": communes, "phường": wards, "thị trấn": townships}
    assert len(found) == (126 if DAY(day) < DAY("2024-12-01") else 121)
    assert [area.code for area in found] == sorted({area.code for area in found})


def test_from_july_2025_there_are_99_communes_and_no_districts(areas: Areas) -> None:
    found = areas.on(FIRST_NEW, "commune", province="24")
    assert Counter(area.kind for area in found) == {"xã": 66, "phường": 33}
    assert {area.parent for area in found} == {"24"}
    assert areas.on(FIRST_NEW, "district", province="24") == []
    inside = areas.communes_inside("27")
    assert Counter(c.full_name.split()[0] for c in inside) == {"Xã": 21, "Phường": 20}
    assert len(areas.communes_inside("24")) == 58


DISTRICT_KINDS = [
    ("2021-10-31", "261", "Thị xã Từ Sơn"),
    ("2021-11-01", "261", "Thành phố Từ Sơn"),
    ("2023-04-09", "259", "Huyện Quế Võ"),
    ("2023-04-10", "259", "Thị xã Quế Võ"),
    ("2023-04-09", "262", "Huyện Thuận Thành"),
    ("2023-04-10", "262", "Thị xã Thuận Thành"),
    ("2022-12-31", "256", "Thành phố Bắc Ninh"),
    ("2022-12-31", "264", "Huyện Lương Tài"),
]


@pytest.mark.parametrize(("day", "code", "name"), DISTRICT_KINDS)
def test_districts_change_kind_on_their_day(areas: Areas, day: str, code: str, name: str) -> None:
    assert areas.get(code, DAY(day)).full_name == name
    assert [area.code for area in areas.on(DAY(day), "district")] == EIGHT


def test_communes_of_each_district_at_both_ends(areas: Areas) -> None:
    first = Counter(area.parent for area in areas.on(DAY("2020-01-01"), "commune"))
    last = Counter(area.parent for area in areas.on(LAST_OLD, "commune"))
    assert first == dict(zip(EIGHT, [19, 14, 21, 14, 12, 18, 14, 14], strict=True))
    assert last == dict(zip(EIGHT, [17, 14, 20, 14, 12, 18, 14, 12], strict=True))


def test_the_province_itself(areas: Areas) -> None:
    (province,) = areas.on(LAST_OLD, "province")
    assert (province.full_name, province.geography) == ("Tỉnh Bắc Ninh", "old-27")


# --- what a code or a name meant --------------------------------------------------------------


def test_code_24_was_another_province(areas: Areas) -> None:
    before, after = areas.get("24", LAST_OLD), areas.get("24", FIRST_NEW)
    assert (before.name, before.geography) == ("Bắc Giang", "old-24")
    assert (after.name, after.geography) == ("Bắc Ninh", "new-24")


def test_commune_codes_were_given_again_under_other_names(areas: Areas) -> None:
    old = {area.code: area for area in areas.on(LAST_OLD, "commune")}
    new = {area.code: area for area in areas.on(FIRST_NEW, "commune", province="24")}
    again = set(old) & set(new)
    assert len(again) == 41
    assert sum(old[code].full_name != new[code].full_name for code in again) == 22
    assert areas.get("09169", LAST_OLD).full_name == "Phường Thị Cầu"
    assert areas.get("09169", FIRST_NEW).full_name == "Phường Vũ Ninh"


def test_a_name_means_different_places_on_different_days(areas: Areas) -> None:
    def codes(name: str, day: str) -> list[str]:
        return [area.code for area in areas.named(name, DAY(day))]

    assert codes("Phường Ninh Xá", "2023-01-01") == ["09184"]
    assert codes("Phường Ninh Xá", "2023-12-31") == ["09184", "09445"]
    assert codes("phường  ninh xá", "2024-12-01") == ["09445"]
    assert codes(unicodedata.normalize("NFD", "Kinh Bắc"), "2025-07-01") == ["09187"]
    assert [a.level for a in areas.named("Bắc Ninh", LAST_OLD)] == ["province", "district"]
    assert len(areas.named("Gia Bình", LAST_OLD, "commune")) == 1
    assert areas.named("Hà Nội", LAST_OLD) == []


def test_history_tells_all_that_a_code_ever_meant(areas: Areas) -> None:
    names = [area.full_name for area in areas.history("09253")]
    assert names == ["Xã Đại Xuân", "Phường Đại Xuân", "Phường Nhân Hòa"]
    assert areas.history("00000") == ()


# --- what did not exist -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "day", "words"),
    [
        ("27", "2025-12-31", ["“27”", "31/12/2025", "đến 30/06/2025", "24 Tỉnh Bắc Ninh"]),
        ("256", "2025-07-01", ["Thành phố Bắc Ninh", "không có đơn vị cấp huyện nào"]),
        ("257", "2024-12-31", ["chưa từng có", "256 Thành phố Bắc Ninh", "264 Huyện Lương Tài"]),
        ("09175", "2024-12-31", ["Phường Vệ An", "đến 30/11/2024", "121 đơn vị cấp xã"]),
        ("256", "2019-12-31", ["chỉ có từ 01/01/2020"]),
    ],
)  # fmt: skip
def test_an_area_that_did_not_exist(areas: Areas, code: str, day: str, words: list[str]) -> None:
    with pytest.raises(AreaError) as caught:
        areas.get(code, DAY(day))
    for word in words:
        assert word in str(caught.value)


def test_no_list_for_a_province_that_ended(areas: Areas) -> None:
    with pytest.raises(AreaError, match="31/12/2025"):
        areas.on(DAY("2025-12-31"), "district", province="27")


@pytest.mark.parametrize(("province", "day"), [("24", "2024-12-31"), ("27", "2019-12-31")])
def test_no_list_where_none_is_recorded(areas: Areas, province: str, day: str) -> None:
    with pytest.raises(AreaError, match="Chưa có danh mục"):
        areas.on(DAY(day), "commune", province=province)


def test_an_unknown_level_is_wrong_use(areas: Areas) -> None:
    with pytest.raises(UsageError, match="village"):
        areas.on(LAST_OLD, "village")  # type: ignore[arg-type]


# --- across a change --------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["09316", "09520", "09526"])
def test_what_no_source_tells_is_answered_unknown(areas: Areas, code: str) -> None:
    found = areas.successor(code, DAY("2024-11-30"))
    assert found is not None
    assert found.new_code == UNKNOWN
    assert not found.known
    assert found.date == DAY("2024-12-01")


def test_what_is_known_of_december_2024(areas: Areas) -> None:
    for code in ("09175", "09178"):
        found = areas.successor(code, DAY("2020-01-01"))
        assert found is not None
        assert found.new_code == "09184"
    assert areas.origin("09184", DAY("2024-12-01")) == Origin(("09184", "09175", "09178"), (), True)


def test_where_the_three_could_have_gone(areas: Areas) -> None:
    day = DAY("2024-12-01")
    assert areas.origin("09508", day) == Origin(("09508",), ("09520", "09526"), False)
    assert areas.origin("09319", day).complete  # Tiên Du: nothing was lost there
    assert areas.origin("09247", day) == Origin(("09247",), ("09316",), False)
    assert areas.origin("09508", DAY("2024-11-30")) == Origin(("09508",), (), True)


def test_every_commune_of_june_2025_has_one_successor(areas: Areas) -> None:
    followed = [areas.successor(a.code, LAST_OLD) for a in areas.on(LAST_OLD, "commune")]
    assert all(s is not None and s.known and s.date == FIRST_NEW for s in followed)
    assert len({s.new_code for s in followed if s}) == 41
    for area in areas.on(LAST_OLD, "commune"):
        found = areas.successor(area.code, LAST_OLD)
        assert found is not None
        assert areas.old_districts(found.new_code) == (area.parent,)


def test_origin_of_new_communes(areas: Areas) -> None:
    wards = ("09163", "09166", "09169", "09256")
    assert areas.origin("09169", FIRST_NEW) == Origin(wards, (), True)
    assert areas.origin("07210", FIRST_NEW) == Origin((), (), False)  # from Bắc Giang: not recorded
    inside = [c.code for c in areas.communes_inside("27")]
    parts = [old for code in inside for old in areas.origin(code, FIRST_NEW).codes]
    assert sorted(parts) == [area.code for area in areas.on(LAST_OLD, "commune")]


def test_a_lasting_area_has_no_successor(areas: Areas) -> None:
    assert areas.successor("09169", FIRST_NEW) is None
    with pytest.raises(AreaError):
        areas.successor("09175", LAST_OLD)


def test_areas_of_the_old_districts_in_square_kilometres(areas: Areas) -> None:
    found = {d: sum(c.area_km2 for c in areas.communes_inside(d)) for d in EIGHT}
    stated = ["82.64", "96.94", "155.11", "95.61", "61.09", "117.83", "107.59", "105.91"]
    assert found == dict(zip(EIGHT, map(F, stated), strict=True))
    assert sum(found.values()) == F("822.72")


# --- bridges ----------------------------------------------------------------------------------

BRIDGE = {
    "measure": "CT03.2",
    "geography": "new-24",
    "area_code": "24",
    "valid_from": "2025-07-01",
    "registered_by": "Sở Y tế",
    "registered_on": "2026-02-01",
    "basis": "Công văn 1/SYT",
    "note": "",
}


def write_bridges(project: Project, *rows: dict[str, str]) -> None:
    with (project.areas / "bridges.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(BRIDGE))
        writer.writeheader()
        writer.writerows(rows)


def test_no_bridge_is_registered_to_begin_with(areas: Areas) -> None:
    assert areas.bridges == ()
    assert areas.bridge("CT03.2", "new-24", "24", DAY("2025-12-31")) is None


def test_a_bridge_holds_for_its_measure_area_and_time(project_copy: Project) -> None:
    write_bridges(project_copy, BRIDGE)
    areas = load_geography(project_copy)
    found = areas.bridge("CT03.2", "new-24", "24", DAY("2025-12-31"))
    assert found is not None
    assert (found.registered_by, found.registered_on) == ("Sở Y tế", DAY("2026-02-01"))
    assert found.basis == "Công văn 1/SYT"
    assert areas.bridge("CT03.2", "new-24", "24", DAY("2025-06-30")) is None
    assert areas.bridge("CT03.1", "new-24", "24", DAY("2025-12-31")) is None
    assert areas.bridge("CT03.2", "old-27", "27", DAY("2025-12-31")) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"registered_by": ""}, r"bridges\.csv dòng 2.*registered_by"),
        ({"basis": " "}, r"bridges\.csv dòng 2.*basis"),
        ({"registered_on": "01/02/2026"}, r"bridges\.csv dòng 2"),
        ({"area_code": "42"}, r"bridges\.csv.*CT03\.2.*“42”"),
        ({"geography": "old-27"}, r"bridges\.csv.*old-27"),
    ],
)
def test_a_bridge_without_who_and_why_is_refused(
    project_copy: Project, change: dict[str, str], words: str
) -> None:
    write_bridges(project_copy, BRIDGE | change)
    with pytest.raises(AreaError, match=words):
        load_geography(project_copy)


def test_a_bridge_given_twice_is_refused(project_copy: Project) -> None:
    write_bridges(project_copy, BRIDGE, BRIDGE | {"basis": "khác"})
    with pytest.raises(AreaError, match=r"bridges\.csv dòng 3.*CT03\.2"):
        load_geography(project_copy)


# --- the tables themselves --------------------------------------------------------------------


def test_versions_of_a_code_follow_each_other_without_gap_or_overlap(areas: Areas) -> None:
    for code in {area.code for area in areas.all}:
        versions = areas.history(code)
        for before, after in zip(versions, versions[1:], strict=False):
            assert before.valid_to is not None
            assert after.valid_from - before.valid_to == dt.timedelta(days=1), code


def test_every_parent_exists_as_long_as_its_parts(areas: Areas) -> None:
    for area in areas.all:
        if area.parent and area.geography != "old-24":
            assert areas.get(area.parent, max(area.valid_from, DAY("2020-01-01")))
            assert areas.get(area.parent, area.valid_to or FIRST_NEW)


def test_every_change_has_its_decision_among_the_events(areas: Areas) -> None:
    dated = {(event.date, event.document.split(" ngày")[0]) for event in areas.events}
    for succession in areas.successions:
        assert (succession.date, succession.basis.split(" ngày")[0]) in dated
    for area in areas.all:
        if area.begins_by.startswith("Nghị quyết") and area.level != "province":
            basis = area.begins_by.split(";")[0].split(" ngày")[0]
            assert (area.valid_from, basis) in dated


def test_events_between(areas: Areas) -> None:
    found = areas.events_between(DAY("2023-01-01"), DAY("2024-12-31"))
    assert [event.date for event in found] == [DAY("2023-04-10")] * 2 + [DAY("2024-12-01")]
    assert all(len(event.sources) == 2 and event.confidence for event in found)


def test_the_tables_are_composed_text() -> None:
    folder = Path(__file__).resolve().parent.parent / "data" / "areas"
    for path in folder.iterdir():
        text = path.read_text("utf-8")
        assert text == unicodedata.normalize("NFC", text), path.name


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(AreaError, match=r"areas\.csv"):
        load_geography(Project(tmp_path))


def test_a_wrong_row_is_named_with_its_line(project_copy: Project) -> None:
    path = project_copy.areas / "areas.csv"
    rows = list(csv.reader(path.read_text("utf-8").splitlines()))
    rows[3][7] = "01/07/2025"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    with pytest.raises(AreaError, match=r"areas\.csv dòng 4"):
        load_geography(project_copy)
