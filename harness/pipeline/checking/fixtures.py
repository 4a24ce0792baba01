"""What a check that somebody wrote in Python looks at: one model's stored run of one task."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.core.decisions import Finding
from harness.core.errors import ConfigError
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.metric_refs import MetricRef, metric_refs
from harness.core.places import Place
from harness.core.policies import Gate
from harness.core.runs import Run, TaskResult
from harness.core.verdicts import Role
from harness.gates.interface import Evidence
from harness.pipeline.judging.evidence import evidence_for
from harness.pipeline.judging.judge import Judgement
from harness.pipeline.looks import alpha_of
from harness.pipeline.workspace import Workspace
from harness.stats import analysis
from harness.stats.series import Settings
from harness.store import reader
from harness.store.database import opened


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model's run of a suite, and its result on one task: samples, outputs, answers and scores.

    `role` is "candidate" or a baseline's name.
    """

    role: str
    run: Run = field(repr=False)
    result: TaskResult = field(repr=False)
    judgement: Judgement = field(repr=False)

    def estimate(self, metric: str) -> Estimate:
        """A metric of the task, with bounds as its gates have them. Raises ConfigError where it can't be estimated."""
        gate = self._gate(metric, None)
        found = _known(metric, analysis.absolute(self._evidence(gate).candidate, self._settings(gate)).evidence)
        assert isinstance(found, Estimate)
        return found

    def against(self, baseline: StoredModel, metric: str) -> Comparison:
        """This model minus the baseline on the same samples. Raises ConfigError where they can't be compared."""
        gate = self._gate(metric, baseline.role)
        found = _known(metric, analysis.difference(self._evidence(gate).pair, self._settings(gate)).evidence)
        assert isinstance(found, Comparison)
        return found

    def _settings(self, gate: Gate) -> Settings:
        release, look = self.judgement.release, self.judgement.decision.looks[0]
        policy, alpha = release.policy, alpha_of(gate, release, look)
        return Settings(alpha, policy.resamples, policy.seed, policy.min_samples, policy.looks == 0)

    def _gate(self, metric: str, against: str | None) -> Gate:
        """A gate that would look at the metric of this task."""
        release = self.judgement.release
        wanted, refs = (self.run.suite, self.result.task, metric), metric_refs(release.suites)
        name = next((name for name, ref in refs.items() if (ref.suite, ref.task, ref.metric) == wanted), None)
        if name is None:
            known = ", ".join(ref.metric for ref in refs.values() if (ref.suite, ref.task) == wanted[:2])
            raise ConfigError(f"{self.run.suite}.{self.result.task} has no metric '{metric}'. It has {known}.")
        return Gate(name, "margin" if against else "at_least", 0.0, against, Role.ADVISORY, Place(release.file))

    def _evidence(self, gate: Gate) -> Evidence:
        """The series, by the rules of the gates: lost samples count against the model that is looked at."""
        release, material = self.judgement.release, self.judgement.material
        mine = {**material, "candidate": material[self.role]}
        found = evidence_for(gate, metric_refs(release.suites), mine, release.policy)
        if isinstance(found, Finding):
            raise ConfigError(f"{gate.metric}: {found.reason}.")
        return found


def stored_model(
    judgement: Judgement, role: str | None, suite: str | None = None, task: str | None = None
) -> StoredModel:
    """A model's stored run of a task. `role` None is the first baseline; suite and task may be left out where there is
    only one to choose. Raises ConfigError."""
    release, material = judgement.release, judgement.material
    role = role or next((spec.name for spec in release.baselines), "")
    if role not in material:
        raise ConfigError(f"the release has no baseline{f' {role!r}' if role else ''}.")
    ref = _the_task(judgement, suite, task)
    if ref.suite not in material[role]:
        raise ConfigError(f"the baseline '{role}' was not asked the suite '{ref.suite}'.")
    run = material[role][ref.suite].run
    with opened(Workspace(release.root).store, read_only=True) as connection:
        found = {result.task: result for result in reader.results(connection, run.id)}
    return StoredModel(role, run, found[ref.task], judgement)


def _the_task(judgement: Judgement, suite: str | None, task: str | None) -> MetricRef:
    refs = {(ref.suite, ref.task): ref for ref in metric_refs(judgement.release.suites).values()}
    found = [ref for key, ref in refs.items() if suite in (None, key[0]) and task in (None, key[1])]
    if len(found) != 1:
        known = ", ".join(f"{one}.{other}" for one, other in refs)
        raise ConfigError(
            f"{len(found)} tasks of the release fit. Name one with @pytest.mark.harness(suite=…, task=…): {known}."
        )
    return found[0]


def _known(metric: str, found: Estimate | Comparison | Unestimable) -> Estimate | Comparison:
    if isinstance(found, Unestimable):
        raise ConfigError(f"{metric} can't be estimated: {found.reason}.")
    return found
