"""Writes the tables of the register that come from the official text.

Run as `python -m treem.plan.rebuild`. With `--check` nothing is written: the command says which
tables differ from what it would write. Tables that people keep are never touched.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from treem.errors import StorageError, TreemError
from treem.plan.files import read_rows, table_text
from treem.plan.lint import lint
from treem.plan.model import Discrepancy, TableRow, Target
from treem.plan.national import as_targets, load_national
from treem.plan.numbers import decimal_text
from treem.plan.source import PlanText, read_plan_file
from treem.project import Project, find_project


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite the tables, or check them; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m treem.plan.rebuild",
        description="Viết lại các bảng của sổ đăng ký kế hoạch từ văn bản ban hành.",
        add_help=False,
    )
    parser.add_argument("--check", action="store_true", help="chỉ so sánh, không ghi")
    parser.add_argument("--project", type=Path, default=None, help="thư mục dự án")
    parser.add_argument("-h", "--help", action="help", help="in hướng dẫn này")
    options = parser.parse_args(arguments)
    try:
        project = find_project(options.project)
        tables = build_tables(project)
        differing = [name for name, text in tables.items() if _differs(project.plan / name, text)]
        if options.check:
            _say_check(differing)
            return 1 if differing else 0
        _write(project, {name: tables[name] for name in differing})
    except TreemError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(
        f"Đã ghi {len(differing)} bảng vào {project.plan}: {', '.join(differing) or 'không đổi'}."
    )
    return 0


def build_tables(project: Project) -> dict[str, str]:
    """Return the text of every table that comes from the official text, by file name."""
    plan = read_plan_file(project.plan_text)
    national = load_national(project.plan)
    measures = read_rows(project.plan / "measures.csv")
    directions = {row["id"]: 1 if row["direction"] == "higher_better" else -1 for row in measures}
    found = lint(plan, national)
    return {
        "objectives.csv": _objectives(plan),
        "indicators.csv": _indicators(plan),
        "targets.csv": _targets([*plan.targets, *as_targets(national, directions)]),
        "baselines.csv": _baselines(plan),
        "duties.csv": _duties(plan),
        "summary_table.csv": _summary_table(plan),
        "ledger.csv": _ledger(found),
        "ledger_places.csv": _ledger_places(found),
    }


def _differs(path: Path, text: str) -> bool:
    return not path.is_file() or path.read_bytes() != text.encode()


def _say_check(differing: Sequence[str]) -> None:
    if differing:
        print(
            f"Khác văn bản: {', '.join(differing)}. Hãy chạy python -m treem.plan.rebuild.",
            file=sys.stderr,
        )
    else:
        print("Các bảng khớp với văn bản.")


def _write(project: Project, tables: dict[str, str]) -> None:
    for name, text in tables.items():
        try:
            (project.plan / name).write_bytes(text.encode())
        except OSError as error:
            raise StorageError(
                f"Không ghi được {project.plan / name}: {error.strerror}. Hãy kiểm tra quyền ghi "
                "và dung lượng đĩa."
            ) from error


def _objectives(plan: PlanText) -> str:
    rows = [{"objective": o.number, "title": o.title, "line": o.line} for o in plan.objectives]
    return table_text(["objective", "title", "line"], rows)


def _indicators(plan: PlanText) -> str:
    rows = [
        {"indicator": i.number, "objective": i.objective, "words": i.words, "line": i.line}
        for i in plan.indicators
    ]
    return table_text(["indicator", "objective", "words", "line"], rows)


def _targets(targets: Sequence[Target]) -> str:
    columns = ["measure", "scope", "year", "where", "comparator", "value", "line", "words"]
    order = {where: index for index, where in enumerate(("text", "table", "label", "national"))}
    first = {target.measure: index for index, target in reversed(list(enumerate(targets)))}
    ranked = sorted(
        targets,
        key=lambda t: (first[t.measure], t.scope == "national", order[t.where], t.year),
    )
    rows = [
        {
            "measure": t.measure,
            "scope": t.scope,
            "year": t.year,
            "where": t.where,
            "comparator": t.limit.comparator,
            "value": decimal_text(t.limit.value),
            "line": t.line or "",
            "words": t.words,
        }
        for t in ranked
    ]
    return table_text(columns, rows)


def _baselines(plan: PlanText) -> str:
    rows = [
        {
            "measure": b.measure,
            "comparator": b.comparator or "",
            "value": "" if b.value is None else decimal_text(b.value),
            "line": b.line or "",
            "words": b.words,
        }
        for b in plan.baselines.values()
    ]
    return table_text(["measure", "comparator", "value", "line", "words"], rows)


def _duties(plan: PlanText) -> str:
    rows = [
        {
            "indicator": duty.indicator,
            "agency": duty.agency,
            "section": duty.section,
            "line": duty.line,
            "words": duty.words,
        }
        for duty in sorted(plan.duties, key=lambda duty: duty.indicator)
    ]
    return table_text(["indicator", "agency", "section", "line", "words"], rows)


_TABLE_COLUMNS = [
    "row", "kind", "objective", "indicator", "measures", "column", "line", "text", "comparator",
    "value",
]  # fmt: skip


def _summary_table(plan: PlanText) -> str:
    """Write one row a cell: verbatim text, its line, and the parsed value beside it.

    `column` is `label`, then `baseline_2020`, `province_2025` … and `extra` for stray cells. Where
    one cell holds values of two measures, comparators and values stand in the order of `measures`.
    """
    rows: list[dict[str, object]] = []
    for text in plan.table.title:
        rows.append({"row": "title", "kind": "title", "text": text})
    for number, texts in enumerate(plan.table.header, 1):
        rows += [{"row": f"header{number}", "kind": "header", "text": text} for text in texts]
    for number, row in enumerate(plan.table.rows, 1):
        rows.extend(_table_cells(plan, row, number))
    return table_text(_TABLE_COLUMNS, [dict.fromkeys(_TABLE_COLUMNS, "") | row for row in rows])


def _table_cells(plan: PlanText, row: TableRow, number: int) -> Iterator[dict[str, object]]:
    shared: dict[str, object] = {
        "row": number,
        "kind": row.kind,
        "objective": row.objective,
        "indicator": row.indicator or "",
        "measures": " ".join(row.measures),
    }
    yield shared | {"column": "label", "line": row.line, "text": row.label}
    for index, cell in enumerate(row.cells):
        values = [
            plan.values(measure, index) or ()
            for measure in row.measures
            if index < len(plan.columns)
        ]
        read = [value[0] for value in values if value]
        yield shared | {
            "column": _column_name(plan, index),
            "line": cell.line,
            "text": cell.text,
            "comparator": "; ".join(value.sign or "" for value in read).strip("; "),
            "value": "; ".join(decimal_text(value.value) for value in read),
        }


def _column_name(plan: PlanText, index: int) -> str:
    if index >= len(plan.columns):
        return "extra"
    column = plan.columns[index]
    return f"{column.scope or 'baseline'}_{column.year}"


def _ledger(found: Sequence[Discrepancy]) -> str:
    rows = [
        {
            "id": row.id,
            "measure": row.measure,
            "kind": row.kind,
            "severity": row.severity,
            "effect": row.effect,
        }
        for row in found
    ]
    return table_text(["id", "measure", "kind", "severity", "effect"], rows)


def _ledger_places(found: Sequence[Discrepancy]) -> str:
    rows = [
        {
            "id": row.id,
            "where": place.where,
            "line": place.line or "",
            "words": place.words,
            "value": place.value,
        }
        for row in found
        for place in row.places
    ]
    return table_text(["id", "where", "line", "words", "value"], rows)


if __name__ == "__main__":
    sys.exit(main())
