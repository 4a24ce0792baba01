"""A remote baseline: how it is asked, and who answers there now, for a name may come to mean another model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from harness.client.interface import Limits, RequestFailed
from harness.client.model_reference import CHATS, GREEDY, model_reference
from harness.client.preflight import by_what
from harness.core.errors import HarnessError, OutsideError
from harness.core.events import Watch
from harness.core.releases import Release
from harness.core.samples import Json
from harness.core.sampling import NEUTRAL
from harness.pipeline.baselines import Contender
from harness.pipeline.running.session import Session
from harness.pipeline.running.vouch import Vouched
from harness.pipeline.workspace import Workspace
from harness.servers.interface import Artefacts
from harness.servers.openai import Openai
from harness.store.bundle import MANIFEST

# What the replies name as the model, in the identity of a remote baseline's server.
ANSWERS_AS = "answers_as"
_PROOF = "a remote model, told by its name"


def identity_of(release: Release, contender: Contender, ask: bool) -> Mapping[str, Json]:
    """A remote baseline's server: its address, the name that is asked for, and the model that answers to it.

    Where it is not to be asked, or is gone, that is the model that answered last; before the first answer nobody knows.
    Whether the server is told to leave out the model's own rules of sampling is part of it.
    """
    named: dict[str, Json] = {"kind": "openai", **contender.model.own}
    found = (_answering(release, contender) if ask else {}) or _stored(Workspace(release.root), named)
    return {**named, **found}


def session_of(release: Release, contender: Contender, watch: Watch, deadline: float | None = None) -> Session:
    """How a remote baseline is asked. Raises ConfigError where its key is missing."""
    assert contender.spec is not None
    arguments: Mapping[str, Any] = contender.spec.arguments["remote"]  # type: ignore[assignment]
    key_env = arguments.get("key_env")
    key = None if key_env is None else str(key_env)
    server = Openai(url=str(arguments["url"]), model=str(arguments["model"]), key_env=key)
    workspace = Workspace(release.root)
    with server.running(Artefacts(workspace.models, (), workspace.logs)) as endpoint:
        endpoint = replace(endpoint, max_tokens_key=str(arguments["max_tokens_key"]))
        endpoint = replace(endpoint, omit=frozenset(map(str, arguments.get("omit") or ())))
        return Session(release, endpoint, watch, int(str(arguments["concurrency"])), deadline)


def vouched(session: Session, server: Mapping[str, Json]) -> Vouched:
    """What the model is known by for this run. A name is no proof of bytes. Raises OutsideError where it is gone."""

    async def learned() -> Vouched:
        async with session.connect() as client:
            try:
                reference = await model_reference(client, None, None, None, adapted=False)
            except RequestFailed as error:
                raise OutsideError(f"the remote baseline at {session.endpoint.url} does not answer: {error}") from None
        name = server.get(ANSWERS_AS)
        known = replace(reference, name=str(name) if name else None)
        notes = [by_what(known), _named(server), _left_out(session.endpoint.omit)]
        return Vouched(_PROOF, tuple(note for note in notes if note), proven=False, known=known)

    return asyncio.run(learned())


def _named(server: Mapping[str, Json]) -> str | None:
    name, asked = server.get(ANSWERS_AS), server.get("model")
    return f"'{asked}' at {server.get('url')} was answered by the model '{name}'" if name and name != asked else None


def _left_out(omit: frozenset[str]) -> str | None:
    """What nobody knows of answers to requests without these parameters."""
    if not omit:
        return None
    greedy = "whether its answers are greedy is not known" if "temperature" in omit else "the server's own values hold"
    return f"the requests leave out {', '.join(sorted(omit))}, so {greedy}"


def _answering(release: Release, contender: Contender) -> dict[str, Json]:
    """The model that a reply names now, and how the server is asked; {} where none comes, or it names none."""

    async def asked(session: Session) -> dict[str, Json]:
        limits = Limits(timeout=60.0, attempts=2, first_pause=0.2, patience=2.0)
        async with session.connect(limits) as client:
            turns = [{"role": "user", "content": CHATS[0]}]
            name = (await client.chat("fixed prompt", turns, GREEDY, None)).model
            if not name:
                return {}
            return {ANSWERS_AS: name, **(NEUTRAL if await client.is_plainly_greedy() else {})}

    try:
        return asyncio.run(asked(session_of(release, contender, lambda _: None)))
    except HarnessError:
        return {}


def _stored(workspace: Workspace, identity: Mapping[str, Json]) -> dict[str, Json]:
    """The model that answered in the newest finished run of the same name at the same address."""
    servers = [(run, run["server"]) for run in _runs(workspace)]
    runs = [run for run, server in servers if identity.items() <= server.items() and ANSWERS_AS in server]
    newest = max(runs, key=lambda run: str(run["started"]), default=None)
    told = (ANSWERS_AS, *NEUTRAL)
    return {key: newest["server"][key] for key in told if key in newest["server"]} if newest else {}


def _runs(workspace: Workspace) -> Iterator[dict[str, Any]]:
    for path in (workspace.state / "runs").glob(f"*/{MANIFEST}"):
        try:
            run = json.loads(path.read_text(encoding="utf-8"))["run"]
        except (OSError, ValueError, KeyError):
            continue
        if run["server"].get("kind") == "openai":
            yield run
