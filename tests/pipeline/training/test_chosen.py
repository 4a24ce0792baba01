"""What was chosen is kept, and every command follows it; a change of what was asked makes it void."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path

import pytest

from harness import base_models
from harness.config.load import load_release
from harness.core.errors import ConfigError
from harness.pipeline.candidate import choice_file, foreseen, is_trained, on_disk, trainings_of
from harness.pipeline.chosen import Choice, Failed, Trained, read_choice, write_choice
from harness.pipeline.data.leaks import refuse_leaks
from harness.pipeline.training.make import candidate
from harness.pipeline.validate import validate
from tests.pipeline.data.test_leaks import LORA, TEXTS
from tests.pipeline.release_project import LABELS, Project, make_project, write_rows

RUNS = {"plain": {}, "slow": {"set": {"learning_rate": 0.0001}}, "few": {"data": "few.jsonl"}}


def chat(path: Path, *texts: str) -> None:
    turns = [[{"role": "user", "content": text}, {"role": "assistant", "content": "billing"}] for text in texts]
    path.write_text("".join(json.dumps({"messages": one}) + "\n" for one in turns), encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = make_project(tmp_path, "http://127.0.0.1:9")
    rows = [{"id": f"m{i}", "text": text, "label": LABELS[i % 3]} for i, text in enumerate(TEXTS[:60])]
    write_rows(tmp_path / "data/test.jsonl", rows)
    (tmp_path / "lora.yaml").write_text(LORA, encoding="utf-8")
    for name, first in (("train", 60), ("few", 60), ("validation", 110)):
        chat(tmp_path / f"{name}.jsonl", *TEXTS[first : first + (5 if name == "few" else 10)])
    train = {"axolotl": "lora.yaml", "data": "train.jsonl", "validation": "validation.jsonl"}
    made.release["candidate"] = {"base_model": "base", "train": train}
    made.release["experiments"] = {"runs": copy.deepcopy(RUNS)}
    made.write()
    return made


def choose(project: Project, name: str = "slow", *failed: Failed) -> Path:
    """As if `name` had been trained and chosen; gives its folder."""
    release, _ = load_release(project.file)
    assert release
    base = base_models.resolve("base", project.state.models, None, project.root)
    home = trainings_of(release, base.folder, base.digest)[name].output
    shutil.copytree(project.root / "adapter", home / "adapter", dirs_exist_ok=True)
    (home / "manifest.json").write_text(json.dumps({"adapter": "a", "history": [], "warnings": []}), encoding="utf-8")
    from harness.pipeline.candidate import adapter_digest

    digest = adapter_digest(home / "adapter", release.file)
    one = Trained(name, name, str(home.relative_to(project.state.state)), digest)
    file = choice_file(release, base.folder, base.digest)
    write_choice(file, Choice(name, (one,), failed, ("w",), "2026-11-22"))
    return home


def test_a_choice_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    choice = Choice("a", (Trained("a", "a", "training/1", "d", 8, {"s": "r"}),), (Failed("b", "x", "f", False),),
                    ("w",), "now")  # fmt: skip
    write_choice(tmp_path / "deep/choice.json", choice)
    assert read_choice(tmp_path / "deep/choice.json") == choice
    assert not choice.settled
    for broken in ("", "{}", "[]", '{"chosen": "b", "trained": [], "failed": [], "warnings": [], "made": ""}'):
        (tmp_path / "broken.json").write_text(broken)
        assert read_choice(tmp_path / "broken.json") is None


def test_commands_follow_the_choice(project: Project) -> None:
    release = validate(project.file)
    assert not is_trained(release)
    assert foreseen(release).adapter_digest == ""
    with pytest.raises(ConfigError, match="not trained yet"):
        on_disk(release)
    home = choose(project)
    assert is_trained(release)
    assert on_disk(release).adapter == foreseen(release).adapter == home / "adapter"
    events: list[str] = []
    assert candidate(release, lambda event: events.append(event.state)).adapter == home / "adapter"
    assert events[-1] == "fresh"


@pytest.mark.parametrize("why", ["edited", "unsettled"])
def test_a_choice_that_does_not_hold_any_more_is_made_anew(project: Project, why: str) -> None:
    """What is made anew begins with the look for leaks; what stands does not."""
    died = Failed("few", "Training stopped with exit code 137.", "training/few", settled=False)
    home = choose(project, "slow", *([died] if why == "unsettled" else []))
    if why == "edited":
        weights = home / "adapter/adapter_model.safetensors"
        weights.write_bytes(weights.read_bytes() + b"x")
    write_rows(project.root / "data/test.jsonl", [{"id": "m", "text": TEXTS[60], "label": "billing"}])
    release, _ = load_release(project.file)  # the leak is a problem already; `validate` would end with it
    assert release
    with pytest.raises(ConfigError, match=r"train\.jsonl"):
        candidate(release, lambda _: None)
    choose(project)
    assert candidate(release, lambda _: None).adapter == home / "adapter"


def test_another_list_of_experiments_makes_the_choice_void(project: Project) -> None:
    choose(project)
    project.release["experiments"]["runs"]["slow"] = {"set": {"learning_rate": 0.0002}}
    project.write()
    assert not is_trained(validate(project.file))


def test_each_experiment_has_a_folder_of_its_own_and_the_plain_one_that_of_the_training(project: Project) -> None:
    release = validate(project.file)
    found = trainings_of(release, project.root, "b")
    assert len({one.output for one in found.values()}) == 3
    assert found["slow"].settings == {"learning_rate": 0.0001}
    del project.release["experiments"]
    project.write()
    from harness.pipeline.candidate import request_of

    alone = validate(project.file)
    assert alone.candidate.training is not None
    assert request_of(alone, alone.candidate.training, project.root, "b").output == found["plain"].output


def test_a_seed_among_the_settings_is_the_trainings_seed(project: Project) -> None:
    project.release["experiments"]["runs"]["slow"] = {"set": {"seed": 7}}
    project.write()
    found = trainings_of(validate(project.file), project.root, "b")
    assert (found["slow"].seed, found["plain"].seed) == (7, 42)


def test_a_sample_in_the_rows_of_any_experiment_is_refused(project: Project) -> None:
    refuse_leaks(validate(project.file))
    chat(project.root / "few.jsonl", f"Oh, {TEXTS[7]}!")
    with pytest.raises(ConfigError, match=r"few\.jsonl"):
        refuse_leaks(validate(project.file))


@pytest.mark.parametrize(
    ("experiments", "said"),
    [
        ({"runs": {"a": {"set": {"learning_rat": 0.1}}}}, "does not know the key 'learning_rat'"),
        ({"runs": {"a": {"set": {"learning_rate": 5.0}}}}, "'learning_rate' must be greater than 0"),
        ({"runs": {"a": {"set": {"output_dir": "x"}}}}, "'output_dir' is filled in by harness"),
        ({"sweep": {"lora_r": [8, -3]}}, "'lora_r' must be at least 1, not -3"),
        ({"runs": {"a": {}}, "suites": ["other.yaml"]}, "need a server that harness starts"),
    ],
)
def test_a_wrong_setting_is_told_with_its_line_in_the_release(
    project: Project, experiments: dict[str, object], said: str
) -> None:
    (project.root / "other.yaml").write_text(
        (project.root / "queue.yaml").read_text().replace("name: queue", "name: other").replace("test", "other")
    )
    write_rows(project.root / "data/other.jsonl", [{"id": "x", "text": "another text", "label": "billing"}])
    project.release["experiments"] = experiments
    project.write()
    with pytest.raises(ConfigError) as caught:
        validate(project.file)
    [problem] = [one for one in caught.value.problems if said in one.message]
    assert problem.file == "release.yaml"
    line = project.file.read_text().splitlines()[(problem.line or 0) - 1]
    assert any(word in line for word in ("learning_rat", "output_dir", "-3", "suites"))
