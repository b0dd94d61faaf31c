"""What the house asks of every file: formatted, linted, typed, stripped, of itself alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHECKED = ["src", "tests", "benchmarks", "make.py"]


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "format", "--check", *CHECKED],
        ["ruff", "check", *CHECKED],
        ["mypy"],
    ],
    ids=["format", "lint", "types"],
)
def test_tools_find_nothing(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.xdist_group("together")
def test_tests_of_a_group_share_a_worker(request: pytest.FixtureRequest) -> None:
    """A pytest that xdist does not know would build every shared edition in every worker."""
    if "PYTEST_XDIST_WORKER" in os.environ and request.config.getoption("loadgroup", default=False):
        assert request.node.nodeid.endswith("@together")


def _notebooks() -> list[Path]:
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert _notebooks()


@pytest.mark.parametrize("path", _notebooks(), ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs_and_without_functions(path: Path) -> None:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    source = "\n".join("".join(cell["source"]) for cell in code)
    assert "def " not in source and "lambda" not in source
    lines = [line for line in source.splitlines() if line.strip() and line[:2] != "#|"]
    assert len(lines) <= 60
    assert sum("parameters" in cell["metadata"].get("tags", []) for cell in code) == 1


def _texts() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.split(b"\0")
    endings = {".py", ".md", ".yml", ".qmd", ".csv", ".ipynb", ".json", ".lua", ".typ", ".txt"}
    paths = [ROOT / name.decode() for name in listed if name]
    return [path for path in paths if path.suffix in endings and path.exists()]


def test_text_is_nfc_utf8_and_names_no_machine() -> None:
    faults = []
    for path in _texts():
        text = path.read_text("utf-8")
        if not unicodedata.is_normalized("NFC", text):
            faults.append(f"{path}: not NFC")
        if "/wor" + "k/" in text or "/opt/qua" + "rto" in text:
            faults.append(f"{path}: names a folder of a machine")
    assert faults == []
