"""Gates that can hardly fail: whoever passes them has shown nothing."""

from __future__ import annotations

from collections.abc import Iterator

from harness.config.waivers import not_waivable, widened
from harness.core.errors import Problem
from harness.core.metric_refs import ERRORS, LATENCY, MetricRef, metric_refs
from harness.core.places import Place
from harness.core.policies import Gate, Subset
from harness.core.releases import Release
from harness.core.suites import Task
from harness.core.verdicts import Role
from harness.pipeline.judging.constant_answer import ConstantAnswer, best_constant_answer

MOST_ALPHA = 0.2  # bounds that err more often than one time in five are none
MOST_LOSS = 0.5
LEAST_SHARE = 0.05
_RATES = ("accuracy", "exact_match", "partial_match", "field_accuracy", "macro_f1")


def vacuous(release: Release) -> list[Problem]:
    """What of the policy and the waivers can hardly fail, each at its place. Advisory gates block nothing anyway."""
    return [*_alpha(release), *_gates(release), *_waivers(release)]


def _alpha(release: Release) -> Iterator[Problem]:
    alpha = release.policy.alpha
    if alpha > MOST_ALPHA:
        message = f"alpha {alpha:g}: each bound is wrong {100 * alpha:g} times in 100, so gates pass by chance."
        yield _at(release.policy_place, message, "Write 0.05.")


def _gates(release: Release) -> Iterator[Problem]:
    for gate in release.policy.gates:
        why = None if gate.role is Role.ADVISORY else cannot_fail(gate, release)
        if why:
            yield _at(gate.place, f"{gate.id} can hardly fail: {why}.", "Set the threshold to what you would accept.")


def _waivers(release: Release) -> Iterator[Problem]:
    gates = {gate.id: gate for gate in release.policy.gates}
    for waiver in release.waivers:
        gate = gates.get(waiver.gate)
        if gate is None or not_waivable(gate) or cannot_fail(gate, release):
            continue
        why = cannot_fail(widened(gate, waiver.largest_drop), release)
        if why:
            message = f"with largest_drop {waiver.largest_drop:g} {gate.id} can hardly fail: {why}."
            yield _at(waiver.place, message, "Waive the drop that you would accept.")


def _at(place: Place, message: str, hint: str) -> Problem:
    return Problem(message, file=place.file, line=place.line, hint=hint)


def cannot_fail(gate: Gate, release: Release) -> str | None:
    """Why a gate can hardly fail, in words; None where a model without skill would."""
    floor = _floor(gate, release)
    match gate.rule:
        case "at_least" if floor and gate.threshold <= floor.value:
            return f"{floor.model} reaches {_percent(floor.value)}"
        case "margin" if floor and gate.threshold >= 1 - floor.value:
            return f"even a perfect baseline is met by {floor.model} ({_percent(gate.better.goodness(floor.value))})"
        case "margin" if gate.threshold >= MOST_LOSS:
            return f"it lets {_percent(gate.threshold)} of the samples get lost against the baseline"
        case "win_rate" if gate.threshold <= LEAST_SHARE:
            return f"it asks for a win on {_percent(gate.threshold)} of the samples"
        case "at_most" if floor and gate.threshold >= gate.better.goodness(floor.value):
            return f"{floor.model} reaches {_percent(gate.better.goodness(floor.value))}"
        case "at_most" if gate.metric == ERRORS and gate.threshold >= MOST_LOSS:
            return f"it lets {_percent(gate.threshold)} of the requests fail"
        case "at_most" if gate.metric in LATENCY and gate.threshold >= release.serve.timeout:
            return f"no request may take longer than serve.timeout, {release.serve.timeout:g} s"
    return None


def _floor(gate: Gate, release: Release) -> ConstantAnswer | None:
    """How good the metric of a gate is without any skill, in [0, 1]; None for what is no share of samples."""
    ref = metric_refs(release.suites).get(gate.metric)
    if ref is None:
        return None
    least = ConstantAnswer(LEAST_SHARE, f"a model that is right on {_percent(LEAST_SHARE)} of the samples")
    constant = None if gate.against == "clean" else _constant(gate.subset, ref, _task(release, ref))
    return constant if constant and constant.value > least.value else least


def _constant(subset: Subset | None, ref: MetricRef, task: Task) -> ConstantAnswer | None:
    if ref.metric not in _RATES:
        return None
    if subset is not None and subset.kind == "class" and ref.metric != "macro_f1":
        # Whoever always gives this class is right on all of it, and wrong elsewhere: a guess is the floor here.
        classes = len({str(sample.target) for sample in task.samples})
        return ConstantAnswer(1 / classes, f"a guess among {classes} classes") if classes else None
    return best_constant_answer(task, ref.metric, subset)


def _task(release: Release, ref: MetricRef) -> Task:
    return next(task for suite in release.suites if suite.name == ref.suite for task in suite.tasks
                if task.name == ref.task)  # fmt: skip


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def without_target(release: Release) -> list[Problem]:
    """For each task with macro-F1 the classes that no sample has as its target: nothing is shown about them."""
    problems = []
    for suite in release.suites:
        for task in suite.tasks:
            missing = _missing_classes(task)
            if missing:
                message = (
                    f"macro_f1 of {suite.name}.{task.name}: no sample has the target {', '.join(map(repr, missing))}, "
                    "so nothing is shown about it, and no gate on the whole macro_f1 can pass."
                )
                place = _first_gate(release, suite.name, task.name)
                problems.append(_at(place, message, "Add samples of each class, or drop the label."))
    return problems


def _missing_classes(task: Task) -> list[str]:
    from harness.pipeline.running.answers import metric_infos

    if not task.samples or not any(spec.catalog_name == "macro_f1" for spec in task.metrics):
        return []
    targets = {str(sample.target) for sample in task.samples}
    classes = next(info.classes for info in metric_infos(task) if info.aggregate == "macro_f1")
    return [name for name in classes if name not in targets]


def _first_gate(release: Release, suite: str, task: str) -> Place:
    """Where the first gate on a task's macro-F1 is declared; the release's file where there is none."""
    refs = metric_refs(release.suites)
    places = (gate.place for gate in release.policy.gates if (ref := refs.get(gate.metric))
              and (ref.suite, ref.task, ref.metric) == (suite, task, "macro_f1"))  # fmt: skip
    return next(places, Place(release.file))
