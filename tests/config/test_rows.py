"""JSON Lines: rows, samples and training rows, each mistake with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.config.rows import MAX_LINE_BYTES, read_rows
from tests.projects import Project, chat

DATA = "data/triage.jsonl"
ROW = {"id": "a", "text": "hello", "label": "billing", "language": "en"}


def without(key: str, **more: object) -> bytes:
    return json.dumps({k: v for k, v in ROW.items() if k != key} | more).encode()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"id": "a", ', "is not valid JSON: "),
        (b"[1, 2]", "a row must be a JSON object ({…})."),
        (b'"text"', "a row must be a JSON object"),
        (b'{"id": "caf\xe9"}', "byte 0xe9 is not UTF-8. Save the file as UTF-8."),
        (without("text", text=float("nan")), "is not valid JSON"),
        (without("text", text=float("-inf")), "is not valid JSON"),
        (without("text")[:-1] + b', "text": 1e999}', "is not valid JSON"),
        (without("text")[:-1] + b', "text": "\\ud800"}', "holds half a character (a lone surrogate)."),
        (without("none")[:-1] + b', "label": "shipping"}', "the key 'label' stands twice"),
        (without("text")[:-1] + b', "text": ' + b"1" * 5000 + b"}", "is not valid JSON"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "is not valid JSON"),
        (without("id"), "the row has no 'id' (text or a whole number)."),
        (without("id", id=True), "the row has no 'id'"),
        (without("id", id=" "), "the row has no 'id'"),
        (without("id", id=1.5), "the row has no 'id'"),
        (without("label"), "the row has no target 'label'."),
        (without("label", lable="billing"), "the row has no target 'label'. Did you mean 'lable'?"),
        (without("label", label="returns"), "the label 'returns' is not among billing, shipping."),
        (without("label", label="Billing"), "the label 'Billing' is not among billing, shipping."),
        (without("label", label=None), "the label None is not among"),
        (without("language"), "the row has no 'language', which the suite slices or groups by."),
        (without("text"), "the row has no 'text', which the prompt reads."),
        (without("text", text=None), "the prompt template fails: a value that the prompt shows is null."),
        (without("id", id="t0"), "the id 't0' stands twice (first in line 1)."),
    ],
)
def test_a_bad_row_is_told_with_its_line(desk: Project, line: bytes, said: str) -> None:
    good = desk.read(DATA).encode()
    desk.write(DATA, good + b"\n" + line + b"\n")  # the empty line counts, and is no row
    found = desk.problems()
    assert any(text.startswith(f"{DATA}:6: ") and said in text for text in found), found


@pytest.mark.parametrize(
    "value",
    [
        {"n": 18446744073709551616, "m": -9223372036854775809, "k": [{"d": 10**30}]},
        {"n": -0.0, "m": 1e22, "k": 0.1, "j": 9007199254740993, "i": True, "h": None},
        {"text": 'a "quoted": colon, and \\" :', "a:b": {"c": [{"d": '\\": '}, [], {}]}, "é": "\u2028😀\x00"},
    ],
)
def test_a_row_is_read_as_it_was_written(tmp_path: Path, value: dict[str, object]) -> None:
    for ascii_only in (True, False):
        (tmp_path / "rows.jsonl").write_text(json.dumps(value, ensure_ascii=ascii_only) + "\n", encoding="utf-8")
        rows, problems = read_rows(tmp_path / "rows.jsonl", "rows.jsonl")
        assert problems == []
        assert repr(rows[0].value) == repr(value)


@pytest.mark.parametrize(
    "line",
    ['{"a": 1, "a": 2}', '{"a": 1, "a" : 2, "b": "c"}', '{"a": [{"k": 1,\t"k"\t:1}]}', '{"a":1,"\\u0061":1}'],
)
def test_a_key_that_stands_twice_is_told_wherever_it_stands(tmp_path: Path, line: str) -> None:
    (tmp_path / "rows.jsonl").write_text(line + "\n", encoding="utf-8")
    rows, (problem,) = read_rows(tmp_path / "rows.jsonl", "rows.jsonl")
    assert rows == []
    assert "stands twice" in str(problem)


@pytest.mark.parametrize("line", ["[" * 1500 + "]" * 1500, '{"a":' * 1500 + "1" + "}" * 1500])
def test_a_row_of_great_depth_is_a_problem_or_a_row(tmp_path: Path, line: str) -> None:
    (tmp_path / "rows.jsonl").write_text(f'{{"x": {line}}}\n')
    rows, problems = read_rows(tmp_path / "rows.jsonl", "rows.jsonl")
    assert len(rows) + len(problems) == 1


SAME = "asks the same as data/triage.jsonl:{} (Unicode form and space do not count), and would count as two samples."


def asked_twice(project: Project) -> list[str]:
    return [text.split(" Drop")[0] for text in project.problems()]


@pytest.mark.parametrize(
    "texts", [("a b", "a b"), ("a b", " a\n b "), ("caf\u00e9", "cafe\u0301"), ("a b", "a\u00a0b"), ("ab", "a\u200bb")]
)
def test_rows_that_ask_the_same_are_one_sample_whatever_their_other_columns_say(
    desk: Project, texts: tuple[str, str]
) -> None:
    rows = [{**ROW, "id": f"n{i}", "ticket": i, "text": text} for i, text in enumerate((*texts, "another"))]
    desk.rows(DATA, rows)
    assert asked_twice(desk) == [f"{DATA}:2: the row {SAME.format(1)}"]
    assert desk.problems()[0].endswith("Drop one, or give both the same group, by a column that 'group' names.")


def test_a_group_of_their_own_makes_no_two_samples_of_rows_that_ask_the_same(desk: Project) -> None:
    desk.swap("suites/triage.yaml", "    slices: [language]\n", "    slices: [language]\n    group: ticket\n")
    examples = [json.loads(line) for line in desk.read("data/examples.jsonl").splitlines()]
    desk.rows("data/examples.jsonl", [{**row, "ticket": row["id"]} for row in examples])
    rows = [{**ROW, "id": f"n{i}", "ticket": i // 2, "text": "one" if i < 2 else f"text {i}"} for i in range(4)]
    desk.rows(DATA, rows)
    assert desk.problems() == []
    desk.rows(DATA, [{**row, "ticket": row["id"]} for row in rows])
    assert asked_twice(desk) == [f"{DATA}:2: the row {SAME.format(1)}"]
    assert "give both the same 'ticket', by which the task groups." in desk.problems()[0]


def test_examples_before_the_prompt_make_no_two_samples_of_one(desk: Project) -> None:
    """Whoever asks few-shot asks the same twice, too; case and other words are another question."""
    rows = [{**ROW, "id": f"n{i}", "text": text} for i, text in enumerate(["a", "A", "a.", "b"])]
    desk.rows(DATA, rows)
    assert desk.problems() == []
    desk.rows(DATA, [*rows, {**ROW, "id": "n9", "text": "b", "label": "shipping"}])
    assert asked_twice(desk) == [f"{DATA}:5: the row {SAME.format(4)}"]


@pytest.mark.parametrize("text", [b"", b"\n \n\n"])
@pytest.mark.parametrize("name", [DATA, "data/train.jsonl", "data/orders.jsonl", "data/quiz.jsonl"])
def test_an_empty_file_is_refused(desk: Project, name: str, text: bytes) -> None:
    desk.write(name, text)
    assert f"{name}: is empty; it needs at least one row." in desk.problems()


def test_a_folder_is_no_file_of_rows(desk: Project) -> None:
    desk.swap("suites/triage.yaml", DATA, "data")
    assert "data: this is not a file; a JSON Lines file is needed." in desk.problems()


def test_a_row_of_17_mib_is_refused_without_stopping_there(desk: Project) -> None:
    text = desk.read(DATA).encode()
    desk.write(DATA, b'{"x": "' + b"a" * (17 << 20) + b'"}\n' + text + b"{}\n")
    rows, problems = read_rows(desk.root / DATA, DATA)
    assert [row.line for row in rows] == [2, 3, 4, 5, 6]
    assert [str(problem) for problem in problems] == [f"{DATA}:1: the line is longer than {MAX_LINE_BYTES >> 20} MiB."]


def test_a_byte_order_mark_and_windows_lines_are_taken(desk: Project) -> None:
    text = desk.read(DATA)
    desk.write(DATA, b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert desk.problems() == []


def test_a_column_that_no_row_has_is_told_once_with_the_nearest(desk: Project) -> None:
    desk.swap("suites/triage.yaml", "{{ text }}", "{{ txet }}")
    assert desk.problems() == [
        f"data/{name}.jsonl:1: no row has 'txet', which the prompt reads. Did you mean 'text'?"
        for name in ("triage", "examples")
    ]


@pytest.mark.parametrize(
    "template",
    [
        "{{ text.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}{{ text }}",
        "{% set x = text.format.__globals__ %}{{ x }}",
        "{{ '{0.__class__.__init__}'.format(text) }}",
        "{% include '/etc/passwd' %}{{ text }}",
        "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}{{ text }}",
        "{{ '%q' % text }}",
        "{{ 1 // 0 }}{{ text }}",
        "{{ text.missing.more }}",
    ],
)
def test_a_hostile_or_failing_template_is_refused_once_for_each_file(desk: Project, template: str) -> None:
    desk.swap("suites/triage.yaml", "{{ text }}", template)
    found = desk.problems()
    assert [text.split(": ")[0] for text in found] == [f"{DATA}:1", "data/examples.jsonl:1"]
    assert all("the prompt template fails: " in text and "(and in 3 more)." in text for text in found)


@pytest.mark.parametrize("name", ["range", "cycler", "joiner", "namespace", "lipsum", "dict"])
def test_a_template_has_no_functions_only_columns(desk: Project, name: str) -> None:
    desk.swap("suites/triage.yaml", "{{ text }}", f"{{{{ text }}}}{{{{ {name}(1) }}}}")
    assert desk.problems()[0].startswith(f"{DATA}:1: no row has '{name}', which the prompt reads.")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({"order": "1"}, "the target has no field 'count'; write null where"),
        ({"order": "1", "count": "2"}, "the target does not fit the schema: '2' is not of type"),
        ({"order": "1", "count": 2, "colour": "red"}, "the target has the field 'colour'"),
        (["1", 2], "the target must be a JSON object"),
        ("1", "the target must be a JSON object"),
    ],
)
def test_an_extraction_target_has_exactly_the_fields_of_the_schema(desk: Project, target: object, said: str) -> None:
    desk.rows("data/orders.jsonl", [{"id": 1, "text": "x", "target": target}])
    assert any(text.startswith("data/orders.jsonl:1: ") and said in text for text in desk.problems())


@pytest.mark.parametrize("target", ["", "  ", None, 5, ["a"]])
def test_a_reference_is_text_with_something_in_it(desk: Project, target: object) -> None:
    desk.rows("data/summaries.jsonl", [{"id": 1, "text": "x", "target": target}])
    assert "data/summaries.jsonl:1: the target must be a text that is not empty." in desk.problems()


def test_a_file_in_the_wrong_format_is_not_told_line_by_line_for_ever(desk: Project) -> None:
    desk.write(DATA, "no json\n" * 500)
    found = [text for text in desk.problems() if text.startswith(DATA)]
    assert len(found) == 21
    assert "and 480 more problems like these." in found[0] + found[-1]


@pytest.mark.parametrize("name", ["data/train.jsonl", "data/validation.jsonl"])
@pytest.mark.parametrize("asked", ["message 2", "  MESSAGE\n2 "])
def test_a_test_sample_among_the_training_rows_is_told(desk: Project, name: str, asked: str) -> None:
    desk.rows(name, [chat("something else"), chat(asked)])
    assert desk.problems() == [
        f"{name}:2: the row holds the test sample t2 of triage.queue: a model can't be judged on what it was taught."
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "the row has no 'messages'"),
        ({"messages": []}, "the row has no 'messages'"),
        ({"messages": ["x"]}, "each turn needs a 'role'"),
        ({"messages": [{"role": "human", "content": "x"}]}, "each turn needs a 'role'"),
        ({"messages": [{"role": "user"}]}, "the content of the user turn is not text."),
        ({"messages": chat("x")["messages"][:1]}, "the last turn must be the assistant's"),  # type: ignore[index]
        (chat("x", " "), "the last turn must be the assistant's, and not empty"),
    ],
)
def test_a_training_row_ends_with_the_assistant(desk: Project, row: dict[str, object], said: str) -> None:
    desk.rows("data/train.jsonl", [chat("something else"), row])
    assert len(desk.problems()) == 1
    assert desk.problems()[0].startswith(f"data/train.jsonl:2: {said}")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (rb'{"id": 1, "a\\": 2}', None),
        (rb'{"id": 1, "text": "{\"a\": 1, \"a\" : 2}"}', None),
        (rb'{"id": 1, "a" : 1, "a\\":2, "b":"\\\":"}', None),
        (rb'{"id": 1, "a": 1, "a": 2, "b\\": "\":"}', "the key 'a' stands twice"),
        (rb'{"id": 1, "b\\\"": 1, "b\\\"" : 2}', "stands twice"),
        (rb'{"id": 1, "a\"": 1, "x": "\\", "a\"": 2}', "stands twice"),
    ],
)
def test_no_backslash_hides_a_key_that_stands_twice(tmp_path: Path, line: bytes, message: str | None) -> None:
    (tmp_path / "rows.jsonl").write_bytes(line + b"\n")
    rows, problems = read_rows(tmp_path / "rows.jsonl", "rows.jsonl")
    if message is None:
        assert [row.value for row in rows] == [json.loads(line)]
    else:
        assert [message in str(problem) for problem in problems] == [True]
