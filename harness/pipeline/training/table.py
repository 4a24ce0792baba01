"""Experiments side by side, from the store and the manifests alone: the same numbers every time, and the best one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.core.decisions import Finding
from harness.core.directions import Better
from harness.core.errors import ConfigError, OutsideError
from harness.core.estimates import Comparison, Estimate, Unestimable
from harness.core.metric_refs import metric_refs
from harness.core.releases import Release
from harness.core.trainings import VALIDATION_LOSS
from harness.pipeline.candidate import MANIFEST
from harness.pipeline.chosen import Failed, Trained
from harness.pipeline.judging.comparable import Asked
from harness.pipeline.judging.evidence import Material, asked_by
from harness.pipeline.judging.material import read_material
from harness.pipeline.judging.series import series_of
from harness.pipeline.reporting.metrics import compared as difference_of
from harness.pipeline.reporting.metrics import estimate
from harness.pipeline.reporting.training_cost import training_cost
from harness.pipeline.training.wording import notes, verdict
from harness.pipeline.workspace import Workspace
from harness.report.experiments.view import Compared, Contestant, Difference
from harness.stats.series import Pair, Settings
from harness.trainers.axolotl import failure


def compare(
    release: Release, trained: Sequence[Trained], failed: Sequence[Failed], warnings: Sequence[str]
) -> Compared:
    """The table of what is stored. Raises as `table_of`, and OutsideError where a bundle was changed."""
    runs = {one.name: one.runs for one in trained if one.runs}
    material = read_material(Workspace(release.root), runs) if runs else {}
    return table_of(release, trained, failed, warnings, material)


def table_of(
    release: Release,
    trained: Sequence[Trained],
    failed: Sequence[Failed],
    warnings: Sequence[str],
    material: Material,
) -> Compared:
    """The table, the best one first. Among equals the lower validation loss decides, then who is declared first.

    Raises OutsideError where no experiment has the number that decides, or too much of a run was lost.
    """
    assert release.experiments is not None
    choose, policy = release.experiments.choose, release.policy
    known = [_contestant(release, one, material) for one in trained]
    better = _direction(release, trained, material)
    ranked = sorted(known, key=lambda one: _rank(one, choose, better))
    if _rank(ranked[0], choose, better)[0] == _UNKNOWN:
        reasons = "; ".join(f"{one.name}: {_reason(one, choose)}" for one in ranked)
        raise OutsideError(f"Nothing can be chosen by {choose}: {reasons}.")
    best = ranked[0].name
    beside = {one.name: _beside_best(release, material, one.name, best) for one in known}
    ranked = [replace(one, difference=beside[one.name]) for one in ranked]
    none = [_failed(release, one) for one in failed]
    return Compared(
        release.name, choose, (*ranked, *none), best, verdict(ranked, choose, better), notes(ranked, choose, warnings),
        1 - policy.alpha, _currency(release),
    )  # fmt: skip


_UNKNOWN = float("inf")


def _direction(release: Release, trained: Sequence[Trained], material: Material) -> Better:
    """Where the better values of the number that decides lie, by the runs that measured it."""
    assert release.experiments is not None
    choose = release.experiments.choose
    if choose == VALIDATION_LOSS:
        return Better.LOWER
    sides = (_asked(release, material, one.name, choose) for one in trained)
    return next((side.info.better for side in sides if isinstance(side, Asked)), Better.HIGHER)


def _rank(one: Contestant, choose: str, better: Better) -> tuple[float, float]:
    loss = _UNKNOWN if one.loss is None else one.loss
    if choose == VALIDATION_LOSS:
        return loss, loss
    found = one.metrics.get(choose)
    return (-better.goodness(found.value) if isinstance(found, Estimate) else _UNKNOWN), loss


def _reason(one: Contestant, choose: str) -> str:
    found = one.metrics.get(choose)
    return found.reason if isinstance(found, Unestimable) else "it has no validation loss"


def _contestant(release: Release, one: Trained, material: Material) -> Contestant:
    told = _manifest(Workspace(release.root).state / one.folder)
    seconds, tokens = told.get("wall_seconds"), told.get("tokens_trained")
    return Contestant(
        one.name,
        one.experiment,
        one.step,
        _loss(told),
        _metrics(release, material, one.name),
        seconds=seconds,
        tokens=tokens,
        cost=training_cost(told, release.prices).value,
        warnings=tuple(told.get("warnings") or ()),
        adapter_digest=one.adapter_digest,
        manifest=told,
    )


def _failed(release: Release, one: Failed) -> Contestant:
    told = failure.told(Workspace(release.root).state / one.folder, one.reason)
    return Contestant(one.name, one.name, failed=one.reason, manifest=told or {})


def _loss(told: Mapping[str, Any]) -> float | None:
    """The validation loss of the step that was kept."""
    losses = {row["step"]: row["validation_loss"] for row in told["history"] if "validation_loss" in row}
    return losses.get(told["best_step"])


def _metrics(release: Release, material: Material, name: str) -> dict[str, Estimate | Unestimable]:
    assert release.experiments is not None
    found: dict[str, Estimate | Unestimable] = {}
    for metric in metric_refs(release.experiments.suites):
        side = _asked(release, material, name, metric)
        if isinstance(side, Unestimable):
            found[metric] = side
        else:
            found[metric] = estimate(series_of(side.result, side.info, favour=False), _settings(release))
    return found


def _asked(release: Release, material: Material, name: str, metric: str) -> Asked | Unestimable:
    """What a run has on a metric. Raises OutsideError where the infrastructure lost too much of it."""
    assert release.experiments is not None
    found = asked_by(material, name, metric_refs(release.experiments.suites)[metric], release.policy)
    if isinstance(found, Finding):
        if found.outside:
            raise OutsideError(f"{found.reason}. Nothing was chosen.")
        return Unestimable(found.reason)
    return found


def _beside_best(release: Release, material: Material, name: str, best: str) -> Difference | None:
    """By how much this one is better than the best one on the metric that decides, sample by sample."""
    assert release.experiments is not None
    metric = release.experiments.choose
    if name == best or metric not in metric_refs(release.experiments.suites):
        return None
    ours, theirs = (_asked(release, material, one, metric) for one in (name, best))
    if not isinstance(ours, Asked) or not isinstance(theirs, Asked):
        return ours if isinstance(ours, Unestimable) else Unestimable("the best one was not measured")
    sides = [series_of(one.result, one.info, favour=favour) for one, favour in ((ours, False), (theirs, True))]
    found: Comparison | Unestimable = difference_of(Pair(*sides), _settings(release))
    return found


def _currency(release: Release) -> str:
    """ "" where trainings have no price."""
    prices = release.prices
    return prices.currency if prices and (prices.training_hour or prices.energy) else ""


def _settings(release: Release) -> Settings:
    policy = release.policy
    return Settings(policy.alpha, policy.resamples, policy.seed, policy.min_samples)


def _manifest(home: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((home / MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        raise ConfigError(f"the training in {home.name} is gone: run `harness experiments` again.") from None
