"""What a training's losses tell of it, in words with steps and numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import median

from harness.trainers.axolotl.history import NOISE, History, Point, ends
from harness.trainers.axolotl.rows import Rows

# Against the median of this many steps before it, a step is held to be out of line.
BEFORE, FEWEST_BEFORE = 10, 5
SPIKE, SPIKE_NATS = 3.0, 0.5
GRADIENT = 20.0
# Medians of fifths of a run; a rise by less than this from the lowest is noise.
AGAIN, AGAIN_NATS = 0.25, 0.1
# A last fall of the validation loss beyond the first share says that there was more to come; below the second, nothing.
STILL, FLAT = 0.2, 0.01
PLATEAU = 3  # evaluations in a row without a gain


def warnings(history: History, rows: Rows | None = None) -> list[str]:
    """What a person should know about a run that learned, in sentences."""
    rules: tuple[Callable[[History], str | None], ...] = (
        _not_validated, _diverged, _over_fitted, _spiked, _steep, _rising, _still_falling, _flat, _stopped,
    )  # fmt: skip
    found = [sentence for rule in rules if (sentence := rule(history))]
    return [*(_rows(rows) if rows else ()), *found]


def _rows(rows: Rows) -> Iterator[str]:
    """Axolotl leaves rows out and says so in its log alone."""
    for what, (given, used) in {"training": rows.training, "validation": rows.validation}.items():
        if used < given:
            yield (
                f"{given - used:,} of {given:,} {what} rows were not used: they are longer than sequence_len "
                f"({rows.longest:,} tokens), or have no answer to learn. Raise sequence_len, or shorten the rows."
            )
    if rows.cut:
        yield (
            f"{rows.cut:,} of {rows.training[0]:,} training rows fill sequence_len ({rows.longest:,} tokens) to the "
            "last token: what was longer was cut off, its answer first. Raise sequence_len, or shorten the rows."
        )


def _not_validated(history: History) -> str | None:
    """Validation rows that were looked at before the first step alone."""
    seen, steps = history.validation, history.training[-1].step if history.training else 0
    if not seen or not steps or any(point.step > 0 for point in seen):
        return None
    return (
        "The validation rows were used before the first step alone: 'eval_steps' lies beyond the "
        f"{steps} steps of this run. No checkpoint was the best one, and it could not stop early. Write a share of all "
        "steps: 'eval_steps: 0.1' and 'save_steps: 0.1'."
    )


def _diverged(history: History) -> str | None:
    if len(history.training) < 2:
        return None
    start, end = ends(history.training)
    first, last = history.training[0].step, history.training[-1].step
    if end < start:
        return None
    return (
        f"Divergence: the training loss rose from {start:.4f} (step {first}) to {end:.4f} (step {last}): the run "
        "diverged. A lower learning_rate or a longer warm-up would help."
    )


def _over_fitted(history: History) -> str | None:
    best = history.best
    last = history.validation[-1] if history.validation else None
    if best is None or last is None or last.step <= best.step or not history.training:
        return None
    start, end = ends(history.training)
    if last.loss <= best.loss * (1 + NOISE) or end >= start:
        return None
    return (
        f"Over-fitting: after step {best.step} (epoch {best.epoch:.1f}) the validation loss rose from "
        f"{best.loss:.4f} to {last.loss:.4f} while the training loss kept falling. The checkpoint of "
        f"step {best.step} was taken; fewer epochs or more rows would help."
    )


def _spiked(history: History) -> str | None:
    found = [(point, usual) for point, usual in _beside(history.training)
             if point.loss > SPIKE * usual and point.loss - usual > SPIKE_NATS]  # fmt: skip
    if not found:
        return None
    point, usual = max(found, key=lambda one: one[0].loss - one[1])
    times = f"{len(found)} times, most" if len(found) > 1 else "once,"
    return (
        f"Spikes: the training loss leapt {times} at step {point.step}, to {point.loss:.4f} from about {usual:.4f}. "
        "A lower learning_rate, a longer warm-up or a look at the rows of that batch would help."
    )


def _steep(history: History) -> str | None:
    found = [(point, usual) for point, usual in _beside(history.gradients) if point.loss > GRADIENT * usual > 0]
    if not found:
        return None
    point, usual = max(found, key=lambda one: one[0].loss / one[1])
    return (
        f"The gradient blew up: its norm was {point.loss:.3g} at step {point.step}, {point.loss / usual:.0f} times "
        f"that of the steps before ({usual:.3g}). A lower learning_rate or max_grad_norm would help."
    )


def _rising(history: History) -> str | None:
    """A training loss that fell and rose again, though not to where it began."""
    if len(history.training) < 5 * FEWEST_BEFORE:
        return None
    parts = _fifths(history.training)
    levels = [median(point.loss for point in part) for part in parts]
    lowest, last = min(levels), levels[-1]
    if levels[0] <= last or last <= lowest * (1 + AGAIN) or last - lowest <= AGAIN_NATS:
        return None
    turn = parts[levels.index(lowest)][-1].step
    return (
        f"Rising again: after about step {turn} the training loss rose from {lowest:.4f} to {last:.4f}. "
        "A lower learning_rate or a schedule that falls to 0 would help."
    )


def _still_falling(history: History) -> str | None:
    seen = history.validation
    if len(seen) < 2 or seen[-1] != history.best or seen[-2].step == 0 or history.stopped_early:
        return None
    before, last = seen[-2], seen[-1]
    if last.loss > before.loss * (1 - STILL):
        return None
    return (
        f"Still learning at the end: between step {before.step} and step {last.step}, the last, the validation loss "
        f"fell from {before.loss:.4f} to {last.loss:.4f}. One more epoch may help."
    )


def _flat(history: History) -> str | None:
    seen = [point for point in history.validation if point.step > 0][-PLATEAU - 1 :]
    if len(seen) <= PLATEAU or any(abs(one.loss - seen[0].loss) > FLAT * seen[0].loss for one in seen[1:]):
        return None
    return (
        f"Plateau: after step {seen[0].step} (epoch {seen[0].epoch:.1f}) the validation loss stayed at "
        f"{seen[0].loss:.4f}, within {100 * FLAT:.0f} %. Fewer epochs would do."
    )


def _stopped(history: History) -> str | None:
    if not history.stopped_early or not history.training:
        return None
    return (
        f"Early stopping ended the run at step {history.training[-1].step} of {history.planned}: the validation loss "
        "fell no more."
    )


def _beside(points: Sequence[Point]) -> Iterator[tuple[Point, float]]:
    """Each point with the median of those before it."""
    for place in range(FEWEST_BEFORE, len(points)):
        yield points[place], median(point.loss for point in points[max(0, place - BEFORE) : place])


def _fifths(points: Sequence[Point]) -> list[Sequence[Point]]:
    size = len(points) / 5
    return [points[round(i * size) : round((i + 1) * size)] for i in range(5)]
