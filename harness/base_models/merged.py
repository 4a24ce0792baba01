"""Base and adapter as one model in a folder: merged once, told by its bytes, and by how it agrees with the adapter."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from harness.base_models.digest import digest_of
from harness.base_models.interface import OnProgress
from harness.core.errors import OutsideError
from harness.core.fingerprints import Fingerprint, ScoredPrompt
from harness.core.last_words import last_words
from harness.core.secrets import mask_file

AGREEMENT, MANIFEST = "agreement.json", "manifest.json"
# Bytes that the merged model may take for each byte of the base: 16-bit weights are merged and kept in float32.
_GROWTH, _SPARE = 2, 2**28


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a merged model's answers differ from the adapter's, each the largest there is, in nats a token.

    `token` is of any token's log-probability, `mean` of a prompt's or answer's mean. `behind` is by how much the
    merged model holds another token for likelier than one of the adapter's greedy answers: 0 where it says the same.
    `same` of `answers` are the same from the first token to the last. `dtype` is the type that was computed in.
    """

    token: float
    mean: float
    behind: float
    same: int
    answers: int
    dtype: str
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged model on disk. `digest` covers its config, tokenizer and weights."""

    folder: Path
    digest: str
    agreement: Agreement


def merged_at(folder: Path, base_digest: str, adapter_digest: str, cache: Path, say: OnProgress) -> Merged | None:
    """The finished merged model of these two; None where there is none, or its files are not those that were made."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if (manifest["base"], manifest["adapter"]) != (base_digest, adapter_digest):
            return None
        agreement, digest = _agreement(manifest["agreement"]), digest_of(folder, cache, say)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Merged(folder, digest, agreement) if digest == manifest["digest"] else None


def merge(base: Path, adapter: Path, folder: Path, questions: Sequence[Any], log: Path) -> Agreement:
    """Merge into `folder`, which has no manifest yet, and compare. `questions` are chats.

    Raises OutsideError where the disk is too small or the merging fails, with its last words.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _refuse_small_disk(base, folder)
    asked = folder / "questions.json"
    asked.write_text(json.dumps(list(questions)), encoding="utf-8")
    command = [sys.executable, "-P", "-m", "harness.base_models.merge_child"]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as words:
        child = subprocess.Popen(
            [*command, *map(str, (base, adapter, folder, asked))], stdin=subprocess.PIPE, stdout=words, stderr=words,
            env=_environment(), start_new_session=True,
        )  # fmt: skip
        with child:  # its standard input ends with us, and so does it
            try:
                child.wait()
            finally:
                child.kill()
    mask_file(log)
    if child.returncode:
        ended_of = last_words(log.read_text(encoding="utf-8", errors="replace"))
        raise OutsideError(f"merging base and adapter failed. Its last words ({log}): {ended_of}")
    asked.unlink()
    return _agreement(json.loads((folder / AGREEMENT).read_text(encoding="utf-8")))


def finish(folder: Path, base_digest: str, adapter_digest: str, cache: Path, say: OnProgress) -> str:
    """Write the manifest, last of all; gives the merged model's digest."""
    digest = digest_of(folder, cache, say)
    agreement = json.loads((folder / AGREEMENT).read_text(encoding="utf-8"))
    found = {"base": base_digest, "adapter": adapter_digest, "digest": digest, "agreement": agreement}
    part = folder / f"{MANIFEST}.part"
    with part.open("w", encoding="utf-8") as file:
        file.write(json.dumps(found))
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / MANIFEST)
    return digest


def _refuse_small_disk(base: Path, folder: Path) -> None:
    needed = _GROWTH * sum(path.stat().st_size for path in base.glob("*.safetensors")) + _SPARE
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OutsideError(
            f"the merged model may take {needed / 2**30:.1f} GiB, and {folder.parent} has {free / 2**30:.1f} GiB free. "
            "Make room, or serve the adapter beside the base (without `merged: true`)."
        )


def _environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": paths, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}


def _agreement(found: Mapping[str, Any]) -> Agreement:
    """Raises ValueError, KeyError or TypeError for what no merging wrote."""
    pairs = [(one["adapter"], one["merged"]) for one in (*found["prompts"], *found["answers"])]
    gaps = [[abs(a - b) for a, b in zip(*pair, strict=True)] for pair in pairs]
    behind = [max(one["behind"], default=0.0) for one in found["answers"]]
    prompts = tuple(
        ScoredPrompt(one["text"], tuple(one["ids"]), tuple(one["base"]), tuple(one["adapter"]))
        for one in found["prompts"]
    )
    return Agreement(
        token=max((gap for row in gaps for gap in row), default=0.0),
        mean=max((fmean(row) for row in gaps if row), default=0.0),
        behind=max(behind, default=0.0),
        same=sum(one == 0 for one in behind),
        answers=len(behind),
        dtype=str(found["dtype"]),
        fingerprint=Fingerprint(str(found["dtype"]), prompts, None),
    )
