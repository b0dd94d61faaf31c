"""Text from outside on its way out: it may be read, never run, and never hides what it is.

A sender writes what he likes into a cell. Spreadsheet programs take a text that begins with `=`
for a formula, and a reader takes a line whose direction is turned round for another text.
`safe_text` is for CSV files that people open in a spreadsheet, `visible` for pages and documents;
HTML and Markdown are escaped where they are written (`treem.display`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_STARTS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
# A tab, a line end, or the `;` that Vietnamese spreadsheets part cells by, begins a cell as well.
_FORMULA = re.compile(rf"(^|[;\t\r\n])(\s*)(?=[{_STARTS}])")
_HARMLESS = re.compile(r"[-–]|[-+]?[\d.,]+(?:[eE][-+]?\d+|/\d+)?\s*[%‰]?")
_SPACES = re.compile("[\t\n\r\u0085\u2028\u2029]+")
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def safe_text(text: str) -> str:
    """Return a text as a cell of a CSV file: what would be a formula begins with `'`.

    Numbers and the mark `-` stay as they are. The text as received stands in the workbook and in
    `observations.parquet`.
    """
    if _HARMLESS.fullmatch(text):
        return text
    if text.startswith(("\t", "\r", "\n")):
        text = f"'{text}"
    return _FORMULA.sub(r"\1'\2", text)


def safe_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with every text made safe for CSV; all else, missing values too, as it is."""
    texts = [
        name
        for name in table.columns
        if table[name].dtype == object or str(table[name].dtype).startswith("str")
    ]
    return table.assign(**{name: table[name].map(_safe_value) for name in texts})


def visible(text: str) -> str:
    """Return a text on one line in which nothing is hidden: control and direction signs as `�`.

    Directions of writing can make a reader see another text than the one that is stored, and
    control signs break XML.
    """
    return _HIDDEN.sub("\ufffd", _SPACES.sub(" ", text))


def _safe_value(value: object) -> object:
    return safe_text(value) if isinstance(value, str) else value
