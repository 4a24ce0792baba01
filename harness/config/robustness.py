"""Tasks that ask another task's samples again, perturbed: each copy with the right answer of its origin."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness import catalog
from harness.config._pydantic import problems_of
from harness.config.source import Source, Where, nearest
from harness.config.templates import messages, variables
from harness.core.errors import Problem
from harness.core.folding import folded
from harness.core.ids import digest_bytes, digest_json
from harness.core.samples import Sample
from harness.core.suites import MetricSpec, Task
from harness.perturbations.interface import Perturbation

ROBUSTNESS = "robustness"
SLICE = "perturbation"


class RobustnessFile(BaseModel):
    """The keys of a task of the kind `robustness`; prompt, generation and the rest are the clean task's."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["robustness"]
    of: str = Field(description="Path of the suite whose samples are perturbed.")
    task: str | None = Field(None, description="Its task, where it has several.")
    column: str | list[str] = Field("text", description="Column or columns that are perturbed.")
    perturbations: list[str | dict[str, dict[str, object]]] = Field(
        min_length=1, description="Perturbations, by name or {name: {argument: value}}."
    )
    samples: int | None = Field(None, ge=1, description="Perturb only so many of the clean rows, drawn by `seed`.")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="Seed of the draw and of the perturbations.")
    metrics: list[str | dict[str, dict[str, object]]] = Field(
        default_factory=list, description="Default: the clean task's."
    )

    @property
    def columns(self) -> list[str]:
        """The columns as a list."""
        return [self.column] if isinstance(self.column, str) else self.column


@dataclass(frozen=True, slots=True)
class Named:
    """A perturbation with its name."""

    name: str
    plug: Perturbation

    @property
    def identity(self) -> list[object]:
        """Name, version and arguments: what its texts follow from."""
        return [self.name, self.plug.version, asdict(self.plug)]  # type: ignore[call-overload]


def read_perturbations(asked: RobustnessFile, source: Source, at: Where) -> tuple[list[Named], list[Problem]]:
    """The perturbations that a task names, and every problem of theirs."""
    found: dict[str, Named] = {}
    problems: list[Problem] = []
    for index, item in enumerate(asked.perturbations):
        where = (*at, "perturbations", index)
        if not isinstance(item, str) and len(item) != 1:
            message = "an item of 'perturbations' names one perturbation; put each on its own line."
            problems.append(source.problem(where, message))
            continue
        name, arguments = (item, {}) if isinstance(item, str) else next(iter(item.items()))
        built = _built(name, arguments, source, where)
        if isinstance(built, list):
            problems += built
        elif name in found:  # the copies of a row are told apart by the name
            problems.append(source.problem(where, f"the perturbation '{name}' stands twice."))
        else:
            found[name] = Named(name, built)
    return list(found.values()), problems


def _built(name: str, arguments: Mapping[str, object], source: Source, where: Where) -> Perturbation | list[Problem]:
    names = catalog.names("perturbations")
    if name not in names:
        hint = nearest(name, names) or f"Known: {', '.join(names)}."
        return [source.problem(where, f"unknown perturbation '{name}'.", hint)]
    known = catalog.arguments("perturbations", name)
    unknown = [key for key in arguments if key not in known]
    if unknown:
        hints = {key: nearest(key, known) or f"Known here: {', '.join(known)}." for key in unknown}
        message = "unknown argument '{}' of {}."
        return [source.problem((*where, name, key), message.format(key, name), hints[key]) for key in unknown]
    try:
        plug: Perturbation = catalog.build("perturbations", name, arguments)
    except ValidationError as error:
        return problems_of(error, source, (*where, name))
    return [source.problem((*where, name), message) for message in plug.check()] or plug


def perturbed(
    name: str, suite: str, clean: Task, asked: RobustnessFile, named: Sequence[Named], metrics: tuple[MetricSpec, ...]
) -> Task:
    """The clean task under another name, with a copy of each sample for each perturbation that changes what is asked.

    The copies of a sample belong to its group, or make one: they are not independent. Raises ValueError where the
    prompt cannot be filled from a perturbed row.
    """
    drawn = _drawn(clean.samples, asked)
    samples = tuple(_distinct((copy for sample in drawn for copy in _copies(sample, clean, asked, named)), clean))
    told = {
        "clean": clean.digest, "perturbations": [one.identity for one in named], "seed": asked.seed,
        "columns": asked.columns, "metrics": [spec.identity for spec in metrics],
        "data": [[sample.id, dict(sample.row), sample.target] for sample in samples],
    }  # fmt: skip
    digest = digest_json(told)
    return replace(clean, name=name, samples=samples, metrics=metrics, digest=digest, clean=(suite, clean.name))


def column_problem(clean: Task, asked: RobustnessFile) -> tuple[str, str, str | None] | None:
    """The key, the message and the hint where these columns or so many samples cannot be perturbed."""
    assert clean.prompt is not None
    read = variables(clean.prompt.user) | variables(clean.prompt.system or "")
    for column in asked.columns:
        if column not in read:
            hint = nearest(column, read) or f"It reads: {', '.join(sorted(read))}."
            return "column", f"the prompt of '{clean.name}' does not read '{column}': nothing would change.", hint
        odd = next((sample.id for sample in clean.samples if not isinstance(sample.row.get(column), str)), None)
        if odd is not None:
            return "column", f"'{column}' of the sample {odd} is no text.", None
    if asked.samples is not None and asked.samples > len(clean.samples):
        return "samples", f"'{clean.name}' has {len(clean.samples)} samples, not {asked.samples}.", None
    return None


def idle(named: Iterable[Named], samples: Iterable[Sample]) -> list[str]:
    """The perturbations that change no sample at all."""
    active = {sample.slices[SLICE] for sample in samples}
    return [one.name for one in named if one.name not in active]


def _drawn(samples: tuple[Sample, ...], asked: RobustnessFile) -> list[Sample]:
    """So many samples as are asked for, in their order; a new row takes at most one other's place."""
    if asked.samples is None:
        return list(samples)
    ranked = sorted(samples, key=lambda sample: digest_bytes(f"{asked.seed}\0{sample.id}".encode()))
    chosen = {sample.id for sample in ranked[: asked.samples]}
    return [sample for sample in samples if sample.id in chosen]


def _copies(sample: Sample, clean: Task, asked: RobustnessFile, named: Sequence[Named]) -> Iterator[Sample]:
    """The perturbed copies of a sample. One that asks the very same shows nothing, and is left out."""
    assert clean.prompt is not None
    for one in named:
        texts = {column: _text(one, sample, column, asked.seed) for column in asked.columns}
        row = {**sample.row, **texts}
        if messages(clean.prompt, row) != messages(clean.prompt, sample.row):
            slices = {**sample.slices, SLICE: one.name}
            group = sample.group if sample.group is not None else sample.id
            yield Sample(f"{sample.id}~{one.name}", row, sample.target, group, slices, sample.id)


def _distinct(copies: Iterable[Sample], clean: Task) -> Iterator[Sample]:
    """The copies without those that ask the same as one of another group: cut short, two rows may end up alike."""
    assert clean.prompt is not None
    asked: dict[tuple[str, ...], str | None] = {}
    for copy in copies:
        texts = tuple(folded(turn["content"]) for turn in messages(clean.prompt, copy.row))
        if asked.setdefault(texts, copy.group) == copy.group:
            yield copy


def _text(one: Named, sample: Sample, column: str, seed: int) -> str:
    """A column perturbed. The seed is the text's own, so that a row more changes no other."""
    rng = random.Random(f"{seed}\0{sample.id}\0{one.name}\0{column}")
    return one.plug.apply(str(sample.row[column]), rng)
