"""The plan after an amendment: its lint tells what changed, and nothing else moves."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plan_texts import TEXT, changed, lint_of, stem, without

BASE = lint_of(TEXT)
TABLE = TEXT.index("BẢNG TỔNG HỢP")


def difference(text: str) -> tuple[set[str], set[str]]:
    """Return the stems of rows that are gone and of rows that are new."""
    rows = lint_of(text)
    return {stem(one) for one in BASE.keys() - rows}, {stem(one) for one in rows.keys() - BASE}


REPAIRS = {
    "the agency's name": ("Thưng binh", "Thương binh", {"KH-spelling"}),
    "a doubled word": ("của các các tỉnh", "của các tỉnh", {"KH-spelling"}),
    "the decimal comma": ("\n13,8\n", "\n13.8\n", {"CT04.2-decimal_mark-table"}),
    "the stray cell": ("<6\n|\n|\n", "<6\n|\n", {"CT04.1-row_shape"}),
    "the second agency": ("chỉ tiêu 9 của Kế hoạch", "Kế hoạch", {"CT09-agency"}),
    "the group of CT04.2": (
        "tỷ lệ trẻ em suy dinh dưỡng thể chiều cao",
        "tỷ lệ trẻ em dưới 5 tuổi suy dinh dưỡng thể chiều cao",
        {"CT04.2-label-national"},
    ),
    "a national value": ("\n16.5\n", "\n<18.5\n", {"CT03.3-value-national-2025"}),
    "a national comparator": ("|\n9.5\n", "|\n<9.5\n", {"CT03.1-comparator-national-2025"}),
    "a 2020 figure": (
        "|\n|\n99.1\n|\n99.3\n|\n99.1",
        "|\n97\n|\n99.1\n|\n99.3\n|\n99.1",
        {"CT15-baseline_missing"},
    ),
    "a national cell too many": (
        "95\n|\n95\n|\n- Chỉ tiêu 20",
        "95\n|\n|\n- Chỉ tiêu 20",
        {"CT19-extra_target-national-2030"},
    ),
    "a label": (
        "cho trẻ em đạt 70% vào năm 2025 và 80% vào năm\n2030",
        "cho trẻ em đạt 90% vào năm 2025 và 95% vào năm\n2030",
        {"CT21-label-province-2025", "CT21-label-province-2030"},
    ),
}


@pytest.mark.parametrize(("old", "new", "gone"), REPAIRS.values(), ids=list(REPAIRS))
def test_a_repair_removes_its_row_and_no_other(old: str, new: str, gone: set[str]) -> None:
    text = changed(old, new)
    if old.startswith("tỷ lệ trẻ em suy"):  # the label repeats the sentence of section I.2
        text = changed(
            "giảm tỷ lệ trẻ em suy dinh dưỡng thể chiều cao",
            "giảm tỷ lệ trẻ em dưới 5 tuổi suy dinh dưỡng thể chiều cao",
            text,
        )
    assert difference(text) == (gone, set())


def test_repairing_the_loosening_leaves_the_lost_comparator() -> None:
    gone, new = difference(changed("xuống dưới 0,005%", "xuống dưới 0,003%"))
    assert gone == {"CT09-loosening-text-2030", "CT09-value-province-2030"}
    assert new == {"CT09-comparator-province-2030"}


def test_repairing_the_subset_in_both_places_removes_it() -> None:
    text = changed("2025 và duy trì đến năm 2030; giảm", "2025 và dưới 7 vào năm 2030; giảm")
    text = changed("9\n|\n9\n|\n9\n|\n9.5", "9\n|\n9\n|\n7\n|\n9.5", text)
    assert "CT03.1-subset-province-2030" in difference(text)[0]


INJURIES = {
    "a value in the words": (
        "đạt 82% vào năm 2025",
        "đạt 83% vào năm 2025",
        {"CT01-value-province-2025"},
    ),
    "a cell": ("\n82\n|\n87\n", "\n82\n|\n88\n", {"CT01-value-province-2030"}),
    "a comparator in the words": (
        "vui chơi dành cho trẻ em đạt 90% vào",
        "vui chơi dành cho trẻ em đạt trên 90% vào",
        {"CT21-comparator-province-2025"},
    ),
    "a blank cell": ("|\n82\n|\n87\n", "|\n|\n87\n", {"CT01-missing_cell-province-2025"}),
    "a lost cell": (
        "|\n82\n|\n87\n",
        "|\n87\n",
        {"CT01-missing_cell-province-2025", "CT01-row_shape"},
    ),
    "a cell that is no number": ("\n82\n|", "\nđạt\n|", {"CT01-unit-province-2025"}),
    "a stray cell": ("65\n|\n75\n|", "65\n|\n75\n|\n|", {"CT01-row_shape"}),
    "a decimal comma": ("\n14.7\n", "\n14,7\n", {"CT03.3-decimal_mark-table"}),
    "a third agency": ("chỉ tiêu 14 của", "chỉ tiêu 13, 14 của", {"CT13-agency"}),
    "an indicator nobody has": ("chỉ tiêu 13, 21 của", "chỉ tiêu 21 của", {"CT13-agency"}),
    "a duty for nothing": ("chỉ tiêu 14 của", "chỉ tiêu 14, 31 của", {"KH-agency-CT31"}),
    "a year the table lacks": (
        "đạt 82% vào năm 2025",
        "đạt 82% vào năm 2026",
        {"CT01-missing_cell-province-2026", "CT01-extra_target-province-2025"},
    ),
    "a year that is not named": (
        "đạt\n98,5% vào năm 2025 và 99,5% đến năm 2030",
        "đạt\n99,5%",
        {"CT18-missing_sentence-year", "CT18-value-province-2025"},
    ),
    "a share beyond 100": (
        "99,5% vào năm 2025 và 100% vào năm 2030",
        "99,5% vào năm 2025 và 110% vào năm 2030",
        {"CT17-value-province-2030", "CT17-value-bounds-text-2030"},
    ),
    "a looser target": (
        "0,004% vào năm 2025 và xuống dưới 0,005%",
        "0,004% vào năm 2025 và xuống dưới 0,009%",
        {"CT09-value-province-2030", "CT09-loosening-text-2030", "CT09-baseline_meets_target"},
    ),
    "less than the nation asks": (
        "hoàn thành cấp tiểu học đạt\n99,5%",
        "hoàn thành cấp tiểu học đạt\n95%",
        {"CT17-value-province-2025", "CT17-value-weaker-2025"},
    ),
    "another objective in the table": (
        "Mục tiêu 2: Về bảo vệ trẻ em\n|",
        "Mục tiêu 2: Về bảo vệ, chăm sóc trẻ em\n|",
        {"KH-label"},
    ),
}


@pytest.mark.parametrize(("old", "new", "found"), INJURIES.values(), ids=list(INJURIES))
def test_an_injury_gives_its_rows(old: str, new: str, found: set[str]) -> None:
    assert found <= difference(changed(old, new))[1]


@pytest.mark.parametrize("slip", ["Sở Tư phap", "Sở Tư phápp", "sở tư phấp"])
def test_a_slip_in_the_name_of_an_agency_is_found_anywhere(slip: str) -> None:
    text = changed("1.1. Xây dựng chương trình", f"1.1. Như {slip} đã nêu, xây dựng chương trình")
    assert difference(text) == (set(), {"KH-spelling"})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("đạt 82% vào năm 2025 và 87% vào năm 2030", "đến năm 2025 đạt 82%, đến năm 2030 đạt 87%"),
        ("đạt 82% vào năm 2025 và 87% vào năm 2030", "năm 2025 đạt 82%; năm 2030 đạt 87%"),
        ("đạt 82% vào năm 2025", "đạt tám mươi hai phần trăm vào năm 2025"),
        ("đạt 82% vào năm 2025", "đạt 82,0 % vào năm 2025"),
        ("đạt 82% vào năm 2025", "đạt từ 82% trở lên vào cuối năm 2025"),
        ("đạt 82% vào năm 2025", "đạt ít nhất 82% vào năm 2025"),
        ("trên 1.000 trẻ\nđẻ sống dưới 9 vào", "trên 1.000 trẻ\nđẻ sống dưới 9‰ vào"),
        ("xuống 54/100.000 trẻ em vào", "xuống không quá 54 trên 100.000 trẻ em vào"),
    ],
)  # fmt: skip
def test_another_wording_of_the_same_level_changes_nothing(old: str, new: str) -> None:
    assert difference(changed(old, new)) == (set(), set())


@given(st.lists(st.integers(min_value=0, max_value=len(TEXT.split("\n")) - 1), max_size=12))
@settings(max_examples=15, deadline=None)
def test_blank_lines_anywhere_move_lines_and_nothing_else(places: list[int]) -> None:
    lines = TEXT.split("\n")
    for place in sorted(places, reverse=True):
        lines.insert(place, "")
    rows = lint_of("\n".join(lines))
    assert rows.keys() == BASE.keys()
    assert all(rows[one].effect == BASE[one].effect for one in BASE)


def test_an_indicator_gone_everywhere_is_missed_against_the_decision() -> None:
    text = without("- Chỉ tiêu 15", "- Chỉ tiêu 16")
    text = without("- Chỉ tiêu 15", "- Chỉ tiêu 16", text, text.index("BẢNG TỔNG HỢP"))
    gone, new = difference(text)
    assert gone == {"CT15-baseline_missing", "CT15-value-same"}
    assert new == {"KH-missing_sentence-national", "KH-agency-CT15"}


def test_indicators_that_moved_up_are_still_compared_with_their_own_national_target() -> None:
    text = without("- Chỉ tiêu 15", "- Chỉ tiêu 16")
    text = without("- Chỉ tiêu 15", "- Chỉ tiêu 16", text, text.index("BẢNG TỔNG HỢP"))

    def up(match: re.Match[str]) -> str:
        number = int(match[1])
        return f"Chỉ tiêu {number - 1 if number > 15 else number}:"

    rows = lint_of(re.sub(r"Chỉ tiêu (\d+):", up, text))
    stems = {stem(one) for one in rows}
    assert "CT18-extra_target-national-2030" in stems  # was CT19
    assert "CT19.2-missing_cell-province-2025" in stems  # was CT20.2
    assert not [row for row in rows.values() if row.kind == "value" and row.measure == "CT15"]


def test_an_indicator_gone_from_one_place() -> None:
    assert (
        "CT15-missing_sentence-province" in difference(without("- Chỉ tiêu 15", "- Chỉ tiêu 16"))[1]
    )
    found = difference(without("- Chỉ tiêu 15", "- Chỉ tiêu 16", after=TABLE))[1]
    assert {
        "CT15-missing_cell-province-2025",
        "CT15-missing_cell-province-2030",
        "CT15-missing_cell-national-2025",
    } <= found


def test_a_new_indicator_is_read_like_the_others() -> None:
    words = "- Chỉ tiêu 25: Tỷ lệ trẻ em được học bơi đạt 50% vào năm 2025 và 70% vào năm 2030.\n"
    text = (
        changed("II. NHIỆM VỤ", words + "II. NHIỆM VỤ") + f"\n{words}|\n40\n|\n55\n|\n70\n|\n|\n|"
    )
    assert difference(text) == (set(), {"CT25-value-province-2025", "CT25-agency"})


def test_no_section_four_is_one_row_and_not_24() -> None:
    text = without("IV.\nTỔ CHỨC", "Nơi nhận")
    gone, new = difference(text)
    assert new == {"KH-agency"}
    assert gone == {"CT09-agency", "KH-spelling"}
