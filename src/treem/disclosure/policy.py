"""What must not be shown, as decided by people: `params/disclosure/policy.yml`, read and checked.

The thresholds are policy, not code; the classes of the measures stand in the register. A policy
whose `approved` is empty is a proposal. Source of the proposed values: spec/disclosure.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treem.disclosure.strict import Schema, check_keys, hint, read_strict, shown
from treem.errors import UsageError
from treem.project import Project

PARTS = ("numerator", "denominator")


@dataclass(frozen=True)
class ClassRule:
    """The rule of one class of measures; counts are of children or cases in one year.

    `complement` is None where what is left of the denominator may be shown for every measure,
    otherwise the ids it must be hidden for, or `("all",)`.
    """

    name: str
    below_province: bool
    small_up_to: int
    zeros_small: bool
    complement: tuple[str, ...]
    least_denominator: int
    least_events: int
    unreliable_below: int
    pool_below_expected: int
    pooled: bool

    @property
    def protects(self) -> bool:
        """Whether any count of this class may have to be hidden."""
        return self.small_up_to > 0

    @property
    def threshold(self) -> int:
        """The least count that may be shown."""
        return self.small_up_to + 1

    @property
    def lowest_hidden(self) -> int:
        """What a reader who knows the rule takes as the least value of a hidden count."""
        return 0 if self.zeros_small else 1

    def is_small(self, count: int) -> bool:
        """Whether a count must be hidden."""
        return self.lowest_hidden <= count <= self.small_up_to if self.protects else False

    def hides_complement(self, measure: str) -> bool:
        """Whether denominator minus numerator of this measure is protected like a count."""
        return "all" in self.complement or measure in self.complement


@dataclass(frozen=True)
class Nested:
    """A part that lies in another. `counted`: their difference is a number of children too."""

    smaller: str
    larger: str
    counted: bool


@dataclass(frozen=True)
class Approval:
    """Who decided, in which role, when; all None while it is a proposal."""

    who: str | None
    role: str | None
    date: dt.date | None


@dataclass(frozen=True)
class Policy:
    """The whole policy. `same` are groups of parts (`CT08.1.numerator`) that are one number."""

    approved: Approval
    classes: Mapping[str, ClassRule]
    least_width: int
    headline_factor: int
    same: tuple[tuple[str, ...], ...]
    nested: tuple[Nested, ...]

    @property
    def is_proposal(self) -> bool:
        """Whether nobody with authority has approved it yet."""
        return self.approved.who is None

    def rule(self, class_name: str) -> ClassRule:
        """Return the rule of a class. Raises UsageError for a class that the policy lacks."""
        try:
            return self.classes[class_name]
        except KeyError:
            raise UsageError(
                f"params/disclosure/policy.yml: không có lớp “{class_name}” mà sổ chỉ tiêu dùng. "
                f"Các lớp đang có: {', '.join(self.classes)}. Hãy thêm lớp này."
            ) from None

    def width(self, threshold: int) -> int:
        """Return how wide the interval of a hidden count must be."""
        return max(self.least_width, threshold - 1)


_CLASS: Schema = {
    "below_province": bool,
    "small_up_to": int,
    "zeros_small": bool,
    "complement": (str, list),
    "least_denominator": int,
    "least_events": int,
    "unreliable_below": int,
    "pool_below_expected": int,
    "pooled": bool,
}
_TOP: Schema = {
    "approved": dict,
    "classes": dict,
    "audit": dict,
    "weights": dict,
    "same": list,
    "nested": list,
}
_APPROVED: Schema = {
    "who": (str, type(None)),
    "role": (str, type(None)),
    "date": (dt.date, type(None)),
}


def policy_path(project: Project) -> Path:
    """Return where the policy of a project is kept."""
    return project.params / "disclosure" / "policy.yml"


def load_policy(project: Project, measures: Iterable[str] = ()) -> Policy:
    """Read the policy. Raises UsageError naming the key, what was found and the nearest known.

    `measures` are the ids of the register: parts named in the policy must be theirs.
    """
    path = policy_path(project)
    data = check_keys(path, read_strict(path), _TOP)
    parts = [f"{measure}.{part}" for measure in measures for part in PARTS]
    return Policy(
        approved=_approved(path, data["approved"]),
        classes={
            str(name): _class(path, str(name), rule) for name, rule in data["classes"].items()
        },
        least_width=_positive(
            path, "audit", check_keys(path, data["audit"], {"least_width": int}, "audit")
        ),
        headline_factor=_positive(
            path, "weights", check_keys(path, data["weights"], {"headline_factor": int}, "weights")
        ),
        same=tuple(_group(path, number, group, parts) for number, group in enumerate(data["same"])),
        nested=tuple(
            _nested(path, number, one, parts) for number, one in enumerate(data["nested"])
        ),
    )


def _approved(path: Path, data: object) -> Approval:
    approval = Approval(**check_keys(path, data, _APPROVED, "approved"))
    given = [value is not None for value in (approval.who, approval.role, approval.date)]
    if any(given) and not all(given):
        raise UsageError(
            f"{shown(path)}: “approved” cần đủ who, role và date, hoặc để trống cả ba."
        )
    return approval


def _class(path: Path, name: str, data: object) -> ClassRule:
    group = f"classes.{name}"
    rule: dict[str, Any] = dict(check_keys(path, data, _CLASS, group))
    for key, value in rule.items():
        if type(value) is int and value < 0:
            raise UsageError(f"{shown(path)}: khóa “{group}.{key}” không được âm ({value}).")
    complement = rule.pop("complement")
    if isinstance(complement, str):
        if complement not in ("all", "none"):
            raise UsageError(
                f"{shown(path)}: khóa “{group}.complement” chỉ nhận all, none hoặc danh sách chỉ "
                f"tiêu, đang ghi {complement!r}."
            )
        complement = [] if complement == "none" else ["all"]
    return ClassRule(name=name, complement=tuple(str(one) for one in complement), **rule)


def _positive(path: Path, group: str, data: dict[str, int]) -> int:
    ((key, value),) = data.items()
    if value < 1:
        raise UsageError(f"{shown(path)}: khóa “{group}.{key}” phải từ 1 trở lên ({value}).")
    return value


def _group(path: Path, number: int, group: object, parts: list[str]) -> tuple[str, ...]:
    if not isinstance(group, list) or len(group) < 2:
        raise UsageError(f"{shown(path)}: mục {number + 1} của “same” cần từ hai phần số liệu.")
    return tuple(_part(path, f"same, mục {number + 1}", part, parts) for part in group)


def _nested(path: Path, number: int, data: object, parts: list[str]) -> Nested:
    where = f"nested, mục {number + 1}"
    one = check_keys(path, data, {"smaller": str, "larger": str, "difference": str}, where)
    if one["difference"] not in ("counted", "bound"):
        raise UsageError(
            f"{shown(path)}: “difference” của {where} chỉ nhận counted hoặc bound, đang ghi "
            f"{one['difference']!r}."
        )
    return Nested(
        smaller=_part(path, where, one["smaller"], parts),
        larger=_part(path, where, one["larger"], parts),
        counted=one["difference"] == "counted",
    )


def _part(path: Path, where: str, part: object, parts: list[str]) -> str:
    """Return a part (`CT08.1.numerator`) once the register has it."""
    text = str(part)
    if parts and text not in parts:
        raise UsageError(
            f"{shown(path)}: {where} ghi “{text}” không phải phần số liệu nào của sổ chỉ tiêu."
            f"{hint(text, parts)}"
        )
    return text
