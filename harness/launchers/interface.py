"""What a trainer asks of a launcher."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.core.errors import Problem
from harness.core.samples import Json

Look = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Job:
    """A module of this package to run with `python -m`. What another `key` left in a folder is never gone on with.

    `arguments` that are paths lie in `folder` or are among `reads`, which maps each file or folder outside of `folder`
    to the digest of its content; all paths are absolute. `folder` is the run's own: what `starts_with` names (relative
    to it) is needed there, and what the job leaves under the names in `leaves` comes back. `config` is the one of them
    that is YAML and names paths. Both streams of output are appended to `log`; `progress` is the file that the job
    appends lines to while it runs. `online` leaves trackers on.
    """

    module: str
    arguments: tuple[str, ...]
    reads: Mapping[Path, str]
    folder: Path
    starts_with: tuple[str, ...]
    leaves: tuple[str, ...]
    log: Path
    key: str
    progress: Path | None = None
    config: Path | None = None
    online: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """What a launcher's place makes of a training.

    `device` is cpu or cuda. `workers` processes train together, `processes` of which the job itself has to start.
    `settings` are keys that the training's config gets there. `identity` is what else of the place changes results:
    it becomes part of the run's key.
    """

    device: str
    workers: int = 1
    processes: int = 1
    settings: Mapping[str, Json] = field(default_factory=dict)
    identity: Mapping[str, Json] = field(default_factory=dict)


class Launcher(Protocol):
    """A place to train at."""

    def place(self) -> Place:
        """What will be there; nothing is contacted. Raises ConfigError for arguments that contradict each other."""
        ...

    def check(self) -> list[Problem]:
        """What is missing here to launch; cheap."""
        ...

    def run(self, job: Job, look: Look) -> int:
        """The job's exit code. `look` is called about twice a second, while the job's progress file grows here.

        Whatever ends this call (an exception of `look`, Ctrl-C, SIGTERM, a kill) ends the job, wherever it runs.
        Raises OutsideError where the place can't be reached.
        """
        ...
