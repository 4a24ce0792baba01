"""Where a training runs. A launcher knows nothing of the trainer: it runs a module of ours at its place."""

from harness.launchers._environment import environment

__all__ = ["environment"]
