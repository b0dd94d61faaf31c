"""The manifest: what it lists, and what it notices."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from treem.audit.manifest import canonical_json, package_intact, tree_sha256, write_manifest


def _package(folder: Path) -> Path:
    (folder / "data").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>Báo cáo</h1>", "utf-8")
    (folder / "data" / "results.csv").write_text("a,b\n", "utf-8")
    return folder


def test_canonical_json_has_one_form() -> None:
    assert canonical_json({"b": [1, True], "a": "trẻ em"}) == '{"a":"trẻ em","b":[1,true]}'


def test_every_file_is_listed_with_size_and_checksum(tmp_path: Path) -> None:
    package = _package(tmp_path / "public")
    content = json.loads(write_manifest(package, {"edition": "x"}, "").read_text("utf-8"))
    listed = {entry["path"]: entry for entry in content["files"]}
    assert list(listed) == ["data/results.csv", "index.html"]
    assert listed["index.html"]["sha256"] == hashlib.sha256("<h1>Báo cáo</h1>".encode()).hexdigest()
    assert listed["index.html"]["size"] == len("<h1>Báo cáo</h1>".encode())
    assert listed["index.html"]["media_type"] == "text/html"


def test_a_missing_changed_or_added_file_is_noticed(tmp_path: Path) -> None:
    package = _package(tmp_path / "public")
    assert not package_intact(package)
    write_manifest(package, {}, "")
    assert package_intact(package)
    (package / "extra.html").write_text("x", "utf-8")
    assert not package_intact(package)
    (package / "extra.html").unlink()
    (package / "index.html").write_text("<h1>", "utf-8")
    assert not package_intact(package)


def test_a_tree_changes_with_content_name_and_absence(tmp_path: Path) -> None:
    package = _package(tmp_path / "public")
    first = tree_sha256(package, ["data", "index.html"])
    assert first == tree_sha256(package, ["data", "index.html", "khong-co"])
    (package / "data" / "results.csv").rename(package / "data" / "other.csv")
    second = tree_sha256(package, ["data", "index.html"])
    (package / "index.html").unlink()
    third = tree_sha256(package, ["data", "index.html"])
    assert len({first, second, third}) == 3
