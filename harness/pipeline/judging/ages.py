"""How old the answers are. A model that is known by address and name alone may be another one by now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from harness.core.ids import short
from harness.core.releases import Release
from harness.core.runs import Run
from harness.core.times import age_of, spelled
from harness.pipeline.judging.evidence import Material
from harness.pipeline.running.reruns import may_change


def too_old(release: Release, material: Material, decided: str) -> str | None:
    """Why a decision of this time (ISO) can't rest on its runs; None where it can.

    The time that the runs themselves took is allowed on top: the first of them is no older for the last one's length.
    """
    policy = release.policy
    if policy.max_age is None:
        return None
    runs = list(_runs(material))
    limit = policy.max_age + sum(run.seconds for _, _, run in runs)
    for role, suite, run in runs:
        age = age_of(run, decided) if _expires(release, role, run) else 0.0
        if age > limit:
            return (
                f"the run of {suite} against the {role} was asked {spelled(age)} before, of a model that is known by "
                f"its address and name alone, and policy.max_age is {spelled(policy.max_age)}"
            )
    return None


def age_notes(release: Release, material: Material) -> list[str]:
    """Which runs were asked anew, and for how long those of names that can move count."""
    anew = [
        f"the run of {suite} against the {role} was asked anew on {day(run)}: {short(run.id)} counts, and no longer "
        f"{short(run.replaces)}"
        for role, suite, run in _runs(material)
        if run.replaces
    ]
    policy = release.policy
    movable = dict.fromkeys(role for role, _, run in _runs(material) if _expires(release, role, run))
    if not movable:
        return anew
    known = f"{', '.join(movable)} answered under an address and a name, which may come to mean another model"
    counts = (
        "they count however old they are" if policy.max_age is None else f"they count for {spelled(policy.max_age)}"
    )
    return [*anew, f"{known}: {counts} (policy.max_age)"]


def _expires(release: Release, role: str, run: Run) -> bool:
    """Whether a run is of a name that can move. An anchor's is what it was at its decision, and stays so."""
    return may_change(run.server) and not any(one.name == role and one.kind == "anchor" for one in release.baselines)


def day(run: Run) -> str:
    """When a run was asked, to the minute."""
    return datetime.fromisoformat(run.started).strftime("%Y-%m-%d %H:%M")


def asked_at(material: Material) -> Mapping[str, Mapping[str, str]]:
    """When each run was asked, by role and suite."""
    return {role: {suite: judged.run.started for suite, judged in suites.items()} for role, suites in material.items()}


def _runs(material: Material) -> Iterator[tuple[str, str, Run]]:
    for role, suites in material.items():
        for suite, judged in suites.items():
            yield role, suite, judged.run
