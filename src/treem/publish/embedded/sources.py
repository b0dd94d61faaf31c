"""One chapter file as one Markdown text, every line with its place.

A `.qmd` file is such a text already. An executed notebook becomes one: Markdown cells and
`text/markdown` outputs as they are, a table or picture as an empty div that later gives way to it.
The source of code cells is never shown.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from treem.publish.embedded.book import Entry
from treem.publish.embedded.place import Place, refuse, unknown

OUTPUT_CLASS = "treem-output"
CAPTION_CLASS = "treem-caption"
FLOAT_PREFIXES = ("tbl", "fig")

OPTIONS = ("label", "tbl-cap", "fig-cap", "fig-alt", "echo", "include", "output")
TAGS_OF_QUARTO = re.compile(r"^(remove|hide|raises)[-_]")
FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})\s*(.*)$")


@dataclass(frozen=True)
class Output:
    """A table (HTML) or a picture (PNG) that a code cell made."""

    place: Place
    label: str
    html: str = ""
    png: bytes = b""
    alt: str = ""


@dataclass
class Source:
    """A chapter as Markdown lines, their places, and the outputs that its empty divs stand for."""

    entry: Entry
    lines: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)

    def add(self, text: str, place: Place, *, counted: bool = True) -> None:
        """Append lines; `counted` lines follow one another in the file from `place` on."""
        for number, line in enumerate(text.split("\n")):
            line_number = (place.line or 1) + number if counted else place.line
            self.lines.append(line)
            self.places.append(Place(place.file, line_number, place.cell))

    def find(self, token: str) -> Place:
        """Return the first line outside code that holds the token, else its cell or the file."""
        for number, line, fenced in self.walk():
            if not fenced and token in line:
                return self.places[number]
        for output in self.outputs:
            if token in output.html:
                return output.place
        return Place(self.entry.path)

    def walk(self) -> Iterator[tuple[int, str, bool]]:
        """Yield number, line and whether it lies in a fenced block of code."""
        fence = ""
        for number, line in enumerate(self.lines):
            found = FENCE.match(line)
            if fence:
                yield number, line, True
                if found and found[1].startswith(fence) and not found[2].strip():
                    fence = ""
            else:
                fence = found[1] if found else ""
                yield number, line, False


def read_source(root: Path, entry: Entry) -> Source:
    """Read a chapter file.

    Raises SourceError, with file and line or cell, on a file that cannot be read and on outputs
    and options that this publisher does not know.
    """
    text = _read_text(root / entry.path, entry.path)
    source = Source(entry)
    if entry.path.endswith(".ipynb"):
        _read_notebook(text, source)
    else:
        source.add(text, Place(entry.path, 1))
    return source


def _read_text(path: Path, name: str) -> str:
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise refuse(Place(name), "tệp không phải UTF-8.", "Hãy lưu lại bằng UTF-8.") from error
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n")


def _read_notebook(text: str, source: Source) -> None:
    name = source.entry.path
    try:
        notebook = json.loads(text)
        cells = notebook["cells"]
        kinds = [cell["cell_type"] for cell in cells]
    except (ValueError, KeyError, TypeError) as error:
        line = getattr(error, "lineno", None)
        raise refuse(
            Place(name, line), "không phải sổ tính Jupyter đọc được.", "Hãy chạy lại treem run."
        ) from error
    for number, (cell, kind) in enumerate(zip(cells, kinds, strict=True), start=1):
        place = Place(name, 1, number)
        text = _joined(cell.get("source", ""))
        if kind == "markdown":
            if cell.get("attachments"):
                raise unknown(place, "tệp đính kèm trong ô Markdown")
            source.add(text, place)
            source.add("", place)
        elif kind == "code":
            _add_code_cell(cell, text, place, source)
        elif text.strip():
            raise unknown(place, f"ô loại “{kind}”")


def _joined(text: Any) -> str:
    joined = "".join(text) if isinstance(text, list) else str(text)
    return unicodedata.normalize("NFC", joined)


@dataclass(frozen=True)
class _Options:
    values: Mapping[str, Any]
    place: Place

    def text(self, key: str) -> str:
        return unicodedata.normalize("NFC", str(self.values.get(key) or "")).strip()


def _add_code_cell(cell: Mapping[str, Any], text: str, place: Place, source: Source) -> None:
    options = _read_options(text, place)
    for tag in cell.get("metadata", {}).get("tags", ()):
        if TAGS_OF_QUARTO.match(tag):
            raise unknown(place, f"nhãn ô “{tag}”")
    if options.values.get("include") is False or options.values.get("output") is False:
        return
    shown = [kind for kind in map(_shown, _outputs(cell, place)) if kind]
    if options.text("label").startswith(tuple(f"{prefix}-" for prefix in FLOAT_PREFIXES)):
        _add_float(shown, options, source)
        return
    for key in ("tbl-cap", "fig-cap"):
        if options.text(key):
            raise refuse(place, f"“{key}” cần đi cùng label tbl-… hoặc fig-….", "Hãy ghi label.")
    for mime, data in shown:
        if mime == "text/markdown":
            source.add(_joined(data), place, counted=False)
        else:
            _add_output(_make_output(mime, data, options), source)
        source.add("", place, counted=False)


def _read_options(text: str, place: Place) -> _Options:
    import yaml

    lines = []
    for line in text.split("\n"):
        if line.strip() and not line.startswith("#|"):
            break
        lines.append(line.removeprefix("#|").removeprefix(" "))
    try:
        values = yaml.safe_load("\n".join(lines)) or {}
    except yaml.YAMLError as error:
        raise refuse(place, "tùy chọn #| sai cú pháp YAML.", "Hãy sửa các dòng #|.") from error
    if not isinstance(values, dict):
        raise refuse(place, "tùy chọn #| cần dạng “khóa: giá trị”.", "Hãy sửa các dòng #|.")
    for key, value in values.items():
        number = next(n for n, option in enumerate(lines, 1) if option.startswith(str(key)))
        at = Place(place.file, number, place.cell)
        if key not in OPTIONS:
            raise unknown(at, f"tùy chọn ô “{key}”")
        if key in ("echo", "include", "output") and not isinstance(value, bool):
            raise unknown(at, f"giá trị {value!r} của tùy chọn ô “{key}”")
        if key == "echo" and value:
            raise unknown(at, "tùy chọn ô “echo: true” (mã lệnh không in ra báo cáo)")
    return _Options(values, place)


def _outputs(cell: Mapping[str, Any], place: Place) -> Iterator[Mapping[str, Any]]:
    for output in cell.get("outputs", ()):
        kind = output.get("output_type")
        if kind == "stream":
            if _joined(output.get("text", "")).strip():
                raise refuse(
                    place,
                    f"ô in chữ ra {output.get('name')}.",
                    "Sổ tính chỉ hiện bảng, hình và Markdown: hãy bỏ lệnh in.",
                )
        elif kind == "error":
            raise refuse(place, f"ô dừng vì lỗi {output.get('ename')}.", "Hãy chạy lại treem run.")
        elif kind in ("display_data", "execute_result"):
            yield {"place": place, **output.get("data", {})}
        else:
            raise unknown(place, f"kết quả loại “{kind}”")


def _shown(data: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Return kind and content of an output; None for the empty text that shows nothing."""
    kinds = [kind for kind in data if kind not in ("place", "text/plain")]
    known = [kind for kind in kinds if kind in ("text/markdown", "text/html", "image/png")]
    if len(kinds) == 1 and known:
        return known[0], data[known[0]]
    if not kinds and not _joined(data.get("text/plain", "")).strip():
        return None
    names = ", ".join(kinds) or "text/plain"
    raise unknown(data["place"], f"kết quả dạng {names} (chỉ text/html, text/markdown, image/png)")


def _add_float(shown: list[tuple[str, Any]], options: _Options, source: Source) -> None:
    label = options.text("label")
    prefix = label.split("-", 1)[0]
    caption = options.text(f"{prefix}-cap")
    kind, mime = ("bảng", "text/html") if prefix == "tbl" else ("hình", "image/png")
    if [found for found, _ in shown] != [mime]:
        raise refuse(
            options.place,
            f"ô có label “{label}” cần đúng một kết quả là {kind}, đang có {len(shown)} kết quả.",
            "Hãy tách ô hoặc đổi label.",
        )
    if not caption:
        raise refuse(options.place, f"“{label}” thiếu {prefix}-cap.", "Hãy ghi chú thích.")
    output = _make_output(mime, shown[0][1], options)
    source.add(f"::: {{#{label}}}\n::: {{.{CAPTION_CLASS}}}", options.place, counted=False)
    source.add(" ".join(caption.split()), options.place, counted=False)
    source.add(":::\n", options.place, counted=False)
    _add_output(output, source)
    source.add(":::\n", options.place, counted=False)


def _add_output(output: Output, source: Source) -> None:
    number = len(source.outputs)
    source.outputs.append(output)
    source.add(f'::: {{.{OUTPUT_CLASS} n="{number}"}}\n:::\n', output.place, counted=False)


def _make_output(mime: str, data: Any, options: _Options) -> Output:
    label = options.text("label")
    if mime == "text/html":
        return Output(options.place, label, html=_joined(data))
    alt = options.text("fig-alt")
    if not alt:
        raise refuse(options.place, "hình thiếu lời thay hình.", 'Hãy ghi #| fig-alt: "…".')
    try:
        png = base64.b64decode(_joined(data), validate=False)
    except (binascii.Error, ValueError) as error:
        raise refuse(options.place, "hình PNG hỏng.", "Hãy chạy lại treem run.") from error
    if not png.startswith(b"\x89PNG\r\n\x1a\n"):
        raise refuse(options.place, "hình không phải PNG.", "Hãy chạy lại treem run.")
    return Output(options.place, label, png=png, alt=alt)
