"""Tables of data quality: findings, what was left out and why, and what people decided.

Works from the protected tables as well: there messages are names of rules, and values are empty;
a column without anything to say is left away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from treem.display import figures
from treem.display.common import shown_area, upper_first, words
from treem.display.numbers import with_unit
from treem.display.table import Cell, Row, Table, group, heads, text
from treem.display.words import severity_name
from treem.quality.names import rule_names

if TYPE_CHECKING:
    from treem.audit.lineage import Printed
    from treem.notebooks.api import Run

ORDER = ("run", "submission", "record", "info")
_SAME = ("file", "sheet", "area_code", "area_name", "year", "severity", "message", "waiver")
"""Findings that agree in these say the same of several cells."""
MOST_LISTED = 20
"""A rule with more findings of severity `info` is counted, not listed."""


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
    """Return the findings by severity, each with its place and what to do.

    Long lists of `info` are left out.
    """
    counts = Counter(row["rule"] for row in run.tables.findings)
    listed = [
        row
        for row in run.tables.findings
        if row["severity"] != "info" or counts[row["rule"]] <= MOST_LISTED
    ]
    if not listed:
        return None
    said = words("findings")
    joined = _by_message(listed)
    with_todo = any(row["instruction"] for row in joined)
    names = ("place", "what", "todo") if with_todo else ("place", "checked")
    head = [heads(*(said[name] for name in names))]
    body: list[Row] = []
    for severity in ORDER:
        rows = [row for row in joined if row["severity"] == severity]
        if rows:
            title = f"{severity_name(severity)}: {said['follows'][severity]}"
            body.append(group(title[:1].upper() + title[1:], len(head[0])))
            body += [_finding_row(run, row, with_todo) for row in rows]
    lines = [_joined(run, len(listed), len(joined))] if len(joined) < len(listed) else []
    if len(listed) < len(run.tables.findings):
        lines.append(said["info_left_out"].format(most=MOST_LISTED))
    widths = (22, 40, 38) if with_todo else (40, 60)
    return Table(head, body, widths, "findings", "<br>".join(lines))


def _finding_row(run: Run, row: Mapping[str, str], with_todo: bool) -> Row:
    what = row["message"]
    if row["waiver"]:
        what += " " + words("findings")["waived"].format(waiver=row["waiver"])
    cells = [text(_place(row) or f"{shown_area(run, row)} {row['year']}".strip()), text(what)]
    return [*cells, text(row["instruction"])] if with_todo else cells


def _joined(run: Run, listed: int, rows: int) -> str:
    """Say how many findings are listed in how many rows."""
    counts = {
        name: figures.tally(run, "SL", f"findings.{name}", number, words("counted")[name]).html
        for name, number in (("listed", listed), ("rows", rows))
    }
    return str(words("findings")["joined"].format(**counts))


def _by_message(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Join findings that say the same of several cells of a sheet into one row."""
    joined: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        key = tuple(row[name] for name in _SAME)
        if key in joined and row["cell"]:
            if row["cell"] not in joined[key]["cell"].split(", "):
                joined[key]["cell"] += f", {row['cell']}"
        elif key not in joined:
            joined[key] = dict(row)
    return list(joined.values())


def left_out(run: Run) -> Table | None:
    """Return the values that were received and not used, with the finding that says why."""
    unused = not_used(run)
    if not unused:
        return None
    said = words("left_out")
    with_value = any(row["raw"] for row in unused)
    why = said["why" if with_value else "checked"]
    columns = [words("measure"), words("coverage")["area"], said["where"], why]
    if with_value:
        columns.insert(2, said["value"])
    refused = _refused_files(run)
    body: list[Row] = []
    for row in unused:
        if row["file"] not in refused:
            body.append(_left_out_row(row, f"{row['measure']} ({row['year']})", with_value, run))
    for file in dict.fromkeys(row["file"] for row in unused if row["file"] in refused):
        first = next(row for row in unused if row["file"] == file)
        whole = {**first, "raw": "", "sheet": "", "cell": ""}
        body.append(_left_out_row(whole, said["every"].format(**first), with_value, run))
    widths = (14, 16, 12, 22, 36) if with_value else (14, 20, 26, 40)
    return Table([heads(*columns)], body, widths, "left-out")


def _left_out_row(row: Mapping[str, Any], measure: str, with_value: bool, run: Run) -> Row:
    cells = [text(measure), text(row["area_name"]), text(_place(row)), text(_why(run, row))]
    if with_value:
        cells.insert(2, text(row["raw"], align="center"))
    return cells


def _refused_files(run: Run) -> set[str]:
    """Return the files of which nothing is used, because of a finding on the whole of them."""
    return {
        row["file"]
        for row in run.tables.findings
        if row["severity"] == "submission" and row["file"] and not row["waiver"]
    }


def not_used(run: Run) -> list[dict[str, Any]]:
    """Return the observations left out because of a finding, without those replaced by others."""
    received = run.tables.observations.values()
    return [row for row in received if row["used"] == "false" and not row["superseded_by"]]


def _why(run: Run, row: Mapping[str, Any]) -> str:
    """Return what the findings on a measure and area say; those on the same cell first."""
    grave = [one for one in run.tables.findings if one["severity"] != "info" and not one["waiver"]]
    of_file = [one for one in grave if one["file"] == row["file"]]
    whole = [one["message"] for one in of_file if one["severity"] == "submission"]
    found = [
        one
        for one in run.tables.findings_of(row["measure"], row["year"])
        if one["area_code"] == row["area_code"] and one["severity"] == "record"
    ]
    same = [one["message"] for one in found if one["cell"] == row["cell"]]
    said = [*dict.fromkeys(whole or same or [one["message"] for one in found])]
    sentences = all(one.endswith((".", "!", "?")) for one in said)
    return (" " if sentences else "; ").join(said)


def _place(row: Mapping[str, Any]) -> str:
    named = [row["file"].rsplit("/", 2)[-2:] if row["file"] else [], [row["sheet"]], [row["cell"]]]
    return ", ".join("/".join(part) for part in named if any(part))


def resubmissions(run: Run) -> Table | None:
    """Return the files that later ones replaced, and what changed; None where there is none."""
    rows = run.tables.resubmissions
    if not rows:
        return None
    said = words("resubmissions")
    names = ("sender", "year", "before", "after", "received", "changed", "changes")
    body = []
    for number, row in enumerate(rows, 1):
        counted = said["counted"].format(file=row["replaced_by"], before=row["file"])
        changed = int(row["changed"])
        printed = figures.tally(run, "SL", f"resubmitted.q{number}", changed, counted)
        body.append(
            [
                text(row["unit_name"]),
                text(row["year"], align="center"),
                text(row["file"]),
                text(row["replaced_by"]),
                text(", ".join(filter(None, (row["received_date"], row["document_number"])))),
                Cell(printed.html, align="center"),
                text(row["changes"] or ", ".join(row["measures"].split())),
            ]
        )
    head = [heads(*(said[name] for name in names))]
    return Table(head, body, (17, 7, 14, 16, 23, 10, 13), "resubmissions")


def revisions(run: Run) -> Table | None:
    """Return the revised results with the published value that each replaces, and why."""
    rows = run.tables.results.revised
    if not rows:
        return None
    said = words("revisions")
    body = []
    for row in rows:
        unit = run.register.measures[row.measure].unit
        body.append(
            [
                text(row.measure),
                text(run.name_of(run.place_of(row.area_code, row.year))),
                text(str(row.year), align="center"),
                _amount(figures.replaced(run, row), unit),
                _amount(figures.value(run, row), unit),
                text(upper_first(row["revision_reason"])),
            ]
        )
    head = [heads(*(said[name] for name in ("measure", "area", "year", "before", "now", "why")))]
    return Table(head, body, (10, 17, 8, 16, 16, 33), "revisions")


def _amount(printed: Printed | None, unit: str) -> Cell:
    return Cell(with_unit(printed.html, unit) if printed else "", align="center")


def waivers(run: Run) -> Table | None:
    """Return the waivers of the edition: what passes, why, who answers for it, until when."""
    rows = run.tables.waivers
    if not rows:
        return None
    said, names = words("waivers"), rule_names(run.project)
    body = []
    for number, row in enumerate(rows, 1):
        passed = row["findings"].split()
        count = figures.tally(
            run,
            "SL",
            f"waived.q{number}",
            len(passed),
            said["counted"].format(waiver=row["id"]),
            checks=passed,
        )
        where = (row["area_name"], row["year"], row["measure"], row["cell"])
        ended = "" if row["in_force"] == "true" else f" ({said['ended']})"
        body.append(
            [
                text(row["id"]),
                text(f"{names.get(row['rule'], row['rule'])}: {', '.join(filter(None, where))}"),
                Cell(count.html, align="center"),
                text(row["reason"]),
                text(f"{row['who']}, {row['role']}"),
                text(row["until"] + ended, align="center"),
            ]
        )
    columns = ("id", "what", "count", "reason", "who", "until")
    head = [heads(*(said[name] for name in columns))]
    return Table(head, body, (12, 24, 9, 25, 17, 13), "waivers")


def corrections(run: Run) -> Table | None:
    """Return the declared corrections of the edition's years; None where there is none."""
    rows = run.tables.corrections
    if not rows:
        return None
    said = words("corrections")
    with_values = any(row["corrected"] for row in rows)
    names = ("id", "where", *(("values",) if with_values else ()), "reason", "who")
    body = []
    for row in rows:
        cells = [
            text(row["id"]),
            text(f"{row['area_name']} {row['year']}, {row['row']}"),
            text(row["reason"]),
            text(f"{row['who']}, {row['date']}"),
        ]
        if with_values:
            cells.insert(2, text(f"{row['expected']} → {row['corrected']}"))
        body.append(cells)
    head = [heads(*(said[name] for name in names))]
    return Table(
        head, body, (12, 24, 18, 26, 20) if with_values else (14, 28, 34, 24), "corrections"
    )
