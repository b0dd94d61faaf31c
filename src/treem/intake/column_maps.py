"""Column maps: how to read a file that never was our form, as people wrote it down.

`params/intake/column_maps.yml` holds a list. `file` (path in the project) or `unit` and `year` say
which file an entry is for. With `layout: rows` a line is a measure, named by its code or its words
in the column `measure`, and `columns` says which column holds which part. With `layout: areas` a
line is an area, named by its code or its name in the column `area`, and `columns` says which column
holds which part of which measure (`CT03.2.denominator`). Columns are named by the words of their
header, wherever it stands. `encoding` lets a file in an old encoding be converted; an entry with
nothing else is still read as our form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from treem.errors import UsageError
from treem.intake.encodings import ENCODING_NAMES
from treem.intake.forms import PART_NAMES
from treem.intake.kept_rules import Schema, read_list
from treem.project import Project
from treem.strata import NAMES

NAME = "column_maps"
LAYOUTS = ("rows", "areas")
_SCHEMA: Schema = {
    "id": (str,),
    "file": (str,),
    "unit": (str,),
    "year": (int,),
    "encoding": (str,),
    "sheet": (str,),
    "layout": (str,),
    "measure": (str,),
    "area": (str,),
    "columns": (dict,),
    "names": (dict,),
}
_OPTIONAL = frozenset(_SCHEMA) - {"id"}


@dataclass(frozen=True)
class ColumnMap:
    """One entry. `key_column` holds the measures or the areas of the lines.

    `columns` gives the header words by part (`numerator`) or by row id (`CT03.2.denominator`);
    `names` the measure or area code that words in the key column mean, where they are not its own.
    """

    id: str
    file: str
    unit: str
    year: int | None
    encoding: str
    sheet: str
    layout: str
    key_column: str
    columns: Mapping[str, str]
    names: Mapping[str, str]


def load_column_maps(project: Project) -> tuple[ColumnMap, ...]:
    """Read all column maps. Raises UsageError on any fault of the file."""
    return tuple(_column_map(entry) for entry in read_list(project, NAME, _SCHEMA, _OPTIONAL))


def map_of(maps: Sequence[ColumnMap], file: str, unit: str, year: int) -> ColumnMap | None:
    """Return the map of a file; one that names the file goes before one for a unit and year."""
    of_file = [one for one in maps if one.file == file]
    of_unit = [one for one in maps if not one.file and (one.unit, one.year) == (unit, year)]
    return next(iter([*of_file, *of_unit]), None)


def split_key(layout: str, key: str) -> tuple[str, str, str]:
    """Split a key of `columns`: measure ("" in layout rows), part ("" where none), stratum."""
    for part in PART_NAMES:
        head, found, rest = f".{key}.".partition(f".{part}.")
        if found:
            return head.strip("."), part, rest.strip(".")
    return key, "", ""


def _column_map(entry: Mapping[str, Any]) -> ColumnMap:
    at = f"params/intake/{NAME}.yml, mục “{entry['id']}”"
    if not entry["file"] and not (entry["unit"] and entry["year"]):
        raise UsageError(f"{at}: cần “file”, hoặc “unit” và “year”, để biết khai cho tệp nào.")
    encoding = entry["encoding"] or ""
    if encoding and encoding not in ENCODING_NAMES:
        raise UsageError(f"{at}: encoding “{encoding}”; chỉ nhận: {', '.join(ENCODING_NAMES)}.")
    columns = {str(key): str(words) for key, words in (entry["columns"] or {}).items()}
    layout = entry["layout"] or ""
    if not columns and not encoding:
        raise UsageError(f"{at}: cần “columns” (cột nào là số nào) hoặc “encoding”.")
    key_column = ""
    if columns:
        if layout not in LAYOUTS:
            raise UsageError(f"{at}: layout “{layout}”; chỉ nhận: {', '.join(LAYOUTS)}.")
        needed = "measure" if layout == "rows" else "area"
        key_column = entry[needed] or ""
        if not key_column:
            raise UsageError(f"{at}: layout {layout} cần khóa “{needed}”, là tên cột.")
        for key in columns:
            _check_part(at, layout, key)
    return ColumnMap(
        id=entry["id"],
        file=entry["file"] or "",
        unit=entry["unit"] or "",
        year=entry["year"],
        encoding=encoding,
        sheet=entry["sheet"] or "",
        layout=layout,
        key_column=key_column,
        columns=columns,
        names={str(key): str(value) for key, value in (entry["names"] or {}).items()},
    )


def _check_part(at: str, layout: str, key: str) -> None:
    head, found, stratum = split_key(layout, key)
    if not found or bool(head) == (layout == "rows"):
        wanted = "numerator" if layout == "rows" else "CT03.2.numerator"
        raise UsageError(
            f"{at}: khóa “{key}” của columns không phải một phần số liệu. Ví dụ đúng: {wanted}; "
            f"các phần: {', '.join(PART_NAMES)}."
        )
    if stratum not in NAMES:
        raise UsageError(
            f"{at}: khóa “{key}” của columns ghi phân tổ “{stratum}”; chỉ nhận: "
            f"{', '.join(filter(None, NAMES))}."
        )
