"""Templates that only show columns take a short way; it must give what Jinja gives."""

from __future__ import annotations

import pytest

from harness.config.templates import environment, render

ROW = {
    "text": "a {brace} {{ and }} {0} %s <b> &\n", "n": 3, "f": 1e16, "yes": True, "list": [1, "é", None],
    "map": {"k": 1.50}, "self": "column", "loop": "round", "empty": "", "_under": "score",
}  # fmt: skip


@pytest.mark.parametrize(
    "template",
    [
        "{{ text }}",
        "{{text}}{{ n }}\n{{ f }} {{ yes }}{{ empty }}\n",
        "{ {} }} {0} {{ text }} {{ '{{' }}",
        "{{ list }} and {{ map }} {{ _under }} {{ loop }}",
        "{# remark #}{{- text -}}  x  {{ n }}",
        "{% raw %}{{ text }}{% endraw %}{{ text }}",
        "{{ true }} {{ 1 }} {{ text | upper }} {{ n + 1 }} {{ map.k }}",
        "{% if yes %}{{ text }}{% endif %}",
        "{% set a = text %}{{ a }}",
        "plain words",
        "",
    ],
)
def test_the_short_way_gives_what_jinja_gives(template: str) -> None:
    assert render(template, ROW) == environment().from_string(template).render(ROW)


def test_jinjas_own_name_is_no_column() -> None:
    assert "column" not in render("{{ self }}", ROW)


@pytest.mark.parametrize(
    ("row", "said"),
    [({"n": 1}, "'text' is undefined"), ({"text": None}, "a value that the prompt shows is null")],
)
def test_a_column_that_is_not_there_is_never_an_empty_text(row: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        render("Say {{ text }}", row)
