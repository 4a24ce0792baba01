"""Do what an analysis says: the share goes up, the version to production, or the canary out of the traffic."""

from __future__ import annotations

from harness.core.canaries import CanaryAnalysis, Outcome
from harness.core.errors import ConfigError
from harness.core.ids import short
from harness.core.releases import Release
from harness.core.versions import CANARY, MOVED_ON, PRODUCTION, ROLLBACK, STAGING, Registry, Version
from harness.pipeline.canary.kept import keep
from harness.pipeline.canary.step import step_of
from harness.pipeline.candidate import Candidate
from harness.pipeline.registry.deploy import deployed, deployer
from harness.pipeline.registry.moving import move
from harness.pipeline.registry.read import changing, registry
from harness.pipeline.workspace import Workspace


def apply(release: Release, found: CanaryAnalysis, *, to_production: bool = False) -> str:
    """Move the registry as an analysis says, and tell what was done in a sentence.

    To production a version only goes where `to_production` asks for it, and nothing that `harness promote` asks for is
    missing. Raises ConfigError where the registry moved since, or something is missing; OutsideError.
    """
    workspace, named = Workspace(release.root), f"v{found.version}"
    if found.outcome is Outcome.HOLD:
        return f"nothing is done: {named} keeps {found.share:.0%} of the traffic."
    if found.outcome is Outcome.ADVANCE and found.next_share is None:
        if not to_production:
            return f"nothing is done: --to-production brings {named} to production."
        return _promoted(release, found)
    with changing(workspace, release.name):
        version = _standing(release, found, registry(workspace, release.name))
        keep(workspace, found, done=True)
        with deployed(workspace, release.serve.kind, version, CANARY, deployer(release)):
            if found.outcome is Outcome.ROLLBACK:
                move(workspace, version, STAGING, ROLLBACK, _note(found))
                return f"{named} is no canary any more: it is in staging."
            move(workspace, version, CANARY, MOVED_ON, _note(found), found.next_share)
    return f"{named} gets {found.next_share:.0%} of the traffic now."


def _promoted(release: Release, found: CanaryAnalysis) -> str:
    from harness.pipeline.promote import Asked, promote
    from harness.pipeline.registry.project import as_it_lies

    workspace = Workspace(release.root)

    def find(version: Version | None) -> Candidate:  # called while the registry is held
        standing = _standing(release, found, registry(workspace, release.name))
        return as_it_lies(workspace, version or standing, release.candidate.base_model, release.home)

    done = promote(release, Asked(PRODUCTION, version=f"v{found.version}", note=_note(found)), find)
    keep(workspace, found, done=True)
    return f"{done.version.name} is in production."


def _standing(release: Release, found: CanaryAnalysis, known: Registry) -> Version:
    """The canary, if it still stands at the step that was looked at."""
    step = step_of(known, release.canary)
    if (step.canary.number, step.move, step.production.number) != (found.version, found.move, found.production):
        raise ConfigError("the registry moved while the canary was looked at, so nothing is done. Run it again.")
    return step.canary


def _note(found: CanaryAnalysis) -> str:
    return f"canary analysis {short(found.digest)}: {found.reason}"
