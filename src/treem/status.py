"""`treem status`: what of an edition is up to date, what is not and why; how many notebooks run.

Nothing is written and nothing is run. A stage is compared with what the last build wrote down
(`run.json`); a notebook with the ones that are kept. Where the stages before the notebooks are not
up to date, what they will give is not known: then every notebook that may read a changed row
counts. The words are data (`display/texts/status.yml`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from treem.build import Build, How
from treem.display.texts import load_texts
from treem.edition import Audience, Edition, load_edition
from treem.project import Project
from treem.stages import DOCUMENT, PROTECTION, READING, RESULTS, Reason, State

if TYPE_CHECKING:
    from treem.notebooks.matrix import Matrix, Unit

Mark = Literal["done", "stale", "failed"]
SHOWN_NAMES = 5
WIDTH = 100
_CHANGED = ("changed", "added", "removed")


@dataclass(frozen=True)
class Status:
    """How an edition stands: its stages in the order of the road, a mark for each notebook.

    `certain` says whether just the stale notebooks will run; else it may turn out to be fewer.
    """

    edition: str
    audience: Audience
    states: tuple[State, ...]
    units: tuple[Unit, ...]
    marks: dict[str, Mark]
    certain: bool
    unfinished: bool = False

    @property
    def fresh(self) -> bool:
        """Whether a build would change nothing."""
        return all(state.fresh for state in self.states)

    @property
    def to_run(self) -> int:
        """How many notebooks run in the next build, at most."""
        return sum(mark != "done" for mark in self.marks.values())

    def as_json(self) -> dict[str, Any]:
        """Return every stage with its reasons, and every notebook with its mark."""
        return {
            "edition": self.edition,
            "audience": self.audience,
            "fresh": self.fresh,
            "unfinished": self.unfinished,
            "stages": [
                {
                    "stage": state.stage,
                    "fresh": state.fresh,
                    "reasons": [
                        {"change": one.change, "names": list(one.names)} for one in state.reasons
                    ],
                }
                for state in self.states
            ],
            "notebooks": {
                "all": len(self.units),
                "to_run": self.to_run,
                "certain": self.certain,
                "units": [
                    {**dict(unit.parameters), "name": unit.name, "mark": self.marks[unit.name]}
                    for unit in self.units
                ],
            },
        }

    def as_text(self, *, board: bool = True) -> str:
        """Return a line a stage, its reasons below, and the board of notebooks, year × area.

        Without `board` the notebooks are told in plain lines, one a year.
        """
        said = load_texts("status")
        lines = [said["head"][self.audience].format(edition=self.edition)]
        for state in self.states:
            word = said["states"]["fresh" if state.fresh else "stale"]
            lines.append(f"[{word}] {said['stages'][state.stage]}")
            lines += [f"    {_why(reason)}" for reason in _told(state.reasons)]
        lines.append(self._count())
        lines += [f"    {row}" for row in (self.board() if board else self.rows())]
        if self.unfinished:
            lines.append(said["unfinished"])
        lines.append(said["fresh" if self.fresh else "stale"].format(edition=self.edition))
        return "\n".join(lines)

    def board(self) -> list[str]:
        """Return the notebooks as a board: a line a year, a mark an area, and what marks mean."""
        from treem.notebooks.progress import DONE, FAILED, WAITING, board_rows

        signs = {"done": DONE, "stale": WAITING, "failed": FAILED}
        marks = {name: signs[mark] for name, mark in self.marks.items()}
        meaning = load_texts("status")["marks"].format(**signs)
        return [*board_rows(self.units, marks, (DONE,), WIDTH), meaning]

    def rows(self) -> list[str]:
        """Return the notebooks as plain lines: how many a year may be reused, and which may not."""
        from treem.notebooks.progress import rows_of

        said = load_texts("status")
        lines = []
        for row, units in rows_of(self.units).items():
            by_mark = {
                mark: [unit.name for unit in units if self.marks[unit.name] == mark]
                for mark in ("done", "stale", "failed")
            }
            line = said["row"].format(row=row, done=len(by_mark["done"]), all=len(units))
            for mark in ("stale", "failed"):
                if by_mark[mark]:
                    line += said["row_" + mark].format(names=_listed(by_mark[mark]))
            lines.append(line + ".")
        return lines

    def _count(self) -> str:
        said = load_texts("status")["count"]
        how = "none" if not self.to_run else "certain" if self.certain else "at_most"
        return str(said[how].format(count=self.to_run, all=len(self.units)))


def status_of(project: Project, name: str, audience: Audience, publisher: str) -> Status:
    """Look at how an edition stands; raises EditionError where there is none of this name."""
    from treem.areas import load_geography
    from treem.notebooks.matrix import units
    from treem.publish import choose_publisher

    edition = replace(load_edition(project, name), audience=audience)
    chosen = choose_publisher(publisher, lambda line: None)
    how = How(audience=audience)
    build = Build.of(
        project, edition, how, lambda line: None, publisher=chosen.label, reads_only=True
    )
    states = build.states()
    matrix = units(edition, load_geography(project))
    before = [one for one in states if one.stage in (READING, RESULTS, PROTECTION)]
    certain = all(state.fresh for state in before)
    if all(state.fresh for state in states if state.stage != DOCUMENT):
        stale: set[str] = set()
    elif certain:
        stale = _stale(build, matrix)
    else:
        stale = {unit.name for unit in matrix.all if _may_change(edition, before, unit)}
    failed = build.paths.root / "failed"
    marks: dict[str, Mark] = dict.fromkeys((unit.name for unit in matrix.all), "done")
    for unit in matrix.all:
        if unit.name in stale:
            marks[unit.name] = "failed" if (failed / unit.output).is_file() else "stale"
    return Status(
        edition=name,
        audience=audience,
        states=tuple(states),
        units=matrix.all,
        marks=marks,
        certain=certain,
        unfinished=any(build.paths.root.glob("*.old")) or (build.paths.root / ".stage").is_dir(),
    )


def _stale(build: Build, matrix: Matrix) -> set[str]:
    """Return the notebooks that no finished work can stand in for, by name."""
    from treem.audit.lineage import figures_text, merge_figures
    from treem.notebooks.cache import UnitCache
    from treem.notebooks.matrix import check_matrix
    from treem.notebooks.runner import job_of

    paths = build.paths
    _, templates = check_matrix(build.project, build.edition)
    cache = UnitCache(build.project, build.edition, paths.read, build.kept)
    stale: set[str] = set()
    figures: list[dict[str, Any]] = []

    def look(group: Sequence[Unit], printed: str = "") -> None:
        for unit in group:
            job = job_of(
                build.project, unit, templates, paths.read, paths.notebooks, paths.root / "failed"
            )
            found = cache.look(job, cache.key(job, printed))
            if found is None:
                stale.add(unit.name)
            else:
                figures.extend(found.figures)

    look(matrix.first)
    if stale:
        return stale | {unit.name for unit in matrix.last}
    text = figures_text(merge_figures(figures))
    look(matrix.last, hashlib.sha256(text.encode()).hexdigest())
    return stale


def _may_change(edition: Edition, before: Sequence[State], unit: Unit) -> bool:
    """Whether a notebook may read a row that changes with what changed before it.

    Submissions lie in folders of their year; a notebook reads its own year and earlier ones.
    Anything else may change everything.
    """
    year = unit.parameters.get("year")
    if year is None or not all(state.only(*_CHANGED, "before") for state in before):
        return True
    files = {name for state in before for name in state.names(*_CHANGED)}
    years = {_year_of(edition, name) for name in files}
    return any(found is None or found <= int(year) for found in years)


def _year_of(edition: Edition, name: str) -> int | None:
    """Return the year of a file among the submissions; None for any other file."""
    for folder in edition.submissions:
        parts = PurePosixPath(name).parts[len(PurePosixPath(folder).parts) :]
        if PurePosixPath(name).is_relative_to(folder) and parts and parts[0].isdecimal():
            return int(parts[0])
    return None


def _told(reasons: Sequence[Reason]) -> Iterator[Reason]:
    """Yield the reasons that a person wants to hear: what only follows from others comes last."""
    own = [one for one in reasons if one.change != "before" and one.names != ("manifest",)]
    for reason in own or reasons:
        names = tuple(name for name in reason.names if name != "manifest")
        yield Reason(reason.change, names or reason.names)


def _why(reason: Reason) -> str:
    said = load_texts("status")
    words = said["reasons"][reason.change]
    known = said["settings"] if reason.change == "setting" else said["stages"]
    return str(words.format(names=_listed([known.get(name, name) for name in reason.names])))


def _listed(names: Sequence[str]) -> str:
    shown, more = ", ".join(names[:SHOWN_NAMES]), len(names) - SHOWN_NAMES
    return shown + load_texts("status")["more"].format(count=more) if more > 0 else shown
