"""Programs that are run: what they say comes back, and none of them outlives who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from treem.programs import run

SAYS = (
    "import sys; sys.stdout.write(sys.stdin.read().upper()); sys.stderr.write('err'); sys.exit(3)"
)
PARENT = """
import sys
from treem.programs import run
child = (
    "import os, subprocess, sys, time\\n"
    "pids = [os.getpid()]\\n"
    "for _ in sys.argv[2:]:\\n"
    "    more = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\\n"
    "    pids.append(more.pid)\\n"
    "print(*pids, file=open(sys.argv[1] + '.part', 'w'), flush=True)\\n"
    "os.rename(sys.argv[1] + '.part', sys.argv[1])\\n"
    "time.sleep(60)\\n"
)
run([sys.executable, "-c", child, *sys.argv[1:]], starts_others=len(sys.argv) > 2)
"""


def test_input_output_errors_and_code() -> None:
    command = [sys.executable, "-c", SAYS]
    assert run(command, b"abc") == (3, b"ABC", b"err")
    assert run(command, b"", together=True) == (3, b"err", b"")
    assert run([sys.executable, "-c", "print(input())"])[0] == 1  # there is no input to wait for


def test_a_program_that_is_not_there_is_an_error_of_the_machine() -> None:
    with pytest.raises(FileNotFoundError):
        run(["/nowhere/pandoc"])


@pytest.mark.skipif(os.name != "posix", reason="signals of Unix")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("group", [True, False])
@pytest.mark.parametrize("others", [[], ["one"]])
def test_no_program_outlives_who_started_it(
    how: int, group: bool, others: list[str], tmp_path: Path
) -> None:
    said = tmp_path / "pids"
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(said), *others],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as parent:
        _wait_for(said.is_file)
        pids = [int(pid) for pid in said.read_text().split()]
        assert all(map(_runs, pids))
        (os.killpg if group else os.kill)(parent.pid, how)
    _wait_for(lambda: not any(map(_runs, pids)))


def _runs(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has taken note of does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _wait_for(holds: object, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)
