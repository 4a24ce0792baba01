"""suites/*.yaml to Suite values."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness import catalog
from harness.config._pydantic import parse, problems_of
from harness.config.lm_eval_files import lm_eval_digest
from harness.config.samples import load_samples, prompt_problems
from harness.config.schema import SuiteFile, TaskFile
from harness.config.source import Source, Where, load_yaml, nearest
from harness.config.templates import normalised, render
from harness.core.errors import ConfigError, Problem
from harness.core.ids import digest_json
from harness.core.releases import Generation, MetricSpec, Prompt, Suite, Task
from harness.core.samples import Sample

COMMON = tuple(TaskFile.model_fields)


def load_suite(root: Path, shown_as: str) -> tuple[Suite | None, list[Problem]]:
    """A suite with its samples, and every problem of its files. `shown_as` is its path from `root`."""
    try:
        source = load_yaml(root / shown_as, shown_as)
    except ConfigError as error:
        return None, list(error.problems)
    parsed = parse(SuiteFile, source, source.value)
    if isinstance(parsed, list):
        return None, parsed
    problems: list[Problem] = []
    tasks = tuple(_Task(root, source, name, file, problems).load() for name, file in parsed.tasks.items())
    digest = digest_json({"name": parsed.name, "tasks": {task.name: task.digest for task in tasks}})
    return Suite(parsed.name, parsed.description, tasks, digest), problems


class _Task:
    """Loads one task. A class only because each part adds to the same list of problems."""

    def __init__(self, root: Path, source: Source, name: str, file: TaskFile, problems: list[Problem]) -> None:
        self.root, self.source, self.name, self.file, self.problems = root, source, name, file, problems
        self.at: Where = ("tasks", name)
        self.extra: dict[str, Any] = dict(file.model_extra or {})

    def load(self) -> Task:
        kind = self._kind()
        metrics = self._metrics(kind)
        samples: tuple[Sample, ...] = ()
        examples: tuple[Sample, ...] = ()
        data: object = None
        if kind is not None and kind.asks == "lm_eval":
            data = self._lm_eval(kind)
        elif self._has_data_and_prompt():
            samples, examples = self._rows("data", kind), self._rows("examples", kind)
            self._no_leaks(samples, examples)
            data = [[(row.id, row.row, row.target) for row in rows] for rows in (samples, examples)]
        prompt = Prompt(self.file.prompt.user, self.file.prompt.system) if self.file.prompt else None
        given = self.file.generation.model_dump()
        generation = Generation(**{**given, "stop": tuple(given["stop"])})
        digest = digest_json({"file": self.file.model_dump(exclude={"data", "examples"}), "data": data})
        return Task(
            self.name, self.file.kind, self.extra, samples, examples, prompt, generation, metrics, self.file.target,
            digest,
        )  # fmt: skip

    def _problem(self, where: Iterable[str | int], message: str, hint: str | None = None) -> None:
        self.problems.append(self.source.problem((*self.at, *where), message, hint))

    def _kind(self) -> Any:
        kind = self.file.kind
        if kind not in catalog.names("tasks"):
            known = catalog.names("tasks")
            self._problem(["kind"], f"unknown kind '{kind}'.", nearest(kind, known) or f"Known: {', '.join(known)}.")
            return None
        known = (*COMMON, *catalog.arguments("tasks", kind))
        unknown = [key for key in self.extra if key not in known]
        for key in unknown:
            self._problem([key], f"unknown key '{key}'.", nearest(key, known) or f"Known here: {', '.join(known)}.")
        given = {key: value for key, value in self.extra.items() if key not in unknown}
        try:
            built = catalog.build("tasks", kind, given)
        except ValidationError as error:
            self.problems += problems_of(error, self.source, self.at)
            return None
        wrong = built.check()
        for message in wrong:
            self._problem([key for key in self.extra if f"'{key}'" in message][:1], message)
        return None if wrong else built

    def _metrics(self, kind: Any) -> tuple[MetricSpec, ...]:
        default = kind.default_metrics if kind else ()
        found: dict[str, MetricSpec] = {}
        for index, item in enumerate(self.file.metrics):
            if not isinstance(item, str) and len(item) != 1:
                self._problem(("metrics", index), "an item of 'metrics' names one metric; put each on its own line.")
                continue
            name, arguments = (item, {}) if isinstance(item, str) else next(iter(item.items()))
            spec = self._metric(index, name, arguments)
            if spec and name in found:  # its scores would count twice
                self._problem(("metrics", index), f"the metric '{name}' stands twice.")
            elif spec:
                found[name] = spec
        return tuple(found.values()) or tuple(MetricSpec(name) for name in default)

    def _metric(self, index: int, name: str, arguments: dict[str, object]) -> MetricSpec | None:
        where = ("metrics", index)
        if name not in catalog.names("metrics"):
            names = catalog.names("metrics")
            self._problem(where, f"unknown metric '{name}'.", nearest(name, names) or f"Known: {', '.join(names)}.")
            return None
        known = catalog.arguments("metrics", name)
        unknown = [key for key in arguments if key not in known]
        for key in unknown:
            hint = nearest(key, known) or (f"Known here: {', '.join(known)}." if known else "It takes none.")
            self._problem((*where, name, key), f"unknown argument '{key}' of {name}.", hint)
        if unknown:
            return None
        if self.file.kind in catalog.names("tasks") and self.file.kind not in catalog.plug("metrics", name).kinds:
            self._problem(where, f"the metric '{name}' does not fit tasks of the kind '{self.file.kind}'.")
            return None
        try:
            catalog.build("metrics", name, arguments)
        except ValidationError as error:
            self.problems += problems_of(error, self.source, (*self.at, *where, name))
            return None
        return MetricSpec(name, arguments)

    def _has_data_and_prompt(self) -> bool:
        missing = [key for key in ("data", "prompt") if getattr(self.file, key) is None]
        for key in missing:
            self._problem([], f"the task '{self.name}' has no '{key}'.")
        if self.file.prompt:
            self.problems += prompt_problems(self.file.prompt, self.source, (*self.at, "prompt"))
        return not missing

    def _rows(self, key: str, kind: Any) -> tuple[Sample, ...]:
        path = getattr(self.file, key)
        if path is None:
            return ()
        if not (self.root / path).exists():
            self._problem([key], f"the file '{path}' does not exist.")
            return ()
        samples, problems = load_samples(self.root, path, self.file, kind)
        self.problems += problems
        return samples

    def _no_leaks(self, samples: tuple[Sample, ...], examples: tuple[Sample, ...]) -> None:
        if self.file.prompt is None:
            return
        try:
            asked = {normalised(render(self.file.prompt.user, sample.row)) for sample in samples}
            leaked = [row.id for row in examples if normalised(render(self.file.prompt.user, row.row)) in asked]
        except ValueError:
            return  # templates that cannot be filled are told with their rows
        if leaked:
            shown = ", ".join(leaked[:5])
            self._problem(["examples"], f"{len(leaked)} of the examples also stand in 'data' (e.g. {shown}).")

    def _lm_eval(self, kind: Any) -> object:
        for key in ("data", "examples", "prompt", "group"):
            if getattr(self.file, key) is not None:
                self._problem([key], f"'{key}' does not apply: lm-eval's own task file says it.")
        digest, problems = lm_eval_digest(self.root, kind.task, kind.include, self.source, self.at)
        self.problems += problems
        return digest
