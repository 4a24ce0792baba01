"""What every plug promises, walked through the catalog, so that a new plug is held to it too."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import random
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from harness import catalog
from harness.config import json_schema
from harness.config.schema import GateFile, LauncherFile, ServeFile, TaskFile
from tests.projects import DESK, RELEASE, TRIAGE

ROOT = Path(__file__).parents[1]
PLUGS = [(family, name) for family in catalog.FAMILIES for name in catalog.names(family)]
KNOWN = {
    "launchers": ("axolotl_cloud", "docker", "process", "ray", "ssh"),
    "tasks": ("classify", "extract", "generate", "lm_eval", "refuse"),
    "gates": ("at_least", "at_most", "at_most_share", "improves", "margin", "no_critical_failures", "win_rate"),
    "perturbations": (
        "distraction",
        "injection",
        "letter_case",
        "look_alikes",
        "truncation",
        "typos",
        "whitespace",
    ),
    "servers": (
        "inference_endpoint",
        "kubernetes",
        "local",
        "openai",
        "remote",
        "tgi_docker",
        "tgi_process",
        "vllm",
    ),
}
PROTOCOLS = {
    "tasks": "TaskKind",
    "metrics": "Metric",
    "gates": "Rule",
    "perturbations": "Perturbation",
    "servers": "Server",
    "launchers": "Launcher",
}
each_plug = pytest.mark.parametrize(("family", "name"), PLUGS)


def stored(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / f"docs/schema/{name}.schema.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(("family", "names"), KNOWN.items())
def test_the_catalog_finds_what_lies_in_the_folder(family: str, names: tuple[str, ...]) -> None:
    assert catalog.names(family) == names


def test_an_unknown_name_is_a_key_error() -> None:
    for name in ("none", "_rouge", "interface", "../core"):
        with pytest.raises(KeyError):
            catalog.plug("metrics", name)


@each_plug
def test_a_plug_is_a_documented_frozen_dataclass_with_slots(family: str, name: str) -> None:
    plug = catalog.plug(family, name)
    assert plug.__module__ == f"harness.{family}.{name}"
    assert plug.__name__.lower() == name.replace("_", "")
    assert plug.__dataclass_params__.frozen
    assert hasattr(plug, "__slots__")
    assert not (plug.__doc__ or f"{plug.__name__}(").startswith(f"{plug.__name__}("), "dataclasses make that text"
    assert inspect.getmodule(plug).__doc__


@each_plug
def test_a_plug_gives_everything_that_its_protocol_asks(family: str, name: str) -> None:
    plug = catalog.plug(family, name)
    protocol = getattr(importlib.import_module(f"harness.{family}.interface"), PROTOCOLS[family])
    asked = {key for key in (*vars(protocol), *get_type_hints(protocol)) if not key.startswith("_")}
    assert asked
    assert {key for key in asked if not hasattr(plug, key) and key not in catalog.arguments(family, name)} == set()
    for key in asked:
        if inspect.isfunction(vars(protocol).get(key)):
            assert getattr(plug, key).__doc__
            ours, theirs = inspect.signature(getattr(plug, key)), inspect.signature(getattr(protocol, key))
            assert list(ours.parameters) == list(theirs.parameters)


@each_plug
def test_the_fields_of_a_plug_can_be_said_in_json_schema(family: str, name: str) -> None:
    schema = TypeAdapter(catalog.plug(family, name)).json_schema()
    Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]) == set(catalog.arguments(family, name))
    needed = {field.name for field in dataclasses.fields(catalog.plug(family, name))
              if field.default is field.default_factory is dataclasses.MISSING}  # fmt: skip
    assert set(schema.get("required", ())) == needed


@pytest.mark.parametrize(
    ("family", "name", "given"),
    [
        ("tasks", "generate", {"max_words": True}),
        ("tasks", "generate", {"max_words": "9"}),
        ("tasks", "classify", {"labels": [False, True]}),
        ("tasks", "classify", {"labels": "billing"}),
        ("tasks", "classify", {}),
        ("metrics", "rouge_1", {"stemmer": "yes"}),
        ("metrics", "bert_score", {"layer": 6.5}),
        ("gates", "at_least", {"threshold": "high"}),
        ("perturbations", "typos", {"rate": "0.1"}),
        ("perturbations", "letter_case", {"ways": ["title"]}),
        ("perturbations", "injection", {"texts": "Stop."}),
        ("perturbations", "distraction", {"place": "between"}),
    ],
)
def test_arguments_of_the_wrong_type_are_refused_not_bent(family: str, name: str, given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        catalog.build(family, name, given)


def test_whole_numbers_do_for_thresholds() -> None:
    assert catalog.build("gates", "at_most", {"threshold": 5}).threshold == 5.0


@pytest.mark.parametrize("name", catalog.names("metrics"))
def test_a_metric_says_how_it_is_aggregated_and_where_it_fits(name: str) -> None:
    plug = catalog.plug("metrics", name)
    assert plug.aggregate in ("rate", "mean", "macro_f1", "bleu")
    assert plug.version >= 1
    assert plug.kinds
    assert set(plug.kinds) <= set(catalog.names("tasks"))


@pytest.mark.parametrize("name", catalog.names("perturbations"))
def test_a_perturbation_is_pure_and_seeded(name: str) -> None:
    plug = catalog.build("perturbations", name, {})
    assert plug.version >= 1
    assert plug.check() == []
    texts = ["Where is my parcel?", "", "x", "日本語"]
    first = [plug.apply(text, random.Random(5)) for text in texts]
    assert [plug.apply(text, random.Random(5)) for text in texts] == first
    assert first[0] != texts[0]
    state = random.getstate()
    plug.apply(texts[0], random.Random(5))
    assert random.getstate() == state, "the draws are from the generator given, never from the module's own"


@pytest.mark.parametrize("name", catalog.names("tasks"))
def test_a_task_kinds_own_keys_do_not_hide_the_common_ones(name: str) -> None:
    assert not set(catalog.arguments("tasks", name)) & set(TaskFile.model_fields)


def test_the_stored_schemas_are_the_current_ones() -> None:
    for name, text in json_schema.texts().items():
        assert (ROOT / "docs/schema" / name).read_text(encoding="utf-8") == text, (
            "run `python -m harness.config.json_schema docs/schema`"
        )


def test_every_plug_is_in_the_schemas_under_its_yaml_key() -> None:
    task = stored("suite")["$defs"]["TaskFile"]
    assert task["properties"]["kind"]["enum"] == [*catalog.names("tasks"), "robustness"]
    plain, mapping = task["properties"]["perturbations"]["items"]["anyOf"]
    assert plain["enum"] == list(mapping["properties"]) == list(catalog.names("perturbations"))
    for name in catalog.names("tasks"):
        assert set(catalog.arguments("tasks", name)) <= set(task["properties"])
    plain, mapping = task["properties"]["metrics"]["items"]["anyOf"]
    ((pattern, script),) = mapping["patternProperties"].items()
    assert (pattern, script["required"]) == ("^evaluate:.", ["better"])
    assert plain["enum"] == list(mapping["properties"]) == list(catalog.names("metrics"))
    for name in catalog.names("metrics"):
        assert set(mapping["properties"][name]["properties"]) == set(catalog.arguments("metrics", name))
    assert set(catalog.names("gates")) <= set(stored("release")["$defs"]["GateFile"]["properties"])
    assert set(catalog.names("servers")) <= set(stored("release")["$defs"]["ServeFile"]["properties"])


def test_the_files_keys_for_gates_and_servers_are_their_plugs() -> None:
    rules = set(GateFile.model_fields) - {"metric", "against", "role", "class_", "field", "slice", "each"}
    assert rules == set(catalog.names("gates"))
    common = {"concurrency", "timeout", "deadline", "unproven", "merged"}
    assert set(ServeFile.model_fields) - common == set(catalog.names("servers"))
    for name in catalog.names("servers"):
        file = get_args(ServeFile.model_fields[name].annotation)[0]
        assert tuple(file.model_fields) == catalog.arguments("servers", name)
        defaults = {field.name: field.default for field in dataclasses.fields(catalog.plug("servers", name))}
        assert {key: info.default for key, info in file.model_fields.items() if not info.is_required()} == {
            key: value for key, value in defaults.items() if value is not dataclasses.MISSING
        }


@pytest.mark.parametrize("name", catalog.names("launchers"))
def test_the_files_keys_for_launchers_are_their_plugs(name: str) -> None:
    [file] = [kind for kind in get_args(LauncherFile.model_fields[name].annotation) if kind is not type(None)]
    assert tuple(file.model_fields) == catalog.arguments("launchers", name)
    required = {key: "given" for key, info in file.model_fields.items() if info.is_required()}
    launcher = catalog.build("launchers", name, required)
    stated = {key: value for key, value in file(**required).model_dump().items() if key not in required}
    assert {key: getattr(launcher, key) for key in stated} == stated


def test_the_roles_of_the_file_are_the_roles_that_are_judged() -> None:
    from harness.core.verdicts import Role

    assert set(get_args(GateFile.model_fields["role"].annotation)) == {role.value for role in Role}


@pytest.mark.parametrize(
    ("schema", "text"),
    [("release", RELEASE), ("suite", TRIAGE), ("suite", DESK)]
    + [("release", (ROOT / "release.yaml").read_text(encoding="utf-8"))]
    + [("suite", path.read_text(encoding="utf-8")) for path in sorted((ROOT / "suites").glob("*.yaml"))]
    + [
        ("suite", path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "harness/starters").glob("*/suites/*.yaml"))
    ],
)
def test_good_files_are_good_under_the_schemas(schema: str, text: str) -> None:
    errors = [error.message for error in Draft202012Validator(stored(schema)).iter_errors(yaml.safe_load(text))]
    assert errors == []


@pytest.mark.parametrize(
    ("schema", "text", "old", "new"),
    [
        ("release", RELEASE, "at_least: 0.6", "at_leest: 0.6"),
        ("release", RELEASE, "margin: 0.1", "margin: 0"),
        ("release", RELEASE, "role: advisory", "role: avisory"),
        ("release", RELEASE, "threads: 2", "thread: 2"),
        ("suite", TRIAGE, "labels:", "lables:"),
        ("suite", TRIAGE, "kind: classify", "kind: clasify"),
        ("suite", TRIAGE, "[accuracy,", "[acuracy,"),
        ("suite", DESK, "stemmer:", "stemer:"),
        ("suite", DESK, "{stemmer: true}}", "{stemmer: true}, rouge_2: {}}"),
    ],
)
def test_an_editor_sees_a_mistake_while_one_types(schema: str, text: str, old: str, new: str) -> None:
    assert text.count(old) == 1
    assert not Draft202012Validator(stored(schema)).is_valid(yaml.safe_load(text.replace(old, new)))
