"""Who allowed an edition of real figures to be published: `params/disclosure/approvals.yml`.

Without an approval on record only an internal build is made. Generated figures need none: they
are about nobody.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from treem.disclosure.policy import load_policy
from treem.disclosure.strict import Schema, check_keys, read_strict, shown
from treem.edition import Edition
from treem.errors import DataError, UsageError
from treem.project import Project

PROPOSED_POLICY = "proposed_policy"
"""Among accepted findings: the edition may be public although the policy is only proposed."""

_KEYS: Schema = {
    "edition": str,
    "who": str,
    "role": str,
    "date": dt.date,
    "findings": list,
    "report": (str, type(None)),
}


@dataclass(frozen=True)
class EditionApproval:
    """One approval. `findings` are the rules whose findings were accepted.

    `report` is the mark of the internal report that was seen (a commitment, as `treem protect`
    prints it), None where none was named.
    """

    edition: str
    who: str
    role: str
    date: dt.date
    findings: tuple[str, ...]
    report: str | None


def approvals_path(project: Project) -> Path:
    """Return where the approvals of a project are kept."""
    return project.params / "disclosure" / "approvals.yml"


def load_approvals(project: Project) -> tuple[EditionApproval, ...]:
    """Read all approvals, in their order. Raises UsageError on any fault of the file."""
    path = approvals_path(project)
    data = check_keys(path, read_strict(path), {"approvals": list})
    return tuple(_approval(path, number, one) for number, one in enumerate(data["approvals"], 1))


def require_approval(
    project: Project, edition: Edition, report_mark: str | None = None
) -> EditionApproval | None:
    """Return the approval that lets an edition be public; None for generated figures.

    The last approval of the edition counts. Raises DataError where there is none, where the
    policy itself is only a proposal, or where the approval was given for another report.
    """
    if edition.generated:
        return None
    found = [one for one in load_approvals(project) if one.edition == edition.name]
    if not found:
        raise DataError(
            f"Kỳ {edition.name} là số liệu thật mà params/disclosure/approvals.yml chưa có ai "
            "duyệt cho công bố, nên không làm bản công khai. Hãy làm bản nội bộ "
            "(--audience internal), xem báo cáo bảo mật (treem protect), rồi ghi người duyệt, "
            "chức vụ, ngày vào tệp này."
        )
    approval = found[-1]
    if load_policy(project).is_proposal and PROPOSED_POLICY not in approval.findings:
        raise DataError(
            "params/disclosure/policy.yml mới là đề xuất: mục “approved” đang trống. Hãy trình "
            "người có thẩm quyền duyệt các mức, ghi who, role, date rồi mới công bố số liệu thật; "
            f"hoặc người duyệt kỳ {edition.name} chấp nhận điều đó: ghi {PROPOSED_POLICY} vào "
            "findings của lần duyệt."
        )
    if approval.report and report_mark and approval.report != report_mark:
        raise DataError(
            f"Kỳ {edition.name}: {approval.who} duyệt ngày {approval.date:%d/%m/%Y} cho báo cáo "
            f"bảo mật {approval.report[:12]}…, nay báo cáo là {report_mark[:12]}…. Số liệu hoặc "
            "quy tắc đã đổi sau khi duyệt; hãy trình duyệt lại."
        )
    return approval


def _approval(path: Path, number: int, data: object) -> EditionApproval:
    where = f"approvals, mục {number}"
    one = dict(check_keys(path, data, _KEYS, where))
    for key in ("edition", "who", "role"):
        if not one[key].strip():
            raise UsageError(f"{shown(path)}: {where} để trống “{key}”. Hãy ghi đủ.")
    one["findings"] = tuple(str(finding) for finding in one["findings"])
    return EditionApproval(**one)
