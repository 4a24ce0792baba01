"""What Axolotl itself says of a config for a machine with GPUs: values that exclude each other, or that would hang.

Run as `python -P -m harness.trainers.axolotl.own_rules PROCESSES`, with the config as JSON on standard input: the
answer is a JSON list of messages. Loading Axolotl takes ten seconds, so answers are kept.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from harness.config.source import Source
from harness.core.errors import OutsideError, Problem
from harness.core.ids import digest_json
from harness.core.last_words import last_words
from harness.launchers import environment

MODULE = "harness.trainers.axolotl.own_rules"
MARK = "own rules: "
LONGEST = 120.0  # seconds
# What an H100 offers: a config is for the machine that it will run on, not for this one.
GPU = {"bf16": True, "fp8": True, "tf32": True, "compute_capability": "sm_90", "n_node": 1}


def is_known() -> bool:
    """Whether Axolotl is installed here, so that it can be asked."""
    return importlib.util.find_spec("axolotl") is not None


def own_problems(source: Source, config: Mapping[str, object], processes: int, kept: Path | None) -> list[Problem]:
    """What Axolotl refuses in a resolved config, with the line in `source` of the key that it names.

    Answers are kept in the folder `kept` (None: nowhere). Raises OutsideError where Axolotl does not answer.
    """
    messages = _asked(config, processes) if kept is None else _known(config, processes, kept)
    return [source.problem(_place(message, config), f"Axolotl refuses it: {message}") for message in messages]


def _known(config: Mapping[str, object], processes: int, kept: Path) -> list[str]:
    key = digest_json([version("axolotl"), processes, json.loads(json.dumps(config, default=str))])
    note = kept / f"{key[:16]}.json"
    try:
        known: list[str] = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = _asked(config, processes)
        with contextlib.suppress(OSError):  # a project that cannot be written to is checked all the same
            kept.mkdir(parents=True, exist_ok=True)
            note.write_text(json.dumps(known), encoding="utf-8")
    return known


def _asked(config: Mapping[str, object], processes: int) -> list[str]:
    command = [sys.executable, "-P", "-W", "ignore", "-m", MODULE, str(processes)]
    try:
        child = subprocess.run(
            command, input=json.dumps(config, default=str), env=environment(os.environ, track=False),
            capture_output=True, text=True, timeout=LONGEST, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise OutsideError(f"Axolotl did not check the config within {LONGEST:.0f} s.") from None
    answers = [line for line in child.stdout.splitlines() if line.startswith(MARK)]
    if not answers:
        words = last_words(child.stderr)
        raise OutsideError(f"Axolotl could not check the config (exit code {child.returncode}): {words}")
    found: list[str] = json.loads(answers[-1].removeprefix(MARK))
    return found


def _place(message: str, config: Mapping[str, object]) -> tuple[str, ...]:
    """The first key that a message names and the config has; one inside a mapping says more than one at the top."""
    words = re.findall(r"[a-z][a-z0-9_.]+[a-z0-9]", message)
    for head, _, tail in (word.partition(".") for word in words):
        inner = config.get(head)
        if isinstance(inner, dict) and tail in inner:
            return head, tail
    return next(((word,) for word in words if word in config), ())


def refusals(config: Mapping[str, object], processes: int) -> list[str]:
    """Axolotl's messages about a config, for a machine with a GPU for each process. Imports Axolotl."""
    import torch
    from axolotl.cli.config import prepare_plugins
    from axolotl.utils.config import validate_config
    from axolotl.utils.dict import DictDefault
    from pydantic import ValidationError

    cfg = DictDefault(dict(config))
    try:
        if cfg.plugins:
            prepare_plugins(cfg)
        validate_config(cfg, {**GPU, "n_gpu": processes}, {"torch_version": torch.__version__.split("+")[0]})
    except ValidationError as error:
        return [_words(str(item["msg"])) for item in error.errors(include_url=False)]
    except (ImportError, ValueError) as error:
        return [_words(str(error))]
    return []


def _words(message: str) -> str:
    return " ".join(message.removeprefix("Value error, ").split())


if __name__ == "__main__":
    told = refusals(json.load(sys.stdin), int(sys.argv[1]))
    sys.stdout.write(f"{MARK}{json.dumps(told)}\n")
