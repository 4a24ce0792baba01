"""A view as one HTML file that needs nothing else: no network, no font, and at most one script, told by its hash."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from traceback import extract_tb

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from harness.core.errors import ConfigError, Problem
from harness.report.guard import visible

_PACKAGE = Path(__file__).with_name("templates")
_LOGOS = {"svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
_LARGEST_LOGO = 300_000
_ENDLESS = 'A file extends the package\'s of its own name as "harness/NAME".'


@dataclass(frozen=True, slots=True)
class Script:
    """An inline script; the page's policy lets this one run, by `digest`, and no other."""

    text: Markup
    digest: str


def render_page(
    template: str, view: object, templates: Path | None = None, script: str | None = None, **more: object
) -> str:
    """A template's page as HTML; it sees `view`, `script` (the name of a file beside it), `logo`, and `more` by name.

    `templates` is a team's folder: a file there replaces the package's of the same name, and may extend it as
    "harness/NAME"; theme.css changes colours and logo.svg, .png, .jpg or .webp is the logo. Raises ConfigError where
    the team's files fail.
    """
    environment = _environment(templates)
    try:
        found = _script(environment, script) if script else None
        page = environment.get_template(template)
        return page.render(view=view, script=found, logo=logo(templates), **more)
    except Exception as error:  # a template can do anything wrong that code can
        problem = _problem(error, templates)
        if problem is None:
            raise
        raise ConfigError(problem) from None


def _problem(error: Exception, templates: Path | None) -> Problem | None:
    """What fails in a team's templates, and where; None where it is a mistake of ours."""
    if templates is None or isinstance(error, ConfigError):
        return None
    lines = [one for one in extract_tb(error.__traceback__) if Path(one.filename).is_relative_to(templates)]
    file, line = (lines[-1].filename, lines[-1].lineno) if lines else (str(templates), None)
    if isinstance(error, TemplateSyntaxError):
        file, line = error.filename or str(templates / (error.name or "")), error.lineno
    elif not lines and not isinstance(error, TemplateError | UnicodeDecodeError | OSError):
        return None
    said = f"there is no template '{error}'" if isinstance(error, TemplateNotFound) else str(error).rstrip(".")
    hint = _ENDLESS if isinstance(error, RecursionError) else None
    return Problem(f"the report's template fails: {said}.", file, line, hint)


def logo(templates: Path | None) -> str | None:
    """A team's logo as a data address: as an image it can run nothing. Raises ConfigError where it is too large."""
    for suffix, kind in _LOGOS.items() if templates else ():
        path = Path(str(templates)) / f"logo.{suffix}"
        if path.is_file():
            data = path.read_bytes()
            if len(data) > _LARGEST_LOGO:
                raise ConfigError(
                    Problem(f"the logo has {len(data):,} bytes; {_LARGEST_LOGO:,} are allowed.", str(path))
                )
            return f"data:{kind};base64,{base64.b64encode(data).decode()}"
    return None


def _script(environment: Environment, name: str) -> Script:
    assert environment.loader is not None
    text = environment.loader.get_source(environment, name)[0].strip()
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Script(Markup(text), f"sha256-{digest}")


def _environment(templates: Path | None) -> Environment:
    """A team's templates run in a sandbox; they are read again for each page."""
    if templates is None:
        return _own()
    return _made(ImmutableSandboxedEnvironment, [FileSystemLoader(templates)])


@cache
def _own() -> Environment:
    """The package's templates alone, which need no sandbox; each is compiled once."""
    return _made(Environment, [])


def _made(kind: type[Environment], loaders: Sequence[BaseLoader]) -> Environment:
    package = FileSystemLoader(_PACKAGE)
    return kind(
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
