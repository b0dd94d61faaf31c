"""The method chapter says what the program does: its thresholds are those of policy and code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from small_tables import REGISTER
from treem.display.common import GROUPS
from treem.display.words import words_of
from treem.indicators.events import FEW_EVENTS, FEWEST_FOR_RATE
from treem.indicators.progress import RATIO_LIMITS

ROOT = Path(__file__).parents[1]
CHAPTER = (ROOT / "chapters" / "phuong-phap.qmd").read_text("utf-8")
POLICY = yaml.safe_load((ROOT / "params" / "disclosure" / "policy.yml").read_text("utf-8"))


def rows_of(label: str) -> list[list[str]]:
    """Return the cells of the chapter's table with this label."""
    above = CHAPTER.split(f"{{#{label}}}")[0].split("\n\n")[-2]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in above.split("\n")[2:]]


def indicators_in(cell: str) -> set[str]:
    """Return `4`, `20.1` … of a cell; `14 đến 18` stands for all between."""
    spread = re.sub(
        r"(\d+) đến (\d+)",
        lambda m: ", ".join(map(str, range(int(m[1]), int(m[2]) + 1))),
        cell,
    )
    return set(re.findall(r"\d+(?:\.\d+)?", spread))


def in_class(name: str, said: set[str]) -> set[str]:
    """Return the measures of the register that the numbers of a row stand for."""
    found = set()
    for measure in REGISTER.measures.values():
        number = measure.id.removeprefix("CT").lstrip("0")
        if number in said or number.split(".")[0] in said:
            found.add(measure.id)
    return found


@pytest.mark.parametrize("place, name", list(enumerate(["S0", "S1", "S2", "S3"])))
def test_the_thresholds_are_those_of_the_policy(place: int, name: str) -> None:
    _, measures, hidden, no_rate = rows_of("tbl-nguong-bao-mat")[place]
    rule = POLICY["classes"][name]
    of_class = {one.id for one in REGISTER.measures.values() if one.disclosure_class == name}
    assert in_class(name, indicators_in(measures)) == of_class
    if rule["small_up_to"]:
        first = 0 if rule["zeros_small"] else 1
        assert f"{first} đến {rule['small_up_to']}" in hidden
    else:
        assert hidden == "không che"
    assert ("phần còn lại" in hidden) == (rule["complement"] != "none")
    assert ("chỉ công bố ở cấp tỉnh" in hidden) == (not rule["below_province"])
    numbers = [int(n) for n in re.findall(r"\d+", no_rate)]
    assert numbers == [n for n in (rule["least_events"], rule["least_denominator"]) if n]


def test_every_verdict_is_explained() -> None:
    explained = {
        name.strip() for row in rows_of("tbl-nghia-danh-gia") for name in row[0].split(",")
    }
    for codes in GROUPS.values():
        for code in codes:
            said = words_of("verdict")[code]
            assert said in explained or said.split(",")[0] in explained, code


def test_numbers_in_sentences_are_those_of_the_code() -> None:
    assert FEWEST_FOR_RATE == 3 and "chỉ có một hoặc hai trường hợp" in CHAPTER
    assert f"Dưới {FEW_EVENTS} trường hợp" in CHAPTER
    for limit in RATIO_LIMITS:
        assert f"{float(limit):.2f}".replace(".", ",").removesuffix(",00") in CHAPTER
