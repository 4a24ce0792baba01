"""JSON Schemas of the files that people write, so that editors complete and check them while one types."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter

from harness import catalog
from harness.config.decision_schema import decision_schema
from harness.config.robustness import ROBUSTNESS, RobustnessFile
from harness.config.schema import ReleaseFile, RulesFile, SuiteFile, TaskFile, WaiversFile

_SCRIPT = "^evaluate:."
FILES: dict[str, type[BaseModel]] = {
    "release": ReleaseFile, "suite": SuiteFile, "waivers": WaiversFile, "policy": RulesFile,
}  # fmt: skip


def schema(name: str) -> dict[str, Any]:
    """The schema of `release`, `suite`, `waivers` or `policy`, with the plugs' own keys."""
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **FILES[name].model_json_schema()}
    if name == "release":  # the rules stand here or in a policy file
        made["required"].remove("gates")
        made["oneOf"] = [{"required": ["gates"]}, {"required": ["policy_file"], "properties": {"policy": False}}]
    if name == "suite":
        task = made["$defs"]["TaskFile"]
        task["properties"]["kind"]["enum"] = [*catalog.names("tasks"), ROBUSTNESS]
        task["properties"] |= _own_keys()
        task["additionalProperties"] = False
        plain = {"enum": list(catalog.names("metrics"))}
        task["properties"]["metrics"]["items"] = {"anyOf": [plain, _scripts_too(_with_arguments("metrics"))]}
    return made


def _own_keys() -> dict[str, Any]:
    """The keys that only some kinds have; where two kinds share one, what either takes of it."""
    kinds = {name: TypeAdapter(catalog.plug("tasks", name)).json_schema() for name in catalog.names("tasks")}
    kinds[ROBUSTNESS] = RobustnessFile.model_json_schema()
    found: dict[str, Any] = {}
    for kind, schema in kinds.items():
        for key in schema["properties"].keys() - TaskFile.model_fields.keys():
            value = {**schema["properties"][key], "description": f"{kind}: its own key."}
            found[key] = {"anyOf": [found[key], value]} if key in found else value
    named = {"enum": list(catalog.names("perturbations"))}
    found["perturbations"]["items"] = {"anyOf": [named, _with_arguments("perturbations")]}
    return dict(sorted(found.items()))


def _scripts_too(metrics: dict[str, Any]) -> dict[str, Any]:
    """Besides the plugs `evaluate:<folder, script or name on the hub>`, with the path in the key."""
    whole = metrics["properties"]["evaluate"]
    named = {**whole, "required": [key for key in whole["required"] if key != "path"]}
    return {**metrics, "patternProperties": {_SCRIPT: named}}


def _with_arguments(family: str) -> dict[str, Any]:
    """The schema of `{plug: {argument: value}}`."""
    plugs = {name: _inlined(TypeAdapter(catalog.plug(family, name)).json_schema()) for name in catalog.names(family)}
    closed = {name: {**plug, "additionalProperties": False} for name, plug in plugs.items()}
    one_only = {"additionalProperties": False, "minProperties": 1, "maxProperties": 1}
    return {"type": "object", "properties": closed, **one_only}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """With the definitions of its properties in their place: those of a part of a file are not found from its root."""
    defined = schema.pop("$defs", {})
    named = {key: value.get("$ref", "").rpartition("/")[2] for key, value in schema["properties"].items()}
    return {
        **schema,
        "properties": {key: defined.get(named[key], value) for key, value in schema["properties"].items()},
    }


def texts() -> dict[str, str]:
    """File name to text, as they stand in docs/schema."""
    found = {**{name: schema(name) for name in FILES}, "decision": decision_schema()}
    return {f"{name}.schema.json": json.dumps(one, indent=1, ensure_ascii=False) + "\n" for name, one in found.items()}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")
