"""Material of a release as it looks in life: four suites, a candidate, the base model, a training run."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from harness.core.decisions import Decision, Evidence, Finding, GateResult
from harness.core.estimates import Estimate, Unestimable
from harness.core.ids import digest_json
from harness.core.releases import Gate, Place
from harness.core.runs import Counts, MetricInfo, Model, Run, TaskResult
from harness.core.samples import Answer, Json, Outcome, Output, Sample, Score
from harness.core.verdicts import Role, Verdict
from harness.report.material import CANDIDATE, Material, Recorded
from harness.report.measures import compare, estimate, measures

LABELS = ("billing", "shipping", "returns", "account", "technical", "other")
FIELDS = ("order_id", "product", "quantity", "date", "name")
ALPHA = 0.05
HOSTILE = "<script>alert(1)</script></style><!-- {{ 7*7 }} {% raw %} \u202egnp.exe\x00\x1b[31m ]]> & \"'"
YAML = "version: 1\nname: northlight\ncandidate:\n  base_model: demo:smollm2-135m-instruct\ngates: []\n"

Score4 = Callable[[str, Json, Json], list[Score]]


def samples(kind: str, count: int, target: Callable[[int], Json], **columns: str) -> tuple[Sample, ...]:
    """Rows with a text, a target and two slices."""
    made = []
    for i in range(count):
        text = f"{kind} message {i}: the parcel NL-{50000 + i} came late and the box was open, what now?"
        slices = {"language": ("en", "de", "fr")[i % 3], "style": ("plain", "short", "angry", "typos")[i % 4]}
        row = {"id": f"{kind}-{i:03}", "text": text, "target": target(i), **slices, **columns}
        made.append(Sample(f"{kind}-{i:03}", row, target(i), None, slices))
    return tuple(made)


def result(
    task: str, rows: Sequence[Sample], answer: Callable[[Sample], Json], score: Score4, seed: int, choices: bool = False
) -> TaskResult:
    """A task's result; an answer of None is one that could not be read, "lost" one that never came."""
    rng = random.Random(seed)
    outputs, answers, scores = [], [], []
    for sample in rows:
        value = answer(sample)
        lost = value == "lost"
        outcome = Outcome.NOT_EVALUATED if lost else Outcome.MODEL_FAILED if value is None else Outcome.SCORED
        reason = {
            Outcome.NOT_EVALUATED: "connection reset",
            Outcome.MODEL_FAILED: "the text is none of the labels",
        }
        text = None if lost or choices else "Dunno, ask Billing or so" if value is None else str(value)
        seconds = None if lost else rng.lognormvariate(-0.6, 0.35)
        nats = tuple(-rng.random() for _ in range(4)) if choices else None
        error = "connection reset" if lost else None
        outputs.append(Output(sample.id, text, "stop", 40, 4, seconds, nats, error))
        answers.append(Answer(sample.id, outcome, value if outcome is Outcome.SCORED else None, reason.get(outcome)))
        scores += (
            [Score(sample.id, "accuracy", None, reason="connection reset")]
            if lost
            else score(sample.id, value, sample.target)
        )
    return TaskResult(task, tuple(rows), tuple(outputs), tuple(answers), tuple(scores))


def right_or_wrong(metric: str) -> Score4:
    """1 where the answer is the target."""
    return lambda sample, value, target: [Score(sample, metric, float(value == target))]


def by_fields(sample: str, value: Json, target: Json) -> list[Score]:
    """exact_match and field_accuracy."""
    assert isinstance(target, dict)
    given = value if isinstance(value, dict) else {}
    each = {name: float(given.get(name) == wanted) for name, wanted in target.items()}
    scores = [Score(sample, "field_accuracy", share, name) for name, share in each.items()]
    whole = [Score(sample, "exact_match", float(all(each.values())))]
    return [*scores, Score(sample, "field_accuracy", sum(each.values()) / len(each)), *whole]


def overlap(seed: int, centre: float) -> Score4:
    """A rouge_l around `centre`."""
    rng = random.Random(seed)
    return lambda sample, value, target: [Score(sample, "rouge_l", min(1.0, max(0.0, rng.gauss(centre, 0.15))))]


def triage(share: float, seed: int) -> TaskResult:
    """240 classify samples; `share` of the answers are right, three unreadable, one lost."""
    rng = random.Random(seed)

    def answer(sample: Sample) -> Json:
        index = int(sample.id.split("-")[1])
        if index in (17, 80, 133):
            return None
        if index == 200 and seed == 1:
            return "lost"
        return sample.target if rng.random() < share else rng.choice(LABELS)

    rows = samples("triage", 240, lambda i: LABELS[i * 7 % 6])
    return result("queue", rows, answer, right_or_wrong("accuracy"), seed)


def orders(share: float, seed: int) -> TaskResult:
    """90 extraction samples of five fields."""
    rng = random.Random(seed)

    def target(i: int) -> Json:
        return {
            "order_id": f"NL-{50000 + i}",
            "product": "milk frother",
            "quantity": i % 4,
            "date": None,
            "name": "Ada",
        }

    def answer(sample: Sample) -> Json:
        assert isinstance(sample.target, dict)
        return {name: value if rng.random() < share else "?" for name, value in sample.target.items()}

    return result("details", samples("order", 90, target), answer, by_fields, seed)


def summaries(centre: float, seed: int) -> TaskResult:
    """40 generated sentences."""
    rows = samples("summary", 40, lambda i: f"Customer reports parcel {i} came late and wants a refund.")
    said = f"Customer says it was late, and wants money back ({seed})."
    return result("sentence", rows, lambda _: said, overlap(seed, centre), seed)


def general(share: float, seed: int) -> TaskResult:
    """150 multiple-choice samples of lm-eval."""
    rng = random.Random(seed)
    choices = ["the petals", "the roots", "the seeds", "the buds"]
    rows = tuple(
        Sample(f"gk-{i:03}", {"question": f"Question {i}?", "choices": choices, "answer": i % 4}, i % 4)
        for i in range(150)
    )
    return result(
        "knowledge",
        rows,
        lambda sample: sample.target if rng.random() < share else rng.randrange(4),
        right_or_wrong("accuracy"),
        seed,
        choices=True,
    )


METRICS = {
    "triage": ("accuracy", "macro_f1"),
    "orders": ("exact_match", "field_accuracy"),
    "summaries": ("rouge_l",),
    "general": ("accuracy",),
}
AGGREGATES = {"accuracy": "rate", "macro_f1": "macro_f1", "exact_match": "rate"}


def recorded(role: str, suite: str, found: TaskResult) -> Recorded:
    """A run with one task."""
    ends = [answer.outcome for answer in found.answers]
    counts = Counts(*(ends.count(end) for end in (Outcome.SCORED, Outcome.MODEL_FAILED, Outcome.NOT_EVALUATED)))
    infos = tuple(MetricInfo(name, AGGREGATES.get(name, "mean"), 1) for name in METRICS[suite])
    model = Model(
        role, digest_json("base"), digest_json("adapter") if role == CANDIDATE else None, 0 if role == CANDIDATE else 4
    )
    run = Run(
        id=digest_json([role, suite]),
        release="northlight",
        suite=suite,
        suite_digest=digest_json(suite),
        model=model,
        server={"server": "harness-embedded", "dtype": "float32", "model_id": "smollm2-135m-instruct"},
        started="2026-11-22T03:12:36+00:00",
        seconds=93.4,
        counts=counts,
        metrics={found.task: infos},
        task_digests={found.task: digest_json(["task", suite])},
        adapter_proof="the server names the adapter by its digest" if role == CANDIDATE else "",
        versions={"torch": "2.13.0", "transformers": "5.16.1"},
    )
    return run, (found,)


def runs() -> dict[str, dict[str, Recorded]]:
    """Candidate and base model on four suites."""
    made = {
        CANDIDATE: [triage(0.93, 1), orders(0.92, 2), summaries(0.48, 3), general(0.55, 4)],
        "base": [triage(0.5, 5), orders(0.7, 6), summaries(0.31, 7), general(0.62, 8)],
    }
    return {
        role: {suite: recorded(role, suite, found) for suite, found in zip(METRICS, results, strict=True)}
        for role, results in made.items()
    }


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
    made = runs()
    ours, theirs = ({suite: found[1][0] for suite, found in made[role].items()} for role in (CANDIDATE, "base"))
    infos = {measure.name: measure.info for measure in measures(made[CANDIDATE])}

    def alone(suite: str, metric: str) -> Evidence:
        return estimate(infos[f"{suite}.{metric}"], ours[suite], ALPHA)

    def paired(suite: str, metric: str) -> Evidence:
        return compare(infos[f"{suite}.{metric}"], ours[suite], theirs[suite], ALPHA)

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
        "training": training(),
        "release_yaml": YAML,
        "policy_alpha": ALPHA,
    }
    return Material(**{**parts, **changes})  # type: ignore[arg-type]
