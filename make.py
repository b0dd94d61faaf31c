"""The commands of the Makefile, for every machine that has Python: `python make.py report`.

Sets up `.venv/` from the lock files (with hashes) when they changed, then does the work. Uses the
standard library only, because nothing else is there before the first run.

    report   set up and build every edition in params/
    test     set up and run every test
    check    formatting, lint, types, stripped notebooks, then every test
    bench    the slow measurements
    lab      JupyterLab on the notebooks
    lock     rewrite the lock files from pyproject.toml
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
SCRIPTS = "Scripts" if os.name == "nt" else "bin"
BIN = VENV / SCRIPTS
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
LOCKS = {
    "run": ["requirements.lock"],
    "dev": ["requirements.lock", "requirements-dev.lock"],
}
QUARTO = "quarto-cli==1.10.19"
QUARTO_SECONDS = 60


def main(target: str) -> int:
    """Run one target and return its exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs before anything is checked
        print(f"Cần Python 3.11 trở lên; máy đang có {sys.version.split()[0]}.", file=sys.stderr)
        return 2
    targets = {
        "report": report,
        "test": test,
        "check": check,
        "bench": bench,
        "lab": lab,
        "lock": lock,
    }
    if target not in targets:
        print(f"Không có lệnh “{target}”. Các lệnh: {', '.join(targets)}.", file=sys.stderr)
        return 2
    try:
        return targets[target]()
    except subprocess.CalledProcessError as error:
        command = " ".join(str(part) for part in error.cmd[:6])
        print(f"Bước chuẩn bị không thành công: {command} …", file=sys.stderr)
        return 3


def report() -> int:
    """Build every edition in params/."""
    set_up("run")
    try_quarto()
    for path in sorted((ROOT / "params").glob("*.yml")):
        code = run(PYTHON, "-m", "treem", "report", path.stem)
        if code:
            return code
    return 0


def test() -> int:
    """Run every test."""
    set_up("dev")
    return run(PYTHON, "-m", "pytest", "-n", "2", "--dist", "loadgroup")


def check() -> int:
    """Check formatting, lint and types first, because they answer quickly; then every test."""
    set_up("dev")
    for command in (
        ["-m", "ruff", "format", "--check", "src", "tests", "benchmarks", "make.py"],
        ["-m", "ruff", "check", "src", "tests", "benchmarks", "make.py"],
        ["-m", "mypy"],
    ):
        code = run(PYTHON, *command)
        if code:
            return code
    return test()


def bench() -> int:
    """Run the slow measurements, those of others beside ours."""
    set_up("dev")
    if set_up_beside("bench") is None:
        print("Không cài được nbconvert và Snakemake: sẽ đo không có chúng.", flush=True)
    return run(PYTHON, "-m", "pytest", "benchmarks", "-s", "-q", "-p", "no:cacheprovider")


def lab() -> int:
    """Open JupyterLab on the notebooks; beside `.venv/`, whose every process it would slow down."""
    set_up("run")
    programs = set_up_beside("lab")
    if programs is None:
        print("Không cài được JupyterLab theo requirements-lab.lock.", file=sys.stderr)
        return 3
    return run(programs / PYTHON.name, "-m", "jupyterlab", "notebooks")


def lock() -> int:
    """Rewrite the lock files: versions and hashes only, never where packages come from."""
    uv = shutil.which("uv")
    if uv is None:
        print("Cần có uv để khóa phiên bản: python -m pip install uv.", file=sys.stderr)
        return 3
    common = [uv, "pip", "compile", "--universal", "--generate-hashes", "--no-header"]
    common += ["--no-annotate", "--python-version", "3.11", "--upgrade", "--quiet"]
    subprocess.run(
        [*common, "--extra", "build", "pyproject.toml", "-o", "requirements.lock"],
        cwd=ROOT,
        check=True,
    )
    names = [
        line.split("==")[0].split("[")[0]
        for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines()
        if "==" in line and not line.startswith((" ", "#"))
    ]
    without = [part for name in sorted(set(names)) for part in ("--no-emit-package", name)]
    known = ["-c", "requirements.lock"]
    for extra in ("dask", "dev", "lab", "bench"):
        subprocess.run(
            [*common, "--extra", extra, *known, *without]
            + ["pyproject.toml", "-o", f"requirements-{extra}.lock"],
            cwd=ROOT,
            check=True,
        )
        if extra == "dask":  # the others may be installed beside it
            known += ["-c", "requirements-dask.lock"]
    return 0


def set_up(kind: str) -> None:
    """Create `.venv/` and install the locked packages, unless that was done for these locks."""
    locks = LOCKS[kind]
    stamp = VENV / f"ready-{kind}"
    wanted = hashlib.sha256(
        b"".join((ROOT / name).read_bytes() for name in [*locks, "pyproject.toml"])
    ).hexdigest()
    if stamp.exists() and stamp.read_text("ascii") == wanted and PYTHON.exists():
        return
    print("Chuẩn bị môi trường .venv (lần đầu mất vài phút) …", flush=True)
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True, clear=VENV.exists())
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    requirements = [part for name in locks for part in ("-r", name)]
    subprocess.run([*pip, "--require-hashes", *requirements], cwd=ROOT, check=True)
    subprocess.run(
        [*pip, "--no-deps", "--no-build-isolation", "--editable", "."], cwd=ROOT, check=True
    )
    stamp.write_text(wanted, "ascii")


def set_up_beside(kind: str) -> Path | None:
    """Make `.venv-<kind>/`, which sees the packages of `.venv/` and has its own lock on top.

    What stands there never slows down what runs in `.venv/`. Returns the folder of its programs,
    None where it cannot be made.
    """
    folder, lock = ROOT / f".venv-{kind}", f"requirements-{kind}.lock"
    stamp = folder / "ready"
    wanted = hashlib.sha256(
        b"".join((ROOT / name).read_bytes() for name in [*LOCKS["run"], lock])
    ).hexdigest()
    if stamp.exists() and stamp.read_text("ascii") == wanted:
        return folder / SCRIPTS
    print(f"Chuẩn bị {folder.name} (lần đầu) …", flush=True)
    try:
        venv.create(folder, with_pip=False, clear=True)
        python = folder / SCRIPTS / PYTHON.name
        ours, theirs = _site_packages(PYTHON), _site_packages(python)
        sees = f"import site; site.addsitedir({ours!r})\n"
        (Path(theirs) / "treem.pth").write_text(sees, "utf-8")
        subprocess.run(
            [str(PYTHON), "-m", "pip", "--python", str(python), "install", "--quiet"]
            + ["--disable-pip-version-check", "--no-deps", "--require-hashes", "-r", lock],
            cwd=ROOT,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    stamp.write_text(wanted, "ascii")
    return folder / SCRIPTS


def _site_packages(python: Path) -> str:
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def try_quarto() -> None:
    """Try Quarto's own package once, quickly; without it the embedded publisher does the work.

    The package fetches Quarto when it is installed, so it fails where that place is not reached.
    """
    tried = VENV / "quarto-tried"
    if (
        tried.exists()
        or os.environ.get("QUARTO_PATH")
        or shutil.which("quarto", path=search_path())
    ):
        return
    try:
        done = subprocess.run(
            [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            + ["--no-deps", "--retries", "0", "--timeout", "10", QUARTO],
            cwd=ROOT,
            capture_output=True,
            timeout=QUARTO_SECONDS,
            check=False,
        )
        found = done.returncode == 0
    except subprocess.TimeoutExpired:
        found = False
    tried.write_text("yes" if found else "no", "ascii")
    if not found:
        print("Không tải được Quarto: bộ xuất bản đi kèm sẽ làm báo cáo.", flush=True)


def search_path() -> str:
    """Return PATH with the environment's own programs first."""
    return os.pathsep.join([str(BIN), os.environ.get("PATH", "")])


def run(*command: str | Path) -> int:
    """Run a command in the project with the environment's programs first on PATH."""
    environment = {**os.environ, "PATH": search_path()}
    return subprocess.run([str(part) for part in command], cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) == 2 else ""))
