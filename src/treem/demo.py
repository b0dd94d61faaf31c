"""Generates the submissions of a demonstration edition: workbooks that look like received ones.

Nothing here is real and every workbook says so. The design (levels wanted for the province,
units that send nothing, revisions, seeded errors) is data beside the folder of submissions
(`data/demo/<edition>.yml`); the seed stands in `params/`. The same design and seed give the same
bytes.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from treem.edition import GENERATED_NOTICE, Edition
from treem.errors import UsageError
from treem.intake.forms_v1 import AGENCIES, Entry, FormHead, write_form
from treem.intake.sources import NAME, Source
from treem.intake.units import Unit, units_owing
from treem.plan.model import Measure
from treem.project import Project

if TYPE_CHECKING:
    from treem.plan.register import PlanRegister

# How far districts differ from the province: relative spread of the share that is the smaller
# side (those reached or those left out), and of ratios that run close to 100 percent by nature.
_SPREAD, _COHORT_SPREAD = 0.18, 0.004

Part = tuple[str, str]
Entries = dict[Part, Entry]


def write_demo(project: Project, edition: Edition) -> list[Path]:
    """Write the generated workbooks of an edition and their `SOURCES.csv`.

    Returns the paths written. Raises UsageError for an edition of real figures.
    """
    from treem.areas import load_geography
    from treem.plan.register import load_register

    if edition.generator is None:
        raise UsageError(
            f"Kỳ {edition.name} là kỳ số liệu thật: không sinh số liệu cho kỳ này. "
            "Chỉ kỳ trình diễn (kind: demonstration) có số liệu sinh ra."
        )
    register, areas = load_register(project), load_geography(project)
    folder = project.root / "data" / "demo" / edition.name
    design = _read_design(folder.with_suffix(".yml"))
    seed = edition.generator.seed
    sources: list[Source] = []
    for year in edition.years:
        units = units_owing(edition, register, areas, year)
        filled = _fill(design, register, units, year, seed)
        for unit in units:
            if not _listed(design["missing"], unit.code, year):
                sources += _write_unit(folder, design, register, unit, year, filled[unit.code])
    written = [folder / source.file for source in sources]
    return [*written, _write_sources(folder, sources)]


@dataclass(frozen=True)
class _Districts:
    """The districts in order of code, each with its share of the province."""

    codes: tuple[str, ...]
    weights: tuple[float, ...]

    def spread(
        self, total: int, weights: Sequence[float], caps: Sequence[int] | None = None
    ) -> list[int]:
        """Share out a whole number by weight, largest remainders first, never above a cap."""
        caps = caps or [total] * len(weights)
        assert sum(caps) >= total, "the caps leave no room for the total"
        scale = sum(weights) or 1.0
        exact = [total * weight / scale for weight in weights]
        parts = [min(int(value), cap) for value, cap in zip(exact, caps, strict=True)]
        order = sorted(range(len(parts)), key=lambda i: (int(exact[i]) - exact[i], i))
        while (left := total - sum(parts)) > 0:
            for i in [i for i in order if parts[i] < caps[i]][:left]:
                parts[i] += 1
        return parts


def _read_design(path: Path) -> dict[str, Any]:
    import yaml

    if not path.is_file():
        raise UsageError(f"Không tìm thấy tệp thiết kế số liệu trình diễn {path}.")
    design: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return design


def _fill(
    design: Mapping[str, Any],
    register: PlanRegister,
    units: Sequence[Unit],
    year: int,
    seed: int,
) -> dict[str, Entries]:
    """Return what every unit writes for a year, before its errors are put in."""
    column = design["years"].index(year)
    codes = tuple(unit.code for unit in units if unit.code not in AGENCIES)
    districts = _Districts(codes, tuple(design["districts"][code] for code in codes))
    filled: dict[str, Entries] = {unit.code: {} for unit in units}
    numerators: dict[str, list[int]] = {}
    for measure_id, wish in design["measures"].items():
        random = Random(f"{seed}|{measure_id}|{year}")
        measure = register.measures[measure_id]
        bases = _bases(design, districts, wish.get("base"), numerators, column)
        counts = _counts(districts, measure, wish, bases, numerators, column, random)
        numerators[measure_id] = counts
        for index, code in enumerate(codes):
            filled[code][measure_id, "numerator"] = _count_entry(counts[index])
            if bases is not None:
                filled[code][measure_id, "denominator"] = _count_entry(bases[index])
    for measure_id, parts in design["province"].items():
        code = _department(register, units, measure_id)
        for part, values in parts.items():
            filled[code][measure_id, part] = Entry(values[column])
    for mark in design["provisional"]:
        if mark["year"] == year:
            key = (mark["measure"], mark["part"])
            filled[mark["unit"]][key] = replace(filled[mark["unit"]][key], mark="(ước)")
    return filled


def _bases(
    design: Mapping[str, Any],
    districts: _Districts,
    base: str | None,
    numerators: Mapping[str, list[int]],
    column: int,
) -> list[int] | None:
    if base is None:
        return None
    if base == "communes":
        return [design["communes"][code][column] for code in districts.codes]
    if base in numerators:
        return numerators[base]
    return districts.spread(design["bases"][base][column], districts.weights)


def _counts(
    districts: _Districts,
    measure: Measure,
    wish: Mapping[str, Any],
    bases: list[int] | None,
    numerators: Mapping[str, list[int]],
    column: int,
    random: Random,
) -> list[int]:
    """Share the wanted number of the province out to the districts, with some difference."""
    if bases is None:
        return districts.spread(wish["count"][column], _noisy(districts.weights, _SPREAD, random))
    whole = sum(bases)
    if "count" in wish:
        total = int(wish["count"][column])
    else:
        level = Fraction(str(wish["level"][column]))
        total = round(level * whole / measure.multiplier)
    if "above" in wish:
        before = numerators[wish["above"]]
        more = districts.spread(total - sum(before), _noisy(bases, _SPREAD, random))
        return [a + b for a, b in zip(before, more, strict=True)]
    if measure.upper_bound is not None and measure.upper_bound > measure.multiplier:
        return districts.spread(total, _noisy(bases, _COHORT_SPREAD, random))
    if 2 * total > whole:
        left_out = districts.spread(whole - total, _noisy(bases, _SPREAD, random), bases)
        return [a - b for a, b in zip(bases, left_out, strict=True)]
    return districts.spread(total, _noisy(bases, _SPREAD, random), bases)


def _noisy(weights: Sequence[float], spread: float, random: Random) -> list[float]:
    return [weight * random.lognormvariate(0.0, spread) for weight in weights]


def _count_entry(count: int) -> Entry:
    """Return the entry of a count; nothing occurred is the sign of the statistical yearbook."""
    return Entry(count or "-")


def _department(register: PlanRegister, units: Sequence[Unit], measure_id: str) -> str:
    from treem.intake.forms_v1 import agency_code

    code = agency_code(register.measures[measure_id].lead_agency)
    assert code in {unit.code for unit in units}
    return code


def _write_unit(
    folder: Path,
    design: Mapping[str, Any],
    register: PlanRegister,
    unit: Unit,
    year: int,
    entries: Entries,
) -> list[Source]:
    """Write the workbook of a unit and year, and the first version where it was sent twice."""
    column = design["years"].index(year)
    entries = _with_errors(design, unit.code, year, entries)
    file = f"{year}/{unit.code}.xlsx"
    received = design["received"][column]
    revisions = _listed(design["revised"], unit.code, year)
    if not revisions:
        return [_write_one(folder, design, register, unit, year, entries, file, received, "")]
    first = dict(entries)
    for revision in revisions:
        key = (revision["measure"], revision["part"])
        first[key] = Entry(_number(entries[key]) + revision["first"])
    again = f"{year}/{unit.code}-2.xlsx"
    return [
        _write_one(folder, design, register, unit, year, first, file, received, ""),
        _write_one(
            folder, design, register, unit, year, entries, again, design["received_again"], file
        ),
    ]


def _with_errors(design: Mapping[str, Any], code: str, year: int, entries: Entries) -> Entries:
    """Put in the errors that are meant to be found."""
    wrong = dict(entries)
    for error in _listed(design["errors"], code, year):
        key = (error["measure"], error["part"])
        if "write" in error:
            wrong[key] = Entry(error["write"])
            continue
        start = entries[error["measure"], error.get("as", error["part"])]
        wrong[key] = Entry(_number(start) * error.get("times", 1) + error.get("plus", 0))
    return wrong


def _number(entry: Entry) -> int:
    assert isinstance(entry.value, int), "seeded changes need a count to start from"
    return entry.value


def _listed(events: Sequence[Mapping[str, Any]], code: str, year: int) -> list[Mapping[str, Any]]:
    return [event for event in events if (event["unit"], event["year"]) == (code, year)]


def _write_one(
    folder: Path,
    design: Mapping[str, Any],
    register: PlanRegister,
    unit: Unit,
    year: int,
    entries: Entries,
    file: str,
    received: str,
    supersedes: str,
) -> Source:
    path = folder / file
    head = FormHead(unit.code, unit.name, year, design["receiver"], GENERATED_NOTICE)
    write_form(path, register, head, entries)
    data = path.read_bytes()
    return Source(
        file=file,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        sender=unit.name,
        unit_code=unit.code,
        year=year,
        received_date=received,
        document_number=f"TD-{Path(file).stem}/{year}",
        supersedes=supersedes,
        note=GENERATED_NOTICE,
    )


def _write_sources(folder: Path, sources: Sequence[Source]) -> Path:
    path = folder / NAME
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(
            stream, [field.name for field in fields(Source)], lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(asdict(source) for source in sources)
    return path
