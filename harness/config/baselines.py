"""The baselines of release.yaml: each of one kind, with all that this kind needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.config.answers import read_answers
from harness.config.schema import BaselineFile, ReleaseFile
from harness.config.source import Source, nearest
from harness.core.errors import Problem
from harness.core.metric_refs import metric_refs
from harness.core.releases import BaselineSpec, Measure
from harness.core.suites import Suite, Task

KINDS = ("prompt", "remote", "production", "anchor", "human")
RESERVED_NAMES = ("candidate", "clean")
SERVED = ("base", "prompt", "production")


def baseline_spec(name: str, file: BaselineFile) -> BaselineSpec:
    """A baseline as it was declared."""
    return BaselineSpec(name, file.few_shot, _kind(file), file.model_dump(exclude={"few_shot"}, exclude_none=True))


def measure_of(parsed: ReleaseFile) -> Measure | None:
    """The measured phase that is asked for, or the defaults where a gate needs one."""
    first = next((name for name, file in parsed.baselines.items() if _kind(file) in SERVED), None)
    if parsed.measure is None:
        needed = any(gate.metric.startswith(("latency.", "errors.", "cost.")) for gate in parsed.gates)
        return Measure(baseline=first) if needed else None
    given = parsed.measure.model_dump()
    return Measure(**{**given, "suites": tuple(given["suites"]), "baseline": given["baseline"] or first})


def baseline_problems(root: Path, parsed: ReleaseFile, suites: tuple[Suite, ...], source: Source) -> list[Problem]:
    """Everything that keeps a baseline, or the measured phase, from being run."""
    found: list[Problem] = []
    for name, file in parsed.baselines.items():
        at = ("baselines", name)
        if name in RESERVED_NAMES:
            found.append(source.problem(at, f"'{name}' is no name for a baseline."))
        kinds = [key for key in KINDS if getattr(file, key) is not None]
        if len(kinds) > 1:
            found.append(source.problem(at, f"a baseline is of one kind; this one names {' and '.join(kinds)}."))
        if file.anchor is not None and parsed.policy.looks not in (1, "anytime"):
            message = "an anchor was run on all samples; it can't be compared look by look (policy.looks)."
            found.append(source.problem((*at, "anchor"), message))
        if file.adapter_id is not None and file.production is None:
            found.append(source.problem((*at, "adapter_id"), "'adapter_id' goes with 'production' only."))
        if file.few_shot and _kind(file) in ("anchor", "human"):
            found.append(source.problem((*at, "few_shot"), f"'few_shot' does not apply to '{_kind(file)}'."))
        if (
            _kind(file) == "prompt"
            and len(kinds) == 1
            and suites
            and not any(task.alternatives for task in _tasks(suites))
        ):
            message = "no task has 'alternatives', so there is no prompt to choose."
            found.append(source.problem((*at, "prompt"), message))
        asked = tuple(suite for suite in suites if file.suites is None or suite.name in file.suites)
        found += _suites(file, name, suites, len(suites) == len(parsed.suites), source)
        found += _few_shot(file, name, asked, source) + _human(root, file, name, suites, source)
    return found + _gates(parsed, suites, source) + _measure(parsed, suites, source)


def _kind(file: BaselineFile) -> str:
    return next((key for key in KINDS if getattr(file, key) is not None), "base")


def _tasks(suites: tuple[Suite, ...]) -> Iterator[Task]:
    return (task for suite in suites for task in suite.tasks)


def _suites(
    file: BaselineFile, name: str, suites: tuple[Suite, ...], all_loaded: bool, source: Source
) -> list[Problem]:
    names = [suite.name for suite in suites]
    if file.anchor is not None and file.suites is not None:
        return [
            source.problem(("baselines", name, "suites"), "'suites' does not apply to 'anchor': its runs are stored.")
        ]
    return [
        source.problem(("baselines", name, "suites", index), f"there is no suite '{listed}'.", nearest(listed, names))
        for index, listed in enumerate(file.suites or ())
        if listed not in names and all_loaded
    ]


def _few_shot(file: BaselineFile, name: str, suites: tuple[Suite, ...], source: Source) -> list[Problem]:
    lacking = [
        (suite, task) for suite in suites for task in suite.tasks if task.prompt and len(task.examples) < file.few_shot
    ]
    return [
        source.problem(
            ["baselines", name, "few_shot"],
            f"few_shot: {file.few_shot} needs as many 'examples' in {suite.name}.{task.name}; it has "
            f"{len(task.examples)}.",
        )
        for suite, task in lacking
    ]


def _human(root: Path, file: BaselineFile, name: str, suites: tuple[Suite, ...], source: Source) -> list[Problem]:
    found: list[Problem] = []
    asked = {f"{suite.name}.{task.name}": task for suite in suites for task in suite.tasks if task.prompt}
    for key, path in (file.human or {}).items():
        at = ("baselines", name, "human", key)
        if key not in asked:
            found.append(source.problem(at, f"there is no task '{key}' that people can answer.", nearest(key, asked)))
        elif not (root / path).is_file():
            found.append(source.problem(at, f"the file '{path}' does not exist."))
        else:
            found += read_answers(root, Path(path), asked[key])[1]
    return found


def _gates(parsed: ReleaseFile, suites: tuple[Suite, ...], source: Source) -> list[Problem]:
    """Gates against baselines that can't have the metric."""
    found, refs = [], metric_refs(suites)
    tasks = {(suite.name, task.name): task for suite in suites for task in suite.tasks}
    for index, gate in enumerate(parsed.gates):
        file, ref = parsed.baselines.get(gate.against or ""), refs.get(gate.metric)
        if file is not None and ref is not None and file.suites is not None and ref.suite not in file.suites:
            message = f"the baseline '{gate.against}' is not asked the suite '{ref.suite}' (its 'suites')."
            found.append(source.problem(["gates", index, "against"], message))
            continue
        if file is None or ref is None or _kind(file) not in ("remote", "human"):
            continue
        where, task = f"{ref.suite}.{ref.task}", tasks[ref.suite, ref.task]
        if task.prompt is None:
            message = f"the baseline '{gate.against}' can't answer {where}: lm-eval needs log-probabilities."
            found.append(source.problem(["gates", index, "against"], message))
        elif file.human is not None and where not in file.human:
            message = f"the baseline '{gate.against}' has no answers to {where}."
            found.append(source.problem(["gates", index, "against"], message))
    return found


def _measure(parsed: ReleaseFile, suites: tuple[Suite, ...], source: Source) -> list[Problem]:
    if parsed.measure is None:
        return []
    found = []
    known = [suite.name for suite in suites if any(task.prompt for task in suite.tasks)]
    for index, name in enumerate(parsed.measure.suites):
        if name not in known and len(suites) == len(parsed.suites):
            message = f"there is no suite '{name}' whose prompts could be sent."
            found.append(source.problem(["measure", "suites", index], message, nearest(name, known)))
    baseline = parsed.measure.baseline
    if baseline is not None and (baseline not in parsed.baselines or _kind(parsed.baselines[baseline]) not in SERVED):
        served = [name for name, file in parsed.baselines.items() if _kind(file) in SERVED]
        message = f"'{baseline}' is no baseline that the release's own server answers for."
        found.append(source.problem(["measure", "baseline"], message, nearest(baseline, served)))
    return found
