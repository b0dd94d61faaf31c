"""What has been published: `params/disclosure/ledger/<edition>.csv`, one row for each printed cell.

The ledger holds public facts only, so it may be kept with the code: which counts an edition
printed, and which it hid (without their values). What is printed once stays known; what was hidden
once stays hidden, because an old and a new table together must not tell it either.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from treem.disclosure.network import Cell, Key
from treem.errors import DataError
from treem.project import Project

COLUMNS = ("quantity", "geography", "area_code", "period", "stratum", "state", "value")


@dataclass(frozen=True)
class LedgerRow:
    """One cell of an edition: printed with its value, or hidden (`value` is None)."""

    key: Key
    value: int | None


@dataclass(frozen=True)
class Ledger:
    """Everything that earlier editions printed or hid, taken together.

    A cell that one edition printed and another hid counts as printed: it is known.
    """

    printed: Mapping[Key, int] = field(default_factory=dict)
    hidden: frozenset[Key] = frozenset()

    def hid(self, key: Key) -> bool:
        """Whether a cell was hidden and never printed."""
        return key in self.hidden and key not in self.printed

    def applied(self, cell: Cell) -> Cell:
        """Return a cell with what is on record for it: known for good, or hidden for good."""
        if cell.key in self.printed:
            return replace(cell, open=True, derived=False)
        if cell.key in self.hidden and not cell.why and not cell.derived:
            return replace(cell, why="ledger", open=False)
        return cell


def ledger_folder(project: Project) -> Path:
    """Return where the ledgers of a project are kept."""
    return project.params / "disclosure" / "ledger"


def load_ledger(project: Project, editions: Iterable[str]) -> Ledger:
    """Read what the named editions published, as far as it is on record.

    Name editions of the same kind: generated figures tell nothing about real ones. Raises
    DataError naming file and line where a ledger is damaged.
    """
    printed: dict[Key, int] = {}
    hidden: set[Key] = set()
    for edition in sorted(set(editions)):
        path = ledger_folder(project) / f"{edition}.csv"
        for row in read_ledger(path) if path.exists() else ():
            if row.value is None:
                hidden.add(row.key)
            else:
                printed[row.key] = row.value
    return Ledger(printed, frozenset(hidden - printed.keys()))


def read_ledger(path: Path) -> list[LedgerRow]:
    """Read one ledger. Raises DataError naming the line that is damaged."""
    try:
        with path.open(encoding="utf-8", newline="") as source:
            reader = csv.DictReader(source)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise ValueError(f"cần các cột {', '.join(COLUMNS)}")
            return [_row(row, number) for number, row in enumerate(reader, 2)]
    except (OSError, ValueError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"Sổ công bố {path.name} hỏng: {error}. Sổ này ghi những gì đã công bố, không được sửa "
            "tay; hãy lấy lại bản trong kho mã."
        ) from error


def write_ledger(path: Path, rows: Iterable[LedgerRow]) -> None:
    """Write one ledger, ordered by cell; what is on record there already is kept.

    A cell stays printed once it was printed; a new value of it replaces the old one.
    """
    kept = {row.key: row.value for row in (read_ledger(path) if path.exists() else ())}
    for row in rows:
        if row.value is not None or row.key not in kept:
            kept[row.key] = row.value
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(COLUMNS)
        for key in sorted(kept):
            value = kept[key]
            state = "suppressed" if value is None else "open"
            writer.writerow([*key, state, "" if value is None else value])


def _row(row: Mapping[str, str], number: int) -> LedgerRow:
    state, value = row["state"], row["value"]
    if state not in ("open", "suppressed") or (state == "open") != bool(value):
        raise ValueError(f"dòng {number}: trạng thái “{state}” với giá trị “{value}”")
    key = Key(row["quantity"], row["geography"], row["area_code"], row["period"], row["stratum"])
    return LedgerRow(key, int(value) if value else None)
