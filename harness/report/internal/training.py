"""How the adapter was trained: the losses, the step that was kept, and what the trainer warned of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from harness.report import words
from harness.report.guard import label, written
from harness.report.internal.gates import SENTENCE
from harness.report.internal.page import Exhibit, TrainingPart, exhibit
from harness.report.page import Cell, Fact, Table, heads, number
from harness.report.pictures.losses import losses

Point = tuple[float, float]

_POINTS = 400
_ROWS = 40
_WARNINGS = 20


def training_part(manifest: Mapping[str, object] | None) -> TrainingPart | None:
    """None where the adapter was given, not trained."""
    if manifest is None:
        return None
    history = [entry for entry in _list(manifest.get("history")) if isinstance(entry, Mapping)]
    trained, validated = series(history, "loss"), series(history, "validation_loss")
    best = _number(manifest.get("best_step"))
    warnings = tuple(label(written(text), SENTENCE) for text in _list(manifest.get("warnings"))[:_WARNINGS])
    return TrainingPart(_facts(manifest, trained, validated, best), warnings, _losses(trained, validated, best))


def series(history: Sequence[Mapping[str, object]], key: str) -> list[Point]:
    """(step, value) of the entries that have both, as finite numbers, by step."""
    found = [(_number(entry.get("step")), _number(entry.get(key))) for entry in history]
    return sorted((step, value) for step, value in found if step is not None and value is not None)


def thinned(points: Sequence[Point]) -> tuple[Point, ...]:
    """At most about 400 points: the first of each stretch, and the last."""
    step = max(1, math.ceil(len(points) / _POINTS))
    return (*points[:-1:step], *points[-1:])


def _losses(trained: list[Point], validated: list[Point], best: float | None) -> Exhibit | None:
    table = _table(trained, validated, best)
    if table is None:
        return None
    lines = [thinned(points) if len(points) > 1 else () for points in (trained, validated)]
    return exhibit(losses(lines[0], lines[1], best) if any(lines) else None, table)


def _facts(
    manifest: Mapping[str, object], trained: list[Point], validated: list[Point], best: float | None
) -> tuple[Fact, ...]:
    wall, rows = _number(manifest.get("wall_seconds")), manifest.get("rows")
    kept = dict(validated).get(best) if best is not None else None
    facts = [
        Fact("Rows", _rows(rows)) if rows is not None else None,
        Fact("Took", words.seconds(wall)) if wall is not None else None,
        Fact("Training loss", f"{trained[0][1]:.3f} → {trained[-1][1]:.3f}") if trained else None,
        Fact("Validation loss kept", f"{kept:.3f}", f"at step {best:.0f}") if kept is not None else None,
        *_used(manifest),
    ]
    return tuple(fact for fact in facts if fact is not None)


def _used(manifest: Mapping[str, object]) -> tuple[Fact | None, ...]:
    """Device, memory and energy; nothing for a manifest of a harness that did not measure them."""
    device, memory = manifest.get("device_name"), _number(manifest.get("peak_memory_bytes"))
    joules, reason = _number(manifest.get("energy_joules")), manifest.get("energy_reason")
    unknown = Fact("Energy", "not known", label(written(reason), SENTENCE)) if reason else None
    return (
        Fact("Device", label(written(device), SENTENCE)) if device else None,
        Fact("Peak memory", f"{memory / 2**30:.2f} GiB", "of the first process") if memory is not None else None,
        Fact("Energy", f"{joules / 3.6e6:.3f} kWh") if joules is not None else unknown,
    )


def _rows(rows: object) -> str:
    if isinstance(rows, Mapping):
        return ", ".join(f"{label(str(name))}: {label(written(number))}" for name, number in rows.items())
    return f"{rows:,}" if isinstance(rows, int) else label(written(rows))


def _table(trained: list[Point], validated: list[Point], best: float | None) -> Table | None:
    """Losses at the steps that were validated, else at some of all: the curve as numbers."""
    learned, checks = dict(trained), dict(validated)
    steps = sorted(checks) or sorted(learned)
    shown = steps[:: max(1, math.ceil(len(steps) / _ROWS))]
    rows = tuple(
        (
            Cell(f"{step:.0f}" + (" (kept)" if step == best else "")),
            number(f"{learned[step]:.3f}" if step in learned else words.NOTHING),
            number(f"{checks[step]:.3f}" if step in checks else words.NOTHING),
        )
        for step in shown
    )
    head, note = heads("Step", "Training", "Validation"), "Nats per token."
    return Table("Training and validation loss", head, rows, note, style="narrow") if rows else None


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def _number(value: object) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if known and isinstance(value, int | float) else None
