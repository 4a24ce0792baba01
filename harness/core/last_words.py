"""What a child process ended of, from its log: the last exception, without what is only said on the way out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness.core.secrets import masked

_MOST = 500  # characters
# Before a line: colours, and vLLM's process, level, time and place. The pod's name stays.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_POD = re.compile(r"\[pod/[^]]*\] ")
_BEFORE = re.compile(r"(?:\([\w ]+ pid=\d+\) ?)?(?:[A-Z]+ [\d-]+ [\d:.]+ \[[\w.]+:\d+\] ?)?")
_EXCEPTION = re.compile(r"(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:Error|Exception)(?:: .*)?$")
# One that names no cause, since another one did before it.
_POINTS_BACK = re.compile(r"see (?:the )?(?:stack trace|root cause)", re.IGNORECASE)
_NOISE = re.compile(
    r"resource_tracker|nanobind|leaked (?:instance|type|function)|skipped remainder|\w*Warning: |warnings\.warn"
    r"|\[shutdown\]|Traceback \(most recent call last\)"
)


def last_words(log: str, lines: int = 3) -> str:
    """The line of the last exception, with what its message goes on with; else the last lines. "" where there is none.

    An exception that only refers to one above counts where there is no other. Warnings and what libraries say of their
    own clean-up are left out. Keys are masked.
    """
    stripped = [_BEFORE.sub("", _COLOUR.sub("", line), count=1).rstrip() for line in log.strip().splitlines()]
    telling = [line for line in stripped if line and not _NOISE.search(line)]
    exceptions = [index for index, line in enumerate(telling) if _EXCEPTION.match(_POD.sub("", line))]
    causes = [index for index in exceptions if not _POINTS_BACK.search(telling[index])] or exceptions
    last = _message(telling, causes[-1]) if causes else telling[-lines:]
    return masked(" | ".join(line.strip() for line in last))[:_MOST]


def _message(log: Sequence[str], index: int) -> list[str]:
    """A message may have more lines, which are indented."""
    message = [log[index]]
    for line in log[index + 1 : index + 3]:
        if not line[0].isspace():
            break
        message.append(line)
    return message
