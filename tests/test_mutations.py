"""A seeded share of the mutations: none crashes, none changes or loses a value in silence."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from mutation_judge import Province
from mutator import KINDS

SHARE = 18
SEED = 2025

UNREAD = ("TCVN3", "VNI", "mojibake", "head of another")
HARMLESS = (
    "inserted rows",
    "inserted column",
    "header words",
    "merged labels",
    "NFD",
    "no letter row",
    "sheets",
    "text numbers",
    "CSV with ;",
    "CSV with ,",
)


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Province:
    return Province(tmp_path_factory.mktemp("province"))


def test_the_clean_province_has_no_finding(province: Province) -> None:
    assert all(not found for _, found in province.clean.values())
    assert len(province.check().findings) == 0


def test_mutated_forms_are_read_right_or_named(province: Province, tmp_path: Path) -> None:
    kinds = Random(SEED).sample(list(KINDS), SHARE)
    verdicts = list(province.judge([(kind, SEED) for kind in kinds], tmp_path))
    assert sorted(one.kind for one in verdicts) == sorted(kinds)
    assert [one for one in verdicts if one.outcome in ("silent", "crash")] == []
    for verdict in verdicts:
        if verdict.kind in HARMLESS:
            assert verdict.outcome == "right", verdict
        if verdict.kind in UNREAD:
            assert verdict.outcome == "refused", verdict
        if verdict.kind.startswith("factor"):
            assert verdict.outcome in ("named", "refused"), verdict


def test_every_kind_is_either_harmless_unread_or_judged_by_value() -> None:
    assert set(HARMLESS) | set(UNREAD) <= set(KINDS)
