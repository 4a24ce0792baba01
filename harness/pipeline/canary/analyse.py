"""A canary's analysis: from the registry and the router's log to advance, hold or roll back."""

from __future__ import annotations

from collections.abc import Iterator

from harness.core.canaries import CanaryAnalysis, Outcome, RuleResult, Standing
from harness.core.releases import Release
from harness.core.routes import CanaryRules
from harness.core.versions import CANARY, PRODUCTION
from harness.pipeline.canary.rules import left_out_more, results
from harness.pipeline.canary.step import Step, step_of
from harness.pipeline.canary.traffic import SESSION_SECONDS, Traffic, traffic_of
from harness.pipeline.registry.read import registry
from harness.pipeline.workspace import Workspace


def analyse(release: Release, now: float) -> CanaryAnalysis:
    """The canary that stands, by the requests that came before `now` (seconds since 1970).

    Requests newer than `route.timeout` wait: slow ones are not in the log yet, and the quick ones alone would tell
    another story. Raises ConfigError where no canary stands, OutsideError for a log that was changed by hand.
    """
    workspace, alpha = Workspace(release.root), release.policy.alpha
    step = step_of(registry(workspace, release.name), release.canary)
    until = now - release.route.timeout
    # Lines of before releases had folders of their own lie beside: a step that began then needs them, too.
    seen = traffic_of((workspace.traffic, workspace.traffic_of(release.name)), step, until)
    found = results(seen, release.canary, alpha)
    outcome, reason, share = _outcome(step, seen, found, release.canary, alpha)
    return CanaryAnalysis(
        release=release.name,
        version=step.canary.number,
        production=step.production.number,
        share=step.share,
        move=step.move,
        since=step.since,
        until=until,
        alpha=alpha,
        unit="user" if seen.by_user else "request",
        outcome=outcome,
        reason=reason,
        next_share=share,
        rules=found,
        sides={name: side.counts for name, side in seen.sides.items()},
        notes=tuple(_notes(seen)),
    )


def _outcome(
    step: Step, seen: Traffic, found: tuple[RuleResult, ...], rules: CanaryRules, alpha: float
) -> tuple[Outcome, str, float | None]:
    """What is to be done, why, and the share that is next."""
    named = step.canary.name
    broken = [rule.name for rule in found if rule.standing is Standing.BROKEN]
    if broken:
        return Outcome.ROLLBACK, f"{named} is shown to be worse than is tolerated: {', '.join(broken)}.", None
    why = next(_holding(step, seen, found, rules, alpha), None)
    if why:
        return Outcome.HOLD, why, None
    share = next((share for share in rules.shares if share > step.share + 1e-9), None)
    then = "it is ready for production" if share is None else f"its next share is {share:.0%}"
    return Outcome.ADVANCE, f"{named} is shown to keep every rule: {then}.", share


def _holding(
    step: Step, seen: Traffic, found: tuple[RuleResult, ...], rules: CanaryRules, alpha: float
) -> Iterator[str]:
    """Why a canary may not advance."""
    ours, theirs = seen.sides[CANARY], seen.sides[PRODUCTION]
    unit = "users" if seen.by_user else "requests"
    if not ours.n and not theirs.n:
        yield "no request is in the log of this step yet: is `harness route` running, and used?"
    for name, side in ((step.canary.name, ours), (step.production.name, theirs)):
        if side.n < rules.requests:
            yield f"{name} has {side.n} {unit} that count, of {rules.requests} that are needed."
    if left_out_more(seen, alpha):
        yield f"more requests to {step.canary.name} than to {step.production.name} were cancelled or refused: look why."
    for rule in found:
        if rule.standing is not Standing.KEPT:
            yield f"{rule.name} is neither shown to be kept nor broken{f': {rule.reason}' if rule.reason else ''}."


def _notes(seen: Traffic) -> Iterator[str]:
    if seen.by_user:
        yield f"one request of each user's first {SESSION_SECONDS / 60:.0f} minutes counts, as they hang together"
    else:
        yield "each request counts by itself: without route.sticky nobody knows which hang together"
    if seen.torn:
        yield f"{seen.torn} lines were never written whole (a router was killed) and count for nobody"
