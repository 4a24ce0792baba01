"""The examples that ship are valid, and what is outside the config files is checked too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.core.devices import has_gpu
from harness.core.errors import ConfigError, ExitCode
from harness.pipeline.validate import validate, warnings
from tests.base_models.test_adapters import adapter, base
from tests.projects import Project

ROOT = Path(__file__).parents[2]


def test_the_example_release_is_valid() -> None:
    release = validate(ROOT / "release.yaml")
    assert [suite.name for suite in release.suites] == ["triage", "orders", "summaries", "general", "robustness"]
    assert [len(task.samples) for suite in release.suites for task in suite.tasks] == [240, 90, 40, 0, 240, 40]


def test_problems_are_a_config_error_with_each_told_once(desk: Project) -> None:
    desk.swap("release.yaml", "validation: data/validation.jsonl", "validation: data/train.jsonl")
    desk.swap("data/train.jsonl", "message 600", "message 1")
    with pytest.raises(ConfigError) as caught:
        validate(desk.root / "release.yaml")
    assert caught.value.exit_code == ExitCode.CONFIG
    assert [problem.line for problem in caught.value.problems] == [1]


@pytest.mark.parametrize("base", ["demo:none", "no/such/folder", "org/name", "org/name@main", ""])
def test_a_base_model_that_cannot_be_is_told(desk: Project, base: str) -> None:
    desk.swap("release.yaml", "demo:smollm2-135m-instruct", f'"{base}"')
    assert len(desk.problems()) == 1


@pytest.mark.parametrize("old", ["lora_r: 8", "path: data/train.jsonl", "type: chat_template"])
def test_the_axolotl_config_is_checked_at_any_depth(desk: Project, old: str) -> None:
    line = desk.swap("lora.yaml", old, f"x{old}")
    assert any(text.startswith(f"lora.yaml:{line}: ") and "Did you mean" in text for text in desk.problems())


def test_the_folder_that_one_stands_in_does_not_matter(desk: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert desk.problems() == []
    monkeypatch.chdir(desk.root / "suites")
    assert validate(Path("../release.yaml")).root == desk.root.resolve()


def test_a_given_adapter_for_another_base_is_told_with_its_line(desk: Project) -> None:
    text = desk.read("release.yaml")
    start, end = text.index("  train:"), text.index("serve:")
    text = text[:start] + "  adapter: adapter\n" + text[end:]
    desk.write("release.yaml", text.replace("demo:smollm2-135m-instruct", "base"))
    for folder, make in (("base", base), ("adapter", adapter)):
        make(desk.root / folder, hidden=8 if folder == "base" else 16)
    for name in ("config.json", "tokenizer.json"):
        desk.write(f"base/{name}", "{}")
    (problem,) = desk.problems()
    assert problem.startswith("release.yaml:5: the adapter 'adapter': it was trained on another base model")
    adapter(desk.root / "adapter")
    assert desk.problems() == []


def test_what_needs_a_gpu_is_a_warning_where_there_is_none(desk: Project) -> None:
    if has_gpu():
        pytest.skip("there is a GPU here")
    line = desk.swap("lora.yaml", "lora_r: 8\n", "lora_r: 8\nsample_packing: true\n") + 1
    told = warnings(validate(desk.root / "release.yaml"))
    (said,) = [one for one in told if "needs a GPU" in one]
    assert said.startswith(f"lora.yaml:{line}: warning: 'sample_packing: True' needs a GPU")
    desk.swap("release.yaml", "    axolotl: lora.yaml\n", "    axolotl: lora.yaml\n    launcher: docker\n")
    assert not [one for one in warnings(validate(desk.root / "release.yaml")) if "needs a GPU" in one]


def serve(desk: Project, text: str) -> int:
    return desk.swap("release.yaml", "serve: {local: {threads: 2}}", f"serve: {text}")


KINDS = {
    "local": "{local: {}}",
    "tgi_process": "{tgi_process: {}}",
    "tgi_docker": "{tgi_docker: {}}",
    "vllm": "{vllm: {}}",
    "kubernetes": "{kubernetes: {volume: v, base: b}}",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "key",
    [
        "peft_use_dora: true",
        "lora_modules_to_save: [lm_head]",
        "peft_trainable_token_indices: [1, 2]",
        "peft_layer_replication: [[0, 4], [2, 5]]",
        "lora_target_parameters: [mlp.experts]",
    ],
)
def test_an_adapter_that_could_not_be_served_is_told_before_it_is_trained(desk: Project, kind: str, key: str) -> None:
    serve(desk, KINDS[kind])
    line = desk.swap("lora.yaml", "lora_r: 8\n", f"lora_r: 8\n{key}\n") + 1
    (said,) = desk.problems()
    assert said.startswith(f"lora.yaml:{line}: '{key.partition(':')[0]}' trains ")
    assert f"serve.{kind} cannot serve beside the base model. Leave it out, or " in said
    assert "merged: true" in said


@pytest.mark.parametrize("kind", [*KINDS][:4])
def test_merged_into_the_base_it_can_be_served(desk: Project, kind: str) -> None:
    serve(desk, KINDS[kind].replace("{", "{merged: true, ", 1))
    desk.swap("lora.yaml", "lora_r: 8\n", "lora_r: 128\npeft_use_dora: true\nlora_modules_to_save: [lm_head]\n")
    assert desk.problems() == []


@pytest.mark.parametrize(("most", "rank", "enough"), [(64, 65, 128), (16, 32, 32), (64, 64, None), (256, 128, None)])
def test_a_rank_above_the_server_s_limit_is_told(desk: Project, most: int, rank: int, enough: int | None) -> None:
    serve(desk, f"{{vllm: {{max_lora_rank: {most}}}}}")
    line = desk.swap("lora.yaml", "lora_r: 8", f"lora_r: {rank}")
    assert desk.problems() == [
        f"lora.yaml:{line}: the adapter's rank, {rank}, is above serve.vllm.max_lora_rank ({most}): vLLM would not "
        f"start with it. Set max_lora_rank: {enough}."
    ] * (enough is not None)


def test_a_rank_of_single_layers_counts_too(desk: Project) -> None:
    serve(desk, "{vllm: {}}")
    line = desk.swap("lora.yaml", "lora_r: 8\n", "lora_r: 8\nlora_rank_pattern: {q_proj: 16, v_proj: 128}\n") + 1
    (said,) = desk.problems()
    assert said.startswith(f"lora.yaml:{line}: the adapter's rank, 128, is above serve.vllm.max_lora_rank (64)")


def test_of_experiments_each_training_is_looked_at(desk: Project) -> None:
    serve(desk, "{vllm: {max_lora_rank: 16}}")
    with (desk.root / "release.yaml").open("a") as file:
        file.write("experiments:\n  runs: {small: {set: {lora_r: 8}}, large: {set: {lora_r: 32}}}\n")
    (said,) = desk.problems()
    assert "the adapter's rank, 32, is above serve.vllm.max_lora_rank (16)" in said


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"r": 8, "use_dora": True}, "holds DoRA, which serve.local cannot serve."),
        ({"r": 8, "modules_to_save": ["lm_head"]}, "holds whole modules beside LoRA, which serve.local cannot serve."),
        ({"r": 8, "bias": "all"}, "holds biases, which serve.local cannot serve."),
        ({"r": 8, "target_parameters": ["a"]}, "holds parameters that are no modules, which serve.local cannot serve."),
        ({"r": 8, "bias": "none", "modules_to_save": None}, None),
    ],
)
def test_a_given_adapter_that_cannot_be_served_is_told(
    desk: Project, config: dict[str, object], said: str | None
) -> None:
    text = desk.read("release.yaml")
    start, end = text.index("  train:"), text.index("serve:")
    desk.write("release.yaml", text[:start] + "  adapter: adapter\n" + text[end:])
    adapter(desk.root / "adapter")
    desk.write("adapter/adapter_config.json", json.dumps(config))
    assert [one.partition("'adapter' ")[2].partition(" Leave")[0] for one in desk.problems()] == [said] * (
        said is not None
    )


@pytest.mark.parametrize(
    ("server", "fits"),
    [
        ("{kubernetes: {volume: v, base: b, gpus: 1, shards: 2}}", False),
        ("{kubernetes: {volume: v, base: b, gpus: 2, shards: 2}}", True),
        ("{kubernetes: {volume: v, base: b, gpus: 0}}", True),
        ("{tgi_process: {gpus: [0, 1], shards: 4}}", False),
        ("{vllm: {gpus: [0], shards: 2}}", False),
        ("{vllm: {gpus: all, shards: 2}}", True),
        ("{vllm: {gpus: none, shards: 2}}", True),
    ],
)
def test_more_shards_than_gpus_are_refused(desk: Project, server: str, fits: bool) -> None:
    line = serve(desk, server)
    problems = desk.problems()
    assert [one for one in problems if "spreads the model over" not in one] == []
    assert len(problems) == (not fits)
    assert fits or problems[0].startswith(f"release.yaml:{line}: 'shards: ")


@pytest.mark.parametrize(
    ("server", "key", "fits"),
    [
        ("{local: {}}", "top_k: 5", False),
        ("{tgi_process: {}}", "min_p: 0.1", False),
        ("{local: {}}", "repetition_penalty: 1.1", True),
        ("{vllm: {}}", "top_k: 5", True),
        ("{openai: {url: 'http://127.0.0.1:1/v1', model: m}}", "min_p: 0.1", True),
    ],
)
def test_rules_of_sampling_that_the_server_has_no_word_for_are_refused(
    desk: Project, server: str, key: str, fits: bool
) -> None:
    serve(desk, server)
    desk.swap("suites/triage.yaml", "max_new_tokens: 8", f"max_new_tokens: 8, {key}")
    assert len([one for one in desk.problems() if "TGI's chat API has no such key" in one]) == (not fits)


@pytest.mark.parametrize(
    "key", ["top_k: 0", "top_k: 1.5", "repetition_penalty: 0", "repetition_penalty: 3", "min_p: 1"]
)
def test_rules_of_sampling_have_ranges(desk: Project, key: str) -> None:
    line = desk.swap("suites/triage.yaml", "max_new_tokens: 8", f"max_new_tokens: 8, {key}")
    assert [one for one in desk.problems() if one.startswith(f"suites/triage.yaml:{line}: '{key.partition(':')[0]}'")]


def test_they_are_part_of_the_task_and_without_them_it_stays_the_same(desk: Project) -> None:
    def digest() -> str:
        return validate(desk.root / "release.yaml").suites[0].tasks[0].digest

    before = digest()
    desk.swap("suites/triage.yaml", "max_new_tokens: 8", "max_new_tokens: 8, repetition_penalty: 1.1")
    assert digest() != before
    desk.swap("suites/triage.yaml", ", repetition_penalty: 1.1", ", repetition_penalty: null")
    assert digest() == before


def test_validation_rows_that_are_never_used_are_told(desk: Project) -> None:
    line = desk.swap("lora.yaml", "num_epochs: 1\n", "num_epochs: 1\neval_steps: 5000\nsave_steps: 5000\n") + 1
    (said,) = [one for one in warnings(validate(desk.root / "release.yaml")) if "eval_steps" in one]
    assert said.startswith(f"lora.yaml:{line}: warning: 'eval_steps: 5000' lies beyond the end of this training")
    desk.swap("lora.yaml", "eval_steps: 5000", "eval_steps: 0.1")
    assert not [one for one in warnings(validate(desk.root / "release.yaml")) if "eval_steps" in one]


def test_prompts_beyond_the_context_are_told(desk: Project) -> None:
    pytest.importorskip("tokenizers")
    desk.swap("release.yaml", "demo:smollm2-135m-instruct", "base")
    base(desk.root / "base")
    vocabulary = {"<unk>": 0, "a": 1}
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
        "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": None, "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "<unk>"},
    }  # fmt: skip
    desk.write("base/tokenizer.json", json.dumps(tokenizer))
    desk.write("base/config.json", json.dumps({"max_position_embeddings": 1100}))
    assert not [one for one in warnings(validate(desk.root / "release.yaml")) if "context" in one], (
        "bytes are no tokens"
    )
    rows = [json.loads(line) for line in desk.read("data/triage.jsonl").splitlines()]
    rows[3]["text"] = "a " * 1200
    desk.write("data/triage.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    (said,) = [one for one in warnings(validate(desk.root / "release.yaml")) if "context" in one]
    assert f"triage.queue: 1 of {len(rows)} prompts with max_new_tokens (8) are longer than the context of 1,1" in said
    assert f"'{rows[3]['id']}', has 1,203): the server will refuse them." in said
