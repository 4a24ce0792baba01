"""What was asked: the release, its suites and its gates, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.directions import Better
from harness.core.presentation import Presentation, Prices
from harness.core.routes import CanaryRules, Route
from harness.core.samples import Json, Sample
from harness.core.trainings import VALIDATION_LOSS, Experiment, Training
from harness.core.verdicts import Role

CHECK = "check"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing is declared, for messages and annotations."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


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
        given = {"top_k": self.top_k, "repetition_penalty": self.repetition_penalty, "min_p": self.min_p}
        return {name: value for name, value in given.items() if value is not None}

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


@dataclass(frozen=True, slots=True)
class Experiments:
    """Trainings among which the candidate is chosen, by `choose`: validation_loss, or a metric of `suites`.

    With `checkpoints` every checkpoint of each training is compared, else the one of the best validation loss.
    """

    runs: tuple[Experiment, ...]
    suites: tuple[Suite, ...] = ()
    choose: str = VALIDATION_LOSS
    checkpoints: bool = False


@dataclass(frozen=True, slots=True)
class CandidateSpec:
    """The model under judgement: a base model, and an adapter that is given or to be trained (exactly one)."""

    base_model: str
    training: Training | None
    adapter: Path | None


@dataclass(frozen=True, slots=True)
class ServeSpec:
    """Where the models answer: a server plug and its arguments.

    `timeout` bounds one request, `deadline` all requests of one command (None: no bound). Seconds. With `merged` the
    candidate is base and adapter in one model, on a server of its own.
    """

    kind: str
    arguments: Mapping[str, Json]
    concurrency: int
    accept_unproven: bool
    timeout: float = 300.0
    deadline: float | None = None
    merged: bool = False


@dataclass(frozen=True, slots=True)
class BaselineSpec:
    """A model to compare with, with `few_shot` examples put before each prompt.

    `kind` is base, prompt, remote, production, anchor or human; `arguments` are that kind's own keys.
    """

    name: str
    few_shot: int = 0
    kind: str = "base"
    arguments: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measure:
    """The phase that measures latency, throughput and errors: `requests` to candidate and `baseline` each.

    `concurrency` requests are in flight at once; the first `warm_up` of each model do not count. `suites` are those
    whose prompts are sent (all that generate, where empty).
    """

    concurrency: int = 4
    requests: int = 80
    warm_up: int = 8
    baseline: str | None = None
    suites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subset:
    """The part of a task that a gate looks at.

    `kind` is class (of the target; for macro-F1 that class's own F1), field (of an extracted record) or slice.
    `name` is the class, the field, or the slice's column; `value` is the slice's value ("" for the others).
    """

    kind: str
    name: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.name}={self.value}" if self.kind == "slice" else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Gate:
    """One rule: a metric, the rule's plug and its threshold.

    `threshold` is in the metric's own unit (share, seconds); for `margin` the loss tolerated, for `improves` 0, for
    `no_critical_failures` the rate that the failures are shown to lie below, for `win_rate` the share of wins.
    `subset` None is the whole task. `unit` is the currency of a threshold that is an amount ("" otherwise); for
    `at_most_share` the threshold is a share of the baseline's amount.

    `better` is where the better values of a suite's metric lie; rules on latency, errors and costs say it themselves.
    """

    metric: str
    rule: str
    threshold: float
    against: str | None
    role: Role
    place: Place
    subset: Subset | None = None
    unit: str = ""
    better: Better = Better.HIGHER

    @property
    def is_check(self) -> bool:
        """Whether it is a test that somebody wrote in Python: it passes or fails, and has no number and no bound."""
        return self.rule == CHECK

    @property
    def what(self) -> str:
        """The metric, and the part of the task where it is not the whole: `triage.accuracy[language=de]`."""
        return f"{self.metric}[{self.subset}]" if self.subset else self.metric

    @property
    def id(self) -> str:
        """A name that stays the same from run to run: metric, part, rule and baseline."""
        return ":".join([self.what, self.rule, *([self.against] if self.against else [])])


@dataclass(frozen=True, slots=True)
class Waiver:
    """An owner's word that one gate may miss its bound by `largest_drop` (in the metric's unit) until `expires`.

    `gate` is the gate's id. `expires` is an ISO date, the last day on which it holds. It holds for one `release`, or
    for the one candidate whose adapter's digest starts with `adapter`, where they are given.
    """

    gate: str
    owner: str
    reason: str
    largest_drop: float
    expires: str
    release: str | None
    adapter: str | None
    place: Place


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a release, and what they share.

    `alpha` is the one-sided error of each bound; `min_samples` the least number that may PASS;
    `max_not_evaluated` the share of samples lost to the infrastructure beyond which nothing is judged; `max_refused`
    that of samples that the server refuses for good, which up to there are failures of the model. `looks` is how
    often the samples may be looked at while they come in; 0 is at any time, by bounds that allow for it.
    `max_attempts` is how many candidates may be judged on the same samples (None: any number, and it is said).
    `max_leaked` is how many samples may stand in the training data; each gate must then hold without them, too.
    `max_age` is for how many seconds a run counts whose model is known by address and name alone (None: for ever).
    """

    gates: tuple[Gate, ...]
    alpha: float = 0.05
    min_samples: int = 30
    max_not_evaluated: float = 0.01
    resamples: int = 9_999
    seed: int = 20_260_101
    looks: int = 1
    max_attempts: int | None = None
    max_leaked: int = 0
    max_age: float | None = 604_800.0
    max_refused: float = 0.05


@dataclass(frozen=True, slots=True)
class Release:
    """The whole declaration. `root` is the folder that paths are relative to; `checks` are Python files in there.

    `home` is the folder that projects of this machine share, where release.yaml names one.
    `policy_place` is where the policy is declared: in `file`, or in a policy file that several releases may share.
    """

    name: str
    root: Path
    file: str
    candidate: CandidateSpec
    serve: ServeSpec
    baselines: tuple[BaselineSpec, ...]
    suites: tuple[Suite, ...]
    policy: Policy
    seed: int
    digest: str
    measure: Measure | None = None
    waivers: tuple[Waiver, ...] = ()
    checks: tuple[str, ...] = ()
    presentation: Presentation = field(default_factory=Presentation)
    prices: Prices | None = None
    data_schema: str | None = None
    experiments: Experiments | None = None
    route: Route = field(default_factory=Route)
    canary: CanaryRules = field(default_factory=CanaryRules)
    home: Path | None = None
    policy_place: Place = Place("release.yaml")
