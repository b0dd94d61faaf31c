from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup, Tag

from small_tables import REGISTER, judged, small_run
from treem.display import tables
from treem.display.tables.trace import _cells
from treem.notebooks.api import Run

RESULTS = {
    ("27", 2024, "CT03.2"): judged(
        "9.97",
        "EARLY",
        "ON_TRACK",
        numerator="997",
        denominator="100000",
        lower="9.36",
        upper="10.61",
        mode="PATH2",
        path="11.2",
        ratio="1.25625",
        certainty="UNCERTAIN",
        gap_2025="-0.03",
        gap_2030="1.97",
        observations="o-n o-d",
    ),
    ("27", 2024, "CT05.1"): judged(
        "97.5",
        "LOST",
        "LOST",
        mode="MAINTAIN",
        verdict_2025_table="SLIPPING",
        status="provisional",
        mark="[p]",
    ),
    ("27", 2024, "CT06"): judged("", "KEPT", "KEPT", bound="<", bound_value="2", status="censored"),
    ("27", 2024, "CT09"): judged(
        "",
        "NOT_COMPARABLE",
        "NOT_COMPARABLE",
        numerator="25",
        mark="[b]",
        comparable="false",
        period_note="01/2022-05/2023",
        reason="Kỳ 17 tháng.",
        observations="o-n",
    ),
    ("27", 2024, "CT12"): judged(
        "", "NOT_APPLICABLE", "NOT_APPLICABLE", numerator="0", denominator="0", mark="[z]"
    )
    | {"status": "not_applicable"},
    ("256", 2024, "CT03.2"): judged(
        "11.7", "NOT_MET", mode="TARGET_ONLY", numerator="117", denominator="10000"
    ),
}
SEEN = [
    {
        "observation_id": f"o-{part[0]}",
        "part": part,
        "area_code": "27",
        "area_name": "Tỉnh Bắc Ninh",
        "used": "true",
        "file": "data/thu/2024/27.xlsx",
        "sheet": "Biểu",
        "cell": cell,
    }
    for part, cell in (("numerator", "F15"), ("denominator", "F16"))
]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return small_run(tmp_path, RESULTS, observations=SEEN)


def _rows(table: object) -> list[list[str]]:
    """Return the cells of the body as text, lines joined by ` / `."""
    soup = BeautifulSoup(str(table), "html.parser")
    return [[_text(cell) for cell in row.find_all("td")] for row in soup.tbody.find_all("tr")]


def _text(cell: Tag) -> str:
    return re.sub(r"\s+", " ", cell.get_text(" / " if cell.find("br") else "")).strip()


def _row(table: object, start: str) -> list[str]:
    return next(row for row in _rows(table) if row[0].startswith(start))


def test_a_result_stands_beside_its_baseline_path_targets_and_verdicts(run: Run) -> None:
    row = _row(tables.results(run, 1), "CT03.2")
    assert row[0] == "CT03.2 Tỷ suất tử vong trẻ em dưới 1 tuổi (‰)"
    assert row[1] == "16"
    assert row[3:] == ["11,2", "<10", "Đạt sớm (?)", "<8", "Đúng lộ trình"]
    assert re.sub(r"[ /]", "", row[2]) == "9,97(9,36-10,61)"


def test_a_rounded_number_never_contradicts_its_verdict(run: Run) -> None:
    """9.97 against a target below 10 is 9,97 and not 10,0; the figure keeps the exact value."""
    assert _row(tables.results(run, 1), "CT03.2")[2].startswith("9,97")
    figure = run.figures.figures["CT03.2-27-v"]
    assert (figure.exact, figure.display, figure.decimals) == ("9.97", "9,97", 2)
    assert figure.observations == ("o-n", "o-d")


def test_the_verdict_of_another_reading_is_printed_where_it_differs(run: Run) -> None:
    row = _row(tables.results(run, 1), "CT05.1")
    assert "97,5 [p]" in row[2]
    assert row[5] == "Mất mục tiêu / (theo bảng: vẫn đạt, đang giảm)"
    assert row[7] == "Mất mục tiêu"


def test_a_limit_a_bare_count_and_nothing_each_have_their_own_look(run: Run) -> None:
    first, second = tables.results(run, 1), tables.results(run, 2)
    assert _row(first, "CT06")[2] == "<2"
    assert _row(second, "CT09")[2] == "25 trường hợp (01/2022 - 05/2023) [b]"
    assert _row(second, "CT12")[2] == "[z]"
    assert _row(first, "CT01")[2] == "[x]"


def test_the_note_explains_the_marks_and_reasons_that_the_table_uses(run: Run) -> None:
    note = " ".join(cell for row in _rows(tables.results(run, 2))[-2:] for cell in row)
    for words in ("[b] gián đoạn chuỗi", "[z] không áp dụng", "[x] không có số liệu"):
        assert words in note
    assert "CT09: Kỳ 17 tháng." in note and "CT09: kỳ số liệu 01/2022-05/2023." in note
    assert "[p]" not in note
    assert "chờ người có thẩm quyền xác nhận" in note


def test_the_note_says_which_target_the_certainty_is_about(run: Run) -> None:
    (note,) = _rows(tables.results(run, 1))[-1]
    assert "(?) và (1) chỉ nói về mức của năm tới hạn gần nhất" in note
    assert "(?) và (1)" not in _rows(tables.results(run, 3))[-1][0]


def test_a_part_that_is_not_known_is_an_ellipsis(run: Run) -> None:
    table = tables.sources(run)
    assert _row(table, "CT03.2")[1] == "997 / 100.000"
    assert _row(table, "CT09")[1] == "25 / …"
    assert _row(table, "CT01")[1] == ""


def test_what_is_missing_is_never_printed_as_nothing(tmp_path: Path) -> None:
    """A gap of 0,0004 below the usual decimals is not `0,0`, and no gap has the same decimals."""
    changes = {
        ("27", 2024, "CT03.2"): judged("10.0004", "SLOW", gap_2025="0.0004", gap_2030="2.0004"),
        ("27", 2024, "CT04.2"): judged("13", "MET", gap_2025="0"),
    }
    table = tables.pace(small_run(tmp_path, changes))
    assert _row(table, "CT03.2")[2] == "0,0004"
    assert _row(table, "CT04.2")[2] == "0,0"


def test_an_end_of_an_interval_stands_on_its_own_side_of_a_target(tmp_path: Path) -> None:
    """97,96 and 98,04 would both be 98,0 beside a target of 98."""
    sure = judged("98.2", "MET", lower="98.04", upper="98.41", certainty="CERTAIN")
    unsure = judged("98.4", "MET", lower="97.96", upper="98.83", certainty="UNCERTAIN")
    far = judged("99.4", "MET", lower="99.21", upper="99.52", certainty="CERTAIN")
    shown = []
    for number, row in enumerate((sure, unsure, far)):
        run = small_run(tmp_path / str(number), {("27", 2024, "CT05.1"): row})
        shown.append(re.findall(r"[0-9,]+", _row(tables.results(run, 1), "CT05.1")[2]))
    assert shown == [
        ["98,2", "98,04", "98,41"],
        ["98,4", "97,96", "98,83"],
        ["99,4", "99,2", "99,5"],
    ]


def test_in_the_year_of_a_target_no_yearly_pace_is_asked_for(tmp_path: Path) -> None:
    change = judged(
        "10.4", "NOT_MET", gap_2025="0.4", gap_2030="2.4", yearly_change_2030="-0.48", ratio="0.93"
    )
    run = small_run(tmp_path, {("27", 2025, "CT03.2"): change}, edition="demo-2025")
    table = BeautifulSoup(str(tables.pace(run)), "html.parser")
    spans = [cell.get("colspan") for cell in table.select("thead tr:first-child th")]
    assert spans == [None, None, None, "3"] and "Còn thiếu" in table.thead.get_text()
    assert _row(tables.pace(run), "CT03.2")[1:] == ["0,93", "0,4", "2,4", "−0,5", ""]


def test_empty_cells_of_a_result_are_explained(run: Run) -> None:
    assert "Ô trống: ở cột gốc" in tables.results(run, 1).note


def test_the_trace_annex_names_cells_in_the_order_of_a_sheet(tmp_path: Path) -> None:
    """A CSV file has no sheet, so none is named."""
    places = [
        ("07.csv", "", "H10"),
        ("07.csv", "", "H9"),
        ("1.xlsx", "Biểu", "I9"),
        ("2.xlsx", "Biểu", "H10"),
    ]
    seen = [
        {
            "observation_id": f"o-{number}",
            "file": f"data/x/2024/{file}",
            "sheet": sheet,
            "cell": cell,
        }
        for number, (file, sheet, cell) in enumerate(places)
    ]
    run = small_run(tmp_path, {}, observations=seen)
    assert _cells(run, [one["observation_id"] for one in seen]) == [
        "2024/07.csv: H9, H10",
        "2 tệp, Biểu: H10, I9",
    ]


def test_every_objective_shows_all_its_measures(run: Run) -> None:
    shown = [
        row[0].split()[0]
        for objective in REGISTER.objectives
        for row in _rows(tables.results(run, objective))
        if row[0].startswith("CT") and len(row) > 1
    ]
    assert shown == list(REGISTER.measures)


def test_an_earlier_year_without_any_report_has_no_empty_tables(tmp_path: Path) -> None:
    run = small_run(tmp_path, {}, year=2021)
    assert tables.results(run, 1) is None and tables.sources(run) is None
    assert tables.results(small_run(tmp_path, {}), 1) is not None


# --- the summary table ------------------------------------------------------------------------


def test_the_summary_table_repeats_every_row_and_cell_as_issued(run: Run) -> None:
    *printed, (legend,) = _rows(tables.summary_table(run))
    assert "[x] không có số liệu" in legend
    issued = REGISTER.table.rows
    assert len(printed) == len(issued)
    for row, source in zip(printed, issued, strict=True):
        assert row[0] == source.label
        if source.kind == "objective":
            assert len(row) == 1
        elif source.kind == "group":
            assert row[1:] == [""] * 8
        else:
            assert row[1:6] == [cell.text for cell in source.cells[:5]]


def test_the_summary_table_judges_every_measure_or_says_why_not(run: Run) -> None:
    shown = {}
    *rows, _ = _rows(tables.summary_table(run))
    for row, source in zip(rows, REGISTER.table.rows, strict=True):
        if source.kind == "value":
            assert all(row[6:9])
            ids = re.findall(r"CT[\d.]+[ab]?(?=:)", row[6]) or source.measures
            shown.update(dict.fromkeys(ids, row[7]))
    assert set(shown) == set(REGISTER.measures)
    assert "CT20.2: Chưa có số liệu" in shown["CT20.2"]


def test_the_cells_of_the_plan_lead_to_their_line(run: Run) -> None:
    tables.summary_table(run)
    stunting = run.figures.figures["CT04.2-27-o20"]
    assert (stunting.display, stunting.operation) == ("13,8", "verbatim")
    source = (run.project.source / "359-KH-UBND.txt").read_text("utf-8").splitlines()
    assert source[stunting.plan_lines[0] - 1].strip() == "13,8"
    assert run.figures.figures["CT03.2-vn-o25"].display == "12.5"


def test_the_headers_of_the_summary_table_are_merged(run: Run) -> None:
    head = BeautifulSoup(str(tables.summary_table(run)), "html.parser").thead
    first, second = head.find_all("tr")
    spans = [(int(th.get("colspan", 1)), int(th.get("rowspan", 1))) for th in first.find_all("th")]
    assert spans == [(1, 2), (1, 2), (2, 1), (2, 1), (1, 2), (2, 1)]
    assert [th.get_text() for th in second.find_all("th")] == [
        *("2025", "2030") * 2,
        "so với 2025",
        "so với 2030",
    ]


# --- the others -------------------------------------------------------------------------------


def test_counts_of_verdicts_add_up_and_are_figures(run: Run) -> None:
    rows = {row[0]: row[1:] for row in _rows(tables.verdict_counts(run)) if len(row) > 1}
    assert rows["Đạt sớm"] == ["1", "0", "0", "0", "1"] + ["0"] * 5
    total = [sum(int(row[n]) for name, row in rows.items() if name != "Cộng") for n in range(10)]
    assert [str(number) for number in total] == rows["Cộng"]
    assert rows["Cộng"][4] == "33"
    assert run.figures.figures["MT1-27-k25.ds"].results == ("CT03.2-27",)


def test_what_is_owed_names_the_agency_then_and_now(run: Run) -> None:
    table = tables.owed(run)
    row = _row(table, "CT08.1")
    assert row[1:4] == ["2", "<2", "≤1,5"]
    assert row[5] == "Sở Lao động - Thương binh và Xã hội" and row[6].startswith("Sở Y tế")
    assert not [row for row in _rows(table) if row[0].startswith("CT03.2")]


def test_nothing_owed_means_no_table(tmp_path: Path) -> None:
    all_there = {("27", 2024, measure): judged("1", "MET") for measure in REGISTER.measures}
    assert tables.owed(small_run(tmp_path, all_there)) is None


def test_a_district_is_set_beside_the_province_and_has_no_baseline(tmp_path: Path) -> None:
    run = small_run(tmp_path, RESULTS, area="256", observations=SEEN)
    table = tables.district(run)
    row = _row(table, "CT03.2")
    assert row[1:] == ["117 / 10.000", "11,7", "9,97", "<10", "Chưa đạt"]
    assert "không phải xếp hạng" in _rows(table)[-1][0]
    measures = [row[0].split()[0] for row in _rows(table) if row[0].startswith("CT") and row[1:]]
    assert all(REGISTER.measures[one].reporting_level == "area" for one in measures)


def test_targets_by_place_show_what_each_place_states(run: Run) -> None:
    row = _row(tables.places(run), "CT21")
    assert row[1:] == ["≥90", "≥95", "≥90", "≥95", "≥70", "≥80", "≥40", "≥45", "≥90", "≥95"]


def test_the_ledger_has_every_discrepancy_with_its_decision(run: Run) -> None:
    rows = _rows(tables.ledger(run))
    assert len(rows) == len(REGISTER.discrepancies) + 1
    loosening = [row for row in rows if len(row) > 1 and row[1].startswith("Mức 2030 lỏng")]
    assert loosening[0][0] == "CT09" and loosening[0][4].endswith("(*)")


def test_readings_lists_only_what_depends_on_them(run: Run) -> None:
    row, (note,) = _rows(tables.readings(run))
    assert "[p] sơ bộ" in note
    assert row[0].startswith("CT05.1")
    assert row[2:5] == ["Mất mục tiêu", "Mất mục tiêu", "Vẫn đạt, đang giảm"]


def test_tables_without_anything_to_show_are_no_tables(tmp_path: Path) -> None:
    run = small_run(tmp_path, {})
    assert tables.pace(run) is None and tables.readings(run) is None


def test_the_trace_annex_names_sheets_and_leaves_none_for_text_files() -> None:
    places = [
        {"file": "data/so/2024/256.xlsx", "sheet": "Biểu số liệu", "cell": "H9"},
        {"file": "data/so/2024/258.csv", "sheet": "", "cell": "H9"},
        {"file": "data/so/2024/260.csv", "sheet": "", "cell": "H10"},
    ]
    run = SimpleNamespace(
        printed=[{
            "figure": "CT01-27-v", "part": "v", "operation": "divide", "area_code": "27",
            "year": 2024, "display": "1", "bound": "", "plan_lines": [], "published_rows": [],
            "observations": ["0", "1", "2"],
        }],
        tables=SimpleNamespace(observations={str(key): row for key, row in enumerate(places)}),
        place_of=lambda area, year: None,
        name_of=lambda place: "Tỉnh Bắc Ninh",
    )  # fmt: skip
    page = BeautifulSoup(tables.trace(run)._repr_html_(), "html.parser")  # type: ignore[arg-type]
    lines = list(page.select("tbody td")[-1].stripped_strings)
    assert lines == ["2 tệp: H9, H10", "2024/256.xlsx, Biểu số liệu: H9"]
