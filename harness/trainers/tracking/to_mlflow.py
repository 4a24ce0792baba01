"""The child that tells MLflow. Run as `python -m`, with JSON lines on standard input: see `lines`."""

from __future__ import annotations

import re
import sys
import time
from typing import Any

from harness.trainers.tracking import lines

TAG = "harness.training"
PARAMETERS = 100  # MLflow takes no more of them, or of tags, at once
ENDED = {"finished": "FINISHED", "failed": "FAILED", "killed": "KILLED"}


def main() -> None:
    """Make or find the run, tell what comes, and end it."""
    told = lines.read(sys.stdin)
    head = next(told)
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=head["uri"])
    run, status = _run(client, head), "killed"
    for line in told:
        status = line.get("status", status)
        _tell(client, run, line)
    client.set_terminated(run, ENDED[status])


def _run(client: Any, head: dict[str, Any]) -> str:
    """The id of the run of this training; the one of an earlier call, where there is one."""
    found = client.get_experiment_by_name(head["experiment"])
    experiment = found.experiment_id if found else client.create_experiment(head["experiment"])
    earlier = client.search_runs([experiment], f"tags.`{TAG}` = '{head['training']}'", max_results=1)
    if earlier:
        client.update_run(earlier[0].info.run_id, status="RUNNING")
        return str(earlier[0].info.run_id)
    return str(client.create_run(experiment, tags={TAG: head["training"]}, run_name=head["name"]).info.run_id)


def _tell(client: Any, run: str, line: dict[str, Any]) -> None:
    from mlflow.entities import Metric, Param, RunTag

    now, step = int(time.time() * 1000), int(line.get("step", 0))
    metrics = [Metric(_name(key), value, now, step) for key, value in line.get("metrics", {}).items()]
    parameters = [Param(_name(key), str(value)[:500]) for key, value in line.get("parameters", {}).items()]
    tags = [RunTag(_name(key), str(value)[:500]) for key, value in line.get("tags", {}).items()]
    client.log_batch(run, metrics=metrics)
    for start in range(0, max(len(parameters), len(tags)), PARAMETERS):
        part = slice(start, start + PARAMETERS)
        client.log_batch(run, params=parameters[part], tags=tags[part])


def _name(text: str) -> str:
    return re.sub(r"[^\w. /-]", "_", text)[:250]


if __name__ == "__main__":
    main()
