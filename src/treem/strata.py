"""The breakdowns that a form can ask for on top of the total: by sex, by residence.

One module knows their codes and their Vietnamese names. The code "" is the total.
"""

from __future__ import annotations

from treem.edition import Edition

TOTAL = ""
TOTAL_NAME = "Chung"
STRATA: dict[str, dict[str, str]] = {
    "sex": {"sex=male": "Nam", "sex=female": "Nữ"},
    "residence": {"residence=rural": "Nông thôn", "residence=urban": "Thành thị"},
}
"""Codes and names by dimension. The codes of one dimension add up to the total."""


def strata_of(edition: Edition, measure_id: str) -> tuple[str, ...]:
    """Return the strata that an edition asks for of a measure: "" first, then each dimension's."""
    dimensions = edition.strata.get(measure_id, ())
    return (TOTAL, *(code for dimension in dimensions for code in STRATA[dimension]))


def stratum_name(code: str) -> str:
    """Return the Vietnamese name of a stratum; `Chung` for the total.

    Raises KeyError on a code that does not exist.
    """
    return NAMES[code]


def dimension_of(code: str) -> str:
    """Return the dimension of a stratum (`sex`); "" for the total."""
    return code.partition("=")[0]


NAMES: dict[str, str] = {TOTAL: TOTAL_NAME} | {
    code: name for codes in STRATA.values() for code, name in codes.items()
}
"""Vietnamese names of all strata by code, the total included."""
