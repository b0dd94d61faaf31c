"""Where things are: the project folder and the folders of one edition."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from treem.errors import UsageError
from treem.storage import CACHE

if TYPE_CHECKING:
    from treem.edition import Audience

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

    def report(self, edition: str, audience: Audience = "public") -> ReportPaths:
        """Return the folders that a build of this edition writes."""
        return ReportPaths(self.root / "reports" / edition, edition, audience)


@dataclass(frozen=True)
class ReportPaths:
    """What a build leaves under `reports/<edition>/`; names of an internal build say so."""

    root: Path
    edition: str
    audience: Audience = "public"

    @property
    def tables(self) -> Path:
        """observations.parquet, findings.csv, results.csv before disclosure control."""
        return self.root / "tables"

    @property
    def protected(self) -> Path:
        """The same tables after disclosure control: all that public notebooks read."""
        return self.root / "protected"

    @property
    def protection(self) -> Path:
        """What disclosure control did and how it was attacked; internal."""
        return self.root / "protection"

    @property
    def read(self) -> Path:
        """The tables that the notebooks of this build read, and the figures they printed."""
        return self.protected if self.audience == "public" else self.tables

    @property
    def notebooks(self) -> Path:
        """Executed notebooks."""
        return self.root / ("notebooks" if self.audience == "public" else "notebooks-internal")

    @property
    def package(self) -> Path:
        """The portal package, or its internal counterpart."""
        return self.root / self.audience

    @property
    def archive(self) -> Path:
        """The package in one file."""
        kind = "goi-xuat-ban" if self.audience == "public" else "goi-noi-bo"
        return self.root / f"{kind}-{self.edition}.zip"

    @property
    def run_record(self) -> Path:
        """Times, publisher, machine: never hashed."""
        return self.root / ("run.json" if self.audience == "public" else "run-internal.json")

    @property
    def cache(self) -> Path:
        """Finished work that later builds may take over; safe to delete."""
        return self.root / CACHE

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
