"""A team's own templates over the internal edition's."""

from __future__ import annotations

import re
from pathlib import Path

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
