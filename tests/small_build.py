"""A project whose whole road takes seconds: one year, ten workbooks, notebooks of one cell.

What every notebook prints is a checksum of the rows that it may read, so that one that is taken
over where it should not be shows in the package.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import openpyxl
import yaml

from treem.project import Project

ROOT = Path(__file__).resolve().parent.parent
EDITION = "nho"
FOLDER = "data/demo/demo-2024"
COPIED = ("_extensions", "_language-vi.yml", "_quarto.yml", "data/areas", "data/plan",
          "data/published", "data/source", "expectations", "params/disclosure", "params/intake",
          "requirements.lock")  # fmt: skip
TEMPLATES = ("overview", "plan", "summary_table", "quality", "trace", "province", "district")
CELL = """\
import csv, hashlib, os, pathlib
from IPython.display import Markdown, display
folder = pathlib.Path(os.environ["TREEM_TABLES"])
rows = list(csv.DictReader((folder / "results.csv").open(encoding="utf-8")))
mine = repr([row for row in rows if int(row["year"]) <= YEAR])
display(Markdown("Dòng đã đọc: " + hashlib.sha256(mine.encode()).hexdigest()))"""
CHAPTERS = {
    "index.qmd": "# Mở đầu {.unnumbered}\n\nBáo cáo thử.\n",
    "chapters/phuong-phap.qmd": "# Phương pháp\n\nCách làm.\n",
    "chapters/ket-thuc.qmd": "# Kết thúc {.unnumbered}\n\nHết.\n",
}


def small_project(root: Path, years: tuple[int, ...] = (2024,)) -> Project:
    """Lay out the project; `years` are the years of the edition."""
    for name in COPIED:
        source, target = ROOT / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, target)
    for year in years:
        shutil.copytree(ROOT / FOLDER / str(year), root / FOLDER / str(year))
    for name, text in CHAPTERS.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, "utf-8")
    params = yaml.safe_load((ROOT / "params" / "demo-2024.yml").read_text("utf-8"))
    params |= {"edition": EDITION, "years": list(years), "year": years[-1]}
    (root / "params" / f"{EDITION}.yml").write_text(
        yaml.safe_dump(params, allow_unicode=True), "utf-8"
    )
    (root / "notebooks").mkdir()
    for name in TEMPLATES:
        (root / "notebooks" / f"{name}.ipynb").write_text(_template(name), "utf-8")
    return Project(root)


def _template(name: str) -> str:
    of_a_place = name in ("province", "district")
    parameters = 'project = "."\nedition = "x"'
    title = f"# Sổ {name}"
    if of_a_place:
        parameters += '\ngeography = "old-27"\nyear = 2024\narea_code = "27"'
        title += " {area_code} năm {year}"
    cells = [
        {"cell_type": "markdown", "id": "dau", "metadata": {}, "source": title},
        _code("tham-so", parameters, ["parameters"]),
        _code("o-1", CELL.replace("YEAR", "year" if of_a_place else "9999"), []),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    made = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(made, ensure_ascii=False)


def _code(name: str, source: str, tags: list[str]) -> dict[str, object]:
    return {"cell_type": "code", "id": name, "metadata": {"tags": tags}, "source": source,
            "outputs": [], "execution_count": None}  # fmt: skip


def command(project: Project, *arguments: str) -> list[str]:
    """The command that does the whole road."""
    return [sys.executable, "-m", "treem", "report", EDITION, "--publisher", "embedded",
            "--jobs", "2", "--project", str(project.root), *arguments]  # fmt: skip


def build(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Do the whole road, as a person does."""
    return subprocess.run(
        command(project, *arguments), capture_output=True, encoding="utf-8", check=False
    )


def contents(project: Project) -> dict[str, bytes]:
    """All that a build left for readers: tables, notebooks, package, archive."""
    report = project.root / "reports" / EDITION
    return {
        path.relative_to(report).as_posix(): path.read_bytes()
        for path in sorted(report.rglob("*"))
        if path.is_file()
        and not path.relative_to(report).parts[0].startswith(".")
        and path.name != "run.json"
    }


def leftovers(project: Project) -> set[str]:
    """Everything that no finished build leaves behind."""
    report = project.root / "reports" / EDITION
    known = {"tables", "protected", "protection", "notebooks", "public", "run.json", ".lock"}
    known |= {".cache", f"goi-xuat-ban-{EDITION}.zip"}
    found = {path.name for path in report.iterdir()} - known
    found |= {path.name for path in report.rglob(".part-*")}
    return found | {path.name for path in project.root.glob("._quarto*")}


def processes_of(project: Project) -> list[str]:
    """The command lines of other processes that work for this project or in its folder."""
    root, found = str(project.root), []
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) == os.getpid():
            continue
        try:
            command = (folder / "cmdline").read_bytes()
            own = command + (folder / "environ").read_bytes()
            where = os.readlink(folder / "cwd")
        except OSError:
            continue
        if root.encode() in own or where.startswith(root):
            found.append(command.replace(b"\0", b" ").decode("utf-8", "replace"))
    return found


def wait_for_the_end_of_all(project: Project, seconds: float = 20) -> list[str]:
    """Wait until nothing works for this project any more; returns what still does."""
    deadline = time.monotonic() + seconds
    while (left := processes_of(project)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def package_is_whole(project: Project) -> bool:
    """Whether a reader finds every file of the manifest with its checksum, and an archive of it."""
    package = project.root / "reports" / EDITION / "public"
    listed = json.loads((package / "manifest.json").read_text("utf-8"))["files"]
    found = {path.relative_to(package).as_posix(): path.read_bytes()
             for path in package.rglob("*") if path.is_file()}  # fmt: skip
    with zipfile.ZipFile(package.parent / f"goi-xuat-ban-{EDITION}.zip") as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in found.items()}
    del sums["manifest.json"]
    return packed == found and sums == {entry["path"]: entry["sha256"] for entry in listed}


def kill_after(project: Project, words: str, seconds: float, *, group: bool) -> bool:
    """Start a build and kill it `seconds` after it said `words`; whether it was killed.

    `group` kills its process group, else only the process itself.
    """
    with subprocess.Popen(
        command(project), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, encoding="utf-8",
        start_new_session=True,
    ) as running:  # fmt: skip
        assert running.stderr is not None
        for line in running.stderr:
            if words in line:
                break
        time.sleep(seconds)
        killed = running.poll() is None
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(running.pid, signal.SIGKILL)
    return killed


def change_workbook(project: Project, year: int, unit: str, by: int = 1) -> None:
    """Change the first number of a workbook, and its row of the record."""
    folder = project.root / FOLDER / str(year)
    path = folder / f"{unit}.xlsx"
    book = openpyxl.load_workbook(path)
    cells = (cell for row in book.worksheets[0].iter_rows(min_row=9, min_col=8, max_col=8)
             for cell in row)  # fmt: skip
    cell = next(cell for cell in cells if isinstance(cell.value, int))
    cell.value += by
    book.save(path)
    data, record = path.read_bytes(), folder / "SOURCES.csv"
    with record.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        if row["file"] == path.name:
            row |= {"sha256": hashlib.sha256(data).hexdigest(), "size": str(len(data))}
    with record.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
