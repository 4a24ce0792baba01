"""What a model is asked, and how its answers are scored: suites and their tasks, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.core.samples import Json, Sample


@dataclass(frozen=True, slots=True)
class Prompt:
    """Jinja templates of one turn; `system` may be absent."""

    user: str
    system: str | None = None


@dataclass(frozen=True, slots=True)
class Generation:
    """How to generate. temperature 0 is greedy; `seed`, `top_k` and `min_p` matter only above it.

    `repetition_penalty` divides the scores of tokens that are there already: 1 changes nothing, and it changes greedy
    answers, too. None of `top_p`, `top_k`, `repetition_penalty` and `min_p`: no such rule, whatever the model's own
    files ask for.
    """

    max_new_tokens: int = 64
    temperature: float = 0.0
    top_p: float | None = None
    seed: int = 0
    stop: tuple[str, ...] = ()
    top_k: int | None = None
    repetition_penalty: float | None = None
    min_p: float | None = None

    @property
    def extras(self) -> dict[str, Json]:
        """Of the rules that OpenAI's API does not know, those that are set."""
        rules = {"top_k": self.top_k, "repetition_penalty": self.repetition_penalty, "min_p": self.min_p}
        return {name: value for name, value in rules.items() if value is not None}

    @property
    def identity(self) -> dict[str, Json]:
        """What answers depend on; what came later and is not set is left out, so that older runs stay the same."""
        named: dict[str, Json] = {"max_new_tokens": self.max_new_tokens, "temperature": self.temperature}
        return {**named, "top_p": self.top_p, "seed": self.seed, "stop": list(self.stop), **self.extras}


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A metric by the name that gates use, with its arguments.

    `plug` is its name in the catalog where that is another. `digest` stands for arguments that lead to files: it
    covers their bytes ("": the arguments say all).
    """

    name: str
    arguments: Mapping[str, Json] = field(default_factory=dict)
    plug: str = ""
    digest: str = ""

    @property
    def catalog_name(self) -> str:
        """The plug's name."""
        return self.plug or self.name

    @property
    def identity(self) -> list[Json]:
        """What its scores depend on, the same on every machine."""
        return [self.name, self.digest or dict(self.arguments)]


@dataclass(frozen=True, slots=True)
class Task:
    """Samples, a prompt and metrics. `arguments` are the fields of its kind's plug (labels, schema, ...).

    Each sample is asked `repeats` times, with the seeds that follow the generation's own. `alternatives` are prompts
    that a `prompt` baseline may choose among, by the `validation` rows. `clean` is (suite, task) of the task whose
    samples this one perturbs. `whole` is the digest of all samples where these are only those of an early look.
    """

    name: str
    kind: str
    arguments: Mapping[str, Json]
    samples: tuple[Sample, ...]
    examples: tuple[Sample, ...]
    prompt: Prompt | None
    generation: Generation
    metrics: tuple[MetricSpec, ...]
    target: str
    digest: str
    repeats: int = 1
    alternatives: tuple[Prompt, ...] = ()
    validation: tuple[Sample, ...] = ()
    clean: tuple[str, str] | None = None
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """A versioned YAML file of tasks."""

    name: str
    description: str
    tasks: tuple[Task, ...]
    digest: str
