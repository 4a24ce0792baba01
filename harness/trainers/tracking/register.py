"""Puts a version into MLflow's model registry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from harness.core.errors import OutsideError
from harness.core.secrets import masked
from harness.trainers.tracking.places import environment, need

PATIENCE = 600.0  # seconds; adapters of large models are large
CHILD = f"{__package__}.to_registry"


def register(uri: str, model: str, name: str, folder: Path, tags: Mapping[str, str], alias: str, text: str) -> str:
    """The number of the version of `model` there, with the files of `folder`; pushed again, it is the same one.

    `alias` is set to it ("": none). Raises OutsideError where the server refuses or does not answer.
    """
    need("mlflow")
    asked = {"uri": uri, "model": model, "name": name, "folder": str(folder), "tags": dict(tags), "alias": alias,
             "description": text}  # fmt: skip
    command = [sys.executable, "-P", "-m", CHILD]
    try:
        done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, timeout=PATIENCE,
                              env=environment(os.environ), check=False)  # fmt: skip
    except subprocess.TimeoutExpired:
        raise OutsideError(f"MLflow at {uri} did not take {name} within {PATIENCE:.0f} s.") from None
    if done.returncode != 0:
        lines = [line for line in masked(done.stderr).splitlines() if line.strip()] or ["its client ended"]
        raise OutsideError(f"MLflow at {uri} did not take {name}: {lines[-1].strip()[:300].rstrip('.')}.")
    return done.stdout.split()[-1]
