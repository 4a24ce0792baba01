"""Any metric of Hugging Face's `evaluate` library, a script of the project's own or one of the hub."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from harness.core.directions import Better
from harness.core.errors import ConfigError, OutsideError
from harness.core.samples import Json, Outcome, Score
from harness.core.words import is_unspaced, words
from harness.metrics.interface import CLIPPED, Item, score_each

_ROUNDING = 1e-6
_AT_SPACES = ("wer", "ter", "bleu", "google_bleu", "sacrebleu", "meteor", "nist_mt")


@dataclass(frozen=True, slots=True)
class Evaluate:
    """One number that the metric gives for a sample alone, in [0, 1].

    `path` is a folder or a script of the project, else a name on the hub, at `revision`. `better` is "lower" for error
    rates. `key` is the number's name in what the metric gives (default: the only one there), `scale` what it is divided
    by; `arguments` go to its `compute`. With `clip` a number beyond the worst end counts as the worst: a word error
    rate of 1.4 as 1. `cache` is the folder for the files that evaluate writes.
    """

    aggregate: ClassVar[str] = "mean"
    version: ClassVar[int] = 2
    kinds: ClassVar[tuple[str, ...]] = ("classify", "generate")
    needs: ClassVar[tuple[str, ...]] = ("evaluate",)

    path: str
    better: Better
    key: str | None = None
    scale: float = 1.0
    arguments: Mapping[str, object] | None = None
    revision: str | None = None
    clip: bool = False
    cache: str = ".harness/evaluate"

    @property
    def name(self) -> str:
        """The metric's name in gates: the last part of the path, and the key where one is given."""
        last = PurePosixPath(self.path).name.removesuffix(".py")
        return (f"{last}_{self.key}" if self.key else last).lower()

    def check(self) -> list[str]:
        """A scale that turns good into bad is a mistake."""
        return [] if self.scale > 0 else ["'scale' must be above 0."]

    def doubts(self, targets: Sequence[Json]) -> list[str]:
        """Whether a metric of the hub looks for words that the targets' scripts don't have."""
        texts, name = [str(target) for target in targets], self.path.removeprefix("evaluate-metric/")
        if name == "rouge":
            lost = [text for text in texts if not "".join(words(text)).isascii()]
            why = "hold letters that the hub's rouge throws away: it keeps a-z and 0-9. Write `rouge_l`."
        else:
            lost = [text for text in texts if name in _AT_SPACES and is_unspaced(text)]
            why = (
                f"are in scripts without spaces, where {name} takes a sentence for a word. Count characters: cer, chrf."
            )
        return [f"{len(lost)} of {len(texts)} targets {why}"] if lost else []

    def prepare(self) -> None:
        """Load the metric, so that what is wrong with it is told before anything is asked. Raises as `score` does."""
        self._load()

    def score(self, items: Sequence[Item]) -> list[Score]:
        """A score for each item. Needs the extra `metrics`.

        A clipped one names the number that it was. Raises ConfigError where a script fails or gives no number in
        [0, 1], OutsideError where the hub does not give it.
        """
        module = self._load() if any(item.answer.outcome is Outcome.SCORED for item in items) else None
        clipped: dict[tuple[str, int], float] = {}

        def value(item: Item) -> float:
            raw = self._value(module, item)
            kept = raw if math.isnan(raw) else min(max(raw, 0.0), 1.0)
            if abs(raw - kept) > _ROUNDING:
                clipped[item.sample.id, item.answer.repeat] = raw
            return kept

        scores = score_each(self.name, items, value, self.better)
        beyond = ((score, clipped.get((score.sample_id, score.repeat))) for score in scores)
        return [score if raw is None else replace(score, reason=f"{raw:g} {CLIPPED}") for score, raw in beyond]

    def _load(self) -> Any:
        import evaluate
        from datasets import DownloadConfig
        from evaluate import config
        from evaluate.utils.logging import disable_progress_bar

        class Download(DownloadConfig):  # type: ignore[misc]
            use_auth_token, ignore_url_params = None, False  # read by evaluate 0.4.1, gone from datasets 4

        disable_progress_bar()
        config.HF_UPDATE_DOWNLOAD_COUNTS = False
        if "evaluate_modules" not in sys.modules:  # a process imports scripts from one place only
            config.HF_MODULES_CACHE = Path(self.cache) / "modules"
        download = Download(cache_dir=Path(self.cache) / "downloads")
        try:
            return evaluate.load(
                self.path, cache_dir=str(Path(self.cache) / "data"), keep_in_memory=True, revision=self.revision,
                download_config=download,
            )  # fmt: skip
        except Exception as error:  # a script may raise anything
            told = f"the metric '{self.path}' could not be loaded: {type(error).__name__}: {error}"
            raise (ConfigError(told) if Path(self.path).exists() else OutsideError(told)) from error

    def _value(self, module: Any, item: Item) -> float:
        given = {"predictions": [str(item.answer.value)], "references": [str(item.sample.target)]}
        try:
            found = module.compute(**given, **(self.arguments or {}))
        except Exception as error:  # a script may raise anything
            told = f"the metric '{self.name}' failed on the sample {item.sample.id}: {type(error).__name__}: {error}"
            raise ConfigError(told) from error
        value = self._pick(found) / self.scale
        too_good, too_bad = self.better.goodness(value) > 1 + _ROUNDING, self.better.goodness(value) < -_ROUNDING
        if too_good or (too_bad and not self.clip):
            worst = f", or count what is beyond {self.better.worst:g} as {self.better.worst:g} with 'clip: true'"
            raise ConfigError(
                f"the metric '{self.name}' gave {value:g} for the sample {item.sample.id}; scores lie between 0 and 1. "
                f"Give the largest possible value as its 'scale'{worst if too_bad else ''}."
            )
        return value

    def _pick(self, found: object) -> float:
        numbers = {key: _number(value) for key, value in found.items()} if isinstance(found, Mapping) else {}
        numbers = {key: value for key, value in numbers.items() if value is not None}
        chosen = numbers.get(self.key) if self.key else next(iter(numbers.values())) if len(numbers) == 1 else None
        if chosen is None:
            known = ", ".join(map(str, numbers)) or "none"
            asked = f"no number '{self.key}'" if self.key else "not exactly one number"
            raise ConfigError(f"the metric '{self.path}' gives {asked} (it gives: {known}). Name one with 'key'.")
        return chosen


def _number(value: Any) -> float | None:
    """A number, also where it stands alone in a list or an array; None for anything else."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    return float(value) if isinstance(value, Real) else None
