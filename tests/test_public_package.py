"""What leaves the office: nothing of it tells a small count, in no byte of no file."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import openpyxl
import pytest

from attacker import attack
from conftest import run_treem
from treem.areas import load_geography
from treem.audit.manifest import computed_from
from treem.disclosure.ledger import ledger_files
from treem.disclosure.places import area_links
from treem.edition import load_edition
from treem.intake.forms import SHEET
from treem.project import Project

EDITION = "demo-2024"
PLACE = ("geography", "area_code", "year", "stratum", "measure")
LEDGER_COLUMNS = (
    *PLACE,
    "status",
    *("numerator", "denominator", "value"),
    *("pooled_from", "pooled_numerator", "pooled_denominator"),
)
# Two of 23,457 children are not registered, which is a small count; abuse is never shown below
# the province. Both numbers are unlike any other, so that a trace of them can be recognised.
ALMOST_ALL, EVERYONE, ABUSED = 23455, 23457, 13579
PLANTED = {
    ("CT14", "Tử số"): ALMOST_ALL,
    ("CT14", "Mẫu số"): EVERYONE,
    ("CT05.2", "Mẫu số"): EVERYONE,
    ("CT09", "Tử số"): ABUSED,
}
SHAPES = [
    # not within a checksum
    re.compile(rf"(?<![\da-f]){number // 1000}[., \u00a0\u202f]?{number % 1000:03}(?![\da-f])")
    for number in (ALMOST_ALL, ABUSED)
]


@pytest.mark.xdist_group("build")
def test_planted_counts_are_in_no_byte_that_is_published(project_copy: Project) -> None:
    _only_one_year(project_copy)
    _plant(project_copy)
    root = project_copy.root
    done = run_treem(root, "report", EDITION, "--publisher", "embedded", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    paths = project_copy.report(EDITION)
    inside = (paths.tables / "results.csv").read_text("utf-8")
    assert all(shape.search(inside) for shape in SHAPES)  # the test would see them
    texts = list(_texts(paths.package, paths.notebooks, paths.protected, paths.archive))
    told = [
        f"{name}: {shape.pattern}" for name, text in texts for shape in SHAPES if shape.search(text)
    ]
    assert told == []
    bare = _bare_hashes(project_copy)
    assert len(bare) > 30
    assert [(name, one) for name, text in texts for one in bare if one in text] == []
    assert run_treem(root, "commitments", EDITION).returncode == 0
    _change_a_hidden_count(paths.tables / "results.csv")
    changed = run_treem(root, "commitments", EDITION)
    assert changed.returncode == 1 and "1 dấu không khớp" in changed.stdout


def _bare_hashes(project: Project) -> set[str]:
    """What somebody could try who lacks one small count: beginnings of checksums of what has it."""
    paths = project.report(EDITION)
    files = [*(project.root / "data" / "demo" / EDITION).rglob("*.*")]
    files += [*paths.tables.iterdir(), *(paths.root / "protection").iterdir()]
    found = {hashlib.sha256(path.read_bytes()).hexdigest()[:8] for path in files}
    with (paths.tables / "findings.csv").open(encoding="utf-8", newline="") as source:
        found |= {row["finding_id"] for row in csv.DictReader(source) if row["raw"]}
    found -= {
        hashlib.sha256(path.read_bytes()).hexdigest()[:8]
        for path in paths.protected.iterdir()  # a table of no value is the same on both sides
    }
    return found


def _change_a_hidden_count(path: Path) -> None:
    text = path.read_text("utf-8")
    assert f",{ABUSED}," in text
    place = text.index("old-27,261,2024,,CT09,")
    cut = text.index(f",{ABUSED},", place)
    path.write_text(f"{text[:cut]},1{text[cut + len(str(ABUSED)) + 1 :]}", "utf-8")


def test_an_attacker_with_all_demonstration_editions_learns_nothing(
    project_copy: Project, project: Project
) -> None:
    """Both editions publish 2023 and 2024: what one hides, the other must not tell.

    They heed what the ledger of the project has on record, and are recorded again; demo-2025 puts
    one figure of demo-2024 right.
    """
    kept = Path("params", "disclosure", "ledger")
    if (project.root / kept).exists():
        shutil.copytree(project.root / kept, project_copy.root / kept)
    tables, widths = [], _widths(project_copy)
    whole: dict[tuple[str, str, int], list[tuple[str, str]]] = {}
    for name in ("demo-2024", "demo-2025"):
        edition = load_edition(project_copy, name)
        made_from = computed_from(project_copy, edition)
        done = run_treem(project_copy.root, "protect", name, "--record")
        assert done.returncode == 0, done.stderr
        assert computed_from(project_copy, edition) == made_from  # a new build says the same
        folder = project_copy.report(name).protected
        tables.append((folder / "results.csv").read_text("utf-8"))
        for link in area_links(edition, load_geography(project_copy)):
            if not link.rest:  # the new province is more than the old one
                whole[(*link.whole, link.year)] = list(link.parts)
    _later_heeds_earlier(*tables)
    tables += [_as_table(path) for path in ledger_files(project_copy, edition)]
    assert len(tables) >= 4
    found = attack(tables, whole)
    assert len(found) > 100
    for unknown, (low, high) in found.items():
        least = widths["S3" if unknown[0][0] in ("CT06", "CT09", "CT13") else "S1"]
        assert high - low >= least - 1e-6, (unknown, low, high)


def _later_heeds_earlier(first: str, second: str) -> None:
    """Check that nothing hidden is printed later, and what replaces a printed figure."""
    then, now = (
        {tuple(row[name] for name in PLACE): row for row in csv.DictReader(io.StringIO(text))}
        for text in (first, second)
    )
    shared = then.keys() & now.keys()
    assert len(shared) > 500
    for part in ("numerator", "denominator"):
        assert [p for p in shared if (then[p][part] == "") != (now[p][part] == "")] == []
    revised = {place: now[place] for place in shared if now[place]["replaces"]}
    assert {place[1:] for place in revised} == {
        ("260", "2024", "", "CT22"),
        ("27", "2024", "", "CT22"),
    }
    for place, row in revised.items():
        assert row["replaces"] == then[place]["value"] != row["value"]
        assert row["mark"] == "[r]" and "đính chính DC-TD-1" in row["revision_reason"]


def _as_table(path: Path) -> str:
    """Return what a ledger says in the form of a table of results, for the attacker."""
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    with path.open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            measure, _, part = row["quantity"].rpartition(".")
            first, _, last = row["period"].partition("-")
            place = (row["geography"], row["area_code"], last or first, row["stratum"], measure)
            told = rows.setdefault(place, dict.fromkeys(LEDGER_COLUMNS, ""))
            told |= {**dict(zip(PLACE, place, strict=True)), "status": "reported"}
            if last:
                told |= {f"pooled_{part}": row["value"], "pooled_from": first}
            elif part != "value":
                told[part] = row["value"]
                told["status"] = "suppressed" if not row["value"] else told["status"]
    text = io.StringIO()
    writer = csv.DictWriter(text, LEDGER_COLUMNS)
    writer.writeheader()
    writer.writerows(rows.values())
    return text.getvalue()


def test_public_tables_are_the_same_whatever_the_hidden_counts_are(project_copy: Project) -> None:
    """Other counts with the same sums, as hidden as before: no byte but the commitments differs.

    Notebooks and package are made of these tables alone.
    """
    _only_one_year(project_copy)
    tables, protected = _protected(project_copy)
    # abuse, telephone calls, children without a birth certificate, injuries
    _write(project_copy, "256", {("CT09", "Tử số"): 2, ("CT13", "Tử số"): 0})
    _write(project_copy, "261", {("CT09", "Tử số"): 3, ("CT13", "Tử số"): 2})
    _write(project_copy, "260", {("CT14", "Tử số"): 14406, ("CT11.1", "Tử số"): 22})
    _write(project_copy, "264", {("CT14", "Tử số"): 8363, ("CT11.1", "Tử số"): 15})
    other_tables, other = _protected(project_copy)
    assert other_tables != tables
    assert other.keys() == protected.keys() and len(other) > 5
    for name, content in protected.items():
        assert other[name] == content, name


def _protected(project: Project) -> tuple[str, dict[str, str]]:
    """Protect the edition; return the office's results and every public table as text."""
    import pandas as pd

    done = run_treem(project.root, "protect", EDITION)
    assert done.returncode == 0, done.stderr
    paths = project.report(EDITION)
    found = {}
    for path in paths.protected.iterdir():
        csv_ = path.suffix == ".csv"
        table = pd.read_csv(path, dtype=str, keep_default_na=False) if csv_ else None
        table = pd.read_parquet(path) if table is None else table
        found[path.name] = table.drop(columns="commitment", errors="ignore").to_csv()
    return (paths.tables.parent / "protection" / "cells.csv").read_text("utf-8"), found


def _widths(project: Project) -> dict[str, int]:
    from treem.disclosure.policy import load_policy

    policy = load_policy(project)
    return {name: policy.width(rule.threshold) for name, rule in policy.classes.items()}


def _only_one_year(project: Project) -> None:
    path = project.params / f"{EDITION}.yml"
    text = path.read_text("utf-8")
    path.write_text(re.sub(r"(?m)^years: .*$", "years: [2024]", text), "utf-8")


def _plant(project: Project) -> None:
    """Write the planted counts into one district's workbook."""
    _write(project, "261", PLANTED)


def _write(project: Project, unit: str, values: Mapping[tuple[str, str], int]) -> None:
    """Write counts into a district's workbook and its new checksum on record."""
    folder = project.root / "data" / "demo" / EDITION / "2024"
    path = folder / f"{unit}.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book[SHEET]
    code, left = "", dict(values)
    for row in sheet.iter_rows(min_row=7):
        code = row[1].value or code  # merged over the rows of a measure
        part = str(row[3].value or "").split(":")[0]
        if (code, part) in left:
            row[7].value = left.pop((code, part))
    assert left == {}
    book.save(path)
    record = folder / "SOURCES.csv"
    with record.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    data = path.read_bytes()
    for one in rows:
        if one["file"] == path.name:
            one |= {"sha256": hashlib.sha256(data).hexdigest(), "size": str(len(data))}
    with record.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _texts(*places: Path) -> Iterator[tuple[str, str]]:
    """Yield the text of every file, archives unpacked, PDFs and tables read."""
    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file():
                yield from _texts_of(path)


def _texts_of(path: Path) -> Iterator[tuple[str, str]]:
    if path.suffix in (".docx", ".xlsx", ".zip"):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield f"{path.name}/{name}", archive.read(name).decode("utf-8", "replace")
    elif path.suffix == ".pdf":
        told = subprocess.run(["pdftotext", path, "-"], capture_output=True, check=True)
        yield path.name, told.stdout.decode("utf-8")
        yield path.name, path.read_bytes().decode("latin-1")
    elif path.suffix == ".parquet":
        import pandas as pd

        yield path.name, pd.read_parquet(path).to_csv()
    elif path.suffix == ".ipynb":
        yield path.name, json.dumps(json.loads(path.read_text("utf-8")), ensure_ascii=False)
    else:
        yield path.name, path.read_bytes().decode("utf-8", "replace")
