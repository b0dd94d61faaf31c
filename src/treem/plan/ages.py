"""Ages that a subject names, to tell one group of children from another."""

from __future__ import annotations

import re

AGE = re.compile(
    r"(?:từ\s+)?(?P<from>\d+)\s*(?:-|–|đến)\s*(?P<to>\d+)\s+tuổi|dưới\s+(?P<under>\d+)\s+tuổi"
    r"|đến\s+(?P<until>\d+)\s+tuổi|(?P<over>\d+)\s+tuổi\s+trở\s+lên|(?P<at>\d+)\s+tuổi"
)


def age_group(subject: str) -> tuple[int, int] | None:
    """Return the ages that a subject names, in years from and below; None for no ages."""
    match = AGE.search(subject.lower())
    if match is None:
        return None
    if match["from"]:
        return int(match["from"]), int(match["to"]) + 1
    if match["under"]:
        return 0, int(match["under"])
    if match["until"]:
        return 0, int(match["until"]) + 1
    if match["over"]:
        return int(match["over"]), 200
    return int(match["at"]), int(match["at"]) + 1
