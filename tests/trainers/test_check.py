"""Every problem of an Axolotl config is told, with its place; good configs have none."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from harness.trainers.axolotl import AxolotlTrainer
from harness.trainers.axolotl.keys import FILE, known

GOOD = "base_model: a/b\nadapter: lora\nlora_r: 8\nlora_alpha: 16\n"
CONFIGS = Path(__file__).parents[2] / "axolotl_configs"


def check(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "lora.yaml"
    path.write_text(text, encoding="utf-8")
    return [str(problem) for problem in AxolotlTrainer().check(path, "lora.yaml")]


def test_a_good_config_has_no_problem(tmp_path: Path) -> None:
    assert check(tmp_path, GOOD) == []


@pytest.mark.parametrize("name", ["lora", "qlora"])
def test_the_shipped_configs_are_good(name: str) -> None:
    assert AxolotlTrainer().check(CONFIGS / f"{name}.yaml", name) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("lora_rank: 8", "Axolotl's name is 'lora_r'"),
        ("learning_rat: 1", "Did you mean 'learning_rate'?"),
        ("zzzzzz: 1", "does not know the key 'zzzzzz'"),
        ("num_epochs: two", "must be a number, not 'two'"),
        ("num_epochs: 0", "greater than 0"),
        ("micro_batch_size: 0", "at least 1"),
        ("micro_batch_size: 1.5", "a whole number"),
        ("gradient_checkpointing: offlaod", "Did you mean 'offload'?"),
        ("load_in_4bit: yes please", "true or false"),
        ("load_in_4bit: true", "is QLoRA"),
        ("lora_dropout: 1.0", "less than 1"),
        ("lora_dropout: .nan", "not nan"),
        ("lora_dropout: .inf", "not inf"),
        ("learning_rate: 0", "at most 0.1"),
        ("learning_rate: 1", "at most 0.1"),
        ("learning_rate: fast", "at most 0.1"),
        ("learning_rate: -1e-4", "at most 0.1"),
        ("sequence_len: 8", "at least 16"),
        ("val_set_size: 1", "less than 1"),
        ("warmup_ratio: 0.1\nwarmup_steps: 5", "exclude each other"),
        ("early_stopping_patience: 2", "needs 'eval_steps' and 'save_steps'"),
        ("hub_model_id: me/mine", "would upload"),
        ("rl: dpo", "only supervised"),
        ("datasets: [{path: a}, {path: b}]", "has 2 entries"),
        ("datasets: [{path: a, feild_messages: b}]", "Did you mean 'field_messages'?"),
        ("plugins: Mine", "must be a list"),
    ],
)
def test_a_bad_line_is_told_with_its_place(tmp_path: Path, line: str, said: str) -> None:
    problems = check(tmp_path, GOOD + line)
    assert len(problems) == 1
    assert problems[0].startswith("lora.yaml:5: ")
    assert said in problems[0]


@pytest.mark.parametrize(
    "line",
    [
        "learning_rate: 1e-4",  # text to YAML, a number to everybody else
        "num_epochs: 3",
        "bf16: auto",
        "gradient_checkpointing: offload",
        "val_set_size: 0",
        "lora_dropout: 0",
        "lora_target_modules: [q_proj]",
        "early_stopping_patience: 2\neval_steps: 5\nsave_steps: 5",
        "plugins: [axolotl.integrations.liger.LigerPlugin]\nliger_rope: true",
        "plugins: [theirs.Own]\ntheir_very_own_setting: 1",
        "bf16:",
    ],
)
def test_what_axolotl_takes_is_no_problem(tmp_path: Path, line: str) -> None:
    assert check(tmp_path, GOOD + line) == []


def test_a_foreign_plugin_does_not_hide_a_misspelt_key(tmp_path: Path) -> None:
    assert "Did you mean 'lora_alpha'?" in check(tmp_path, "adapter: lora\nplugins: [a.B]\nlora_alhpa: 1")[0]


@pytest.mark.parametrize("value", ["-3", "0", ".nan", "true", "[8]", "eight"])
def test_a_senseless_rank_is_refused(tmp_path: Path, value: str) -> None:
    assert len(check(tmp_path, f"adapter: lora\nlora_r: {value}")) == 1


@pytest.mark.parametrize("text", ["", "- a\n- b", "just text", "a: [", "adapter: lora\nadapter: lora"])
def test_what_is_no_config_is_told(tmp_path: Path, text: str) -> None:
    assert check(tmp_path, text)


@pytest.mark.parametrize(("adapter", "said"), [("", "is missing"), ("adapter: full", "not 'full'")])
def test_only_adapters_are_trained(tmp_path: Path, adapter: str, said: str) -> None:
    assert any(said in problem for problem in check(tmp_path, f"base_model: a\n{adapter}"))


def test_all_problems_come_at_once_in_order(tmp_path: Path) -> None:
    text = "adapter: lora\nlora_r: 0\nlora_alhpa: 1\nnum_epochs: -1\n"
    assert [problem.split(":")[1] for problem in check(tmp_path, text)] == ["2", "3", "4"]


def test_checking_loads_neither_torch_nor_axolotl() -> None:
    code = (
        "import sys; from pathlib import Path; from harness.trainers.axolotl import AxolotlTrainer; "
        f"AxolotlTrainer().check(Path({str(CONFIGS / 'lora.yaml')!r}), 'x'); "
        "sys.exit(any(name in sys.modules for name in ('torch', 'transformers', 'axolotl')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_the_key_list_is_that_of_the_installed_axolotl(tmp_path: Path) -> None:
    if importlib.util.find_spec("axolotl") is None:
        pytest.skip("axolotl is not installed")
    code = (
        "from harness.trainers.axolotl.keys import generate, render; from pathlib import Path; import sys; "
        "Path(sys.argv[1]).write_text(render(generate()), encoding='utf-8')"
    )
    fresh = tmp_path / "keys.json"
    # In a process of its own: importing Axolotl warns about much, and here warnings are errors.
    subprocess.run([sys.executable, "-c", code, str(fresh)], check=True, capture_output=True)
    assert fresh.read_text(encoding="utf-8") == FILE.read_text(encoding="utf-8")


def test_the_key_list_names_its_version() -> None:
    assert known().version == "0.19.0"
    assert len(known().top) > 300
