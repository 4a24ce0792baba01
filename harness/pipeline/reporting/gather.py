"""A decision with all its evidence, out of the store: what every edition of a report is made of."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from harness.config.declared import declared, policy_of
from harness.core.decisions import Decision
from harness.core.errors import ConfigError, Problem
from harness.core.metric_refs import MEASURED_RUN
from harness.core.releases import Release
from harness.pipeline.candidate import Candidate, adapter_digest, training_record
from harness.pipeline.declaration import declaration_text, kept_policy
from harness.pipeline.judging.evidence import Judged
from harness.pipeline.judging.material import material_of
from harness.pipeline.registry.read import registry
from harness.pipeline.reporting.break_even import break_even
from harness.pipeline.reporting.costs import costs, past_cost
from harness.pipeline.reporting.data import data_numbers
from harness.pipeline.reporting.history import history
from harness.pipeline.reporting.speed import speed
from harness.pipeline.reporting.suites import suite_numbers
from harness.pipeline.reporting.training_cost import training_cost
from harness.pipeline.workspace import Workspace
from harness.report.material import CANDIDATE, Material
from harness.store import bundle, reader
from harness.store.database import opened

if TYPE_CHECKING:
    import duckdb

_REBUILD = "`harness store rebuild` makes the store from the bundles."


def gather(release: Release, decision: Decision, judged: Candidate | None) -> Material:
    """All that a report of a decision is made of. `judged` is the candidate where it was just judged.

    How it is told and what models cost is taken from the release as it is declared now; the policy and the text of
    release.yaml from the decision's own. Raises ConfigError naming each run whose evidence is gone (such a decision
    has no report), OutsideError where a bundle was changed or the store has other rows than it.
    """
    workspace = Workspace(release.root)
    then = declared(workspace.declaration(decision.id), kept_policy(workspace, decision.id))
    policy = policy_of(then, tuple(result.gate for result in decision.results if not result.gate.is_check))
    training = _training(release, decision, judged)
    promoted = registry(workspace, release.name)
    with opened(workspace.store, read_only=True) as connection:
        evidence = _evidence(connection, workspace, decision)
        runs = _as_declared(evidence, release)
        measured = evidence.get(CANDIDATE, {}).get(MEASURED_RUN)
        priced = costs(evidence, release.prices, policy)
        return Material(
            decision=decision,
            runs={role: {suite: one.run for suite, one in suites.items()} for role, suites in runs.items()},
            suites=suite_numbers(connection, decision, runs, policy),
            training=training,
            release_yaml=declaration_text(workspace, decision.id),
            alpha=policy.alpha,
            presentation=release.presentation,
            speed=speed(measured, decision, policy.alpha),
            costs=priced,
            break_even=break_even(priced, release.prices, training_cost(training, release.prices)),
            history=history(
                connection, decision, promoted, lambda one: past_cost(connection, workspace, one, release.prices)
            ),
            decided=len(reader.decisions(connection, decision.release)),
            data=data_numbers(runs.get(CANDIDATE, {}), training, then.candidate.train is not None),
        )


def _as_declared(evidence: Mapping[str, Mapping[str, Judged]], release: Release) -> dict[str, dict[str, Judged]]:
    """The runs of suites, in the order in which release.yaml names models and suites; others behind these."""
    roles = [CANDIDATE, *(baseline.name for baseline in release.baselines)]
    suites = [suite.name for suite in release.suites]
    return {
        role: {suite: evidence[role][suite] for suite in _in_order(evidence[role], suites) if suite != MEASURED_RUN}
        for role in _in_order(evidence, roles)
    }


def _in_order(names: Iterable[str], order: Sequence[str]) -> list[str]:
    return sorted(names, key=lambda name: order.index(name) if name in order else len(order))


def _evidence(
    connection: duckdb.DuckDBPyConnection, workspace: Workspace, decision: Decision
) -> Mapping[str, Mapping[str, Judged]]:
    """The decision's runs by role and suite: all of them, as their bundles have them. Raises as `gather` does."""
    gone = list(_gone(reader.run_ids(connection), workspace, decision))
    if gone:
        raise ConfigError(gone)
    return material_of(connection, workspace, decision.runs)


def _gone(known: Collection[str], workspace: Workspace, decision: Decision) -> Iterator[Problem]:
    """Each run whose bundle is gone, or that is not among those that the store knows."""
    for role, suites in decision.runs.items():
        for suite, run in suites.items():
            title = f"the evidence of decision {decision.id[:12]} is gone: the run of {suite} against the {role}"
            if not bundle.is_finished(workspace.run(run)):
                hint = "Put its bundle back, or decide again with `harness gate`."
                yield Problem(f"{title}, {run[:12]}, has no bundle.", hint=hint)
            elif run not in known:
                yield Problem(f"{title}, {run[:12]}, is not in the store.", hint=_REBUILD)


def _training(release: Release, decision: Decision, judged: Candidate | None) -> dict[str, object] | None:
    """The manifest of the training that made the decision's adapter, wherever it lies."""
    if judged is not None:
        return training_record(judged)
    trained = Workspace(release.root).state / "training"
    for path in (*trained.glob("*/manifest.json"), *trained.glob("*/adapters/*/manifest.json")):
        with contextlib.suppress(ConfigError):  # an adapter that was removed since
            if adapter_digest(path.parent / "adapter", release.file) == decision.candidate.get("adapter_digest"):
                return dict(json.loads(path.read_text(encoding="utf-8")))
    return None
