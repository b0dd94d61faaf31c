"""What each stage reads: every file that could change a stage changes its key, and no other's."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import treem.stages
from small_build import EDITION, FOLDER, small_project
from treem.audit.manifest import COMPUTED_FROM, DOCUMENT_FROM
from treem.build import Build, How
from treem.edition import Edition, load_edition
from treem.errors import DataError
from treem.kept import key_of
from treem.project import Project
from treem.stages import READ, STAGES, Sources, read_run_record

DATA = {"reading", "results", "protection", "notebooks"}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return small_project(tmp_path_factory.mktemp("sources") / "project")


@pytest.fixture
def edition(small: Project) -> Edition:
    return load_edition(small, EDITION)


@contextmanager
def restored(*paths: Path) -> Iterator[None]:
    """Let a test change files, and have them as before when it ends."""
    before = {path: path.read_bytes() if path.is_file() else None for path in paths}
    try:
        yield
    finally:
        for path, data in before.items():
            path.unlink(missing_ok=True)
            if data is not None:
                path.write_bytes(data)


def keys(project: Project, edition: Edition) -> dict[str, str]:
    sources = Sources(project, edition)
    return {stage: sources.reads(stage).key for stage in STAGES}


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("chapters/phuong-phap.qmd", {"document"}),
        ("index.qmd", {"document"}),
        ("_quarto.yml", {"document"}),
        ("notebooks/plan.ipynb", {"notebooks"}),
        (f"{FOLDER}/2024/259.xlsx", {"reading", "results"}),
        (f"{FOLDER}/2024/SOURCES.csv", {"reading", "results"}),
        ("expectations/register.json", {"results", "protection", "notebooks"}),
        ("params/intake/waivers.yml", {"reading", "results", "protection"}),
        ("params/disclosure/policy.yml", {"protection", "notebooks"}),
        ("data/plan/measures.csv", DATA),
        ("data/areas/areas.csv", DATA),
        ("requirements.lock", {*STAGES}),
    ],
)
def test_a_file_is_part_of_the_keys_of_the_stages_that_read_it(
    small: Project, edition: Edition, name: str, stages: set[str]
) -> None:
    before = keys(small, edition)
    path = small.root / name
    with restored(path):
        path.write_bytes(path.read_bytes() + b"\n")
        changed = keys(small, edition)
        path.unlink()
        removed = keys(small, edition)
    for after in (changed, removed):
        assert {stage for stage in STAGES if before[stage] != after[stage]} == stages


def test_a_new_file_counts_and_so_does_a_link_in_the_place_of_a_file(
    small: Project, edition: Edition
) -> None:
    before = keys(small, edition)
    sheet = small.root / FOLDER / "2024" / "259.xlsx"
    moved = sheet.with_name("moved.xlsx")
    with restored(sheet, moved):
        moved.write_bytes(sheet.read_bytes())
        added = keys(small, edition)
        sheet.unlink()
        sheet.symlink_to(moved)
        linked = keys(small, edition)
    assert {stage for stage in STAGES if before[stage] != added[stage]} == {"reading", "results"}
    # its bytes are the same, but a link is not read
    assert linked["reading"] != added["reading"]


@pytest.mark.parametrize(
    ("changes", "stages"),
    [
        ({"reading": "text"}, {*STAGES}),
        ({"strata": {"CT01": ("sex",)}}, {*STAGES}),
        ({"audience": "internal"}, {"notebooks", "document"}),
        ({"path": Path("elsewhere")}, set()),
    ],
)
def test_what_an_edition_says_is_part_of_the_keys(
    small: Project, edition: Edition, changes: dict[str, object], stages: set[str]
) -> None:
    before = keys(small, edition)
    after = keys(small, dataclasses.replace(edition, **changes))  # type: ignore[arg-type]
    assert {stage for stage in STAGES if before[stage] != after[stage]} == stages


def test_what_only_the_document_prints_of_an_edition_is_part_of_its_key_alone(
    small: Project, edition: Edition
) -> None:
    before = keys(small, edition)
    document = dataclasses.replace(edition.document, title="Khác")
    after = keys(small, dataclasses.replace(edition, document=document))
    assert {stage for stage in STAGES if before[stage] != after[stage]} == {"document"}
    # that holds as long as nobody else looks at it
    package = Path(treem.stages.__file__).parent
    looking = [
        path.relative_to(package).parts[0]
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr == "document"
        and isinstance(node.value, ast.Name)
        and node.value.id == "edition"
    ]
    assert set(looking) == {"publish"}


def test_the_code_and_the_tools_are_part_of_every_key(
    small: Project, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = keys(small, edition)
    for name, value in (("TOOLS", ("pandas",)), ("key_of", lambda *content: key_of(content, 1))):
        monkeypatch.setattr(treem.stages, name, value)
        after = keys(small, edition)
        assert all(before[stage] != after[stage] for stage in STAGES)


def test_everything_that_a_manifest_names_is_read_by_a_stage() -> None:
    read = {name for names in READ.values() for name in names}
    for name in (*COMPUTED_FROM, *DOCUMENT_FROM):
        assert name == "src/treem" or any(name.startswith(other) for other in read), name


# --- changes while a build runs ---------------------------------------------------------------


def test_files_that_change_meanwhile_are_named(small: Project, edition: Edition) -> None:
    sources = Sources(small, edition)
    sources.reads("document")
    assert sources.changed() == []
    names = [f"chapters/{name}.qmd" for name in ("ket-thuc", "moi", "phuong-phap")]
    removed, added, written = (small.root / name for name in names)
    with restored(removed, added, written):
        removed.unlink()
        added.write_text("# Mới\n", "utf-8")
        written.write_bytes(written.read_bytes())  # the same again: what it was between is unknown
        opened = written.with_name(f".{written.name}.swp")
        opened.touch()  # an editor has the file open; that changes nothing
        assert sources.changed() == names
        opened.unlink()


def test_what_was_made_while_its_sources_changed_is_refused_and_not_kept(
    small: Project, edition: Edition, tmp_path: Path
) -> None:
    build = Build.of(small, edition, How(), lambda line: None, publisher="x")
    key = build.reads("document").key

    def make() -> int:
        (tmp_path / "trang.html").write_text("trang", "utf-8")
        (small.root / "index.qmd").write_text("# Khác\n", "utf-8")
        return 1

    with (
        restored(small.root / "index.qmd"),
        pytest.raises(DataError, match=r"index\.qmd.*chạy lại"),
    ):
        build.made("document", key, tmp_path, ["."], make)
    assert build.kept.take("document-public", key) is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "{}", '{"stages": [], "seconds": {}}', '{"stages": {"reading": 1}}',
     '{"stages": {"reading": {"files": {}}}, "seconds": {}}'],
)  # fmt: skip
def test_a_damaged_record_is_none(small: Project, edition: Edition, text: str) -> None:
    paths = small.report(EDITION)
    paths.root.mkdir(parents=True, exist_ok=True)
    paths.run_record.write_text(text, "utf-8")
    assert read_run_record(paths) == {}
    build = Build.of(small, edition, How(), lambda line: None, publisher="x", reads_only=True)
    assert {reason.change for state in build.states() for reason in state.reasons} == {"never"}
    paths.run_record.unlink()
