"""Axolotl plugins that a resolved config names; imported only inside the training process."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import torch
from axolotl.integrations.base import BasePlugin
from transformers import TrainerCallback, set_seed

from harness.launchers._life import watch_parent
from harness.trainers import usage
from harness.trainers.axolotl import cpu_forward
from harness.trainers.axolotl.child import WATCH
from harness.trainers.energy import Meter

PROGRESS_FILE = "progress.jsonl"
STATE_FILE = "trainer_state.json"
ROWS_FILE = "rows.json"
NOTED_EVERY = 10.0  # seconds between two notes of what was used

if "LOCAL_RANK" in os.environ and WATCH in os.environ:
    # Torchrun puts each of its processes into a group of its own: a kill of the launcher would miss them.
    watch_parent()


class Seed(BasePlugin):  # type: ignore[misc]
    """Axolotl seeds in its trainer only, after the LoRA matrices were drawn: two runs would differ."""

    def pre_lora_load(self, cfg: Any, model: Any) -> None:
        """Seed every generator just before the matrices are drawn."""
        set_seed(int(cfg.seed if cfg.seed is not None else 42))


class BnbCpu(BasePlugin):  # type: ignore[misc]
    """Keeps 4-bit weights in the layout that has a backward pass.

    On CPUs with AVX512-BF16, bitsandbytes repacks them at the first evaluation; training then goes on with
    broken gradients, and nothing is said.
    """

    def post_model_load(self, cfg: Any, model: Any) -> None:
        """Switch the repacking off, layer by layer."""
        for module in model.modules():
            if hasattr(module, "support_avx512bf16_for_cpu"):
                module.support_avx512bf16_for_cpu = False


class CpuDdp(BasePlugin):  # type: ignore[misc]
    """Keeps the model on the CPU: for several processes Axolotl places it on the GPU of each one's rank."""

    def register(self, cfg: Any) -> None:
        """Accelerate overlooks the other processes where there is no GPU, unless it is told to use the CPU.

        It then numbers the CPU by rank, and torch knows no `cpu:0` to load an optimizer's state to.
        """
        os.environ["ACCELERATE_USE_CPU"] = "true"
        torch.serialization.register_package(15, lambda storage: None, _kept_on_cpu)

    def load_datasets(self, cfg: Any, preprocess: bool = False) -> None:
        """The last hook before the model is placed; it loads nothing."""
        if not torch.cuda.is_available():
            cfg.device_map = {"": "cpu"}


def _kept_on_cpu(storage: Any, location: str) -> Any:
    return storage if location.startswith("cpu:") else None


class CpuForward(BasePlugin):  # type: ignore[misc]
    """A forward pass with the same loss and less work where no GPU computes it (`cpu_forward`)."""

    forward: cpu_forward.Forward | None = None

    def post_model_load(self, cfg: Any, model: Any) -> None:
        """Replace it for known models; leave others as they are."""
        self.forward = cpu_forward.install(model)

    def post_trainer_create(self, cfg: Any, trainer: Any) -> None:
        """The rows are known only now."""
        for data in (trainer.train_dataset, trainer.eval_dataset):
            if self.forward and hasattr(data, "column_names") and "input_ids" in data.column_names:
                self.forward.expect(data["input_ids"])


class Progress(BasePlugin):  # type: ignore[misc]
    """Writes progress.jsonl, usage.jsonl, rows.json and, at the end, trainer_state.json into the output folder."""

    meter: Meter | None = None

    def pre_model_load(self, cfg: Any) -> None:
        """Measure from here on, in the first of several processes."""
        if os.environ.get("RANK", "0") == "0":
            self.meter = Meter(gpus=torch.cuda.is_available())

    def post_trainer_create(self, cfg: Any, trainer: Any) -> None:
        """By default a NaN loss is logged as the mean of the others: a broken run would look good."""
        trainer.args.logging_nan_inf_filter = False
        if trainer.args.process_index == 0:
            _note_rows(Path(trainer.args.output_dir), cfg, trainer)

    def add_callbacks_post_trainer(self, cfg: Any, trainer: Any) -> list[Any]:
        """The callback that writes."""
        return [_Writer(Path(trainer.args.output_dir), self.meter)]


def _note_rows(folder: Path, cfg: Any, trainer: Any) -> None:
    """How many rows are left after Axolotl dropped those that are too long, and how many it cut."""
    left = [data for data in (trainer.train_dataset, trainer.eval_dataset) if hasattr(data, "__len__")]
    if trainer.train_dataset not in left:
        return
    cuts = (cfg.excess_length_strategy or "drop") == "truncate"
    cut = sum(len(ids) >= cfg.sequence_len for ids in trainer.train_dataset["input_ids"]) if cuts else 0
    counts = {"training": len(left[0]), "validation": len(left[1]) if len(left) > 1 else 0}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ROWS_FILE).write_text(json.dumps({**counts, "longest": cfg.sequence_len, "cut": cut}), encoding="utf-8")


class _Writer(TrainerCallback):
    def __init__(self, folder: Path, meter: Meter | None) -> None:
        self.folder, self.meter, self.noted, self.attempt = folder, meter, 0.0, str(time.time())

    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        self._write("train", args, state, {})

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> None:
        self._write("train", args, state, logs or {})

    def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        if state.is_world_process_zero:
            state.save_to_json(str(self.folder / STATE_FILE))
        self._write("save", args, state, {})
        self._note_usage(at_once=True)
        if self.meter:
            self.meter.stop()

    def _note_usage(self, at_once: bool = False) -> None:
        if self.meter and (at_once or time.monotonic() - self.noted > NOTED_EVERY):
            self.noted = time.monotonic()
            memory = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
            usage.note(self.folder, self.attempt, self.meter.usage(memory))

    def _write(self, phase: str, args: Any, state: Any, logs: Any) -> None:
        if not state.is_world_process_zero:
            return
        line = {"time": time.time(), "phase": phase, "step": state.global_step, "steps": state.max_steps}
        line["world_size"] = args.world_size
        for source, name in (("loss", "loss"), ("eval_loss", "validation_loss")):
            if source in logs:
                line[name] = float(logs[source])
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / PROGRESS_FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self._note_usage()
