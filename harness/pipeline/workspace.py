"""Where a project keeps what harness makes: `.harness/` beside release.yaml, and `reports/`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folders of a project. `root` holds release.yaml."""

    root: Path

    @property
    def state(self) -> Path:
        """Everything that can be made again, but slowly."""
        return self.root / ".harness"

    @property
    def models(self) -> Path:
        """Base models, fetched or converted."""
        return self.state / "models"

    @property
    def store(self) -> Path:
        """The DuckDB database."""
        return self.state / "store.duckdb"

    @property
    def attempts(self) -> Path:
        """A line for each time that `harness gate` came to a verdict."""
        return self.state / "attempts.jsonl"

    @property
    def versions(self) -> Path:
        """A line for each version of the registry."""
        return self.state / "versions.jsonl"

    @property
    def moves(self) -> Path:
        """A line for each move of a version from stage to stage."""
        return self.state / "moves.jsonl"

    @property
    def policies(self) -> Path:
        """A line for each policy that a stage came to ask for."""
        return self.state / "policies.jsonl"

    @property
    def traffic(self) -> Path:
        """What routers noted of the requests: no texts. Each release has a folder in it; older lines lie beside."""
        return self.state / "traffic"

    def traffic_of(self, release: str) -> Path:
        """What a release's router noted."""
        return self.traffic / release

    def requests_of(self, release: str) -> Path:
        """The texts of the requests that a release's router sampled, redacted."""
        return self.state / "requests" / release

    def router(self, release: str) -> Path:
        """Where a release's router listens, while it runs."""
        return self.state / "router" / f"{release}.json"

    @property
    def cache(self) -> Path:
        """Outputs kept across runs."""
        return self.state / "cache.sqlite"

    @property
    def logs(self) -> Path:
        """What child processes wrote."""
        return self.state / "logs"

    @property
    def canary(self) -> Path:
        """What was found of canaries, and what was done on it."""
        return self.state / "canary"

    def training(self, key: str) -> Path:
        """The folder of one training run."""
        return self.state / "training" / key[:16]

    def adapter(self, digest: str) -> Path:
        """The registry's own copy of an adapter, which nobody changes."""
        return self.state / "adapters" / digest[:16]

    def merged(self, digest: str) -> Path:
        """Base and the adapter with this digest, merged into one model."""
        return self.state / "merged" / digest[:16]

    def fingerprint(self, key: str) -> Path:
        """What base and adapter say to fixed prompts, as it was computed here."""
        return self.state / "fingerprints" / f"{key[:16]}.json"

    def experiments(self, key: str) -> Path:
        """What came out of a set of experiments."""
        return self.state / "experiments" / f"{key[:16]}.json"

    def run(self, run_id: str) -> Path:
        """The bundle of one run."""
        return self.state / "runs" / run_id[:16]

    def decision(self, decision_id: str) -> Path:
        """The record of one decision."""
        return self.state / "decisions" / f"{decision_id[:16]}.json"

    def declaration(self, decision_id: str) -> Path:
        """release.yaml as it was when a decision was taken."""
        return self.decision(decision_id).with_suffix(".release.yaml")

    def declared_policy(self, decision_id: str) -> Path:
        """The policy file as it was then, where the release named one."""
        return self.decision(decision_id).with_suffix(".policy.yaml")

    def signature(self, decision_id: str) -> Path:
        """The signed statement of a decision, where it was signed."""
        return self.decision(decision_id).with_suffix(".intoto.jsonl")

    def reports(self, release: str) -> Path:
        """The reports of a release."""
        return self.root / "reports" / release


def now() -> str:
    """The time with its zone, to the second."""
    return datetime.now().astimezone().isoformat(timespec="seconds")
