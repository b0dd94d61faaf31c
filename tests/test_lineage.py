from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from treem.audit.lineage import (
    Figure,
    FigureBook,
    figure_id,
    merge_figures,
    read_figures,
    write_figures,
)
from treem.errors import NotebookError

FIGURE = Figure(
    figure="CT03.2-27-v",
    edition="thu",
    measure="CT03.2",
    geography="old-27",
    area_code="27",
    year=2024,
    part="v",
    exact="9.97",
    display="9,97",
    unit="‰",
    decimals=2,
    operation="divide",
)


@pytest.mark.parametrize(
    ("geography", "area", "year", "expected"),
    [
        ("old-27", "27", 2024, "CT03.2-27-v"),
        ("old-27", "256", 2022, "CT03.2-256-2022-v"),
        ("new-24", "24", 2024, "CT03.2-n24-v"),
        ("old-27", "vn", None, "CT03.2-vn-v"),
        ("new-24", "vn", None, "CT03.2-vn-v"),
    ],
)
def test_an_id_is_short_and_names_the_geography_where_codes_repeat(
    geography: str, area: str, year: int | None, expected: str
) -> None:
    assert figure_id("CT03.2", geography, area, year, "v", 2024) == expected


def test_one_call_returns_the_text_and_records_the_figure() -> None:
    book = FigureBook()
    printed = book.add(FIGURE)
    assert str(printed) == "9,97"
    assert printed.html == '<span class="fig" data-fig="CT03.2-27-v">9,97</span>'
    assert printed.markdown == '[9,97]{.fig data-fig="CT03.2-27-v"}'
    assert [record["figure"] for record in book.drain()] == ["CT03.2-27-v"]
    assert book.drain() == []


def test_text_that_html_or_markdown_would_take_for_markup_is_escaped() -> None:
    printed = FigureBook().add(replace(FIGURE, display="<5 *nông thôn*"))
    assert "&lt;5 *nông thôn*" in printed.html
    assert r"\<5 \*nông thôn\*" in printed.markdown


def test_the_same_figure_printed_in_two_cells_is_handed_over_with_both() -> None:
    book = FigureBook()
    book.add(FIGURE)
    book.drain()
    book.add(FIGURE)
    assert len(book.drain()) == 1


def test_an_id_that_stands_for_two_numbers_stops_the_notebook() -> None:
    book = FigureBook()
    book.add(FIGURE)
    with pytest.raises(NotebookError, match=r"CT03\.2-27-v.*display: '9,97' và '10,0'"):
        book.add(replace(FIGURE, display="10,0"))


def _placed(notebook: str, cell: str, **changes: object) -> dict[str, object]:
    record = {**FIGURE.record(), **changes}
    return {**record, "notebook": notebook, "cell": cell, "parameters": {}}


def test_merging_keeps_the_first_place_as_home_and_sorts_by_id() -> None:
    merged = merge_figures(
        [
            _placed("b.ipynb", "x"),
            _placed("a.ipynb", "y"),
            _placed("a.ipynb", "y"),
            _placed("a.ipynb", "y", figure="CT01-27-v"),
        ]
    )
    assert [one["figure"] for one in merged] == ["CT01-27-v", "CT03.2-27-v"]
    assert (merged[1]["notebook"], merged[1]["also"]) == (
        "b.ipynb",
        [{"notebook": "a.ipynb", "cell": "y"}],
    )


def test_two_notebooks_that_disagree_on_a_figure_are_both_named() -> None:
    placed = [_placed("a.ipynb", "x"), _placed("b.ipynb", "y", exact="10")]
    with pytest.raises(NotebookError, match=r"exact.*a\.ipynb \(ô x\), b\.ipynb \(ô y\)"):
        merge_figures(placed)


def test_the_file_of_figures_has_one_object_a_line_that_begins_with_the_id(tmp_path: Path) -> None:
    path = tmp_path / "figures.jsonl"
    write_figures(path, merge_figures([_placed("a.ipynb", "x")]))
    assert path.read_text("utf-8").startswith('{"figure": "CT03.2-27-v", ')
    (record,) = read_figures(path)
    assert record == json.loads(path.read_text("utf-8"))
    assert record["also"] == []
