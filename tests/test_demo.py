"""The generated submissions: labelled, repeatable, as offices send them, every fault as it says."""

from __future__ import annotations

import csv
import datetime as dt
import re
import unicodedata
import zipfile
from pathlib import Path

import openpyxl
import pytest
import yaml

from treem.areas import load_geography
from treem.demo import write_demo
from treem.demo_figures import fill, number_of
from treem.demo_shapes import SHAPES, to_tcvn3
from treem.edition import GENERATED_NOTICE, load_edition
from treem.errors import MachineError, UsageError
from treem.indicators.compute import compute
from treem.intake.encodings import convert, detect
from treem.intake.forms import HEADERS, IDS_SHEET, SHEET, row_id
from treem.intake.observations import records
from treem.intake.sources import located
from treem.intake.units import units_owing
from treem.intake.workbook import read_submissions
from treem.plan.register import load_register
from treem.quality import check

EDITIONS = ("demo-2024", "demo-2025")
FOLDER = "data/demo"


def sources(folder: Path) -> list[dict[str, str]]:
    """Every row of every record of a folder, with the path of its file."""
    rows = []
    for record in sorted(folder.glob("*/SOURCES.csv")):
        with record.open(encoding="utf-8", newline="") as stream:
            rows += [
                row | {"path": located(record.parent, row["file"])}
                for row in csv.DictReader(stream)
            ]
    return rows


def design_of(project, edition):
    return yaml.safe_load((project.root / FOLDER / f"{edition}.yml").read_text("utf-8"))


@pytest.fixture(scope="module")
def read(project):
    """What the reader and the rules make of each edition."""
    register, areas = load_register(project), load_geography(project)
    found = {}
    for name in EDITIONS:
        edition = load_edition(project, name)
        received = read_submissions(project, edition, register, areas)
        checked = check(project, edition, register, areas, received.observations)
        found[name] = {
            "findings": records(received.findings) + records(checked.findings),
            "received": records(received.observations),
            "checked": checked.observations,
        }
    return found


@pytest.fixture(scope="module")
def results(project, read):
    edition, register = load_edition(project, "demo-2024"), load_register(project)
    areas = load_geography(project)
    rows = records(compute(project, edition, register, areas, read["demo-2024"]["checked"]))
    return {(r["area_code"], r["year"], r["measure"]): r for r in rows}


# --- generated, and said so -------------------------------------------------------------------


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("name", EDITIONS)
def test_the_same_seed_writes_the_same_files(project, project_copy, name):
    written = write_demo(project_copy, load_edition(project_copy, name))
    folder = project.root / FOLDER / name
    kept = {path.relative_to(folder) for path in folder.glob("*/*.*")}
    assert {path.relative_to(project_copy.root / FOLDER / name) for path in written} == kept
    for path in written:
        committed = project.root / path.relative_to(project_copy.root)
        if path.suffix == ".xlsx":  # members, because another zlib may pack the same otherwise
            assert members(path) == members(committed), path.name
        elif path.name != "SOURCES.csv":
            assert path.read_bytes() == committed.read_bytes()


def test_real_editions_are_never_generated(project):
    with pytest.raises(UsageError, match="số liệu thật"):
        write_demo(project, load_edition(project, "2022"))


@pytest.mark.parametrize("name", EDITIONS)
def test_every_file_and_every_row_of_the_records_says_it_is_generated(project, name):
    folder = project.root / FOLDER / name
    rows = sources(folder)
    assert {row["note"] for row in rows} == {GENERATED_NOTICE}
    assert GENERATED_NOTICE in (folder / "README.md").read_text("utf-8")
    for row in rows:
        if row["path"].suffix == ".csv":
            assert GENERATED_NOTICE in row["path"].read_text("utf-8-sig").splitlines()[0]
            continue
        parts = b"".join(members(row["path"]).values()).decode("utf-8")
        text = unicodedata.normalize("NFC", parts)
        # Two properties, header, footer, and the first cell, which may be in an old encoding.
        said = text.count(GENERATED_NOTICE)
        assert said >= 5 or (said == 4 and to_tcvn3(GENERATED_NOTICE) in parts), row["file"]


def test_the_whole_set_stays_small(project):
    sizes = {p: p.stat().st_size for p in (project.root / FOLDER).rglob("*.xlsx")}
    assert max(sizes.values()) < 18_000
    assert sum(sizes.values()) < 2_500_000


def test_files_of_an_older_design_are_removed(project_copy):
    stray = project_copy.root / FOLDER / "demo-2024" / "2021" / "999.xlsx"
    stray.write_bytes(b"old")
    write_demo(project_copy, load_edition(project_copy, "demo-2024"))
    assert not stray.exists()


# --- as offices send them ---------------------------------------------------------------------


def files_with(project, shape):
    """The files of both editions that have a shape, each as a workbook."""
    found = []
    for name in EDITIONS:
        design, rows = design_of(project, name), sources(project.root / FOLDER / name)
        looks = {(s["unit"], s["year"]): s for s in design["shapes"]}
        again = {(s["unit"], s["year"]): s for s in design["resent"]}
        for row in rows:
            key = (row["unit_code"], int(row["year"]))
            is_first = key in again and not row["supersedes"]
            look = again[key].get("first_shapes", ()) if is_first else None
            shapes = looks.get(key, {}).get("shapes", ()) if look is None else look
            if shape in shapes:
                found.append(openpyxl.load_workbook(row["path"]))
    assert found, shape
    return found


def test_every_shape_is_used_and_every_shape_used_exists(project):
    used = set()
    for name in EDITIONS:
        design = design_of(project, name)
        used |= {s for row in design["shapes"] for s in row.get("shapes", ())}
        used |= {s for row in design["resent"] for s in row.get("first_shapes", ())}
    assert used == set(SHAPES)


def test_inserted_rows_and_columns_move_the_table(project):
    for book in files_with(project, "inserted_rows"):
        assert [book[SHEET].cell(row, 1).value for row in (6, 7)] == [
            "Kèm theo công văn của đơn vị",
            HEADERS[0],
        ]
    for book in files_with(project, "inserted_column"):
        header = [cell.value for cell in book[SHEET][6]]
        assert header[7:9] == ["Nguồn số liệu", "Giá trị"]


def test_cells_are_merged_rows_hidden_and_ids_lost(project):
    for book in files_with(project, "merged_cells"):
        tall = [a for a in book[SHEET].merged_cells.ranges if a.max_row > a.min_row]
        assert len(tall) > 50
    for book in files_with(project, "hidden_row"):
        hidden = [r for r, look in book[SHEET].row_dimensions.items() if look.hidden]
        assert len(hidden) == 2
    for book in files_with(project, "no_ids"):
        assert IDS_SHEET not in book.sheetnames


def values(book):
    return [v for row in book[SHEET].iter_rows(values_only=True) for v in row if v is not None]


def test_numbers_come_as_text_with_both_decimal_marks_notes_and_not_read(project):
    texts = [v for book in files_with(project, "text_numbers") for v in values(book)]
    texts = [v for v in texts if isinstance(v, str)]
    for pattern in (r"\d+\u00a0\d{3}", r"\d+,0", r"\d+\.\d", r" \d+,\d%"):
        assert any(re.fullmatch(pattern, text) for text in texts), pattern
    notes = [v for book in files_with(project, "note_marks") for v in values(book)]
    assert any(re.fullmatch(r"\d+\*", str(v)) for v in notes)
    assert any(re.fullmatch(r"\d+ \(1\)", str(v)) for v in notes)
    for book in files_with(project, "formula"):
        assert sum(str(v).startswith("=") for v in values(book)) == 1


def test_text_comes_decomposed_or_in_tcvn3(project):
    for book in files_with(project, "nfd"):
        texts = [v for v in values(book) if isinstance(v, str)]
        assert all(unicodedata.is_normalized("NFD", text) for text in texts)
    files = [path for name in EDITIONS for path in (project.root / FOLDER / name).glob("*/*.*")]
    decomposed = [path for path in files if not unicodedata.is_normalized("NFC", path.name)]
    assert len(decomposed) == 4
    for book in files_with(project, "tcvn3"):
        sheet = book.worksheets[0]
        texts = [v for row in sheet.iter_rows(values_only=True) for v in row if isinstance(v, str)]
        assert {c.font.name for row in sheet.iter_rows() for c in row if c.value} == {".VnTime"}
        assert detect(texts) == "tcvn3"
        assert "Tỷ lệ trẻ em dưới 5 tuổi được đăng ký khai sinh" in [
            convert(text, "tcvn3") for text in texts
        ]


def test_csv_is_that_of_a_vietnamese_excel(project):
    paths = [p for p in (project.root / FOLDER).glob("*/*/*.csv") if p.name != "SOURCES.csv"]
    assert len(paths) == 5
    for path in paths:
        data = path.read_bytes()
        assert data.startswith(b"\xef\xbb\xbf") and b"\r\n" in data
        header = next(line for line in data.decode("utf-8-sig").splitlines() if "STT" in line)
        assert tuple(header.split(";")) == HEADERS


# --- files that LibreOffice saved -------------------------------------------------------------


def without_office(monkeypatch):
    monkeypatch.setattr("treem.demo_files.shutil.which", lambda name: None)


def test_a_file_that_libreoffice_saved_is_kept_while_its_values_agree(
    project, project_copy, monkeypatch
):
    without_office(monkeypatch)
    path = project_copy.root / FOLDER / "demo-2024/2024/260.xlsx"
    before = path.read_bytes()
    assert b"LibreOffice" in members(path)["docProps/app.xml"]
    write_demo(project_copy, load_edition(project_copy, "demo-2024"))
    assert path.read_bytes() == before


def test_without_libreoffice_changed_figures_stop_with_what_to_do(project_copy, monkeypatch):
    without_office(monkeypatch)
    design = project_copy.root / FOLDER / "demo-2024.yml"
    text = design.read_text("utf-8")
    design.write_text(text.replace("births: [24600, 23900", "births: [24600, 24900"), "utf-8")
    with pytest.raises(MachineError, match=r"256\.xlsx.*LibreOffice.*chạy lại treem demo"):
        write_demo(project_copy, load_edition(project_copy, "demo-2024"))


# --- read back --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EDITIONS)
def test_every_figure_is_read_as_its_sender_meant_it(project, read, name):
    """Whatever the shape: each count entered is read exactly, but for the seeded errors."""
    edition, register = load_edition(project, name), load_register(project)
    areas, design = load_geography(project), design_of(project, name)
    seeded = {
        (e["unit"], e["year"], row_id(e["measure"], e["part"], e.get("stratum", "")))
        for e in design["errors"]
    }
    seen = 0
    got = {
        (r["area_code"], r["year"], row_id(r["measure"], r["part"], r["stratum"])): r
        for r in read[name]["received"]
        if not r["superseded_by"]
    }
    for year in design["years"]:
        units = units_owing(edition, register, areas, year)
        filled = fill(design, edition, register, areas, units, year, edition.generator.seed)
        missing = {m["unit"] for m in design["missing"] if m["year"] == year}
        not_read = {
            s["unit"]
            for s in design["shapes"]
            if s["year"] == year and {"formula", "tcvn3"} & set(s.get("shapes", ()))
        }
        for unit in units:
            if unit.kind == "department" or unit.code in missing | not_read:
                continue
            for row, entry in filled[unit.code].items():
                if (unit.code, year, row) not in seeded:
                    assert got[unit.code, year, row]["value"] == str(number_of(entry)), (unit, row)
                    seen += 1
    assert seen > 1500


@pytest.mark.parametrize(("name", "errors"), [("demo-2024", 7), ("demo-2025", 7)])
def test_every_seeded_error_is_found_at_its_cell(project, read, name, errors):
    found: dict[tuple[str, str], set[str]] = {}
    for f in read[name]["findings"]:
        found.setdefault((f["file"], f["cell"]), set()).add(f["rule"])
    lines = (project.root / FOLDER / name / "README.md").read_text("utf-8").splitlines()
    seeded = [
        match.groups()
        for line in lines
        if (match := re.match(r"\| (\d{4}/\S+\.xlsx) \| (H\d+) \|.*\| `(\w+)` \|$", line))
    ]
    assert len(seeded) == errors
    assert sorted(rule for _, _, rule in seeded) == sorted(
        e["rule"] for e in design_of(project, name)["errors"]
    )
    for file, cell, rule in seeded:
        assert rule in found[f"{FOLDER}/{name}/{file}", cell]


def test_nothing_stops_a_run(read):
    for name in EDITIONS:
        assert not [f for f in read[name]["findings"] if f["severity"] == "run"]


def test_missing_and_replaced_submissions_are_found(read):
    missing = {
        name: {
            (f["area_code"], f["year"])
            for f in read[name]["findings"]
            if f["rule"] == "missing_submission"
        }
        for name in EDITIONS
    }
    assert missing["demo-2024"] == {("264", "2022"), ("27", "2023")}
    assert missing["demo-2025"] == {("27", "2023")}
    replaced = {
        name: {Path(f["file"]).name for f in read[name]["findings"] if f["rule"] == "superseded"}
        for name in EDITIONS
    }
    assert replaced["demo-2024"] == {"258.xlsx", "263.xlsx"}
    assert replaced["demo-2025"] == {
        "258.xlsx", "09208.xlsx", "07351.xlsx", "07654.xlsx", "07696.xlsx",
    }  # fmt: skip


# --- what the review of 2024 shows ------------------------------------------------------------


def province(results, year):
    return {m: row for (area, y, m), row in results.items() if (area, y) == ("27", year)}


def test_2024_shows_every_mode_and_every_verdict_a_year_before_2025_can_have(results):
    rows = province(results, 2024)
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
def test_chosen_results_of_2024(results, measure, value, verdicts):
    row = province(results, 2024)[measure]
    assert f"{row['numerator']}/{row['denominator']}" == value
    assert (row["verdict_2025"], row["verdict_2030"]) == verdicts


def test_a_missing_district_leaves_the_province_of_its_year_without_figures(results):
    for measure, row in province(results, 2022).items():
        if row["areas_expected"]:
            assert (row["status"], row["value"]) == ("missing", ""), measure
            assert "264" in row["missing_areas"].split()
            assert "huyện Lương Tài" in row["reason"]
    assert province(results, 2022)["CT04.2"]["value"] == "12.3"


def test_names_are_those_of_31_december(results):
    names = {y: results["259", y, "CT01"]["area_name"] for y in (2022, 2023)}
    assert names == {2022: "Huyện Quế Võ", 2023: "Thị xã Quế Võ"}


def test_communes_are_those_that_existed(results, project):
    areas = load_geography(project)
    for year in (2021, 2023, 2024):
        known = areas.on(dt.date(year, 12, 31), "commune")
        assert int(province(results, year)["CT01"]["denominator"]) == len(known)
