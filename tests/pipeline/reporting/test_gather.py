"""All that a report is made of, from the store alone; a decision whose evidence is gone has no report."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from harness.core.decisions import Decision
from harness.core.errors import ConfigError, OutsideError
from harness.pipeline.decisions import find_decision
from harness.pipeline.reporting.gather import gather
from harness.pipeline.validate import validate
from harness.pipeline.workspace import Workspace
from harness.report.material import Material
from harness.report.record import from_json
from harness.report.taught import AskedData, TaughtData
from tests.pipeline.release_project import Project, make_project
from tests.tgi_stub import Stub, running
from tests.weights import adapter_file

MEASURE = {"concurrency": 2, "requests": 60, "warm_up": 0, "baseline": "base"}
PRICES = {"models": {"candidate": {"per_hour": 2.0}, "base": {"per_million_tokens": {"prompt": 1.0, "generated": 3.0}}}}


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, Stub]]:
    """A project with a PASS, and its server."""
    with running(Stub()) as stub:
        project = make_project(tmp_path_factory.mktemp("gated"), stub.url)
        project.release["measure"] = MEASURE
        project.write()
        assert project.gate() == 0
        yield project, stub


@pytest.fixture
def decided(gated: tuple[Project, Stub], tmp_path: Path) -> Project:
    """A copy of it to change."""
    return gated[0].copied(tmp_path)


def gathered(project: Project, decision: Decision | None = None) -> Material:
    release = validate(project.file)
    return gather(release, decision or find_decision(release, Workspace(release.root), None), None)


def run_of(project: Project, role: str) -> str:
    return str(project.record["runs"][role]["queue"])


def execute(project: Project, query: str, *given: Any) -> None:
    with closing(duckdb.connect(str(project.state.store))) as store:
        store.execute(query, given)


def refused(project: Project) -> str:
    with pytest.raises(ConfigError) as told:
        gathered(project)
    return "\n".join(map(str, told.value.problems))


def test_the_whole_material(decided: Project) -> None:
    found = gathered(decided)
    assert found.decision.id == decided.record["id"]
    assert found.roles == ("candidate", "base")
    assert {role: list(runs) for role, runs in found.runs.items()} == {"candidate": ["queue"], "base": ["queue"]}
    assert [(task.key, task.samples) for task in found.tasks] == [("queue.sort", 60)]
    assert [(one.role, one.requests, one.failed) for one in found.speed] == [("candidate", 60, 0), ("base", 60, 0)]
    assert [past.id for past in found.history] == [found.decision.id]
    assert (found.alpha, found.training, found.costs) == (0.05, None, ())
    assert found.release_yaml == decided.file.read_text(encoding="utf-8")


def test_how_it_is_told_is_as_declared_now_and_how_it_was_judged_as_then(decided: Project) -> None:
    then = decided.file.read_text(encoding="utf-8")
    decided.release |= {"report": {"title": "Mail desk"}, "prices": PRICES, "policy": {"alpha": 0.2}}
    decided.write()
    found = gathered(decided)
    assert found.presentation.title == "Mail desk"
    assert (found.alpha, found.release_yaml) == (0.05, then)
    ours, base = found.costs
    pace = found.speed[0].requests_per_second
    assert pace is not None
    assert ours.per_request == pytest.approx(2 / 3600 / pace)
    assert base.prompt_tokens is not None
    assert base.generated_tokens is not None
    assert base.per_request == pytest.approx((base.prompt_tokens + 3 * base.generated_tokens) / 1e6)


def test_telling_it_otherwise_is_no_other_decision(decided: Project, gated: tuple[Project, Stub]) -> None:
    before, asked = decided.record["id"], len(gated[1].chat_texts)
    decided.release |= {"report": {"title": "Mail desk", "samples": True}, "prices": PRICES}
    decided.write()
    assert decided.gate() == 0
    assert decided.record["id"] == before
    assert len(gated[1].chat_texts) == asked


def test_a_record_of_an_older_harness_has_a_report(decided: Project) -> None:
    record = {key: value for key, value in decided.record.items() if key not in ("waivers", "attempts", "looks")}
    for result in record["results"]:
        del result["waived"], result["finding"]["outside"], result["gate"]["subset"], result["gate"]["unit"]
    assert len(gathered(decided, from_json(record)).tasks) == 1


def test_a_declaration_with_unknown_keys_is_read_all_the_same(decided: Project) -> None:
    declared = decided.state.declaration(decided.record["id"])
    declared.write_text(declared.read_text(encoding="utf-8") + "telescope: 7\n", encoding="utf-8")
    assert gathered(decided).alpha == 0.05


def test_without_its_declaration_there_is_no_report(decided: Project) -> None:
    decided.state.declaration(decided.record["id"]).unlink()
    assert "this file does not exist" in refused(decided)


def test_a_bundle_that_is_gone_is_named(decided: Project) -> None:
    shutil.rmtree(decided.state.run(run_of(decided, "base")))
    said = refused(decided)
    assert f"decision {decided.record['id'][:12]} is gone: the run of queue against the base" in said
    assert f"{run_of(decided, 'base')[:12]}, has no bundle" in said
    assert "candidate" not in said


def test_a_run_that_the_store_lacks_is_named(decided: Project) -> None:
    for table, column in (
        ("scores", "run"),
        ("answers", "run"),
        ("outputs", "run"),
        ("samples", "run"),
        ("runs", "id"),
    ):
        execute(decided, f"DELETE FROM {table} WHERE {column} = ?", run_of(decided, "candidate"))
    said = refused(decided)
    assert f"the run of queue against the candidate, {run_of(decided, 'candidate')[:12]}, is not in the store" in said
    assert "harness store rebuild" in said


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM answers WHERE run = ? AND position = 3",
        "UPDATE answers SET outcome = 'model_failed' WHERE run = ? AND position = 3",
        "DELETE FROM samples WHERE run = ?",
    ],
)
def test_answers_that_the_store_has_otherwise_are_named(decided: Project, query: str) -> None:
    execute(decided, query, run_of(decided, "base"))
    with pytest.raises(OutsideError, match=r"\(queue against the base\) are not those of its bundle") as refusal:
        gathered(decided)
    assert "harness store rebuild" in str(refusal.value)


def test_a_bundle_that_was_changed_is_no_evidence(decided: Project) -> None:
    outputs = decided.state.run(run_of(decided, "base")) / "outputs.jsonl"
    outputs.write_text(outputs.read_text(encoding="utf-8").replace("other", "billing", 1), encoding="utf-8")
    with pytest.raises(OutsideError, match="was changed after its run"):
        gathered(decided)


def test_the_training_is_found_by_the_adapter_that_it_made(decided: Project) -> None:
    for name, weights in (("one", decided.weights.read_bytes()), ("two", adapter_file("other"))):
        folder = decided.state.state / "training" / name
        shutil.copytree(decided.root / "adapter", folder / "adapter")
        (folder / "adapter" / decided.weights.name).write_bytes(weights)
        manifest = {"name": name, "rows": 12, "digests": {"data": "d" * 64, "base": "b" * 64}}
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    found = gathered(decided)
    assert found.training is not None
    assert found.training["name"] == "one"
    assert found.data is not None
    assert found.data.taught == (TaughtData("training", 12, "d" * 64),)


def test_the_data_that_was_asked(decided: Project) -> None:
    data = gathered(decided).data
    assert data is not None
    digest = decided.record["digests"]["data queue.sort"]
    # The adapter was given, so nobody looked for the tests among the rows that taught.
    assert data.asked == (AskedData("queue", "sort", 60, digest, sought=False),)
    assert data.taught == ()
