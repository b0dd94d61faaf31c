"""Reads published figures: each value with the row it stands in, its source and its address.

Which row counts for which part and year, and which cannot be compared with 2020 and why, is
decided in `quyet_dinh.csv` beside the figures, not here. A figure for a period that is not the
year is kept for that period and never turned into a yearly rate.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from treem.display.numbers import format_decimal, with_unit
from treem.edition import Edition
from treem.errors import DataError
from treem.intake.findings import Finding, find, findings_table
from treem.intake.numbers import CellReading
from treem.intake.observations import (
    PARTS,
    Observation,
    Received,
    differences_table,
    observation_id,
    observations_table,
    value_columns,
)
from treem.intake.tables import Row, read_rows
from treem.plan.model import Measure
from treem.project import Project

if TYPE_CHECKING:
    from treem.areas import Area, Areas
    from treem.plan.register import PlanRegister

DECISIONS = "quyet_dinh.csv"
_FIGURE_COLUMNS = (
    "ma_chi_tieu",
    "ten_so_lieu",
    "ma_tinh",
    "pham_vi",
    "ky",
    "gia_tri",
    "dau",
    "don_vi_tinh",
    "trang_thai",
    "nguon",
    "nha_xuat_ban",
    "ngay_nguon",
    "dia_chi",
    "cach_trich",
    "ghi_chu",
)
_DECISION_COLUMNS = (
    "ma_chi_tieu",
    "ten_so_lieu",
    "ky",
    "su_dung",
    "phan",
    "nam",
    "so_sanh_duoc",
    "ly_do",
    "loi_nguon",
)
_USES = ("dung", "khong_dung", "boi_canh")
_BOUNDS = {"=": "", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
_PERIOD = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-\d{2})?(?:\.\.(\d{4})-(\d{2}))?")
_PROVINCE_LEVEL = "tỉnh"
_PROVISIONAL = "sơ bộ"

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Figure:
    """A row of the published figures with its line number; `cells` by column name."""

    line: int
    cells: Mapping[str, str]

    @property
    def key(self) -> Key:
        """What decisions refer to: measure, name of the figure, period."""
        return self.cells["ma_chi_tieu"], self.cells["ten_so_lieu"], self.cells["ky"]

    @property
    def years(self) -> range:
        """The years its period touches; empty where the source gives no date."""
        found = _PERIOD.fullmatch(self.cells["ky"])
        return range(int(found[1]), int(found[3] or found[1]) + 1) if found else range(0)

    @property
    def period_note(self) -> str:
        """Its period where that is not a year or a day in it: `01/2022-05/2023`; else ""."""
        found = _PERIOD.fullmatch(self.cells["ky"])
        if not found or not found[3]:
            return ""
        return f"{found[2]}/{found[1]}-{found[4]}/{found[3]}"


@dataclass(frozen=True)
class Decision:
    """How a published figure is used: part, year, comparable with 2020 or not, and why."""

    line: int
    key: Key
    use: str
    part: str
    year: int
    comparable: bool
    reason: str
    source_words: str


def read_published(
    project: Project, edition: Edition, register: PlanRegister, areas: Areas
) -> Received:
    """Read the published figures of the edition's province that belong to its years.

    Out: the table of observations at province level and findings on rows that nobody has decided
    about. Raises DataError where a file is missing or a decision does not fit its row.
    """
    assert edition.published is not None
    name = edition.published
    path = project.root / name
    figures = _read_figures(path, name)
    decisions = _read_decisions(path.with_name(DECISIONS), name, figures)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    observations: list[Observation] = []
    findings: list[Finding] = []
    for figure in figures:
        measure = register.measures.get(figure.cells["ma_chi_tieu"])
        if measure is None or not _at_province(figure, edition):
            continue
        decision = decisions.get(figure.key)
        if decision is None:
            if set(figure.years) & set(edition.years):
                findings.append(_undecided(name, figure, edition))
        elif decision.use == "boi_canh":
            findings.append(_against_plan(name, figure, decision, register, edition))
        elif decision.use == "dung" and decision.year in edition.years:
            area = areas.get(edition.province, dt.date(decision.year, 12, 31))
            observations.append(
                _observation(name, digest, figure, decision, measure, area, edition)
            )
    return Received(
        observations_table(observations),
        findings_table(edition.name, findings),
        differences_table(),
    )


def _at_province(figure: Figure, edition: Edition) -> bool:
    cells = figure.cells
    return cells["ma_tinh"] == edition.province and cells["pham_vi"] == _PROVINCE_LEVEL


def _observation(
    name: str,
    digest: str,
    figure: Figure,
    decision: Decision,
    measure: Measure,
    area: Area,
    edition: Edition,
) -> Observation:
    cells = figure.cells
    at = f"{name} dòng {figure.line}"
    if decision.part == "value" and cells["don_vi_tinh"] != measure.unit:
        raise DataError(
            f"{at}: đơn vị tính “{cells['don_vi_tinh']}”, chỉ tiêu {measure.id} tính bằng "
            f"“{measure.unit}”. Hãy sửa dòng hoặc quyết định không dùng trong {DECISIONS}."
        )
    value, bound = _value(at, cells)
    status = "provisional" if cells["trang_thai"] == _PROVISIONAL else "reported"
    return Observation(
        observation_id=observation_id(
            measure.id, area.code, decision.year, decision.part, f"p{figure.line}"
        ),
        edition=edition.name,
        geography=edition.geography,
        area_code=area.code,
        area_name=area.full_name,
        measure=measure.id,
        year=decision.year,
        part=decision.part,
        raw=cells["gia_tri"],
        **value_columns(CellReading(value, bound, "censored" if bound else status, bound)),
        note=cells["ghi_chu"],
        source_kind="published",
        file=name,
        sha256=digest,
        header_path=f"gia_tri > {cells['ten_so_lieu']}",
        published_row=str(figure.line),
        agency=cells["nha_xuat_ban"],
        received_date=cells["ngay_nguon"],
        document_number=cells["nguon"],
        source_note="; ".join(
            filter(
                None,
                (cells["nguon"], cells["nha_xuat_ban"], cells["ngay_nguon"], cells["dia_chi"]),
            )
        ),
        period_note=figure.period_note,
        comparable="true" if decision.comparable else "false",
        comparable_reason="" if decision.comparable else _reason(decision),
    )


def _reason(decision: Decision) -> str:
    words = f" Nguồn ghi: “{decision.source_words}”." if decision.source_words else ""
    return f"{decision.reason}{words}"


def _value(at: str, cells: Mapping[str, str]) -> tuple[Fraction, str]:
    if cells["dau"] not in _BOUNDS or not re.fullmatch(r"\d+(\.\d+)?", cells["gia_tri"]):
        raise DataError(
            f"{at}: giá trị “{cells['gia_tri']}” với dấu “{cells['dau']}” không dùng được; cần số "
            f"có dấu chấm thập phân và một trong các dấu {' '.join(_BOUNDS)}. Hãy sửa dòng hoặc "
            f"quyết định không dùng trong {DECISIONS}."
        )
    return Fraction(cells["gia_tri"]), _BOUNDS[cells["dau"]]


def _undecided(name: str, figure: Figure, edition: Edition) -> Finding:
    measure, words, period = figure.key
    return find(
        "undecided_row",
        file=name,
        cell=str(figure.line),
        area_code=edition.province,
        measure=measure,
        raw=f"{words}, kỳ {period}: {figure.cells['gia_tri']}",
    )


def _against_plan(
    name: str, figure: Figure, decision: Decision, register: PlanRegister, edition: Edition
) -> Finding:
    cells = figure.cells
    baseline = register.baselines[cells["ma_chi_tieu"]]
    words = (
        f"{cells['ma_chi_tieu']}: kế hoạch ghi mức 2020 là {baseline.words} (dòng {baseline.line} "
        f"của văn bản); {cells['nha_xuat_ban']} công bố {_say_value(cells)} "
        f"cho kỳ {cells['ky']} ({cells['trang_thai']}). {decision.reason}"
    )
    return find(
        "plan_against_published",
        words=words,
        file=name,
        cell=str(figure.line),
        area_code=edition.province,
        year=str(decision.year),
        measure=cells["ma_chi_tieu"],
        part=decision.part,
        raw=cells["gia_tri"],
    )


def _say_value(cells: Mapping[str, str]) -> str:
    """Return a published value with its unit, with as many decimals as the source prints."""
    number = re.fullmatch(r"\d+(?:\.(\d+))?", cells["gia_tri"])
    if number is None:
        return with_unit(cells["gia_tri"], cells["don_vi_tinh"])
    shown = format_decimal(Fraction(cells["gia_tri"]), len(number[1] or ""))
    return with_unit(shown, cells["don_vi_tinh"])


def _read_figures(path: Path, name: str) -> list[Figure]:
    return [Figure(line, cells) for line, cells in _rows(path, name, _FIGURE_COLUMNS)]


def _read_decisions(path: Path, name: str, figures: list[Figure]) -> dict[Key, Decision]:
    shown = str(Path(name).with_name(DECISIONS))
    known: dict[Key, int] = {}
    for figure in figures:
        known[figure.key] = known.get(figure.key, 0) + 1
    decisions: dict[Key, Decision] = {}
    for line, cells in _rows(path, shown, _DECISION_COLUMNS):
        decision = _decision(shown, line, cells)
        if known.get(decision.key, 0) != 1 or decision.key in decisions:
            raise DataError(
                f"{shown} dòng {line}: quyết định cho “{' | '.join(decision.key)}” phải khớp đúng "
                f"một dòng của {name} và chỉ ghi một lần. Hãy sửa ba cột đầu cho khớp."
            )
        decisions[decision.key] = decision
    return decisions


def _decision(shown: str, line: int, cells: Mapping[str, str]) -> Decision:
    use, part, year, comparable = (cells[k] for k in ("su_dung", "phan", "nam", "so_sanh_duoc"))
    complete = part in PARTS and year.isdecimal() and comparable in ("true", "false")
    if use not in _USES or not cells["ly_do"] or (use == "dung" and not complete):
        raise DataError(
            f"{shown} dòng {line}: quyết định chưa đủ hoặc sai: su_dung là một trong "
            f"{', '.join(_USES)}; luôn có ly_do; khi dùng cần phan ({', '.join(PARTS)}), nam và "
            "so_sanh_duoc (true, false)."
        )
    return Decision(
        line=line,
        key=(cells["ma_chi_tieu"], cells["ten_so_lieu"], cells["ky"]),
        use=use,
        part=part,
        year=int(year) if year.isdecimal() else 0,
        comparable=comparable != "false",
        reason=cells["ly_do"],
        source_words=cells["loi_nguon"],
    )


def _rows(path: Path, name: str, columns: tuple[str, ...]) -> list[Row]:
    if not path.is_file():
        raise DataError(f"{name}: không tìm thấy tệp số liệu công bố. Hãy kiểm tra params/.")
    return read_rows(path, name, columns)
