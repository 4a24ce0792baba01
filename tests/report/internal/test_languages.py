"""Languages by their names."""

from __future__ import annotations

import pytest

from harness.report.internal.languages import language


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("de", "German (de)"),
        ("EN", "English (EN)"),
        ("mixed", "mixed"),
        ("other, or too short to tell", "other, or too short to tell"),
        ("", ""),
    ],
)
def test_a_known_code_has_its_name_and_any_other_text_stays(code: str, told: str) -> None:
    assert language(code) == told
