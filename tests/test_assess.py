"""`treem assess`: the worked examples through the real register, and what it refuses."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from subprocess import CompletedProcess
from typing import Any

import pytest

from treem.errors import UsageError
from treem.indicators.assess import assess, assess_text
from treem.plan.register import PlanRegister, load_register
from treem.project import Project

Command = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="module")
def register() -> PlanRegister:
    from pathlib import Path

    return load_register(Project(Path(__file__).resolve().parent.parent))


WORKED: list[tuple[str, int, str, str, float | None, float | None, str, str]] = [
    ("CT03.2", 2023, "12,1", "ledger", 12.4, 1.083, "ON_TRACK", "ON_TRACK"),
    ("CT03.2", 2023, "13.4", "ledger", 12.4, 0.722, "ACCELERATE", "ACCELERATE"),
    ("CT03.2", 2023, "15.2", "ledger", 12.4, 0.222, "SLOW", "SLOW"),
    ("CT03.2", 2023, "16.8", "ledger", 12.4, -0.222, "REVERSE", "REVERSE"),
    ("CT03.2", 2025, "9.97", "ledger", 10, 1.005, "MET", "ON_TRACK"),
    ("CT03.2", 2025, "10.0", "ledger", 10, 1.0, "NOT_MET", "ON_TRACK"),
    ("CT03.2", 2025, "12.0", "ledger", 10, 0.667, "NOT_MET", "ACCELERATE"),
    ("CT03.2", 2027, "9.6", "ledger", 9.2, 0.941, "FROZEN_UNKNOWN", "ACCELERATE"),
    ("CT04.2", 2023, "12.2", "ledger", 12.12, 0.952, "ON_TRACK", "ON_TRACK"),
    ("CT01", 2023, "77", "ledger", 78.8, 0.625, "ACCELERATE", "ACCELERATE"),
    ("CT05.1", 2023, "97.5", "table", None, None, "SLIPPING", "LOST"),
    ("CT05.1", 2023, "97.5", "text", None, None, "LOST", "LOST"),
    ("CT08.1", 2023, "1.9", "ledger", 1.85, 0.667, "EARLY", "ACCELERATE"),
    ("CT08.1", 2025, "2.0", "ledger", 1.75, 0.0, "NOT_MET", "SLOW"),
    ("CT10", 2023, "1.0", "ledger", None, None, "AT_THRESHOLD", "AT_THRESHOLD"),
    ("CT14", 2023, "99.97", "ledger", 99.996, -3.333, "REVERSE", "REVERSE"),
    ("CT03.1", 2023, "9.0", "table", None, None, "KEPT", "KEPT"),
    ("CT03.1", 2023, "9.0", "text", None, None, "AT_THRESHOLD", "AT_THRESHOLD"),
]


@pytest.mark.parametrize(
    ("measure", "year", "value", "reading", "path", "ratio", "at_2025", "at_2030"), WORKED
)
def test_worked_example(
    register: PlanRegister,
    measure: str,
    year: int,
    value: str,
    reading: Any,
    path: float | None,
    ratio: float | None,
    at_2025: str,
    at_2030: str,
) -> None:
    answer = assess(register, measure, year, value, reading)
    assert answer["verdicts"] == {"2025": at_2025, "2030": at_2030}
    assert answer["path"] == (None if path is None else pytest.approx(path, abs=1e-12))
    assert answer["ratio"] == (None if ratio is None else pytest.approx(ratio, abs=5e-4))
    assert (answer["measure"], answer["year"], answer["reading"]) == (measure, year, reading)


def test_the_value_of_2025_freezes_its_verdict(register: PlanRegister) -> None:
    answer = assess(register, "CT03.2", 2027, "9,6", value_2025="9,9")
    assert answer["verdicts"] == {"2025": "MET", "2030": "ACCELERATE"}


def test_the_reading_of_the_ledger_takes_the_table_where_the_text_loosens(
    register: PlanRegister,
) -> None:
    text = assess(register, "CT09", 2023, "0.004", "text")
    assert set(text["verdicts"].values()) == {"UNDEFINED"}
    assert text["mode"] is None
    assert "lỏng hơn" in text["reason"]
    assert set(text["other_readings"]) == {"table", "ledger"}
    assert "UNDEFINED" not in assess(register, "CT09", 2023, "0.004")["verdicts"].values()


def test_no_verdict_without_a_definition(register: PlanRegister) -> None:
    answer = assess(register, "CT13", 2023, "12")
    assert answer["verdicts"] == {"2025": "UNDEFINED", "2030": "UNDEFINED"}
    assert answer["reason"].startswith("Chưa xác định được kết luận: ")
    assert answer["printed"]["value"] == "12 cuộc"


def test_a_measure_without_cells_has_no_target_in_the_table(register: PlanRegister) -> None:
    answer = assess(register, "CT20.2", 2023, "85", "table")
    assert set(answer["verdicts"].values()) == {"NO_TARGET"}
    assert assess(register, "CT20.2", 2023, "85")["verdicts"]["2025"] == "MET"


def test_other_readings_are_told_where_they_differ(register: PlanRegister) -> None:
    answer = assess(register, "CT05.1", 2023, "97.5", "table")
    assert answer["other_readings"]["text"] == {"2025": "LOST", "2030": "LOST"}
    said = assess_text(answer)
    assert "Theo lời mục I.2: năm 2025 Mất mục tiêu; năm 2030 Mất mục tiêu." in said
    assert "bảng tổng hợp (chưa được người có thẩm quyền xác nhận)" in said


def test_a_bound_is_a_value(register: PlanRegister) -> None:
    answer = assess(register, "CT06", 2023, "<2")
    assert (answer["value"], answer["bound"], answer["ratio"]) == (2, "<", None)
    assert answer["verdicts"] == {"2025": "KEPT", "2030": "KEPT"}
    assert assess(register, "CT03.2", 2023, "<12")["verdicts"]["2025"] == "NO_DATA"


def test_text_for_a_person(register: PlanRegister) -> None:
    said = assess_text(assess(register, "CT03.2", 2025, "9.97")).splitlines()
    assert said[0] == "CT03.2 Tỷ suất tử vong trẻ em dưới 1 tuổi, năm 2025: 9,97‰"
    assert said[1:3] == ["Mức năm 2025 <10‰: Đạt", "Mức năm 2030 <8‰: Đúng lộ trình"]
    assert "gốc 16‰ của năm 2020 và mức 10‰" in said[3]


def test_every_measure_can_be_asked_about(register: PlanRegister) -> None:
    for measure in register.measures.values():
        for reading in ("text", "table", "ledger"):
            value = "50" if measure.direction > 0 else "0,5"
            for year in (2021, 2025, 2027, 2030):
                answer = assess(register, measure.id, year, value, reading)  # type: ignore[arg-type]
                said = answer["reason"] + assess_text(answer)
                assert answer["reason"].endswith(".")
                assert said == unicodedata.normalize("NFC", said)
                assert "{" not in said
                json.dumps(answer)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("CT03", 2023, "12"), "CT03.1, CT03.2, CT03.3"),
        (("CT99", 2023, "12"), "Không có chỉ tiêu con “CT99”"),
        (("CT04.3", 2023, "4"), "CT04.3a, CT04.3b"),
        (("", 2023, "4"), "Mã đi từ CT01 đến CT24"),
        (("CT01", 2020, "77"), "2021 đến 2030"),
        (("CT01", 2031, "77"), "2021 đến 2030"),
        (("CT01", 2023, "bảy bảy"), "không phải một số"),
        (("CT01", 2023, "101"), "từ 0% đến 100%"),
        (("CT01", 2023, "-1"), "từ 0% đến 100%"),
        (("CT01", 2023, "77", "memory"), "text, table, ledger"),
        (("CT01", 2023, "77", "ledger", "80"), "chỉ dùng khi xét một năm sau 2025"),
        (("CT01", 2027, "77", "ledger", "x"), "“x” không phải một số"),
    ],
)
def test_wrong_use(register: PlanRegister, arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        assess(register, *arguments)
    assert words in str(caught.value)


def test_capitals_do_not_matter(register: PlanRegister) -> None:
    assert assess(register, "ct04.3A", 2023, "4")["measure"] == "CT04.3a"


def test_the_command(treem: Command) -> None:
    done = treem("assess", "CT08.1", "2023", "1,9", "--json")
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    first = ["measure", "year", "value", "reading", "mode", "path", "ratio", "verdicts", "reason"]
    assert list(answer)[:9] == first
    assert (answer["value"], answer["mode"], answer["path"]) == (1.9, "PATH1", 1.85)
    wrong = treem("assess", "CT01", "2035", "77")
    assert (wrong.returncode, wrong.stdout) == (2, "")
