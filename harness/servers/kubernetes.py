"""TGI on a cluster: manifests applied by kubectl, a trial of its own for each candidate, rollback by rollout undo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from harness.core.errors import OutsideError
from harness.core.samples import Json
from harness.core.secrets import mask_file
from harness.servers._commands import found
from harness.servers._kubectl import Kubectl
from harness.servers._manifests import manifests, to_yaml
from harness.servers.interface import Adapter, Artefacts, Endpoint

_FOREVER = 10_000  # lines of the pods that the log keeps


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubernetes:
    """`base` is a path in `volume`, or a Hub model's name with its `revision`. `adapters` is a folder in there.

    `name` is the production Deployment's; a candidate's trial has the candidate's digest after it. `url` is where a
    service answers, {name} standing for the service's name. `start` is in seconds.
    """

    starts_here: ClassVar[bool] = False

    context: str | None = None
    namespace: str = "default"
    name: str | None = None
    image: str = "ghcr.io/huggingface/text-generation-inference:3.3.5"
    volume: str
    base: str
    revision: str | None = None
    adapters: str = "adapters"
    gpus: int = 1
    shards: int | None = None
    quantize: str | None = None
    replicas: int = 1
    max_replicas: int = 4
    queue: int = 10
    secret: str | None = None
    start: float = 1800.0
    kubectl: str = "kubectl"
    url: str | None = None

    def identity(self) -> Mapping[str, Json]:
        """What changes answers: the image, the base model and how it is loaded."""
        place: dict[str, Json] = {"kind": "kubernetes", "context": self.context, "namespace": self.namespace}
        model: dict[str, Json] = {"volume": self.volume, "base": self.base, "revision": self.revision}
        return {**place, **model, "image": self.image, "quantize": self.quantize, "shards": self.shards}

    def check(self) -> None:
        """Raises OutsideError where kubectl is not here."""
        found(self.kubectl, "kubernetes")

    @contextmanager
    def running(self, artefacts: Artefacts) -> Iterator[Endpoint]:
        """A trial Deployment with these adapters, never production's; removed afterwards, also where it failed."""
        name = f"{self._name}-{artefacts.adapters[0].digest[:12] if artefacts.adapters else 'base'}"
        text, cluster = to_yaml(manifests(self, name, artefacts.adapters, trial=True)), self._cluster
        artefacts.log.parent.mkdir(parents=True, exist_ok=True)
        artefacts.log.write_bytes(b"")
        with self._trial(name, artefacts.log):
            cluster.apply(text)
            cluster.rolled_out(name, self.start)
            with self._reached(name, artefacts) as endpoint:
                yield endpoint

    def manifests(self, adapters: Sequence[Adapter]) -> str:
        """Production's manifests with these adapters, as YAML. Raises ConfigError."""
        return to_yaml(manifests(self, self._name, adapters))

    def apply(self, adapters: Sequence[Adapter]) -> str:
        """Bring production to these adapters and wait until it answers with them; gives the Deployment's name.

        Where the new pods do not become ready the old ones go on and the Deployment is put back: OutsideError says why.
        """
        text, cluster = self.manifests(adapters), self._cluster
        cluster.apply(text)
        try:
            cluster.rolled_out(self._name, self.start)
        except OutsideError as error:
            raise OutsideError(f"{error} {self._put_back()}") from None
        return self._name

    def rollback(self) -> str:
        """Production's revision before, ready again; gives the Deployment's name. Raises OutsideError."""
        self._cluster.undo(self._name)
        self._cluster.rolled_out(self._name, self.start)
        return self._name

    @contextmanager
    def _trial(self, name: str, log: Path) -> Iterator[None]:
        """Nothing of a trial is left, whatever ends it; where something is, that is said."""
        try:
            yield
        except OutsideError as error:
            raise OutsideError(f"{error} {self._remove(name, log)}".strip()) from None
        except BaseException:
            self._remove(name, log)
            raise
        if left := self._remove(name, log):
            raise OutsideError(left)

    def _remove(self, name: str, log: Path) -> str:
        with log.open("a", encoding="utf-8") as file:
            file.write(self._cluster.logs(name, _FOREVER))
        mask_file(log)
        try:
            self._cluster.delete(name)
        except OutsideError as error:
            return f"The trial deployment '{name}' may be left: {error}"
        return ""

    @contextmanager
    def _reached(self, name: str, artefacts: Artefacts) -> Iterator[Endpoint]:
        names = {adapter.digest: adapter.name for adapter in artefacts.adapters}
        if self.url:
            yield Endpoint(self.url.replace("{name}", name).rstrip("/"), names)
            return
        with self._cluster.forwarded(name, artefacts.log.with_name("port-forward.log")) as (url, gone):
            yield Endpoint(url, names, watch=gone)

    def _put_back(self) -> str:
        try:
            self._cluster.undo(self._name)
        except OutsideError as error:
            return f"It could not be put back: {error}"
        return "The Deployment was put back to the revision before."

    @property
    def _name(self) -> str:
        return self.name or "harness"

    @property
    def _cluster(self) -> Kubectl:
        return Kubectl(self.kubectl, self.context, self.namespace)
