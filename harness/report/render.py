"""A view as one HTML file that needs nothing else: no network, no font, and at most one script, told by its hash."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
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

_PACKAGE = Path(__file__).with_name("templates")
_LOGOS = {"svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
_LARGEST_LOGO = 300_000


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
    except (TemplateError, UnicodeDecodeError) as error:
        if templates is None:
            raise
        line = error.lineno if isinstance(error, TemplateSyntaxError) else None
        file = error.filename if isinstance(error, TemplateSyntaxError) else None
        problem = Problem(f"the report's template fails: {error}.", file or str(templates), line)
        raise ConfigError(problem) from None


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


def _script(environment: ImmutableSandboxedEnvironment, name: str) -> Script:
    assert environment.loader is not None
    text = environment.loader.get_source(environment, name)[0].strip()
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Script(Markup(text), f"sha256-{digest}")


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
