"""The road, stage by stage: what `report`, `run`, `protect` and `publish` do and in which order.

Every stage reads what the stage before it wrote. Tables, notebooks and the package are made in
scratch folders and swapped in when they are done; they count together, so that whatever stops a
build leaves the last good one as it was, its tables included. A public and an internal build are
two executions: the notebooks of the public one read protected tables and nothing else.

A stage whose key (`treem.stages`) is that of finished work which is kept (`treem.kept`) takes that
over, whether a whole build left it or one that was killed.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treem.build import STEPS, Build, How, Say
from treem.edition import Audience, Edition, load_edition
from treem.errors import DataError
from treem.gate import read_and_check, rows_of, stop_at_gate
from treem.indicators.rollup import check_places
from treem.kept import key_of
from treem.outcome import Outcome, ProtectOutcome
from treem.project import Project, ReportPaths
from treem.safe import safe_table, safe_text
from treem.stages import DOCUMENT, NOTEBOOKS, PROTECTION, READING, RESULTS
from treem.storage import scratch, sole_writer, swap_in, temporary_files, write_archive

if TYPE_CHECKING:
    from treem.publish import Publisher

__all__ = ["How", "protect_edition", "publish_edition", "report_edition", "run_edition"]

# --- the commands -----------------------------------------------------------------------------


def report_edition(project: Project, name: str, how: How, say: Say) -> Outcome:
    """Do the whole road for one edition, or as much of it as has changed since the last build."""
    from treem.publish import choose_publisher

    edition = _edition_for(project, name, how.audience)
    paths = project.report(name, how.audience)
    chosen = choose_publisher(how.publisher, say)
    with sole_writer(paths.root, name), temporary_files(paths.root):
        build = Build.of(project, edition, how, say, publisher=chosen.label)
        if not how.force and all(state.fresh for state in build.states()):
            return Outcome(
                edition=name,
                sentence=f"Kỳ {name}: không có gì thay đổi, gói báo cáo giữ nguyên tại "
                f"{_shown(project, paths.package)}.",
                publisher=chosen.label,
                unchanged=True,
            )
        _make_tables_and_notebooks(build)
        _make_package(build, chosen)
        build.finish()
    return _published(build, chosen.label)


def run_edition(project: Project, name: str, how: How, say: Say) -> Outcome:
    """Make tables, executed notebooks and the Quarto profile of one edition."""
    edition = _edition_for(project, name, how.audience)
    paths = project.report(name, how.audience)
    with sole_writer(paths.root, name), temporary_files(paths.root):
        build = Build.of(project, edition, how, say, steps=STEPS[:-1])
        _make_tables_and_notebooks(build)
        build.finish()
    return Outcome(
        edition=name,
        sentence=f"Kỳ {name}: đã ghi bảng vào {_shown(project, paths.read)} và sổ tính vào "
        f"{_shown(project, paths.notebooks)}. Làm văn bản: treem publish {name}, hoặc "
        f"quarto render --profile {edition.profile}.",
        written=(_shown(project, paths.read), _shown(project, paths.notebooks)),
        seconds=build.seconds,
        taken=tuple(build.taken),
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
    with sole_writer(paths.root, name), temporary_files(paths.root):
        build = Build.of(project, edition, How(), say, steps=STEPS[:1])
        stage = scratch(paths.root, "stage")
        _make_tables(build, stage)
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
    from treem.publish import choose_publisher

    edition = _edition_for(project, name, how.audience)
    paths = project.report(name, how.audience)
    _refuse_stale_tables(project, edition, paths)
    chosen = choose_publisher(how.publisher, say)
    with sole_writer(paths.root, name), temporary_files(paths.root):
        build = Build.of(project, edition, how, say, publisher=chosen.label, steps=STEPS[-1:])
        _make_package(build, chosen)
        build.finish()
    return _published(build, chosen.label)


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


def _make_tables_and_notebooks(build: Build) -> None:
    from treem.audit.manifest import RECORD, canonical_json, computed_from
    from treem.disclosure.approval import require_approval
    from treem.notebooks.matrix import book, check_matrix
    from treem.notebooks.runner import FIGURES
    from treem.publish.profile import write_profile

    project, edition, paths = build.project, build.edition, build.paths
    check_places(project, edition)
    check_matrix(project, edition)
    record = canonical_json(computed_from(project, edition)) + "\n"
    stage = scratch(paths.root, "stage")
    made = [(stage / "tables", paths.tables), (stage / "notebooks", paths.notebooks)]
    _make_tables(build, stage)
    if edition.audience == "public":
        require_approval(project, edition, _protect(build, stage))
        made.append((stage / "protected", paths.protected))
        made.append((stage / "protection", paths.protection))
    read = stage / paths.read.name
    _run_notebooks(build, read, stage / "notebooks")
    if read != stage / "tables":
        shutil.copyfile(read / FIGURES, stage / "tables" / FIGURES)
    for folder in {read, stage / "tables"}:
        (folder / RECORD).write_text(record, "utf-8")
    for new, final in made:
        swap_in(new, final)
    build.note(NOTEBOOKS, [paths.notebooks, paths.read / FIGURES])
    write_profile(project, edition, book(project, edition))


def _make_tables(build: Build, stage: Path) -> None:
    """Write `stage/tables/`: what was read, what was found in it, and the results."""
    folder = stage / "tables"
    key = build.reads(RESULTS).key
    said = build.made(RESULTS, key, stage, ["tables"], lambda: _write_tables(build, folder))
    build.say(
        f"Đã tính {said['results']} kết quả từ {said['observations']} số liệu; "
        f"{said['findings']} phát hiện khi kiểm tra."
    )
    build.note(READING, [])
    build.note(RESULTS, [folder], stage)


def _protect(build: Build, stage: Path) -> str:
    """Write `stage/protected/` and `stage/protection/`; return the mark of the report."""
    from treem.audit.manifest import tree_sha256
    from treem.protection import protect_tables

    def make() -> str:
        return protect_tables(build.project, build.edition, stage).report_mark

    parts = ["protected", "protection"]
    key = key_of(build.reads(PROTECTION).key, tree_sha256(stage, ["tables"]))
    mark = build.made(PROTECTION, key, stage, parts, make)
    build.note(PROTECTION, [stage / part for part in parts], stage)
    return str(mark)


def _run_notebooks(build: Build, tables: Path, notebooks: Path) -> None:
    from treem.notebooks.runner import execute

    build.tell(NOTEBOOKS, "begun")
    with build.timed(NOTEBOOKS):
        execute(
            build.project,
            build.edition,
            tables=tables,
            notebooks=notebooks,
            failed=build.paths.root / "failed",
            jobs=build.how.jobs,
            engine=build.how.engine,
            dask=build.how.dask,
            kept=build.kept,
            say=build.say,
        )
    build.refuse_changes()
    if not build.kept.made[f"{NOTEBOOKS}-{build.edition.audience}"]:
        build.taken.append(NOTEBOOKS)


def _write_tables(build: Build, folder: Path) -> dict[str, int]:
    import pandas as pd

    from treem.disclosure.ledger import load_ledger
    from treem.disclosure.revisions import name_revisions
    from treem.indicators.compute import compute
    from treem.intake.readings import readings_of
    from treem.notebooks.runner import warm_up
    from treem.quality import check_results
    from treem.quality.chapter import write_chapter

    project, edition = build.project, build.edition
    folder.mkdir(parents=True)
    if NOTEBOOKS in build.steps:
        # what imports for a second does so while tables are made
        warm_up(project, build.how.engine, build.how.dask, build.say)
    readings = readings_of(edition, build.sources, build.kept)
    road = read_and_check(project, edition, readings)
    if build.kept.taken[READING]:
        build.say(
            f"{build.kept.taken[READING]} tệp số liệu không đổi, không đọc lại; "
            f"đã đọc {build.kept.made[READING]} tệp."
        )
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
    return {
        "results": len(results),
        "observations": len(road.observations),
        "findings": len(findings),
    }


def _make_package(build: Build, chosen: Publisher) -> None:
    from treem.audit.manifest import tree_sha256, write_manifest
    from treem.notebooks.matrix import book
    from treem.publish.profile import write_profile

    project, edition, paths = build.project, build.edition, build.paths
    made_from = build.made_from
    profile = write_profile(project, edition, book(project, edition))
    reads = build.reads(DOCUMENT)
    shown = [_shown(project, paths.notebooks), _shown(project, profile)]
    key = key_of(reads.key, tree_sha256(project.root, shown))
    stage = scratch(paths.root, "package")
    build.made(DOCUMENT, key, stage, ["."], lambda: len(chosen.render(project, edition, stage)))
    with build.timed("package"):
        _write_data(edition, paths, stage / "data")
        write_manifest(stage, made_from, edition.page_notice, edition.audience)
        archive = scratch(paths.root, "archive") / paths.archive.name
        write_archive(stage, archive)
    swap_in(stage, paths.package)
    swap_in(archive, paths.archive)
    build.note(DOCUMENT, [paths.package, paths.archive])


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


def _published(build: Build, publisher: str) -> Outcome:
    project, paths, name = build.project, build.paths, build.edition.name
    written = (_shown(project, paths.package), _shown(project, paths.archive))
    return Outcome(
        edition=name,
        sentence=f"Kỳ {name}: đã ghi {written[0]}/ (HTML, PDF, DOCX, số liệu) và "
        f"{written[1]} bằng {publisher}.",
        written=written,
        publisher=publisher,
        seconds=build.seconds,
        taken=tuple(build.taken),
    )


def _shown(project: Project, path: Path) -> str:
    return path.relative_to(project.root).as_posix()
