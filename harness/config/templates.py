"""Prompt templates: sandboxed Jinja over a row's columns. An absent column is an error, never an empty text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from harness.core.folding import casefolded
from harness.core.suites import Prompt


@cache
def environment() -> ImmutableSandboxedEnvironment:
    """One environment for all prompts: no loader, no autoescape (prompts are not HTML), nothing to call."""
    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False, finalize=_no_null
    )
    made.globals.clear()
    return made


def variables(template: str) -> set[str]:
    """The columns that a template reads. Raises jinja2.TemplateSyntaxError."""
    return meta.find_undeclared_variables(environment().parse(template))


def syntax_error(template: str) -> str | None:
    """What keeps a template from being compiled (unknown filters too), or None."""
    try:
        _compiled(template)
    except TemplateSyntaxError as error:
        return str(error.message).rstrip(".")
    except RecursionError:
        return "it is nested too deeply"
    return None


@lru_cache(maxsize=64)
def _compiled(template: str) -> Template:
    return environment().from_string(template)


def render(template: str, row: Mapping[str, object]) -> str:
    """The template filled with a row. Raises ValueError with the reason in words."""
    plain = _plain(template)
    if plain is not None:
        values = [row.get(name) for name in plain[1]]
        if None not in values:
            return plain[0].format(*values)
    try:
        return _compiled(template).render(dict(row))
    except Exception as error:  # whatever a template raises is the template's, or the row's, fault
        raise ValueError(f"the prompt template fails: {str(error).rstrip('.')}") from None


@lru_cache(maxsize=64)
def _plain(template: str) -> tuple[str, tuple[str, ...]] | None:
    """A template that only shows columns, as a format string and their names: ten times as quick as Jinja itself."""
    try:
        body = environment().parse(template).body
    except (TemplateSyntaxError, RecursionError):
        return None
    text, names = "", []
    for part in (part for node in body for part in (node.nodes if isinstance(node, nodes.Output) else [node])):
        if isinstance(part, nodes.TemplateData):
            text += part.data.replace("{", "{{").replace("}", "}}")
        elif isinstance(part, nodes.Name) and part.name != "self":  # Jinja's own
            text += "{}"
            names.append(part.name)
        else:
            return None
    return text, tuple(names)


def _no_null(value: object) -> object:
    if value is None:
        raise ValueError("a value that the prompt shows is null")
    return value


def messages(
    prompt: Prompt, row: Mapping[str, object], shots: Sequence[tuple[Mapping[str, object], str]] = ()
) -> list[dict[str, str]]:
    """The chat turns that ask about a row; `shots` are (row, right answer as text), put before it."""
    turns = [{"role": "system", "content": render(prompt.system, row)}] if prompt.system else []
    for example, answer in shots:
        turns.append({"role": "user", "content": render(prompt.user, example)})
        turns.append({"role": "assistant", "content": answer})
    return [*turns, {"role": "user", "content": render(prompt.user, row)}]


def normalised(text: str) -> str:
    """The text as it counts when rows are compared: case, Unicode form and runs of space do not."""
    return casefolded(text)
