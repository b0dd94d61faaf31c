"""`treem doctor`: what this machine has and lacks for the whole road, and what to do about it.

Nothing is changed. A lack that stops a report is `missing`, one that only costs time or a feature
is `slower`; the words of every check are data (`display/texts/doctor.yml`).
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from treem.display.texts import load_texts
from treem.errors import TreemError
from treem.project import Project

State = Literal["ok", "slower", "missing"]

OLDEST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 1 << 30
SLOWS_EVERY_PROCESS = "rfc3987_syntax"
"""A grammar of the Jupyter server stack that jsonschema compiles in every process with nbformat."""
NEEDED = (
    "great_expectations",
    "matplotlib",
    "nbformat",
    "openpyxl",
    "pandas",
    "papermill",
    "pyarrow",
    "pypandoc",
    "scipy",
    "typst",
)


@dataclass(frozen=True)
class Check:
    """One thing looked at: its code, its state, what was found and what to do (may be empty)."""

    code: str
    state: State
    found: str
    advice: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """All checks, for people and programs."""

    checks: tuple[Check, ...]

    @property
    def able(self) -> bool:
        """Whether a report can be made here."""
        return all(check.state != "missing" for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Return every check for a program."""
        return {"able": self.able, "checks": [vars(check) for check in self.checks]}

    def as_text(self) -> str:
        """Return one line a check, and one that sums up."""
        said = load_texts("doctor")
        lines = []
        for check in self.checks:
            line = f"[{said['states'][check.state]}] {said['names'][check.code]}: {check.found}"
            lines.append(f"{line} {check.advice}".rstrip())
        lines.append(said["able" if self.able else "unable"])
        return "\n".join(lines)


def diagnose(project: Project) -> Diagnosis:
    """Look at Python, packages, Quarto, fonts, fork, speed, Dask and the disk."""
    looks: tuple[Callable[[Project], Check], ...] = (
        _python,
        _packages,
        _quarto,
        _fonts,
        _fork,
        _environment,
        _cluster,
        _disk,
    )
    return Diagnosis(tuple(look(project) for look in looks))


def _python(project: Project) -> Check:
    found = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info >= OLDEST_PYTHON:
        return Check("python", "ok", found)
    needed = ".".join(str(number) for number in OLDEST_PYTHON)
    return Check("python", "missing", found, _advice("python", needed=needed))


def _packages(project: Project) -> Check:
    absent = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if absent:
        return Check(
            "packages",
            "missing",
            _found("packages_absent", names=", ".join(absent)),
            _advice("packages"),
        )
    differing = list(_differing(project))
    if differing:
        return Check(
            "packages",
            "slower",
            _found("packages_differ", names=", ".join(differing)),
            _advice("packages"),
        )
    return Check("packages", "ok", _found("packages_locked"))


def _differing(project: Project) -> Iterator[str]:
    """Yield the packages of the lock that are installed in another version."""
    from packaging.requirements import Requirement

    lock = project.root / "requirements.lock"
    for line in lock.read_text("utf-8").splitlines() if lock.is_file() else ():
        if not line or line[0] in " #":
            continue
        wanted = Requirement(line.removesuffix("\\"))
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        try:
            installed = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            installed = "-"
        if not wanted.specifier.contains(installed if installed != "-" else "0"):
            yield f"{wanted.name} {installed} ({wanted.specifier})"


def _quarto(project: Project) -> Check:
    from treem.publish.quarto import find_quarto

    try:
        quarto = find_quarto()
    except TreemError as error:
        return Check("quarto", "slower", str(error))
    if quarto is None:
        return Check("quarto", "slower", _found("quarto_absent"), _advice("quarto"))
    if not quarto.new_enough:
        return Check("quarto", "slower", quarto.refusal(), _advice("quarto"))
    return Check("quarto", "ok", f"{quarto.label} ({quarto.path})")


def _fonts(project: Project) -> Check:
    folder = project.root / "_extensions" / "nd30" / "fonts"
    files = sorted(path.name for path in folder.glob("*.ttf"))
    if not files:
        return Check("fonts", "missing", _found("fonts_absent"), _advice("fonts"))
    return Check("fonts", "ok", _found("fonts", count=len(files)))


def _fork(project: Project) -> Check:
    from treem.notebooks.forkserver import fork_is_safe

    if fork_is_safe():
        return Check("fork", "ok", _found("fork"))
    return Check("fork", "slower", _found("fork_unsafe"), _advice("fork"))


def _environment(project: Project) -> Check:
    """Time the import of nbformat in a process of its own, the best of two."""
    code = "import nbformat, nbformat.validator as v; v.get_validator(4)"
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
        blank = time.perf_counter()
        subprocess.run([sys.executable, "-c", ""], check=False, capture_output=True)
        seconds.append((blank - start) - (time.perf_counter() - blank))
    found = _found("environment", seconds=f"{min(seconds):.2f}".replace(".", ","))
    if importlib.util.find_spec(SLOWS_EVERY_PROCESS) is not None:
        return Check("environment", "slower", found, _advice("environment"))
    return Check("environment", "ok", found)


def _cluster(project: Project) -> Check:
    """Look for the library that sends notebooks to other machines; one machine does without."""
    if importlib.util.find_spec("distributed") is None:
        return Check("cluster", "ok", _found("cluster_absent"))
    return Check("cluster", "ok", f"Dask {importlib.metadata.version('distributed')}.")


def _disk(project: Project) -> Check:
    free = shutil.disk_usage(project.root).free
    found = _found("disk", free=f"{free / (1 << 30):.1f}".replace(".", ","))
    folder = project.root / "reports"
    if folder.exists() and not os.access(folder, os.W_OK):
        return Check("disk", "missing", _found("disk_closed"), _advice("disk_closed"))
    if free < LEAST_FREE_BYTES:
        return Check("disk", "missing", found, _advice("disk"))
    return Check("disk", "ok", found)


def _found(code: str, **values: object) -> str:
    return str(load_texts("doctor")["found"][code]).format(**values)


def _advice(code: str, **values: object) -> str:
    return str(load_texts("doctor")["advice"][code]).format(**values)
