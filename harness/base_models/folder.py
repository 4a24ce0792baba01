"""A base model in a folder of this machine."""

from __future__ import annotations

from pathlib import Path

from harness.base_models.interface import Folders, OnProgress
from harness.base_models.weights import broken_weights
from harness.core.errors import Problem

TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "spiece.model")
PICKLED = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.ckpt")


class Folder:
    """Its files are used where they lie; nothing is copied."""

    def check(self, spec: str, root: Path) -> list[Problem]:
        """The folder must hold a config, a tokenizer and safetensors weights."""
        if not spec.strip():
            return [Problem("the base model has no name.", hint="Name a folder or a hub model.")]
        return [Problem(f"base model '{spec}': {problem}", hint=_hint(problem)) for problem in problems_of(root / spec)]

    def fetch(self, spec: str, root: Path, folders: Folders, on_progress: OnProgress) -> Path:
        """The folder itself, as an absolute path."""
        return (root / spec).resolve()


def problems_of(folder: Path) -> list[str]:
    """What a model folder lacks, or holds and must not."""
    if not folder.is_dir():
        return ["there is no such folder."]
    problems = []
    if not (folder / "config.json").is_file():
        problems.append("config.json is missing.")
    if not any((folder / name).is_file() for name in TOKENIZERS):
        problems.append("no tokenizer file (tokenizer.json or tokenizer.model) is there.")
    if not any(folder.glob("*.safetensors")):
        pickled = sorted(path.name for pattern in PICKLED for path in folder.glob(pattern))
        found = f"; pickled weights are refused ({pickled[0]} can run code)" if pickled else ""
        problems.append(f"no *.safetensors weights are there{found}.")
    elif (folder / "adapter_config.json").is_file() and not (folder / "config.json").is_file():
        problems.append("this is an adapter, not a base model.")
    return [*problems, *broken_weights(folder)]


def _hint(problem: str) -> str | None:
    if problem.startswith("there is no such folder"):
        return "Give a folder, 'org/name@<revision>' for a hub model, or 'demo:smollm2-135m-instruct'."
    if "index.json" in problem or "no whole" in problem or "cut off" in problem:
        return "Fetch that file again, and compare its SHA-256 with the one on the model's page."
    if "pickled" in problem:
        return "Convert the weights to safetensors first."
    return None
