"""Commitments: how public lineage names a value that it may not show.

The hash of one small count is found by trying ten numbers. A keyed commitment is not: it is an
HMAC over what the value is of and the value itself, with a key that never leaves the office. Who
has the key can prove later that the value was this one; who has not learns nothing, not even that
two cells hold the same count.

What the office received is committed to as well where a build must name it: a checksum of a form
in which one small count is not known is found by filling in that form ten times, and a checksum of
all counts by trying the few that are hidden.

The key of real editions is in the environment (`TREEM_COMMITMENT_KEY`, 64 hexadecimal digits) or
in `data/submissions/.commitment_key`, which is kept out of git with the rest of that folder.
Generated editions take theirs from their name and seed, so that everybody builds the same bytes.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from treem.edition import Edition
from treem.errors import DataError
from treem.project import Project

VARIABLE = "TREEM_COMMITMENT_KEY"
KEY_BYTES = 32


def key_path(project: Project) -> Path:
    """Return where the key of real editions is kept."""
    return project.root / "data" / "submissions" / ".commitment_key"


def commitment_key(
    project: Project, edition: Edition, environment: Mapping[str, str] | None = None
) -> bytes:
    """Return the key of an edition.

    Raises DataError where a real edition has none, or where it is not 64 hexadecimal digits.
    """
    if edition.generator is not None:
        seed = f"treem {edition.name} {edition.generator.seed}"
        return hashlib.sha256(seed.encode()).digest()
    given = (os.environ if environment is None else environment).get(VARIABLE)
    path = key_path(project)
    if given is None and path.exists():
        given = path.read_text("ascii", errors="replace")
    if given is None:
        raise DataError(
            f"Kỳ {edition.name} là số liệu thật nên cần khóa bí mật cho dấu cam kết: đặt biến "
            f"{VARIABLE} hoặc tệp {path.relative_to(project.root).as_posix()} (64 chữ số thập lục "
            f"phân). Hãy tạo khóa một lần (treem commitments {edition.name} --new-key), giữ kín và "
            "giữ lâu như hồ sơ số liệu."
        )
    try:
        key = bytes.fromhex(given.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise DataError(
            f"Khóa bí mật cho dấu cam kết không đúng dạng: cần {2 * KEY_BYTES} chữ số thập lục "
            f"phân. Hãy kiểm tra biến {VARIABLE} hoặc tệp khóa."
        )
    return key


def create_key(project: Project) -> Path:
    """Write a new key that only its owner may read, and return its path.

    Raises DataError where there is one: the commitments made with it would prove nothing any more.
    """
    path = key_path(project)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise DataError(
            f"Đã có khóa tại {path.relative_to(project.root).as_posix()}; không ghi đè, vì các dấu "
            "cam kết đã công bố sẽ không kiểm được nữa."
        ) from None
    with os.fdopen(handle, "w", encoding="ascii") as target:
        target.write(secrets.token_hex(KEY_BYTES) + "\n")
    return path


def commitment(key: bytes, *parts: str) -> str:
    """Return the commitment to a value: name everything that makes it unique, the value last.

    Each part is written with its length, so that no two lists of parts are the same message.
    """
    message = b"".join(
        len(data).to_bytes(8, "big") + data for data in (part.encode("utf-8") for part in parts)
    )
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def keeps(key: bytes, promised: str, *parts: str) -> bool:
    """Whether a commitment was made to exactly these parts."""
    return hmac.compare_digest(promised, commitment(key, *parts))


def sealed(project: Project, edition: Edition, what: str, digest: str) -> str:
    """Return how a build names what was received by its checksum.

    Public builds of submissions print a commitment to the checksum; the others, which hold nothing
    that is not public or never leave the office, the checksum itself. Raises DataError where a real
    edition has no key.
    """
    if edition.audience == "internal" or not edition.submissions:
        return digest
    return commitment(commitment_key(project, edition), edition.name, what, digest)
