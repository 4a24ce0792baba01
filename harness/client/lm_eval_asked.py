"""From what lm-eval asks to texts that make a server read exactly the tokens which lm-eval's hf backend would score."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.client.lm_eval_tokens import Tokens
from harness.core.errors import ConfigError

# A window of a long text may end inside a word, which alone would be tokenized otherwise. So the server is given a few
# tokens more, at most these, that change nothing before them.
BEYOND = 16
# And a few tokens before the window, which it is told to forget.
_BEFORE = 32
# As lm-eval's hf backend, where a task says nothing.
_MAX_GEN_TOKS = 256
# Arguments of generation that change nothing where it is greedy, or are heeded here.
_HEEDED = frozenset({"until", "max_gen_toks", "do_sample", "temperature", "top_p", "top_k", "min_p"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A text to send, and how it must be read: as `ids`, of which `ids[start:stop]` are scored.

    `keep`: only the last `keep` tokens of the text are to be read (None: all of them).
    """

    text: str
    ids: tuple[int, ...]
    start: int = 0
    stop: int = 0
    keep: int | None = None


def prompt(tokens: Tokens, context: str, longest: int) -> Asked:
    """A text to be continued, cut from the left to `longest` tokens; nothing of it is scored. Raises ConfigError."""
    ids = tokens.encode(context)
    if not ids:
        raise ConfigError("the lm-eval task has an empty prompt, which nothing can continue.")
    keep = longest if len(ids) > longest else None
    return Asked(tokens.sent(tokens.spelled(context)), tuple(ids[-longest:]), keep=keep)


def pair(tokens: Tokens, context: str, continuation: str, longest: int) -> tuple[Asked, Asked]:
    """A continuation to be scored after its context, and the context alone. `longest` bounds the input tokens.

    Too long ones are cut from the left. Raises ConfigError where lm-eval's hf backend could not score it either.
    """
    if context:
        context, continuation = _split(context, continuation)
        before, whole = tokens.encode(context), tokens.encode(context + continuation)
        alone, text = tokens.spelled(context), tokens.spelled(context + continuation)
        ids = before + whole[len(before) :]
    else:
        rest = tokens.plain(continuation)
        begins = rest[:1] == [tokens.prefix_id]
        before, alone, text = [tokens.prefix_id], tokens.prefix_text, continuation
        ids, text = (rest, text) if begins else (before + rest, alone + text)
    start, lost = len(before), max(0, len(ids) - longest - 1)
    if not 0 < start < len(ids) or len(ids) - start > longest:
        raise ConfigError(
            f"lm-eval cannot score the continuation {continuation[:40]!r}: it needs a context, and at least one token "
            f"and at most {longest} of its own."
        )
    keep = len(ids) - lost if lost else None
    # A lone BOS that the tokenizer adds leaves no text to send, so it is sent spelled out and one of the two is kept.
    kept = start - lost if lost or not context else None
    first = Asked(tokens.sent(alone) or alone, tuple(ids[lost:start]), keep=kept)
    return Asked(tokens.sent(text), tuple(ids[lost:]), start - lost, len(ids) - lost, keep), first


def windows(tokens: Tokens, text: str, longest: int) -> Iterator[Asked]:
    """A whole text in lm-eval's rolling windows of `longest` tokens; each token is scored once. Raises ConfigError."""
    from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

    given = tokens.encode(text)
    whole = tokens.prefix_text + tokens.spelled(text)
    ids, spans = tokens.spans(whole)
    if ids != [tokens.prefix_id, *given]:
        raise ConfigError(f"the text {text[:40]!r} is read otherwise after {tokens.prefix_text!r} than alone.")
    stop = 1
    for context, scored in map(make_disjoint_window, get_rolling_token_windows(given, tokens.prefix_id, longest, 1)):
        stop += len(scored)
        yield _window(tokens, whole, ids, spans, stop - len(context) - len(scored), stop, len(scored))


def _window(
    tokens: Tokens, whole: str, ids: Sequence[int], spans: Sequence[tuple[int, int]], first: int, stop: int, scored: int
) -> Asked:
    """The tokens `first:stop` of a text, of which the last `scored` count."""
    for end in range(stop, min(stop + BEYOND, len(ids)) + 1):
        wanted = list(ids[first:end])
        for begin in dict.fromkeys((first, max(0, first - _BEFORE), 0)):
            text = whole[spans[begin][0] : spans[end - 1][1] if end < len(ids) else len(whole)]
            read = tokens.plain(text)
            if read[-len(wanted) :] != wanted:
                continue
            if begin == 0:
                text = tokens.sent(text)
            is_all = len(read) == len(wanted) and (begin == 0 or not tokens.adds_prefix)
            keep = None if is_all else len(wanted)
            return Asked(text, tuple(wanted), stop - first - scored, stop - first, keep)
    raise ConfigError(f"the text {whole[:40]!r} cannot be cut into windows: a word is longer than {BEYOND} tokens.")


def greedy_arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    """lm-eval's generation arguments with its defaults. Raises ConfigError where they are not greedy."""
    from lm_eval.models.utils import normalize_gen_kwargs

    arguments = dict(normalize_gen_kwargs({"until": [], **given}, _MAX_GEN_TOKS))
    if arguments["do_sample"]:
        raise ConfigError("this lm-eval task samples; only greedy tasks give the same result every time.")
    unknown = sorted(key for key, value in arguments.items() if key not in _HEEDED and value is not None)
    if unknown:
        raise ConfigError(f"this lm-eval task generates with {', '.join(unknown)}, which no endpoint here knows.")
    until = [stop for stop in arguments["until"] if stop]
    return {"until": until, "max_gen_toks": arguments["max_gen_toks"]}


def _split(context: str, continuation: str) -> tuple[str, str]:
    """lm-eval's rule: space at the end of the context belongs to the continuation."""
    spaces = len(context) - len(context.rstrip())
    return (context[:-spaces], context[-spaces:] + continuation) if spaces else (context, continuation)
