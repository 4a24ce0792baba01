"""Outputs to answers to scores: every sample ends as scored, model failed or not evaluated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from harness import catalog
from harness.core.endings import Ending, ending_of
from harness.core.runs import Counts, MetricInfo, TaskResult
from harness.core.samples import Answer, Outcome, Output, Sample, Score
from harness.core.secrets import masked_answer, masked_output, masked_samples
from harness.core.suites import Task
from harness.metrics.interface import CLIPPED, Item, better_of
from harness.tasks.interface import TaskKind


def read_answer(kind: TaskKind, output: Output) -> Answer:
    """The answer in an output. An error is the infrastructure's; whatever else is no readable answer, the model's, and
    so is a request that the server refuses for good (too long for the model).

    A refusal that the server marks as one is an answer where the task asks for refusals. A text that was cut off is one
    where the kind of task says so (`cut_off`); the reason tells that it lacks its end.
    """
    ending = ending_of(output)
    if ending is Ending.REJECTED:
        return Answer(output.sample_id, Outcome.MODEL_FAILED, reason=f"the server refused it for good: {output.error}")
    if ending is Ending.LOST or output.text is None:
        return Answer(output.sample_id, Outcome.NOT_EVALUATED, reason=output.error or "no output")
    refused = getattr(kind, "refused", None)
    if ending is Ending.REFUSAL and refused is not None:
        return Answer(output.sample_id, Outcome.SCORED, refused)
    cut = ending is Ending.LENGTH and output.text.strip() != "" and getattr(kind, "cut_off", "fail") == "score"
    if ending is not Ending.ANSWERED and not cut:
        return Answer(output.sample_id, Outcome.MODEL_FAILED, reason=_no_answer(ending, output))
    try:
        reason = _no_answer(ending, output) if cut else None
        return Answer(output.sample_id, Outcome.SCORED, kind.read(output.text), reason)
    except ValueError as error:
        return Answer(output.sample_id, Outcome.MODEL_FAILED, reason=str(error))


def _no_answer(ending: Ending, output: Output) -> str:
    """Why there is nothing to read, with the finish reason."""
    if ending is Ending.LENGTH and (output.text or "").strip():
        return f"the output was cut off after {output.generated_tokens} tokens"
    if ending is Ending.EMPTY:
        return f"the output is empty (finish_reason: {output.finish_reason or 'none'})"
    if ending is Ending.LENGTH:
        return f"the output is empty: cut off after {output.generated_tokens} tokens (finish_reason: length)"
    return f"the provider ended the answer (finish_reason: {output.finish_reason})"


def score_task(task: Task, kind: TaskKind, samples: Sequence[Sample], outputs: Sequence[Output]) -> TaskResult:
    """Answers and scores of one task, in the samples' order, a sample's repeats beside each other.

    Keys are masked before outputs are read, and in what answers are compared with: scores are the same whether outputs
    come from the model, a journal or a cache. Raises ValueError unless each repeat of each sample has its output.
    """
    asked = [(sample, repeat) for sample in samples for repeat in range(task.repeats)]
    if [(output.sample_id, output.repeat) for output in outputs] != [(sample.id, repeat) for sample, repeat in asked]:
        raise ValueError("the outputs are not one for each repeat of each sample in the samples' order")
    outputs = tuple(map(masked_output, outputs))
    read = ((masked_answer(read_answer(kind, output)), output.repeat) for output in outputs)
    answers = tuple(replace(answer, repeat=repeat) if repeat else answer for answer, repeat in read)
    compared = [one for one in masked_samples(samples) for _ in range(task.repeats)]
    items = [Item(sample, answer) for sample, answer in zip(compared, answers, strict=True)]
    scores: list[Score] = []
    for spec in task.metrics:
        scores += catalog.build("metrics", spec.catalog_name, spec.arguments).score(items)
    return TaskResult(task.name, tuple(samples), outputs, answers, tuple(scores))


def metric_infos(task: Task) -> tuple[MetricInfo, ...]:
    """How the task's metrics are to be read later."""
    labels = task.arguments.get("labels")
    own: tuple[str, ...] = getattr(catalog.plug("tasks", task.kind), "classes", ())
    classes = tuple(str(label) for label in labels) if isinstance(labels, list) else own
    plugs = [(spec, catalog.plug("metrics", spec.catalog_name)) for spec in task.metrics]
    return tuple(
        MetricInfo(spec.name, plug.aggregate, plug.version, classes, getattr(plug, "parts", ""), better_of(spec))
        for spec, plug in plugs
    )


def tokenizers(task: Task) -> dict[str, str]:
    """By what the task's metrics cut texts into words, for those that say so."""
    plugs = ((spec.name, catalog.plug("metrics", spec.catalog_name)) for spec in task.metrics)
    return {name: plug.tokenizer for name, plug in plugs if hasattr(plug, "tokenizer")}


def clip_notes(results: Sequence[TaskResult]) -> list[str]:
    """A sentence for each metric with scores beyond its scale, which count as the worst one there."""
    counts = Counter((result.task, score.metric) for result in results for score in result.scores
                     if score.reason and score.reason.endswith(CLIPPED))  # fmt: skip
    return [f"{number} scores of {metric} on {task} were beyond its scale: each {CLIPPED}"
            for (task, metric), number in counts.items()]  # fmt: skip


def count(results: Sequence[TaskResult]) -> Counts:
    """How all samples of a run ended."""
    found = Counter(answer.outcome for result in results for answer in result.answers)
    return Counts(found[Outcome.SCORED], found[Outcome.MODEL_FAILED], found[Outcome.NOT_EVALUATED])
