"""The quality chapter: the coverage board, findings, what was left out, what people decided."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from bs4 import BeautifulSoup

from small_tables import REGISTER, small_run
from treem.display import prose, tables
from treem.display.tables.coverage import GAPS, GOOD, MOST_SHOWN
from treem.display.words import words_of
from treem.quality.chapter import (
    CORRECTION_COLUMNS,
    FILES,
    RESUBMISSION_COLUMNS,
    WAIVER_COLUMNS,
    write_public_chapter,
)
from treem.quality.coverage import COVERAGE_COLUMNS, STATES

AREA_MEASURES = [m.id for m in REGISTER.measures.values() if m.reporting_level == "area"]
UPPER_MEASURES = [m.id for m in REGISTER.measures.values() if m.reporting_level != "area"]
NAMES = {"256": "Thành phố Bắc Ninh", "258": "Huyện Yên Phong"}
FINDING = {
    "finding_id": "F-1",
    "rule": "not_a_number",
    "severity": "record",
    "file": "data/thu/2024/256.xlsx",
    "sheet": "Biểu",
    "cell": "F9",
    "area_code": "256",
    "year": "2024",
    "measure": "CT01",
    "message": "Ô F9 ghi “nhiều”.",
    "instruction": "Ghi lại.",
}
UNUSED = {
    "observation_id": "a",
    "measure": "CT01",
    "year": "2024",
    "area_code": "256",
    "area_name": "Thành phố Bắc Ninh",
    "raw": "nhiều",
    "used": "false",
    "file": "data/thu/2024/256.xlsx",
    "sheet": "Biểu",
    "cell": "F9",
}


def rows_of(table: object) -> list[list[str]]:
    """Return the cells of the body as text, lines joined by ` / `."""
    found = BeautifulSoup(str(table), "html.parser").select("tbody tr")
    return [[cell.get_text(" / ", strip=True) for cell in row.select("td")] for row in found]


def row_of(table: object, start: str) -> list[str]:
    return next(row for row in rows_of(table) if row[0].startswith(start))


def one(year: int, area: str, measure: str, state: str, name: str = "", level: str = "district"):
    blank = dict.fromkeys(COVERAGE_COLUMNS, "")
    named = name or NAMES.get(area, "Tỉnh Bắc Ninh")
    place = {"year": str(year), "area_code": area, "area_name": named, "level": level}
    return {**blank, **place, "measure": measure, "state": state}


def board(areas: Mapping[str, str], years: Iterable[int], changes=(), level: str = "district"):
    """All complete but for `changes`; the province sums its areas and owes the rest itself."""
    found = {}
    for year in years:
        for measure in REGISTER.measures:
            found[year, "27", measure] = one(year, "27", measure, "complete", level="province")
            for area, name in areas.items():
                state = "complete" if measure in AREA_MEASURES else "not_owed"
                found[year, area, measure] = one(year, area, measure, state, name, level)
    for key, state in dict(changes).items():
        found[key]["state"] = state
    return list(found.values())


def write(path: Path, columns: Iterable[str], rows: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows({**dict.fromkeys(columns, ""), **row} for row in rows)


def chapter(
    folder: Path,
    coverage=(),
    resubmissions=(),
    waivers=(),
    corrections=(),
    observed=(),
    found=(),
    edition="demo-2024",
):
    run = small_run(folder, {}, edition=edition, observations=observed, findings=found)
    write(folder / "coverage.csv", COVERAGE_COLUMNS, coverage)
    write(folder / "resubmissions.csv", RESUBMISSION_COLUMNS, resubmissions)
    write(folder / "waivers.csv", WAIVER_COLUMNS, waivers)
    write(folder / "corrections.csv", CORRECTION_COLUMNS, corrections)
    return run


# --- coverage ---------------------------------------------------------------------------------

FEW = board(
    NAMES,
    range(2021, 2025),
    {
        (2022, "256", "CT01"): "left_out",
        (2022, "27", "CT01"): "partly",
        (2024, "27", UPPER_MEASURES[0]): "not_collected",
        **{(2023, "258", measure): "missing_submission" for measure in AREA_MEASURES},
    },
)


def test_every_state_has_its_own_sign_and_the_gaps_are_all_that_is_not_good():
    said = tables.quality.words("coverage")
    assert set(said["signs"]) == set(STATES)
    assert len(set(said["signs"].values())) == len(STATES)
    assert set(GOOD) | set(GAPS) | {"not_owed"} == set(STATES)
    assert set(said["states"]) == set(STATES) - {"not_owed"}


def test_the_board_has_a_sign_for_each_area_and_year(tmp_path):
    run = chapter(tmp_path, FEW)
    table = tables.coverage(run)
    assert row_of(table, "CT01")[1:] == ["●\u00a0◊\u00a0●\u00a0●", "●\u00a0×\u00a0●\u00a0●"] + [
        "●\u00a0●\u00a0□\u00a0●"
    ]
    department = row_of(table, f"{UPPER_MEASURES[0]} ")
    assert department[1:] == ["●\u00a0●\u00a0●\u00a0○", "", ""]
    head = [c.get_text() for c in BeautifulSoup(str(table), "html.parser").select("th")]
    assert head[1:] == ["Toàn tỉnh", "Bắc Ninh", "Yên Phong"]
    assert "2021, 2022, 2023, 2024" in rows_of(table)[-1][0]
    assert tables.coverage_counts(run) is None


def test_the_gaps_are_named_area_by_area(tmp_path):
    run = chapter(tmp_path, FEW)
    assert rows_of(tables.coverage_gaps(run)) == [
        ["2024", "Tỉnh Bắc Ninh", "○ chưa thu thập", UPPER_MEASURES[0]],
        ["2023", "Huyện Yên Phong", "□ chưa gửi hồ sơ", "mọi chỉ tiêu con phải báo cáo"],
        ["2022", "Thành phố Bắc Ninh", "× có số bị bỏ ra vì lỗi", "CT01"],
    ]


def test_of_two_provinces_a_gap_and_a_finding_name_theirs(tmp_path):
    missing = FINDING | {"file": "", "sheet": "", "cell": "", "area_name": "Tỉnh Bắc Ninh"}
    found = [
        missing | {"area_code": "24", "year": "2025"},
        missing | {"area_code": "27"},
        missing | {"area_code": "27", "area_name": "Sở Y tế"},
    ]
    cells = [
        one(2023, "27", "CT10", "missing_submission", "Tỉnh Bắc Ninh", "province"),
        one(2025, "24", "CT10", "missing_submission", "Tỉnh Bắc Ninh", "province"),
    ]
    run = chapter(tmp_path, coverage=cells, found=found, edition="demo-2025")
    assert {row[0] for row in rows_of(tables.findings(run))[1:]} == {
        "Tỉnh Bắc Ninh mới 2025",
        "Tỉnh Bắc Ninh cũ 2024",
        "Sở Y tế 2024",
    }
    assert {(row[0], row[1]) for row in rows_of(tables.coverage_gaps(run))} == {
        ("2023", "Tỉnh Bắc Ninh cũ"),
        ("2025", "Tỉnh Bắc Ninh mới"),
    }


def test_cells_are_counted_once_by_who_owes_them(tmp_path):
    """Two districts and the departments: the province's sums are not counted again."""
    run = chapter(tmp_path, FEW)
    owed = 2 * len(AREA_MEASURES) + len(UPPER_MEASURES)
    rows = {row[0]: row[1:] for row in rows_of(tables.coverage_by_year(run))}
    assert rows["2021"] == [str(owed), str(owed), "0", "0", "0", "0", "0", "0"]
    missing = len(AREA_MEASURES)
    assert rows["2023"] == [str(owed), str(owed - missing), "0", "0", "0", str(missing), "0", "0"]
    said = prose.coverage(run).markdown
    assert f"[{4 * owed}]" in said and f"[{4 * owed - missing - 2}]" in said
    assert "@tbl-cho-thieu" in said


def test_many_areas_are_counted_and_only_those_with_gaps_are_named(tmp_path):
    communes = {f"0{7000 + n}": f"Xã {n}" for n in range(99)}
    gaps = {(2024, "07003", "CT01"): "partly", (2024, "07007", "CT01"): "missing_submission"}
    old = board(NAMES, (2022, 2023))
    run = chapter(tmp_path, [*old, *board(communes, (2024,), gaps, "commune")])
    assert row_of(tables.coverage_counts(run), "CT01")[1] == "97 / / / 99 / ; ◊ / 1 / , □ / 1"
    assert row_of(tables.coverage_counts(run), f"{UPPER_MEASURES[0]} ")[1] == "●"
    assert [row[1] for row in rows_of(tables.coverage_gaps(run))] == ["Xã 3", "Xã 7"]
    assert len(row_of(tables.coverage(run), "CT01")) == 4  # measure, province, two districts
    assert len(communes) > MOST_SHOWN
    counts = [f for key, f in run.figures.figures.items() if ".CT01." in key]
    assert {f.exact for f in counts} == {"97", "99", "1"} and all(f.formula for f in counts)


def test_a_board_without_gaps_and_one_without_areas(tmp_path):
    run = chapter(tmp_path, board({}, range(2021, 2025)))
    assert tables.coverage_gaps(run) is None and tables.coverage_counts(run) is None
    assert row_of(tables.coverage(run), "CT01")[1:] == ["●\u00a0●\u00a0●\u00a0●"]
    assert "đều đã đủ" in prose.coverage(run).markdown


# --- findings ---------------------------------------------------------------------------------


def test_findings_stand_by_severity_with_place_and_what_to_do(tmp_path):
    second = FINDING | {"finding_id": "F-2", "cell": "F10"}
    waived = FINDING | {"finding_id": "F-3", "cell": "F11", "waiver": "MT-1"}
    many = [
        FINDING | {"finding_id": f"I-{n}", "severity": "info", "rule": "superseded", "cell": str(n)}
        for n in range(21)
    ]
    run = chapter(tmp_path, found=[FINDING, second, waived, *many])
    rows = rows_of(tables.findings(run))
    assert rows[0] == ["Loại số liệu: số ở ô đó không được dùng"]
    assert rows[1] == ["2024/256.xlsx, Biểu, F9, F10", "Ô F9 ghi “nhiều”.", "Ghi lại."]
    assert rows[2][1] == "Ô F9 ghi “nhiều”. (miễn trừ MT-1)"
    assert "Bảng nêu 3 phát hiện, gộp thành 2 dòng" in rows[3][0].replace(" / ", " ")
    assert "trên 20 phát hiện" in rows[3][0]
    assert [row[1:] for row in rows_of(tables.finding_counts(run))] == [
        ["Ô không đọc được thành số", "3"],
        ["Hồ sơ đã được thay", "21"],
    ]
    assert run.figures.figures["SL-27-ph.q1"].checks == ("F-1", "F-2", "F-3")
    assert set(tables.quality.words("findings")["follows"]) <= set(words_of("severity"))


def test_public_findings_name_the_rule_and_have_no_empty_column(tmp_path):
    shown = FINDING | {"message": "Ô không đọc được thành số", "instruction": "", "raw": ""}
    seen = UNUSED | {"raw": ""}
    run = chapter(tmp_path, found=[shown], observed=[seen])
    assert rows_of(tables.findings(run))[1] == [
        "2024/256.xlsx, Biểu, F9",
        "Ô không đọc được thành số",
    ]
    assert len(rows_of(tables.left_out(run))[0]) == 4


def test_what_was_left_out_says_why_and_leaves_out_what_was_replaced(tmp_path):
    replaced = UNUSED | {"observation_id": "b", "superseded_by": "256-2.xlsx"}
    corrected = UNUSED | {"observation_id": "c", "superseded_by": "a"}
    run = chapter(tmp_path, observed=[UNUSED, replaced, corrected], found=[FINDING])
    (row,) = rows_of(tables.left_out(run))
    assert row == [
        "CT01 (2024)",
        "Thành phố Bắc Ninh",
        "nhiều",
        "2024/256.xlsx, Biểu, F9",
        "Ô F9 ghi “nhiều”.",
    ]
    said = prose.left_out(run).markdown
    assert "hồ sơ gửi sau thay thế" in said and "thay bằng số đính chính" in said


def test_names_of_rules_are_set_apart_where_several_forbid_a_value(tmp_path):
    two = [FINDING | {"message": name} for name in ("Tử số quá lớn", "Ô không đọc được")]
    run = chapter(tmp_path, observed=[UNUSED], found=two)
    (row,) = rows_of(tables.left_out(run))
    assert row[-1] == "Tử số quá lớn; Ô không đọc được"


def test_a_workbook_left_out_names_the_fault_of_the_workbook(tmp_path):
    whole = FINDING | {"severity": "submission", "cell": "", "measure": "", "message": "Chép lại."}
    more = [UNUSED | {"observation_id": f"o{n}", "measure": "CT02"} for n in range(60)]
    run = chapter(tmp_path, observed=[UNUSED, *more], found=[whole])
    (row,) = rows_of(tables.left_out(run))
    assert row[0] == "mọi chỉ tiêu con của hồ sơ (2024)" and row[-1] == "Chép lại."


# --- what people decided ----------------------------------------------------------------------

SENT = {
    "unit_code": "258",
    "unit_name": "Ủy ban nhân dân huyện Yên Phong",
    "year": "2024",
    "file": "258.xlsx",
    "replaced_by": "258-2.xlsx",
    "received_date": "20/02/2025",
    "document_number": "TD-258-2",
    "changed": "1",
    "measures": "CT22",
    "changes": "CT22 tử số: 7288 → 7498",
}
WAIVER = {
    "id": "MT-1",
    "rule": "not_a_number",
    "area_name": "Thành phố Bắc Ninh",
    "year": "2024",
    "measure": "CT01",
    "findings": "F-1",
    "in_force": "true",
    "reason": "Đã <đối chiếu> sổ.",
    "who": "Người Một",
    "role": "Trưởng phòng",
    "until": "30/06/2025",
}
CORRECTION = {
    "id": "DC-1",
    "area_name": "Huyện Lương Tài",
    "year": "2024",
    "row": "CT24, tử số",
    "expected": "khoảng 2 nghìn",
    "corrected": "2015",
    "reason": "Công văn số 1.",
    "who": "Người Hai",
    "date": "01/03/2025",
}


def test_waivers_say_what_why_who_and_until_when(tmp_path):
    ended = WAIVER | {"id": "MT-2", "findings": "", "in_force": "false"}
    run = chapter(tmp_path, waivers=[WAIVER, ended], found=[FINDING])
    first, second = rows_of(tables.waivers(run))
    assert first == [
        "MT-1",
        "Ô không đọc được thành số: Thành phố Bắc Ninh, 2024, CT01",
        "1",
        "Đã <đối chiếu> sổ.",
        "Người Một, Trưởng phòng",
        "30/06/2025",
    ]
    assert second[2] == "0" and second[-1] == "30/06/2025 (đã hết hạn)"
    assert "2" in prose.decisions(run).markdown and "@tbl-mien-tru" in prose.decisions(run).markdown


def test_resubmissions_and_corrections_show_values_to_the_office_only(tmp_path):
    run = chapter(tmp_path, resubmissions=[SENT], corrections=[CORRECTION])
    assert rows_of(tables.resubmissions(run))[0][-2:] == ["1", "CT22 tử số: 7288 → 7498"]
    assert "khoảng 2 nghìn → 2015" in rows_of(tables.corrections(run))[0]
    public = tmp_path / "public"
    outside = small_run(public, {})
    write_public_chapter(tmp_path, public, {})
    shown = "".join((public / name).read_text("utf-8") for name in FILES)
    assert not any(value in shown for value in ("7288", "7498", "2015", "khoảng 2 nghìn"))
    assert rows_of(tables.resubmissions(outside))[0][-2:] == ["1", "CT22"]
    assert len(rows_of(tables.corrections(outside))[0]) == 4


def test_a_waiver_does_not_name_a_check_that_may_not_be_named(tmp_path):
    """That a hidden count was let pass as three times last year's tells how great it is."""
    one = dict.fromkeys(WAIVER_COLUMNS, "") | {"id": "MT-1", "rule": "threefold_change"}
    chapter(tmp_path, waivers=[one | {"findings": "F-a"}, one | {"id": "MT-2", "findings": "F-b"}])
    public = tmp_path / "public"
    outside = small_run(public, {})
    told = {
        "F-a": {"finding_id": "F-1", "rule": "withheld"},
        "F-b": {"finding_id": "F-2", "rule": "threefold_change"},
    }
    write_public_chapter(tmp_path, public, told)
    kept = [(row["id"], row["rule"], row["findings"]) for row in outside.tables.waivers]
    assert kept == [("MT-1", "withheld", "F-1"), ("MT-2", "threefold_change", "F-2")]


def test_nothing_decided_is_said_and_makes_no_table(tmp_path):
    run = chapter(tmp_path)
    for table in (tables.waivers, tables.corrections, tables.resubmissions, tables.findings):
        assert table(run) is None
    assert tables.left_out(run) is None and tables.finding_counts(run) is None
    assert "Không phát hiện nào được miễn trừ" in prose.decisions(run).markdown
    assert "Không hồ sơ nào được gửi lại" in prose.resubmissions(run).markdown
