"""The numbers that the pipeline would find in the results made here."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache

import numpy as np

from harness.core.estimates import Estimate, Unestimable
from harness.core.ids import digest_json
from harness.core.policies import Subset
from harness.core.runs import MetricInfo, TaskResult
from harness.core.samples import Answer, Outcome
from harness.pipeline.judging.series import series_of
from harness.report.numbers import (
    Changes,
    ClassNumbers,
    Cluster,
    Confusion,
    Failures,
    Lengths,
    MetricNumbers,
    Own,
    PartNumbers,
    SuiteNumbers,
    TaskNumbers,
    Unscored,
)
from harness.report.past import Past, PastPoint
from harness.report.service import Cost, Speed
from harness.report.shown import Said, Shown
from harness.report.taught import AskedData, DataNumbers, TaughtData
from harness.stats import quantiles
from harness.stats.analysis import absolute, difference
from harness.stats.intervals import f1_of_class, rate
from harness.stats.series import Pair, Settings
from tests.columns import columns
from tests.report.made_results import FIELDS, LABELS, results

ALPHA = 0.05
MADE = results()
COLUMNS = {role: {suite: columns(found) for suite, found in suites.items()} for role, suites in MADE.items()}
SETTINGS = Settings(ALPHA, 999, 7, 30)
INFOS = {
    "triage": (MetricInfo("accuracy", "rate", 1), MetricInfo("macro_f1", "macro_f1", 1, LABELS)),
    "orders": (MetricInfo("exact_match", "rate", 1), MetricInfo("field_accuracy", "mean", 1, (), "mean")),
    "summaries": (MetricInfo("rouge_l", "mean", 1),),
    "general": (MetricInfo("accuracy", "rate", 1),),
}


@cache
def suites() -> tuple[SuiteNumbers, ...]:
    """Four suites of one task each."""
    return tuple(SuiteNumbers(suite, (task(suite),), _unscored(MADE["candidate"][suite])) for suite in INFOS)


def metric(suite: str, name: str) -> MetricNumbers:
    """A metric of a suite's task."""
    found = next(one for one in suites() if one.name == suite)
    return next(one for one in found.tasks[0].metrics if one.info.name == name)


def task(suite: str) -> TaskNumbers:
    """A suite's only task in numbers."""
    found, main = MADE["candidate"][suite], INFOS[suite][0]
    classified = suite == "triage"
    return TaskNumbers(
        suite=suite,
        name=found.task,
        samples=len(found.samples),
        groups=len(found.samples),
        repeats=1,
        flip_rate=None,
        main=main.name,
        metrics=tuple(_metric(suite, info) for info in INFOS[suite]),
        classes=_classes(found) if classified else (),
        confusion=Confusion(LABELS, _pairs(found)) if classified else None,
        fields=_fields(suite) if suite == "orders" else (),
        slices=_slices(suite, main) if found.samples[0].slices else (),
        changes=(_changes(suite, main.name),),
        failures=_failures(suite, main.name),
        lengths=Lengths(61, 75, 78, 84),
    )


def _own(suite: str, info: MetricInfo, subset: Subset | None = None) -> dict[str, Own]:
    found = {}
    for role, by_suite in COLUMNS.items():
        series = series_of(by_suite[suite], info, favour=role != "candidate", subset=subset)
        evidence = absolute(series, SETTINGS).evidence
        assert isinstance(evidence, Estimate | Unestimable)
        found[role] = evidence
    return found


def _metric(suite: str, info: MetricInfo) -> MetricNumbers:
    ours, theirs = (
        series_of(COLUMNS[role][suite], info, favour=role == "base") for role in ("candidate", "base")
    )  # fmt: skip
    against = difference(Pair(ours, theirs), SETTINGS).evidence
    assert not isinstance(against, Estimate)
    return MetricNumbers(f"{suite}.{info.name}", info, _own(suite, info), {"base": against})


def _pairs(found: TaskResult) -> Counter[tuple[str, str | None]]:
    targets = {sample.id: str(sample.target) for sample in found.samples}
    return Counter(
        (targets[answer.sample_id], str(answer.value) if answer.outcome is Outcome.SCORED else None)
        for answer in found.answers
        if answer.outcome is not Outcome.NOT_EVALUATED
    )


def _classes(found: TaskResult) -> tuple[ClassNumbers, ...]:
    pairs, made = _pairs(found), []
    for name in LABELS:
        targets = sum(times for (target, _), times in pairs.items() if target == name)
        answers = sum(times for (_, answer), times in pairs.items() if answer == name)
        right = pairs[name, name]
        f1 = f1_of_class(right, targets + answers - 2 * right, ALPHA)
        made.append(ClassNumbers(name, targets, answers, right, f1))
    return tuple(made)


def _fields(suite: str) -> tuple[PartNumbers, ...]:
    info = INFOS[suite][1]
    return tuple(PartNumbers("field", name, 90, info.name, _own(suite, info, Subset("field", name))) for name in FIELDS)


def _slices(suite: str, info: MetricInfo) -> tuple[PartNumbers, ...]:
    samples = MADE["candidate"][suite].samples
    counted = Counter((key, value) for sample in samples for key, value in sample.slices.items())
    return tuple(
        PartNumbers("slice", value, times, info.name, _own(suite, info, Subset("slice", key, value)), key)
        for (key, value), times in sorted(counted.items())
    )


def _scores(role: str, suite: str, name: str) -> dict[str, float]:
    known = MADE[role][suite].scores
    return {s.sample_id: s.value for s in known if s.metric == name and not s.part and s.value is not None}


def shown(suite: str, sample_id: str) -> Shown:
    """A sample with what both models gave for it."""
    ours = MADE["candidate"][suite]
    sample = next(sample for sample in ours.samples if sample.id == sample_id)
    said = {role: _said(by_suite[suite], role, suite, sample_id) for role, by_suite in MADE.items()}
    row = {key: value for key, value in sample.row.items() if key != "target"}
    asked = str(sample.row.get("text") or sample.row.get("question"))
    return Shown(suite, ours.task, sample_id, asked, str(sample.target), said, row, sample.slices)


def _said(found: TaskResult, role: str, suite: str, sample_id: str) -> Said:
    output = next(output for output in found.outputs if output.sample_id == sample_id)
    answer: Answer = next(answer for answer in found.answers if answer.sample_id == sample_id)
    score = _scores(role, suite, INFOS[suite][0].name).get(sample_id)
    text = str(answer.value) if output.text is None else output.text
    return Said(text, answer.outcome, answer.reason or "", score, output.latency)


def _changes(suite: str, name: str) -> Changes:
    ours, theirs = _scores("candidate", suite, name), _scores("base", suite, name)
    moved = {sample: score - theirs[sample] for sample, score in ours.items() if sample in theirs}
    order = sorted(moved, key=lambda sample: moved[sample])
    worse, better = [one for one in order if moved[one] < 0], [one for one in reversed(order) if moved[one] > 0]
    counted = (len(worse), len(better), len(moved) - len(worse) - len(better), len(ours) - len(moved))
    kept = (tuple(shown(suite, one) for one in ids[:25]) for ids in (worse, better))
    return Changes("base", name, *counted, *kept)


def _failures(suite: str, name: str) -> Failures:
    scores = _scores("candidate", suite, name)
    failing = sorted((sample for sample, score in scores.items() if score < 0.5), key=lambda one: scores[one])
    parts = _slices(suite, INFOS[suite][0]) if MADE["candidate"][suite].samples[0].slices else ()
    clusters = (Cluster(min(4, len(failing)), ("parcel", "late"), tuple(failing[:4])),) if len(failing) > 3 else ()
    worst = tuple(shown(suite, one) for one in failing[:25])
    return Failures(name, 0.5, len(failing), len(scores), parts, clusters, len(failing), worst)


def _unscored(found: TaskResult) -> tuple[Unscored, ...]:
    ends = Counter((one.outcome, one.reason or "") for one in found.answers if one.outcome is not Outcome.SCORED)
    return tuple(Unscored(outcome, reason, times) for (outcome, reason), times in ends.most_common())


@cache
def speed() -> tuple[Speed, ...]:
    """Both models in the measured phase: 520 requests each, one of the candidate's failed."""
    made = []
    for role, centre, failed in (("candidate", -0.6, 1), ("base", -0.4, 0)):
        rng = random.Random(role)
        times = sorted(rng.lognormvariate(centre, 0.35) for _ in range(520 - failed))
        known = np.array([*times, *[np.inf] * failed])
        found = {f"p{round(100 * q)}": quantiles.quantile(known, q, ALPHA) for q in (0.5, 0.95, 0.99)}
        made.append(Speed(role, 520, failed, rate(failed, 520, ALPHA), found, 6.4, 25.7, tuple(times)))
    return tuple(made)


def costs() -> tuple[Cost, ...]:
    """What a request costs; the base model's price is not known."""
    return (
        Cost("candidate", 0.00004, "EUR", "", 41.0, 4.2),
        Cost("base", None, "EUR", "no price is declared for it"),
    )


def data() -> DataNumbers:
    """Rows that taught, one file of them never counted, and a task whose questions nobody looked for."""
    taught = (TaughtData("training", 600, digest_json("rows")), TaughtData("validation", None, digest_json("others")))
    asked = tuple(
        AskedData(suite, MADE["candidate"][suite].task, len(MADE["candidate"][suite].samples), digest, bool(digest))
        for suite, digest in (("triage", digest_json("triage")), ("general", None))
    )
    return DataNumbers(taught, asked)


def history() -> tuple[Past, ...]:
    """Three decisions of the release, the last one promoted nowhere."""
    days = ("2026-11-20", "2026-11-21", "2026-11-22")
    values = ((0.82, 0.77, 0.86, "FAIL"), (0.9, 0.86, 0.93, "PASS"), (0.93, 0.9, 0.96, "PASS"))
    made = []
    for number, (day, (value, low, high, verdict)) in enumerate(zip(days, values, strict=True)):
        last = number == len(days) - 1
        points = {"triage.accuracy": PastPoint(value, low, high, verdict)}
        points |= {} if number == 0 else {"orders.exact_match": PastPoint(0.6, 0.5, 0.7, "INCONCLUSIVE")}
        made.append(
            Past(
                id=digest_json("decision" if last else day),
                decided=f"{day}T03:21:07+00:00",
                verdict="INCONCLUSIVE" if last else verdict,
                reason="as it was found",
                adapter=digest_json("adapter" if last else ["adapter", day]),
                points=points,
                version=7 if number == 1 else None,
                stage="production" if number == 1 else None,
            )
        )
    return tuple(made)
