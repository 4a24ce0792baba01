"""What a row gets must not depend on the rows beside it: the engine against the plain model, row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from harness.embedded import selfcheck
from harness.embedded.engine import Engine
from harness.embedded.errors import StartError
from harness.embedded.jobs import BASE, Sampling
from harness.embedded.kv import Batch
from harness.embedded.loading import Loaded, load
from harness.embedded.sampling import Sampler, choose

from .conftest import Folders

LENGTHS = (3, 17, 5, 40, 1, 9)
ADAPTERS = (BASE, "adapter0", "adapter1", "adapter0", "adapter1", BASE)
PROMPTS = [[(7 * i + 31 * n + 4) % 260 for i in range(length)] for n, length in enumerate(LENGTHS)]
STEPS = 6


@pytest.fixture(scope="module")
def expected(folders: Folders) -> list[torch.Tensor]:
    """The plain model's greedy continuation of each prompt alone, then log-probabilities of all it read."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    rows = []
    for prompt, adapter in zip(PROMPTS, ADAPTERS, strict=True):
        model: Any = AutoModelForCausalLM.from_pretrained(folders.base)
        if adapter != BASE:
            model = PeftModel.from_pretrained(model, list(folders.adapters.values())[int(adapter[-1])])
        ids = torch.tensor([prompt])
        with torch.inference_mode():
            for _ in range(STEPS):
                logits = model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False).logits
                ids = torch.cat([ids, logits[:, -1].argmax(-1, keepdim=True)], dim=1)
        scored = logits[0].log_softmax(-1)
        rows.append((ids[0], scored.gather(1, ids[0, 1:, None]).squeeze(1), scored))
    return rows  # type: ignore[return-value]


@pytest.fixture(scope="module")
def loaded(folders: Folders) -> Loaded:
    return load(folders.base, folders.adapters, "float32", "cpu")


@pytest.fixture(scope="module")
def engine(loaded: Loaded) -> Engine:
    return Engine(loaded.model, loaded.pad_id)


def follow(engine: Engine, batch: Batch, logits: torch.Tensor, steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Greedy ids and log-probabilities, `[rows, steps + 1]` each."""
    ids, logprobs = [], []
    for step in range(steps + 1):
        ids.append(logits.argmax(-1))
        logprobs.append(logits.log_softmax(-1).amax(-1))
        if step < steps:
            logits = engine.step(batch, ids[-1].tolist())
    return torch.stack(ids, 1), torch.stack(logprobs, 1)


def test_mixed_batch_equals_each_row_alone(engine: Engine, expected: Any) -> None:
    done = engine.prefill(PROMPTS, ADAPTERS, [True] * len(PROMPTS))
    assert done.batch is not None
    ids, logprobs = follow(engine, done.batch, done.logits, STEPS - 1)
    for row, (wanted, scored, _) in enumerate(expected):
        assert ids[row].tolist() == wanted[-STEPS:].tolist()
        torch.testing.assert_close(logprobs[row], scored[-STEPS:], atol=1e-4, rtol=0)


def test_prompt_scores_and_ranks_equal_each_row_alone(engine: Engine, expected: Any) -> None:
    done = engine.prefill(PROMPTS, ADAPTERS, [True, False] * 3, keep_cache=False)
    assert done.batch is None
    for row, (prompt, score) in enumerate(zip(PROMPTS, done.scores, strict=True)):
        if row % 2:
            assert score is None
            continue
        assert score is not None
        ids, logprobs, full = expected[row]
        known = len(prompt) - 1
        torch.testing.assert_close(torch.tensor(score.logprobs), logprobs[:known], atol=1e-4, rtol=0)
        better = [(full[at] > full[at, ids[at + 1]] + 1e-5).sum().item() for at in range(known)]
        assert list(score.ranks) == better


def test_rows_join_and_leave_a_running_batch(engine: Engine, expected: Any) -> None:
    first = engine.prefill(PROMPTS[:3], ADAPTERS[:3], [False] * 3)
    assert first.batch is not None
    ids, _ = follow(engine, first.batch, first.logits, 2)
    late = engine.prefill(PROMPTS[3:], ADAPTERS[3:], [False] * 3)
    assert late.batch is not None
    first.batch.join(late.batch)
    first.batch.keep([0, 2, 4, 5])
    logits = engine.step(first.batch, [ids[0, -1].item(), ids[2, -1].item(), *late.logits[1:].argmax(-1).tolist()])
    got = logits.log_softmax(-1).amax(-1)
    for row, (case, steps) in enumerate([(0, 3), (2, 3), (4, 1), (5, 1)]):
        position = len(PROMPTS[case]) - 1 + steps
        torch.testing.assert_close(got[row], expected[case][1][position], atol=1e-4, rtol=0)


@pytest.mark.parametrize("adapter", [BASE, "adapter1"])
def test_a_shared_beginning_changes_no_row(engine: Engine, adapter: str) -> None:
    beginning = [(11 * i + 5) % 260 for i in range(40)]
    prompts = [[*beginning, *prompt, *prompt[:1] * 70 * (row == 3)] for row, prompt in enumerate(PROMPTS)]
    done = engine.prefill(prompts, [adapter] * 6, [False] * 6)
    assert done.batch is not None
    ids, logprobs = follow(engine, done.batch, done.logits, 2)
    alone = engine.prefill(prompts[:1], [adapter], [False])
    assert alone.batch is not None
    done.batch.join(alone.batch)
    done.batch.keep([1, 3, 6])
    logits = engine.step(done.batch, [ids[1, -1].item(), ids[3, -1].item(), alone.logits.argmax(-1).item()])
    for row, prompt in enumerate(prompts):
        one = engine.prefill([prompt], [adapter], [False])
        assert one.batch is not None
        wanted_ids, wanted = follow(engine, one.batch, one.logits, 3)
        assert ids[row].tolist() == wanted_ids[0, :3].tolist()
        torch.testing.assert_close(logprobs[row], wanted[0, :3], atol=1e-4, rtol=0)
        if row in (1, 3):
            got = logits[(1, 3).index(row)].log_softmax(-1).amax(-1)
            torch.testing.assert_close(got, wanted[0, 3], atol=1e-4, rtol=0)


def test_batches_of_one_adapter_and_mixed_ones_may_follow_in_any_order(engine: Engine, expected: Any) -> None:
    for rows in ([1, 3], [0, 5], [2], [0, 1, 2], [4, 2], [3, 0], [5], [1, 3]):
        done = engine.prefill([PROMPTS[r] for r in rows], [ADAPTERS[r] for r in rows], [False] * len(rows))
        got = done.logits.log_softmax(-1).amax(-1)
        wanted = [expected[r][1][len(PROMPTS[r]) - 1] for r in rows]
        torch.testing.assert_close(got, torch.stack(wanted), atol=1e-4, rtol=0)


def test_what_was_run_before_changes_no_score(folders: Folders, loaded: Loaded, engine: Engine) -> None:
    """Each group begins as the one before: whole, in part, not at all, unscored, or through another adapter."""
    beginning = [(11 * i + 5) % 260 for i in range(40)]
    alone = [[*beginning, *prompt] for prompt in PROMPTS]
    wanted = []
    for prompt in alone:
        engine.prefill([[200, 201]], ["adapter0"], [False])  # forgets the beginning
        wanted.append(engine.prefill([prompt], ["adapter0"], [True], keep_cache=False))
    groups = [([0, 1], True), ([2, 3], True), ([4], False), ([5, 0], True), ([1, 1, 4], True), ([4], True)]
    for rows, scored in groups:
        engine.prefill([alone[0]], ["adapter1"], [True])
        done = engine.prefill([alone[row] for row in rows], ["adapter0"] * len(rows), [scored] * len(rows))
        for place, row in enumerate(rows):
            torch.testing.assert_close(done.logits[place], wanted[row].logits[0], atol=1e-4, rtol=0)
            got, right = done.scores[place], wanted[row].scores[0]
            assert (got is None) == (not scored)
            if got is not None and right is not None:
                torch.testing.assert_close(torch.tensor(got.logprobs), torch.tensor(right.logprobs), atol=1e-4, rtol=0)
                assert got.ranks == right.ranks


def test_a_known_beginning_is_not_run_again(engine: Engine) -> None:
    beginning = [(13 * i + 7) % 260 for i in range(200)]
    lengths: list[int] = []
    hook = engine._decoder.layers[0].register_forward_pre_hook(
        lambda _module, args, kwargs: lengths.append((args or (kwargs["hidden_states"],))[0].shape[1]),
        with_kwargs=True,
    )
    for question in ([1, 2], [3, 4], [5]):
        prompts = [[*beginning, *question, choice] for choice in (10, 11, 12, 13)]
        engine.prefill(prompts, ["adapter0"] * 4, [True] * 4, keep_cache=False)
    hook.remove()
    assert lengths == [206, 7, 6], "the beginning once, less its last token; a question once; each choice"


def test_a_sliding_window_hides_the_same_columns(tmp_path: Path) -> None:
    from transformers import MistralConfig, MistralForCausalLM

    config = MistralConfig(
        vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, sliding_window=5, initializer_range=0.3,
    )  # fmt: skip
    plain = MistralForCausalLM._from_config(config, attn_implementation="sdpa").eval()
    served = MistralForCausalLM._from_config(config, attn_implementation="sdpa").eval()
    served.load_state_dict(plain.state_dict())
    engine = Engine(served, 0, adapted=False)
    prompts = [[(7 * i + 3) % 64 for i in range(12)] + [tail] * (tail + 2) for tail in range(3)]
    done = engine.prefill(prompts, [BASE] * 3, [True] * 3)
    assert done.batch is not None
    logits = engine.step(done.batch, [9] * 3)
    for row, prompt in enumerate(prompts):
        with torch.inference_mode():
            wanted = plain(torch.tensor([[*prompt, 9]]), use_cache=False).logits[0].log_softmax(-1)
        torch.testing.assert_close(logits[row].log_softmax(-1), wanted[-1], atol=1e-4, rtol=0)
        score = done.scores[row]
        assert score is not None
        targets = torch.tensor(prompt[1:])
        own = wanted[: len(targets)].gather(1, targets[:, None]).squeeze(1)
        torch.testing.assert_close(torch.tensor(score.logprobs), own, atol=1e-4, rtol=0)


def test_layers_of_another_kind_are_refused() -> None:
    from transformers import Qwen2Config, Qwen2ForCausalLM

    config = Qwen2Config(vocab_size=64, hidden_size=32, num_hidden_layers=1, num_attention_heads=4)
    model = Qwen2ForCausalLM(config)
    model.config.layer_types = ["linear_attention"]
    with pytest.raises(StartError, match="layers of linear_attention"):
        Engine(model, 0, adapted=False)


def test_cache_grows_past_its_first_room(engine: Engine, loaded: Loaded) -> None:
    done = engine.prefill([[5, 6, 7]], [BASE], [False])
    assert done.batch is not None
    ids, logprobs = follow(engine, done.batch, done.logits, 150)
    again = engine.prefill([[5, 6, 7, *ids[0].tolist()]], [BASE], [True])
    assert again.scores[0] is not None
    torch.testing.assert_close(torch.tensor(again.scores[0].logprobs[2:]), logprobs[0], atol=1e-4, rtol=0)


def test_self_check_passes_and_catches_a_wrong_engine(folders: Folders) -> None:
    fresh = load(folders.base, folders.adapters, "float32", "cpu")
    references = selfcheck.references(fresh)
    engine = Engine(fresh.model, fresh.pad_id)
    selfcheck.verify(engine, references, torch.float32)
    with torch.no_grad():
        fresh.model.get_output_embeddings().weight[7] += 0.1
    with pytest.raises(StartError, match="cannot be served"):
        selfcheck.verify(engine, references, torch.float32)


def test_sampling_is_seeded_for_each_row_alone() -> None:
    logits = torch.randn(4, 50, generator=torch.Generator().manual_seed(1))
    rules = [Sampling(seed=s, temperature=0.7, top_k=20, top_p=0.9, repetition_penalty=1.2) for s in (1, 2, 3)]
    samplers = [Sampler(rule, [1, 2, 3]) for rule in rules] + [Sampler(Sampling(), [1])]
    together = [choice.id for choice in choose(logits.clone(), samplers) if choice]
    alone = [choose(logits[row : row + 1].clone(), [Sampler(rules[row], [1, 2, 3])])[0] for row in range(3)]
    assert together == [choice.id for choice in alone if choice] + [int(logits[3].argmax())]


def test_warped_logprobs_are_those_of_the_distribution_drawn_from() -> None:
    logits = torch.tensor([[4.0, 3.0, 2.0, 1.0]])
    choice = choose(logits, [Sampler(Sampling(seed=5, top_k=2), [0], top_n=4)])[0]
    assert choice is not None
    shares = torch.tensor([4.0, 3.0]).log_softmax(-1).tolist()
    assert [i for i, _ in choice.top] == [0, 1]
    assert [share for _, share in choice.top] == pytest.approx(shares)


def test_frequency_penalty_counts_the_prompt() -> None:
    choice = choose(torch.tensor([[1.0, 0.9, 0.0]]), [Sampler(Sampling(frequency_penalty=1.0), [0, 0, 2, 2])])[0]
    assert choice is not None
    assert choice.id == 1


def test_logits_that_are_not_numbers_are_no_choice() -> None:
    logits = torch.zeros(2, 5)
    logits[0, 3] = float("nan")
    bad, good = choose(logits, [Sampler(Sampling(), [1]), Sampler(Sampling(), [1])])
    assert bad is None
    assert good is not None
