"""A dedicated endpoint of the Hub with TGI's image: made or resumed, waited for, and paused afterwards."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from harness.core.errors import ConfigError, OutsideError
from harness.core.samples import Json
from harness.core.secrets import masked
from harness.servers._keys import key_from
from harness.servers.interface import Adapter, Artefacts, Endpoint

_LOOK = 5.0  # seconds between two looks at its state
_FAILED = frozenset({"failed", "updateFailed"})
_ASLEEP = frozenset({"paused", "scaledToZero"})


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceEndpoint:
    """`repository` is the base model's at `revision`; `adapter` the candidate's on the Hub: org/name@<40 hex digits>.

    `token_env` names the environment variable with the Hub's token. `start` is in seconds.
    """

    starts_here: ClassVar[bool] = False

    name: str
    namespace: str | None = None
    repository: str
    revision: str
    adapter: str | None = None
    vendor: str = "aws"
    region: str = "us-east-1"
    instance_type: str = "nvidia-l4"
    instance_size: str = "x1"
    image: str = "ghcr.io/huggingface/text-generation-inference:3.3.5"
    token_env: str = "HF_TOKEN"
    start: float = 1800.0
    keep: bool = False

    def identity(self) -> Mapping[str, Json]:
        """What changes answers: model and adapter by their commits, the image, and what it computes on."""
        model: dict[str, Json] = {"repository": self.repository, "revision": self.revision, "adapter": self.adapter}
        place: dict[str, Json] = {"instance_type": self.instance_type, "instance_size": self.instance_size}
        return {"kind": "inference_endpoint", "image": self.image, **model, **place}

    def check(self) -> None:
        """Raises OutsideError where the Hub may not be asked, ConfigError where there is no token."""
        if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
            raise OutsideError("HF_HUB_OFFLINE is set, so the Hub's endpoints cannot be reached. Unset it.")
        self._token()

    @contextmanager
    def running(self, artefacts: Artefacts) -> Iterator[Endpoint]:
        """The endpoint, running with these very settings; afterwards paused, unless it was to be kept."""
        self.check()
        names = self._names(artefacts.adapters)
        with _said(self.name):
            found = self._there() or self._made()
        with self._paused_at_last(found):
            with _said(self.name):
                url = self._awaited(found, artefacts.log)
            yield Endpoint(url, names, self._token())

    @contextmanager
    def _paused_at_last(self, found: Any) -> Iterator[None]:
        """Nothing is paid for longer than needed, whatever ends the block; where it may be, that is said."""
        try:
            yield
        except OutsideError as error:
            raise OutsideError(f"{error} {self._pause(found)}".strip()) from None
        except BaseException:
            self._pause(found)
            raise
        if left := self._pause(found):
            raise OutsideError(left)

    def _pause(self, found: Any) -> str:
        if self.keep:
            return ""
        try:
            with _said(self.name):
                found.pause()
        except OutsideError as error:
            return f"It may still run, and cost: it could not be paused ({error})"
        return ""

    def _names(self, adapters: tuple[Adapter, ...]) -> dict[str, str]:
        if len(adapters) > 1:
            raise ConfigError("an inference endpoint serves one adapter, the candidate's: leave out other baselines.")
        return {adapters[0].digest: self.adapter.partition("@")[0]} if adapters and self.adapter else {}

    def _there(self) -> Any:
        """The endpoint of this name; None where there is none. Raises OutsideError where it has other settings."""
        from huggingface_hub.errors import HfHubHTTPError

        try:
            found = self._api().get_inference_endpoint(self.name, namespace=self.namespace)
        except HfHubHTTPError as error:
            if error.response is not None and error.response.status_code == 404:
                return None
            raise
        if odd := self._differences(found.raw):
            raise OutsideError(
                f"the endpoint '{self.name}' exists with other settings: {'; '.join(odd)}. It was left as it is: give "
                "it another name, or delete it first."
            )
        return found

    def _differences(self, raw: Mapping[str, Any]) -> list[str]:
        """What an endpoint has otherwise than asked for; what the Hub does not tell counts as otherwise."""
        image = (raw.get("model") or {}).get("image") or {}
        custom = next(iter(image.values()), None) or {}
        has = {
            "repository": (raw.get("model") or {}).get("repository"),
            "revision": (raw.get("model") or {}).get("revision"),
            "image": custom.get("url"),
            "vendor": (raw.get("provider") or {}).get("vendor"),
            "region": (raw.get("provider") or {}).get("region"),
            "instance_type": (raw.get("compute") or {}).get("instanceType"),
            "instance_size": (raw.get("compute") or {}).get("instanceSize"),
        }
        odd = [f"{key} is {value!r}, not {getattr(self, key)!r}" for key, value in has.items()
               if value != getattr(self, key)]  # fmt: skip
        env = (raw.get("model") or {}).get("env") or custom.get("env") or {}
        wanted = self._environment()
        return odd + [f"{key} is {env.get(key)!r}, not {value!r}" for key, value in wanted.items()
                      if env.get(key) != value] + [f"{key} is set" for key in env if key not in wanted]  # fmt: skip

    def _made(self) -> Any:
        return self._api().create_inference_endpoint(
            self.name,
            repository=self.repository, revision=self.revision, framework="pytorch", task="text-generation",
            accelerator="gpu", vendor=self.vendor, region=self.region, type="protected", namespace=self.namespace,
            instance_type=self.instance_type, instance_size=self.instance_size, min_replica=1, max_replica=1,
            custom_image={"health_route": "/health", "url": self.image, "port": 80},
            env=self._environment(),
            secrets={"HF_TOKEN": self._token()} if self.adapter else None,  # to fetch the adapter
        )  # fmt: skip

    def _environment(self) -> dict[str, str]:
        """Every flag of TGI's launcher is a variable, too."""
        env = {"MODEL_ID": "/repository", "ENABLE_PREFILL_LOGPROBS": "true", "USAGE_STATS": "off"}
        return {**env, "LORA_ADAPTERS": self.adapter} if self.adapter else env

    def _awaited(self, found: Any, log: Path) -> str:
        """Its URL, once it runs; `log` has its states. Raises OutsideError where it fails or takes too long."""
        until, begun = time.monotonic() + self.start, time.monotonic()
        log.parent.mkdir(parents=True, exist_ok=True)
        if found.status in _ASLEEP:
            found.resume()
        while found.status != "running" or not found.url:
            if found.status in _FAILED:
                said = masked(str((found.raw.get("status") or {}).get("message") or "no reason given"))
                raise OutsideError(f"the endpoint '{self.name}' failed to start: {said}")
            if time.monotonic() > until:
                raise OutsideError(
                    f"the endpoint '{self.name}' was not running after {self.start:.0f} s (inference_endpoint.start): "
                    f"it is {found.status}."
                )
            with log.open("a", encoding="utf-8") as states:
                states.write(f"{time.monotonic() - begun:.0f} s: {self.name} is {found.status}\n")
            time.sleep(min(_LOOK, max(0.0, until - time.monotonic())))
            found.fetch()
        return str(found.url).rstrip("/")

    def _api(self) -> Any:
        from huggingface_hub import HfApi

        return HfApi(token=self._token(), library_name="harness")

    def _token(self) -> str:
        token = key_from(self.token_env, "serve.inference_endpoint.token_env")
        assert token is not None
        return token


@contextmanager
def _said(name: str) -> Iterator[None]:
    """What the Hub refuses, as one sentence without keys."""
    import httpx
    from huggingface_hub.errors import HfHubHTTPError

    try:
        yield
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else None
        why = " Its token may not manage endpoints." if status in (401, 403) else ""
        raise OutsideError(f"the Hub refuses what is asked of the endpoint '{name}': {_first(error)}{why}") from None
    except (httpx.HTTPError, OSError) as error:
        raise OutsideError(f"the Hub's endpoints cannot be reached: {_first(error)}") from None


def _first(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return masked(" ".join(lines[:2])) if lines else type(error).__name__
