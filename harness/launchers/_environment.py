"""The environment of a training process: offline, silent and repeatable."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
# Passed on to another machine or a container by name, so that no command line holds them.
SECRETS = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "WANDB_API_KEY")


def settings(track: bool) -> dict[str, str]:
    """What every training process gets, wherever it runs; `track` leaves trackers on."""
    fixed = {
        # Without the first two, a run without network hangs for minutes after its end.
        "AXOLOTL_DO_NOT_TRACK": "1", "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "RAY_USAGE_STATS_ENABLED": "0",
        "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1", "TOKENIZERS_PARALLELISM": "false",
        # Worker processes would each load everything again, even for saving a few rows.
        "AXOLOTL_DATASET_NUM_PROC": "0",
    }  # fmt: skip
    return fixed if track else fixed | {"WANDB_MODE": "disabled", "COMET_MODE": "DISABLED"}


def environment(outer: Mapping[str, str], track: bool, processes: int = 1) -> dict[str, str]:
    """The caller's environment with these settings, for one of several processes on this machine."""
    paths = [str(PACKAGE.parent), *filter(None, [outer.get("PYTHONPATH")])]
    own = {
        "AXOLOTL_DATASET_NUM_PROC": outer.get("AXOLOTL_DATASET_NUM_PROC", "0"),
        "OMP_NUM_THREADS": outer.get("OMP_NUM_THREADS") or str(max(1, _cores() // processes)),
        # Threads that spin while they wait hold up those that they wait for, where other work shares the cores.
        "OMP_WAIT_POLICY": outer.get("OMP_WAIT_POLICY") or "PASSIVE",
        "PYTHONPATH": os.pathsep.join(paths),
    }
    return {**outer, **settings(track), **own}


def _cores() -> int:
    """Those that this process may use, where the system can say."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
