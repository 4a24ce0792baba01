"""Rows of every format in one shape; nothing is guessed in silence."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from harness.core.suites import Prompt
from harness.data.formats import Columns
from harness.data.read import Reading, rows
from harness.data.rows import DataRow
from harness.tasks.classify import Classify
from harness.tasks.extract import Extract

Q, A = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
CALL = {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f"}}]}


def read(
    path: Path, values: list[object], columns: Columns | None = None, **more: bool
) -> tuple[list[DataRow], list[str]]:
    path = path / "rows.jsonl"
    path.write_bytes(b"".join(orjson.dumps(value) + b"\n" for value in values))
    reading = Reading()
    found = [row for batch in rows([path], ["f"], reading, columns, **more) for row in batch]
    return found, [str(problem) for problem in reading.problems]


@pytest.mark.parametrize(
    ("value", "format", "asked", "target", "roles"),
    [
        ({"messages": [Q, A]}, "chat", "q", "a", "ua"),
        ({"messages": [{"role": "system", "content": "s"}, Q, A, Q, A]}, "chat", "q\nq", "a", "suaua"),
        ({"messages": [Q, CALL, {"role": "tool", "content": "t"}, A]}, "chat", "q", "a", "uata"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "q"}]}, A]}, "chat", "q", "a", "ua"),
        ({"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": ""}]}, "chat", "q", "", "ua"),
        ({"instruction": "i", "output": "o"}, "instruction", "i", "o", "ua"),
        ({"instruction": "i", "input": "x", "output": "o", "system": "s"}, "instruction", "i\nx", "o", "sua"),
        ({"instruction": "i", "input": "", "output": "o", "text": "t"}, "instruction", "i", "o", "ua"),
        ({"prompt": "p", "completion": "c"}, "response", "p", "c", "ua"),
        ({"prompt": "p", "response": "r"}, "response", "p", "r", "ua"),
        ({"segments": [{"label": False, "text": "p"}, {"label": True, "text": "r"}]}, "response", "p", "r", "ua"),
        ({"text": "t", "label": "l"}, "task", "t", "l", "ua"),
        ({"text": "t", "label": 3}, "task", "t", "3", "ua"),
        ({"text": "t", "target": {"n": 2**70}}, "task", "t", '{"n":1180591620717411303424}', "ua"),
    ],
)
def test_each_format(value: object, format: str, asked: str, target: str, roles: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    if "target" in str(value):
        path.write_text('{"text": "t", "target": {"n": 1180591620717411303424}}\n')
        found = [row for batch in rows([path], ["f"], Reading()) for row in batch]
    else:
        found, problems = read(tmp_path, [value])
        assert problems == []
    assert (found[0].format, found[0].input, found[0].target) == (format, asked, target)
    assert "".join(role[0] for role, _ in found[0].turns) == roles


def test_a_call_of_a_tool_is_part_of_its_turn(tmp_path: Path) -> None:
    found, _ = read(tmp_path, [{"messages": [Q, CALL]}])
    assert found[0].target == '[{"function":{"name":"f"}}]'


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"messages": []}, "'messages' must be a list of turns, at least one."),
        ({"messages": "x"}, "'messages' is text that is no JSON list of turns."),
        ({"messages": [Q]}, "the last turn is the user's, and must be the assistant's"),
        ({"messages": [A]}, "no turn is the user's."),
        ({"messages": [Q, {"role": "bot", "content": "a"}]}, "turn 2 has the 'role' 'bot'; known: system, user"),
        ({"messages": [Q, {"role": ["x"], "content": "a"}]}, "turn 2 has the 'role' ['x']; known"),
        ({"messages": [Q, {"from": "gpt"}]}, "turn 2 needs 'role' and 'content'."),
        ({"messages": [Q, "a"]}, "turn 2 needs 'role' and 'content'."),
        ({"messages": [Q, {"role": "system", "content": "s"}, A]}, "turn 2 is the system's; only the first may be."),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}, A]}, "the 'content' of turn 1 is not text."),
        ({"messages": [Q, {"role": "assistant", "content": None}]}, "the 'content' of turn 2 is not text."),
        ({"segments": [{"label": True}]}, "'segments' must be a list of"),
        ({"segments": [{"label": False, "text": "x"}]}, "'segments' must be a list of"),
        ({"instruction": "i", "output": 3}, "'output' is not text."),
        ({"prompt": ["p"], "response": "r"}, "'prompt' is not text."),
        ({"text": "t", "answer": "x"}, "the rows have 'text', 'answer', which tells no format. Known are chat"),
        ({}, "the rows have no keys, which tells no format."),
        ({"text": "t", "label": "a", "target": "b"}, "can be read as task (text, target) and task (text, label)."),
        ({"messages": [Q, A], "prompt": "p", "response": "r"}, "as chat (messages) and response (prompt, response)."),
    ],
)
def test_what_is_wrong_with_a_row_is_told(value: object, message: str, tmp_path: Path) -> None:
    found, problems = read(tmp_path, [value])
    assert found == []
    assert len(problems) == 1
    assert problems[0].startswith("f:1: ")
    assert message in problems[0]


TASK, CHAT = {"text": "t", "label": "l"}, {"messages": [Q, A]}


def test_a_row_of_another_format_names_both(tmp_path: Path) -> None:
    found, problems = read(tmp_path, [CHAT, TASK, TASK])
    assert [row.line for row in found] == [2, 3]
    assert problems[0].startswith(
        "f:1: the row is of the format chat (messages), the file's rows are task (text, label)."
    )
    found, problems = read(tmp_path, [CHAT, TASK, TASK], mixed=True)
    assert [row.format for row in found] == ["chat", "task", "task"]
    assert problems == []


def test_rows_that_lack_something_are_told(tmp_path: Path) -> None:
    both = {**TASK, **CHAT}
    _, problems = read(tmp_path, [TASK, TASK, {"text": "t"}, {"text": "t", "label": None}, both])
    assert problems == [
        "f:3: the row has no 'label', which rows of the format task (text, label) have; it has 'text'.",
        "f:4: 'label' is null.",
        "f:5: the row can be read as chat (messages) and task (text, label). Leave out the keys of one.",
    ]


def test_the_columns_of_a_suite_count_before_what_keys_look_like(tmp_path: Path) -> None:
    columns = Columns("output", Prompt("{{ instruction }}!", "be {{ tone }}"), Classify(["a", "b"]))
    found, problems = read(tmp_path, [{"instruction": "i", "tone": "kind", "output": "a"}], columns)
    assert problems == []
    assert found[0].turns == (("system", "be kind"), ("user", "i!"), ("assistant", "a"))
    assert (found[0].format, found[0].input, found[0].target, found[0].label) == ("task", "i!", "a", "a")


def test_targets_are_written_as_the_kind_writes_them(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}
    columns = Columns("target", Prompt("{{ text }}"), Extract(schema))
    found, _ = read(tmp_path, [{"text": "t", "target": {"b": 1, "a": 2}}, {"text": "t", "target": {"b": "x"}}], columns)
    assert [row.target for row in found] == ['{"a": 2, "b": 1}', '{"b":"x"}']
    assert found[0].label is None


def test_labels_of_chat_rows_are_the_targets_of_a_classify_task(tmp_path: Path) -> None:
    columns = Columns("label", Prompt("{{ text }}"), Classify(["a", "b"]))
    assert [row.label for row in read(tmp_path, [CHAT], columns)[0]] == ["a"]
    assert [row.label for row in read(tmp_path, [CHAT])[0]] == [None]


@pytest.mark.parametrize(
    "value", [{"text": "q"}, {"prompt": "q"}, {"instruction": "q"}, {"messages": [Q]}, {"text": "q", "label": None}]
)
def test_unlabelled_rows_have_an_empty_target(value: object, tmp_path: Path) -> None:
    found, problems = read(tmp_path, [value], unlabelled=True)
    assert problems == []
    assert (found[0].input, found[0].target, found[0].turns) == ("q", "", (("user", "q"),))
