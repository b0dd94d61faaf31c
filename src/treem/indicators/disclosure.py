"""The front door of disclosure control, where the road passes from results to the public.

The work is in `treem.disclosure`; what a caller needs of it is named here.
"""

from __future__ import annotations

from treem.disclosure.approval import require_approval
from treem.disclosure.ledger import Ledger, load_ledger, write_ledger
from treem.disclosure.places import AreaLink, area_links
from treem.disclosure.policy import Policy, load_policy
from treem.disclosure.protect import Protection, protect

__all__ = [
    "AreaLink",
    "Ledger",
    "Policy",
    "Protection",
    "area_links",
    "load_ledger",
    "load_policy",
    "protect",
    "require_approval",
    "write_ledger",
]
