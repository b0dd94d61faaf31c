"""Looks at a received file before anything opens it: what it is, and whether it is safe to open.

A file comes from outside and may be anything: no workbook at all, one cut short, one with a
password, or one made to use up the machine. `inspect` reads it once under fixed limits and
either says what it is or raises WorkbookError with what was found and what to do. It never
writes. Macros, links to other files and embedded objects are no reason to refuse a file, since
values are read as they are stored and nothing in the file is run; the report names them, so that
the reader can make a finding.
"""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from treem.errors import WorkbookError
from treem.intake.guard_archive import (
    CHUNK,
    DAMAGED,
    MEGABYTE,
    Unsafe,
    check_archive,
)
from treem.intake.guard_parts import MOST_ROWS, read_contents

MOST_BYTES = 20 * MEGABYTE
MOST_LINE = 100_000
TEXT_SUFFIXES = (".csv", ".txt", ".tsv")

Kind = Literal["xlsx", "xlsm", "csv"]

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_OTHERS = (
    (b"%PDF", "tệp PDF"),
    (b"{\\rtf", "tệp văn bản RTF"),
    (b"Rar!", "tệp nén RAR"),
    (b"7z\xbc\xaf", "tệp nén 7z"),
    (b"\x1f\x8b", "tệp nén gzip"),
    (b"\x89PNG", "tệp ảnh"),
    (b"\xff\xd8\xff", "tệp ảnh"),
    (b"\x09\x08", "tệp Excel kiểu rất cũ"),
)
_WEB = re.compile(
    rb"\s*<(?:!doctype|html|head|body|meta|table|style|script|div|\?xml|!--)", re.IGNORECASE
)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_AS_WORKBOOK = "Hãy đề nghị đơn vị mở bằng Excel, lưu lại dạng .xlsx rồi gửi lại."
_MAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_MACROS = ("application/vnd.ms-excel.sheet.macroEnabled", "application/vnd.ms-excel.template.macro")
_BINARY = "application/vnd.ms-excel.sheet.binary"


@dataclass(frozen=True)
class GuardReport:
    """What a file is and what it carries beside its values.

    `external_links`: links to other workbooks, or connections to data elsewhere. `embedded`:
    objects of other programs. `dde`: a link that would start another program in Excel. None of
    them is followed or run.
    """

    kind: Kind
    macros: bool = False
    external_links: bool = False
    embedded: bool = False
    dde: bool = False


def inspect(path: Path, name: str, *, within: Path | None = None) -> GuardReport:
    """Say what a received file is; raises WorkbookError where it must not be opened.

    `name` is how messages name the file. With `within` the file must lie in that folder, links
    followed. Costs at most a few seconds and some ten megabytes, whatever the file holds.
    """
    try:
        return _inspect(path, within)
    except Unsafe as unsafe:
        raise WorkbookError(f"{name}: {unsafe.found}. {unsafe.todo}") from unsafe
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise WorkbookError(
            f"{name}: {DAMAGED}. Hãy lấy lại bản gốc hoặc đề nghị đơn vị gửi lại tệp .xlsx."
        ) from error
    except OSError as error:
        raise WorkbookError(
            f"{name}: máy không đọc được tệp. Hãy kiểm tra tệp và quyền đọc rồi chạy lại."
        ) from error


def _inspect(path: Path, within: Path | None) -> GuardReport:
    _check_file(path, within)
    with path.open("rb") as stream:
        start = stream.read(4096)
    if start.startswith(b"PK"):
        return _inspect_workbook(path)
    if path.suffix.lower() in TEXT_SUFFIXES and not _names_other(start):
        _check_text(path)
        return GuardReport("csv")
    raise _no_workbook(path, start)


def _check_file(path: Path, within: Path | None) -> None:
    if path.is_symlink():
        raise Unsafe(
            "đây là liên kết tượng trưng, không phải tệp", "Hãy đặt chính tệp đã nhận vào thư mục."
        )
    if within is not None and not path.resolve().is_relative_to(within.resolve()):
        raise Unsafe(
            "đường dẫn dẫn ra ngoài thư mục hồ sơ", "Hãy đặt chính tệp đã nhận vào thư mục hồ sơ."
        )
    state = path.stat()
    if not stat.S_ISREG(state.st_mode):
        raise Unsafe("không phải một tệp thường", "Hãy đặt chính tệp đã nhận vào thư mục.")
    if not state.st_size:
        raise Unsafe("tệp trống (0 byte)", "Hãy đề nghị đơn vị gửi lại tệp .xlsx.")
    if state.st_size > MOST_BYTES:
        raise Unsafe(
            f"tệp lớn {state.st_size // MEGABYTE} MB, quá mức {MOST_BYTES // MEGABYTE} MB của một "
            "biểu số liệu",
            "Hãy đề nghị đơn vị bỏ ảnh, trang thừa và dòng trống rồi gửi lại.",
        )


def _inspect_workbook(path: Path) -> GuardReport:
    check_archive(path)
    with zipfile.ZipFile(path) as archive:
        names = [name.lower() for name in archive.namelist()]
        _check_kind(names, archive)
        contents = read_contents(archive)
    types = contents.content_types
    if any(one.startswith(_BINARY) for one in types):
        raise Unsafe("tệp Excel nhị phân (.xlsb)", _AS_WORKBOOK)
    with_macros = any(one.startswith(_MACROS) for one in types)
    if not with_macros and not any(one.startswith(_MAIN) and "main" in one for one in types):
        raise Unsafe("tệp nén này không phải sổ tính Excel", _AS_WORKBOOK)
    macros = any("vbaproject" in name or "/macrosheets/" in name for name in names)
    return GuardReport(
        "xlsm" if with_macros or macros else "xlsx",
        macros=macros,
        external_links=any(
            "/externallinks/" in name or name.endswith("/connections.xml") for name in names
        ),
        embedded=any("/embeddings/" in name or "/activex/" in name for name in names),
        dde=contents.dde,
    )


def _check_kind(names: list[str], archive: zipfile.ZipFile) -> None:
    """Name other formats that are zip archives too, before their parts are looked at."""
    if "mimetype" in names:
        raise Unsafe("tệp của LibreOffice (.ods hoặc loại khác), không phải .xlsx", _AS_WORKBOOK)
    if any(name.startswith("word/") for name in names):
        raise Unsafe("tệp Word, không phải sổ tính Excel", _AS_WORKBOOK)
    if "[content_types].xml" not in names:
        raise Unsafe("tệp nén này không phải sổ tính Excel", _AS_WORKBOOK)


def _names_other(start: bytes) -> bool:
    known = tuple(magic for magic, _ in _OTHERS)
    return start.startswith((_OLE, *known)) or bool(_WEB.match(start.removeprefix(b"\xef\xbb\xbf")))


def _no_workbook(path: Path, start: bytes) -> Unsafe:
    if start.startswith(_OLE):
        return _old_container(path)
    for magic, what in _OTHERS:
        if start.startswith(magic):
            return Unsafe(f"{what}, không phải tệp Excel .xlsx", _AS_WORKBOOK)
    if _WEB.match(start.removeprefix(b"\xef\xbb\xbf")):
        return Unsafe("trang web (HTML) đặt tên như tệp Excel, không phải tệp Excel", _AS_WORKBOOK)
    text = start[:8].decode("ascii", "replace").strip()
    begins = f" (đầu tệp là “{text}”)" if text.isascii() and text.isprintable() and text else ""
    return Unsafe(f"không phải tệp Excel .xlsx{begins}", _AS_WORKBOOK)


def _old_container(path: Path) -> Unsafe:
    """Tell a workbook with a password from one of the format before 2007; both look alike."""
    data = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in data:
        return Unsafe(
            "tệp có mật khẩu, không đọc được",
            "Hãy đề nghị đơn vị bỏ mật khẩu, lưu lại dạng .xlsx rồi gửi lại.",
        )
    if any(word.encode("utf-16-le") in data for word in ("Workbook", "Book")):
        return Unsafe("tệp Excel kiểu cũ (.xls), không đọc được", _AS_WORKBOOK)
    return Unsafe(
        "tệp có mật khẩu hoặc là tệp Excel kiểu cũ (.xls), không đọc được",
        "Hãy đề nghị đơn vị bỏ mật khẩu và lưu lại dạng .xlsx rồi gửi lại.",
    )


def _check_text(path: Path) -> None:
    """Bound the lines of a text table; raises Unsafe where it is no text of one byte a letter."""
    lines = length = 0
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            if b"\0" in piece:
                _refuse_zero_bytes(path)
            for part in re.split(rb"(\r\n|\r|\n)", piece):
                if part in (b"\r\n", b"\r", b"\n"):
                    lines, length = lines + 1, 0
                length += len(part)
                if length > MOST_LINE:
                    raise Unsafe(
                        f"dòng {lines + 1} dài hơn {MOST_LINE} byte, không phải một bảng CSV",
                        _AS_WORKBOOK,
                    )
            if lines > MOST_ROWS:
                raise Unsafe(
                    f"tệp CSV có hơn {MOST_ROWS} dòng, quá mức của một biểu số liệu",
                    "Hãy đề nghị đơn vị xóa các dòng trống thừa rồi gửi lại.",
                )


def _refuse_zero_bytes(path: Path) -> None:
    with path.open("rb") as stream:
        if stream.read(2) in _UTF16:
            raise Unsafe(
                "tệp CSV ở bảng mã UTF-16",
                "Hãy đề nghị đơn vị lưu lại dạng “CSV UTF-8” hoặc .xlsx rồi gửi lại.",
            )
    raise Unsafe("tệp CSV có byte 0, không phải văn bản", _AS_WORKBOOK)
