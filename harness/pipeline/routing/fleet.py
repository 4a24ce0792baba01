"""The servers behind the router: each version on one of them, and vouched for before it is reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from harness.core.errors import ConfigError, HarnessError, OutsideError, Problem
from harness.core.events import Event, Watch
from harness.core.releases import Release
from harness.core.runs import Model
from harness.core.versions import Version
from harness.pipeline.baselines import Contender
from harness.pipeline.candidate import Candidate
from harness.pipeline.registry.artefacts import problems
from harness.pipeline.registry.project import as_it_lies
from harness.pipeline.routing.wanted import Wanted
from harness.pipeline.running.runs import server_of
from harness.pipeline.running.session import Session
from harness.pipeline.running.vouch import Vouched, among_users, still, vouch
from harness.pipeline.workspace import Workspace
from harness.router.table import OPENAI, Routes, Target
from harness.servers._keys import key_from
from harness.servers.interface import Adapter, Artefacts, Endpoint

BASE = "base"
_ELSEWHERE = ("remote", "openai")


@dataclass(slots=True)
class _Proof:
    """A version at one address: what it was vouched for by, and whether that held the last time."""

    name: str
    url: str
    session: Session
    contender: Contender
    vouched: Vouched
    held: bool = True


@dataclass(slots=True)
class _Server:
    """A server, the adapters it has by digest with their proofs at each address, and what ends it."""

    endpoint: Endpoint
    found: Candidate
    targets: dict[str, Target] = field(default_factory=dict)
    proofs: dict[str, list[_Proof]] = field(default_factory=dict)
    stack: ExitStack = field(default_factory=ExitStack)


class Fleet:
    """The servers of a release. Not for two threads at once."""

    def __init__(self, release: Release, watch: Watch) -> None:
        if release.serve.merged:
            raise ConfigError("`serve.merged` puts one model on a server, and the router needs adapters on one base.")
        self._release, self._watch = release, watch
        self._workspace = Workspace(release.root)
        self._servers: list[_Server] = []
        self._started = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.stack.close()

    def routes(self, wanted: Wanted, generation: int) -> Routes:
        """The table that the registry wants; starts what is not served yet. Raises OutsideError, ConfigError.

        Who only stands in may be missing: then it is said, and nobody does.
        """
        needed = [one for one in wanted.versions if one is not wanted.previous]
        # The last good version is there even where it stands in for nobody: a rollback to it is at once.
        self._serve(needed, [wanted.previous] if wanted.previous else [])
        return Routes(
            production=self._target(wanted.production),
            canary=self._target(wanted.canary) if wanted.canary else None,
            share=wanted.share,
            fallback=tuple(self._fallback(wanted)),
            generation=generation,
        )

    def drop(self, wanted: Wanted) -> None:
        """Stop the servers that have nothing of what is wanted."""
        digests = {one.adapter_digest for one in wanted.versions}
        for server in [one for one in self._servers if not digests & one.targets.keys()]:
            self._end(server)

    def lost(self) -> str | None:
        """Why a server that we started is gone, once for each; it is forgotten, so that another is started."""
        for server in self._servers:
            said = server.endpoint.watch() if server.endpoint.watch else None
            if said:
                self._end(server)
                return said
        return None

    def prove(self) -> bool:
        """Prove every version at every address again; whether it changed who may be reached where.

        A server that was started again, or a replica, may serve another model under the same name.
        """
        changed = False
        for one in [one for server in self._servers for proofs in server.proofs.values() for one in proofs]:
            why = still(one.session, one.contender, one.vouched)
            if one.held == (why is None):
                continue
            one.held, changed = why is None, True
            where = f"not reached at {one.url} any more: {why}" if why else f"reached at {one.url} again"
            self._say(f"{one.name} is {where}")
        return changed

    def _end(self, server: _Server) -> None:
        self._servers.remove(server)
        server.stack.close()

    def _fallback(self, wanted: Wanted) -> Iterator[Target]:
        kind = self._release.route.fallback
        if kind == "previous" and wanted.previous and (found := self._known(wanted.previous.adapter_digest)):
            yield found
        if kind == BASE and (found := self._known(BASE + wanted.production.base_digest)):
            yield found

    def _known(self, digest: str) -> Target | None:
        """The target with those of its addresses where it is proven, which may be none for the moment."""
        for server in self._servers:
            if digest in server.targets:
                urls = tuple(one.url for one in server.proofs[digest] if one.held)
                return replace(server.targets[digest], urls=urls)
        return None

    def _target(self, version: Version) -> Target:
        found = self._known(version.adapter_digest)
        if found is None:
            raise OutsideError(f"{version.name} is on none of the servers.")
        return replace(found, name=version.name)  # the same adapter may have been promoted twice

    def _serve(self, needed: Iterable[Version], spare: Iterable[Version]) -> None:
        """Put the versions that are on no server yet on new ones: one server for each base model."""
        new = {one.adapter_digest: one for one in needed if not self._known(one.adapter_digest)}
        extra = [one for one in spare if not self._known(one.adapter_digest) and self._is_whole(one)]
        for one in new.values():
            if trouble := problems(self._workspace.adapter(one.adapter_digest), one.adapter_digest):
                raise ConfigError([Problem(f"{one.name} cannot be served: {problem}") for problem in trouble])
        new |= {one.adapter_digest: one for one in extra}
        optional = {one.name for one in extra}
        for base in dict.fromkeys(one.base_digest for one in new.values()):
            versions = [one for one in new.values() if one.base_digest == base]
            try:
                self._start(versions, optional)
            except HarnessError as error:
                if any(one.name not in optional for one in versions):
                    raise
                self._say(f"{versions[0].name} does not stand in: {error}")

    def _is_whole(self, version: Version) -> bool:
        trouble = problems(self._workspace.adapter(version.adapter_digest), version.adapter_digest)
        if trouble:
            self._say(f"{version.name} does not stand in: {trouble[0]}")
        return not trouble

    def _start(self, versions: list[Version], spare: set[str]) -> None:
        release = self._release
        found = as_it_lies(self._workspace, versions[0], release.candidate.base_model, release.home)
        if found.base_digest != versions[0].base_digest:
            raise ConfigError(f"{versions[0].name} was made from another base model than the one that lies here.")
        for server in self._starting(versions, found):
            try:
                self._vouch_all(server, versions, spare)
            except BaseException:
                server.stack.close()
                raise
            self._servers.append(server)

    def _starting(self, versions: list[Version], found: Candidate) -> Iterator[_Server]:
        """A server of our own, or those that run already as one."""
        adapters = tuple(self._adapter(one) for one in versions)
        names = {one.digest: one.name for one in adapters}
        urls = self._urls()
        if urls:
            yield _Server(self._endpoint(urls[0], names), found)
            return
        release, stack = self._free_port() if self._started else self._release, ExitStack()
        self._started += 1
        log = self._workspace.logs / f"route-{self._release.name}-{self._started}.log"
        self._watch(Event("serve", "begin", ", ".join(one.name for one in versions)))
        endpoint = stack.enter_context(server_of(release).running(Artefacts(found.base, adapters, log)))
        self._watch(Event("serve", "done", endpoint.url))
        yield _Server(endpoint, found, stack=stack)

    def _free_port(self) -> Release:
        """The release with its server at any free port: the declared one is taken by the server beside."""
        serve = self._release.serve
        arguments = {**serve.arguments, "port": 0} if serve.arguments.get("port") else serve.arguments
        return replace(self._release, serve=replace(serve, arguments=arguments))

    def _urls(self) -> tuple[str, ...]:
        serve = self._release.serve
        given = self._release.route.urls or ((str(serve.arguments["url"]),) if serve.kind in _ELSEWHERE else ())
        return tuple(url.rstrip("/") for url in given)

    def _endpoint(self, url: str, names: dict[str, str]) -> Endpoint:
        given, kind = self._release.serve.arguments, self._release.serve.kind
        variable = given.get("key_env")
        key = key_from(str(variable), f"serve.{kind}.key_env") if variable else None
        api = OPENAI if kind in ("openai", "vllm") else "tgi"
        base, dtype = str(given.get("model") or BASE) if api == OPENAI else None, given.get("dtype")
        return Endpoint(url, names, key, api=api, base=base, dtype=str(dtype) if dtype else None)

    def _adapter(self, version: Version) -> Adapter:
        folder = self._workspace.adapter(version.adapter_digest)
        return Adapter(f"version-{version.number}", version.adapter_digest, folder)

    def _vouch_all(self, server: _Server, versions: list[Version], spare: set[str]) -> None:
        """Every version on every server, before the first request can reach it."""
        for version in versions:
            try:
                target = self._vouched(server, version.name, version.base_digest, self._adapter(version))
            except HarnessError as error:
                if version.name not in spare:
                    raise
                self._say(f"{version.name} does not stand in: {error}")
                continue
            server.targets[version.adapter_digest], server.proofs[version.adapter_digest] = target
        if self._release.route.fallback == BASE:
            base = versions[0].base_digest
            server.targets[BASE + base], server.proofs[BASE + base] = self._vouched(server, BASE, base, None)

    def _vouched(self, server: _Server, name: str, base: str, adapter: Adapter | None) -> tuple[Target, list[_Proof]]:
        model = Model(name, base, adapter.digest if adapter else None)
        found = replace(server.found, adapter=adapter.folder) if adapter else server.found
        urls, proofs = self._urls() or (server.endpoint.url,), []
        contender = Contender(model, adapter=adapter)
        for url in urls:
            endpoint = replace(server.endpoint, url=url)
            session = Session(self._release, endpoint, self._watch, 1, base=found.base)
            vouched = vouch(session, contender, found, {}, ())
            if vouched.proof.startswith("not proven") and not self._release.serve.accept_unproven:
                raise OutsideError(f"{name} is not reached: at {url} it is {vouched.proof}.")
            proofs.append(_Proof(name, url, session, contender, self._among_users(session, contender, vouched)))
        asked = server.endpoint.adapters.get(adapter.digest) if adapter else server.endpoint.base
        return Target(name, urls, asked, server.endpoint.api, server.endpoint.key), proofs

    def _among_users(self, session: Session, contender: Contender, vouched: Vouched) -> Vouched:
        again = among_users(session, contender, vouched)
        if again.known and not (again.known.prompts or again.known.texts):
            self._say(f"{contender.model.role} is proven again by what the server says of it alone: its answers change")
        return again

    def _say(self, text: str) -> None:
        self._watch(Event("route", "note", text))
