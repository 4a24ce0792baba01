"""Where a training runs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from harness.config.schema.types import File, Seconds


class ProcessLauncherFile(File):
    """In this environment, on this machine."""

    processes: int = Field(1, ge=1, le=64, description="Data-parallel processes (one for each GPU, or on the CPU).")


class DockerLauncherFile(File):
    """In Axolotl's image, on this machine."""

    image: str = Field("axolotlai/axolotl:main-latest", description="The image, best with its digest.")
    gpus: str = Field("all", description="docker run --gpus: all, a number, or device=0,1. none: no GPU.")
    processes: int = Field(1, ge=1, le=64, description="Data-parallel processes in the container.")
    shm_size: str = Field("16g", pattern=r"^[0-9]+[bkmg]?$", description="Shared memory of the container.")
    options: list[str] = Field(default_factory=list, description="More arguments of docker run.")


class SshLauncherFile(File):
    """On a GPU host that is reached by ssh: inputs are sent there, the run's folder comes back."""

    host: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="The host, or its name in ~/.ssh/config.")
    user: str | None = Field(None, pattern=r"^[A-Za-z_][A-Za-z0-9._-]*$", description="The user there.")
    port: int = Field(22, ge=1, le=65535)
    identity: str | None = Field(None, description="Path of the private key's file; default: ssh's own.")
    folder: str = Field("harness-training", description="Folder there, below the home folder or absolute.")
    python: str = Field("python3", description="Python there, of an environment with Axolotl.")
    processes: int = Field(1, ge=1, le=64, description="Data-parallel processes there.")


class RayLauncherFile(File):
    """As a Ray job, or with Axolotl's own Ray Train."""

    address: str = Field("auto", description="The cluster: auto, local (one is started), ray://host:10001, …")
    workers: int = Field(1, ge=1, le=1024, description="More than one: Axolotl's Ray Train with so many workers.")
    gpus: float = Field(1.0, ge=0, le=16, description="GPUs of a worker (0: CPU only).")
    cpus: float = Field(1.0, gt=0, le=512, description="CPU cores of a worker.")
    wait: Seconds = Field(600.0, description="Longest time for the cluster to give the resources (10min).")


class AxolotlCloudLauncherFile(File):
    """Through `axolotl train --cloud` (modal, baseten)."""

    config: str = Field(description="Path of Axolotl's cloud config.")


def _named(value: object) -> object:
    """`launcher: ray` is `launcher: {ray: {}}`."""
    return {value: {}} if isinstance(value, str) else value


class LauncherFile(File):
    """Exactly one way to launch."""

    process: ProcessLauncherFile | None = Field(None, description="In this environment (the default).")
    docker: DockerLauncherFile | None = Field(None, description="In Axolotl's image.")
    ssh: SshLauncherFile | None = Field(None, description="On a host that ssh reaches.")
    ray: RayLauncherFile | None = Field(None, description="On a Ray cluster.")
    axolotl_cloud: AxolotlCloudLauncherFile | None = Field(
        None, alias="axolotl-cloud", description="By Axolotl's own cloud launcher."
    )


Launcher = Annotated[
    LauncherFile,
    BeforeValidator(_named, json_schema_input_type=LauncherFile | Literal["process", "docker", "ray"]),
]
