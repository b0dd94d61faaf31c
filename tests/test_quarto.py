"""Finding Quarto, refusing what it only warns of, and finishing the pages it writes."""

import os
import re
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from treem.edition import Edition, load_edition
from treem.errors import PublishError, UsageError
from treem.notebooks.matrix import Book, Part
from treem.project import Project
from treem.publish.embedded import render as embedded
from treem.publish.html import (
    finish_page,
    finish_pages,
    finish_scripts,
    refuse_outside_requests,
    section_numbers,
)
from treem.publish.numbers import Number, float_number, parse, roman
from treem.publish.profile import write_profile
from treem.publish.quarto import Quarto, find_quarto, refuse_bad_log, render, require_quarto

KEYS = (Path(__file__).parent / "data" / "quarto_language_keys.txt").read_text("utf-8").split()
SAME_IN_BOTH = {"{0} phút", "{0} từ"}


def fake_quarto(folder: Path, version: str, *, body: str = "", name: str = "quarto") -> Path:
    """Write a program that answers `--version` and runs `body` (Python) for anything else."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\nfrom pathlib import Path\n"
        f"if sys.argv[1:] == ['--version']:\n    print({version!r})\n    sys.exit(0)\n{body}\n",
        "utf-8",
    )
    program.chmod(0o755)
    return program


# --- finding it -------------------------------------------------------------------------------


def test_quarto_path_comes_before_path(tmp_path: Path) -> None:
    named = fake_quarto(tmp_path / "named", "1.10.19")
    fake_quarto(tmp_path / "path", "1.9.1")
    environment = {"QUARTO_PATH": str(named), "PATH": str(tmp_path / "path")}
    assert find_quarto(environment) == Quarto(named, "1.10.19")
    assert find_quarto({"PATH": str(tmp_path / "path")}).version == "1.9.1"
    assert find_quarto({**environment, "QUARTO_PATH": str(named.parent)}).version == "1.10.19"


def test_without_quarto_there_is_none_and_asking_for_it_is_wrong_use(tmp_path: Path) -> None:
    assert find_quarto({"PATH": str(tmp_path)}) is None
    with pytest.raises(UsageError, match="--publisher embedded"):
        require_quarto({"PATH": str(tmp_path)})


def test_a_quarto_path_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="QUARTO_PATH"):
        find_quarto({"QUARTO_PATH": str(tmp_path / "nothing"), "PATH": ""})


@pytest.mark.parametrize(
    ("version", "usable"),
    [
        ("1.9.0", True),
        ("1.10.18", True),
        ("2.0", True),
        ("1.8.27", False),
        ("x", False),
        ("", False),
    ],
)
def test_versions(tmp_path: Path, version: str, usable: bool) -> None:
    quarto = find_quarto({"QUARTO_PATH": str(fake_quarto(tmp_path, version)), "PATH": ""})
    assert quarto is not None and quarto.new_enough is usable
    if not usable:
        with pytest.raises(UsageError, match="cần từ 1.9"):
            require_quarto({"QUARTO_PATH": str(quarto.path), "PATH": ""})


# --- rendering with a stand-in ----------------------------------------------------------------

WRITES = """
made = Path('reports/demo-2024/public.new')
(made / 'chapters').mkdir(parents=True)
for name in ('index.html', 'chapters/a.html', 'bao-cao-demo-2024.pdf', 'bao-cao-demo-2024.docx'):
    (made / name).write_text(' '.join(sys.argv[1:]))
(made / 'environment').write_text('\\n'.join(f'{k}={v}' for k, v in sorted(os.environ.items())))
"""


@pytest.fixture
def usual(project_copy: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("QUARTO_PROFILE", "somebody-else")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    return project_copy


def render_with(project: Project, body: str) -> list[Path]:
    program = fake_quarto(project.root / "bin", "1.10.18", body=body)
    edition = load_edition(project, "demo-2024")
    return render(project, edition, project.root / "out", Quarto(program, "1.10.18"))


def test_all_formats_of_the_profile_are_moved_out(usual: Project) -> None:
    files = {path.relative_to(usual.root / "out").as_posix() for path in render_with(usual, WRITES)}
    assert {"index.html", "chapters/a.html", "bao-cao-demo-2024.pdf"} <= files
    asked = (usual.root / "out" / "index.html").read_text("utf-8")
    assert asked == f"render {usual.root} --profile demo-2024"
    assert not (usual.root / "reports" / "demo-2024" / "public.new").exists()


def test_quarto_sees_our_python_the_editions_day_and_no_own_settings(usual: Project) -> None:
    render_with(usual, WRITES)
    lines = (usual.root / "out" / "environment").read_text("utf-8").splitlines()
    environment = dict(line.split("=", 1) for line in lines)
    assert environment["QUARTO_PYTHON"] == sys.executable
    assert environment["SOURCE_DATE_EPOCH"] == "1735603200"  # 31 December 2024, UTC
    assert "QUARTO_PROFILE" not in environment and "PYTHONPATH" not in environment


@pytest.mark.parametrize(
    "line",
    [
        "\\x1b[33mWARN: index.html: Unable to resolve crossref @tbl-khong-co\\x1b[39m",
        "WARNING (/share/filters/main.lua:14840) Unable to resolve crossref @tbl-khong-co",
        "WARN: Unable to resolve link target: nope.qmd",
        "[WARNING] Duplicate note reference '1' at line 139 column 1",
    ],
)
def test_a_reference_that_leads_nowhere_stops_the_build(usual: Project, line: str) -> None:
    words = line.split("\\x1b[33m")[-1].split("\\x1b[39m")[0]
    with pytest.raises(PublishError, match=re.escape(words)):
        render_with(usual, WRITES + f"\nprint('{line}', file=sys.stderr)" if "'" not in line
                    else WRITES + f'\nprint("{line}", file=sys.stderr)')  # fmt: skip
    assert not (usual.root / "out").exists()


def test_other_warnings_pass() -> None:
    refuse_bad_log(Quarto(Path("q"), "1.10"), 0, "WARN: verapdf is not installed.\nOutput created")


def test_a_failure_shows_quartos_own_line(usual: Project) -> None:
    with pytest.raises(PublishError, match="unclosed label") as caught:
        render_with(usual, "print('ERROR: error: unclosed label', file=sys.stderr); sys.exit(1)")
    assert "mã 1" in str(caught.value) and caught.value.exit_code == 3


def test_a_format_that_was_not_made_is_named(usual: Project) -> None:
    with pytest.raises(PublishError, match="bao-cao-demo-2024.docx"):
        render_with(usual, WRITES + "\n(made / 'bao-cao-demo-2024.docx').unlink()")


# --- numbers and pages ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "shown", "referred"),
    [
        ("1", "I.", "Mục\u00a0I"),
        ("14", "XIV.", "Mục\u00a0XIV"),
        ("3.2", "2.", "Mục\u00a0III.2"),
        ("3.2.5", "đ)", "Mục\u00a0III.2.đ"),
        ("A", "Phụ lục I", "Phụ lục I"),
        ("Z", "Phụ lục XXVI", "Phụ lục XXVI"),
        ("[", "Phụ lục XXVII", "Phụ lục XXVII"),
        ("B.1", "1.", "Mục\u00a0PL2.1"),
        ("B.1.1", "a)", "Mục\u00a0PL2.1.a"),
    ],
)
def test_numbers_of_headings(written: str, shown: str, referred: str) -> None:
    number = parse(written)
    assert (number.shown, number.referred) == (shown, referred)


def test_numbers_of_floats_and_roman_numerals() -> None:
    assert [float_number(n) for n in ("3.2", "A.1", "Z.12", "4")] == [
        "3.2",
        "PL1.1",
        "PL26.12",
        "4",
    ]
    assert [roman(n) for n in (4, 9, 19, 40, 90, 399)] == ["IV", "IX", "XIX", "XL", "XC", "CCCXCIX"]


PAGE = """<html><head><title>Phụ lục B. Bảng – Báo cáo</title>
<script src="https://cdn.jsdelivr.net/npm/requirejs@2.3.6/require.min.js" integrity="x"></script>
<script src="https://cdn.jsdelivr.net/npm/jquery@3.5.1/dist/jquery.min.js"></script>
<script src="q.js"></script>
<script type="application/javascript">define('jquery', [],function() {return 1;})</script>
</head><body class="nav">
<nav aria-label="breadcrumb"><span class="chapter-number">3</span>&nbsp; <span>Tên</span></nav>
<main>
<h1 class="title"><span id="sec-b" class="quarto-section-identifier">Phụ lục B. Bảng</span></h1>
<section id="sec-c" class="level2" data-number="B.1"><h2 data-number="B.1">
<span class="header-section-number">B.1</span> Phần</h2>
<p>Xem <a href="#sec-c" class="quarto-xref"><span>Mục B.1</span></a>,
<a href="x.html" class="quarto-xref"><span>3&nbsp; Phương pháp</span></a>,
<a href="#tbl-x" class="quarto-xref">Bảng&nbsp;<span>B.2</span></a>.</p>
<figcaption>Bảng&nbsp;B.2. Tên bảng</figcaption></section></main></body></html>"""


def test_a_page_gets_our_numbers_and_asks_nothing_of_other_servers() -> None:
    page = finish_page(PAGE, section_numbers(PAGE))
    assert "<title>Phụ lục II. Bảng" in page and ">Phụ lục II. Bảng</span></h1>" in page
    assert '<span class="chapter-number">III.</span> <span>Tên' in page
    assert '<span class="header-section-number">1.</span> Phần' in page
    assert "<span>Mục\u00a0PL2.1</span>" in page and "<span>Mục\u00a0III</span>" in page
    assert page.count("PL2.2") == 2
    assert "cdn.jsdelivr" not in page and 'src="q.js"' in page and "breadcrumb" not in page
    assert page.index("nd30-skip") < page.index("<nav")
    refuse_outside_requests(Path("a.html"), page)


def test_heads_of_tables_say_which_columns_they_speak_for() -> None:
    rows = (
        '<table><thead class="h">\n<tr><th rowspan="2">A</th><th colspan="2" class="x">B</th></tr>'
        '<tr><th colspan="1">C</th><th scope="row">D</th></tr></thead>'
        "<tbody><tr><th>E</th><td>1</td></tr></tbody></table>"
    )
    page = finish_page(rows, {})
    assert re.findall(r"<th\b([^>]*)>(\w)", page) == [
        (' rowspan="2" scope="col"', "A"),
        (' colspan="2" class="x" scope="colgroup"', "B"),
        (' colspan="1" scope="col"', "C"),
        (' scope="row"', "D"),
        ("", "E"),
    ]
    assert finish_page(page, {}) == page


def test_section_numbers_of_a_page() -> None:
    assert section_numbers(PAGE) == {
        "sec-b": Number((2,), appendix=True),
        "sec-c": Number((2, 1), appendix=True),
    }


@pytest.mark.parametrize(
    "words",
    [
        '<img src="https://example.org/a.png">',
        '<script src="//example.org/a.js"></script>',
        '<link rel="stylesheet" href="https://fonts.example.org/x.css">',
    ],
)
def test_an_outside_request_is_refused(tmp_path: Path, words: str) -> None:
    page = tmp_path / "a.html"
    page.write_text(f"<html><body>{words}</body></html>", "utf-8")
    with pytest.raises(PublishError, match="a.html: trang gọi ra ngoài"):
        finish_pages([page])


def test_a_link_for_the_reader_may_lead_outside() -> None:
    refuse_outside_requests(Path("a.html"), '<a href="https://chinhphu.vn">Chính phủ</a>')


def test_a_citation_without_a_source_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_text('<span class="citation" data-cites="khongco">@khongco</span>', "utf-8")
    with pytest.raises(PublishError, match="@khongco"):
        finish_pages([page])


def test_the_search_of_quarto_speaks_vietnamese(tmp_path: Path) -> None:
    script = tmp_path / "autocomplete.umd.js"
    script.write_text('a=b?"Search":c;d({e:"Cancel",f:"Submit"})', "utf-8")
    finish_scripts(tmp_path)
    finish_scripts(tmp_path)
    assert script.read_text("utf-8") == 'a=b?"Tìm kiếm":c;d({e:"Hủy",f:"Tìm"})'


# --- the project ------------------------------------------------------------------------------


def test_every_key_of_quartos_language_file_is_vietnamese(project: Project) -> None:
    words = yaml.safe_load((project.root / "_language-vi.yml").read_text("utf-8"))
    assert sorted(words) == KEYS
    for key, value in words.items():
        assert unicodedata.is_normalized("NFC", value)
        assert not value.isascii() or value in SAME_IN_BOTH, f"{key}: {value}"


def test_the_project_asks_for_what_the_pages_need(project: Project) -> None:
    settings = yaml.safe_load((project.root / "_quarto.yml").read_text("utf-8"))
    assert settings["project"]["type"] == "book" and settings["lang"] == "vi"
    assert set(settings["format"]) == {"html", "nd30-typst", "docx"}
    assert settings["format"]["html"]["html-math-method"] == "mathml"
    assert settings["format"]["nd30-typst"]["pdf-standard"] == ["a-2a", "ua-1"]
    assert settings["execute"] == {"enabled": False, "echo": False, "warning": False}
    for name in ("_extensions/nd30/nd30.css", "_extensions/nd30/reference.docx"):
        assert (project.root / name).stat().st_size > 1000
    for style in ("Regular", "Bold", "Italic", "BoldItalic"):
        assert (project.root / f"_extensions/nd30/fonts/Tinos-{style}.ttf").exists()


def test_quarto_finds_nothing_to_add_to_the_list_of_ignored_files(project: Project) -> None:
    """It adds lines that it misses, word for word, and the work tree would be a changed one."""
    ignored = (project.root / ".gitignore").read_text("utf-8").splitlines()
    assert {"/.quarto/", "**/*.quarto_ipynb"} <= set(ignored)


def test_chapters_are_vietnamese_and_nfc(project: Project) -> None:
    for path in [project.root / "index.qmd", *sorted((project.root / "chapters").glob("*.qmd"))]:
        text = path.read_text("utf-8")
        assert unicodedata.is_normalized("NFC", text), path.name
        assert not re.search(r"\b(the|and|of|with|for|page|table|figure)\b", text), path.name


def test_the_method_explains_every_verdict_by_its_name(project: Project) -> None:
    words = project.root / "src" / "treem" / "display" / "texts" / "words.yml"
    names = yaml.safe_load(words.read_text("utf-8"))["verdict"].values()
    method = (project.root / "chapters" / "phuong-phap.qmd").read_text("utf-8")
    table = [line.split("|")[1].strip() for line in method.splitlines() if line.startswith("| ")]
    explained = {name.strip() for cell in table for name in (cell, *cell.split(","))}
    assert set(names) <= explained


# --- the real one, where there is one ----------------------------------------------------------

QUARTO = os.environ.get("QUARTO_PATH") or shutil.which("quarto")
needs_quarto = pytest.mark.skipif(
    not QUARTO, reason="không có Quarto trong QUARTO_PATH hoặc PATH: chỉ thử với bản giả"
)


@pytest.fixture
def small_book(project_copy: Project) -> Project:
    """The real front, method chapter and closing, with one more chapter and two appendices."""
    chapters = project_copy.root / "chapters"
    (chapters / "ket-qua.qmd").write_text(
        "# Kết quả {#sec-kq}\n\nXem @tbl-a, @tbl-b, @sec-pl và @sec-phuong-phap.\n\n"
        "|A|B|\n|:--|--:|\n|1|2|\n\n: Tên bảng {#tbl-a}\n\n"
        "## Số liệu đã sửa {#sec-da-sua}\n\nKhông có số nào.\n",
        "utf-8",
    )
    (chapters / "phu-luc.qmd").write_text(
        "# Bảng ngang {#sec-pl}\n\n::: {.landscape}\n\n|A|B|\n|:--|--:|\n|1|2|\n\n"
        ": Tên bảng {#tbl-b}\n\n:::\n",
        "utf-8",
    )
    (chapters / "phu-luc-2.qmd").write_text("# Phụ chú {#sec-pl2}\n\nHết.\n", "utf-8")
    book = Book(
        ("index.qmd", Part("Phần thứ nhất. Số liệu", ("chapters/phuong-phap.qmd",)),
         Part("Phần thứ hai. Kết quả", ("chapters/ket-qua.qmd",))),
        ("chapters/phu-luc.qmd", "chapters/phu-luc-2.qmd"),
    )  # fmt: skip
    write_profile(project_copy, load_edition(project_copy, "demo-2024"), book)
    return project_copy


@pytest.mark.parametrize(
    "publisher",
    [pytest.param(render, id="quarto", marks=needs_quarto), pytest.param(embedded, id="embedded")],
)
@pytest.mark.build
def test_the_small_book_has_its_three_forms(
    small_book: Project, publisher: Callable[[Project, Edition, Path], object]
) -> None:
    """By the embedded publisher everywhere, so that the book stays one that Quarto can make."""
    import docx
    import pypdf

    out = small_book.root / "out"
    publisher(small_book, load_edition(small_book, "demo-2024"), out)
    page = (out / "chapters" / "ket-qua.html").read_text("utf-8")
    for words in ("PL1.1", "Mục\u00a0I", "Phụ lục I", "treem-notice", "nd30-skip"):
        assert words in page
    pdf = pypdf.PdfReader(out / "bao-cao-demo-2024.pdf")
    text = "\n".join(sheet.extract_text() for sheet in pdf.pages)
    for words in ("Bảng PL1.1", "Mục I", "KẾT QUẢ", "Phụ lục II", "Nơi nhận:"):
        assert words in text
    document = docx.Document(str(out / "bao-cao-demo-2024.docx"))
    words = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "II. Kết quả" in words and "Bảng\u00a0PL1.1. Tên bảng" in words
    assert [section.orientation for section in document.sections] == [0, 1, 0]


@needs_quarto
@pytest.mark.build
def test_the_real_quarto_stops_on_an_unresolved_reference(small_book: Project) -> None:
    chapter = small_book.root / "chapters" / "phu-luc-2.qmd"
    chapter.write_text(chapter.read_text("utf-8") + "\nXem @tbl-khong-co.\n", "utf-8")
    with pytest.raises(PublishError, match="@tbl-khong-co"):
        render(small_book, load_edition(small_book, "demo-2024"), small_book.root / "out")


def test_the_last_step_says_what_it_needs_where_treem_is_missing(project: Project) -> None:
    script = project.root / "_extensions" / "nd30" / "after.py"
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(script)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "QUARTO_PYTHON" in done.stderr
