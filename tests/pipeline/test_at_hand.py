"""Judging what is stored: the very decision of `harness gate`, or the name of what is missing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.cli.main import main
from harness.core.errors import ConfigError, OutsideError
from harness.pipeline.at_hand import judge_stored
from harness.pipeline.judging.judge import Judgement
from harness.pipeline.validate import validate
from harness.store import bundle
from tests.pipeline.release_project import Project, rows, write_rows
from tests.tgi_stub import Stub
from tests.weights import base_file


def judged(project: Project) -> Judgement:
    project.write()
    return judge_stored(validate(project.file))


def test_it_is_the_gates_decision_and_asks_nobody(project: Project, stub: Stub) -> None:
    assert project.gate() == 0
    asked, registered = len(stub.asked), project.state.attempts.read_bytes()
    assert judged(project).decision.id == project.record["id"]
    assert len(stub.asked) == asked
    assert project.state.attempts.read_bytes() == registered


def test_runs_are_enough(project: Project) -> None:
    assert project.call("run", "-q") == 0
    decision = judged(project).decision
    assert project.gate() == 0
    assert decision.id == project.record["id"]


def changed_adapter(project: Project) -> None:
    project.weights.write_bytes(project.weights.read_bytes() + b"!")


def changed_base(project: Project) -> None:
    (project.root / "base/model.safetensors").write_bytes(base_file("another"))


def changed_data(project: Project) -> None:
    write_rows(project.root / "data/test.jsonl", rows(61))


def changed_prompt(project: Project) -> None:
    project.suite["tasks"]["sort"]["prompt"]["user"] = "Sort: {{ text }}"


def changed_shots(project: Project) -> None:
    project.release["baselines"]["base"]["few_shot"] = 3


def changed_seed(project: Project) -> None:
    project.release["seed"] = 1


def new_measurement(project: Project) -> None:
    project.release["measure"] = {}


def changed_server(project: Project) -> None:
    project.release["serve"]["remote"]["adapter_id"] = "tuned-2"


def other_url(project: Project) -> None:
    project.release["serve"]["remote"]["url"] += "0"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (changed_adapter, "now: queue · candidate. Run"), (changed_base, "now: queue · candidate, queue · base. Run"),
        (changed_data, "queue · candidate, queue · base"), (changed_prompt, "queue · candidate, queue · base"),
        (changed_shots, "now: queue · base. Run"), (changed_seed, "queue · candidate, queue · base"),
        (new_measurement, "now: measured. Run"), (changed_server, "no run of the candidate on the declared server"),
        (other_url, "no run of the candidate on the declared server"),
    ],
)  # fmt: skip
def test_a_run_of_something_else_is_not_judged(project: Project, change: Callable[[Project], None], said: str) -> None:
    assert project.call("run", "-q") == 0
    change(project)
    with pytest.raises(ConfigError, match=said):
        judged(project)


def test_a_changed_gate_is_judged_by_its_new_threshold(project: Project) -> None:
    assert project.gate() == 0
    project.release["gates"][0]["at_least"] = 0.999
    decision = judged(project).decision
    assert decision.verdict == "INCONCLUSIVE"
    assert project.gate() == 3
    assert decision.id == project.record["id"]


def test_a_bundle_that_is_not_in_the_store_is_named(project: Project) -> None:
    assert project.gate() == 0
    project.state.store.unlink()
    with pytest.raises(ConfigError, match="the store is gone: run `harness store rebuild` first"):
        judged(project)
    folder = next(one for one in project.bundles if bundle.read_run(one).model.role == "base")
    folder.rename(project.root / "aside")
    assert main(["store", "rebuild", "-f", str(project.file)]) == 0
    (project.root / "aside").rename(folder)
    with pytest.raises(ConfigError, match=r"not in the store: queue · base\. Run `harness store load` first"):
        judged(project)
    assert main(["store", "load", "-f", str(project.file)]) == 0
    assert judged(project).decision.id == project.record["id"]


def test_an_edited_bundle_is_refused(project: Project) -> None:
    assert project.gate() == 0
    with (project.bundles[0] / "outputs.jsonl").open("a") as file:
        file.write("\n")
    with pytest.raises(OutsideError, match="was changed after its run"):
        judged(project)


def test_an_adapter_that_is_not_trained_yet_is_not_trained(project: Project) -> None:
    assert project.gate() == 0
    (project.root / "lora.yaml").write_text(
        "base_model: base\nadapter: lora\nlora_r: 8\nlora_alpha: 16\nlora_target_linear: true\n"
        "datasets: [{path: train.jsonl, ds_type: json, type: chat_template}]\n"
    )
    (project.root / "train.jsonl").write_text(
        '{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}\n'
    )
    project.release["candidate"] = {"base_model": "base", "train": {"axolotl": "lora.yaml", "data": "train.jsonl"}}
    with pytest.raises(ConfigError, match="not trained yet: run `harness run` first"):
        judged(project)


@pytest.mark.parametrize(("improves", "look"), [(True, 1), (False, 2)])
def test_the_look_is_the_gates(project: Project, stub: Stub, improves: bool, look: int) -> None:
    if not improves:
        stub.answer = lambda text, adapter: text.rsplit(" ", 1)[-1]
    project.release["policy"]["looks"] = 2
    write_rows(project.root / "data/test.jsonl", rows(120))
    project.write()
    assert project.gate() == (0 if improves else 3)
    decision = judged(project).decision
    assert decision.looks == (look, 2)
    assert decision.id == project.record["id"]
