"""Readings of files that are kept: a workbook that has not changed is not read again.

A reading depends on the bytes of the file, its row of the record, the unit, the column map, the
edition, the register and the code. Observations and findings hold text and whole numbers only, so
they come back from JSON exactly as they were. A file that must not be read is never kept.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from treem.edition import Edition
from treem.intake.findings import Finding
from treem.intake.observations import Observation
from treem.kept import Kept, key_of
from treem.stages import READING, Sources, edition_settings

if TYPE_CHECKING:
    from treem.intake.column_maps import ColumnMap
    from treem.intake.rows import Origin

Read = tuple[list[Observation], list[Finding]]


class Readings:
    """What files said when they were read before."""

    def __init__(self, kept: Kept | None = None, common: str = "") -> None:
        """Keep nothing without `kept`; `common` stands for all that every reading depends on."""
        self._kept, self._common = kept or Kept(), common

    def of(
        self,
        origin: Origin,
        mapped: ColumnMap | None,
        read: Callable[[], Read],
        is_same: Callable[[], bool] = lambda: True,
    ) -> Read:
        """Return the reading of a file whose checksum is that of its record.

        `is_same` says whether it still is that file once it was read.
        """
        source = dataclasses.asdict(origin.source)
        del source["line"]  # another row of the record makes no other reading
        unit = dataclasses.asdict(origin.unit)
        key = key_of(self._common, origin.file, source, unit, repr(mapped))
        piece = self._kept.take(READING, key)
        if piece is not None:
            rows, findings = piece.value
            return [Observation(*row) for row in rows], [Finding(*found) for found in findings]
        observed, found = read()
        if is_same():
            self._kept.keep(READING, key, [_plain(observed), _plain(found)])
        return observed, found


def readings_of(edition: Edition, sources: Sources, kept: Kept) -> Readings:
    """Return the kept readings of an edition."""
    own = edition_settings(edition, document=False)
    return Readings(kept, key_of(sources.machine, own, sources.register()))


def _plain(rows: list[Observation] | list[Finding]) -> list[list[object]]:
    return [[*vars(row).values()] for row in rows]
