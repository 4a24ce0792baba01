"""Results of the tasks of a release as they look in life: four suites, one task each."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from harness.core.runs import TaskResult
from harness.core.samples import Answer, Json, Outcome, Output, Sample, Score

LABELS = ("billing", "shipping", "returns", "account", "technical", "other")
FIELDS = ("order_id", "product", "quantity", "date", "name")

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


def results() -> dict[str, dict[str, TaskResult]]:
    """Each model's result of each suite's task, by role and suite."""
    return {
        "candidate": {
            "triage": triage(0.93, 1),
            "orders": orders(0.92, 2),
            "summaries": summaries(0.48, 3),
            "general": general(0.55, 4),
        },
        "base": {
            "triage": triage(0.5, 5),
            "orders": orders(0.7, 6),
            "summaries": summaries(0.31, 7),
            "general": general(0.62, 8),
        },
    }
