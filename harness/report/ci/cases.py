"""What CI shows: a case for each gate, and one for the release where no gate tells why it is held."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from harness.core.decisions import Decision, GateResult
from harness.core.errors import ConfigError, HarnessError, OutsideError, Problem
from harness.core.places import Place
from harness.core.policies import Waiver
from harness.core.verdicts import Role, Verdict
from harness.report.guard import label

MESSAGE = 1_000
NAME = 300


class Effect(StrEnum):
    """What a case does to the release, the worst first. `SHOWN`: not a PASS, and does not hold the release."""

    FAIL = "fail"
    ERROR = "error"
    OUTSIDE = "outside"
    INCONCLUSIVE = "inconclusive"
    WAIVED = "waived"
    SHOWN = "shown"
    PASS = "pass"

    @property
    def blocks(self) -> bool:
        """Whether the release is held by it."""
        return self in (Effect.FAIL, Effect.ERROR, Effect.OUTSIDE, Effect.INCONCLUSIVE)


@dataclass(frozen=True, slots=True)
class Ending:
    """A command that came to no decision: its problems, and whether the outside world is to blame."""

    release: str
    problems: tuple[Problem, ...]
    outside: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One line of what CI shows. `name` is unique among the gates; `name` and `message` hide nothing, on one line.

    `file` is relative to the repository, `line` counts from 1. `result` None: the case is about the release itself.
    """

    name: str
    effect: Effect
    message: str
    file: str
    line: int | None = None
    result: GateResult | None = None
    waiver: Waiver | None = None

    @property
    def word(self) -> str:
        """The verdict in words: FAIL, FAIL (waived), ERROR."""
        verdict = str(self.result.verdict) if self.result else "ERROR" if self.effect is Effect.OUTSIDE else ""
        return f"{verdict or self.effect.upper()}{' (waived)' if self.effect is Effect.WAIVED else ''}"


def ending(release: str, error: HarnessError) -> Ending:
    """Why there is no decision."""
    problems = error.problems if isinstance(error, ConfigError) else (Problem(str(error)),)
    return Ending(release, problems, isinstance(error, OutsideError))


def cases(found: Decision | Ending, release_file: str) -> tuple[Case, ...]:
    """Every gate of a decision, or every problem of an ending; never empty.

    A decision that is no PASS always has a case that blocks. `release_file` is relative to the repository.
    """
    if isinstance(found, Ending):
        effect = Effect.OUTSIDE if found.outside else Effect.ERROR
        return tuple(_problem(problem, effect, release_file) for problem in found.problems)
    waivers = {use.waiver.gate: use.waiver for use in found.waivers if use.outcome == "used"}
    made = [_gate(result, waivers.get(result.gate.id), release_file) for result in found.results]
    if not made or (found.verdict is not Verdict.PASS and not any(case.effect.blocks for case in made)):
        made.append(_release(found, release_file))
    return _told_apart(made)


def worst_first(found: Iterable[Case]) -> list[Case]:
    """Those that hold the release before those that do not; as declared among their like."""
    return sorted(found, key=lambda case: list(Effect).index(case.effect))


def effect_of(result: GateResult) -> Effect:
    """What a gate's verdict does to the release."""
    role, verdict = result.gate.role, result.verdict
    if verdict is Verdict.PASS:
        return Effect.PASS
    if result.waived:
        return Effect.WAIVED
    if role is Role.ADVISORY or (role is Role.GUARDRAIL and verdict is Verdict.INCONCLUSIVE):
        return Effect.SHOWN
    return Effect.OUTSIDE if result.finding.outside else Effect(verdict.lower())


def _gate(result: GateResult, waiver: Waiver | None, release_file: str) -> Case:
    effect, gate = effect_of(result), result.gate
    before = f"{result.verdict} of a gate that is {gate.role} only. " if effect is Effect.SHOWN else ""
    if effect is Effect.WAIVED:
        by = f" by {waiver.owner} until {waiver.expires}: {waiver.reason}" if waiver else ""
        before = f"{result.verdict}, waived{by}. "
    beside = f" ({result.answers})" if result.answers else ""
    message = label(f"{before}{result.sentence}{beside}", MESSAGE)
    return Case(label(gate.id, NAME), effect, message, *_at(gate.place, release_file), result, waiver)


def _release(found: Decision, release_file: str) -> Case:
    place = Place(posixpath.basename(release_file))
    return Case("release", Effect(found.verdict.lower()), label(found.reason, MESSAGE), *_at(place, release_file))


def _problem(problem: Problem, effect: Effect, release_file: str) -> Case:
    place = Place(problem.file, problem.line) if problem.file else Place(posixpath.basename(release_file))
    text = f"{problem.message} {problem.hint}" if problem.hint else problem.message
    return Case("release", effect, label(text, MESSAGE), *_at(place, release_file))


def _at(place: Place, release_file: str) -> tuple[str, int | None]:
    """Files are declared relative to the release's folder; CI wants them relative to the repository."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(release_file), place.file))
    return label(path, MESSAGE), place.line


def _told_apart(made: Iterable[Case]) -> tuple[Case, ...]:
    """Readers of these files take two cases of one name for one, and would lose a failure."""
    kept: dict[str, Case] = {}
    for case in made:
        name, number = case.name, 2
        while name in kept:
            name, number = f"{case.name} ({number})", number + 1
        kept[name] = replace(case, name=name)
    return tuple(kept.values())
