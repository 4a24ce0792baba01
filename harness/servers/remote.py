"""A TGI server that runs already, somewhere else."""

from __future__ import annotations

import http.client
import json
import os
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from harness.core.errors import ConfigError, OutsideError
from harness.core.samples import Json
from harness.servers.interface import Artefacts, Endpoint

_TOLD = ("model_id", "model_sha", "model_dtype", "version", "sha", "docker_label")


@dataclass(frozen=True, slots=True)
class Remote:
    """`key_env` names the environment variable with the key; `adapter_id` the candidate's adapter on the server."""

    url: str
    key_env: str | None = None
    adapter_id: str | None = None

    def identity(self) -> Mapping[str, Json]:
        """What the server says of itself now: a remote server may change between two runs."""
        info = self._info()
        told = {key: str(info[key]) for key in _TOLD if info.get(key) is not None}
        return {"kind": "remote", "url": self.url.rstrip("/"), "adapter_id": self.adapter_id, **told}

    @contextmanager
    def running(self, artefacts: Artefacts) -> Iterator[Endpoint]:
        """Nothing to start, nothing to stop."""
        yield Endpoint(self.url.rstrip("/"), self.adapter_id, self._key())

    def _key(self) -> str | None:
        if self.key_env is None:
            return None
        key = os.environ.get(self.key_env)
        if not key:
            raise ConfigError(f"serve.remote.key_env: the environment variable {self.key_env} is not set.")
        return key

    def _info(self) -> dict[str, Json]:
        headers = {"Authorization": f"Bearer {key}"} if (key := self._key()) else {}
        request = urllib.request.Request(self.url.rstrip("/") + "/info", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return dict(json.load(reply))
        except (http.client.HTTPException, OSError, ValueError, TypeError) as error:
            raise OutsideError(f"the server at {self.url} does not answer /info: {error}") from None
