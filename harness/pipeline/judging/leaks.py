"""Leaked samples that a policy tolerates: what holds must hold without them, too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from harness.core.decisions import Finding, GateResult
from harness.core.policies import Policy
from harness.core.releases import Release
from harness.core.samples import Json
from harness.core.verdicts import Verdict
from harness.pipeline.judging.evidence import Judged, Material
from harness.store.columns import TaskColumns

# suite.task -> ids of its leaked samples
Leaked = Mapping[str, frozenset[str]]
KEY = "leaked"  # in the candidate's record; absent where nothing leaked
ONLY = "passes only with"


def leaked_of(candidate: Mapping[str, Json]) -> Leaked:
    """The leaked samples as the candidate's record has them."""
    found = candidate.get(KEY) or {}
    assert isinstance(found, Mapping)
    return {str(task): frozenset(map(str, ids)) for task, ids in found.items()}


def too_many_leaked(leaked: Leaked, policy: Policy) -> str | None:
    """Why nothing can be judged, where more samples leaked than the policy tolerates."""
    count = sum(map(len, leaked.values()))
    if count <= policy.max_leaked:
        return None
    stand = "sample stands" if count == 1 else "samples stand"
    return f"{count} {stand} in the training data, and policy.max_leaked allows {policy.max_leaked}"


def without(release: Release, material: Material, leaked: Leaked) -> Material:
    """The same runs without the leaked samples, and without the copies that were perturbed from them."""
    gone = dict(leaked)
    for suite in release.suites:
        for task in suite.tasks:
            if task.clean is not None:
                gone[f"{suite.name}.{task.name}"] = leaked.get(".".join(task.clean), frozenset())
    return {
        role: {suite: _clean(suite, judged, gone) for suite, judged in suites.items()}
        for role, suites in material.items()
    }


def _clean(suite: str, judged: Judged, gone: Leaked) -> Judged:
    results = {task: _kept(found, gone.get(f"{suite}.{task}", frozenset())) for task, found in judged.results.items()}
    return replace(judged, results=results)


def _kept(found: TaskColumns, gone: frozenset[str]) -> TaskColumns:
    ids = zip(found.ids, found.origins, strict=True)
    places = [place for place, both in enumerate(ids) if gone.isdisjoint(both)]
    return found if len(places) == len(found.ids) else found.take(places)


def both(whole: Finding, clean: Callable[[], Finding], leaked: Leaked) -> Finding:
    """The worse of what is found on all samples and on the clean ones; a PASS only where both pass."""
    if not leaked or whole.verdict is Verdict.ERROR:
        return whole
    apart, count = clean(), sum(map(len, leaked.values()))
    if whole.passes and not apart.passes:
        reason = f"{ONLY} {count} leaked sample{'' if count == 1 else 's'}"
        return replace(apart, reason=f"{reason}: {apart.reason}" if apart.reason else reason)
    if whole.passes or apart.passes:
        return whole
    return apart if apart.verdict is Verdict.ERROR or _claim(apart) < _claim(whole) else whole


def _claim(finding: Finding) -> float:
    return 1.0 if finding.p_fail is None else finding.p_fail


def leak_notes(leaked: Leaked, results: Iterable[GateResult]) -> list[str]:
    """What a reader must know: a sentence for each task with leaked samples, and for each gate that needs them."""
    return [
        *(f"{len(ids)} of the samples of {task} stand in the training data; every gate must hold with and without them"
          for task, ids in leaked.items()),
        *(f"{one.gate.what} {one.finding.reason.partition(':')[0]}"
          for one in results if leaked and one.finding.reason.startswith(ONLY)),
    ]  # fmt: skip
