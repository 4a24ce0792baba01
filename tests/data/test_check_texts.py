"""Volume, mixture, encoding, length, edge cases and schemas: what is found, and what is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.core.errors import ConfigError
from harness.data.checks.edge_cases import is_odd
from harness.data.checks.encoding import mended
from harness.data.checks.interface import Setting
from harness.data.choose import vectors
from harness.data.findings import Severity
from tests.data.made import dropped, found, lines, made, row


@pytest.mark.parametrize(
    ("setting", "rows", "severity", "said"),
    [
        (
            Setting("classify"),
            [("a", "x")] * 49 + [("b", "y")] * 600,
            Severity.WARNING,
            "49 rows of the smallest class 'x'",
        ),
        (
            Setting("classify"),
            [("a", "x")] * 50 + [("b", "y")] * 600,
            Severity.NOTE,
            "50 rows of the smallest class 'x'",
        ),
        (Setting(), [(str(n), '{"a": 1}') for n in range(199)], Severity.WARNING, "199 rows: extraction needs 200"),
        (Setting(), [(str(n), f"{n} " + "word " * 20) for n in range(1000)], Severity.NOTE, "1,000 rows: free text"),
    ],
)
def test_too_few_rows_are_told_by_kind(setting: Setting, rows: Any, severity: Severity, said: str) -> None:
    [finding] = found("volume", made(rows), setting, size=100)
    assert finding.severity is severity
    assert finding.message.startswith(said)


def test_enough_rows_are_no_finding() -> None:
    assert found("volume", made([(str(n), "xy"[n % 2]) for n in range(1000)]), size=100) == []


def test_another_format_prompt_spelling_and_spaces_are_told() -> None:
    rows = [row(n, str(n), "ab"[n % 2], "Which queue?") for n in range(1, 41)]
    rows += [row(41, "x", "a", "which  queue"), row(42, "x", "a", "Which queue?", format="instruction")]
    rows += [row(43, "x", "A", "Which queue?"), row(44, "x", "b ", "Which queue?"), row(45, "x", "b")]
    said = {finding.message: lines(finding) for finding in found("mixed", rows)}
    assert list(said.values()) == [[42], [41], [45], [43], [44]]


def test_several_tasks_with_a_prompt_each_are_no_mixture() -> None:
    assert found("mixed", [row(n, str(n), f"answer {n}", ("Sum up.", "Which queue?")[n % 2]) for n in range(40)]) == []


BROKEN = {
    "GrÃ¼Ã\u009fe": "Grüße",
    "itâ€™s": "it’s",
    "a\u0000b\ufeffc": "abc",
    "cafe\u0301": "café",
    "São João, ÀÉ, 3 €, «à»": "São João, ÀÉ, 3 €, «à»",
    "family 👨\u200d👩\u200d👧 ok": "family 👨\u200d👩\u200d👧 ok",
}


@pytest.mark.parametrize("text", BROKEN)
def test_broken_characters_are_mended_and_right_ones_left(text: str) -> None:
    assert mended(text) == BROKEN[text]
    assert mended(mended(text)) == mended(text)


def test_broken_characters_are_told_by_kind() -> None:
    texts = [
        "GrÃ¼n",
        "lost \ufffd",
        "a\u0008b",
        "cafe\u0301",
        "café",
        "plain",
        "two\nlines\tand a tab",
        "你好",
        "👨\u200d👩",
    ]
    findings = found("encoding", made([(text, "x") for text in texts]))
    assert [lines(finding) for finding in findings] == [[1], [2], [3], [4]]
    assert found("encoding", made([("cafe\u0301", "x")])) == []


def test_edge_cases_that_are_absent_are_named_in_one_note() -> None:
    rows = made(
        [
            (f"a question of some words {n}", f"A long answer to the question with the number {n}, as it is.")
            for n in range(60)
        ]
    )
    [note] = found("edge_cases", rows)
    assert note.severity is Severity.NOTE
    assert "not known" in note.message
    assert "out of scope" not in note.message
    rows += made(
        [("???", "I don't know what you mean, I'm sorry, could you say it in other words?"), ("hi", "Hello " * 20)]
    )
    assert found("edge_cases", rows) == []


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real tokenizer of words with a chat template, as a folder."""
    tokenizers, transformers = pytest.importorskip("tokenizers"), pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("model")
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    made = transformers.PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]")
    made.chat_template = "{% for turn in messages %}<| {{ turn['role'] }} |> {{ turn['content'] }} {% endfor %}"
    made.save_pretrained(folder)
    return folder


def test_rows_are_counted_in_tokens_after_the_chat_template(model: Path) -> None:
    # Six tokens are the template's own, so two words less fit than the context has.
    rows = made([("a " * words, "b") for words in (12, 13, 14, 200)])
    [finding] = found("length", rows, Setting(tokenizer=model, context=20))
    assert finding.severity is Severity.ERROR
    assert dropped([finding]) == {3, 4} or dropped([finding]) == {2, 3, 4}
    assert "(the longest has 207)" in finding.message


def test_without_a_tokenizer_it_is_said_that_nothing_was_counted() -> None:
    [note] = found("length", made([("a", "b")]))
    assert (note.severity, "not looked for" in note.message) == (Severity.NOTE, True)


def test_a_folder_without_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        found("length", made([("a", "b")]), Setting(tokenizer=tmp_path, context=20))


def test_blank_inputs_and_turns_out_of_order_break_the_schema() -> None:
    rows = [row(1, "a", "b"), row(2, " ", "b"), row(3, "a", "b", "system"), row(4, "a", "b", label=" ")]
    turns = (("user", "a"), ("user", "b"), ("assistant", "c"))
    rows.append(type(rows[0])("rows.jsonl", 5, "chat", "a\nb", "c", turns, {}, None))
    said = {finding.message: lines(finding) for finding in found("schema", rows)}
    assert said == {
        "1 row whose input is blank.": [2],
        "1 row whose label is blank.": [4],
        "1 row whose roles are out of order.": [5],
    }


COLUMNS = {"customer": {"type": "string", "matches": "^C[0-9]+$"}, "age": {"type": "integer", "at_least": 18}}


def own(line: int, **value: object) -> Any:
    return type(row(1, "a", "b"))("rows.jsonl", line, "task", "a", "b", (), value, None)


def test_a_teams_own_columns_are_checked_with_line() -> None:
    rows = [own(1, customer="C1", age=20), own(2, customer="X", age=20), own(3, customer="C2", age=3)]
    rows += [own(4, customer="C3"), own(5, customer="C3", age="20")]
    findings = found("schema", rows, Setting(schema=COLUMNS), size=10)
    assert {4, 5} <= {line for finding in findings for line in lines(finding)}
    assert [2] in [lines(finding) for finding in findings]
    assert any(3 in lines(finding) for finding in findings)
    assert all(finding.severity is Severity.ERROR for finding in findings)


def test_a_column_that_is_missing_is_told() -> None:
    [finding] = found("schema", [own(1, customer="C1")], Setting(schema=COLUMNS))
    assert "no column 'age'" in finding.message
    assert dropped([finding]) == set()


def test_a_teams_own_file_is_run(tmp_path: Path) -> None:
    text = "import pandera.pandas as pa\nROWS = pa.DataFrameSchema({'target': pa.Column(str, pa.Check.isin(['x']))})\n"
    (tmp_path / "schema.py").write_text(text)
    [finding] = found("schema", made([("a", "x"), ("b", "y")]), Setting(schema="schema.py:ROWS", root=tmp_path))
    assert lines(finding) == [2]


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("schema.py", "a file and a name in it"),
        ("absent.py:ROWS", "there is no such file"),
        ("broken.py:ROWS", "the file can't be run: ZeroDivisionError"),
        ("broken2.py:ROWS", "'ROWS' is no pandera schema"),
        ({"age": {"type": "date", "smallest": 3}}, "unknown rule 'smallest'"),
        ({"age": "integer"}, "must be a mapping"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(declared: Any, said: str, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("1 / 0\n")
    (tmp_path / "broken2.py").write_text("ROWS = 3\n")
    with pytest.raises(ConfigError, match=said):
        found("schema", made([("a", "b")]), Setting(schema=declared, root=tmp_path))


@pytest.mark.parametrize("text", ["مُحَمَّدٌ يَطْلُبُ", "हिन्दी में लिखिए", "ไม่ได้รับสินค้าที่สั่ง", "שָׁלוֹם", "电热水壶坏了"])
def test_letters_with_marks_are_letters(text: str) -> None:
    assert not is_odd(text)


def test_words_without_spaces_are_told_apart_in_drift_and_choice() -> None:
    refunds, others = ["我想申请退款", "请问怎么申请退款"], ["密码忘记了怎么办", "营业时间是几点"]
    alike = (vectors([*refunds, *others]) @ vectors([*refunds, *others]).T).toarray()
    assert alike[0, 1] > 0.5
    assert alike[0, 2] == alike[0, 3] == 0
