"""The page of experiments: the table, and the curve of each training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.report import words
from harness.report.experiments.text import heads, own, row
from harness.report.experiments.view import Compared, Contestant
from harness.report.guard import label
from harness.report.internal.page import TrainingPart
from harness.report.internal.training import training_part
from harness.report.page import Cell, Table, anchor, number
from harness.report.page import heads as heads_of

_SENTENCE = 600


@dataclass(frozen=True, slots=True)
class Curve:
    """One training's section."""

    id: str
    name: str
    training: TrainingPart | None
    failed: str


@dataclass(frozen=True, slots=True)
class ExperimentsView:
    """The page; `table` is None where there is only one training to show."""

    title: str
    release: str
    verdict: str
    notes: tuple[str, ...]
    tables: tuple[Table, ...]
    curves: tuple[Curve, ...]


def build_experiments(compared: Compared) -> ExperimentsView:
    """The page of all experiments."""
    return ExperimentsView(
        f"Experiments of {label(compared.release)}",
        label(compared.release),
        label(compared.verdict, _SENTENCE),
        tuple(label(note, _SENTENCE) for note in compared.notes),
        tuple(_tables(compared)),
        tuple(_curves(compared)),
    )


def build_failure(name: str, told: Mapping[str, object], sentence: str) -> ExperimentsView:
    """The page of one training that failed; `told` is what it left of its history."""
    curve = Curve(anchor("training", name), label(name), training_part(told), "")
    return ExperimentsView(f"Training of {label(name)}", label(name), label(sentence, _SENTENCE), (), (), (curve,))


def _tables(compared: Compared) -> Iterator[Table]:
    known = [one for one in compared.contestants if not one.failed]
    rows = tuple(tuple(_row(one, compared)) for one in known)
    note = "" if compared.by_loss else f"Intervals: {100 * (2 * compared.level - 1):g} %, from the validation suites."
    head = ("Training", *(words.start(text) for text in heads(compared)[2:]))
    yield Table("Trainings, the best first", heads_of(*head), rows, note)
    names = list(dict.fromkeys(name for one in known for name in one.metrics if name != compared.choose))
    if names:
        cells = tuple((Cell(label(one.name)), *(number(own(one.metrics.get(name))) for name in names)) for one in known)
        yield Table("Other metrics of the validation suites", heads_of("Training", *map(label, names)), cells)


def _row(one: Contestant, compared: Compared) -> Iterator[Cell]:
    _, name, *cells = row(one, compared)
    yield Cell(name, "", "goes on" if one.name == compared.chosen else "")
    for text in cells:
        yield number(text)


def _curves(compared: Compared) -> Iterator[Curve]:
    """One for each training, whatever number of its checkpoints is compared."""
    told: set[str] = set()
    for one in compared.contestants:
        if one.experiment not in told:
            told.add(one.experiment)
            part = training_part(one.manifest) if one.manifest else None
            yield Curve(anchor("training", one.experiment), label(one.experiment), part, label(one.failed, _SENTENCE))
