"""The view of whole workbooks: copied from last year, in part or wholly; digits made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from treem.quality.cells import Cells

if TYPE_CHECKING:
    import pandas as pd

_LARGE = 100
"""Counts from here on seldom repeat by chance, and their last digit is as good as drawn."""


def submission_rows(cells: Cells, changes: pd.DataFrame) -> pd.DataFrame:
    """Return a row per workbook.

    `compared` counts from 100 on have a number for the year before, `repeated` are the same and
    `repeated_pct` their share. `block` is the longest run, down the form, of different numbers
    that all equal last year's, from `block_first` to `block_last`. `digits` different counts
    have a last digit, `digits_chi2` is Pearson's distance of these digits from equal shares
    (nine degrees of freedom).
    """
    used = cells.used
    sent = used[(used["source_kind"] == "workbook") & (used["key"] >= 0)]
    files = sent.drop_duplicates("file").sort_values("file")
    rows = files[["file", "area_code", "area_name", "year"]].assign(
        row=files["file"], measure="", part="", sheet="", cell="", raw=""
    )
    for table in (_repeats(cells, sent, changes), _digits(sent)):
        rows = rows.merge(table, how="left", left_on="file", right_index=True)
    filled = {name: 0 for name in ("compared", "repeated", "block", "digits")}
    filled_texts = {"block_first": "", "block_last": ""}
    return rows.fillna({**filled, **filled_texts}).reset_index(drop=True)


def _repeats(cells: Cells, sent: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """Return by workbook how many of its large counts equal last year's, and the longest run."""
    large = changes[(changes["number"] >= _LARGE) & (changes["part"] != "value")]
    before = large.assign(key=cells.keys(large))[["key", "before"]]
    both = sent[["file", "key", "number", "cell"]].merge(before, on="key")
    both = both.drop_duplicates(["file", "key"]).sort_values(["file", "key"])
    both = both.assign(same=both["number"] == both["before"])
    by_file = both.groupby("file")["same"].agg(["sum", "size"])
    table = by_file.rename(columns={"sum": "repeated", "size": "compared"})
    table = table.assign(repeated_pct=100.0 * table["repeated"] / table["compared"])
    return table.join(_longest_blocks(both), how="left")


def _longest_blocks(both: pd.DataFrame) -> pd.DataFrame:
    """Return by workbook the longest run of repeated numbers; the same number counts once.

    A denominator that several measures share would else make a run by itself.
    """
    begins = (both["file"] != both["file"].shift()) | (both["same"] != both["same"].shift())
    runs = both.assign(run=begins.cumsum())
    runs = runs[runs["same"]]
    found = runs.groupby(["file", "run"], as_index=False).agg(
        block=("number", "nunique"), block_first=("cell", "first"), block_last=("cell", "last")
    )
    longest = found.sort_values(["file", "block", "run"], ascending=[True, False, True])
    return longest.drop_duplicates("file").set_index("file")[["block", "block_first", "block_last"]]


def _digits(sent: pd.DataFrame) -> pd.DataFrame:
    """Return by workbook how its last digits are spread; a number given twice counts once."""
    import numpy as np
    import pandas as pd

    counts = sent[(sent["part"] != "value") & (sent["number"] >= _LARGE)]
    counts = counts[counts["number"] == np.floor(counts["number"])]
    counts = counts.drop_duplicates(["file", "number"])
    digit = (counts["number"] % 10).astype("int64")
    table: Any = counts.groupby(["file", digit.rename("digit")]).size().unstack(fill_value=0)
    table = table.reindex(columns=range(10), fill_value=0)
    total = table.sum(axis=1)
    expected = total / 10
    chi2 = table.sub(expected, axis=0).pow(2).sum(axis=1) / expected
    return pd.DataFrame({"digits_chi2": chi2, "digits": total})
