"""Versions as they are told: in a list, in full, as a graph, and one against another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.core.ids import digest_file
from harness.core.versions import Version
from harness.pipeline.registry.diff import diff, rows_between
from harness.pipeline.registry.lineage import dot, lineage, mermaid, tree
from harness.pipeline.registry.record import kept_rows, row_digests, rows_file
from harness.pipeline.registry.show import show
from harness.store.registry import add_version
from tests.pipeline.registry.conftest import known
from tests.pipeline.release_project import Project, make_project


def said(project: Project, capfd: pytest.CaptureFixture[str], *words: str) -> str:
    capfd.readouterr()
    assert project.call(*words) == 0
    return capfd.readouterr().out


def test_the_list_has_stage_verdict_metrics_and_parent(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    _, second, first = said(project, capfd, "versions").splitlines()
    assert second.split()[:2] == ["v2", "production"]
    assert first.split()[:2] == ["v1", "archived"]
    assert "PASS" in second
    assert "v1" in second.split()
    assert "queue.accuracy 1" in second
    told = json.loads(said(project, capfd, "versions", "--json"))
    assert [(one["name"], one["stage"], one["verdict"]) for one in told] == [
        ("v2", "production", "PASS"), ("v1", "archived", "PASS"),
    ]  # fmt: skip


def test_without_versions_that_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    project = make_project(tmp_path, "http://127.0.0.1:9")
    assert "has no versions yet" in said(project, capfd, "versions")
    assert json.loads(said(project, capfd, "versions", "--json")) == []


def test_a_version_is_shown_with_moves_notes_and_numbers(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    assert "noted on version 1" in said(project, capfd, "note", "v1", "too wordy")
    text = said(project, capfd, "show", "v1")
    version = known(project).versions[0]
    for part in (version.adapter_digest, version.base_digest, version.decision, "too wordy", "it is in archived"):
        assert part in text
    assert known(project).stage_of(2) == "production", "a note moves nothing"
    record = json.loads(said(project, capfd, "show", "v1", "--json"))
    assert record["digests"]["policy"] == version.digests["policy"]
    metric = record["metrics"][0]
    assert (metric["value"], metric["high"]) == (1.0, 1.0)
    assert 0.9 < metric["low"] < 1
    assert [move["stage"] for move in record["moves"]] == ["production"]
    assert project.call("show", "v9") == 2
    assert project.call("note", "v1", " ") == 2


def test_a_version_whose_decision_is_gone_is_shown_all_the_same(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    project.state.decision(known(project).versions[0].decision).unlink()
    assert "its record is gone" in said(project, capfd, "show", "v1")
    assert "record gone" in said(project, capfd, "versions")


def test_the_lineage_goes_from_the_base_to_the_stages(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    graph = lineage(show(project.file, "v2"))
    assert set(graph.edges) == {
        ("base", "adapter"), ("adapter", "decision"), ("policy", "decision"), ("release", "decision"),
        ("decision", "version"), ("parent", "version"), ("version", "move0"),
    }  # fmt: skip
    assert mermaid(graph).startswith("flowchart LR\n")
    assert "  base --> adapter" in mermaid(graph)
    assert "  adapter -> decision;" in dot(graph)
    text = tree(graph)
    assert text.startswith("v2\n|-- made from\n")
    assert text.isascii()
    assert "`-- went to\n    `-- production (promote" in text
    assert said(project, capfd, "show", "v2", "--graph").strip() == text
    assert said(project, capfd, "show", "v2", "--graph", "dot").startswith("digraph")


def test_rows_are_added_removed_or_changed() -> None:
    assert rows_between("abc", "abc") == (0, 0, 0)
    assert rows_between("abc", "abcd") == (1, 0, 0)
    assert rows_between("abc", "axc") == (0, 0, 1)
    assert rows_between("abc", "ca") == (0, 1, 0)
    assert rows_between("aab", "ab") == (0, 1, 0)


def two_trainings(tmp_path: Path) -> tuple[Project, str]:
    """Versions of other rows and another learning rate; the file on disk is that of the second."""
    project = make_project(tmp_path, "http://127.0.0.1:9")
    project.release["candidate"] = {"base_model": "base", "train": {"axolotl": "lora.yaml", "data": "train.jsonl"}}
    project.write()
    rows, digests = ["one", "two", "three"], []
    for number, rate in ((1, 0.001), (2, 0.0005)):
        path = tmp_path / "train.jsonl"
        path.write_text("".join(f'{{"text": "{row}"}}\n' for row in rows))
        digests.append(digest_file(path))
        kept = rows_file(project.state, digests[-1])
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text("".join(f'"{row}"\n' for row in row_digests(path)))
        told = {"rows": len(rows), "settings": {"learning_rate": rate, "seed": 1}, "packages": {"torch": "2"}}
        made = Version(number, "r", f"a{number}", "b", f"d{number}", "now", {"data": digests[-1]}, told)
        add_version(project.state.versions, made)
        rows = ["one", "2", "three", "four"]
    return project, digests[0]


def test_rows_settings_and_digests_that_differ_are_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    project, first = two_trainings(tmp_path)
    found = diff(project.file, "v1", "v2")
    rows = found.rows["data"]
    assert (rows.rows, rows.added, rows.removed, rows.changed) == ((3, 4), 1, 0, 1)
    assert rows.examples == ('{"text": "2"}', '{"text": "four"}')
    assert found.settings == {"learning_rate": (0.001, 0.0005)}
    assert set(found.digests) == {"adapter", "data"}
    text = said(project, capfd, "diff", "v1", "v2")
    assert "data: 3 → 4 rows; 1 added, 0 removed, 1 changed" in text
    assert "learning_rate: 0.001 → 0.0005" in text
    assert "packages: the same" in text
    assert json.loads(said(project, capfd, "diff", "v1", "v2", "--json"))["rows"]["data"]["added"] == 1
    rows_file(project.state, first).unlink()
    assert kept_rows(project.state, first) is None
    assert "3 → 4 rows; which rows is not known" in said(project, capfd, "diff", "v1", "v2")


def test_metrics_stand_beside_each_other(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    text = said(project, capfd, "diff", "v1", "v2")
    assert "queue.accuracy:at_least: 1 [0.9" in text
    assert "gates: the same" in text
    assert "training rows: none are recorded" in text
    assert project.call("diff", "v1", "v9") == 2
