"""Whether a version could be served: it is served, checked as before a run, and asked once."""

from __future__ import annotations

import asyncio

from harness.core.errors import OutsideError
from harness.core.events import Event
from harness.core.releases import Release
from harness.core.runs import Model
from harness.core.suites import Generation
from harness.core.versions import Version
from harness.pipeline.baselines import Contender
from harness.pipeline.registry.project import as_it_lies
from harness.pipeline.running.runs import server_of
from harness.pipeline.running.session import Session, deadline_of
from harness.pipeline.running.vouch import vouch
from harness.pipeline.workspace import Workspace
from harness.servers.interface import Adapter, Artefacts

_ASKED = "Hello."


def proven(release: Release, version: Version) -> str:
    """How the server showed that this version is what answers. Raises OutsideError, ConfigError where it did not."""
    workspace = Workspace(release.root)
    found = as_it_lies(workspace, version, release.candidate.base_model, release.home)
    adapter = Adapter(f"version-{version.number}", version.adapter_digest, found.adapter)
    one = Contender(Model("candidate", version.base_digest, version.adapter_digest), adapter=adapter)
    files = Artefacts(found.base, (adapter,), workspace.logs / "rehearsal.log")
    with server_of(release).running(files) as endpoint:
        session = Session(release, endpoint, _quiet, 1, deadline_of(release), base=found.base)
        vouched = vouch(session, one, found, {}, ())
        if vouched.proof.startswith("not proven"):
            raise OutsideError(f"it answers, but the adapter is {vouched.proof}.")
        asyncio.run(_ask(session, one.model))
    return vouched.proof


async def _ask(session: Session, model: Model) -> None:
    async with session.connect() as client:
        asked = [{"role": "user", "content": _ASKED}]
        given = await client.chat("rehearsal", asked, Generation(max_new_tokens=8), session.adapter(model))
    if given.error is not None:
        raise OutsideError(f"it did not answer: {given.error}")


def _quiet(_: Event) -> None:
    """A rehearsal tells its end alone."""
