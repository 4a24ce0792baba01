"""How many candidates were judged on the same samples: a threshold that is tried often enough is met by chance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.core.decisions import Decision
from harness.core.metric_refs import CLEAN, MEASURED_RUN, MetricRef
from harness.core.policies import Gate
from harness.core.samples import Json
from harness.pipeline.judging.evidence import Material
from harness.pipeline.workspace import Workspace
from harness.store.database import opened
from harness.store.registers import known_attempts


@dataclass(frozen=True, slots=True)
class Attempts:
    """`numbers`: which candidate this is to be judged on a task's samples ("suite.task" → 1 or more).

    A task that is missing was run by a harness that kept no digest of its samples. `otherwise` are the tasks on whose
    other samples this very adapter was judged before.
    """

    numbers: Mapping[str, int] = field(default_factory=dict)
    otherwise: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a decision says of them."""
        again = [f"attempt {number} on the samples of {task}" for task, number in self.numbers.items() if number > 1]
        return (*again, *self.looked)

    @property
    def looked(self) -> tuple[str, ...]:
        """What a decision says of each of `otherwise`: a second look that nobody declared."""
        return tuple(f"this adapter was judged before on other samples of {task}" for task in self.otherwise)


NONE = Attempts()


def data_of(material: Material) -> dict[str, str]:
    """The digests of the samples that a candidate was run on, by "suite.task"; the measured phase has none."""
    return {
        f"{suite}.{task}": digest
        for suite, judged in material["candidate"].items()
        if suite != MEASURED_RUN
        for task, digest in judged.run.data.items()
    }


def read_attempts(workspace: Workspace, material: Material, candidate: Mapping[str, Json]) -> Attempts:
    """The attempts of a candidate on its samples, this one included, from the store. Raises OutsideError."""
    with opened(workspace.store, read_only=True) as connection:
        lines = known_attempts(connection, workspace.attempts)
    return count(lines, str(candidate.get("adapter_digest")), data_of(material))


def recorded(decision: Decision) -> Attempts:
    """The attempts as a decision has them, where there are its bundles and no register."""
    kept = Attempts(decision.attempts, tuple(decision.attempts))
    told = tuple(task for task, note in zip(kept.otherwise, kept.looked, strict=True) if note in decision.notes)
    return Attempts(decision.attempts, told)


def count(lines: Iterable[Mapping[str, Any]], adapter: str, data: Mapping[str, str]) -> Attempts:
    """The attempts from the register's lines, oldest first, and the digests of samples by "suite.task".

    A candidate's number is its rank by first appearance on the samples, so what follows later never changes it.
    """
    told = [line for line in lines if line.get("candidate") is not None and line.get("data")]
    numbers = {task: _rank(told, adapter, digest) for task, digest in data.items()}
    otherwise = tuple(task for task, digest in data.items() if _saw_other(told, adapter, task, digest))
    return Attempts(numbers, otherwise)


def too_many(gate: Gate, refs: Mapping[str, MetricRef], numbers: Mapping[str, int], most: int | None) -> str | None:
    """Why a gate can't be judged on its samples once more; None where it can. The measured phase has no limit."""
    ref = refs.get(gate.metric)
    if most is None or ref is None:
        return None
    clean = [".".join(ref.clean)] if gate.against == CLEAN and ref.clean else []
    for task in (f"{ref.suite}.{ref.task}", *clean):
        number = numbers.get(task)
        if number is None:
            return (
                f"the run of {task} was made by an older harness, so nobody knows how many candidates were judged on "
                "its samples: remove its bundle and run again"
            )
        if number > most:
            return f"attempt {number} on the samples of {task}, and the policy allows {most}: renew the test rows"
    return None


def _rank(lines: Iterable[Mapping[str, Any]], adapter: str, digest: str) -> int:
    seen = list(dict.fromkeys(line["candidate"] for line in lines if digest in line["data"].values()))
    return seen.index(adapter) + 1 if adapter in seen else len(seen) + 1


def _saw_other(lines: Iterable[Mapping[str, Any]], adapter: str, task: str, digest: str) -> bool:
    """Whether the adapter was judged on other samples of a task before it was on these."""
    for line in lines:
        if line["candidate"] == adapter and task in line["data"]:
            return bool(line["data"][task] != digest)
    return False
