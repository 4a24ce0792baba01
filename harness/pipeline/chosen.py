"""What was chosen among experiments, as it is kept: enough to find the candidate again, and to show why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from harness.core.ids import digest_json
from harness.core.policies import Policy
from harness.core.releases import Experiments
from harness.store.files import write_lines

# Raise it when the same trainings could be chosen among in another way.
RULE = 1


@dataclass(frozen=True, slots=True)
class Trained:
    """An adapter to choose among. `step` is the checkpoint's, None: the one of best validation loss.

    `folder`, relative to .harness, holds `adapter/` and its manifest.json. `runs` are its runs' ids by suite.
    """

    name: str
    experiment: str
    folder: str
    adapter_digest: str
    step: int | None = None
    runs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """An experiment that gave no adapter. Where it is `settled`, training again would fail in the same way."""

    name: str
    reason: str
    folder: str
    settled: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """All experiments of a release, and the name of the one that goes on. `made` is an ISO time."""

    chosen: str
    trained: tuple[Trained, ...]
    failed: tuple[Failed, ...]
    warnings: tuple[str, ...]
    made: str

    @property
    def winner(self) -> Trained:
        """The adapter that goes on."""
        return next(one for one in self.trained if one.name == self.chosen)

    @property
    def settled(self) -> bool:
        """Whether doing it all again would come to the same."""
        return all(one.settled for one in self.failed)


def choice_key(trainings: Iterable[tuple[str, str]], experiments: Experiments, policy: Policy) -> str:
    """All that a choice depends on. `trainings` are names and keys of the trainings, in their order."""
    return digest_json(
        {
            "rule": RULE, "trainings": list(trainings), "suites": [suite.digest for suite in experiments.suites],
            "choose": experiments.choose, "checkpoints": experiments.checkpoints,
            "policy": [policy.alpha, policy.resamples, policy.seed, policy.max_not_evaluated],
        }
    )  # fmt: skip


def read_choice(file: Path) -> Choice | None:
    """The choice that is kept in a file; None where there is none that can be read."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        trained = tuple(Trained(**one) for one in told["trained"])
        failed = tuple(Failed(**one) for one in told["failed"])
        found = Choice(told["chosen"], trained, failed, tuple(told["warnings"]), told["made"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if any(one.name == found.chosen for one in trained) else None


def write_choice(file: Path, choice: Choice) -> None:
    """Keep it, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_lines(file, [json.dumps(asdict(choice), indent=1, ensure_ascii=False).encode() + b"\n"])
