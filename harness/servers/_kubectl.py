"""kubectl as a child process: what it is asked, and what it says when it fails."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.core import last_words as logs
from harness.core.errors import OutsideError
from harness.core.secrets import masked
from harness.servers._children import Child, last_words, started
from harness.servers._commands import found
from harness.servers._manifests import NAME_KEY

CALL_SECONDS, FORWARD_SECONDS = 60.0, 30.0
_FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+) ")


@dataclass(frozen=True, slots=True)
class Kubectl:
    """One cluster and namespace. `context` None is the current one."""

    command: str
    context: str | None
    namespace: str

    def words(self, *words: str) -> list[str]:
        """The whole command line."""
        place = ["--context", self.context] if self.context else []
        return [self.command, *place, "--namespace", self.namespace, *words]

    def call(self, *words: str, given: str | None = None, seconds: float = CALL_SECONDS) -> str:
        """What kubectl writes to standard output. Raises OutsideError with what it says where it fails."""
        found(self.command, "kubernetes")
        try:
            done = subprocess.run(
                self.words(*words), input=given, capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            raise OutsideError(f"`kubectl {words[0]}` gave no answer within {seconds:.0f} s.") from None
        if done.returncode:
            said = masked(" | ".join(done.stderr.strip().splitlines()[-3:])) or f"exit code {done.returncode}"
            raise OutsideError(f"`kubectl {' '.join(words[:2])}` failed: {said}")
        return done.stdout

    def apply(self, manifests: str) -> None:
        """Bring manifests (YAML) to the cluster. Raises OutsideError."""
        self.call("apply", "-f", "-", given=manifests)

    def rolled_out(self, name: str, seconds: float) -> None:
        """Wait until a Deployment's pods are ready. Raises OutsideError with the pods' last words and events."""
        try:
            self.call("rollout", "status", f"deployment/{name}", f"--timeout={seconds:.0f}s", seconds=seconds + 30)
        except OutsideError as error:
            raise OutsideError(f"{error} {self.last_words(name)}") from None

    def undo(self, name: str) -> None:
        """Back to the Deployment's revision before. Raises OutsideError, also where there is none."""
        self.call("rollout", "undo", f"deployment/{name}")

    def delete(self, name: str) -> None:
        """Remove a Deployment and its Service; what is not there is no error."""
        self.call("delete", f"deployment/{name}", f"service/{name}", "--ignore-not-found", "--wait=false")

    def logs(self, name: str, lines: int = 5) -> str:
        """The last lines of each of its pods' containers; "" where there are none."""
        try:
            return masked(
                self.call("logs", "-l", f"{NAME_KEY}={name}", "--all-containers", "--prefix", f"--tail={lines}")
            )
        except OutsideError:
            return ""

    def last_words(self, name: str) -> str:
        """Log lines and warnings of a Deployment that failed, for an error message."""
        words = logs.last_words(self.logs(name, 200), 5)
        said = [f"Its pods' last words: {words}" if words else "Its pods wrote nothing."]
        events = self._warnings(name)
        return " ".join([*said, *([f"Events: {' | '.join(events)}"] if events else [])])

    def _warnings(self, name: str) -> list[str]:
        try:
            listed = json.loads(self.call("get", "events", "-o", "json"))["items"]
            ours = [one for one in listed if str(one["involvedObject"]["name"]).startswith(name)]
            warned = [f"{one['reason']}: {one['message']}" for one in ours if one.get("type") == "Warning"]
        except (OutsideError, ValueError, KeyError, TypeError):
            return []
        return [masked(text) for text in dict.fromkeys(warned)][-3:]

    @contextmanager
    def forwarded(self, name: str, log: Path) -> Iterator[tuple[str, Callable[[], str | None]]]:
        """A Service's URL on a free port of this machine, and what tells why it is gone (None: it is not)."""
        words = self.words("port-forward", "--address", "127.0.0.1", f"service/{name}", ":80")
        with started("kubectl port-forward", words, log) as child:
            yield f"http://127.0.0.1:{_port(child)}", child.ended


def _port(child: Child) -> int:
    """The port that the child says it listens on. Raises OutsideError where it ends or stays silent."""
    until = time.monotonic() + FORWARD_SECONDS
    while time.monotonic() < until:
        if match := _FORWARDING.search(child.log.read_text(encoding="utf-8", errors="replace")):
            return int(match[1])
        child.refuse_ended()
        time.sleep(0.02)
    raise OutsideError(f"{child.what} opened no port within {FORWARD_SECONDS:.0f} s. {last_words(child.log)}")
