"""What happened so far, in numbers, as Prometheus reads them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from harness.router.health import Health
from harness.router.log import Seen
from harness.router.table import Routes

BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


@dataclass(slots=True)
class Counts:
    """Requests by (version, side, status); fallbacks by (from, to, fault); cut streams; times by version."""

    requests: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    fallbacks: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)
    buckets: Counter[tuple[str, float]] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, seen: Seen) -> None:
        """One request is over."""
        self.requests[(seen.version, seen.side, seen.status)] += 1
        self.seconds[seen.version] = self.seconds.get(seen.version, 0.0) + seen.seconds
        bound = next((bound for bound in BOUNDS if seen.seconds <= bound), float("inf"))
        self.buckets[(seen.version, bound)] += 1
        if seen.fault == "cut":
            self.cut[seen.version] += 1
        if seen.fallback_from and seen.fault:  # else the client went before anybody answered
            self.fallbacks[(seen.fallback_from, seen.version, seen.fault)] += 1

    def as_json(self) -> dict[str, object]:
        """For people: the requests of each version, by status."""
        found: dict[str, dict[str, int]] = {}
        for (version, _, status), count in sorted(self.requests.items()):
            row = found.setdefault(version or "none", {})
            row[str(status)] = row.get(str(status), 0) + count
        return {"requests": found, "fallbacks": self.fallbacks.total(), "cut": self.cut.total()}


def prometheus(counts: Counts, routes: Routes, health: Health, in_flight: int, lost: int) -> bytes:
    """The text of /metrics."""
    lines = ["# TYPE harness_router_requests_total counter"]
    for (version, side, status), count in sorted(counts.requests.items()):
        labels = f'version="{version}",side="{side}",status="{status}"'
        lines.append(f"harness_router_requests_total{{{labels}}} {count}")
    lines.append("# TYPE harness_router_fallbacks_total counter")
    for (before, after, fault), count in sorted(counts.fallbacks.items()):
        lines.append(f'harness_router_fallbacks_total{{from="{before}",to="{after}",fault="{fault}"}} {count}')
    lines.append("# TYPE harness_router_cut_streams_total counter")
    lines += [f'harness_router_cut_streams_total{{version="{name}"}} {n}' for name, n in sorted(counts.cut.items())]
    lines += ["# TYPE harness_router_seconds histogram", *_histogram(counts)]
    lines.append("# TYPE harness_router_server_usable gauge")
    lines += [f'harness_router_server_usable{{url="{url}"}} {int(health.usable(url))}' for url in routes.urls]
    share = routes.share if routes.canary else 0.0
    for name, kind, value in (
        ("in_flight", "gauge", in_flight), ("canary_share", "gauge", share),
        ("table_generation", "gauge", routes.generation), ("log_lines_lost_total", "counter", lost),
    ):  # fmt: skip
        lines += [f"# TYPE harness_router_{name} {kind}", f"harness_router_{name} {value}"]
    return ("\n".join(lines) + "\n").encode()


def _histogram(counts: Counts) -> list[str]:
    lines = []
    for version in sorted(counts.seconds):
        total = 0
        for bound in (*BOUNDS, float("inf")):
            total += counts.buckets[(version, bound)]
            shown = "+Inf" if bound == float("inf") else f"{bound:g}"
            lines.append(f'harness_router_seconds_bucket{{version="{version}",le="{shown}"}} {total}')
        lines.append(f'harness_router_seconds_sum{{version="{version}"}} {counts.seconds[version]:.6f}')
        lines.append(f'harness_router_seconds_count{{version="{version}"}} {total}')
    return lines
