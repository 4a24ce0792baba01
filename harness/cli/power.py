"""Say how many samples a gate needs: at least, and for a wanted chance to pass. Planning values are all it takes."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from harness.cli.command import share

if TYPE_CHECKING:
    from harness.stats.planning import Design

POWERS = (0.5, 0.8, 0.9)
GATE_LEAST = 30


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    rule = parser.add_mutually_exclusive_group(required=True)
    rule.add_argument(
        "--margin", type=_points, metavar="POINTS", help="no worse than the baseline by more than (2, or 0.02)"
    )
    rule.add_argument(
        "--improves", type=_points, metavar="POINTS", help="better than the baseline, which it is by (2, or 0.02)"
    )
    rule.add_argument("--at-least", type=share, metavar="RATE", help="a rate shown to lie above (0.95)")
    rule.add_argument("--at-most", type=share, metavar="RATE", help="a rate shown to lie below (0.01)")
    rule.add_argument("--win-rate", type=share, metavar="RATE", help="a share of wins shown to lie above (0.6)")
    rule.add_argument("--no-critical-failures", type=share, metavar="RATE", help="none at all, shown rarer than (0.03)")
    parser.add_argument(
        "--expect", type=share, metavar="RATE", help="planned true rate (of failures: how often one fails)"
    )
    parser.add_argument("--discordance", type=share, default=0.12, metavar="SHARE",
                        help="planned share of samples on which just one model is right (default: 0.12)")  # fmt: skip
    parser.add_argument("--alpha", type=_alpha, default=0.05, help="one-sided error of the bound (default: 0.05)")
    parser.add_argument(
        "--power", type=share, action="append", help="chance to pass that is wanted (default: 0.5, 0.8, 0.9)"
    )
    parser.add_argument("--samples", type=_count, metavar="N", help="say what so many samples can show, too")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print it")


def main(given: argparse.Namespace) -> int:
    """Print the numbers."""
    found = _answer(given, _design(given))
    print(json.dumps(found, indent=1) if given.format == "json" else _text(given, found))
    return 0


def _points(text: str) -> float:
    """A difference in points where it is 1 or more, else as a share."""
    value = float(text)
    return share(str(value / 100 if value >= 1 else value))


def _alpha(text: str) -> float:
    value = share(text)
    if value >= 0.5:
        raise argparse.ArgumentTypeError(f"{text} is not below 0.5")
    return value


def _count(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 1,000,000")
    return value


def _design(given: argparse.Namespace) -> Design:
    from harness.core.errors import ConfigError
    from harness.stats import planning

    alpha, expected = given.alpha, given.expect
    if expected is not None and (given.margin or given.improves):
        raise ConfigError("--expect is a model's own rate; a comparison is planned with --discordance.")
    if given.margin:
        return planning.WithinMargin(given.margin, alpha, given.discordance)
    if given.improves:
        if given.improves > given.discordance:
            raise ConfigError(
                f"a gain of {_share(given.improves)} is more than the share of samples on which the models differ "
                f"({_share(given.discordance)}): give a larger --discordance."
            )
        return planning.Gain(alpha, given.discordance, given.improves)
    if given.at_most:
        return planning.RateBelow(given.at_most, alpha, expected)
    if given.no_critical_failures:
        return planning.NoFailures(given.no_critical_failures, alpha, expected)
    return planning.RateAbove(given.at_least or given.win_rate, alpha, expected)


def _answer(given: argparse.Namespace, design: Design) -> dict[str, Any]:
    powers = given.power or POWERS
    found: dict[str, Any] = {
        "question": _question(given),
        "planned": _planned(given),
        "alpha": given.alpha,
        "least": design.least(),
        "samples": {f"{power:g}": design.samples(power) for power in powers},
    }
    if given.samples:
        detectable = {f"{power:g}": design.detectable(given.samples, power) for power in powers}
        found["at_hand"] = {"n": given.samples, "chance": design.chance(given.samples), "detectable": detectable}
    return found


def _question(given: argparse.Namespace) -> str:
    if given.margin:
        return f"no worse by more than {_share(given.margin, 'points')}"
    if given.improves:
        return f"better, by {_share(given.improves, 'points')}"
    if given.no_critical_failures:
        return f"no failure, shown rarer than {_share(given.no_critical_failures)}"
    if given.at_most:
        return f"a rate below {_share(given.at_most)}"
    named = "a share of wins" if given.win_rate else "a rate"
    return f"{named} above {_share(given.at_least or given.win_rate)}"


def _planned(given: argparse.Namespace) -> str:
    if given.margin:
        return f"the models are equal, discordance {_share(given.discordance)}"
    if given.improves:
        return f"discordance {_share(given.discordance)}"
    return "" if given.expect is None else f"a true rate of {_share(given.expect)}"


def _text(given: argparse.Namespace, found: dict[str, Any]) -> str:
    planned = f"; planned: {found['planned']}" if found["planned"] else ""
    lines = [f"{found['question']}, with {_share(1 - given.alpha)} confidence{planned}"]
    lines.append(f"  {found['least']:>9,} samples at least: below that no result of this kind can pass")
    if found["least"] < GATE_LEAST:
        lines.append(f"  {GATE_LEAST:>9,} samples at least in a release's gate (policy.min_samples)")
    for power, n in found["samples"].items():
        if n is not None:
            lines.append(f"  {n:>9,} samples to pass with {_share(float(power))}")
    if found["planned"] and None in found["samples"].values():
        lines.append("  no number of samples gives the other chances: what is planned is too near to the bound")
    elif None in found["samples"].values():
        lines.append("  --expect RATE tells how many samples it takes where the true rate is that")
    return "\n".join([*lines, *_at_hand(given, found.get("at_hand"))])


def _at_hand(given: argparse.Namespace, found: dict[str, Any] | None) -> list[str]:
    if found is None:
        return []
    lines = [f"{found['n']:,} samples"]
    if found["chance"] is not None:
        lines.append(f"  pass with {_share(round(found['chance'], 3))}")
    for power, effect in found["detectable"].items():
        if effect is not None:
            lines.append(f"  {_effect(given, effect)} passes with {_share(float(power))}")
    return lines if len(lines) > 1 else [f"{lines[0]}: can't pass"]


def _effect(given: argparse.Namespace, effect: float) -> str:
    if given.margin:
        return f"a margin of {_share(effect, 'points', 3)}"
    if given.improves:
        return f"a gain of {_share(effect, 'points', 3)}"
    side = "at most" if given.at_most or given.no_critical_failures else "at least"
    return f"a true rate of {side} {_share(effect, digits=4)}"


def _share(value: float, unit: str = "%", digits: int = 6) -> str:
    return f"{100 * value:.{digits}g} {unit}"
