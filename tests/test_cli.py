"""The commands as a person types them: exit codes, streams, Vietnamese throughout."""

from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from treem.cli import main

Treem = Callable[..., "subprocess.CompletedProcess[str]"]
ENGLISH = re.compile(
    r"\b(usage|options|positional|arguments?|required|invalid|choose|choice|error|expected|the)\b"
)


def test_help_is_fast_and_vietnamese(treem: Treem) -> None:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        done = treem("--help")
        times.append(time.perf_counter() - start)
    assert done.returncode == 0
    assert "cách dùng: treem" in done.stdout
    assert not ENGLISH.search(done.stdout)
    assert min(times) < 0.3


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom treem.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'pandas', 'numpy', 'matplotlib', 'papermill', 'great_expectations', 'openpyxl',"
        " 'yaml', 'typst', 'pypandoc', 'docx'} & set(sys.modules)\n"
        "print(sorted(heavy), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "thiếu tham số: LỆNH"),
        (["bao-cao"], "không có lựa chọn 'bao-cao'"),
        (["report"], "thiếu tham số: KỲ"),
        (["report", "demo-2024", "--jobs", "0"], "cần số nguyên từ 1 trở lên"),
        (["report", "demo-2024", "--jobs", "hai"], "cần số nguyên từ 1 trở lên"),
        (["report", "demo-2024", "--jobs"], "cần một giá trị đi kèm"),
        (["report", "demo-2024", "--publisher", "word"], "không có lựa chọn 'word'"),
        (["report", "demo-2024", "--faster"], "không hiểu: --faster"),
        (["report", "demo-2024", "--json=yes"], "không nhận giá trị 'yes'"),
        (["assess", "CT01", "nay", "77"], "cần số nguyên"),
        (["report", "demo-2099"], "Không có kỳ báo cáo “demo-2099”"),
        (["report", "demo-2024", "--project", "khong-co"], "Không có thư mục khong-co"),
    ],
)
def test_wrong_use_is_said_in_vietnamese(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""
    assert not ENGLISH.search(said.err)


def test_outside_a_project_it_says_how_to_name_one(treem: Treem, tmp_path: Path) -> None:
    done = treem("check", "demo-2024", cwd=tmp_path)
    assert done.returncode == 2
    assert "--project" in done.stderr


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "Đĩa đầy"),
        (errno.EROFS, "Không có quyền"),
        (errno.EACCES, "Không có quyền"),
        (errno.EIO, "Máy báo lỗi"),
    ],
)
def test_a_fault_of_the_machine_is_exit_code_3(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, "x", "reports/demo-2024")

    monkeypatch.setattr("treem.pipeline.report_edition", fail)
    assert main(["report", "demo-2024"]) == 3
    said = capsys.readouterr().err
    assert words in said
    assert "reports/demo-2024" in said


def test_an_error_of_our_own_is_exit_code_3_without_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("treem.collection.check_edition", fail)
    monkeypatch.delenv("TREEM_DEBUG", raising=False)
    assert main(["check", "demo-2024"]) == 3
    said = capsys.readouterr().err
    assert "Lỗi của chương trình (KeyError" in said
    assert "Traceback" not in said


def test_an_answer_for_programs_is_json_alone_on_stdout(treem: Treem) -> None:
    done = treem("assess", "CT03.2", "2023", "12,1", "--json")
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    assert answer["verdicts"] == {"2025": "ON_TRACK", "2030": "ON_TRACK"}


def test_a_closed_pipe_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m treem plan table | head -n 1",
        shell=True,
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
