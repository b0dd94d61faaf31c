"""The generated submissions: labelled, repeatable, and with every fault where it says."""

from __future__ import annotations

import csv
import datetime as dt
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest

from treem.areas import load_geography
from treem.demo import write_demo
from treem.edition import GENERATED_NOTICE, load_edition
from treem.errors import UsageError
from treem.indicators.compute import compute
from treem.intake.observations import records
from treem.intake.workbook import read_submissions
from treem.plan.register import load_register
from treem.quality import check

FOLDER = "data/demo/demo-2024"


@pytest.fixture(scope="module")
def demo(project):
    edition, register = load_edition(project, "demo-2024"), load_register(project)
    areas = load_geography(project)
    received = read_submissions(project, edition, register, areas)
    checked = check(project, edition, register, areas, received.observations)
    results = compute(project, edition, register, areas, checked.observations)
    return {
        "findings": records(received.findings) + records(checked.findings),
        "observations": records(checked.observations),
        "results": {(r["area_code"], r["year"], r["measure"]): r for r in records(results)},
    }


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_same_seed_writes_the_same_files(project, project_copy):
    written = write_demo(project_copy, load_edition(project_copy, "demo-2025"))
    folder = project.root / "data/demo/demo-2025"
    assert {p.name for p in written} == {p.name for p in (folder / "2025").iterdir()}
    for path in written:
        committed = project.root / path.relative_to(project_copy.root)
        if path.suffix == ".xlsx":  # members, because another zlib may pack the same otherwise
            assert members(path) == members(committed), path.name
        elif path.name != "SOURCES.csv":
            assert path.read_bytes() == committed.read_bytes()


def test_real_editions_are_never_generated(project):
    with pytest.raises(UsageError, match="số liệu thật"):
        write_demo(project, load_edition(project, "2022"))


def test_every_workbook_and_every_row_of_the_record_says_it_is_generated(project):
    folder = project.root / FOLDER
    with (folder / "SOURCES.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["note"] for row in rows} == {GENERATED_NOTICE}
    assert GENERATED_NOTICE in (folder / "README.md").read_text("utf-8")
    for row in rows:
        book = openpyxl.load_workbook(folder / row["file"])
        assert book.active["A1"].value == GENERATED_NOTICE
        assert book.properties.description == GENERATED_NOTICE
        assert book.active.oddHeader.center.text == GENERATED_NOTICE


def test_the_whole_set_stays_small(project):
    assert sum(p.stat().st_size for p in (project.root / "data/demo").rglob("*.*")) < 3_000_000


def test_every_seeded_error_is_found_at_its_cell(project, demo):
    listed = reversed(demo["findings"])  # the gravest of a cell is the one to name it
    found = {(f["file"], f["cell"]): (f["rule"], f["severity"]) for f in listed}
    lines = (project.root / FOLDER / "README.md").read_text("utf-8").splitlines()
    seeded = [
        match.groups()
        for line in lines
        if (match := re.match(r"\| (\d{4}/\S+\.xlsx) \| (F\d+) \|.*\| `(\w+)` \|$", line))
    ]
    assert len(seeded) == 7
    for file, cell, rule in seeded:
        assert found[f"{FOLDER}/{file}", cell][0] == rule
    record = {key[1] for key, (rule, severity) in found.items() if severity == "record"}
    in_words = set(re.findall(r"F\d+", "\n".join(lines)))
    assert record <= in_words  # nothing is left out that the description does not name


def test_missing_and_replaced_submissions_are_found(demo):
    missing = {
        (f["area_code"], f["year"]) for f in demo["findings"] if f["rule"] == "missing_submission"
    }
    assert missing == {("264", "2022"), ("27", "2023")}
    replaced = [Path(f["file"]).name for f in demo["findings"] if f["rule"] == "superseded"]
    assert replaced == ["258.xlsx"]
    assert not [f for f in demo["findings"] if f["severity"] == "run"]


def province(demo, year):
    return {
        measure: row
        for (area, y, measure), row in demo["results"].items()
        if (area, y) == ("27", year)
    }


def test_2024_shows_every_mode_and_every_verdict_a_year_before_2025_can_have(demo):
    rows = province(demo, 2024)
    assert {row["mode"] for row in rows.values()} == {
        "",
        "TARGET_ONLY",
        "MAINTAIN",
        "THRESHOLD",
        "PATH1",
        "PATH2",
    }
    verdicts = {row["verdict_2025"] for row in rows.values()}
    assert verdicts == {
        "UNDEFINED",
        "NOT_APPLICABLE",
        "NO_DATA",
        "MET",
        "NOT_MET",
        "KEPT",
        "SLIPPING",
        "LOST",
        "AT_THRESHOLD",
        "EARLY",
        "ON_TRACK",
        "ACCELERATE",
        "SLOW",
        "REVERSE",
    }
    assert {row["status"] for row in rows.values()} == {
        "reported",
        "provisional",
        "revised",
        "missing",
        "not_applicable",
        "censored",
    }
    assert {row["certainty"] for row in rows.values()} == {"", "CERTAIN", "UNCERTAIN", "ONE_CASE"}


@pytest.mark.parametrize(
    ("measure", "value", "verdicts"),
    [
        ("CT03.2", "260/22600", ("ACCELERATE", "ACCELERATE")),  # 11.5; P = 11.2; R = 0.94
        ("CT01", "98/121", ("ON_TRACK", "ON_TRACK")),  # 81.0; P = 80.4; R = 1.09
        ("CT14", "116165/116200", ("REVERSE", "REVERSE")),  # 99.97 after 99.99
        ("CT16", "26004/25900", ("EARLY", "EARLY")),  # 100.4, may exceed 100
        ("CT07", "481/483", ("LOST", "LOST")),
        ("CT12", "0/0", ("NOT_APPLICABLE", "NOT_APPLICABLE")),
    ],
)
def test_chosen_results_of_2024(demo, measure, value, verdicts):
    row = province(demo, 2024)[measure]
    assert f"{row['numerator']}/{row['denominator']}" == value
    assert (row["verdict_2025"], row["verdict_2030"]) == verdicts


def test_a_missing_district_leaves_the_province_of_its_year_without_figures(demo):
    for measure, row in province(demo, 2022).items():
        if row["areas_expected"]:
            assert (row["status"], row["value"]) == ("missing", ""), measure
            assert "264" in row["missing_areas"].split()
            assert "huyện Lương Tài" in row["reason"]
    assert province(demo, 2022)["CT04.2"]["value"] == "12.3"


def test_names_are_those_of_31_december(demo):
    names = {y: demo["results"]["259", y, "CT01"]["area_name"] for y in (2022, 2023)}
    assert names == {2022: "Huyện Quế Võ", 2023: "Thị xã Quế Võ"}


def test_communes_are_those_that_existed(demo, project):
    areas = load_geography(project)
    for year in (2021, 2023, 2024):
        known = areas.on(dt.date(year, 12, 31), "commune")
        assert int(province(demo, year)["CT01"]["denominator"]) == len(known)
