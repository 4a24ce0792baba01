"""What every server plug gives. Its dataclass fields are its YAML arguments."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.core.samples import Json


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running server: its URL, its key (never shown), and the name under which the candidate's adapter answers."""

    url: str
    adapter_id: str | None
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Artefacts:
    """What a server that we start has to load. `log` is where its own words go."""

    base: Path
    adapter: Path | None
    log: Path


class Server(Protocol):
    """A way to serve."""

    def identity(self) -> Mapping[str, Json]:
        """What tells this server's answers from another's, known before it starts. Raises OutsideError."""
        ...

    def running(self, artefacts: Artefacts) -> AbstractContextManager[Endpoint]:
        """The server, up and healthy inside the `with` block. Raises OutsideError."""
        ...
