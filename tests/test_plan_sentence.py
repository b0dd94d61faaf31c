"""One clause of the plan at a time: levels, years, comparators, direction, unit."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treem.plan.lines import join_lines
from treem.plan.numbers import decimal_text
from treem.plan.sentence import Clause, bare_sign, read_clause, split_clauses


def clause(words: str) -> Clause:
    return read_clause(join_lines([(1, words)]))


def levels(words: str) -> list[tuple[int | None, str, str]]:
    read = clause(words)
    return [
        (item.year, item.sign or bare_sign(read.direction), decimal_text(item.value))
        for item in read.statements
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Tỷ lệ xã đạt chuẩn đạt 82% vào năm 2025 và 87% vào năm 2030",
         [(2025, ">=", "82"), (2030, ">=", "87")]),
        ("Tỷ lệ xã đạt chuẩn đến năm 2025 đạt 82%, đến năm 2030 đạt 87%",
         [(2025, ">=", "82"), (2030, ">=", "87")]),
        ("Tỷ lệ xã đạt 82 phần trăm vào năm 2025 và tám mươi bảy phần trăm vào năm 2030",
         [(2025, ">=", "82"), (2030, ">=", "87")]),
        ("Tỷ lệ xã đạt từ 82% trở lên vào năm 2025 và trên 87% vào năm 2030",
         [(2025, ">=", "82"), (2030, ">", "87")]),
        ("Giảm tỷ suất tử vong trẻ sơ sinh trên 1.000 trẻ đẻ sống dưới 9 vào năm 2025 và duy trì "
         "đến năm 2030", [(2025, "<", "9"), (2030, "<", "9")]),
        ("giảm tỷ suất tử vong của trẻ em dưới 1 tuổi trên 1.000 trẻ đẻ sống xuống 12,5 vào năm "
         "2025 và 10 vào năm 2030", [(2025, "<=", "12.5"), (2030, "<=", "10")]),
        ("giảm tỷ suất tử vong từ 16 xuống không quá 10 vào năm 2025", [(2025, "<=", "10")]),
        ("xuống 54/100.000 trẻ em vào năm 2025 và 50/100.000 trẻ em vào năm 2030",
         [(2025, "<=", "54"), (2030, "<=", "50")]),
        ("Tỷ lệ lây truyền HIV từ mẹ sang con là 2% vào năm 2030", [(2030, "<=", "2")]),
        ("98% trẻ em dưới 5 tuổi được tiêm đủ 8 loại vắc xin vào năm 2030", [(2030, ">=", "98")]),
        ("Tỷ lệ tiêm chủng đạt 98% vào năm 2025 và năm 2030",
         [(2025, ">=", "98"), (2030, ">=", "98")]),
        ("Duy trì 100% cơ sở có công trình vệ sinh", [(None, ">=", "100")]),
        ("Phấn đấu xóa bỏ tình trạng tảo hôn từ năm 2025 đến năm 2030", []),
        ("Giảm 2-3% số cuộc tảo hôn mỗi năm", []),
        ("tăng 8% so với năm 2020 vào năm 2025 và đạt 87% vào năm 2030", [(2030, ">=", "87")]),
        ("giảm lao động trẻ em từ 5 đến 17 tuổi xuống dưới 1% vào năm 2025", [(2025, "<", "1")]),
    ],
)  # fmt: skip
def test_levels_years_and_comparators(
    words: str, expected: list[tuple[int | None, str, str]]
) -> None:
    assert levels(words) == expected


def test_later_years_are_marked_and_not_guessed() -> None:
    read = clause("đạt 100% vào năm 2025 và duy trì tỷ lệ 100% ở các năm tiếp theo")
    first, later = read.statements
    assert (first.year, first.later) == (2025, False)
    assert (later.year, later.later, later.value) == (None, True, 100)
    assert later.words == "duy trì tỷ lệ 100% ở các năm tiếp theo"


def test_strata_stand_before_or_after_their_level() -> None:
    after = clause("xuống dưới 5% đối với nông thôn và dưới 10% đối với thành thị vào năm 2030")
    before = clause("ở nông thôn dưới 5%, ở thành thị dưới 10% vào năm 2030")
    for read in (after, before):
        assert [(item.stratum, item.value) for item in read.statements] == [
            ("nông thôn", 5),
            ("thành thị", 10),
        ]


@pytest.mark.parametrize(
    ("words", "direction", "unit"),
    [
        ("Giảm tỷ lệ trẻ em bị xâm hại xuống dưới 0,004% vào năm 2025", -1, "%"),
        ("Tỷ lệ lây truyền HIV từ mẹ sang con là 2% vào năm 2030", -1, "%"),
        ("Tỷ lệ trẻ em bị xâm hại được hỗ trợ đạt 95% vào năm 2025", 1, "%"),
        ("Phấn đấu 100% trẻ em gặp thiên tai được cứu trợ", 1, "%"),
        ("giảm tỷ suất tử vong trên 1.000 trẻ đẻ sống dưới 9 vào năm 2025", -1, "/1.000"),
        ("giảm tỷ suất tử vong xuống dưới 9‰ vào năm 2025", -1, "/1.000"),
        ("giảm tai nạn xuống còn 8/100.000 trẻ em vào năm 2025", -1, "/100.000"),
        ("Phấn đấu xóa bỏ tình trạng tảo hôn từ năm 2025", -1, ""),
    ],
)
def test_direction_and_unit_come_from_the_words(words: str, direction: int, unit: str) -> None:
    read = clause(words)
    assert (read.direction, read.unit) == (direction, unit)


def test_clauses_need_a_subject_of_their_own() -> None:
    two = split_clauses(
        join_lines([(1, "tỷ lệ A đạt 90% vào năm 2025; 95% vào năm 2030; tỷ lệ trường có bể bơi "),
                    (2, "đạt 10% vào năm 2025.")])
    )  # fmt: skip
    assert [(c.line, len(c.statements)) for c in two] == [(1, 2), (1, 1)]
    assert two[1].statements[0].line == 2


@given(
    first=st.decimals(min_value=0, max_value=100, places=2),
    second=st.decimals(min_value=0, max_value=100, places=2),
    sign=st.sampled_from([("", None), ("dưới ", "<"), ("không quá ", "<="), ("ít nhất ", ">=")]),
)
def test_any_two_levels_are_read_back(
    first: object, second: object, sign: tuple[str, str | None]
) -> None:
    one, two = (decimal_text(Fraction(str(n))).replace(".", ",") for n in (first, second))
    read = clause(f"Tỷ lệ trẻ em dưới 5 tuổi đạt {sign[0]}{one}% vào năm 2025 và {two}% năm 2030")
    assert [(s.year, s.sign, s.value) for s in read.statements] == [
        (2025, sign[1], Fraction(str(first))),
        (2030, None, Fraction(str(second))),
    ]
