"""Judgement: a pure function of stored runs and a policy. The same evidence gives the same decision every time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from harness import __version__, catalog
from harness.client.proof import PROVEN
from harness.core.decisions import Decision, Finding, GateResult
from harness.core.directions import Better
from harness.core.ids import digest_json
from harness.core.metric_refs import COST, MEASURED_RUN, metric_refs
from harness.core.policies import Gate, Policy
from harness.core.releases import BaselineSpec, Release
from harness.core.runs import Model
from harness.core.samples import Json
from harness.core.verdicts import Role, Verdict, release_verdict
from harness.gates import _wording
from harness.pipeline.judging import provenance
from harness.pipeline.judging.ages import age_notes, asked_at, too_old
from harness.pipeline.judging.attempts import NONE, Attempts, too_many
from harness.pipeline.judging.comparable import of_task, recipe_differences
from harness.pipeline.judging.costs import cost_evidence, prices_digest
from harness.pipeline.judging.endings import endings_beside, endings_notes, endings_of, limits_of
from harness.pipeline.judging.evidence import Judged, Material, error, evidence_for
from harness.pipeline.judging.ids import record_id, without_usual
from harness.pipeline.judging.leaks import both, leak_notes, leaked_of, too_many_leaked, without
from harness.pipeline.judging.notes import notes_on
from harness.pipeline.judging.reason import reason_of
from harness.pipeline.judging.second_gate import missing_second_gate
from harness.pipeline.judging.waive import waive, waivers_digest
from harness.pipeline.looks import alpha_of, at_look
from harness.pipeline.recipe import task_recipe
from harness.stats.multiple import holm
from harness.stats.series import Settings


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision with the runs that it rests on."""

    release: Release
    material: Material
    decision: Decision


def judge(
    release: Release,
    material: Material,
    candidate: Mapping[str, Json],
    decided: str,
    attempts: Attempts = NONE,
    look: int | None = None,
    earlier: bool = False,
) -> Decision:
    """The decision. `candidate` holds the digests of adapter and base; `attempts` are those of that adapter.

    `decided` is the ISO time, which is no evidence; waivers expire by its day. `look` is the one of the declared looks
    that the runs were made for (None: the last). `earlier`: as harnesses wrote it that kept neither endings, nor when
    the runs were asked, nor the digests of their manifests; runs of any age then count.
    """
    policy, material = release.policy, _in_order(release, material)
    if policy.looks == 0:  # other samples are no second look where the bounds allow for any number of them
        attempts = replace(attempts, otherwise=())
    look = max(1, policy.looks) if look is None else look
    leaked = leaked_of(candidate)
    mixed_up = (
        _mixed_up(at_look(release, look), material, candidate)
        or too_many_leaked(leaked, policy)
        or (None if earlier else too_old(release, material, decided))
    )
    unproven = _unproven(material)
    alphas = [alpha_of(gate, release, look) for gate in policy.gates]
    clean = without(release, material, leaked) if leaked else material

    def find(gate: Gate) -> Finding:
        alpha = alpha_of(gate, release, look)
        found = error(mixed_up) if mixed_up else _finding(gate, release, material, attempts, alpha)
        found = both(found, lambda: _finding(gate, release, clean, attempts, alpha), leaked)
        if found.passes and unproven and not release.serve.accept_unproven:
            return replace(found, passes=False, reason=str(unproven))
        weak = missing_second_gate(gate, release, material) if found.passes else ""
        return replace(found, passes=False, reason=weak) if weak else found

    findings = [find(gate) for gate in policy.gates]
    results = tuple(map(_result, policy.gates, verdicts(policy, findings, alphas), findings))
    refs = metric_refs(release.suites)
    if not earlier:
        results = tuple(
            replace(one, answers=endings_beside(one.gate, refs.get(one.gate.metric), material)) for one in results
        )
    results, waivers = waive(release, results, candidate, decided, find)
    verdict = release_verdict(
        ((one.gate.role, one.verdict) for one in results if not one.waived),
        waived=(one.gate.role for one in results if one.waived),
    )
    endings = endings_of(material)
    runs = {role: {suite: judged.run.id for suite, judged in suites.items()} for role, suites in material.items()}
    digests = {"release": release.digest, "policy": policy_digest(policy), "harness": __version__}
    digests |= {f"suite {suite.name}": suite.digest for suite in release.suites}
    digests |= {"waivers": waivers_digest(release.waivers)} if release.waivers else {}
    digests |= prices_digest(release)
    digests |= provenance.digests(release, material, candidate)
    digests |= {} if earlier else provenance.run_digests(material)
    decision = Decision(
        id="",
        release=release.name,
        verdict=verdict,
        reason=reason_of(verdict, results, waivers),
        results=results,
        runs=runs,
        candidate=candidate,
        digests=digests,
        notes=(
            *notes_on(release, material, look),
            *leak_notes(leaked, results),
            *attempts.notes,
            *([unproven] if unproven else []),
            *([] if earlier else endings_notes(endings, limits_of(material), policy.gates, refs)),
            *([] if earlier else age_notes(release, material)),
        ),
        decided=decided,
        waivers=waivers,
        attempts=attempts.numbers,
        looks=(look, max(1, policy.looks)),
        endings={} if earlier else endings,
        asked={} if earlier else asked_at(material),
    )
    return replace(decision, id=decision_id(decision))


def _in_order(release: Release, material: Material) -> Material:
    """As the release declares it: a decision does not depend on the order in which its runs were stored or named."""
    roles = ["candidate", *(spec.name for spec in release.baselines)]
    names = [suite.name for suite in release.suites]
    return {
        role: {suite: material[role][suite] for suite in _sorted(material[role], names)}
        for role in _sorted(material, roles)
    }


def _sorted(found: Iterable[str], first: Sequence[str]) -> list[str]:
    return sorted(found, key=lambda name: (first.index(name) if name in first else len(first), name))


def infrastructure_failed(decision: Decision) -> bool:
    """Whether an ERROR is the outside world's (exit 4) and not the configuration's (exit 2)."""
    errors = [r for r in decision.results if r.verdict is Verdict.ERROR and r.gate.role is not Role.ADVISORY]
    return any(result.finding.outside for result in errors)


def _finding(gate: Gate, release: Release, material: Material, attempts: Attempts, alpha: float) -> Finding:
    policy, refs = release.policy, metric_refs(release.suites)
    tried = too_many(gate, refs, attempts.numbers, policy.max_attempts)
    if tried:
        return error(tried)
    evidence = (
        cost_evidence(gate, material, release.prices, policy)
        if gate.metric == COST
        else evidence_for(gate, refs, material, policy)
    )
    if isinstance(evidence, Finding):
        return evidence
    settings = Settings(alpha, policy.resamples, policy.seed, policy.min_samples, anytime=policy.looks == 0)
    found: Finding = catalog.build("gates", gate.rule, {"threshold": gate.threshold}).find(evidence, settings)
    return found


def verdicts(policy: Policy, findings: Sequence[Finding], alphas: Sequence[float]) -> list[Verdict]:
    """Each PASS at its alpha by itself (all must pass: an intersection-union test); the FAIL claims under Holm.

    A gate that may spend only a part of alpha at this look has its p-value raised in proportion.
    """
    raised = [policy.alpha / alpha for alpha in alphas]
    claims = {i: min(1.0, one.p_fail * raised[i]) for i, one in enumerate(findings) if one.p_fail is not None}
    adjusted = dict(zip(claims, holm(list(claims.values())), strict=True))
    return [_verdict(finding, adjusted.get(i), policy.alpha) for i, finding in enumerate(findings)]


def _verdict(finding: Finding, p_fail: float | None, alpha: float) -> Verdict:
    if finding.verdict is not None:
        return finding.verdict
    if finding.passes:
        return Verdict.PASS
    return Verdict.FAIL if p_fail is not None and p_fail <= alpha else Verdict.INCONCLUSIVE


def _result(gate: Gate, verdict: Verdict, finding: Finding) -> GateResult:
    return GateResult(
        gate, verdict, finding, _wording.engineer(gate, verdict, finding), _wording.client(gate, verdict, finding)
    )


def _mixed_up(release: Release, material: Material, candidate: Mapping[str, Json]) -> str | None:
    """Which run is of another model or suite than the one judged; None where all are what they are taken for."""
    wanted = {suite.name: suite.digest for suite in release.suites}
    specs = {spec.name: spec for spec in release.baselines}
    for role, suites in material.items():
        for suite, judged in suites.items():
            title = f"the run of {suite} against the {role}"
            if not _is_the_one(judged.run.model, specs.get(role), candidate):
                return f"{title} was made with another model"
            if suite != MEASURED_RUN and judged.run.suite_digest != wanted.get(suite):
                return f"{title} was made with another version of the suite{_changed(release, judged)}"
    return None


def _changed(release: Release, judged: Judged) -> str:
    """What the release asks otherwise than a run did, as far as it was kept."""
    now = next((suite for suite in release.suites if suite.name == judged.run.suite), None)
    parts = [
        f"{task.name}: {part}"
        for task in (now.tasks if now else ())
        if (then := of_task(judged.recipe, task.name))
        for part in recipe_differences(then, task_recipe(task))
    ]
    return f" ({'; '.join(parts)})" if parts else ""


def _is_the_one(model: Model, spec: BaselineSpec | None, candidate: Mapping[str, Json]) -> bool:
    """Whether a run's model is what its role says. `spec` None is the candidate."""
    base, adapter = model.base_digest == candidate.get("base_digest"), model.adapter_digest
    if spec is None:
        return base and adapter == candidate.get("adapter_digest") and not model.own
    match spec.kind:
        case "anchor":  # what it was is pinned by its decision
            return True
        case "remote":
            given: Mapping[str, Any] = spec.arguments["remote"]  # type: ignore[assignment]
            return not model.base_digest and model.own.get("model") == given["model"]
        case "human":
            return not model.base_digest and adapter is None
        case "production":
            return base and (adapter is not None or spec.arguments["production"] == "or_base")
        case _:
            return base and adapter is None


def _unproven(material: Material) -> str | None:
    """Why the candidate's adapter may not be what answered; None where that was proven in every run."""
    proofs = {judged.run.adapter_proof for judged in material["candidate"].values()}
    return next((f"adapter {proof}" for proof in sorted(proofs) if proof != PROVEN), None)


def policy_digest(policy: Policy) -> str:
    """Digest of the policy without the places where its gates are written: moving a line changes no rule."""
    value = asdict(policy)
    for gate in value["gates"]:
        del gate["place"]
        without_usual(gate, subset=None, unit="", better=Better.HIGHER)
    usual = {"looks": 1, "max_attempts": None, "max_leaked": 0, "max_age": 604_800.0, "max_refused": 0.05}
    return digest_json(without_usual(value, **usual))


def decision_id(decision: Decision) -> str:
    """Digest of all but the time, and of the places of gates in the file."""
    return record_id(asdict(decision))
