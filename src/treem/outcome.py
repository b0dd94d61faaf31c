"""What a command did, for people (`as_text`) and programs (`as_json`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """What a command did, for people (`as_text`) and programs (`as_json`)."""

    edition: str
    sentence: str
    written: tuple[str, ...] = ()
    publisher: str = ""
    unchanged: bool = False
    seconds: dict[str, float] = field(default_factory=dict)
    taken: tuple[str, ...] = ()
    """The stages that were taken over from an earlier build."""

    def as_text(self) -> str:
        """Return one line: what was written and where."""
        return self.sentence

    def as_json(self) -> dict[str, Any]:
        """Return the same for a program."""
        return {
            "edition": self.edition,
            "unchanged": self.unchanged,
            "publisher": self.publisher,
            "written": list(self.written),
            "seconds": self.seconds,
            "taken": list(self.taken),
        }


@dataclass(frozen=True)
class CheckOutcome:
    """What the gate found in an edition's data."""

    edition: str
    findings: tuple[dict[str, str], ...]
    folder: str

    @property
    def stops(self) -> bool:
        """Whether a finding of severity `run` stops the build."""
        return any(row["severity"] == "run" and not row["waiver"] for row in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Return every finding."""
        return {"edition": self.edition, "stops": self.stops, "findings": list(self.findings)}

    def as_text(self) -> str:
        """Return every finding with its place and what to do."""
        if not self.findings:
            return f"Kỳ {self.edition}: không có phát hiện nào (bảng trong {self.folder})."
        lines = [f"Kỳ {self.edition}: {len(self.findings)} phát hiện, ghi trong {self.folder}."]
        lines += [finding_line(row) for row in self.findings]
        return "\n".join(lines)


@dataclass(frozen=True)
class ProtectOutcome:
    """What disclosure control hid, and what the attacks on it found."""

    edition: str
    folder: str
    report: str
    audit: dict[str, Any]
    report_mark: str
    ledger: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the same for a program."""
        return {
            "edition": self.edition,
            "written": [path for path in (self.folder, self.report, self.ledger) if path],
            "report_mark": self.report_mark,
            "audit": self.audit,
        }

    def as_text(self) -> str:
        """Return how much is hidden and whether it can be worked out."""
        from treem.display.words import fill

        audit = {key: str(value) for key, value in self.audit.items()}
        places = {"edition": self.edition, "folder": self.folder, "report": self.report}
        lines = [fill("protection", "done", **places, mark=self.report_mark, **audit)]
        if self.audit["printed_before"]:
            count = str(len(self.audit["printed_before"]))
            lines.append(fill("protection", "printed_before", count=count))
        if not self.audit["policy_approved"]:
            lines.append(fill("protection", "proposal"))
        if self.ledger:
            lines.append(fill("protection", "recorded", ledger=self.ledger))
        return "\n".join(lines)


@dataclass(frozen=True)
class IntakeOutcome:
    """What was read from submissions; `recorded` are files that were new and are on record now."""

    edition: str
    folder: str
    files: int
    values: int
    differences: tuple[dict[str, str], ...]
    findings: tuple[dict[str, str], ...]
    recorded: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the same for a program."""
        return {
            "edition": self.edition,
            "written": [self.folder],
            "files": self.files,
            "values": self.values,
            "recorded": list(self.recorded),
            "differences": list(self.differences),
            "findings": list(self.findings),
        }

    def as_text(self) -> str:
        """Return what was read, what changed in resubmissions, and every finding of reading."""
        lines = [f"Đã ghi sổ: {file}." for file in self.recorded]
        lines.append(
            f"Kỳ {self.edition}: đã đọc {self.values} ô số liệu từ {self.files} tệp, ghi vào "
            f"{self.folder}; {len(self.differences)} ô khác nhau giữa các lần gửi, "
            f"{len(self.findings)} phát hiện khi đọc."
        )
        lines += [_difference_line(row) for row in self.differences]
        lines += [finding_line(row) for row in self.findings]
        return "\n".join(lines)


def _difference_line(row: dict[str, str]) -> str:
    from treem.display.words import word

    part = word("part", row["part"])
    what = " ".join(filter(None, (row["measure"], part, row["stratum"])))
    return (
        f"[gửi lại] {row['unit_code']} năm {row['year']}, {what}: “{row['before']}” "
        f"({row['file_before']} ô {row['cell_before']}) thành “{row['after']}” "
        f"({row['file_after']} ô {row['cell_after']})"
    )


def finding_line(row: dict[str, str]) -> str:
    """Return a finding as one line: severity, place, message, what to do."""
    from treem.display.words import severity_name

    place = " ".join(part for part in (row["file"], row["sheet"], row["cell"]) if part)
    severity = severity_name(row["severity"])
    if row["waiver"]:
        severity = f"{severity}, miễn trừ {row['waiver']}"
    return f"[{severity}] {place or row['area_name'] or row['rule']}: " + (
        f"{row['message']} {row['instruction']}".strip()
    )
