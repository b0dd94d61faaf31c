"""The Vietnamese words for the codes of tables: verdicts, modes, periods, levels, marks.

The words are data (`texts/words.yml`); a code without a word is an error of ours, never an
English word in the report.
"""

from __future__ import annotations

from typing import cast

from treem.display.texts import load_texts


def word(group: str, code: str) -> str:
    """Return the word for a code of a group. Raises KeyError naming both where there is none."""
    words = words_of(group)
    if code not in words:
        raise KeyError(f"no Vietnamese word for {group} {code!r}")
    return words[code]


def words_of(group: str) -> dict[str, str]:
    """Return all words of a group by code, in the order in which they are read."""
    return cast(dict[str, str], load_texts("words")[group])


def fill(group: str, code: str, **values: str) -> str:
    """Return a sentence of a group with its places filled."""
    return word(group, code).format(**values)


def verdict_name(
    code: str, *, mode: str = "", year: int | None = None, target_year: int | None = None
) -> str:
    """Return the name of a verdict.

    A target that is not met is `Không đạt` in its own year and `Chưa đạt` before it; where there
    is no 2020 figure to start from, the name before that year says so.
    """
    early = year is not None and target_year is not None and year < target_year
    if early and code in ("MET", "NOT_MET"):
        by_mode = words_of("verdict_before_its_year").get(f"{code} {mode}")
        return by_mode or word("verdict_before_its_year", code)
    return word("verdict", code)


def unit_of_difference(unit: str) -> str:
    """Return the unit of a difference of two values: shares differ by points, not by a share."""
    return words_of("difference_unit").get(unit, unit)


def mode_name(code: str) -> str:
    """Return the name of a mode; "" for none."""
    return word("mode", code) if code else ""


def certainty_name(code: str) -> str:
    """Return what a certainty code says; "" for none."""
    return word("certainty", code) if code else ""


def severity_name(code: str) -> str:
    """Return the name of a severity of a finding or of a discrepancy of the plan."""
    return word("severity", code)
