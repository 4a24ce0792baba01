"""The router behind `harness route`: it follows the registry, and switches as soon as a version moves."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.config.forms import form_of
from harness.core.errors import ConfigError, HarnessError
from harness.core.events import Event, Watch
from harness.core.releases import Release
from harness.pipeline.lock import locked
from harness.pipeline.registry.read import registry
from harness.pipeline.routing.fleet import Fleet
from harness.pipeline.routing.salt import salt_of
from harness.pipeline.routing.wanted import Wanted, wanted
from harness.pipeline.workspace import Workspace
from harness.router.log import Redaction, TrafficLog
from harness.router.running import Running, refuse_taken, running
from harness.router.table import Routes
from harness.servers._keys import key_from

LOOK_SECONDS = 0.1
RETRY_SECONDS = 5.0
_OTHER = "another router of this release"
# Every version is proven again at every address after so long: a few short prompts each.
PROVE_SECONDS = 60.0

Stamp = tuple[tuple[int, int] | None, ...]
OnSwitch = Callable[[str, Routes], None]


def route(release: Release, watch: Watch, stop: threading.Event, on_switch: OnSwitch) -> None:
    """Route until `stop`. `on_switch` is given the address and the table, at first and after each switch.

    Raises ConfigError where nothing is in production, OutsideError where it can't be served or vouched for, or where
    another router of the release runs in this project.
    """
    workspace = Workspace(release.root)
    stamp = _stamp(workspace)
    now = wanted(registry(workspace, release.name), release.canary)
    key = key_from(release.route.key_env, "route.key_env")
    form, log = form_of(release.canary.format_rule, release.root), _log(release, workspace)
    refuse_taken(release.route)
    with locked(workspace, f"router-{release.name}.lock", _OTHER), Fleet(release, watch) as fleet:
        first = fleet.routes(now, 1)
        say = _note(watch)
        with (
            running(release.route, first, log, key, form, say) as router,
            _told(workspace.router(release.name), router.url),
        ):
            on_switch(router.url, first)
            _Follower(release, fleet, router, on_switch, say, now, stamp).follow(stop)


@dataclass(slots=True)
class _Follower:
    """Keeps a running router at what the registry says."""

    release: Release
    fleet: Fleet
    router: Running
    on_switch: OnSwitch
    say: Callable[[str], None]
    now: Wanted | None
    stamp: Stamp
    again: float = 0.0
    leaving: float | None = None
    proven: float = field(default_factory=time.monotonic)

    def follow(self, stop: threading.Event) -> None:
        """Look at the registry's files and at the servers, again and again."""
        while not stop.wait(LOOK_SECONDS):
            if died := self.fleet.lost():
                self.say(died)
                self.now, self.again = None, time.monotonic()
            self._tidy()
            stamp = _stamp(Workspace(self.release.root))
            if stamp != self.stamp or (self.again and time.monotonic() >= self.again):
                self.stamp, self.again = stamp, 0.0
                self._look()
            self._prove()

    def _prove(self) -> None:
        """Take an address out of the table that does not serve what was proven there, and back once it does."""
        if self.now is None or time.monotonic() < self.proven + PROVE_SECONDS:
            return
        if self.fleet.prove():
            self._switch(self.now)
        self.proven = time.monotonic()

    def _look(self) -> None:
        """Go by what the registry says now; where it can't be read or served, the table stays as it is."""
        try:
            found = wanted(registry(Workspace(self.release.root), self.release.name), self.release.canary)
            if found != self.now:
                self._switch(found)
        except HarnessError as error:
            self.say(f"the table stays as it is: {error}")
            self.again = time.monotonic() + RETRY_SECONDS

    def _switch(self, found: Wanted) -> None:
        routes = self.fleet.routes(found, self.router.router.routes.generation + 1)
        self.router.switch(routes)
        self.now = found
        self.on_switch(self.router.url, routes)
        self.leaving = time.monotonic() + self.release.route.timeout

    def _tidy(self) -> None:
        """Stop servers that are no more in the table, once their last request is over, or has had its time."""
        if self.leaving is None or self.now is None:
            return
        if self.router.drained() or time.monotonic() > self.leaving:
            self.leaving = None
            self.fleet.drop(self.now)


def _stamp(workspace: Workspace) -> Stamp:
    """What changes whenever the registry does: both files only grow."""

    def one(path: Path) -> tuple[int, int] | None:
        try:
            found = path.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_size

    return one(workspace.versions), one(workspace.moves)


def _log(release: Release, workspace: Workspace) -> TrafficLog:
    patterns = []
    for number, given in enumerate(release.route.log_redact):
        try:
            patterns.append(re.compile(given))
        except re.error as error:
            raise ConfigError(f"route.log.redact[{number}]: '{given}' is no regular expression: {error}.") from None
    keep = release.route.log_keep
    traffic, requests = workspace.traffic_of(release.name), workspace.requests_of(release.name)
    return TrafficLog(traffic, requests, Redaction(tuple(patterns)), keep, salt_of(workspace))


def _note(watch: Watch) -> Callable[[str], None]:
    return lambda text: watch(Event("route", "note", text))


@contextmanager
def _told(path: Path, url: str) -> Iterator[None]:
    """Leave the address where `harness route --status` finds it, for as long as the router runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"url": url, "pid": os.getpid()}), encoding="utf-8")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def address(release: Release) -> str:
    """Where the release's router listens. Raises ConfigError where none runs here."""
    try:
        return str(json.loads(Workspace(release.root).router(release.name).read_text(encoding="utf-8"))["url"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError("no router of this release runs here: `harness route` starts one.") from None
