"""suites/*.yaml to Suite values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness import catalog
from harness.config._pydantic import parse, problems_of
from harness.config.lm_eval_files import lm_eval_digest
from harness.config.metrics import read_metrics
from harness.config.robustness import (
    ROBUSTNESS,
    RobustnessFile,
    column_problem,
    idle,
    perturbed,
    read_perturbations,
)
from harness.config.samples import load_samples, prompt_problems
from harness.config.schema import SuiteFile, TaskFile
from harness.config.source import Source, Where, load_yaml, nearest
from harness.config.templates import normalised, render
from harness.core.errors import ConfigError, Problem
from harness.core.ids import digest_json, digest_rows
from harness.core.samples import Sample
from harness.core.suites import Generation, MetricSpec, Prompt, Suite, Task

COMMON = tuple(TaskFile.model_fields)


def load_suite(root: Path, shown_as: str) -> tuple[Suite | None, list[Problem]]:
    """A suite with its samples, and every problem of its files. `shown_as` is its path from `root`."""
    read = _read(root, shown_as)
    if isinstance(read, list):
        return None, read
    source, parsed = read
    problems: list[Problem] = []
    tasks = tuple(_Task(root, source, name, file, problems).load() for name, file in parsed.tasks.items())
    digest = digest_json({"name": parsed.name, "tasks": {task.name: task.digest for task in tasks}})
    return Suite(parsed.name, parsed.description, tasks, digest), problems


def _read(root: Path, shown_as: str) -> tuple[Source, SuiteFile] | list[Problem]:
    try:
        source = load_yaml(root / shown_as, shown_as)
    except ConfigError as error:
        return list(error.problems)
    parsed = parse(SuiteFile, source, source.value)
    return parsed if isinstance(parsed, list) else (source, parsed)


class _Task:
    """Loads one task. A class only because each part adds to the same list of problems."""

    def __init__(self, root: Path, source: Source, name: str, file: TaskFile, problems: list[Problem]) -> None:
        self.root, self.source, self.name, self.file, self.problems = root, source, name, file, problems
        self.at: Where = ("tasks", name)
        self.kind_name = file.kind
        self.extra: dict[str, Any] = dict(file.model_extra or {})

    def load(self) -> Task:
        return self._perturbed() if self.file.kind == ROBUSTNESS else self._asked()

    def _asked(self) -> Task:
        kind = self._kind()
        metrics = self._metrics(kind)
        samples: tuple[Sample, ...] = ()
        examples: tuple[Sample, ...] = ()
        validation: tuple[Sample, ...] = ()
        data: object = None
        if kind is not None and kind.asks == "lm_eval":
            data = self._lm_eval(kind)
        elif self._has_data_and_prompt():
            samples, examples = self._rows("data", kind), self._rows("examples", kind)
            validation = self._rows("validation", kind)
            self._no_leaks("examples", samples, examples)
            self._no_leaks("validation", samples, validation)
            data = [digest_rows([row.id, row.row, row.target] for row in rows) for rows in (samples, examples)]
        prompt = Prompt(self.file.prompt.user, self.file.prompt.system) if self.file.prompt else None
        given = self.file.generation.model_dump()
        generation = Generation(**{**given, "stop": tuple(given["stop"])})
        # Which prompts a baseline may choose from changes that baseline's runs, not those of the candidate.
        file = self.file.model_dump(exclude={"data", "examples", "alternatives", "validation", "generation"})
        file["generation"] = generation.identity
        scripts = {spec.name: spec.digest for spec in metrics if spec.digest}
        digest = digest_json({"file": file, "data": data, **({"scripts": scripts} if scripts else {})})
        alternatives = tuple(Prompt(other.user, other.system) for other in self.file.alternatives)
        return Task(
            self.name, self.file.kind, self.extra, samples, examples, prompt, generation, metrics, self.file.target,
            digest, self.file.repeats, alternatives, validation,
        )  # fmt: skip

    def _perturbed(self) -> Task:
        """A copy of the clean task with perturbed samples; a task without samples where there are problems."""
        asked = parse(RobustnessFile, self.source, self.file.model_dump(exclude_unset=True), self.at)
        nothing = Task(self.name, ROBUSTNESS, {}, (), (), None, Generation(), (), "", digest_json(None))
        if isinstance(asked, list):
            self.problems += asked
            return nothing
        named, problems = read_perturbations(asked, self.source, self.at)
        self.problems += problems
        suite, clean = self._clean(asked.of, asked.task)
        if clean is None:
            return nothing
        self.kind_name = clean.kind
        metrics = self._metrics(None) or clean.metrics
        wrong = column_problem(clean, asked)
        if wrong is not None:
            self._problem([wrong[0]], *wrong[1:])
            return replace(nothing, metrics=metrics)
        try:
            task = perturbed(self.name, suite, clean, asked, named, metrics)
        except ValueError as error:
            self._problem(["perturbations"], f"{error}.")
            return replace(nothing, metrics=metrics)
        for name in idle(named, task.samples):
            self._problem(["perturbations"], f"the perturbation '{name}' changes none of the samples.")
        return task

    def _clean(self, of: str, name: str | None) -> tuple[str, Task | None]:
        """The task that is perturbed, with its suite's name; None with the problems where it cannot be had."""
        if not (self.root / of).is_file():
            self._problem(["of"], f"the suite '{of}' does not exist.")
            return "", None
        read = _read(self.root, of)
        if isinstance(read, list):
            self.problems += read
            return "", None
        source, suite = read
        name = next(iter(suite.tasks)) if name is None and len(suite.tasks) == 1 else name
        if name is None or name not in suite.tasks:
            message = f"'{of}' has no task '{name}'." if name else f"'{of}' has several tasks; name one with 'task'."
            hint = nearest(name or "", suite.tasks) or f"It has: {', '.join(suite.tasks)}."
            self._problem(["task"] if name else ["of"], message, hint)
            return "", None
        if suite.tasks[name].kind in (ROBUSTNESS, "lm_eval"):
            message = f"'{name}' of '{of}' has no samples of its own to be perturbed."
            self._problem(["task"] if "task" in self.extra else ["of"], message)
            return "", None
        problems: list[Problem] = []
        task = _Task(self.root, source, name, suite.tasks[name], problems).load()
        self.problems += problems
        return suite.name, None if problems else task

    def _problem(self, where: Iterable[str | int], message: str, hint: str | None = None) -> None:
        self.problems.append(self.source.problem((*self.at, *where), message, hint))

    def _kind(self) -> Any:
        kind = self.file.kind
        if kind not in catalog.names("tasks"):
            known = (*catalog.names("tasks"), ROBUSTNESS)
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
        found, problems = read_metrics(self.root, self.file.metrics, self.kind_name, self.source, self.at)
        self.problems += problems
        return found or tuple(MetricSpec(name) for name in (kind.default_metrics if kind else ()))

    def _has_data_and_prompt(self) -> bool:
        missing = [key for key in ("data", "prompt") if getattr(self.file, key) is None]
        for key in missing:
            self._problem([], f"the task '{self.name}' has no '{key}'.")
        if self.file.prompt:
            self.problems += prompt_problems(self.file.prompt, self.source, (*self.at, "prompt"))
        for index, other in enumerate(self.file.alternatives):
            self.problems += prompt_problems(other, self.source, (*self.at, "alternatives", index))
        if self.file.alternatives and self.file.validation is None:
            self._problem(["alternatives"], "'alternatives' needs 'validation': the rows that choose among them.")
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

    def _no_leaks(self, key: str, samples: tuple[Sample, ...], others: tuple[Sample, ...]) -> None:
        if self.file.prompt is None or not others:
            return
        try:
            asked = {normalised(render(self.file.prompt.user, sample.row)) for sample in samples}
            leaked = [row.id for row in others if normalised(render(self.file.prompt.user, row.row)) in asked]
        except ValueError:
            return  # templates that cannot be filled are told with their rows
        if leaked:
            shown = ", ".join(leaked[:5])
            self._problem([key], f"{len(leaked)} of the rows of '{key}' also stand in 'data' (e.g. {shown}).")

    def _lm_eval(self, kind: Any) -> object:
        for key in ("data", "examples", "validation", "prompt", "group"):
            if getattr(self.file, key) is not None:
                self._problem([key], f"'{key}' does not apply: lm-eval's own task file says it.")
        for key in ("repeats", "alternatives"):
            if key in self.file.model_fields_set:
                self._problem([key], f"'{key}' does not apply: lm-eval asks each sample once, with its own prompt.")
        digest, problems = lm_eval_digest(self.root, kind.task, kind.include, self.source, self.at, kind.score)
        self.problems += problems
        return digest
