"""What every server plug gives. Its dataclass fields are its YAML arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

from harness.core.samples import Json


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter to serve: `digest` tells its bytes, `name` is what the server is to call it."""

    name: str
    digest: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running server: its URL, its key (never shown), and what it calls the models.

    `api` names the client that speaks to it (tgi, openai). `adapters` maps an adapter's digest to its name there, and
    `base` is the base model's name where the API needs one. `dtype` is the type of the weights where it is known.
    `max_tokens_key` is what an OpenAI API calls the limit of new tokens, `omit` are keys that no request has. `watch`
    says in a sentence, with its last words, why a server that we started is gone (None: it lives); without it nobody
    knows. `merged` are servers of their own, by the digest of the adapter that is merged into their model.
    """

    url: str
    adapters: Mapping[str, str] = field(default_factory=dict)
    key: str | None = field(default=None, repr=False)
    api: str = "tgi"
    base: str | None = None
    dtype: str | None = None
    max_tokens_key: str = "max_tokens"
    omit: frozenset[str] = frozenset()
    watch: Callable[[], str | None] | None = field(default=None, repr=False, compare=False)
    merged: Mapping[str, Endpoint] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Artefacts:
    """What is to be served: the base model and adapters, the candidate's first. `log` is where a server's words go."""

    base: Path
    adapters: tuple[Adapter, ...]
    log: Path


class Server(Protocol):
    """A way to serve.

    One that starts something here may have `check()`, too: it raises OutsideError where this machine cannot start it
    (no command, no GPU, a port in use), and starts nothing. `starts_here`: it is started on this machine, with the very
    files of base and adapter, so it can be given a merged model.
    """

    starts_here: ClassVar[bool]

    def identity(self) -> Mapping[str, Json]:
        """What tells this server's answers from another's, known before it starts. Raises OutsideError."""
        ...

    def running(self, artefacts: Artefacts) -> AbstractContextManager[Endpoint]:
        """The server, up and healthy inside the `with` block. Raises OutsideError."""
        ...
