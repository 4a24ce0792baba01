"""What this machine computes on."""

from __future__ import annotations

from pathlib import Path

_NODES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def has_gpu() -> bool:
    """Whether a driver of NVIDIA's or AMD's has put a device here; nothing is loaded to find out."""
    return any(Path(node).exists() for node in _NODES)
