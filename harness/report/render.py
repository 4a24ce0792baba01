"""The page as one HTML file that needs nothing else: no network, no script, no font."""

from __future__ import annotations

from pathlib import Path

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from harness.core.errors import ConfigError, Problem
from harness.report.guard import visible
from harness.report.page import View

_PACKAGE = Path(__file__).with_name("templates")


def render(view: View, templates: Path | None = None) -> str:
    """The page as HTML. `templates` is a team's folder: a file there replaces the package's of the same name,
    and may extend it as "harness/report.html". Raises ConfigError where the team's templates fail.
    """
    try:
        return _environment(templates).get_template("report.html").render(view=view)
    except TemplateError as error:
        if templates is None:
            raise
        line = error.lineno if isinstance(error, TemplateSyntaxError) else None
        file = error.filename if isinstance(error, TemplateSyntaxError) else None
        problem = Problem(f"the report's template fails: {error}.", file or str(templates), line)
        raise ConfigError(problem) from None


def _environment(templates: Path | None) -> ImmutableSandboxedEnvironment:
    package = FileSystemLoader(_PACKAGE)
    loaders: list[BaseLoader] = [FileSystemLoader(templates)] if templates else []
    return ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([*loaders, package, PrefixLoader({"harness": package})]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )


def _shown(value: object) -> object:
    """The last door: even a text that a team's template takes from elsewhere hides nothing."""
    return value if isinstance(value, Markup) else visible(str(value))
