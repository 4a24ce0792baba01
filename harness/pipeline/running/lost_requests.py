"""When asking on is of no use: too much is lost for certain, or every reply is the same failure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.core.errors import OutsideError
from harness.core.samples import Output

# So many first replies that are all one failure tell what the rest would be.
FIRST = 20
_AGAIN = "Nothing was judged; the same command asks only these again."
_FOR_GOOD = (
    "Nothing was judged. The server would refuse these again: change the prompts or the server first; where a prompt "
    "is too long, shorten it or serve with a longer context."
)
_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)?")


class HopelessRun(OutsideError):
    """A run that can't become evidence any more, whatever the rest of its samples would give."""


class LostRequests:
    """Counts what a run loses, by task. `totals` are outputs by task; `most_lost` and `most_refused` are shares.

    What the server refuses for good is a failure of the model, and counted apart from what the infrastructure lost.
    """

    def __init__(self, totals: Mapping[str, int], most_lost: float, most_refused: float) -> None:
        self._totals, self._most = dict(totals), {"failed": most_lost, "were refused for good": most_refused}
        self._counts: dict[tuple[str, str], int] = {}
        self._replies, self._alike = 0, 0
        self._first = ""

    def count(self, task: str, output: Output) -> None:
        """Count an output that was asked for now. Raises HopelessRun, with the reply quoted."""
        self._replies += 1
        if output.error is None:
            return
        what = "failed" if output.lost else "were refused for good"
        number = self._counts[task, what] = self._counts.get((task, what), 0) + 1
        if number > self._most[what] * self._totals[task]:
            raise HopelessRun(
                f"{number} of {self._totals[task]} requests of the task '{task}' {what} ({self._most[what]:.0%} may), "
                f"so the rest was not asked. The reply: {output.error}. {_AGAIN if output.lost else _FOR_GOOD}"
            )
        self._refuse_alike(task, output.error, _AGAIN if output.lost else _FOR_GOOD)

    def _refuse_alike(self, task: str, error: str, advice: str) -> None:
        kind = _NUMBERS.sub("", error)
        self._first = self._first or kind
        self._alike += kind == self._first
        if self._replies == self._alike == FIRST:
            raise HopelessRun(
                f"the first {FIRST} requests of the task '{task}' all failed in the same way, so the rest was not "
                f"asked. The reply: {error}. {advice}"
            )
