"""A team's own templates over the internal edition's."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.core.errors import ConfigError
from harness.report.internal.view import build_internal
from harness.report.render import render_page
from tests.report import made


def test_a_team_may_replace_a_part_or_extend_the_whole(tmp_path: Path) -> None:
    (tmp_path / "training.html").write_text("<section id=training>our own: {{ view.release }}</section>")
    (tmp_path / "internal.html").write_text(
        '{% extends "harness/internal.html" %}{% block footer %}<p>Northlight &amp; Co</p>{% endblock %}'
    )
    html = render_page("internal.html", build_internal(made.material()), tmp_path)
    assert "our own: northlight-support" in html
    assert "Northlight &amp; Co" in html
    assert 'id="gates"' in html


@pytest.mark.parametrize("template", ["{{ view.nothing }}", "{% if %}", "{{ ''.__class__.__mro__ }}",
                                      '{% include "../secret" %}'])  # fmt: skip
def test_a_team_template_that_fails_is_named(tmp_path: Path, template: str) -> None:
    (tmp_path.parent / "secret").write_text("secret")
    (tmp_path / "gates.html").write_text(template)
    with pytest.raises(ConfigError, match=re.escape(str(tmp_path))):
        render_page("internal.html", build_internal(made.material()), tmp_path)


@pytest.mark.parametrize(("text", "said"), [
    ('{% extends "harness/index.html" %}\n{% block nav %}\n{{ view.nothing }}{% endblock %}', "index.html:3: "),
    ('{% extends "harness/index.html" %}\n{% block nav %}\n{{ 1 / 0 }}{% endblock %}', "index.html:3: "),
    ('{% extends "index.html" %}', 'index.html:1: .* A file extends the package\'s of its own name as "harness/NAME"'),
    ("a\n{# b", "index.html:2: .* Missing end of comment tag"),
    ('\n{% include "nothing.html" %}', "index.html:2: .* there is no template 'nothing.html'"),
])  # fmt: skip
def test_it_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "index.html").write_text(text)
    with pytest.raises(ConfigError, match=said):
        render_page("index.html", SimpleNamespace(title="Reports", release="desk", facts=()), tmp_path)


def test_a_mistake_of_ours_is_not_put_down_to_a_team(tmp_path: Path) -> None:
    (tmp_path / "theme.css").write_text(":root { --link: #0a5; }")
    with pytest.raises(TypeError):
        render_page("index.html", SimpleNamespace(title="Reports", release="desk", facts=3), tmp_path)
