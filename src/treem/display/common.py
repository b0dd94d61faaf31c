"""What tables, charts and sentences share: names of measures, verdicts, marks and their legends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from treem.audit.lineage import Printed
from treem.display import figures
from treem.display.table import Cell, text
from treem.display.texts import load_texts
from treem.display.words import verdict_name, word
from treem.notebooks.results import Result
from treem.plan.model import TARGET_YEARS, Measure

if TYPE_CHECKING:
    from treem.notebooks.api import Run

CERTAINTY_SIGNS = {"UNCERTAIN": "(?)", "ONE_CASE": "(1)"}

GROUPS: dict[str, tuple[str, ...]] = {
    "good": ("MET", "KEPT", "EARLY", "ON_TRACK"),
    "watch": ("SLIPPING", "AT_THRESHOLD", "ACCELERATE"),
    "behind": ("SLOW", "REVERSE", "NOT_MET", "LOST"),
    "no_data": ("NO_DATA",),
    "not_judged": (
        "NOT_COMPARABLE",
        "NOT_APPLICABLE",
        "NO_TARGET",
        "FROZEN_UNKNOWN",
        "UNDEFINED",
    ),
    "withheld": ("WITHHELD",),
}
"""Verdicts as they are counted together in sentences and charts; never added up to a score."""

NOT_VERDICTS = GROUPS["no_data"] + GROUPS["not_judged"] + GROUPS["withheld"]
"""Codes that say why there is no verdict."""

HIDDEN = "[c]"
"""The mark of what disclosure control hides, whether it is small itself or guards another."""


def words(name: str) -> Any:
    """Return a group of the texts of tables."""
    return load_texts("tables")[name]


def counted_words(name: str) -> str:
    """Return what a count counts, in words."""
    said: str = words("counted")[name]
    return said


def area_measures(run: Run) -> dict[str, bool]:
    """Return the measures drawn by area, and whether province and all areas have a value."""
    chosen: list[str] = load_texts("charts")["area_measures"]
    codes = run.area_names()
    return {
        measure: all(
            (row := run.result(measure, code)) is not None and row["value"] for code in codes
        )
        for measure in chosen
    }


def short_name(measure_id: str) -> str:
    """Return the short Vietnamese name of a measure."""
    names: dict[str, str] = load_texts("measures")["short"]
    return names[measure_id]


def measures_of(run: Run, objective: int) -> list[Measure]:
    """Return the measures of an objective in the order of the plan."""
    return [one for one in run.register.measures.values() if one.objective == objective]


def measure_cell(measure: Measure) -> Cell:
    """Return the cell that names a measure: id, name and unit."""
    name = escape(measure.name_vi, quote=False)
    return Cell(f"<strong>{measure.id}</strong> {name} ({escape(measure.unit, quote=False)})")


def target_cell(run: Run, measure_id: str, year: int) -> Cell:
    """Return the cell of the province's target that a measure is judged by."""
    chosen = run.register.limits(measure_id, run.edition.reading).get(year)
    html = figures.signed(figures.target(run, chosen)) if chosen else ""
    return Cell(html, align="center")


def nation_html(run: Run, measure_id: str) -> str:
    """Return the national targets of 2025 and 2030 a line each: `2025: <9,5`."""
    limits = run.register.limits(measure_id, run.edition.reading, "national")
    return "<br>".join(
        f"{year}: {figures.signed(figures.target(run, limits[year]))}"
        for year in TARGET_YEARS
        if year in limits
    )


def baseline_cell(run: Run, measure_id: str) -> Cell:
    """Return the cell of the 2020 figure, blank where the plan has none."""
    return Cell(figures.signed(figures.baseline(run, measure_id)), align="center")


def value_html(run: Run, result: Result, *, interval: bool = True) -> str:
    """Return a result as it is printed: value, mark, interval below; or why there is none."""
    if result["status"] == "not_applicable":
        return result["mark"]
    printed = figures.value(run, result)
    mark = f" {result['mark']}" if result["mark"] else ""
    if printed is None:
        counted = bare_count(run, result)
        if counted is None:
            return result["mark"] or "[x]"
        return counted_cases(result, counted.html) + mark
    ends = figures.interval(run, result) if interval else None
    below = f"<br>({ends[0].html} - {ends[1].html})" if ends else ""
    return f"{figures.signed(printed)}{mark}{below}"


def bare_count(run: Run, result: Result) -> Printed | None:
    """Print the numerator of a result that is only a count of cases, without a rate."""
    if not result.reported or result.has_value or result["status"] == "not_applicable":
        return None
    return figures.part(run, result, "numerator")


def why_no_value(result: Result) -> str:
    """Return why there is no value: withheld, none occurred, not applicable or missing."""
    if result["status"] == "suppressed":
        return "withheld"
    if result["status"] == "not_applicable":
        return "none_occurred" if result.exact("denominator") == 0 else "not_applicable"
    return "missing"


def rounded(run: Run, result: Result) -> str:
    """Return a remark in brackets where the rounded number seems to contradict its verdict."""
    note = figures.rounding_note(run, result)
    return f" ({note})" if note else ""


def counted_cases(result: Result, number: str) -> str:
    """Say that a number counts cases and is no rate: `25 trường hợp (01/2022 - 05/2023)`."""
    said = words("cases")
    period = escape(result["period_note"].replace("-", " - "), quote=False)
    return str(said["of_period" if period else "cases"].format(n=number, period=period))


def parts_html(run: Run, result: Result) -> str:
    """Return `16 / 3.155`; for a part that is not known `…`, for a hidden one `[c]`."""
    known = [figures.part(run, result, name) for name in ("numerator", "denominator")]
    hidden = result["status"] == "suppressed"
    if not any(known):
        return HIDDEN if hidden else ""
    if not run.register.measures[result.measure].denominator_vi:
        return "".join(printed.html for printed in known if printed)
    unknown = HIDDEN if hidden else "…"
    return " / ".join(printed.html if printed else unknown for printed in known)


def verdict_text(result: Result, target_year: int) -> str:
    """Return the Vietnamese verdict of a result against a target year."""
    return _named(result, result.verdict(target_year), target_year)


def verdict_html(run: Run, result: Result, target_year: int) -> str:
    """Return a verdict with its certainty sign, and the verdict of a reading that differs."""
    parts = [escape(verdict_text(result, target_year), quote=False)]
    if not all_unconfirmed(run) and result["confirmed"] != "true":
        parts[0] += " (*)"
    judged = result.verdict(target_year) not in NOT_VERDICTS
    if judged and certainty_year(run, result) == target_year:
        parts[0] += f" {CERTAINTY_SIGNS.get(result['certainty'], '')}".rstrip()
    for reading in ("text", "table"):
        other = result[f"verdict_{target_year}_{reading}"]
        if judged and other and other != result.verdict(target_year):
            name = _named(result, other, target_year)
            said = words("notes")["other_reading"].format(
                reading=lower_first(words("readings")[reading]), verdict=lower_first(name)
            )
            parts.append(f"<em>({escape(said, quote=False)})</em>")
    return "<br>".join(parts)


def _named(result: Result, code: str, target_year: int) -> str:
    """Name a verdict; below the province nothing is said of a 2020 figure, which none has."""
    mode = result["mode"] if result["level"] == "province" else ""
    return verdict_name(code, mode=mode, year=result.year, target_year=target_year)


def all_unconfirmed(run: Run) -> bool:
    """Whether no reading of the plan is confirmed yet; then a note says so, not every row."""
    return not any(run.register.confirmed(measure) for measure in run.register.measures)


def certainty_year(run: Run, result: Result) -> int | None:
    """Return the target year that the certainty of a result speaks of: the next with a target."""
    limits = run.register.limits(result.measure, run.edition.reading)
    return next((year for year in TARGET_YEARS if year >= result.year and year in limits), None)


def notes(
    run: Run, shown: Iterable[Result], *, beside: Iterable[Result] = (), intervals: bool = True
) -> str:
    """Return legend and remarks of a table of results in one, for where they stand together."""
    rows = list(shown)
    parts = (legend(run, rows, beside=beside, intervals=intervals), remarks(run, rows))
    return "<br>".join(filter(None, parts))


def legend(
    run: Run, shown: Iterable[Result], *, beside: Iterable[Result] = (), intervals: bool = True
) -> str:
    """Return what the marks and signs of a table of results mean, short enough for every page.

    `beside` are results printed next to them, of which only the marks are explained.
    """
    rows = list(shown)
    said = words("notes")
    lines = [mark_line([*rows, *beside])]
    if intervals and any(row["lower"] for row in rows):
        lines.append(said["interval"])
    lines += [said[code.lower()] for code in CERTAINTY_SIGNS if _has(rows, code)]
    if any(row["confirmed"] != "true" for row in rows) and not all_unconfirmed(run):
        lines.append(said["unconfirmed"])
    return "<br>".join(filter(None, lines))


def mark_line(rows: Iterable[Result]) -> str:
    """Return the meaning of the marks of some results in one line; "" where there are none."""
    said = words("notes")
    marks = sorted(
        {
            mark
            for row in rows
            if row["mark"] or not row.has_value
            for mark in (row["mark"] or "[x]").split()
        }
    )
    meanings = [said["mark"].format(mark=mark, meaning=word("mark", mark)) for mark in marks]
    return said["marks"].format(marks="; ".join(meanings)) if marks else ""


def remarks(run: Run, shown: Iterable[Result]) -> str:
    """Return what a reader needs once under a table: how sure, how rounded, why without value."""
    rows = list(shown)
    said = words("notes")
    lines = [said["certainty"]] if any(_has(rows, code) for code in CERTAINTY_SIGNS) else []
    lines += [
        said["rounding"].format(measure=row.measure, note=note)
        for row in rows
        if (note := figures.rounding_note(run, row))
    ]
    lines += [
        said["period"].format(measure=row.measure, period=escape(row["period_note"], quote=False))
        for row in rows
        if row["period_note"]
    ]
    lines += reason_lines(rows)
    if rows and all_unconfirmed(run):
        lines.append(said["all_unconfirmed"])
    return "<br>".join(lines)


def reason_lines(rows: Iterable[Result]) -> list[str]:
    """Return one line for each reason why there is no value or no verdict, with its measures."""
    by_reason: dict[str, list[str]] = {}
    for row in rows:
        if row["reason"]:
            by_reason.setdefault(row["reason"], []).append(row.measure)
    return [
        words("notes")["reason"].format(
            measures=", ".join(found), reason=escape(reason, quote=False)
        )
        for reason, found in by_reason.items()
    ]


def objective_title(run: Run, number: int) -> str:
    """Return `Mục tiêu 1: Về phát triển …`."""
    title = run.register.objectives[number].title
    return str(words("objective").format(number=number, title=title))


def shown_area(run: Run, row: Mapping[str, str]) -> str:
    """Return the name of the area of a row; of two provinces of one name, which it is.

    A finding on a department has the code of its province and the name of the department.
    """
    from treem.indicators.rollup import find_place

    keys = {run.edition.province: (run.edition.geography, run.edition.province)}
    keys[run.plan_area] = run.province_key
    key = keys.get(row["area_code"])
    if key is None or not row["year"]:
        return row["area_name"]
    place = find_place(run.edition, run.areas, int(row["year"]), key)
    return run.name_of(place) if row["area_name"] == place.area.full_name else row["area_name"]


def lower_first(name: str) -> str:
    """Return a name as it stands within a sentence: `tỉnh Bắc Ninh`, `theo mục I.2`."""
    return name[:1].lower() + name[1:]


def upper_first(sentence: str) -> str:
    """Return a sentence as it stands alone in a cell."""
    return sentence[:1].upper() + sentence[1:]


def blank(columns: int = 1) -> Cell:
    """Return an empty cell."""
    return text("", columns=columns)


def _has(rows: list[Result], certainty: str) -> bool:
    return any(row["certainty"] == certainty for row in rows)
