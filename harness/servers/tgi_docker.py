"""TGI in its image, on this machine: a container on loopback, removed with us."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from harness.core.errors import ConfigError
from harness.core.ids import digest_bytes
from harness.core.samples import Json
from harness.servers import _tgi
from harness.servers._children import started, told_at, wait_healthy
from harness.servers._commands import Gpus, refuse_names, refuse_no_gpu
from harness.servers._docker import PID, PROJECT, cleared, docker, image_digest
from harness.servers._ports import LOOPBACK, free_port, refuse_taken
from harness.servers.interface import Artefacts, Endpoint

_KIND = "tgi_docker"
_PORT = 80  # of the container


@dataclass(frozen=True, slots=True)
class TgiDocker:
    """`image` is best named with its digest. `shards`, `quantize`, `dtype`, token limits: None leaves them to TGI.

    `port` 0: any free one of loopback. `start` is the longest time until it is healthy, seconds. `gpus`: all, none, or
    their numbers. `shm_size` is the container's shared memory, as docker writes it.
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
    image: str = "ghcr.io/huggingface/text-generation-inference:3.3.5"
    gpus: Gpus = "all"
    shm_size: str = "1g"

    def identity(self) -> Mapping[str, Json]:
        """The image by its digest, and every setting that may change an answer."""
        digest = image_digest("" if "@" in self.image else docker(_KIND), self.image)
        return {**_tgi.identity(self, _KIND), "image": self.image, "image_digest": digest}

    def check(self) -> None:
        """Raises OutsideError where docker or a GPU is missing, or the port is taken; starts nothing.

        Raises ConfigError for options that harness sets itself.
        """
        _tgi.check(self, _KIND)
        docker(_KIND)
        refuse_no_gpu(self.gpus, _KIND)
        refuse_taken(self.port, _KIND)

    @contextmanager
    def running(self, artefacts: Artefacts) -> Iterator[Endpoint]:
        """Run the image with base and adapters mounted for reading, wait until it is healthy, and remove it again."""
        refuse_names(artefacts.adapters, _tgi.BASE)
        self.check()
        path, port = docker(_KIND), self.port or free_port()
        project = digest_bytes(os.fsencode(artefacts.log.resolve()))[:12]
        name = f"harness-{project}-{os.getpid()}"
        command = [path, *self._run(artefacts, name, project, port)]
        what = f"the container {name}"
        # In the foreground, its words come into our log, SIGTERM reaches it, and its end is the command's end.
        with cleared(path, name, project), started(what, command, artefacts.log) as child:
            url = wait_healthy(child, port, self.start, _KIND)
            dtype = ("quantized" if self.quantize else self.dtype) or told_at(f"{url}/info").get("model_dtype")
            names = {adapter.digest: adapter.name for adapter in artefacts.adapters}
            yield Endpoint(url, names, dtype=str(dtype) if dtype else None, watch=child.ended)

    def _run(self, artefacts: Artefacts, name: str, project: str, port: int) -> list[str]:
        adapters = artefacts.adapters
        folders = [f"/adapters/{adapter.name}" for adapter in adapters]
        mounts = [_mount(artefacts.base, "/model")]
        mounts += [_mount(one.folder, folder) for one, folder in zip(adapters, folders, strict=True)]
        variables = [f"{key}={value}" for key, value in _tgi.variables({}, adapters, folders).items()]
        return [
            "run", "--rm", "--name", name, "--label", f"{PROJECT}={project}", "--label", f"{PID}={os.getpid()}",
            "--publish", f"{LOOPBACK}:{port}:{_PORT}", "--shm-size", self.shm_size, *_gpus(self.gpus),
            *(word for mount in mounts for word in ("--volume", mount)),
            *(word for variable in variables for word in ("--env", variable)),
            self.image, *_tgi.arguments(self, "/model", "0.0.0.0", _PORT),
        ]  # fmt: skip


def _mount(folder: Path, target: str) -> str:
    if ":" in str(folder.resolve()):
        raise ConfigError(f"docker cannot mount {folder.resolve()}: the path has a colon. Move it elsewhere.")
    return f"{folder.resolve()}:{target}:ro"


def _gpus(gpus: Gpus) -> list[str]:
    """docker reads the value as a row of CSV, hence the quotes around several numbers."""
    if gpus == "none":
        return []
    return ["--gpus", "all" if gpus == "all" else f'"device={",".join(map(str, gpus))}"']
