"""The best of a task's prompts for the base model, chosen on validation rows: never on the rows that judge."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness import catalog
from harness.core.directions import Better
from harness.core.errors import ConfigError, OutsideError
from harness.core.samples import Outcome
from harness.core.suites import Prompt, Task
from harness.metrics.interface import better_of
from harness.pipeline.running.answers import score_task
from harness.pipeline.running.asking import Asker, Batch
from harness.store.journal import Journal


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen prompt, and in words how the choice fell."""

    prompt: Prompt
    note: str


async def choose_prompt(asker: Asker, task: Task, folder: Path) -> Choice:
    """Ask all validation rows with every prompt; the best mean wins, the first among equals. Raises OutsideError."""
    assert task.prompt is not None
    prompts = (task.prompt, *task.alternatives)
    batches = [Batch(f"{task.name}.{i}", task, task.validation, prompt) for i, prompt in enumerate(prompts)]
    with asker.journal(folder / "choice" / task.name) as journal:
        await asker.ask(batches, journal)
        means = [_mean(batch, journal) for batch in batches]
    good = [better.goodness(mean) for mean, better in means]
    best = good.index(max(good))
    shown = ", ".join(f"{mean:.3f}" for mean, _ in means)
    return Choice(
        prompts[best],
        f"the baseline {asker.model.role} answers {task.name} with prompt {best + 1} of {len(prompts)}, chosen on "
        f"{len(task.validation)} validation rows ({shown})",
    )


def _mean(batch: Batch, journal: Journal) -> tuple[float, Better]:
    """Mean of the first metric that scores each sample, and where its better values lie."""
    task = batch.task
    outputs = [journal.done[batch.name, sample.id, r] for sample in batch.samples for r in range(task.repeats)]
    result = score_task(task, catalog.build("tasks", task.kind, task.arguments), batch.samples, outputs)
    lost = [answer for answer in result.answers if answer.outcome is Outcome.NOT_EVALUATED]
    if lost:
        raise OutsideError(
            f"{len(lost)} validation rows of {task.name} were not evaluated ({lost[0].reason}), so no prompt can be "
            "chosen. The same command asks only these again."
        )
    first = next((s.metric for s in result.scores if not s.part and s.value is not None), None)
    values = [s.value for s in result.scores if s.metric == first and not s.part and s.value is not None]
    if not values:
        raise ConfigError(f"no metric of {task.name} scores single samples, so no prompt can be chosen by it.")
    return sum(values) / len(values), next(better_of(spec) for spec in task.metrics if spec.name == first)
