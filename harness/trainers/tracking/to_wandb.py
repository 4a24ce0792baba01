"""The child that tells Weights & Biases. Run as `python -m`, with JSON lines on standard input: see `lines`."""

from __future__ import annotations

import sys
from typing import Any

from harness.trainers.tracking import lines

EXIT_CODES = {"finished": 0, "failed": 1, "killed": 255}


def main() -> None:
    """Begin a run (go on with it, where it is online), tell what comes, and end it."""
    told = lines.read(sys.stdin)
    run, status = _run(next(told)), "killed"
    for line in told:
        status = line.get("status", status)
        run.config.update({**line.get("parameters", {}), **line.get("tags", {})}, allow_val_change=True)
        if line.get("metrics"):
            run.log(line["metrics"], step=line.get("step"))
    run.finish(EXIT_CODES[status])


def _run(head: dict[str, Any]) -> Any:
    import wandb

    # Nothing of the machine: no host name, no paths, no list of packages, no questions to a cloud's metadata.
    private = wandb.Settings(
        console="off", disable_code=True, disable_git=True, x_disable_meta=True, x_disable_stats=True, host="harness",
        x_disable_machine_info=True, x_save_requirements=False, disable_job_creation=True, init_timeout=20,
    )  # fmt: skip
    return wandb.init(
        project=head["project"], name=head["name"], id=head["training"], dir=head["folder"], mode=head["mode"],
        resume="allow" if head["mode"] == "online" else None, settings=private,
    )  # fmt: skip


if __name__ == "__main__":
    main()
