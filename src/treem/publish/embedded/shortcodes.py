"""What is settled in the text of a chapter before Pandoc reads it: front matter, shortcodes.

Also stops at what Pandoc would read as something else than Quarto does: executable code blocks,
fences of divs that have no partner.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from treem.publish.embedded.place import Place, refuse, unknown
from treem.publish.embedded.sources import FENCE, Source

SHORTCODE = re.compile(r"\{\{<(.*?)>\}\}")
EXECUTABLE = re.compile(r"^\{+([A-Za-z][\w.]*)")
DIV_FENCE = re.compile(r"^\s{0,3}:{3,}\s*(.*)$")
NOTE = re.compile(r"^\[\^([^\]\s]+)\]:")
NOTE_MARK = re.compile(r"\[\^([^\]\s]+)\](?!:)")
PAGEBREAK = "```{=treem}\npagebreak\n```"


def settle(source: Source, metadata: Mapping[str, Any]) -> None:
    """Replace the shortcodes of a chapter by what they stand for.

    Raises SourceError with file and line on front matter, on any shortcode but `meta` and
    `pagebreak`, on a metadata key that does not exist, on executable blocks, on a div left open.
    """
    if source.lines and source.lines[0].rstrip() == "---":
        raise unknown(source.places[0], "phần đầu YAML trong chương")
    _check_fences(source)
    _check_notes(source)
    lines, places = list(source.lines), list(source.places)
    source.lines.clear()
    source.places.clear()
    for line, place in zip(lines, places, strict=True):
        source.add(_settle_line(line, place, metadata), place, counted=False)


def _check_fences(source: Source) -> None:
    open_divs: list[Place] = []
    for number, line, fenced in source.walk():
        place = source.places[number]
        code = FENCE.match(line)
        if not fenced and code:
            found = EXECUTABLE.match(code[2])
            if found:
                raise unknown(place, f"khối mã chạy được {{{found[1]}}}")
        div = None if fenced else DIV_FENCE.match(line)
        if div and div[1].rstrip(" :"):
            open_divs.append(place)
        elif div and not open_divs:
            raise refuse(place, "dấu ::: này không đóng khối nào.", "Hãy bỏ đi hoặc mở khối trước.")
        elif div:
            open_divs.pop()
    if open_divs:
        raise refuse(open_divs[-1], "khối ::: này chưa đóng.", "Hãy thêm dòng ::: để đóng.")


def _check_notes(source: Source) -> None:
    """Pandoc keeps the last of two notes of one name, and prints a name without a note."""
    lines = [(source.places[n], line) for n, line, fenced in source.walk() if not fenced]
    defined: set[str] = set()
    for place, line in lines:
        found = NOTE.match(line)
        if found and found[1] in defined:
            raise refuse(place, f"chú thích [^{found[1]}] ghi hai lần.", "Hãy đổi tên một chỗ.")
        if found:
            defined.add(found[1])
    for place, line in lines:
        for name in NOTE_MARK.findall(line):
            if name not in defined:
                raise refuse(place, f"chú thích [^{name}] chưa được viết.", "Hãy viết nội dung.")


def _settle_line(line: str, place: Place, metadata: Mapping[str, Any]) -> str:
    words = SHORTCODE.findall(line)
    if not words and "{{<" not in line:
        return line
    if [word.strip() for word in words] == ["pagebreak"] and not SHORTCODE.sub("", line).strip():
        return PAGEBREAK
    settled = SHORTCODE.sub(lambda found: _meta(found[1].split(), place, metadata), line)
    if "{{<" in settled:
        raise refuse(place, "mã ngắn {{< chưa đóng trong dòng.", "Hãy thêm >}} để đóng.")
    return settled


def _meta(words: list[str], place: Place, metadata: Mapping[str, Any]) -> str:
    if len(words) != 2 or words[0] != "meta":
        raise unknown(place, f"mã ngắn {{{{< {' '.join(words)} >}}}}")
    value: Any = metadata
    for key in words[1].split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(value, str | int):
        raise refuse(
            place,
            f"khóa “{words[1]}” của {{{{< meta >}}}} không có hoặc không phải chữ.",
            "Hãy ghi khóa này trong _quarto.yml hoặc params.",
        )
    return str(value)
