"""What a tracker's child reads: first the head, then lines with any of step, metrics, parameters, tags and status.

The head has `training` (16 hex digits, the same whenever the same training is told), `name`, and the place's own keys.
`status` is finished or failed; where none comes before the end, the training was killed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TextIO


def read(stream: TextIO) -> Iterator[dict[str, Any]]:
    """Each line as it comes."""
    for line in stream:
        yield json.loads(line)
