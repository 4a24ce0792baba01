"""A child process that turns the demo model's GGUF file into a Hugging Face folder; ours never loads torch.

Run as `python -m harness.base_models.convert FILE.gguf FOLDER`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any


def convert(gguf: Path, folder: Path) -> None:
    """Write model.safetensors (float32), config, tokenizer and generation config into `folder`."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source = str(gguf.parent)
    tokenizer = AutoTokenizer.from_pretrained(source, gguf_file=gguf.name)
    model = AutoModelForCausalLM.from_pretrained(source, gguf_file=gguf.name, dtype=torch.float32)
    repair_tokenizer(tokenizer)
    repair_model(model, int(tokenizer.eos_token_id))
    if not tokenizer.chat_template:
        raise SystemExit("the tokenizer in the GGUF file has no chat template")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def repair_tokenizer(tokenizer: Any) -> None:
    """The GGUF reader leaves end-of-turn and padding wrong and forgets that digits stand alone."""
    from tokenizers import decoders, pre_tokenizers

    tokenizer.eos_token = tokenizer.pad_token = "<|im_end|>"
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.backend_tokenizer.decoder = decoders.ByteLevel()
    tokenizer.model_max_length = 8192


def repair_model(model: Any, end_of_turn: int) -> None:
    """Agree with the tokenizer on the special tokens, and leave no path of this machine in the config."""
    if model.config.eos_token_id != end_of_turn:
        raise SystemExit(f"model ends at token {model.config.eos_token_id}, tokenizer at {end_of_turn}")
    generation = model.generation_config
    generation.bos_token_id, generation.eos_token_id, generation.pad_token_id = 1, end_of_turn, end_of_turn
    model.config._name_or_path = ""


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
