"""Tables of data quality: who reported what, findings, and what was left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from treem.display import figures
from treem.display.common import measures_of, objective_title, short_name, words
from treem.display.table import Cell, Row, Table, group, heads, text
from treem.display.words import severity_name
from treem.notebooks.results import Result
from treem.quality.names import rule_names

if TYPE_CHECKING:
    from treem.notebooks.api import Run

ORDER = ("run", "submission", "record", "info")
MOST_LISTED = 20
"""A rule with more findings of severity `info` is counted, not listed."""

NOT_APPLICABLE = "[z]"
_PARTIAL = ("provisional", "revised", "censored")


def coverage_by_year(run: Run) -> Table:
    """Return how many measures have a result, by area and year, of those that it owes."""
    said = words("coverage")
    years = run.edition.years
    head = [heads(said["area"], *(said["year"].format(year=year) for year in years))]
    body = [
        [
            text(name),
            *(Cell(_reported(run, code, year), align="center") for year in years),
        ]
        for code, name in run.area_names().items()
    ]
    width = 60 // len(years)
    return Table(
        head, body, (100 - width * len(years), *(width,) * len(years)), "coverage", said["note"]
    )


def _reported(run: Run, code: str, year: int) -> str:
    rows = run.rows(code, year)
    reported = [row for row in rows if row.reported]
    return " / ".join(
        figures.tally(
            run,
            "SL",
            part,
            len(found),
            words("counted")[part],
            results=found,
            area_code=code,
            year=year,
        ).html
        for part, found in (("reported", reported), ("expected", rows))
    )


def coverage(run: Run) -> Table:
    """Return a board of measure × area for the edition's year, one sign a cell."""
    said = words("coverage")
    areas = run.area_names()
    head = [heads(words("measure"), *(_short_name(run, code) for code in areas))]
    body: list[Row] = []
    for number in run.register.objectives:
        body.append(group(objective_title(run, number), len(areas) + 1))
        for measure in measures_of(run, number):
            owing = [
                code for code in areas if measure.reporting_level == "area" or code == run.area_code
            ]
            signs = [_sign(run.expect(measure.id, code)) if code in owing else "" for code in areas]
            name = Cell(f"<strong>{measure.id}</strong> {short_name(measure.id)}")
            body.append([name, *(text(sign, align="center") for sign in signs)])
    width = min(12, 81 // len(areas))
    widths = (100 - width * len(areas), *(width,) * len(areas))
    return Table(head, body, widths, "board", said["symbols"])


def _short_name(run: Run, code: str) -> str:
    """Return the name of an area without its kind, for a narrow column."""
    if code == run.area_code:
        return str(words("district")["province"])
    return run.place_of(code, run.year).area.name


def _sign(result: Result) -> str:
    if result["status"] == "not_applicable":
        return result["mark"] or NOT_APPLICABLE
    if not result.reported:
        return "○"
    return "▲" if result["status"] in _PARTIAL else "●"


def finding_counts(run: Run) -> Table | None:
    """Return how many findings each rule made, by severity; None where there is none."""
    counts = Counter((row["severity"], row["rule"]) for row in run.tables.findings)
    if not counts:
        return None
    said, names = words("findings"), rule_names(run.project)
    head = [heads(said["severity"], said["rule"], said["count"])]
    body = []
    ordered = sorted(counts, key=lambda key: (ORDER.index(key[0]), key[1]))
    for number, (severity, rule) in enumerate(ordered, 1):
        rows = [
            row for row in run.tables.findings if (row["severity"], row["rule"]) == (severity, rule)
        ]
        counted = figures.tally(
            run,
            "SL",
            f"findings.q{number}",
            len(rows),
            words("counted")["finding"].format(rule=names[rule]),
            checks=[row["finding_id"] for row in rows],
        )
        body.append(
            [text(severity_name(severity)), text(names[rule]), Cell(counted.html, align="center")]
        )
    return Table(head, body, (20, 60, 20), "counts")


def findings(run: Run) -> Table | None:
    """Return the findings, each with its place and what to do; long lists of `info` left out."""
    counts = Counter(row["rule"] for row in run.tables.findings)
    listed = [
        row
        for row in run.tables.findings
        if row["severity"] != "info" or counts[row["rule"]] <= MOST_LISTED
    ]
    if not listed:
        return None
    said = words("findings")
    head = [heads(said["severity"], said["place"], said["what"], said["todo"])]
    ordered = sorted(_by_message(listed), key=lambda row: ORDER.index(row["severity"]))
    body = [
        [
            text(severity_name(row["severity"])),
            text(_place(row)),
            text(row["message"]),
            text(row["instruction"]),
        ]
        for row in ordered
    ]
    lines = [_joined(run, len(listed), len(body))] if len(body) < len(listed) else []
    if len(listed) < len(run.tables.findings):
        lines.append(said["info_left_out"].format(most=MOST_LISTED))
    return Table(head, body, (10, 20, 36, 34), "findings", "<br>".join(lines))


def _joined(run: Run, listed: int, rows: int) -> str:
    """Say how many findings are listed in how many rows."""
    counts = {
        name: figures.tally(run, "SL", f"findings.{name}", number, words("counted")[name]).html
        for name, number in (("listed", listed), ("rows", rows))
    }
    return str(words("findings")["joined"].format(**counts))


def _by_message(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Join findings that say the same of several cells of a sheet into one row."""
    joined: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in rows:
        key = (row["file"], row["sheet"], row["message"])
        if key in joined:
            joined[key]["cell"] += f", {row['cell']}"
        else:
            joined[key] = dict(row)
    return list(joined.values())


def left_out(run: Run) -> Table | None:
    """Return the values that were received and not used, with the finding that says why."""
    unused = not_used(run)
    if not unused:
        return None
    said = words("left_out")
    head = [
        heads(
            words("measure"), words("coverage")["area"], said["value"], said["where"], said["why"]
        )
    ]
    body = [
        [
            text(f"{row['measure']} ({row['year']})"),
            text(row["area_name"]),
            text(row["raw"], align="center"),
            text(_place(row)),
            text(_why(run, row)),
        ]
        for row in unused
    ]
    return Table(head, body, (14, 16, 12, 22, 36), "left-out")


def not_used(run: Run) -> list[dict[str, Any]]:
    """Return the observations left out because of a finding, without those replaced by others."""
    received = run.tables.observations.values()
    return [row for row in received if row["used"] == "false" and not row["superseded_by"]]


def _why(run: Run, row: Mapping[str, Any]) -> str:
    """Return what the findings on a measure and area say; those on the same cell first."""
    found = [
        one
        for one in run.tables.findings_of(row["measure"], row["year"])
        if one["area_code"] == row["area_code"] and one["severity"] == "record"
    ]
    same = [one["message"] for one in found if one["cell"] == row["cell"]]
    return " ".join(dict.fromkeys(same or [one["message"] for one in found]))


def _place(row: Mapping[str, Any]) -> str:
    named = [row["file"].rsplit("/", 2)[-2:] if row["file"] else [], [row["sheet"]], [row["cell"]]]
    place = ", ".join("/".join(part) for part in named if any(part))
    return place or f"{row['area_name']} {row['year']}".strip()
