"""JSON Schemas of release.yaml and suites/*.yaml, so that editors complete and check them while one types."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter

from harness import catalog
from harness.config.schema import ReleaseFile, SuiteFile

FILES: dict[str, type[BaseModel]] = {"release": ReleaseFile, "suite": SuiteFile}


def schema(name: str) -> dict[str, Any]:
    """The schema of `release` or `suite`, with the plugs' own keys."""
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **FILES[name].model_json_schema()}
    if name == "suite":
        task = made["$defs"]["TaskFile"]
        task["properties"]["kind"]["enum"] = list(catalog.names("tasks"))
        for kind in catalog.names("tasks"):
            own = TypeAdapter(catalog.plug("tasks", kind)).json_schema()["properties"]
            task["properties"] |= {key: {**value, "description": f"{kind}: its own key."} for key, value in own.items()}
        task["additionalProperties"] = False
        plain = {"enum": list(catalog.names("metrics"))}
        task["properties"]["metrics"]["items"] = {"anyOf": [plain, _with_arguments()]}
    return made


def _with_arguments() -> dict[str, Any]:
    """The schema of `{metric: {argument: value}}`."""
    plugs = {name: TypeAdapter(catalog.plug("metrics", name)).json_schema() for name in catalog.names("metrics")}
    closed = {name: {**plug, "additionalProperties": False} for name, plug in plugs.items()}
    one_only = {"additionalProperties": False, "minProperties": 1, "maxProperties": 1}
    return {"type": "object", "properties": closed, **one_only}


def texts() -> dict[str, str]:
    """File name to text, as they stand in docs/schema."""
    return {f"{name}.schema.json": json.dumps(schema(name), indent=1, ensure_ascii=False) + "\n" for name in FILES}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")
