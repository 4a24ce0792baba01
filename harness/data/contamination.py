"""Samples of the suites in what a model was taught or is shown: training and validation rows, examples, prompts.

The rule, told with each hit by its kind, the surest first: `exact` (the same text), `normalised` (the same words),
`near` (likeness LEAST_LIKENESS or more, minhash.py), `contained` (the sample stands inside the row, overlap.py). What
is sought of a sample is its prompt as rendered, what its row puts into the prompt, and its target where that has
TARGET_WORDS or more: shorter ones are labels, which training rows have to hold. In scripts without spaces so many
characters are asked for as make up those words (core/words.py).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from harness.config.templates import render, variables
from harness.core.samples import Json, Sample
from harness.core.suites import Prompt, Suite, Task
from harness.core.words import word_length
from harness.data.findings import RowPlace
from harness.data.minhash import Pairs, Texts
from harness.data.overlap import LEAST_WORDS, inside, near_across
from harness.data.rows import DataRow
from harness.data.shingles import Counts, Hashes

LEAST_LIKENESS = 0.8
TARGET_WORDS = 8
KINDS = ("exact", "normalised", "near", "contained")
# Rows that are told of one sample and kind; a sample that stands in more is leaked all the same.
MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that holds a sample. `task` is suite.task, `on` input or target; `score` is likeness or share, 0 to 1.

    `source` is sample, or example (a few-shot example among the training rows, which is no leak but is told).
    """

    kind: str
    row: RowPlace
    task: str
    sample: str
    on: str
    score: float
    source: str = "sample"

    def __str__(self) -> str:
        how = {"near": f"nearly ({self.score:.2f})", "contained": f"in part ({self.score:.2f})"}.get(
            self.kind, "word by word"
        )
        return f"{self.row} holds the {self.on} of {self.source} {self.sample} of {self.task} {how}."


@dataclass(frozen=True, slots=True)
class Sought:
    """A text of a sample. `whole` texts (prompts as rendered) are compared as a whole only."""

    task: str
    sample: str
    on: str
    source: str
    text: str
    whole: bool = False


class Pool:
    """What may hold a sample: all turns of rows, folded. Takes rows as they are read."""

    def __init__(self) -> None:
        self.texts, self._files = Texts(), list[str]()
        self.raw, self._file, self._line, self._asked = array("Q"), array("i"), array("q"), bytearray()
        self._numbers: dict[str, int] = {}

    def add(self, rows: Iterable[DataRow]) -> None:
        """The next rows: what is asked, what is answered, and the other turns."""
        for row in rows:
            turns = {(role == "user", text): None for role, text in row.turns}
            turns |= {(True, row.input): None, (False, row.target): None}
            self._add([(asked, text) for asked, text in turns if text.strip()], RowPlace(row.file, row.line))

    def add_shown(self, suites: Iterable[Suite]) -> None:
        """What models are shown beside the samples: few-shot examples, and the prompts' own words."""
        for suite in suites:
            for task in suite.tasks:
                name = f"{suite.name}.{task.name}"
                for number, example in enumerate(task.examples, 1):
                    shown = [(True, text) for text in _inputs(task.prompt, example)]
                    self._add(shown, RowPlace(f"examples of {name}", number))
                for number, prompt in enumerate([task.prompt, *task.alternatives] if task.prompt else [], 1):
                    words = [(False, text) for text in (prompt.system, prompt.user) if text] if prompt else []
                    self._add(words, RowPlace(f"prompts of {name}", number))

    def _add(self, texts: Sequence[tuple[bool, str]], place: RowPlace) -> None:
        number = self._numbers.setdefault(place.file, len(self._files))
        self._files += [place.file] if number == len(self._files) else []
        for asked, text in texts:
            self._asked.append(asked)
            self._file.append(number)
            self._line.append(place.line)
            self.raw.append(_digest(text))
        self.texts.add([text for _, text in texts])

    def place(self, number: int) -> RowPlace:
        """Where the row of a text stands."""
        return RowPlace(self._files[self._file[number]], self._line[number])

    def counts(self, number: int, sought: Sought) -> bool:
        """Whether this text can hold it: a short answer is no hit for a short question."""
        return bool(self._asked[number]) or sought.on == "target" or word_length(sought.text) >= LEAST_WORDS


def sought_of(suites: Iterable[Suite], examples: bool = False) -> list[Sought]:
    """All texts of all samples; copies that a perturbation made are found by their originals.

    With `examples` also those of the few-shot examples, which are often training rows, and may be.
    """
    return [
        one
        for suite in suites
        for task in suite.tasks
        for source, samples in (("sample", task.samples), ("example", task.examples if examples else ()))
        for sample in samples
        if sample.origin is None
        for one in _sought(f"{suite.name}.{task.name}", task, sample, source)
    ]


def _sought(name: str, task: Task, sample: Sample, source: str) -> Iterator[Sought]:
    inputs = _inputs(task.prompt, sample)
    for place, text in enumerate(inputs):
        yield Sought(name, sample.id, "input", source, text, whole=place < len(inputs) - 1)
    targets = sample.target if isinstance(sample.target, (list, tuple)) else [sample.target]
    for target in targets:
        if isinstance(target, str) and word_length(target) >= TARGET_WORDS:
            yield Sought(name, sample.id, "target", source, target)


def _inputs(prompt: Prompt | None, sample: Sample) -> list[str]:
    """The prompt as rendered, where it can be, and last what the row puts into it."""
    names = sorted(variables(prompt.user)) if prompt else sorted(sample.row)
    plain = "\n".join(_words(sample.row, names))
    try:
        rendered = [render(prompt.user, sample.row)] if prompt else []
    except ValueError:
        rendered = []  # told with the row itself
    return list(dict.fromkeys(text for text in [*rendered, plain] if text.strip()))


def _words(row: Mapping[str, Json], names: Iterable[str]) -> Iterator[str]:
    for name in names:
        value = row.get(name)
        yield from (str(item) for item in (value if isinstance(value, (list, tuple)) else [value]) if item is not None)


def hits(pool: Pool, sought: Sequence[Sought]) -> tuple[Hit, ...]:
    """Every row and sample of which one holds the other, once, by the surest kind; in the order of the rows.

    The pool is as before afterwards, and may take in more rows.
    """
    texts, rows = pool.texts, len(pool.texts)
    texts.add([one.text for one in sought])
    try:
        return _hits(pool, sought, rows)
    finally:
        texts.keep(rows)


def _hits(pool: Pool, sought: Sequence[Sought], rows: int) -> tuple[Hit, ...]:
    """The same where the texts that are sought stand behind the pool's own `rows` texts."""
    texts = pool.texts
    keys = texts.keys
    distinct, wanted = texts.firsts()[0], _distinct(keys, rows)
    distinct = distinct[distinct < rows]
    partial = np.unique(wanted[1][~np.array([one.whole for one in sought], bool)])
    pairs = {
        "normalised": _equal(keys, distinct, wanted[0]),
        "near": near_across(texts, distinct, partial, LEAST_LIKENESS),
        "contained": inside(texts, distinct, partial),
    }
    found: dict[tuple[RowPlace, str, str, str], Hit] = {}
    told: dict[tuple[str, str, str], int] = {}
    for kind, some in pairs.items():
        for row, number, score in _expanded(some, keys, rows):
            one = sought[number]
            place, who = pool.place(row), (one.task, one.sample, kind)
            if (place, *who[:2], one.on) in found or not pool.counts(row, one) or told.get(who, 0) >= MOST_ROWS:
                continue
            if _own_example(place, one):
                continue
            exactly = kind == "normalised" and pool.raw[row] == _digest(one.text)
            told[who] = told.get(who, 0) + 1
            hit = Hit("exact" if exactly else kind, place, one.task, one.sample, one.on, score, one.source)
            found[place, one.task, one.sample, one.on] = hit
    return tuple(found.values())


def leaked(found: Iterable[Hit]) -> dict[str, frozenset[str]]:
    """The samples of each suite.task that are held by what was taught or shown."""
    names: dict[str, set[str]] = {}
    for hit in found:
        if hit.source == "sample":
            names.setdefault(hit.task, set()).add(hit.sample)
    return {task: frozenset(ids) for task, ids in sorted(names.items())}


def _own_example(place: RowPlace, one: Sought) -> bool:
    return one.source == "example" and place.file.startswith(("examples of ", "prompts of "))


def _digest(text: str) -> int:
    data = text.strip().encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")


def _distinct(keys: Hashes, rows: int) -> tuple[Counts, Counts]:
    """The first place of each distinct sought text, and of each sought text its first place."""
    _, first, inverse = np.unique(keys[rows:], return_index=True, return_inverse=True)
    return np.sort(first) + rows, first[inverse] + rows


def _equal(keys: Hashes, rows: Counts, wanted: Counts) -> Pairs:
    order = rows[np.argsort(keys[rows])]
    at = np.minimum(np.searchsorted(keys[order], keys[wanted]), max(0, len(order) - 1))
    same = keys[order][at] == keys[wanted] if len(order) else np.zeros(len(wanted), bool)
    return Pairs(order[at[same]] if len(order) else order, wanted[same], np.ones(int(same.sum())))


def _expanded(pairs: Pairs, keys: Hashes, rows: int) -> Iterator[tuple[int, int, float]]:
    """Row text, sought text and score of each pair, for all texts with the same words, in the order of the rows."""
    order = np.argsort(keys, kind="stable")
    held = keys[order]
    found: list[tuple[int, int, float]] = []
    for left, right, score in zip(pairs.left, pairs.right, pairs.likeness, strict=True):
        sides = []
        for place in (left, right):
            begin, end = np.searchsorted(held, keys[place]), np.searchsorted(held, keys[place], "right")
            sides.append(order[begin:end])
        left_rows = sides[0][sides[0] < rows][:MOST_ROWS]
        found += [(int(a), int(b) - rows, float(score)) for b in sides[1][sides[1] >= rows] for a in left_rows]
    yield from sorted(found)
