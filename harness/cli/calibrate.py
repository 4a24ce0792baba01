"""Check the gates themselves on what is stored: a model beside itself, error rates at the bounds, earlier candidates.

Nothing is run. Exit 1 where a model FAILs beside itself, or a gate errs more often than it may."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli.command import release_argument

if TYPE_CHECKING:
    from harness.pipeline.calibrating.again import Past, SameModel
    from harness.pipeline.calibrating.calibrate import Calibration
    from harness.pipeline.calibrating.error_rates import ErrorRates

SIMULATIONS = 500
SEED = 20_260_101


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("--simulations", type=_count, default=SIMULATIONS, metavar="N",
                        help=f"how many releases to simulate at the bounds (default: {SIMULATIONS})")  # fmt: skip
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the simulation (default: {SEED})")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print it (default: text)")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")


def main(given: argparse.Namespace) -> int:
    """Print what was found."""
    from harness.cli.progress import ProgressPrinter
    from harness.pipeline.calibrating.calibrate import calibrate
    from harness.pipeline.validate import validate

    release = validate(Path(given.file))
    with ProgressPrinter(given.quiet) as watch:
        found = calibrate(release, given.simulations, given.seed, watch)
    print(json.dumps(_record(found), indent=1) if given.format == "json" else "\n".join(_lines(found)))
    return 1 if found.problems else 0


def _count(text: str) -> int:
    value = int(text)
    if not 100 <= value <= 100_000:
        raise argparse.ArgumentTypeError(f"{text} is not between 100 and 100,000")
    return value


def _lines(found: Calibration) -> list[str]:
    return [
        *_same_models("each run beside itself", found.itself),
        *_same_models("two runs of one model", found.second_runs),
        *_rates(found),
        *_back_test(found.past),
        "",
        *(found.problems or ["the gates err no more often than they may."]),
    ]


def _same_models(title: str, found: tuple[SameModel, ...]) -> list[str]:
    if not found:
        return [f"{title}: nothing to compare"]
    counts = ", ".join(f"{sum(one.verdict == name for one in found)} {name}"
                       for name in dict.fromkeys(one.verdict for one in found))  # fmt: skip
    failed = [f"  {one.gate.what} {one.gate.rule} FAILs: {one.model}" for one in found if one.verdict == "FAIL"]
    return [f"{title}: {len(found)} comparisons, {counts}", *failed]


def _rates(found: Calibration) -> list[str]:
    simulations = max((one.simulations for one in found.rates), default=0)
    alpha = 100 * found.release.policy.alpha
    noise = max((one.noise for one in found.rates if one.simulations), default=0.0)
    lines = [f"at its bound a gate passes, or fails, wrongly (alpha {alpha:g} %, {simulations} simulations, "
             f"so up to {alpha + 100 * noise:.1f} % is chance):"]  # fmt: skip
    width = max((len(one.gate.id) for one in found.rates), default=0)
    return lines + [f"  {one.gate.id:<{width}}  {_rate(one)}" for one in found.rates]


def _rate(one: ErrorRates) -> str:
    if one.false_pass is None:
        return f"not simulated: {one.reason}"
    size = f"{one.n:,} samples" + (f" in {one.groups} groups" if one.groups else "")
    fail = "" if one.false_fail is None else f", fails {100 * one.false_fail:.1f} %"
    return f"{size}: passes {100 * one.false_pass:.1f} %{fail}{'  more than alpha' if one.above() else ''}"


def _back_test(past: tuple[Past, ...]) -> list[str]:
    from harness.pipeline.calibrating.again import blocks

    judged = [one for one in past if one.now is not None]
    held = sum(one.now != "PASS" for one in judged)
    skipped = len(past) - len(judged)
    left = f" ({skipped} can't be judged again)" if skipped else ""
    lines = [f"today's policy would have blocked {held} of {len(judged)} candidates judged before{left}"]
    lines += [f"  {gate.id} would have blocked {count}" for gate, count in blocks(past).items()]
    return lines + [f"  {one.candidate}, {one.decided}: then {one.then}, {one.now or one.reason} now"
                    for one in past if one.now != one.then]  # fmt: skip


def _record(found: Calibration) -> dict[str, Any]:
    return {
        "decision": found.decision,
        "itself": [_same(one) for one in found.itself],
        "second_runs": [_same(one) for one in found.second_runs],
        "rates": [
            {"gate": one.gate.id, "n": one.n, "groups": one.groups, "simulations": one.simulations,
             "false_pass": one.false_pass, "false_fail": one.false_fail, "noise": one.noise,
             "above_alpha": one.above(), "reason": one.reason}
            for one in found.rates
        ],
        "past": [
            {"decision": one.decision, "decided": one.decided, "candidate": one.candidate, "then": one.then,
             "now": one.now, "blocked_by": [gate.id for gate in one.blocked_by], "reason": one.reason}
            for one in found.past
        ],
        "problems": found.problems,
    }  # fmt: skip


def _same(one: SameModel) -> dict[str, Any]:
    return {"gate": one.gate.id, "model": one.model, "verdict": one.verdict, "reason": one.reason}
