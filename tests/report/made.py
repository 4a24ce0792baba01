"""Material of a release as it looks in life: four suites, a candidate, the base model, a training run."""

from __future__ import annotations

import random

from harness.core.decisions import Decision, Evidence, Finding, GateResult
from harness.core.estimates import Estimate, Unestimable
from harness.core.ids import digest_json
from harness.core.places import Place
from harness.core.policies import Gate
from harness.core.runs import Counts, Model, Run
from harness.core.samples import Outcome
from harness.core.verdicts import Role, Verdict
from harness.report.material import CANDIDATE, Material
from tests.report.made_numbers import ALPHA, INFOS, MADE, costs, data, history, metric, speed, suites
from tests.report.made_results import FIELDS, LABELS

__all__ = ["ALPHA", "FIELDS", "LABELS", "costs", "data", "history", "speed", "suites"]

HOSTILE = "<script>alert(1)</script></style><!-- {{ 7*7 }} {% raw %} \u202egnp.exe\x00\x1b[31m ]]> & \"'"
YAML = "version: 1\nname: northlight\ncandidate:\n  base_model: demo:smollm2-135m-instruct\ngates: []\n"


def run(role: str, suite: str) -> Run:
    """The run of a suite by one model."""
    found = MADE[role][suite]
    ends = [answer.outcome for answer in found.answers]
    counts = Counts(*(ends.count(end) for end in (Outcome.SCORED, Outcome.MODEL_FAILED, Outcome.NOT_EVALUATED)))
    ours = role == CANDIDATE
    return Run(
        id=digest_json([role, suite]),
        release="northlight",
        suite=suite,
        suite_digest=digest_json(suite),
        model=Model(role, digest_json("base"), digest_json("adapter") if ours else None, 0 if ours else 4),
        server={"server": "harness-embedded", "dtype": "float32", "model_id": "smollm2-135m-instruct"},
        started="2026-11-22T03:12:36+00:00",
        seconds=93.4,
        counts=counts,
        metrics={found.task: INFOS[suite]},
        task_digests={found.task: digest_json(["task", suite])},
        adapter_proof="the server names the adapter by its digest" if ours else "",
        versions={"torch": "2.13.0", "transformers": "5.16.1"},
        data={found.task: digest_json(["data", suite])},
    )


def runs() -> dict[str, dict[str, Run]]:
    """Candidate and base model on four suites."""
    return {role: {suite: run(role, suite) for suite in suites} for role, suites in MADE.items()}


def gate(metric: str, rule: str, threshold: float, found: Evidence, verdict: Verdict, **rest: object) -> GateResult:
    """A gate's result with sentences like those of `gates`."""
    against = "base" if rule in ("margin", "improves") else None
    bound = {"margin": -threshold, "improves": 0.0}.get(rule, threshold)
    role = Role(str(rest.get("role", "gating")))
    finding = Finding(found, bound, verdict is Verdict.PASS, None, None, str(rest.get("reason", "")))
    name = metric.replace(".", " ").replace("_", " ")
    plain = {
        Verdict.PASS: f"On 240 test cases, {name} is as agreed, with 95% confidence.",
        Verdict.FAIL: f"On {name}, the new model is measurably worse than was agreed, so it is not released.",
        Verdict.INCONCLUSIVE: f"We do not have enough evidence yet to promise that {name} is as agreed.",
        Verdict.ERROR: f"{name.capitalize()} could not be judged.",
    }[verdict]
    sentence = f"{metric}: 93.3 % on 239 samples, 95 % bounds 90.0 % to 95.8 % → {verdict}."
    return GateResult(
        Gate(metric, rule, threshold, against, role, Place("release.yaml", 30)), verdict, finding, sentence, plain
    )


def gates() -> tuple[GateResult, ...]:
    """One of each rule and each verdict."""

    def alone(suite: str, name: str) -> Evidence:
        return metric(suite, name).own[CANDIDATE]

    def paired(suite: str, name: str) -> Evidence:
        return metric(suite, name).against["base"]

    return (
        gate("triage.accuracy", "at_least", 0.85, alone("triage", "accuracy"), Verdict.PASS, role="critical"),
        gate("triage.macro_f1", "improves", 0.0, paired("triage", "macro_f1"), Verdict.PASS),
        gate("orders.exact_match", "at_least", 0.60, alone("orders", "exact_match"), Verdict.INCONCLUSIVE),
        gate("general.accuracy", "margin", 0.05, paired("general", "accuracy"), Verdict.INCONCLUSIVE, role="guardrail"),
        gate("latency.p95", "at_most", 5.0, Estimate(0.98, 0.93, 1.07, 0.95, 520, "order statistics"), Verdict.PASS),
        gate(
            "errors.rate",
            "at_most",
            0.01,
            Estimate(0.0019, 0.0001, 0.0091, 0.95, 520, "Clopper-Pearson"),
            Verdict.PASS,
            role="guardrail",
        ),
        gate(
            "summaries.rouge_l",
            "at_least",
            0.4,
            Unestimable("40 samples are too few to prove anything here", 40),
            Verdict.ERROR,
            role="advisory",
        ),
    )


def training() -> dict[str, object]:
    """A manifest as the trainer writes it."""
    rng = random.Random(9)
    history: list[dict[str, float]] = [
        {"step": s, "epoch": s / 75, "loss": 0.35 + 2.4 * 0.972**s + rng.random() * 0.25} for s in range(1, 151)
    ]
    history += [
        {"step": s, "epoch": s / 75, "validation_loss": 0.5 + 2.2 * 0.965**s + max(0, s - 110) * 0.004}
        for s in range(0, 151, 15)
    ]
    return {
        "history": history,
        "best_step": 105,
        "wall_seconds": 512.4,
        "rows": {"train": 600, "validation": 90},
        "versions": {"axolotl": "0.19.0", "torch": "2.13.0"},
        "warnings": ["From step 105 on the validation loss rises while the training loss falls: over-fitting."],
    }


def decision(verdict: Verdict = Verdict.INCONCLUSIVE, results: tuple[GateResult, ...] | None = None) -> Decision:
    """A decision over `gates()`."""
    found = gates() if results is None else results
    return Decision(
        id=digest_json("decision"),
        release="northlight-support",
        verdict=verdict,
        reason="orders.exact_match must pass and is not shown to: 90 samples are too few for a bound above 60 %.",
        results=found,
        runs={CANDIDATE: {"triage": digest_json("run")}},
        candidate={"base_model": "demo:smollm2-135m-instruct", "adapter_digest": digest_json("adapter")},
        digests={"policy": digest_json("policy"), "release": digest_json("release")},
        notes=("The candidate was trained on this machine.",),
        decided="2026-11-22T03:21:07+00:00",
    )


def material(**changes: object) -> Material:
    """The whole; `changes` replace fields."""
    parts: dict[str, object] = {
        "decision": decision(),
        "runs": runs(),
        "suites": suites(),
        "training": training(),
        "release_yaml": YAML,
        "alpha": ALPHA,
        "speed": speed(),
        "costs": costs(),
        "history": history(),
        "data": data(),
    }
    return Material(**{**parts, **changes})  # type: ignore[arg-type]
