"""Finished work that is kept: it comes back exactly, or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import treem.kept
from treem.intake.findings import Finding
from treem.intake.observations import Observation
from treem.intake.readings import Readings
from treem.intake.rows import Origin
from treem.intake.sources import ListedSource
from treem.intake.units import Unit
from treem.kept import Kept, key_of

KEY = key_of("một")


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder with something that took long to make."""
    folder = tmp_path / "made"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "bảng.csv").write_text("số\n1\n", "utf-8")
    (folder / "một.txt").write_bytes(b"\0\r\n")
    (folder / "other.txt").write_text("x", "utf-8")
    return folder


@pytest.fixture
def kept(tmp_path: Path, made: Path) -> Kept:
    store = Kept(tmp_path / "kept")
    store.keep("stage", KEY, {"z": 1, "a": [2]}, made, ["a", "một.txt"])
    return Kept(tmp_path / "kept")


def test_what_was_kept_comes_back_with_the_bytes_and_the_order_of_its_value(
    kept: Kept, tmp_path: Path
) -> None:
    piece = kept.take("stage", KEY, tmp_path / "target")
    assert piece is not None
    assert json.dumps(piece.value) == '{"z": 1, "a": [2]}'
    assert (tmp_path / "target/a/b/bảng.csv").read_text("utf-8") == "số\n1\n"
    assert (tmp_path / "target/một.txt").read_bytes() == b"\0\r\n"
    assert not (tmp_path / "target/other.txt").exists()


def test_another_key_or_stage_gives_nothing(kept: Kept) -> None:
    assert kept.take("stage", key_of("hai")) is None
    assert kept.take("other", KEY) is None
    # the name of a folder is only the beginning of a key
    assert kept.take("stage", KEY[:50] + "0" * 14) is None


def test_what_is_damaged_is_not_taken(kept: Kept, tmp_path: Path) -> None:
    whole = {path: path.read_bytes() for path in (tmp_path / "kept").rglob("*") if path.is_file()}
    assert len(whole) == 3
    for path, data in whole.items():
        for damaged in (b"", data[:-2], data.replace(b"1", b"2") + b" "):
            path.unlink()
            assert kept.take("stage", KEY) is None
            path.write_bytes(damaged)
            assert kept.take("stage", KEY, tmp_path / "target") is None
            assert not (tmp_path / "target").exists()
        path.write_bytes(data)
    assert kept.take("stage", KEY) is not None


def test_a_file_that_is_changed_where_it_was_put_is_not_taken_again(
    kept: Kept, tmp_path: Path
) -> None:
    kept.take("stage", KEY, tmp_path / "target")
    (tmp_path / "target/một.txt").write_bytes(b"changed in place")
    assert (
        kept.take("stage", KEY) is None
        or (tmp_path / "kept/stage" / KEY[:40] / "một.txt").read_bytes() == b"\0\r\n"
    )


def test_where_files_cannot_be_linked_they_are_copied(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(treem.kept.os, "link", refuse)
    store = Kept(tmp_path / "kept")
    store.keep("stage", KEY, None, made, ["a"])
    piece = store.take("stage", KEY, tmp_path / "target")
    assert piece is not None and piece.value is None
    assert (tmp_path / "target/a/b/bảng.csv").read_text("utf-8") == "số\n1\n"


def test_a_full_disk_keeps_nothing_by_halves(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(treem.kept, "_write_entry", full)
    store = Kept(tmp_path / "kept")
    with pytest.raises(OSError, match="No space"):
        store.keep("stage", KEY, None, made, ["a"])
    assert list((tmp_path / "kept/stage").iterdir()) == []


def test_a_forced_build_takes_nothing_and_keeps_anew(
    kept: Kept, made: Path, tmp_path: Path
) -> None:
    forced = Kept(tmp_path / "kept", takes=False)
    assert forced.take("stage", KEY) is None
    forced.keep("stage", KEY, "mới", made, ["a"])
    piece = kept.take("stage", KEY)
    assert piece is not None and piece.value == "mới"


def test_who_only_looks_keeps_nothing(made: Path, tmp_path: Path) -> None:
    Kept(tmp_path / "kept", keeps=False).keep("stage", KEY, 1, made, ["a"])
    assert not (tmp_path / "kept").exists()


def test_only_what_a_build_used_stays_of_its_stages(kept: Kept, made: Path, tmp_path: Path) -> None:
    store = Kept(tmp_path / "kept")
    store.keep("stage", key_of("hai"), 2)
    store.keep("other", key_of("ba"), 3)
    (tmp_path / "kept/stage/.part-0").mkdir()
    later = Kept(tmp_path / "kept")
    assert later.take("stage", KEY) is not None
    later.prune()
    assert [path.name for path in (tmp_path / "kept/stage").iterdir()] == [KEY[:40]]
    assert later.take("other", key_of("ba")) is not None


# --- readings ---------------------------------------------------------------------------------


class _NoAreas:
    """Areas that nobody asks."""


def _origin(**changes: Any) -> Origin:
    source = {"file": "256.xlsx", "sha256": "0" * 64, "size": 1, "sender": "Huyện",
              "unit_code": "256", "year": 2024, "received_date": "2025-01-15",
              "document_number": "1", "supersedes": "", "note": "", "line": 2}  # fmt: skip
    listed = ListedSource(**(source | changes))
    unit = Unit("256", "Huyện", "256", "Huyện", "district")
    return Origin(None, _NoAreas(), unit, listed, "ho-so/2024/256.xlsx")  # type: ignore[arg-type]


TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
ROWS = st.lists(
    st.builds(
        Observation,
        year=st.integers(2021, 2030),
        **{
            name: TEXT
            for name, kind in Observation.__annotations__.items()
            if name != "year" and kind == "str"
        },
    ),
    max_size=3,
)
FINDINGS = st.lists(
    st.builds(Finding, **dict.fromkeys(("rule", "severity", "message", "raw"), TEXT),
              instruction=TEXT),
    max_size=3,
)  # fmt: skip


@given(rows=ROWS, found=FINDINGS)
def test_readings_come_back_exactly(
    rows: list[Observation], found: list[Finding], tmp_path_factory: pytest.TempPathFactory
) -> None:
    readings = Readings(Kept(tmp_path_factory.mktemp("kept")), "chung")
    assert readings.of(_origin(), None, lambda: (rows, found)) == (rows, found)
    assert readings.of(_origin(), None, _refuse) == (rows, found)


def _refuse() -> Any:
    raise AssertionError("read again")


@pytest.mark.parametrize(
    "changes", [{"sha256": "1" * 64}, {"received_date": "2025-01-16"}, {"sender": "Khác"}]
)
def test_a_file_is_read_again_when_it_or_its_row_of_the_record_changed(
    changes: dict[str, str], tmp_path: Path
) -> None:
    readings = Readings(Kept(tmp_path), "chung")
    readings.of(_origin(), None, lambda: ([], []))
    with pytest.raises(AssertionError, match="read again"):
        readings.of(_origin(**changes), None, _refuse)
    with pytest.raises(AssertionError, match="read again"):
        Readings(Kept(tmp_path), "khác").of(_origin(), None, _refuse)
    # a row that was put before it makes no difference
    assert readings.of(_origin(line=3), None, _refuse) == ([], [])


def test_a_file_that_must_not_be_read_is_never_kept(tmp_path: Path) -> None:
    readings = Readings(Kept(tmp_path), "chung")
    for _ in range(2):
        with pytest.raises(AssertionError, match="read again"):
            readings.of(_origin(), None, _refuse)
