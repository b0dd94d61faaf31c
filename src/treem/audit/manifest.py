"""What a package holds and what it was made from.

`manifest.json` lists every file of the package with size, checksum and media type, and the inputs:
checksums of code, lock, parameters and sources, versions of the tools, the publisher. Times and
the machine stand in `run.json` only, which is never hashed, so that two builds of the same inputs
are byte-equal.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from treem.disclosure.commitments import sealed
from treem.disclosure.ledger import ledger_files
from treem.edition import Audience, Edition
from treem.project import Project

TOOLS = (
    "great-expectations",
    "matplotlib",
    "nbformat",
    "openpyxl",
    "pandas",
    "papermill",
    "pyarrow",
    "pypandoc-binary",
    "python-docx",
    "typst",
)
COMPUTED_FROM = (
    "src/treem",
    "notebooks",
    "expectations",
    "data/source",
    "data/plan",
    "data/areas",
    "data/published",
    "params/disclosure/policy.yml",
    "params/disclosure/approvals.yml",
    "params/disclosure/revisions.yml",
)
"""What tables and executed notebooks depend on, beside the edition's own files and the lock."""
RECEIVED_WITH = "params/intake"
"""What people decided about values received; corrections quote them."""
DOCUMENT_FROM = ("chapters", "index.qmd", "_quarto.yml", "_language-vi.yml", "_extensions")
"""What the document depends on besides."""
RECORD = "made_from.json"
"""Beside the tables: what they were computed from."""
MEDIA_TYPES = {
    ".css": "text/css",
    ".csv": "text/csv",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain",
    ".woff2": "font/woff2",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_WAIVERS = f"{RECEIVED_WITH}/waivers.yml"
_SKIPPED_PARTS = {"__pycache__", ".ipynb_checkpoints"}


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys and no blanks (RFC 8785 for text, integers and booleans)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def tree_sha256(root: Path, names: Iterable[str]) -> str:
    """Return one SHA-256 over the paths and contents of files and folders below `root`.

    A name that does not exist counts as absent, so that removing a file changes the result.
    """
    digest = hashlib.sha256()
    for name in names:
        for path in files_below(root / name):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0")
            digest.update(file_sha256(path).encode() + b"\n")
    return digest.hexdigest()


def computed_from(project: Project, edition: Edition) -> dict[str, Any]:
    """Return what tables and executed notebooks are made from, as checksums and versions.

    What was received is named by a commitment in a public build. The ledgers of other editions are
    inputs; that of the edition itself says what the build says again. Raises DataError where a real
    edition that received something has no key for it.
    """
    own = [f"params/{edition.name}.yml", *filter(None, [edition.published])]
    ledgers = [
        path.relative_to(project.root).as_posix()
        for path in ledger_files(project, edition)
        if path.name[5:] != f"{edition.name}.csv"
    ]
    received = [*edition.submissions, RECEIVED_WITH] if edition.submissions else [_WAIVERS]
    return {
        "edition": edition.name,
        "audience": edition.audience,
        "sources_sha256": tree_sha256(project.root, COMPUTED_FROM),
        "edition_sha256": tree_sha256(project.root, own),
        "ledgers_sha256": tree_sha256(project.root, ledgers),
        "received": sealed(project, edition, "received", tree_sha256(project.root, received)),
        "lock_sha256": tree_sha256(project.root, ["requirements.lock"]),
        "python": platform.python_version(),
        "tools": {name: metadata.version(name) for name in TOOLS},
    }


def inputs(project: Project, edition: Edition, publisher: str) -> dict[str, Any]:
    """Return what the package of this edition is made from, the document included."""
    return {
        **computed_from(project, edition),
        "document_sha256": tree_sha256(project.root, DOCUMENT_FROM),
        "publisher": publisher,
    }


def read_record(tables: Path) -> dict[str, Any] | None:
    """Return what the tables in this folder were computed from; None where nothing says so."""
    try:
        record = json.loads((tables / RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def package_is_of_tables(package: Path, tables: Path) -> bool:
    """Whether the package was made from the tables that lie here now, or there is no package."""
    target = package / "manifest.json"
    if not target.is_file():
        return True
    made_from = json.loads(target.read_text("utf-8"))["made_from"]
    record = read_record(tables) or {}
    return all(made_from.get(key) == value for key, value in record.items())


def write_manifest(
    package: Path, made_from: Mapping[str, Any], notice: str, audience: Audience = "public"
) -> Path:
    """Write `manifest.json` for a finished package; returns its path.

    `notice` is what every page says: generated data, an internal build; empty for neither.
    """
    target = package / "manifest.json"
    files = [
        {
            "path": path.relative_to(package).as_posix(),
            "size": path.stat().st_size,
            "sha256": file_sha256(path),
            "media_type": MEDIA_TYPES.get(path.suffix, "application/octet-stream"),
            "class": audience,
        }
        for path in files_below(package)
        if path != target
    ]
    target.write_text(
        canonical_json({"files": files, "made_from": made_from, "notice": notice}) + "\n", "utf-8"
    )
    return target


def package_intact(package: Path) -> bool:
    """Whether every file of the manifest is there with its size, and nothing else is."""
    target = package / "manifest.json"
    if not target.is_file():
        return False
    files = json.loads(target.read_text("utf-8"))["files"]
    listed = {package / entry["path"]: entry["size"] for entry in files}
    found = {path: path.stat().st_size for path in files_below(package) if path != target}
    return listed == found


def files_below(path: Path) -> list[Path]:
    """Return the file that a path is, or all files below it, sorted; none where it is nothing."""
    if path.is_file():
        return [path]
    return [
        found
        for found in sorted(path.rglob("*"))
        if found.is_file() and not _SKIPPED_PARTS.intersection(found.parts)
    ]
