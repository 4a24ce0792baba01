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
    said = [_BEFORE.sub("", _COLOUR.sub("", line), count=1).rstrip() for line in log.strip().splitlines()]
    said = [line for line in said if line and not _NOISE.search(line)]
    places = [place for place, line in enumerate(said) if _EXCEPTION.match(_POD.sub("", line))]
    causes = [place for place in places if not _POINTS_BACK.search(said[place])] or places
    shown = _message(said, causes[-1]) if causes else said[-lines:]
    return masked(" | ".join(line.strip() for line in shown))[:_MOST]


def _message(said: Sequence[str], place: int) -> list[str]:
    """A message may have more lines, which are indented."""
    more = []
    for line in said[place + 1 : place + 3]:
        if not line[0].isspace():
            break
        more.append(line)
    return [said[place], *more]
