"""The HTML report of a decision, from the store alone."""

from __future__ import annotations

import contextlib
from pathlib import Path

from harness.config.schema import ReleaseFile
from harness.config.source import load_yaml
from harness.core.decisions import Decision
from harness.core.errors import ConfigError
from harness.core.metric_refs import MEASURED_RUN
from harness.core.releases import Release
from harness.pipeline.candidate import Candidate, adapter_digest, training_record
from harness.pipeline.decisions import find_decision
from harness.pipeline.workspace import Workspace
from harness.report.material import Material, Recorded
from harness.report.render import render
from harness.report.view import build_view
from harness.store import reader
from harness.store.bundle import read_run
from harness.store.database import opened


def write_report(release: Release, decision: Decision, judged: Candidate | None) -> Path:
    """Render a decision and write it to reports/<release>/<decision>.html."""
    runs = _recorded(Workspace(release.root), decision)
    measured = runs["candidate"].pop(MEASURED_RUN, None)
    declared = Workspace(release.root).declaration(decision.id)
    material = Material(
        decision=decision,
        runs=runs,
        training=_training(release, decision, judged),
        policy_alpha=ReleaseFile.model_validate(load_yaml(declared).value).policy.alpha,
        release_yaml=declared.read_text(encoding="utf-8"),
        measured=measured,
    )
    templates = release.root / "reports" / "templates"
    page = render(build_view(material), templates if templates.is_dir() else None)
    path = Workspace(release.root).reports(release.name) / f"{decision.id[:12]}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def report_again(release: Release, prefix: str | None) -> tuple[Decision, Path]:
    """Render a stored decision again: the one whose id starts with `prefix`, or the newest. Raises ConfigError."""
    workspace = Workspace(release.root)
    decision = find_decision(release, workspace, prefix)
    return decision, write_report(release, decision, None)


def _recorded(workspace: Workspace, decision: Decision) -> dict[str, dict[str, Recorded]]:
    """The decision's runs by role and suite, sample by sample. Raises OutsideError where a bundle was changed."""
    with opened(workspace.store, read_only=True) as connection:
        return {
            role: {
                suite: (read_run(workspace.run(run)), reader.results(connection, run)) for suite, run in runs.items()
            }
            for role, runs in decision.runs.items()
        }


def _training(release: Release, decision: Decision, judged: Candidate | None) -> dict[str, object] | None:
    """The manifest of the training that made the decision's adapter, wherever it lies."""
    if judged is not None:
        return training_record(judged)
    for path in (Workspace(release.root).state / "training").glob("*/manifest.json"):
        with contextlib.suppress(ConfigError):  # an adapter that was removed since
            if adapter_digest(path.parent / "adapter", release.file) == decision.candidate["adapter_digest"]:
                return training_record(Candidate(path.parent, "", path.parent, "", path))
    return None
