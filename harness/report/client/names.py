"""What the client's edition calls models, tasks and measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import yaml

from harness.core.directions import Better
from harness.core.metric_refs import CLEAN
from harness.core.policies import Gate, Subset
from harness.report.client.wording import Say, start, tell
from harness.report.guard import label
from harness.report.material import CANDIDATE, Material
from harness.report.numbers import MetricNumbers, TaskNumbers
from harness.report.words import SPACE

_KINDS = ("production", "prompt", "remote", "anchor", "human")


def names_of(material: Material, say: Say) -> Names:
    """The names of a material, by its own declaration (a release.yaml that was loaded before)."""
    declared = yaml.safe_load(material.release_yaml)
    baselines = declared.get("baselines") if isinstance(declared, dict) else None
    specs = baselines if isinstance(baselines, dict) else {}
    kinds = {
        str(role): next((kind for kind in _KINDS if isinstance(spec, dict) and spec.get(kind)), "base")
        for role, spec in specs.items()
    }
    return Names(material, say, kinds)


@dataclass(frozen=True, slots=True)
class Names:
    """Names in plain words, made from the material and the wording. `kinds` are those of the baselines."""

    material: Material
    say: Say
    kinds: Mapping[str, str]

    def role(self, role: str) -> str:
        """A model in a sentence."""
        if role == CANDIDATE:
            return self.say["new_model"]
        if role == CLEAN:
            return self.say["clean"]
        return tell(self.say, f"baseline_{self._kind(role)}", name=label(role))

    def role_short(self, role: str) -> str:
        """A model as it is written into a picture."""
        if role == CANDIDATE:
            return self.say["new_model_head"]
        if role == CLEAN:
            return self.say["clean"]
        return self.say["baseline_production"] if self._kind(role) == "production" else label(role)

    def task(self, task: TaskNumbers) -> str:
        """A task in a sentence: by its suite, and by its own name where the suite has several."""
        return self._task(task, "where")

    def heading(self, task: TaskNumbers) -> str:
        """A task as a heading."""
        return start(self._task(task, "headline"))

    def about(self, gate: Gate) -> str:
        """What a gate is about, in a sentence: the share of right answers in “triage”, class “billing”."""
        return self._named(gate, "about", "measure")

    def short(self, gate: Gate) -> str:
        """The same as a heading: Triage: right answers."""
        return self._named(gate, "short", "short")

    def metric(self, metric: str) -> str:
        """A metric as a heading."""
        return self._metric(metric, "short", "short")

    def case(self, gate: Gate) -> str:
        """What is so in a good case; "" where the metric does not tell right from wrong."""
        found = self.find(gate.metric)
        if found is None or found[1].info.aggregate != "rate" or gate.subset is not None:
            return ""
        return self.say.get(f"case_{found[1].info.name}", "")

    def where(self, metric: str, key: str = "where") -> str:
        """The task that a metric is of, as the text `key` has it; "" for speed and errors."""
        found = self.find(metric)
        if found is not None:
            return self._task(found[0], key)
        place = metric.rpartition(".")[0]
        return "" if _key(metric, self.say) else tell(self.say, key, name=label(place.replace("_", " ")))

    def find(self, metric: str) -> tuple[TaskNumbers, MetricNumbers] | None:
        """A metric's numbers, by the name that gates use."""
        found = ((task, one) for task in self.material.tasks for one in task.metrics if one.name == metric)
        return next(found, None)

    def _task(self, task: TaskNumbers, key: str) -> str:
        alone = any(len(suite.tasks) == 1 for suite in self.material.suites if suite.name == task.suite)
        name = label(task.suite.replace("_", " "))
        if alone:
            return tell(self.say, key, name=name)
        return tell(self.say, f"{key}_in", suite=name, task=label(task.name.replace("_", " ")))

    def _named(self, gate: Gate, whole: str, measure: str) -> str:
        if gate.is_check:
            name = gate.metric.rpartition(".")[2].removeprefix("test_").replace("_", " ")
            return tell(self.say, "check", name=label(name))
        text = self._metric(gate.metric, whole, measure)
        return text if gate.subset is None else self._part(gate.subset, text, whole)

    def _part(self, subset: Subset, text: str, whole: str) -> str:
        values = {whole: text, "name": label(subset.name)}
        values |= {"value": label(subset.value)} if subset.kind == "slice" else {}
        return tell(self.say, f"{'part' if whole == 'short' else whole}_{subset.kind}", **values)

    def _metric(self, metric: str, whole: str, measure: str) -> str:
        """`whole` is the text that joins measure and task, `measure` the texts that name the measure."""
        reserved = _key(metric, self.say)
        if reserved:
            return self.say[f"{measure}_{reserved}"]
        name = metric.rpartition(".")[2]
        known = self.say.get(f"{measure}_{name}")
        told = known or tell(self.say, f"{measure}_other", name=label(name.replace("_", " ")))
        numbers = self.find(metric)
        if numbers is not None and numbers[1].info.better is Better.LOWER:
            told = tell(self.say, "lower_is_better", measure=told)
        where = start(self.where(metric, "headline")) if whole == "short" else self.where(metric)
        return tell(self.say, whole, measure=told, where=where)

    def _kind(self, role: str) -> str:
        """What kind of a model a baseline is, by the declaration; the version in production only where it answered."""
        kind = self.kinds.get(role, "base")
        trained = any(run.model.adapter_digest for run in self.material.runs.get(role, {}).values())
        return "base" if kind == "production" and not trained else kind


def day(iso: str) -> str:
    """An ISO date as people write it: 31 December 2026; what is none stays."""
    try:
        found = date.fromisoformat(iso)
    except ValueError:
        return label(iso)
    return f"{found.day}{SPACE}{found:%B %Y}"


def _key(metric: str, say: Mapping[str, str]) -> str:
    """The key of a reserved metric ("latency.p95"), "" for those of tasks."""
    key = metric.replace(".", "_")
    return key if metric.startswith(("latency.", "errors.", "cost.")) and f"measure_{key}" in say else ""
