"""Waivers let a named finding pass, stay in sight, end by themselves, and hide nothing else."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import replace

import pytest

from test_quality import AREAS, REGISTER, change, clean_rows
from tiny_province import ROOT, observed, table, tiny_edition
from treem.errors import UsageError
from treem.intake.findings import find, findings_table
from treem.intake.observations import records
from treem.project import Project
from treem.quality import check_received, waivers_of

GOOD = {
    "id": "MT-1",
    "edition": "demo-2024",
    "rule": "births_differ",
    "area": "901",
    "year": 2024,
    "measure": "CT03.3",
    "reason": "Đã đối chiếu sổ sinh.",
    "who": "Nguyễn Thị Mai",
    "role": "Phó Giám đốc",
    "until": dt.date(2025, 6, 30),
}
# The tiny edition bears the name of an edition that is there.
EDITION = replace(tiny_edition(), name="demo-2024")


@pytest.fixture
def keep(tmp_path):
    """Return a function that writes waivers into a project and returns the project."""
    import yaml

    for name in ("expectations", "params"):
        shutil.copytree(ROOT / name, tmp_path / name)

    def write(*entries, text=None):
        path = tmp_path / "params" / "intake" / "waivers.yml"
        path.write_text(text or yaml.safe_dump(list(entries), allow_unicode=True), "utf-8")
        return Project(tmp_path)

    return write


def births_wrong():
    return change(clean_rows(), "901", 2024, "CT03.3", "denominator", value="499", raw="499")


def run(project, rows, found=()):
    intake = findings_table("demo-2024", found)
    checked = check_received(project, EDITION, REGISTER, AREAS, table(rows), intake)
    ignored = {"row_missing", "nothing_received"}
    findings = [one for one in records(checked.findings) if one["rule"] not in ignored]
    unused = [row for row in records(checked.observations) if row["used"] == "false"]
    return findings, {(row["measure"], row["part"]) for row in unused}


def test_a_waived_value_stays_in_use_and_its_finding_in_sight(keep):
    findings, unused = run(keep(GOOD), births_wrong())
    waivers = {(one["rule"], one["measure"]): one["waiver"] for one in findings}
    assert waivers == {("births_differ", "CT03.1"): "", ("births_differ", "CT03.3"): "MT-1"}
    assert unused == {("CT03.1", "denominator")}


def test_a_finding_can_be_waived_by_its_id(keep):
    found, _ = run(keep(), births_wrong())
    chosen = next(one for one in found if one["measure"] == "CT03.1")
    place = {key: GOOD[key] for key in ("id", "edition", "reason", "who", "role", "until")}
    findings, unused = run(keep({**place, "finding": chosen["finding_id"]}), births_wrong())
    assert [one["measure"] for one in findings if one["waiver"] == "MT-1"] == ["CT03.1"]
    assert unused == {("CT03.3", "denominator")}


def test_a_waiver_past_its_date_does_not_hold_and_says_so(keep):
    ended = {**GOOD, "until": dt.date(2024, 12, 30)}  # the edition is as of 31 December 2024
    findings, unused = run(keep(ended), births_wrong())
    assert ("CT03.3", "denominator") in unused
    said = next(one for one in findings if one["rule"] == "waiver_expired")
    assert "30/12/2024" in said["message"] and said["raw"] == "MT-1"
    last_day = {**GOOD, "until": dt.date(2024, 12, 31)}
    assert run(keep(last_day), births_wrong())[1] == {("CT03.1", "denominator")}


def test_a_waiver_that_matches_nothing_is_named(keep):
    elsewhere = {**GOOD, "id": "MT-2", "edition": "demo-2025"}
    findings, unused = run(keep(GOOD, elsewhere), clean_rows())
    assert [(one["rule"], one["severity"], one["raw"]) for one in findings] == [
        ("waiver_unused", "info", "MT-1")
    ]
    assert unused == set()
    other_cell = {**GOOD, "cell": "F9"}
    assert len(run(keep(other_cell), births_wrong())[1]) == 2


def test_a_value_left_out_by_reading_comes_back_and_is_checked(keep):
    again = observed("901", 2024, "CT13", "numerator", "4", used="false", cell="F9")
    place = {"file": again.file, "sheet": again.sheet, "cell": "F9", "area_code": "901"}
    found = [find("duplicate_row", year="2024", measure="CT13", **place)]
    rows = change(clean_rows(), "901", 2024, "CT13", "numerator", used="false")
    rows.append(replace(again, observation_id="again"))
    waiver = {**GOOD, "rule": "duplicate_row", "measure": "CT13", "cell": "F9"}
    findings, unused = run(keep(waiver), rows, found)
    assert [(one["rule"], one["waiver"]) for one in findings] == [("duplicate_row", "MT-1")]
    assert unused == {("CT13", "numerator")}  # the other of the two
    text = replace(rows[-1], value="", raw="bốn")
    assert len([r for r in rows if r.used == "false"]) == 2
    assert run(keep(waiver), [*rows[:-1], text], found)[1] == {("CT13", "numerator")}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reson": "x"}, "không có khóa nào tên “reson”. Có phải ý bạn là “reason”"),
        ({"who": ""}, "thiếu khóa who"),
        ({"rule": None}, "thiếu khóa rule"),
        ({"rule": "birth_differ"}, "Có phải ý bạn là “births_differ”"),
        ({"rule": "columns"}, "không được miễn trừ"),
        ({"rule": "waiver_expired"}, "không được miễn trừ"),
        ({"rule": "check_failed"}, "không được miễn trừ"),
        ({"edition": "demo-2042"}, "khóa “edition” ghi “demo-2042”"),
        ({"until": "mai"}, "cần ngày dạng 2025-06-30"),
        ({"area": 901}, "Hãy đặt trong dấu ngoặc kép"),
        ({"finding": "F-1"}, "đã ghi finding thì không ghi rule"),
    ],
)
def test_a_wrong_waiver_is_refused_with_a_hint(keep, changes, words):
    with pytest.raises(UsageError, match=words) as caught:
        waivers_of(keep({**GOOD, **changes}), EDITION)
    assert caught.value.exit_code == 2 and "params/intake/waivers.yml" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id: MT-1", "cần một danh sách"),
        ("- [", "sai cú pháp YAML"),
        ("- MT-1", "cần các khóa id, edition"),
    ],
)
def test_a_file_that_is_no_list_of_waivers_is_refused(keep, text, words):
    with pytest.raises(UsageError, match=words):
        waivers_of(keep(text=text), EDITION)


def test_an_id_stands_once(keep):
    with pytest.raises(UsageError, match="dùng hai lần"):
        waivers_of(keep(GOOD, {**GOOD, "year": 2023}), EDITION)


def test_a_fault_of_our_own_cannot_be_waived_by_its_id(keep):
    rows = change(clean_rows(), "901", 2024, "CT01", "numerator", mark="?")
    found, _ = run(keep(), rows)
    ours = next(one for one in found if one["severity"] == "run")
    place = {key: GOOD[key] for key in ("id", "edition", "reason", "who", "role", "until")}
    with pytest.raises(UsageError, match="không được miễn trừ"):
        run(keep({**place, "finding": ours["finding_id"]}), rows)


def test_the_waivers_of_the_project_are_read_and_a_missing_file_is_none(tmp_path):
    assert waivers_of(Project(ROOT), EDITION).kept == ()
    shutil.copytree(ROOT / "expectations", tmp_path / "expectations")
    assert waivers_of(Project(tmp_path), EDITION).kept == ()
