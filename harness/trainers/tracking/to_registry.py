"""A version in MLflow's model registry: a child, as for runs, so that a server that hangs can be given up.

Run as `python -m`, with one line of JSON on standard input; writes the number that the version has there.
"""

from __future__ import annotations

import json
import sys
from typing import Any

TAG = "harness.version"


def main() -> None:
    """Make the model, its run with the files, and the version, each where it is not there; then set the alias."""
    asked = json.load(sys.stdin)
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    client = MlflowClient(tracking_uri=asked["uri"], registry_uri=asked["uri"])
    try:
        client.create_registered_model(asked["model"])
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    known = client.search_model_versions(f"name = '{asked['model']}' and tags.`{TAG}` = '{asked['tags'][TAG]}'")
    number = known[0].version if known else _made(client, asked)
    if asked["alias"]:
        client.set_registered_model_alias(asked["model"], asked["alias"], number)
    sys.stdout.write(f"{number}\n")


def _made(client: Any, asked: dict[str, Any]) -> str:
    found = client.get_experiment_by_name(asked["model"])
    experiment = found.experiment_id if found else client.create_experiment(asked["model"])
    run = client.create_run(experiment, tags=asked["tags"], run_name=asked["name"])
    client.log_artifacts(run.info.run_id, asked["folder"], "adapter")
    client.set_terminated(run.info.run_id)
    source = f"{run.info.artifact_uri}/adapter"
    made = client.create_model_version(
        asked["model"], source, run.info.run_id, asked["tags"], description=asked["description"]
    )
    return str(made.version)


if __name__ == "__main__":
    main()
