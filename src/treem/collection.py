"""Collecting the figures of an edition: blank forms out, submissions in, checks, feedback back.

What the commands `demo`, `forms`, `intake`, `check` and `feedback` do. Each writes a folder of its
own under `reports/<edition>/`, whole or not at all; nothing that was received is changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from treem.edition import edition_names, load_edition
from treem.gate import check_geography, read_and_check, rows_of
from treem.outcome import CheckOutcome
from treem.project import Project, ReportPaths
from treem.storage import scratch, sole_writer, swap_in


def write_demos(project: Project) -> dict[str, list[Path]]:
    """Write the generated submissions of every demonstration edition."""
    from treem.demo import write_demo

    editions = [load_edition(project, name) for name in edition_names(project)]
    return {edition.name: write_demo(project, edition) for edition in editions if edition.generated}


def check_edition(project: Project, name: str) -> CheckOutcome:
    """Read an edition's data and run the gate over it."""
    edition = load_edition(project, name)
    check_geography(project, edition)
    paths = project.report(name)
    road = read_and_check(project, edition)
    with _replaced(paths, paths.check) as folder:
        road.findings.to_csv(folder / "findings.csv", index=False, lineterminator="\n")
        (folder / "quality_raw.json").write_text(
            json.dumps(road.raw_checks, ensure_ascii=False, indent=1, sort_keys=True), "utf-8"
        )
    return CheckOutcome(name, tuple(rows_of(road.findings)), _shown(project, paths.check))


@contextmanager
def _replaced(paths: ReportPaths, final: Path) -> Iterator[Path]:
    """Give an empty folder to write into; it takes the place of the final one when all is done."""
    with sole_writer(paths.root, paths.edition):
        folder = scratch(paths.root, final.name)
        yield folder
        swap_in(folder, final)


def _shown(project: Project, path: Path) -> str:
    return path.relative_to(project.root).as_posix()
