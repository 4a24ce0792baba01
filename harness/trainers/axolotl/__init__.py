"""Training with Axolotl. Importing this loads neither Axolotl nor torch."""

from harness.trainers.axolotl.trainer import AxolotlTrainer

__all__ = ["AxolotlTrainer"]
