"""What is written is what Axolotl itself reads: the answer is learnt, and nothing else."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.pipeline.data.convert import convert
from tests.tiny import make_tiny_tokenizer

SCRIPT = """
import json, sys
from axolotl.prompt_strategies import load
from axolotl.prompt_tokenizers import AlpacaPromptTokenizingStrategy
from axolotl.prompters import AlpacaPrompter
from axolotl.utils.dict import DictDefault
from transformers import AutoTokenizer

folder, kind = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(folder)
cfg = DictDefault({"train_on_inputs": False, "sequence_len": 2048})
row = json.loads(open(folder + "/out.jsonl").readline())
if kind == "alpaca":
    strategy = AlpacaPromptTokenizingStrategy(AlpacaPrompter("instruct"), tokenizer, False, 2048)
else:
    strategy = load(kind, tokenizer, cfg, DictDefault({"type": kind}))
made = strategy.tokenize_prompt(row)
print(json.dumps([tokenizer.decode([t for t in made["labels"] if t != -100]), tokenizer.decode(made["input_ids"])]))
"""


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("axolotl") is None, reason="needs axolotl")
@pytest.mark.parametrize("to", ["alpaca", "alpaca_w_system", "input_output"])
def test_axolotl_learns_the_answer_only(to: str, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"prompt": "the question", "completion": "the answer"}\n')
    convert([source], ["in.jsonl"], tmp_path / "out.jsonl", to)
    make_tiny_tokenizer(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    environment = {**os.environ, "AXOLOTL_DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), to]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    learnt, whole = json.loads(ended.stdout.splitlines()[-1])
    assert learnt.removesuffix("<|im_end|>") == "the answer"
    assert "the question" in whole
