"""The plan as issued, for tests that change it: one edit at a time, checked to apply."""

from __future__ import annotations

from pathlib import Path

from treem.plan.lint import lint
from treem.plan.model import Discrepancy
from treem.plan.national import load_national
from treem.plan.source import read_plan

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "data" / "source" / "359-KH-UBND.txt"
TEXT = FILE.read_text("utf-8")
NATIONAL = load_national(ROOT / "data" / "plan")


def changed(old: str, new: str, text: str = TEXT) -> str:
    """Return the text with the first `old` replaced; fails where there is none."""
    assert old in text, f"no {old!r} in the text"
    return text.replace(old, new, 1)


def without(start: str, end: str, text: str = TEXT, after: int = 0) -> str:
    """Return the text without what stands from `start` up to `end`."""
    first = text.index(start, after)
    return text[:first] + text[text.index(end, first) :]


def lint_of(text: str) -> dict[str, Discrepancy]:
    """Lint a text against the national decision, by id."""
    found = lint(read_plan(text, "sửa.txt"), NATIONAL)
    rows = {row.id: row for row in found}
    assert len(rows) == len(found), "ids repeat"
    return rows


def stem(discrepancy_id: str) -> str:
    """Return an id without its hash."""
    return discrepancy_id.rsplit("-", 1)[0]
