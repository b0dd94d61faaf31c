"""Revisions: a figure that was published with another value names that value, and why it changed.

What a row replaces is taken from the ledger, so it was public in every case; a value that a sender
replaced before anything was published is nobody's business outside the office. Why it changed is
said by the submission sent again, the correction that was declared, or else by an entry of
`params/disclosure/revisions.yml`. Real figures without a reason are not published.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treem.disclosure.ledger import Ledger, Publication
from treem.disclosure.network import Key
from treem.disclosure.protect import printed_figures
from treem.disclosure.strict import Schema, check_keys, read_strict, shown
from treem.display.numbers import short_date
from treem.edition import Edition
from treem.errors import DataError, UsageError
from treem.indicators.decimals import decimal_text
from treem.intake.corrections import load_corrections
from treem.intake.observations import records
from treem.project import Project

if TYPE_CHECKING:
    import pandas as pd

REVISED = "revised"
MARK = "[r]"
NO_REASON = "chưa ghi lý do"
_OPEN_STATUS = ("reported", REVISED)
_KEYS: Schema = {
    "edition": str,
    "measure": str,
    "area": str,
    "year": int,
    "reason": str,
    "who": str,
    "date": dt.date,
}


@dataclass(frozen=True)
class Declared:
    """Why published figures change: `area` "" is every area, `measure` "" every measure."""

    edition: str
    measure: str
    area: str
    year: int
    reason: str
    who: str
    date: dt.date

    def says(self, row: Mapping[str, Any]) -> bool:
        """Whether it speaks of a row of the results."""
        return (
            self.year == int(row["year"])
            and self.measure in ("", row["measure"])
            and self.area in ("", row["area_code"])
        )


def revisions_path(project: Project) -> Path:
    """Return where declared reasons are kept."""
    return project.params / "disclosure" / "revisions.yml"


def load_declared(project: Project, edition: Edition) -> tuple[Declared, ...]:
    """Read the reasons declared for an edition. Raises UsageError on any fault of the file."""
    path = revisions_path(project)
    data = check_keys(path, read_strict(path), {"revisions": list})
    every = [_declared(path, number, one) for number, one in enumerate(data["revisions"], 1)]
    return tuple(one for one in every if one.edition == edition.name)


def name_revisions(
    project: Project,
    edition: Edition,
    ledger: Ledger,
    results: pd.DataFrame,
    observations: pd.DataFrame,
) -> pd.DataFrame:
    """Return the results with what each revised row replaces, where that was printed, and why.

    A final row that replaces a published value has status `revised` and mark `[r]`. Raises
    UsageError on a fault of the declared reasons.
    """
    before = tuple(replace(one, path=one.path.relative_to(project.root)) for one in ledger.before())
    why = _Reasons(project, edition, observations)
    rows = []
    for row in records(results):
        found = _replaced(row, before)
        if found is not None:
            row |= found
            if row["status"] in _OPEN_STATUS:
                row |= {"status": REVISED, "mark": _marked(row["mark"])}
        if found is not None or row["status"] == REVISED:
            row["revision_reason"] = why.of(row)
        rows.append(row)
    import pandas as pd

    return pd.DataFrame(rows, columns=list(results.columns)).astype(results.dtypes.to_dict())


def refuse_silent_revisions(edition: Edition, results: pd.DataFrame) -> None:
    """Raise DataError where real figures that were published have changed and nobody says why."""
    silent = results[(results["replaces"] != "") & (results["revision_reason"] == NO_REASON)]
    if edition.generated or silent.empty:
        return
    first = records(silent)[0]
    raise DataError(
        f"{len(silent)} số của kỳ {edition.name} khác số đã công bố mà không có lý do, ví dụ "
        f"{first['measure']} địa bàn {first['area_code']} năm {first['year']}: trước là "
        f"{first['replaces']}, nay là {first['value']}. Hãy ghi lý do vào "
        "params/disclosure/revisions.yml, hoặc khai đính chính, hoặc nhận hồ sơ gửi lại."
    )


def _replaced(row: Mapping[str, Any], before: Sequence[Publication]) -> dict[str, str] | None:
    """Return what a row replaces: the last printed value that is not its own; None for nothing."""
    figures = {key.quantity.rpartition(".")[2]: key for key, _ in printed_figures([row])}
    key = figures.get("value")
    if key is None:
        return None
    value = Fraction(str(row["value"]))
    for publication in reversed(before):
        was = publication.printed.get(key)
        if was is None or was == value:
            continue
        parts = {
            f"replaces_{part}": _printed(publication, key._replace(quantity=name))
            for part in ("numerator", "denominator")
            for name in (f"{row['measure']}.{part}",)
        }
        place = f"{publication.path.as_posix()}:{publication.line[key]}"
        return {"replaces": decimal_text(Fraction(was)), **parts, "replaced_in": place}
    return None


def _printed(publication: Publication, key: Key) -> str:
    value = publication.printed.get(key)
    return "" if value is None else decimal_text(Fraction(value))


def _marked(mark: str) -> str:
    """Return the marks of a row with that of a revision, in the order that marks have."""
    marks = [one for one in mark.split() if one != MARK]
    place = 1 if "[b]" in marks else 0
    return " ".join([*marks[:place], MARK, *marks[place:]])


class _Reasons:
    """Why values of an edition were changed, as sender, correction or declaration say it."""

    def __init__(self, project: Project, edition: Edition, observations: pd.DataFrame) -> None:
        revised = observations[observations["status"] == REVISED]
        self.revised = {row["observation_id"]: row for row in records(revised)}
        self.corrections = {one.id: one for one in load_corrections(project)}
        self.declared = load_declared(project, edition)

    def of(self, row: Mapping[str, Any]) -> str:
        """Return every reason that touches a row, each once."""
        sent = [self._sent(one) for one in row["observations"].split() if one in self.revised]
        said = [f"{one.reason} ({one.who}, {short_date(one.date)})" for one in self._said(row)]
        return "; ".join(dict.fromkeys([*sent, *said])) or NO_REASON

    def _said(self, row: Mapping[str, Any]) -> Iterable[Declared]:
        return (one for one in self.declared if one.says(row))

    def _sent(self, name: str) -> str:
        observation = self.revised[name]
        for correction in self.corrections.values():
            if name.endswith(f"-{correction.id}"):
                return f"đính chính {correction.id}: {correction.reason}"
        day = observation["received_date"]
        received = short_date(dt.date.fromisoformat(day)) if day else "…"
        return (
            f"{observation['agency']} gửi lại ngày {received}, văn bản số "
            f"{observation['document_number'] or '…'}"
        )


def _declared(path: Path, number: int, data: object) -> Declared:
    where = f"revisions, mục {number}"
    one = check_keys(path, data, _KEYS, where)
    for key in ("edition", "reason", "who"):
        if not one[key].strip():
            raise UsageError(f"{shown(path)}: {where} để trống “{key}”. Hãy ghi đủ.")
    return Declared(**one)
