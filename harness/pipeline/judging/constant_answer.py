"""What one and the same answer to every sample reaches: a gate that asks for no more shows nothing about a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness import catalog
from harness.core.ids import digest_json
from harness.core.json_values import canonical
from harness.core.policies import Subset
from harness.core.samples import Answer, Json, Outcome, Sample
from harness.core.suites import Task
from harness.metrics.interface import Item

# Metrics that are quick enough to be tried on made-up answers.
COMPUTED = ("accuracy", "exact_match", "field_accuracy", "partial_match", "macro_f1", "rouge_1", "rouge_2", "rouge_l")
_MOST_ANSWERS, _MOST_SAMPLES = 3, 2_000


@dataclass(frozen=True, slots=True)
class ConstantAnswer:
    """How good the best one is by a metric, in [0, 1], and the `model` that gives it, in words."""

    value: float
    model: str


def best_constant_answer(task: Task, metric: str, subset: Subset | None = None) -> ConstantAnswer | None:
    """The best of a task's commonest targets, given to every sample; None for a metric that is not in COMPUTED."""
    spec = next((spec for spec in task.metrics if spec.name == metric), None)
    kind = subset.kind if subset else ""
    samples = [sample for sample in task.samples if _is_in(sample, subset)]
    if spec is None or spec.catalog_name not in COMPUTED or not samples:
        return None
    if spec.catalog_name == "macro_f1":
        return _best_f1(samples, subset.name if subset and kind == "class" else None)
    if subset and kind == "class":  # its recall: right on all samples of the class, and wrong on all others
        return ConstantAnswer(1.0, _always(subset.name))
    step = -(-len(samples) // _MOST_SAMPLES)  # spread over all of them, as rows are often sorted by class
    sampled, field = samples[::step], subset.name if subset and kind == "field" else ""
    plug = catalog.build("metrics", spec.catalog_name, spec.arguments)
    answers = []
    for answer, model in _constant_answers(task, sampled):
        scores = plug.score([Item(sample, Answer(sample.id, Outcome.SCORED, answer)) for sample in sampled])
        values = [
            plug.better.goodness(score.value) for score in scores if score.part == field and score.value is not None
        ]
        answers += [ConstantAnswer(sum(values) / len(values), model)] if values else []
    return max(answers, key=lambda constant: constant.value, default=None)


def _is_in(sample: Sample, subset: Subset | None) -> bool:
    """Whether a constant answer is scored on the sample. For a class that is all of them: F1 needs the others, too."""
    if subset is None or subset.kind == "class":
        return True
    if subset.kind == "slice":
        return sample.slices.get(subset.name) == subset.value
    return isinstance(sample.target, Mapping) and subset.name in sample.target


def _best_f1(samples: Sequence[Sample], label: str | None) -> ConstantAnswer:
    """F1 of a class that is always given; macro-F1 shares it among all classes, as the others get 0."""
    classes = Counter(str(sample.target) for sample in samples)
    name, count = (label, classes[label]) if label is not None else classes.most_common(1)[0]
    f1 = 2 * count / (classes.total() + count)
    return ConstantAnswer(f1 if label is not None else f1 / len(classes), _always(name))


def _constant_answers(task: Task, samples: Sequence[Sample]) -> Iterator[tuple[Json, str]]:
    """The commonest targets as answers; of records also that of each field's commonest value."""
    kind = catalog.build("tasks", task.kind, task.arguments)
    targets = [sample.target for sample in samples]
    records = [target for target in targets if isinstance(target, dict)]
    always = [
        (target, "a model that always gives the most frequent record" if records else _always(str(target)))
        for target in _commonest(targets, _MOST_ANSWERS)
    ]
    if records:
        names = dict.fromkeys(name for record in records for name in record)
        values = {name: _commonest([record[name] for record in records if name in record], 1)[0] for name in names}
        always.append((values, "a model that always gives the most frequent value of each field"))
    for target, model in always:
        try:
            yield kind.read(kind.write(target)), model
        except ValueError:  # the commonest values need not make a record that the schema allows
            continue


def _commonest(values: Sequence[Json], count: int) -> list[Json]:
    digests = [digest_json(canonical(value)) for value in values]
    by_digest = dict(zip(digests, values, strict=True))
    return [by_digest[digest] for digest, _ in Counter(digests).most_common(count)]


def _always(label: str) -> str:
    return f"a model that always answers '{label}'"
