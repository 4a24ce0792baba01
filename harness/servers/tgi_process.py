"""TGI's launcher, installed on this machine: started on loopback, stopped with us."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from harness.core.samples import Json
from harness.servers import _tgi
from harness.servers._children import started, told_at, wait_healthy
from harness.servers._commands import Gpus, devices, found, refuse_names, refuse_no_gpu, refuse_options, version_of
from harness.servers._ports import LOOPBACK, free_port, refuse_taken
from harness.servers.interface import Artefacts, Endpoint

_KIND = "tgi_process"


@dataclass(frozen=True, slots=True)
class TgiProcess:
    """`command` is the launcher's name or path. `shards`, `quantize`, `dtype`, token limits: None leaves them to TGI.

    `port` 0: any free one. `start` is the longest time until it is healthy, seconds. `gpus`: all, none, or numbers.
    """

    starts_here: ClassVar[bool] = True

    shards: int | None = None
    quantize: str | None = None
    dtype: str | None = None
    max_input_tokens: int | None = None
    max_total_tokens: int | None = None
    port: int = 0
    start: float = 900.0
    options: tuple[str, ...] = ()
    command: str = "text-generation-launcher"
    gpus: Gpus = "all"

    def identity(self) -> Mapping[str, Json]:
        """The launcher's version, and every setting that may change an answer."""
        return {**_tgi.identity(self, _KIND), "version": version_of(found(self.command, _KIND))}

    def check(self) -> None:
        """Raises OutsideError where the launcher or a GPU is missing, or the port is taken; starts nothing.

        Raises ConfigError for options that harness sets itself.
        """
        _tgi.check(self, _KIND)
        refuse_options(self.options, _tgi.APART, _KIND)  # the merged model and the base would have the same
        found(self.command, _KIND)
        refuse_no_gpu(self.gpus, _KIND)
        refuse_taken(self.port, _KIND)

    @contextmanager
    def running(self, artefacts: Artefacts) -> Iterator[Endpoint]:
        """Start it with every adapter, wait until it is healthy, and stop it again."""
        refuse_names(artefacts.adapters, _tgi.BASE)
        self.check()
        port, adapters = self.port or free_port(), artefacts.adapters
        command = [found(self.command, _KIND), *_tgi.arguments(self, str(artefacts.base), LOOPBACK, port)]
        folders = [str(adapter.folder.resolve()) for adapter in adapters]
        env = _tgi.variables(os.environ, adapters, folders) | devices(self.gpus)
        env |= _tgi.apart(port)
        with started("text-generation-launcher", command, artefacts.log, env) as child:
            url = wait_healthy(child, port, self.start, _KIND)
            dtype = ("quantized" if self.quantize else self.dtype) or told_at(f"{url}/info").get("model_dtype")
            names = {adapter.digest: adapter.name for adapter in adapters}
            yield Endpoint(url, names, dtype=str(dtype) if dtype else None, watch=child.ended)
