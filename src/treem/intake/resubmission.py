"""A later submission of a unit takes the place of an earlier one; both stay, changes are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from treem.intake.findings import Finding, find
from treem.intake.forms import PART_NAMES
from treem.intake.observations import Observation
from treem.intake.rows import shown
from treem.intake.sources import ListedSource
from treem.strata import NAMES

Files = dict[str, tuple[list[Observation], list[Finding]]]


def supersede(
    files: Files, replaced: Mapping[str, ListedSource], folder: str
) -> tuple[list[dict[str, str]], list[Finding]]:
    """Put later submissions in place of earlier ones, in `files`.

    The values of the earlier stay with `superseded_by`; a value that changed is marked as revised.
    Faults of the earlier file concern nobody any more: only that it was replaced is said. Out: the
    changed values (rows of `DIFFERENCE_COLUMNS`; none where no value of the earlier could be read),
    and one finding for each file replaced.
    """
    differences: list[dict[str, str]] = []
    findings: list[Finding] = []
    for file, later in replaced.items():
        old, _ = files[file]
        new, found = files[later.file]
        if old:
            differences += [_difference(later, *pair) for pair in _changed(old, new)]
        files[later.file] = (_revised(old, new), found)
        files[file] = ([replace(row, used="false", superseded_by=later.file) for row in old], [])
        findings.append(_finding(f"{folder}/{file}", old, new, later))
    return differences, findings


def _key(row: Observation) -> tuple[str, str, str, str]:
    return row.area_code, row.measure, row.part, row.stratum


def _changed(
    old: list[Observation], new: list[Observation]
) -> list[tuple[Observation | None, Observation | None]]:
    """Return the pairs of values, earlier and later, that are not the same."""
    before = {_key(row): row for row in old}
    after = {_key(row): row for row in new}
    pairs = [(before.get(key), after.get(key)) for key in {**before, **after}]
    return [(was, now) for was, now in pairs if _said(was) != _said(now)]


def _said(row: Observation | None) -> tuple[str, ...]:
    return () if row is None else (row.value, row.bound, "" if row.value else row.status)


def _difference(
    later: ListedSource, was: Observation | None, now: Observation | None
) -> dict[str, str]:
    row = now or was
    assert row is not None
    return {
        "unit_code": later.unit_code,
        "year": str(later.year),
        "measure": row.measure,
        "part": row.part,
        "stratum": row.stratum,
        "before": was.raw or was.mark if was else "",
        "after": now.raw or now.mark if now else "",
        "file_before": was.file if was else "",
        "cell_before": was.cell if was else "",
        "file_after": now.file if now else "",
        "cell_after": now.cell if now else "",
    }


def _revised(old: list[Observation], new: list[Observation]) -> list[Observation]:
    changed = {_key(now): was for was, now in _changed(old, new) if was is not None and now}
    rows = []
    for row in new:
        was = changed.get(_key(row))
        if was is None:
            rows.append(row)
            continue
        status = "revised" if row.status in ("reported", "provisional") else row.status
        change = f"thay “{was.raw}” (ô {was.cell}, {PurePosixPath(was.file).name})"
        note = "; ".join(filter(None, (row.note, change)))
        rows.append(replace(row, status=status, note=note))
    return rows


def _finding(
    file: str, old: list[Observation], new: list[Observation], later: ListedSource
) -> Finding:
    changes = [_say_change(was, now) for was, now in _changed(old, new)]
    if not old or not new:
        words = f"bản {'sau' if old else 'trước'} không đọc được số nào"
    else:
        words = "số thay đổi: " + "; ".join(changes) if changes else "không số nào thay đổi"
    some = next(iter([*new, *old]), None)
    return find(
        "superseded",
        words=words,
        file=file,
        area_code=some.area_code if some else "",
        area_name=some.area_name if some else "",
        year=str(later.year),
        raw=later.file,
    )


def _say_change(was: Observation | None, now: Observation | None) -> str:
    row = now or was
    assert row is not None
    before, after = (shown(one) if one else "không có dòng" for one in (was, now))
    stratum = f" ({NAMES[row.stratum]})" if row.stratum else ""
    return f"{row.measure} {PART_NAMES[row.part].lower()}{stratum}: {before} → {after}"
