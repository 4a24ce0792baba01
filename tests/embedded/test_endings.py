"""An answer whose end of sequence or stop string is its last allowed token is whole."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from harness.embedded.jobs import Event, Job, Result
from harness.embedded.row import Row

WORDS = {1: "yes", 2: "<end>", 3: "\n", 4: "."}


class Words:
    """A tokenizer of whole words; only the end is special."""

    special = frozenset({2})

    def decode(self, ids: list[int], skip_special: bool = False) -> str:
        return "".join(WORDS[one] for one in ids if not (skip_special and one in self.special))


def ending(tokens: list[int], most: int, stop: tuple[str, ...] = ()) -> tuple[str, str]:
    """How a row ends that is given these tokens, and its text."""
    events: list[Event] = []
    row = Row(Job((), most, stop=stop), events.append, Words(), frozenset({2}))  # type: ignore[arg-type]
    for token in tokens:
        choice: Any = SimpleNamespace(id=token, logprob=-0.1, top=())
        if row.accept(choice):
            break
    (result,) = (event for event in events if isinstance(event, Result))
    return result.reason, result.text


@pytest.mark.parametrize("most", [3, 4, 50])
def test_an_end_of_sequence_ends_the_answer_whatever_is_still_allowed(most: int) -> None:
    assert ending([1, 4, 2], most) == ("eos_token", "yes.")


@pytest.mark.parametrize("most", [2, 3, 50])
def test_a_stop_string_does_so_too(most: int) -> None:
    assert ending([1, 3], most, ("\n",)) == ("stop_sequence", "yes\n")
    assert ending([1, 4], most, ("s.",)) == ("stop_sequence", "yes.")


def test_what_has_no_end_is_cut_off() -> None:
    assert ending([1, 4, 2], 2) == ("length", "yes.")
    assert ending([1, 4, 3], 2, ("\n",)) == ("length", "yes.")
