"""Reads mutated forms beside clean ones and says what became of every value.

The surroundings are a whole province: eight districts and two departments over two years, with
the figures of the demonstration before its errors are put in. One district's last form is
mutated; everything else is read once.
"""

from __future__ import annotations

import hashlib
import math
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import yaml
from openpyxl import load_workbook

from mutator import LOST, Sheet, mutate, open_sheet
from treem.areas import load_geography
from treem.demo_figures import fill
from treem.edition import load_edition
from treem.errors import WorkbookError
from treem.intake.findings import findings_table
from treem.intake.forms_write import build_form, make_form, save_form
from treem.intake.observations import observations_table
from treem.intake.rows import Origin
from treem.intake.sources import ListedSource
from treem.intake.units import Unit, units_owing
from treem.intake.workbook import read_workbook
from treem.plan.register import load_register
from treem.project import Project
from treem.quality import check_received

ROOT = Path(__file__).resolve().parent.parent
YEARS = (2023, 2024)
MUTATED = ("256", "259", "262")
PLAUSIBLE = 1.6
"""A figure this close to the true one, that breaks no rule, is one that a sender may mean."""
BY_CHANCE = 2
"""So is a count of rare events within this many standard deviations: one case, or none."""

Read = tuple[list[Any], list[Any]]
OUTCOMES = ("right", "named", "refused", "plausible", "silent", "crash")


@dataclass(frozen=True)
class Verdict:
    """What became of one mutated form; `faults` says what was changed or lost in silence."""

    kind: str
    seed: int
    outcome: str
    faults: tuple[str, ...] = ()


class Province:
    """The surroundings of a mutated form, read and checked once."""

    def __init__(self, folder: Path) -> None:
        for name in ("expectations", "data/plan", "data/source", "data/areas", "params"):
            shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True)
        self.folder, self.project = folder, Project(folder)
        demo = load_edition(Project(ROOT), "demo-2024")
        self.edition = replace(demo, name="thu", years=YEARS, year=YEARS[-1])
        self.register, self.areas = load_register(self.project), load_geography(self.project)
        design = yaml.safe_load((ROOT / "data/demo/demo-2024.yml").read_text("utf-8"))
        self.entries: dict[int, Any] = {}
        self.units: dict[int, tuple[Unit, ...]] = {}
        for year in YEARS:
            units = units_owing(self.edition, self.register, self.areas, year)
            self.units[year] = units
            self.entries[year] = fill(
                design, self.edition, self.register, self.areas, units, year, 20250701
            )
        self.clean: dict[tuple[str, int], Read] = {}
        for year in YEARS:
            for unit in self.units[year]:
                path = folder / f"{year}-{unit.code}.xlsx"
                save_form(self.form(unit, year), path)
                self.clean[unit.code, year] = self.read(path, unit, year)

    def form(self, unit: Unit, year: int) -> Any:
        before = self.entries.get(year - 1, {}).get(unit.code, {})
        last = {
            name: str(entry.value)
            for name, entry in before.items()
            if isinstance(entry.value, int | float)
        }
        form = make_form(self.edition, self.register, unit, year, last)
        return build_form(self.register, form, self.entries[year][unit.code], guide=False)

    def read(self, path: Path, unit: Unit, year: int) -> Read:
        data = path.read_bytes()
        source = ListedSource(
            file=path.name,
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            sender=unit.name,
            unit_code=unit.code,
            year=year,
            received_date=f"{year + 1}-01-15",
            document_number="",
            supersedes="",
            note="",
            line=2,
        )
        origin = Origin(self.edition, self.areas, unit, source, f"ho-so/{year}/{path.name}")
        return read_workbook(path, origin, self.register)

    def check(self, changed: dict[tuple[str, int], Read] | None = None) -> Any:
        """Check the province with some forms, by unit and year, in place of the clean ones."""
        forms = self.clean | (changed or {})
        return check_received(
            self.project,
            self.edition,
            self.register,
            self.areas,
            observations_table(row for rows, _ in forms.values() for row in rows),
            findings_table(
                self.edition.name, [one for _, found in forms.values() for one in found]
            ),
        )

    def judge(self, wanted: Sequence[tuple[str, int]], folder: Path) -> Iterator[Verdict]:
        """Mutate forms by kind and seed, read and check them, and judge each.

        A few districts are mutated for one check: medians over eight districts bear that.
        """
        for start in range(0, len(wanted), len(MUTATED)):
            yield from self._judge_some(wanted[start : start + len(MUTATED)], folder)

    def _judge_some(self, wanted: Sequence[tuple[str, int]], folder: Path) -> Iterator[Verdict]:
        year = YEARS[-1]
        changed: dict[tuple[str, int], Read] = {}
        made: list[tuple[str, int, str, Sheet, str]] = []
        for code, (kind, seed) in zip(MUTATED, wanted, strict=False):
            sheet = self._mutated(code, kind, seed)
            path = folder / f"{re.sub('[^A-Za-z0-9]', '', kind)}{seed}-{code}{sheet.suffix}"
            sheet.save(sheet.book, path)
            try:
                unit = next(one for one in self.units[year] if one.code == code)
                changed[code, year] = self.read(path, unit, year)
            except WorkbookError as error:
                assert path.name in str(error)
                yield Verdict(kind, seed, "refused", (str(error),))
            except Exception as error:  # a crash is an outcome that the table shows
                yield Verdict(kind, seed, "crash", (repr(error),))
            else:
                made.append((kind, seed, code, sheet, path.name))
        checked = self.check(changed)
        for kind, seed, code, sheet, file in made:
            yield _verdict(kind, seed, sheet, _Seen(checked, file, code, year))

    def _mutated(self, code: str, kind: str, seed: int) -> Sheet:
        year = YEARS[-1]
        entries = {name: entry.value for name, entry in self.entries[year][code].items()}
        book = load_workbook(self.folder / f"{year}-{code}.xlsx")
        sheet = open_sheet(book, entries, Random(f"{kind}|{seed}"))
        mutate(sheet, kind)
        return sheet


class _Seen:
    """What reading and checking say of one file."""

    def __init__(self, checked: Any, file: str, code: str, year: int) -> None:
        rows = _rows(checked.observations)
        self.values: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            if row["file"].endswith(f"/{file}"):
                name = ".".join(filter(None, (row["measure"], row["part"], row["stratum"])))
                self.values.setdefault(name, []).append(row)
        self.findings = [
            row
            for row in _rows(checked.findings)
            if row["file"].endswith(f"/{file}")
            or (row["area_code"] == code and row["year"] == str(year))
        ]

    @property
    def refuses_file(self) -> bool:
        return any(row["severity"] in ("submission", "run") for row in self.findings)

    def names(self, name: str, row_number: int | None) -> bool:
        """Whether a finding names the value: by measure and part, or by a cell of its row."""
        measure, part = name.rsplit(".", 1)
        return any(
            (row["measure"] == measure and row["part"] in ("", part))
            or row_number in map(int, re.findall(r"\d+", row["cell"]))
            for row in self.findings
        )


def _verdict(kind: str, seed: int, sheet: Sheet, seen: _Seen) -> Verdict:
    if seen.refuses_file and not any(
        row["used"] == "true" for rows in seen.values.values() for row in rows
    ):
        return Verdict(kind, seed, "refused")
    ends: Counter[str] = Counter()
    faults = []
    for name, truth in sheet.truth.items():
        used = [row for row in seen.values.get(name, []) if row["used"] == "true"]
        if len(used) == 1 and _meaning(used[0]) == truth:
            ends["right"] += 1
        elif seen.names(name, sheet.row(name) if name in sheet.where else None):
            ends["named"] += 1
        elif used and _plausible(used, truth):
            ends["plausible"] += 1
        elif not used and truth in ("missing", LOST) and seen.values.get(name):
            ends["right"] += 1
        else:
            ends["silent"] += 1
            faults.append(f"{name}: {truth} → {[_meaning(row) for row in used]}")
    worst = next(one for one in ("silent", "plausible", "named", "right") if ends[one])
    return Verdict(kind, seed, worst, tuple(faults))


def _meaning(row: dict[str, Any]) -> Fraction | str:
    if row["status"] in ("missing", "not_applicable") or not row["value"]:
        return str(row["status"])
    return row["bound"] + row["value"] if row["bound"] else Fraction(row["value"])


def _plausible(used: list[dict[str, Any]], truth: Fraction | str) -> bool:
    """Whether a wrong figure is one that the sender may as well have meant."""
    read = _meaning(used[0])
    if not isinstance(read, Fraction) or not isinstance(truth, Fraction):
        return False
    by_chance = 2 * abs(math.sqrt(read + 0.375) - math.sqrt(truth + 0.375)) < BY_CHANCE
    return by_chance or (truth > 0 and 1 / PLAUSIBLE < read / truth < PLAUSIBLE)


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
