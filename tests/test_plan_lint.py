"""The lint of the plan as issued: what people found, what they missed, and its form."""

from __future__ import annotations

import csv
import re
import subprocess
import sys

import pytest

from plan_texts import FILE, NATIONAL, ROOT, TEXT, lint_of, stem
from treem.plan.lint import lint, lint_file, to_json, to_text
from treem.plan.model import Discrepancy
from treem.plan.source import read_plan
from treem.project import Project

KINDS = set(
    "value comparator missing_cell missing_sentence extra_target loosening subset "
    "baseline_meets_target baseline_missing censored unit scale decimal_mark row_shape label "
    "agency spelling".split()
)
WHERE = {"text", "table", "label", "national", "baseline", "duty"}
BY_PEOPLE = list(
    csv.DictReader(
        (ROOT / "tests" / "data" / "plan" / "found_by_people.csv").read_text("utf-8").splitlines()
    )
)


@pytest.fixture(scope="module")
def rows() -> dict[str, Discrepancy]:
    return lint_of(TEXT)


@pytest.mark.parametrize("entry", BY_PEOPLE, ids=[entry["number"] for entry in BY_PEOPLE])
def test_what_people_found_is_found(entry: dict[str, str], rows: dict[str, Discrepancy]) -> None:
    assert bool(entry["ids"]) != bool(entry["reason"])
    found = {stem(one) for one in rows}
    assert set(entry["ids"].split()) <= found


def test_46_were_found_by_people_and_44_can_be_found_here() -> None:
    assert len(BY_PEOPLE) == 46
    assert [entry["number"] for entry in BY_PEOPLE if entry["reason"]] == ["D36", "D37"]


@pytest.mark.parametrize(
    "missed",
    [
        "CT03.1-subset-province-2030",
        "CT07-missing_sentence-year",
        "CT12-missing_sentence-year",
        "CT06-censored-baseline",
        "CT06-baseline_meets_target",
        "CT07-baseline_meets_target",
        "CT12-baseline_meets_target",
        "CT20.1-label-national",
        "KH-decimal_mark",
    ],
)
def test_what_people_missed_is_found(missed: str, rows: dict[str, Discrepancy]) -> None:
    assert missed in {stem(one) for one in rows}


def test_nothing_else_is_claimed(rows: dict[str, Discrepancy]) -> None:
    """Every row is one of the 46 or of those above: no false alarms on the plan as issued."""
    known = {one for entry in BY_PEOPLE for one in entry["ids"].split()}
    known |= {
        "CT03.1-subset-province-2030", "CT07-missing_sentence-year", "CT12-missing_sentence-year",
        "CT06-censored-baseline", "CT06-baseline_meets_target", "CT07-baseline_meets_target",
        "CT12-baseline_meets_target", "CT20.1-label-national", "KH-decimal_mark",
    }  # fmt: skip
    assert {stem(one) for one in rows} == known


def test_rows_use_the_words_of_the_specification(rows: dict[str, Discrepancy]) -> None:
    for row in rows.values():
        assert row.kind in KINDS
        assert row.severity in {"high", "medium", "low"}
        assert row.places
        assert row.effect.endswith(".")
        assert "{" not in row.effect
        for place in row.places:
            assert place.where in WHERE
            assert (place.line is None) == (place.where == "national")
            assert re.fullmatch(r"-?\d+(\.\d+)?|", place.value)


def test_places_quote_the_lines_they_name(rows: dict[str, Discrepancy]) -> None:
    lines = TEXT.split("\n")
    for row in rows.values():
        for place in row.places:
            if place.line is None or not place.words or place.where == "duty":
                continue
            here = " ".join(line.strip() for line in lines[place.line - 6 : place.line + 6])
            assert place.words.split(" ")[0] in here


@pytest.mark.parametrize(
    ("one", "severity"),
    [
        ("CT05.1-value-province-2025", "high"),
        ("CT03.1-comparator-province-2025", "high"),
        ("CT09-loosening-text-2030", "high"),
        ("CT13-unit-province", "high"),
        ("CT20.2-missing_cell-province-2025", "high"),
        ("CT03.1-baseline_meets_target", "high"),
        ("CT05.1-baseline_meets_target", "medium"),
        ("CT03.3-value-national-2025", "medium"),
        ("CT02-baseline_missing", "medium"),
        ("CT04.2-decimal_mark-table", "low"),
        ("CT04.1-row_shape", "low"),
        ("KH-spelling", "low"),
    ],
)
def test_severity_follows_the_effect_on_a_verdict(
    one: str, severity: str, rows: dict[str, Discrepancy]
) -> None:
    assert {row.severity for row in rows.values() if stem(row.id) == one} == {severity}


def row_of(rows: dict[str, Discrepancy], one: str) -> Discrepancy:
    (found,) = [row for row in rows.values() if stem(row.id) == one]
    return found


def test_a_conflict_names_both_places_with_words_and_values(rows: dict[str, Discrepancy]) -> None:
    row = row_of(rows, "CT05.1-value-province-2025")
    assert [(p.where, p.line, p.words, p.value) for p in row.places] == [
        ("text", 54, "đạt 98% vào năm 2025", "98"),
        ("table", 571, "97", "97"),
        ("label", 567, "đạt 97% vào năm 2025", "97"),
    ]
    assert "≥98" in row.effect
    assert "≥97" in row.effect


def test_swapped_cells_are_recognised(rows: dict[str, Discrepancy]) -> None:
    assert "bị đảo" in row_of(rows, "CT05.1-value-national-2025").effect


def test_the_comparator_that_decides_over_the_baseline_is_told(
    rows: dict[str, Discrepancy],
) -> None:
    assert "kết quả 2020" in row_of(rows, "CT03.1-comparator-province-2025").effect
    assert "kết quả 2020" not in row_of(rows, "CT06-comparator-province-2030").effect


def test_the_misspelt_agency_is_found_from_the_document_itself(
    rows: dict[str, Discrepancy],
) -> None:
    slips = [row for row in rows.values() if row.kind == "spelling"]
    assert "Sở Lao động - Thưng binh và Xã hội" in slips[0].effect
    assert (slips[0].places[0].where, slips[0].places[0].line) == ("duty", 284)
    assert {slip.places[0].line for slip in slips} == {284, 190, 235}


def test_json_has_the_form_of_the_design(project: Project) -> None:
    answer = to_json(lint_file(FILE, project))
    assert all(
        list(row) == ["id", "measure", "kind", "severity", "effect", "places"] for row in answer
    )
    assert all(
        list(place) == ["where", "line", "words", "value"]
        for row in answer
        for place in row["places"]
    )
    assert len({row["id"] for row in answer}) == len(answer)


def test_the_listing_is_vietnamese_and_counts_severities(rows: dict[str, Discrepancy]) -> None:
    text = to_text(list(rows.values()))
    high = sum(row.severity == "high" for row in rows.values())
    assert text.startswith(f"{len(rows)} chỗ vênh ({high} nặng,")
    assert "lời mục I.2, dòng 54: “đạt 98% vào năm 2025”" in text
    words = set(re.sub(r"\([^)]*\)", "", text).split())
    assert not words & (KINDS - {"label"}) | words & {"high", "medium", "low", "table", "text"}


def test_a_plan_without_conflicts_says_so() -> None:
    assert to_text([]) == "Không tìm thấy chỗ vênh nào."


def test_without_the_decision_only_the_plan_itself_is_linted() -> None:
    alone = lint(read_plan(TEXT, "x"), [])
    assert {row.id for row in alone if row.kind == "loosening"} == {
        row.id for row in lint(read_plan(TEXT, "x"), NATIONAL) if row.kind == "loosening"
    }
    assert not [row for row in alone if any(p.where == "national" for p in row.places)]


def test_the_lint_does_not_load_heavy_packages() -> None:
    code = (
        "import sys, treem.plan.lint, treem.plan.register; "
        "print([m for m in ('pandas', 'numpy', 'matplotlib', 'openpyxl') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
