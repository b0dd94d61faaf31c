"""Where things are: the project folder and the folders of one edition."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from treem.errors import UsageError

MARKERS = ("_quarto.yml", "params", "data")


@dataclass(frozen=True)
class Project:
    """A checkout of this repository (or a copy of its layout)."""

    root: Path

    @property
    def source(self) -> Path:
        """Documents as issued."""
        return self.root / "data" / "source"

    @property
    def plan_text(self) -> Path:
        """The plan as issued."""
        return self.source / "359-KH-UBND.txt"

    @property
    def plan(self) -> Path:
        """The register."""
        return self.root / "data" / "plan"

    @property
    def areas(self) -> Path:
        """Dated geography."""
        return self.root / "data" / "areas"

    @property
    def params(self) -> Path:
        """One file an edition."""
        return self.root / "params"

    @property
    def notebooks(self) -> Path:
        """Notebook templates, stored without outputs."""
        return self.root / "notebooks"

    @property
    def expectations(self) -> Path:
        """Great Expectations suites."""
        return self.root / "expectations"

    def report(self, edition: str) -> ReportPaths:
        """Return the folders that a build of this edition writes."""
        return ReportPaths(self.root / "reports" / edition, edition)


@dataclass(frozen=True)
class ReportPaths:
    """What a build leaves under `reports/<edition>/`."""

    root: Path
    edition: str

    @property
    def tables(self) -> Path:
        """observations.parquet, findings.csv, results.csv, figures.jsonl."""
        return self.root / "tables"

    @property
    def notebooks(self) -> Path:
        """Executed notebooks."""
        return self.root / "notebooks"

    @property
    def public(self) -> Path:
        """The portal package."""
        return self.root / "public"

    @property
    def forms(self) -> Path:
        """Blank workbooks to send out."""
        return self.root / "forms"

    @property
    def intake(self) -> Path:
        """What was read from submissions: observations, findings, differences of resubmissions."""
        return self.root / "intake"

    @property
    def check(self) -> Path:
        """What the suites found."""
        return self.root / "check"

    @property
    def feedback(self) -> Path:
        """Workbooks to send back, one a unit and year."""
        return self.root / "feedback"

    @property
    def archive(self) -> Path:
        """`public/` in one file."""
        return self.root / f"goi-xuat-ban-{self.edition}.zip"

    @property
    def run_record(self) -> Path:
        """Times, publisher, machine: never hashed."""
        return self.root / "run.json"


def find_project(start: Path | None = None) -> Project:
    """Find the project that `start` (default: the current folder) lies in.

    Raises UsageError where no folder upwards holds `_quarto.yml`, `params/` and `data/`.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if all((folder / marker).exists() for marker in MARKERS):
            return Project(folder)
    raise UsageError(
        f"Không tìm thấy dự án treem từ thư mục {here}: cần một thư mục có _quarto.yml, params/ "
        "và data/. Hãy chạy lệnh trong thư mục của dự án hoặc thêm --project THƯ_MỤC."
    )
