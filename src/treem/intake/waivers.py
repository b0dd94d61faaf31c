"""Waivers: a person takes it on himself that a finding lets the value, workbook or run pass.

They are kept in `params/intake/waivers.yml`, one entry each with who, in which role, why and
until when. A waiver is narrow: it names one finding by its id, or one rule at one place. It hides
nothing: the finding keeps its row, with the waiver's id beside it, and the annex of the report
prints it. It ends by itself: past its date (compared with the edition's `as_of`, so that a build
repeated later gives the same) it no longer holds and says so. There is no way to waive a fault of
our own program, and none to switch a check off.
"""

from __future__ import annotations

import datetime as dt
import difflib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treem.display.numbers import short_date
from treem.edition import Edition, edition_names
from treem.errors import UsageError
from treem.intake.findings import Finding, find
from treem.intake.observations import records
from treem.intake.tables import say_os_error
from treem.project import Project

if TYPE_CHECKING:
    import pandas as pd

AT = "params/intake/waivers.yml"


@dataclass(frozen=True)
class Waiver:
    """One waiver. Either `finding` is given, or `rule` with the place it holds for.

    `measure` is "" for a rule about a whole workbook; `cell` narrows it to one cell, "" holds for
    every cell of the measure, area and year.
    """

    id: str
    edition: str
    reason: str
    who: str
    role: str
    until: dt.date
    finding: str = ""
    rule: str = ""
    area: str = ""
    year: str = ""
    measure: str = ""
    cell: str = ""

    def names(self, finding: Mapping[str, str]) -> bool:
        """Whether it names a finding, given as a row of findings.csv."""
        if self.finding:
            return finding["finding_id"] == self.finding
        place = (finding["rule"], finding["area_code"], finding["year"], finding["measure"])
        return place == (self.rule, self.area, self.year, self.measure) and self.cell in (
            "",
            finding["cell"],
        )


@dataclass(frozen=True)
class Waivers:
    """The waivers of an edition in the order of the file, held against its date `on`.

    `barred` are the rules that nobody can waive.
    """

    kept: tuple[Waiver, ...]
    on: dt.date
    barred: frozenset[str]

    def holds(self, waiver: Waiver) -> bool:
        """Whether a waiver is still in force."""
        return self.on <= waiver.until

    def of(self, finding: Mapping[str, str]) -> str:
        """Return the id of the waiver that lets a finding (a row of findings.csv) pass, or "".

        Raises UsageError where one names a finding that nobody can waive.
        """
        for waiver in self.kept:
            if self.holds(waiver) and waiver.names(finding):
                if finding["rule"] in self.barred:
                    raise UsageError(_say_barred(f"{AT}, {waiver.id}", finding["rule"]))
                return waiver.id
        return ""


_ALWAYS = ("id", "edition", "reason", "who", "role", "until")
_PLACE = ("rule", "area", "year")
_KEYS = tuple(field.name for field in fields(Waiver))


def load_waivers(project: Project, edition: Edition, waivable: Mapping[str, bool]) -> Waivers:
    """Return the waivers of an edition; none where there is no file.

    `waivable` says of each rule there is whether it can be waived. The whole file is checked,
    the entries of other editions too. Raises UsageError on a missing or unknown key, a wrong
    type, an unknown rule or edition, an id given twice, and a rule that nobody can waive.
    """
    waivers: list[Waiver] = []
    for number, entry in enumerate(_entries(project.params / "intake" / "waivers.yml"), 1):
        waiver = _waiver(f"{AT}, mục {number}", entry)
        _check_names(f"{AT}, {waiver.id}", project, waiver, waivable)
        if waiver.id in {other.id for other in waivers}:
            raise UsageError(f"{AT}: mã miễn trừ “{waiver.id}” dùng hai lần. Hãy đổi một mã.")
        waivers.append(waiver)
    return Waivers(
        tuple(waiver for waiver in waivers if waiver.edition == edition.name),
        edition.as_of,
        frozenset(rule for rule, may in waivable.items() if not may),
    )


def mark_waived(findings: pd.DataFrame, waivers: Waivers) -> pd.DataFrame:
    """Return a table of findings with the id of the waiver that lets each pass."""
    rows = records(findings)
    return findings.assign(waiver=[waivers.of(row) for row in rows]).astype({"waiver": "str"})


def restore(observations: pd.DataFrame, findings: pd.DataFrame) -> pd.DataFrame:
    """Put values back in use whose every finding of reading is waived; `findings` are marked.

    Only a value that could be read comes back: a waiver makes no number out of a text.
    """
    import numpy as np

    place = ["file", "sheet", "cell"]
    grave = findings[findings["severity"] == "record"]
    waived = set(grave.loc[grave["waiver"] != "", place].itertuples(index=False, name=None))
    waived -= set(grave.loc[grave["waiver"] == "", place].itertuples(index=False, name=None))
    if not waived:
        return observations
    back = (
        (observations["used"] == "false")
        & (observations["superseded_by"] == "")
        & (observations["value"] != "")
    )
    cells = observations[place].itertuples(index=False, name=None)
    back &= np.fromiter((cell in waived for cell in cells), bool, len(observations))
    return observations.assign(used=observations["used"].mask(back, "true"))


def waiver_findings(waivers: Waivers, findings: pd.DataFrame) -> list[Finding]:
    """Return findings on the waivers themselves: past their date, or matching nothing."""
    used = set(findings["waiver"])
    found = []
    for waiver in waivers.kept:
        place = {"file": AT, "cell": waiver.cell, "area_code": waiver.area, "year": waiver.year}
        place |= {"measure": waiver.measure, "raw": waiver.id}
        if not waivers.holds(waiver):
            found.append(find("waiver_expired", words=short_date(waiver.until), **place))
        elif waiver.id not in used:
            found.append(find("waiver_unused", **place))
    return found


def _entries(path: Path) -> list[Any]:
    import yaml

    try:
        text = unicodedata.normalize("NFC", path.read_bytes().decode("utf-8-sig"))
        data = yaml.safe_load(text)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UsageError(f"{AT}: {say_os_error(error)}. Hãy kiểm tra tệp.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{AT}: tệp không phải UTF-8. Hãy lưu lại bằng UTF-8.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" dòng {mark.line + 1}" if mark is not None else ""
        raise UsageError(f"{AT}{line}: sai cú pháp YAML. Hãy sửa dòng này.") from error
    if data is None:
        return []
    if not isinstance(data, list):
        raise UsageError(f"{AT}: cần một danh sách, mỗi mục bắt đầu bằng dấu gạch “- id: …”.")
    return data


def _waiver(at: str, entry: Any) -> Waiver:
    if not isinstance(entry, dict):
        raise UsageError(f"{at}: cần các khóa {', '.join(_KEYS)}, đang ghi {entry!r}.")
    for key in entry:
        if key not in _KEYS:
            close = difflib.get_close_matches(str(key), _KEYS, n=1, cutoff=0.5)
            hint = f" Có phải ý bạn là “{close[0]}”?" if close else ""
            raise UsageError(
                f"{at}: không có khóa nào tên “{key}”.{hint} Các khóa: {', '.join(_KEYS)}."
            )
    named = ("finding",) if "finding" in entry else _PLACE
    missing = [key for key in (*_ALWAYS, *named) if entry.get(key) in (None, "")]
    if missing:
        raise UsageError(
            f"{at}: thiếu khóa {', '.join(missing)}. Miễn trừ nào cũng phải ghi đủ: phát hiện nào "
            "(finding, hoặc rule với area, year, measure), lý do, ai, chức vụ, đến ngày nào."
        )
    both = [key for key in ("rule", "area", "year", "measure", "cell") if key in entry]
    if "finding" in entry and both:
        raise UsageError(f"{at}: đã ghi finding thì không ghi {', '.join(both)}. Hãy bỏ bớt.")
    if type(entry["until"]) is not dt.date:
        raise UsageError(
            f"{at}: khóa “until” cần ngày dạng 2025-06-30, đang ghi {entry['until']!r}."
        )
    return Waiver(**{key: _text(at, key, value) for key, value in entry.items()})


def _text(at: str, key: str, value: Any) -> Any:
    if key == "until":
        return value
    if key == "year" and type(value) is int:
        return str(value)
    if not isinstance(value, str):
        raise UsageError(
            f"{at}: khóa “{key}” cần là chữ, đang ghi {value!r}. Hãy đặt trong dấu ngoặc kép."
        )
    return value.strip()


def _check_names(at: str, project: Project, waiver: Waiver, waivable: Mapping[str, bool]) -> None:
    """Refuse a waiver for an edition or a rule that does not exist, or for a barred rule."""
    for key, name, known in (
        ("edition", waiver.edition, edition_names(project)),
        ("rule", waiver.rule, list(waivable)),
    ):
        if name and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f" Có phải ý bạn là “{close[0]}”?" if close else ""
            raise UsageError(f"{at}: khóa “{key}” ghi “{name}”, không có tên này.{hint}")
    if waiver.rule and not waivable[waiver.rule]:
        raise UsageError(_say_barred(at, waiver.rule))


def _say_barred(at: str, rule: str) -> str:
    return (
        f"{at}: quy tắc “{rule}” không được miễn trừ: đó là lỗi của chương trình hoặc điều cấm. "
        "Hãy sửa nguyên nhân và bỏ mục này."
    )
