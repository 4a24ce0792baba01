"""A model spread over more GPUs than its server is given."""

from __future__ import annotations

from harness.config.schema import ReleaseFile
from harness.config.source import Source
from harness.core.errors import Problem


def shard_problems(parsed: ReleaseFile, source: Source) -> list[Problem]:
    """`shards` above the number of `gpus`: the server would end at its start, on a cluster after minutes."""
    for kind in ("kubernetes", "tgi_docker", "tgi_process", "vllm"):
        server = getattr(parsed.serve, kind)
        shards, gpus = getattr(server, "shards", None), _count(getattr(server, "gpus", None))
        if shards is None or gpus is None or shards <= max(gpus, 1):
            continue
        has = "a pod has" if kind == "kubernetes" else "the server has"
        message = f"'shards: {shards}' spreads the model over {shards} GPUs, and {has} {gpus} ('gpus')."
        return [source.problem(("serve", kind, "shards"), message, "Give it as many GPUs, or fewer shards.")]
    return []


def _count(gpus: object) -> int | None:
    """How many GPUs are declared; None where that is all there are, or none at all (a build for the CPU)."""
    if isinstance(gpus, int):
        return gpus
    return len(gpus) if isinstance(gpus, list | tuple) else None
