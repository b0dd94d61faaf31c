"""The Quarto profile of an edition: `_quarto-<edition>.yml` beside `_quarto.yml`.

It holds what differs between editions and nothing else: title, chapters, output folder and the
metadata that the form of Nghị định 30/2020/NĐ-CP prints (`_extensions/nd30/README.md` lists the
keys). Both publishers read it, so `quarto render --profile EDITION` by hand gives the document
that `treem publish EDITION` gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treem.edition import DocumentParams, Edition
from treem.errors import PublishError
from treem.project import Project

if TYPE_CHECKING:
    from treem.notebooks.matrix import Book

CLOSING = "chapters/ket-thuc.qmd"
"""The last chapter of the body: the closing sentence, the signature and the recipients."""
LINE = 24
"""Letters of an issuing body's name in capitals that fit on one line of the masthead."""
HEADER = (
    "# Do treem ghi ra cho kỳ {name}; sửa params/{name}.yml, không sửa tệp này.\n"
    "# Dựng lại văn bản: quarto render --profile {profile}\n"
)


@dataclass(frozen=True)
class Properties:
    """What a finished file says about itself."""

    title: str
    author: str
    keywords: tuple[str, ...]
    notice: str
    date: str


def profile_path(project: Project, name: str) -> Path:
    """Return where the profile of an edition lies."""
    return project.root / f"_quarto-{name}.yml"


def write_profile(project: Project, edition: Edition, book: Book) -> Path:
    """Write the profile; the same edition and book always give the same bytes."""
    import yaml

    text = yaml.safe_dump(profile(edition, book), allow_unicode=True, sort_keys=False, width=10_000)
    path = profile_path(project, edition.profile)
    header = HEADER.format(name=edition.name, profile=edition.profile)
    new = path.with_name(f".{path.name}.part")
    new.write_text(header + text, "utf-8", newline="\n")
    new.replace(path)
    return path


def profile(edition: Edition, book: Book) -> dict[str, Any]:
    """Return the profile as Quarto reads it."""
    document = edition.document
    data: dict[str, Any] = {
        "project": {"output-dir": f"reports/{edition.name}/{edition.audience}.new"},
        "book": {
            "title": title(document),
            "output-file": f"bao-cao-{edition.profile}",
            "chapters": [*_chapters(book), CLOSING],
            "appendices": list(book.appendices),
        },
        "treem-edition": edition.name,
        "treem-kind": edition.kind,
        "treem-year": str(edition.year),
        "treem-years": [str(year) for year in edition.years],
        "treem-as-of": edition.as_of.isoformat(),
    }
    if edition.page_notice:
        data["treem-notice"] = edition.page_notice
    data["nd30"] = {
        "author": body_name(document),
        "keywords": ["trẻ em", "chương trình hành động", document.place, str(edition.year)],
        "kind": document.title,
        "subject": document.subject,
        "parent-body": document.parent_body,
        "issuing-body": issuing_lines(document.issuing_body),
        "symbol": document.symbol,
        "place": document.place,
        "addressees": list(document.addressees),
        "legal-basis": list(document.legal_basis),
        "recipients": list(document.recipients),
        "signature": list(document.signature),
    }
    return data


def read_properties(project: Project, name: str) -> Properties:
    """Return what the finished files of an edition say about themselves, from its profile."""
    import yaml

    path = profile_path(project, name)
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
        return Properties(
            title=data["book"]["title"],
            author=data["nd30"]["author"],
            keywords=tuple(data["nd30"]["keywords"]),
            notice=data.get("treem-notice", ""),
            date=data["treem-as-of"],
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise PublishError(
            f"{path.name}: không đọc được hồ sơ của kỳ {name}. Hãy chạy: treem run {name}."
        ) from error


def title(document: DocumentParams) -> str:
    """Return kind and subject as one title in ordinary letters."""
    return f"{document.title.capitalize()} {document.subject[:1].lower()}{document.subject[1:]}"


def body_name(document: DocumentParams) -> str:
    """Return the issuing body in ordinary letters: "Ủy ban nhân dân tỉnh Bắc Ninh"."""
    kind = document.issuing_body.removesuffix(document.place.upper())
    if kind == document.issuing_body:
        return document.issuing_body
    return f"{kind.capitalize()}{document.place}"


def issuing_lines(body: str) -> list[str]:
    """Break a long name in capitals before the name of the level, as official letters do."""
    for level in (" TỈNH ", " THÀNH PHỐ "):
        head, found, tail = body.partition(level)
        if found and len(body) > LINE:
            return [head, f"{level.strip()} {tail}"]
    return [body]


def _chapters(book: Book) -> list[str | dict[str, Any]]:
    return [
        entry if isinstance(entry, str) else {"part": entry.title, "chapters": list(entry.chapters)}
        for entry in book.chapters
    ]
