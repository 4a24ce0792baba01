"""How a task held under each perturbation: the candidate on the same samples before and after."""

from __future__ import annotations

from harness.core.decisions import Finding
from harness.core.estimates import Unestimable
from harness.core.metric_refs import CLEAN, MetricRef
from harness.core.places import Place
from harness.core.policies import Gate, Subset
from harness.core.verdicts import Role
from harness.gates.interface import Evidence
from harness.pipeline.judging.evidence import evidence_for
from harness.pipeline.judging.series import evaluated
from harness.pipeline.reporting.metrics import Found, compared
from harness.pipeline.reporting.parts import at_places, slice_places
from harness.pipeline.reporting.task import StoredTask
from harness.report.material import CANDIDATE
from harness.report.numbers import Difference, Perturbed, Robustness
from harness.stats.series import Ints, Pair

_COLUMN = "perturbation"


def robustness_of(task: StoredTask, found: Found) -> Robustness | None:
    """The main metric's change under each perturbation; None where the task perturbs no other."""
    clean = task.material[CANDIDATE][task.suite].run.clean.get(task.name, "")
    if not clean or task.main is None:
        return None
    metric = f"{task.prefix}.{task.main.name}"
    suite, _, name = clean.partition(".")
    refs = {metric: MetricRef(task.suite, task.name, task.main.name, (suite, name))}
    gate = Gate(metric, "margin", 0.0, CLEAN, Role.ADVISORY, Place(""))
    evidence = evidence_for(gate, refs, task.material, task.policy)
    if isinstance(evidence, Finding):
        return Robustness(clean, task.main.name, problem=evidence.reason)
    places = {value: at for (column, value), at in slice_places(task.ours.slices).items() if column == _COLUMN}
    in_order = sorted(places.items(), key=lambda one: int(one[1][0]))
    kinds = tuple(Perturbed(kind, len(at), _change(task, kind, at, evidence, found)) for kind, at in in_order)
    return Robustness(clean, task.main.name, kinds)


def _change(task: StoredTask, kind: str, at: Ints, evidence: Evidence, found: Found) -> Difference:
    """What a gate found, or the same by the same rules."""
    info = task.main
    assert info is not None
    gated = found.against.get((f"{task.prefix}.{info.name}[{Subset('slice', _COLUMN, kind)}]", CLEAN))
    if gated:
        return gated
    if not evaluated(task.ours, info)[at].any():
        return Unestimable("none of its samples was evaluated", len(at))
    pair = Pair(at_places(evidence.pair.candidate, at), at_places(evidence.pair.baseline, at))
    return compared(pair, task.settings)
