"""One Vietnamese sentence that says why a value has its verdicts.

The sentence gives baseline, path value, ratio and each target with its comparator in words. Its
numbers are rounded so that none of them contradicts the verdict. The words are data
(`texts/reasons.yml`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from treem.display.numbers import (
    MOST_DECIMALS,
    format_against,
    format_exact,
    format_value,
    say_limit,
    with_unit,
)
from treem.display.texts import load_texts
from treem.display.words import unit_of_difference, verdict_name
from treem.indicators.progress import RATIO_LIMITS, Case, Judgement
from treem.plan.model import TARGET_YEARS, Comparator

_RATIO_DECIMALS = 3


@dataclass(frozen=True)
class Judged:
    """A value with its case and judgement, and how the measure is printed."""

    case: Case
    judgement: Judgement
    year: int
    value: Fraction | None
    bound: Comparator | None
    unit: str
    decimals: int


def explain(judged: Judged) -> str:
    """Return the sentence."""
    blocked = _blocked(judged)
    if blocked:
        return blocked
    clauses = "; ".join(_clause(judged, k) for k in TARGET_YEARS)
    return f"{_opening(judged)}: {clauses}."


def say_value(judged: Judged) -> str:
    """Return the value as it is printed, with a note where rounding would mislead."""
    assert judged.value is not None
    if judged.bound:
        return format_value(judged.value, judged.unit, judged.decimals, judged.bound)
    points = [limit.value for limit in judged.case.limits.values()]
    points += [p for p in (judged.case.baseline, judged.judgement.path) if p is not None]
    printed = format_against(judged.value, points, judged.decimals)
    note = f" ({printed.note})" if printed.note else ""
    return f"{with_unit(printed.text, judged.unit)}{note}"


def _blocked(judged: Judged) -> str:
    case, verdicts = judged.case, set(judged.judgement.verdicts.values())
    if "UNDEFINED" in verdicts:
        if case.undefined:
            return _text("blocked", "undefined", why=case.undefined.rstrip(" ."))
        limits = {f"limit_{k}": say_limit(x, judged.unit) for k, x in case.limits.items()}
        return _text("blocked", "loosens", **limits)
    year = str(judged.year)
    for code in ("NOT_COMPARABLE", "NOT_APPLICABLE"):
        if code in verdicts:
            return _text("blocked", code, year=year)
    return _text("blocked", "NO_DATA", year=year) if judged.value is None else ""


def _opening(judged: Judged) -> str:
    mode, path, ratio = judged.judgement.mode, judged.judgement.path, judged.judgement.ratio
    key = "PATH" if mode in ("PATH1", "PATH2") else str(mode)
    if key == "PATH" and ratio is None:
        key = "PATH_over" if path is None else "PATH_bound"
    if key == "TARGET_ONLY" and judged.case.baseline is not None:
        key = "TARGET_ONLY_bound"
    return _text(
        "opening",
        key,
        value=say_value(judged),
        year=str(judged.year),
        baseline=_baseline(judged),
        path="" if path is None else with_unit(format_exact(path), judged.unit),
        ratio="" if ratio is None else say_ratio(ratio),
    )


def say_ratio(ratio: Fraction) -> str:
    """Return a ratio so rounded that it stays in its class."""
    printed = format_against(ratio, RATIO_LIMITS, _RATIO_DECIMALS)
    return f"{printed.text} ({printed.note})" if printed.note else printed.text


def _baseline(judged: Judged) -> str:
    case = judged.case
    if case.baseline is None:
        return ""
    if case.baseline_bound:
        return format_value(case.baseline, judged.unit, judged.decimals, case.baseline_bound)
    return with_unit(format_exact(case.baseline), judged.unit)


def _clause(judged: Judged, k: int) -> str:
    judgement, limit = judged.judgement, judged.case.limits.get(k)
    code = judgement.verdicts[k]
    key: str = code
    if judged.year > k and code in ("MET", "NOT_MET"):
        key = f"frozen_{code}"
    elif judged.year < k and code == "NOT_MET":
        key = "early_NOT_MET"
    return _text(
        "clause",
        key,
        k=str(k),
        name=verdict_name(code, year=judged.year, target_year=k),
        limit="" if limit is None else say_limit(limit, judged.unit),
        short=_short(judged, judgement.gaps[k]),
        worse="" if judgement.change is None else _amount(judged, -judgement.change),
    )


def _short(judged: Judged, gap: Fraction | None) -> str:
    if gap is None:
        return _text("short", "unknown")
    return _text("short", "by" if gap else "edge", gap=_amount(judged, gap))


def _amount(judged: Judged, amount: Fraction) -> str:
    """Print a difference so that what is not zero does not look like zero."""
    printed = format_against(amount, [Fraction(0)], judged.decimals)
    unit = unit_of_difference(judged.unit)
    if not printed.note:
        return with_unit(printed.text, unit)
    step = with_unit(format_exact(Fraction(1, 10**MOST_DECIMALS)), unit)
    return cast(str, load_texts("reasons")["tiny"]).format(step=step)


def _text(group: str, key: str, **values: str) -> str:
    return cast(str, load_texts("reasons")[group][key]).format(**values)
