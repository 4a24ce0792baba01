"""Compare the canary with production on the requests that the router saw, and say: advance, hold or roll back.

It may be asked as often as one likes: all bounds hold at any time. Exit codes: 0 advance, 1 roll back, 3 hold, 2 no
canary stands. With --apply it is done, too; to production only with --to-production."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.command import release_argument

if TYPE_CHECKING:
    from harness.core.canaries import CanaryAnalysis, RuleResult
    from harness.core.releases import Release


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    release_argument(parser)
    parser.add_argument("--apply", action="store_true", help="do it: raise the share, or withdraw the canary")
    parser.add_argument("--to-production", action="store_true",
                        help="with --apply: after the last share promote it, as `harness promote` would")  # fmt: skip
    parser.add_argument("--watch", type=_seconds, metavar="SECONDS", help="look again and again until it is decided")
    parser.add_argument("--json", action="store_true", help="print the analysis as JSON")


def main(given: argparse.Namespace) -> int:
    """Print the analysis; the exit code is its outcome."""
    from harness.core.canaries import Outcome
    from harness.core.errors import ConfigError, ExitCode
    from harness.pipeline.validate import validate

    if given.to_production and not given.apply:
        raise ConfigError("--to-production is a way to apply the outcome: add --apply.")
    release = validate(Path(given.file))
    found = _decided(release, given.watch) if given.watch else _looked(release)
    done = _applied(release, found, given.to_production) if given.apply else None
    if given.json:
        print(json.dumps({**found.as_json(), "done": done}, indent=1, sort_keys=True))
    else:
        print("\n".join(_lines(found)))
        if done:
            print(done)
    codes = {Outcome.ADVANCE: ExitCode.PASS, Outcome.ROLLBACK: ExitCode.FAIL, Outcome.HOLD: ExitCode.INCONCLUSIVE}
    return int(codes[found.outcome])


def _looked(release: Release) -> CanaryAnalysis:
    from harness.pipeline.canary.analyse import analyse
    from harness.pipeline.canary.kept import keep
    from harness.pipeline.workspace import Workspace

    found = analyse(release, time.time())
    keep(Workspace(release.root), found)
    return found


def _decided(release: Release, seconds: float) -> CanaryAnalysis:
    """Look until the outcome is another than to hold."""
    from harness.cli.progress import ProgressPrinter
    from harness.core.canaries import Outcome
    from harness.core.events import Event

    with ProgressPrinter() as watch:
        while (found := _looked(release)).outcome is Outcome.HOLD:
            watch(Event("canary", "note", f"{found.outcome}: {found.reason}"))
            time.sleep(seconds)
    return found


def _applied(release: Release, found: CanaryAnalysis, to_production: bool) -> str:
    from harness.pipeline.canary.apply import apply

    return apply(release, found, to_production=to_production)


def _lines(found: CanaryAnalysis) -> Iterator[str]:
    yield f"v{found.version} ({found.share:.0%} of the traffic) beside v{found.production}, by {found.unit}"
    yield f"{'':<12} {'canary':>9} {'production':>10} {'compared':>9}  {'bounds':<19} {'tolerated':<16} shown"
    yield from (_rule(rule) for rule in found.rules)
    for name, side in found.sides.items():
        yield (f"{name}: {side.counted} count, {side.failed} of them failed; not counted: {side.cancelled} cancelled, "
               f"{side.refused} refused, {side.later} later ones of a user, {side.waiting} too new")  # fmt: skip
    yield from found.notes
    yield f"{found.outcome}: {found.reason}"


def _rule(rule: RuleResult) -> str:
    share = rule.name in ("errors", "format")
    bounds = f"{_number(rule.low, share)} to {_number(rule.high, share)}"
    least = "" if rule.least is None or rule.least <= 0 else f"{_number(rule.least, share)} to "
    return (f"{rule.name:<12} {_number(rule.canary, share):>9} {_number(rule.production, share):>10} "
            f"{_number(rule.value, share):>9}  {bounds:<19} {f'{least}{_number(rule.most, share)}':<16} "
            f"{rule.standing}")  # fmt: skip


def _number(value: float | None, share: bool) -> str:
    if value is None:
        return "-"
    return f"{value:.2%}" if share else f"{value:.3g}"


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 86_400:
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds above 0")
    return value
