"""Samples side by side: what was asked, what is right, what each model gave, and where that differs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.core.directions import Better
from harness.core.samples import Outcome
from harness.report import words
from harness.report.guard import PASSAGE, label, passage, written
from harness.report.internal.diff import Piece, pieces, record
from harness.report.material import CANDIDATE, Material
from harness.report.numbers import TaskNumbers
from harness.report.page import Cell, Table, anchor
from harness.report.shown import Said, Shown

FAILING, WORSE, BETTER = "failing", "worse", "better"
_REASON = 300
_VALUE = 300
_SLICES = 8
_ON_A_PAGE = 600
_CHARACTERS = 2_500_000
_CELLS = 6_000

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """What one model gave: `worth` of it in words, what was wrong with its form, and its text in pieces."""

    who: str
    style: str
    worth: str
    note: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class SamplePart:
    """One sample. `suite`, `outcome`, `tags` (failing, worse, better) and `slices` ("language=de") are filtered by.

    `fields` are a record's fields beside each other, None where the target is no record.
    """

    anchor: str
    name: str
    suite: str
    outcome: str
    tags: tuple[str, ...]
    slices: tuple[str, ...]
    input: str
    target: str
    answers: tuple[AnswerPart, ...]
    fields: Table | None = None


@dataclass(frozen=True, slots=True)
class Samples:
    """Makes the parts of one page: how much is shown of each sample depends on how many there are.

    `most` is how many samples a list holds, `characters` how long a text may be, `fields` how many a record may have.
    """

    tags: Mapping[Key, tuple[str, ...]]
    most: int
    characters: int
    fields: int

    def part(self, task: TaskNumbers, one: Shown) -> SamplePart:
        """A sample, side by side."""
        cut = _cutter(self.characters)
        said = {role: one.said[role] for role in sorted(one.said, key=lambda role: role != CANDIDATE)}
        target = record(one.target)
        return SamplePart(
            sample_anchor(one),
            label(one.id),
            label(one.suite),
            _outcome(said.get(CANDIDATE), _direction(task)),
            self.tags.get(key(one), ()),
            tuple(f"{label(name)}={label(value)}" for name, value in list(one.slices.items())[:_SLICES]),
            cut(one.input),
            cut(one.target),
            tuple(_answer(task, role, told, one.target, target is None, cut) for role, told in said.items()),
            None if target is None else _fields(one, target, said, self.fields),
        )


def samples_of(material: Material) -> Samples:
    """How the samples of a page are shown, and how each is tagged."""
    tags: dict[Key, tuple[str, ...]] = {}
    lists = [(tag, found) for task in material.tasks for tag, found in _lists(task) if found]
    for tag, found in lists:
        for one in found:
            known = tags.get(key(one), ())
            tags[key(one)] = known if tag in known else (*known, tag)
    cards = max(1, len(tags))
    return Samples(
        tags,
        max(3, _ON_A_PAGE // max(1, len(lists))),
        max(160, min(PASSAGE, _CHARACTERS // (cards * (2 + 2 * len(material.roles))))),
        max(8, min(30, _CELLS // cards)),
    )


def _lists(task: TaskNumbers) -> list[tuple[str, Sequence[Shown]]]:
    found: list[tuple[str, Sequence[Shown]]] = [(FAILING, task.failures.worst)] if task.failures else []
    for change in task.changes:
        found += [(WORSE, change.fallen), (BETTER, change.risen)]
    return found


def key(one: Shown) -> Key:
    """What tells a sample from all others of the page."""
    return one.suite, one.task, one.id


def sample_anchor(one: Shown) -> str:
    """The id that a link to a sample leads to."""
    return anchor("sample", *key(one))


def task_name(material: Material, task: TaskNumbers) -> str:
    """The suite, with the task where the suite has several."""
    alone = sum(other.suite == task.suite for other in material.tasks) == 1
    return label(task.suite if alone else task.key)


def _cutter(characters: int) -> Callable[[str], str]:
    return lambda text: passage(text, characters) if text.strip() else "(empty)"


def _direction(task: TaskNumbers) -> Better:
    """Where the better scores of the main metric lie."""
    return next((one.info.better for one in task.metrics if one.info.name == task.main), Better.HIGHER)


def _outcome(said: Said | None, better: Better) -> str:
    if said is None or said.outcome is Outcome.NOT_EVALUATED or said.score is None:
        return "not evaluated"
    if said.outcome is Outcome.MODEL_FAILED:
        return "no readable answer"
    return "right" if said.score == better.best else "wrong" if said.score == better.worst else "partly right"


def _answer(
    task: TaskNumbers, role: str, said: Said, target: str, marked: bool, cut: Callable[[str], str]
) -> AnswerPart:
    """The text as the model gave it; its differences from the target are marked where both are texts."""
    text = cut(said.text) if said.text or said.outcome is not Outcome.NOT_EVALUATED else "(no answer)"
    told = pieces(cut(target), text) if marked and said.outcome is Outcome.SCORED else (Piece(text),)
    who, style = ("Candidate", "ours") if role == CANDIDATE else (label(role), "theirs")
    return AnswerPart(who, style, _worth(task, said), label(said.reason, _REASON) if said.reason else "", told)


def _worth(task: TaskNumbers, said: Said) -> str:
    """What the score says of an answer."""
    if said.outcome is Outcome.MODEL_FAILED or said.score is None:
        return _outcome(said, _direction(task))
    if task.repeats > 1 or said.score not in (0, 1):
        return words.percent(said.score) + (f", mean of {task.repeats} repeats" if task.repeats > 1 else "")
    return "right ✓" if said.score == _direction(task).best else "wrong ✕"


def _fields(one: Shown, target: Mapping[str, object], said: Mapping[str, Said], most: int) -> Table:
    """Each field of the target and of the answers, side by side."""
    answers = {role: record(one.answer or one.text) for role, one in said.items()}
    names = list(dict.fromkeys([*target, *(name for found in answers.values() for name in found or {})]))
    rows = tuple(
        (Cell(label(name)), _value(target, name), *(_held(found, target, name) for found in answers.values()))
        for name in names[:most]
    )
    roles = ["Candidate" if role == CANDIDATE else label(role) for role in answers]
    rest = len(names) - most
    caption = f"{label(one.id)} of {label(f'{one.suite}.{one.task}')}, field by field"
    note = "A field that is marked is written otherwise than in the target; its metric may take it as right."
    cut = f" {words.count(rest, 'more field')} not shown." if rest > 0 else ""
    return Table(caption, tuple(Cell(text) for text in ("Field", "Target", *roles)), rows, note + cut, "cards")


def _value(found: Mapping[str, object], name: str) -> Cell:
    return Cell(passage(written(found[name]), _VALUE)) if name in found else Cell("—", note="no such field")


def _held(found: Mapping[str, object] | None, target: Mapping[str, object], name: str) -> Cell:
    """A field of an answer; never told by colour alone that it differs."""
    if found is None:
        return Cell("—", "missing", "no record could be read")
    cell = _value(found, name)
    same = (name in found) == (name in target) and _as_json(found.get(name)) == _as_json(target.get(name))
    return cell if same else Cell(f"≠ {cell.text}", "worse", cell.note or "differs")


def _as_json(value: object) -> str:
    """For comparing: in Python True is 1."""
    return json.dumps(value, sort_keys=True)
