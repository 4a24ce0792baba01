"""The pages of the site, each read from the store anew; what an address names is looked up there, never opened."""

from __future__ import annotations

from harness.core.errors import ConfigError
from harness.core.estimates import Comparison
from harness.core.metric_refs import MEASURED_RUN
from harness.core.releases import Release
from harness.core.runs import Run
from harness.pipeline.comparing.compare import compare
from harness.pipeline.decisions import find_decision
from harness.pipeline.judging.material import read_material
from harness.pipeline.judging.series import series_of
from harness.pipeline.report import rendered, templates_of
from harness.pipeline.status import Status, status
from harness.pipeline.workspace import Workspace
from harness.report.numbers import Own
from harness.report.record import from_json
from harness.report.render import render_page
from harness.report.site.comparison import comparison_page
from harness.report.site.lists import Decided, Promoted, decisions_page, runs_page, versions_page
from harness.report.site.page import SitePage
from harness.report.site.single import decision_page, run_page
from harness.report.site.trouble import trouble_page
from harness.stats.analysis import absolute
from harness.stats.series import Settings
from harness.store import reader
from harness.store.database import opened

_TEMPLATE = "site.html"


class NotFound(ConfigError):
    """The store holds nothing of that name."""


def decisions(release: Release) -> str:
    """All decisions of the release, and the names of those of other releases."""
    workspace, own, others = Workspace(release.root), [], []
    if workspace.store.is_file():
        with opened(workspace.store, read_only=True) as connection:
            for row in reader.decisions(connection):
                one = Decided(row.id, row.release, row.verdict, row.decided)
                if row.release != release.name:
                    others.append(one)
                elif record := reader.decision(connection, row.id):
                    own.append(Decided(row.id, row.release, row.verdict, row.decided, from_json(record).reason))
    return _html(release, decisions_page(release.name, own, others))


def decision(release: Release, digits: str) -> str:
    """One decision in short. Raises NotFound."""
    try:
        found = find_decision(release, Workspace(release.root), digits)
    except ConfigError as error:
        raise NotFound(str(error)) from None
    return _html(release, decision_page(found))


def edition(release: Release, digits: str, name: str) -> str:
    """A decision's report as it is rendered today. Raises NotFound, ConfigError, OutsideError."""
    try:
        found = find_decision(release, Workspace(release.root), digits)
    except ConfigError as error:
        raise NotFound(str(error)) from None
    return rendered(release, found, name)


def runs(release: Release) -> str:
    """All runs of the release."""
    found = status(release)
    return _html(release, runs_page(release.name, found.runs, found.interrupted))


def run(release: Release, digits: str) -> str:
    """One run with its metrics. Raises NotFound; OutsideError where its bundle was changed."""
    found = [one for one in status(release).runs if one.id.startswith(digits)]
    if len(found) != 1:
        raise NotFound(f"{len(found) or 'no'} runs of {release.name} start with '{digits}'.")
    return _html(release, run_page(found[0], _metrics(release, found[0]), release.policy.alpha))


def versions(release: Release) -> str:
    """All versions of the release."""
    known = status(release).registry
    rows = [
        Promoted(one.number, known.stage_of(one.number), one.adapter_digest, one.decision, one.created)
        for one in reversed(known.versions)
    ]
    return _html(release, versions_page(release.name, rows))


def comparison(release: Release, first: str, second: str) -> str:
    """The form, and where both sides are given what lies between them. Raises as `compare`."""
    choices = _choices(release, status(release))
    if not (first or second):
        return _html(release, comparison_page(release.name, choices))
    if not (first and second):
        raise ConfigError("a comparison needs two sides: a and b.")
    compared = compare(release, first, second)
    return _html(release, comparison_page(release.name, choices, (first, second), compared))


def trouble(release: Release, code: int, reasons: list[str]) -> str:
    """Why there is no other page; without the team's templates, which may be what is wrong."""
    return render_page(_TEMPLATE, trouble_page(release.name, code, reasons))


def _metrics(release: Release, found: Run) -> dict[str, Own]:
    """Each metric of a run by "task.metric", as a gate would judge it for the candidate."""
    policy = release.policy
    settings = Settings(policy.alpha, policy.resamples, policy.seed, policy.min_samples, anytime=policy.looks == 0)
    judged = read_material(Workspace(release.root), {"": {found.suite: found.id}})[""][found.suite]
    metrics: dict[str, Own] = {}
    for task, infos in judged.run.metrics.items():
        for info in infos if task in judged.results else ():
            evidence = absolute(series_of(judged.results[task], info, favour=False), settings).evidence
            assert not isinstance(evidence, Comparison)
            metrics[f"{task}.{info.name}"] = evidence
    return metrics


def _choices(release: Release, found: Status) -> list[tuple[str, str]]:
    """What can be compared: decisions' candidates, the newest one's baselines, versions, single runs."""
    newest = find_decision(release, Workspace(release.root), None).runs if found.decisions else {}
    roles = [(role, f"{role} of the newest decision") for role in newest if role != "candidate"]
    decided = [(f"decision:{one.id[:12]}", f"candidate of decision {one.id[:12]} ({one.verdict})")
               for one in found.decisions]  # fmt: skip
    known = found.registry
    promoted = [(one.name, f"version {one.number} ({known.stage_of(one.number)})") for one in reversed(known.versions)]
    alone = [(one.id[:12], f"run {one.id[:12]}: {one.suite}, {one.model.role}")
             for one in reversed(found.runs) if one.suite != MEASURED_RUN]  # fmt: skip
    return [*decided, *roles, *promoted, *alone]


def _html(release: Release, page: SitePage) -> str:
    return render_page(_TEMPLATE, page, templates_of(release))
