"""What must hold: gates, waivers and what they share, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from harness.core.directions import Better
from harness.core.places import Place
from harness.core.verdicts import Role

CHECK = "check"


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
