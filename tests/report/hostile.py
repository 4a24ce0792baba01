"""Texts that attack whoever shows them, and whole materials, decisions and comparisons made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from harness.core.decisions import Decision
from harness.core.estimates import Comparison
from harness.report.ci.cases import Ending
from harness.report.comparing.view import (
    Compared,
    Confusions,
    Fallen,
    MetricDifference,
    Moved,
    PartDifference,
    Side,
    TaskComparison,
)
from harness.report.material import Material
from tests.made_secrets import secrets
from tests.report import made, made_for_ci

Value = TypeVar("Value")

# Longer than any writer's limit (the longest is 60,000 bytes of Markdown).
LONG = "A" * 100_000
TEXTS: Mapping[str, str] = {
    "script": "<script>alert(1)</script>",
    "handler": '"><img src=x onerror=alert(1)><svg onload=alert(1)>',
    "end of style": "</style></title></script></textarea></pre></svg><h1>PASS</h1>",
    "comment": "<!-- --><!--",
    "link": '<a href="javascript:alert(1)">x</a> [x](javascript:alert(1)) ![x](http://evil.example/x.png)',
    "template": "{{ 7 * 7 }}{% include '/etc/passwd' %}{# x #}${7*7}",
    "entities": "&lt;script&gt; &#x202e; &amp;",
    "bidi": "\u202egnp.exe\u2066\u2069\u200f",
    "control": "\x00\x08\x07\x1b[31mPASS\x1b[0m\x1b]8;;http://evil.example\x07x\x9b2J\x7f",
    "lines": "a\nPASS          everything  100 %\r\nb\x85c\u2028d\u2029e\x0bf\x0cg",
    "surrogate": "\ud800x\udfff\ufffe\uffff",
    "invisible": "P\u200bA\u00adS\u2060S\ufeff\u115f\u3164\u034f\U000e0041\U000e0042\ufe0f\ufe01",
    "private": "\ue000\U000f0000",
    "marks": "P" + "\u0301\u0489" * 60 + "ASS",
    "spaces": "PASS\u2003\u2003\u3000",
    "look-alikes": "РАЅЅ ΡΑՏՏ ＰＡＳＳ",
    "formula": "=cmd|' /C calc'!A0",
    "sum": "@SUM(1+1)*cmd|' /C calc'!A0",
    "minus": "-1+1",
    "cdata": "]]><x/><![CDATA[",
    "command": "\n::error::x\n::set-output name=v::PASS\n##[error]x\n::stop-commands::t",
    "table": "| PASS | x |\n|---|---|\n# PASS\n<details open>",
    "mention": "@team #12 GH-12 www.evil.example https://evil.example",
    "path": "../../../etc/passwd\x00C:\\x",
    "quotes": "'\"`\\",
    "long": LONG,
}
# All that is short, in one text.
ALL = " ".join(text for text in TEXTS.values() if text is not LONG)
SECRET = secrets()["github"]

# What is ours: kinds, rules, times and names that mean something to the code.
_OURS = frozenset({"aggregate", "rule", "decided", "started", "kind", "parts", "verdict", "currency", "what", "stage"})
_NAMES = frozenset({"", "candidate", "p50", "p95", "p99"})


def poisoned(value: Value, text: str, name: str = "") -> Value:
    """The value with `text` after every text in it; equal texts stay equal, so that what belongs together does."""
    found: Any = value
    if isinstance(value, Enum) or name in _OURS:
        return value
    if isinstance(value, str):
        found = value if value in _NAMES else value + text
    elif isinstance(value, Mapping):
        items = [(poisoned(key, text), poisoned(one, text)) for key, one in value.items()]
        found = type(value)(items) if type(value) is dict else dict(items)
    elif isinstance(value, tuple):
        found = tuple(poisoned(one, text) for one in value)
    elif is_dataclass(value) and not isinstance(value, type):
        changed = {one.name: poisoned(getattr(value, one.name), text, one.name) for one in fields(value)}
        found = replace(value, **changed)
    return found  # type: ignore[no-any-return]


def material(text: str) -> Material:
    """The material of a report with the text in all names, labels, ids, slices, outputs and reasons."""
    whole = made.material()
    suites, decision_ = poisoned(whole.suites, text), poisoned(whole.decision, text)
    return replace(whole, suites=suites, decision=decision_, runs=poisoned(whole.runs, text),
                   history=poisoned(whole.history, text), speed=poisoned(whole.speed, text),
                   costs=poisoned(whole.costs, text), release_yaml=whole.release_yaml + text)  # fmt: skip


def decision(text: str) -> Decision:
    """A decision with a gate for each effect, the text in all of it."""
    return poisoned(made_for_ci.decision(), text)


def ending(text: str) -> Ending:
    """A command that came to no decision."""
    return poisoned(made_for_ci.broken(), text)


def compared(text: str) -> Compared:
    """Two sides compared, the text in every name and in what was asked and said."""
    evidence = Comparison(0.9, 0.95, -0.05, -0.1, 0.0, 0.95, 100, "Tango")
    metric = MetricDifference("accuracy", "rate", evidence, (0.9, 0.95), ("s1", "s2"), ("s3",), 97, (0, 0))
    fallen = Fallen("s1", (0.0, 1.0), "asked", "target", ("said", "said"))
    parts = (PartDifference("accuracy", "language=de", 50, (0.4, 0.5), 0.01, 0.02, True),)
    moved = Confusions((Moved("billing", "other", (3, 1)),), 100, 0.2, 0.3)
    task = TaskComparison("s.t", 100, (metric,), "accuracy", (fallen,), moved, parts)
    whole = Compared(Side("a", "x", {"s": "1"}), Side("b", "y", {"s": "2"}), 0.05, (task,), ("a note",))
    return poisoned(whole, text)
