"""Lists that must agree: the two environments, the locks, the commands and their manual."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from treem.cli import _parser

ROOT = Path(__file__).resolve().parent.parent


def _pyproject() -> dict[str, list[str]]:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return {"run": data["dependencies"], **data["optional-dependencies"]}


def _name(requirement: str) -> str:
    return re.split(r"[<>=!~ \[;]", requirement)[0].lower().replace("_", "-")


def _locked(text: str) -> list[str]:
    pattern = r"^([\w.-]+)==\S+.*\\\n(?:    --hash=sha256:[0-9a-f]{64}.*\n?)+"
    return re.findall(pattern, text, re.M)


def test_conda_asks_for_the_same_versions_as_pip() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
    flat = [entry for entry in conda if isinstance(entry, str)]
    flat += [entry for group in conda if isinstance(group, dict) for entry in group["pip"]]
    wanted = {entry for name in ("run", "build", "dask", "lab") for entry in _pyproject()[name]}
    extra = {"python>=3.11", "pip", "quarto>=1.9", "--no-deps --editable ."}
    assert set(flat) == wanted | extra


@pytest.mark.parametrize(
    ("lock", "extra"),
    [
        ("requirements.lock", "run"),
        ("requirements.lock", "build"),
        ("requirements-dev.lock", "dev"),
        ("requirements-lab.lock", "lab"),
        ("requirements-dask.lock", "dask"),
        ("requirements-bench.lock", "bench"),
    ],
)
def test_every_dependency_is_locked_with_hashes(lock: str, extra: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    locked = _locked(text)
    # the other locks hold only what they add to that of the runner
    known = {*locked, *_locked((ROOT / "requirements.lock").read_text("utf-8"))}
    assert {_name(requirement) for requirement in _pyproject()[extra]} <= {*map(_name, known)}
    assert len(locked) == len(re.findall("^[^ #\n]", text, re.M))
    assert "://" not in text


def _pins(lock: str) -> dict[str, set[str]]:
    pins: dict[str, set[str]] = {}
    for line in _locked_lines(lock):
        name, version = line.split("==")
        pins.setdefault(name, set()).add(version)
    return pins


def _locked_lines(lock: str) -> list[str]:
    return re.findall(r"^[\w.-]+==[^ \\]+", (ROOT / lock).read_text("utf-8"), re.M)


@pytest.mark.parametrize("lock", ["requirements-dev.lock", "requirements-lab.lock"])
def test_what_a_cluster_needs_can_be_installed_beside_the_rest(lock: str) -> None:
    cluster, other = _pins("requirements-dask.lock"), _pins(lock)
    assert len(cluster) > 5
    assert {name: other[name] for name in cluster if name in other} == {
        name: cluster[name] for name in cluster if name in other
    }


def test_the_runner_does_without_the_jupyter_server() -> None:
    assert "jupyterlab" not in (ROOT / "requirements.lock").read_text("utf-8")
    assert "jupyter-server" not in (ROOT / "requirements.lock").read_text("utf-8")


def _commands() -> list[str]:
    found: list[str] = []

    def walk(parser: object, prefix: str) -> None:
        for action in parser._actions:  # type: ignore[attr-defined]
            for name, child in (
                (getattr(action, "choices", None) or {}).items()
                if isinstance(getattr(action, "choices", None), dict)
                else ()
            ):
                walk(child, f"{prefix} {name}")
                if "command" in child._defaults:
                    found.append(f"{prefix} {name}".strip())

    walk(_parser(), "")
    return found


@pytest.mark.parametrize("manual", ["README.md", "README.vi.md"])
def test_every_command_stands_in_the_manual(manual: str) -> None:
    text = (ROOT / manual).read_text("utf-8")
    missing = [command for command in _commands() if f"treem {command}" not in text]
    assert missing == []


def test_the_makefile_and_make_py_know_the_same_targets() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert phony is not None
    text = (ROOT / "make.py").read_text("utf-8")
    targets = re.findall(r'^        "(\w+)": \w+,$', text, re.M)
    assert set(phony[1].split()) == set(targets)
