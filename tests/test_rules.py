"""Every rule catches a table made wrong for it and leaves a clean one alone.

One clean province (eight districts of two communes each, its departments, two years, breakdowns)
and one mutation or more a rule. The table rule × mutation is written to the test's output.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from tiny_province import ROOT, TinyAreas, observed, register, table, tiny_edition
from treem.intake.findings import RULES
from treem.intake.forms import form_rows
from treem.intake.observations import observation_id
from treem.intake.reading_rules import READING_RULES
from treem.intake.units import units_owing
from treem.project import Project
from treem.quality import RECEIVED, check, suites
from treem.quality.suites import read_suite
from treem.quality.views import observation_views

PROJECT = Project(ROOT)
REGISTER = register()
EDITION = tiny_edition(strata={"CT09": ("sex",), "CT03.2": ("sex",)})
DISTRICTS = tuple(str(code) for code in range(901, 909))


@dataclass(frozen=True)
class Spot:
    code: str
    full_name: str
    level: str
    parent: str = ""
    geography: str = "old-27"


class Areas(TinyAreas):
    """Eight districts, two communes in each; `gone` lists areas that do not exist."""

    everything = (
        Spot("27", "Tỉnh Nhỏ", "province"),
        *(Spot(code, f"Huyện {code}", "district", "27") for code in DISTRICTS),
        *(Spot(f"{c}0{n}", f"Xã {c}0{n}", "commune", c) for c in DISTRICTS for n in (1, 2)),
    )

    def communes_inside(self, code):
        return []


AREAS = Areas()


# --- a clean province -------------------------------------------------------------------------

# Denominators per thousand children, and rates; what is not named is all children and 90 %.
BASES = {
    "CT02": 560, "CT03.1": 70, "CT03.2": 70, "CT03.3": 70, "CT05.1": 69, "CT05.2": 350,
    "CT14": 350, "CT07": 12, "CT12": 21, "CT15": 190, "CT16": 76, "CT17": 64, "CT18": 57,
    "CT19": 11, "CT20.1": 11, "CT20.2": 15, "CT22": 540, "CT24": 290,
}  # fmt: skip
RATES = {"CT03.1": 0.009, "CT03.2": 0.015, "CT03.3": 0.02, "CT08.1": 0.02, "CT09": 0.0004}
RATES |= {"CT11.1": 0.004, "CT11.2": 0.0003, "CT13": 0.0002}


def counts(measure, place, year):
    """Numerator and denominator of a district; every district and year has its own numbers."""
    people = 20_413 + 3_137 * place + 411 * (year - 2023) * (1 + place % 3)
    if measure == "CT08.2":
        special = counts("CT08.1", place, year)[0]
        return special * 9 // 10, special
    if measure in ("CT01", "CT21"):
        return 1, 2
    base = people * BASES.get(measure, 1000) // 1000
    return round(base * RATES.get(measure, 0.9)), base


def values(unit, row, year):
    place = DISTRICTS.index(unit.code) if unit.code in DISTRICTS else 0
    if row.part == "value":
        return "2.5" if row.measure == "CT06" else "3.1"
    if row.measure == "CT06":
        return {"numerator": "1", "denominator": "40"}[row.part]
    number = counts(row.measure, place, year)[row.part == "denominator"]
    male = number // 2
    return str({"": number, "sex=male": male, "sex=female": number - male}[row.stratum])


@cache
def clean_rows():
    rows = {}
    for year in EDITION.years:
        for unit in units_owing(EDITION, REGISTER, AREAS, year):
            for number, row in enumerate(form_rows(EDITION, REGISTER, unit.code, year), 8):
                one = at(unit.area_code, year, row.measure, row.part, values(unit, row, year))
                one = replace(
                    one, stratum=row.stratum, cell=f"H{number}", file=f"ho-so/{year}/{unit.code}"
                )
                rows[unit.area_code, year, row.measure, row.part, row.stratum] = replace(
                    one, observation_id=f"{one.observation_id}-{row.stratum}-{unit.code}"
                )
    return rows


def at(area, year, measure, part, value, **more):
    names = {spot.code: spot.full_name for spot in Areas.everything}
    row = observed(area, year, measure, part, value, **more)
    own_id = more.get("observation_id", observation_id(measure, area, year, part, "00000000"))
    return replace(row, area_name=names.get(area, area), observation_id=own_id)


# --- mutations --------------------------------------------------------------------------------


def put(measure, part, value, *, area="904", year=2024, stratum="", **more):
    """Write a value (or what a function makes of the value there) into a cell."""

    def mutate(rows):
        row = rows[area, year, measure, part, stratum]
        new = value(row.value) if callable(value) else value
        rows[area, year, measure, part, stratum] = replace(row, value=new, raw=new, **more)

    return mutate


def change(**more):
    """Change other columns of one cell."""

    def mutate(rows):
        key = ("904", 2024, "CT02", "numerator", "")
        rows[key] = replace(rows[key], **more)

    return mutate


def times(factor):
    return lambda value: str(int(value) * factor)


def both(*mutations):
    def mutate(rows):
        for one in mutations:
            one(rows)

    return mutate


def add(area, year, measure, part, value):
    def mutate(rows):
        rows[area, year, measure, part, "new"] = at(
            area, year, measure, part, str(value), observation_id=f"new-{area}-{measure}-{part}"
        )

    return mutate


def drop(*keys, where=None):
    def mutate(rows):
        for key in [key for key in rows if key in keys or (where and where(key))]:
            del rows[key]

    return mutate


def copy_year(measures):
    """Copy figures of a district from the year before, as if the old form was sent again."""

    def mutate(rows):
        for key in list(rows):
            area, year, measure, part, stratum = key
            if (area, year) == ("904", 2024) and measures(measure) and not stratum:
                was = rows[area, 2023, measure, part, stratum]
                rows[key] = replace(rows[key], value=was.value, raw=was.raw)

    return mutate


def heap(rows):
    """Round every count of a workbook to tens."""
    for key, row in rows.items():
        if key[0] == "904" and key[1] == 2024 and int(row.value) >= 100:
            rows[key] = replace(row, value=row.value[:-1] + "0", raw=row.value[:-1] + "0")


def commune_forms(factor, communes=2):
    """Let the communes of a district report the same year: their halves, times a factor."""

    def mutate(rows):
        whole = int(rows["904", 2024, "CT02", "denominator", ""].value)
        parts = (whole // 2 * factor, (whole - whole // 2) * factor)
        for number in range(communes):
            add(f"9040{number + 1}", 2024, "CT02", "denominator", parts[number])(rows)

    return mutate


def province_form(difference, without=()):
    def mutate(rows):
        total = sum(int(rows[c, 2024, "CT02", "denominator", ""].value) for c in DISTRICTS)
        for code in without:
            del rows[code, 2024, "CT02", "denominator", ""]
        add("27", 2024, "CT02", "denominator", total + difference)(rows)

    return mutate


def form_of(code, year):
    return lambda key: key[0] == code and key[1] == year


CASES = [
    ("columns", "mất một cột", None),
    ("year_type", "năm ghi bằng chữ", None),
    ("unknown_measure_code", "mã lạ", change(measure="CT99")),
    ("unknown_part_code", "phần lạ", None),
    ("unknown_stratum", "phân tổ lạ", change(stratum="sex=other")),
    ("unknown_status", "trạng thái lạ", change(status="tốt")),
    ("unknown_source", "nguồn lạ", change(source_kind="điện thoại")),
    ("unknown_bound", "dấu giới hạn lạ", change(bound="~")),
    ("unknown_mark_code", "ký hiệu lạ", change(mark="?")),
    ("year_outside_plan", "năm 2031", change(year=2031)),
    ("value_form", "số có dấu phẩy", change(value="1,5")),
    ("checksum_form", "mã kiểm tra cụt", change(sha256="abc")),
    ("origin_missing", "mất ô gốc", change(cell="")),
    ("observation_id_repeated", "mã dòng lặp", None),
    ("area_not_valid", "địa bàn không có", add("999", 2024, "CT13", "numerator", 1)),
    ("duplicate_row", "hai dòng một số", add("904", 2024, "CT13", "numerator", 3)),
    ("count_not_whole", "số đếm lẻ", put("CT02", "numerator", "5.5")),
    ("count_not_whole", "số đếm âm", put("CT02", "numerator", "-5")),
    ("too_many_digits", "18 chữ số", put("CT02", "denominator", "123456789012345678")),
    ("count_implausible", "đông hơn cả tỉnh", put("CT02", "denominator", "20000000")),
    ("value_above_bound", "tỷ lệ 109%", put("CT10", "value", "109", area="27")),
    ("value_below_bound", "giá trị âm", put("CT10", "value", "-1", area="27")),
    ("numerator_above_denominator", "tử số lớn hơn", put("CT19", "numerator", times(2))),
    ("cohort_ratio_implausible", "130%", put("CT18", "numerator", times(2))),
    ("neonatal_above_infant", "sơ sinh nhiều hơn", put("CT03.1", "numerator", "90")),
    ("infant_above_under_five", "dưới 1 nhiều hơn", put("CT03.3", "numerator", "1")),
    ("killed_above_injured", "chết nhiều hơn bị nạn", put("CT11.2", "numerator", "900")),
    ("births_differ", "số sinh khác nhau", put("CT03.2", "denominator", "1999")),
    ("births_differ", "số sinh CT03.3 khác", put("CT03.3", "denominator", "1999")),
    ("children_differ", "CT09", put("CT09", "denominator", "29000")),
    ("children_differ", "CT11.1", put("CT11.1", "denominator", "29000")),
    ("children_differ", "CT11.2", put("CT11.2", "denominator", "29000")),
    ("children_differ", "CT23", put("CT23", "denominator", "29000")),
    ("communes_differ", "số xã khác nhau", put("CT21", "denominator", "3")),
    ("communes_not_geography", "CT01", put("CT01", "denominator", "3")),
    ("communes_not_geography", "CT21", put("CT21", "denominator", "3")),
    ("communes_not_geography", "xã ghi 2 xã", add("90401", 2024, "CT01", "denominator", 2)),
    ("under_five_differ", "số dưới 5 khác", put("CT14", "denominator", "9999")),
    ("schools_differ", "số trường khác", put("CT20.1", "denominator", "999")),
    ("special_children_differ", "số đặc biệt khác", put("CT08.2", "denominator", "700")),
    ("age_group_above_whole", "dưới 1", put("CT05.1", "denominator", times(9))),
    ("age_group_above_whole", "dưới 5", put("CT05.2", "denominator", times(2))),
    ("age_group_above_whole", "5 tuổi", put("CT16", "denominator", times(9))),
    ("age_group_above_whole", "đến 8", put("CT02", "denominator", times(2))),
    ("age_group_above_whole", "từ 11", put("CT24", "denominator", times(2))),
    ("age_group_above_whole", "từ 7", put("CT22", "denominator", times(2))),
    ("value_not_ratio", "1/40 ghi 3,5%", put("CT06", "value", "3.5", area="27")),
    ("strata_not_total", "mẫu số nữ", put("CT09", "denominator", "9", stratum="sex=female")),
    ("strata_not_total", "tử số nam", put("CT03.2", "numerator", "99", stratum="sex=male")),
    (
        "stratum_above_total",
        "chỉ có nam, lớn hơn chung",
        both(
            drop(("904", 2024, "CT09", "numerator", "sex=female")),
            put("CT09", "numerator", "999", stratum="sex=male"),
        ),
    ),
    ("province_not_areas", "sở lệch 1", province_form(1)),
    ("areas_above_province", "sở ít hơn phần đã có", province_form(-99_000, without=("901",))),
    ("district_not_communes", "xã cộng lại gấp đôi", commune_forms(2)),
    ("communes_above_district", "một xã nhiều hơn huyện", commune_forms(9, communes=1)),
    (
        "value_not_collected",
        "để trống",
        put("CT19", "numerator", "", status="missing"),
    ),
    (
        "value_not_collected",
        "để trống một phân tổ",
        put("CT09", "numerator", "", stratum="sex=male", status="missing"),
    ),
    ("row_missing", "xóa dòng", drop(("904", 2024, "CT19", "numerator", ""))),
    ("row_missing", "xóa phân tổ", drop(("904", 2024, "CT09", "numerator", "sex=male"))),
    ("nothing_received", "huyện không gửi", drop(where=form_of("904", 2024))),
    ("no_published_figure", "chưa công bố", None),
    ("unit_slip", "tử số gấp 10", put("CT11.1", "numerator", times(10))),
    ("unit_slip", "mẫu số gấp 1.000", put("CT15", "denominator", times(1000))),
    ("unit_slip", "mẫu số chia 10", put("CT15", "denominator", lambda v: str(int(v) // 10))),
    ("unit_slip_suspected", "số nhỏ gấp 10", put("CT11.2", "numerator", times(10))),
    (
        "unit_slip_suspected",
        "cả hai gấp 100",
        both(
            put("CT15", "numerator", times(100)),
            put("CT15", "denominator", times(100)),
        ),
    ),
    ("year_on_year_jump", "giảm một nửa", put("CT12", "numerator", lambda v: str(int(v) // 2))),
    ("events_jump", "từ 0 lên 90", both(put("CT13", "numerator", "0", year=2023),
                                        put("CT13", "numerator", "90"))),
    ("threefold_change", "gấp 4", put("CT11.1", "numerator", times(4))),
    ("threefold_change", "giá trị gấp 4", put("CT10", "value", "12.4", area="27")),
    ("far_from_other_areas", "năm đầu gấp 10", put("CT11.1", "numerator", times(10), year=2023)),
    ("far_from_other_areas", "số cuộc gấp 10", put("CT13", "numerator", "60", year=2023)),
    ("copied_from_last_year", "chép cả biểu", copy_year(lambda measure: True)),
    ("block_repeated", "chép một đoạn", copy_year(lambda measure: "CT14" <= measure < "CT19")),
    ("last_digits", "làm tròn chục", heap),
]  # fmt: skip


def failing(rule, edition, observations, reshape=None):
    """Return the rules that fail when a table is checked by the expectations of one rule."""
    views = observation_views(edition, REGISTER, AREAS, observations)
    views = reshape(views) if reshape else views
    found = set()
    for suite in RECEIVED:
        chosen = [one for one in read_suite(PROJECT, suite) if one["meta"]["rule"] == rule]
        if chosen:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(suites, "read_suite", lambda *_, chosen=chosen: chosen)
                outcome = suites.run_suite(PROJECT, suite, views)
            found |= {failure.meta["rule"] for failure in outcome.failures}
    return found


def without_a_column(views):
    return views | {"head": views["head"].drop(columns="mark")}


def years_as_text(views):
    return views | {"observations": views["observations"].assign(year="2024")}


def unknown_parts(views):
    return views | {"observations": views["observations"].assign(part="tổng")}


def repeated_ids(views):
    seen = views["observations"]
    return views | {"observations": seen.assign(observation_id=seen["observation_id"].iloc[0])}


RESHAPE = {
    "columns": without_a_column,
    "year_type": years_as_text,
    "unknown_part_code": unknown_parts,
    "observation_id_repeated": repeated_ids,
}


@pytest.mark.parametrize(
    ("rule", "mutation", "mutate"),
    [pytest.param(*case, id=f"{case[0]}-{case[1]}") for case in CASES],
)
def test_the_rule_catches_the_mutation(rule, mutation, mutate):
    rows = dict(clean_rows())
    edition = EDITION
    if mutate:
        mutate(rows)
    elif rule == "no_published_figure":
        edition, rows = replace(EDITION, submissions=(), published="so.csv"), {}
        rows["x"] = at("27", 2024, "CT10", "value", "3.1")
    assert failing(rule, edition, table(rows.values()), RESHAPE.get(rule)) == {rule}


def test_the_clean_province_is_left_alone():
    observations = table(clean_rows().values())
    checked = check(PROJECT, EDITION, REGISTER, AREAS, observations)
    assert checked.findings[["rule", "message"]].to_dict("records") == []
    assert checked.observations.equals(observations)
    assert len(checked.raw) == sum(len(read_suite(PROJECT, suite)) for suite in RECEIVED)


def test_a_check_changes_no_value_and_knows_no_order():
    rows = dict(clean_rows())
    for name in ("unit_slip", "births_differ", "strata_not_total", "area_not_valid"):
        next(mutate for rule, _, mutate in CASES if rule == name)(rows)
    observations = table(rows.values())
    before = observations.copy(deep=True)
    checked = check(PROJECT, EDITION, REGISTER, AREAS, observations)
    assert observations.equals(before)
    assert checked.observations.drop(columns="used").equals(before.drop(columns="used"))
    shuffled = observations.sample(frac=1, random_state=7).reset_index(drop=True)
    again = check(PROJECT, EDITION, REGISTER, AREAS, shuffled)
    assert again.findings.equals(checked.findings)
    left_out = [
        set(c.observations.query("used == 'false'").observation_id) for c in (checked, again)
    ]
    assert left_out[0] == left_out[1] and len(left_out[0]) >= 7


def unnamed_factors(share):
    """Return the counts, of one in so many, whose factor of 10, 100 or 1,000 no finding names."""
    unnamed = []
    counts = [
        key
        for key, row in sorted(clean_rows().items())
        if key[:2] == ("904", 2024) and key[3] != "value" and not key[4] and row.value != "0"
    ]
    for number, key in enumerate(counts[::share]):
        rows, row = dict(clean_rows()), clean_rows()[key]
        factor = (10, 100, 1000)[number % 3]
        rows[key] = replace(row, value=str(int(row.value) * factor))
        found = check(PROJECT, EDITION, REGISTER, AREAS, table(rows.values())).findings
        if found[(found["cell"] == row.cell) & (found["file"] == row.file)].empty:
            unnamed.append((*key, row.value, factor))
    return unnamed


def test_a_factor_on_any_count_is_named_with_its_cell():
    assert unnamed_factors(share=7) == []


def test_every_rule_stands_in_the_table(capsys):
    """Write the table rule × mutation; a rule without a mutation fails."""
    lines = {}
    for suite in RECEIVED:
        for one in read_suite(PROJECT, suite):
            rule = one["meta"]["rule"]
            lines[rule] = [name for found, name, _ in CASES if found == rule]
    for suite in ("register", "results"):  # spoilt one by one in test_quality.py
        for one in read_suite(PROJECT, suite):
            lines.setdefault(one["meta"]["rule"], []).append(f"bảng hỏng ({suite})")
    sources = {
        path.name: path.read_text("utf-8")
        for path in sorted(Path(__file__).parent.glob("test_*.py"))
        if path.name != Path(__file__).name
    }
    for rule in RULES:  # mutated workbooks and published tables, each in the tests of its reader
        tried = [name for name, text in sources.items() if f'"{rule}"' in text]
        if tried or rule not in READING_RULES:
            lines.setdefault(rule, []).extend(tried)
    with capsys.disabled():
        print(f"\n{'quy tắc':32} lỗi gieo vào, mỗi lỗi một phép thử")
        for rule, mutations in sorted(lines.items()):
            print(f"{rule:32} {'; '.join(dict.fromkeys(mutations))}")
    missing = {rule for rule, mutations in lines.items() if not mutations}
    assert missing == set()


def test_a_date_of_the_geography_decides_on_communes():
    assert {one.parent for one in AREAS.on(dt.date(2024, 12, 31), "commune")} == set(DISTRICTS)
