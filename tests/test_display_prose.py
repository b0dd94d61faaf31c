from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from small_tables import REGISTER, judged, small_run
from treem.display import prose, tables
from treem.display.common import GROUPS, short_name
from treem.display.sentence import Prose, plain
from treem.notebooks.api import Run

SPAN = re.compile(r'\[([^\]]*)\]\{\.fig data-fig="([^"]+)"\}')
BEHIND = judged(
    "13.4", "ACCELERATE", "ACCELERATE", path="11.2", gap_2025="3.4", gap_2030="5.4", mode="PATH2"
)


def _run(folder: Path, changes: dict, **options: object) -> Run:
    return small_run(
        folder, {("27", 2024, key): value for key, value in changes.items()}, **options
    )


def _numbers(words: Prose) -> dict[str, str]:
    return {figure: text for text, figure in SPAN.findall(words.markdown)}


def test_the_overview_counts_every_measure_once_no_data_among_them(tmp_path: Path) -> None:
    run = _run(tmp_path, {"CT03.2": BEHIND, "CT01": judged("81", "ON_TRACK", "ON_TRACK")})
    found = _numbers(prose.overview(run))
    assert found["KH-27-ctc"] == "33" and found["KH-27-ct"] == "24"
    assert found["TH-27-k25.n1"] == "1" and found["TH-27-k25.n2"] == "1"
    assert found["TH-27-k25.n4"] == "31"
    assert found["MT1-27-k25.n4"] == "11" and found["MT4-27-k25.n4"] == "3"


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    codes=st.lists(
        st.sampled_from(sorted({code for group in GROUPS.values() for code in group})),
        min_size=33,
        max_size=33,
    )
)
def test_prose_never_contradicts_the_table(tmp_path: Path, codes: list[str]) -> None:
    """Whatever the verdicts, counts in sentences are those of the table and add up to all."""
    changes = {
        measure: judged("1", code, code)
        for measure, code in zip(REGISTER.measures, codes, strict=True)
    }
    run = _run(tmp_path, changes)
    said = _numbers(prose.overview(run))
    tables.verdict_counts(run)
    for name, group in GROUPS.items():
        short = f"n{list(GROUPS).index(name) + 1}"
        expected = sum(codes.count(code) for code in group)
        assert int(said.get(f"TH-27-k25.{short}", "0")) == expected
    for objective in REGISTER.objectives:
        sentence = prose.objective(run, objective).markdown
        for measure in (one for one in REGISTER.measures.values() if one.objective == objective):
            assert measure.id in sentence


def test_the_largest_gaps_are_ordered_by_their_share_of_the_target(tmp_path: Path) -> None:
    run = _run(
        tmp_path,
        {
            "CT01": judged("77", "ACCELERATE", gap_2025="5"),
            "CT03.2": BEHIND,
            "CT11.2": judged("8.8", "SLOW", gap_2025="0.8"),
            "CT21": judged("80", "SLOW", gap_2025="10"),
            "CT14": judged("99.97", "REVERSE", gap_2025="0.03"),
            "CT08.2": judged("91", "EARLY", gap_2025="-1"),
        },
    )
    said = prose.largest_gaps(run).markdown
    assert re.findall(r"\*\*(CT[\d.]+)\*\*", said) == ["CT03.2", "CT21", "CT11.2"]
    assert "còn thiếu [10,0]" in said and re.search(r"\[10,0\]\{[^}]*\} điểm phần trăm, bằng", said)
    assert "[34,0]" in said and "dưới [10]" in said and "có tiến bộ, cần tăng tốc" in said


def test_no_gap_is_said_plainly(tmp_path: Path) -> None:
    run = _run(tmp_path, {"CT08.2": judged("91", "EARLY", gap_2025="-1")})
    assert prose.largest_gaps(run).markdown.startswith("Không chỉ tiêu con nào")


def test_changes_compare_with_the_year_before(tmp_path: Path) -> None:
    changes = {
        ("27", 2023, "CT03.2"): judged("15.2", "SLOW"),
        ("27", 2024, "CT03.2"): BEHIND,
        ("27", 2024, "CT01"): judged("81", "ON_TRACK"),
        ("27", 2023, "CT21"): judged("88", "ON_TRACK"),
        ("27", 2023, "CT22"): judged("31", "MET"),
        ("27", 2024, "CT22"): judged("32", "MET"),
    }
    said = prose.changes(small_run(tmp_path, changes)).markdown
    assert "từ “Tiến bộ chậm” sang “Có tiến bộ, cần tăng tốc”" in said
    assert "chưa có: CT01." in said and "chưa có: CT21." in said and "CT22" not in said


def test_changes_say_why_a_year_has_no_value(tmp_path: Path) -> None:
    none = judged("", "NOT_APPLICABLE", numerator="0", denominator="0", mark="[z]")
    counted = judged("", "NOT_COMPARABLE", numerator="25", period_note="01/2022-05/2023")
    changes = {
        ("27", 2023, "CT12"): judged("100", "MET"),
        ("27", 2024, "CT12"): none | {"status": "not_applicable"},
        ("27", 2023, "CT09"): judged("0.004", "MET"),
        ("27", 2024, "CT09"): counted,
    }
    said = SPAN.sub(r"\1", prose.changes(small_run(tmp_path, changes)).markdown)
    assert "(100,0% năm 2023, không phát sinh năm 2024)" in said
    assert "25 trường hợp (01/2022 - 05/2023) năm 2024)" in said


def test_what_went_backwards_is_named_however_small_the_gap(tmp_path: Path) -> None:
    run = _run(
        tmp_path,
        {
            "CT14": judged("99.97", "REVERSE", gap_2025="0.03"),
            "CT05.1": judged("97.5", "LOST", gap_2025="0.5"),
        },
    )
    said = prose.largest_gaps(run).markdown
    assert re.search(r"đi ngược mục tiêu có CT14 \(.+\); mất mục tiêu có CT05\.1 \(.+\)\.$", said)


def test_what_is_not_judged_is_explained_in_the_overview_only(tmp_path: Path) -> None:
    run = _run(tmp_path, {"CT01": judged("81", "NO_TARGET", "NO_TARGET")})
    assert "Không đánh giá được là không so sánh được" in prose.overview(run).markdown
    assert "không so sánh được" not in prose.province(run).markdown


def test_a_year_without_figures_has_a_sentence_for_each_section(tmp_path: Path) -> None:
    empty = small_run(tmp_path, {}, year=2022)
    assert prose.sources(empty).markdown.startswith("Năm 2022 chưa có số liệu nào")
    assert prose.sources(_run(tmp_path / "now", {})).markdown == ""


def test_areas_that_cannot_be_drawn_are_counted_and_no_chart_is_announced(tmp_path: Path) -> None:
    run = small_run(tmp_path, {("256", 2024, "CT22"): judged("31", "MET")})
    said = SPAN.sub(r"\1", prose.areas(run).markdown)
    assert "Hình dưới đây" not in said and "1 trong 2 địa bàn đã gửi số liệu" in said


def test_an_edition_of_published_figures_does_not_claim_that_all_reported(tmp_path: Path) -> None:
    run = small_run(tmp_path, {("27", 2022, "CT22"): judged("31", "MET")}, edition="2022")
    said = SPAN.sub(r"\1", prose.quality(run).markdown)
    assert "năm 2022 có số liệu của 1 trong 33 chỉ tiêu con" in said
    assert "đều đã gửi hồ sơ" not in said
    assert "đều đã gửi hồ sơ" in prose.quality(_run(tmp_path / "demo", {})).markdown


def test_the_first_year_has_nothing_to_compare_with(tmp_path: Path) -> None:
    run = small_run(tmp_path, {}, year=2021)
    assert prose.changes(run).markdown == "Kỳ báo cáo không có số liệu của năm trước để so sánh."


def test_what_is_owed_names_who_leads_it_and_why_it_is_missing(tmp_path: Path) -> None:
    there = {one: judged("1", "MET", "MET") for one in REGISTER.measures if one != "CT22"}
    said = prose.owed(_run(tmp_path, there)).markdown
    assert "Sở Lao động - Thương binh và Xã hội" in said and "(CT22)" in said
    assert "nay thuộc Sở Y tế" in said and "CT22: Chưa gửi." in said
    all_there = prose.owed(_run(tmp_path, there | {"CT22": judged("31", "MET", "MET")}))
    assert all_there.markdown == "Không chỉ tiêu con nào thiếu số liệu năm 2024."


def test_an_objective_names_what_is_behind_with_its_numbers(tmp_path: Path) -> None:
    slow = judged("15.2", "SLOW", "SLOW", path="11.2", mode="PATH2")
    said = prose.objective(_run(tmp_path, {"CT03.2": slow}), 1).markdown
    plain_text = SPAN.sub(r"\1", said)
    assert (
        "**CT03.2** Tử vong dưới 1 tuổi: kết quả 15,2‰, gốc 2020 16‰, lộ trình năm nay 11,2‰, "
        "mức năm 2025 dưới 10‰, tiến bộ chậm." in plain_text
    )
    assert "12 chưa có số liệu (CT01, CT02, " in plain_text


def test_a_district_that_sent_nothing_is_said_to_have_sent_nothing(tmp_path: Path) -> None:
    assert "Chưa nhận được" in prose.district(small_run(tmp_path, {}, area="256")).markdown


def test_a_district_is_compared_for_reference_only(tmp_path: Path) -> None:
    changes = {
        ("256", 2024, "CT22"): judged("31", "MET", mode="TARGET_ONLY"),
        ("256", 2024, "CT23"): judged("80", "NOT_MET", mode="TARGET_ONLY"),
    }
    said = prose.district(small_run(tmp_path, changes, area="256"))
    assert "thành phố Bắc Ninh" in said.markdown and "chỉ để tham khảo" in said.markdown
    found = _numbers(said)
    assert (found["TH-256-k25.dm"], found["TH-256-k25.cm"]) == ("1", "1")
    assert (found["TH-256-co"], found["TH-256-phai"]) == ("2", "27")


def test_the_counts_of_a_district_add_up_to_what_it_reported(tmp_path: Path) -> None:
    changes = {
        ("256", 2024, "CT22"): judged("31", "MET"),
        ("256", 2024, "CT23"): judged("80", "NOT_MET"),
        ("256", 2024, "CT12"): judged("", "NOT_APPLICABLE") | {"status": "not_applicable"},
        ("256", 2024, "CT09"): judged("", "NO_DATA", numerator="2"),
    }
    said = SPAN.sub(r"\1", prose.district(small_run(tmp_path, changes, area="256")).markdown)
    assert "số liệu của 4 trong 27" in said
    assert (
        "1 chỉ tiêu con đạt mức, 1 chưa đạt, 1 không áp dụng, "
        "1 chưa kết luận được từ số liệu đã gửi." in said
    )
    assert "CT12" not in said and "CT09" not in said


def test_the_stray_cell_and_the_measure_without_cells_are_named(tmp_path: Path) -> None:
    said = prose.summary_notes(_run(tmp_path, {})).markdown
    assert "có thêm một ô để trống ngoài các cột (dòng 531)" in said
    assert "không có ô số cho CT20.2" in said


def test_the_plan_says_what_is_unconfirmed_and_undefined(tmp_path: Path) -> None:
    run = _run(tmp_path, {})
    found = _numbers(prose.plan(run))
    assert found["KH-27-cxn"] == "33" and found["KH-27-goc"] == "22"
    assert "chưa định nghĩa: CT13." in prose.plan(run).markdown
    ledger = _numbers(prose.ledger(run))
    parts = [int(ledger[f"KH-27-vk.{one}"]) for one in ("nang", "vua", "nhe")]
    assert sum(parts) == int(ledger["KH-27-vk"]) == len(REGISTER.discrepancies) >= 46


def test_text_from_outside_cannot_become_markup() -> None:
    assert plain("(1) *một* [x] <b> @hai") == r"\(1) \*một\* \[x\] \<b\> \@hai"


# --- every printed number has an id -----------------------------------------------------------

ALLOWED = re.compile(
    r"\b20[23]\d\b|CT\d\d(\.\d[ab]?)?|\b359/KH-UBND|\b23/QĐ-TTg|mục I\.2|@[a-z-]+|^\d\. |MT\d|"
    r"Mục tiêu \d|\(dòng \d+\)|`[^`]*`|k25|k30|n\d\b|\(1\)|95%|\d\d/\d{4}|\d+ tháng",
    re.M,
)
PROSE = [
    getattr(prose, name) for name in prose.__all__ if name not in ("objective", "measures", "trace")
]


@pytest.mark.parametrize("write", PROSE, ids=lambda function: function.__name__)
def test_no_number_in_a_sentence_is_without_an_id(tmp_path: Path, write: object) -> None:
    changes = {
        ("27", 2023, "CT03.2"): judged("15.2", "SLOW"),
        ("27", 2024, "CT03.2"): BEHIND,
        ("27", 2024, "CT21"): judged("80", "REVERSE", "REVERSE", gap_2025="10", path="89.4"),
    }
    said = write(small_run(tmp_path, changes)).markdown  # type: ignore[operator]
    bare = SPAN.sub("", said)
    for row in REGISTER.table.rows:
        bare = bare.replace(plain(row.label), "")
    for measure in REGISTER.measures:
        bare = bare.replace(plain(short_name(measure)), "")
        bare = bare.replace(plain(REGISTER.undefined(measure)), "") if measure == "CT13" else bare
    assert not re.findall(r"\d+", ALLOWED.sub("", bare)), bare
