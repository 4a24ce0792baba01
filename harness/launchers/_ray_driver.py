"""Asks a Ray cluster for one worker and runs a job there: `python -m harness.launchers._ray_driver ASKED`.

An actor, not a job of Ray's dashboard: Ray ends an actor with its driver, however that ends, and needs no dashboard
for it. A submitted job would train on after a kill, at the folder where the next attempt begins.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.launchers._environment import settings
from harness.launchers._life import watch_parent

NO_WORKER = 72  # exit code where the job never began


class Worker:
    """Runs on the cluster."""

    def lacking(self, paths: Sequence[str]) -> list[str]:
        """Those of `paths` that this machine does not see."""
        return [path for path in paths if not Path(path).exists()]

    def run(self, command: Sequence[str], variables: Mapping[str, str], log: str) -> int:
        """The exit code of this machine's Python with `command`. Its standard input ends with this worker."""
        with Path(log).open("ab") as out:
            child = subprocess.Popen(
                [sys.executable, *command], stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT,
                env={**os.environ, **variables}, start_new_session=True,
            )  # fmt: skip
            return child.wait()


def main(asked: Mapping[str, Any]) -> int:
    """The job's exit code, or NO_WORKER with a sentence on standard output."""
    import ray

    address = asked["address"]
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.WARNING, **_local(asked))
    except (ConnectionError, OSError, RuntimeError) as error:
        return _no(f"The Ray cluster '{address}' could not be reached: {error}")
    worker: Any = ray.remote(**asked["resources"])(Worker).remote()
    try:
        lacking = ray.get(worker.lacking.remote(asked["needs"]), timeout=asked["wait"])
    except ray.exceptions.GetTimeoutError:
        return _no(f"The Ray cluster gave no worker with {asked['resources']} within {asked['wait']:g} s.")
    if lacking:
        return _no(f"The Ray worker does not see {', '.join(lacking)}: the cluster must share this file system.")
    variables = settings(asked["online"]) | {"PYTHONPATH": os.environ["PYTHONPATH"]}
    try:
        code: int = ray.get(worker.run.remote(asked["command"], variables, asked["log"]))
    except ray.exceptions.RayActorError:
        return _no("The Ray worker died. Run the command again to go on from the last checkpoint.")
    return code


def _local(asked: Mapping[str, Any]) -> dict[str, Any]:
    """A cluster of this machine alone, where that is asked for: with no open port of a dashboard."""
    if asked["address"] != "local":
        return {}
    cpus = max(os.cpu_count() or 1, int(asked["resources"]["num_cpus"]))
    return {"include_dashboard": False, "num_cpus": cpus}


def _no(sentence: str) -> int:
    sys.stdout.write(f"{sentence}\n")
    return NO_WORKER


if __name__ == "__main__":
    watch_parent()
    sys.exit(main(json.loads(sys.argv[1])))
