"""The road, stage by stage: what `report`, `run`, `protect` and `publish` do and in which order.

Every stage reads what the stage before it wrote. Tables, notebooks and the package are made in
scratch folders and swapped in when they are done; they count together, so that whatever stops a
build leaves the last good one as it was, its tables included. A public and an internal build are
two executions: the notebooks of the public one read protected tables and nothing else.
"""

from __future__ import annotations

import csv
import json
import platform
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from treem import __version__
from treem.edition import Audience, Edition, load_edition
from treem.errors import DataError
from treem.gate import read_and_check, rows_of, stop_at_gate
from treem.indicators.rollup import check_places
from treem.outcome import Outcome, ProtectOutcome
from treem.project import Project, ReportPaths
from treem.safe import safe_table, safe_text
from treem.storage import scratch, sole_writer, swap_in, write_archive

Say = Callable[[str], None]


@dataclass(frozen=True)
class How:
    """How a build is done: nothing here changes what it holds, but for the audience."""

    audience: Audience = "public"
    publisher: str = "auto"
    engine: Literal["auto", "kernel"] = "auto"
    jobs: int = 1
    force: bool = False


# --- the commands -----------------------------------------------------------------------------


def report_edition(project: Project, name: str, how: How, say: Say) -> Outcome:
    """Do the whole road for one edition, unless nothing has changed since the last build."""
    from treem.audit.manifest import inputs, package_intact
    from treem.publish import choose_publisher

    edition = _edition_for(project, name, how.audience)
    paths = project.report(name, how.audience)
    chosen = choose_publisher(how.publisher, say)
    made_from = inputs(project, edition, chosen.label)
    with sole_writer(paths.root, name):
        if not how.force and _last_inputs(paths) == made_from and paths.archive.exists():
            if package_intact(paths.package):
                return Outcome(
                    edition=name,
                    sentence=f"Kỳ {name}: không có gì thay đổi, gói báo cáo giữ nguyên tại "
                    f"{_shown(project, paths.package)}.",
                    publisher=chosen.label,
                    unchanged=True,
                )
        seconds: dict[str, float] = {}
        _make_tables_and_notebooks(project, edition, paths, how, say, seconds)
        _make_package(project, edition, paths, chosen, made_from, say, seconds)
        _write_run_record(paths, made_from, seconds)
    return _published(project, edition, paths, chosen.label, seconds)


def run_edition(project: Project, name: str, how: How, say: Say) -> Outcome:
    """Make tables, executed notebooks and the Quarto profile of one edition."""
    edition = _edition_for(project, name, how.audience)
    paths = project.report(name, how.audience)
    seconds: dict[str, float] = {}
    with sole_writer(paths.root, name):
        _make_tables_and_notebooks(project, edition, paths, how, say, seconds)
    return Outcome(
        edition=name,
        sentence=f"Kỳ {name}: đã ghi bảng vào {_shown(project, paths.read)} và sổ tính vào "
        f"{_shown(project, paths.notebooks)}. Làm văn bản: treem publish {name}, hoặc "
        f"quarto render --profile {edition.profile}.",
        written=(_shown(project, paths.read), _shown(project, paths.notebooks)),
        seconds=seconds,
    )


def protect_edition(project: Project, name: str, say: Say, *, record: bool) -> ProtectOutcome:
    """Make the tables of one edition and their protected copies, and say how safe these are.

    Needs no approval: what it writes stays in the office until a public build is made of it.
    With `record` what the public copies show is entered in the ledger, which later editions heed.
    """
    from treem.disclosure.ledger import record as enter
    from treem.protection import protect_tables

    edition = load_edition(project, name)
    check_places(project, edition)
    paths = project.report(name)
    with sole_writer(paths.root, name):
        stage = scratch(paths.root, "stage")
        _write_tables(project, edition, stage / "tables", say)
        protected = protect_tables(project, edition, stage)
        ledger = enter(project, edition, protected.ledger_rows) if record else None
        swap_in(stage / "protected", paths.protected)
        swap_in(stage / "protection", paths.protection)
    return ProtectOutcome(
        edition=name,
        folder=_shown(project, paths.protected),
        report=_shown(project, paths.protection),
        audit=protected.audit,
        report_mark=protected.report_mark,
        ledger=_shown(project, ledger) if ledger else "",
    )


def publish_edition(project: Project, name: str, how: How, say: Say) -> Outcome:
    """Make HTML, PDF, DOCX and the portal package from tables and notebooks that are there."""
    from treem.audit.manifest import inputs
    from treem.publish import choose_publisher

    edition = _edition_for(project, name, how.audience)
    paths = project.report(name, how.audience)
    _refuse_stale_tables(project, edition, paths)
    chosen = choose_publisher(how.publisher, say)
    made_from = inputs(project, edition, chosen.label)
    seconds: dict[str, float] = {}
    with sole_writer(paths.root, name):
        _make_package(project, edition, paths, chosen, made_from, say, seconds)
        _write_run_record(paths, made_from, seconds)
    return _published(project, edition, paths, chosen.label, seconds)


def _edition_for(project: Project, name: str, audience: Audience) -> Edition:
    """Return the edition as it is built for an audience.

    Raises DataError for a public build of real figures that nobody has approved.
    """
    from treem.disclosure.approval import require_approval

    edition = replace(load_edition(project, name), audience=audience)
    if audience == "public":
        require_approval(project, edition)
    return edition


def _refuse_stale_tables(project: Project, edition: Edition, paths: ReportPaths) -> None:
    """Refuse tables whose inputs have changed: the package would name inputs it is not of."""
    from treem.audit.manifest import computed_from, read_record

    where = _shown(project, paths.root)
    again = f"treem run {edition.name}"
    if edition.audience == "internal":
        again += " --audience internal"
    record = read_record(paths.read)
    if record is None or not paths.notebooks.exists():
        raise DataError(
            f"Kỳ {edition.name} chưa có bảng và sổ tính trong {where}. Hãy chạy trước: {again}."
        )
    if record != computed_from(project, edition):
        raise DataError(
            f"Bảng và sổ tính của kỳ {edition.name} trong {where} được làm từ số liệu, tham số "
            f"hoặc mã khác với hiện nay. Hãy chạy lại: {again}."
        )


# --- the stages -------------------------------------------------------------------------------


def _make_tables_and_notebooks(
    project: Project,
    edition: Edition,
    paths: ReportPaths,
    how: How,
    say: Say,
    seconds: dict[str, float],
) -> None:
    from treem.audit.manifest import RECORD, canonical_json, computed_from
    from treem.disclosure.approval import require_approval
    from treem.notebooks.matrix import book, check_matrix
    from treem.notebooks.runner import FIGURES, execute, warm_up
    from treem.protection import protect_tables
    from treem.publish.profile import write_profile

    check_places(project, edition)
    check_matrix(project, edition)
    record = canonical_json(computed_from(project, edition)) + "\n"
    stage = scratch(paths.root, "stage")
    made = [(stage / "tables", paths.tables), (stage / "notebooks", paths.notebooks)]
    warm_up(project, how.engine)
    with _timed(seconds, "tables"):
        _write_tables(project, edition, stage / "tables", say)
    if edition.audience == "public":
        with _timed(seconds, "protection"):
            protected = protect_tables(project, edition, stage)
        require_approval(project, edition, protected.report_mark)
        made.append((stage / "protected", paths.protected))
        made.append((stage / "protection", paths.protection))
    read = stage / paths.read.name
    with _timed(seconds, "notebooks"):
        execute(
            project,
            edition,
            tables=read,
            notebooks=stage / "notebooks",
            failed=paths.root / "failed",
            jobs=how.jobs,
            engine=how.engine,
            last=None if how.force else paths.notebooks,
            say=say,
        )
    if read != stage / "tables":
        shutil.copyfile(read / FIGURES, stage / "tables" / FIGURES)
    for folder in {read, stage / "tables"}:
        (folder / RECORD).write_text(record, "utf-8")
    for new, final in made:
        swap_in(new, final)
    write_profile(project, edition, book(project, edition))


def _write_tables(project: Project, edition: Edition, folder: Path, say: Say) -> None:
    import pandas as pd

    from treem.disclosure.ledger import load_ledger
    from treem.disclosure.revisions import name_revisions
    from treem.indicators.compute import compute
    from treem.quality import check_results
    from treem.quality.chapter import write_chapter

    folder.mkdir(parents=True)
    road = read_and_check(project, edition)
    stop_at_gate(edition, rows_of(road.findings))
    results = compute(project, edition, road.register, road.areas, road.observations)
    results = name_revisions(
        project, edition, load_ledger(project, edition), results, road.observations
    )
    checked = check_results(project, edition, road.register, results)
    findings = pd.concat([road.findings, checked.findings], ignore_index=True)
    stop_at_gate(edition, rows_of(findings))
    road.observations.to_parquet(folder / "observations.parquet", index=False)
    safe_table(results).to_csv(folder / "results.csv", index=False, lineterminator="\n")
    safe_table(findings).to_csv(folder / "findings.csv", index=False, lineterminator="\n")
    write_chapter(project, edition, road, findings, folder)
    (folder / "quality_raw.json").write_text(
        json.dumps([*road.raw_checks, *checked.raw], ensure_ascii=False, indent=1, sort_keys=True),
        "utf-8",
    )
    say(
        f"Đã tính {len(results)} kết quả từ {len(road.observations)} số liệu; "
        f"{len(findings)} phát hiện khi kiểm tra."
    )


def _make_package(
    project: Project,
    edition: Edition,
    paths: ReportPaths,
    chosen: Any,
    made_from: dict[str, Any],
    say: Say,
    seconds: dict[str, float],
) -> None:
    from treem.audit.manifest import write_manifest
    from treem.notebooks.matrix import book
    from treem.publish.profile import write_profile

    write_profile(project, edition, book(project, edition))
    stage = scratch(paths.root, "package")
    say(f"Làm văn bản bằng {chosen.label} …")
    with _timed(seconds, "document"):
        chosen.render(project, edition, stage)
    with _timed(seconds, "package"):
        _write_data(edition, paths, stage / "data")
        write_manifest(stage, made_from, edition.page_notice, edition.audience)
        archive = scratch(paths.root, "archive") / paths.archive.name
        write_archive(stage, archive)
    swap_in(stage, paths.package)
    swap_in(archive, paths.archive)


def _write_data(edition: Edition, paths: ReportPaths, folder: Path) -> None:
    """Copy what the audience may have of the tables; a generated table says so in every row.

    The list of observations says where each stands, and commits to what a public reader does not
    see of it.
    """
    from treem.audit.withheld import PLACES
    from treem.notebooks.results import OBSERVATIONS, read_parquet

    folder.mkdir()
    with (paths.read / "results.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    columns = [name for name in rows[0] if name != "observations"]
    _write_noticed(folder / "results.csv", columns, rows, edition.page_notice)
    if edition.audience == "public":
        places = read_parquet(paths.read / OBSERVATIONS)
        _write_noticed(folder / "observations.csv", PLACES, places, edition.page_notice)


def _write_noticed(
    path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]], notice: str
) -> None:
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, [*columns, "notice"], lineterminator="\n")
        writer.writeheader()
        for row in rows:
            kept = {name: safe_text(str(row[name])) for name in columns}
            writer.writerow({**kept, "notice": notice})


def _write_run_record(
    paths: ReportPaths, made_from: dict[str, Any], seconds: dict[str, float]
) -> None:
    record = {
        "made_from": made_from,
        "treem": __version__,
        "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": {"system": platform.platform(), "python": platform.python_version()},
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
    }
    text = json.dumps(record, ensure_ascii=False, indent=1)
    new = scratch(paths.root, "record") / paths.run_record.name
    new.write_text(text + "\n", "utf-8")
    swap_in(new, paths.run_record)


def _last_inputs(paths: ReportPaths) -> dict[str, Any] | None:
    try:
        made_from = json.loads(paths.run_record.read_text("utf-8"))["made_from"]
    except (OSError, ValueError, KeyError):
        return None
    return made_from if isinstance(made_from, dict) else None


def _published(
    project: Project,
    edition: Edition,
    paths: ReportPaths,
    publisher: str,
    seconds: dict[str, float],
) -> Outcome:
    written = (_shown(project, paths.package), _shown(project, paths.archive))
    return Outcome(
        edition=edition.name,
        sentence=f"Kỳ {edition.name}: đã ghi {written[0]}/ (HTML, PDF, DOCX, số liệu) và "
        f"{written[1]} bằng {publisher}.",
        written=written,
        publisher=publisher,
        seconds=seconds,
    )


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - start


def _shown(project: Project, path: Path) -> str:
    return path.relative_to(project.root).as_posix()
