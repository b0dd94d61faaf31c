"""The stages of a build: what each reads, and why one has to be done again.

A stage reads files of the project, settings (code, lock, tools, what the edition says) and what the
stage before it made. `Sources` lists the first two for each stage; a build writes them down in
`run.json`, together with checksums of what it left, so that the next build and `treem status` can
tell a stage that is up to date from one that is not, and name the files that changed. To name too
much costs a second; to name too little would publish what is not true any more.
"""

from __future__ import annotations

import dataclasses
import json
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import treem
from treem.audit.manifest import DOCUMENT_FROM, TOOLS, file_sha256, files_below
from treem.edition import Edition
from treem.kept import key_of
from treem.project import Project, ReportPaths

READING, RESULTS, PROTECTION = "reading", "results", "protection"
NOTEBOOKS, DOCUMENT = "notebooks", "document"
STAGES = (READING, RESULTS, PROTECTION, NOTEBOOKS, DOCUMENT)
"""In the order of the road; an internal build has no protection."""

_REGISTER = ("data/source", "data/plan", "data/areas")
_RECEIVED = (*_REGISTER, "data/published", "params/intake")
READ: Mapping[str, tuple[str, ...]] = {
    READING: _RECEIVED,
    RESULTS: (
        *_RECEIVED,
        "expectations",
        "params/disclosure/ledger",
        "params/disclosure/revisions.yml",
    ),
    PROTECTION: (*_REGISTER, "params", "expectations"),
    NOTEBOOKS: (
        *_REGISTER,
        "data/published",
        "params/disclosure/policy.yml",
        "params/disclosure/approvals.yml",
        "expectations",
        "_extensions/nd30/fonts",
        "notebooks",
    ),
    DOCUMENT: DOCUMENT_FROM,
}
"""Files and folders of the project that a stage reads, beside what the edition itself names."""

Change = Literal["added", "changed", "removed", "setting", "never", "damaged", "before"]


@dataclass(frozen=True)
class Reason:
    """Why a stage has to be done again: what changed, and the names of the files or settings."""

    change: Change
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class State:
    """A stage: up to date, or the reasons why it is not."""

    stage: str
    reasons: tuple[Reason, ...] = ()

    @property
    def fresh(self) -> bool:
        """Whether nothing has to be done."""
        return not self.reasons

    def only(self, *changes: str) -> bool:
        """Whether nothing but this has changed."""
        return {reason.change for reason in self.reasons} <= set(changes)

    def names(self, *changes: str) -> set[str]:
        """Return the names of what changed in these ways."""
        return {name for one in self.reasons if one.change in changes for name in one.names}


@dataclass(frozen=True)
class Reads:
    """What a stage reads: files of the project with their checksums, and settings as text."""

    files: Mapping[str, str]
    settings: Mapping[str, str]

    @cached_property
    def key(self) -> str:
        """The content as one checksum."""
        return key_of(self.files, self.settings)


_Look = tuple[int, int, int]


class Sources:
    """What the stages of one build read; every file is looked at once."""

    def __init__(self, project: Project, edition: Edition) -> None:
        self._project, self._edition = project, edition
        self._asked: set[Path] = set()
        self._known: dict[Path, tuple[_Look, str]] = {}

    def reads(self, stage: str, **settings: str) -> Reads:
        """Return what a stage reads now; `settings` are those that only the command knows."""
        edition = self._edition
        names = list(READ[stage])
        own = edition_settings(edition, document=stage == DOCUMENT)
        if stage in (READING, RESULTS):
            names += [*edition.submissions, *filter(None, [edition.published])]
        if stage in (NOTEBOOKS, DOCUMENT):
            own["audience"] = edition.audience
        return Reads(self._files(names), {**self.machine, **own, **settings})

    @cached_property
    def machine(self) -> dict[str, str]:
        """The settings that every stage has: the code, the lock, the tools."""
        package = Path(treem.__file__).parent
        code = {
            path.relative_to(package).as_posix(): digest
            for path, digest in self._digests([package]).items()
        }
        return {
            "code": key_of(code),
            "lock": self._files(["requirements.lock"]).get("requirements.lock", ""),
            "tools": ", ".join(f"{name} {metadata.version(name)}" for name in TOOLS),
            "python": platform.python_version(),
        }

    def register(self) -> str:
        """Return the register and the geography as one checksum."""
        return key_of(self._files(_REGISTER))

    def changed(self) -> list[str]:
        """Return the files that are not any more what they were when they were looked at.

        What was made meanwhile is made of neither the old nor the new ones, and is not kept.
        """
        now = {path: _look(path) for top in self._asked for path in files_below(top)}
        looks = {path: look for path, (look, _) in self._known.items()}
        root = self._project.root
        return sorted(
            (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()
            for path in now.keys() | looks.keys()
            if now.get(path) != looks.get(path) and not _is_of_an_editor(path)
        )

    def _files(self, names: Iterable[str]) -> dict[str, str]:
        root = self._project.root
        found = self._digests(root / name for name in names)
        return {path.relative_to(root).as_posix(): digest for path, digest in found.items()}

    def _digests(self, tops: Iterable[Path]) -> dict[Path, str]:
        """Return the checksums of files and of all files below folders, by path."""
        found = {}
        asked = set(tops)
        self._asked |= asked
        for path in sorted({path for top in asked for path in files_below(top)}):
            if path not in self._known:
                look = _look(path)
                # a link among submissions is not read, whatever it leads to
                link = "link " if path.is_symlink() else ""
                self._known[path] = look, link + file_sha256(path)
            found[path] = self._known[path][1]
        return found


def _is_of_an_editor(path: Path) -> bool:
    """Whether a file only says that somebody has another one open."""
    return path.name.startswith((".", "~$")) or path.name.endswith("~")


def _look(path: Path) -> _Look:
    """Return what tells a file that was written again from what it was."""
    try:
        found = path.stat()
    except FileNotFoundError:  # it was there a moment ago
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino


def edition_settings(edition: Edition, *, document: bool) -> dict[str, str]:
    """Return what an edition says, by key; what the document prints only for the document."""
    left_out = {"path", "audience"} | (set() if document else {"document"})
    return {
        f"params.{field.name}": repr(getattr(edition, field.name))
        for field in dataclasses.fields(edition)
        if field.name not in left_out
    }


# --- the record of the last build -------------------------------------------------------------


def stages_of(edition: Edition) -> tuple[str, ...]:
    """Return the stages of a build of this edition."""
    return tuple(one for one in STAGES if one != PROTECTION or edition.audience == "public")


def read_run_record(paths: ReportPaths) -> dict[str, Any]:
    """Return what the last build wrote down; empty where there is nothing or it is damaged."""
    try:
        record = json.loads(paths.run_record.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    whole = isinstance(record, dict) and all(
        isinstance(part, dict)
        for name in ("stages", "seconds")
        for part in [record.get(name), *_values(record.get("stages"))]
    )
    return record if whole else {}


def _values(part: Any) -> list[Any]:
    """Return the parts of the records of stages; none of what is no record."""
    stages = part.values() if isinstance(part, dict) else ()
    return [
        stage.get(name) if isinstance(stage, dict) else None
        for stage in stages
        for name in ("files", "settings", "outputs")
    ]


def stage_record(reads: Reads, root: Path, outputs: Iterable[Path]) -> dict[str, Any]:
    """Return what to write down of a stage that is done: what it read, and what it left."""
    return {
        "files": dict(reads.files),
        "settings": dict(reads.settings),
        "outputs": {
            path.relative_to(root).as_posix(): file_sha256(path)
            for top in outputs
            for path in files_below(top)
        },
    }


def states(
    edition: Edition, paths: ReportPaths, reads: Mapping[str, Reads], record: Mapping[str, Any]
) -> list[State]:
    """Compare what every stage reads now with what is written down of the last build."""
    found: list[State] = []
    for stage in stages_of(edition):
        known = record.get("stages", {}).get(stage)
        reasons = list(_reasons(reads[stage], known, paths.root))
        stale = [state.stage for state in found if not state.fresh]
        if known is not None and stale:
            reasons.append(Reason("before", (stale[-1],)))
        found.append(State(stage, tuple(reasons)))
    return found


def _reasons(now: Reads, known: Mapping[str, Any] | None, root: Path) -> Iterator[Reason]:
    if known is None:
        yield Reason("never")
        return
    before: Mapping[str, str] = known["files"]
    both = now.files.keys() & before.keys()
    groups: dict[Change, Iterable[str]] = {
        "changed": [name for name in both if now.files[name] != before[name]],
        "added": now.files.keys() - before.keys(),
        "removed": before.keys() - now.files.keys(),
        "setting": [
            name
            for name in now.settings.keys() | known["settings"].keys()
            if now.settings.get(name) != known["settings"].get(name)
        ],
        "damaged": [
            name for name, digest in known["outputs"].items() if _differs(root / name, digest)
        ],
    }
    for change, names in groups.items():
        if names:
            yield Reason(change, tuple(sorted(names)))


def _differs(path: Path, digest: str) -> bool:
    return not path.is_file() or file_sha256(path) != digest
