"""Rules of sampling that OpenAI's API does not know, as the servers that do know them call them.

Where a request leaves them out, vLLM and SGLang take them from the model's own generation_config.json: with a
repetition penalty in there, "greedy" answers are not greedy any more. So they are always said to a server that is
known to take them, and never to another, which may refuse what it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from harness.core.errors import OutsideError
from harness.core.samples import Json


@dataclass(frozen=True, slots=True)
class Dialect:
    """A server's names for our keys where they are others, and the value of each that changes nothing."""

    neutral: Mapping[str, Json]
    names: Mapping[str, str] = field(default_factory=dict)

    def parameters(self, extras: Mapping[str, Json]) -> dict[str, Json]:
        """A request's parameters: the values that are set, else the neutral ones."""
        return {self.names.get(key, key): value for key, value in {**self.neutral, **extras}.items()}


# What the identity of a server says that is told so.
NEUTRAL: Mapping[str, Json] = MappingProxyType({"sampling": "neutral"})
# The values at which a rule changes nothing; beside them top_k, of which servers call that by other numbers.
NO_PENALTY: Mapping[str, float] = MappingProxyType(
    {"repetition_penalty": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0}
)
_RULES: Mapping[str, Json] = {**NO_PENALTY, "min_p": 0.0}
_VLLM = Dialect({**_RULES, "top_k": -1})
# By what the server's list of models says that owns them.
DIALECTS: Mapping[str, Dialect] = {
    "vllm": _VLLM,
    "sglang": _VLLM,
    "llamacpp": Dialect({**_RULES, "top_k": 0}, {"repetition_penalty": "repeat_penalty"}),
}


def sampling_parameters(owner: str, extras: Mapping[str, Json], url: str) -> dict[str, Json]:
    """A request's parameters beside OpenAI's own; `owner` is the server's kind, `extras` the values that are set.

    Raises OutsideError where the server is not known to take one of them.
    """
    dialect = DIALECTS.get(owner)
    if dialect is not None:
        return dialect.parameters(extras)
    if extras:
        raise OutsideError(
            f"the server at {url} is not known to take {', '.join(extras)}, which a task's 'generation' "
            "sets: vLLM, SGLang and llama.cpp are, by their list of models. Take it out, or serve by one of those."
        )
    return {}
