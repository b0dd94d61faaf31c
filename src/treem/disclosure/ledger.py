"""What has been published: `params/disclosure/ledger/<kind>/<number>-<edition>.csv`.

A file for each publication, numbered in their order, one row for each printed cell. It is written
once, after publishing (`treem protect EDITION --record`), and never changed: an edition that is
published again with other figures gets a file of its own, so that both printed values stay known.
Ledgers hold public facts only, so they may be kept with the code: which figures were printed, and
which counts were hidden (without their values). What is printed once stays known; what was hidden
once stays hidden, because an old and a new table together must not tell it either.

Real and generated figures (`kind`) lie in folders of their own and never meet.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from treem.disclosure.network import Cell, Key
from treem.edition import Edition
from treem.errors import DataError
from treem.indicators.decimals import decimal_text
from treem.project import Project

COLUMNS = ("quantity", "geography", "area_code", "period", "stratum", "state", "value")
_NAME = re.compile(r"(\d{4})-(.+)\.csv")


@dataclass(frozen=True)
class LedgerRow:
    """One cell of a publication: printed with its value, or hidden (`value` is None)."""

    key: Key
    value: Fraction | int | None


@dataclass(frozen=True)
class Publication:
    """What one edition printed and hid when it was published. `line` says where a key stands."""

    edition: str
    path: Path
    printed: Mapping[Key, Fraction | int]
    hidden: frozenset[Key]
    line: Mapping[Key, int]

    @property
    def name(self) -> str:
        """The number and the edition of the publication."""
        return self.path.stem

    @property
    def keys(self) -> frozenset[Key]:
        """Every cell that it had."""
        return self.hidden | self.printed.keys()


@dataclass(frozen=True)
class Ledger:
    """Everything of one kind that was published, in the order of publication.

    `edition` is the one that is being built: what it printed itself may stand there again.
    """

    publications: tuple[Publication, ...] = ()
    edition: str = ""

    @cached_property
    def printed(self) -> Mapping[Key, Fraction | int]:
        """The last printed value of every cell that was ever printed."""
        return {key: value for one in self.publications for key, value in one.printed.items()}

    @cached_property
    def _hidden(self) -> frozenset[Key]:
        found: set[Key] = set()
        for one in self.publications:
            found = (found - one.printed.keys()) | one.hidden
        return frozenset(found)

    @cached_property
    def _own(self) -> frozenset[tuple[Key, Fraction | int]]:
        return frozenset(
            pair
            for one in self.publications
            if one.edition == self.edition
            for pair in one.printed.items()
        )

    def hid(self, key: Key) -> bool:
        """Whether a cell was hidden and not printed since."""
        return key in self._hidden

    def knows(self, key: Key, value: int) -> bool:
        """Whether everybody knows that a cell has this value."""
        return self.printed.get(key) == value or (key, value) in self._own

    def applied(self, cell: Cell) -> Cell:
        """Return a cell with what is on record for it: known for good, or hidden for good.

        A cell that was printed with another value than it has now is not known.
        """
        if self.knows(cell.key, cell.value):
            return replace(cell, open=True, derived=False)
        if self.hid(cell.key) and not cell.why and not cell.derived:
            return replace(cell, why="ledger", open=False)
        return cell

    def before(self) -> tuple[Publication, ...]:
        """Return what the edition that is built can revise: what came before it, and its own."""
        own = [n for n, one in enumerate(self.publications) if one.edition == self.edition]
        first = own[0] if own else len(self.publications)
        return tuple(
            one
            for n, one in enumerate(self.publications)
            if n < first or one.edition == self.edition
        )


def ledger_folder(project: Project, edition: Edition) -> Path:
    """Return where the ledgers of an edition's kind are kept."""
    return project.params / "disclosure" / "ledger" / edition.kind


def load_ledger(project: Project, edition: Edition) -> Ledger:
    """Read what editions of the same kind published, as far as it is on record.

    Raises DataError naming file and line where a ledger is damaged, and where one has no number.
    """
    return Ledger(
        tuple(read_publication(path) for path in ledger_files(project, edition)), edition.name
    )


def ledger_files(project: Project, edition: Edition) -> list[Path]:
    """Return the ledgers of an edition's kind in the order of publication.

    Raises DataError where one does not say its number and edition.
    """
    files = sorted(ledger_folder(project, edition).glob("[!.]*"))
    for path in files:
        if not _NAME.fullmatch(path.name):
            raise DataError(
                f"Sổ công bố {edition.kind}/{path.name}: tên phải là số thứ tự bốn chữ số và tên "
                "kỳ, ví dụ 0001-demo-2024.csv. Hãy lấy lại tên trong kho mã."
            )
    numbers = [path.name[:4] for path in files]
    if len(set(numbers)) != len(numbers):
        raise DataError(
            f"Sổ công bố {edition.kind}: hai tệp mang cùng số thứ tự. Hãy đánh lại số theo thứ tự "
            "công bố."
        )
    return files


def read_publication(path: Path) -> Publication:
    """Read one ledger. Raises DataError naming the line that is damaged."""
    rows = read_ledger(path)
    found = _NAME.fullmatch(path.name)
    return Publication(
        edition=found[2] if found else path.stem,
        path=path,
        printed={row.key: row.value for row in rows if row.value is not None},
        hidden=frozenset(row.key for row in rows if row.value is None),
        line={row.key: number for number, row in enumerate(rows, 2)},
    )


def read_ledger(path: Path) -> list[LedgerRow]:
    """Read the rows of one ledger. Raises DataError naming the line that is damaged."""
    try:
        with path.open(encoding="utf-8", newline="") as source:
            reader = csv.DictReader(source)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise ValueError(f"cần các cột {', '.join(COLUMNS)}")
            rows = [_row(row, number) for number, row in enumerate(reader, 2)]
            keys = [row.key for row in rows]
            if keys != sorted(set(keys)):
                raise ValueError("các dòng không còn theo thứ tự, hoặc một ô ghi hai lần")
            return rows
    except (OSError, ValueError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"Sổ công bố {path.name} hỏng: {error}. Sổ này ghi những gì đã công bố, không được sửa "
            "tay; hãy lấy lại bản trong kho mã."
        ) from error


def record(project: Project, edition: Edition, rows: Iterable[LedgerRow]) -> Path:
    """Enter a publication and return its file; the last one of the edition if it says the same."""
    said = sorted(rows, key=lambda row: row.key)
    files = ledger_files(project, edition)
    own = [path for path in files if path.name[5:] == f"{edition.name}.csv"]
    if own and read_ledger(own[-1]) == said:
        return own[-1]
    number = int(files[-1].name[:4]) + 1 if files else 1
    path = ledger_folder(project, edition) / f"{number:04}-{edition.name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_ledger(path, said)
    return path


def write_ledger(path: Path, rows: Iterable[LedgerRow]) -> None:
    """Write one ledger, ordered by cell, at once or not at all."""
    new = path.with_name(f".{path.name}.new")
    with new.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in sorted(rows, key=lambda one: one.key):
            state = "suppressed" if row.value is None else "open"
            value = None if row.value is None else Fraction(row.value)
            writer.writerow([*row.key, state, decimal_text(value)])
    new.replace(path)


def _row(row: Mapping[str, str], number: int) -> LedgerRow:
    state, value = row["state"], row["value"]
    if state not in ("open", "suppressed") or (state == "open") != bool(value):
        raise ValueError(f"dòng {number}: trạng thái “{state}” với giá trị “{value}”")
    key = Key(row["quantity"], row["geography"], row["area_code"], row["period"], row["stratum"])
    return LedgerRow(key, Fraction(value) if value else None)
