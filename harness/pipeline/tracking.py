"""After the gate: what was found goes to the tracker that knows of the training."""

from __future__ import annotations

from collections.abc import Iterator

from harness.core.decisions import Decision, GateResult
from harness.core.estimates import Comparison, Estimate
from harness.core.events import Event, Watch
from harness.core.releases import Release
from harness.pipeline.candidate import Candidate
from harness.pipeline.workspace import Workspace


def track_decision(release: Release, decision: Decision, judged: Candidate, watch: Watch) -> None:
    """Tell each gate's number with its bounds, the verdicts and the decision's id, where the release asks for it.

    A tracker that is down is a note for whoever watches, never an error.
    """
    training = release.candidate.training
    if training is None or training.track is None or training.track.mlflow_uri is None or judged.manifest is None:
        return
    from harness.trainers.tracking.judged import tell_judged

    trainings = Workspace(release.root).training("").resolve()
    home = trainings / judged.manifest.resolve().relative_to(trainings).parts[0]
    metrics = {name: value for result in decision.results for name, value in numbers(result)}
    tags = {f"gate {result.gate.id}": str(result.verdict) for result in decision.results}
    tags |= {"harness.decision": decision.id, "harness.verdict": str(decision.verdict)}
    tell_judged(
        training.track, home, decision.id, metrics, tags, lambda text: watch(Event("track", "note", text)),
    )  # fmt: skip


def numbers(result: GateResult) -> Iterator[tuple[str, float]]:
    """A gate's number (for a comparison the difference) and its bounds; nothing for what is not known."""
    evidence = result.finding.evidence
    if not isinstance(evidence, Estimate | Comparison) or result.gate.is_check:
        return
    name = "/".join([result.gate.what, result.gate.rule, *filter(None, [result.gate.against])])
    value = evidence.value if isinstance(evidence, Estimate) else evidence.difference
    for part, number in (("value", value), ("low", evidence.low), ("high", evidence.high)):
        if number is not None:
            yield f"gates/{name}/{part}", number
