"""Packages that a release needs beyond the core, told before the first training second and not after the last."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping

from harness import catalog
from harness.core.errors import OutsideError
from harness.core.releases import Release
from harness.pipeline.candidate import foreseen
from harness.pipeline.running.runs import check_server

TRAIN = {"axolotl": "train", "torch": "train"}
LOCAL = {"torch": "local", "transformers": "local", "peft": "local", "fastapi": "local", "uvicorn": "local"}

MERGE = {"torch": "local", "transformers": "local", "peft": "local"}


def check_needs(release: Release) -> None:
    """Raises OutsideError naming each missing package and the extra that brings it; loads metrics that are scripts.

    So it does where a model is to be trained and this machine cannot start the server that it is for.
    """
    wanted = dict(TRAIN) if release.candidate.training else {}
    wanted |= LOCAL if release.serve.kind == "local" else {}
    wanted |= MERGE if release.serve.merged else {}
    suites = (*release.suites, *(release.experiments.suites if release.experiments else ()))
    for task in (task for suite in suites for task in suite.tasks):
        wanted |= {"lm_eval": "lm-eval"} if task.kind == "lm_eval" else {}
        for spec in task.metrics:
            wanted |= dict.fromkeys(getattr(catalog.plug("metrics", spec.catalog_name), "needs", ()), "metrics")
    refuse_missing(wanted)
    for spec in (spec for suite in suites for task in suite.tasks for spec in task.metrics):
        prepare = getattr(catalog.build("metrics", spec.catalog_name, spec.arguments), "prepare", None)
        if prepare:
            prepare()
    if release.candidate.training and not foreseen(release).adapter_digest:
        check_server(release)


def refuse_missing(wanted: Mapping[str, str]) -> None:
    """Raises OutsideError naming each of these modules (with the extra that brings it) that is not installed."""
    missing = sorted(name for name in wanted if importlib.util.find_spec(name) is None)
    if missing:
        extras = ",".join(sorted({wanted[name] for name in missing}))
        raise OutsideError(
            f"not installed: {', '.join(missing)}. pip install 'harness[{extras}]' (torch==2.13.0 first)."
        )
