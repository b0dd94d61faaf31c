"""The attack on what is really published: all demonstration editions together, and the rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from attacker import S3, attack, exact
from disclosure_tables import made_of
from treem.areas import load_geography
from treem.disclosure.places import area_links
from treem.disclosure.policy import load_policy
from treem.edition import Edition, edition_names, load_edition
from treem.project import Project

pytestmark = [pytest.mark.build, pytest.mark.xdist_group("build")]


def test_all_demonstration_editions_together_give_nothing_away(built: Path) -> None:
    project = Project(built)
    tables = [
        (edition, project.report(edition.name).root / "protected" / "results.csv")
        for edition in demonstrations(project)
    ]
    there = [(edition, path) for edition, path in tables if path.exists()]
    assert there
    withstand(project, there)


def demonstrations(project: Project) -> list[Edition]:
    editions = [load_edition(project, name) for name in edition_names(project)]
    return [edition for edition in editions if edition.generated]


def withstand(project: Project, tables: list[tuple[Edition, Path]]) -> None:
    policy, areas = load_policy(project), load_geography(project)
    whole: dict[tuple[str, str, int], list[tuple[str, str]]] = {}
    for edition, _ in tables:
        whole |= made_of(area_links(edition, areas))
    found = attack([path.read_text("utf-8") for _, path in tables], whole)
    assert found and exact(found) == {}
    for unknown, (low, high) in found.items():
        rule = policy.classes["S3" if unknown[0][0] in S3 else "S2"]
        assert high - low >= policy.width(rule.threshold) - 1e-6, unknown
