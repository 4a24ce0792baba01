"""Does an adapter belong to a base model? Told from the names and shapes of both their weights, without loading any."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path

from harness.base_models.hub import NAME

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
PICKLED = ("adapter_model.bin", "adapter_model.pt", "pytorch_model.bin")
_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"
LONGEST_HEADER = 100_000_000  # bytes, the format's own limit

Shapes = Mapping[str, tuple[int, ...]]


def adapter_problems(adapter: Path, base: Path, spec: str) -> list[str]:
    """Why an adapter cannot be served on the base model in the folder `base`, declared as `spec`. Empty: it can.

    Two bases of the same make have the same shapes: then only the name in the adapter's config tells them apart.
    """
    missing = [name for name in (WEIGHTS, CONFIG) if not (adapter / name).is_file()]
    if missing:
        pickled = next((name for name in PICKLED if (adapter / name).is_file()), None)
        refused = f"; {pickled} is refused, for pickled weights can run code" if pickled else ""
        return [f"it lacks {' and '.join(missing)}{refused}."]
    try:
        ours, settings = shapes(adapter / WEIGHTS), json.loads((adapter / CONFIG).read_text(encoding="utf-8"))
        theirs = {name: shape for path in sorted(base.glob("*.safetensors")) for name, shape in shapes(path).items()}
    except (OSError, ValueError) as error:
        return [f"it cannot be read: {error}."]
    named = settings.get("base_model_name_or_path") if isinstance(settings, dict) else None
    return _name_problems(named, spec) + _shape_problems(ours, theirs)


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor in a safetensors file, from its header alone.

    Raises ValueError where the file is torn or none.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else LONGEST_HEADER + 1
        if length > min(LONGEST_HEADER, size):
            raise ValueError(f"{path.name} is no whole safetensors file")
        header = json.loads(file.read(length))
    try:
        tensors = {str(name): row for name, row in header.items() if name != "__metadata__"}
        end = max((int(row["data_offsets"][1]) for row in tensors.values()), default=0)
        found = {name: tuple(int(one) for one in row["shape"]) for name, row in tensors.items()}
    except (AttributeError, LookupError, TypeError, ValueError):
        raise ValueError(f"{path.name} is no whole safetensors file") from None
    if size < 8 + length + end:
        raise ValueError(f"{path.name} is cut off: it is shorter than its header says")
    return found


def _name_problems(named: object, spec: str) -> list[str]:
    ours = spec.partition("@")[0]
    if not isinstance(named, str) or not NAME.fullmatch(named) or not NAME.fullmatch(ours):
        return []
    if named.lower() == ours.lower():
        return []
    return [f"it was trained on '{named}', and the base model is '{ours}'."]


def _shape_problems(ours: Shapes, theirs: Shapes) -> list[str]:
    """The first layer that the base lacks or has in another size: with one, all that follow are the same story."""
    if not ours:
        return ["it holds no tensors."]
    layers = {name.removesuffix(_DOWN) for name in ours if name.endswith(_DOWN)}
    if not layers:
        return ["it holds no LoRA weights."]
    if alone := sorted(name for name in ours if _half_of(name, ours)):
        return [f"it is not whole: of the pair of '{alone[0]}' the other half is missing."]
    prefixes: dict[str, str] = {}
    for layer in sorted(layers):
        inner = layer.removeprefix("base_model.model.")
        before, tail = _split(inner)
        alike = [name for name in theirs if f".{name}".rpartition(".")[0].endswith(f".{tail}")]
        if not alike:
            return [f"it was trained on another base model: this one has no layer '{inner}'."]
        found = next((name for name in alike if name.rpartition(".")[0] == inner), alike[0])
        parts = {name.rpartition(".")[0].removesuffix(tail) for name in alike}  # several: a model of several towers
        first = prefixes.setdefault(min(parts), before)
        if len(parts) == 1 and first != before:
            return [
                f"some of its tensors are called '{first}…' and others '{before}…' for the same part of the "
                f"base model, as '{inner}': servers leave one kind out in silence. Save it anew."
            ]
        if problem := _size_problem(layer, inner, theirs[found], ours, found.endswith(".weight")):
            return [problem]
    return []


def _split(inner: str) -> tuple[str, str]:
    """Some models are saved under other prefixes than they are loaded with: the prefix, and the rest."""
    at = inner.find("layers.")
    return (inner[:at], inner[at:]) if at >= 0 else ("", inner)


def _half_of(name: str, ours: Shapes) -> bool:
    for one, other in ((_DOWN, _UP), (_UP, _DOWN)):
        if name.endswith(one):
            return name.removesuffix(one) + other not in ours
    return False


def _size_problem(layer: str, inner: str, weight: tuple[int, ...], ours: Shapes, plain: bool) -> str | None:
    down, up = ours[layer + _DOWN], ours[layer + _UP]
    if not (plain and len(weight) == len(down) == len(up) == 2):  # quantised
        return None
    if down[0] != up[1]:
        return f"it is not whole: the halves of its layer '{inner}' have the ranks {down[0]} and {up[1]}."
    if sorted(weight) != sorted((up[0], down[1])):
        said = f"{up[0]} × {down[1]}, and the base model's has {weight[0]} × {weight[1]}"
        return f"it was trained on another base model: its layer '{inner}' is for {said}."
    return None
