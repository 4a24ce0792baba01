"""Every key of every server and launcher, written in YAML as its schema says, reaches its plug."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import ValidationError

from harness import catalog
from harness.config.load import SERVERS, load_release
from harness.config.schema import LauncherFile, ServeFile
from harness.config.schema.types import File
from tests.projects import RELEASE, Project, make_project

REVISION = "0123456789abcdef0123456789abcdef01234567"
# A text that fits each pattern; the first one that does is taken.
TEXTS = ("word", "16g", "5min", REVISION, "http://server.test/v1", "https://{name}.test", f"org/adapter@{REVISION}")
SERVE = {name: get_args(ServeFile.model_fields[name].annotation)[0] for name in SERVERS}
LAUNCH = {name: get_args(LauncherFile.model_fields[name].annotation)[0] for name in catalog.names("launchers")}


def values(schema: dict[str, Any]) -> Iterator[Any]:
    """A value of each kind that a key's JSON Schema takes, as YAML gives it."""
    if "anyOf" in schema:
        for branch in schema["anyOf"]:
            yield from values(branch)
    elif "enum" in schema:
        yield from schema["enum"]
    elif schema["type"] == "array":
        yield [item for item in values(schema["items"])][:1] * 2
    else:
        yield plain(schema)


def plain(schema: dict[str, Any]) -> object:
    if schema["type"] == "string":
        return next(text for text in TEXTS if re.search(schema.get("pattern", ""), text))
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    return {"integer": low + 1, "number": low + 0.5, "boolean": True, "null": None}[schema["type"]]


def keys(files: dict[str, type[File]]) -> list[Any]:
    """(kind, its needed keys, the key, a value) for every key and each kind of value."""
    cases = []
    for kind, file in files.items():
        schema = file.model_json_schema()
        needed = {key: next(values(schema["properties"][key])) for key in schema.get("required", ())}
        for key, of in schema["properties"].items():
            for value in values(of):
                cases.append(pytest.param(kind, needed, key, value, id=f"{kind}-{key}-{value}"))
    return cases


BESIDE = {("kubernetes", "shards"): {"gpus": 8}}
"""What a key needs beside it: a model is spread over no more GPUs than a pod has."""


def meant(value: Any) -> Any:
    """What a plug makes of it: times are in seconds."""
    return 300.0 if value == "5min" else value


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = make_project(tmp_path_factory.mktemp("project"))
    made.write("word", "provider: modal\n")  # what a key that is a path names
    return made


def written(project: Project, **more: Any) -> Any:
    """The release of a file that differs by these keys, and its problems."""
    release = yaml.safe_load(RELEASE)
    release["candidate"]["train"] |= more.pop("train", {})
    file = Path(project.root / "other.yaml")
    file.write_text(yaml.safe_dump(release | more, allow_unicode=True), encoding="utf-8")
    return load_release(file)


@pytest.mark.parametrize(("kind", "needed", "key", "value"), keys(SERVE))
def test_a_key_of_a_server_reaches_its_plug(project: Project, kind: str, needed: Any, key: str, value: Any) -> None:
    release, problems = written(project, serve={kind: {**needed, **BESIDE.get((kind, key), {}), key: value}})
    assert problems == []
    server = catalog.build("servers", kind, release.serve.arguments)
    got = getattr(server, key)
    assert (list(got) if isinstance(got, tuple) else got) == meant(value)


@pytest.mark.parametrize("kind", SERVE)
def test_a_merged_model_is_for_servers_that_start_here(project: Project, kind: str) -> None:
    schema = SERVE[kind].model_json_schema()
    needed = {key: next(values(schema["properties"][key])) for key in schema.get("required", ())}
    _, problems = written(project, serve={kind: needed, "merged": True})
    assert ("'merged'" not in str(problems)) == catalog.plug("servers", kind).starts_here


@pytest.mark.parametrize(("kind", "needed", "key", "value"), keys(LAUNCH))
def test_a_key_of_a_launcher_reaches_its_plug(project: Project, kind: str, needed: Any, key: str, value: Any) -> None:
    alias = LauncherFile.model_fields[kind].alias or kind
    release, problems = written(project, train={"launcher": {alias: {**needed, key: value}}})
    assert problems == []
    launcher = catalog.build("launchers", kind, release.candidate.training.launcher.arguments)
    assert getattr(launcher, key) in (meant(value), str(project.root / str(value)))  # a path is found from the file


def files(of: type[File] = File) -> Iterator[type[File]]:
    for kind in of.__subclasses__():
        yield kind
        yield from files(kind)


@pytest.mark.parametrize("file", sorted(set(files()), key=lambda kind: kind.__name__))
def test_no_key_wants_what_yaml_cannot_write(file: type[File]) -> None:
    """YAML has lists and mappings, no tuples and no sets, and strict types take no list for these."""
    for key, info in file.model_fields.items():
        for value in (["word"], [1], {"word": ["word"]}, [["word"]]):
            try:
                file.model_validate({info.alias or key: value})
            except ValidationError as error:
                wrong = {item["type"] for item in error.errors() if isinstance(item["input"], list)}
                assert not wrong & {"tuple_type", "set_type", "frozen_set_type"}, (key, value)


def test_options_that_are_no_list_are_told_as_such(project: Project) -> None:
    _, problems = written(project, serve={"vllm": {"options": "--enforce-eager"}})
    assert [problem.message for problem in problems] == ["'options' must be a list, not text ('--enforce-eager')."]
    _, problems = written(project, serve={"vllm": {"options": ["--max-num-seqs", 1]}})
    assert [problem.message for problem in problems] == ["'options[2]' must be text, not a number (1)."]
