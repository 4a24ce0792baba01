"""What is to be released: the whole of a release.yaml, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.core.places import Place
from harness.core.policies import Policy, Waiver
from harness.core.presentation import Presentation, Prices
from harness.core.routes import CanaryRules, Route
from harness.core.samples import Json
from harness.core.suites import Suite
from harness.core.trainings import VALIDATION_LOSS, Experiment, Training

RELEASE_FILE = Place("release.yaml")


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
    policy_place: Place = RELEASE_FILE
