"""Keys reach the model and not the disk, and what is scored is the same as without masks."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from harness.cli.main import main
from harness.core.samples import Output, Sample
from harness.core.secrets import masked
from harness.core.suites import Generation, MetricSpec, Prompt, Task
from harness.pipeline.running.answers import score_task
from harness.store import bundle
from harness.store.cache import Cache
from harness.store.memo import Memo
from harness.store.parquet import read_rows
from harness.tasks.extract import Extract
from tests.made_secrets import in_context, key_block, secrets
from tests.pipeline.release_project import LABELS, Project, rows, write_rows
from tests.pipeline.running.test_run import PARTS, content, wait_for
from tests.tgi_stub import Stub

KEY, OTHER = secrets()["hugging face"], secrets(5)["hugging face"]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {name: {"type": ["string", "null"]} for name in ("token", "who", "SecretAccessKey")},
}


def with_keys(count: int, word: str = "message") -> list[dict[str, str]]:
    """Rows that hold a key of each kind in turn."""
    kinds = [*secrets().values(), *(text for text, _ in in_context().values())]
    return [row | {"text": f"{kinds[i % len(kinds)]} {row['text']}"} for i, row in enumerate(rows(count, word))]


@pytest.fixture
def keyed(project: Project, stub: Stub) -> Project:
    """The project with keys in its rows and examples; the model repeats what it was asked before the label."""
    write_rows(project.root / "data/test.jsonl", with_keys(120))
    write_rows(project.root / "data/examples.jsonl", with_keys(9, "example"))
    stub.answer = lambda text, adapter: text if adapter and "4" in text else text.rsplit(" ", 1)[-1]
    return project


def written(project: Project) -> Iterator[tuple[Path, bytes]]:
    """Every file that the harness made, and the database's rows as text."""
    for path in project.root.rglob("*"):
        if path.is_file() and project.root / "data" not in path.parents:
            yield path, path.read_bytes()
    with duckdb.connect(str(project.state.store), read_only=True) as connection:
        for (table,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            yield Path(table), repr(connection.execute(f'SELECT * FROM "{table}"').fetchall()).encode()


def leaks(project: Project) -> list[str]:
    """Which secret stands in which file."""
    lines = [line for text in secrets().values() for line in text.splitlines() if not line.startswith("-----")]
    known = [*lines, *(secret for _, secret in in_context().values())]
    return [f"{secret} in {path}" for path, data in written(project) for secret in known if secret.encode() in data]


def test_the_model_is_asked_with_the_keys_and_nothing_that_is_written_has_them(keyed: Project, stub: Stub) -> None:
    stub.refused = lambda text: 422 if text.endswith("message 7 about shipping") else None
    stub.error_text = f"told to fail with {KEY}"
    keyed.release["policy"]["max_not_evaluated"] = 0.01
    keyed.write()
    assert keyed.gate() in (0, 1, 3)
    asked = {row["text"] for row in with_keys(120)}
    assert asked <= set(stub.chat_texts)
    assert leaks(keyed) == []
    lines = [line for folder in keyed.bundles for line in (folder / "samples.jsonl").read_text().splitlines()]
    assert sum("[masked:" in line for line in lines) == 240
    errors = [line["error"] for folder in keyed.bundles for line in read_rows(folder / "outputs.jsonl")]
    assert any(error and masked(KEY) in error for error in errors)
    assert main(["store", "verify", "-f", str(keyed.file)]) == 0


def test_a_killed_run_and_one_from_the_cache_are_as_the_undisturbed_one(
    keyed: Project, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.client.preflight import Preflight

    async def holds(*_: Any) -> Preflight:
        return Preflight("proven: the adapter's log-probabilities differ from the base model's", ())

    monkeypatch.setattr("harness.pipeline.running.vouch.preflight", holds)
    stub.delay = 0.05
    process = keyed.start("run", "-q")
    wait_for(stub, 30)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert leaks_of_journal(keyed) == []
    stub.delay = 0.0
    assert keyed.call("run", "-q") == 0
    resumed = content(keyed)
    remove_runs(keyed)
    assert keyed.call("run", "-q") == 0
    recalled = content(keyed)
    remove_runs(keyed)
    assert keyed.call("run", "-q", "--no-cache") == 0
    fresh = content(keyed)
    for one in (resumed, recalled, fresh):
        for made in one.values():
            for line in made["outputs.jsonl"]:
                line.pop("cached")
    for role, made in fresh.items():
        for part in PARTS:
            assert resumed[role][part] == recalled[role][part] == made[part]


def leaks_of_journal(project: Project) -> list[str]:
    text = "".join((folder / bundle.OUTPUTS).read_text() for folder in project.bundles)
    assert "[masked:" in text
    return [secret for secret in secrets().values() if secret in text]


def remove_runs(project: Project) -> None:
    """As if nothing had been run, but for the cache."""
    for folder in project.bundles:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    project.state.store.unlink()


def test_what_an_older_harness_left_unmasked_in_journal_and_cache_is_masked(keyed: Project, stub: Stub) -> None:
    planned = keyed.plan()["candidate"]
    folder = keyed.state.run(planned)
    folder.mkdir(parents=True)
    old = {"task": "sort", "sample_id": "message0", "text": f"{KEY} billing", "finish_reason": "stop"}
    held = {"held": 1}  # it was proven after this answer
    (folder / bundle.OUTPUTS).write_text(json.dumps(old) + "\n" + json.dumps(held) + "\n")
    with Cache(keyed.state.cache) as cache:
        cache.put("k", {"sample_id": "message1", "text": KEY})
    assert keyed.call("run", "-q") == 0
    first = next(iter(read_rows(folder / bundle.OUTPUTS)))
    assert (first["sample_id"], first["text"]) == ("message0", f"{masked(KEY)} billing")
    assert len(stub.chat_texts) == 239


def test_finished_requests_of_lm_eval_are_masked_at_once_and_later(tmp_path: Path) -> None:
    memo = Memo(tmp_path / "memo.jsonl")
    memo["a"] = f"it is {KEY}"
    assert memo["a"] == Memo(tmp_path / "memo.jsonl")["a"] == f"it is {masked(KEY)}"
    assert KEY not in (tmp_path / "memo.jsonl").read_text()


def made(token: str, said: str, secret: str | None = None, who: str = "a") -> tuple[Sample, Output]:
    """A sample whose target has a token, and the output that says another, or the same."""
    target = {"token": token, "who": "a", "SecretAccessKey": secret}
    text = json.dumps({**target, "token": said, "who": who})
    return Sample("", {"text": text}, target), Output("", text, "stop")


def spelled(text: str) -> tuple[Sample, Output]:
    """The right output, but for how it is written."""
    sample, output = made(KEY, KEY)
    return sample, replace(output, text=text.format(output.text).replace("hf_", "hf\\u005f"))


CASES = [
    made(KEY, KEY),
    made(KEY, OTHER, in_context()["aws secret in json"][1]),
    made(key_block(), key_block()),
    made(key_block(), key_block(3)),
    spelled("{}"),
    made(f"a\n{KEY}", f"a\n{KEY}", who="b"),
    spelled("no JSON: {}"),
]


def scores(task: Task, kind: Extract) -> list[tuple[str, str, str, float | None]]:
    samples = tuple(Sample(str(i), sample.row, sample.target) for i, (sample, _) in enumerate(CASES))
    outputs = tuple(Output(str(i), output.text, "stop") for i, (_, output) in enumerate(CASES))
    result = score_task(task, kind, samples, outputs)
    assert result.samples == samples, "the digest of a run's data is that of the plain rows"
    return [(one.sample_id, one.metric, one.part, one.value) for one in result.scores]


def test_scores_are_those_without_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = tuple(MetricSpec(name) for name in ("exact_match", "field_accuracy", "format"))
    task = Task("t", "extract", {"schema": SCHEMA}, (), (), Prompt("{{ text }}"), Generation(), metrics, "target", "d")
    ours = scores(task, Extract(SCHEMA))
    for name in ("masked_samples", "masked_output", "masked_answer"):
        monkeypatch.setattr(f"harness.pipeline.running.answers.{name}", lambda one: one)
    assert ours == scores(task, Extract(SCHEMA))
    exact = [value for _, metric, part, value in ours if metric == "exact_match" and not part]
    assert exact == [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0]


def test_an_id_or_a_target_that_a_mask_would_spoil_is_refused(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    write_rows(project.root / "data/test.jsonl", [{"id": KEY, "text": "x", "label": LABELS[0]}, *rows(60)])
    assert project.call("validate") == 2
    said = capsys.readouterr()
    assert f"the id looks like a key: {masked(KEY)}." in said.out + said.err
    assert KEY not in said.out + said.err


def test_a_target_that_no_longer_fits_once_it_is_masked_is_refused(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = {"type": "object", "properties": {"token": {"type": "string", "pattern": "^hf_"}}}
    task = {"kind": "extract", "schema": schema, "data": "data/test.jsonl", "target": "label"}
    project.suite["tasks"]["sort"] = task | {"prompt": {"user": "{{ text }}"}}
    project.write()
    write_rows(project.root / "data/test.jsonl", [{"id": "a", "text": "x", "label": {"token": KEY}}])  # type: ignore[dict-item]
    assert project.call("validate") == 2
    said = capsys.readouterr()
    assert "the target holds a key, which is masked before answers are compared" in said.out + said.err
    assert KEY not in said.out + said.err


def test_the_servers_own_key_is_cut_out_of_what_it_says(
    project: Project, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.key = "correct horse battery"
    stub.answer = lambda text, adapter: f"my key is {stub.key}"
    monkeypatch.setenv("STUB_KEY", stub.key)
    project.release["serve"]["remote"]["key_env"] = "STUB_KEY"
    project.write()
    assert project.call("run", "-q") == 0
    assert [path for path, data in written(project) if stub.key.encode() in data] == []
    assert next(iter(read_rows(project.bundles[0] / bundle.OUTPUTS)))["text"] == "my key is (the key)"
