"""Finishes the web pages that Quarto wrote: numbers of the decree, no outside request.

Works on the text of the pages that were just rendered; a page that has been finished is not
touched again. The embedded publisher writes its pages in this form from the start.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from treem.errors import PublishError
from treem.publish.numbers import Number, float_number, parse

NUMBER = r"(?:\d+|[A-Z\[\\\]^_`a-z{|}~])(?:\.\d+)*"
SPACE = r"(?:&nbsp;|\u00a0| )"
FLOAT = re.compile(rf"(Bảng|Hình)({SPACE})((?:<span>)?)([A-Z\[\\\]^_`a-z{{|}}~]\.\d+)")
CHAPTER = re.compile(rf"(<span class=['\"]chapter-number['\"]>)({NUMBER})(</span>){SPACE}*")
SECTION = re.compile(rf'(<span class="header-section-number">)({NUMBER})(</span>)')
SECTION_ID = re.compile(rf'<section id="([^"]+)"[^>]* data-number="({NUMBER})"')
CHAPTER_ID = re.compile(
    r'<h1 class="title"><span id="([^"]+)"[^>]*>'
    rf'(?:<span class="chapter-number">|Phụ lục )({NUMBER})'
)
APPENDIX_TITLE = re.compile(rf'(<title>|class="quarto-section-identifier">)Phụ lục ({NUMBER})\. ')
CHAPTER_TITLE = re.compile(r"(<title>)(\d+)&nbsp; ")
REFERENCE = re.compile(
    r'(<a href="[^"#]*(?:#([^"]+))?" class="quarto-xref">)<span>([^<]+)</span></a>'
)
REFERENCE_WORDS = re.compile(rf"(?:(?:Mục|Phụ lục){SPACE})?({NUMBER})(?:$|\u00a0 )")
OUTSIDE_SCRIPT = re.compile(
    r'<script src="https://cdn\.jsdelivr\.net/npm/(?:requirejs|jquery)@[^>]*></script>\s*'
    r"|<script type=\"application/javascript\">define\('jquery'[^<]*</script>\s*"
)
OUTSIDE = re.compile(r"<(?:script|img|iframe|source)[^>]* src=[\"']?(?:https?:)?//[^\s\"'>]+"
                     r"|<link[^>]* href=[\"']?(?:https?:)?//[^\s\"'>]+")  # fmt: skip
BODY = re.compile(r"<body[^>]*>\n?")
SKIP = '<a class="nd30-skip" href="#quarto-document-content">Tới nội dung chính</a>\n'
UNRESOLVED = re.compile(r'class="citation" data-cites="([^"]+)"|<strong>\?@([^<]+)</strong>')
ENGLISH = {'aria-label="breadcrumb"': 'aria-label="Vị trí trong báo cáo"'}

HEAD = re.compile(r"<thead\b.*?</thead>", re.DOTALL)
HEAD_CELL = re.compile(r"<th\b(?![^>]*\sscope=)([^>]*)>")
SPANNING = re.compile(r'\scolspan="(?!1")')

SCRIPTS = {
    "autocomplete.umd.js": {'"Search"': '"Tìm kiếm"', '"Submit"': '"Tìm"', '"Cancel"': '"Hủy"'},
    "quarto-search.js": {
        '"Search requires JavaScript features disabled when running in file://... URLs. '
        'In order to use search, please run this document in a web server."': (
            '"Mở trang từ thư mục thì trình duyệt không cho tìm kiếm; '
            'hãy đặt báo cáo trên máy chủ web để tìm."'
        )
    },
}
"""English in the scripts of Quarto's search that no key of the language file reaches."""


def finish_pages(pages: Iterable[Path], search: Path | None = None) -> None:
    """Finish the pages, and the search index that was written with them."""
    texts = {page: page.read_text("utf-8") for page in pages}
    numbers = dict(found for text in texts.values() for found in section_numbers(text).items())
    for page, text in texts.items():
        finished = finish_page(text, numbers)
        refuse_outside_requests(page, finished)
        refuse_unresolved(page, finished)
        page.write_text(finished, "utf-8", newline="\n")
    if search is not None and search.exists():
        entries = json.loads(search.read_text("utf-8"))
        finished_index = json.dumps([_finish_entry(entry) for entry in entries], ensure_ascii=False)
        search.write_text(finished_index, "utf-8")


def finish_scripts(folder: Path) -> None:
    """Put Vietnamese into the scripts of the search under `site_libs/quarto-search`."""
    for name, words in SCRIPTS.items():
        script = folder / name
        if script.exists():
            text = script.read_text("utf-8")
            for english, ours in words.items():
                text = text.replace(english, ours)
            script.write_text(text, "utf-8", newline="\n")


def section_numbers(text: str) -> dict[str, Number]:
    """Return the number of every chapter and section with an id on an unfinished page."""
    found = SECTION_ID.findall(text) + CHAPTER_ID.findall(text)
    return {identifier: parse(number) for identifier, number in found}


def finish_page(text: str, numbers: Mapping[str, Number]) -> str:
    """Return the page with our numbers, a skip link, and nothing English or from elsewhere.

    The head of each table says which columns its cells speak for, as that of a finished page does.
    """

    def reference(match: re.Match[str]) -> str:
        opening, identifier, words = match.groups()
        number = numbers.get(identifier or "")
        if number is None and (written := REFERENCE_WORDS.match(html.unescape(words))):
            number = parse(written[1])
        return f"{opening}<span>{number.referred if number else words}</span></a>"

    text = REFERENCE.sub(reference, text)
    text = APPENDIX_TITLE.sub(lambda m: f"{m[1]}{parse(m[2]).shown}. ", text)
    text = CHAPTER_TITLE.sub(lambda m: f"{m[1]}{parse(m[2]).shown} ", text)
    text = CHAPTER.sub(_shown, text)
    text = SECTION.sub(_shown, text)
    text = FLOAT.sub(lambda m: f"{m[1]}{m[2]}{m[3]}{float_number(m[4])}", text)
    text = HEAD.sub(lambda m: HEAD_CELL.sub(_scoped, m[0]), text)
    text = OUTSIDE_SCRIPT.sub("", text)
    if SKIP not in text:
        text = BODY.sub(lambda m: m[0] + SKIP, text, count=1)
    for words, ours in ENGLISH.items():
        text = text.replace(words, ours)
    return text


def _shown(match: re.Match[str]) -> str:
    space = " " if "chapter-number" in match[1] else ""
    return f"{match[1]}{parse(match[2]).shown}{match[3]}{space}"


def _scoped(match: re.Match[str]) -> str:
    scope = "colgroup" if SPANNING.search(match[1]) else "col"
    return f'<th{match[1]} scope="{scope}">'


def _finish_entry(entry: dict[str, object]) -> dict[str, object]:
    finished = dict(entry)
    title = re.sub(rf"^({NUMBER})\u00a0 ", lambda m: f"{parse(m[1]).shown} ", str(entry["title"]))
    appendix = re.match(rf"Phụ lục ({NUMBER})\. ", title)
    if appendix:
        title = f"{parse(appendix[1]).shown}. {title[appendix.end() :]}"
    finished["title"] = title
    for key in ("section", "text"):
        words = re.sub(
            r"^((?:\d+|[A-Z])(?:\.\d+)+) ", lambda m: f"{parse(m[1]).shown} ", str(entry[key])
        )
        finished[key] = FLOAT.sub(lambda m: f"{m[1]}{m[2]}{float_number(m[4])}", words)
    crumbs = entry.get("crumbs")
    if isinstance(crumbs, list):
        finished["crumbs"] = [CHAPTER.sub(_shown, str(crumb)) for crumb in crumbs]
    return finished


def refuse_outside_requests(page: Path, text: str) -> None:
    """Raise PublishError when the page would fetch anything from another server."""
    found = OUTSIDE.search(text)
    if found:
        raise PublishError(
            f"{page.name}: trang gọi ra ngoài ({found.group(0)[:120]}). Trang công bố không được "
            "tải gì từ máy chủ khác; hãy bỏ phần đó khỏi chương hoặc sổ tính."
        )


def refuse_unresolved(page: Path, text: str) -> None:
    """Raise PublishError when an @-reference of the page leads nowhere."""
    found = UNRESOLVED.search(text)
    if found:
        raise PublishError(
            f"{page.name}: tham chiếu @{found[1] or found[2]} không dẫn tới đâu. Hãy sửa mã trong "
            "chương hoặc sổ tính, hoặc bỏ tham chiếu."
        )
