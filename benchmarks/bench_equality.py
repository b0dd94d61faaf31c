"""All notebooks of an edition by our engine and by ordinary kernels: the same bytes are kept.

Slow, because every notebook runs in a kernel of its own; `tests/test_engine.py` holds the engine to
papermill over awkward notebooks.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from treem.edition import load_edition
from treem.notebooks.runner import Engine, execute
from treem.project import Project

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("equal") / "project"
    ignored = shutil.ignore_patterns(".*", "reports", "_quarto-*.yml", "__pycache__")
    shutil.copytree(ROOT, root, ignore=ignored)
    return Project(root)


@pytest.mark.parametrize("name", ["2022", "demo-2024"])
def test_every_notebook_of_an_edition_is_the_same(
    project: Project, name: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "treem", "run", name, "--project", str(project.root)]
    subprocess.run(command, check=True, capture_output=True)
    read = project.report(name).read
    kept: dict[str, dict[str, bytes]] = {}
    engines: tuple[Engine, ...] = ("auto", "kernel")
    for engine in engines:
        folder = tmp_path / engine
        shutil.copytree(read, folder / "tables")
        execute(
            project,
            load_edition(project, name),
            tables=folder / "tables",
            notebooks=folder / "notebooks",
            failed=folder / "failed",
            jobs=2,
            engine=engine,
        )
        kept[engine] = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted((folder / "notebooks").rglob("*.ipynb"))
        }
        kept[engine]["figures"] = (folder / "tables" / "figures.jsonl").read_bytes()
    assert kept["auto"].keys() == kept["kernel"].keys()
    assert len(kept["auto"]) > 7
    for path, ours in kept["auto"].items():
        assert ours == kept["kernel"][path], path
    assert b"image/png" in b"".join(kept["auto"].values())
