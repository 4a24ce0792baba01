"""What lm-eval gets through a server is what its own hf backend gets from the same weights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("lm_eval")
pytest.importorskip("torch")
pytest.importorskip("fastapi")

from harness.client.interface import Limits
from harness.client.lm_eval_asked import windows
from harness.client.lm_eval_model import TgiLM
from harness.client.lm_eval_tokens import Tokens
from harness.client.tgi import TgiClient
from harness.core.errors import ConfigError, OutsideError
from tests.embedded.conftest import running
from tests.tiny import make_tiny_model

PROSE = (
    "Customers write when a parcel is late, and they write again when nobody answers. Unbelievable delays, "
    "misunderstandings and reimbursements fill the queue: überraschend viele Rückfragen, 日本語も少し. "
)
TOTAL = 96


@dataclass(frozen=True)
class Pair:
    """The same weights twice: behind a server, and in lm-eval's own backend."""

    ours: TgiLM
    theirs: Any
    base: Path
    url: str


def learn_words(base: Path, adds_bos: bool) -> None:
    """Give the tiny model a tokenizer with words of several bytes, and embeddings for them."""
    import torch
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import AutoModelForCausalLM

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<pad>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([PROSE], trainer)
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in special])
    if adds_bos:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<|im_start|> $A", pair="<|im_start|> $A <|im_start|> $B", special_tokens=[("<|im_start|>", 1)]
        )
    tokenizer.save(str(base / "tokenizer.json"))
    with torch.random.fork_rng():
        torch.manual_seed(7)
        model = AutoModelForCausalLM.from_pretrained(base)
        model.resize_token_embeddings(tokenizer.get_vocab_size(), mean_resizing=False)
        for weights in (model.get_input_embeddings().weight, model.get_output_embeddings().weight):
            torch.nn.init.normal_(weights, std=0.15)
    model.save_pretrained(base)


def connect(url: str) -> TgiClient:
    return TgiClient(url, limits=Limits(timeout=60.0, attempts=2, first_pause=0.01))


class Kept(dict[str, Any]):
    """Finished requests in memory; nothing is ever dropped."""

    def hold(self, position: int | None = None) -> None: ...

    def drop(self) -> None: ...


def ours(url: str, base: Path, memo: Kept | None = None) -> TgiLM:
    return TgiLM(lambda: connect(url), None, base, Kept() if memo is None else memo, lambda done, total: None)


@pytest.fixture(scope="module", params=["plain", pytest.param("adds BOS", marks=pytest.mark.slow)])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    from lm_eval.models.huggingface import HFLM

    base = make_tiny_model(tmp_path_factory.mktemp("words") / "base")
    learn_words(base, request.param == "adds BOS")
    with running("--base", str(base), "--max-total-tokens", str(TOTAL)) as server:
        model = ours(server.url, base)
        # Its cache of logits takes those of another place where one text is split at two places.
        more = {"max_length": model.max_length, "logits_cache": False}
        theirs = HFLM(pretrained=str(base), device="cpu", dtype="float32", batch_size=1, **more)
        yield Pair(model, theirs, base, server.url)


def asked(*given: tuple[Any, ...]) -> list[Any]:
    from lm_eval.api.instance import Instance

    return [Instance("loglikelihood", {}, arguments=one, idx=0) for one in given]


CONTINUATIONS = [
    ("Customers write when", " a parcel is late"),
    ("Customers write when ", "a parcel is late"),
    ("a: 1\n\nb:", " überraschend 日本"),
    ("", " Customers write again"),
    ("", "<|im_start|>Customers write"),
    ("<|im_start|>Customers", " write"),
    (PROSE * 3, " nobody answers"),
    ("x", " " + "late and late " * 6),
]


def test_log_likelihoods_are_those_of_the_hf_backend(both: Pair) -> None:
    assert both.ours.max_length == TOTAL - 1 - 1 - 16
    given = list(CONTINUATIONS)
    for context, _ in CONTINUATIONS[:4]:  # what the model itself would say, so that some answers are greedy
        text = both.theirs.generate_until(asked((context or "<|im_start|>", {"until": [], "max_gen_toks": 1})))[0]
        given += [(context, text)] if text.strip() and context.rstrip() == context else []
    found, wanted = both.ours.loglikelihood(asked(*given)), both.theirs.loglikelihood(asked(*given))
    assert [value for value, _ in found] == pytest.approx([value for value, _ in wanted], abs=1e-3)
    assert [greedy for _, greedy in found] == [greedy for _, greedy in wanted]
    assert {greedy for _, greedy in found} == {True, False}


def test_without_ranks_greedy_is_found_by_asking_again(both: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.client import tgi

    given = [(context, text) for context, text in CONTINUATIONS[:6]]
    for context in ("Customers", "late", "nobody answers", "queue:"):
        given.append(
            (context, both.theirs.generate_until(asked((context, {"until": [], "max_gen_toks": 1})))[0] or "x")
        )
    wanted = both.ours.loglikelihood(asked(*given))
    plain = tgi._token
    monkeypatch.setattr(tgi, "_token", lambda token: plain({**token, "rank": None}))
    found = ours(both.url, both.base).loglikelihood(asked(*given))
    assert [value for value, _ in found] == pytest.approx([value for value, _ in wanted], abs=1e-4)
    assert [greedy for _, greedy in found] == [greedy for _, greedy in wanted]
    assert {greedy for _, greedy in found} == {True, False}


def test_rolling_log_likelihoods_are_those_of_the_hf_backend(both: Pair) -> None:
    texts = ["", "late", PROSE, PROSE * 4, "<|im_start|>" + PROSE, "日本語も" * 60]
    whole = both.ours.tok_encode(PROSE * 4)
    assert len(whole) > 3 * both.ours.max_length
    given = asked(*[(text,) for text in texts])
    assert both.ours.loglikelihood_rolling(given) == pytest.approx(both.theirs.loglikelihood_rolling(given), abs=1e-3)


def test_windows_are_cut_inside_words_as_well(both: Pair) -> None:
    tokens = Tokens(both.base)
    cut = [one for longest in range(40, 60) for one in windows(tokens, PROSE * 2, longest)]
    assert any(one.stop < len(one.ids) for one in cut), "a few tokens more, where the last word would be read otherwise"
    assert all(len(one.ids) - one.stop <= 16 for one in cut)


@pytest.mark.parametrize(
    "arguments",
    [
        {"until": ["\n\n"], "max_gen_toks": 12},
        {"until": "a", "max_gen_toks": 24},
        {"until": ["zz", "yy", "xx", "ww", "e", "t"], "max_gen_toks": 24},
        {"max_gen_toks": 5},
        {"until": [], "max_tokens": 7, "do_sample": False, "temperature": 0.0},
    ],
)
def test_generated_text_is_that_of_the_hf_backend(both: Pair, arguments: dict[str, Any]) -> None:
    contexts = ["Customers write", "Rückfragen:", "<|im_start|>nobody", PROSE * 2]
    given = asked(*[(context, dict(arguments)) for context in contexts])
    found = both.ours.generate_until(given)
    assert found == both.theirs.generate_until(given)
    assert any(found)


def test_the_default_length_is_the_hf_backends(both: Pair) -> None:
    with pytest.raises(ConfigError, match="256 new tokens"):
        both.ours.generate_until(asked(("Customers", {"until": ["."]})))
    with pytest.raises(AssertionError, match="max tokens to generate \\(256\\)"):
        both.theirs.generate_until(asked(("Customers", {"until": ["."]})))


@pytest.mark.parametrize("more", [{"do_sample": True}, {"temperature": 0.7}, {"num_beams": 4}])
def test_what_is_not_greedy_is_refused(both: Pair, more: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"samples|num_beams"):
        both.ours.generate_until(asked(("Customers", {"until": ["."], "max_gen_toks": 4, **more})))


@pytest.mark.parametrize("given", [("  ", "a"), ("Customers", ""), ("Customers", " late" * 99)])
def test_what_the_hf_backend_cannot_score_is_refused(both: Pair, given: tuple[str, str]) -> None:
    if both.ours.tok_encode("") and given[0] == "  ":
        pytest.skip("the tokenizer's own BOS is the context")
    with pytest.raises(ConfigError, match="cannot score the continuation"):
        both.ours.loglikelihood(asked(given))
    with pytest.raises(AssertionError):
        both.theirs.loglikelihood(asked(given))


def test_tokens_that_join_across_the_border_are_refused(both: Pair) -> None:
    assert both.ours.tok_encode("Customer")[:-1] == both.ours.tok_encode("Custom"), "'er' is one token"
    with pytest.raises(OutsideError, match="the tokens of a context and its continuation join"):
        both.ours.loglikelihood(asked(("Custome", "rs write")))


def test_another_tokenizer_than_the_servers_is_told(both: Pair, tmp_path: Path) -> None:
    other = make_tiny_model(tmp_path / "bytes")
    for ask in ("loglikelihood", "loglikelihood_rolling", "generate_until"):
        given = {"loglikelihood": ("a late", " parcel"), "generate_until": ("a late", {"until": [], "max_gen_toks": 4})}
        with pytest.raises(OutsideError, match="other tokens than lm-eval"):
            getattr(ours(both.url, other), ask)(asked(given.get(ask, ("a late parcel",))))


def test_finished_requests_are_not_asked_again(both: Pair) -> None:
    memo = Kept()
    first = ours(both.url, both.base, memo)
    wanted = first.loglikelihood(asked(*CONTINUATIONS[:2])), first.loglikelihood_rolling(asked((PROSE,)))
    kept = Kept(json.loads(json.dumps(memo)))
    moved: list[tuple[int, int]] = []
    again = TgiLM(lambda: connect(both.url), None, both.base, kept, lambda done, total: moved.append((done, total)))
    assert (again.loglikelihood(asked(*CONTINUATIONS[:2])), again.loglikelihood_rolling(asked((PROSE,)))) == wanted
    assert moved == []
