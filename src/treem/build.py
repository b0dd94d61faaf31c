"""One build of one edition: what it takes over, how long its stages take, what it writes down."""

from __future__ import annotations

import dataclasses
import json
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from treem import __version__
from treem.audit.manifest import canonical_json, inputs
from treem.display.texts import load_texts
from treem.edition import Audience, Edition
from treem.errors import DataError
from treem.kept import Kept
from treem.project import Project, ReportPaths
from treem.stages import (
    DOCUMENT,
    NOTEBOOKS,
    PROTECTION,
    RESULTS,
    Reads,
    Sources,
    State,
    read_run_record,
    stage_record,
    stages_of,
    states,
)
from treem.storage import scratch, swap_in

Say = Callable[[str], None]
SHOWN = 5
STEPS = (RESULTS, PROTECTION, NOTEBOOKS, DOCUMENT)
"""The stages as they are told to the person who waits; reading is a part of the first."""


@dataclass(frozen=True)
class How:
    """How a build is done: nothing here changes what it holds, but for the audience."""

    audience: Audience = "public"
    publisher: str = "auto"
    engine: Literal["auto", "kernel"] = "auto"
    jobs: int | None = None
    dask: str | None = None
    force: bool = False


@dataclass
class Build:
    """A build that runs: its edition, what may be taken over, what was done so far."""

    project: Project
    edition: Edition
    paths: ReportPaths
    how: How
    say: Say
    kept: Kept
    sources: Sources
    record: Mapping[str, Any]
    steps: Sequence[str] = ()
    publisher: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    _done: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        project: Project,
        edition: Edition,
        how: How,
        say: Say,
        *,
        publisher: str = "",
        steps: Sequence[str] = STEPS,
        reads_only: bool = False,
    ) -> Build:
        """Begin a build. `publisher` is the label of what makes the document, "" for none.

        With `reads_only` nothing is ever written.
        """
        paths = project.report(edition.name, edition.audience)
        return cls(
            project,
            edition,
            paths,
            how,
            say,
            Kept(paths.cache, takes=not how.force, keeps=not reads_only),
            Sources(project, edition),
            read_run_record(paths),
            [step for step in steps if step in stages_of(edition)],
            publisher,
        )

    def reads(self, stage: str) -> Reads:
        """Return what a stage reads now."""
        publisher = {"publisher": self.publisher} if stage == DOCUMENT else {}
        return self.sources.reads(stage, **publisher)

    def states(self) -> list[State]:
        """Return what is up to date, in the order of the road."""
        now = {stage: self._noted(stage) for stage in stages_of(self.edition)}
        return states(self.edition, self.paths, now, self.record)

    def made(
        self,
        stage: str,
        key: str,
        folder: Path,
        parts: Iterable[str],
        make: Callable[[], Any],
    ) -> Any:
        """Take a stage over, or have `make` write `parts` below `folder`, and keep them.

        Out: what `make` returned, then or now; something that JSON can hold.
        """
        name = f"{stage}-{self.edition.audience}" if stage == DOCUMENT else stage
        with self.timed(stage):
            piece = self.kept.take(name, key, folder)
            if piece is not None:
                self.taken.append(stage)
                self.tell(stage, "taken")
                return piece.value
            self.tell(stage, "begun")
            value = make()
            self.refuse_changes()
            self.kept.keep(name, key, value, folder, parts)
            return value

    def refuse_changes(self) -> None:
        """Raise DataError where something that was read has changed since the build began.

        The package would name files that it was not made of.
        """
        changed = self.sources.changed()
        if changed:
            more = f" và {len(changed) - SHOWN} tệp nữa" if len(changed) > SHOWN else ""
            raise DataError(
                f"Trong khi làm kỳ {self.edition.name}, có tệp bị sửa: "
                f"{', '.join(changed[:SHOWN])}{more}. Gói báo cáo trước đó còn nguyên. "
                "Hãy chạy lại khi không ai sửa các tệp này."
            )

    def tell(self, stage: str, what: str) -> None:
        """Say which stage of how many begins or is taken over, and how long it took last time."""
        said = load_texts("status")
        words = said["steps"][stage][what].format(publisher=self.publisher)
        seconds = self.record.get("seconds", {}).get(stage, 0)
        if what == "begun" and seconds >= 1:
            words += said["last_time"].format(seconds=round(seconds))
        self.say(f"[{self.steps.index(stage) + 1}/{len(self.steps)}] {words}")

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Note how long a stage takes."""
        start = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - start

    def note(self, stage: str, outputs: Iterable[Path], root: Path | None = None) -> None:
        """Note that a stage is done and what it left; `root` will be the edition's folder."""
        self._done[stage] = stage_record(self._noted(stage), root or self.paths.root, outputs)

    def finish(self) -> None:
        """Write the record of this build and forget finished work that nothing needs any more."""
        before = self.record.get("seconds", {})
        seconds = {name: round(value, 2) for name, value in self.seconds.items()}
        ran = {name: value for name, value in seconds.items() if name not in self.taken}
        record = {
            "made_from": self.made_from if DOCUMENT in self._done else self._known("made_from"),
            "treem": __version__,
            "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "machine": {"system": platform.platform(), "python": platform.python_version()},
            # how long a stage takes is told by the last time that it was done
            "seconds": {**(before if isinstance(before, dict) else {}), **ran},
            "stages": {**self.record.get("stages", {}), **self._done},
        }
        text = json.dumps(record, ensure_ascii=False, indent=1)
        new = scratch(self.paths.root, "record") / self.paths.run_record.name
        new.write_text(text + "\n", "utf-8")
        swap_in(new, self.paths.run_record)
        self.kept.prune()

    def _known(self, name: str) -> Any:
        return self.record.get(name, {})

    @cached_property
    def made_from(self) -> dict[str, Any]:
        """What the manifest of the package says that it is made from."""
        return inputs(self.project, self.edition, self.publisher)

    def _noted(self, stage: str) -> Reads:
        """Return what a stage reads; of the document also what its manifest says."""
        reads = self.reads(stage)
        if stage != DOCUMENT:
            return reads
        manifest = canonical_json(self.made_from)
        return dataclasses.replace(reads, settings={**reads.settings, "manifest": manifest})
