"""The model and its adapters: token ids in, logits and prompt log-probabilities out.

What a row gets does not depend on the rows beside it: it looks at its own tokens only, positions count these,
and each row passes through its own adapter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .adapters import Adapters
from .attention import Layout, install
from .errors import StartError
from .jobs import PrefillScores
from .kv import Batch, States, columns, new_cache, unpack
from .packing import Pack, pack, same

_LOGIT_CELLS = 32 * 1024 * 1024
"""Logits held at a time while prompts are scored: a whole prompt over a large vocabulary would not fit."""

_LAYER_TYPES = {"full_attention", "sliding_attention"}


@dataclass(frozen=True, slots=True)
class Prefilled:
    """After the prompts: next-token logits `[rows, vocabulary]` (float32), batch, scores where asked."""

    logits: Tensor
    batch: Batch | None
    scores: list[PrefillScores | None]


@dataclass(frozen=True, slots=True)
class _Stem:
    """The prompt run last through an adapter: the next ones may begin as it did (few-shot examples, a system turn)."""

    prompt: Sequence[int]
    states: States
    scores: PrefillScores | None

    def shared(self, prompts: Sequence[Sequence[int]], scored: bool) -> int:
        """Columns that need not be run again, one token less than all share: its output leads to the rest."""
        if scored and self.scores is None:
            return 0
        return max(0, min(same(self.prompt, prompt) for prompt in prompts) - 1)


class Engine:
    """A causal language model with any number of LoRA adapters, called from one thread only.

    Raises StartError for a model with layers other than full or sliding attention.
    """

    def __init__(self, model: Any, pad_id: int, adapted: bool = True) -> None:
        config = model.config.get_text_config()
        if odd := set(getattr(config, "layer_types", None) or ()) - _LAYER_TYPES:
            raise StartError(f"The model has layers of {min(odd)}: only full and sliding attention are served.")
        install(model)
        self._decoder = model.base_model
        self._head = model.get_output_embeddings()
        self._layers: int = config.num_hidden_layers
        self._adapters = Adapters(model) if adapted else None
        self._stems: dict[str, _Stem] = {}
        self.device = next(model.parameters()).device
        self.vocabulary: int = self._head.weight.shape[0]

    @torch.inference_mode()
    def prefill(
        self,
        prompts: Sequence[Sequence[int]],
        adapters: Sequence[str],
        scored: Sequence[bool],
        keep_cache: bool = True,
    ) -> Prefilled:
        """Run whole prompts, those of one adapter at a time. `keep_cache=False` when no row goes on."""
        groups = [[row for row, name in enumerate(adapters) if name == one] for one in dict.fromkeys(adapters)]
        parts = [
            self._prefill([prompts[row] for row in rows], adapters[rows[0]], [scored[row] for row in rows], keep_cache)
            for rows in groups
        ]
        return parts[0] if len(parts) == 1 else _together(parts, [row for rows in groups for row in rows])

    def _prefill(
        self, prompts: Sequence[Sequence[int]], adapter: str, scored: Sequence[bool], keep_cache: bool
    ) -> Prefilled:
        stem = self._stems.get(adapter)
        start = stem.shared(prompts, any(scored)) if stem else 0
        packed = pack(prompts, start)
        known = [(keys[..., :start, :], values[..., :start, :]) for keys, values in stem.states] if stem else None
        cache = new_cache(self._layers, known if start else None)
        hidden = self._packed(packed, cache, adapter)
        scores = self._score(hidden, packed, stem.scores if stem else None, scored)
        self._stems[adapter] = _Stem(prompts[0], columns(cache, self._tensor(packed.paths[0])), scores[0])
        logits = self._head(hidden[self._tensor([path[-1] - start for path in packed.paths])]).float()
        batch = unpack(cache, packed.paths, [adapter] * len(prompts)) if keep_cache else None
        return Prefilled(logits, batch, scores)

    @torch.inference_mode()
    def step(self, batch: Batch, tokens: Sequence[int]) -> Tensor:
        """Append one token to each row; returns next-token logits `[rows, vocabulary]` (float32)."""
        ids = self._tensor(tokens).unsqueeze(1)
        positions = batch.mask.sum(1, keepdim=True)
        batch.mask = torch.cat([batch.mask, torch.ones_like(ids)], dim=1)
        hidden = self._hidden(batch.adapters, ids, positions, batch.cache, attention_mask=batch.mask)
        logits: Tensor = self._head(hidden[:, -1]).float()
        return logits

    def _packed(self, packed: Pack, cache: Any, adapter: str) -> Tensor:
        """Last hidden states `[new tokens, size]` of a pack, whose known columns `cache` holds."""
        layout = Layout(packed, self.device)
        ids, positions = self._tensor([packed.tokens]), self._tensor([packed.positions])
        hidden = self._hidden([adapter], ids, positions, cache, layout=layout)[0]
        if layout.calls != self._layers:
            raise StartError(
                "The model does not attend through transformers' attention interface: it cannot be served."
            )
        return hidden

    def _hidden(self, adapters: list[str], ids: Tensor, positions: Tensor, cache: Any, **more: Any) -> Tensor:
        if self._adapters is not None:
            self._adapters.select(adapters)
        output = self._decoder(input_ids=ids, position_ids=positions, past_key_values=cache, use_cache=True, **more)
        hidden: Tensor = output.last_hidden_state
        return hidden

    def _score(
        self, hidden: Tensor, packed: Pack, known: PrefillScores | None, scored: Sequence[bool]
    ) -> list[PrefillScores | None]:
        """Log-probability and rank of each prompt token but the first; a token that prompts share is scored once."""
        start = packed.start
        wanted = {column for path, asked in zip(packed.paths, scored, strict=True) if asked for column in path}
        new = sorted(
            column - start for column in wanted if column >= start and packed.positions[column - start] > start
        )
        logprobs, ranks = self._score_tokens(hidden, packed, new)
        logprob_of, rank_of = dict(zip(new, logprobs, strict=True)), dict(zip(new, ranks, strict=True))
        before = known if start and known else PrefillScores((), ())
        scores: list[PrefillScores | None] = []
        for path, asked in zip(packed.paths, scored, strict=True):
            own = [column - start for column in path[start + 1 :]]
            one = PrefillScores(
                (*before.logprobs[:start], *(logprob_of[i] for i in own)) if asked else (),
                (*before.ranks[:start], *(rank_of[i] for i in own)) if asked else (),
            )
            scores.append(one if asked else None)
        return scores

    def _score_tokens(self, hidden: Tensor, packed: Pack, new: list[int]) -> tuple[list[float], list[int]]:
        """In pieces that fit in memory."""
        logprobs: list[float] = []
        ranks: list[int] = []
        piece = max(1, _LOGIT_CELLS // self.vocabulary)
        for at in range(0, len(new), piece):
            some = new[at : at + piece]
            logits = self._head(hidden[self._tensor([packed.parents[i] - packed.start for i in some])]).float()
            target = logits.gather(1, self._tensor([[packed.tokens[i]] for i in some]))
            logprobs += (target.squeeze(1) - logits.logsumexp(1)).tolist()
            ranks += (logits > target).sum(1).tolist()
        return logprobs, ranks

    def _tensor(self, values: Any) -> Tensor:
        return torch.tensor(values, dtype=torch.long, device=self.device)


def _together(parts: list[Prefilled], rows: list[int]) -> Prefilled:
    """One result of several; `rows` are the places of their rows in it."""
    order = sorted(range(len(rows)), key=rows.__getitem__)
    scores = [score for part in parts for score in part.scores]
    batches = [part.batch for part in parts if part.batch is not None]
    for other in batches[1:]:
        batches[0].join(other)
    if batches:
        batches[0].keep(order)
    logits = torch.cat([part.logits for part in parts])[order]
    return Prefilled(logits, batches[0] if batches else None, [scores[row] for row in order])
