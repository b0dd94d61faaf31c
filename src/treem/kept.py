"""Finished work that a later build may take over instead of making it again.

Every piece of work lies in a folder of its own below `reports/<edition>/.cache/<stage>/`, named
after its key: what it was made from, as one checksum. A piece holds a value (JSON) and files, each
with a checksum that is looked at whenever it is taken; what is damaged is made again. The folder is
safe to delete, now or while nothing runs: only time is lost.

Pieces are kept as soon as they are done, so that a build that is killed leaves them to the next.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treem.audit.manifest import canonical_json, file_sha256

_ENTRY = "entry.json"
_PART = ".part-"
_NAME_LENGTH = 40


def key_of(*content: Any) -> str:
    """Return the key of what is made from this content (anything that JSON can hold)."""
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


@dataclass(frozen=True)
class Piece:
    """What was taken over: the value that was kept with it (never None where there is a piece)."""

    value: Any


class Kept:
    """The finished work of an edition, by stage and key.

    `taken` and `made` count by stage what was taken over and what was not.
    """

    def __init__(
        self, folder: Path | None = None, *, takes: bool = True, keeps: bool = True
    ) -> None:
        """Without `folder` nothing is taken or kept; with `takes` false all is made anew."""
        self._folder = folder
        self._takes, self._keeps = takes, keeps
        self.taken: Counter[str] = Counter()
        self.made: Counter[str] = Counter()
        self._used: dict[str, set[str]] = {}

    def take(self, stage: str, key: str, target: Path | None = None) -> Piece | None:
        """Put the files of a piece below `target` and return it; None where it is not whole."""
        folder = self._place(stage, key)
        if folder is None or not self._takes:
            return None
        entry = _read_entry(folder, key)
        if entry is None or not _intact(folder, entry["files"]):
            return None
        if target is not None:
            _place_files(folder, target, entry["files"])
        self._used.setdefault(stage, set()).add(folder.name)
        self.taken[stage] += 1
        return Piece(entry["value"])

    def keep(
        self,
        stage: str,
        key: str,
        value: Any = None,
        folder: Path | None = None,
        parts: Iterable[str] = (),
    ) -> None:
        """Keep a value and, of `folder`, the files and folders named in `parts`."""
        self.made[stage] += 1
        final = self._place(stage, key)
        if final is None or not self._keeps:
            return
        self._used.setdefault(stage, set()).add(final.name)
        final.parent.mkdir(parents=True, exist_ok=True)
        new = final.parent / f"{_PART}{secrets.token_hex(8)}"
        new.mkdir()
        try:
            names = [] if folder is None else sorted(_names(folder, parts))
            if folder is not None:
                _place_files(folder, new, names)
            files = {name: file_sha256(new / name) for name in names}
            _write_entry(new, {"key": key, "value": value, "files": files})
            shutil.rmtree(final, ignore_errors=True)
            new.rename(final)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise

    def prune(self) -> None:
        """Forget what the stages of this build did not use, and what killed builds left half."""
        for stage, used in self._used.items():
            if self._folder is None:
                return
            for found in (self._folder / stage).iterdir():
                if found.name not in used:
                    shutil.rmtree(found, ignore_errors=True)

    def _place(self, stage: str, key: str) -> Path | None:
        return None if self._folder is None else self._folder / stage / key[:_NAME_LENGTH]


def _names(folder: Path, parts: Iterable[str]) -> Iterable[str]:
    for part in parts:
        top = folder / part
        for path in [top] if top.is_file() else top.rglob("*"):
            if path.is_file():
                yield path.relative_to(folder).as_posix()


def _place_files(source: Path, target: Path, names: Iterable[str]) -> None:
    """Put files in a second place. A link costs no room; whoever writes later writes new files."""
    for name in names:
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source / name, path)
        except OSError:
            shutil.copyfile(source / name, path)


def _write_entry(folder: Path, entry: Mapping[str, Any]) -> None:
    # the order of keys is part of a value: figures are written in it
    text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    (folder / _ENTRY).write_text(f"{digest}\n{text}\n", "utf-8", newline="\n")


def _read_entry(folder: Path, key: str) -> dict[str, Any] | None:
    """Return what a piece holds; None where there is none, or where it is not as it was written."""
    try:
        digest, _, text = (folder / _ENTRY).read_bytes().partition(b"\n")
    except OSError:
        return None
    text = text.removesuffix(b"\n")
    if hashlib.sha256(text).hexdigest().encode() != digest:
        return None
    entry: dict[str, Any] = json.loads(text)
    return entry if entry["key"] == key else None


def _intact(folder: Path, files: Mapping[str, str]) -> bool:
    try:
        return all(file_sha256(folder / name) == digest for name, digest in files.items())
    except OSError:
        return False
