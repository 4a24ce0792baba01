"""Rows of any format written in Axolotl's: whole files or none, and nothing lost that the format can hold."""

from __future__ import annotations

import gzip
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.core.errors import ConfigError, OutsideError
from harness.core.suites import Prompt
from harness.data.formats import Columns
from harness.data.read import Reading, rows
from harness.data.rows import DataRow
from harness.data.write import written
from harness.pipeline.data.convert import convert

Q, A, S = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}, {"role": "system", "content": "s"}
CALL = {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}
TOOL = {"role": "tool", "content": "4", "tool_call_id": "1"}


def put(path: Path, values: list[dict[str, object]]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(value) + b"\n" for value in values))
    return path


def converted(folder: Path, value: dict[str, object], to: str, columns: Columns | None = None) -> dict[str, object]:
    out = folder / "out.jsonl"
    out.unlink(missing_ok=True)
    convert([put(folder / "in.jsonl", [value])], ["in.jsonl"], out, to, columns)
    found: dict[str, object] = orjson.loads(out.read_bytes())
    return found


@pytest.mark.parametrize(
    ("value", "to", "expected"),
    [
        ({"messages": [S, Q, A], "id": 1}, "chat", {"id": 1, "messages": [S, Q, A]}),
        ({"messages": [Q, CALL, TOOL, A], "tools": [1]}, "chat", {"tools": [1], "messages": [Q, CALL, TOOL, A]}),
        ({"messages": [Q, {**A, "tool_calls": None}]}, "chat", {"messages": [Q, A]}),
        (
            {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a", "weight": 1}]},
            "chat",
            {"messages": [Q, {**A, "weight": 1}]},
        ),
        ({"instruction": "i", "input": "x", "output": "a", "system": "s"}, "chat", None),
        ({"prompt": "q", "completion": "a"}, "chat", {"messages": [Q, A]}),
        ({"text": "q", "label": "a", "language": "en"}, "chat", {"language": "en", "messages": [Q, A]}),
        ({"instruction": "i", "input": "x", "output": "a"}, "alpaca", None),
        ({"prompt": "q", "response": "a"}, "alpaca", {"instruction": "q", "input": "", "output": "a"}),
        ({"messages": [S, Q, A]}, "alpaca_w_system", {"system": "s", "instruction": "q", "input": "", "output": "a"}),
        ({"messages": [Q, A]}, "alpaca_w_system", {"system": "", "instruction": "q", "input": "", "output": "a"}),
        (
            {"prompt": "q", "response": "a"},
            "input_output",
            {"segments": [{"label": False, "text": "q"}, {"label": True, "text": "a"}]},
        ),
        ({"messages": [S, Q, A]}, "completion", {"text": "s\nq\na"}),
    ],
)
def test_each_format(value: dict[str, object], to: str, expected: dict[str, object] | None, tmp_path: Path) -> None:
    if expected is None:
        asked = {"role": "user", "content": "i\nx"}
        expected = value if to == "alpaca" else {"messages": [S, asked, A]}
    assert converted(tmp_path, value, to) == expected


def test_rows_of_a_suite_are_asked_as_it_asks(tmp_path: Path) -> None:
    columns = Columns("answer", Prompt("Sort: {{ body }}", "s"))
    found = converted(tmp_path, {"id": "x", "body": "b", "answer": "a"}, "chat", columns)
    assert found == {"id": "x", "messages": [S, {"role": "user", "content": "Sort: b"}, A]}


@pytest.mark.parametrize(
    ("value", "to", "message"),
    [
        ({"messages": [S, Q, A]}, "alpaca", "alpaca rows have no place for the system turn. Write alpaca_w_system"),
        ({"messages": [Q, A, Q, A]}, "alpaca", "alpaca rows hold one question and one answer; this has 4 turns."),
        ({"messages": [Q, CALL]}, "completion", "completion rows hold one question and one answer"),
        ({"messages": [Q, CALL]}, "input_output", "input_output rows have no roles"),
        ({"messages": [Q, A], "input": "x"}, "alpaca", "the column 'input' is taken by the format alpaca."),
        ({"text": "q", "label": "a", "messages": 1}, "chat", "can be read as chat"),
        ({"text": "q"}, "chat", "which tells no format"),
    ],
)
def test_what_a_format_cannot_hold_is_told_and_nothing_written(
    value: dict[str, object], to: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"in\.jsonl:1: ") as told:
        converted(tmp_path, value, to)
    assert message in str(told.value)
    assert [each.name for each in tmp_path.iterdir()] == ["in.jsonl"]


def test_all_bad_rows_are_counted(tmp_path: Path) -> None:
    path = put(tmp_path / "in.jsonl", [{"messages": [S, Q, A]}] * 50)
    with pytest.raises(ConfigError) as told:
        convert([path], ["in.jsonl"], tmp_path / "out.jsonl", "alpaca")
    assert str(told.value.problems[-1]) == "in.jsonl: and 30 more rows that cannot be read or written."


def test_names_and_formats_that_are_not_known_are_told_together(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as told:
        convert([], [], tmp_path / "out.csv", "sharegpt")
    assert len(told.value.problems) == 2


def test_files_of_several_formats_become_one(tmp_path: Path) -> None:
    one = put(tmp_path / "one.jsonl", [{"messages": [Q, A]}])
    two = put(tmp_path / "two.jsonl", [{"prompt": "q", "response": "a"}] * 2)
    done = convert([one, two], ["one", "two"], tmp_path / "out.jsonl.gz")
    assert (done.axolotl_type, done.note) == ("chat_template", "")
    assert (done.rows, done.formats) == ({"one": 1, "two": 2}, {"one": "chat", "two": "response"})
    assert gzip.decompress((tmp_path / "out.jsonl.gz").read_bytes()).count(b'{"messages":[') == 3


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
def test_the_same_rows_are_the_same_bytes_and_read_back(name: str, tmp_path: Path) -> None:
    source = put(tmp_path / "in.jsonl", [{"messages": [Q, A]}] * 3)
    for folder in ("one", "two"):
        convert([source], ["in"], tmp_path / folder / name)
    one, two = ((tmp_path / folder / name) for folder in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    assert [len(batch) for batch in rows([one], ["f"], Reading())] == [3]


def test_a_file_that_exists_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("mine")
    with pytest.raises(ConfigError, match="exists already"), written(tmp_path / "a.jsonl"):
        pass
    assert (tmp_path / "a.jsonl").read_text() == "mine"


def test_a_file_that_comes_into_being_meanwhile_is_not_touched_either(tmp_path: Path) -> None:
    def write() -> None:
        with written(tmp_path / "a.jsonl") as file:
            file.write(b"ours")
            (tmp_path / "a.jsonl").write_text("mine")

    with pytest.raises(ConfigError, match="meanwhile"):
        write()
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("a.jsonl", "mine")]


def test_what_breaks_leaves_nothing(tmp_path: Path) -> None:
    def write() -> None:
        with written(tmp_path / "a.jsonl") as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutsideError, match="cannot write"), written(tmp_path / "file" / "a.jsonl"):
        pass


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
FULL = TEXT.filter(bool)


def source(kind: str, pairs: list[tuple[str, str]], system: str) -> dict[str, object]:
    asked, answer = pairs[0]
    if kind == "chat":
        turns = [{"role": r, "content": t} for pair in pairs for r, t in zip(("user", "assistant"), pair, strict=True)]
        return {"messages": [*([{"role": "system", "content": system}] if system else []), *turns]}
    if kind == "sharegpt":
        turns = [{"from": r, "value": t} for pair in pairs for r, t in zip(("human", "gpt"), pair, strict=True)]
        return {"conversations": [*([{"from": "system", "value": system}] if system else []), *turns]}
    if kind == "instruction":
        return {"instruction": asked, "input": "", "output": answer, **({"system": system} if system else {})}
    if kind == "response":
        return {"prompt": asked, "completion": answer, **({"system": system} if system else {})}
    return {"text": asked, "target": answer}


def seen(path: Path) -> list[tuple[str, str, object]]:
    reading = Reading()
    found: list[DataRow] = [row for batch in rows([path], ["f"], reading) for row in batch]
    assert reading.problems == []
    return [(row.input, row.target, row.turns) for row in found]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["chat", "sharegpt", "instruction", "response", "task"]),
    pairs=st.lists(st.tuples(FULL, TEXT), min_size=1, max_size=3),
    system=TEXT,
    to=st.sampled_from(["chat", "alpaca", "alpaca_w_system", "input_output"]),
)
def test_rows_come_back_as_they_went(
    kind: str, pairs: list[tuple[str, str]], system: str, to: str, tmp_path: Path
) -> None:
    if to.startswith("alpaca"):
        pairs = pairs[:1]
    system = "" if to in ("alpaca", "input_output") else system
    one, two = put(tmp_path / "in.jsonl", [source(kind, pairs, system)]), tmp_path / "out.jsonl"
    two.unlink(missing_ok=True)
    convert([one], ["in"], two, to)
    assert seen(two) == seen(one)
