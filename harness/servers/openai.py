"""A server with OpenAI's API that runs already: vLLM, SGLang."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from harness.core.errors import OutsideError
from harness.core.samples import Json
from harness.core.sampling import DIALECTS, NEUTRAL
from harness.servers._keys import key_from
from harness.servers.interface import Artefacts, Endpoint

# What a listed model says of itself; the rest (`created`, `permission`) changes with every request.
_TOLD = ("root", "parent", "max_model_len", "owned_by")
# The client heeds no proxy variables, and both must talk to the same server.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Openai:
    """`url` goes up to and with /v1; `model` is the base's name there, `adapter` the candidate's adapter's.

    `key_env` names the environment variable with the key; `dtype` is the weights' type, which the API never tells.
    """

    starts_here: ClassVar[bool] = False

    url: str
    model: str
    adapter: str | None = None
    key_env: str | None = None
    dtype: str | None = None

    def identity(self) -> Mapping[str, Json]:
        """What the server says of both models now, and its version where it tells (vLLM): either may change.

        Raises OutsideError where it lists its models and the base is not among them.
        """
        found: dict[str, Json] = {"kind": "openai", "url": self._url, "model": self.model, "adapter": self.adapter}
        found |= {"dtype": self.dtype} if self.dtype else {}
        rows = list(self._models())
        self._refuse_others([str(row.get("id")) for row in rows])
        for row in rows:
            if row.get("id") == self.model and str(row.get("owned_by")) in DIALECTS:
                found |= NEUTRAL
            if row.get("id") in (self.model, self.adapter):
                found |= {f"{row['id']}.{key}": str(row[key]) for key in _TOLD if row.get(key) is not None}
        version = self._version()
        return {**found, "version": version} if version else found

    @contextmanager
    def running(self, artefacts: Artefacts) -> Iterator[Endpoint]:
        """Nothing to start, nothing to stop. The first adapter answers as `adapter`, others by their own names."""
        names = {adapter.digest: adapter.name for adapter in artefacts.adapters}
        if artefacts.adapters:
            names.pop(artefacts.adapters[0].digest)
            names |= {artefacts.adapters[0].digest: self.adapter} if self.adapter else {}
        yield Endpoint(self._url, names, self._key(), api="openai", base=self.model, dtype=self.dtype)

    @property
    def _url(self) -> str:
        return self.url.rstrip("/")

    def _key(self) -> str | None:
        return key_from(self.key_env, "serve.openai.key_env")

    def _get(self, url: str) -> object:
        """The JSON at a URL. Raises urllib.error.HTTPError, and OutsideError where nothing answers."""
        request = urllib.request.Request(url)
        if key := self._key():
            request.add_unredirected_header("Authorization", f"Bearer {key}")  # never to another server
        try:
            with _OPENER.open(request, timeout=10) as reply:
                return json.load(reply)
        except urllib.error.HTTPError:
            raise
        except ValueError:
            return None
        except (http.client.HTTPException, OSError) as error:
            raise OutsideError(f"the server at {url} does not answer: {error}") from None

    def _refuse_others(self, listed: Sequence[str]) -> None:
        if listed and self.model not in listed:
            raise OutsideError(
                f"the server at {self._url} does not serve '{self.model}' (serve.openai.model), but "
                f"{', '.join(listed[:5])}. Nothing was judged."
            )

    def _models(self) -> Iterator[Mapping[str, Json]]:
        """The models that the server lists; none where it has no list."""
        try:
            listed = self._get(f"{self._url}/models")
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in (404, 405):
                return
            why = " It refuses the key that serve.openai.key_env names." if error.code in (401, 403) else ""
            raise OutsideError(f"the server at {self._url} answers /models with HTTP {error.code}.{why}") from None
        rows = listed.get("data") if isinstance(listed, dict) else None
        yield from (row for row in rows or [] if isinstance(row, dict))

    def _version(self) -> str | None:
        """What vLLM tells beside /v1; others have no such page, or another one."""
        try:
            told = self._get(f"{self._url.removesuffix('/v1')}/version")
        except urllib.error.HTTPError as error:
            error.close()
            return None
        version = told.get("version") if isinstance(told, dict) else None
        return version if isinstance(version, str) else None
