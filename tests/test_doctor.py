"""`treem doctor` names what a machine lacks and what to do, and says when a report can be made."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from treem import doctor
from treem.cli import main
from treem.doctor import Check, Diagnosis, diagnose
from treem.project import Project, find_project

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def no_quarto(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUARTO_PATH", raising=False)
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)


def _states(project: Project) -> dict[str, Check]:
    return {check.code: check for check in diagnose(project).checks}


def test_a_machine_without_quarto_can_still_make_a_report(no_quarto: None) -> None:
    checks = _states(find_project(ROOT))
    assert checks["quarto"].state == "slower"
    assert "bộ xuất bản đi kèm" in checks["quarto"].found
    assert {checks[code].state for code in ("python", "fonts", "disk")} == {"ok"}
    assert all(check.state != "missing" for check in checks.values())


def test_missing_fonts_and_packages_stop_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "NEEDED", ("pandas", "goi_khong_co_that"))
    checks = _states(Project(tmp_path))
    assert checks["fonts"].state == "missing"
    assert "goi_khong_co_that" in checks["packages"].found
    assert checks["packages"].state == "missing"


def test_another_version_than_the_locked_one_is_named(tmp_path: Path) -> None:
    text = (
        "pandas==0.0.1 \\\n    --hash=sha256:0\n# ghi chú\nkhong-cai==1.0 \\\n"
        "numpy==0.1 ; python_version < '3' \\\n"
    )
    (tmp_path / "requirements.lock").write_text(text, "utf-8")
    check = _states(Project(tmp_path))["packages"]
    assert check.state == "slower"
    assert "(==0.0.1)" in check.found
    assert "khong-cai - (==1.0)" in check.found
    assert "numpy" not in check.found


def test_a_full_disk_is_missing_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert _states(Project(tmp_path))["disk"].state == "missing"


def test_an_environment_that_imports_slowly_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "SLOWS_EVERY_PROCESS", "pandas")
    check = _states(Project(tmp_path))["environment"]
    assert check.state == "slower"
    assert "JupyterLab" in check.advice


def test_an_environment_with_a_jupyter_server_is_found_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _states(Project(tmp_path))["environment"].state == "ok"
    (tmp_path / "rfc3987_syntax.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    assert _states(Project(tmp_path))["environment"].state == "slower"


@pytest.mark.parametrize(("installed", "said"), [(True, "Dask 2026.1.0."), (False, "chưa cài")])
def test_dask_is_found_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool, said: str
) -> None:
    find = importlib.util.find_spec

    def found(name: str, package: str | None = None) -> Any:
        return (
            find("json" if installed else "no_such_module")
            if name == "distributed"
            else (find(name, package))
        )

    version = importlib.metadata.version
    monkeypatch.setattr("importlib.util.find_spec", found)
    monkeypatch.setattr(
        "importlib.metadata.version",
        lambda name: "2026.1.0" if name == "distributed" else version(name),
    )
    check = _states(Project(tmp_path))["cluster"]
    assert check.state == "ok"
    assert said in check.found


def test_a_machine_that_cannot_fork_is_slower_and_told_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    check = _states(Project(tmp_path))["fork"]
    assert check.state == "slower"
    assert check.advice


def test_the_command_answers_in_words_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--project", str(ROOT)]) == 0
    said = capsys.readouterr().out
    assert said.strip().endswith("Máy này làm được báo cáo.")
    assert main(["doctor", "--project", str(ROOT), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["able"] is True
    assert [check["code"] for check in answer["checks"]][:2] == ["python", "packages"]


def test_what_is_missing_is_exit_code_3(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = Diagnosis((Check("fonts", "missing", "không có tệp .ttf nào."),))
    monkeypatch.setattr(doctor, "diagnose", lambda _: lacking)
    assert main(["doctor", "--project", str(ROOT)]) == 3
    assert "[thiếu] Phông chữ" in capsys.readouterr().out
