"""Merged mode for real: a tiny model and its adapter, merged in a child and served beside the base."""

from __future__ import annotations

import json
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from harness.base_models import merged
from harness.base_models.merged import Agreement
from harness.core.errors import ConfigError, OutsideError
from harness.core.events import Event
from harness.core.fingerprints import Fingerprint
from harness.pipeline.candidate import Candidate
from harness.pipeline.running.merging import merge, refuse_disagreement
from harness.pipeline.running.runs import do_runs, plan_runs, serving
from harness.pipeline.training.make import candidate
from harness.pipeline.validate import validate
from harness.pipeline.workspace import Workspace
from harness.servers._ports import listener
from tests.base_models.test_merged import made
from tests.e2e.project import make_project
from tests.pipeline import hand_made
from tests.tiny import make_tiny_adapter
from tests.waiting import until

SAME = Agreement(1e-6, 1e-7, 0.0, 8, 8, "float32", Fingerprint("float32", (), None))
real = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (replace(SAME, token=0.2), "differ by up to 0.2 nats a token, 8 of 8"),
        (replace(SAME, behind=0.3, same=7), "7 of 8 greedy answers are the same, and another token is up to 0.3"),
        (replace(SAME, dtype="bfloat16", mean=0.9), "differ by up to 0.9"),
    ],
)
def test_another_model_than_the_adapter_is_refused(found: Agreement, said: str) -> None:
    with pytest.raises(OutsideError, match="does not answer as the adapter does") as failed:
        refuse_disagreement(found)
    assert said in str(failed.value)


@pytest.mark.parametrize("found", [SAME, replace(SAME, dtype="bfloat16", token=0.57, mean=0.06, behind=0.1, same=6)])
def test_rounding_is_not_another_model(found: Agreement) -> None:
    refuse_disagreement(found)


def test_one_that_was_kept_is_held_to_the_same_bound(tmp_path: Path) -> None:
    """A merge that was killed before it was refused, or a bound that is tighter now, leaves one behind."""
    release = replace(hand_made.release(), root=tmp_path)
    made(Workspace(tmp_path).merged("adapter"))
    found = Candidate(tmp_path, "base", tmp_path, "adapter", None)
    with pytest.raises(OutsideError, match="does not answer as the adapter does"):
        merge(release, found, lambda _: None)


def test_only_servers_that_start_from_a_folder_can_have_it(tmp_path: Path) -> None:
    file = project(tmp_path, model=False)
    file.write_text(file.read_text().replace("local: {threads: 2}", "remote: {url: 'http://127.0.0.1:9'}"))
    with pytest.raises(ConfigError, match=r"release\.yaml:\d+: 'merged' needs a server that is started from a folder"):
        validate(file)


def project(folder: Path, model: bool = True) -> Path:
    """The end-to-end test's project with a given adapter, served in merged mode."""
    file = make_project(folder)
    if model:
        make_tiny_adapter(folder / "base", folder / "adapter", seed=1)
    else:
        (folder / "adapter").mkdir()
        (folder / "adapter/adapter_model.safetensors").touch()
    text = file.read_text()
    for old, new in (
        ("train: {axolotl: lora.yaml, data: train.jsonl, validation: validation.jsonl}", "adapter: adapter"),
        (", suites/facts.yaml", ""),
        ("  - {metric: facts.accuracy, against: base, margin: 0.30, role: advisory}\n", ""),
        ("concurrency: 8}", "concurrency: 8, merged: true}"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    file.write_text(text)
    return file


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for package in ("torch", "peft", "fastapi"):
        pytest.importorskip(package)
    return project(tmp_path_factory.mktemp("merged"))


def asked(file: Path, merged_mode: bool) -> dict[str, tuple[dict[str, object], list[object]]]:
    """By role: the run's manifest, and what the model said."""
    release = validate(file)
    release = replace(release, serve=replace(release.serve, merged=merged_mode), measure=None)
    found = candidate(release, lambda _: None)
    plan = plan_runs(release, found)
    do_runs(release, found, plan, lambda _: None, cached=False)
    told = {}
    for one in plan.runs:
        folder = Workspace(release.root).run(one.id)
        lines = [json.loads(line) for line in (folder / "outputs.jsonl").read_text().splitlines()]
        texts = sorted((line["sample_id"], line["text"]) for line in lines)
        told[one.model.role] = (json.loads((folder / "manifest.json").read_text())["run"], texts)
    return told


class TestReal:
    pytestmark = real

    def test_the_merged_model_answers_as_the_adapter_does_and_is_told_apart(self, file: Path) -> None:
        beside, alone = asked(file, merged_mode=False), asked(file, merged_mode=True)
        assert beside["candidate"][1] == alone["candidate"][1]
        assert alone["candidate"][1] != alone["base"][1]
        assert alone["candidate"][0]["server"]["merged"] is True  # type: ignore[index]
        assert alone["base"][0] == beside["base"][0], "the base's run is the very same: it is not asked again"
        assert alone["candidate"][0]["id"] != beside["candidate"][0]["id"]
        assert str(alone["candidate"][0]["adapter_proof"]).startswith("proven")

    def test_it_is_made_once_and_again_where_it_was_edited(self, file: Path) -> None:
        release, states = validate(file), []
        found = candidate(release, lambda _: None)

        def watch(event: Event) -> None:
            states.append(event.state)

        first = merge(release, found, watch)
        assert states == ["begin", "fresh"], "the run before made it"
        with (first.folder / "model.safetensors").open("r+b") as weights:
            weights.seek(-8, 2)
            weights.write(b"\0" * 8)
        states.clear()
        again = merge(release, found, watch)
        assert "note" in states
        assert states[-1] == "done"
        assert again.digest == first.digest
        assert again.agreement.token < 1e-3
        assert again.agreement.same == again.agreement.answers == 8

    def test_a_merged_folder_that_holds_the_base_is_refused_by_its_answers(self, file: Path, tmp_path: Path) -> None:
        release = validate(file)
        found = candidate(release, lambda _: None)
        place = merge(release, found, lambda _: None)
        shutil.copyfile(release.root / "base/model.safetensors", place.folder / "model.safetensors")
        merged.finish(
            place.folder, found.base_digest, found.adapter_digest, Workspace(release.root).models, lambda _: None
        )
        release = replace(release, seed=release.seed + 1, measure=None)
        with pytest.raises(OutsideError, match="answers for the merged model exactly as the base model does"):
            do_runs(release, found, plan_runs(release, found), lambda _: None, cached=False)
        shutil.rmtree(place.folder)

    def test_either_server_that_dies_is_seen(self, file: Path) -> None:
        release = validate(file)
        found = candidate(release, lambda _: None)
        with serving(release, None, found, lambda _: None) as endpoint:
            (own,) = endpoint.merged.values()
            assert endpoint.watch is not None
            assert own.watch is not None
            assert endpoint.watch() is own.watch() is None
            merged_server = listener(int(own.url.rpartition(":")[2]))
            assert merged_server is not None
            os.kill(merged_server, signal.SIGKILL)
            assert "killed by SIGKILL" in until(endpoint.watch), "the base's requests end as well"
            assert "killed by SIGKILL" in str(own.watch())
