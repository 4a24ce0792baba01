"""The real command line, as processes: exit codes, where words go, what is imported, what is written."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.main import COMMANDS, main
from harness.core.errors import OutsideError
from tests.projects import ENVIRONMENT, Project

HEAVY = ("numpy", "pydantic", "jinja2", "duckdb", "torch", "yaml", "scipy", "tqdm", "aiohttp", "transformers")


def harness(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return python(folder, "-m", "harness", *words)


def python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)


@pytest.mark.e2e  # Axolotl's own check is asked
def test_validate_prints_what_was_checked_and_writes_nothing(desk: Project) -> None:
    before = desk.files()
    done = harness(desk.root, "validate")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "release.yaml: release 'desk' is valid.",
        "  triage.queue: classify, 4 samples, accuracy, macro_f1, format",
        "  desk.orders: extract, 4 samples, exact_match, partial_match",
        "  desk.summary: generate, 4 samples, rouge_1, format",
        "  desk.knowledge: lm_eval, lm-eval's samples, accuracy",
        "  4 gates, baselines: base",
        "release.yaml:16: warning: at_least 0.6 on triage.accuracy needs 30 samples; you have 4.",
        "release.yaml:17: warning: improves on triage.macro_f1 needs 200 samples; you have 4.",
        "release.yaml:18: warning: margin 0.1 on desk.orders.exact_match needs 30 samples; you have 4.",
    ]
    assert desk.files() == before


@pytest.mark.parametrize("command", ["validate", "gate"])
def test_bad_files_give_2_every_problem_on_stderr_and_nothing_written(desk: Project, command: str) -> None:
    desk.swap("release.yaml", "at_least: 0.6", "at_least: 6")
    desk.swap("suites/triage.yaml", "macro_f1", "macro_f2")
    desk.swap(
        "data/triage.jsonl", '"shipping", "language": "en"}\n{"id": "t2"', '"shiping", "language": "en"}\n{"id": 2'
    )
    desk.swap("lora.yaml", "lora_r:", "lora_rank:")
    before = desk.files()
    done = harness(desk.root, command)
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert [line.split(": ")[0] for line in lines[:5]] == [
        "suites/triage.yaml:16",
        "data/triage.jsonl:2",
        "release.yaml:16",
        "release.yaml:17",
        "lora.yaml:3",
    ]
    assert lines[5:] == [f"harness {command}: 5 problems; nothing was started."]
    assert desk.files() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"name: !!python/object/apply:os.system [touch hacked]\n", "only plain values are."),
        (b"[" * 1000, "too deep or too large"),
        (b"name: \xff\n", "release.yaml:1: byte 0xff is not UTF-8."),
        (b"", "must be a mapping of keys, not nothing."),
    ],
)
def test_a_hostile_file_gives_2_and_a_message_never_a_traceback(desk: Project, text: bytes, said: str) -> None:
    desk.write("release.yaml", text)
    before = desk.files()
    done = harness(desk.root, "validate")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert desk.files() == before


def test_a_missing_file_gives_2_and_its_name(tmp_path: Path) -> None:
    done = harness(tmp_path, "validate", "-f", "none.yaml")
    assert done.returncode == 2
    assert done.stderr == "none.yaml: this file does not exist.\nharness validate: 1 problem; nothing was started.\n"
    assert list(tmp_path.iterdir()) == []


def test_help_is_quick_because_it_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom harness.cli.main import main\ncode = main(sys.argv[1:])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], code)"
    )
    for words in (["--help"], ["--version"], ["validate", "--help"], ["gate", "--help"]):
        done = python(tmp_path, "-c", code, *words)
        assert done.stdout.splitlines()[-1] == "[] 0", (words, done.stderr)


def test_the_help_lists_every_command_and_every_module_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"\n  {name} " in said for name in COMMANDS)
    assert "exit codes: 0 pass · 1 a gate failed" in said
    modules = {path.stem for path in Path(main.__code__.co_filename).parent.glob("*.py")}
    assert modules - {"__init__", "main", "command", "progress"} == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: harness {command}")
    assert len(said.splitlines()) > 5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["validte"], "there is no command 'validte'. Did you mean 'validate'?"),
        (["zzz"], "there is no command 'zzz'. `harness --help` lists them."),
        (["validate", "--fil"], "expected one argument"),
        (["validate", "--none"], "unrecognized arguments: --none"),
        (["init", "clasify"], "invalid choice: 'clasify'"),
        (["promote"], "the following arguments are required: --to"),
        (["data"], "the following arguments are required: VERB"),
    ],
)
def test_a_wrong_word_gives_2_and_a_hint(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert said in capsys.readouterr().err


def test_no_command_shows_the_help_and_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "commands:" in capsys.readouterr().out


def test_chat_rows_are_printed_as_json_lines(desk: Project) -> None:
    done = harness(desk.root, "data", "chat", "suites/triage.yaml", "data/examples.jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == (
        '{"id": "t100", "messages": [{"role": "system", "content": "Name the queue."}, '
        '{"role": "user", "content": "message 100"}, {"role": "assistant", "content": "billing"}]}'
    )


def test_a_bug_gives_5_with_its_traceback_and_no_verdict(
    desk: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("harness.pipeline.validate.load_release", lambda path: 1 / 0)
    assert main(["validate", "-f", str(desk.root / "release.yaml")]) == 5
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert "this is a bug in harness; nothing was judged." in said


def test_an_interruption_gives_130(
    desk: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.pipeline.validate.load_release", interrupted)
    assert main(["validate", "-f", str(desk.root / "release.yaml")]) == 130
    assert "the same command goes on from there" in capsys.readouterr().err


@pytest.mark.parametrize("error", [RuntimeError("TaskGroup is shutting down"), OutsideError("the server is gone")])
def test_what_fails_because_of_a_sigterm_is_an_interruption(
    desk: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def interrupted(path: Path) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        raise error

    monkeypatch.setattr("harness.pipeline.validate.load_release", interrupted)
    assert main(["validate", "-f", str(desk.root / "release.yaml")]) == 130
    said = capsys.readouterr().err
    assert "the same command goes on from there" in said
    assert "bug" not in said
