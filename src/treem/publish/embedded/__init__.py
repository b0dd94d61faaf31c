"""The embedded publisher: the ordinary Quarto project, made with Pandoc and Typst from wheels.

For machines where no Quarto can be installed. It knows the features that README.md lists and
stops with file and line on any other; nothing in the sources is dropped in silence.
"""

from __future__ import annotations

import datetime as dt
import gc
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from treem.edition import Edition
    from treem.project import Project
    from treem.publish.embedded.manuscript import Manuscript

    Writer = Callable[[Manuscript, Path, Path, int], Path]


def render(project: Project, edition: Edition, out: Path) -> list[Path]:
    """Write the book of an edition as HTML, PDF and DOCX into `out`; returns the files, sorted.

    The profile `_quarto-<profile>.yml` and the executed notebooks must be there. The same sources
    give the same bytes. Raises SourceError (file and line) on what this publisher does not know,
    PublishError where Pandoc or Typst fails, OSError where nothing can be written.
    """
    from treem.publish.embedded.html import write_html
    from treem.publish.embedded.manuscript import read_manuscript
    from treem.publish.embedded.pdf import write_pdf
    from treem.publish.embedded.word import write_docx

    epoch = int(dt.datetime.combine(edition.as_of, dt.time(), dt.UTC).timestamp())

    def in_folder(write: Writer) -> Path:
        with tempfile.TemporaryDirectory(prefix="treem-") as folder:
            return write(manuscript, Path(folder), out, epoch)

    with _uncounted_trees(), ThreadPoolExecutor(max_workers=2) as pool:
        manuscript = read_manuscript(project, edition.profile)
        made = [pool.submit(in_folder, write) for write in (write_pdf, write_docx)]
        pages = write_html(manuscript, out)
        return sorted([*pages, *(file.result() for file in made)])


@contextmanager
def _uncounted_trees() -> Iterator[None]:
    """Keep the garbage collector off the trees of the book.

    They are hundreds of thousands of small objects that nothing refers back to: the collector
    would walk them again and again and find nothing to free.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
