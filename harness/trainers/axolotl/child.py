"""The training process: Axolotl's own command line, never outliving the process that started it.

Run as `python -m harness.trainers.axolotl.child CONFIG PROCESSES`, with a pipe as standard input that nobody writes to.
Of ours it imports only what needs no package but PyYAML: elsewhere there may be nothing but Axolotl.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from pathlib import Path

from harness.launchers._life import watch_parent
from harness.trainers.axolotl import folder, manifest
from harness.trainers.axolotl.resolve import CHECKPOINTS

VERSIONS = "versions.json"
# Tells the processes of a data-parallel training that their standard input ends with the launcher.
WATCH = "HARNESS_WATCH_PARENT"


def main(config: str, processes: str = "1") -> None:
    """Train with Axolotl, as `axolotl train CONFIG --launcher python` does, or torchrun for several processes."""
    watch_parent()
    _clear(Path(config).parent / CHECKPOINTS)
    if processes == "1":
        sys.argv = ["axolotl", "train", config, "--launcher", "python"]
        module = "axolotl.cli.main"
    else:
        _set_for_several()
        # In this very process: Axolotl's own `--launcher torchrun` would replace it, and nobody watched the parent.
        sys.argv = ["torchrun", "--standalone", "--nproc_per_node", processes, "-m", "axolotl.cli.train", config]
        module = "torch.distributed.run"
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _clear(checkpoints: Path) -> None:
    """What an earlier attempt left half done; and which versions this one is made by."""
    checkpoints.mkdir(parents=True, exist_ok=True)
    folder.drop_half_checkpoints(checkpoints)
    (checkpoints / "trainer_state.json").unlink(missing_ok=True)
    (checkpoints / VERSIONS).write_text(json.dumps(manifest.versions()), encoding="utf-8")


def _set_for_several() -> None:
    os.environ[WATCH] = os.environ["PYTHONSAFEPATH"] = "1"
    if Path("/sys/class/net/lo").exists():
        # All processes are on this machine; its name need not lead to an address.
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")


if __name__ == "__main__":
    main(*sys.argv[1:])
