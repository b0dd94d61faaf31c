"""Between results and the public: writes the protected tables of an edition, and the ledger.

`tables/` holds what is true, `protected/` what may leave the office: results after disclosure
control, and of observations and findings only where a figure came from and what kind of fault was
found, never a number. Public notebooks read nothing else.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treem.audit.withheld import COLUMN, commit_observations, commit_results
from treem.disclosure.commitments import sealed
from treem.edition import Edition
from treem.intake.findings import public_ids
from treem.intake.observations import records
from treem.intake.rule import SEVERITIES
from treem.project import Project

if TYPE_CHECKING:
    import pandas as pd

    from treem.disclosure.ledger import LedgerRow
    from treem.disclosure.protect import Protection

REPORT = "cells.csv"
AUDIT = "audit.json"
_PLACE_COLUMNS = (
    "observation_id",
    "edition",
    "geography",
    "area_code",
    "area_name",
    "measure",
    "year",
    "stratum",
    "part",
    "source_kind",
    "file",
    "sheet",
    "cell",
    "header_path",
    "published_row",
    "agency",
    "received_date",
    "document_number",
    "used",
    "superseded_by",
)
"""Columns of an observation that say where it stands and nothing of what it says."""


@dataclass(frozen=True)
class Protected:
    """What disclosure control did to an edition; `report_mark` names the internal report.

    It is a commitment: a checksum of all counts, of which the public has all but a few, could be
    tried, and an approval that names it is public. `ledger_rows` is what becomes public.
    """

    audit: dict[str, Any]
    report_mark: str
    ledger_rows: tuple[LedgerRow, ...]


def protect_tables(project: Project, edition: Edition, stage: Path) -> Protected:
    """Write `stage/protected/` (public) and `stage/protection/` (internal) from `stage/tables/`.

    Raises DataError where some cell cannot be protected, where real figures were received and
    there is no key for commitments, or where some changed that were published and nobody says why:
    then nothing may be published.
    """
    from treem.disclosure.revisions import refuse_silent_revisions
    from treem.quality.chapter import write_public_chapter

    refuse_silent_revisions(edition, _results(stage / "tables"))
    protection = _protect(project, edition, stage / "tables")
    report = stage / "protection"
    report.mkdir()
    protection.cells.to_csv(report / REPORT, index=False, lineterminator="\n")
    audit = json.dumps(protection.audit, ensure_ascii=False, indent=1, sort_keys=True)
    (report / AUDIT).write_text(audit + "\n", "utf-8")
    folder = stage / "protected"
    folder.mkdir()
    promised = commit_results(project, edition, records(_results(stage / "tables")))
    protection.results_public.assign(**{COLUMN: promised}).to_csv(
        folder / "results.csv", index=False, lineterminator="\n"
    )
    _write_observations(project, edition, stage / "tables", folder)
    public = _write_findings(project, edition, stage / "tables", folder)
    write_public_chapter(stage / "tables", folder, public)
    sha256 = hashlib.sha256((report / REPORT).read_bytes()).hexdigest()
    mark = sealed(project, edition, REPORT, sha256)
    return Protected(protection.audit, mark, protection.ledger_rows)


def _protect(project: Project, edition: Edition, tables: Path) -> Protection:
    from treem.areas import load_geography
    from treem.disclosure.ledger import load_ledger
    from treem.disclosure.places import area_links
    from treem.disclosure.policy import load_policy
    from treem.disclosure.protect import protect
    from treem.plan.register import load_register

    measures = load_register(project).measures
    return protect(
        _results(tables).astype({"year": "int64"}),
        measures,
        area_links(edition, load_geography(project)),
        load_policy(project, measures),
        load_ledger(project, edition),
    )


def _results(tables: Path) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(tables / "results.csv", dtype=str, keep_default_na=False)


def _write_observations(project: Project, edition: Edition, tables: Path, folder: Path) -> None:
    """Write where every observation stands, with a commitment to what it says.

    What is published elsewhere already stays readable.
    """
    import pandas as pd

    table = pd.read_parquet(tables / "observations.parquet")
    received = table["source_kind"] == "workbook"
    public = table.copy()
    for column in public.columns:
        if column not in _PLACE_COLUMNS:
            public[column] = public[column].mask(received, "")
    public[COLUMN] = commit_observations(project, edition, records(table))
    public.to_parquet(folder / "observations.parquet", index=False)


def _write_findings(
    project: Project, edition: Edition, tables: Path, folder: Path
) -> dict[str, dict[str, str]]:
    """Write which rule found something where; messages quote numbers and stay in the office.

    An id made from a message could be tried, and an order by messages tells the greater of two
    numbers, so both are made from what is left. Beside hidden counts a rule on values is not
    named. Returns the public row of each finding by its id in the office.
    """
    import pandas as pd

    from treem.disclosure.checks import WITHHELD, name_withheld
    from treem.disclosure.policy import load_policy
    from treem.quality.names import rule_names

    table = pd.read_csv(tables / "findings.csv", dtype=str, keep_default_na=False)
    results = _results(folder)
    gone = records(results[results["status"] == "suppressed"])
    secret = pd.Series(name_withheld(records(table), gone, load_policy(project)), table.index)
    table["rule"] = table["rule"].mask(secret, WITHHELD)
    received = (table["file"] != (edition.published or "-")) | secret
    table["message"] = table["message"].mask(received, table["rule"].map(rule_names(project)))
    table["instruction"] = table["instruction"].mask(received, "")
    table["raw"] = table["raw"].mask(received, "")
    shown = [name for name in table.columns if name != "finding_id"]
    first = ["year", "file", "measure", "rule", "sheet", "cell", "area_code", "part"]
    order = [*first, *(name for name in shown if name not in first)]
    table = table.sort_values(order, kind="stable").sort_values(
        "severity", kind="stable", key=lambda column: column.map(SEVERITIES.index)
    )
    office = table["finding_id"].tolist()
    table["finding_id"] = public_ids(records(table[shown]))
    table.to_csv(folder / "findings.csv", index=False, lineterminator="\n")
    return dict(zip(office, records(table), strict=True))
