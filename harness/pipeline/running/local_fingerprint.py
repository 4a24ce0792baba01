"""What base and adapter say to fixed prompts, computed here from their files: a server elsewhere must say the same."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from harness.base_models.weights import float32_bytes
from harness.core.events import Event, Watch
from harness.core.fingerprints import Fingerprint
from harness.core.ids import digest_json
from harness.core.last_words import last_words
from harness.core.secrets import mask_file
from harness.pipeline.workspace import Workspace
from harness.servers.interface import Adapter

# Rises when other prompts are computed.
_FORMAT = 1
# Beside the weights: the tokenizer's tables, activations of a few hundred tokens, and torch itself.
_GROWTH, _SPARE = 1.15, 2 * 2**30
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
_CHILD = "harness.trainers.axolotl.fingerprint"


def local_fingerprint(
    workspace: Workspace, base: Path, base_digest: str, adapter: Adapter, watch: Watch
) -> Fingerprint | str:
    """The fingerprint in float32, computed once for these bytes; or why it can't be computed here, in words."""
    path = workspace.fingerprint(digest_json([_FORMAT, base_digest, adapter.digest]))
    if (stored := _read(path)) is not None:
        return stored
    if why := _hindrance(base):
        return why
    watch(Event("pre-flight", "move", "computing what base and adapter say to fixed prompts"))
    path.parent.mkdir(parents=True, exist_ok=True)
    log = workspace.logs / "fingerprint.log"
    code = _run([*map(str, (base, base, adapter.folder.resolve(), path)), "strict"], log)
    computed = _read(path)
    if code or computed is None:
        words = last_words(log.read_text(encoding="utf-8", errors="replace"))
        return f"computing it here failed ({log}): {words[:300]}"
    return computed


def _read(path: Path) -> Fingerprint | None:
    try:
        return Fingerprint.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _hindrance(base: Path) -> str:
    """Why no child is started for it; "" where nothing is in the way."""
    try:
        config = json.loads((base / "config.json").read_text(encoding="utf-8"))
        needed = _GROWTH * float32_bytes(base) + _SPARE
    except (OSError, ValueError):
        return "the base model's files here can't be read"
    if not isinstance(config, dict) or "model_type" not in config:
        return "the base model's config.json names no model_type, so it can't be loaded here"
    free = free_memory()
    if free is not None and needed > free:
        return f"the base model needs {needed / 2**30:.1f} GiB of memory here, and {free / 2**30:.1f} GiB are free"
    return ""


def free_memory() -> int | None:
    """Bytes of memory that may be had here, by the machine and by the control group; None where neither tells."""
    limits = []
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        limits += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    except (OSError, ValueError, IndexError):
        pass
    try:
        most, used = (Path(f"/sys/fs/cgroup/memory.{name}").read_text(encoding="ascii") for name in ("max", "current"))
        limits += [int(most) - int(used)] if most.strip() != "max" else []
    except (OSError, ValueError):
        pass
    return min(limits, default=None)


def _run(words: list[str], log: Path) -> int:
    """The child on the CPU, whatever GPU a server beside it uses; its standard input ends with us, and so does it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", _CHILD, *words], stdin=subprocess.PIPE, stdout=output, stderr=output,
            env=_environment(), start_new_session=True,
        )  # fmt: skip
        with child:
            try:
                child.wait()
            finally:
                child.kill()
    mask_file(log)
    return child.returncode


def _environment() -> dict[str, str]:
    """Ours without what looks like a secret, offline and without a GPU."""
    root = str(Path(__file__).resolve().parents[3])
    paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    outer = {name: value for name, value in os.environ.items() if not _SECRET.search(name)}
    quiet = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "CUDA_VISIBLE_DEVICES": ""}
    return {**outer, **quiet, "PYTHONPATH": paths}
