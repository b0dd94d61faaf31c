"""Looks over the zip archive of a workbook before any of its parts is unpacked.

Nothing that the archive says of itself is believed: the directory is measured before it is
loaded, each entry is checked against its own header, and parts are unpacked under a running
total (`unpack`). Raises Unsafe; `treem.intake.guard` turns that into a message with the file's
name.
"""

from __future__ import annotations

import re
import struct
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

MEGABYTE = 1024 * 1024
MOST_UNPACKED = 64 * MEGABYTE
MOST_MEMBERS = 1_000
MOST_DIRECTORY = 1 * MEGABYTE
MOST_RATIO = 200
RATIO_COUNTS_FROM = 8 * MEGABYTE
"""Below this size a small workbook of repeated rows may shrink as well as a bomb does."""

CHUNK = 64 * 1024

_END, _END64, _LOCATOR64, _LOCAL = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x03\x04"
_END_SIZE, _END64_SIZE, _LOCATOR64_SIZE, _LOCAL_SIZE = 22, 56, 20, 30
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_RESEND = "Hãy đề nghị đơn vị gửi lại tệp .xlsx."
SAVE_AGAIN = "Hãy đề nghị đơn vị mở tệp bằng Excel, lưu lại thành tệp .xlsx mới rồi gửi lại."
DAMAGED = "tệp bị cắt cụt hoặc hỏng, không mở được"


class Unsafe(Exception):
    """A file that must not be opened: what was found and what to do, both in Vietnamese."""

    def __init__(self, found: str, todo: str = SAVE_AGAIN) -> None:
        super().__init__(found)
        self.found, self.todo = found, todo


def check_archive(path: Path) -> None:
    """Raise Unsafe where the archive is damaged, encrypted, too large or lies about itself."""
    with path.open("rb") as stream:
        declared = _check_end(stream, path.stat().st_size)
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            if len(members) != declared:
                raise Unsafe(f"{DAMAGED}: mục lục ghi {declared} phần, tệp có {len(members)} phần")
            _check_names(members)
            for member in members:
                _check_member(member)
            _check_sizes(path.stat().st_size, members)
            _check_places(stream, members, archive.start_dir)


def unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a part in pieces; raises Unsafe once it is larger than the archive says."""
    left = member.file_size
    with archive.open(member) as part:
        while piece := part.read(CHUNK):
            left -= len(piece)
            if left < 0:
                raise Unsafe(f"phần “{say_name(member)}” lớn hơn kích thước mà tệp tự ghi")
            yield piece
    if left:
        raise Unsafe(f"{DAMAGED}: phần “{say_name(member)}” thiếu {left} byte", _RESEND)


def say_name(member: zipfile.ZipInfo) -> str:
    """Return the name of a part as a message may print it: short, without control characters."""
    return shown(member.orig_filename)


def shown(text: str) -> str:
    """Return foreign text for a message: one line, nothing invisible, at most 60 characters."""
    visible = "".join(
        "�" if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") else letter
        for letter in text[:61]
    )
    return f"{visible[:60]}…" if len(text) > 60 else visible


def _check_end(stream: BinaryIO, size: int) -> int:
    """Return how many members the directory declares; its size is checked before it is loaded."""
    reach = min(size, 65_535 + _END_SIZE + _LOCATOR64_SIZE + _END64_SIZE)
    stream.seek(size - reach)
    tail = stream.read(reach)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise Unsafe(DAMAGED, _RESEND)
    count, directory, offset = struct.unpack("<HLL", tail[at + 10 : at + 20])
    locator = at - _LOCATOR64_SIZE
    if locator >= 0 and tail[locator : locator + 4] == _LOCATOR64:
        record = locator - _END64_SIZE
        if record < 0 or tail[record : record + 4] != _END64:
            raise Unsafe("phần cuối tệp (zip64) không khớp với chính nó")
        count, directory, offset = struct.unpack("<QQQ", tail[record + 32 : record + 56])
    if count > MOST_MEMBERS or directory > MOST_DIRECTORY:
        raise Unsafe(
            f"tệp nén có {count} phần, nhiều hơn mức {MOST_MEMBERS} phần của một sổ tính: "
            "có dấu hiệu bom nén"
        )
    if offset + directory > size:
        raise Unsafe(DAMAGED, _RESEND)
    return int(count)


def _check_names(members: Sequence[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    for member in members:
        name = member.orig_filename
        parts = name.split("/")
        wrong = (
            name.startswith("/")
            or ".." in parts
            or "\\" in name
            or re.match(r"[A-Za-z]:", name)
            or any(unicodedata.category(letter) == "Cc" for letter in name)
        )
        if wrong or not name:
            raise Unsafe(
                f"tên phần “{say_name(member)}” trong tệp nén trỏ ra ngoài tệp (đường dẫn lạ)"
            )
        key = unicodedata.normalize("NFC", name).casefold()
        if key in seen:
            raise Unsafe(f"phần “{say_name(member)}” có hai lần trong tệp nén")
        seen.add(key)


def _check_member(member: zipfile.ZipInfo) -> None:
    if member.flag_bits & _ENCRYPTED:
        raise Unsafe(
            f"phần “{say_name(member)}” có mật khẩu", "Hãy đề nghị đơn vị bỏ mật khẩu rồi gửi lại."
        )
    if member.compress_type not in _METHODS:
        raise Unsafe(f"phần “{say_name(member)}” nén theo kiểu mà Excel không dùng")


def _check_sizes(size: int, members: Sequence[zipfile.ZipInfo]) -> None:
    unpacked = sum(member.file_size for member in members)
    if unpacked > MOST_UNPACKED:
        raise Unsafe(
            f"tệp {_mb(size)} MB giải nén thành {_mb(unpacked)} MB, quá mức "
            f"{_mb(MOST_UNPACKED)} MB: có dấu hiệu bom nén"
        )
    for member in members:
        if (
            member.file_size > RATIO_COUNTS_FROM
            and member.file_size > MOST_RATIO * member.compress_size
        ):
            raise Unsafe(
                f"phần “{say_name(member)}” giải nén thành {_mb(member.file_size)} MB, gấp hơn "
                f"{MOST_RATIO} lần khi nén: có dấu hiệu bom nén"
            )


def _check_places(stream: BinaryIO, members: Sequence[zipfile.ZipInfo], directory: int) -> None:
    """Every entry must have bytes of its own: entries that share them multiply a small file."""
    end, before = 0, ""
    for member in sorted(members, key=lambda one: one.header_offset):
        if member.header_offset < end:
            raise Unsafe(
                f"phần “{say_name(member)}” nằm chồng lên phần “{before}”: có dấu hiệu bom nén"
            )
        stream.seek(member.header_offset)
        header = stream.read(_LOCAL_SIZE)
        if len(header) < _LOCAL_SIZE or not header.startswith(_LOCAL):
            raise Unsafe(DAMAGED, _RESEND)
        name, extra = struct.unpack("<HH", header[26:30])
        end = member.header_offset + _LOCAL_SIZE + name + extra + member.compress_size
        before = say_name(member)
    if end > directory:
        raise Unsafe(DAMAGED, _RESEND)


def _mb(size: int) -> str:
    return str(max(1, round(size / MEGABYTE)))
