"""Reads every part of a workbook once, without keeping it, and stops at the first excess.

The library that opens workbooks builds objects for every cell, style, merged cell and link, so a
small file can ask for hours and gigabytes. Here the same parts pass through a streaming parser
that only counts: a document type, too many rows, cells or elements, ranges over a whole sheet,
text beyond what a cell may hold, and nesting without end are refused before anything is built.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from treem.intake.guard_archive import DAMAGED, SAVE_AGAIN, Unsafe, say_name, shown, unpack

MOST_ROWS = 20_000
MOST_COLUMNS = 16_384
MOST_AREA = 500_000
MOST_CELLS = 100_000
MOST_STRINGS = 50_000
MOST_SHEETS = 100
MOST_ELEMENTS = 600_000
MOST_COSTLY = 30_000
MOST_SPREAD = 20_000
MOST_DEPTH = 100
MOST_LETTERS = 32_767
"""What Excel itself holds in one cell."""
MOST_LETTERS_IN_ALL = 20_000_000
MOST_TOKEN = 1024 * 1024

_CHEAP = {"row", "c", "v", "f", "t", "is", "si"}
_WORDS = {"t", "v", "f"}
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,9})")
_DDE = re.compile(r"\w\|\s*(?:'[^']*'|\w+)\s*!")
_FORBIDDEN_IN_SHEET_NAME = re.compile(r"[\\/:*?\[\]\x00-\x1f\x7f]")
_XML_STARTS = (b"<", b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00")
_TRIM = "Hãy đề nghị đơn vị xóa các dòng, cột trống thừa (chỉ giữ bảng số liệu) rồi lưu lại."


@dataclass
class Contents:
    """What the parts of a workbook hold; counted over all of them, filled while they pass."""

    elements: int = 0
    costly: int = 0
    cells: int = 0
    spread: int = 0
    sheets: list[str] = field(default_factory=list)
    string_lengths: list[int] = field(default_factory=list)
    string_uses: Counter[int] = field(default_factory=Counter)
    content_types: set[str] = field(default_factory=set)
    dde: bool = False


def read_contents(archive: zipfile.ZipFile) -> Contents:
    """Pass every part through the parser; raises Unsafe at the first excess."""
    contents = Contents()
    for member in archive.infolist():
        _read_part(archive, member, contents)
    lengths = contents.string_lengths
    if max(contents.string_uses, default=-1) >= len(lengths):
        raise Unsafe(f"{DAMAGED}: có ô dùng một chuỗi chữ không có trong tệp")
    repeated = sum(lengths[index] * uses for index, uses in contents.string_uses.items())
    if repeated > MOST_LETTERS_IN_ALL:
        raise Unsafe(
            f"chữ trong các ô cộng lại {repeated // 1_000_000} triệu ký tự, quá mức của một biểu"
        )
    return contents


def _read_part(archive: zipfile.ZipFile, member: zipfile.ZipInfo, contents: Contents) -> None:
    pieces = unpack(archive, member)
    first = next(pieces, b"")
    drawing = member.filename.lower().endswith(".vml")
    named_xml = member.filename.lower().endswith((".xml", ".rels"))
    if drawing or not (named_xml or first.lstrip().startswith(_XML_STARTS)):
        for _ in pieces:  # read to the end: sizes and checksums are checked on the way
            pass
        return
    if not first:
        return
    try:
        _Part(say_name(member), contents).feed(_chain(first, pieces))
    except expat.ExpatError as error:
        raise Unsafe(
            f"{DAMAGED}: phần “{say_name(member)}” không phải XML đúng (dòng {error.lineno})"
        ) from error


def _chain(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


class _Part:
    """One XML part on its way through the parser."""

    def __init__(self, name: str, contents: Contents) -> None:
        self.name, self.contents = name, contents
        self.depth = self.letters = self.rows = self.width = self.bottom = self.right = 0
        self.columns = 0
        self.words: list[str] | None = None
        self.in_cell = self.by_index = False
        self.starts: dict[str, Callable[[dict[str, str]], None]] = {
            "row": self._row,
            "c": self._cell,
            "col": self._columns,
            "si": self._string,
            "mergeCell": self._range,
            "hyperlink": self._range,
            "sheet": self._sheet,
            "Default": self._content_type,
            "Override": self._content_type,
            "ddeLink": self._dde,
        }

    def feed(self, pieces: Iterable[bytes]) -> None:
        """Parse the part piece by piece; a single token may not hold up the parser."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        fed = 0
        for piece in pieces:
            parser.Parse(piece, False)
            fed += len(piece)
            if fed - parser.CurrentByteIndex > MOST_TOKEN:
                raise Unsafe(f"phần “{self.name}” có một thẻ XML dài hơn 1 MB")
        parser.Parse(b"", True)

    def _doctype(self, *_: object) -> None:
        raise Unsafe(
            f"phần “{self.name}” khai báo kiểu tài liệu hoặc thực thể XML (DOCTYPE), thứ mà Excel "
            "không bao giờ ghi"
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        contents = self.contents
        contents.elements += 1
        self.depth += 1
        if local not in _CHEAP:
            contents.costly += 1 + attributes.get("sqref", "").count(" ")
        elif local in _WORDS:
            self.words = []
        if (
            contents.elements > MOST_ELEMENTS
            or contents.costly > MOST_COSTLY
            or self.depth > MOST_DEPTH
        ):
            self._refuse_excess()
        if start := self.starts.get(local):
            start(attributes)

    def _refuse_excess(self) -> None:
        if self.depth > MOST_DEPTH:
            raise Unsafe(f"phần “{self.name}” lồng các thẻ XML sâu hơn {MOST_DEPTH} tầng")
        raise Unsafe(
            f"phần “{self.name}” có quá nhiều thẻ XML (định dạng, ô, liên kết), nhiều hơn mức mà "
            "một biểu số liệu cần"
        )

    def _end(self, name: str) -> None:
        self.depth -= 1
        local = name.rpartition(":")[2]
        if local in _WORDS and self.words is not None:
            self._say_words(local, "".join(self.words))
            self.words = None
            if not self.in_cell:
                self.letters = 0
        elif local in ("c", "si"):
            self.in_cell = False
            if local == "si":
                self.contents.string_lengths.append(self.letters)

    def _text(self, text: str) -> None:
        if self.words is None:
            return
        self.words.append(text)
        self.letters += len(text)
        if self.letters > MOST_LETTERS:
            raise Unsafe(
                f"phần “{self.name}” có một ô dài hơn {MOST_LETTERS} ký tự, mức nhất của Excel"
            )

    def _say_words(self, local: str, text: str) -> None:
        if local == "f" and _DDE.search(text):
            self.contents.dde = True
        elif local == "v" and self.by_index and text.strip().isdecimal():
            self.contents.string_uses[int(text)] += 1

    def _string(self, _: dict[str, str]) -> None:
        self.letters, self.in_cell = 0, True
        if len(self.contents.string_lengths) >= MOST_STRINGS:
            raise Unsafe(f"tệp có hơn {MOST_STRINGS} chuỗi chữ, nhiều hơn mức của một biểu số liệu")

    def _row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r", "")
        self.rows = _whole(number, self.name) if number else self.rows + 1
        self.width = 0
        self._reach(self.rows, 1)

    def _cell(self, attributes: dict[str, str]) -> None:
        self.letters, self.in_cell = 0, True
        self.by_index = attributes.get("t") == "s"
        self.contents.cells += 1
        if self.contents.cells > MOST_CELLS:
            raise Unsafe(f"tệp có hơn {MOST_CELLS} ô, nhiều hơn mức của một biểu số liệu", _TRIM)
        if reference := attributes.get("r"):
            self.width, row = _place(reference, self.name)
            self._reach(row, self.width)
        else:
            self.width += 1
            self._reach(self.rows, self.width)

    def _reach(self, row: int, column: int) -> None:
        """Keep the table's far corner: what opens it may walk every place before that corner."""
        if row > MOST_ROWS:
            raise Unsafe(
                f"phần “{self.name}” có dòng thứ {row}, quá mức {MOST_ROWS} dòng của một biểu",
                _TRIM,
            )
        if column > MOST_COLUMNS:
            raise Unsafe(f"phần “{self.name}” có cột thứ {column}, Excel không có cột này")
        self.bottom, self.right = max(self.bottom, row), max(self.right, column)
        if self.bottom * self.right > MOST_AREA:
            raise Unsafe(
                f"phần “{self.name}” trải trên {self.bottom} dòng × {self.right} cột, rộng hơn mức "
                "của một biểu số liệu",
                _TRIM,
            )

    def _columns(self, attributes: dict[str, str]) -> None:
        """Columns are described once each; a reader of hidden columns walks through them."""
        if "min" not in attributes:
            return
        first = _whole(attributes["min"], self.name)
        self.columns += _whole(attributes.get("max", ""), self.name) - first + 1
        if self.columns > MOST_COLUMNS:
            raise Unsafe(
                f"phần “{self.name}” mô tả hơn {MOST_COLUMNS} cột, Excel không có chừng ấy"
            )

    def _range(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("ref", "")
        first, _, last = reference.partition(":")
        left, top = _place(first, self.name)
        right, bottom = _place(last or first, self.name)
        size = (abs(right - left) + 1) * (abs(bottom - top) + 1)
        self.contents.spread += size
        if self.contents.spread > MOST_SPREAD:
            raise Unsafe(
                f"phần “{self.name}” gộp ô hoặc đặt liên kết trên cả vùng {shown(reference)}",
                "Hãy đề nghị đơn vị bỏ gộp ô (hoặc liên kết) trên cả trang rồi lưu lại.",
            )
        self._reach(max(top, bottom), max(left, right))

    def _sheet(self, attributes: dict[str, str]) -> None:
        name = attributes.get("name", "")
        if "sheetId" not in attributes:
            return
        if not name.strip() or ".." in name or _FORBIDDEN_IN_SHEET_NAME.search(name):
            raise Unsafe(
                f"tên trang “{shown(name)}” có ký tự mà Excel không cho dùng trong tên trang "
                "(đường dẫn lạ)",
                "Hãy đề nghị đơn vị đặt lại tên trang rồi lưu lại thành tệp .xlsx.",
            )
        if name.casefold() in (one.casefold() for one in self.contents.sheets):
            raise Unsafe(f"hai trang cùng có tên “{shown(name)}”")
        self.contents.sheets.append(name)
        if len(self.contents.sheets) > MOST_SHEETS:
            raise Unsafe(f"tệp có hơn {MOST_SHEETS} trang, nhiều hơn mức của một biểu số liệu")

    def _content_type(self, attributes: dict[str, str]) -> None:
        self.contents.content_types.add(attributes.get("ContentType", ""))

    def _dde(self, _: dict[str, str]) -> None:
        self.contents.dde = True


def _whole(text: str, part: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and int(text)):
        raise Unsafe(f"{DAMAGED}: phần “{part}” ghi số dòng “{shown(text)}”", SAVE_AGAIN)
    return int(text)


def _place(reference: str, part: str) -> tuple[int, int]:
    """Return column and row of a cell reference such as `B7`."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise Unsafe(f"{DAMAGED}: phần “{part}” ghi địa chỉ ô “{shown(reference)}”", SAVE_AGAIN)
    column = 0
    for letter in found[1].upper():
        column = 26 * column + ord(letter) - 64
    return column, _whole(found[2], part)
