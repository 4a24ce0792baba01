"""Texts without the keys in them: what looks like one is told by its kind and six digits of its hash.

Equal keys stay equal and unlike ones unlike, so a masked answer fits a masked target where the plain ones fit. The
digits tell keys apart and hide them, as keys are long and random; a short password can be guessed from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import orjson

from harness.core.samples import Answer, Json, Output, Sample
from harness.core.secret_kinds import KINDS

_HINTS = tuple(kind.hint.encode() for kind in KINDS)
_ANY_HINT = re.compile("|".join(kind.hint for kind in KINDS))
_SHORT = 100  # characters up to which one search for all hints is quicker than one for each
_BLOCK = 64


def masked(text: str) -> str:
    """The text with everything that looks like a key replaced: `[masked:hf_token:3f2a9c]`. Masked again: the same."""
    low = text.lower()
    if len(low) < _SHORT and not _ANY_HINT.search(low):
        return text
    for kind in KINDS:
        if kind.hint in low:
            text = kind.masked(text)
    return text


def _is_clean(value: Json) -> bool:
    """Whether a value of JSON surely holds no secret; False where it has to be looked at closely."""
    try:
        low = orjson.dumps(value).lower()
    except TypeError:  # whole numbers beyond 64 bits, halves of surrogate pairs
        return False
    return not any(hint in low for hint in _HINTS)


def masked_json(value: Json) -> Json:
    """A value of JSON with all its texts masked, names of fields too; the very value where nothing is."""
    if isinstance(value, str):
        return masked(value)
    return value if value is None or _is_clean(value) else _deep(value)


def _deep(value: Json) -> Json:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        found = dict(_fields(value))
        return value if found == value else found
    if isinstance(value, list | tuple):
        items = [_deep(one) for one in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else type(value)(items)
    return value


def _fields(value: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """A field's name may be what tells that its text is a key, as in a text that holds both."""
    for name, one in value.items():
        shown = masked(name) if isinstance(name, str) else name  # YAML has numbers there
        if not isinstance(one, str):
            yield shown, _deep(one)
            continue
        before = f"{name}="
        both = masked(before + one)
        yield shown, both.removeprefix(before) if both.startswith(before) else masked(one)


def masked_samples(samples: Sequence[Sample]) -> Iterator[Sample]:
    """The samples with rows, targets, groups and slices masked; their ids are names that others go by."""
    for start in range(0, len(samples), _BLOCK):
        block = samples[start : start + _BLOCK]
        clean = _is_clean([(one.row, one.target, one.group, one.slices) for one in block])
        yield from block if clean else map(_masked_sample, block)


def _masked_sample(sample: Sample) -> Sample:
    given = (sample.row, sample.target, sample.group, sample.slices)
    found = masked_json(given)
    if found is given:
        return sample
    assert isinstance(found, tuple)
    return replace(sample, row=found[0], target=found[1], group=found[2], slices=found[3])


def masked_output(output: Output) -> Output:
    """The output with its text and its error masked."""
    text = None if output.text is None else masked(output.text)
    error = None if output.error is None else masked(output.error)
    return output if (text, error) == (output.text, output.error) else replace(output, text=text, error=error)


def masked_answer(answer: Answer) -> Answer:
    """The answer masked: what was no key in an output's text may be one once it is read (`hf\\u005f…` in JSON)."""
    value, reason = masked_json(answer.value), None if answer.reason is None else masked(answer.reason)
    unchanged = value is answer.value and reason == answer.reason
    return answer if unchanged else replace(answer, value=value, reason=reason)


def mask_file(path: Path) -> None:
    """Mask what another process wrote, once it has ended, where it wrote anything. Raises OSError."""
    data = path.read_bytes() if path.is_file() else b""
    text = data.decode("utf-8", "surrogateescape")  # what is no text stays as it is
    if (found := masked(text)) != text:
        path.write_bytes(found.encode("utf-8", "surrogateescape"))
