"""The gates of release.yaml: rules that can be meant, on metrics that are there."""

from __future__ import annotations

from typing import Any

from harness import catalog
from harness.config._pydantic import as_share
from harness.config.gate_fit import misfit
from harness.config.robustness import ROBUSTNESS
from harness.config.schema import GateFile, ReleaseFile
from harness.config.source import Source, nearest
from harness.config.subsets import Wrong, subsets_of
from harness.core.directions import Better
from harness.core.errors import Problem
from harness.core.metric_refs import CLEAN, COST, ERRORS, LATENCY, RESERVED, metric_refs
from harness.core.places import Place
from harness.core.policies import Gate, Subset
from harness.core.suites import Suite, Task
from harness.core.verdicts import Role
from harness.metrics.interface import better_of

_OF_COST = ("at_most", "at_most_share", "improves")


def load_gates(
    parsed: ReleaseFile, suites: tuple[Suite, ...], source: Source
) -> tuple[tuple[Gate, ...], list[Problem]]:
    """The gates, and every problem that they have. A gate with `each` stands for several, all at its own line."""
    gates: dict[str, Gate] = {}
    problems: list[Problem] = []
    known = [*metric_refs(suites), *LATENCY, ERRORS, COST]
    for index, file in enumerate(parsed.gates):
        lost = _is_lost(file.metric.split(".")[0], parsed, suites)
        found = _problems(file, index, known, parsed, source, lost)
        wrong = _no_clean_run(file, suites) if file.against == CLEAN and len(suites) == len(parsed.suites) else None
        found += [source.problem(["gates", index, "against"], *wrong)] if wrong else []
        made, misfits = _made(file, index, parsed, suites, source) if file.metric in known else ([], [])
        problems += found + misfits
        for gate in [] if found or misfits else made:
            if gate.id in gates:
                problems.append(source.problem(["gates", index], f"this gate stands twice ({gate.id})."))
            gates[gate.id] = gate
    if not any(file.role in ("critical", "gating") for file in parsed.gates):
        message = "no gate is critical or gating, so nothing would have to pass."
        problems.append(source.problem(["gates"], message, "Give at least one gate the role 'gating'."))
    return tuple(gates.values()), problems


def _made(
    file: GateFile, index: int, parsed: ReleaseFile, suites: tuple[Suite, ...], source: Source
) -> tuple[list[Gate], list[Problem]]:
    """The gates that an item of the file stands for, and what is wrong with their parts and their metric."""
    ref = metric_refs(suites).get(file.metric)
    tasks = {(suite.name, task.name): task for suite in suites for task in suite.tasks}
    task = tasks[ref.suite, ref.task] if ref else None
    spec = next(spec for spec in task.metrics if spec.name == ref.metric) if ref and task else None
    found = subsets_of(file, task, spec)
    if isinstance(found, Wrong):
        return [], [source.problem(["gates", index, found.key], found.message, found.hint)]
    if len(_rules(file)) != 1:
        return [], []
    currency = parsed.prices.currency if parsed.prices else ""
    better = better_of(spec) if spec else Better.HIGHER
    gates = [_gate(file, index, source, subset, currency, better) for subset in found]
    anytime = parsed.policy.looks == "anytime"
    wrong = dict.fromkeys(misfit(gate, spec, anytime=anytime) for gate in gates)
    return gates, [source.problem(["gates", index, key], message) for key, message in filter(None, wrong)]


def _is_lost(name: str, parsed: ReleaseFile, suites: tuple[Suite, ...]) -> bool:
    """Whether a suite could not be read, or a task of it not be made: that is told already, its metrics not known."""
    broken = {suite.name for suite in suites if any(task.kind == ROBUSTNESS for task in suite.tasks)}
    return name in broken or (len(suites) < len(parsed.suites) and name not in {suite.name for suite in suites})


def _rules(file: GateFile) -> list[str]:
    return [rule for rule in catalog.names("gates") if getattr(file, rule, None) is not None]


def _problems(
    file: GateFile, index: int, known: list[str], parsed: ReleaseFile, source: Source, lost: bool
) -> list[Problem]:
    found: list[Problem] = []

    def bad(key: str | None, message: str, hint: str | None = None) -> None:
        found.append(source.problem(["gates", index, *([key] if key else [])], message, hint))

    if file.metric not in known and not lost:
        bad("metric", *_unknown_metric(file.metric, known))
    rules = _rules(file)
    if len(rules) != 1:
        names = ", ".join(catalog.names("gates"))
        bad(None, f"a gate needs exactly one of {names}; this one has {', '.join(rules) or 'none'}.")
        return found
    rule = catalog.plug("gates", rules[0])
    if rule.compares and file.against is None:
        bad(rules[0], f"'{rules[0]}' compares, so it needs 'against: <baseline>'.")
    if not rule.compares and file.against is not None:
        bad("against", f"'{rules[0]}' does not compare; drop 'against', or use {_comparing(file.metric)}.")
    if file.against not in (None, CLEAN, *parsed.baselines):
        bad("against", f"there is no baseline '{file.against}'.", nearest(str(file.against), parsed.baselines))
    if file.metric == COST and (rules[0] not in _OF_COST or file.against == CLEAN):
        bad(rules[0], f"{COST} takes 'at_most', and against a baseline 'at_most_share' or 'improves'.")
    elif file.metric != COST and file.metric.split(".")[0] in RESERVED and rules[0] != "at_most":
        bad(rules[0], f"{file.metric} takes 'at_most' only.")
    threshold, written = file.at_least if file.at_least is not None else file.at_most, _written(source, index, rules[0])
    if getattr(file, rules[0]) is True and written is not True:
        bad(rules[0], f"'{rules[0]}' must be True, not {written}.")  # whoever means 1 % by 1 must not get another rate
    if isinstance(written, str) and file.metric not in LATENCY:
        bad(rules[0], f"{file.metric} is not a time; write the threshold as a plain number.")
    if threshold is not None and not (0 < threshold < 1 or (file.metric in (COST, *LATENCY) and threshold > 0)):
        message = f"the threshold {threshold:g} can't be reached or missed: a share lies between 0 and 1."
        bad(rules[0], message, as_share(threshold))
    return found


def _comparing(metric: str) -> str:
    rules = {name: catalog.plug("gates", name) for name in catalog.names("gates")}
    fits = _OF_COST if metric == COST else [name for name, rule in rules.items() if rule.aggregates != ("cost",)]
    names = [name for name, rule in rules.items() if rule.compares and name in fits]
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _no_clean_run(file: GateFile, suites: tuple[Suite, ...]) -> tuple[str, str | None] | None:
    """Why a gate can't compare with the clean run, and what to do; None where it can, or where that is told already."""
    tasks = {(suite.name, task.name): task for suite in suites for task in suite.tasks}
    ref = metric_refs(suites).get(file.metric)
    if ref is None or tasks[ref.suite, ref.task].kind == ROBUSTNESS:
        return None
    task = tasks[ref.suite, ref.task]
    if file.margin is None:
        return "against 'clean' there is only 'margin': perturbed samples are no easier.", None
    if task.clean is None:
        return f"{file.metric} is of no robustness task, so there is no clean run.", None
    clean, named = tasks.get(task.clean), ".".join(task.clean)
    if clean is None:
        return f"the suite '{task.clean[0]}' with the clean samples is not run.", "Name it in 'suites' too."
    if [spec for spec in task.metrics if spec.name == ref.metric] != [s for s in clean.metrics if s.name == ref.metric]:
        return f"{named} does not measure '{ref.metric}' in the same way.", None
    return None if _asks_the_same(task, clean) else (f"the release's {named} is not the task that was perturbed.", None)


def _asks_the_same(task: Task, clean: Task) -> bool:
    """Whether a task differs from its clean one in its perturbations alone."""
    targets = {sample.id: sample.target for sample in clean.samples}
    fields = ("kind", "arguments", "prompt", "generation", "repeats", "target")
    return all(getattr(task, name) == getattr(clean, name) for name in fields) and all(
        sample.origin in targets and targets[sample.origin] == sample.target for sample in task.samples
    )


def _written(source: Source, index: int, rule: str) -> object:
    """The threshold as it stands in the file: a text where it has a unit."""
    value: Any = source.value
    return value["gates"][index][rule]


def _unknown_metric(name: str, known: list[str]) -> tuple[str, str | None]:
    head = name.split(".")[0]
    if head == "cost":
        return f"no cost has the name '{name}'.", f"There is {COST}: what an answered request costs."
    if head == "throughput":
        return f"'{head}' is reserved and not measured by this version.", None
    hint = nearest(name, known) or f"There are: {', '.join(known)}."
    return f"no suite gives the metric '{name}'.", hint


def _gate(file: GateFile, index: int, source: Source, subset: Subset | None, currency: str, better: Better) -> Gate:
    """One gate. `true` in the place of a threshold is the rule's own; a lower cost is a share below 1."""
    rule = _rules(file)[0]
    value = getattr(file, rule)
    threshold = catalog.plug("gates", rule)().threshold if value is True else float(value)
    if (file.metric, rule) == (COST, "improves"):
        rule, threshold = "at_most_share", 1.0
    place = Place(*source.place(["gates", index]))
    unit = currency if (file.metric, rule) == (COST, "at_most") else ""
    return Gate(file.metric, rule, threshold, file.against, Role(file.role), place, subset, unit, better)
