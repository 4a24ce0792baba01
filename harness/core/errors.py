"""What can go wrong, each with the exit code that tells a caller whose fault it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """Part of the API: a broken network must never look like a bad model, nor the reverse."""

    PASS = 0
    FAIL = 1
    CONFIG = 2
    INCONCLUSIVE = 3
    OUTSIDE = 4
    BUG = 5
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one place of the user's input, and what to do about it.

    `line` counts from 1; `hint` is a sentence in the imperative.
    """

    message: str
    file: str | None = None
    line: int | None = None
    hint: str | None = None

    def __str__(self) -> str:
        place = self.file or ""
        if self.file and self.line:
            place = f"{self.file}:{self.line}"
        text = f"{place}: {self.message}" if place else self.message
        return f"{text} {self.hint}" if self.hint else text


class HarnessError(Exception):
    """Anything that ends a command with a message for the user instead of a traceback."""

    exit_code: ExitCode = ExitCode.BUG


class ConfigError(HarnessError):
    """Usage, configuration or data is wrong: every problem found, in one list."""

    exit_code = ExitCode.CONFIG

    def __init__(self, problems: Iterable[Problem] | Problem | str) -> None:
        if isinstance(problems, str):
            problems = Problem(problems)
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class OutsideError(HarnessError):
    """A server, a training process, a disk or a port failed: nothing was judged."""

    exit_code = ExitCode.OUTSIDE
