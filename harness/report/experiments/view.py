"""What experiments came to, as values: one line for each adapter, and why one of them goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.samples import Json

Own = Estimate | Unestimable
Difference = Comparison | Unestimable


@dataclass(frozen=True, slots=True)
class Contestant:
    """An adapter, or an experiment that gave none (`failed` says why).

    `step` is its checkpoint. `losses` are nats per token. `metrics` are those of the experiments' suites, `difference`
    is by how much this one is better than the chosen one in the metric that decides (None: it is the chosen one, or the
    loss decides). `seconds`, `tokens` and `cost` are those of the whole training. `manifest` is what the training left.
    """

    name: str
    experiment: str
    step: int | None = None
    loss: float | None = None
    metrics: Mapping[str, Own] = field(default_factory=dict)
    difference: Difference | None = None
    seconds: float | None = None
    tokens: int | None = None
    cost: float | None = None
    warnings: tuple[str, ...] = ()
    failed: str = ""
    adapter_digest: str = ""
    manifest: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compared:
    """All contestants, the best first and those that failed last. `chosen` is the best one's name.

    `verdict` says why it goes on, `notes` what is to be known of the comparison. `level` is that of each bound.
    """

    release: str
    choose: str
    contestants: tuple[Contestant, ...]
    chosen: str
    verdict: str
    notes: tuple[str, ...]
    level: float
    currency: str = ""

    @property
    def by_loss(self) -> bool:
        """Whether the validation loss decided."""
        return self.choose == "validation_loss"


def to_json(compared: Compared) -> dict[str, Json]:
    """All of it as plain values; of the manifests nothing, they lie beside the adapters."""
    told = asdict(compared)
    for one in told["contestants"]:
        del one["manifest"]
    return told
