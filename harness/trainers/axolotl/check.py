"""Every problem of an Axolotl config, found without Axolotl: unknown keys, wrong types, senseless values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from harness.config.source import Source, Where, load_yaml, nearest
from harness.core.errors import ConfigError, Problem
from harness.trainers.axolotl.keys import PLAIN, Key, known
from harness.trainers.axolotl.rules import number_of, senseless
from harness.trainers.interface import NO_SETTINGS, Settings

# What other trainers call it.
ELSEWHERE = {
    "lora_rank": "lora_r",
    "r": "lora_r",
    "lr": "learning_rate",
    "epochs": "num_epochs",
    "num_train_epochs": "num_epochs",
    "batch_size": "micro_batch_size",
    "per_device_train_batch_size": "micro_batch_size",
    "max_seq_length": "sequence_len",
    "target_modules": "lora_target_modules",
}
# A setting of these would change nothing.
OURS = ("base_model", "datasets", "test_datasets", "dataset_prepared_path", "output_dir", "logging_steps")
# Harness's own plugins bring no keys.
OWN_PLUGINS = "harness.trainers.axolotl.plugins."


def check(config: Path, shown_as: str, settings: Settings = NO_SETTINGS) -> list[Problem]:
    """All problems, in the order of their lines; `settings` stand in the place of the file's own keys."""
    try:
        source = load_yaml(config, shown_as)
    except ConfigError as error:
        return list(error.problems)
    if not isinstance(source.value, dict):
        return [Problem("an Axolotl config is a mapping of keys to values.", file=shown_as, line=1)]
    source = _overlaid(source, source.value, settings)
    assert isinstance(source.value, dict)
    table, closed = _table(source.value)
    problems = list(_walk(source, (), source.value, table, closed))
    problems += [source.problem((key,), f"'{key}' is filled in by harness.", "Remove it.")
                 for key in settings if key in OURS]  # fmt: skip
    told = {(problem.file, problem.line) for problem in problems}
    problems += [problem for problem in senseless(source) if (problem.file, problem.line) not in told]
    return sorted(problems, key=lambda problem: problem.line or 0)


def _overlaid(source: Source, config: Mapping[str, object], settings: Settings) -> Source:
    """The config as it is trained with; a problem of a setting is told where that is declared."""
    values = {key: value for key, (value, _) in settings.items()}
    places = {key: place for key, (_, place) in settings.items() if place}
    return replace(source, value={**config, **values}, elsewhere=places)


def _table(config: Mapping[str, object]) -> tuple[Mapping[str, Key], bool]:
    """The keys that this config may use, and whether there can be no others.

    A plugin that is not Axolotl's may bring keys of its own; then only near misses are refused.
    """
    keys = known()
    table = dict(keys.top)
    listed = config.get("plugins")
    names = [str(name) for name in listed] if isinstance(listed, list) else []
    for name in names:
        table.update(keys.plugins.get(name, {}))
    closed = all(name in keys.plugins or name.startswith(OWN_PLUGINS) for name in names)
    return table, closed


def _walk(source: Source, where: Where, value: object, table: Mapping[str, Key], closed: bool) -> Iterator[Problem]:
    """The unknown keys and wrong types of one mapping and of all below it."""
    if not isinstance(value, dict):
        return
    for name, item in value.items():
        here = (*where, name)
        if name not in table:
            hint = _right_name(str(name), table)
            if closed or hint:
                known_by = f"Axolotl {known().version} does not know the key '{'.'.join(map(str, here))}'"
                yield source.problem(here, f"{known_by} and would ignore it.", hint)
            continue
        key = table[name]
        problem = _wrong_type(source, here, item, key)
        if problem:
            yield problem
        elif key.fields:
            for place, part in _parts(here, item):
                yield from _walk(source, place, part, key.fields, closed)


def _right_name(name: str, table: Mapping[str, Key]) -> str | None:
    if name in ELSEWHERE and ELSEWHERE[name] in table:
        return f"Axolotl's name is '{ELSEWHERE[name]}'."
    return nearest(name, table)


def _parts(where: Where, value: object) -> list[tuple[Where, object]]:
    if isinstance(value, list):
        return [((*where, number), item) for number, item in enumerate(value)]
    return [(where, value)]


def _wrong_type(source: Source, where: Where, value: object, key: Key) -> Problem | None:
    if "any" in key.kinds or _fits(value, key):
        return None
    message = f"'{where[-1]}' must be {' or '.join(_words(key))}, not {value!r}."
    return source.problem(where, message, nearest(str(value), key.choices))


def _fits(value: object, key: Key) -> bool:
    """Whether Axolotl takes the value as what was meant (numbers as text too: YAML reads 1e-4 so)."""
    kind = PLAIN.get(type(value), "any")
    if kind == "str" and key.choices:
        return value in key.choices
    if kind in key.kinds:
        return True
    number = number_of(value)
    if number is None or not math.isfinite(number):
        return False
    return "float" in key.kinds or ("int" in key.kinds and number == int(number))


def _words(key: Key) -> list[str]:
    words = {"bool": "true or false", "int": "a whole number", "float": "a number", "str": "text",
             "list": "a list", "dict": "a mapping"}  # fmt: skip
    kinds = key.kinds - {"null"} - ({"int"} if "float" in key.kinds else set())
    return [*key.choices, *sorted(words[kind] for kind in kinds if not (kind == "str" and key.choices))]
