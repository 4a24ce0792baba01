"""A trained adapter's manifest holds what base and adapter say to fixed prompts, computed by the real child."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import OutsideError
from harness.core.fingerprints import Fingerprint
from harness.core.ids import digest_file, digest_json
from harness.trainers.axolotl import AxolotlTrainer, jobs, manifest, trainer
from harness.trainers.interface import Progress, TrainRequest
from tests.tiny import CHAT_TEMPLATE, make_tiny_adapter, make_tiny_model

# The child takes a quarter of a minute to import torch, transformers and peft.


def real(test: Callable[..., None]) -> Callable[..., None]:
    """A test with the real child. Importing those packages warns about things that are not ours."""
    for mark in (pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.filterwarnings("ignore")):
        test = mark(test)
    return test


ROW = '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n'


def finished(root: Path) -> TrainRequest:
    """A training that ended before there were fingerprints: an adapter and its manifest."""
    pytest.importorskip("axolotl")
    base = make_tiny_model(root / "base")
    (root / "lora.yaml").write_text("base_model: any\nadapter: lora\nlora_r: 4\nlora_alpha: 8\n")
    (root / "rows.jsonl").write_text(ROW)
    request = TrainRequest(root / "lora.yaml", base, "digest-of-base", root / "rows.jsonl", None, root / "run")
    make_tiny_adapter(base, request.output / "adapter", seed=1)
    place = jobs.launcher_of(request.launcher).place()
    inputs = manifest.inputs(request, trainer._resolved(request, place), place.device)
    weights = digest_file(request.output / "adapter" / "adapter_model.safetensors")
    manifest.write(request.output, {"key": digest_json(inputs), **inputs, "adapter": weights, "rows": 1})
    return request


def stored(request: TrainRequest) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((request.output / "manifest.json").read_text())
    return found


@real
def test_an_older_training_gets_its_fingerprint_and_is_not_done_again(tmp_path: Path) -> None:
    request = finished(tmp_path)
    _save_tokenizer(request, CHAT_TEMPLATE.replace("<|im_end|>", "<|endoftext|>"))
    before, told = stored(request), list[Progress]()
    adapter = AxolotlTrainer().train(request, told.append)
    after = stored(request)
    found = Fingerprint.from_json(after.pop("fingerprint"))
    assert (after, adapter.digest) == (before, before["adapter"])
    assert [news.phase for news in told] == ["save"]
    assert sorted(path.name for path in request.output.iterdir()) == [
        ".lock", "adapter", "checkpoints", "manifest.json", "train.log",
    ]  # fmt: skip
    _check(found, request.base_model, adapter.folder)

    AxolotlTrainer().train(request, told.append)
    assert len(told) == 1, "it is computed once"


def _save_tokenizer(request: TrainRequest, template: str) -> None:
    """As Axolotl leaves it: with the chat template that it trained with, which need not be the base model's."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(request.base_model)
    tokenizer.chat_template = template
    tokenizer.save_pretrained(request.output / "checkpoints")


def _check(found: Fingerprint, base: Path, adapter: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    adapted = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), adapter).eval()
    assert len({prompt.text for prompt in found.prompts}) == 3
    for prompt in found.prompts:
        assert list(prompt.ids) == tokenizer(prompt.text).input_ids
        ids = torch.tensor([prompt.ids])
        for one, said in ((model, prompt.base), (adapted, prompt.adapter)):
            with torch.inference_mode():
                loss = one(input_ids=ids, labels=ids).loss
            assert sum(said) / len(said) == pytest.approx(-float(loss), abs=1e-4)
        assert max(abs(a - b) for a, b in zip(prompt.base, prompt.adapter, strict=True)) > 0.01
    assert found.chat is not None
    assert [turn["role"] for turn in found.chat.messages] == ["user", "assistant", "user"]
    text = "".join(f"<|im_start|>{turn['role']}\n{turn['content']}<|endoftext|>\n" for turn in found.chat.messages)
    assert tokenizer.decode(found.chat.ids) == text + "<|im_start|>assistant\n"


@real
def test_a_template_with_todays_date_is_not_recorded(tmp_path: Path) -> None:
    request = finished(tmp_path)
    config = request.base_model / "tokenizer_config.json"
    settings = json.loads(config.read_text())
    settings["chat_template"] = "{{ strftime_now('%d') }}" + CHAT_TEMPLATE
    config.write_text(json.dumps(settings))
    AxolotlTrainer().train(request, lambda news: None)
    assert Fingerprint.from_json(stored(request)["fingerprint"]).chat is None


@real
def test_a_fingerprint_that_fails_is_told_and_tried_again(tmp_path: Path) -> None:
    request = finished(tmp_path)
    weights = request.base_model / "model.safetensors"
    kept = weights.read_bytes()
    weights.write_bytes(b"broken")
    with pytest.raises(
        OutsideError, match=r"its fingerprint failed with exit code 1\. The whole log: .*\n(.|\n)*header"
    ):
        AxolotlTrainer().train(request, lambda news: None)
    assert "fingerprint" not in stored(request)
    weights.write_bytes(kept)
    AxolotlTrainer().train(request, lambda news: None)
    assert "fingerprint" in stored(request)


VALID = {
    "dtype": "float32",
    "prompts": [{"text": "a b", "ids": [1, 2], "base": [-1.5], "adapter": [-1]}],
    "chat": {"messages": [{"role": "user", "content": "a"}], "ids": [1]},
}


@pytest.mark.parametrize("chat", [VALID["chat"], None])
def test_a_fingerprint_comes_back_from_json(chat: object) -> None:
    value = VALID | {"chat": chat}
    assert Fingerprint.from_json(json.loads(json.dumps(value))).as_json() == value


@pytest.mark.parametrize(
    "spoil",
    [
        lambda value: value.pop("dtype"),
        lambda value: value.update(more=1),
        lambda value: value.update(prompts=[]),
        lambda value: value.update(prompts=None),
        lambda value: value.update(dtype=None),
        lambda value: value["prompts"][0].update(text=1),
        lambda value: value["prompts"][0].update(ids=[1, 2, 3]),
        lambda value: value["prompts"][0].update(ids=[1], base=[], adapter=[]),
        lambda value: value["prompts"][0].update(ids=[1, True]),
        lambda value: value["prompts"][0].update(ids=[1, -2]),
        lambda value: value["prompts"][0].update(base=[None]),
        lambda value: value["prompts"][0].update(base=[float("nan")]),
        lambda value: value["prompts"][0].update(base=[float("-inf")]),
        lambda value: value["prompts"][0].update(adapter=[0.5]),
        lambda value: value["prompts"][0].update(adapter=["-1"]),
        lambda value: value["prompts"][0].update(adapter=[True]),
        lambda value: value["chat"].update(ids=[]),
        lambda value: value["chat"].update(messages=[]),
        lambda value: value["chat"]["messages"][0].update(content=None),
    ],
)
def test_what_is_no_fingerprint_is_refused(spoil: Callable[[Any], None]) -> None:
    value = copy.deepcopy(VALID)
    spoil(value)
    with pytest.raises(ValueError, match=r"."):
        Fingerprint.from_json(value)


@pytest.mark.parametrize("value", [None, [], "text", 1])
def test_what_is_no_mapping_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="mapping"):
        Fingerprint.from_json(value)
