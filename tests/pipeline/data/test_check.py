"""What is checked: a release's own rows with what it knows of them, or files that a person names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.config.load import load_release
from harness.core.errors import ConfigError
from harness.core.releases import Release
from harness.data.check import check_names
from harness.data.findings import Severity
from harness.pipeline.data.check import check_data, of_files, of_release

ROOT = Path(__file__).parents[3]


def example() -> Release:
    release, problems = load_release(ROOT / "release.yaml")
    assert release is not None
    assert problems == []
    return release


def test_a_releases_training_and_validation_rows_are_checked_with_its_labels() -> None:
    release = example()
    asked = of_release(release)
    assert asked.shown_as == ("data/train.jsonl", "data/validation.jsonl")
    assert asked.setting.labels == ("billing", "shipping", "returns", "account", "technical", "other")
    assert asked.setting.context == 512
    checked, fixed = check_data(asked, ["exact", "labels", "schema", "targets"])
    assert (checked.rows, checked.files, fixed) == (735, {"data/train.jsonl": 600, "data/validation.jsonl": 135}, None)
    assert checked.findings == ()
    assert checked.labels["billing"] == 60
    assert len(checked.input_lengths) == 6


def test_task_rows_are_read_as_their_suite_has_them(tmp_path: Path) -> None:
    suites = example().suites
    triage = next(suite for suite in suites if suite.name == "triage")
    rows = [{"id": "1", "text": "Where is it?", "label": "shipping"}, {"id": "2", "text": "Why?", "label": "spam"}]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    checked, _ = check_data(of_files(["rows.jsonl"], triage, root=tmp_path), ["labels"])
    assert [str(one.places[0]) for one in checked.findings if one.severity is Severity.ERROR] == ["rows.jsonl:2"]


def test_rows_that_cannot_be_read_are_errors(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"prompt": "a", "completion": "b"}\n{broken\n')
    checked, _ = check_data(of_files(["rows.jsonl", "absent.jsonl"], root=tmp_path), ["exact"])
    assert checked.has_errors
    assert [(one.file, one.line) for one in checked.problems] == [("rows.jsonl", 2), ("absent.jsonl", None)]
    assert checked.count(Severity.ERROR) == 2


def test_an_unknown_check_and_task_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no check spelling; known: contradictions, "):
        check_data(of_files([], root=tmp_path), ["spelling"])
    suites = example().suites
    with pytest.raises(ConfigError, match=r"several tasks; name one with --task\. It has: queue, out_of_scope"):
        of_files([], next(suite for suite in suites if suite.name == "robustness"))


def test_every_check_is_found_by_its_file() -> None:
    ours = {"exact", "patterns", "targets", "labels", "volume", "mixed", "encoding", "length", "edge_cases", "schema"}
    assert ours <= set(check_names())
    assert not {"interface", "_found", "_portions"} & set(check_names())
