"""The encoder of BERTScore: what it can read, and texts longer than it takes, in windows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_WHOLE = 10**9  # word pieces: as many as a text has
_NO_LIMIT = 10**6  # what a tokenizer says that knows of no limit is far above it
_USUAL = 512  # word pieces, where neither tokenizer nor encoder says how many it takes
_WINDOWS, _ROWS = 16, 1024  # at a time: of the encoder, and of a table of similarities


class Encoder:
    """An encoder from a folder, as bert-score loads it; embeddings are those of `layer`.

    `limit` is how many word pieces it takes at once, [CLS] and [SEP] among them.
    """

    def __init__(self, folder: str, layer: int) -> None:
        from bert_score import BERTScorer
        from bert_score.utils import get_tokenizer

        self._scorer = BERTScorer(model_type=folder, num_layers=layer, device="cpu")
        self._model, self._tokenizer = self._scorer._model, get_tokenizer(folder)
        self.limit = _limit(self._tokenizer, self._model.config)
        self._scorer._tokenizer.model_max_length = self.limit
        self._tokenizer.model_max_length = _WHOLE
        self._before, self._after = self._around()

    def unknown(self, text: str) -> float:
        """The share of a text's characters, white space aside, that stand in word pieces which are all the same."""
        unknown, offsets = self._tokenizer.unk_token_id, self._tokenizer.is_fast
        characters = _characters(text)
        if unknown is None or not characters:
            return 0.0
        encoded = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=offsets, verbose=False)
        ids = encoded["input_ids"]
        if not offsets:
            return float(ids.count(unknown) / max(1, len(ids)))
        spans = (span for piece, span in zip(ids, encoded["offset_mapping"], strict=True) if piece == unknown)
        return sum(_characters(text[start:stop]) for start, stop in spans) / characters

    def f1(self, answers: Sequence[str], references: Sequence[str]) -> list[float]:
        """BERTScore's F1 of each pair: bert-score's own number where the encoder takes both texts whole."""
        pieces = {text: self._pieces(text) for text in {*answers, *references}}
        pairs = list(zip(answers, references, strict=True))
        short = [pair for pair in pairs if all(len(pieces[text]) <= self.limit for text in pair)]
        own = iter(self._scorer.score(*map(list, zip(*short, strict=True)))[2].tolist() if short else ())
        return [
            next(own) if all(len(pieces[text]) <= self.limit for text in pair) else self._long(*pair, pieces)
            for pair in pairs
        ]

    def in_windows(self, answer: str, reference: str) -> float:
        """F1 of one pair by windows, whatever its length."""
        return self._long(answer, reference, {text: self._pieces(text) for text in (answer, reference)})

    def _long(self, answer: str, reference: str, pieces: dict[str, list[int]]) -> float:
        import torch

        answered, referred = self._embedded(pieces[answer]), self._embedded(pieces[reference])
        best_of_answer, best_of_reference = [], torch.full((len(referred),), -torch.inf)
        for start in range(0, len(answered), _ROWS):
            similarity = answered[start : start + _ROWS] @ referred.T
            best_of_answer.append(similarity.max(dim=1).values)
            best_of_reference = torch.maximum(best_of_reference, similarity.max(dim=0).values)
        precision = float(torch.cat(best_of_answer)[self._words(pieces[answer])].mean())
        recall = float(best_of_reference[self._words(pieces[reference])].mean())
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    def _embedded(self, pieces: Sequence[int]) -> torch.Tensor:
        """Unit vectors, one for each word piece: from the window in which it has most pieces on both sides."""
        import torch

        body = pieces[len(self._before) : len(pieces) - len(self._after)]
        starts = window_starts(len(body), self.limit - len(self._before) - len(self._after))
        windows = [body[start : start + self.limit - len(pieces) + len(body)] for start in starts]
        vectors = self._encoded([[*self._before, *window, *self._after] for window in windows])
        parts = [vectors[0][: len(self._before)]]
        for (start, stop), begin, of in zip(
            window_spans(starts, len(body), len(windows[0])), starts, vectors, strict=True
        ):
            parts.append(of[len(self._before) + start - begin : len(self._before) + stop - begin])
        parts.append(vectors[-1][len(vectors[-1]) - len(self._after) :])
        return torch.nn.functional.normalize(torch.cat(parts), dim=-1)

    def _encoded(self, windows: Sequence[Sequence[int]]) -> list[torch.Tensor]:
        """The embeddings of each window, all of one length."""
        import torch
        from bert_score.utils import bert_encode

        encoded: list[torch.Tensor] = []
        for start in range(0, len(windows), _WINDOWS):
            ids = torch.tensor(windows[start : start + _WINDOWS])
            encoded += bert_encode(self._model, ids, attention_mask=torch.ones_like(ids)).unbind()
        return encoded

    def _words(self, pieces: Sequence[int]) -> torch.Tensor:
        """Which pieces count: bert-score weighs [CLS] and [SEP] with 0."""
        import torch

        none = (self._tokenizer.sep_token_id, self._tokenizer.cls_token_id)
        return torch.tensor([piece not in none for piece in pieces])

    def _pieces(self, text: str) -> list[int]:
        """All word pieces of a text, however long it is, with what the encoder wants around them."""
        from bert_score.utils import sent_encode

        return list(sent_encode(self._tokenizer, text))

    def _around(self) -> tuple[list[int], list[int]]:
        """The pieces before and after every text."""
        alone = self._tokenizer.encode("a", add_special_tokens=False)
        whole = self._tokenizer.encode("a")
        at = next((at for at in range(len(whole)) if whole[at : at + len(alone)] == alone), 0)
        return whole[:at], whole[at + len(alone) :]


def window_starts(pieces: int, size: int) -> list[int]:
    """Where windows of `size` begin, each half a window after the one before, the last at the text's end."""
    return [*range(0, max(0, pieces - size), max(1, size // 2)), max(0, pieces - size)]


def window_spans(starts: Sequence[int], pieces: int, size: int) -> list[tuple[int, int]]:
    """Of each window the pieces (from, to) that have more on both sides here than in its neighbours."""
    middles = [(first + size + second) // 2 for first, second in pairwise(starts)]
    return list(zip([0, *middles], [*middles, pieces], strict=True))


def _limit(tokenizer: Any, config: Any) -> int:
    """The pieces that an encoder takes at once. RoBERTa's kind counts positions from behind its padding."""
    positions = getattr(config, "max_position_embeddings", None) or 0
    if positions > 1 and positions % 2**4 == 2:  # 514 are 512 and two that no text reaches
        positions -= 2
    limits = [limit for limit in (tokenizer.model_max_length, positions) if 1 < limit < _NO_LIMIT]
    return int(min(limits, default=_USUAL))


def _characters(text: str) -> int:
    return sum(not character.isspace() for character in text)
