"""The front door of disclosure control for an edition: policy, ledger and areas put together.

The work is in `treem.disclosure`; here an edition's results meet what people keep in
`params/disclosure/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from treem.disclosure.approval import require_approval
from treem.disclosure.ledger import ledger_folder, load_ledger, write_ledger
from treem.disclosure.places import area_links
from treem.disclosure.policy import load_policy
from treem.disclosure.protect import Protection, protect
from treem.edition import Edition, edition_names, load_edition
from treem.project import Project

if TYPE_CHECKING:
    import pandas as pd

    from treem.areas import Areas
    from treem.plan.register import PlanRegister

__all__ = [
    "Protection",
    "protect",
    "protect_edition",
    "record_edition",
    "require_approval",
]


def protect_edition(
    project: Project,
    edition: Edition,
    register: PlanRegister,
    areas: Areas,
    results: pd.DataFrame,
) -> Protection:
    """Return what may be published of an edition, given all that its kind published before.

    Generated editions are held to the same rules; only the ledgers of real and of generated
    figures are kept apart. Raises UsageError on a faulty policy, DataError where a cell cannot be
    protected.
    """
    policy = load_policy(project, register.measures)
    kin = [
        name
        for name in edition_names(project)
        if load_edition(project, name).generated == edition.generated
    ]
    return protect(
        results,
        register.measures,
        area_links(edition, areas),
        policy,
        load_ledger(project, kin),
    )


def record_edition(project: Project, edition: Edition, protection: Protection) -> Path:
    """Put on record what an edition publishes and return the ledger's path."""
    path = ledger_folder(project) / f"{edition.name}.csv"
    write_ledger(path, protection.ledger_rows)
    return path
