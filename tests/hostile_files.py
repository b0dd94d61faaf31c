"""Files that nobody should open: each made here in code and named for what is wrong with it."""

from __future__ import annotations

import io
import os
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import openpyxl

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET1 = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
TYPES = "[Content_Types].xml"

Parts = dict[str, bytes]


def clean_parts() -> Parts:
    """The parts of an ordinary small workbook."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Biểu số liệu"
    for row in range(1, 6):
        sheet.append([row, "Chữ", row * 2.5])
    stream = io.BytesIO()
    book.save(stream)
    with zipfile.ZipFile(stream) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_parts(path: Path, parts: Parts, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method, compresslevel=1) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def sheet_xml(inside: bytes, after: bytes = b"", before: bytes = b"") -> bytes:
    return (
        f'<worksheet xmlns="{MAIN}" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    ).encode() + b"%s<sheetData>%s</sheetData>%s</worksheet>" % (before, inside, after)


def with_sheet(inside: bytes, after: bytes = b"", before: bytes = b"") -> Parts:
    return clean_parts() | {SHEET1: sheet_xml(inside, after, before)}


def with_prologue(part: str, prologue: bytes) -> Parts:
    parts = clean_parts()
    parts[part] = prologue + parts[part].removeprefix(b"<?xml version='1.0' encoding='UTF-8'?>")
    return parts


def renamed(old: bytes, new: bytes) -> Callable[[Path], None]:
    """A workbook whose bytes are changed after it was written, lengths kept."""
    assert len(old) == len(new)

    def make(path: Path) -> None:
        write_parts(path, clean_parts() | {old.decode(): b"x" * 10}, zipfile.ZIP_STORED)
        path.write_bytes(path.read_bytes().replace(old, new))

    return make


def of_parts(parts: Callable[[], Parts]) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        write_parts(path, parts())

    return make


def of_bytes(data: Callable[[], bytes]) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(data())

    return make


# --- not a workbook ---------------------------------------------------------------------------


def ole_container(word: str) -> bytes:
    head = bytes.fromhex("d0cf11e0a1b11ae1").ljust(1024, b"\0")
    return head + word.encode("utf-16-le").ljust(512, b"\0")


def truncated() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in clean_parts().items():
            archive.writestr(name, data)
    return stream.getvalue()[:-700]


def damaged(path: Path) -> None:
    """The directory is whole; a part in the middle is not what was packed."""
    write_parts(path, clean_parts(), zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"<sheetData>", b"<sheetDatA>"))


def symlink(path: Path) -> None:
    target = path.with_name("elsewhere.xlsx")
    write_parts(target, clean_parts())
    path.symlink_to(target)


def pipe(path: Path) -> None:
    os.mkfifo(path)


# --- archives that lie ------------------------------------------------------------------------


def encrypted_member(path: Path) -> None:
    """The flag of a password is set on every entry of the directory."""
    write_parts(path, clean_parts())
    data = bytearray(path.read_bytes())
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        data[at + 8] |= 1
        at += 4
    path.write_bytes(bytes(data))


def flat_bomb(path: Path) -> None:
    write_parts(path, clean_parts() | {"xl/media/image1.bin": bytes(300 * 1024 * 1024)})


def steep_part(path: Path) -> None:
    write_parts(path, clean_parts() | {SHEET1: sheet_xml(b"<row/>" * 9_000_000)})


def many_members(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(60_000):
            archive.writestr(f"xl/{index}.xml", b"")


def overlapping(path: Path) -> None:
    """One packed part, named again and again in the directory."""
    body = zlib.compress(bytes(6 * 1024 * 1024), 9)[2:-4]
    sum32, sizes = zlib.crc32(bytes(6 * 1024 * 1024)), (len(body), 6 * 1024 * 1024)
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, sum32, *sizes, 8, 0)
    data = local + b"part.bin" + body
    directory = b""
    for index in range(9):
        name = b"part%d.bin" % index
        directory += struct.pack(
            "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, sum32, *sizes, len(name), 0, 0, 0, 0,
            0, 0,
        ) + name  # fmt: skip
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 9, 9, len(directory), len(data), 0)
    path.write_bytes(data + directory + end)


def twice(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in clean_parts().items():
            archive.writestr(name, data)
        archive.writestr(SHEET1.replace("sheet1", "SHEET1"), b"<worksheet/>")


def understated(path: Path) -> None:
    """The directory says that a part is small; unpacked it is not."""
    write_parts(path, clean_parts() | {"xl/media/a.bin": bytes(5_000_000)})
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<L", 5_000_000), struct.pack("<L", 500)))


def zip64_lies(path: Path) -> None:
    """A zip64 record tells of four billion parts in a directory of almost nothing."""
    write_parts(path, clean_parts())
    data = path.read_bytes()
    end = data.rindex(b"PK\x05\x06")
    size, offset = struct.unpack("<LL", data[end + 12 : end + 20])
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 2**32, 2**32, size, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    path.write_bytes(data[:end] + record + locator + data[end:])


# --- parts that ask for too much --------------------------------------------------------------


def laughs() -> Parts:
    entities = b"".join(
        b'<!ENTITY a%d "%s">' % (index, b"&a%d;" % (index - 1) * 10 if index else b"ha")
        for index in range(10)
    )
    parts = clean_parts()
    parts[STRINGS] = b"<!DOCTYPE sst [%s]><sst xmlns='%s'><si><t>&a9;</t></si></sst>" % (
        entities,
        MAIN.encode(),
    )
    return parts


def outside_entity() -> Parts:
    return with_prologue(SHEET1, b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>')


def doctype_in_utf16() -> Parts:
    parts = clean_parts()
    text = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><worksheet/>'
    return parts | {"xl/worksheets/sheet1.xml": text.encode("utf-16")}


def numbered_rows() -> Parts:
    chance = random.Random(1)
    rows = (
        f'<row r="{number}" ht="{chance.random()}"/>'.encode() for number in range(1, 1_048_577)
    )
    return with_sheet(b"".join(rows))


def many_cells() -> Parts:
    chance = random.Random(1)
    row = b"".join(b"<c><v>%d</v></c>" % chance.randrange(10**6) for _ in range(100))
    return with_sheet(b"".join(b"<row>%s</row>" % row for _ in range(3_000)))


def far_cell() -> Parts:
    row = b'<row r="1"><c r="A1"><v>1</v></c></row>'
    return with_sheet(row + b'<row r="1048576"><c r="A1048576"><v>1</v></c></row>')


def far_corner() -> Parts:
    last = b'<row r="19999"><c r="A19999"><v>1</v></c></row>'
    return with_sheet(last + b'<row r="1"><c r="XFD1"><v>1</v></c></row>')


def merged_sheet() -> Parts:
    merged = b'<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    return with_sheet(b'<row r="1"><c r="A1"><v>1</v></c></row>', merged)


def many_merged() -> Parts:
    ranges = b"".join(b'<mergeCell ref="A%d:J%d"/>' % (row, row) for row in range(1, 15_000))
    return with_sheet(b'<row r="1"/>', b"<mergeCells>%s</mergeCells>" % ranges)


def linked_sheet() -> Parts:
    link = b'<hyperlinks><hyperlink ref="A1:XFD1048576" location="A1"/></hyperlinks>'
    return with_sheet(b'<row r="1"><c r="A1"><v>1</v></c></row>', link)


def many_rules() -> Parts:
    rule = b'<conditionalFormatting sqref="A1"><cfRule type="expression"/></conditionalFormatting>'
    return with_sheet(b'<row r="1"/>', rule * 50_000)


def many_styles() -> Parts:
    parts = clean_parts()
    start, end = parts["xl/styles.xml"].split(b"</cellXfs>")
    chance = random.Random(1)
    extra = b"".join(b'<xf numFmtId="%d"/>' % chance.randrange(10**6) for _ in range(100_000))
    return parts | {"xl/styles.xml": start + extra + b"</cellXfs>" + end}


def long_string() -> Parts:
    text = b"<sst xmlns='%s'><si><t>%s</t></si></sst>" % (MAIN.encode(), b"A" * 5_000_000)
    return clean_parts() | {STRINGS: text}


def repeated_string() -> Parts:
    strings = b"<sst xmlns='%s'><si><t>%s</t></si></sst>" % (MAIN.encode(), b"A" * 30_000)
    row = b"<row>%s</row>" % (b'<c t="s"><v>0</v></c>' * 50)
    return clean_parts() | {STRINGS: strings, SHEET1: sheet_xml(row * 1_000)}


def many_strings() -> Parts:
    chance = random.Random(1)
    one = (b"<si><t>%d</t></si>" % chance.randrange(10**9) for _ in range(200_000))
    return clean_parts() | {STRINGS: b"<sst xmlns='%s'>%s</sst>" % (MAIN.encode(), b"".join(one))}


def many_columns() -> Parts:
    return with_sheet(
        b'<row r="1"/>', before=b'<cols><col min="1" max="999999999" hidden="1"/></cols>'
    )


def columns_again() -> Parts:
    cols = b"".join(b'<col min="%d" max="16384" hidden="1"/>' % first for first in range(1, 9_000))
    return with_sheet(b'<row r="1"/>', before=b"<cols>%s</cols>" % cols)


def absent_string() -> Parts:
    return with_sheet(b'<row r="1"><c r="A1" t="s"><v>999999</v></c></row>')


def many_ranges() -> Parts:
    ranges = " ".join(f"A{row}:B{row}" for row in range(1, 50_000)).encode()
    rule = b'<dataValidations><dataValidation type="list" sqref="%s"/></dataValidations>'
    return with_sheet(b'<row r="1"/>', rule % ranges)


def deep() -> Parts:
    return with_sheet(b"<row>" * 100_000 + b"</row>" * 100_000)


def long_tag() -> Parts:
    chance = random.Random(1)
    noise = chance.randbytes(3_000_000).hex().encode()
    return with_sheet(b'<row r="1" x="%s"/>' % noise)


def sheet_named(name: str) -> Callable[[], Parts]:
    def make() -> Parts:
        parts = clean_parts()
        old = 'name="Biểu số liệu"'.encode()
        assert old in parts["xl/workbook.xml"]
        parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(old, f'name="{name}"'.encode())
        return parts

    return make


def wide_type() -> Parts:
    parts = clean_parts()
    parts[TYPES] = parts[TYPES].replace(b"spreadsheetml.sheet.main", b"presentationml.slides.main")
    return parts


# name → (suffix, how to make it, words of the message)
REFUSED: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "empty": (".xlsx", of_bytes(lambda: b""), "tệp trống (0 byte)"),
    "html_as_xls": (".xls", of_bytes(lambda: b"<html><table></table></html>"), "trang web (HTML)"),
    "html_as_csv": (".csv", of_bytes(lambda: b"\xef\xbb\xbf <TABLE>"), "trang web (HTML)"),
    "pdf": (".xlsx", of_bytes(lambda: b"%PDF-1.7\n"), "tệp PDF"),
    "picture": (".xlsx", of_bytes(lambda: b"\x89PNG\r\n\x1a\n"), "tệp ảnh"),
    "text": (".xlsx", of_bytes(lambda: b"CT01;5\n"), "không phải tệp Excel .xlsx (đầu tệp là"),
    "old_xls": (".xls", of_bytes(lambda: ole_container("Workbook")), "lưu lại dạng .xlsx"),
    "password": (".xlsx", of_bytes(lambda: ole_container("EncryptedPackage")), "có mật khẩu"),
    "truncated": (".xlsx", of_bytes(truncated), "cắt cụt hoặc hỏng"),
    "damaged": (".xlsx", damaged, "cắt cụt hoặc hỏng"),
    "word": (".xlsx", of_parts(lambda: {TYPES: b"<Types/>", "word/a.xml": b"<a/>"}), "tệp Word"),
    "ods": (".xlsx", of_parts(lambda: {"mimetype": b"ods"}), "LibreOffice"),
    "plain_zip": (".xlsx", of_parts(lambda: {"a.txt": b"a"}), "không phải sổ tính"),
    "slides": (".xlsx", of_parts(wide_type), "không phải sổ tính"),
    "symlink": (".xlsx", symlink, "liên kết tượng trưng"),
    "pipe": (".xlsx", pipe, "không phải một tệp thường"),
    "absent": (".xlsx", lambda path: None, "máy không đọc được tệp"),
    "encrypted_member": (".xlsx", encrypted_member, "có mật khẩu"),
    "flat_bomb": (".xlsx", flat_bomb, "bom nén"),
    "ten_million_empty_rows": (".xlsx", steep_part, "bom nén"),
    "many_members": (".xlsx", many_members, "bom nén"),
    "overlapping": (".xlsx", overlapping, "nằm chồng lên"),
    "member_twice": (".xlsx", twice, "có hai lần"),
    "understated": (".xlsx", understated, "hỏng"),
    "zip64_lies": (".xlsx", zip64_lies, "bom nén"),
    "parent_path": (".xlsx", renamed(b"xl/aa/bb/c", b"../../bb/c"), "đường dẫn lạ"),
    "absolute_path": (".xlsx", renamed(b"xl/aa/bb/c", b"/etc/passw"), "đường dẫn lạ"),
    "backslash": (".xlsx", renamed(b"xl/aa/bb/c", b"xl\\aa\\bb\\c"), "đường dẫn lạ"),
    "drive": (".xlsx", renamed(b"xl/aa/bb/c", b"C:/aa/bb/c"), "đường dẫn lạ"),
    "nul_in_name": (".xlsx", renamed(b"xl/aa/bb/c", b"xl/aa/bb\0c"), "đường dẫn lạ"),
    "laughs": (".xlsx", of_parts(laughs), "DOCTYPE"),
    "outside_entity": (".xlsx", of_parts(outside_entity), "DOCTYPE"),
    "doctype_in_utf16": (".xlsx", of_parts(doctype_in_utf16), "DOCTYPE"),
    "doctype_in_types": (
        ".xlsx",
        of_parts(lambda: with_prologue(TYPES, b"<!DOCTYPE Types>")),
        "DOCTYPE",
    ),
    "numbered_rows": (".xlsx", of_parts(numbered_rows), "dòng thứ 20001"),
    "many_cells": (".xlsx", of_parts(many_cells), "hơn 100000 ô"),
    "far_cell": (".xlsx", of_parts(far_cell), "dòng thứ 1048576"),
    "far_corner": (".xlsx", of_parts(far_corner), "19999 dòng × 16384 cột"),
    "merged_sheet": (".xlsx", of_parts(merged_sheet), "A1:XFD1048576"),
    "many_merged": (".xlsx", of_parts(many_merged), "gộp ô"),
    "linked_sheet": (".xlsx", of_parts(linked_sheet), "A1:XFD1048576"),
    "many_rules": (".xlsx", of_parts(many_rules), "quá nhiều thẻ XML"),
    "many_styles": (".xlsx", of_parts(many_styles), "quá nhiều thẻ XML"),
    "long_string": (".xlsx", of_parts(long_string), "dài hơn 32767 ký tự"),
    "repeated_string": (".xlsx", of_parts(repeated_string), "triệu ký tự"),
    "many_strings": (".xlsx", of_parts(many_strings), "chuỗi chữ"),
    "many_columns": (".xlsx", of_parts(many_columns), "hơn 16384 cột"),
    "columns_again": (".xlsx", of_parts(columns_again), "hơn 16384 cột"),
    "absent_string": (".xlsx", of_parts(absent_string), "không có trong tệp"),
    "many_ranges": (".xlsx", of_parts(many_ranges), "quá nhiều thẻ XML"),
    "deep": (".xlsx", of_parts(deep), "lồng các thẻ XML"),
    "long_tag": (".xlsx", of_parts(long_tag), "thẻ XML dài hơn 1 MB"),
    "broken_xml": (".xlsx", of_parts(lambda: with_sheet(b"<row>")), "không phải XML đúng"),
    "sheet_path": (".xlsx", of_parts(sheet_named("../../etc/passwd")), "tên trang"),
    "sheet_drive": (".xlsx", of_parts(sheet_named("C:\\a")), "tên trang"),
    "sheet_control": (".xlsx", of_parts(sheet_named("a&#9;b")), "tên trang"),
    "csv_zero_bytes": (".csv", of_bytes(lambda: b"a;b\n1;\0\n"), "byte 0"),
    "csv_utf16": (".csv", of_bytes(lambda: "a;b\n1;2\n".encode("utf-16")), "UTF-16"),
    "csv_line_of_15_mb": (".csv", of_bytes(lambda: b"a;" * 7_500_000), "dòng 1 dài hơn"),
    "csv_line_of_100_mb": (".csv", of_bytes(lambda: b"a;" * 50_000_000), "tệp lớn 95 MB"),
    "csv_many_lines": (".csv", of_bytes(lambda: b";\r\n" * 1_000_000), "hơn 20000 dòng"),
}


# --- files that may be read, with what they carry named ---------------------------------------


def with_parts(**more: bytes) -> Callable[[Path], None]:
    names = {name.replace("__", "/"): data for name, data in more.items()}
    return of_parts(lambda: clean_parts() | names)


def with_macros() -> Parts:
    parts = clean_parts() | {"xl/vbaProject.bin": ole_container("VBA")}
    plain = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    parts[TYPES] = parts[TYPES].replace(
        plain, b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    )
    return parts


def linked() -> Parts:
    link = b"<externalLink xmlns='%s'><ddeLink ddeService='cmd' ddeTopic='x'/></externalLink>"
    return clean_parts() | {"xl/externalLinks/externalLink1.xml": link % MAIN.encode()}


def dde_formula() -> Parts:
    return with_sheet(b"<row r='1'><c r='A1'><f>cmd|'/c calc'!A0</f><v>0</v></c></row>")


def validated_sheet() -> Parts:
    rule = (
        b'<dataValidations count="1"><dataValidation type="list" sqref="A1:XFD1048576">'
        b'<formula1>"a,b"</formula1></dataValidation></dataValidations>'
    )
    return with_sheet(b'<row r="1"><c r="A1"><v>1</v></c></row>', rule)


def lying_dimension() -> Parts:
    row = b'<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row>'
    return with_sheet(row, before=b'<dimension ref="A1:XFD1048576"/>')


def small_dimension() -> Parts:
    row = b'<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row>'
    return with_sheet(row, before=b'<dimension ref="A1"/>')


# name → (suffix, how to make it, what the report says beside the kind)
READ: dict[str, tuple[str, Callable[[Path], None], dict[str, object]]] = {
    "clean": (".xlsx", of_parts(clean_parts), {"kind": "xlsx"}),
    "macros": (".xlsm", of_parts(with_macros), {"kind": "xlsm", "macros": True}),
    "macros_renamed": (".xlsx", of_parts(with_macros), {"kind": "xlsm", "macros": True}),
    "links": (".xlsx", of_parts(linked), {"external_links": True, "dde": True}),
    "connection": (
        ".xlsx",
        with_parts(**{"xl__connections.xml": b"<connections/>"}),
        {"external_links": True},
    ),
    "dde_formula": (".xlsx", of_parts(dde_formula), {"dde": True}),
    "embedded": (".xlsx", with_parts(**{"xl__embeddings__a.bin": b"x"}), {"embedded": True}),
    "validated_sheet": (".xlsx", of_parts(validated_sheet), {"kind": "xlsx"}),
    "lying_dimension": (".xlsx", of_parts(lying_dimension), {"kind": "xlsx"}),
    "small_dimension": (".xlsx", of_parts(small_dimension), {"kind": "xlsx"}),
    "csv": (".csv", of_bytes(lambda: "Mã;Giá trị\r\nCT01;5\r\n".encode()), {"kind": "csv"}),
}
