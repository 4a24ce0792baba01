"""Base and adapter made into one model, in a process of its own: torch's memory goes with it.

Run as `python -P -m harness.base_models.merge_child BASE ADAPTER OUT QUESTIONS`, with a pipe as standard input that
nobody writes to. QUESTIONS is a JSON file: a list of chats. What both models say to them, and to fixed texts, is
written to OUT/agreement.json, last of all.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NEW_TOKENS = 32
SHARD = "4GB"
TEXTS = (
    "The quick brown fox jumps over the lazy dog. In the morning 48 lorries left the harbour.",
    "Customer: my order has not arrived yet. Agent:",
    '{"order": {"id": 48213, "items": [{"sku": "A-17", "quantity": 2}], "note": null}}',
)


def merge(base: Path, adapter: Path, out: Path, questions: Sequence[Sequence[dict[str, str]]]) -> dict[str, object]:
    """Float32 on a CPU, bfloat16 on a GPU. The merged model is read from the disk again before it is compared."""
    from peft import PeftModel
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    model = _load(base)
    texts = [tuple(int(one) for one in tokenizer(text).input_ids) for text in TEXTS]
    asked = [_ids(tokenizer, chat) for chat in questions]
    plain = [_table(model, ids)[1] for ids in texts]
    adapted = PeftModel.from_pretrained(model, str(adapter)).eval()
    ours = [_table(adapted, ids)[1] for ids in texts]
    answers = [_answer(adapted, ids, tokenizer) for ids in asked]
    told = [_table(adapted, ids)[1] for ids in answers]
    dtype = str(model.dtype)
    adapted.merge_and_unload(safe_merge=True).save_pretrained(out, max_shard_size=SHARD, safe_serialization=True)
    tokenizer.save_pretrained(out)
    del model, adapted
    merged = _load(out)
    prompts = [
        {"text": text, "ids": list(ids), "base": before, "adapter": after, "merged": _table(merged, ids)[1]}
        for text, ids, before, after in zip(TEXTS, texts, plain, ours, strict=True)
    ]
    return {
        "dtype": dtype.removeprefix("torch."),
        "prompts": prompts,
        "answers": [_compared(merged, *one) for one in zip(asked, answers, told, strict=True)],
    }


def _load(folder: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    cuda = torch.cuda.is_available()
    model: Any = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.bfloat16 if cuda else torch.float32, use_safetensors=True, local_files_only=True,
        trust_remote_code=False,
    )  # fmt: skip
    return model.eval().to("cuda" if cuda else "cpu")


def _ids(tokenizer: Any, chat: Sequence[dict[str, str]]) -> tuple[int, ...]:
    if tokenizer.chat_template:
        text = tokenizer.apply_chat_template(list(chat), tokenize=False, add_generation_prompt=True)
        return tuple(int(one) for one in tokenizer(text, add_special_tokens=False).input_ids)
    return tuple(int(one) for one in tokenizer("\n".join(turn["content"] for turn in chat)).input_ids)


def _answer(model: Any, ids: Sequence[int], tokenizer: Any) -> tuple[int, ...]:
    """The question's tokens with the greedy answer after them."""
    import torch

    tensor = torch.tensor([list(ids)], device=model.device)
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    with torch.inference_mode():
        found = model.generate(
            input_ids=tensor, attention_mask=torch.ones_like(tensor), max_new_tokens=NEW_TOKENS, do_sample=False,
            pad_token_id=pad,
        )  # fmt: skip
    return tuple(int(one) for one in found[0].tolist())


def _table(model: Any, ids: Sequence[int]) -> tuple[list[float], list[float]]:
    """Of each token after the first, in nats: the likeliest token's log-probability in its place, and its own."""
    import torch

    with torch.inference_mode():
        tensor = torch.tensor([list(ids)], device=model.device)
        table = model(input_ids=tensor, use_cache=False).logits[0, :-1].float().log_softmax(-1)
        own = table.gather(1, tensor[0, 1:].unsqueeze(1)).squeeze(1)
    rounded = [[round(value, 6) for value in row.tolist()] for row in (table.amax(-1), own)]
    return rounded[0], rounded[1]


def _compared(merged: Any, asked: Sequence[int], answer: Sequence[int], told: Sequence[float]) -> dict[str, object]:
    """The adapter's answer, token by token, under both models.

    `behind` is by how much the merged model holds another token for likelier, 0 where it would say the same.
    """
    best, own = (row[len(asked) - 1 :] for row in _table(merged, answer))
    behind = [round(most - one, 6) for most, one in zip(best, own, strict=True)]
    return {"adapter": list(told[len(asked) - 1 :]), "merged": own, "behind": behind}


def _die_with_parent() -> None:
    while os.read(0, 1):  # not sys.stdin, whose lock would be held when the interpreter ends
        pass
    os._exit(1)


def main(base: str, adapter: str, out: str, questions: str) -> None:
    """Merge, compare, and say so."""
    threading.Thread(target=_die_with_parent, daemon=True).start()
    found = merge(Path(base), Path(adapter), Path(out), json.loads(Path(questions).read_text(encoding="utf-8")))
    (Path(out) / "agreement.json").write_text(json.dumps(found, allow_nan=False), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
