"""Renders the book with Quarto and stops on what Quarto only warns of.

Quarto is taken from QUARTO_PATH, then from PATH, and must be at least 1.9. It renders the project
with the edition's profile, all three formats in one run; `_extensions/nd30/after.py` calls
`after_render` at the end of it, also when a person runs `quarto render --profile EDITION`.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from treem.edition import Edition
from treem.errors import PublishError, TreemError, UsageError
from treem.programs import run
from treem.project import Project, find_project
from treem.publish.profile import profile_path

MINIMUM = (1, 9)
SHOWN_LINES = 8
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
MISSING = re.compile(
    r"Unable to resolve (?:crossref|link target)"
    r"|Duplicate note reference"
    r"|Could not fetch resource"
    r"|[Cc]itation \S+ not found"
    r"|No label type|label .* (?:does not exist|occurs multiple times)"
)
"""Warnings of Quarto, Pandoc and Typst after which the document would lack something."""
FAILED = re.compile(r"^(?:\W*ERROR|error:|.*\bfailed\b)", re.IGNORECASE)


@dataclass(frozen=True)
class Quarto:
    """A Quarto that was found: where it lies and the version it says it has."""

    path: Path
    version: str

    @property
    def label(self) -> str:
        """The name for messages and the manifest."""
        return f"Quarto {self.version}"

    @property
    def new_enough(self) -> bool:
        """Whether this is at least the oldest version that the project can use."""
        numbers = re.match(r"(\d+)\.(\d+)", self.version)
        return numbers is not None and (int(numbers[1]), int(numbers[2])) >= MINIMUM

    def refusal(self) -> str:
        """Why this Quarto cannot be used and what to do."""
        needed = ".".join(str(number) for number in MINIMUM)
        return (
            f"Quarto tại {self.path} là phiên bản {self.version or 'không rõ'}; "
            f"cần từ {needed} trở lên."
        )


def find_quarto(environment: Mapping[str, str] = os.environ) -> Quarto | None:
    """Return the Quarto of QUARTO_PATH, else of PATH; None where there is none.

    Raises UsageError where QUARTO_PATH is set and is no program that can be run.
    """
    named = environment.get("QUARTO_PATH", "")
    if named:
        path = Path(named) / "quarto" if Path(named).is_dir() else Path(named)
        if shutil.which(str(path)) is None:
            raise UsageError(
                f"QUARTO_PATH ghi {named} nhưng ở đó không có chương trình chạy được. "
                "Hãy sửa hoặc bỏ biến môi trường này."
            )
        return Quarto(path, _version(path))
    found = shutil.which("quarto", path=environment.get("PATH", ""))
    return Quarto(Path(found), _version(Path(found))) if found else None


def require_quarto(environment: Mapping[str, str] = os.environ) -> Quarto:
    """Return a usable Quarto for `--publisher quarto`; raises UsageError where there is none."""
    quarto = find_quarto(environment)
    if quarto is None:
        raise UsageError(
            "Không tìm thấy Quarto trong QUARTO_PATH hoặc PATH. Hãy cài Quarto, đặt QUARTO_PATH, "
            "hoặc dùng --publisher embedded."
        )
    if not quarto.new_enough:
        raise UsageError(f"{quarto.refusal()} Hãy cài bản mới hoặc dùng --publisher embedded.")
    return quarto


def _version(path: Path) -> str:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def render(
    project: Project, edition: Edition, out: Path, quarto: Quarto | None = None
) -> list[Path]:
    """Render HTML, PDF and DOCX of the edition into `out`; the profile must have been written.

    Raises PublishError with Quarto's own lines where it fails, or where it only warns of
    references that lead nowhere; UsageError where no usable Quarto is found.
    """
    quarto = quarto or require_quarto()
    made = project.root / "reports" / edition.name / f"{edition.audience}.new"
    command = [str(quarto.path), "render", str(project.root), "--profile", edition.profile]
    # what an earlier run left there would be taken for pages of this one
    shutil.rmtree(made, ignore_errors=True)
    code, said, _ = run(
        command,
        together=True,
        starts_others=True,
        cwd=project.root,
        env=_environment(edition),
    )
    refuse_bad_log(quarto, code, COLOURS.sub("", said.decode("utf-8", "replace")))
    return _collect(edition, made, out)


def refuse_bad_log(quarto: Quarto, returncode: int, log: str) -> None:
    """Raise PublishError when Quarto failed, or warned of something that leads nowhere."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    missing = [line for line in lines if MISSING.search(line)]
    if missing:
        raise PublishError(
            f"{quarto.label} báo có tham chiếu hoặc liên kết không dẫn tới đâu. Hãy sửa mã trong "
            "chương hoặc sổ tính nêu dưới đây:\n" + "\n".join(_unique(missing)[:SHOWN_LINES])
        )
    if returncode != 0:
        failed = [line for line in lines if FAILED.search(line)] or lines[-SHOWN_LINES:]
        raise PublishError(
            f"{quarto.label} dừng với mã {returncode}. Những dòng cuối của nó:\n"
            + "\n".join(_unique(failed)[:SHOWN_LINES])
        )


def _unique(lines: list[str]) -> list[str]:
    return list(dict.fromkeys(lines))


def _environment(edition: Edition) -> dict[str, str]:
    """Nothing of a person's own Quarto settings; our Python; the edition's day as the clock."""
    environment = {key: value for key, value in os.environ.items() if not _private(key)}
    day = dt.datetime.combine(edition.as_of, dt.time(), dt.UTC)
    environment["QUARTO_PYTHON"] = sys.executable
    environment["SOURCE_DATE_EPOCH"] = str(int(day.timestamp()))
    environment["PYTHONUTF8"] = "1"
    return environment


def _private(key: str) -> bool:
    return key.startswith(("QUARTO_", "PANDOC_", "TYPST_")) or key in ("PYTHONHOME", "PYTHONPATH")


def _collect(edition: Edition, made: Path, out: Path) -> list[Path]:
    expected = ["index.html", *(f"bao-cao-{edition.profile}.{kind}" for kind in ("pdf", "docx"))]
    absent = [name for name in expected if not (made / name).exists()]
    if absent:
        raise PublishError(
            f"Quarto chạy xong nhưng không thấy {', '.join(absent)} trong {made}. "
            "Hãy xem _quarto.yml có đủ ba định dạng html, nd30-typst và docx không."
        )
    out.mkdir(parents=True, exist_ok=True)
    for item in sorted(made.iterdir()):
        shutil.move(item, out / item.name)
    made.rmdir()
    return sorted(path for path in out.rglob("*") if path.is_file())


def after_render(environment: Mapping[str, str] = os.environ) -> int:
    """Finish what Quarto has just rendered; the exit code for its `post-render` step."""
    from treem.publish.docx import finish
    from treem.publish.html import finish_pages, finish_scripts
    from treem.publish.profile import read_properties

    try:
        project = find_project()
        folder = Path(environment["QUARTO_PROJECT_OUTPUT_DIR"])
        listed = environment.get("QUARTO_PROJECT_OUTPUT_FILES", "").splitlines()
        files = [project.root / name for name in listed if name]
        properties = read_properties(project, _profile_name(project, environment))
        for path in files:
            if path.suffix == ".docx":
                finish(path, properties)
        pages = [path for path in files if path.suffix == ".html"]
        if pages:
            finish_pages(pages, folder / "search.json")
            finish_scripts(folder / "site_libs" / "quarto-search")
    except TreemError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _profile_name(project: Project, environment: Mapping[str, str]) -> str:
    """Return the active profile: the first of QUARTO_PROFILE, else the default of _quarto.yml."""
    import yaml

    active = environment.get("QUARTO_PROFILE", "").replace(",", " ").split()
    for name in active:
        if profile_path(project, name).exists():
            return name
    settings = yaml.safe_load((project.root / "_quarto.yml").read_text("utf-8"))
    return str(settings["profile"]["default"])
