"""Findings: a fault in what was received is a row, not an exception.

Grain: one row per cell (or submission) and rule. Severity says what follows:
`record` the cell is left out, `submission` the workbook is not used, `run` nothing is
published, `info` nothing follows. The words of the rules of intake stand in `RULES`; those of
the Great Expectations suites stand beside each expectation in `expectations/`. `waiver` names
the waiver (`treem.intake.waivers`) that let a finding pass, "" where none did.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple, dataclass, fields
from typing import TYPE_CHECKING

from treem.intake.reading_rules import READING_RULES
from treem.intake.rule import SEVERITIES, Rule, Severity

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "FINDING_COLUMNS",
    "RULES",
    "SEVERITIES",
    "Finding",
    "Rule",
    "Severity",
    "as_row",
    "find",
    "findings_table",
]


@dataclass(frozen=True)
class Finding:
    """One fault: where it stands, what was found there, and what the sender should do."""

    rule: str
    severity: Severity
    message: str
    instruction: str
    file: str = ""
    sheet: str = ""
    cell: str = ""
    area_code: str = ""
    area_name: str = ""
    year: str = ""
    measure: str = ""
    part: str = ""
    raw: str = ""

    @property
    def finding_id(self) -> str:
        """A short id made from the content, so that it survives a change of order."""
        text = "\x1f".join(astuple(self))
        return "F-" + hashlib.sha256(text.encode("utf-8")).hexdigest()[:10]


RULES: dict[str, Rule] = {
    "missing_submission": Rule(
        "Chưa gửi hồ sơ số liệu",
        "submission",
        "{area_name} chưa gửi hồ sơ số liệu năm {year}: sổ ghi nguồn không có dòng nào.",
        "Đôn đốc đơn vị gửi biểu số liệu năm {year} và ghi tệp vào sổ ghi nguồn. "
        "Đến khi đó, mọi chỉ tiêu cần số của đơn vị này trong năm {year} ghi là chưa có số liệu.",
    ),
    "unlisted_file": Rule(
        "Tệp không có trong sổ ghi nguồn",
        "submission",
        "Tệp {file} nằm trong thư mục hồ sơ nhưng không có dòng nào trong SOURCES.csv: không đọc.",
        "Ghi tệp vào SOURCES.csv (đơn vị gửi, ngày nhận, số văn bản, mã kiểm tra) hoặc chuyển tệp "
        "ra khỏi thư mục.",
    ),
    "superseded": Rule(
        "Hồ sơ đã được thay",
        "info",
        "Tệp {file} đã được thay bằng {raw}; {message}.",
        "Không phải làm gì. Cả hai tệp được giữ lại; số của tệp thay thế được dùng.",
    ),
    "not_a_number": Rule(
        "Ô không đọc được thành số",
        "record",
        "Ô {cell} ghi “{raw}”, không đọc được thành số. Ô này bị bỏ ra, không tính.",
        "Ghi lại ô bằng một số; nếu không có số thì dùng ký hiệu: - (không phát sinh), "
        "… (chưa thu thập), x (không áp dụng).",
    ),
    "ambiguous_number": Rule(
        "Dấu chấm không rõ nghĩa",
        "record",
        "Ô {cell} ghi “{raw}”: dấu chấm có thể là dấu thập phân hoặc dấu phân cách hàng nghìn. "
        "Ô này bị bỏ ra, không tính.",
        "Ghi lại ô bằng dấu phẩy thập phân, hoặc nhập thành số chứ không phải chữ.",
    ),
    "negative_number": Rule(
        "Số âm",
        "record",
        "Ô {cell} ghi “{raw}”: số đếm và tỷ lệ không thể âm. Ô này bị bỏ ra, không tính.",
        "Kiểm tra và ghi lại số đúng.",
    ),
    "unknown_mark": Rule(
        "Ký hiệu ngoài quy định",
        "record",
        "Ô {cell} có ký hiệu “{raw}” không thuộc các ký hiệu của biểu. Số ở dòng này bị bỏ ra.",
        "Chỉ dùng các ký hiệu: -, …, x, (ước); hoặc để trống.",
    ),
    "unknown_measure": Rule(
        "Mã chỉ tiêu ngoài biểu",
        "record",
        "Ô {cell} ghi mã chỉ tiêu “{raw}”, đơn vị này không phải báo cáo mã đó. Dòng không được "
        "dùng.",
        "Dùng đúng biểu của đơn vị và không sửa cột mã chỉ tiêu.",
    ),
    "unknown_part": Rule(
        "Phần số liệu ngoài biểu",
        "record",
        "Ô {cell} ghi phần số liệu “{raw}”, không có trong biểu. Dòng không được dùng.",
        "Giữ nguyên chữ trong cột “Phần số liệu”: Tử số, Mẫu số hoặc Giá trị.",
    ),
    "wrong_unit": Rule(
        "Sai đơn vị tính",
        "record",
        "Ô {cell} ghi đơn vị tính “{raw}”, khác đơn vị của chỉ tiêu. Số ở dòng này bị bỏ ra.",
        "Ghi số theo đúng đơn vị tính in sẵn trong biểu.",
    ),
    "undecided_row": Rule(
        "Dòng đã công bố chưa có quyết định sử dụng",
        "record",
        "Dòng {cell} của {file} ({raw}) thuộc kỳ báo cáo nhưng chưa có quyết định sử dụng: "
        "không dùng.",
        "Ghi quyết định cho dòng này vào tệp quyet_dinh.csv cạnh tệp số liệu.",
    ),
    "duplicate_row": Rule(
        "Mỗi phần số liệu chỉ có một dòng",
        "record",
        "{measure} ({area_name}, năm {year}) có hơn một dòng cho cùng một phần số liệu: "
        "{message}. Chưa biết số nào đúng nên mọi số trùng đều bị bỏ ra, không tính.",
        "Giữ lại một dòng đúng cho mỗi phần số liệu rồi gửi lại.",
    ),
    "row_below_foot": Rule(
        "Dòng số liệu nằm dưới chân biểu",
        "record",
        "Dòng có mã “{raw}” (ô {cell}) nằm dưới dòng “Người lập biểu”: không đọc.",
        "Chuyển dòng lên trong bảng, vào đúng chỗ của chỉ tiêu; không ghi số liệu dưới chân biểu.",
    ),
    "waiver_expired": Rule(
        "Miễn trừ đã hết hạn",
        "info",
        "Miễn trừ {raw} hết hạn ngày {message} nên không còn hiệu lực với kỳ này.",
        "Xem lại lý do: nếu còn đúng thì người có thẩm quyền gia hạn, nếu không thì xóa khỏi tệp.",
        waivable=False,
    ),
    "waiver_unused": Rule(
        "Miễn trừ không khớp phát hiện nào",
        "info",
        "Miễn trừ {raw} không khớp phát hiện nào của kỳ này.",
        "Có thể số đã được sửa hoặc miễn trừ ghi sai; xóa hoặc sửa dòng trong tệp miễn trừ.",
        waivable=False,
    ),
    "province_differs_from_areas": Rule(
        "Số của sở khác tổng các địa bàn",
        "info",
        "{measure} năm {year}, {area_name}: sở báo cáo {message}. Kết quả dùng tổng các địa bàn.",
        "Sở và các địa bàn đối chiếu, thống nhất một số và gửi lại bản sửa, nêu rõ số nào đúng.",
    ),
    "plan_against_published": Rule(
        "Gốc trong Kế hoạch khác số đã công bố",
        "info",
        "{message}",
        "Hỏi cơ quan chủ trì xem mức 2020 trong kế hoạch lấy từ nguồn nào; ghi lại khi xác định.",
    ),
    **READING_RULES,
}


def find(rule: str, *, words: str = "", **place: str) -> Finding:
    """Make a finding of one of the `RULES`; `words` fills `{message}` of its template."""
    chosen = RULES[rule]
    values = {field.name: "" for field in fields(Finding)} | place | {"message": words}
    return Finding(
        rule=rule,
        severity=chosen.severity,
        message=chosen.message.format(**values),
        instruction=chosen.instruction.format(**values),
        **place,
    )


FINDING_COLUMNS = (
    "finding_id",
    "edition",
    "rule",
    "severity",
    "file",
    "sheet",
    "cell",
    "area_code",
    "area_name",
    "year",
    "measure",
    "part",
    "raw",
    "message",
    "instruction",
    "waiver",
)


def as_row(finding: Finding) -> dict[str, str]:
    """Return a finding as a row of findings.csv, but for edition and waiver."""
    return {"finding_id": finding.finding_id} | asdict(finding)


def public_ids(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """Return ids for findings whose message and raw text are not shown, made from what is shown.

    Findings that look the same then are numbered in their order.
    """
    seen: Counter[str] = Counter()
    ids = []
    for row in rows:
        text = "\x1f".join(row[column] for column in FINDING_COLUMNS if column in row)
        seen[text] += 1
        content = f"{text}\x1f{seen[text]}"
        ids.append("F-" + hashlib.sha256(content.encode("utf-8")).hexdigest()[:10])
    return ids


def findings_table(
    edition: str, findings: Iterable[Finding], waived: Mapping[Finding, str] | None = None
) -> pd.DataFrame:
    """Return findings as a table, one row each, in a fixed order. All columns are strings.

    `waived` gives the id of the waiver that lets a finding pass.
    """
    import pandas as pd

    rows = [
        as_row(finding) | {"edition": edition, "waiver": (waived or {}).get(finding, "")}
        for finding in sorted(
            set(findings),
            key=lambda f: (
                SEVERITIES.index(f.severity),
                f.year,
                f.file,
                f.measure,
                f.rule,
                astuple(f),
            ),
        )
    ]
    return pd.DataFrame(rows, columns=list(FINDING_COLUMNS), dtype=str)
