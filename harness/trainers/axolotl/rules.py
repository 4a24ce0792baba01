"""Values that Axolotl takes and that make no sense, or that a release cannot rest on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from harness.config.source import Source
from harness.core.errors import Problem


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds of one number, and what they are in words."""

    fits: Callable[[float], bool]
    words: str


POSITIVE = Range(lambda value: value > 0, "greater than 0")
AT_LEAST_ONE = Range(lambda value: value >= 1, "at least 1")
NOT_NEGATIVE = Range(lambda value: value >= 0, "0 or more")
SHARE = Range(lambda value: 0 <= value < 1, "0 or more and less than 1")

RANGES = {
    "lora_r": AT_LEAST_ONE,
    "lora_alpha": POSITIVE,
    "lora_dropout": SHARE,
    "learning_rate": Range(lambda value: 0 < value <= 0.1, "greater than 0 and at most 0.1"),
    "weight_decay": SHARE,
    "num_epochs": POSITIVE,
    "max_steps": AT_LEAST_ONE,
    "micro_batch_size": AT_LEAST_ONE,
    "eval_batch_size": AT_LEAST_ONE,
    "gradient_accumulation_steps": AT_LEAST_ONE,
    "sequence_len": Range(lambda value: value >= 16, "at least 16"),
    "val_set_size": SHARE,
    "warmup_ratio": SHARE,
    "warmup_steps": NOT_NEGATIVE,
    "early_stopping_patience": AT_LEAST_ONE,
    "eval_steps": POSITIVE,
    "save_steps": POSITIVE,
    "evals_per_epoch": AT_LEAST_ONE,
    "saves_per_epoch": AT_LEAST_ONE,
    "max_grad_norm": POSITIVE,
}
# Axolotl's own type for these takes any text.
TEXT_TOO = ("learning_rate",)
REFUSED = {
    "hub_model_id": "would upload the adapter before it was judged.",
    "rl": "asks for preference training; only supervised fine-tuning is driven.",
    "use_ray": "is set where the launcher says so: write 'launcher: {ray: {workers: N}}' in release.yaml.",
}

Values = Mapping[str, object]


def senseless(source: Source) -> Iterator[Problem]:
    """Problems of single values and of values that contradict each other."""
    values: Values = source.value if isinstance(source.value, dict) else {}
    for key, allowed in RANGES.items():
        value = values.get(key)
        number = number_of(value)
        if number is None and isinstance(value, str) and key in TEXT_TOO:
            number = math.nan
        if number is not None and not (math.isfinite(number) and allowed.fits(number)):
            yield source.problem((key,), f"'{key}' must be {allowed.words}, not {value!r}.")
    for key, why in REFUSED.items():
        if values.get(key):
            yield source.problem((key,), f"'{key}' {why}", "Remove it.")
    for rule in (_adapter, _quantised, _warmup, _early_stopping, _datasets):
        yield from rule(source, values)


def number_of(value: object) -> float | None:
    """The number that a value stands for; text counts where it is one, since YAML reads 1e-4 as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _adapter(source: Source, values: Values) -> Iterator[Problem]:
    adapter = values.get("adapter")
    if adapter not in ("lora", "qlora"):
        said = f"'adapter' must be lora or qlora, not {adapter!r}." if adapter else "'adapter' is missing."
        yield source.problem(("adapter",), said, "A release holds an adapter: write 'adapter: lora'.")


def _quantised(source: Source, values: Values) -> Iterator[Problem]:
    adapter, four, eight = values.get("adapter"), values.get("load_in_4bit"), values.get("load_in_8bit")
    if adapter == "lora" and four:
        yield source.problem(("load_in_4bit",), "'adapter: lora' with 'load_in_4bit: true' is QLoRA.",
                             "Write 'adapter: qlora', or set load_in_4bit to false.")  # fmt: skip
    if adapter == "qlora" and not four:
        yield source.problem(("adapter",), "'adapter: qlora' needs 'load_in_4bit: true'.")
    if four and eight:
        yield source.problem(("load_in_8bit",), "'load_in_8bit' and 'load_in_4bit' exclude each other.")


def _warmup(source: Source, values: Values) -> Iterator[Problem]:
    if values.get("warmup_ratio") is not None and values.get("warmup_steps") is not None:
        yield source.problem(("warmup_ratio",), "'warmup_ratio' and 'warmup_steps' exclude each other.")


def _early_stopping(source: Source, values: Values) -> Iterator[Problem]:
    if not values.get("early_stopping_patience"):
        return
    # Axolotl does not count evals_per_epoch and saves_per_epoch here.
    lacking = [key for key in ("eval_steps", "save_steps") if not values.get(key)]
    if lacking:
        needs = " and ".join(f"'{key}'" for key in lacking)
        yield source.problem(("early_stopping_patience",), f"'early_stopping_patience' needs {needs}.")


def _datasets(source: Source, values: Values) -> Iterator[Problem]:
    for key in ("datasets", "test_datasets"):
        given = values.get(key)
        if isinstance(given, list) and len(given) > 1:
            yield source.problem(
                (key, 1),
                f"'{key}' has {len(given)} entries; the release declares one file.",
                "Join them into one.",
            )
