"""What code reads out of the plan, against tables that people made from it."""

from __future__ import annotations

import csv
import re
import textwrap
import unicodedata
from fractions import Fraction

import pytest

from plan_texts import ROOT, TEXT, changed, without
from treem.plan.numbers import decimal_text
from treem.plan.source import PlanText, read_plan, read_plan_file

LEVELS = (ROOT / "tests" / "data" / "plan" / "levels_33.csv").read_text("utf-8-sig")
PEOPLE = {row["id"]: row for row in csv.DictReader(LEVELS.splitlines())}


@pytest.fixture(scope="module")
def plan() -> PlanText:
    return read_plan(TEXT, "kế hoạch")


def test_four_objectives_24_indicators_33_measures(plan: PlanText) -> None:
    assert [item.number for item in plan.objectives] == [1, 2, 3, 4]
    assert [item.number for item in plan.indicators] == list(range(1, 25))
    assert list(plan.measures) == list(PEOPLE)
    assert [item.objective for item in plan.indicators] == [1] * 7 + [2] * 7 + [3] * 7 + [4] * 3


def said_by_people(text: str) -> tuple[str, Fraction] | None:
    """Read a level as people noted it: `<9 (duy trì)`, `98`, `(không nêu)`."""
    found = re.match(r"(<?)([\d.]+)", text)
    return (found[1], Fraction(found[2])) if found else None


@pytest.mark.parametrize("measure", list(PEOPLE))
@pytest.mark.parametrize(("where", "prefix"), [("text", "muc_I2"), ("label", "nhan_bang")])
@pytest.mark.parametrize("year", [2025, 2030])
def test_levels_in_words_are_those_that_people_read(
    plan: PlanText, measure: str, where: str, prefix: str, year: int
) -> None:
    expected = said_by_people(PEOPLE[measure][f"{prefix}_{year}"])
    found = [
        target
        for target in plan.targets
        if (target.measure, target.where, target.year) == (measure, where, year)
    ]
    if expected is None:
        assert found == []
        return
    (target,) = found
    assert target.limit.value == expected[1]
    assert target.limit.strict == bool(expected[0])


@pytest.mark.parametrize("measure", [m for m in PEOPLE if m != "CT20.2"])
@pytest.mark.parametrize(
    ("column", "name"),
    list(enumerate(["bang_kq_2020", "bang_tinh_2025", "bang_tinh_2030", "bang_toan_quoc_2025",
                    "bang_toan_quoc_2030"])),
)  # fmt: skip
def test_cells_are_those_that_people_copied(
    plan: PlanText, measure: str, column: int, name: str
) -> None:
    cell = plan.cell(measure, column)
    assert cell is not None
    copied = PEOPLE[measure][name]
    if "nông thôn" in cell.text:
        assert copied in cell.text.split("; ")
    else:
        assert cell.text == copied


def test_ct20_2_has_words_and_no_cells(plan: PlanText) -> None:
    assert plan.measures["CT20.2"].row is None
    assert all(plan.cell("CT20.2", column) is None for column in range(5))
    assert plan.measures["CT20.1"].row is not None
    assert plan.measures["CT20.1"].row.measures == ("CT20.1",)


def test_every_target_stands_on_the_line_it_names(plan: PlanText) -> None:
    raw = TEXT.split("\n")
    whole = " ".join(line.strip() for line in raw)
    for target in plan.targets:
        assert target.line is not None
        line = raw[target.line - 1]
        value = decimal_text(target.limit.value)
        if target.words.startswith("duy trì đến"):
            assert "duy trì" in line
        else:
            assert re.search(rf"(?<![\d]){re.escape(value)}(?!\d)", line.replace(",", "."))
        assert target.words in whole


def test_baselines_keep_bounds_blanks_and_lines(plan: PlanText) -> None:
    assert plan.baselines["CT04.2"].value == Fraction("13.8")
    assert plan.baselines["CT04.2"].words == "13,8"
    assert (plan.baselines["CT06"].comparator, plan.baselines["CT06"].value) == ("<", 2)
    assert (plan.baselines["CT02"].value, plan.baselines["CT02"].line) == (None, 456)
    assert (plan.baselines["CT20.2"].value, plan.baselines["CT20.2"].line) == (None, None)
    assert sum(item.value is None for item in plan.baselines.values()) == 11


def test_duties_name_the_agency_and_line_of_each_indicator(plan: PlanText) -> None:
    given = {}
    for duty in plan.duties:
        given.setdefault(duty.indicator, []).append(duty.agency)
    assert set(given) == set(range(1, 25))
    assert given[9] == ["Sở Lao động - Thương binh và Xã hội", "Công an tỉnh"]
    assert given[13] == ["Sở Văn hóa, Thể thao và Du lịch"]
    lines = TEXT.split("\n")
    for duty in plan.duties:
        assert re.search(rf"\b{duty.indicator}\b", lines[duty.line - 1])


@pytest.mark.parametrize(
    "form",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: "\ufeff" + text,
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: text.replace("\n", " \t \n"),
        lambda text: text.replace("\nII. NHI", "\n\fII. NHI"),
        lambda text: text.replace(" trẻ em", "\u00a0trẻ em"),
    ],
    ids=["crlf", "cr", "bom", "nfd", "trailing blanks", "form feed", "no-break spaces"],
)
def test_the_form_of_the_file_changes_nothing(plan: PlanText, form: object) -> None:
    other = read_plan(form(TEXT), "kế hoạch")  # type: ignore[operator]
    assert other.targets == plan.targets
    assert other.table == plan.table
    assert other.duties == plan.duties


def test_lines_wrapped_elsewhere_give_the_same_levels(plan: PlanText) -> None:
    paragraphs: list[str] = []
    for line in TEXT.split("\n"):
        starts = re.match(r"\||-|\d+\.|[IV]+\.|Mục tiêu|Nơi nhận|BẢNG|MỤC|KẾ HOẠCH", line)
        if starts or not paragraphs or paragraphs[-1] in ("|", ""):
            paragraphs.append(line)
        else:
            paragraphs[-1] += " " + line
    text = "\n".join("\n".join(textwrap.wrap(p, 37)) if len(p) > 1 else p for p in paragraphs)
    other = read_plan(text, "kế hoạch")
    assert [(t.measure, t.where, t.year, t.limit, t.words) for t in other.targets] == [
        (t.measure, t.where, t.year, t.limit, t.words) for t in plan.targets
    ]
    assert [t.line for t in other.targets] != [t.line for t in plan.targets]


def test_an_indicator_gone_from_words_or_table_keeps_the_other_place() -> None:
    spoken = read_plan(without("- Chỉ tiêu 15", "- Chỉ tiêu 16"), "x")
    assert spoken.measures["CT15"].clause is None
    assert {t.where for t in spoken.targets if t.measure == "CT15"} == {"table", "label"}
    printed = read_plan(
        without("- Chỉ tiêu 15", "- Chỉ tiêu 16", after=TEXT.index("BẢNG TỔNG HỢP")), "x"
    )
    assert printed.measures["CT15"].row is None
    assert {t.where for t in printed.targets if t.measure == "CT15"} == {"text"}


def test_a_clause_gone_from_words_does_not_shift_its_siblings() -> None:
    start = "Giảm tỷ suất tử vong trẻ sơ sinh trên 1.000 trẻ\nđẻ sống"
    plan = read_plan(without(start, "giảm tỷ suất tử vong của\n"), "x")
    assert plan.measures["CT03.1"].clause is None
    assert "sơ sinh" in plan.measures["CT03.1"].subject
    assert plan.measures["CT03.2"].clause is not None


def test_a_short_row_is_read_by_what_agrees_with_its_words() -> None:
    plan = read_plan(changed("|\n82\n|\n87\n", "|\n87\n"), "x")
    cells = [plan.cell("CT01", column) for column in range(5)]
    assert [cell.text if cell else None for cell in cells] == ["74", None, "87", "65", "75"]


def test_the_file_is_read_from_disk_as_the_text_is() -> None:
    path = ROOT / "data/source/359-KH-UBND.txt"
    assert read_plan_file(path).table == read_plan(TEXT, "x").table
