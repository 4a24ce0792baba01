"""Any metric of Hugging Face's `evaluate` library, a script of the project's own or one of the hub."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from harness.core.errors import ConfigError, OutsideError
from harness.core.samples import Outcome, Score
from harness.metrics.interface import Item, score_each

_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Evaluate:
    """One number that the metric gives for a sample alone, in [0, 1].

    `path` is a folder or a script of the project, else a name on the hub, at `revision`. `key` is the number's name in
    what the metric gives (default: the only one there), `scale` what it is divided by; `arguments` go to its `compute`.
    `cache` is the folder for the files that evaluate writes.
    """

    aggregate: ClassVar[str] = "mean"
    version: ClassVar[int] = 2
    kinds: ClassVar[tuple[str, ...]] = ("classify", "generate")
    needs: ClassVar[tuple[str, ...]] = ("evaluate",)

    path: str
    key: str | None = None
    scale: float = 1.0
    arguments: Mapping[str, object] | None = None
    revision: str | None = None
    cache: str = ".harness/evaluate"

    @property
    def name(self) -> str:
        """The metric's name in gates: the last part of the path, and the key where one is given."""
        last = PurePosixPath(self.path).name.removesuffix(".py")
        return (f"{last}_{self.key}" if self.key else last).lower()

    def check(self) -> list[str]:
        """A scale that turns good into bad is a mistake."""
        return [] if self.scale > 0 else ["'scale' must be above 0."]

    def prepare(self) -> None:
        """Load the metric, so that what is wrong with it is told before anything is asked. Raises as `score` does."""
        self._load()

    def score(self, items: Sequence[Item]) -> list[Score]:
        """A score for each item. Needs the extra `metrics`.

        Raises ConfigError where a script fails or gives no number in [0, 1], OutsideError where the hub does not give
        it.
        """
        module = self._load() if any(item.answer.outcome is Outcome.SCORED for item in items) else None
        return score_each(self.name, items, lambda item: self._value(module, item))

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
        if not -_ROUNDING <= value <= 1 + _ROUNDING and value == value:
            raise ConfigError(
                f"the metric '{self.name}' gave {value:g} for the sample {item.sample.id}; scores lie between 0 and 1. "
                "Give the largest possible value as its 'scale'."
            )
        return value if value != value else min(max(value, 0.0), 1.0)

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
