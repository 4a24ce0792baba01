"""Which side a request belongs to: production, or the canary."""

from __future__ import annotations

import random
from hashlib import blake2b

from harness.core.versions import CANARY, PRODUCTION
from harness.router.table import Routes


def choose(routes: Routes, who: bytes | None) -> str:
    """The side of a request: by `who` asks, so that the same one stays on the same side; without, by chance."""
    if routes.canary is None:
        return PRODUCTION
    place = random.random() if who is None else place_of(who, routes.canary.name)
    return CANARY if place < routes.share else PRODUCTION


def place_of(who: bytes, canary: str) -> float:
    """Where somebody stands in [0, 1). Who lies below a share lies below every larger one, so a growing share only
    adds people. Each canary has an order of its own: it is not always the same people who try what is new."""
    digest = blake2b(who, digest_size=6, person=canary.encode()[:16]).digest()
    return int.from_bytes(digest) / (1 << 48)
