"""Every error treem raises on purpose.

    TreemError                    base; carries the exit code of the command
    ├── UsageError            2   the person asked for something that does not exist
    │   ├── EditionError          unknown edition; missing, unknown or wrong key in params
    │   └── SourceError           a chapter uses a feature that the publisher does not know
    ├── DataError             1   what was received did not pass
    │   ├── PlanError             a file that is no plan, or a register that contradicts itself
    │   ├── WorkbookError         a workbook that is missing, damaged or not in our form
    │   ├── AreaError             an area that does not exist on the date asked for
    │   ├── TraceError            a figure that the edition does not have
    │   └── GateError             findings of severity `run`: nothing is published
    └── MachineError          3   the machine or we failed
        ├── StorageError          disk full, read-only folder, locked edition
        ├── NotebookError         a notebook failed while it ran
        ├── ClusterError          a Dask cluster that does not answer, lacks workers or differs
        └── PublishError          Quarto, Pandoc or Typst failed

A message is Vietnamese and says where, what was found, what was expected and what to do next.
A fault in the data is a row of the findings table, not an exception; see `treem.quality`.
"""

from __future__ import annotations


class TreemError(Exception):
    """Base of all errors raised on purpose; `exit_code` is what the command returns."""

    exit_code = 3


class UsageError(TreemError):
    """Wrong use: unknown edition, option, key, year or measure."""

    exit_code = 2


class EditionError(UsageError):
    """The edition is unknown, or its params file has missing, unknown or wrong keys."""


class SourceError(UsageError):
    """A document source uses something the publisher does not know; names file and line."""


class DataError(TreemError):
    """The data or the plan did not pass."""

    exit_code = 1


class PlanError(DataError):
    """The file is no plan of the known form, or the register contradicts the source."""


class WorkbookError(DataError):
    """A workbook is missing, damaged, or not in the form that is read."""


class AreaError(DataError):
    """An area does not exist on the date asked for."""


class TraceError(DataError):
    """The figure asked for is not in the edition."""


class GateError(DataError):
    """Findings of severity `run`: the build stops and the last good package stays."""


class MachineError(TreemError):
    """The machine or we failed: disk full, read-only folder, an engine that broke."""

    exit_code = 3


class StorageError(MachineError):
    """Nothing could be written: disk full, read-only folder, or another run holds the edition."""


class NotebookError(MachineError):
    """A notebook failed; it is kept with the failing cell marked."""


class ClusterError(MachineError):
    """The Dask cluster asked for does not answer, has no worker, or runs other code."""


class PublishError(MachineError):
    """Quarto, Pandoc or Typst failed on sources that were accepted."""
