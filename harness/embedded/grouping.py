"""Which waiting requests to prefill together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """All in tokens but `batch_size`, `top_n` and the like, which count rows, strings or requests."""

    total_tokens: int = 2048
    batch_size: int = 32
    prefill_tokens: int = 4096
    batch_total_tokens: int = 65536
    concurrent_requests: int = 128
    stop_sequences: int = 4
    top_n_tokens: int = 5
    client_batch_size: int = 4


@dataclass(frozen=True, slots=True)
class Need:
    """What a request will hold: its prompt now, prompt and new tokens at its end."""

    prompt: int
    total: int


def choose_group(waiting: Sequence[Need], running: Sequence[Need], limits: Limits) -> list[int]:
    """Indices into `waiting` (oldest first) to prefill now.

    The oldest always comes first, so that nothing starves; then those whose length is nearest to its, since
    every row of a batch is padded to the longest. Empty when not even the oldest fits beside what runs.
    """
    if not waiting:
        return []
    widest = max((need.total for need in running), default=0)
    rows, longest = len(running), 0
    group: list[int] = []
    oldest = waiting[0].prompt
    for index in sorted(range(len(waiting)), key=lambda i: (i > 0, abs(waiting[i].prompt - oldest), i)):
        need = waiting[index]
        longest, widest = max(longest, need.prompt), max(widest, need.total)
        alone = rows == 0  # a request that passed validation must run, whatever the batch limits are
        fits = (
            rows < limits.batch_size
            and (len(group) + 1) * longest <= max(limits.prefill_tokens, oldest)
            and (rows + 1) * widest <= limits.batch_total_tokens
        )
        if not (fits or alone):
            break
        group.append(index)
        rows += 1
    return group
