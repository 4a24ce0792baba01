"""What a move means for servers that do not read the registry: a cluster is brought to it, and both ends are noted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from harness.core.errors import OutsideError
from harness.core.releases import Release
from harness.core.versions import DEPLOYED, DEPLOYING, NOT_DEPLOYED, SINGLE, Registry, Version
from harness.pipeline.registry.moving import annotate
from harness.pipeline.workspace import Workspace

# Servers of these kinds go on with what they have until they are told.
TOLD = ("kubernetes",)


@contextmanager
def deployed(
    workspace: Workspace, kind: str, version: Version, stage: str, deploy: Callable[[], str]
) -> Iterator[None]:
    """The block moves a version; then `deploy` brings the server of this kind to the registry, where one is told.

    A line before and one after say so: a line before without one after is a deployment that was interrupted. Raises
    OutsideError where it fails: the move stands, and the server goes on with what it had.
    """
    if kind not in TOLD or stage not in SINGLE:
        yield
        return
    annotate(workspace, version, stage, DEPLOYING)
    yield
    try:
        name = deploy()
    except OutsideError as error:
        annotate(workspace, version, str(error)[:500], NOT_DEPLOYED)
        raise OutsideError(
            f"{version.name} is in {stage} in the registry, but the cluster was not brought to it: {error} "
            "Run `harness manifests --apply`, or `harness rollback`."
        ) from None
    annotate(workspace, version, name, DEPLOYED)


def deployer(release: Release) -> Callable[[], str]:
    """What brings the release's cluster to the registry; nothing is loaded for it before it is called."""

    def deploy() -> str:
        from harness.pipeline import manifests

        return manifests.deploy(release)

    return deploy


def undeployed(known: Registry) -> str | None:
    """What is not on the cluster although the registry says so, in a sentence; None where all is, or none is told."""
    told = [note for note in known.notes if note.why in (DEPLOYING, DEPLOYED, NOT_DEPLOYED)]
    if not told or told[-1].why == DEPLOYED:
        return None
    last = told[-1]
    how = "failed" if last.why == NOT_DEPLOYED else "was begun and did not end"
    return f"the deployment of v{last.version} {how} at {last.time}: run the same command again."
