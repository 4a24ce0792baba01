"""Show what `harness gate` would do, what is done already, and what each gate can come to. Nothing is started."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli.command import release_argument, share

if TYPE_CHECKING:
    from harness.pipeline.planning.plan import ReleasePlan, Step
    from harness.pipeline.planning.prospects import Planning, Prospect


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print it")
    parser.add_argument(
        "--discordance", type=share, default=0.12, metavar="SHARE",
        help="planned share of samples on which just one of two models is right (default: 0.12)",
    )  # fmt: skip
    parser.add_argument(
        "--expect", type=_expected, action="append", default=[], metavar="[METRIC=]RATE",
        help="planned true rate, of one metric or of every at_least gate",
    )  # fmt: skip
    parser.add_argument("--power", type=share, default=0.8, help="chance to pass that is wanted (default: 0.8)")


def main(given: argparse.Namespace) -> int:
    """Print the plan. What can't pass is told, and is no error: nothing was judged."""
    from harness.pipeline.planning.plan import plan
    from harness.pipeline.planning.prospects import Planning
    from harness.pipeline.validate import validate

    planning = Planning(given.discordance, dict(given.expect), given.power)
    found = plan(validate(Path(given.file)), planning)
    print(json.dumps(_record(found), indent=1) if given.format == "json" else _text(found))
    return 0


def _expected(text: str) -> tuple[str, float]:
    metric, _, rate = text.rpartition("=")
    return metric, share(rate)


def _text(found: ReleasePlan) -> str:
    width = max(len(step.title) for step in found.steps)
    lines = [f"release '{found.release.name}'", ""]
    lines += [f"  {step.title:<{width}}  {_step(step)}".rstrip() for step in found.steps]
    lines += ["", f"  {_total(found.steps)}", *(f"  {note}" for note in found.notes), "", "gates"]
    for one in found.prospects:
        lines += [f"  {_state(one):<11}  {one.gate.id}", *(f"  {'':<11}  {line}" for line in _prospect(one, found))]
    return "\n".join(lines)


def _step(step: Step) -> str:
    if step.title.partition(" ")[0] in ("base", "training", "choice") or step.state == "fresh":
        return step.state
    asked = f"{step.requests:,} requests" if step.requests or not step.uncounted else ""
    more = "lm-eval's requests (their number is not known yet)" if step.uncounted else ""
    return f"{step.state}: {' and '.join(filter(None, (asked, more)))}, {_time(step.seconds)}"


def _total(steps: tuple[Step, ...]) -> str:
    left = [step for step in steps if step.state != "fresh"]
    if not left:
        return "Nothing is left to do but to judge."
    known = [step.seconds for step in left if step.seconds is not None]
    asked = f"In all at most {sum(step.requests for step in left):,} requests"
    asked += ", beside lm-eval's" if any(step.uncounted for step in left) else ""
    without = [step.title for step in left if step.seconds is None]
    beyond = f" (not known: {', '.join(without)})" if without and known else ""
    return f"{asked}; {_time(sum(known) if known else None)}{beyond}."


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "time not known yet"
    return f"about {seconds:.0f} s" if seconds < 100 else f"about {seconds / 60:.0f} min"


def _state(one: Prospect) -> str:
    return {True: "can pass", False: "cannot pass", None: "not known"}[one.can_pass]


def _prospect(one: Prospect, found: ReleasePlan) -> list[str]:
    """The samples, then the chances; each a line."""
    if one.obstacle:
        first = one.obstacle
    else:
        have = "the samples are known once they were asked" if one.samples is None else f"{one.samples:,} samples"
        first = f"{have}; {f'{one.least:,} are the fewest' if one.least else 'no number is enough'}"
    return [first, *filter(None, [_chance(one, found.planning)])]


def _chance(one: Prospect, planning: Planning) -> str:
    level = f"{100 * planning.power:g} %"
    parts = [f"passes with {100 * one.chance:.0f} % {_if(one, planning)}"] if one.chance is not None else []
    if one.wanted is not None:
        parts.append(f"{one.wanted:,} samples give {level}" + ("" if parts else f" {_if(one, planning)}"))
    if one.detectable is not None and one.gate.rule != "margin":
        parts.append(_detects(one, planning, level))
    return "; ".join(parts)


def _if(one: Prospect, planning: Planning) -> str:
    if one.gate.rule == "margin":
        return f"if the models are equal (discordance {planning.discordance:g})"
    expected = planning.expect.get(one.gate.metric, planning.expect.get("", 0.0))
    return f"if the true rate is {expected:g}"


def _detects(one: Prospect, planning: Planning, level: str) -> str:
    effect = f"{100 * (one.detectable or 0):.3g}"
    match one.gate.rule:
        case "improves":
            return f"a gain of {effect} points passes with {level} (discordance {planning.discordance:g})"
        case "no_critical_failures":
            return f"passes with {level} if at most {effect} % truly fail"
        case _:
            side = "at most" if one.gate.rule == "at_most" else "at least"
            return f"a true rate of {side} {effect} % passes with {level}"


def _record(found: ReleasePlan) -> dict[str, Any]:
    from dataclasses import asdict

    fields = ("samples", "least", "can_pass", "obstacle", "wanted", "chance", "detectable")
    return {
        "release": found.release.name,
        "steps": [asdict(step) for step in found.steps],
        "requests": found.requests,
        "planning": asdict(found.planning),
        "gates": [
            {"gate": one.gate.id, "role": str(one.gate.role), "line": one.gate.place.line}
            | {name: getattr(one, name) for name in fields}
            for one in found.prospects
        ],
        "notes": list(found.notes),
    }
