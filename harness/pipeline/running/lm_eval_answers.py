"""What the model answered to a row of lm-eval's, as the score that counts took it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.core.samples import Json, Output
from harness.tasks.lm_eval import LmEval

Logged = Mapping[str, Any]

# What lm-eval divides a choice's log-likelihood by.
_LENGTHS: Mapping[str, Callable[[str], int]] = {"acc_norm": len, "acc_bytes": lambda text: len(text.encode())}


def output_of(
    sample_id: str, logged: Logged, metric: str, figure: float, settings: Mapping[str, Any], kind: LmEval
) -> tuple[Output, Json]:
    """The output and the answer that lm-eval's `metric` made `figure` of; `settings` is the task's own file.

    Of a text the answer is what the task's filter took out of it. Of a multiple choice it is the choice that this
    score takes (acc_norm: the likeliest by its length), with all log-likelihoods in the output; None where lm-eval
    does not log what it took. Of a score that takes no choice it is the figure.
    """
    responses = logged["filtered_resps"]
    if not isinstance(responses[0], list | tuple) or not isinstance(responses[0][0], float):
        return _text(sample_id, logged)
    likelihoods = [float(response[0]) for response in responses]
    if len(likelihoods) == 1:  # the one right continuation: is it what the model would say?
        greedy = bool(responses[0][1])
        return Output(sample_id, str(greedy).lower(), "scored", choices=tuple(likelihoods)), greedy
    count = len(likelihoods) // 2 if "acc_mutual_info" in logged["metrics"] else len(likelihoods)
    value = _taken(logged, metric, figure, count, _delimiter(settings, kind))
    text = f"{value:g}" if isinstance(value, float) else _named(logged["doc"], value, count)
    return Output(sample_id, text, "scored", choices=tuple(likelihoods)), value


def as_json(value: Any) -> Json:
    """A value of a row as JSON holds it; what JSON does not know becomes text."""
    try:
        return json.loads(json.dumps(value, default=str))
    except (TypeError, ValueError):
        return str(value)


def _text(sample_id: str, logged: Logged) -> tuple[Output, Json]:
    """What the model said, and what the filter left of it."""
    taken, output = logged["filtered_resps"][0], logged.get("resps")
    answer = taken if isinstance(taken, str) else json.dumps(as_json(taken), ensure_ascii=False)
    while isinstance(output, list | tuple) and output:
        output = output[0]
    return Output(sample_id, output if isinstance(output, str) else answer, "generated"), answer


def _taken(logged: Logged, metric: str, figure: float, count: int, delimiter: str) -> int | float | None:
    """The number of the choice that the score took."""
    responses = logged["filtered_resps"]
    values = [float(response[0]) for response in responses]
    if metric == "exact_match":  # whether greedy decoding says the right choice
        return next((index for index in range(count) if responses[index][1]), None)
    if metric == "acc_mutual_info":
        values = [value - alone for value, alone in zip(values, values[count:], strict=False)]
    elif metric in _LENGTHS:
        choices = _continuations(logged, count, delimiter)
        if choices is None or not all(choices):
            return _sure(logged["target"], figure)
        values = [value / _LENGTHS[metric](choice) for value, choice in zip(values, choices, strict=False)]
    elif metric != "acc" or figure not in (0.0, 1.0):
        return figure
    best = max(range(count), key=lambda index: values[index])
    right = _is_right(best, logged)
    return best if right is None or right == (figure == 1.0) else _sure(logged["target"], figure)


def _sure(target: Any, figure: float) -> int | None:
    """The right choice where the score says that it was taken."""
    return target if figure == 1.0 and isinstance(target, int) else None


def _is_right(best: int, logged: Logged) -> bool | None:
    """Whether a choice is the target; None where that cannot be told."""
    target = logged["target"]
    if isinstance(target, int):
        return best == target
    if isinstance(target, list | tuple) and all(isinstance(index, int) for index in target):
        return best in target
    return None


def _continuations(logged: Logged, count: int, delimiter: str) -> list[str] | None:
    """The texts of the choices, as lm-eval measures them; None where they stand in the prompts."""
    requests = [list(arguments) for arguments in logged.get("arguments", ())][:count]
    if len(requests) < count or len({prompt for prompt, *_ in requests}) > 1:
        return None
    texts = [str(continuation) for _, continuation, *_ in requests]
    return [text.removeprefix(delimiter) for text in texts] if all(t.startswith(delimiter) for t in texts) else None


def _delimiter(settings: Mapping[str, Any], kind: LmEval) -> str:
    """What lm-eval puts between a prompt and a choice."""
    delimiter, prefix = str(settings.get("target_delimiter", " ")), settings.get("gen_prefix")
    if not kind.apply_chat_template:
        return delimiter
    return delimiter if isinstance(prefix, str) and prefix and not prefix[-1].isspace() else ""


def _named(doc: Mapping[str, Any], value: int | None, count: int) -> str:
    if value is None:
        return ""
    choices = doc.get("choices")
    named: Sequence[Any] = choices if isinstance(choices, list) and len(choices) == count else range(count)
    return str(named[value])
