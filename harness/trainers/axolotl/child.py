"""The training process: Axolotl's own command line, never outliving the process that started it.

Run as `python -m harness.trainers.axolotl.child CONFIG`, with a pipe as standard input that nobody writes to.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def die_with_parent() -> None:
    """Standard input ends when the parent is gone, however it went; then the whole group goes."""
    while os.read(0, 1):
        pass
    os.killpg(os.getpgid(0), signal.SIGKILL)


def main(config: str) -> None:
    """Train with Axolotl, exactly as `axolotl train CONFIG --launcher python` does."""
    threading.Thread(target=die_with_parent, daemon=True).start()
    sys.argv = ["axolotl", "train", config, "--launcher", "python"]
    runpy.run_module("axolotl.cli.main", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1])
