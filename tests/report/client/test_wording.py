"""The fixed texts, and what a team may put in their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import ConfigError
from harness.report.client.wording import load_wording, tell


def test_a_teams_texts_replace_the_packages(tmp_path: Path) -> None:
    (tmp_path / "wording.yaml").write_text("new_model: our assistant\nagreed: '{rule} was agreed.'\n")
    say = load_wording(tmp_path)
    assert (say["new_model"], say["agreed"]) == ("our assistant", "{rule} was agreed.")
    assert {**say, "new_model": "", "agreed": ""} == {**load_wording(None), "new_model": "", "agreed": ""}


def test_a_folder_without_a_wording_has_the_packages(tmp_path: Path) -> None:
    assert load_wording(tmp_path) == load_wording(None)
    (tmp_path / "wording.yaml").write_text("# nothing yet\n")
    assert load_wording(tmp_path) == load_wording(None)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("verdict_pas: Yes.", "there is no text 'verdict_pas'. Did you mean 'verdict_pass'?"),
        ("verdict_pass: 3", "'verdict_pass' must be a text"),
        ("verdict_pass: [Yes.]", "'verdict_pass' must be a text"),
        ("agreed: Agreed.", "'agreed' must hold {rule}, and no other"),
        ("verdict_pass: 'Yes, {client}.'", "'verdict_pass' must hold no {place}, and no other"),
        ("agreed: '{rule} {rule.__class__}'", "'agreed' has a brace that is not of a {place}"),
        ("agreed: '{rule!r}'", "'agreed' must hold {rule}"),
        ("- one", "this file must be a mapping of keys to texts"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "wording.yaml").write_text(f"# our words\n{line}\n")
    with pytest.raises(ConfigError) as error:
        load_wording(tmp_path)
    assert told in str(error.value)
    place = f"{tmp_path / 'wording.yaml'}:" + ("1" if line.startswith("-") else "2")
    assert str(error.value).startswith(place)


def test_what_is_filled_in_is_never_read_again() -> None:
    assert tell({"say": "{a} and {b}"}, "say", a="{b}", b="{a.__class__}") == "{b} and {a.__class__}"
