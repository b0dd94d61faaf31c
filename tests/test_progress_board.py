from __future__ import annotations

import io
from pathlib import PurePosixPath

from treem.notebooks.matrix import Unit
from treem.notebooks.progress import Board, Progress, progress_for


def _units() -> list[Unit]:
    areas = [
        Unit(f"{code}-{year}", "district", PurePosixPath(f"{code}-{year}.ipynb"), {"year": year})
        for year in (2023, 2024)
        for code in ("256", "258", "259")
    ]
    return [*areas, Unit("overview", "overview", PurePosixPath("overview.ipynb"), {})]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_plain_lines_count_what_ended_and_repeat_warnings() -> None:
    said: list[str] = []
    progress = progress_for(_units(), 2, said.append, io.StringIO())
    assert type(progress) is Progress
    progress.reused(["256-2023", "258-2023"])
    progress.started("overview")
    progress.ended("overview", ["chú ý"])
    progress.ended("259-2023", failed=True)
    assert said == [
        "2/7 sổ tính không có gì đổi, dùng lại bản trước.",
        "[3/7] sổ tính overview: xong; còn 4 sổ tính",  # two at a time: too early for a guess
        "  overview cảnh báo: chú ý",
        "[4/7] sổ tính 259-2023: LỖI; còn 3 sổ tính, khoảng 1 giây",
    ]


def test_time_to_go_is_told_once_enough_has_run() -> None:
    progress = Progress(_units(), 1, lambda line: None)
    assert progress.left == "còn 7 sổ tính"
    progress._start -= 30
    progress.ended("overview")
    # one took 30 seconds, six are left
    assert progress.left in ("còn 6 sổ tính, khoảng 3 phút", "còn 6 sổ tính, khoảng 4 phút")
    for unit in _units():
        progress.ended(unit.name)
    assert progress.left == "xong 7 sổ tính"


def test_the_board_has_a_line_a_year_and_says_what_runs() -> None:
    terminal = _Terminal()
    progress = progress_for(_units(), 2, lambda line: None, terminal)
    assert isinstance(progress, Board)
    progress.reused(["256-2023"])
    progress.started("258-2023")
    progress.ended("259-2023", failed=True)
    years, other, meaning, left = (
        progress.lines()[:2],
        progress.lines()[2],
        progress.lines()[3],
        progress.lines()[4],
    )
    assert years == ["2023  =▸✗ 2/3", "2024  ··· 0/3"]
    assert other == "khác  · 0/1"
    assert "✗ lỗi" in meaning
    assert left.endswith("đang chạy: 258-2023")
    progress.close()
    drawn = terminal.getvalue()
    # what was drawn before is wiped: five lines up, and all that is left is the last state
    assert "\x1b[5F" in drawn and drawn.rstrip().endswith("đang chạy: 258-2023")


def test_a_unit_that_runs_again_waits_again_and_what_is_said_stands_above_the_board() -> None:
    terminal = _Terminal()
    board = Board(_units(), 2, lambda line: terminal.write(f"{line}\n"), terminal)
    board.started("256-2023")
    board.again("256-2023", "mất worker, chạy lại")
    assert board.marks["256-2023"] == "·"
    before, _, after = terminal.getvalue().partition("mất worker, chạy lại\n")
    # the board that was there is wiped first, and drawn again below
    assert before.endswith("\x1b[5F")
    assert after.startswith("2023  ··· 0/3\n")


def test_a_board_of_many_areas_fits_the_terminal_and_hides_no_failure() -> None:
    units = [
        Unit(f"a{number}", "t", PurePosixPath(f"{number}.ipynb"), {"year": 2025})
        for number in range(3321)
    ]
    board = Board(units, 2, lambda line: None, _Terminal(), width=60)
    for unit in units:
        board.marks[unit.name] = "✓"
    board.marks["a1700"] = "✗"
    line = board.lines()[0]
    assert len(line) <= 60
    assert line.count("✗") == 1 and line.endswith(" 3321/3321")
