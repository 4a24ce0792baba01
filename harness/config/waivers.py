"""waivers.yaml: gates that may miss their bounds, by whose word, by how much and until when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from harness.config._pydantic import parse
from harness.config.schema import WaiverFile, WaiversFile
from harness.config.source import Source, load_yaml, nearest
from harness.core.errors import ConfigError, Problem
from harness.core.metric_refs import COST, LATENCY
from harness.core.places import Place
from harness.core.policies import Gate, Waiver
from harness.core.verdicts import Role

FILE = "waivers.yaml"
# What a drop does to the threshold of each rule that can be waived.
_WIDER = {"at_least": -1, "win_rate": -1, "at_most": 1, "at_most_share": 1, "margin": 1, "improves": 1}


def load_waivers(
    root: Path, release: str, gates: Sequence[Gate], complete: bool
) -> tuple[tuple[Waiver, ...], list[Problem]]:
    """The waivers of a project, and every problem that they have; none where there is no such file.

    Those for another release than `release` may be for gates that only that one has. `complete` tells that `gates` are
    all gates of the release: else one that is missing here is told elsewhere.
    """
    if not (root / FILE).exists():
        return (), []
    try:
        source = load_yaml(root / FILE, FILE)
    except ConfigError as error:
        return (), list(error.problems)
    parsed = parse(WaiversFile, source, source.value)
    if isinstance(parsed, list):
        return (), parsed
    problems = _twice(parsed, source)
    known = {gate.id: gate for gate in gates}
    for index, file in enumerate(parsed.waivers):
        gate = known.get(file.gate)
        ours = file.release in (None, release)
        wrong = (_unfit(file, gate) if gate else _unknown(file, known, complete)) if ours else ()
        found = [*_date_problems(file), *wrong]
        problems += [source.problem(["waivers", index, key], *said) for key, *said in found]
    return tuple(_waiver(file, index, source) for index, file in enumerate(parsed.waivers)), problems


def not_waivable(gate: Gate) -> str | None:
    """Why no waiver can be for a gate; None where one can."""
    if gate.role is Role.CRITICAL or gate.rule == "no_critical_failures":
        return "a critical failure cannot be waived"
    if gate.role is Role.ADVISORY:
        return "an advisory gate blocks nothing, so there is nothing to waive"
    return None if gate.rule in _WIDER else f"the rule '{gate.rule}' has no bound that a waiver could widen"


def widened(gate: Gate, drop: float) -> Gate:
    """The gate with a bound that is wider by `drop`: better by -drop is no worse than by a margin of drop."""
    threshold = gate.threshold + _WIDER[gate.rule] * drop
    return replace(gate, rule="margin" if gate.rule == "improves" else gate.rule, threshold=threshold)


def _twice(parsed: WaiversFile, source: Source) -> list[Problem]:
    found, seen = [], set()
    for index, file in enumerate(parsed.waivers):
        scope = (file.gate, file.release, file.adapter)
        if scope in seen:
            found.append(source.problem(["waivers", index], f"the gate {file.gate} is waived twice for the same."))
        seen.add(scope)
    return found


def _date_problems(file: WaiverFile) -> Iterator[tuple[str, str]]:
    try:
        date.fromisoformat(file.expires)
    except ValueError:
        yield "expires", f"'{file.expires}' is no day of the calendar."


def _unknown(file: WaiverFile, known: dict[str, Gate], complete: bool) -> Iterator[tuple[str, str, str | None]]:
    if complete:
        hint = nearest(file.gate, known) or f"There are: {', '.join(known)}."
        yield "gate", f"the release has no gate '{file.gate}'.", hint


def _unfit(file: WaiverFile, gate: Gate) -> Iterator[tuple[str, str]]:
    """Why a gate that is there cannot be waived, or not by so much."""
    reason = not_waivable(gate)
    if reason:
        yield "gate", f"{gate.id}: {reason}."
    elif not _is_bound(widened(gate, file.largest_drop)):
        yield "largest_drop", f"{file.largest_drop:g} lets anything pass; 0.04 is a drop of 4 points."


def _is_bound(gate: Gate) -> bool:
    """Whether a gate's threshold can be missed at all."""
    return gate.threshold > 0 and (gate.threshold < 1 or gate.metric in (COST, *LATENCY))


def _waiver(file: WaiverFile, index: int, source: Source) -> Waiver:
    return Waiver(**file.model_dump(), place=Place(source.file, source.line(["waivers", index])))
