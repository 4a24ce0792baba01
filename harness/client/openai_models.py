"""What a server with OpenAI's API says of its models where it lists them (/v1/models)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.client.replies import text, whole_number
from harness.core.samples import Json

# What a listed model says of itself that stays the same for as long as it is served.
_IDENTITY = ("root", "parent", "max_model_len", "owned_by")


def model_info(rows: Iterable[Mapping[str, Any]], model: str) -> dict[str, Json]:
    """{"models": all names, sorted}, and of `model`, where it is said (vLLM): "model_id", what its name stands for, and
    "max_total_tokens", which a prompt and its answer may have together."""
    by_name = {text(row["id"]): row for row in rows}
    root, longest = (by_name.get(model, {}).get(key) for key in ("root", "max_model_len"))
    info: dict[str, Json] = {"models": sorted(by_name)}
    info |= {"model_id": text(root)} if root else {}
    return info | ({"max_total_tokens": whole_number(longest)} if longest else {})


def model_identity(rows: Iterable[Mapping[str, Any]], models: Iterable[str]) -> dict[str, Json]:
    """By which some models are known again: "name.key" for each key that is said of them."""
    names = set(models)
    by_name = {text(row["id"]): row for row in rows if row["id"] in names}
    return {
        f"{name}.{key}": str(row[key])
        for name, row in sorted(by_name.items())
        for key in ("id", *_IDENTITY)
        if row.get(key) is not None
    }


def model_owner(rows: Iterable[Mapping[str, Any]], model: str) -> str:
    """Who owns a model ("vllm"); "" where it is not said."""
    return next((str(row.get("owned_by") or "") for row in rows if row["id"] == model), "")
