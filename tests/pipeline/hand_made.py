"""Stored runs made by hand: which samples are right, which were lost, under one policy. No files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from harness.client.proof import PROVEN
from harness.core.decisions import Decision
from harness.core.directions import Better
from harness.core.places import Place
from harness.core.policies import Gate, Policy
from harness.core.releases import BaselineSpec, CandidateSpec, Release, ServeSpec
from harness.core.runs import Counts, MetricInfo, Model, Run, TaskResult
from harness.core.samples import Answer, Json, Outcome, Output, Sample, Score
from harness.core.suites import Generation, MetricSpec, Suite, Task
from harness.core.verdicts import Role, Verdict
from harness.pipeline.judging.evidence import Judged, Material
from harness.pipeline.judging.judge import judge
from tests.columns import columns

CANDIDATE: Mapping[str, Json] = {"base_digest": "b", "adapter_digest": "a"}
LABELS = ("no", "yes")
METRICS = (
    MetricInfo("accuracy", "rate", 1),
    MetricInfo("f1", "mean", 1),
    MetricInfo("macro_f1", "macro_f1", 1, LABELS),
)


def gate(metric: str, rule: str, threshold: float = 0.0, role: Role = Role.GATING, line: int = 9) -> Gate:
    against = "base" if rule in ("margin", "improves") else None
    return Gate(metric, rule, threshold, against, role, Place("release.yaml", line))


def release(*gates: Gate, accept_unproven: bool = False, digest: str = "r") -> Release:
    specs = tuple(MetricSpec(info.name) for info in METRICS)
    task = Task("t", "classify", {}, (), (), None, Generation(), specs, "answer", "task")
    return Release(
        "shop", Path(), "release.yaml", CandidateSpec("m", None, Path("adapter")),
        ServeSpec("local", {}, 1, accept_unproven), (BaselineSpec("base", 0),), (Suite("s", "", (task,), "suite"),),
        Policy(gates, resamples=999), 42, digest,
    )  # fmt: skip


def result(right: Iterable[bool], lost: int = 0, group: int = 0) -> TaskResult:
    """Samples answered right or wrong, the first `lost` of them not evaluated; `group` samples share a group."""
    rights = list(right)
    samples, outputs, answers, scores = [], [], [], []
    for i, is_right in enumerate(rights):
        name, target = f"s{i:04}", LABELS[i % 2]
        samples.append(Sample(name, {}, target, f"g{i // group}" if group else None))
        if i < lost:
            outputs.append(Output(name, None, error="connection reset"))
            answers.append(Answer(name, Outcome.NOT_EVALUATED, reason="connection reset"))
            scores += [Score(name, metric, None, reason="connection reset") for metric in ("accuracy", "f1")]
            continue
        value = target if is_right else LABELS[1 - i % 2]
        outputs.append(Output(name, value, "stop", latency=0.5 + i % 10 / 10))
        answers.append(Answer(name, Outcome.SCORED, value))
        scores += [Score(name, metric, float(is_right)) for metric in ("accuracy", "f1")]
    return TaskResult("t", tuple(samples), tuple(outputs), tuple(answers), tuple(scores))


def some(right: int, n: int) -> list[bool]:
    """The last `right` of n, so that lost samples are wrong ones where there are any."""
    return [i >= n - right for i in range(n)]


_LOWER = tuple(replace(info, better=Better.LOWER) if info.name == "f1" else info for info in METRICS)


def errors(found: TaskResult) -> TaskResult:
    """The same with f1 as an error rate: 0 where the answer is right."""
    scores = (
        replace(one, value=1.0 - one.value) if one.metric == "f1" and one.value is not None else one
        for one in found.scores
    )
    return replace(found, scores=tuple(scores))


def turned(found: Material) -> Material:
    """The runs say that lower values of f1 are better."""
    return {
        role: {name: Judged(replace(one.run, metrics={"t": _LOWER}), one.results) for name, one in runs.items()}
        for role, runs in found.items()
    }


def judged(role: str, found: TaskResult, proof: str = PROVEN) -> Judged:
    model = Model(role, "b", "a" if role == "candidate" else None)
    run = Run(
        f"run-{role}",
        "shop",
        "s",
        "suite",
        model,
        {},
        "2026-11-22",
        1.0,
        Counts(),
        {"t": METRICS},
        {"t": "task"},
        proof,
    )
    return Judged(run, {"t": columns(found)})


def material(candidate: TaskResult, baseline: TaskResult | None = None, proof: str = PROVEN) -> Material:
    base = baseline or candidate
    measured = judged("candidate", candidate, proof)
    measured = Judged(
        replace(measured.run, suite="measured"), {"candidate": columns(replace(candidate, task="candidate"))}
    )
    return {
        "candidate": {"s": judged("candidate", candidate, proof), "measured": measured},
        "base": {"s": judged("base", base, "the base model itself")},
    }


def with_run(found: Material, role: str, **changes: object) -> Material:
    """The same with fields of a role's run changed."""
    one = found[role]["s"]
    return {**found, role: {"s": Judged(replace(one.run, **changes), one.results)}}  # type: ignore[arg-type]


def decide(found: Material, *gates: Gate, decided: str = "2026-11-22", accept_unproven: bool = False) -> Decision:
    return judge(release(*gates, accept_unproven=accept_unproven), found, CANDIDATE, decided)


EVERY_RULE = (
    gate("s.accuracy", "at_least", 0.01),
    gate("s.f1", "at_least", 0.01),
    gate("s.macro_f1", "at_least", 0.01),
    gate("s.accuracy", "margin", 0.9),
    gate("s.f1", "margin", 0.9),
    gate("s.macro_f1", "margin", 0.9),
    gate("s.accuracy", "improves"),
    gate("s.macro_f1", "improves"),
    gate("latency.p50", "at_most", 1000.0),
    gate("errors.rate", "at_most", 0.9),
)


def verdicts(decision: Decision) -> set[Verdict]:
    return {found.verdict for found in decision.results}


WHOLE = result(some(190, 200))
