"""A release that trains on rows which hold samples of its suites."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.core.errors import ConfigError
from harness.core.verdicts import Verdict
from harness.pipeline.at_hand import judge_stored
from harness.pipeline.candidate import request_of
from harness.pipeline.data.leaks import leaks_of, refuse_leaks
from harness.pipeline.validate import validate
from tests.data.test_minhash import sentences
from tests.pipeline.release_project import LABELS, Project, make_project, write_rows
from tests.tgi_stub import Stub

LORA = (
    "base_model: base\nadapter: lora\nlora_r: 8\nlora_alpha: 16\nlora_target_linear: true\n"
    "datasets: [{path: train.jsonl, ds_type: json, type: chat_template}]\n"
)
TEXTS = [f"{text} about {LABELS[number % 3]}" for number, text in enumerate(sentences(120, length=14))]


def teach(project: Project, *texts: str) -> None:
    """Train on these messages; the adapter of the project is what training has made of them."""
    turns = [[{"role": "user", "content": text}, {"role": "assistant", "content": "billing"}] for text in texts]
    lines = (json.dumps({"messages": one}) + "\n" for one in turns)
    (project.root / "train.jsonl").write_text("".join(lines), encoding="utf-8")
    project.write()
    release = validate(project.file)
    assert release.candidate.training is not None
    from harness import base_models

    base = base_models.resolve("base", project.state.models, None, project.root)
    output = request_of(release, release.candidate.training, base.folder, base.digest).output
    shutil.copytree(project.root / "adapter", output / "adapter", dirs_exist_ok=True)
    (output / "manifest.json").write_text(json.dumps({"adapter": "a"}), encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path, stub: Stub) -> Project:
    made = make_project(tmp_path, stub.url)
    rows = [{"id": f"m{i}", "text": text, "label": LABELS[i % 3]} for i, text in enumerate(TEXTS[:60])]
    write_rows(tmp_path / "data/test.jsonl", rows)
    (tmp_path / "lora.yaml").write_text(LORA, encoding="utf-8")
    made.release["candidate"] = {"base_model": "base", "train": {"axolotl": "lora.yaml", "data": "train.jsonl"}}
    return made


def near(number: int) -> str:
    return f"Oh, {TEXTS[number]}!"


def test_a_near_copy_is_refused_before_anything_runs(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    teach(project, TEXTS[100], near(7), TEXTS[101])
    assert project.gate() == 2
    said = capsys.readouterr().err
    assert "train.jsonl:2: the row holds the input of sample m7 of queue.sort" in said
    assert "1 sample stands in the training data, and policy.max_leaked allows 0" in said
    assert project.bundles == []


def test_a_pass_that_only_leaked_samples_make_is_none(project: Project, stub: Stub) -> None:
    trained, taught = project.release["candidate"], TEXTS[:30]
    project.release["candidate"] = {"base_model": "base", "adapter": "adapter"}
    project.release["policy"]["max_leaked"] = 30
    project.release["gates"] = [{"metric": "queue.accuracy", "at_least": 0.6}]
    wrong = dict(zip(LABELS, (*LABELS[1:], LABELS[0]), strict=True))

    def answer(text: str, adapter: str | None) -> str:
        right = text.rsplit(" ", 1)[-1]
        return right if any(one in text for one in taught) or sum(text.encode()) % 2 else wrong[right]

    stub.answer = answer
    project.write()
    assert project.gate() == 0

    project.release["candidate"] = trained  # the same adapter, now with the rows that it was trained on
    teach(project, TEXTS[100])
    clean = judge_stored(validate(project.file)).decision
    assert clean.verdict is Verdict.PASS
    assert "leaked" not in clean.candidate
    teach(project, *map(near, range(30)))
    leaked = judge_stored(validate(project.file)).decision
    assert leaked.verdict is Verdict.FAIL  # the other 30 are right by chance
    assert "queue.accuracy passes only with 30 leaked samples" in leaked.notes
    assert len(leaked.candidate["leaked"]["queue.sort"]) == 30  # type: ignore[index]


def test_what_was_found_is_kept_until_a_file_changes(project: Project) -> None:
    teach(project, near(7))
    found = leaks_of(validate(project.file))
    (kept,) = (project.state.state / "leaks").iterdir()
    assert leaks_of(validate(project.file)) == found
    assert found.samples == {"queue.sort": ["m7"]}
    teach(project, TEXTS[100])
    assert leaks_of(validate(project.file)).samples == {}
    assert len(list(kept.parent.iterdir())) == 2


def test_an_adapter_without_its_data_is_not_known_to_be_clean(project: Project) -> None:
    project.release["candidate"] = {"base_model": "base", "adapter": "adapter"}
    project.write()
    found = refuse_leaks(validate(project.file))
    assert not found.looked
    assert not (project.state.state / "leaks").exists()


def test_the_policy_tolerates_so_many_exact_ones_too(project: Project) -> None:
    teach(project, near(7))
    project.release["policy"]["max_leaked"] = 1
    teach(project, TEXTS[7], near(7))
    assert refuse_leaks(validate(project.file)).count == 1
    file = project.root / "train.jsonl"
    file.write_text(file.read_text() + file.read_text().replace(TEXTS[7], TEXTS[8]))
    with pytest.raises(ConfigError, match=r"m8 of queue\.sort"):
        validate(project.file)
