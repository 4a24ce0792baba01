"""Declared looks: the samples come in parts, and at each look every gate spends a part of its alpha.

The samples of a look are those of the look before and some more, whole groups at a time and in an order that their
names alone decide, so that both models, a task and its perturbed copy, and every later command agree on them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from harness.core.ids import digest_json
from harness.core.metric_refs import metric_refs
from harness.core.policies import Gate
from harness.core.releases import Release
from harness.core.runs import samples_digest
from harness.core.samples import Sample
from harness.core.suites import Suite, Task

_Key = tuple[str, str]


def at_look(release: Release, look: int) -> Release:
    """The release with the samples of its first `look` looks; lm-eval's tasks are whole at each of them."""
    if look >= release.policy.looks:
        return release
    taken = _taken(release, look)
    return replace(release, suites=tuple(_suite(suite, taken, look, release.policy.looks) for suite in release.suites))


def look_digests(release: Release, name: str) -> list[str]:
    """The digests of a suite at each of the looks, the last one's is its own."""
    suite = next(one for one in release.suites if one.name == name)
    looks = release.policy.looks if any(task.prompt for task in suite.tasks) else 1
    return [*(_digest(suite, look, looks) for look in range(1, looks)), suite.digest]


def alpha_of(gate: Gate, release: Release, look: int) -> float:
    """The one-sided alpha that a gate may spend at this look: all of it where its samples are the same at each."""
    looks, alpha = release.policy.looks, release.policy.alpha
    ref = metric_refs(release.suites).get(gate.metric)
    if looks <= 1 or ref is None or (ref.suite, ref.task) not in _in_parts(release):
        return alpha
    from harness.stats.sequential import look_alphas

    return look_alphas(looks, alpha)[look - 1]


def saving(release: Release, look: int, models: int) -> str:
    """What stopping at this look saved, for `models` models that were asked; "" where it was the last."""
    if look >= release.policy.looks:
        return ""
    asked, whole = (_requests(one) * models for one in (at_look(release, look), release))
    stopped = f"every gate was decided at look {look} of {release.policy.looks}"
    return f"{stopped}: {asked} of {whole} requests were made, {whole - asked} were saved"


def _requests(release: Release) -> int:
    return sum(len(task.samples) * task.repeats for suite in release.suites for task in suite.tasks)


def _in_parts(release: Release) -> frozenset[_Key]:
    """The tasks that have fewer samples at the first look than at the last."""
    return frozenset((suite.name, task.name) for suite in release.suites for task in suite.tasks if task.prompt)


def _taken(release: Release, look: int) -> dict[_Key, frozenset[str]]:
    """The ids of the samples at a look, by task; a perturbed copy goes with the sample that it was made of."""
    tasks = {(suite.name, task.name): task for suite in release.suites for task in suite.tasks if task.prompt}
    share = look / release.policy.looks
    first = {key: _first(task.samples, share) for key, task in tasks.items()}
    return {
        key: frozenset(s.id for s in task.samples if s.origin in first[task.clean])
        if task.clean in first
        else first[key]
        for key, task in tasks.items()
    }


def _first(samples: Sequence[Sample], share: float) -> frozenset[str]:
    units = {sample.id: sample.id if sample.group is None else sample.group for sample in samples}
    order = sorted(set(units.values()), key=lambda unit: sha256(unit.encode("utf-8", "surrogatepass")).digest())
    chosen = set(order[: math.ceil(share * len(order))])
    return frozenset(name for name, unit in units.items() if unit in chosen)


def _suite(suite: Suite, taken: dict[_Key, frozenset[str]], look: int, looks: int) -> Suite:
    if not any((suite.name, task.name) in taken for task in suite.tasks):
        return suite
    tasks = tuple(_task(task, taken.get((suite.name, task.name)), look, looks) for task in suite.tasks)
    return replace(suite, tasks=tasks, digest=_digest(suite, look, looks))


def _digest(suite: Suite, look: int, looks: int) -> str:
    return digest_json([suite.digest, "look", look, looks])


def _task(task: Task, taken: frozenset[str] | None, look: int, looks: int) -> Task:
    if taken is None:
        return task
    samples = tuple(sample for sample in task.samples if sample.id in taken)
    digest = digest_json([task.digest, "look", look, looks])
    return replace(task, samples=samples, digest=digest, whole=samples_digest(task.samples))
