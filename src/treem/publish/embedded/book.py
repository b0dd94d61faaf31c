"""The book as the project files describe it: title, chapters in order, words, metadata."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from treem.errors import SourceError
from treem.project import Project
from treem.publish.embedded.place import Place, refuse, unknown
from treem.publish.embedded.settings import (
    Settings,
    Words,
    check_settings,
    read_settings,
    read_yaml,
)
from treem.publish.profile import Properties, read_properties


@dataclass(frozen=True)
class Entry:
    """One chapter file in its place in the book."""

    path: str
    place: Place
    part: str = ""
    appendix: bool = False

    @property
    def page(self) -> str:
        """Path of the HTML page, relative to the output folder, as Quarto names it."""
        return str(PurePosixPath(self.path).with_suffix(".html"))


@dataclass(frozen=True)
class Book:
    """Everything about the book except the text of its chapters."""

    root: Path
    title: str
    output_file: str
    entries: tuple[Entry, ...]
    words: Words
    settings: Settings
    properties: Properties

    @property
    def lang(self) -> str:
        """Language of the document."""
        return str(self.settings.get("lang"))

    @property
    def caption_mark(self) -> str:
        """What stands between the number and the words of a caption."""
        return _unescape(self.settings.get("crossref", "title-delim") or ":")

    @property
    def appendix_word(self) -> str:
        """The word before the number of an appendix."""
        return str(
            self.settings.get("crossref", "appendix-title") or self.words["crossref-apx-prefix"]
        )

    @property
    def appendix_mark(self) -> str:
        """What stands between the number and the title of an appendix."""
        return _unescape(self.settings.get("crossref", "appendix-delim") or " —")

    @property
    def metadata(self) -> dict[str, Any]:
        """What templates, filters and `{{< meta >}}` read."""
        kept = ("lang", "nd30")
        values = self.settings.values
        own = {key: values[key] for key in values if key in kept or key.startswith("treem-")}
        return {"title": self.title, **own}

    def resource(self, *keys: str) -> Path:
        """Return a file or folder of the project that a key names.

        Raises SourceError where the key is missing or names nothing that exists.
        """
        name = self.settings.get(*keys)
        path = self.root / str(name)
        if not isinstance(name, str) or not path.exists():
            raise refuse(
                self.settings.place(*keys),
                f"khóa “{'.'.join(keys)}” ghi {name!r}, không có trong dự án.",
                "Hãy ghi đường dẫn của một tệp hoặc thư mục có thật.",
            )
        return path


def read_book(project: Project, edition: str) -> Book:
    """Read `_quarto.yml` and `_quarto-<edition>.yml` and check every key.

    Raises SourceError naming file and line on whatever this publisher does not know.
    """
    profile = f"_quarto-{edition}.yml"
    if not (project.root / profile).is_file():
        raise SourceError(
            f"{profile}: chưa có hồ sơ Quarto của kỳ {edition}. Hãy chạy treem run {edition} trước."
        )
    settings = read_settings(project.root, "_quarto.yml", profile)
    check_settings(settings)
    entries = tuple(_entries(project.root, settings))
    _refuse_hidden_settings(project.root, entries)
    if not entries:
        raise refuse(settings.place("book"), "sách chưa có chương nào.", "Hãy ghi book.chapters.")
    return Book(
        root=project.root.resolve(),
        title=_text(settings, "book", "title"),
        output_file=_text(settings, "book", "output-file"),
        entries=entries,
        words=_words(project.root, settings),
        settings=settings,
        properties=read_properties(project, edition),
    )


def _refuse_hidden_settings(root: Path, entries: Iterable[Entry]) -> None:
    """Stop at the files that Quarto reads on its own and this publisher does not."""
    folders = {folder for entry in entries for folder in PurePosixPath(entry.path).parents}
    names = ["_quarto.yml.local", *sorted(str(folder / "_metadata.yml") for folder in folders)]
    for name in names:
        if (root / name).exists():
            raise unknown(Place(name), "tệp này")


def _text(settings: Settings, *keys: str) -> str:
    value = settings.get(*keys)
    if not isinstance(value, str) or not value.strip():
        raise refuse(settings.place(*keys), f"thiếu khóa “{'.'.join(keys)}”.", "Hãy ghi thêm khóa.")
    return value


def _unescape(text: str) -> str:
    """Return a mark without the backslash that keeps Quarto from reading it as a path."""
    return str(text).replace("\\", "")


def _words(root: Path, settings: Settings) -> Words:
    name = _text(settings, "language")
    values, _ = read_yaml(root / name, name)
    return Words(values, name)


def _entries(root: Path, settings: Settings) -> Iterator[Entry]:
    seen: set[str] = set()
    for key in ("chapters", "appendices"):
        at = ("book", key)
        for number, item in enumerate(settings.get(*at) or ()):
            part, files = _part(settings, item, (*at, str(number)))
            for path, place in files:
                if not (root / path).is_file():
                    raise refuse(place, f"không có tệp chương “{path}”.", "Hãy kiểm tra tên tệp.")
                if PurePosixPath(path).suffix not in (".qmd", ".ipynb"):
                    raise unknown(place, f"chương “{path}” (chỉ đọc .qmd và .ipynb)")
                if path in seen:
                    raise refuse(place, f"chương “{path}” ghi hai lần.", "Hãy bỏ một chỗ.")
                seen.add(path)
                yield Entry(path, place, part, key == "appendices")


def _part(
    settings: Settings, item: Any, at: tuple[str, ...]
) -> tuple[str, list[tuple[str, Place]]]:
    place = settings.place(*at)
    if isinstance(item, str):
        return "", [(item, place)]
    if not isinstance(item, dict) or set(item) != {"part", "chapters"}:
        raise unknown(place, "mục này của danh sách chương")
    if not isinstance(item["part"], str) or item["part"].endswith((".qmd", ".ipynb", ".md")):
        raise unknown(place, f"phần “{item['part']}” ghi bằng một tệp")
    files = []
    for number, path in enumerate(item["chapters"]):
        if not isinstance(path, str):
            raise unknown(place, "phần nằm trong một phần khác")
        files.append((path, settings.place(*at, "chapters", str(number))))
    return item["part"], files
