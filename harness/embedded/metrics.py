"""TGI's metrics in Prometheus' text format."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field

_SECONDS = tuple(0.0001 * 2**power for power in range(22))
_TOKENS = tuple(float(2**power) for power in range(16))
_PER_TOKEN = "tgi_request_mean_time_per_token_duration"
_REQUEST = ("duration", "validation_duration", "queue_duration", "inference_duration")
_HISTOGRAMS = {
    **{f"tgi_request_{name}": _SECONDS for name in _REQUEST},
    _PER_TOKEN: _SECONDS,
    "tgi_batch_inference_duration": _SECONDS,
    **{f"tgi_request_{name}": _TOKENS for name in ("input_length", "generated_tokens", "max_new_tokens")},
}
_COUNTERS = (
    "tgi_request_count",
    "tgi_request_success",
    "tgi_request_failure",
    "tgi_batch_inference_count",
    "tgi_batch_inference_success",
)
_GAUGES = ("tgi_queue_size", "tgi_batch_current_size", "tgi_batch_current_max_tokens")


@dataclass(slots=True)
class _Histogram:
    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def lines(self, name: str, labels: str) -> list[str]:
        comma = f"{labels}," if labels else ""
        lines, seen = [], 0
        for bound, count in zip((*self.bounds, None), self.counts, strict=True):
            seen += count
            lines.append(f'{name}_bucket{{{comma}le="{"+Inf" if bound is None else bound}"}} {seen}')
        ending = f"{{{labels}}}" if labels else ""
        return [*lines, f"{name}_sum{ending} {self.total}", f"{name}_count{ending} {seen}"]


class Metrics:
    """Counters, gauges and histograms; safe from several threads. Durations in seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counters: dict[tuple[str, str], int] = defaultdict(int)
        self._gauges: dict[str, float] = dict.fromkeys(_GAUGES, 0.0)
        self._histograms: dict[tuple[str, str], _Histogram] = {}

    def count(self, name: str, label: str = "") -> None:
        """Add one; `label` is a ready `key="value"`."""
        with self._lock:
            self._counters[name, label] += 1

    def set(self, name: str, value: float) -> None:
        with self._lock:
            self._gauges[name] = value

    def observe(self, name: str, value: float, label: str = "") -> None:
        with self._lock:
            if (name, label) not in self._histograms:
                self._histograms[name, label] = _Histogram(_HISTOGRAMS[name])
            self._histograms[name, label].add(value)

    def batch(self, method: str, seconds: float) -> None:
        """One forward pass that went well: `method` is prefill or decode."""
        label = f'method="{method}"'
        self.count("tgi_batch_inference_count", label)
        self.count("tgi_batch_inference_success", label)
        self.observe("tgi_batch_inference_duration", seconds, label)

    def render(self) -> str:
        """The exposition text; counters that never counted are shown as 0."""
        with self._lock:
            counted = {name for name, _ in self._counters}
            counters = {**self._counters, **{(name, ""): 0 for name in _COUNTERS if name not in counted}}
            lines = _typed("counter", [(name, label, value) for (name, label), value in counters.items()])
            lines += _typed("gauge", [(name, "", value) for name, value in self._gauges.items()])
            for name in _HISTOGRAMS:
                lines.append(f"# TYPE {name} histogram")
                for (known, label), histogram in sorted(self._histograms.items()):
                    lines += histogram.lines(name, label) if known == name else []
        return "\n".join(lines) + "\n"


def _typed(kind: str, samples: list[tuple[str, str, float]]) -> list[str]:
    lines, last = [], ""
    for name, label, value in sorted(samples):
        if name != last:
            lines.append(f"# TYPE {name} {kind}")
            last = name
        lines.append(f"{name}{{{label}}} {value}" if label else f"{name} {value}")
    return lines
