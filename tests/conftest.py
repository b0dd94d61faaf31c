"""Fixtures shared by all tests: the project as checked out, and a small copy to change."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

from treem.project import Project

# A busy machine must not fail a property: the law counts, not the time of one example.
hypothesis.settings.register_profile("house", deadline=None, print_blob=True)
hypothesis.settings.load_profile("house")

ROOT = Path(__file__).resolve().parent.parent
COPIED = (
    "_extensions",
    "_language-vi.yml",
    "_quarto.yml",
    "chapters",
    "data",
    "expectations",
    "index.qmd",
    "notebooks",
    "params",
    "requirements.lock",
)


@pytest.fixture(scope="session")
def project() -> Project:
    return Project(ROOT)


@pytest.fixture
def project_copy(tmp_path: Path) -> Project:
    """Everything a build reads, in a folder of the test's own, without `src/` and `reports/`.

    The ledger is left out too: tests change what is on record, and are no revisions of it.
    """
    root = tmp_path / "project"
    root.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name)
        else:
            shutil.copy2(source, root / name)
    shutil.rmtree(root / "params" / "disclosure" / "ledger", ignore_errors=True)
    return Project(root)


@pytest.fixture
def treem() -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command as a person runs it: a process of its own, its exit code and both streams."""

    def call(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "treem", *arguments],
            cwd=cwd,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return call


EDITIONS = ("2022", "demo-2024")


def run_treem(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command on a project of the test's own."""
    return subprocess.run(
        [sys.executable, "-m", "treem", *arguments, "--project", str(project)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with both editions built by the embedded publisher.

    Tests that use it belong to the group `build`, so that one worker builds it once.
    """
    root = tmp_path_factory.mktemp("built") / "project"
    ignored = shutil.ignore_patterns(".*", "reports", "_quarto-*.yml", "__pycache__")
    shutil.copytree(ROOT, root, ignore=ignored)
    for edition in EDITIONS:
        done = run_treem(root, "report", edition, "--publisher", "embedded", "--jobs", "2")
        assert done.returncode == 0, done.stderr
    return root
