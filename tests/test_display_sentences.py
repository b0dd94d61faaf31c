"""Sentences of measures, read back word by word and compared with the row they were made from."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from small_tables import REGISTER, judged, small_run
from treem.display import prose, tables
from treem.display.common import GROUPS
from treem.display.numbers import parse_decimal
from treem.display.words import words_of

SPAN = re.compile(r'\[([^\]]*)\]\{\.fig data-fig="([^"]+)"\}')
SIGNS = {"dưới": "<", "không quá": "<=", "trên": ">", "ít nhất": ">="}
JUDGED = ("MET", "NOT_MET", "KEPT", "SLIPPING", "LOST", "AT_THRESHOLD", "EARLY")
CODES = (*JUDGED, "ON_TRACK", "ACCELERATE", "SLOW", "REVERSE", "NO_DATA", "UNDEFINED")
SAYS = {
    "ONE_CASE": "một trường hợp thêm hoặc bớt",
    "UNCERTAIN": "chưa chắc chắn vì",
    "CERTAIN": "nằm hẳn một phía",
}
ROWS = st.lists(
    st.tuples(
        st.integers(1, 99_999).map(lambda n: Fraction(n, 1000)),
        st.sampled_from(CODES),
        st.sampled_from(CODES),
        st.sampled_from(["", *SAYS]),
    ),
    min_size=33,
    max_size=33,
)


def names_of(code: str) -> set[str]:
    """Every name that a verdict has anywhere, in small letters."""
    early = words_of("verdict_before_its_year")
    found = {words_of("verdict")[code], *(early[key] for key in early if key.split()[0] == code)}
    return {name[:1].lower() + name[1:] for name in found}


def said_number(text: str) -> Fraction:
    return parse_decimal(text.replace(".", ""))


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ROWS)
def test_a_sentence_says_what_its_row_says(tmp_path: Path, rows: list[tuple]) -> None:
    changes = {
        ("27", 2024, measure): judged(
            str(float(value)), first, second, certainty=sure, mode="PATH2"
        )
        for measure, (value, first, second, sure) in zip(REGISTER.measures, rows, strict=True)
    }
    run = small_run(tmp_path, changes)
    said = [
        line for n in REGISTER.objectives for line in prose.measures(run, n).markdown.split("\n")
    ]
    assert len(said) == len(REGISTER.measures)
    for line, measure, row in zip(said, REGISTER.measures.values(), rows, strict=True):
        compare(SPAN.sub(r"\1", line), measure, row)


def compare(line: str, measure, row: tuple) -> None:
    value, first, second, sure = row
    assert f"**{measure.id}**" in line
    number = re.search(r"kết quả năm 2024 là ([\d.,]+)", line)
    assert number is not None
    shown = said_number(number[1])
    assert abs(shown - value) <= Fraction(1, 2) * measure.published_unit
    limits = {year: one.limit for year, one in REGISTER.limits(measure.id, "ledger").items()}
    for year, code in ((2025, first), (2030, second)):
        if year not in limits:
            assert f"năm {year} không đặt mức" in line
            continue
        target = rf"mức năm {year} là (dưới|không quá|trên|ít nhất) ([\d.,]+)"
        found = re.search(target + r"[^;]*?, đánh giá: ([^;]+?);", line.rstrip(".") + ";")
        assert found is not None, line
        assert SIGNS[found[1]] == limits[year].comparator
        assert said_number(found[2]) == limits[year].value
        assert found[3].rstrip(".").replace("\\", "") in names_of(code)
        rounded = limits[year].satisfied_by(shown) == limits[year].satisfied_by(value)
        assert rounded or "làm tròn" in line or measure.decimals > 2 or abs(shown - value) < 1
    judged_year = min(limits, default=None)
    for code, words in SAYS.items():
        assert (words in line) == (code == sure and judged_year is not None)
    if sure and judged_year is not None:
        assert line.rstrip(".").endswith(f"năm {judged_year}")


def one(tmp_path: Path, row: dict, measure: str = "CT03.2") -> str:
    run = small_run(tmp_path, {("27", 2024, measure): row})
    lines = SPAN.sub(r"\1", prose.measures(run, 1).markdown).split("\n")
    return next(line for line in lines if f"**{measure}**" in line)


def test_the_whole_sentence(tmp_path: Path) -> None:
    row = judged(
        "13.4",
        "ACCELERATE",
        "ACCELERATE",
        lower="9.9",
        upper="17.2",
        certainty="CERTAIN",
        mode="PATH2",
    )
    assert one(tmp_path, row) == (
        "- **CT03.2** Tử vong dưới 1 tuổi: kết quả năm 2024 là 13,4‰ (khoảng tin cậy 95%: 9,9 - "
        "17,2); mức năm 2025 là dưới 10‰, đánh giá: có tiến bộ, cần tăng tốc; mức năm 2030 là "
        "dưới 8‰, đánh giá: có tiến bộ, cần tăng tốc; khoảng tin cậy nằm hẳn một phía của mức "
        "năm 2025."
    )


def test_no_figure_a_count_and_what_does_not_apply(tmp_path: Path) -> None:
    assert one(tmp_path / "a", {}).endswith(": năm 2024 chưa có kết quả nên chưa đánh giá được.")
    counted = judged("", "NO_DATA", "NO_DATA", numerator="2", denominator="400")
    assert "năm 2024 ghi nhận 2 trường hợp, chưa có tỷ suất;" in one(tmp_path / "b", counted)
    none = judged("", "NOT_APPLICABLE") | {"status": "not_applicable"}
    assert one(tmp_path / "c", none).endswith(": năm 2024 không áp dụng.")
    nobody = none | {"denominator": "0"}
    assert "năm 2024 không phát sinh trường hợp nào" in one(tmp_path / "d", nobody)


def test_a_hidden_figure_is_neither_missing_nor_judged(tmp_path: Path) -> None:
    hidden = judged("", "", denominator="400") | {"status": "suppressed", "mark": "[c]"}
    said = one(tmp_path, hidden)
    assert said.endswith("không công bố để bảo mật, nên không nêu đánh giá.")
    assert "chưa có kết quả" not in said and "mức năm" not in said


@pytest.mark.parametrize("code", [code for codes in GROUPS.values() for code in codes])
def test_every_verdict_can_be_said(tmp_path: Path, code: str) -> None:
    assert one(tmp_path, judged("13.4", code, code, mode="PATH2")).count("đánh giá: ") == 2


PROJECTED = judged(
    "12",
    "ON_TRACK",
    "ON_TRACK",
    projection_points="4",
    projection_last="2024",
    projection_spread="0.25",
    projected_2025="11",
    projected_2030="6",
    projected_gap_2025="1",
    projected_gap_2030="-2",
    ratio="1.25",
    growth_ratio_2025="0.7735",
    growth_reason="2025:strict 2030:zero_target",
    numerator="24",
    denominator="2000",
    pooled_numerator="78",
    pooled_denominator="6000",
    pooled_value="13",
    pooled_lower="10.3",
    pooled_upper="16.2",
    pooled_from="2022",
    pooled_years="3",
)


def test_tables_beside_the_verdict_print_what_the_row_has(tmp_path: Path) -> None:
    run = small_run(tmp_path, {("27", 2024, "CT03.2"): PROJECTED})
    outlook, growth, pooled = (
        str(write(run)) for write in (tables.outlook, tables.growth, tables.pooled)
    )
    figures = {id_: one.display for id_, one in run.figures.figures.items()}
    wanted = {"j25": "11,0", "j30": "6,0", "h25": "1,0", "js": "0,25", "jn": "4", "m25": "0,77"}
    wanted |= {"h30": "\u22122,0", "pv": "13,0", "pn": "78", "pd": "6.000", "plo": "10,3"}
    for part, shown in wanted.items():
        assert figures[f"CT03.2-27-{part}"] == shown
    assert "2024" in outlook and "2030: mức bằng không" in growth and "2022 - 2024" in pooled


def test_nothing_beside_the_verdict_without_data(tmp_path: Path) -> None:
    run = small_run(tmp_path, {})
    assert tables.outlook(run) is tables.growth(run) is tables.pooled(run) is None
    assert "đủ ba năm" in prose.outlook(run).markdown
    assert prose.funnels(run).markdown.startswith("Chưa có chỉ tiêu con nào")
