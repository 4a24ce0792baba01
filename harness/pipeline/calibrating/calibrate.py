"""Whether the gates of a release can be trusted: a model beside itself, error rates at the bounds, a back-test."""

from __future__ import annotations

from dataclasses import dataclass

from harness.core.events import Event, Watch
from harness.core.releases import Release
from harness.core.verdicts import Verdict
from harness.pipeline.at_hand import judge_stored
from harness.pipeline.calibrating.again import Past, SameModel, back_test, with_itself, with_second_runs
from harness.pipeline.calibrating.error_rates import WORST, ErrorRates, error_rates
from harness.pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was found. `itself` and `second_runs` are comparing gates on one model, `past` earlier candidates."""

    release: Release
    decision: str
    itself: tuple[SameModel, ...]
    second_runs: tuple[SameModel, ...]
    rates: tuple[ErrorRates, ...]
    past: tuple[Past, ...]

    @property
    def problems(self) -> list[str]:
        """What no gate may do, in sentences; none where all is well."""
        alpha = self.release.policy.alpha
        found = [f"{one.gate.what} {one.gate.rule} FAILs on the {one.model}'s run beside itself."
                 for one in self.itself if one.verdict is Verdict.FAIL]  # fmt: skip
        failed = [one for one in self.second_runs if one.verdict is Verdict.FAIL]
        if len(failed) > alpha * len(self.second_runs):
            named = ", ".join(dict.fromkeys(f"{one.gate.what} {one.gate.rule}" for one in failed))
            counted = f"{len(failed)} of {len(self.second_runs)} comparisons of two runs of one model FAIL"
            found.append(f"{counted} ({named}); {100 * alpha:g} % may.")
        found += [f"{one.gate.id} errs more often than in {100 * WORST * one.alpha:g} % of the releases at its bound."
                  for one in self.rates if one.above(WORST)]  # fmt: skip
        return found


def calibrate(release: Release, simulations: int, seed: int, watch: Watch) -> Calibration:
    """All four checks on what is stored; nothing is run and nothing written.

    Raises ConfigError naming the runs that are missing, OutsideError where the store or a bundle cannot be read.
    """
    judged, workspace = judge_stored(release), Workspace(release.root)
    look = judged.decision.looks[0]
    watch(Event("itself", "begin", "each model beside itself"))
    itself = with_itself(release, judged.material, look)
    second = with_second_runs(release, workspace, look)
    watch(Event("itself", "done", f"{len(itself) + len(second)} comparisons"))
    rates = error_rates(release, judged.material, simulations, seed, watch)
    watch(Event("back-test", "begin", "today's gates on earlier candidates"))
    past = back_test(release, workspace)
    watch(Event("back-test", "done", f"{len(past)} candidates"))
    return Calibration(release, judged.decision.id, tuple(itself), tuple(second), tuple(rates), tuple(past))
