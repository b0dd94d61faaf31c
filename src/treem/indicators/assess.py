"""What if: this measure, this year, this value. Both verdicts and why.

`assess` answers as plain data for JSON, `assess_text` prints the answer for a person.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from treem.display.numbers import format_limit, format_value, parse_bounded
from treem.display.reasons import Judged, explain, say_value
from treem.display.texts import load_texts
from treem.display.words import mode_name, verdict_name, word
from treem.errors import UsageError
from treem.indicators.progress import MILESTONE, Case, Judgement, case_for, judge
from treem.plan.model import TARGET_YEARS, Comparator, Measure, Reading

if TYPE_CHECKING:
    from treem.plan.register import PlanRegister

READINGS: tuple[Reading, ...] = ("text", "table", "ledger")
Typed = tuple[Fraction, Comparator | None]


def assess(
    register: PlanRegister,
    measure_id: str,
    year: int,
    value: str,
    reading: Reading = "ledger",
    value_2025: str | None = None,
) -> dict[str, Any]:
    """Judge a value as typed (comma or point, `<2` for a bound) and say why.

    Numbers in the answer are JSON numbers in full precision, None where there is none; the key
    `other_readings` has the verdicts of the readings that differ from the one asked for. Raises
    UsageError on an unknown measure or reading, a year outside the plan, or a value that is no
    number or impossible for the measure.
    """
    if reading not in READINGS:
        raise UsageError(f"Không có cách đọc “{reading}”. Các cách đọc: {', '.join(READINGS)}.")
    measure = _measure(register, measure_id)
    typed = _typed(measure, value)
    final = _final(measure, year, value_2025)
    cases = {r: case_for(register, measure.id, r) for r in READINGS}
    found = {r: _judge(cases[r], year, typed, final) for r in READINGS}
    number, bound = typed
    case, judgement = cases[reading], found[reading]
    usual = measure.decimals if measure.denominator_vi else 0
    decimals = max(usual, _typed_decimals(value))
    judged = Judged(case, judgement, year, number, bound, measure.unit, decimals)
    return {
        "measure": measure.id,
        "year": year,
        "value": _number(number),
        "reading": reading,
        "mode": judgement.mode,
        "path": _number(judgement.path),
        "ratio": _number(judgement.ratio),
        "verdicts": _by_year(judgement.verdicts),
        "reason": explain(judged),
        "bound": bound,
        "gaps": _numbers(judgement.gaps),
        "yearly_change_needed": _numbers(judgement.yearly_change_needed),
        "yearly_rate_needed": _numbers(judgement.yearly_rate_needed),
        "baseline": _number(case.baseline),
        "baseline_bound": case.baseline_bound,
        "confirmed": register.confirmed(measure.id),
        "other_readings": {
            r: _by_year(other.verdicts)
            for r, other in found.items()
            if other.verdicts != judgement.verdicts
        },
        "printed": {
            "name": measure.name_vi,
            "value": say_value(judged),
            "mode": mode_name(judgement.mode or ""),
            "targets": {str(k): format_limit(x, measure.unit) for k, x in case.limits.items()},
        },
    }


def assess_text(answer: Mapping[str, Any]) -> str:
    """Return an answer of `assess` as Vietnamese lines for a terminal."""
    words = load_texts("reasons")["answer"]
    printed = answer["printed"]
    lines = [
        words["head"].format(
            measure=answer["measure"],
            measure_name=printed["name"],
            year=answer["year"],
            value=printed["value"],
        )
    ]
    lines += [_verdict_line(answer, k, words) for k in TARGET_YEARS]
    lines.append(answer["reason"])
    if printed["mode"]:
        lines.append(words["mode"].format(mode=printed["mode"]))
    unconfirmed = "" if answer["confirmed"] else words["unconfirmed"]
    reading = word("reading", answer["reading"])
    lines.append(words["reading"].format(reading=reading, unconfirmed=unconfirmed))
    for other, verdicts in answer["other_readings"].items():
        names = {f"name_{k}": _name(answer, verdicts, k) for k in TARGET_YEARS}
        lines.append(words["other"].format(reading=word("reading", other), **names))
    return "\n".join(lines)


def _verdict_line(answer: Mapping[str, Any], k: int, words: Mapping[str, str]) -> str:
    limit = answer["printed"]["targets"].get(str(k))
    key = "verdict" if limit else "no_limit"
    return words[key].format(k=k, limit=limit, name=_name(answer, answer["verdicts"], k))


def _name(answer: Mapping[str, Any], verdicts: Mapping[str, str], k: int) -> str:
    code, year = verdicts[str(k)], cast(int, answer["year"])
    return verdict_name(code, mode=answer["mode"] or "", year=year, target_year=k)


def _measure(register: PlanRegister, measure_id: str) -> Measure:
    """Find a measure by its id, in capitals or not."""
    by_key: dict[str, Measure] = {
        key.casefold(): measure for key, measure in register.measures.items()
    }
    wanted = measure_id.strip().casefold()
    if wanted in by_key:
        return by_key[wanted]
    parts = [m.id for key, m in by_key.items() if wanted and key.startswith(wanted)]
    near = [by_key[key].id for key in difflib.get_close_matches(wanted, by_key, n=3)]
    hint = ", ".join(parts or near)
    raise UsageError(
        f"Không có chỉ tiêu con “{measure_id}”."
        + (f" Có phải ý bạn là: {hint}?" if hint else "")
        + f" Mã đi từ {next(iter(register.measures))} đến {next(reversed(register.measures))}."
    )


def _typed(measure: Measure, text: str) -> Typed:
    """Read a typed value and refuse what the measure can never be."""
    value, bound = parse_bounded(text)
    upper = measure.upper_bound
    if value < measure.lower_bound or (upper is not None and value > upper):
        lowest = format_value(measure.lower_bound, measure.unit, 0)
        highest = "" if upper is None else f" đến {format_value(upper, measure.unit, 0)}"
        raise UsageError(
            f"{measure.id} không thể bằng {text.strip()}: giá trị phải từ {lowest}{highest}. "
            "Hãy kiểm tra lại số và đơn vị."
        )
    return value, bound


def _typed_decimals(text: str) -> int:
    """Count the decimals that were typed: what-ifs are printed as they were asked."""
    return len(re.split("[.,]", text.strip())[1]) if re.search("[.,]", text) else 0


def _final(measure: Measure, year: int, value_2025: str | None) -> Typed | None:
    if value_2025 is None:
        return None
    if year <= MILESTONE:
        raise UsageError(
            f"Kết quả năm 2025 (--value-2025) chỉ dùng khi xét một năm sau 2025, đây là năm {year}."
            " Hãy bỏ tùy chọn này."
        )
    return _typed(measure, value_2025)


def _judge(case: Case, year: int, typed: Typed, final: Typed | None) -> Judgement:
    value, bound = typed
    value_2025, bound_2025 = final or (None, None)
    return judge(
        case,
        year,
        value,
        value_bound=bound,
        value_2025=value_2025,
        value_2025_bound=bound_2025,
    )


def _by_year(verdicts: Mapping[int, Any]) -> dict[str, str]:
    return {str(k): verdict for k, verdict in verdicts.items()}


def _number(value: Fraction | float | None) -> float | None:
    return None if value is None else float(value)


def _numbers(values: Mapping[int, Fraction | None] | Mapping[int, float | None]) -> dict[str, Any]:
    return {str(k): _number(value) for k, value in values.items()}
