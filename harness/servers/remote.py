"""A TGI server that runs already, somewhere else."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.core.errors import OutsideError
from harness.core.samples import Json
from harness.servers._keys import key_from
from harness.servers.interface import Artefacts, Endpoint

_TOLD = ("model_id", "model_sha", "model_dtype", "version", "sha", "docker_label")
_PROBE = {
    "inputs": "Hello there, world.",
    "parameters": {
        "max_new_tokens": 1,
        "do_sample": False,
        "details": True,
        "decoder_input_details": True,
        "return_full_text": False,
    },
}
# Answers to a request that the server does not take, whenever it is sent.
_REFUSALS = frozenset({400, 404, 405, 422, 501})
_PAUSES = (0.0, 0.25, 0.5, 1.0, 2.0)  # seconds before each attempt
# The client heeds no proxy variables, and both must talk to the same server.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Remote:
    """`key_env` names the environment variable with the key; `adapter_id` the candidate's adapter on the server.

    `dtype` is the type of its weights where `/info` does not tell it (quantized).
    """

    starts_here: ClassVar[bool] = False

    url: str
    key_env: str | None = None
    adapter_id: str | None = None
    dtype: str | None = None

    def identity(self) -> Mapping[str, Json]:
        """What the server says of itself now: a remote server may change between two runs.

        Whether it gives prefill log-probabilities is part of it: where that changes, so does what can be proven.
        """
        info = self._info()
        told = {key: str(info[key]) for key in _TOLD if info.get(key) is not None}
        named: dict[str, Json] = {"kind": "remote", "url": self.url.rstrip("/"), "adapter_id": self.adapter_id}
        named |= {"dtype": self.dtype} if self.dtype else {}
        return {**named, **told, "prefill_logprobs": self._gives_prefill()}

    @contextmanager
    def running(self, artefacts: Artefacts) -> Iterator[Endpoint]:
        """Nothing to start, nothing to stop. The first adapter answers as `adapter_id`, others by their own names."""
        names = {adapter.digest: adapter.name for adapter in artefacts.adapters}
        if artefacts.adapters:
            names.pop(artefacts.adapters[0].digest)
            names |= {artefacts.adapters[0].digest: self.adapter_id} if self.adapter_id else {}
        dtype = self.dtype or self._info().get("model_dtype")
        yield Endpoint(self.url.rstrip("/"), names, self._key(), dtype=str(dtype) if dtype else None)

    def _key(self) -> str | None:
        return key_from(self.key_env, "serve.remote.key_env")

    def _info(self) -> dict[str, Json]:
        try:
            return dict(self._ask("/info", None))
        except (http.client.HTTPException, OSError, ValueError, TypeError) as error:
            raise OutsideError(f"the server at {self.url} does not answer /info: {error}") from None

    def _gives_prefill(self) -> bool:
        """A busy server is asked again: it must not look like one without log-probabilities."""
        reason: Exception | None = None
        for pause in _PAUSES:
            time.sleep(pause)
            try:
                return _has_logprobs(self._ask("/generate", _PROBE))
            except (http.client.HTTPException, OSError, ValueError) as error:
                status = error.code if isinstance(error, urllib.error.HTTPError) else None
                if status in _REFUSALS:
                    return False
                if status in (401, 403):
                    raise OutsideError(
                        f"the server at {self.url} refuses the key (HTTP {status}). Put the right one into the "
                        "environment variable that serve.remote.key_env names."
                    ) from None
                reason = error
        raise OutsideError(f"the server at {self.url} does not answer /generate: {reason}")

    def _ask(self, path: str, body: Json) -> Any:
        headers = {"Authorization": f"Bearer {key}"} if (key := self._key()) else {}
        headers |= {"Content-Type": "application/json"} if body else {}
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(self.url.rstrip("/") + path, data, headers)
        try:
            with _OPENER.open(request, timeout=30) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            error.close()
            raise


def _has_logprobs(reply: Any) -> bool:
    try:
        return any(token["logprob"] is not None for token in reply["details"]["prefill"])
    except (KeyError, TypeError):
        return False
