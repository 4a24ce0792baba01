"""A release's service on a cluster: its manifests, and bringing it to the versions of the registry or back."""

from __future__ import annotations

from harness.core.errors import ConfigError
from harness.core.releases import Release
from harness.core.versions import CANARY, PRODUCTION, Version
from harness.pipeline.candidate import adapter_digest, on_disk
from harness.pipeline.running.runs import server_of
from harness.pipeline.workspace import Workspace
from harness.servers.interface import Adapter
from harness.servers.kubernetes import Kubernetes
from harness.store.registry import read_registry


def manifests(release: Release, candidate: bool = False) -> str:
    """YAML of the service with the versions in production and canary, or with the candidate's adapter alone.

    Raises ConfigError where the release is not served on a cluster, or an adapter is not on this disk.
    """
    server = cluster_of(release)
    return server.manifests(_of_candidate(release) if candidate else _of_registry(release))


def deploy(release: Release) -> str:
    """Bring the cluster to the versions in production and canary; gives the Deployment. Raises OutsideError."""
    return cluster_of(release).apply(_of_registry(release))


def undo(release: Release) -> str:
    """Put the cluster back to what it had before the last change; gives the Deployment. Raises OutsideError."""
    return cluster_of(release).rollback()


def cluster_of(release: Release) -> Kubernetes:
    """The release's server. Raises ConfigError where that is no cluster."""
    server = server_of(release)
    if not isinstance(server, Kubernetes):
        raise ConfigError(
            f"the release is served by '{release.serve.kind}': manifests need `serve: {{kubernetes: …}}`."
        )
    return server


def _of_candidate(release: Release) -> list[Adapter]:
    found = on_disk(release)
    return [Adapter("candidate", found.adapter_digest, found.adapter)]


def _of_registry(release: Release) -> list[Adapter]:
    workspace = Workspace(release.root)
    registry = read_registry(workspace.versions, workspace.moves, release.name)
    standing = [one for one in (registry.standing(PRODUCTION), registry.standing(CANARY)) if one]
    if not standing:
        raise ConfigError("no version is in production yet: `harness promote --to production`, or --candidate.")
    return [_adapter(release, version) for version in standing]


def _adapter(release: Release, version: Version) -> Adapter:
    folder = Workspace(release.root).adapter(version.adapter_digest)
    if adapter_digest(folder, release.file) != version.adapter_digest:
        raise ConfigError(f"the registry's copy of {version.name}'s adapter was edited: it has another digest.")
    return Adapter(f"version-{version.number}", version.adapter_digest, folder)
