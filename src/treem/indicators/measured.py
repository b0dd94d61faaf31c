"""What one unit measured in one year: parts, value, status, and why there is nothing.

A value comes from the parts that the unit reported; `treem.indicators.sums` adds up areas. Values
are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, cast

from treem.plan.model import Comparator, Measure

Parts = Mapping[str, Fraction]
Rule = Callable[[Measure, Parts], Fraction | None]


class Row(NamedTuple):
    """What `compute` reads of one observation; see `treem.intake.observations`. All are text."""

    observation_id: str
    area_code: str
    measure: str
    stratum: str
    part: str
    value: str
    bound: str
    status: str
    used: str
    superseded_by: str
    source_kind: str
    file: str
    cell: str
    published_row: str
    comparable: str
    comparable_reason: str
    period_note: str
    source_note: str


_NOTES = ("comparable_reason", "period_note", "source_note")
FINAL = "reported"
LEAST_FINAL_FIRST = ("provisional", "revised")

REASONS = {
    "no_submission": "Đơn vị báo cáo chưa gửi hồ sơ số liệu năm {year}.",
    "no_published": "Chưa có số liệu công bố cho năm {year}.",
    "no_row": "Hồ sơ đã gửi không có đủ dòng của chỉ tiêu này.",
    "not_collected": "Đơn vị báo cáo ghi chưa thu thập.",
    "left_out": "Số liệu bị bỏ ra vì có lỗi: {cells}.",
    "numerator_only": "Nguồn chỉ công bố tử số.",
    "zero_denominator": "Mẫu số bằng 0: không phát sinh trường hợp nào trong năm.",
    "does_not_apply": "Đơn vị báo cáo ghi không áp dụng.",
    "province_only": "Chỉ tiêu chỉ có số liệu cấp tỉnh.",
    "areas_missing": "{areas}; không cộng một phần các địa bàn.",
    "areas_not_sent": "Chưa nhận hồ sơ của {areas}",
    "areas_left_out": "Số của {areas} bị bỏ ra vì có lỗi",
    "areas_incomplete": "Thiếu số của {areas}",
    "areas_crossing": "Không dựng lại được huyện cũ này vì {areas} nằm trên nhiều huyện cũ: "
    "không thể chia số của một xã.",
    "new_province_only": "Năm {year} sở báo cáo cho cả tỉnh Bắc Ninh mới, không tách được phần "
    "của tỉnh cũ.",
    "other_geography": "Tỉnh mới gồm cả Bắc Giang cũ, khác địa giới của số năm 2020, và chưa có "
    "phương án nối chuỗi được đăng ký.",
    "outside_plan": "Địa bàn thuộc Bắc Giang cũ, ngoài phạm vi của Kế hoạch 359/KH-UBND.",
    "communes_counted": "Chỉ tiêu đếm số xã, phường, mà từ 01/7/2025 các xã cũ đã nhập thành đơn "
    "vị lớn hơn, nên không so được với năm 2020 khi chưa có phương án nối chuỗi được đăng ký.",
    "rebuilt_from": "Cộng từ {count} xã, phường có từ 01/7/2025.",
    "loosens": "Mức năm 2030 lỏng hơn mức năm 2025 theo cách đọc này.",
    "limit_only": "Chỉ biết giới hạn của con số, chưa đủ để kết luận.",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure in one area and year. `value` is in the measure's unit, None where there is none.

    `bound` makes `value` a limit (`<2`). `cause` is the key of `REASONS` for a value that is
    missing. `areas_*` are filled for sums of areas only. `department` is what a
    department reported for a province that is the sum of its areas.
    """

    status: str
    numerator: Fraction | None = None
    denominator: Fraction | None = None
    value: Fraction | None = None
    bound: Comparator | None = None
    reason: str = ""
    cause: str = ""
    comparable: bool = True
    comparable_reason: str = ""
    period_note: str = ""
    source_note: str = ""
    observations: tuple[str, ...] = ()
    areas_expected: int | None = None
    areas_reported: int | None = None
    missing_areas: tuple[str, ...] = ()
    department: Measured | None = None


def measure_area(
    measure: Measure, rule: Rule, rows: Sequence[Row], *, year: int, sent: bool, published: bool
) -> Measured:
    """Work out a measure from the observations of one area and year.

    `rows` are the observations of the measure there that nothing superseded, used or not. `sent`
    says whether its unit sent a submission, `published` whether figures are published ones.
    """
    used = {row.part: row for row in rows if row.used == "true"}
    if not used:
        return _nothing_used(rows, year=year, sent=sent, published=published)
    amounts = {part: _exact(row.value) for part, row in used.items() if row.value and not row.bound}
    common = _common(used.values())
    if amounts.get("denominator") == 0:
        reason = REASONS["zero_denominator"]
        return Measured("not_applicable", *_pair(amounts), reason=reason, **common)
    value = rule(measure, amounts)
    if value is not None:
        return Measured(_status(used.values()), *_pair(amounts), value=value, **common)
    limit = used.get("value")
    if limit is not None and limit.bound:
        return Measured(
            "censored",
            value=Fraction(limit.value),
            bound=cast(Comparator, limit.bound),
            **common,
        )
    if any(row.status == "not_applicable" for row in used.values()):
        return Measured("not_applicable", reason=REASONS["does_not_apply"], **common)
    return _incomplete(rows, used, amounts, common)


def _nothing_used(rows: Sequence[Row], *, year: int, sent: bool, published: bool) -> Measured:
    if rows:
        return Measured("missing", reason=_left_out(rows), cause="left_out")
    code = "no_published" if published else "no_row" if sent else "no_submission"
    return Measured("missing", reason=REASONS[code].format(year=year), cause=code)


def _incomplete(
    rows: Sequence[Row], used: Mapping[str, Row], amounts: Parts, common: dict[str, Any]
) -> Measured:
    """Tell why parts that were received do not make a value."""
    pair = _pair(amounts)
    if "numerator" in amounts and used["numerator"].source_kind == "published":
        reason = used["numerator"].comparable_reason or REASONS["numerator_only"]
        return Measured(_status(used.values()), *pair, reason=reason, **common)
    unused = [row for row in rows if row.used != "true" and row.part not in used]
    if unused:
        return Measured("missing", *pair, reason=_left_out(unused), cause="left_out", **common)
    not_collected = any(row.status == "missing" for row in used.values())
    cause = "not_collected" if not_collected else "no_row"
    return Measured("missing", *pair, reason=REASONS[cause], cause=cause, **common)


def _left_out(rows: Sequence[Row]) -> str:
    cells = sorted(
        {
            f"{row.file} {row.cell and 'ô ' + row.cell or 'dòng ' + row.published_row}"
            for row in rows
        }
    )
    return REASONS["left_out"].format(cells="; ".join(cells))


def _common(used: Iterable[Row]) -> dict[str, Any]:
    """Return what a figure keeps of the observations that it is made of."""
    rows = list(used)
    common: dict[str, Any] = {
        "observations": tuple([row.observation_id for row in rows if row.value])
    }
    for row in rows:
        if row.comparable != "true":
            common["comparable"] = False
        for note in _NOTES:
            if words := getattr(row, note):
                common.setdefault(note, words)
    return common


def _status(used: Iterable[Row]) -> str:
    """Return the status of a value: as final as its least final part, which may still change."""
    given = {row.status for row in used if row.value}
    if given == {FINAL}:
        return FINAL
    return next((status for status in LEAST_FINAL_FIRST if status in given), FINAL)


def _exact(text: str) -> Fraction:
    return Fraction(int(text)) if text.isdecimal() else Fraction(text)


def _pair(amounts: Parts) -> tuple[Fraction | None, Fraction | None]:
    return amounts.get("numerator"), amounts.get("denominator")
