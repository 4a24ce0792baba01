"""The fingerprint of a trained adapter, computed in a process of its own: torch's memory goes with it.

Run as `python -P -m harness.trainers.axolotl.fingerprint BASE TOKENIZER ADAPTER OUT [strict]`, with a pipe as standard
input that nobody writes to. TOKENIZER is the folder of the tokenizer that was trained with, OUT the JSON file to write.
With `strict` an adapter of which not every tensor is loaded is refused.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from harness.core.fingerprints import Chat, Fingerprint, ScoredPrompt
from harness.launchers._life import watch_parent

PROSE = (
    "In the early morning the ferry left the harbour with forty passengers, two lorries and a crate of lemons. "
    "The captain, who had made the crossing 1,200 times, did not look at the chart."
)
QUESTION = "My parcel #48213 was due on Tuesday, but it is not here yet. Where is it?"
ORDER = '{"order": {"id": 48213, "items": [{"sku": "A-17", "quantity": 2}], "paid": true, "note": null}}'
# No system turn: some templates refuse one, others put their own in its place, which then is compared too.
TURNS = (
    {"role": "user", "content": QUESTION},
    {"role": "assistant", "content": "I am sorry to hear that. Which address was it sent to?"},
    {"role": "user", "content": "To the office,\nas always: 5 Mill Lane."},
)
# Asked too where the adapter hardly moves the first three; of these the most telling ones are kept.
MORE = (
    "Dear customer, thank you for your message. We have looked into it, and your refund is on its way.",
    "Category: billing\nPriority: high\nLanguage: en\nSummary: The customer was charged twice in March.",
    "def total(rows):\n    return sum(row['price'] * row['quantity'] for row in rows if row['paid'])",
    "Q: What is 17 + 25?\nA: 42\nQ: Which river flows through Vienna?\nA: The Danube.",
    "Das Paket kam am Dienstag an. Le colis est arrivé mardi. El paquete llegó el martes.",
    "I'm sorry, but I can't help with that request.",
)
# Nats a token: by so much a prompt's mean must move for a small part of the adapter to be told from rounding.
TELLING, MOST = 0.6, 6
# A template that asks for the time gives other tokens tomorrow.
CLOCKS = ("strftime_now", "now(")


def compute(base: Path, tokenizer_folder: Path, adapter: Path, strict: bool = False) -> Fingerprint:
    """Log-probabilities in float32 on a CPU, in bfloat16 on a GPU.

    Raises ValueError where `strict`, and the base's files hold fewer weights than its config describes, or the
    adapter's file holds other tensors than are loaded.
    """
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if strict:
        _refuse_unfilled(base)
    cuda = torch.cuda.is_available()
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder, local_files_only=True)
    model: Any = AutoModelForCausalLM.from_pretrained(
        base, dtype=torch.bfloat16 if cuda else torch.float32, use_safetensors=True, local_files_only=True
    )
    model.eval().to("cuda" if cuda else "cpu")
    adapted = PeftModel.from_pretrained(model, str(adapter)).eval()
    if strict:
        _refuse_partial(adapted, adapter)
    prompts = [_scored(adapted, tokenizer, text) for text in (PROSE, _customer(tokenizer), ORDER)]
    if max(map(_moved, prompts)) < TELLING:
        more = [_scored(adapted, tokenizer, text) for text in (*MORE, *_answered(tokenizer))]
        prompts += sorted(more, key=_moved, reverse=True)[: MOST - len(prompts)]
    return Fingerprint("bfloat16" if cuda else "float32", tuple(prompts), _chat(tokenizer))


def _refuse_unfilled(base: Path) -> None:
    """Weights that no file holds are drawn at random, which takes minutes and memory, and tells nothing."""
    from math import prod

    import torch
    from safetensors import safe_open
    from transformers import AutoConfig, AutoModelForCausalLM

    config: Any = AutoConfig.from_pretrained(base, local_files_only=True)
    if getattr(config, "quantization_config", None) is not None:
        return  # its files hold packed numbers
    causal: Any = AutoModelForCausalLM
    with torch.device("meta"):
        described = sum(weights.numel() for weights in causal.from_config(config).parameters())
    stored = 0
    for path in base.glob("*.safetensors"):
        with safe_open(str(path), "pt") as file:
            stored += sum(prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    if stored < described:
        raise ValueError(f"the base's config.json describes {described:,} weights, and its files hold {stored:,}")


def _refuse_partial(adapted: Any, folder: Path) -> None:
    """PEFT leaves out tensors whose names it does not know, and says so in a warning alone."""
    from peft import get_peft_model_state_dict
    from safetensors import safe_open

    with safe_open(str(folder / "adapter_model.safetensors"), "pt") as file:
        odd = sorted({*file.keys()} ^ {*get_peft_model_state_dict(adapted)})
    if odd:
        raise ValueError(f"the adapter does not fit the base model: {len(odd)} tensors differ, such as {odd[0]}")


def _scored(adapted: Any, tokenizer: Any, text: str) -> ScoredPrompt:
    ids = tuple(int(one) for one in tokenizer(text).input_ids)
    with adapted.disable_adapter():
        before = _logprobs(adapted, ids)
    return ScoredPrompt(text, ids, before, _logprobs(adapted, ids))


def _moved(prompt: ScoredPrompt) -> float:
    """By how much the adapter moves a prompt's tokens, on average (nats)."""
    return fmean(abs(a - b) for a, b in zip(prompt.base, prompt.adapter, strict=True))


def _answered(tokenizer: Any) -> list[str]:
    """A chat with an answer in it, where the model has a template for one that does not write today's date."""
    template = tokenizer.chat_template
    if not template or any(clock in json.dumps(template) for clock in CLOCKS):
        return []
    return [_rendered(tokenizer, TURNS)]


def _logprobs(model: Any, ids: Sequence[int]) -> tuple[float, ...]:
    import torch

    with torch.inference_mode():
        tensor = torch.tensor([ids], device=model.device)
        table = model(input_ids=tensor, use_cache=False).logits[0, :-1].float().log_softmax(-1)
        found = table.gather(1, tensor[0, 1:].unsqueeze(1)).squeeze(1)
    return tuple(round(value, 6) for value in found.tolist())


def _customer(tokenizer: Any) -> str:
    if not tokenizer.chat_template:
        return f"Customer: {QUESTION}\nAgent:"
    return _rendered(tokenizer, TURNS[:1])


def _chat(tokenizer: Any) -> Chat | None:
    template = tokenizer.chat_template
    if not template or any(clock in json.dumps(template) for clock in CLOCKS):
        return None
    ids = tokenizer(_rendered(tokenizer, TURNS), add_special_tokens=False).input_ids
    return Chat(TURNS, tuple(int(one) for one in ids))


def _rendered(tokenizer: Any, turns: Sequence[dict[str, str]]) -> str:
    return str(tokenizer.apply_chat_template(list(turns), tokenize=False, add_generation_prompt=True))


def main(base: str, tokenizer: str, adapter: str, out: str, strict: str = "") -> None:
    """Compute, and write whole or not at all."""
    watch_parent()
    value = compute(Path(base), Path(tokenizer), Path(adapter), strict == "strict").as_json()
    part = Path(f"{out}.part")
    part.write_text(json.dumps(value, allow_nan=False), encoding="utf-8")
    part.replace(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
